"""Clients' pages about sessions: all of them, and a time for the next."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from appointments.forms import SlotForm
from appointments.times import written_start
from practice.calendar.refusals import with_status_of
from practice.catalog.models import Approval
from practice.people.policies import requires
from programs.sessions.actions import book_session
from programs.sessions.forms import WhoForm
from programs.sessions.panels import row_of
from programs.sessions.rules import modes_of, own_booking_problem
from programs.sessions.scope import own_program
from programs.sessions.thread import thread_of
from programs.sessions.views import form_methods, render_times, times_for


@requires("own_program", "read")
@require_safe
def own_sessions(request, pk):
    """Every session of one's program: when it was or will be, and the way to change it, or to book the next."""
    program, _client = own_program(request.user, pk)
    thread, now = thread_of(program), timezone.now()
    context = {
        "program": program,
        "thread": thread,
        "rows": [row_of(station, thread, program, user=request.user, now=now) for station in thread.stations],
        "problem": own_booking_problem(program, thread),
    }
    return render(request, "programs/sessions/own_sessions.html", context)


@requires("own_program", "write")
@form_methods
def own_booking(request, pk):
    """Free times for the next session (GET), the chosen one to look at (GET with it), and book it (POST)."""
    program, _client = own_program(request.user, pk)
    thread = thread_of(program)
    if problem := own_booking_problem(program, thread):
        messages.warning(request, problem)
        return redirect("program", pk)
    if not modes_of(program):
        messages.warning(
            request,
            _(
                "Your sessions are held by video only, and not everybody in your program agrees to video calls. "
                "You can agree under “What was agreed”, “Your consents”, or ask us for another way to meet."
            ),
        )
        return redirect("program", pk)
    who = WhoForm({"mode": (request.POST or request.GET).get("mode")}, program=program, thread=thread)
    if request.method == "POST":
        return book(request, program, thread, who)
    if "check" not in request.GET:
        return choose(request, program, thread, who)
    form = SlotForm(request.GET)
    if not form.is_valid():
        return choose(request, program, thread, who, form=form, status=422)
    return check(request, program, thread, who, form.cleaned_data["start"])


def choose(request, program, thread, who, *, form=None, status=200):
    """The free times of who leads the program."""
    context = times_for(request, program, thread, who, own=True) | {"form": form, "station": thread.next_open}
    return render_times(request, "programs/sessions/own_times.html", context, status=status)


def check(request, program, thread, who, start, *, problem="", status=200):
    """What will be booked, before it is."""
    service = thread.plan.service
    context = {
        "program": program,
        "thread": thread,
        "station": thread.next_open,
        "mode": who.asked_mode,
        "is_request": service.approval == Approval.REQUEST,
        "start": written_start(start),
        "starts_at": start,
        "ends_at": start + timedelta(minutes=service.minutes),
        "free_cancel_until": start - timedelta(minutes=service.free_cancel),
        "free_move_until": start - timedelta(minutes=service.free_move),
        "late_rule": thread.plan.late_cancel_rule,
        "now": timezone.now(),
        "problem": problem,
    }
    return render(request, "programs/sessions/own_check.html", context, status=status)


def book(request, program, thread, who):
    form = SlotForm(request.POST)
    if not form.is_valid():
        return choose(request, program, thread, who, form=form, status=422)
    start, station = form.cleaned_data["start"], thread.next_open
    if request.POST.get("session") != str(station.session.pk):
        messages.warning(request, _("This session has a time already."))
        return redirect("own_sessions", program.pk)
    try:
        meeting = book_session(
            session=station.session, starts_at=start, mode=who.asked_mode, by=request.user, now=timezone.now()
        )
    except ValidationError as error:
        problem = " ".join(error.messages)
        return with_status_of(error, check(request, program, thread, who, start, problem=problem, status=422))
    if meeting.status == "requested":
        messages.success(request, _("Your request was sent. You get an e-mail with the answer."))
    else:
        messages.success(request, _("Session %(number)d is booked.") % {"number": station.number})
    return redirect("program", program.pk)

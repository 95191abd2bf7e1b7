"""Counselors' pages about sessions: what one is for, a time for one, and times for all that remain."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments.choices import Offer
from appointments.forms import SlotForm
from appointments.times import read_asked, time_choices
from practice.calendar.refusals import with_status_of
from practice.calendar.reserving import Taken
from practice.people.policies import requires
from practice.records.actions import read_together
from practice.zones import zone as zone_of
from programs.plan.models import Program
from programs.sessions.actions import OUTLINE, excuse_absence, schedule_remaining, schedule_session, word_session
from programs.sessions.forms import OutlineForm, Picked, SeriesForm, WhoForm
from programs.sessions.models import Attempt, Session
from programs.sessions.panels import row_of
from programs.sessions.planning import FURTHEST, counselors_of, free_starts, propose_times
from programs.sessions.rules import modes_of, start_before
from programs.sessions.scope import led_program, led_session, watched_session
from programs.sessions.thread import State, thread_of

form_methods = require_http_methods(["GET", "HEAD", "POST"])


# --- One session -----------------------------------------------------------------------------------------------------


@requires("program", "read")
@require_safe
def session(request, pk):
    """Station k: what it is for, the meetings in which it was or will be held, and what can be done about it."""
    found = watched_session(request.user, pk)
    program = found.program
    if program.is_erased:
        return redirect("program", program.pk)
    thread = thread_of(program)
    station = thread.station(found.number)
    sources = [[program], [station.session]]
    read_together(sources, by=request.user, reason="reading a session", request=request, knowing=[program])
    context = {
        "program": program,
        "row": row_of(station, thread, program, user=request.user, now=timezone.now()),
        "session": station.session,
        "total": len(thread),
        "before": thread.station(found.number - 1),
        "after": thread.station(found.number + 1),
    }
    return render(request, "programs/sessions/session.html", context)


@requires("program", "write")
@form_methods
def session_edit(request, pk):
    """What a session is for, in the counselor's words."""
    found = led_session(request.user, pk)
    if found.program.is_erased:
        return redirect("program", found.program_id)
    rows = Session.objects.filter(pk=pk)
    [[opened]] = read_together(
        [rows], by=request.user, reason="wording a session", request=request, knowing=[found.program]
    )
    form = OutlineForm(
        request.POST if request.method == "POST" else None, initial={n: getattr(opened, n) for n in OUTLINE}
    )
    if request.method == "POST" and form.is_valid():
        try:
            seen = request.POST.get("seen", "")
            word_session(session=found, texts=form.cleaned_data, seen=seen, by=request.user, now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("session", pk)
    context = {"form": form, "session": found, "program": found.program}
    if form.has_error(NON_FIELD_ERRORS, "conflict"):
        context["by_others"] = [(form.fields[name].label, getattr(opened, name)) for name in OUTLINE]
    return render(request, "programs/sessions/edit.html", context, status=422 if form.errors else 200)


@requires("program", "write")
@form_methods
def session_schedule(request, pk):
    """Free times for one session (GET), and book one (POST)."""
    found = led_session(request.user, pk)
    program = found.program
    thread = thread_of(program)
    again = request.method == "POST" and thread.station(found.number).state == State.BOOKED  # perhaps pressed twice
    if not program.can_be_scheduled or (thread.station(found.number).state != State.OPEN and not again):
        messages.warning(request, _("This session needs no time at the moment."))
        return redirect("session", pk)
    if not modes_of(program):
        messages.warning(request, no_way_words())
        return redirect("session", pk)
    who = WhoForm(request.POST if request.method == "POST" else request.GET, program=program, thread=thread)
    form, status, problem = None, 200, None
    if request.method == "POST":
        form, status = SlotForm(request.POST), 422
        if form.is_valid():
            try:
                meeting = schedule_session(
                    session=found,
                    starts_at=form.cleaned_data["start"],
                    counselor=who.asked_counselor,
                    mode=who.asked_mode,
                    by=request.user,
                    now=timezone.now(),
                )
            except ValidationError as error:
                problem = error
                form.add_error("start", error)
            else:
                messages.success(request, booked_words([meeting], program))
                return redirect("session", pk)
    context = times_for(request, program, thread, who, own=False)
    context |= {"session": found, "form": form, "pick_label": _("Book this time")}
    return with_status_of(problem, render_times(request, "programs/sessions/schedule.html", context, status=status))


def no_way_words() -> str:
    """What to do where sessions are given by video alone, and somebody does not agree to it."""
    return _(
        "These sessions are held by video only, and not everybody in this program agrees to video calls. Talk about it "
        "with your client: they can agree under “Your consents”, or the manager lets the service be given another way."
    )


def times_for(request, program, thread, who, *, own):
    """The free times of the counselor that was chosen, as the list of times shows them."""
    now, zone = timezone.now(), timezone.get_current_timezone()
    today = timezone.localdate(now)
    days = program.service.horizon_days if own else FURTHEST.days - 1
    data = request.POST if request.method == "POST" else request.GET
    asked = read_asked(data, Offer(program.service, counselors_of(program)), today=today, zone=zone)
    asked = replace(asked, counselor=who.asked_counselor.slug, mode=who.asked_mode)
    if "from" not in data and (suggested := suggested_day(thread, zone)):
        asked = replace(asked, first=max(suggested, today))
    after = start_before(thread, thread.next_open.number) if own else None
    search = free_starts(program, thread, who.asked_counselor, who.asked_mode, zone, now=now, own=own, after=after)
    last = today + timedelta(days=days)
    choices = time_choices(search, asked, today=today, last=last, zone=zone, now=now)
    return choices | {"program": program, "thread": thread, "who": who, "now": now}


def suggested_day(thread, zone):
    """Three days before a pace has passed since the last session that has a time: the usual day is in that week."""
    starts = [each.meeting.starts_at for each in thread.stations if each.state in (State.DONE, State.BOOKED)]
    if not starts:
        return None
    days = max(thread.plan.pace_days - 3, 1)
    return (max(starts) + timedelta(days=days)).astimezone(zone).date()


def render_times(request, template, context, *, status):
    """The page, or only its week to htmx."""
    is_fragment = request.htmx and not request.htmx.history_restore_request and status == 200
    response = render(request, "appointments/week.html" if is_fragment else template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def booked_words(meetings, program) -> str:
    """What happened, and who is told."""
    clients, count = len(program.members.all()), len(meetings)
    told = ngettext("Your client gets one e-mail about it.", "Your clients get one e-mail each about it.", clients)
    booked = ngettext("%(count)d session is booked.", "%(count)d sessions are booked.", count) % {"count": count}
    return f"{booked} {told}"


@requires("program", "write")
@require_POST
def absence_excuse(request, pk):
    """Let a missed session be replaced."""
    programs = Program.objects.for_counselor(request.user)
    found = get_object_or_404(Attempt.objects.filter(session__program__in=programs).select_related("session"), pk=pk)
    try:
        excuse_absence(attempt=found, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, _("Excused. The session can be held at another time."))
    return redirect("session", found.session_id)


# --- All that remain -------------------------------------------------------------------------------------------------


@requires("program", "write")
@form_methods
def series(request, pk):
    """From when on (GET), a time or a conflict for every session (GET with a day, POST), and book them (POST)."""
    program = led_program(request.user, pk)
    thread = thread_of(program)
    if not program.can_be_scheduled or (thread.next_open is None and request.method != "POST"):
        return needs_no_time(request, program)
    if not modes_of(program):
        messages.warning(request, no_way_words())
        return redirect("program", pk)
    zone, now = zone_of(program.counselor.time_zone), timezone.now()
    with timezone.override(zone):
        if request.method == "POST":
            return series_chosen(request, program, thread, zone, now)
        data = request.GET if "first" in request.GET else None
        form = SeriesForm(data, program=program, thread=thread, zone=zone, now=now)
        if data is not None and form.is_valid():
            slots, mode = form.slots(program), form.cleaned_data["mode"]
            return series_plan(request, program, thread, slots, mode, now=now)
        context = {"program": program, "thread": thread, "form": form, "zone": zone, "now": now}
        return render(request, "programs/sessions/series.html", context, status=422 if data is not None else 200)


def needs_no_time(request, program):
    messages.warning(request, _("No session needs a time at the moment."))
    return redirect("program", program.pk)


def series_chosen(request, program, thread, zone, now):
    """Look at the chosen times again, or book them. Pressed twice, the second answer is that of the first."""
    try:
        picked = Picked.read(request.POST, program, thread, zone)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return redirect("schedule_remaining", program.pk)
    slots, mode, problem = picked.slots, picked.mode, None
    if picked.wants_to_book:
        try:
            meetings = schedule_remaining(program=program, slots=slots, mode=mode, by=request.user, now=now)
        except ValidationError as error:
            problem = error
        else:
            messages.success(request, booked_words(meetings, program))
            return redirect("program", program.pk)
    if thread.next_open is None:
        return needs_no_time(request, program)
    return series_plan(request, program, thread, slots, mode, now=now, error=problem)


def series_plan(request, program, thread, slots, mode, *, now, error=None):
    """Every session with its time or what stands in its way."""
    proposals = propose_times(program, thread, slots, mode=mode, now=now)
    if isinstance(error, Taken) and not any(proposal.problem for proposal in proposals):
        proposals[error.which].problem = " ".join(error.messages)
    context = {
        "program": program,
        "thread": thread,
        "proposals": proposals,
        "people": counselors_of(program),
        "mode": mode,
        "troubled": [proposal for proposal in proposals if proposal.problem],
        "problem": " ".join(error.messages) if error else "",
        "zone": timezone.get_current_timezone(),
        "now": now,
        "again": urlencode({"first": "", "mode": mode}),
    }
    page = render(request, "programs/sessions/plan.html", context, status=422 if error else 200)
    return with_status_of(error, page)

"""Pages between two sessions: for clients topics, card, task and reflections; for counselors plan and card."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice.people.policies import requires
from practice.records.actions import read, read_together
from programs.between.actions import (
    STILL_TO_COME,
    has_begun,
    name_topics,
    plan_session,
    report_task,
    share_reflection,
    write_card,
    write_reflection,
)
from programs.between.forms import CardForm, PlanForm, ReflectionForm, TaskForm, TopicsForm
from programs.between.models import Card, Reflection, SessionPlan, TaskReport, Topic
from programs.between.scope import led_session, own_program, own_session, written_session
from programs.goals.models import Goal
from programs.plan.models import Program
from programs.sessions.models import Session
from programs.sessions.thread import thread_of

form_methods = require_http_methods(["GET", "HEAD", "POST"])


def kept(request, form, action, **arguments) -> bool:
    """True if what was typed is whole and the action took it; else the form says what is wrong."""
    if not form.is_valid():
        return False
    try:
        action(by=request.user, now=timezone.now(), **arguments, **form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def answer(request, template, form, **context):
    """The page with its form; 422 if something in it is wrong."""
    return render(request, template, {"form": form} | context, status=422 if form.errors else 200)


def typed(request):
    return request.POST if request.method == "POST" else None


# --- Clients ---------------------------------------------------------------------------------------------------------


@requires("own_program", "write")
@form_methods
def topics(request, pk):
    """One or two things to speak about in a session that is to come."""
    session, client = own_session(request.user, pk)
    program, station = session.program, thread_of(session.program).station(session.number)
    if not program.is_signed or station.state not in STILL_TO_COME or has_begun(station, timezone.now()):
        messages.warning(request, _("Topics can be chosen until the session begins."))
        return redirect("program", program.pk)
    mine = Topic.objects.filter(session=session, client=client).order_by("position")
    goals = Goal.objects.filter(goal_set__program=program).order_by("goal_set__number", "position")
    said, wanted = read_together(
        [mine, goals], by=request.user, reason="choosing topics", request=request, knowing=[program]
    )
    words = [goal.words for goal in wanted]
    form = TopicsForm(typed(request), goals=words, topics=[topic.text for topic in said])
    if request.method == "POST" and kept(request, form, name_topics, session=session, client=client):
        messages.success(request, _("Saved. Your counselor sees it before the session."))
        return redirect("program", program.pk)
    return answer(request, "programs/between/topics.html", form, session=session, program=program, station=station)


@requires("own_program", "read")
@require_safe
def cards(request, pk):
    """All cards of one's program, newest first."""
    program, client = own_program(request.user, pk)
    shared = Card.objects.for_client(request.user).filter(session__program=program).order_by("-session__number")
    reports = TaskReport.objects.filter(session__program=program, client=client)
    found, said = read_together(
        [shared, reports], by=request.user, reason="reading one's own cards", request=request, knowing=[program]
    )
    by_session = {report.session_id: report for report in said}
    for card in found:
        card.report = by_session.get(card.session_id)
    return render(request, "programs/between/cards.html", {"program": program, "cards": found})


@requires("own_program", "write")
@form_methods
def task_report(request, pk):
    """How the task of a session went."""
    session, client = own_session(request.user, pk)
    shared = Card.objects.for_client(request.user).filter(session=session, task__isnull=False)
    said = TaskReport.objects.filter(session=session, client=client)
    found, reports = read_together(
        [shared, said], by=request.user, reason="reporting on a task", request=request, knowing=[session.program]
    )
    if not found:
        raise Http404
    initial = {"outcome": reports[0].outcome, "obstacle": reports[0].obstacle} if reports else None
    form = TaskForm(typed(request), initial=initial)
    if request.method == "POST" and kept(request, form, report_task, session=session, client=client):
        messages.success(request, _("Saved. Your counselor sees it before the session."))
        return redirect("program", session.program_id)
    return answer(request, "programs/between/task.html", form, session=session, program=session.program, card=found[0])


@requires("own_program", "write")
@form_methods
def reflection(request, pk):
    """What one found out in a session, and what one will try."""
    session, client = own_session(request.user, pk)
    mine = Reflection.objects.for_client(request.user).filter(session=session, client=client)
    found = read(mine, by=request.user, reason="reading one's own reflection", request=request)
    initial = None
    if found:
        shared = "yes" if found[0].is_shared else "no"
        initial = {"found": found[0].found, "will_try": found[0].will_try, "is_shared": shared}
    form = ReflectionForm(typed(request), initial=initial)
    if request.method == "POST" and kept(request, form, write_reflection, session=session, client=client):
        messages.success(request, _("Saved."))
        return redirect("reflections", session.program_id)
    return answer(request, "programs/between/reflection.html", form, session=session, program=session.program)


@requires("own_program", "read")
@require_safe
def reflections(request, pk):
    """All that one found out in a program, newest first."""
    program, client = own_program(request.user, pk)
    mine = Reflection.objects.for_client(request.user).filter(program=program, client=client)
    found = read(
        mine.select_related("session").order_by("-session__number", "-written_at"),
        by=request.user,
        reason="reading one's own reflections",
        request=request,
    )
    written = {reflection.session_id for reflection in found}
    open_sessions = [
        station.session
        for station in thread_of(program).stations
        if station.state == "done" and station.session.pk not in written
    ]
    context = {"program": program, "reflections": found, "open_sessions": open_sessions}
    return render(request, "programs/between/reflections.html", context)


@requires("own_program", "write")
@require_POST
def reflection_share(request, pk):
    """Let one's counselor read a reflection (`shared`), or keep it to oneself again."""
    found = get_object_or_404(Reflection.objects.for_client(request.user), pk=pk)
    shared = request.POST.get("shared") == "yes"
    try:
        share_reflection(reflection=found, is_shared=shared, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Your counselor can read it now.") if shared else _("Now only you can read it."))
    return redirect("reflections", found.program_id)


# --- Counselors ------------------------------------------------------------------------------------------------------


@requires("program", "write")
@form_methods
def session_plan(request, pk):
    """What the counselor wants to do in a session, beside the outline and what the clients want to speak about."""
    session = led_session(request.user, pk)
    outline, plans, said = read_together(
        [
            Session.objects.filter(pk=pk),
            SessionPlan.objects.filter(session=session),
            Topic.objects.filter(session=session).select_related("client").order_by("client_id", "position"),
        ],
        by=request.user,
        reason="planning a session",
        request=request,
        knowing=[session.program],
    )
    plan = plans[0] if plans else None
    initial = {"text": plan.text, "seen": plan.written_at.isoformat()} if plan else {}
    form = PlanForm(typed(request), initial=initial)
    if request.method == "POST" and kept(request, form, plan_session, session=session):
        messages.success(request, _("Saved."))
        return redirect("program", session.program_id)
    context = {"session": session, "program": session.program, "outline": outline[0], "topics": said}
    return answer(request, "programs/between/session_plan.html", form, plan=plan, **context)


@requires("program", "write")
@form_methods
def card(request, pk):
    """The card that the clients get after a session; once shared, it is changed here."""
    session = written_session(request.user, pk)
    mine = Card.objects.filter(session=session)
    [found] = read_together(
        [mine], by=request.user, reason="writing the card", request=request, knowing=[session.program]
    )
    written = found[0] if found else None
    initial = {name: getattr(written, name) for name in ("done", "task", "next")} if written else {}
    initial["seen"] = written.written_at.isoformat() if written else ""
    form = CardForm(typed(request), initial=initial)
    share, acts_here = "share" in request.POST, session.program.is_led_by(request.user)
    if request.method == "POST" and kept(request, form, write_card, session=session, share=share):
        is_read = share or (written and written.shared_at)
        messages.success(request, _("Saved. Your clients can read the card.") if is_read else _("Saved."))
        return redirect("program", session.program_id) if acts_here else redirect("note", session.pk)
    context = {"session": session, "program": session.program, "card": written, "acts_here": acts_here}
    return answer(request, "programs/between/card.html", form, **context)


@requires("program", "read")
@require_safe
def reflections_shared(request, pk):
    """What the clients of a program chose to share, newest first."""
    program = get_object_or_404(Program.objects.for_staff(request.user).for_page(), pk=pk)
    shared = Reflection.objects.for_staff(request.user).readable().filter(program=program)
    found = read(
        shared.select_related("session").order_by("-session__number", "-written_at"),
        by=request.user,
        reason="reading shared reflections",
        request=request,
    )
    return render(request, "programs/between/reflections_shared.html", {"program": program, "reflections": found})

"""Pages about goals: where counselors write and rate them, and where clients see and rate their own."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from practice.people.policies import requires
from practice.records.actions import read
from practice.records.keys import Erased
from programs.goals.actions import (
    add_goal,
    agree_on_goals,
    check_goals,
    edit_goal,
    rate_goals,
    remove_goal,
    start_new_set,
)
from programs.goals.forms import ChecksForm, GoalForm, LevelsForm
from programs.goals.models import Goal, GoalRating
from programs.goals.panels import clients_of, own_goal, wording_of
from programs.goals.standing import standings_of
from programs.plan.models import Program, Status


def led(request, pk) -> Program:
    """The program, if this counselor may write in it; else 404."""
    return get_object_or_404(Program.objects.for_counselor(request.user).for_page(), pk=pk)


def own(request, pk):
    """The client's program and who they are in it; else 404."""
    program = get_object_or_404(Program.objects.for_client(request.user).for_page(), pk=pk)
    return program, next(client for client in clients_of(program) if client.user_id == request.user.pk)


def opened(goals, request, reason: str) -> list[Goal]:
    """These goals with their texts, after the trail says who reads them. 404 if they were erased."""
    try:
        return read(goals, by=request.user, reason=reason, request=request)
    except Erased as error:
        raise Http404 from error


def typed(request):
    """What was sent, or None if the page is only being looked at."""
    return request.POST if request.method == "POST" else None


# --- Counselors ------------------------------------------------------------------------------------------------------


@requires("program", "write")
@require_safe
def goals(request, pk):
    """All goals of a program, as they stand, and what can be done with them."""
    program = led(request, pk)
    return goals_page(request, program)


def goals_page(request, program, *, problem=None, status=200):
    being_written = program.goal_sets.filter(frozen_at=None).order_by("number").last()  # as it was before it is read
    found = opened(Goal.objects.of(program).with_history(), request, "reading the goals")
    sets = standings_of(found, clients_of(program))
    can_add = program.status == Status.DRAFT or (program.is_signed and being_written is not None)
    context = {
        "program": program,
        "sets": sets,
        "being_written": being_written,
        "can_add": can_add and program.status not in (Status.PROPOSED, Status.CLOSED),
        "can_rate": program.is_signed and any(each.is_frozen for each in sets),
        "can_start": program.is_signed and being_written is None,
        "problem": problem,
    }
    return render(request, "programs/goals/goals.html", context, status=status)


@requires("program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def goal_new(request, pk):
    """Write a further goal."""
    program = led(request, pk)
    form = GoalForm(typed(request))
    if wants_saving(request) and form.is_valid():
        try:
            add_goal(program=program, by=request.user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The goal is saved."))
            return redirect("goals", program.pk)
    return goal_page(request, program, form, heading=_("New goal"))


@requires("program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def goal_edit(request, pk, goal):
    """Reword a goal that is not agreed yet."""
    program = led(request, pk)
    mine = Goal.objects.of(program).filter(pk=goal)
    found = get_object_or_404(mine)
    if request.method != "POST":
        form = GoalForm.of(opened(mine, request, "editing a goal")[0])
    else:
        form = GoalForm(request.POST)
        if wants_saving(request) and form.is_valid():
            try:
                edit_goal(goal=found, by=request.user, now=timezone.now(), **form.cleaned_data)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, _("The goal is saved."))
                return redirect("goals", program.pk)
    return goal_page(request, program, form, heading=_("Goal"))


def wants_saving(request) -> bool:
    return request.method == "POST" and "preview" not in request.POST


def goal_page(request, program, form, *, heading):
    """The form with its preview. Asking for the preview alone says nothing about what is missing yet."""
    preview = form.preview()
    if request.method == "POST" and not wants_saving(request):
        form = GoalForm(initial={name: form[name].value() for name in form.fields})
    context = {"program": program, "form": form, "heading": heading, **preview}
    return render(request, "programs/goals/goal.html", context, status=422 if form.errors else 200)


@requires("program", "write")
@require_POST
@vary_on_headers("HX-Request")
def goal_preview(request, pk):
    """The part of the form's page that shows the goal as it would look. Nothing is kept."""
    program = led(request, pk)
    context = {"program": program, **GoalForm(request.POST).preview()}
    return render(request, "programs/goals/_preview.html", context)


@requires("program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def goal_remove(request, pk, goal):
    """Ask once more, then take out a goal that is not agreed yet."""
    program = led(request, pk)
    mine = Goal.objects.of(program).filter(pk=goal)
    found = get_object_or_404(mine)
    if request.method == "POST":
        try:
            remove_goal(goal=found, by=request.user, now=timezone.now())
        except ValidationError as error:
            return goals_page(request, program, problem=error.messages[0], status=422)
        messages.success(request, _("The goal was taken out."))
        return redirect("goals", program.pk)
    context = {"program": program, "goal": opened(mine, request, "taking a goal out")[0]}
    return render(request, "programs/goals/remove.html", context)


@requires("program", "write")
@require_POST
def goal_set_start(request, pk):
    """Begin a further set of goals."""
    program = led(request, pk)
    try:
        start_new_set(program=program, by=request.user, now=timezone.now())
    except ValidationError as error:
        return goals_page(request, program, problem=error.messages[0], status=422)
    return redirect("goal_new", program.pk)


@requires("program", "write")
@require_POST
def goal_set_agree(request, pk):
    """Note that the client agrees to the further goals, which freezes them."""
    program = led(request, pk)
    goal_set = get_object_or_404(program.goal_sets.filter(frozen_at=None))
    agrees = request.POST.get("client_agrees") == "on"
    if request.POST.get("revision") != str(goal_set.revision):
        goal_set.revision = None  # not as it was when the page showed it
    try:
        agree_on_goals(goal_set=goal_set, client_agrees=agrees, by=request.user, now=timezone.now())
    except ValidationError as error:
        return goals_page(request, program, problem=error.messages[0], status=422)
    messages.success(request, _("The new goals count from now on."))
    return redirect("goals", program.pk)


@requires("program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def goals_rate(request, pk):
    """The counselor's own view of each goal. What the client chose is not shown before."""
    program = led(request, pk)
    agreed = opened(Goal.objects.of(program).agreed(), request, "rating the goals")
    form = LevelsForm(typed(request), goals=agreed)
    if form.is_valid() and save_levels(request, program, form, occasion=GoalRating.Occasion.SESSION):
        return redirect("goals", program.pk)
    context = {"program": program, "form": form}
    return render(request, "programs/goals/rate.html", context, status=422 if form.errors else 200)


def save_levels(request, program, form, *, occasion, client=None) -> bool:
    """Keep what was chosen; False, with the problem in the form, if it cannot be kept."""
    try:
        rate_goals(
            program=program,
            levels=form.chosen(),
            occasion=occasion,
            by=request.user,
            now=timezone.now(),
            client=client,
        )
    except ValidationError as error:
        form.add_error(None, error)
        return False
    messages.success(request, _("Saved."))
    return True


# --- Clients ---------------------------------------------------------------------------------------------------------


@requires("own_program", "read")
@require_safe
def own_goals(request, pk):
    """A client's goals in their own words, from the beginning until now."""
    program, client = own(request, pk)
    found = opened(Goal.objects.of(program).with_history(), request, "reading one's own goals")
    sets = standings_of(found, clients_of(program))
    waiting = next((each for each in sets if not each.is_frozen), None) if program.is_signed else None
    context = {
        "program": program,
        "own_goals": [own_goal(row, client) for each in sets if each.is_frozen for row in each.standings],
        "waiting": waiting,
        "read": wording_of([row.goal for row in waiting.standings]) if waiting else "",
        "is_alone": len(clients_of(program)) == 1,
    }
    return render(request, "programs/goals/own.html", context)


@requires("own_program", "write")
@require_POST
def own_goals_agree(request, pk):
    """The client's yes to further goals. A couple's are agreed on together, with their counselor."""
    program, _client = own(request, pk)
    if len(clients_of(program)) != 1:
        raise Http404
    goal_set = get_object_or_404(program.goal_sets.filter(frozen_at=None))
    written = opened(Goal.objects.of(program).filter(goal_set=goal_set), request, "agreeing on one's own goals")
    if request.POST.get("read") != wording_of(written):
        messages.error(request, _("These goals were changed meanwhile. Read them again before you agree."))
        return redirect("own_goals", program.pk)
    try:
        agree_on_goals(goal_set=goal_set, client_agrees=True, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("Thank you. These goals count from now on."))
    return redirect("own_goals", program.pk)


@requires("own_program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def own_goals_rate(request, pk):
    """The client chooses, for each goal, the sentence that fits now."""
    program, client = own(request, pk)
    agreed = opened(Goal.objects.of(program).agreed(), request, "rating one's own goals")
    form = LevelsForm(typed(request), goals=agreed, for_client=True)
    if form.is_valid() and save_levels(request, program, form, occasion=GoalRating.Occasion.SESSION, client=client):
        return redirect("own_goals", program.pk)
    context = {"program": program, "form": form}
    return render(request, "programs/goals/own_rate.html", context, status=422 if form.errors else 200)


@requires("own_program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def own_check(request, pk, number):
    """After a session: how near each goal felt, from 0 to 10."""
    program, client = own(request, pk)
    session = get_object_or_404(program.sessions.filter(number=number))
    agreed = opened(Goal.objects.of(program).agreed(), request, "checking one's own goals")
    form = ChecksForm(typed(request), goals=agreed)
    if form.is_valid():
        try:
            check_goals(
                program=program,
                session=session,
                values=form.chosen(),
                client=client,
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved. Your counselor sees it before the next session."))
            return redirect("program", program.pk)
    context = {"program": program, "form": form, "number": number}
    return render(request, "programs/goals/own_check.html", context, status=422 if form.errors else 200)

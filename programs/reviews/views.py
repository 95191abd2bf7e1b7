"""Pages on which counselors look back with their clients and come to an end."""

from datetime import date, timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from practice.calendar.desk.times import Search, find_times, zone_label
from practice.calendar.reserving import NotAllowed, Taken
from practice.catalog.models import Kind, Service
from practice.people.policies import requires
from practice.records.actions import read_together
from practice.records.keys import Erased
from practice.zones import zone
from programs.agreement.life import close_reasons
from programs.goals.forms import LevelsForm
from programs.goals.models import Goal
from programs.goals.panels import clients_of
from programs.goals.standing import standings_of
from programs.plan.models import Program
from programs.reviews.actions import hold_review, write_ending
from programs.reviews.afterwards import book_follow_up
from programs.reviews.closing import finish_program
from programs.reviews.forms import CloseForm, EndingForm, FollowUpForm, ReviewForm, first_mode
from programs.reviews.models import Decision, Ending, Review, ReviewVoice
from programs.reviews.state import is_near_the_end, state_of
from programs.sessions.rules import modes_of
from programs.sessions.thread import thread_of

WAYS_ON = {Decision.EXTEND: "program_extend", Decision.CHANGE: "program_method", Decision.END: "ending"}


def led(request, pk) -> Program:
    """The program, if this counselor may write in it; else 404."""
    return get_object_or_404(Program.objects.for_counselor(request.user).for_page(), pk=pk)


def typed(request):
    """What was sent, or None if the page is only being looked at."""
    return request.POST if request.method == "POST" else None


def opened(querysets, request, program, reason: str) -> list[list]:
    """Their rows with open texts, after the trail says who reads them. 404 if they were erased."""
    try:
        return read_together(querysets, by=request.user, reason=reason, request=request, knowing=[program])
    except Erased as error:
        raise Http404 from error


def agreed_goals(sets) -> list[Goal]:
    return [row.goal for each in sets if each.is_frozen for row in each.standings]


# --- Reviews ---------------------------------------------------------------------------------------------------------


@requires("program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def review(request, pk):
    """Hold a review: what the clients said before, how the goals stand, what was decided."""
    program = led(request, pk)
    thread, state = thread_of(program), state_of(program)
    after = state.due_review(thread) or thread.done
    voices = ReviewVoice.objects.filter(program=program, after_session=after).select_related("client")
    rows = [Goal.objects.of(program).with_history(), voices.order_by("client_id")]
    goals, voices = opened(rows, request, program, "holding a review")
    sets = standings_of(goals, clients_of(program))
    form = ReviewForm(typed(request))
    levels = LevelsForm(typed(request), goals=agreed_goals(sets))
    if form.is_valid() and levels.is_valid():
        held = save_review(request, program, form, levels)
        if held:
            return redirect(way_on(program, held.decision))
    context = {
        "program": program,
        "form": form,
        "levels": levels,
        "voices": voices,
        "sets": sets,
        "after": after,
        "is_held": after in state.held,
        "goals_reached": goals_reached(sets),
    }
    return render(request, "programs/reviews/review.html", context, status=422 if form.errors or levels.errors else 200)


def save_review(request, program, form, levels) -> Review | None:
    try:
        held = hold_review(
            program=program, levels=levels.chosen(), by=request.user, now=timezone.now(), **form.cleaned_data
        )
    except ValidationError as error:
        form.add_error(None, error)
        return None
    messages.success(request, _("The review is kept."))
    return held


def way_on(program, decision) -> str:
    """The page on which a decision is carried out; the program's own where nothing is to be carried out."""
    try:
        return reverse(WAYS_ON.get(decision, "program"), args=[program.pk])
    except NoReverseMatch:
        return reverse("program", args=[program.pk])


def goals_reached(sets) -> bool:
    """True if everybody who rated sees every goal as expected or better: an early end would be a success."""
    views = [view.now for each in sets if each.is_frozen for row in each.standings for view in row.views]
    rated = [level for level in views if level is not None]
    return bool(rated) and len(rated) == len(views) and min(rated) >= 0


@requires("program", "read")
@require_safe
def review_read(request, pk, review):
    """A review that was held, as it was written down."""
    program = get_object_or_404(Program.objects.visible_to(request.user).for_page(), pk=pk)
    if program.is_of(request.user):
        raise Http404
    mine = Review.objects.filter(program=program, pk=review)
    get_object_or_404(mine)
    [[found]] = opened([mine], request, program, "reading a review")
    return render(request, "programs/reviews/read.html", {"program": program, "review": found})


# --- The ending ------------------------------------------------------------------------------------------------------


@requires("program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def ending(request, pk):
    """The guided ending, written with the client over the last sessions."""
    program = led(request, pk)
    thread = thread_of(program)
    rows = [Goal.objects.of(program).with_history(), Ending.objects.filter(program=program)]
    goals, found = opened(rows, request, program, "the ending")
    written = found[0] if found else None
    sets = standings_of(goals, clients_of(program))
    form = EndingForm(request.POST) if request.method == "POST" else EndingForm.of(written)
    levels = LevelsForm(typed(request), goals=agreed_goals(sets))
    if (
        request.method == "POST"
        and form.is_valid()
        and levels.is_valid()
        and save_ending(request, program, form, levels)
    ):
        return redirect("ending", program.pk)
    context = {
        "program": program,
        "thread": thread,
        "form": form,
        "levels": levels,
        "ending": written,
        "sets": sets,
        "is_near": is_near_the_end(thread),
        "goals_reached": goals_reached(sets),
    }
    return render(request, "programs/reviews/ending.html", context, status=422 if form.errors or levels.errors else 200)


def save_ending(request, program, form, levels) -> bool:
    share = "share" in request.POST
    try:
        write_ending(
            program=program,
            texts=form.texts(),
            levels=levels.chosen(),
            share=share,
            expected=form.cleaned_data["expected"],
            by=request.user,
            now=timezone.now(),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return False
    messages.success(request, _("Saved. The client can read it.") if share else _("Saved."))
    return True


@requires("program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def finish(request, pk):
    """Close the program: why, and what follows from it."""
    program = led(request, pk)
    thread, state = thread_of(program), state_of(program)
    form = CloseForm(typed(request), reasons=close_reasons(program))
    if form.is_valid():
        try:
            finish_program(program=program, by=request.user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The program is closed."))
            return redirect("program", program.pk)
    context = {"program": program, "thread": thread, "state": state, "form": form}
    return render(request, "programs/reviews/finish.html", context, status=422 if form.errors else 200)


# --- Afterwards ------------------------------------------------------------------------------------------------------


@requires("program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def follow_up(request, pk, days):
    """What the client answered some time after the end, and a meeting if one is wanted."""
    program = led(request, pk)
    now, there = timezone.now(), zone(program.counselor.time_zone)
    of_day = program.follow_ups.filter(days_after=days).select_related("client", "meeting")
    asked = list(of_day.order_by("client__preferred_name", "pk"))
    if not asked:
        raise Http404
    found = next((each for each in asked if each.meeting_id), asked[0])
    services = Service.objects.filter(kind=Kind.FOLLOW_UP, counselors=program.counselor)
    service = services.order_by("position", "pk").first()
    mode = first_mode(modes_of(program, service)) if service else None
    form = FollowUpForm(typed(request))
    if mode and form.is_valid() and save_meeting(request, found, service, mode, form, now=now):
        return redirect("follow_up", program.pk, days)
    if service and not mode and request.method == "POST":
        form.add_error(None, _("Nothing was booked: there is no way to meet to which everybody agrees."))
    search = Search(service, [program.counselor], mode, asked_day(request, now, there)) if mode else None
    [answers] = opened([asked], request, program, "reading a follow-up")
    context = {
        "program": program,
        "follow_up": found,
        "answers": answers,
        "service": service,
        "mode": mode,
        "form": form,
        "times": find_times(search, zone=there, now=now) if search and not found.meeting else None,
        "zone_label": zone_label(there, now),
    }
    return render(request, "programs/reviews/follow_up.html", context, status=422 if form.errors else 200)


def asked_day(request, now, there) -> date:
    """The day from which times are looked for: the one in the address, within a year from today, else today."""
    today = now.astimezone(there).date()
    try:
        return min(max(date.fromisoformat(request.GET.get("from", "")), today), today + timedelta(days=365))
    except ValueError:
        return today


def save_meeting(request, found, service, mode, form, *, now) -> bool:
    try:
        book_follow_up(
            follow_up=found,
            service=service,
            mode=mode,
            starts_at=form.cleaned_data["start"],
            by=request.user,
            now=now,
        )
    except (Taken, NotAllowed, ValidationError) as error:
        form.add_error(None, error)
        return False
    messages.success(request, _("The meeting is booked, and the client is told."))
    return True

"""The client's pages: before a review, at the end, and some time after it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from practice.people.policies import requires
from programs.between.scope import own_program
from programs.goals.actions import rate_goals
from programs.goals.forms import LevelsForm
from programs.goals.models import Goal, GoalRating
from programs.reviews.actions import PARTS, speak_before_review
from programs.reviews.afterwards import answer_follow_up
from programs.reviews.forms import AnswerForm, VoiceForm
from programs.reviews.models import Ending, ReviewVoice
from programs.reviews.state import state_of
from programs.reviews.views import opened, typed
from programs.sessions.thread import thread_of


@requires("own_program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def own_review(request, pk):
    """Before looking back together: what helps, what does not, and where the client is with each goal."""
    program, client = own_program(request.user, pk)
    point = state_of(program).due_review(thread_of(program)) if program.is_signed else None
    if point is None:
        return render(request, "programs/reviews/own_review_none.html", {"program": program})
    voices = ReviewVoice.objects.filter(program=program, client=client, after_session=point)
    goals, said = opened([Goal.objects.of(program).agreed(), voices], request, program, "before one's own review")
    before = {"helps": said[0].helps, "hinders": said[0].hinders} if said else None
    form = VoiceForm(typed(request), initial=before)
    levels = LevelsForm(typed(request), goals=goals, for_client=True)
    if form.is_valid() and levels.is_valid():
        try:
            speak_before_review(
                program=program,
                levels=levels.chosen(),
                client=client,
                by=request.user,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved. You speak about it together next time."))
            return redirect("program", program.pk)
    context = {"program": program, "form": form, "levels": levels, "after": point}
    status = 422 if form.errors or levels.errors else 200
    return render(request, "programs/reviews/own_review.html", context, status=status)


@requires("own_program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def own_ending(request, pk):
    """What the client takes along: the summary and the plan for hard days, to keep and print."""
    program, client = own_program(request.user, pk)
    mine = Ending.objects.filter(program=program, shared_at__isnull=False)
    get_object_or_404(mine)
    [goals, [ending]] = opened([Goal.objects.of(program).agreed(), mine], request, program, "one's own ending")
    may_rate = program.is_signed
    levels = LevelsForm(typed(request), goals=goals, for_client=True)
    if may_rate and levels.is_valid():
        try:
            rate_goals(
                program=program,
                levels=levels.chosen(),
                occasion=GoalRating.Occasion.ENDING,
                by=request.user,
                now=timezone.now(),
                client=client,
            )
        except ValidationError as error:
            levels.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("own_ending", program.pk)
    plan = [(Ending._meta.get_field(name).verbose_name, getattr(ending, name)) for name in PARTS]
    context = {
        "program": program,
        "ending": ending,
        "plan": [(label, text) for label, text in plan if text],
        "form": levels if may_rate else None,
    }
    return render(request, "programs/reviews/own_ending.html", context, status=422 if levels.errors else 200)


@requires("own_program", "write")
@require_http_methods(["GET", "HEAD", "POST"])
def own_follow_up(request, pk, days):
    """Some time after the end: how it is, and where the client is with each goal."""
    program, client = own_program(request.user, pk)
    found = get_object_or_404(program.follow_ups, client=client, days_after=days)
    if found.asked_at is None:
        raise Http404
    [goals] = opened([Goal.objects.of(program).agreed()], request, program, "answering a follow-up")
    form = AnswerForm(typed(request))
    levels = LevelsForm(typed(request), goals=goals, for_client=True)
    if form.is_valid() and levels.is_valid():
        try:
            answer_follow_up(
                follow_up=found,
                levels=levels.chosen(),
                client=client,
                by=request.user,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("own_follow_up", program.pk, days)
    context = {"program": program, "follow_up": found, "form": form, "levels": levels}
    status = 422 if form.errors or levels.errors else 200
    return render(request, "programs/reviews/own_follow_up.html", context, status=status)

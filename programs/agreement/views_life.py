"""Pages on which a counselor lets a program rest, go on, change, pass to somebody else, or close."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from practice.people.policies import requires
from practice.records.actions import read_together
from programs.agreement.changes import CHANGEABLE, may_extend, most_added, offer_extension, offer_method
from programs.agreement.forms import CloseForm, ExtendForm, HandoverForm, LongerForm, MethodForm, PauseForm
from programs.agreement.handovers import (
    ask_handover,
    call_off_former,
    meetings_with_others,
    successors,
    withdraw_handover,
)
from programs.agreement.life import (
    close_program,
    close_reasons,
    coming_meetings,
    go_on,
    pause_program,
    rest_longer,
    resume_program,
)
from programs.agreement.offer import standing_plan
from programs.agreement.scope import answer, done, form_methods, led_program, to_program, typed
from programs.plan.handover import Handover
from programs.plan.models import Program, ProgramStep, Status
from programs.sessions.thread import thread_of


def within(request, pk, *statuses):
    """A program that this person leads, while it stands so. Raise Http404 otherwise."""
    program = led_program(request.user, pk)
    if program.status not in statuses:
        raise Http404
    return program


@requires("program", "read")
@require_safe
def program_steps(request, pk):
    """Each step of a program's life, and who led it."""
    program = get_object_or_404(Program.objects.for_staff(request.user).for_page(), pk=pk)
    steps = ProgramStep.objects.filter(program=program).select_related("by").order_by("at", "pk")
    handovers = Handover.objects.filter(program=program).select_related("from_counselor", "to_counselor", "asked_by")
    found, passed = read_together(
        [steps, handovers.order_by("asked_at")],
        by=request.user,
        reason="reading the life of a program",
        request=request,
        knowing=[program],
    )
    return render(request, "programs/agreement/steps.html", {"program": program, "steps": found, "handovers": passed})


@requires("program", "write")
@form_methods
def program_pause(request, pk):
    """Let a program rest until a day."""
    program = within(request, pk, Status.ACTIVE)
    form = PauseForm(typed(request))
    if request.method == "POST" and done(request, form, pause_program, program=program):
        messages.success(request, _("The program rests. We ask the client every 14 days how they are."))
        return redirect("program", program.pk)
    coming = coming_meetings(program, timezone.now())
    return answer(request, "programs/agreement/pause.html", form, program=program, coming=coming)


@requires("program", "write")
@form_methods
def program_rest(request, pk):
    """Let a program that rests go on resting, until another day."""
    program = within(request, pk, Status.PAUSED)
    form = LongerForm(typed(request))
    if request.method == "POST" and done(request, form, rest_longer, program=program):
        messages.success(request, _("The program rests until then."))
        return redirect("program", program.pk)
    coming = coming_meetings(program, timezone.now())
    return answer(request, "programs/agreement/rest_longer.html", form, program=program, coming=coming)


@requires("program", "write")
@require_POST
def program_resume(request, pk):
    """Go on after a rest, or out of an ending that had begun."""
    program = within(request, pk, Status.PAUSED, Status.CLOSING)
    act = resume_program if program.status == Status.PAUSED else go_on
    try:
        act(program=program, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The program goes on."))
    return redirect("program", program.pk)


@requires("program", "write")
@form_methods
def program_extend(request, pk):
    """Offer more sessions, after a review that decided so."""
    program = within(request, pk, *CHANGEABLE)
    plan = standing_plan(program)
    form = ExtendForm(typed(request))
    if request.method == "POST" and done(request, form, offer_extension, program=program):
        messages.success(request, _("The change is with the client. It holds once everybody has signed."))
        return redirect("program", program.pk)
    context = {"program": program, "plan": plan, "most": most_added(plan), "has_review": may_extend(program)}
    return answer(request, "programs/agreement/extend.html", form, **context)


@requires("program", "write")
@form_methods
def program_method(request, pk):
    """Offer another method."""
    program = within(request, pk, *CHANGEABLE)
    plan = standing_plan(program)
    form = MethodForm(typed(request), holding=plan.method_id)
    if request.method == "POST" and done(request, form, offer_method, program=program):
        messages.success(request, _("The change is with the client. It holds once everybody has signed."))
        return redirect("program", program.pk)
    return answer(request, "programs/agreement/method.html", form, program=program, plan=plan)


@requires("handover", "ask")
@form_methods
def program_handover(request, pk):
    """Ask the clients whether another counselor may lead their program; or see that the question waits."""
    program = get_object_or_404(Program.objects.for_staff(request.user).for_page(), pk=pk)
    if not program.is_signed:
        raise Http404
    form = HandoverForm(typed(request), successors=successors(program))
    if request.method == "POST" and done(request, form, ask_handover, program=program):
        messages.success(request, _("The question is with the client. Nothing changes until everybody has agreed."))
        return redirect("program", program.pk)
    asked = program.handovers.filter(answer=Handover.Answer.ASKED).select_related("to_counselor").first()
    coming = coming_meetings(program, timezone.now())
    context = {
        "program": program,
        "asked": asked,
        "coming": coming,
        "leads": program.counselor.user_id == request.user.pk,
        "may_withdraw": asked and (asked.asked_by_id == request.user.pk or program.is_led_by(request.user)),
    }
    return answer(request, "programs/agreement/handover.html", form, **context)


@requires("handover", "ask")
@require_POST
def handover_withdraw(request, pk):
    """Take the question back."""
    program = get_object_or_404(Program.objects.for_staff(request.user).for_page(), pk=pk)
    asked = get_object_or_404(program.handovers.filter(answer=Handover.Answer.ASKED))
    try:
        withdraw_handover(handover=asked, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("It is taken back. The client can no longer find it."))
    return to_program(request.user, program)


@requires("program", "write")
@form_methods
def handover_sessions(request, pk):
    """What is still booked with a former counselor; sending the page calls it off."""
    program = led_program(request.user, pk)
    if request.method == "POST":
        try:
            call_off_former(program=program, by=request.user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Called off, and everybody is told. The sessions can be booked anew."))
        return to_program(request.user, program)
    left = meetings_with_others(program, timezone.now())
    notes = Handover.objects.filter(program=program, answer=Handover.Answer.AGREED, to_counselor=program.counselor)
    [opened] = read_together(
        [notes.select_related("from_counselor", "asked_by").order_by("-answered_at")[:1]],
        by=request.user,
        reason="taking a program over",
        request=request,
        knowing=[program],
    )
    context = {"program": program, "meetings": left, "note": opened[0] if opened else None}
    return render(request, "programs/agreement/handover_sessions.html", context)


@requires("program", "write")
@form_methods
def program_close(request, pk):
    """Close a program, after seeing what that means."""
    program = led_program(request.user, pk)
    if program.status == Status.CLOSED:
        return redirect("program", program.pk)
    form = CloseForm(typed(request), reasons=close_reasons(program))
    if request.method == "POST" and done(request, form, close_program, program=program):
        messages.success(request, _("The program is closed."))
        return redirect("program", program.pk)
    coming = coming_meetings(program, timezone.now())
    context = {"program": program, "thread": thread_of(program), "coming": coming}
    return answer(request, "programs/agreement/close.html", form, **context)

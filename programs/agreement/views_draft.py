"""Pages on which a counselor writes a proposal: begin, terms, outline, goals, preview, offer."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from appointments.models import Consultation
from practice.people.counselors import Counselor
from practice.people.policies import requires
from practice.records.actions import read, read_together
from programs.agreement.drafts import (
    OUTLINE,
    clients_in_care,
    draft_program,
    drop_draft,
    edit_draft,
    edit_outline,
    possible_helpers,
    session_services,
)
from programs.agreement.forms import AnswerForm, OutlineFormSet, StartForm, TermsForm
from programs.agreement.offer import fetch_offer, open_offer, sections_of
from programs.agreement.proposals import answer_question, asked_consents, propose_program, withdraw_proposal
from programs.agreement.scope import answer, done, form_methods, led_program, to_program, typed
from programs.library.models import Template, TemplateVersion
from programs.plan.models import Plan, PlanQuestion, PlanStatus, Program, Status
from programs.sessions.models import Session


def newest_versions(user):
    """The newest version of every template that this person may begin with."""
    templates = Template.objects.visible_to(user).in_use()
    newest = TemplateVersion.objects.filter(template__in=templates).order_by("template", "-number").distinct("template")
    return (
        TemplateVersion.objects.filter(pk__in=newest.values("pk")).select_related("method").order_by("title_id", "pk")
    )


@requires("program", "write")
@form_methods
def program_new(request):
    """Begin a proposal for somebody in one's care."""
    counselor = get_object_or_404(Counselor.objects.visible_to(request.user), user=request.user)
    people = clients_in_care(counselor, timezone.now())
    form = StartForm(typed(request), clients=people, versions=newest_versions(request.user))
    program = done(request, form, draft_program, counselor=counselor) if request.method == "POST" else None
    if program:
        return redirect("draft", program.pk)
    return answer(request, "programs/agreement/start.html", form, has_people=people.exists())


@requires("program", "write")
@form_methods
def propose(request, pk):
    """Begin a proposal with a consultation whose outcome says that a program comes next."""
    mine = Consultation.objects.visible_to(request.user).filter(pk=pk, meeting__counselor__user=request.user)
    found = get_object_or_404(mine.select_related("client", "meeting__counselor"))
    led = found.programs.exclude(status=Status.CLOSED).first()
    if led:
        return redirect("draft" if led.status == Status.DRAFT else "program", led.pk)
    counselor = found.meeting.counselor
    people = clients_in_care(counselor, timezone.now())
    if not people.filter(pk=found.client_id).exists():
        raise Http404
    form = StartForm(typed(request), clients=people, versions=newest_versions(request.user), fixed=found.client)
    program = None
    if request.method == "POST" and form.is_valid():
        [opened] = read(mine, by=request.user, reason="proposing a program", request=request)
        more = {"counselor": counselor, "consultation": found, "problem": opened.question}
        program = done(request, form, draft_program, **more)
    if program:
        return redirect("draft", program.pk)
    return answer(request, "programs/agreement/start.html", form, client=found.client, has_people=True)


@requires("program", "write")
@form_methods
def propose_after(request, pk):
    """Begin a proposal that continues a closed program, for those who took part in it."""
    former = led_program(request.user, pk)
    if not former.is_continued:
        raise Http404
    led = Program.objects.for_counselor(request.user).open().filter(follows=former).first()
    if led:
        return redirect("draft" if led.status == Status.DRAFT else "program", led.pk)
    counselor = get_object_or_404(Counselor.objects.visible_to(request.user), user=request.user)
    people = clients_in_care(counselor, timezone.now())
    initial = {"clients": [str(pk) for pk in former.client_ids()]}
    form = StartForm(typed(request), initial=initial, clients=people, versions=newest_versions(request.user))
    program = None
    if request.method == "POST":
        program = done(request, form, draft_program, counselor=counselor, follows=former)
    if program:
        return redirect("draft", program.pk)
    return answer(request, "programs/agreement/start.html", form, former=former, has_people=people.exists())


def drafted(request, pk):
    """A program that is being written. Raise Http404 otherwise."""
    program = led_program(request.user, pk)
    if program.status != Status.DRAFT:
        raise Http404
    return program


def newest_plan(program) -> Plan:
    """The version that is being written, or the one that was refused last."""
    return program.plans.select_related("method").order_by("-number").first()


@requires("program", "write")
@require_safe
def draft(request, pk):
    """The steps of a proposal, and how far each is."""
    program = led_program(request.user, pk)
    if program.status != Status.DRAFT:
        return redirect("program", program.pk)
    plan = newest_plan(program)
    plan.program = program
    offer = open_offer(fetch_offer(plan), by=request.user, reason="writing a proposal", request=request)
    context = {
        "program": offer.program,
        "plan": offer.plan,
        "goals": offer.goals,
        "without_aim": [session.number for session in offer.sessions if not session.aim],
        "refused": offer.plan if offer.plan.status != PlanStatus.DRAFT else None,
    }
    return render(request, "programs/agreement/draft.html", context)


@requires("program", "write")
@form_methods
def draft_terms(request, pk):
    """Title, people, method, sessions, pace, price and rules."""
    program = drafted(request, pk)
    plan = newest_plan(program)
    plan.program = program
    read_together([[program], [plan]], by=request.user, reason="writing a proposal", request=request, knowing=[program])
    chosen = [member.client for member in program.members.all()]
    people = list(clients_in_care(program.counselor, timezone.now()))
    people.sort(key=lambda client: client not in chosen)
    initial = {
        name: getattr(plan, name)
        for name in ("method", "planned_sessions", "pace_days", "price", "missed_rule", "late_cancel_rule", "if_silent")
    } | {
        "title": program.title,
        "problem": program.problem,
        "service": program.service,
        "clients": [str(client.pk) for client in chosen],
        "co_counselors": [str(counselor.pk) for counselor in program.co_counselors.all()],
        "review_after": ", ".join(str(point) for point in plan.review_after),
        "expected": program.revision,
    }
    offered = {"services": session_services(program.counselor), "helpers": possible_helpers(program.counselor)}
    area = program.template_version.problem if program.template_version else ""
    form = TermsForm(
        typed(request), initial=initial, clients=people, method=plan.method_id, problem_area=area, **offered
    )
    edited = done(request, form, edit_draft, program=program) if request.method == "POST" else None
    if edited:
        messages.success(request, _("Saved."))
        sent = sorted(set(form.cleaned_data["terms"].review_after))
        if sent and sent != edited.review_after:
            points = _(" and ").join(str(point) for point in edited.review_after)
            words = ngettext(
                "The review now comes after session %(points)s.",
                "Reviews now come after sessions %(points)s.",
                len(edited.review_after),
            )
            messages.info(request, words % {"points": points})
        return redirect("draft", program.pk)
    return answer(request, "programs/agreement/terms.html", form, program=program)


@requires("program", "write")
@form_methods
def draft_outline(request, pk):
    """What each session is for."""
    program = drafted(request, pk)
    sessions = list(Session.objects.planned().filter(program=program).order_by("number"))
    for session in sessions:
        session.program = program
    read_together([sessions], by=request.user, reason="writing a proposal", request=request, knowing=[program])
    initial = [{name: getattr(session, name) for name in OUTLINE} for session in sessions]
    forms, sent = OutlineFormSet(typed(request), initial=initial), request.POST.get("seen", "")
    seen = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else -1
    if request.method == "POST" and forms.is_valid():
        written = {number: form.cleaned_data for number, form in enumerate(forms, start=1)}
        try:
            edit_outline(program=program, outline=written, expected=seen, by=request.user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Saved."))
            return redirect("draft", program.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "programs/agreement/outline.html", {"program": program, "forms": forms}, status=status)


@requires("program", "write")
@require_POST
def draft_drop(request, pk):
    """Lay a draft aside for good."""
    program = drafted(request, pk)
    try:
        drop_draft(program=program, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return to_program(request.user, program)
    messages.success(request, _("The draft is laid aside."))
    return redirect("caseload")


@requires("program", "write")
@form_methods
def proposal_preview(request, pk):
    """The proposal as the client will see it; sending the page offers it."""
    program = drafted(request, pk)
    problem = None
    if request.method == "POST":
        try:
            propose_program(program=program, by=request.user, now=timezone.now(), request=request)
        except ValidationError as error:
            problem = " ".join(error.messages)
        else:
            messages.success(request, _("The proposal is with the client. They have 14 days to answer."))
            return redirect("program", program.pk)
    plan = newest_plan(program)
    plan.program = program
    offer = open_offer(fetch_offer(plan), by=request.user, reason="looking at a proposal", request=request)
    offer.plan.consents_required, offer.plan.consents_optional = asked_consents(program, now=timezone.now())
    context = {
        "program": offer.program,
        "plan": offer.plan,
        "sections": sections_of(offer),
        "beads": beads_of_plan(offer.plan),
        "problem": problem,
        "has_goals": bool(offer.goals),
        "can_offer": plan.status == PlanStatus.DRAFT,
    }
    return render(request, "programs/agreement/preview.html", context, status=422 if problem else 200)


def beads_of_plan(plan: Plan) -> list[dict]:
    """The thread as it is planned: every bead still to come, review points marked."""
    points = set(plan.review_after)
    return [{"look": "planned", "review": number in points} for number in range(1, plan.planned_sessions + 1)]


@requires("program", "write")
@form_methods
def plan_questions(request, pk):
    """What clients asked about what is on offer, and one's answers."""
    program = led_program(request.user, pk)
    plan = program.plans.exclude(status=PlanStatus.DRAFT).order_by("-number").first()
    if plan is None:
        raise Http404
    plan.program = program
    form = AnswerForm(typed(request))
    if request.method == "POST" and done(request, form, answer_question, plan=plan):
        messages.success(request, _("Your answer is there. The client gets a mail that something waits."))
        return redirect("plan_questions", program.pk)
    asked = PlanQuestion.objects.filter(plan=plan).select_related("author").order_by("written_at", "pk")
    said, [opened] = read_together(
        [asked, [plan]],
        by=request.user,
        reason="reading questions",
        request=request,
        knowing=[program],
    )
    is_open = plan.is_open(timezone.now())
    context = {"program": program, "plan": opened, "questions": said, "is_open": is_open}
    return answer(request, "programs/agreement/questions.html", form, **context)


@requires("program", "write")
@require_POST
def plan_withdraw(request, pk):
    """Take back what is on offer."""
    program = led_program(request.user, pk)
    plan = get_object_or_404(program.plans.filter(status=PlanStatus.OFFERED))
    try:
        withdraw_proposal(plan=plan, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("It is taken back. The client can no longer find it."))
    return redirect("draft" if plan.cause == Plan.Cause.PROPOSAL else "program", program.pk)

"""Pages on which a client reads what is offered, asks, declines or signs, and answers what they are asked later."""

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from practice.people.consents import text_of
from practice.people.policies import requires, requires_any
from practice.records.actions import read, read_together
from programs.agreement.care import clients_of
from programs.agreement.consents import asked_of_all
from programs.agreement.forms import DeclineForm, QuestionForm, RestForm, SignForm
from programs.agreement.handovers import agree_handover, decline_handover, over_text
from programs.agreement.life import coming_meetings, rest_longer, resume_program
from programs.agreement.offer import fetch_offer, hash_of, sections_of, text_in
from programs.agreement.proposals import GONE, ask_question, decline_proposal
from programs.agreement.scope import answer, client_in, done, form_methods, own_program, typed
from programs.agreement.signing import sign_plan
from programs.agreement.views_draft import beads_of_plan
from programs.plan.handover import Handover
from programs.plan.models import Plan, PlanQuestion, PlanStatus, Program, Status
from programs.plan.texts import PlanText


def language_now() -> str:
    """The language in which the page is read, as offers and consents know it."""
    return "en" if (get_language() or "").startswith("en") else "id"


def offered_plan(request, program) -> Plan:
    """The plan that the person means: the one they were looking at, else the newest that was offered."""
    plans = program.plans.exclude(status=PlanStatus.DRAFT).select_related("method").order_by("-number")
    meant = request.POST.get("plan", "")
    found = next((plan for plan in plans if str(plan.pk) == meant), None) or plans.first()
    if found is None:
        raise Http404
    found.program = program
    return found


@requires("own_program", "write")
@form_methods
def proposal(request, pk):
    """What is offered, in calm words; and what one asked about it."""
    program, client = own_program(request.user, pk)
    plan = offered_plan(request, program)
    form = QuestionForm(typed(request))
    if request.method == "POST" and done(request, form, ask_question, plan=plan, client=client):
        messages.success(request, _("Your question is with your counselor. You get a mail when it is answered."))
        return redirect("proposal", program.pk)
    return proposal_page(request, program, client, plan, form)


def proposal_page(request, program, client, plan, form):
    has_signed = plan.signatures.filter(client=client).exists()
    context = {"program": program, "plan": plan, "client": client, "has_signed": has_signed}
    if not plan.is_open(timezone.now()):
        gone = GONE[PlanStatus.EXPIRED if plan.status == PlanStatus.OFFERED else plan.status]
        return render(request, "programs/agreement/proposal_over.html", context | {"gone": gone})
    offer = fetch_offer(plan)
    mine = PlanQuestion.objects.filter(plan=plan).order_by("written_at", "pk")
    offered = PlanText.objects.filter(plan=plan, language=language_now()).select_related("plan__program")
    *_opened, asked, kept = read_together(
        [*offer.rows, mine, offered],
        by=request.user,
        reason="reading a proposal",
        request=request,
        knowing=[offer.program],
    )
    sections = sections_of(offer)
    context |= {
        "plan": offer.plan,
        "as_offered": next(
            (each.text for each in kept if each.text_hash != hash_of(text_in(offer, each.language))), ""
        ),
        "title": sections[0],
        "sections": sections[1:],
        "beads": beads_of_plan(offer.plan) if plan.cause == Plan.Cause.PROPOSAL else None,
        "questions": asked,
        "others": others_to_sign(offer, client),
    }
    return answer(request, "programs/agreement/proposal.html", form, **context)


def others_to_sign(offer, client) -> list[str]:
    """The names of those who have not signed yet, besides this client."""
    signed = set(offer.plan.signatures.values_list("client_id", flat=True))
    return [each.preferred_name for each in offer.clients if each.pk != client.pk and each.pk not in signed]


@requires("own_program", "write")
@form_methods
def proposal_decline(request, pk):
    """Say no, with a reason if one likes."""
    program, client = own_program(request.user, pk)
    plan = offered_plan(request, program)
    form = DeclineForm(typed(request))
    if request.method == "POST" and done(request, form, decline_proposal, plan=plan, client=client):
        messages.success(request, _("Thank you for your answer. Your counselor is told."))
        return redirect("proposal", program.pk)
    return answer(request, "programs/agreement/decline.html", form, program=program, plan=plan)


@requires("own_program", "write")
@form_methods
def proposal_sign(request, pk):
    """Sign: one box for each consent, none ticked."""
    program, client = own_program(request.user, pk)
    plan = offered_plan(request, program)
    if request.method != "POST" and (
        not plan.is_open(timezone.now()) or plan.signatures.filter(client=client).exists()
    ):
        return redirect("proposal", program.pk)
    language = language_now()
    text = PlanText.objects.filter(plan=plan, language=language).only("text_hash").first()
    if text is None:
        raise Http404
    consents = [(purpose, text_of(purpose, language), True) for purpose in plan.consents_required]
    consents += [(purpose, text_of(purpose, language), False) for purpose in plan.consents_optional]
    initial = {"language": language, "text_hash": text.text_hash}
    form = SignForm(typed(request), initial=initial, consents=consents)
    if request.method == "POST":
        signed = done(request, form, sign_plan, plan=plan, client=client)
        if signed or form.has_error(NON_FIELD_ERRORS, "signed"):
            return after_signing(request, program, signed)
    context = {
        "needed": [form[purpose] for purpose, _text, needed in consents if needed],
        "free": [form[purpose] for purpose, _text, needed in consents if not needed],
    }
    return answer(request, "programs/agreement/sign.html", form, program=program, plan=plan, **context)


def after_signing(request, program, signed):
    if signed:
        messages.success(request, _("Signed. Thank you."))
    else:
        messages.success(request, _("You have signed this already. Nothing more is needed."))
    return redirect("proposal", program.pk)


@requires_any(("program", "read"), ("own_program", "read"))
@require_safe
def agreement(request, pk):
    """What was signed, word for word, by whom and when."""
    program = get_object_or_404(Program.objects.visible_to(request.user).for_page(), pk=pk)
    plans = list(program.plans.filter(status=PlanStatus.SIGNED).prefetch_related("signatures__client"))
    languages = {}
    for plan in plans:
        own = [each.language for each in plan.signatures.all() if each.client.user_id == request.user.pk]
        languages[plan.pk] = own[0] if own else language_now()
    texts = PlanText.objects.filter(plan__in=plans).select_related("plan").order_by("plan__number")
    wanted = [text for text in texts if text.language == languages[text.plan_id]]
    for text in wanted:
        text.plan.program = program
    read_together([wanted], by=request.user, reason="reading what was agreed", request=request, knowing=[program])
    by_plan = {text.plan_id: text for text in wanted}
    rows = [(plan, by_plan.get(plan.pk)) for plan in sorted(plans, key=lambda plan: plan.number)]
    is_client = program.is_of(request.user)
    people = asked_of_all(program, clients_of(program)) if rows and not is_client else []
    context = {"program": program, "rows": rows, "is_client": is_client, "consents": people}
    return render(request, "programs/agreement/agreement.html", context)


@requires("own_program", "write")
@form_methods
def handover_answer(request, pk):
    """Whether another counselor may lead one's program: yes or no."""
    mine = Handover.objects.filter(program__in=Program.objects.for_client(request.user).values("pk"))
    found = get_object_or_404(mine.select_related("from_counselor", "to_counselor"), pk=pk)
    found.program = Program.objects.for_page().get(pk=found.program_id)
    client = client_in(found.program, request.user)
    if request.method == "POST" and request.POST.get("answer") in ("yes", "no"):
        act = agree_handover if request.POST["answer"] == "yes" else decline_handover
        try:
            act(handover=found, client=client, by=request.user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Thank you. Your answer is kept."))
        return redirect("program", found.program_id)
    [opened] = read(
        mine.filter(pk=pk).select_related("from_counselor", "to_counselor", "asked_by"),
        by=request.user,
        reason="reading a question about one's counselor",
        request=request,
    )
    has_agreed = opened.agreed_by.filter(pk=client.pk).exists()
    over = None if opened.is_open(timezone.now()) else over_text(opened)
    context = {"handover": opened, "program": found.program, "has_agreed": has_agreed, "over": over}
    context["unanswered"] = request.POST
    status = 422 if request.method == "POST" else 200
    return render(request, "programs/agreement/handover_answer.html", context, status=status)


@requires("own_program", "write")
@form_methods
def pause_answer(request, pk):
    """Go on after a rest, or rest longer."""
    program, _client = own_program(request.user, pk)
    if program.status != Status.PAUSED:
        return redirect("program", program.pk)
    if request.method == "POST" and "go_on" in request.POST:
        try:
            resume_program(program=program, by=request.user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Good. Your program goes on, and your counselor is told."))
        return redirect("program", program.pk)
    form = RestForm(typed(request))
    if request.method == "POST" and done(request, form, rest_longer, program=program, keep_meetings=False):
        messages.success(request, _("Take the time you need."))
        return redirect("program", program.pk)
    now = timezone.now()
    context = {"is_over": program.pause_is_over(now), "coming": coming_meetings(program, now)}
    return answer(request, "programs/agreement/rest.html", form, program=program, **context)

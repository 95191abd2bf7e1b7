"""A proposal while it is being written: begun from a template or from nothing, then tailored to these people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from appointments.models import Consultation, NextStep
from practice.catalog.models import Kind, Service
from practice.people.accounts import User
from practice.people.clients import CareRelationship, Client
from practice.people.counselors import Counselor
from practice.records.actions import record
from programs.agreement.care import able_to_give, unable_to_help
from programs.library.actions import copy_outline
from programs.library.models import FEWEST_SESSIONS, MOST_SESSIONS, Method, TemplateVersion, review_points
from programs.plan.actions import locked, refuse_but_counselors, take_step
from programs.plan.models import AbsenceRule, Plan, PlanStatus, Program, ProgramMember, ProgramStep, Status
from programs.sessions.models import Session

HIGHEST_PRICE = 100_000_000
MOST_PEOPLE = 6
OUTLINE = ("aim", "agenda", "technique", "task")
LONGEST = {"title": 120, "problem": 2_000, "if_silent": 1_000, "aim": 200, "agenda": 600, "technique": 200, "task": 400}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a draft says, besides its goals and the outline of its sessions. Prices are whole rupiah."""

    title: str
    problem: str
    method: Method
    planned_sessions: int
    pace_days: int
    price: int
    service: Service
    clients: Sequence[Client]
    review_after: Sequence[int] = ()
    missed_rule: str = AbsenceRule.COUNTS
    late_cancel_rule: str = AbsenceRule.COUNTS
    if_silent: str = ""
    co_counselors: Sequence[Counselor] = ()


def clients_in_care(counselor: Counselor, now: datetime):
    """Those whom this counselor looks after now, and so may propose a program to."""
    care = CareRelationship.objects.current(now).filter(counselor=counselor, client=OuterRef("pk"))
    return Client.objects.filter(Exists(care)).order_by("preferred_name", "pk")


def session_services(counselor: Counselor):
    """How this counselor's program sessions can be booked."""
    return Service.objects.filter(kind=Kind.SESSION, counselors=counselor).for_listing()


def possible_helpers(counselor: Counselor):
    """Who could help this counselor to lead a program: the others who give such sessions."""
    return able_to_give(session_services(counselor)).exclude(pk=counselor.pk)


@transaction.atomic
def draft_program(
    *,
    counselor: Counselor,
    clients: Sequence[Client],
    by: User,
    now: datetime,
    consultation: Consultation | None = None,
    version: TemplateVersion | None = None,
    method: Method | None = None,
    problem: str = "",
    follows: Program | None = None,
) -> Program:
    """Begin a proposal from a template's version, whose outline is copied, or from a method alone.

    `problem` holds the client's own words, if they said any: those of a template are nobody's and are not copied.
    `follows` is the closed program that this one continues.

    Raise ValidationError if the consultation did not end with a program as the next step or has led to one already
    ("exists"), if the former program was not closed to be continued, has led to one already ("exists") or was for
    others, if somebody is not in this counselor's care, or if no service is there to book sessions with.
    """
    if consultation is not None:
        _refuse_consultation(consultation, clients)
    if follows is not None:
        _refuse_former(follows, clients, by)
    refuse_outside_care(counselor, clients, now)
    method = version.method if version else method
    if method is None:
        raise ValidationError({"method": _("Choose a template, or a method to begin without one.")})
    service = session_services(counselor).first()
    if service is None:
        raise ValidationError(
            _("No service for program sessions is set up for you yet. Ask the practice manager to add one."),
            code="service",
        )
    outline = copy_outline(version, clients[0].language) if version else {}
    planned = version.planned_sessions if version else max(FEWEST_SESSIONS, min(method.typical_from, MOST_SESSIONS))
    program = Program.objects.create(
        counselor=counselor,
        service=service,
        template_version=version,
        consultation=consultation,
        follows=follows,
        title=outline.get("title", "")[: LONGEST["title"]],
        problem=problem,
        created_at=now,
    )
    seat(program, clients)
    plan = Plan.objects.create(
        program=program,
        number=1,
        method=method,
        planned_sessions=planned,
        pace_days=version.pace_days if version else 7,
        price=version.price if version and version.price is not None else service.price,
        review_after=version.review_after if version else review_points(planned),
        created_at=now,
    )
    lay_out(program, plan, outline.get("sessions", []))
    ProgramStep.objects.create(program=program, became=Status.DRAFT, by=by, at=now)
    record(by, "program.drafted", program, now=now, from_consultation=consultation is not None)
    return program


def _refuse_consultation(consultation, clients):
    kept = Consultation.objects.select_for_update(of=("self",)).get(pk=consultation.pk)
    if kept.next_step != NextStep.PROGRAM:
        raise ValidationError(
            _("Write down in the outcome first that a counseling program comes next."), code="next_step"
        )
    if kept.client_id not in {client.pk for client in clients}:
        raise ValidationError(_("The client of the consultation takes part in its program."), code="clients")
    if kept.programs.exclude(status=Status.CLOSED).exists():
        raise ValidationError(_("This consultation has led to a program already."), code="exists")


def _refuse_former(former, clients, by):
    kept = locked(former)
    refuse_but_counselors(kept, by)
    if not kept.is_continued:
        raise ValidationError(_("Only a program that was closed to be continued leads to a new one."), code="status")
    if kept.followed_by.open().exists():
        raise ValidationError(_("A new program continues this one already."), code="exists")
    if not {client.pk for client in clients} & set(kept.client_ids()):
        raise ValidationError({"clients": _("Choose at least one of those who took part before.")}, code="clients")


def refuse_outside_care(counselor: Counselor, clients: Sequence[Client], now: datetime) -> None:
    """Raise ValidationError unless each of these people is there once and in this counselor's care."""
    wanted = {client.pk for client in clients}
    if not wanted or len(wanted) != len(clients):
        raise ValidationError({"clients": _("Choose who takes part, each person once.")}, code="clients")
    if len(wanted) > MOST_PEOPLE:
        raise ValidationError(
            {"clients": _("At most %(most)d people take part in one program.") % {"most": MOST_PEOPLE}}, code="clients"
        )
    if clients_in_care(counselor, now).filter(pk__in=wanted).count() != len(wanted):
        raise ValidationError({"clients": _("Choose people who are in your care now.")}, code="clients")


def seat(program: Program, clients: Sequence[Client]) -> None:
    """Let these people, and nobody else, take part in a draft, in this order."""
    before = ProgramMember.objects.filter(program=program)
    offered = set(before.filter(was_offered=True).values_list("client_id", flat=True))
    before.delete()
    ProgramMember.objects.bulk_create(
        ProgramMember(program=program, client=client, position=position, was_offered=client.pk in offered)
        for position, client in enumerate(clients, start=1)
    )


def lay_out(program: Program, plan: Plan, outline: Sequence[Mapping[str, str]] = ()) -> None:
    """Have a station for each session that the draft plans: those there stay as they are, further ones follow.

    Those beyond are planned no longer, but keep their words until the draft is offered: it may be lengthened again.
    """
    there = program.sessions.count()
    Session.objects.filter(program=program).exclude(plan=plan).update(plan=plan)
    texts = [{name: each.get(name, "")[: LONGEST[name]] for name in OUTLINE} for each in outline]
    Session.objects.bulk_create(
        Session(program=program, plan=plan, number=number, **(texts[number - 1] if number <= len(texts) else {}))
        for number in range(there + 1, plan.planned_sessions + 1)
    )


@transaction.atomic
def edit_draft(*, program: Program, terms: Terms, expected: int, by: User, now: datetime) -> Plan:
    """Replace what a draft says. After a refusal, an expiry or a withdrawal this begins the next version.

    Reviews at the usual points, or at those of the template, follow a changed number of sessions; chosen ones stay.
    `expected` is the program's revision that was being looked at. Raise ValidationError if it was changed elsewhere
    meanwhile ("conflict"), if it is not a draft, or by field for what a plan cannot say; fewer than three sessions are
    not a program but consultations.
    """
    kept = locked_draft(program, by)
    if kept.revision != expected:
        raise ValidationError(
            _("This draft was changed elsewhere meanwhile. Copy what you wrote, and open it again."), code="conflict"
        )
    former = kept.plans.order_by("-number").first()
    reviews = check_terms(_with_reviews_that_follow(terms, kept, former), kept.counselor)
    refuse_outside_care(kept.counselor, terms.clients, now)
    kept.title, kept.problem, kept.service = terms.title.strip(), terms.problem.strip(), terms.service
    kept.revision += 1
    kept.save(update_fields=["title", "problem", "service", "revision"])
    kept.co_counselors.set(terms.co_counselors)
    seat(kept, terms.clients)
    plan = former if former.status == PlanStatus.DRAFT else Plan(number=former.number + 1, created_at=now)
    plan.program, plan.method, plan.price = kept, terms.method, terms.price
    plan.planned_sessions, plan.pace_days, plan.review_after = terms.planned_sessions, terms.pace_days, reviews
    plan.missed_rule, plan.late_cancel_rule = terms.missed_rule, terms.late_cancel_rule
    plan.if_silent = terms.if_silent.strip()
    plan.save()
    lay_out(kept, plan)
    record(by, "program.changed", kept, now=now, sessions=plan.planned_sessions)
    return plan


def _with_reviews_that_follow(terms: Terms, program: Program, former: Plan) -> Terms:
    """The terms without review points that nobody chose and that belong to the former number of sessions."""
    unchosen = [review_points(former.planned_sessions)]
    if program.template_version and program.template_version.planned_sessions == former.planned_sessions:
        unchosen.append(program.template_version.review_after)
    follows = terms.planned_sessions != former.planned_sessions and sorted(set(terms.review_after)) in unchosen
    return replace(terms, review_after=()) if follows else terms


@transaction.atomic
def edit_outline(
    *, program: Program, outline: Mapping[int, Mapping[str, str]], expected: int, by: User, now: datetime
) -> None:
    """Write what each session of a draft is for: {number: {aim, agenda, technique, task}}.

    `expected` is the program's revision that was being looked at. Raise ValidationError if it was changed elsewhere
    meanwhile ("conflict"), if it is not a draft, or for a session it does not have.
    """
    kept = locked_draft(program, by)
    if kept.revision != expected:
        raise ValidationError(
            _("This draft was changed elsewhere meanwhile. What you typed is still here; save again to keep it."),
            code="conflict",
        )
    there = {session.number: session for session in kept.sessions.planned()}
    if not set(outline) <= set(there):
        raise ValidationError(
            _("The number of sessions was changed meanwhile. Copy what you wrote, and open the page again."),
            code="conflict",
        )
    for number, texts in outline.items():
        session = there[number]
        session.program = kept
        for name in OUTLINE:
            setattr(session, name, texts.get(name, "").strip())
        session.save(update_fields=OUTLINE)
    kept.revision += 1
    kept.save(update_fields=["revision"])
    record(by, "program.outlined", kept, now=now)


@transaction.atomic
def drop_draft(*, program: Program, by: User, now: datetime) -> Program:
    """Lay a draft aside for good: it closes as never agreed. Raise ValidationError if it is not a draft."""
    kept = locked_draft(program, by)
    take_step(kept, Status.CLOSED, by=by, now=now, close_reason="not_begun", closed_at=now)
    record(by, "program.closed", kept, now=now, planned=False)
    return kept


def locked_draft(program: Program, by: User) -> Program:
    """The program, locked. Raise ValidationError unless it is being written, by one of its counselors."""
    kept = locked(program)
    refuse_but_counselors(kept, by)
    if kept.status == Status.PROPOSED:
        raise ValidationError(_("The client is reading this proposal. Take it back first, then change it."))
    if kept.status != Status.DRAFT:
        raise ValidationError(_("This program is agreed on. What was signed is changed by a new version only."))
    return kept


def check_terms(terms: Terms, counselor: Counselor) -> list[int]:
    """Raise ValidationError by field for what a plan cannot say. Return its review points, by default the usual two."""
    wrong = {}
    for name in ("title", "problem", "if_silent"):
        if len(getattr(terms, name)) > LONGEST[name]:
            wrong[name] = _("Use at most %(limit)d characters.") % {"limit": LONGEST[name]}
    if not terms.title.strip():
        wrong["title"] = _("Give the program a title that the client understands.")
    planned = terms.planned_sessions
    if planned < FEWEST_SESSIONS:
        wrong["planned_sessions"] = _(
            "A program has at least three sessions. For one or two meetings, offer consultations instead."
        )
    elif planned > MOST_SESSIONS:
        wrong["planned_sessions"] = _("A program has at most %(most)d sessions.") % {"most": MOST_SESSIONS}
    if not 1 <= terms.pace_days <= 60:
        wrong["pace_days"] = _("Choose from 1 to 60 days.")
    if not 0 <= terms.price <= HIGHEST_PRICE:
        wrong["price"] = _("Enter a price in whole rupiah, from 0 to 100,000,000.")
    reviews = sorted(set(terms.review_after)) or review_points(max(planned, FEWEST_SESSIONS))
    outside = [str(point) for point in reviews if not 1 <= point < planned]
    if outside and "planned_sessions" not in wrong:
        wrong["review_after"] = _(
            "With %(count)d sessions, reviews can come after sessions 1 to %(last)d. Change or take out: %(outside)s."
        ) % {"count": planned, "last": planned - 1, "outside": ", ".join(outside)}
    if terms.service.kind != Kind.SESSION or not terms.service.counselors.filter(pk=counselor.pk).exists():
        wrong["service"] = _("Choose one of your services for program sessions.")
    if unable_to_help(terms.co_counselors, counselor=counselor, service=terms.service):
        wrong["co_counselors"] = _("Choose counselors who give these sessions, besides yourself.")
    if terms.missed_rule not in AbsenceRule or terms.late_cancel_rule not in AbsenceRule:
        wrong["missed_rule"] = _("Choose what a missed session means.")
    if wrong:
        raise ValidationError(wrong)
    return reviews

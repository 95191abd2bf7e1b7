"""After the end: asking again after 30 and 90 days, the client's answer, and perhaps another meeting."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from practice.calendar.actions import announce, booking_event, care_for
from practice.calendar.reserving import Wanted, reserve_within
from practice.catalog.models import Kind
from practice.messages.actions import enqueue_all, outgoing
from practice.messages.models import Message
from practice.people.clients import CareRelationship, Client
from practice.records.actions import record
from practice.zones import zone
from programs.agreement.mails import tell_counselor
from programs.goals.actions import rate_goals
from programs.goals.models import GoalRating
from programs.plan.actions import locked, refuse_but_counselors
from programs.plan.models import CloseReason, Plan, PlanStatus, Program, Status
from programs.reviews.actions import refuse_long
from programs.reviews.models import FollowUp, Review
from programs.reviews.state import due_point
from programs.sessions.rules import refuse_mode
from programs.sessions.thread import threads_of

DAYS = (30, 90)
ASKED_FOR = timedelta(days=21)  # how long an answer is waited for; later nobody is asked any more
READ_FOR = timedelta(days=30)  # how long the counselor may read after an answer
FOLLOWED = [CloseReason.GOALS_REACHED, CloseReason.PLANNED_PARTLY]  # endings after which we ask again
AT_ONCE = 500


@transaction.atomic
def plan_follow_ups(*, program: Program, now: datetime) -> list[FollowUp]:
    """Plan to ask each client again after a planned ending, 30 and 90 days on.

    Plans nothing twice, nor after other endings.
    """
    kept = locked(program)
    if kept.close_reason not in FOLLOWED or kept.follow_ups.exists():
        return []
    ended_on = kept.closed_at.astimezone(zone(kept.counselor.time_zone)).date()
    rows = [
        FollowUp(program=kept, client=member.client, days_after=days, due_on=ended_on + timedelta(days=days))
        for days in DAYS
        for member in kept.members.all()
    ]
    FollowUp.objects.bulk_create(rows)
    record(None, "follow_up.planned", kept, now=now)
    return rows


def ask(*, now: datetime) -> int:
    """Do what is due: plan follow-ups, write to those whose follow-up or review is due. Return how many were written.

    Run it as often as you like: the outbox keeps one message for each question and client.
    """
    for program in closed_without_follow_ups(now)[:AT_ONCE]:
        plan_follow_ups(program=program, now=now)
    return ask_follow_ups(now=now) + invite_to_reviews(now=now)


def closed_without_follow_ups(now: datetime):
    """Programs that came to a planned end lately and whose follow-ups are not planned yet."""
    ended = Program.objects.filter(close_reason__in=FOLLOWED, closed_at__gt=now - ASKED_FOR, follow_ups=None)
    return ended.order_by("closed_at", "pk")


@transaction.atomic
def ask_follow_ups(*, now: datetime) -> int:
    """Write to the clients whose follow-up is due, and mark it as asked."""
    due = FollowUp.objects.select_for_update(of=("self",), skip_locked=True).filter(
        asked_at=None, due_on__lte=now.date(), due_on__gt=(now - ASKED_FOR).date()
    )
    rows = list(due.select_related("client").order_by("due_on", "pk")[:AT_ONCE])
    messages = [question("program.follow_up", row.client, subject=row.pk, key=row.pk, now=now) for row in rows]
    FollowUp.objects.filter(pk__in=[row.pk for row in rows]).update(asked_at=now)
    return enqueue_all(messages)


@transaction.atomic
def invite_to_reviews(*, now: datetime) -> int:
    """Write to the clients of programs in which a review is due and was not asked about."""
    programs = list(
        Program.objects.filter(status=Status.ACTIVE).prefetch_related("members__client", "reviews").order_by("pk")
    )
    threads = threads_of(programs)
    messages = []
    for program in programs:
        thread = threads[program.pk]
        held = {review.after_session for review in program.reviews.all()}
        point = due_point(thread.plan.review_after if thread.plan else [], thread.done, held)
        if point is None:
            continue
        messages += [
            question("program.review", member.client, subject=program.pk, key=f"{program.pk}:{point}", now=now)
            for member in program.members.all()
        ]
    keys = [message.dedupe_key for message in messages]
    asked = set(Message.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))
    return enqueue_all([message for message in messages if message.dedupe_key not in asked])


def question(kind: str, client: Client, *, subject, key, now: datetime) -> Message:
    """An unsaved mail that asks a client to look at their page."""
    return outgoing(kind=kind, to=client, subject_id=subject, dedupe_key=f"{kind}:{key}:{client.pk}", now=now)


def review_is_due(program: Program) -> bool:
    """True while a review that was asked about has not been held."""
    plan = Plan.objects.filter(program=program, status=PlanStatus.SIGNED).order_by("number").last()
    thread = threads_of([program])[program.pk]
    held = set(Review.objects.filter(program=program).values_list("after_session", flat=True))
    return program.is_signed and due_point(plan.review_after if plan else [], thread.done, held) is not None


@transaction.atomic
def answer_follow_up(
    *, follow_up: FollowUp, how_it_is: str, levels: Mapping, client: Client, by, now: datetime
) -> FollowUp:
    """Keep how it is now, and how the client sees their goals. Their counselor is told, and may read it for 30 days.

    Raise ValidationError if it is not asked yet or was answered, if nothing is said, or for somebody else's.
    """
    refuse_long(how_it_is=how_it_is)
    program = locked(follow_up.program)
    kept = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    kept.program = program
    if client.user_id != by.pk or kept.client_id != client.pk:
        raise ValidationError(_("You can speak only for yourself."), code="client")
    if kept.asked_at is None:
        raise ValidationError(_("We will ask you about this later."), code="early")
    if kept.answered_at:
        raise ValidationError(_("This was answered already. Thank you."), code="answered")
    if not (how_it_is.strip() or levels):
        raise ValidationError(_("Write a few words, or choose at least one answer."), code="empty")
    if levels:
        rate_goals(
            program=program, levels=levels, occasion=GoalRating.Occasion.FOLLOW_UP, by=by, now=now, client=client
        )
    kept.how_it_is, kept.answered_at = how_it_is, now
    kept.save()
    clients = [member.client for member in program.members.all()]
    CareRelationship.objects.all().prolong(
        clients=clients, counselor_id=program.counselor_id, now=now, until=now + READ_FOR, promised=True
    )
    tell_counselor(program, "program.followed_up", kept, now=now)
    record(by, "follow_up.answered", program, now=now, client=client, days_after=kept.days_after)
    return kept


@transaction.atomic
def book_follow_up(*, follow_up: FollowUp, service, mode: str, starts_at: datetime, by, now: datetime):
    """Book a meeting after the end, with the program's counselor and everybody in it, and tell them.

    Raise ValidationError if one is booked already, if the service is not a follow-up, or for video calls to which not
    every client agrees; else as `reserve` does.
    """
    program = locked(follow_up.program)
    refuse_but_counselors(program, by)
    kept = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if program.follow_ups.filter(days_after=kept.days_after, meeting__isnull=False).exists():
        raise ValidationError(_("A meeting is booked already."), code="booked")
    if service.kind != Kind.FOLLOW_UP or not service.counselors.filter(pk=program.counselor_id).exists():
        raise ValidationError(_("Choose a service for meetings after the end."), code="service")
    refuse_mode(program, mode, service)
    clients = [member.client for member in program.members.all()]
    wanted = Wanted(
        service=service,
        candidates=[program.counselor],
        starts_at=starts_at,
        mode=mode,
        clients=clients,
        is_new_client=False,
        follows_notice=False,
    )
    [meeting] = reserve_within([wanted], now=now)
    kept.meeting = meeting
    kept.save(update_fields=["meeting"])
    care_for(meeting, clients, now=now)
    booking_event(meeting, client=clients[0] if len(clients) == 1 else None, by=by, now=now).save()
    announce(meeting, "meeting.confirmed", now=now)
    return meeting

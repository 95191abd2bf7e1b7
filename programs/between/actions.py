"""What clients and counselors leave for each other between two sessions: topics, plan, card, task, what was found."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from practice.people.accounts import User
from practice.people.clients import Client
from practice.records.actions import record
from programs.agreement.care import clients_of
from programs.agreement.mails import tell
from programs.between.models import MOST_TOPICS, Card, Reflection, SessionPlan, TaskReport, Topic
from programs.plan.actions import refuse_but_counselors
from programs.plan.models import Program
from programs.sessions.models import Session
from programs.sessions.thread import State, Station, thread_of
from programs.sessions.writers import refuse_but_writers

STILL_TO_COME = {State.OPEN, State.BOOKED}
WHATEVER = object()  # whichever text there was


def locked_station(session: Session) -> Station:
    """The session as it stands, while nobody else changes its program."""
    program = Program.objects.select_for_update(of=("self",)).select_related("counselor").get(pk=session.program_id)
    station = thread_of(program).station(session.number)
    station.session.program = program
    return station


def has_begun(station: Station, now: datetime) -> bool:
    """True once the meeting of this session has begun, or has been held."""
    return station.meeting is not None and station.meeting.starts_at <= now


@transaction.atomic
def name_topics(*, session: Session, client: Client, texts: Sequence[str], by: User, now: datetime) -> list[Topic]:
    """Say what a client wants to speak about in a session, one or two topics; they replace what was said before.

    No text takes the topics back. Raise ValidationError once the session has begun or if it is not to come, for more
    than two topics, and for anyone but the client.
    """
    station = locked_station(session)
    refuse_others(station.session.program, client, by)
    if not station.session.program.is_signed or station.state not in STILL_TO_COME or has_begun(station, now):
        raise ValidationError(_("Topics can be chosen until the session begins."), code="begun")
    if len(texts) > MOST_TOPICS:
        raise ValidationError(_("Choose at most two topics: there is more time for each."), code="many")
    before = {topic.position: topic for topic in Topic.objects.filter(session=session, client=client)}
    kept = []
    for position, text in enumerate(texts, start=1):
        topic = before.pop(position, None) or Topic(client=client, position=position)
        topic.session, topic.text, topic.written_at = station.session, text, now
        topic.save()
        kept.append(topic)
    for topic in before.values():
        topic.delete()
    record(by, "topics.named", station.session, client=client, now=now, number=len(kept))
    return kept


@transaction.atomic
def plan_session(*, session: Session, text: str, seen: datetime | None, by: User, now: datetime) -> SessionPlan:
    """Keep what the counselor wants to do in a session. `seen` is when the plan was written that they looked at.

    Raise ValidationError if somebody has written it anew meanwhile, or if the session has been held or is not needed.
    """
    station = locked_station(session)
    refuse_but_counselors(station.session.program, by)
    if station.state not in STILL_TO_COME:
        raise ValidationError(_("This session is over. What happened belongs in its note."), code="over")
    plan = SessionPlan.objects.filter(session=session).first() or SessionPlan(written_at=None)
    if plan.written_at != seen:
        raise ValidationError(
            _("This plan was changed elsewhere meanwhile. Copy what you wrote, and open it again."), code="conflict"
        )
    plan.session, plan.text, plan.written_at = station.session, text, now
    plan.save()
    record(by, "session.planned", station.session, now=now)
    return plan


@transaction.atomic
def write_card(
    *,
    session: Session,
    done: str,
    task: str,
    next: str,
    share: bool,
    seen: datetime | object | None = WHATEVER,
    by: User,
    now: datetime,
) -> Card:
    """Keep the card of a session; with `share`, its clients read it from now on. A shared card stays shared.

    `seen` is when the card was written that they looked at, None if there was none; left out where the card is written
    with a note, whose revision says the same. Raise ValidationError if somebody has written it anew meanwhile, if the
    session has not begun, if it is to be shared before it was held, or says nothing.
    """
    station = locked_station(session)
    refuse_but_writers(station, by)
    if not has_begun(station, now):
        raise ValidationError(_("The card can be written once the session has begun."), code="early")
    card = Card.objects.filter(session=session).first() or Card(written_at=None)
    if seen is not WHATEVER and card.written_at != seen:
        raise ValidationError(
            _("This card was changed elsewhere meanwhile. Copy what you wrote, and open it again."), code="conflict"
        )
    share = share or card.shared_at is not None
    if share and station.state != State.DONE:
        raise ValidationError(_("Write down first who came: the card is for a session that took place."), code="held")
    if share and not (done.strip() or task.strip() or next.strip()):
        raise ValidationError(_("Write something that the client is to read."), code="empty")
    was_shared = card.shared_at is not None
    card.session, card.done, card.task, card.next = station.session, done, task, next
    card.shared_at = card.shared_at or (now if share else None)
    card.written_at = now
    card.save()
    if share:
        record(by, "card.changed" if was_shared else "card.shared", card, now=now, session=session.number)
    if share and not was_shared:
        tell(clients_of(station.session.program), "program.card", station.session.program, about=session.pk, now=now)
    return card


@transaction.atomic
def report_task(
    *, session: Session, client: Client, outcome: str, obstacle: str, by: User, now: datetime
) -> TaskReport:
    """Say how the task of a session went. Saying it again replaces what was said.

    Raise ValidationError if no task was shared, if the program is over, and for anyone but the client.
    """
    station = locked_station(session)
    program = station.session.program
    refuse_others(program, client, by)
    has_task = Card.objects.filter(session=session, shared_at__isnull=False, task__isnull=False).exists()
    if not (has_task and program.is_signed):
        raise ValidationError(_("There is no task to report on."), code="no_task")
    if outcome not in TaskReport.Outcome.values:
        raise ValidationError(_("Choose how it went."), code="outcome")
    report = TaskReport.objects.filter(session=session, client=client).first() or TaskReport(client=client)
    report.session, report.outcome, report.obstacle, report.reported_at = station.session, outcome, obstacle, now
    report.save()
    record(by, "task.reported", station.session, client=client, now=now)
    return report


@transaction.atomic
def write_reflection(
    *, session: Session, client: Client, found: str, will_try: str, is_shared: bool, by: User, now: datetime
) -> Reflection:
    """Keep what a client found out in a session that was held, and what they will try; written again, it replaces it.

    Raise ValidationError if it was not held, if nothing is written, and for anyone but the client.
    """
    station = locked_station(session)
    refuse_others(station.session.program, client, by)
    if station.state != State.DONE:
        raise ValidationError(_("This can be written after the session."), code="early")
    if not (found.strip() or will_try.strip()):
        raise ValidationError(_("Write something you found out, or something you will try."), code="empty")
    reflection = Reflection.objects.filter(session=session, client=client).first() or Reflection(
        program=station.session.program, session=station.session, written_at=now
    )
    reflection.client, reflection.found, reflection.will_try = client, found, will_try
    reflection.is_shared, reflection.changed_at = is_shared, now
    reflection.save()
    record(by, "reflection.written", reflection, now=now, shared=is_shared)
    return reflection


@transaction.atomic
def share_reflection(*, reflection: Reflection, is_shared: bool, by: User, now: datetime) -> Reflection:
    """Let one's counselor read a reflection, or keep it to oneself again. Raise ValidationError for anyone else."""
    reflection = Reflection.objects.select_for_update(of=("self",)).select_related("client").get(pk=reflection.pk)
    if reflection.client.user_id != by.pk:
        raise ValidationError(_("Only the person who wrote it decides who reads it."), code="role")
    reflection.is_shared, reflection.changed_at = is_shared, now
    reflection.save(update_fields=["is_shared", "changed_at"])
    record(by, "reflection.shared" if is_shared else "reflection.withdrawn", reflection, now=now)
    return reflection


def refuse_others(program: Program, client: Client, by: User) -> None:
    """Raise ValidationError unless `by` is this client, and the client takes part in the program."""
    if client.user_id != by.pk or client.pk not in program.client_ids():
        raise ValidationError(_("Only the client can write this."), code="role")

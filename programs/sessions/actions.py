"""Give sessions their times, one or all that remain; let an absence be replaced; word what a session is for."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from practice.calendar.actions import CARE_LASTS, announce, booking_event
from practice.calendar.meetings import Meeting, Status
from practice.calendar.openings import CELL
from practice.calendar.reserving import NotAllowed, Place, Wanted, reserve_within
from practice.catalog.models import Approval
from practice.messages.actions import enqueue_all, outgoing
from practice.people.accounts import User
from practice.people.clients import CareRelationship, Client
from practice.people.counselors import Counselor
from practice.records.actions import record
from practice.records.models import AuditEvent
from programs.plan.actions import begin, locked
from programs.plan.models import Program
from programs.plan.models import Status as ProgramStatus
from programs.sessions.mails import SERIES
from programs.sessions.models import OUTLINE, Attempt, Session
from programs.sessions.planning import FURTHEST, Slot, counselors_of
from programs.sessions.rules import (
    gap_of,
    open_station,
    own_booking_problem,
    refuse_mode,
    start_before,
)
from programs.sessions.thread import State, Thread, costs, thread_of


@transaction.atomic
def schedule_session(
    *, session: Session, starts_at: datetime, counselor: Counselor, mode: str, by: User, now: datetime
) -> Meeting:
    """Give one session a time, as a counselor of the program: any free time within the hours, whatever the notice.

    Said again, it changes nothing and returns the same meeting. Raise ValidationError for a session that needs no time,
    a program that rests or is closed, video calls to which not every client agrees, or a time too near to another
    session; NotAllowed, Taken or Busy as `reserve`.
    """
    slots = [Slot(session.number, starts_at, counselor)]
    return schedule_remaining(program=session.program, slots=slots, mode=mode, by=by, now=now)[0]


@transaction.atomic
def schedule_remaining(*, program: Program, slots: Sequence[Slot], mode: str, by: User, now: datetime) -> list[Meeting]:
    """Give several sessions their times in one act, all or none, and tell every client once.

    As `schedule_session`; what is raised carries `which` of the slots it is about.
    """
    kept = begin(program=program, by=by, now=now)
    refuse_others(kept, by)
    if not slots or len({slot.number for slot in slots}) < len(slots):
        raise ValidationError(_("Choose one time for each session."), code="slots")
    refuse_mode(kept, mode)
    allowed = {counselor.pk for counselor in counselors_of(kept)}
    if any(slot.counselor.pk not in allowed for slot in slots):
        raise ValidationError(_("Choose a counselor of this program."), code="counselor")
    thread = thread_of(kept)
    if booked := booked_so(thread, slots, mode):
        return booked
    return book(kept, thread, slots, mode=mode, by=by, now=now)


@transaction.atomic
def book_session(*, session: Session, starts_at: datetime, mode: str, by: User, now: datetime) -> Meeting:
    """Book the next session, as a client of the program: within notice and horizon, with who leads the program.

    Raise ValidationError for any other session, or if enough are booked; else as `schedule_session`.
    """
    kept = begin(program=session.program, by=by, now=now)
    if not kept.is_of(by):
        raise NotAllowed(_("Only its clients can book this session."), code="role")
    thread = thread_of(kept)
    open_station(thread, session.number)
    if problem := own_booking_problem(kept, thread):
        raise ValidationError(problem, code="ahead")
    if thread.next_open.number != session.number:
        raise ValidationError(_("Book the sessions one after the other."), code="order")
    refuse_mode(kept, mode)
    before = start_before(thread, session.number)
    if before and starts_at < before:
        raise NotAllowed(_("Choose a time after the sessions before this one."), code="order")
    slots = [Slot(session.number, starts_at, kept.counselor)]
    return book(kept, thread, slots, mode=mode, by=by, now=now, own=True)[0]


def booked_so(thread: Thread, slots: Sequence[Slot], mode: str) -> list[Meeting]:
    """The meetings of these sessions, if every one is booked just as the slots say; else none."""
    stations = [thread.station(slot.number) for slot in slots]
    booked = [each.meeting for each in stations if each and each.state == State.BOOKED]
    wanted = [(slot.starts_at, slot.counselor.pk, mode) for slot in slots]
    return booked if [(each.starts_at, each.counselor_id, each.mode) for each in booked] == wanted else []


def refuse_others(program: Program, by: User) -> None:
    """Raise NotAllowed unless this person leads the program or helps to."""
    if not program.is_led_by(by):
        raise NotAllowed(_("Only its counselors can do this."), code="role")


def book(
    program: Program, thread: Thread, slots: Sequence[Slot], *, mode: str, by: User, now: datetime, own: bool = False
) -> list[Meeting]:
    """Reserve, note whose attempts they are, keep care open and tell people. The program is locked."""
    clients = [member.client for member in program.members.all()]
    stations = [open_station(thread, slot.number) for slot in slots]
    refuse_far(slots, now=now)
    on_request = own and program.service.approval == Approval.REQUEST
    wanted = [
        Wanted(
            service=thread.plan.service,
            candidates=[slot.counselor],
            starts_at=slot.starts_at,
            mode=mode,
            clients=clients,
            status=Status.REQUESTED if on_request else Status.CONFIRMED,
            is_new_client=False,
            follows_notice=own,
            step=None if own else CELL,
            price=thread.plan.price,
            place=Place(program.pk, slot.number, len(thread), gap_of(thread), thread.plan.late_cancel_rule),
        )
        for slot in slots
    ]
    meetings = reserve_within(wanted, now=now)
    Attempt.objects.bulk_create(
        Attempt(session=station.session, meeting=meeting) for station, meeting in zip(stations, meetings, strict=True)
    )
    if not on_request:
        keep_care(meetings, clients, now=now)
    AuditEvent.objects.bulk_create(
        booking_event(meeting, client=client, by=by, now=now) for meeting in meetings for client in clients
    )
    record(by, "sessions.scheduled", program, now=now, number=len(meetings), first=min(s.number for s in slots))
    tell(program, meetings, clients, now=now)
    return meetings


def refuse_far(slots: Sequence[Slot], *, now: datetime) -> None:
    """Raise NotAllowed for a time that nobody can plan for yet."""
    for which, slot in enumerate(slots):
        if slot.starts_at >= now + FURTHEST:
            problem = NotAllowed(_("More than a year ahead. Book this one later."), code="horizon")
            problem.which = which
            raise problem


def keep_care(meetings: Sequence[Meeting], clients: Sequence[Client], *, now: datetime) -> None:
    """Let each counselor's care last until 30 days after their last of these meetings."""
    until = {}
    for meeting in meetings:
        until[meeting.counselor_id] = max(meeting.ends_at, until.get(meeting.counselor_id, meeting.ends_at))
    for counselor_id, last in until.items():
        CareRelationship.objects.all().prolong(
            clients=clients, counselor_id=counselor_id, now=now, until=last + CARE_LASTS
        )


def tell(program: Program, meetings: Sequence[Meeting], clients: Sequence[Client], *, now: datetime) -> None:
    """One mail to each client: about the one meeting, or about the whole series."""
    if len(meetings) == 1:
        announce(meetings[0], f"meeting.{meetings[0].status}", now=now)
        return
    enqueue_all(
        [
            outgoing(
                kind=SERIES,
                to=client,
                dedupe_key=f"{SERIES}:{meetings[0].pk}:{client.pk}",
                now=now,
                subject_id=program.pk,
            )
            for client in clients
        ]
    )


@transaction.atomic
def excuse_absence(*, attempt: Attempt, by: User, now: datetime) -> Attempt:
    """Let a session that was missed or cancelled late be replaced, whatever the agreement says.

    Raise ValidationError if nothing was missed, it is excused already, or the program is closed.
    """
    program = locked(Program(pk=attempt.session.program_id))
    refuse_others(program, by)
    attempt = Attempt.objects.select_for_update(of=("self",)).select_related("meeting", "session").get(pk=attempt.pk)
    if program.status == ProgramStatus.CLOSED:
        raise ValidationError(_("This program is closed."), code="closed")
    if not costs(attempt, None):
        raise ValidationError(_("There is no absence to excuse."), code="absence")
    attempt.excused_at = now
    attempt.save(update_fields=["excused_at"])
    record(by, "absence.excused", program, now=now, session=attempt.session.number)
    return attempt


@transaction.atomic
def word_session(*, session: Session, texts: dict[str, str], seen: str, by: User, now: datetime) -> Session:
    """Change what a session is for: aim, agenda, technique, task. `seen` is the mark of the session that was read.

    Raise ValidationError once it is over, or if somebody has worded it anew meanwhile ("conflict").
    """
    program = locked(session.program)
    refuse_others(program, by)
    station = thread_of(program).station(session.number)
    if program.status == ProgramStatus.CLOSED or station.state not in (State.OPEN, State.BOOKED):
        raise ValidationError(_("This session is over. What happened belongs in its note."), code="over")
    kept = station.session
    kept.program = program
    if kept.mark != seen:
        raise ValidationError(
            _("This was changed elsewhere meanwhile. What you typed is still here; save again to keep it."),
            code="conflict",
        )
    for name in OUTLINE:
        setattr(kept, name, texts[name])
    kept.save(update_fields=OUTLINE)
    record(by, "session.worded", kept, now=now)
    return kept

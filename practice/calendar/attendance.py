"""Who came: written down from the start of a meeting on, and corrected with a trace."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from practice.calendar.actions import care_for, locked_meeting, shorten_care
from practice.calendar.meetings import Meeting, Participant, Party, Status
from practice.calendar.reserving import NotAllowed, save_or_taken
from practice.people.accounts import Role, User
from practice.records.actions import record

Attendance = Participant.Attendance
CAME = {Attendance.ATTENDED, Attendance.LATE}
CALLED_OFF = {party: f"called_off_by_{party}" for party in Party}


@transaction.atomic
def record_attendance(
    *,
    meeting: Meeting,
    by: User,
    now: datetime,
    heads: Mapping[UUID, str] | None = None,
    called_off_by: str = "",
    expected: int | None = None,
    vouched_for: bool = False,
) -> Meeting:
    """Write down, or correct, who came to a meeting that has begun.

    `heads` says of every participant, by id, whether they "attended", came "late" or were "missed": somebody came, so
    it took place, else it was missed. Or nobody met, because it was called off by the client, the counselor or the
    practice once it had begun. `expected` is the version the person was looking at. Each change leaves an audit row
    for each head with what was said before and after; saying the same again changes nothing. Nobody is mailed.
    `vouched_for` is the caller's word that it has looked, in the same transaction, and that this counselor goes on
    with what another held.

    Raise NotAllowed before the start ("early"), for a meeting that was cancelled before it began or never agreed
    ("not_held"), and for anyone but its counselor, a counselor who is vouched for and those who run schedules
    ("role"); ValidationError if a head is left out or it changed meanwhile; Taken if a called-off time was given to
    somebody else and cannot be taken back.
    """
    refuse_others(meeting, by, vouched_for=vouched_for)
    meeting = locked_meeting(meeting)
    if expected is not None and meeting.version != expected:
        raise ValidationError(_("This appointment has changed meanwhile. Look at it again."), code="changed")
    refuse_unheld(meeting, now)
    participants = list(meeting.participants.select_related("client").order_by("pk"))
    said = said_of(participants, heads or {}, called_off_by)
    before = {head.pk: as_written(meeting, head) for head in participants}
    if before == said:
        return meeting
    first, was_called_off = meeting.status == Status.CONFIRMED, meeting.status == Status.CANCELLED
    settle(meeting, set(said.values()), called_off_by, now=now)
    for head in participants:
        head.attendance = said[head.pk] if not called_off_by else Attendance.UNKNOWN
        head.save(update_fields=["attendance"])
        if before[head.pk] != said[head.pk]:
            act = "attendance.recorded" if first else "attendance.corrected"
            record(by, act, meeting, client=head.client, now=now, before=before[head.pk], after=said[head.pk])
    if called_off_by:
        shorten_care(meeting, now=now)
    elif was_called_off:
        care_for(meeting, [head.client for head in participants], now=now)
    return meeting


def refuse_others(meeting: Meeting, by: User, *, vouched_for: bool) -> None:
    """Raise NotAllowed unless a counselor's meeting is their own or vouched for, or they run everybody's schedules."""
    if by.has_role(Role.MANAGER, Role.FRONT_DESK):
        return
    if not (by.has_role(Role.COUNSELOR) and (vouched_for or meeting.counselor.user_id == by.pk)):
        raise NotAllowed(_("Only its counselor or the front desk can write this down."), code="role")


def refuse_unheld(meeting: Meeting, now: datetime) -> None:
    """Raise NotAllowed if nobody can have come."""
    if meeting.can_have_attendance(now):
        return
    if not meeting.has_begun(now):
        raise NotAllowed(_("This can be written down once the appointment has begun."), code="early")
    raise NotAllowed(_("This appointment was not held, so nobody can have come."), code="not_held")


def said_of(participants: list[Participant], heads: Mapping[UUID, str], called_off_by: str) -> dict[UUID, str]:
    """What is being said of every head. Raise ValidationError for a head left out, a stranger or an unknown word."""
    if called_off_by:
        if called_off_by not in CALLED_OFF:
            raise ValidationError(_("Choose who called it off."), code="party")
        return dict.fromkeys((head.pk for head in participants), CALLED_OFF[called_off_by])
    known = {*CAME, Attendance.MISSED}
    if not participants or set(heads) != {head.pk for head in participants} or not known.issuperset(heads.values()):
        raise ValidationError(_("Say of everybody whether they came."), code="heads")
    return {head.pk: str(heads[head.pk]) for head in participants}


def as_written(meeting: Meeting, head: Participant) -> str:
    """What was said of this head so far, in a word; "" if nothing was."""
    return CALLED_OFF[meeting.ended_by] if meeting.status == Status.CANCELLED else head.attendance


def settle(meeting: Meeting, said: set[str], called_off_by: str, *, now: datetime) -> None:
    """Save the status that follows from who came, whose doing it was, and that calling off was late."""
    if called_off_by:
        status, ended_by = Status.CANCELLED, called_off_by
    elif said & CAME:
        status, ended_by = Status.ATTENDED, ""
    else:
        status, ended_by = Status.MISSED, Party.CLIENT
    if meeting.status != status:
        meeting.move_to(status)
    meeting.ended_by = ended_by
    meeting.is_late = called_off_by == Party.CLIENT
    meeting.changed_at = now
    save_or_taken(meeting)

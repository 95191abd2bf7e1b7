"""A program's life after the agreement: rest, go on, come to its end, close."""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from practice.calendar.actions import cancel_meeting, lock_all
from practice.calendar.models import COMING, Meeting, Party
from practice.people.accounts import User
from practice.records.actions import record
from programs.agreement.care import clients_of, counselors_of, let_go
from programs.agreement.mails import tell, tell_counselor
from programs.plan.actions import locked, refuse_but_counselors, take_step
from programs.plan.handover import Handover
from programs.plan.models import CloseReason, Plan, PlanStatus, Program, Status
from programs.sessions.models import Session
from programs.sessions.thread import State, thread_of

LONGEST_PAUSE = timedelta(days=180)
ASK_AFTER = timedelta(days=14)
OFFER_TO_CLOSE_AFTER = timedelta(days=90)


def coming_meetings(program: Program, now: datetime):
    """Booked sessions of the program that have not begun, for listing."""
    found = Meeting.objects.filter(attempt__session__program=program, status__in=COMING, starts_at__gt=now)
    return found.for_listing()


def call_off(meetings, *, by: User | None, now: datetime) -> int:
    """Cancel these meetings, fetched for listing, on the practice's side: the client pays nothing and hears of it."""
    found = list(meetings)
    lock_all(found)
    for meeting in found:
        cancel_meeting(meeting=meeting, by=by, now=now, party=Party.PRACTICE)
    return len(found)


# --- Resting ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def pause_program(
    *, program: Program, resume_on: date, keep_meetings: bool, reason: str, by: User, now: datetime
) -> Program:
    """Let a program rest until a day, see `rest`. Booked sessions before that day are kept or called off.

    Days are those of the counselor's clock. Its clients are told: by what is called off, else by a mail of its own.
    Raise ValidationError unless it is under way, or for a day that is not from tomorrow on within 180 days.
    """
    kept = locked(program)
    refuse_but_counselors(kept, by)
    check_resume_day(kept, resume_on, now)
    take_step(kept, Status.PAUSED, by=by, reason=reason, now=now, resume_on=resume_on, asked_at=None)
    called_off = rest(kept, keep_meetings=keep_meetings, by=by, now=now)
    if not called_off:
        tell(clients_of(kept), "program.rests", kept, about=kept.revision, now=now)
    record(by, "program.paused", kept, now=now, resume_on=resume_on, called_off=called_off)
    return kept


def check_resume_day(program: Program, resume_on: date, now: datetime) -> None:
    """Raise ValidationError unless the day lies from tomorrow on, within 180 days, on the counselor's clock."""
    today = program.day_of(now)
    if not today < resume_on <= today + LONGEST_PAUSE:
        raise ValidationError({"resume_on": _("Choose a day from tomorrow on, within 180 days.")}, code="day")


def rest(kept: Program, *, keep_meetings: bool, by: User, now: datetime) -> int:
    """Let the booked sessions of a locked program rest until it is to be resumed: none can be moved to before that day.

    Those that lie before it are kept or called off, later ones stay. Return how many were called off.
    """
    coming = coming_meetings(kept, now)
    lock_all(coming)
    Meeting.objects.filter(pk__in=coming.order_by().values("pk")).update(rests_until=kept.resume_on)
    if keep_meetings:
        return 0
    return call_off(coming.filter(starts_at__lt=kept.start_of(kept.resume_on)), by=by, now=now)


def wake(kept: Program) -> None:
    """Let the sessions of a locked program be moved again to any day."""
    Meeting.objects.filter(series=kept.pk, rests_until__isnull=False).update(rests_until=None)


def refuse_strangers(program: Program, by: User) -> None:
    """Raise ValidationError for anybody but the program's counselors and clients."""
    if not program.is_of(by):
        refuse_but_counselors(program, by)


@transaction.atomic
def resume_program(*, program: Program, by: User, now: datetime) -> Program:
    """Go on after a pause. Raise ValidationError unless the program rests."""
    kept = locked(program)
    refuse_strangers(kept, by)
    if kept.status != Status.PAUSED:
        raise ValidationError(_("This program is not paused."), code="status")
    take_step(kept, Status.ACTIVE, by=by, now=now, resume_on=None, asked_at=None)
    wake(kept)
    record(by, "program.resumed", kept, now=now)
    if kept.is_of(by):
        tell_counselor(kept, "program.response", kept, about=f"resumed {kept.revision}", now=now)
    return kept


@transaction.atomic
def rest_longer(*, program: Program, resume_on: date, keep_meetings: bool, by: User, now: datetime) -> Program:
    """Put off the day to go on, see `rest`. Booked sessions before the new day are called off, unless they are kept.

    The counselor hears of those that a client so calls off. Raise ValidationError unless the program rests, or for a
    day as `pause_program`.
    """
    kept = locked(program)
    refuse_strangers(kept, by)
    check_resume_day(kept, resume_on, now)
    if kept.status != Status.PAUSED:
        raise ValidationError(_("This program is not paused."), code="status")
    kept.resume_on, kept.asked_at = resume_on, now
    kept.revision += 1
    kept.save(update_fields=["resume_on", "asked_at", "revision"])
    called_off = rest(kept, keep_meetings=keep_meetings, by=by, now=now)
    record(by, "program.rests_longer", kept, now=now, resume_on=resume_on, called_off=called_off)
    if called_off and kept.is_of(by):
        tell_counselor(kept, "program.response", kept, about=f"rests longer {kept.revision}", now=now)
    return kept


def with_pause(programs):
    """Programs with the time since when they rest, as `paused_at`."""
    return programs.annotate(paused_at=Max("steps__at", filter=Q(steps__became=Status.PAUSED)))


def ask_paused(*, now: datetime) -> int:
    """Ask the clients of resting programs how they are: on the day to be resumed, and whenever 14 days have passed.

    Tell the counselor once on that day, and once after 90 days. Return how many programs were asked about.
    """
    resting = with_pause(Program.objects.filter(status=Status.PAUSED).select_related("counselor"))
    due = [program for program in resting if _is_to_be_asked(program, program.paused_at, now)]
    return sum(_ask(program, program.paused_at, now=now) for program in due)


def _is_to_be_asked(program: Program, paused_at: datetime | None, now: datetime) -> bool:
    last = max(filter(None, [paused_at, program.asked_at]), default=None)
    return _day_has_come(program, now) or (last is not None and now - last >= ASK_AFTER)


def _day_has_come(program: Program, now: datetime) -> bool:
    """True if the pause is over and nobody was asked since: the first time on or after the day to be resumed."""
    was_asked = program.asked_at is not None and program.day_of(program.asked_at) >= program.resume_on
    return program.pause_is_over(now) and not was_asked


@transaction.atomic
def _ask(program: Program, paused_at: datetime | None, *, now: datetime) -> bool:
    kept = locked(program)
    if kept.status != Status.PAUSED or not _is_to_be_asked(kept, paused_at, now):
        return False
    ends = _day_has_come(kept, now)
    kept.asked_at = now
    kept.save(update_fields=["asked_at"])
    about = f"until {kept.resume_on}" if ends else now.date()
    tell(clients_of(kept), "program.pause", kept, about=about, now=now)
    if ends:
        tell_counselor(kept, "program.pause_over", kept, about=kept.resume_on, now=now)
    if paused_at and now - paused_at >= OFFER_TO_CLOSE_AFTER:
        tell_counselor(kept, "program.long_pause", kept, about=paused_at.date(), now=now)
    record(None, "program.asked", kept, now=now)
    return True


# --- Ending ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def begin_ending(*, program: Program, reason: str = "", by: User, now: datetime) -> Program:
    """Enter the guided ending. Raise ValidationError unless the program is under way or rests."""
    kept = locked(program)
    refuse_but_counselors(kept, by)
    take_step(kept, Status.CLOSING, by=by, reason=reason, now=now, resume_on=None, asked_at=None)
    wake(kept)
    record(by, "program.closing", kept, now=now)
    return kept


@transaction.atomic
def go_on(*, program: Program, reason: str = "", by: User, now: datetime) -> Program:
    """Go on after all, out of the guided ending. Raise ValidationError unless it had begun."""
    kept = locked(program)
    refuse_but_counselors(kept, by)
    if kept.status != Status.CLOSING:
        raise ValidationError(_("This program is not coming to its end."), code="status")
    take_step(kept, Status.ACTIVE, by=by, reason=reason, now=now)
    record(by, "program.went_on", kept, now=now)
    return kept


def close_reasons(program: Program) -> list[tuple[str, str]]:
    """The reasons that fit where the program stands: one that was never agreed has only that."""
    if program.agreed_at is None:
        return [(CloseReason.NOT_BEGUN.value, CloseReason.NOT_BEGUN.label)]
    return [choice for choice in CloseReason.choices if choice[0] != CloseReason.NOT_BEGUN]


@transaction.atomic
def close_program(*, program: Program, close_reason: str, reason: str = "", by: User, now: datetime) -> Program:
    """Close a program: call off what is booked, release the sessions that are not needed, let care end in 30 days.

    Its clients are told: by what is called off, else by a mail of its own.
    Ending early because the goals are reached is an ending as planned. Raise ValidationError if it is closed already,
    or for a reason that does not fit ("reason").
    """
    kept = locked(program)
    refuse_but_counselors(kept, by)
    if kept.status != Status.CLOSED and close_reason not in dict(close_reasons(kept)):
        raise ValidationError({"close_reason": _("Choose a reason that fits this program.")}, code="reason")
    end_program(kept, close_reason=close_reason, reason=reason, by=by, now=now)
    return kept


def end_program(kept: Program, *, close_reason: str, reason: str = "", by: User, now: datetime) -> None:
    """Close a locked program, whoever may: see `close_program`. Raise ValidationError if it is closed already."""
    take_step(
        kept,
        Status.CLOSED,
        by=by,
        reason=reason,
        now=now,
        close_reason=close_reason,
        closed_at=now,
        resume_on=None,
        asked_at=None,
    )
    called_off = call_off(coming_meetings(kept, now), by=by, now=now)
    wake(kept)
    released = release_stations(kept, now=now)
    end_questions(kept, now=now)
    if kept.agreed_at:
        if not called_off:
            tell([each for each in clients_of(kept) if each.user_id != by.pk], "program.closed", kept, now=now)
        let_go(kept, counselors_of(kept), now=now)
    record(
        by,
        "program.closed",
        kept,
        now=now,
        planned=kept.ended_as_planned,
        called_off=called_off,
        released=released,
    )


def release_stations(program: Program, *, now: datetime) -> int:
    """Let nothing wait any more; return how many sessions were still to be held.

    All are marked: one whose attendance is corrected after the end does not become open again.
    """
    waiting = thread_of(program).count(State.OPEN, State.BOOKED)
    Session.objects.filter(program=program, released_at=None).update(released_at=now)
    return waiting


def end_questions(program: Program, *, now: datetime) -> None:
    """Take back what the clients of a closed program were still asked."""
    Plan.objects.filter(program=program, status=PlanStatus.OFFERED).update(status=PlanStatus.WITHDRAWN, answered_at=now)
    Handover.objects.filter(program=program, answer=Handover.Answer.ASKED).update(
        answer=Handover.Answer.WITHDRAWN, answered_at=now
    )

"""Who looks after whom while a program lasts, and until when after it."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, Value
from django.db.models.functions import Greatest

from practice.calendar.actions import CARE_LASTS
from practice.calendar.models import Meeting
from practice.calendar.models import Status as MeetingStatus
from practice.people.accounts import Role
from practice.people.clients import CareRelationship, Client
from practice.people.counselors import Counselor
from programs.plan.models import Program, Status
from programs.sessions.models import Attempt
from programs.sessions.writers import TOOK_PLACE

HELD_OR_TO_COME = [MeetingStatus.CONFIRMED, MeetingStatus.ATTENDED, MeetingStatus.MISSED]


def clients_of(program: Program) -> list[Client]:
    """The program's clients in their order, from its members as fetched."""
    return [member.client for member in program.members.all()]


def counselors_of(program: Program) -> list[Counselor]:
    """Who leads the program and who helps to."""
    return [program.counselor, *program.co_counselors.all()]


def able_to_give(services):
    """Counselors at work here who offer one of these services, given as a queryset or as a list of keys."""
    able = Counselor.objects.filter(
        services__in=services,
        user__is_active=True,
        user__role_grants__role=Role.COUNSELOR,
        user__role_grants__ended_at=None,
    )
    return able.distinct().order_by("name", "pk")


def unable_to_help(helpers, *, counselor: Counselor, service) -> list[Counselor]:
    """Those of the helpers who cannot help this counselor to lead a program, because they do not give its sessions."""
    able = {each.pk for each in able_to_give([service.pk])} - {counselor.pk} if helpers else set()
    return [each for each in helpers if each.pk not in able]


def prolong_care(program: Program, *, until: datetime, now: datetime) -> None:
    """Let the counselor's care last while a proposal is being thought over."""
    CareRelationship.objects.all().prolong(
        clients=clients_of(program),
        counselor_id=program.counselor_id,
        now=now,
        until=until + CARE_LASTS,
        promised=True,
    )


def keep_open(program: Program, *, now: datetime) -> None:
    """Keep the care of every counselor of the program open, whatever the calendar says."""
    for counselor in counselors_of(program):
        clients = clients_of(program)
        CareRelationship.objects.all().prolong(
            clients=clients, counselor_id=counselor.pk, now=now, until=now + CARE_LASTS
        )
        CareRelationship.objects.filter(counselor=counselor, client__in=clients).update(is_kept_open=True)


def let_go(program: Program, counselors: list[Counselor], *, now: datetime) -> None:
    """Let care end 30 days from now or after the last meeting, unless another program keeps it open.

    Later only if more was promised, as to an offer that still waits for its answer, or while a note of a closed program
    is not signed: see `settle_care`.
    """
    for counselor in counselors:
        mine = Q(counselor=counselor) | Q(co_counselors=counselor)
        for client in clients_of(program):
            others = Program.objects.under_way().filter(mine, members__client=client).exclude(pk=program.pk)
            if others.exists():
                continue
            meetings = Meeting.objects.filter(
                counselor=counselor, participants__client=client, status__in=HELD_OR_TO_COME
            )
            last = meetings.aggregate(last=Max("ends_at"))["last"] or now
            promised = Greatest("promised_until", Value(now + CARE_LASTS))
            care = CareRelationship.objects.filter(counselor=counselor, client=client)
            care.update(
                is_kept_open=False,
                promised_until=promised,
                ends_at=Greatest(promised, Value(last + CARE_LASTS)),
            )
            care.filter(owing_notes()).update(is_kept_open=True)


@transaction.atomic
def settle_care(*, now: datetime) -> None:
    """Keep care open while a note of a closed program is to be signed; let go of what nothing keeps open any more.

    Care that is let go ends as `let_go` said, or now if that has passed: the last note was signed since, or its session
    was missed after all. Care that has ended is not opened again.
    """
    CareRelationship.objects.current(now).filter(owing_notes(), is_kept_open=False).update(is_kept_open=True)
    needless = CareRelationship.objects.filter(~Exists(under_way_between()), ~owing_notes(), is_kept_open=True)
    # looked at again once they are locked: one may have been agreed upon meanwhile
    locked = list(needless.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    needless.filter(pk__in=locked).update(is_kept_open=False, ends_at=Greatest("ends_at", Value(now)))


def under_way_between():
    """Programs under way that the two of an outer care relationship are in."""
    leads = Q(counselor=OuterRef("counselor")) | Q(co_counselors=OuterRef("counselor"))
    return Program.objects.under_way().filter(leads, members__client=OuterRef("client"))


def owing_notes() -> Exists:
    """Of care: true while its counselor still has a note of a closed program to bring to its signature.

    One that they began, one of a session that they held and nobody wrote about, and any of a program that they led: as
    long as that is under way somebody goes on with it, once it is closed only they can. Erased programs have no notes.
    """
    theirs = (
        Q(session__program__counselor=OuterRef("counselor"))
        | Q(meeting__progress_note__author=OuterRef("counselor__user"))
        | Q(meeting__progress_note=None, meeting__counselor=OuterRef("counselor"))
    )
    held = Attempt.objects.filter(
        theirs,
        session__program__members__client=OuterRef("client"),
        session__program__status=Status.CLOSED,
        session__program__wrapped_key__isnull=False,
        meeting__status__in=TOOK_PLACE,
    )
    return Exists(held.exclude(meeting__progress_note__status="signed"))

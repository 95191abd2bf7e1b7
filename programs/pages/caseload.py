"""The programs of a counselor or supervisor as a list: who, where on the thread, what is next; and a client's own."""

from dataclasses import dataclass, field
from datetime import datetime

from practice.records.actions import read_together
from programs.pages.beads import beads_of
from programs.plan.models import SIGNED, Program, Status
from programs.reviews.models import FollowUp
from programs.sessions.glance import glances_of
from programs.sessions.thread import Thread

ON_A_PAGE = 50
SHOWN = {
    "open": [Status.DRAFT, Status.PROPOSED, *SIGNED],
    "running": SIGNED,
    "waiting": [Status.DRAFT, Status.PROPOSED],
    "closed": [Status.CLOSED],
}


@dataclass
class Row:
    """One program in the list."""

    program: Program
    thread: Thread
    beads: list[dict]
    members: list
    pause_is_over: bool

    @property
    def title(self) -> str:
        """The title, once opened; nothing if it was erased."""
        return "" if self.program.is_erased else self.program.title


@dataclass
class Caseload:
    """One page of the list; `more` is the number of the next page, or None."""

    rows: list[Row]
    number: int
    more: int | None


@dataclass
class OwnPrograms:
    """What a client's home shows of their programs, newest first: under way, over, and what is asked after the end."""

    current: list[Row] = field(default_factory=list)
    earlier: list[Program] = field(default_factory=list)
    asked: list[FollowUp] = field(default_factory=list)


def caseload_of(user, *, shown: str, number: int, request, now: datetime) -> Caseload:
    """One page of the programs somebody may see, oldest first, opened after the trail says who looks them over."""
    programs = Program.objects.visible_to(user).filter(status__in=SHOWN[shown]).for_listing()
    first = (number - 1) * ON_A_PAGE
    found = list(programs[first : first + ON_A_PAGE + 1])
    more = number + 1 if len(found) > ON_A_PAGE else None
    found = found[:ON_A_PAGE]
    threads = glances_of([program.pk for program in found])
    legible = [program for program in found if not program.is_erased]
    read_together([legible], by=user, reason="looking over the programs", request=request, knowing=legible)
    return Caseload([row_of(program, threads[program.pk], now) for program in found], number, more)


def row_of(program: Program, thread: Thread, now: datetime) -> Row:
    members = [member.client for member in program.members.all()]
    return Row(program, thread, beads_of(thread), members, program.pause_is_over(now))


def own_programs(user, *, request, now: datetime) -> OwnPrograms:
    """The programs of a client, opened after the trail says so. What was erased is left out."""
    found = [program for program in Program.objects.for_client(user).for_listing().reverse() if not program.is_erased]
    if not found:
        return OwnPrograms()
    current = [program for program in found if program.status != Status.CLOSED]
    earlier = [program for program in found if program.status == Status.CLOSED]
    threads = glances_of([program.pk for program in current]) if current else {}
    asked = asked_after(earlier, user) if earlier else []
    read_together([found], by=user, reason="reading one's own program", request=request, knowing=found)
    return OwnPrograms(
        current=[row_of(program, threads[program.pk], now) for program in current],
        earlier=sorted(earlier, key=lambda program: program.closed_at, reverse=True),
        asked=asked,
    )


def asked_after(programs: list[Program], user) -> list[FollowUp]:
    """What this client is asked some time after the end and has not answered: of each program the latest question."""
    waiting = FollowUp.objects.waiting().filter(program__in=[program.pk for program in programs], client__user=user)
    latest = list(waiting.order_by("program_id", "-days_after").distinct("program_id"))
    known = {program.pk: program for program in programs}
    for each in latest:
        each.program = known[each.program_id]
    return sorted(latest, key=lambda each: each.asked_at, reverse=True)

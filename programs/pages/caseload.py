"""The programs of a counselor or supervisor as a list: who, where on the thread, and what is next."""

from dataclasses import dataclass
from datetime import datetime

from practice.records.actions import read_together
from programs.pages.beads import beads_of
from programs.plan.models import SIGNED, Program, Status
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

"""What a client's home shows of their programs: what waits for them, their task, their goals and their last finding."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from practice.records.actions import read_together
from programs.agreement import panels as agreement
from programs.agreement.state import with_standing
from programs.between import panels as between
from programs.between.models import Card, Reflection
from programs.goals import panels as goals
from programs.goals.models import Goal
from programs.pages.beads import beads_of
from programs.plan.models import Program, Status
from programs.reviews import panels as reviews
from programs.reviews.models import FollowUp
from programs.reviews.state import with_state
from programs.sessions.thread import Thread, threads_of


@dataclass(frozen=True)
class Waiting:
    """Something that waits for this client, in words, and where it is done."""

    words: str
    url: str


@dataclass
class OwnProgram:
    """One program on its client's home. `goals` are as `own_goal` says them; `task` is the card of an open one."""

    program: Program
    thread: Thread
    beads: list[dict]
    pause_is_over: bool
    waiting: list[Waiting]
    task: Card | None
    goals: list[dict]
    finding: Reflection | None

    @property
    def title(self) -> str:
        return self.program.title


@dataclass
class OwnPrograms:
    """What a client's home shows of their programs, newest first: under way, over, and what is asked after the end."""

    current: list[OwnProgram] = field(default_factory=list)
    earlier: list[Program] = field(default_factory=list)
    asked: list[FollowUp] = field(default_factory=list)


def own_programs(user, *, request, now: datetime) -> OwnPrograms:
    """The programs of a client, opened after the trail says so. What was erased is left out.

    Twelve statements at most, however many programs there are and whatever is in them.
    """
    mine = Program.objects.filter(pk__in=Program.objects.for_client(user).values("pk"))
    found = with_standing(with_state(mine), user).for_listing().reverse()
    found = [program for program in found if not program.is_erased]
    if not found:
        return OwnPrograms()
    current = [program for program in found if program.status != Status.CLOSED]
    earlier = [program for program in found if program.status == Status.CLOSED]
    threads = threads_of(current) if current else {}
    sources = {}
    if current:
        sources = goals.sealed_for_home(current) | between.sealed_for_home(current, threads, user)
    asked = asked_after(earlier, user) if earlier else []
    reason = "reading one's own program"
    opened = read_together([found, *sources.values()], by=user, reason=reason, request=request, knowing=found)
    texts = dict(zip(sources, opened[1:], strict=True))
    return OwnPrograms(
        current=[own_program(program, threads[program.pk], texts, user=user, now=now) for program in current],
        earlier=sorted(earlier, key=lambda program: program.closed_at, reverse=True),
        asked=asked,
    )


def own_program(program: Program, thread: Thread, texts: dict[str, list], *, user, now: datetime) -> OwnProgram:
    """What the home shows of one program, from the texts of all that were opened. Asks the database for nothing."""
    own = {name: [row for row in rows if program_of(row) == program.pk] for name, rows in texts.items()}
    page = {}
    for room in (agreement, goals, between, reviews):
        page |= room.client_panel(program, thread, own, user=user, now=now)
    since = page["between"]
    return OwnProgram(
        program=program,
        thread=thread,
        beads=beads_of(thread),
        pause_is_over=page["agreement"]["pause_is_over"],
        waiting=list(waiting_in(page, now=now)),
        task=since["card"] if since["may_report"] and not since["report"] else None,
        goals=page["own_goals"],
        finding=next(iter(since["reflections"]), None),
    )


def program_of(row):
    """The key of the program that an opened text belongs to."""
    if isinstance(row, Reflection):
        return row.program_id
    return row.goal_set.program_id if isinstance(row, Goal) else row.session.program_id


def waiting_in(page: dict, *, now: datetime) -> Iterator[Waiting]:
    """What waits for the client in a program, by what its page says: what is to be decided first."""
    program, standing = page["agreement"]["program"], page["agreement"]["standing"]
    if standing.offer_cause and not standing.has_signed and program.status != Status.PROPOSED:
        yield Waiting(_("A change for you to decide"), reverse("proposal", args=[program.pk]))
    if standing.handover_id and not standing.has_agreed:
        yield Waiting(_("A question for you"), reverse("handover_answer", args=[standing.handover_id]))
    if page["goals_to_agree"]:
        yield Waiting(_("New goals for you to read"), reverse("own_goals", args=[program.pk]))
    if page["review_to_prepare"]:
        words = _("You look back together soon. What helps, and what does not?")
        yield Waiting(words, reverse("own_review", args=[program.pk]))
    session = page["between"]["upcoming"]
    if session and page["between"]["topics_are_due"]:
        words = _("What would you like to speak about in session %(number)d?") % {"number": session.number}
        yield Waiting(words, reverse("topics", args=[session.pk]))


def asked_after(programs: list[Program], user) -> list[FollowUp]:
    """What this client is asked some time after the end and has not answered: of each program the latest question."""
    waiting = FollowUp.objects.waiting().filter(program__in=[program.pk for program in programs], client__user=user)
    latest = list(waiting.order_by("program_id", "-days_after").distinct("program_id"))
    known = {program.pk: program for program in programs}
    for each in latest:
        each.program = known[each.program_id]
    return sorted(latest, key=lambda each: each.asked_at, reverse=True)

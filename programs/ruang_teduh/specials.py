"""Programs that stand somewhere else than most: being written, proposed, resting, longer, for two, ending."""

from dataclasses import dataclass, replace
from datetime import timedelta

from practice.catalog.models import Mode
from practice.people.models import Client, Counselor
from programs.plan.models import CloseReason
from programs.plan.models import Status as Stage
from programs.ruang_teduh.book import AppointmentBook, Visit
from programs.ruang_teduh.stories import ATTENDED, INITIAL, NINE, ONE, SESSION, TEN, THREE
from programs.ruang_teduh.themes import COUPLE, SLEEP
from programs.ruang_teduh.threads import Special

FEWEST_PAIRS = 30  # a smaller demo needs its clients for the days


@dataclass(frozen=True)
class Course:
    """Whom of the cast such a client sees, on which days (from today) sessions were and will be, and how it stands."""

    who: str
    days: tuple[int, ...]
    near: int
    how: Special
    proposed_days_ago: int = 0
    is_couple: bool = False
    helper: str = ""


COURSES = [
    Course("ayu", (), NINE, Special(stage=Stage.DRAFT), proposed_days_ago=1),
    Course("ayu", (), NINE, Special(stage=Stage.PROPOSED, planned=8), proposed_days_ago=4),
    Course("daeng", (-54, -47, -40, -33), TEN, Special(stage=Stage.PAUSED, planned=8)),
    Course("ayu", (-23, -16, -9, 5, 12), ONE, Special(theme=COUPLE, planned=8), is_couple=True, helper="daeng"),
    Course("daeng", (-58, -51, -44, -37, -30, -23, -16, -9, 6, 13), THREE, Special(planned=8, more=3)),
    Course("ayu", (-64, -57, -50, -43, -36, -29, -22, -15, -8, 7), THREE, Special(stage=Stage.CLOSING, planned=10)),
    Course(
        "ayu",
        (-110, -103, -96, -89, -82, -75),
        TEN,
        Special(stage=Stage.CLOSED, planned=8, reason=CloseReason.GOALS_REACHED),
    ),
]
RINA = Special(theme=SLEEP, planned=8, reviews=(4, 7))


def set_aside(pairs: list[tuple[Client, Counselor]], counselors: dict[str, Counselor]) -> list[tuple]:
    """Take the clients of these programs out of `pairs`: grown-ups who speak Indonesian, with each of the cast."""
    if len(pairs) < FEWEST_PAIRS:
        return []
    found = []
    for course in COURSES:
        counselor = counselors[course.who]
        fitting = [p for p in pairs if p[1] is counselor and p[0].language == "id" and not p[0].guardian_name]
        needed = 2 if course.is_couple else 1
        if len(fitting) <= needed:
            continue
        chosen = fitting[-needed:]
        for pair in chosen:
            pairs.remove(pair)
        found.append((course, chosen[0][0], counselor, tuple(client for client, _counselor in chosen[1:])))
    return found


def tell_courses(book: AppointmentBook, courses: list[tuple], counselors: dict[str, Counselor]) -> dict[tuple, Special]:
    """Put their meetings into the book; return how the program of each pair stands."""
    special = {}
    for course, client, counselor, partners in courses:
        days = [book.midnight.date() + timedelta(days=days) for days in course.days]
        first = days[0] if days else book.midnight.date() - timedelta(days=course.proposed_days_ago + 1)
        begins = first - timedelta(days=7 if days else 2)
        book.tell(client, counselor, Visit(INITIAL, begins, course.near, Mode.VIDEO, ending=ATTENDED))
        for day in days:
            ending = ATTENDED if day < book.midnight.date() else None
            book.tell(client, counselor, Visit(SESSION, day, course.near, Mode.VIDEO, ending=ending))
        since = book.midnight - timedelta(days=course.proposed_days_ago) + timedelta(hours=9)
        helpers = (counselors[course.helper],) if course.helper else ()
        special[client, counselor] = replace(course.how, partners=partners, helpers=helpers, since=since)
    return special

"""Make the demo practice from nothing."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import cycle

from django.db import transaction

from practice.records.actions import record
from programs.library.loading import load_library
from programs.ruang_teduh.arrivals import clients_like, clients_of_the_cast, known_earlier, pair_up
from programs.ruang_teduh.book import AppointmentBook
from programs.ruang_teduh.cast import CLIENTS
from programs.ruang_teduh.clients import sketches
from programs.ruang_teduh.counselors import PROFILES, profiles
from programs.ruang_teduh.diary import Diary
from programs.ruang_teduh.dice import References, dice
from programs.ruang_teduh.history import Past
from programs.ruang_teduh.offer import PRACTICE
from programs.ruang_teduh.offers import print_offers
from programs.ruang_teduh.opening import ZONE, open_practice
from programs.ruang_teduh.specials import RINA, set_aside, tell_courses
from programs.ruang_teduh.stories import AHEAD, Storyteller
from programs.ruang_teduh.texts import Pages
from programs.ruang_teduh.threads import Weaver

TOLD_MONTHS = 6  # what lies further back is no story any more: full days, written in bulk
FEWEST_COUNSELORS, USUAL_COUNSELORS = 2, len(PROFILES)
FEWEST_CLIENTS, USUAL_CLIENTS = 12, 44
CLIENTS_FOR_EACH = 4  # counselor have a story; with fewer, somebody would have no clients


@dataclass(frozen=True)
class Size:
    """How large the practice is. `months` are those of its history; `meetings`, if given, all the past ones.

    Clients beyond the usual number were here earlier: they have no story, but a part in the history, if there is one.
    """

    counselors: int = USUAL_COUNSELORS
    clients: int = USUAL_CLIENTS
    months: int = TOLD_MONTHS
    meetings: int | None = None


@dataclass
class Made:
    """The practice with its stories. `past` is still to be written, if the size asks for it."""

    meetings: int
    past: Past | None
    references: References


@transaction.atomic
def make_practice(*, size: Size, seed: int, passwords: dict[str, str], now: datetime) -> Made:
    """Save the practice, its people and their stories, up to `now` and beyond it. The same seed and day give the same.

    Raise ValueError if so many past meetings cannot have taken place.
    """
    load_library(now=now)
    midnight = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    today = midnight.date()
    since = months_before(today, min(size.months, TOLD_MONTHS))
    who = profiles(size.counselors, dice(seed, "profiles"))
    practice = open_practice(profiles=who, seed=seed, since=since, passwords=passwords, now=now)
    references = References(dice(seed, "references"))

    rng = dice(seed, "clients")
    of_cast = clients_of_the_cast(practice.users, today, rng)
    others = clients_like(sketches(size.clients - len(CLIENTS), rng), today, rng)
    told = max(USUAL_CLIENTS, CLIENTS_FOR_EACH * size.counselors) - len(CLIENTS)
    pairs = pair_up(others[:told], practice.counselors, who)
    by_name = {profile.who: c for profile, c in zip(who, practice.counselors, strict=True)}
    courses = set_aside(pairs, by_name)
    former = known_earlier(others[told:], midnight, rng)

    book = AppointmentBook(
        diary=Diary(since, today + timedelta(days=AHEAD + 14), practice.counselors),
        services=practice.services,
        references=references,
        rng=dice(seed, "book"),
        now=now,
        midnight=midnight,
    )
    teller = Storyteller(book, today=today, since=since, rng=dice(seed, "stories"))
    teller.tell_cast(of_cast, by_name)
    special = {(of_cast["rina"], by_name["ayu"]): RINA} | tell_courses(book, courses, by_name)
    teller.tell_everyone(pairs)
    teller.fill_days(pairs, practice.counselors)
    weaver = Weaver.of(book, dice(seed, "threads"))
    weaver.weave(special)
    weaver.keep_care_open()
    book.save([*of_cast.values(), *others])
    weaver.save()
    pages = Pages(practice.users["ratna"])
    for told_program in weaver.told:
        pages.write(told_program)
    pages.save()
    print_offers(weaver.told)
    record(None, "demo.made", now=now, seed=seed, meetings=len(book.meetings))

    past = None
    if size.meetings is not None or size.months > TOLD_MONTHS:
        pairs += zip(former, cycle(practice.counselors), strict=False)
        past = Past(pairs=pairs, services=practice.services, country=PRACTICE["country"])
        over = sum(meeting.ends_at <= now for meeting in book.meetings)
        count = None if size.meetings is None else max(0, size.meetings - over)
        past.plan(
            seed=seed,
            until=since - timedelta(days=2),
            since=months_before(today, size.months),
            count=count,
            number=len(book.meetings),
        )
    return Made(len(book.meetings), past, references)


def months_before(day: date, months: int) -> date:
    """The first day of the month so many months ago."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)

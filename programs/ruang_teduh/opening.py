"""Open the practice: its places, services, people, hours and closed days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password

from practice.calendar.models import TimeOff, WorkingHours
from practice.calendar.schedules import adopt_holidays, coming_holidays
from practice.catalog.models import Kind, Location, Room, Service
from practice.pages.models import HelpContact
from practice.people.models import Counselor, Licence, Practice, Role, RoleGrant, Supervision, Topic, User
from programs.ruang_teduh.cast import CLIENTS, CO_SIGNED, COUNSELORS, OFFICE, Member
from programs.ruang_teduh.counselors import TOPICS, Profile
from programs.ruang_teduh.dice import dice, new_id
from programs.ruang_teduh.help import CONTACTS
from programs.ruang_teduh.offer import COUPLES, HOW_TO_PAY, PLACES, PRACTICE, SERVICES

ZONE = ZoneInfo(PRACTICE["time_zone"])
OPENED_BEFORE = timedelta(days=45)  # the practice has existed a little longer than its history

# Who, in how many days, from and until which time of the day, the reason they gave themselves.
TIME_OFF = [
    ("ayu", 9, "14:00", "17:00", "Pelatihan supervisi"),
    ("nurul", 15, "08:00", "18:00", "Acara sekolah anak"),
    ("hendra", 16, "08:00", "19:00", "Cuti"),
    ("hendra", 17, "08:00", "19:00", "Cuti"),
    ("hendra", 18, "08:00", "19:00", "Cuti"),
    ("theresia", -20, "08:00", "21:00", "Cuti"),
]


@dataclass
class Opened:
    """The practice as it stands before anybody has booked. Counselors come in the order of their profiles."""

    users: dict[str, User]
    counselors: list[Counselor]
    services: dict[str, Service]


def open_practice(*, profiles: list[Profile], seed: int, since: date, passwords: dict, now: datetime) -> Opened:
    """Save everything that a practice sets up before its first booking; its history begins at `since`.

    `passwords` are those of accounts, by e-mail; the others get none.
    """
    today = now.astimezone(ZONE).date()
    began_at = datetime(since.year, since.month, since.day, 9, tzinfo=ZONE) - OPENED_BEFORE
    Practice.objects.create(pk=1, **PRACTICE)
    HelpContact.objects.bulk_create(
        HelpContact(**fields, checked_on=today - timedelta(days=days)) for fields, days in CONTACTS
    )
    places, rooms = open_places()
    members = [*CLIENTS, *OFFICE, *(Member(p.who, p.name, Role.COUNSELOR, p.time_zone) for p in profiles)]
    users = open_accounts(members, passwords, seed=seed, began_at=began_at)
    counselors = open_counselors(profiles, users, places, seed=seed, since=began_at.date(), today=today)
    open_supervision(counselors, users, began_at=began_at)
    services = open_services(profiles, counselors, rooms)
    first = min(date(today.year, 1, 1), since)
    days = coming_holidays(PRACTICE["country"], first, date(today.year + 1, 12, 31))
    adopt_holidays(chosen=days, by=users["bagus"], now=began_at)
    return Opened(users, counselors, services)


def open_places() -> tuple[dict[str, Location], list[Room]]:
    places, rooms = {}, []
    for key, (fields, names) in PLACES.items():
        places[key] = Location.objects.create(**fields)
        rooms += [Room.objects.create(location=places[key], name=name) for name in names]
    return places, rooms


def open_accounts(members: list[Member], passwords: dict, *, seed: int, began_at: datetime) -> dict[str, User]:
    """An account and a role for each, by `who`. The manager has given the others theirs."""
    rng = dice(seed, "accounts")
    users = {
        member.who: User(
            pk=new_id(rng),
            email=member.email,
            name=member.name,
            time_zone=member.time_zone,
            password=make_password(passwords.get(member.email)),
        )
        for member in members
    }
    User.objects.bulk_create(users.values())
    RoleGrant.objects.bulk_create(
        RoleGrant(
            user=users[member.who],
            role=member.role,
            granted_at=began_at,
            granted_by=None if member.role in (Role.MANAGER, Role.CLIENT) else users["bagus"],
        )
        for member in members
    )
    return users


def open_supervision(counselors: list[Counselor], users: dict[str, User], *, began_at: datetime) -> None:
    """The supervisor of the cast reads along with its counselors, and signs the notes of one of them."""
    supervised = {users[member.who] for member in COUNSELORS if member.who in users}
    Supervision.objects.bulk_create(
        Supervision(
            supervisor=users["ratna"],
            counselor=counselor,
            co_signs=counselor.user.email in CO_SIGNED,
            started_at=began_at,
        )
        for counselor in counselors
        if counselor.user in supervised
    )


def open_counselors(profiles, users, places, *, seed, since: date, today: date) -> list[Counselor]:
    rng = dice(seed, "counselors")
    topics = {slug: Topic.objects.create(slug=slug, name_id=name_id, name_en=en) for slug, name_id, en in TOPICS}
    counselors = Counselor.objects.bulk_create(
        Counselor(
            pk=new_id(rng),
            user=users[profile.who],
            slug=profile.slug,
            name=profile.name,
            title=profile.title,
            gender=profile.gender,
            languages=list(profile.languages),
            approach_id=profile.approach_id,
            approach_en=profile.approach_en,
            first_session_id=profile.first_session_id,
            first_session_en=profile.first_session_en,
            video_link=f"https://temu.ruangteduh.example/{profile.who}",
            phone=profile.phone,
            time_zone=profile.time_zone,
        )
        for profile in profiles
    )
    pairs = list(zip(counselors, profiles, strict=True))
    about = Counselor.topics.through
    about.objects.bulk_create(
        about(counselor=counselor, topic=topics[slug]) for counselor, profile in pairs for slug in profile.topics
    )
    Licence.objects.bulk_create(
        Licence(
            counselor=counselor,
            kind=kind,
            number=f"CONTOH-{number:03}/{kind}/{since.year}",
            expires_on=today + timedelta(days=days),
        )
        for number, (counselor, profile) in enumerate(pairs, start=1)
        for kind, days in profile.licences
    )
    WorkingHours.objects.bulk_create(
        WorkingHours(
            counselor=counselor,
            weekday=window.weekday,
            from_minute=minute_of_day(window.start),
            until_minute=minute_of_day(window.end),
            time_zone=profile.time_zone,
            location=places.get(window.place),
            valid_from=since,
        )
        for counselor, profile in pairs
        for window in profile.hours
    )
    people = {profile.who: counselor for counselor, profile in pairs}
    TimeOff.objects.bulk_create(
        TimeOff(
            counselor=people[who],
            starts_at=moment(today + timedelta(days=days), start, people[who].time_zone),
            ends_at=moment(today + timedelta(days=days), end, people[who].time_zone),
            reason=reason,
        )
        for who, days, start, end, reason in TIME_OFF
        if who in people
    )
    return counselors


def open_services(profiles, counselors, rooms) -> dict[str, Service]:
    """The services by their slugs. Assessments are for those with a licence, couples for those who see couples."""
    services = {fields["slug"]: Service.objects.create(**HOW_TO_PAY, **fields) for fields in SERVICES}
    for slug, service in services.items():
        service.counselors.set(
            counselor
            for counselor, profile in zip(counselors, profiles, strict=True)
            if (service.kind != Kind.ASSESSMENT or profile.licences) and (slug != COUPLES or profile.sees_couples)
        )
        service.rooms.set(rooms)
    return services


def minute_of_day(text: str) -> int:
    """ "09:30" in minutes from midnight."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def moment(day: date, text: str, zone_name: str) -> datetime:
    """A wall time ("09:30") on that day."""
    minutes = minute_of_day(text)
    return datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=ZoneInfo(zone_name))

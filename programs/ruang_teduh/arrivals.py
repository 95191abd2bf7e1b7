"""The clients of the demo as they become known to the practice, and which counselor each mostly sees."""

from datetime import date, datetime, timedelta
from random import Random

from practice.people.clients import email_hash
from practice.people.models import Client, Counselor, User
from programs.ruang_teduh.cast import CLIENTS, COUNSELORS
from programs.ruang_teduh.clients import FIRST, LAST, Sketch, email_of
from programs.ruang_teduh.counselors import Profile
from programs.ruang_teduh.dice import new_id

CAST_YEARS = {"rina": 32, "budi": 41, "sari": 28}
ASKED_FOR = 2  # how much more often the counselors of the cast are chosen than the others
FAR = 2  # how many clients more one takes before somebody of another zone or language comes


def clients_of_the_cast(users: dict[str, User], today: date, rng: Random) -> dict[str, Client]:
    """Rina, Budi and Sari, unsaved, by `who`: they sign in."""
    return {
        member.who: new_client(
            Sketch(member.name, member.time_zone, years=CAST_YEARS[member.who]),
            member.email,
            number,
            today,
            rng,
            user=users[member.who],
        )
        for number, member in enumerate(CLIENTS, start=1)
    }


def clients_like(sketches: list[Sketch], today: date, rng: Random) -> list[Client]:
    """The others, unsaved. They have not signed in yet."""
    first = len(CLIENTS) + 1
    return [
        new_client(sketch, email_of(sketch.name, number), number, today, rng)
        for number, sketch in enumerate(sketches, start=first)
    ]


def new_client(sketch: Sketch, email: str, number: int, today: date, rng: Random, user: User | None = None) -> Client:
    """An unsaved client. No operator has numbers that begin with 0840."""
    client = Client(
        pk=new_id(rng),
        user=user,
        preferred_name=sketch.name,
        email=email,
        email_hash=email_hash(email),
        phone=f"+6284055{number:06}",
        language=sketch.language,
        time_zone=sketch.time_zone,
        channel=rng.choice(Client.Channel.values),
        is_discreet=rng.random() < 0.8,
        birth_year=today.year - sketch.years,
    )
    if sketch.guardian:
        client.guardian_name, client.guardian_phone = sketch.guardian, f"+6284066{number:06}"
    if rng.random() < 0.4:
        client.emergency_name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        client.emergency_phone = f"+6284077{number:06}"
    return client


def known_earlier(clients: list[Client], today: datetime, rng: Random) -> list[Client]:
    """The same, having become known some day in the past year."""
    for client in clients:
        client.created_at = today - timedelta(minutes=rng.randrange(365 * 24 * 60))
    return clients


def pair_up(
    clients: list[Client], counselors: list[Counselor], profiles: list[Profile]
) -> list[tuple[Client, Counselor]]:
    """A counselor for each client: near and of their language where it can be, and nobody without clients.

    Every counselor gets one as soon as there are three clients for each.
    """
    stars = {member.who for member in COUNSELORS}
    weights = [ASKED_FOR if profile.who in stars else 1 for profile in profiles]
    loads, pairs = [0] * len(counselors), []
    for client in clients:

        def cost(place, client=client):
            counselor = counselors[place]
            distance = FAR * ((counselor.time_zone != client.time_zone) + (client.language not in counselor.languages))
            return loads[place] / weights[place] + distance, place

        chosen = min(range(len(counselors)), key=cost)
        loads[chosen] += 1
        pairs.append((client, counselors[chosen]))
    return pairs

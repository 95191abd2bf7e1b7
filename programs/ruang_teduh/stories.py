"""Why people come: each client of the demo gets a story, of one meeting or of many, that leads through today."""

from collections import deque
from datetime import date, timedelta
from random import Random

from appointments.models import NextStep
from practice.calendar.models import Party, Status, WorkingHours
from practice.catalog.models import Mode
from practice.people.models import Client, Counselor
from programs.ruang_teduh.book import DAYS_TO_TRY, AppointmentBook, Visit
from programs.ruang_teduh.cast import COUNSELORS
from programs.ruang_teduh.offer import COUPLES
from programs.ruang_teduh.questions import (
    BUDI_COUPLE,
    BUDI_FIRST,
    BUDI_NEXT,
    BUDI_SECOND,
    QUESTIONS,
    RINA,
    SARI,
    Question,
)

AHEAD = 28  # days for which clients have planned
FILLED = 14  # days ahead, today included, on which everybody surely has something to do
SOON, SOON_FOR_CAST, FOR_CAST, FOR_OTHERS = 3, 3, 2, 1  # the first days, and how many meetings a day at least
A_WEEK, SHORT, LONG = 5, 3, 25  # days between two meetings of a client: usual, if need be, outside a program
CONSULTATION, INITIAL, SESSION, ASSESSMENT, FOLLOW_UP = (
    "konsultasi",
    "konsultasi-awal",
    "sesi-program",
    "asesmen",
    "tindak-lanjut",
)
ATTENDED, MISSED = (Status.ATTENDED, ""), (Status.MISSED, Party.CLIENT)
NINE, TEN, ONE, TWO, THREE = (hour * 60 for hour in (9, 10, 13, 14, 15))

# Who of the cast, whom they see, what, in how many days, near which time of the counselor's day, and what is special.
CAST_STORIES = [
    ("rina", "ayu", INITIAL, -38, TEN, {"ending": ATTENDED, "question": RINA}),
    ("rina", "ayu", SESSION, -31, TEN, {"ending": ATTENDED, "mode": Mode.IN_PERSON}),
    ("rina", "ayu", SESSION, -24, TEN, {"ending": ATTENDED, "mode": Mode.IN_PERSON}),
    ("rina", "ayu", SESSION, -17, TEN, {"ending": (Status.CANCELLED, Party.COUNSELOR), "mode": Mode.IN_PERSON}),
    ("rina", "ayu", SESSION, -10, TEN, {"ending": ATTENDED, "mode": Mode.IN_PERSON}),
    ("rina", "ayu", SESSION, 4, TEN, {"mode": Mode.IN_PERSON}),
    ("rina", "ayu", SESSION, 11, TEN, {"mode": Mode.IN_PERSON}),
    ("budi", "ayu", CONSULTATION, -118, THREE, {"ending": ATTENDED, "question": BUDI_FIRST}),
    ("budi", "ayu", CONSULTATION, -75, THREE, {"ending": MISSED}),
    ("budi", "ayu", CONSULTATION, -47, THREE, {"ending": ATTENDED, "question": BUDI_SECOND, "mode": Mode.PHONE}),
    ("budi", "ayu", CONSULTATION, -20, THREE, {"ending": (Status.CANCELLED, Party.CLIENT), "is_late": True}),
    ("budi", "ayu", CONSULTATION, 6, THREE, {"question": BUDI_NEXT, "mode": Mode.IN_PERSON}),
    ("budi", "ayu", COUPLES, 13, ONE, {"question": BUDI_COUPLE, "mode": Mode.IN_PERSON}),
    ("sari", "ayu", INITIAL, 3, NINE, {"question": SARI}),
]


class Storyteller:
    """Tells into one appointment book what brings the clients here."""

    def __init__(self, book: AppointmentBook, *, today: date, since: date, rng: Random):
        self.book, self.today, self.since, self.rng = book, today, since, rng
        self.questions = {language: deque(questions) for language, questions in QUESTIONS.items()}
        self.in_program: set = set()
        self.former: set = set()
        self.receiving = set(WorkingHours.objects.exclude(location=None).values_list("counselor_id", flat=True))

    def tell_cast(self, clients: dict[str, Client], counselors: dict[str, Counselor]) -> None:
        """What Rina, Budi and Sari have behind and before them, as far as the history goes back."""
        for who, whom, service, days, near, more in CAST_STORIES:
            on = self.today + timedelta(days=days)
            if on >= self.since:
                self.book.tell(clients[who], counselors[whom], Visit(service, on, near, **more))

    def tell_everyone(self, pairs: list[tuple[Client, Counselor]]) -> None:
        """A story for each of the others; in between, two couples ask for a time and one client calls off."""
        stories = [self.one_meeting, self.on_the_way, self.new_here, self.long_ago, self.to_be_assessed]
        weights = [24, 40, 14, 14, 8]
        for client, counselor in pairs:
            self.rng.choices(stories, weights)[0](client, counselor)
        offering = set(self.book.services[COUPLES].counselors.values_list("pk", flat=True))
        couples = [pair for pair in pairs if pair[1].pk in offering]
        for days, (client, counselor) in zip((5, 8), couples[1::3], strict=False):
            self.come(client, counselor, COUPLES, self.day(days))
        for client, counselor in pairs[6:7]:
            self.come(client, counselor, CONSULTATION, self.day(4), ending=(Status.CANCELLED, Party.CLIENT))

    def day(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def past_day(self, at_least: int, at_most: int = 400) -> date:
        """Some day in the past, within the history."""
        oldest = max(at_least, (self.today - self.since).days)
        return self.day(-self.rng.randint(at_least, min(oldest, at_most)))

    def come(self, client: Client, counselor: Counselor, service: str, on: date, *, exactly=False, **more):
        """Plan one visit, by a mode that suits both; return the meeting, if the book had room."""
        modes = self.book.services[service].modes
        near = self.rng.choice(range(9 * 60, 16 * 60, 30))
        is_near = client.time_zone == counselor.time_zone
        chance = self.rng.random()
        mode = modes[0]
        if Mode.IN_PERSON in modes and is_near and chance < 0.45 and counselor.pk in self.receiving:
            mode = Mode.IN_PERSON
        elif Mode.PHONE in modes and chance > 0.9:
            mode = Mode.PHONE
        elif Mode.VIDEO in modes:
            mode = Mode.VIDEO
        question = None
        if service in (CONSULTATION, INITIAL, COUPLES) and self.rng.random() < 0.75:
            question = self.question_of(client)
        visit = Visit(service, on, near, mode, question, **more)
        return self.book.tell(client, counselor, visit, days=1 if exactly else DAYS_TO_TRY)

    def question_of(self, client: Client) -> Question | None:
        """What somebody of this age might ask: the question that has rested longest."""
        questions, age = self.questions[client.language], self.today.year - client.birth_year
        for place, question in enumerate(questions):
            if question.youngest <= age <= question.oldest:
                del questions[place]
                questions.append(question)
                return question
        return None

    # --- Stories ------------------------------------------------------------------------------------------------------

    def one_meeting(self, client, counselor):
        """One matter, one meeting: over, or still to come."""
        on = self.past_day(2) if self.rng.random() < 0.6 else self.day(self.rng.randint(1, AHEAD))
        self.come(client, counselor, CONSULTATION, on)

    def on_the_way(self, client, counselor):
        """An initial consultation, then sessions every week or two, some of them still to come."""
        self.sessions_from(client, counselor, self.past_day(10, 70), planned=self.rng.randint(6, 10))

    def sessions_from(self, client, counselor, first, *, planned):
        self.in_program.add(client.pk)
        pace = self.rng.choice([7, 7, 14])
        self.come(client, counselor, INITIAL, first)
        for number in range(1, planned + 1):
            on = first + timedelta(days=number * pace)
            if on > self.day(AHEAD):
                break
            self.come(client, counselor, SESSION, on)

    def new_here(self, client, counselor):
        """Somebody who comes for the first time."""
        self.come(client, counselor, INITIAL, self.day(self.rng.randint(1, AHEAD)))

    def long_ago(self, client, counselor):
        """A course of sessions that is over, and perhaps a follow-up."""
        first = self.past_day(60)
        self.sessions_from(client, counselor, first, planned=4)
        self.in_program.discard(client.pk)
        self.former.add(client.pk)
        if self.rng.random() < 0.5:
            self.come(client, counselor, FOLLOW_UP, self.day(self.rng.randint(2, AHEAD)))

    def to_be_assessed(self, client, counselor):
        """A consultation that led to an assessment."""
        self.come(client, counselor, CONSULTATION, self.past_day(8, 30), leads_to=NextStep.ASSESSMENT)
        offering = self.book.services[ASSESSMENT].counselors.filter(pk=counselor.pk)
        if counselor.pk in self.receiving and offering.exists():
            self.book.tell(
                client, counselor, Visit(ASSESSMENT, self.day(self.rng.randint(2, 20)), NINE, Mode.IN_PERSON)
            )

    # --- Days ---------------------------------------------------------------------------------------------------------

    def fill_days(self, pairs: list[tuple[Client, Counselor]], counselors: list[Counselor]) -> None:
        """See to it that today and the next two weeks look like a practice at work."""
        for place, counselor in enumerate(counselors):
            mine = [client for client, whom in pairs if whom is counselor] or [client for client, _whom in pairs]
            for days in range(FILLED + 1):
                most = FOR_OTHERS
                if place < len(COUNSELORS):
                    most = SOON_FOR_CAST if days < SOON else FOR_CAST
                self.fill(counselor, mine, self.day(days), most)

    def fill(self, counselor: Counselor, clients: list[Client], day: date, most: int) -> None:
        """Let clients come until there are `most` meetings on that day, or nobody fits any more.

        First those in a program who come every week anyway; then others, with a matter of their own; then whoever can
        come sooner.
        """
        clients = self.rng.sample(clients, len(clients))
        going_on = [c for c in clients if c.pk in self.in_program]
        others = [c for c in clients if c.pk not in self.in_program]
        turns = [(going_on, A_WEEK), (others, LONG)]
        turns += [(going_on, SHORT), (others, A_WEEK)]
        if most > FOR_OTHERS:
            turns += [(others, SHORT), (others, 1)]
        for group, rest in turns:
            for client in group:
                if self.book.diary.busy_days[counselor.pk, day] >= most:
                    return
                if all(abs((day - other).days) >= rest for other in self.book.days[client.pk]):
                    self.come(client, counselor, self.service_for(client), day, exactly=True)

    def service_for(self, client: Client) -> str:
        """What somebody comes for: a session, a follow-up after a program, the first meeting or another question."""
        if client.pk in self.in_program:
            return SESSION
        if client.pk in self.former:
            return FOLLOW_UP
        return CONSULTATION if self.book.days[client.pk] else INITIAL

"""Where a program stands with its reviews, its ending and what follows: one statement, and no sealed text."""

from dataclasses import dataclass, field
from datetime import date

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from programs.plan.models import Program
from programs.reviews.models import Decision, Ending, FollowUp, Review, ReviewVoice
from programs.sessions.thread import Thread

GUIDED_FROM = 2  # sessions before the last one


@dataclass(frozen=True)
class HeldReview:
    id: str
    after_session: int
    decision: str

    @property
    def decision_label(self):
        return Decision(self.decision).label


@dataclass(frozen=True)
class Asked:
    """One follow-up of one client: when it is due, and whether it was asked, answered, or a meeting booked."""

    client: str
    days_after: int
    due_on: date
    was_asked: bool
    was_answered: bool
    has_meeting: bool


@dataclass
class State:
    reviews: list[HeldReview] = field(default_factory=list)
    voices: list[tuple[int, str]] = field(default_factory=list)
    follow_ups: list[Asked] = field(default_factory=list)
    has_ending: bool = False
    is_shared: bool = False

    def due_review(self, thread: Thread) -> int | None:
        """The review point that was reached and not yet looked back from; the latest, if several were passed."""
        return due_point(thread.plan.review_after if thread.plan else [], thread.done, self.held)

    @property
    def held(self) -> set[int]:
        return {review.after_session for review in self.reviews}

    def follow_ups_by_day(self) -> list[list[Asked]]:
        """What each client is asked on the same day, the earlier day first."""
        days = sorted({each.days_after for each in self.follow_ups})
        return [[each for each in self.follow_ups if each.days_after == day] for day in days]

    def has_spoken(self, client, point: int) -> bool:
        return (point, str(client.pk)) in self.voices


def due_point(points: list[int], done: int, held: set[int]) -> int | None:
    """The latest review point up to `done` sessions, unless a review was held there or later."""
    reached = max((point for point in points if point <= done), default=None)
    return None if reached is None or any(after >= reached for after in held) else reached


def is_near_the_end(thread: Thread) -> bool:
    """True from session n−2 on: two sessions or fewer are still to be held."""
    return bool(thread.stations) and thread.done > 0 and thread.open <= GUIDED_FROM


def with_state(programs):
    """The same programs, each with what `state_of` needs, so that it asks for nothing."""
    of = {"program": OuterRef("pk")}
    reviews = Review.objects.filter(**of).order_by("after_session")
    voices = ReviewVoice.objects.filter(**of).order_by("after_session")
    follow_ups = FollowUp.objects.filter(**of).order_by("days_after", "pk")
    ending = Ending.objects.filter(**of)
    review = JSONObject(id="pk", after="after_session", decision="decision")
    voice = JSONObject(after="after_session", client="client_id")
    follow_up = JSONObject(
        client="client_id",
        days="days_after",
        due="due_on",
        asked="asked_at",
        answered="answered_at",
        meeting="meeting_id",
    )
    return programs.annotate(
        held=ArraySubquery(reviews.annotate(said=review).values("said")),
        spoken=ArraySubquery(voices.annotate(said=voice).values("said")),
        later=ArraySubquery(follow_ups.annotate(said=follow_up).values("said")),
        ending_id=Subquery(ending.values("pk")[:1]),
        ending_shared_at=Subquery(ending.values("shared_at")[:1]),
    )


def state_of(program: Program) -> State:
    """All of it: in one statement, or in none for a program that was fetched `with_state`."""
    found = program
    if not hasattr(program, "held"):
        found = with_state(Program.objects.filter(pk=program.pk)).only("pk").get()
    return State(
        reviews=[HeldReview(row["id"], row["after"], row["decision"]) for row in found.held],
        voices=[(row["after"], row["client"]) for row in found.spoken],
        follow_ups=[
            Asked(
                client=row["client"],
                days_after=row["days"],
                due_on=date.fromisoformat(row["due"]),
                was_asked=row["asked"] is not None,
                was_answered=row["answered"] is not None,
                has_meeting=row["meeting"] is not None,
            )
            for row in found.later
        ],
        has_ending=found.ending_id is not None,
        is_shared=found.ending_shared_at is not None,
    )

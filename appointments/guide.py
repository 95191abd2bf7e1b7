"""The guide: at most three questions that lead to a recommendation which explains itself.

Answers are neutral words, because they stand in the address of the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CONSULTATION, PROGRAM, UNSURE = "consultation", "program", "unsure"


@dataclass(frozen=True)
class Answer:
    """One answer, the way it points to, and what is said of it when the recommendation explains itself."""

    word: str
    text: Promise
    points_to: str
    because: Promise


@dataclass(frozen=True)
class Question:
    name: str
    text: Promise
    answers: tuple[Answer, Answer]


QUESTIONS = (
    Question(
        "topic",
        _("What do you want to talk about?"),
        (
            Answer(
                "one",
                _("One thing, for example a decision, a question or a single event."),
                CONSULTATION,
                _("You want to talk through one thing. One meeting is often enough for that."),
            ),
            Answer(
                "recurring",
                _("Something that keeps coming back, or several things that belong together."),
                PROGRAM,
                _("It keeps coming back. That is easier to work on over several meetings."),
            ),
        ),
    ),
    Question(
        "since",
        _("How long has it been on your mind?"),
        (
            Answer(
                "recent",
                _("About two weeks or less."),
                CONSULTATION,
                _("It is recent. A clear view from outside may be all you need."),
            ),
            Answer(
                "longer",
                _("Longer than two weeks."),
                PROGRAM,
                _("It has been with you for a while. Time and a plan help more than one conversation."),
            ),
        ),
    ),
    Question(
        "help",
        _("What would help you more?"),
        (
            Answer(
                "advice",
                _("Advice and information that I can use by myself."),
                CONSULTATION,
                _("You are looking for advice and information. That is what a consultation gives."),
            ),
            Answer(
                "steps",
                _("Working on it step by step, with someone beside me."),
                PROGRAM,
                _("You want to work step by step and find your own answers. That is what counseling is for."),
            ),
        ),
    ),
)


@dataclass(frozen=True)
class Recommendation:
    """Where most answers point to, why, and whether one of them pointed the other way."""

    need: str
    reasons: list[Promise]
    is_clear: bool


def answers_in(asked: Mapping[str, str]) -> list[Answer]:
    """The answers given so far, in the order of the questions, up to the first that is missing or unknown."""
    given = []
    for question in QUESTIONS:
        answer = next((answer for answer in question.answers if answer.word == asked.get(question.name)), None)
        if answer is None:
            break
        given.append(answer)
    return given


def recommend(answers: list[Answer]) -> Recommendation | None:
    """The way that two answers point to; None while another question is needed."""
    for need in (CONSULTATION, PROGRAM):
        agreeing = [answer for answer in answers if answer.points_to == need]
        if len(agreeing) >= 2:
            return Recommendation(need, [answer.because for answer in agreeing], len(agreeing) == len(answers))
    return None

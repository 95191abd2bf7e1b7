"""Pictures of progress say in words what they show."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.utils import translation

from practice.calendar.models import Party
from practice.calendar.models import Status as MeetingStatus
from programs.goals.models import Goal
from programs.goals.standing import Standing, View
from programs.pages.beads import beads_of
from programs.sessions.thread import thread_of
from programs.templatetags.progress import attendance_of
from tests.factories import make_attempt, make_program
from tests.programs.goals.test_goals import WORDING

WEEK = timedelta(days=7)


def drawn(source, **context):
    with translation.override("en"):
        return " ".join(Template("{% load progress %}" + source).render(Context(context)).split())


def standing(*levels, baseline=-1):
    goal = Goal(**WORDING | {"baseline": baseline})
    views = [View("client", "1", "Rina", list(levels)), View("counselor", "", "Counselor", [])]
    return Standing(goal, views, [])


def test_a_ladder_says_now_before_and_the_beginning_in_words():
    html = drawn("{% goal_ladder standing %}", standing=standing(-1, 0, 1))

    assert "Rina: now +1, more than expected; began at −1. Earlier: −1, 0." in html
    assert "Counselor: not rated yet; began at −1." in html
    assert "0 means as expected" in html
    assert html.count('class="g-box g-now"') == 1
    assert html.count('class="g-box g-baseline"') == 2
    assert html.count('class="g-tick"') == 2


def test_a_ladder_has_the_sentence_of_every_level_one_press_away():
    html = drawn("{% goal_ladder standing %}", standing=standing())

    levels = html.split("<details>")[1]
    assert levels.index("7 malam") < levels.index("5 malam") < levels.index("3 malam") < levels.index("Tidak ada malam")


def test_a_ladder_escapes_what_people_write():
    row = standing()
    row.goal.expected = "<script>alert(1)</script>"
    row.views[0].name = "<b>Rina</b>"

    html = drawn("{% goal_ladder standing %}", standing=row)

    assert "<script>" not in html
    assert "<b>Rina" not in html


def test_partners_who_see_a_goal_two_levels_apart_are_shown_to_the_counselor():
    goal = Goal(**WORDING | {"baseline": -1})
    views = [View("client", "1", "Rina", [2]), View("client", "2", "Budi", [0]), View("counselor", "", "K", [1])]

    with translation.override("en"):
        gaps = Standing(goal, views, []).gaps

    assert gaps == ["Rina sees +2, Budi 0: 2 levels apart. Worth talking about."]


def test_attendance_is_counted_in_words_and_moved_ones_are_not_held_against_anyone():
    looks = ["attended", "late", "moved", "missed", "cancelled", "attended"]

    html = drawn("{% attendance_strip looks %}", looks=looks)

    assert "Came to 3 of 5, 1 late, 1 moved, 1 missed, 1 cancelled." in html
    assert html.count('class="a-full"') == 3
    assert html.count('class="a-hollow"') == 3


def test_attendance_shows_the_last_twelve():
    assert "Came to 12 of 12." in drawn("{% attendance_strip looks %}", looks=["missed"] * 3 + ["attended"] * 12)
    assert "No meeting yet." in drawn("{% attendance_strip looks %}", looks=[])


def test_attendance_follows_the_meetings_of_the_thread(db, monday_at_nine):
    program = make_program(sessions=6)
    ended = {"ended_by": Party.CLIENT}
    make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)
    make_attempt(program, 2, starts_at=monday_at_nine + WEEK, status=MeetingStatus.MISSED, **ended)
    make_attempt(program, 3, starts_at=monday_at_nine + 2 * WEEK, status=MeetingStatus.CANCELLED, **ended)
    make_attempt(program, 3, starts_at=monday_at_nine + 3 * WEEK, status=MeetingStatus.ATTENDED)
    by_us = {"ended_by": Party.COUNSELOR, "is_late": True}
    make_attempt(program, 4, starts_at=monday_at_nine + 4 * WEEK, status=MeetingStatus.CANCELLED, **by_us)
    make_attempt(program, 5, starts_at=monday_at_nine + 5 * WEEK, status=MeetingStatus.CANCELLED, is_late=True, **ended)
    make_attempt(program, 6, starts_at=monday_at_nine + 6 * WEEK)

    assert attendance_of(thread_of(program)) == ["attended", "missed", "moved", "attended", "moved", "cancelled"]


def test_attendance_of_one_head_knows_who_was_late_or_missed_what_the_others_came_to(db, monday_at_nine):
    program = make_program(sessions=3)
    for number, said in enumerate(["late", "missed", ""], start=1):
        at = monday_at_nine + number * WEEK
        attempt = make_attempt(program, number, starts_at=at, status=MeetingStatus.ATTENDED)
        attempt.meeting.participants.update(attendance=said)

    assert attendance_of(thread_of(program), program.members.get().client) == ["late", "missed", "attended"]


# --- The thread ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("beads", "words"),
    [
        ("done forfeited next", "Session 2 did not take place and counts as one of the planned ones."),
        ("done done released released", "2 sessions are no longer needed."),
        ([{"look": "done"}, {"look": "planned", "notch": True}], "Added later: from session 2 on."),
    ],
)
def test_a_thread_tells_what_was_used_up_released_or_added(beads, words):
    assert words in drawn("{% thread beads %}", beads=beads)


def test_an_extension_shows_as_a_notch_where_its_sessions_begin():
    stations = [
        SimpleNamespace(state="open", number=number, session=SimpleNamespace(plan_id=plan))
        for number, plan in [(1, "a"), (2, "a"), (3, "b"), (4, "b")]
    ]
    thread = SimpleNamespace(stations=stations, upcoming=stations[0], plan=None)

    assert [bead["notch"] for bead in beads_of(thread)] == [False, False, True, False]

"""Pictures of progress, drawn on the server, each with the same in words: the goal ladder and the attendance strip."""

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from practice.calendar.models import Party
from practice.calendar.models import Status as MeetingStatus
from practice.people.clients import Client
from practice.templatetags.benang import thread
from programs.goals.models import LEVELS
from programs.goals.standing import Standing, View, level_name, signed
from programs.sessions.thread import Thread

register = template.Library()

register.filter("signed", signed)
register.filter("level_name", level_name)


@register.filter
def level_list(standing: Standing) -> list[dict]:
    """The levels of a goal with their sentences, the best first."""
    goal = standing.goal
    return [
        {"level": level, "text": text, "is_baseline": level == goal.baseline}
        for level, text in reversed(goal.level_texts.items())
    ]


BOX, GAP = 52, 4
ROW = 68
MOST_TICKS = 8
SHOWN = 12
SQUARE, PITCH = 8, 12


@register.inclusion_tag("programs/_pictures/ladder.html")
def goal_ladder(standing: Standing):
    """Five boxes for each rater of a goal: its beginning outlined, the present level filled, earlier ones as ticks."""
    goal = standing.goal
    rows = [_ladder_row(view, goal.baseline, row) for row, view in enumerate(standing.views)]
    return {
        "goal": goal,
        "rows": rows,
        "width": len(LEVELS) * (BOX + GAP),
        "height": len(rows) * ROW,
        "levels": level_list(standing),
        "text": " ".join(row["text"] for row in rows),
    }


def _ladder_row(view: View, baseline: int, row: int) -> dict:
    top = row * ROW
    earlier = view.levels[:-1]
    boxes = []
    for place, level in enumerate(LEVELS):
        x = place * (BOX + GAP) + GAP // 2
        looks = ["g-now"] if level == view.now else []
        looks += ["g-baseline"] if level == baseline else []
        ticks = min(earlier.count(level), MOST_TICKS)
        boxes.append(
            {
                "x": x,
                "y": top + 20,
                "middle": x + BOX // 2,
                "text_y": top + 40,
                "label": signed(level),
                "look": " ".join(looks),
                "is_now": level == view.now,
                "ticks": [x + BOX // 2 - (ticks - 1) * 5 // 2 + each * 5 for each in range(ticks)],
            }
        )
    return {"name": view.name, "y": top + 13, "tick_y": top + 55, "boxes": boxes, "text": _ladder_text(view, baseline)}


def _ladder_text(view: View, baseline: int) -> str:
    if view.now is None:
        return _("%(name)s: not rated yet; began at %(baseline)s.") % {"name": view.name, "baseline": signed(baseline)}
    text = _("%(name)s: now %(now)s, %(words)s; began at %(baseline)s.") % {
        "name": view.name,
        "now": signed(view.now),
        "words": level_name(view.now),
        "baseline": signed(baseline),
    }
    if view.levels[:-1]:
        text += " " + _("Earlier: %(levels)s.") % {"levels": ", ".join(map(signed, view.levels[:-1]))}
    return text


# --- Attendance ------------------------------------------------------------------------------------------------------

CAME = ("attended", "late")


@register.inclusion_tag("programs/_pictures/attendance.html")
def attendance_strip(thread, client=None):
    """The last twelve meetings of a program as squares, a shape for each outcome, and "Came to 9 of 11" in words.

    `thread` is a Thread, and `client` one of its heads; or a list of "attended", "late", "moved", "missed" and
    "cancelled", oldest first.
    """
    looks = attendance_of(thread, client) if isinstance(thread, Thread) else list(thread)
    looks = looks[-SHOWN:]
    counted = [look for look in looks if look != "moved"]
    came = sum(look in CAME for look in counted)
    return {
        "squares": [{"look": look, "x": place * PITCH + 2} for place, look in enumerate(looks)],
        "width": max(len(looks), 1) * PITCH,
        "came": came,
        "of": len(counted),
        "text": _attendance_text(looks, came, len(counted)),
    }


def attendance_of(thread: Thread, client: Client | None = None) -> list[str]:
    """What became of each meeting of the program, by its time. What the practice called off counts as moved.

    With `client` as one head saw it: somebody can be late, or miss a session that the others came to.
    """
    attempts = sorted(
        ((attempt, station) for station in thread.stations for attempt in station.attempts),
        key=lambda each: (each[0].meeting.starts_at, each[0].pk),
    )
    looks = []
    for attempt, station in attempts:
        meeting = attempt.meeting
        if meeting.status == MeetingStatus.ATTENDED:
            looks.append((client and attempt.attendance_of(client)) or "attended")
        elif meeting.status == MeetingStatus.MISSED:
            looks.append("missed" if meeting.ended_by == Party.CLIENT else "moved")
        elif meeting.status == MeetingStatus.CANCELLED:
            again = station.attempts[-1].pk != attempt.pk
            by_client = meeting.ended_by == Party.CLIENT
            looks.append("cancelled" if by_client and (meeting.is_late or not again) else "moved")
    return looks


def _attendance_text(looks, came, of):
    if not looks:
        return _("No meeting yet.")
    names = {
        "late": lambda n: ngettext("%(n)d late", "%(n)d late", n),
        "moved": lambda n: ngettext("%(n)d moved", "%(n)d moved", n),
        "missed": lambda n: ngettext("%(n)d missed", "%(n)d missed", n),
        "cancelled": lambda n: ngettext("%(n)d cancelled", "%(n)d cancelled", n),
    }
    parts = [_("Came to %(came)d of %(of)d") % {"came": came, "of": of}]
    parts += [names[look](looks.count(look)) % {"n": looks.count(look)} for look in names if look in looks]
    return ", ".join(parts) + "."


@register.simple_tag
def small_thread(beads):
    """A thread without words or numbers, for a row in a list. Many rows look alike: each look is drawn once."""
    return _drawn(tuple(tuple(sorted(bead.items())) for bead in beads))


@lru_cache(maxsize=1_000)
def _drawn(shape) -> str:
    return render_to_string("_partials/thread.html", thread([dict(bead) for bead in shape], decorative=True))

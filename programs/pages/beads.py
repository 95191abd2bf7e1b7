"""Programs as the pictures and sentences that every page shows of them."""

from itertools import pairwise

from programs.sessions.thread import State, Station, Thread

LOOKS = {State.DONE: "done", State.FORFEITED: "forfeited", State.RELEASED: "released"}


def beads_of(thread: Thread, *, url=None) -> list[dict]:
    """The thread for the `thread` tag. `url(station)` makes a bead a link; reviews and extensions carry a mark."""
    upcoming = thread.upcoming
    reviews = set(thread.plan.review_after) if thread.plan else set()
    added = _first_added(thread)
    return [
        {
            "look": LOOKS.get(station.state, "next" if station is upcoming else "planned"),
            "url": url(station) if url else "",
            "review": station.number in reviews,
            "notch": station.number in added,
        }
        for station in thread.stations
    ]


def _first_added(thread: Thread) -> set[int]:
    """The numbers at which sessions begin that a further plan added; a glance does not know them."""
    plans = [(station.number, getattr(station.session, "plan_id", None)) for station in thread.stations]
    return {number for (_before, plan), (number, other) in pairwise(plans) if plan != other}


def next_meeting(thread: Thread) -> Station | None:
    """The session with the next time, if any."""
    return thread.next_booked

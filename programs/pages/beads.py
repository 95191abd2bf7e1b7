"""Programs as the pictures and sentences that every page shows of them."""

from programs.sessions.thread import State, Station, Thread

LOOKS = {State.DONE: "done", State.FORFEITED: "missed", State.RELEASED: "planned"}


def beads_of(thread: Thread, *, url=None) -> list[dict]:
    """The thread for the `thread` tag. `url(station)` makes a bead a link; review points carry a mark."""
    upcoming = thread.upcoming
    reviews = set(thread.plan.review_after) if thread.plan else set()
    return [
        {
            "look": LOOKS.get(station.state, "next" if station is upcoming else "planned"),
            "url": url(station) if url else "",
            "review": station.number in reviews,
        }
        for station in thread.stations
    ]


def next_meeting(thread: Thread) -> Station | None:
    """The session with the next time, if any."""
    return thread.next_booked

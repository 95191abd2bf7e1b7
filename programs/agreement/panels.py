"""What the program page shows of the agreement: what waits for an answer, and what can be done. One statement."""

from datetime import datetime

from practice.catalog.models import Mode
from practice.people.accounts import User
from programs.agreement.state import standing_of
from programs.plan.models import Program
from programs.sessions.thread import State, Thread


def sealed(program: Program, thread: Thread, user: User) -> dict:
    """Nothing sealed is shown here."""
    return {}


sealed_for_client = sealed


def counselor_panel(program: Program, thread: Thread, texts: dict[str, list], *, user: User, now: datetime) -> dict:
    """What templates/programs/agreement/_panel.html shows."""
    standing = standing_of(program, user)
    ours = {program.counselor_id, *(counselor.pk for counselor in program.co_counselors.all())}
    booked = [station.meeting for station in thread.stations if station.state == State.BOOKED]
    by_video = [meeting for meeting in booked if meeting.mode == Mode.VIDEO and meeting.starts_at > now]
    return {
        "agreement": {
            "program": program,
            "standing": standing,
            "may_write": program.is_led_by(user),
            "rests_too_long": standing.rests_too_long(now),
            "pause_is_over": program.pause_is_over(now),
            "by_video": by_video if standing.refuses_video else [],
            "with_others": [meeting for meeting in booked if meeting.counselor_id not in ours],
        }
    }


def client_panel(program: Program, thread: Thread, texts: dict[str, list], *, user: User, now: datetime) -> dict:
    """What templates/programs/agreement/_client.html shows."""
    return {
        "agreement": {
            "program": program,
            "standing": standing_of(program, user),
            "pause_is_over": program.pause_is_over(now),
        }
    }

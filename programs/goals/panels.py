"""What the page of a program shows of its goals. Asks the database for nothing but what is `sealed`."""

import hashlib
import json

from django.db.models import QuerySet

from programs.goals.actions import TEXTS
from programs.goals.models import Goal
from programs.goals.standing import SetStanding, standings_of
from programs.plan.models import Program


def sealed(program: Program, thread, user) -> dict[str, QuerySet]:
    """The goals with their history: one statement."""
    return {"goals": Goal.objects.of(program).with_history()}


sealed_for_client = sealed


def sealed_for_home(programs: list[Program]) -> dict[str, QuerySet]:
    """The goals of several programs of one client, with their history: one statement."""
    return {"goals": Goal.objects.of_all(programs).with_history()}


def clients_of(program: Program) -> list:
    """The program's clients in their order, from its members as fetched."""
    return [member.client for member in program.members.all()]


def counselor_panel(program: Program, thread, texts: dict[str, list], *, user, now) -> dict:
    """Each set of goals with ladders and scores, and what can be done with them."""
    sets = standings_of(texts["goals"], clients_of(program))
    return {
        "goal_sets": sets,
        "can_write_goals": program.is_led_by(user),
        "can_rate_goals": program.is_led_by(user) and program.is_signed and any(each.is_frozen for each in sets),
    }


def client_panel(program: Program, thread, texts: dict[str, list], *, user, now) -> dict:
    """A client's goals from the beginning until now in the agreed words, and whether a session waits for their 0–10."""
    clients = clients_of(program)
    client = next(client for client in clients if client.user_id == user.pk)
    sets = standings_of(texts["goals"], clients)
    return {
        "own_goals": [own_goal(row, client) for each in sets if each.is_frozen for row in each.standings],
        "goals_to_agree": _to_agree(program, sets),
        "session_to_check": _to_check(program, thread, sets, client),
    }


def own_goal(standing, client) -> dict:
    """A goal as its client sees it: from the sentence at the beginning to the one they chose last. No number."""
    texts = standing.goal.level_texts
    now = standing.view_of(client).now
    return {
        "goal": standing.goal,
        "began": texts[standing.goal.baseline],
        "now": None if now is None else texts[now],
        "expected": texts[0],
    }


def wording_of(goals) -> str:
    """What stands for the exact wording of opened goals, so that nobody agrees to what they have not read."""
    texts = [[str(goal.pk), goal.weight, *(getattr(goal, name) for name in TEXTS)] for goal in goals]
    return hashlib.sha256(json.dumps(sorted(texts)).encode()).hexdigest()


def _to_agree(program: Program, sets: list[SetStanding]) -> list:
    """Goals that were written after the agreement and wait for this client's yes; a couple's are agreed on together."""
    waiting = [each for each in sets if not each.is_frozen]
    return waiting[0].standings if waiting and program.is_signed else []


def _to_check(program: Program, thread, sets: list[SetStanding], client) -> int | None:
    """The number of the session held last, if this client has not said yet how near each goal felt."""
    last = thread.last_done
    rows = [row for each in sets if each.is_frozen for row in each.standings]
    if last is None or not rows or not program.is_signed:
        return None
    said = {check["session"] for row in rows for check in row.checks if check["client"] == str(client.pk)}
    return None if last.number in said else last.number

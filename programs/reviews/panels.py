"""What the page of a program shows of reviews, the ending and what follows. One statement; no sealed text."""

from programs.goals.panels import clients_of
from programs.plan.models import Program
from programs.reviews.state import Asked, is_near_the_end, state_of


def sealed(program: Program, thread, user) -> dict:
    """Nothing: the panels tell what there is, and the texts stand on pages of their own."""
    return {}


sealed_for_client = sealed


def counselor_panel(program: Program, thread, texts: dict[str, list], *, user, now) -> dict:
    """Which review is due and who has spoken, what was decided before, the ending, and the answers after it."""
    state = state_of(program)
    due = state.due_review(thread) if program.is_signed else None
    clients = clients_of(program)
    return {
        "reviews": state,
        "follow_ups": [row_of(asked) for asked in state.follow_ups_by_day()],
        "review_due": due,
        "review_spoken": [client for client in clients if due and state.has_spoken(client, due)],
        "ending_is_near": program.is_signed and is_near_the_end(thread),
        "can_write_reviews": program.is_led_by(user),
        "can_review": program.is_led_by(user) and program.is_signed and thread.done > 0,
    }


def row_of(asked: list[Asked]) -> dict:
    """What a row tells of all clients who are asked on the same day."""
    return {
        "days_after": asked[0].days_after,
        "due_on": asked[0].due_on,
        "was_asked": any(each.was_asked for each in asked),
        "was_answered": any(each.was_answered for each in asked),
        "answers": sum(each.was_answered for each in asked),
        "people": len(asked),
        "has_meeting": any(each.has_meeting for each in asked),
    }


def client_panel(program: Program, thread, texts: dict[str, list], *, user, now) -> dict:
    """What this client is asked before a review, what they take along at the end, and what is asked afterwards."""
    state = state_of(program)
    client = next(client for client in clients_of(program) if client.user_id == user.pk)
    due = state.due_review(thread) if program.is_signed else None
    return {
        "review_to_prepare": due if due and not state.has_spoken(client, due) else None,
        "review_prepared": due if due and state.has_spoken(client, due) else None,
        "ending_is_shared": state.is_shared,
        "follow_ups_to_answer": [
            each
            for each in state.follow_ups
            if each.client == str(client.pk) and each.was_asked and not each.was_answered
        ],
    }

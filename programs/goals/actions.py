"""Write goals while they are being agreed on, freeze them, and rate them: each side for itself."""

import re
from collections.abc import Mapping
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from practice.people.clients import Client
from practice.records.actions import record
from programs.goals.models import LEVELS, MOST_GOALS, Goal, GoalCheck, GoalRating, GoalSet, Rater
from programs.plan.actions import locked, refuse_but_counselors
from programs.plan.models import SIGNED, Program, Status

TEXTS = ("words", "why", "indicator", "much_less", "less", "expected", "more", "much_more")
LEVEL_FIELDS = dict(zip(LEVELS, TEXTS[3:], strict=True))
LONGEST = 500


def sessions_done(program: Program) -> int:
    """How many sessions of the program were held."""
    return program.sessions.filter(attempts__meeting__status="attended").distinct().count()


# --- Writing -------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_goal(*, program: Program, by, now: datetime, **goal) -> Goal:
    """Write a further goal into the set that is being worked on; the first of a draft begins its set.

    `goal` holds the texts of TEXTS, weight, baseline and perhaps target_on. Raise ValidationError if no set is open,
    if it has five goals, for what `check_goal` refuses, and for anyone but its counselors. Today is the day on
    the clock of who leads the program.
    """
    kept = locked(program)
    refuse_but_counselors(kept, by)
    check_goal(**goal, today=kept.day_of(now))
    goal_set = _open_set(kept) or _first_set(kept)
    taken = set(goal_set.goals.values_list("position", flat=True))
    free = [position for position in range(1, MOST_GOALS + 1) if position not in taken]
    if not free:
        raise ValidationError(_("Five goals are enough. Three are often best."), code="many")
    goal_set.program = kept
    written = Goal.objects.create(goal_set=goal_set, position=free[0], **goal)
    _has_changed(goal_set)
    record(by, "goal.added", written, now=now, program=kept.pk)
    return written


@transaction.atomic
def edit_goal(*, goal: Goal, by, now: datetime, **changes) -> Goal:
    """Replace what a goal says, while its set is not frozen. Refuses as `add_goal` does."""
    kept = _open_goal(goal, by)
    today = kept.goal_set.program.day_of(now)
    check_goal(**changes, today=today if changes.get("target_on") != kept.target_on else None)
    for name, value in changes.items():
        setattr(kept, name, value)
    kept.save()
    _has_changed(kept.goal_set)
    record(by, "goal.changed", kept, now=now, program=kept.goal_set.program_id)
    return kept


@transaction.atomic
def remove_goal(*, goal: Goal, by, now: datetime) -> None:
    """Take a goal out again, while its set is not frozen.

    Raise ValidationError once it is, if a signed note names the goal ("noted"), and for anyone but its counselors.
    """
    kept = _open_goal(goal, by)
    if kept.notes.filter(status="signed").exists():
        raise ValidationError(_("A signed note names this goal: it stays. Change its words instead."), code="noted")
    record(by, "goal.removed", kept, now=now, program=kept.goal_set.program_id)
    kept.delete()
    _has_changed(kept.goal_set)


def _has_changed(goal_set: GoalSet) -> None:
    """Let nobody agree to the set as they read it before."""
    GoalSet.objects.filter(pk=goal_set.pk).update(revision=F("revision") + 1)


def check_goal(*, words, why, indicator, weight, baseline, target_on=None, today: date | None = None, **levels) -> None:
    """Raise ValidationError unless a goal can be rated: worded, five different levels in order, weight 1 to 3.

    The errors are keyed by field. With `today`, the target must lie after it.
    """
    wrong = {}
    texts = {level: levels.get(name, "").strip() for level, name in LEVEL_FIELDS.items()}
    if not words.strip():
        wrong["words"] = _("Write the goal in the client’s own words.")
    if not indicator.strip():
        wrong["indicator"] = _("Write how both of you will see it.")
    for level, text in texts.items():
        if not text:
            wrong[LEVEL_FIELDS[level]] = _("Write what this level looks like.")
        elif _same(text) in {_same(other) for step, other in texts.items() if step < level}:
            wrong[LEVEL_FIELDS[level]] = _("This level says the same as another. Each needs its own sentence.")
    if not wrong and not _in_order(list(texts.values())):
        wrong["expected"] = _("The numbers in the levels go up and down. Put them in order from −2 to +2.")
    if weight not in (1, 2, 3):
        wrong["weight"] = _("Choose a weight from 1 to 3.")
    if baseline not in LEVELS:
        wrong["baseline"] = _("Choose the level at the beginning.")
    if today and target_on and target_on <= today:
        wrong["target_on"] = _("Choose a day after today.")
    for name, text in {"words": words, "why": why, "indicator": indicator, **levels}.items():
        if len(text) > LONGEST:
            wrong[name] = _("Use at most %(limit)d characters.") % {"limit": LONGEST}
    if wrong:
        raise ValidationError(wrong)


def _same(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()


def _in_order(texts: list[str]) -> bool:
    """False if sentences that differ only in one whole number do not rise or fall from level to level.

    Times of day are left alone: bedtimes go past midnight.
    """
    alike: dict[str, list[int]] = {}
    for text in texts:
        numbers = re.findall(r"\d+(?:[.,:]\d+)*", text)
        if len(numbers) == 1 and numbers[0].isdecimal():
            alike.setdefault(_same(text.replace(numbers[0], "")), []).append(int(numbers[0]))
    return all(row in (sorted(row), sorted(row, reverse=True)) for row in alike.values())


def _open_set(program: Program) -> GoalSet | None:
    """The set that may be written in now, if any. Raise ValidationError while nothing may be written."""
    if program.status == Status.PROPOSED:
        raise ValidationError(
            _("The client is reading this proposal and its goals. Take it back first, then change them."),
            code="status",
        )
    if program.status == Status.CLOSED:
        raise ValidationError(_("This program is closed."), code="status")
    return program.goal_sets.filter(frozen_at=None).order_by("number").last()


def _first_set(program: Program) -> GoalSet:
    if program.status != Status.DRAFT:
        raise ValidationError(
            _("The goals are agreed and stay as they are. Start a new set for further goals."), code="frozen"
        )
    return GoalSet.objects.get_or_create(program=program, number=1)[0]


def _open_goal(goal: Goal, by) -> Goal:
    program = locked(Program(pk=goal.goal_set.program_id))
    refuse_but_counselors(program, by)
    kept = Goal.objects.select_related("goal_set").filter(pk=goal.pk).first()
    if kept is None:
        raise ValidationError(_("This goal was taken out meanwhile."), code="gone")
    open_set = _open_set(program)
    if open_set is None or kept.goal_set_id != open_set.pk:
        raise ValidationError(
            _("The goals are agreed and stay as they are. Start a new set for further goals."), code="frozen"
        )
    kept.goal_set.program = program
    return kept


# --- Agreeing ------------------------------------------------------------------------------------------------------


def freeze_goals(*, program: Program, now: datetime) -> GoalSet | None:
    """Freeze the goals that were being written, because they were agreed. Call it with the program locked.

    None if there is nothing to freeze: a program may be agreed on before its goals are.
    """
    goal_set = program.goal_sets.filter(frozen_at=None, goals__isnull=False).distinct().order_by("number").last()
    if goal_set:
        goal_set.frozen_at = now
        goal_set.save(update_fields=["frozen_at"])
    return goal_set


@transaction.atomic
def start_new_set(*, program: Program, by, now: datetime) -> GoalSet:
    """Begin a further set of goals after the agreement: frozen once the client has agreed to it, with a T of its own.

    Raise ValidationError if the program is not under way, if a set is being written already, and for anyone but its
    counselors.
    """
    kept = locked(program)
    refuse_but_counselors(kept, by)
    if kept.status not in SIGNED:
        raise ValidationError(_("New goals can be added while the program is under way."), code="status")
    if kept.goal_sets.filter(frozen_at=None).exists():
        raise ValidationError(_("A new set of goals is being written already."), code="open")
    number = kept.goal_sets.count() + 1
    goal_set = GoalSet.objects.create(program=kept, number=number)
    record(by, "goal_set.started", goal_set, now=now, program=kept.pk)
    return goal_set


@transaction.atomic
def agree_on_goals(*, goal_set: GoalSet, client_agrees: bool, by, now: datetime) -> GoalSet:
    """Freeze a set that was written after the agreement, with the client's consent noted in the trail.

    Either the client says so themselves, or a counselor notes that they did. `goal_set` is as it was when its goals
    were read. Raise ValidationError without consent, without goals, if one was changed since, if the set was frozen
    before, and for anyone else. A draft's first set is frozen by signing.
    """
    kept = locked(Program(pk=goal_set.program_id))
    if not kept.is_of(by):
        refuse_but_counselors(kept, by)
    current = GoalSet.objects.get(pk=goal_set.pk)
    if current.frozen_at:
        raise ValidationError(_("These goals were agreed before."), code="frozen")
    if current.revision != goal_set.revision:
        raise ValidationError(
            _("These goals were changed meanwhile. Read them again before you agree."), code="conflict"
        )
    if kept.status not in SIGNED:
        raise ValidationError(_("The first goals are agreed by signing the proposal."), code="status")
    if not client_agrees:
        raise ValidationError(_("Goals count once the client agrees to them. Tick the box if they do."), code="consent")
    if not current.goals.exists():
        raise ValidationError(_("Write at least one goal first."), code="empty")
    current.frozen_at = now
    current.save(update_fields=["frozen_at"])
    record(by, "goal_set.agreed", current, now=now, program=kept.pk, client_agrees=True)
    return current


# --- Rating --------------------------------------------------------------------------------------------------------


@transaction.atomic
def rate_goals(
    *, program: Program, levels: Mapping, occasion: str, by, now: datetime, client: Client | None = None
) -> list[GoalRating]:
    """Keep the levels that one side sees now: {goal's key: level}. With `client` it is the client's view.

    All or nothing. Raise ValidationError if nothing is rated, for goals of another program or not agreed yet, for
    levels there are not, before the agreement, and if somebody rates for somebody else.
    """
    kept = locked(program)
    _may_rate(kept, by, client, closed_too=occasion in (GoalRating.Occasion.ENDING, GoalRating.Occasion.FOLLOW_UP))
    if occasion not in GoalRating.Occasion:
        raise ValidationError(_("Say on which occasion the goals are rated."), code="occasion")
    _refuse_strangers(kept, levels)
    if any(level not in LEVELS for level in levels.values()):
        raise ValidationError(_("Choose one of the five levels."), code="level")
    after = sessions_done(kept)
    ratings = [
        GoalRating(
            goal_id=goal,
            rater=Rater.CLIENT if client else Rater.COUNSELOR,
            rated_by=by,
            client=client,
            level=level,
            occasion=occasion,
            after_session=after,
            rated_at=now,
        )
        for goal, level in levels.items()
    ]
    GoalRating.objects.bulk_create(ratings)
    record(by, "goals.rated", kept, now=now, client=client, occasion=occasion, count=len(ratings))
    return ratings


@transaction.atomic
def check_goals(*, program: Program, session, values: Mapping, client: Client, by, now: datetime) -> list[GoalCheck]:
    """Keep how near the client felt to each goal at a session that was held: {goal's key: 0 to 10}.

    Said again for the same session, it replaces what was said. All or nothing; refuses as `rate_goals` does.
    """
    kept = locked(program)
    _may_rate(kept, by, client, closed_too=False)
    held = kept.sessions.filter(pk=session.pk, attempts__meeting__status="attended")
    if not held.exists():
        raise ValidationError(_("This session has not taken place yet."), code="session")
    _refuse_strangers(kept, values)
    if any(not isinstance(value, int) or not 0 <= value <= 10 for value in values.values()):
        raise ValidationError(_("Choose a number from 0 to 10."), code="value")
    checks = [
        GoalCheck(goal_id=goal, session=session, client=client, value=value, checked_at=now)
        for goal, value in values.items()
    ]
    GoalCheck.objects.bulk_create(
        checks,
        update_conflicts=True,
        unique_fields=["goal", "session", "client"],
        update_fields=["value", "checked_at"],
    )
    record(by, "goals.checked", kept, now=now, client=client, session=session.number, count=len(checks))
    return checks


def _may_rate(program, by, client, *, closed_too):
    if program.status not in SIGNED and not (closed_too and program.status == Status.CLOSED and program.agreed_at):
        raise ValidationError(_("Goals are rated while the program is under way."), code="status")
    if client is None:
        if not Program.objects.for_counselor(by).filter(pk=program.pk).exists():
            raise ValidationError(_("Only this program’s counselors rate its goals here."), code="rater")
    elif client.user_id != by.pk or not program.members.filter(client=client).exists():
        raise ValidationError(_("You can rate only your own goals."), code="rater")


def _refuse_strangers(program, rated: Mapping):
    if not rated:
        raise ValidationError(_("Choose at least one answer."), code="empty")
    known = set(Goal.objects.agreed().filter(goal_set__program=program).values_list("pk", flat=True))
    if not known.issuperset(rated):
        raise ValidationError(_("These are not goals that were agreed in this program."), code="goal")

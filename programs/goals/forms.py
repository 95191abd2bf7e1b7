"""What is typed about goals, and the levels chosen for them."""

from django import forms
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from programs.goals.actions import LEVEL_FIELDS, LONGEST, TEXTS
from programs.goals.hints import hints_for
from programs.goals.models import LEVELS, Goal
from programs.goals.standing import Standing, level_name, signed

TWO_LINES = {"rows": 2}
WRITE_LEVEL = _("Write what this level looks like.")
_level_name = lazy(level_name, str)


def _text(label, *, missing=None, hint="", rows=2):
    errors = {"max_length": _("Use at most 500 characters.")}
    if missing:
        errors["required"] = missing
    return forms.CharField(
        label=label,
        help_text=hint,
        required=missing is not None,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages=errors,
    )


def _level(level: int):
    return _text(format_lazy("{} · {}", signed(level), _level_name(level)), missing=WRITE_LEVEL)


class GoalForm(forms.Form):
    """One goal with its five levels."""

    words = _text(
        _("The goal, in the client’s own words"),
        missing=_("Write the goal in the client’s own words."),
        hint=_("One thing that changes. For example: “I am in bed before eleven.”"),
    )
    why = _text(_("Why it matters to them"))
    indicator = _text(
        _("How both of you will see it"),
        missing=_("Write how both of you will see it."),
        hint=_("What you can count or observe. For example: nights in a week."),
    )
    much_more = _level(2)
    more = _level(1)
    expected = _level(0)
    less = _level(-1)
    much_less = _level(-2)
    baseline = forms.TypedChoiceField(
        label=_("Where they are now"),
        coerce=int,
        choices=[(level, format_lazy("{} · {}", signed(level), _level_name(level))) for level in LEVELS],
        initial=-1,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the level at the beginning."),
            "invalid_choice": _("Choose the level at the beginning."),
        },
    )
    weight = forms.TypedChoiceField(
        label=_("How much it weighs for the client"),
        coerce=int,
        choices=[(1, _("1 · also important")), (2, _("2 · more important")), (3, _("3 · the most important"))],
        initial=1,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a weight from 1 to 3."),
            "invalid_choice": _("Choose a weight from 1 to 3."),
        },
    )
    target_on = forms.DateField(
        label=_("To be reached by"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    @classmethod
    def of(cls, goal: Goal) -> "GoalForm":
        """The form filled with a goal whose texts are open."""
        names = (*TEXTS, "weight", "baseline", "target_on")
        return cls(initial={name: getattr(goal, name) for name in names})

    def preview(self) -> dict:
        """The goal as it would look, from whatever was typed so far, with hints. Nothing is checked or kept."""
        typed = {name: self._typed(name)[:LONGEST] for name in TEXTS}
        chosen = self._typed("baseline")
        baseline = int(chosen) if chosen in {str(level) for level in LEVELS} else None
        texts = {level: typed[name] for level, name in LEVEL_FIELDS.items()}
        goal = Goal(**typed, baseline=-1 if baseline is None else baseline)
        return {
            "preview": Standing(goal, [], []) if any(texts.values()) else None,
            "preview_words": typed["words"],
            "hints": hints_for(words=typed["words"], indicator=typed["indicator"], levels=texts, baseline=baseline),
        }

    def _typed(self, name: str) -> str:
        value = self[name].value()
        return "" if value is None else str(value).strip()


class LevelsForm(forms.Form):
    """The level of each goal as one side sees it; a goal may be left out. Goals come opened."""

    def __init__(self, *args, goals, for_client=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.goals = list(goals)
        for goal in self.goals:
            self.fields[str(goal.pk)] = forms.TypedChoiceField(
                label=goal.words,
                required=False,
                coerce=int,
                empty_value=None,
                choices=[(level, _choice(level, text, for_client)) for level, text in goal.level_texts.items()],
                widget=forms.RadioSelect,
                error_messages={"invalid_choice": _("Choose one of the five levels.")},
            )
            self.fields[str(goal.pk)].hides_optional = True  # the page says it once

    def chosen(self) -> dict:
        """{goal's key: level} of what was answered."""
        answers = {goal.pk: self.cleaned_data.get(str(goal.pk)) for goal in self.goals}
        return {pk: level for pk, level in answers.items() if level is not None}


def _choice(level, text, for_client):
    if for_client:
        return _now("%(text)s (as agreed)") % {"text": text} if level == 0 else text
    return f"{signed(level)} · {text} · {level_name(level)}"


class ChecksForm(forms.Form):
    """How near each goal felt at one session, from 0 to 10; a goal may be left out. Goals come opened."""

    def __init__(self, *args, goals, **kwargs):
        super().__init__(*args, **kwargs)
        self.goals = list(goals)
        for goal in self.goals:
            self.fields[str(goal.pk)] = forms.TypedChoiceField(
                label=goal.words,
                required=False,
                coerce=int,
                empty_value=None,
                choices=[(value, str(value)) for value in range(11)],
                widget=forms.RadioSelect,
                error_messages={"invalid_choice": _("Choose a number from 0 to 10.")},
            )
            self.fields[str(goal.pk)].hides_optional = True

    chosen = LevelsForm.chosen

"""What is typed between two sessions."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from programs.between.models import MOST_TOPICS, TaskReport

LONG = 4_000
SHORT = 300


class WordsField(forms.CharField):
    """Longer text. The browser does not cut off what is too long, so that nothing pasted is lost unseen."""

    default_error_messages = {
        "max_length": _("This is longer than %(limit_value)d characters. Shorten it: nothing you wrote is lost."),
        "null_characters_not_allowed": _("This holds a character that cannot be kept. Type it once more."),
    }

    def __init__(self, *, most: int = LONG, rows: int = 4, **kwargs):
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(**{"max_length": most, "required": False, "widget": widget} | kwargs)

    def widget_attrs(self, widget):
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class TopicsForm(forms.Form):
    """What a client wants to speak about: picked from the goals, in their own words, or both; two at most."""

    picked = forms.MultipleChoiceField(
        label=_("Pick from your goals"), widget=forms.CheckboxSelectMultiple, required=False
    )
    first = WordsField(label=_("Something else"), most=SHORT, rows=2)
    second = WordsField(label=_("One more thing"), most=SHORT, rows=2)

    def __init__(self, *args, goals: list[str], topics: list[str] = (), **kwargs):
        own = [text for text in topics if text not in goals]
        initial = {"picked": [str(goals.index(text)) for text in topics if text in goals]}
        super().__init__(*args, initial=initial | dict(zip(["first", "second"], own, strict=False)), **kwargs)
        self.goals = goals
        self.fields["picked"].choices = [(str(number), text) for number, text in enumerate(goals)]
        if not goals:
            del self.fields["picked"]

    def clean(self):
        cleaned = super().clean()
        texts = [self.goals[int(number)] for number in cleaned.get("picked", [])]
        texts += [text for text in (cleaned.get("first"), cleaned.get("second")) if text]
        if len(texts) > MOST_TOPICS:
            raise ValidationError(_now("Choose at most two topics: there is more time for each."), code="many")
        return {"texts": texts}


class SeenForm(forms.Form):
    """A text that somebody else may have written anew meanwhile: it knows which one the person looked at."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def clean_seen(self) -> datetime | None:
        """When the text was written that the person looked at; None if there was none."""
        try:
            return parse_datetime(self.cleaned_data["seen"]) if self.cleaned_data["seen"] else None
        except ValueError as error:
            raise ValidationError(_now("Open this page again."), code="invalid") from error


class PlanForm(SeenForm):
    """What the counselor wants to do in a session."""

    text = WordsField(label=_("Plan for this session"), most=LONG, rows=8)


class CardForm(SeenForm):
    """The short card that the clients of a session get."""

    done = WordsField(label=_("What we did"), rows=3)
    task = WordsField(label=_("Task until next time"), rows=3)
    next = WordsField(label=_("What comes next"), rows=3)


class TaskForm(forms.Form):
    """How a task went."""

    outcome = forms.ChoiceField(
        label=_("How did it go?"),
        choices=TaskReport.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how it went."), "invalid_choice": _("Choose how it went.")},
    )
    obstacle = WordsField(
        label=_("Was something in the way?"),
        help_text=_("Your counselor reads this, and their supervisor if they have one. A few words are enough."),
        most=2_000,
    )


class ReflectionForm(forms.Form):
    """What a client found out, and what they will try."""

    found = WordsField(label=_("What did you find out?"), rows=5)
    will_try = WordsField(label=_("What will you try?"), rows=4)
    is_shared = forms.ChoiceField(
        label=_("Who may read this?"),
        choices=[("no", _("Only I")), ("yes", _("My counselor too"))],
        widget=forms.RadioSelect,
        initial="no",
        help_text=_("You can change this at any time."),
        error_messages={"required": _("Choose who may read this."), "invalid_choice": _("Choose who may read this.")},
    )

    def clean_is_shared(self) -> bool:
        return self.cleaned_data["is_shared"] == "yes"

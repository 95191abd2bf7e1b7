"""What is written at a review, at the end, and some time after it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from practice.calendar.desk.times import read_start
from practice.catalog.models import Mode
from programs.agreement.forms import STAFF_READ
from programs.reviews.actions import ENDING_TEXTS, LONGEST
from programs.reviews.models import Decision, Ending

TOO_LONG = _("Use at most 4000 characters.")


def text(label, *, hint="", missing=None, rows=4):
    errors = {"max_length": TOO_LONG}
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


class VoiceForm(forms.Form):
    """What a client says before a review."""

    helps = text(_("What helps you in these sessions?"))
    hinders = text(
        _("What does not help, or gets in the way?"),
        hint=_("You may say this openly. It helps your counselor to do it differently."),
    )


class ReviewForm(forms.Form):
    """What a counselor writes down of a review that was held."""

    helps = text(_("What helps"))
    hinders = text(_("What does not help"))
    summary = text(
        _("What you decided together, and why"), missing=_("Write what you decided together, and why."), rows=5
    )
    decision = forms.ChoiceField(
        label=_("How it goes on"),
        choices=Decision.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how it goes on."),
            "invalid_choice": _("Choose how it goes on."),
        },
    )


class EndingForm(forms.Form):
    """The guided ending: what was achieved, what is taken along, a plan for hard days in six parts, a summary."""

    achieved = text(
        _("What was achieved, goal by goal"),
        hint=_(
            "In words the client would use. What was not reached has a place too. "
            "The client reads it once you share it."
        ),
    )
    takes_along = text(
        _("What the client takes along"),
        hint=_("What they found out about themselves and can do now. The client reads it once you share it."),
    )
    warning_signs = text(_("1. First signs that it gets harder"), rows=3)
    situations = text(_("2. Situations that could be hard"), rows=3)
    what_helps = text(_("3. What helped and will help again"), rows=3)
    first_step = text(_("4. The first small step then"), rows=3)
    people = text(_("5. People to turn to"), rows=3)
    come_back = text(_("6. When and how to come back"), rows=3)
    summary = text(_("Summary for the client"), hint=_("The client reads it once you share it."))
    expected = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    @classmethod
    def of(cls, ending: Ending | None) -> "EndingForm":
        """The form filled with an ending whose texts are open."""
        if ending is None:
            return cls(initial={"expected": 0})
        return cls(initial={name: getattr(ending, name) for name in ENDING_TEXTS} | {"expected": ending.revision})

    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ENDING_TEXTS}


class CloseForm(forms.Form):
    """Why a program is closed."""

    close_reason = forms.ChoiceField(
        label=_("Why the program ends"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose why the program ends."),
            "invalid_choice": _("Choose why the program ends."),
        },
    )
    reason = text(_("In your own words"), hint=STAFF_READ, rows=3)

    def __init__(self, *args, reasons, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["close_reason"].choices = reasons


class AnswerForm(forms.Form):
    """How it is some time after the end."""

    how_it_is = text(
        _("How is it now?"), hint=_("What goes well, what is harder, whether the plan for hard days helps."), rows=6
    )


class FollowUpForm(forms.Form):
    """Which service, how, and when to meet again."""

    start = forms.CharField(
        max_length=35,
        error_messages={"required": _("Choose a day and time."), "max_length": _("Choose a day and time.")},
    )

    def clean_start(self):
        start = read_start(self.cleaned_data["start"])
        if start is None:
            raise forms.ValidationError(_("Choose a day and time."), code="time")
        return start


def first_mode(modes: list[str]) -> str | None:
    """How to meet again, of these ways: by video where it can be, None if there is no way."""
    return Mode.VIDEO if Mode.VIDEO in modes else next(iter(modes), None)

"""What is typed in the library: a method; a template with an outline for each of its sessions, in both languages."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice.catalog.fields import RecordForm, RupiahField, modest
from programs.library.actions import SESSION_FIELDS, VERSION_FIELDS, Draft
from programs.library.models import (
    FEWEST_SESSIONS,
    MOST_SESSIONS,
    Method,
    TemplateSession,
    TemplateVersion,
    review_points,
)

NUMBERS = ("planned_sessions", "pace_days", "minutes")
ONE_LINE = ("aim", "technique")


def _number(label, **kwargs):
    message = gettext_lazy("Enter a whole number, for example 8.")
    return modest(forms.IntegerField(label=label, error_messages={"invalid": message, "required": message}, **kwargs))


class MethodForm(RecordForm):
    typical_from = _number(gettext_lazy("Usually at least … sessions"))
    typical_until = _number(gettext_lazy("Usually at most … sessions"))

    class Meta:
        model = Method
        fields = [
            "name_id", "name_en", "purpose_id", "purpose_en", "typical_from", "typical_until", "source", "note_format",
            "is_in_use",
        ]  # fmt: skip
        widgets = {
            **{f"purpose_{language}": forms.Textarea(attrs={"rows": 6, "lang": language}) for language in ("id", "en")},
            **{f"name_{language}": forms.TextInput(attrs={"lang": language}) for language in ("id", "en")},
            "source": forms.Textarea(attrs={"rows": 2}),
            "note_format": forms.RadioSelect,
        }
        help_texts = {"is_in_use": gettext_lazy("Programs that run with it keep it, whatever you choose here.")}

    def clean_typical_from(self):
        return _modest_count(self.cleaned_data["typical_from"])

    def clean_typical_until(self):
        return _modest_count(self.cleaned_data["typical_until"])


def _modest_count(count):
    """Numbers of sessions that the column can hold; whether they make sense is the method's to say."""
    if not 0 <= count <= 200:
        raise ValidationError(_("Enter a number from 1 to 200."), code="between")
    return count


class ReviewsField(forms.CharField):
    """After which sessions progress is reviewed: "3, 6". Gives a list of int, or None for the usual ones."""

    def prepare_value(self, value):
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        numbers = re.split(r"[\s,;.]+", text.strip(" ,;."))
        if not all(re.fullmatch("[0-9]{1,3}", number) for number in numbers):
            raise ValidationError(_("Enter the numbers of sessions, for example 3, 6."), code="reviews")
        return sorted({int(number) for number in numbers})


class TemplateForm(RecordForm):
    """A version of a template. Each session has its fields: s3_aim_id, s3_aim_en, s3_agenda_id … for the third.

    There are as many as were sent or as are planned now, whichever is more: what was typed is never dropped while
    something is still wrong. Sessions that have just been added are shown before anything is asked of them.
    """

    planned_sessions = _number(
        gettext_lazy("Planned sessions"),
        help_text=gettext_lazy("From 3 to 60. If you plan more than are shown below, save: they are added to fill in."),
    )
    pace_days = _number(
        gettext_lazy("Days from one session to the next"), help_text=gettext_lazy("7 for weekly, 14 for fortnightly.")
    )
    minutes = _number(gettext_lazy("Minutes of a session"))
    price = RupiahField(
        label=gettext_lazy("Price of a session in rupiah"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("For example 350.000. Empty: the price of the service."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    review_after = ReviewsField(
        label=gettext_lazy("Reviews after sessions"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("For example 3, 6. Empty: after a third and two thirds of the sessions."),
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
    )
    keep = forms.ChoiceField(
        label=gettext_lazy("Whose template it is"),
        choices=[
            ("practice", gettext_lazy("The practice’s: all counselors can start from it")),
            ("own", gettext_lazy("My own: only I see it")),
        ],
        widget=forms.RadioSelect,
    )

    class Meta:
        model = TemplateVersion
        fields = VERSION_FIELDS
        widgets = {
            f"{name}_{language}": forms.TextInput(attrs={"lang": language})
            for name in ("title", "problem")
            for language in ("id", "en")
        }

    def __init__(self, data=None, *, methods, sessions, keeps=(), **kwargs):
        super().__init__(data, **kwargs)
        self.fields["method"].queryset = methods
        self.fields["method"].empty_label = None
        if len(keeps) < 2:
            del self.fields["keep"]
        else:
            self.initial.setdefault("keep", keeps[0])
        self.shown = self._sent() if self.is_bound else len(sessions)
        self.planned = self._planned() or self.shown
        for number in range(1, max(self.shown, self.planned) + 1):
            texts = sessions[number - 1] if number <= len(sessions) else {}
            self._add_session(number, texts)

    def _sent(self) -> int:
        """How many sessions were sent with the form."""
        return max((k for k in range(1, MOST_SESSIONS + 1) if f"s{k}_aim_id" in self.data), default=0)

    def _planned(self) -> int:
        """How many sessions are planned by what was typed; 0 if that cannot be."""
        text = str(self.data.get("planned_sessions", "")).strip()
        number = int(text) if re.fullmatch("[0-9]{1,3}", text) else 0
        return number if FEWEST_SESSIONS <= number <= MOST_SESSIONS else 0

    def _add_session(self, number, texts):
        for name in SESSION_FIELDS:
            about, language = name.rsplit("_", 1)
            column = TemplateSession._meta.get_field(name)
            is_asked = name == "aim_id" and number <= min(self.shown, self.planned)
            rows = 2 if about in ONE_LINE else 4
            place = {"number": number, "field": column.verbose_name, "limit": column.max_length}
            self.fields[f"s{number}_{name}"] = forms.CharField(
                label=capfirst(column.verbose_name),
                required=is_asked,
                max_length=column.max_length,
                initial=texts.get(name, ""),
                widget=forms.Textarea(attrs={"rows": rows, "lang": language}),
                error_messages={
                    "required": _("Session %(number)s: say what it is for.") % place,
                    "max_length": _("Session %(number)s, %(field)s: keep this under %(limit)s characters.") % place,
                },
            )
            self.fields[f"s{number}_{name}"].hides_optional = True  # the page says once what is needed

    def clean(self):
        cleaned = super().clean()
        if self.data.get("price", "").strip() == "":
            cleaned["price"] = None
        if "review_after" in cleaned and cleaned["review_after"] is None:
            cleaned["review_after"] = review_points(self.planned) if self.planned else []
        self._refuse_numbers(cleaned)
        if self.planned > self.shown and "planned_sessions" not in self.errors:
            new = {"first": self.shown + 1, "last": self.planned}
            text = _("Sessions %(first)s to %(last)s have been added below. Say what they are for, then save.")
            self.add_error("planned_sessions", ValidationError(text, params=new, code="added"))
        return cleaned

    def _refuse_numbers(self, cleaned):
        """What the version itself says about its numbers, said here once and on the field."""
        names = [*NUMBERS, "price", "review_after"]
        try:
            TemplateVersion(**{name: cleaned.get(name) for name in names}).clean()
        except ValidationError as error:
            for name, errors in error.error_dict.items():
                self.add_error(name, errors)

    def outlines(self):
        """The fields of each session: number, whether it is left out by now, and pairs of one text in two languages."""
        for number in range(1, max(self.shown, self.planned) + 1):
            fields = [self[f"s{number}_{name}"] for name in SESSION_FIELDS]
            pairs = list(zip(fields[::2], fields[1::2], strict=True))
            yield {"number": number, "is_left_out": number > self.planned, "pairs": pairs}

    def draft(self) -> Draft:
        """What the valid form says."""
        said = {name: self.cleaned_data[name] for name in VERSION_FIELDS}
        sessions = [
            {name: self.cleaned_data[f"s{number}_{name}"] for name in SESSION_FIELDS}
            for number in range(1, self.planned + 1)
        ]
        return Draft(**said, sessions=sessions)

    def refuse(self, error: ValidationError):
        """Show what an action refused: on its field where there is one."""
        for name, errors in getattr(error, "error_dict", {None: [error]}).items():
            self.add_error(name if name in self.fields else None, errors)

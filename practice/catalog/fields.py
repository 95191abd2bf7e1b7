"""What people at a front desk type, read into what we keep: money, hours, days, phone numbers, zones, tidy text."""

import re
import unicodedata
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from practice import formats
from practice.zones import zone_names

MOST_RUPIAH = 100_000_000
NEAR_ZONES = [
    ("Asia/Jakarta", "WIB (Jakarta)"),
    ("Asia/Makassar", "WITA (Makassar)"),
    ("Asia/Jayapura", "WIT (Jayapura)"),
]


def tidy(text: str) -> str:
    """Text as it is kept: composed (NFC), without control and direction characters, line breaks apart.

    Blank if nothing in it can be seen.
    """
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    kept = "".join(c for c in text if c in "\n\t\u200c\u200d" or unicodedata.category(c)[0] != "C")
    return kept.strip() if any(unicodedata.category(c)[0] in "LNPS" for c in kept) else ""


def zone_choices():
    """The Indonesian zones first, then every other zone we accept."""
    near = [name for name, _label in NEAR_ZONES]
    others = [(name, name.replace("_", " ")) for name in sorted(zone_names().difference(near))]
    return [(_("Indonesia"), NEAR_ZONES), (_("Elsewhere"), others)]


def modest(field: forms.Field) -> forms.Field:
    """The same field, typed as digits on a phone's number pad."""
    field.widget.attrs.update({"inputmode": "numeric", "autocomplete": "off"})
    return field


class ZoneField(forms.ChoiceField):
    """A time zone that we accept."""

    def __init__(self, **kwargs):
        super().__init__(**{"label": gettext_lazy("Time zone"), "choices": zone_choices} | kwargs)


class DayField(forms.DateField):
    """A calendar day of this century."""

    def __init__(self, **kwargs):
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        limits = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2099, 12, 31))]
        message = gettext_lazy("Enter a day of this century, for example 2026-12-31.")
        super().__init__(**{"widget": widget, "validators": limits} | kwargs)
        self.error_messages |= {"invalid": message, "min_value": message, "max_value": message}


class RupiahField(forms.CharField):
    """Whole rupiah: 350000, 350.000, 350,000, Rp350.000 and Rp 350.000,- are the same. Gives an int."""

    FORM = re.compile(r"(?:rp\.?|idr)? ?([0-9]{1,9}|[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,3}(?:,[0-9]{3})+)(?:,-)?", re.I)

    def prepare_value(self, value):
        return formats.number(value) if isinstance(value, int) else value

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return 0
        found = self.FORM.fullmatch(text)
        amount = int(re.sub("[.,]", "", found[1])) if found else None
        if amount is None or amount > MOST_RUPIAH:
            raise ValidationError(_("Enter the price in digits, for example 350.000."), code="rupiah")
        return amount

    def has_changed(self, initial, data):
        try:
            return self.clean(data) != initial
        except ValidationError:
            return True


class HoursField(forms.CharField):
    """A length of time in hours, kept in minutes: "24", "0,5". At most `most` hours."""

    def __init__(self, *, most=366 * 24, **kwargs):
        self.most = most
        super().__init__(**kwargs)
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})

    def prepare_value(self, value):
        if not isinstance(value, int):
            return value
        text = f"{value / 60:.2f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if (get_language() or "").startswith("id") else text

    def clean(self, value):
        text = super().clean(value)
        found = re.fullmatch(r"([0-9]{1,4})(?:[.,]([0-9]{1,2}))?", text)
        minutes = round(float(f"{found[1]}.{found[2] or 0}") * 60) if found else None
        if minutes is None or minutes > self.most * 60:
            message = _("Enter a number of hours between 0 and %(most)s, for example 24.") % {"most": self.most}
            raise ValidationError(message, code="hours")
        return minutes

    def has_changed(self, initial, data):
        try:
            return self.clean(data) != initial
        except ValidationError:
            return True


class PhoneField(forms.CharField):
    """A number that can be dialled, as the practice writes it: 112, 1500 454, (021) 555-0101, +49 30 …"""

    def __init__(self, **kwargs):
        widget = forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"})
        super().__init__(**{"widget": widget, "required": False, "max_length": 30} | kwargs)

    def clean(self, value):
        text = super().clean(value)
        if text and not (re.fullmatch(r"\+?[0-9() .\-–]+", text) and len(re.findall("[0-9]", text)) >= 3):
            raise ValidationError(_("Enter a phone number in digits, for example 021 555 0101."), code="phone")
        return text


def with_country(number: str) -> str:
    """A phone number with its country, as links to WhatsApp need it: 0812 … and 62812 … become +62812…"""
    digits = re.sub(r"[^+0-9]", "", number)
    if digits.startswith("0"):
        return "+62" + digits[1:]
    return "+" + digits if digits.startswith("62") else digits


class WhatsAppField(PhoneField):
    """A WhatsApp number, kept with its country: 0812 … becomes +62812…, as links need it."""

    def clean(self, value):
        digits = with_country(super().clean(value))
        if digits and not re.fullmatch(r"\+[1-9][0-9]{7,14}", digits):
            raise ValidationError(_("Enter a WhatsApp number, for example 0812 3456 7890."), code="phone")
        return digits

    def prepare_value(self, value):
        return formats.phone(value) if value else value


class HttpsField(forms.URLField):
    """A web address; without a scheme it gets https, and nothing else is taken."""

    def __init__(self, **kwargs):
        super().__init__(**{"required": False, "assume_scheme": "https", "max_length": 300} | kwargs)
        self.widget.attrs["inputmode"] = "url"

    def clean(self, value):
        url = super().clean(value)
        if url and not url.startswith("https://"):
            raise ValidationError(_("Enter an address that begins with https://."), code="https")
        return url


class RecordForm(forms.ModelForm):
    """A plain form of one record. Text is tidied; a name of which nothing can be seen counts as missing.

    `slug_from` names the field of which a new record's name in links is made.
    """

    slug_from = ""

    def clean(self):
        cleaned = super().clean()
        for name, value in list(cleaned.items()):
            if type(value) is not str:
                continue
            cleaned[name] = tidy(value)
            if self.fields[name].required and not cleaned[name]:
                self.add_error(name, self.fields[name].error_messages["required"])
        return cleaned

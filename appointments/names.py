"""What people type about themselves, made fit to keep: names, phone numbers, years of birth."""

import re
import unicodedata
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

OLDEST = 110


def clean_name(text: str) -> str:
    """A name as one line, composed (NFC), without control and direction characters.

    Raise ValidationError if nothing visible is left: a blank-looking name is no name.
    """
    kept = "".join(
        c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c)[0] != "C" or c in "\u200c\u200d"
    )
    name = " ".join(kept.split())
    if not any(unicodedata.category(c)[0] in "LN" for c in name):
        raise ValidationError(_("Enter the name you want to be called."), code="name")
    return name


def clean_phone(text: str) -> str:
    """An Indonesian or international number as +62812…; blank stays blank. Raise ValidationError for anything else."""
    digits = re.sub(r"[\s().\-–]", "", text.strip())
    if not digits:
        return ""
    if re.fullmatch(r"0[1-9]\d{6,12}", digits, re.ASCII):
        digits = "+62" + digits[1:]
    elif re.fullmatch(r"62[1-9]\d{6,12}", digits, re.ASCII):
        digits = "+" + digits
    if not re.fullmatch(r"\+[1-9]\d{7,14}", digits, re.ASCII):
        raise ValidationError(_("Enter a WhatsApp number, for example 0812 3456 7890."), code="phone")
    return digits


def clean_birth_year(text: str, *, today: date) -> int:
    """A year of birth, written in four digits. Raise ValidationError for anything else, and for nobody's year."""
    if not re.fullmatch(r"\d{4}", text, re.ASCII) or not today.year - OLDEST <= int(text) <= today.year:
        raise ValidationError(_("Enter the year of birth, for example 1990."), code="year")
    return int(text)

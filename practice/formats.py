"""How dates, times, zones, money, phone numbers and names are written, in plain functions that every room may use.

`language` is a code such as "id" or "en" and falls back to the active one. `zone` is a tzinfo or an IANA name.
Names of days and months come from CLDR, so a further language needs one more line in FORMS.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names
from django.utils.translation import get_language

INDONESIAN_ZONES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Ujung_Pandang": "WITA",
    "Asia/Jayapura": "WIT",
}
MINUS = "\u2212"
EN_DASH = "\u2013"


@dataclass(frozen=True)
class Forms:
    """What differs between languages, beyond the names of days and months."""

    clock: str
    moment: str
    times: str
    thousands: str
    decimal: str
    free: str
    minutes: tuple[str, str]
    near: tuple[str, str, str]


FORMS = {
    "id": Forms(
        clock="%H.%M",
        moment="{day} pukul {times}",
        times="pukul {times}",
        thousands=".",
        decimal=",",
        free="Gratis",
        minutes=("{count} menit", "{count} menit"),
        near=("Hari ini", "Besok", "Lusa"),
    ),
    "en": Forms(
        clock="%H:%M",
        moment="{day}, {times}",
        times="{times}",
        thousands=",",
        decimal=".",
        free="Free",
        minutes=("{count} minute", "{count} minutes"),
        near=("Today", "Tomorrow", ""),
    ),
}


def moment(at: datetime, zone: tzinfo | str, language: str | None = None) -> str:
    """A day, time and zone in full: "Senin, 23 November 2026 pukul 14.30 WIB"."""
    at = local(at, zone)
    times = f"{clock(at, zone, language)} {_zone_suffix(at, zone)}"
    return _forms(language).moment.format(day=day(at, language), times=times)


def moment_range(start: datetime, end: datetime, zone: tzinfo | str, language: str | None = None) -> str:
    """A meeting in full: "Senin, 23 November 2026 pukul 14.30–15.30 WIB". Both days are named if it passes midnight."""
    start, end = local(start, zone), local(end, zone)
    if start.date() != end.date():
        return f"{moment(start, zone, language)} {EN_DASH} {moment(end, zone, language)}"
    return _forms(language).moment.format(day=day(start, language), times=_times(start, end, zone, language))


def moment_short(at: datetime, zone: tzinfo | str, language: str | None = None) -> str:
    """The short form for staff lists, without the year: "Sen 23 Nov, 14.30"."""
    at = local(at, zone)
    return f"{day_short(at, language)}, {clock(at, zone, language)}"


def time_range(start: datetime, end: datetime, zone: tzinfo | str, language: str | None = None) -> str:
    """Times without the day: "pukul 14.30–15.30 WIB"."""
    start, end = local(start, zone), local(end, zone)
    return _forms(language).times.format(times=_times(start, end, zone, language))


def clock(at: datetime, zone: tzinfo | str, language: str | None = None) -> str:
    """The time alone: "14.30"."""
    return local(at, zone).strftime(_forms(language).clock)


def day(on: date, language: str | None = None, *, year: bool = True) -> str:
    """A day in full: "Senin, 23 November 2026". A datetime counts by its own wall date."""
    weekdays, months = _names(_code(language), "wide")
    text = f"{weekdays[on.weekday()]}, {on.day} {months[on.month]}"
    return f"{text} {on.year}" if year else text


def day_short(on: date, language: str | None = None) -> str:
    """A day for staff lists: "Sen 23 Nov"."""
    weekdays, months = _names(_code(language), "abbreviated")
    return f"{weekdays[on.weekday()]} {on.day} {months[on.month]}"


def day_range(first: date, last: date, language: str | None = None) -> str:
    """A stretch of days: "23–29 November 2026", with month and year said once where they are the same."""
    months = _names(_code(language), "wide")[1]
    end = f"{last.day} {months[last.month]} {last.year}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{EN_DASH}{end}"
    start = f"{first.day} {months[first.month]}"
    return f"{start} {EN_DASH} {end}" if first.year == last.year else f"{start} {first.year} {EN_DASH} {end}"


def near_day(on: date, today: date, language: str | None = None) -> str:
    """ "Hari ini", "Besok" or "Lusa", else nothing. Always print the date beside it."""
    words = _forms(language).near
    ahead = (on - today).days
    return words[ahead] if 0 <= ahead < len(words) else ""


def zone_name(zone: tzinfo | str, at: datetime, language: str | None = None) -> str:
    """WIB, WITA or WIT in Indonesia; elsewhere the city and its offset at that time: "Berlin, UTC+1"."""
    key = zone if isinstance(zone, str) else str(zone)
    if key in INDONESIAN_ZONES:
        return INDONESIAN_ZONES[key]
    if key in ("UTC", "Etc/UTC"):
        return "UTC"
    city = key.rsplit("/", 1)[-1].replace("_", " ")
    return f"{city}, UTC{_offset(local(at, zone).utcoffset())}"


def rupiah(amount: Decimal | int, language: str | None = None) -> str:
    """Money, closed up as Indonesian spelling wants it: "Rp250.000". Zero is "Gratis"."""
    whole = int(Decimal(amount).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if whole == 0:
        return _forms(language).free
    sign = MINUS if whole < 0 else ""
    return f"{sign}Rp{number(abs(whole), language)}"


def number(value: Decimal | int, language: str | None = None) -> str:
    """A number with its thousands apart: "1.250" in Indonesian, "1,250" in English."""
    forms = _forms(language)
    whole, _, fraction = f"{value:,}".partition(".")
    whole = whole.replace(",", forms.thousands).replace("-", MINUS)
    return f"{whole}{forms.decimal}{fraction}" if fraction else whole


def minutes(count: int, language: str | None = None) -> str:
    """A length of time: "60 menit", "1 minute"."""
    one, many = _forms(language).minutes
    return (one if count == 1 else many).format(count=count)


def phone(written: str) -> str:
    """An Indonesian number in its national form, "0812-3456-7890". Any other number is left as it was written."""
    digits = re.sub(r"[\s().\-]", "", written)
    digits = re.sub(r"^(\+62|0062)0?", "0", digits)
    if not re.fullmatch(r"0\d{8,12}", digits):
        return written.strip()
    first = 4 if digits.startswith("08") else 3
    rest = digits[first:]
    cut = 4 if first == 4 or len(rest) > 7 else len(rest) // 2
    return "-".join((digits[:first], rest[:cut], rest[cut:]))


def initials(name: str) -> str:
    """One or two letters for the round beside a name: "Ayu Pratiwi, M.Psi., Psikolog" is AP. Titles do not count."""
    words = [word for word in name.split(",")[0].split() if not word.endswith(".")] or name.split()
    letters = [next((letter for letter in word if letter.isalnum()), "") for word in words]
    letters = [letter for letter in letters if letter]
    return "".join(letters[:1] + letters[1:][-1:]).upper()


def _forms(language: str | None) -> Forms:
    return FORMS.get(_code(language)[:2], FORMS["en"])


def _code(language: str | None) -> str:
    return language or get_language() or "en"


@lru_cache(maxsize=32)
def _names(code: str, width: str) -> tuple[dict[int, str], dict[int, str]]:
    """Names of the days, Monday as 0, and of the months, January as 1."""
    locale = code.replace("-", "_")
    return dict(get_day_names(width, locale=locale)), dict(get_month_names(width, locale=locale))


def local(at: datetime, zone: tzinfo | str) -> datetime:
    """The same instant on the clocks of a zone."""
    return at.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)


def _times(start: datetime, end: datetime, zone: tzinfo | str, language: str | None) -> str:
    """Start and end with their zone; with both offsets where the clocks change in between."""
    first, last = _zone_suffix(start, zone), _zone_suffix(end, zone)
    begin = clock(start, zone, language)
    if first != last:
        begin = f"{begin} {first} "
        return f"{begin}{EN_DASH} {clock(end, zone, language)} {last}"
    return f"{begin}{EN_DASH}{clock(end, zone, language)} {last}"


def _zone_suffix(at: datetime, zone: tzinfo | str) -> str:
    name = zone_name(zone, at)
    return f"({name})" if "," in name else name


def _offset(offset: timedelta) -> str:
    """+1, −5 or +5:45."""
    total = int(offset.total_seconds()) // 60
    hours, rest = divmod(abs(total), 60)
    sign = MINUS if total < 0 else "+"
    return f"{sign}{hours}:{rest:02d}" if rest else f"{sign}{hours}"

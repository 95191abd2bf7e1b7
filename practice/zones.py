"""Which time zones we accept: Area/City names of the IANA database, and UTC."""

from datetime import datetime, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


@cache
def zone_names() -> frozenset[str]:
    """Names that a person may choose. `EST` and its like are left out: they hide whether clocks change."""
    areas = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    return frozenset(name for name in available_timezones() if name.split("/")[0] in areas) | {"UTC"}


def validate_zone(name: str) -> None:
    """Raise ValidationError unless this is a zone we accept."""
    if name not in zone_names():
        raise ValidationError(_("Choose a time zone such as Asia/Jakarta."), code="zone")


@lru_cache(maxsize=600)
def zone(name: str) -> ZoneInfo:
    """The zone of that name. Raise ValidationError if it is not one we accept."""
    validate_zone(name)
    return ZoneInfo(name)


def other_zone(name: str, mine: tzinfo, at: datetime) -> str:
    """The name of that zone if its clocks show another time than mine then; else nothing."""
    return name if at.astimezone(zone(name)).utcoffset() != at.astimezone(mine).utcoffset() else ""

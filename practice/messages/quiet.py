"""Quiet hours: what can wait is not sent between 21:00 and 07:00 where the recipient is."""

from datetime import UTC, datetime, time, timedelta

from practice.zones import zone

QUIET_FROM = 21
QUIET_UNTIL = 7


def morning_after(at: datetime, zone_name: str) -> datetime:
    """The time itself, or the next 07:00 on the recipient's clocks if it lies in their quiet hours."""
    local = at.astimezone(zone(zone_name))
    if QUIET_UNTIL <= local.hour < QUIET_FROM:
        return at
    day = local.date() + timedelta(days=1 if local.hour >= QUIET_FROM else 0)
    return datetime.combine(day, time(QUIET_UNTIL), tzinfo=local.tzinfo).astimezone(UTC)


def is_quiet(at: datetime, zone_name: str) -> bool:
    """True if it is night where the recipient is."""
    return morning_after(at, zone_name) != at

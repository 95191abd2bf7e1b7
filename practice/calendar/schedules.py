"""Working hours, time off and closed days: changing them, and finding what is booked where they no longer allow it.

Nothing here moves or cancels a meeting. What was booked stays booked and is listed until somebody deals with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from practice.calendar.hours import Closure, TimeOff, WorkingHours
from practice.calendar.locks import lock
from practice.calendar.meetings import COMING, Meeting
from practice.calendar.openings import midnight
from practice.catalog.models import Location, Mode
from practice.people.accounts import User
from practice.people.counselors import Counselor
from practice.people.policies import may
from practice.records.actions import record

ONE_DAY = timedelta(days=1)
NAME_LENGTH = 80
UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Hours:
    """One weekly window as it is typed: a weekday (Monday is 0), minutes from midnight, perhaps a place."""

    weekday: int
    from_minute: int
    until_minute: int
    location: Location | None = None


def editable_counselors(user: User) -> QuerySet[Counselor]:
    """Counselors whose hours and time off this user may change: all, or their own."""
    found = Counselor.objects.visible_to(user).order_by("name", "pk")
    return found if may(user, "edit", "schedule") else found.filter(user=user)


@transaction.atomic
def set_hours(
    *,
    counselor: Counselor,
    windows: Sequence[Hours],
    time_zone: str,
    valid_from: date,
    valid_until: date | None,
    by: User,
    now: datetime,
) -> None:
    """Let these windows be the counselor's only hours from one day to another, both included, or from then on.

    What holds before and after stays as it is. Raise ValidationError if windows overlap or the dates are backwards,
    Busy if bookings hold the counselor's calendar for too long.
    """
    refuse_overlaps(windows)
    if valid_until is not None and valid_until < valid_from:
        raise ValidationError(_("The last day lies before the first."), code="backwards")
    lock([("counselor", counselor.pk)])
    _make_room(counselor, valid_from, valid_until)
    WorkingHours.objects.bulk_create(
        WorkingHours(
            counselor=counselor,
            weekday=window.weekday,
            from_minute=window.from_minute,
            until_minute=window.until_minute,
            location=window.location,
            time_zone=time_zone,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        for window in windows
    )
    record(by, "hours.changed", counselor, now=now, valid_from=valid_from, valid_until=valid_until, rows=len(windows))


def refuse_overlaps(windows: Iterable[Hours]) -> None:
    """Raise ValidationError if two windows of one weekday overlap."""
    ordered = sorted(windows, key=lambda w: (w.weekday, w.from_minute))
    for left, right in pairwise(ordered):
        if left.weekday == right.weekday and right.from_minute < left.until_minute:
            raise ValidationError(_("Two times of one day overlap."), code="overlap")


def _make_room(counselor, first, last):
    """Cut what holds between these days out of the counselor's hours."""
    touching = Q(valid_until=None) | Q(valid_until__gte=first)
    if last is not None:
        touching &= Q(valid_from__lte=last)
    for old in WorkingHours.objects.filter(touching, counselor=counselor):
        goes_on = last is not None and (old.valid_until is None or old.valid_until > last)
        if goes_on:
            after = WorkingHours.objects.get(pk=old.pk)
            after.pk, after._state.adding, after.valid_from = None, True, last + ONE_DAY
            after.save(force_insert=True)
        if old.valid_from < first:
            old.valid_until = first - ONE_DAY
            old.save(update_fields=["valid_until"])
        else:
            old.delete()


def lies_in(meeting: Meeting, windows: Iterable[WorkingHours]) -> bool:
    """True if one of the counselor's windows has room for this meeting, at its place if it is in person."""
    for window in windows:
        zone = ZoneInfo(window.time_zone)
        start, end = meeting.starts_at.astimezone(zone), meeting.ends_at.astimezone(zone)
        day = start.date()
        if (
            day.weekday() == window.weekday
            and window.valid_from <= day
            and (window.valid_until is None or day <= window.valid_until)
            and window.from_minute <= start.hour * 60 + start.minute
            and (end.date() - day).days * 24 * 60 + end.hour * 60 + end.minute <= window.until_minute
            and (meeting.mode != Mode.IN_PERSON or meeting.location_id in (None, window.location_id))
        ):
            return True
    return False


def booked_outside_hours(counselors: Iterable[Counselor], user: User, *, now: datetime) -> list[Meeting]:
    """The coming meetings of these counselors that their working hours have no room for, by time: three statements."""
    counselors = list(counselors)
    hours = {}
    for window in WorkingHours.objects.filter(counselor__in=counselors):
        hours.setdefault(window.counselor_id, []).append(window)
    coming = Meeting.objects.visible_to(user).coming(now).filter(counselor__in=counselors).for_listing()
    return [meeting for meeting in coming if not lies_in(meeting, hours.get(meeting.counselor_id, ()))]


@transaction.atomic
def take_time_off(
    *, counselor: Counselor, starts_at: datetime, ends_at: datetime, reason: str | None, by: User, now: datetime
) -> TimeOff:
    """Keep this time free of new meetings. Raise ValidationError if it is over, backwards, or time off already."""
    time_off = TimeOff(counselor=counselor, starts_at=starts_at, ends_at=ends_at, reason=reason or "")
    return _keep_time_off(time_off, "time_off.made", by=by, now=now)


@transaction.atomic
def change_time_off(
    *, time_off: TimeOff, starts_at: datetime, ends_at: datetime, reason: str | None, by: User, now: datetime
) -> TimeOff:
    """Change when somebody is away; without a reason (None) theirs stays. Raise as `take_time_off` does."""
    time_off = TimeOff.objects.select_for_update(of=("self",)).get(pk=time_off.pk)
    time_off.starts_at, time_off.ends_at = starts_at, ends_at
    time_off.reason = time_off.reason if reason is None else reason
    return _keep_time_off(time_off, "time_off.changed", by=by, now=now)


def _keep_time_off(time_off, act, *, by, now):
    if time_off.ends_at <= time_off.starts_at:
        raise ValidationError(_("The end lies before the beginning."), code="backwards")
    if time_off.ends_at <= now:
        raise ValidationError(_("This time has passed."), code="past")
    lock([("counselor", time_off.counselor_id)])
    others = TimeOff.objects.filter(counselor=time_off.counselor_id).exclude(pk=time_off.pk)
    if others.filter(starts_at__lte=time_off.starts_at, ends_at__gte=time_off.ends_at).exists():
        raise ValidationError(_("This is time off already."), code="same")
    time_off.save()
    record(by, act, time_off, now=now, starts_at=time_off.starts_at, ends_at=time_off.ends_at)
    return time_off


def with_booked_count(time_off: QuerySet[TimeOff]) -> QuerySet[TimeOff]:
    """The same, each with `booked_count`: the requested and confirmed meetings that lie in it."""
    inside = Meeting.objects.filter(
        counselor=OuterRef("counselor"),
        status__in=COMING,
        starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=OuterRef("starts_at"),
    )
    counted = inside.order_by().values("counselor").annotate(count=Count("pk")).values("count")
    return time_off.annotate(booked_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0))


def booked_during(time_off: TimeOff, user: User, *, now: datetime) -> QuerySet[Meeting]:
    """The coming meetings that lie in a time off, by time."""
    return (
        Meeting.objects.visible_to(user)
        .coming(now)
        .filter(counselor=time_off.counselor_id, starts_at__lt=time_off.ends_at, ends_at__gt=time_off.starts_at)
        .for_listing()
    )


@dataclass(frozen=True)
class Holiday:
    """A public holiday that the practice may adopt as a closed day."""

    day: date
    name_id: str
    name_en: str
    is_closed: bool


def coming_holidays(country: str, first: date, last: date) -> list[Holiday]:
    """Public holidays and the government's joint leave of a country, between two days; none if it is not known.

    Dates that hang on the moon are estimates; their names say so.
    """
    import holidays  # here, because it takes memory that no other page needs

    try:
        kinds = set(holidays.country_holidays(country).supported_categories) & {"public", "government"}
        known = holidays.country_holidays(country).supported_languages or ()
    except NotImplementedError:
        return []
    years = range(first.year, last.year + 1)

    def names(language):
        language = language if language in known else None
        return holidays.country_holidays(country, years=years, categories=kinds, language=language)

    local, english = names("id"), names("en_US")
    closed = Closure.objects.filter(location=None, ends_on__gte=first, starts_on__lte=last)
    spans = list(closed.values_list("starts_on", "ends_on"))
    return [
        Holiday(
            day,
            local[day][:NAME_LENGTH],
            english.get(day, "")[:NAME_LENGTH],
            any(starts_on <= day <= ends_on for starts_on, ends_on in spans),
        )
        for day in sorted(local)
        if first <= day <= last
    ]


@transaction.atomic
def adopt_holidays(*, chosen: Iterable[Holiday], by: User, now: datetime) -> list[Closure]:
    """Close the practice on these holidays."""
    closures = [
        Closure.objects.create(name_id=day.name_id, name_en=day.name_en, starts_on=day.day, ends_on=day.day)
        for day in chosen
    ]
    for closure in closures:
        record(by, "closure.made", closure, now=now, starts_on=closure.starts_on, ends_on=closure.ends_on)
    return closures


def booked_on_closed_days(closures: Iterable[Closure], user: User, *, now: datetime) -> dict[int, list[Meeting]]:
    """For each closure its coming meetings, by time: two statements. Days are those of the counselor's zone.

    A closed place concerns the meetings in person there.
    """
    closures = list(closures)
    if not closures:
        return {}
    near = Q()
    for closure in closures:
        around = midnight(closure.starts_on - ONE_DAY, UTC), midnight(closure.ends_on + 2 * ONE_DAY, UTC)
        near |= Q(starts_at__lt=around[1], ends_at__gt=around[0])
    meetings = list(Meeting.objects.visible_to(user).coming(now).filter(near).for_listing())
    return {closure.pk: [meeting for meeting in meetings if _falls_on(closure, meeting)] for closure in closures}


def _falls_on(closure, meeting):
    if closure.location_id is not None and closure.location_id != meeting.location_id:
        return False
    zone = ZoneInfo(meeting.counselor.time_zone)
    first = meeting.starts_at.astimezone(zone).date()
    last = (meeting.ends_at - timedelta(seconds=1)).astimezone(zone).date()
    return first <= closure.ends_on and last >= closure.starts_on

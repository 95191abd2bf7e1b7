"""Forms for working hours, time off and closed days. Times are typed as 09.00 or 09:00, or just 9."""

import re
from datetime import timedelta
from itertools import pairwise

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice.calendar.hours import Closure, Weekday
from practice.calendar.openings import instant_of, midnight, moment_of
from practice.calendar.schedules import Hours
from practice.calendar.weeks import wall_time
from practice.catalog.fields import DayField, RecordForm, ZoneField, tidy
from practice.people.models import Counselor
from practice.zones import zone as zone_of

FULL_DAY = 24 * 60
LEAST_RANGES, MOST_RANGES = 3, 12
LONGEST_AWAY = timedelta(days=366)


class ClockField(forms.CharField):
    """A time of day: "9", "09.00", "09:00"; "24.00" is the end of the day. Gives minutes from midnight, or None."""

    def __init__(self, **kwargs):
        super().__init__(**{"required": False, "max_length": 8} | kwargs)
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off", "size": 6})

    def prepare_value(self, value):
        return wall_time(value) if isinstance(value, int) else value

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        found = re.fullmatch(r"([0-9]{1,2})(?:[.:]?([0-5][0-9]))?", text)
        minute = int(found[1]) * 60 + int(found[2] or 0) if found else FULL_DAY + 1
        if minute > FULL_DAY:
            raise ValidationError(_("Enter a time such as 09.00."), code="clock")
        if minute % 5:
            raise ValidationError(_("Enter a time in steps of 5 minutes, such as 09.05."), code="steps")
        return minute


class HoursForm(forms.Form):
    """A counselor's week from one day on: up to three times a day (more where there are more), each perhaps at a place.

    `cleaned_data` matches `set_hours`: windows, time_zone, valid_from, valid_until.
    """

    valid_from = DayField(label=gettext_lazy("From"))
    valid_until = DayField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy("Leave it empty if no end is known. What was planned before then no longer holds."),
    )
    time_zone = ZoneField(help_text=gettext_lazy("The times below are wall times there, all year round."))

    def __init__(self, *args, places, today, week=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.today, self.week = today, list(week)
        self.ranges = self._count_ranges()
        for weekday in Weekday:
            for k in range(self.ranges):
                self._add_range(weekday, k, places)
        if not self.is_bound:
            self._fill()

    def _count_ranges(self):
        """How many times a day the form shows: as many as were sent, or one more than there are."""
        if self.is_bound:
            sent = next((k for k in range(MOST_RANGES) if f"0-{k}-from" not in self.data), MOST_RANGES)
            return max(LEAST_RANGES, sent)
        fullest = max((len(self._rows(weekday)) for weekday in Weekday), default=0)
        return min(MOST_RANGES, max(LEAST_RANGES, fullest + 1))

    def _rows(self, weekday):
        return [row for row in self.week if row.weekday == weekday]

    def _add_range(self, weekday, k, places):
        which = _("%(day)s, time %(number)s") % {"day": weekday.label, "number": k + 1}
        self.fields[f"{weekday}-{k}-from"] = ClockField(label=_("from"), help_text=which)
        self.fields[f"{weekday}-{k}-until"] = ClockField(label=_("until"), help_text=which)
        self.fields[f"{weekday}-{k}-place"] = forms.ModelChoiceField(
            queryset=places,
            required=False,
            label=_("place"),
            help_text=which,
            empty_label=_("Online: video and phone"),
        )

    def _fill(self):
        for weekday in Weekday:
            for k, row in enumerate(self._rows(weekday)[:MOST_RANGES]):
                self.initial[f"{weekday}-{k}-from"] = row.from_minute
                self.initial[f"{weekday}-{k}-until"] = row.until_minute
                self.initial[f"{weekday}-{k}-place"] = row.location_id

    def days(self):
        """What the template shows: for each weekday its name, the rows of three fields in use, and further ones."""
        for weekday in Weekday:
            rows = [[self[f"{weekday}-{k}-{part}"] for part in ("from", "until", "place")] for k in range(self.ranges)]
            used = [k for k, row in enumerate(rows) if any(field.value() or field.errors for field in row[:2])]
            shown = max(used, default=0) + 1
            yield {"name": weekday.label, "rows": rows[:shown], "more": rows[shown:]}

    def clean_valid_from(self):
        first = self.cleaned_data["valid_from"]
        if first < self.today:
            raise ValidationError(_("Choose today or a later day. The past stays as it was."), code="past")
        return first

    def clean(self):
        cleaned = super().clean()
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The last day lies before the first."))
        windows = [window for weekday in Weekday for window in self._day(weekday, cleaned)]
        dates = {name: cleaned.get(name) for name in ("valid_from", "valid_until", "time_zone")}
        return dates | {"windows": windows}

    def _day(self, weekday, cleaned):
        """The windows of one day, in order; errors stand beside the time that is wrong."""
        found = []
        for k in range(self.ranges):
            name = f"{weekday}-{k}"
            start, end = cleaned.get(f"{name}-from"), cleaned.get(f"{name}-until")
            if f"{name}-from" in self.errors or f"{name}-until" in self.errors or (start is None and end is None):
                continue
            if start is None or end is None:
                missing = "from" if start is None else "until"
                said = _("%(day)s: enter when it begins.") if start is None else _("%(day)s: enter when it ends.")
                self.add_error(f"{name}-{missing}", said % {"day": weekday.label})
            elif end <= start:
                self.add_error(f"{name}-until", _("%(day)s: this ends before it begins.") % {"day": weekday.label})
            else:
                found.append((start, end, k, cleaned.get(f"{name}-place")))
        found.sort(key=lambda row: row[:2])
        for left, right in pairwise(found):
            if right[0] < left[1]:
                self.add_error(f"{weekday}-{right[2]}-from", self._overlap(weekday, left, right))
        return [Hours(weekday, start, end, place) for start, end, _k, place in found]

    def _overlap(self, weekday, left, right):
        said = {
            "day": weekday.label,
            "left": f"{wall_time(left[0])}–{wall_time(left[1])}",
            "right": f"{wall_time(right[0])}–{wall_time(right[1])}",
        }
        return _("%(day)s: %(right)s overlaps with %(left)s.") % said


class TimeOffForm(forms.Form):
    """Days or hours away, in the counselor's zone. `cleaned_data` matches `take_time_off`.

    Without times the days are taken whole. `writes_reason` is for the counselor alone: nobody else sees it.
    """

    counselor = forms.ModelChoiceField(
        label=gettext_lazy("Counselor"), queryset=Counselor.objects.none(), empty_label=gettext_lazy("Choose")
    )
    first_on = DayField(label=gettext_lazy("First day"))
    first_at = ClockField(
        label=gettext_lazy("From"), help_text=gettext_lazy("For example 13.00. Leave it empty for the whole day.")
    )
    last_on = DayField(
        label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Leave it empty for one day.")
    )
    last_at = ClockField(label=gettext_lazy("Until"), help_text=gettext_lazy("Leave it empty for the whole day."))
    reason = forms.CharField(label=gettext_lazy("Reason (only you see it)"), required=False, max_length=120)

    def __init__(self, *args, counselors, writes_reason, time_off=None, **kwargs):
        if time_off is not None:
            kwargs["initial"] = _as_typed(time_off)
        super().__init__(*args, **kwargs)
        self.chosen = time_off.counselor if time_off is not None else None
        if self.chosen is None and writes_reason:
            self.chosen = counselors.first()
        if self.chosen is not None:
            del self.fields["counselor"]
        else:
            self.fields["counselor"].queryset = counselors
        if not writes_reason:
            del self.fields["reason"]

    def clean(self):
        cleaned = super().clean()
        counselor = self.chosen or cleaned.get("counselor")
        first, last = cleaned.get("first_on"), cleaned.get("last_on") or cleaned.get("first_on")
        if counselor is None or self.errors.keys() & {"first_on", "first_at", "last_on", "last_at"}:
            return cleaned
        starts_at = self._instant("first_at", first, cleaned.get("first_at") or 0, counselor)
        end = cleaned.get("last_at")
        ends_at = self._instant("last_at", last, FULL_DAY if end is None else end, counselor)
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("last_on" if last < first else "last_at", _("The end lies before the beginning."))
        elif starts_at and ends_at and ends_at - starts_at > LONGEST_AWAY:
            self.add_error("last_on", _("This is longer than a year."))
        reason = tidy(cleaned["reason"]) if "reason" in cleaned else None
        return {"counselor": counselor, "starts_at": starts_at, "ends_at": ends_at, "reason": reason}

    def _instant(self, name, day, minute, counselor):
        zone = zone_of(counselor.time_zone)
        if minute == 0:
            return midnight(day, zone)
        if minute == FULL_DAY:
            return midnight(day + timedelta(days=1), zone)
        instant = instant_of(day, minute, zone)
        if instant is None:
            self.add_error(name, _("The clocks skip this time on that day. Choose another."))
            return None
        return moment_of(instant)


def _as_typed(time_off):
    """The fields of the form that give this time off."""
    zone = zone_of(time_off.counselor.time_zone)
    start, end = time_off.starts_at.astimezone(zone), time_off.ends_at.astimezone(zone)
    minutes = [moment.hour * 60 + moment.minute for moment in (start, end)]
    last_on = end.date() if minutes[1] else end.date() - timedelta(days=1)
    return {
        "first_on": start.date(),
        "first_at": minutes[0] or None,
        "last_on": last_on,
        "last_at": minutes[1] or None,
        "reason": time_off.reason,
    }


class ClosureForm(RecordForm):
    starts_on = DayField(label=gettext_lazy("First day"))
    ends_on = DayField(
        label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Leave it empty for one day.")
    )

    class Meta:
        model = Closure
        fields = ["name_id", "name_en", "starts_on", "ends_on", "location"]

    def __init__(self, *args, places, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["location"].queryset = places
        self.fields["location"].empty_label = _("The whole practice")
        self.fields["location"].label = _("What is closed")

    def clean(self):
        cleaned = super().clean()
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last is None and "ends_on" not in self.errors:
            cleaned["ends_on"] = first
        elif first and last and last < first:
            self.add_error("ends_on", _("The last day lies before the first."))
        elif first and last and last - first > LONGEST_AWAY:
            self.add_error("ends_on", _("This is longer than a year."))
        return cleaned


class HolidaysForm(forms.Form):
    """Which of the suggested holidays the practice closes on."""

    days = forms.MultipleChoiceField(
        label=gettext_lazy("Holidays"),
        error_messages={"required": gettext_lazy("Choose at least one holiday.")},
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args, holidays, **kwargs):
        super().__init__(*args, **kwargs)
        self.by_day = {holiday.day.isoformat(): holiday for holiday in holidays if not holiday.is_closed}
        self.fields["days"].choices = [(day, day) for day in self.by_day]

    def clean_days(self):
        """The chosen holidays."""
        return [self.by_day[day] for day in self.cleaned_data["days"]]

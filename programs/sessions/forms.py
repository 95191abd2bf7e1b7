"""What is typed and chosen to give sessions their times, and to word them."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from appointments.times import read_start
from practice.calendar.forms import ClockField
from practice.catalog.fields import DayField, modest
from practice.catalog.models import Mode
from practice.people.counselors import Counselor
from programs.plan.models import Program
from programs.sessions.planning import Slot, counselors_of, later, weekly_times
from programs.sessions.rules import modes_of
from programs.sessions.thread import State, Thread

A_WEEK = 7
LONGEST_OUTLINE = 2_000


def mode_choices(program: Program) -> list[tuple[str, str]]:
    """How its sessions can be given, to choose from: one at least, which the view has seen to."""
    names = dict(Mode.choices)
    return [(mode, names[mode]) for mode in modes_of(program) if mode in names]


class SeriesForm(forms.Form):
    """From which day on the remaining sessions are held, at which time of the day, how, and how many of them."""

    first = DayField(label=_("First day"))
    at = ClockField(label=_("Time"), required=True)
    mode = forms.ChoiceField(label=_("How you meet"))
    count = modest(forms.IntegerField(label=_("How many sessions"), min_value=1))

    def __init__(self, *args, program: Program, thread: Thread, zone: ZoneInfo, now: datetime, **kwargs):
        self.thread, self.zone = thread, zone
        left = thread.count(State.OPEN)
        last = max((each.meeting for each in thread.stations if each.meeting), key=lambda m: m.starts_at, default=None)
        local = last.starts_at.astimezone(zone) if last else None
        day = local.date() + timedelta(days=thread.plan.pace_days) if local else now.astimezone(zone).date()
        while day <= now.astimezone(zone).date():
            day += timedelta(days=A_WEEK)
        minute = local.hour * 60 + local.minute if local else 9 * 60
        kwargs["initial"] = {"first": day, "at": minute, "count": left} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        modes = mode_choices(program)
        self.fields["mode"].choices = modes
        self.fields["mode"].initial = last.mode if last and last.mode in dict(modes) else None
        self.fields["count"].max_value = left
        self.fields["count"].validators.append(forms.fields.validators.MaxValueValidator(left))
        if len(self.fields["mode"].choices) == 1:
            self.fields["mode"].required = False
            self.fields["mode"].widget = forms.HiddenInput()

    def clean_at(self):
        minute = self.cleaned_data["at"]
        if minute >= 24 * 60:
            raise ValidationError(_now("Enter a time such as 09.00."), code="clock")
        return time(minute // 60, minute % 60)

    def clean_mode(self):
        return self.cleaned_data["mode"] or self.fields["mode"].choices[0][0]

    def slots(self, program: Program) -> list[Slot]:
        """A time for each of the first open sessions, by the pace of the plan."""
        said = self.cleaned_data
        pace, count = self.thread.plan.pace_days, said["count"]
        times = weekly_times(said["first"], said["at"], pace_days=pace, count=count, zone=self.zone)
        numbers = [each.number for each in self.thread.stations if each.state == State.OPEN]
        return [Slot(number, start, program.counselor) for number, start in zip(numbers, times, strict=False)]


@dataclass
class Picked:
    """The times on the page of a series, as they were chosen there, and what is to be done with them."""

    slots: list[Slot]
    mode: str
    wants_to_book: bool

    @classmethod
    def read(cls, data, program: Program, thread: Thread, zone: ZoneInfo) -> "Picked":
        """Understand the page's form. Raise ValidationError for what no page of ours sends."""
        people = {counselor.slug: counselor for counselor in counselors_of(program)}
        slots = []
        for station in thread.stations:
            if f"at_{station.number}" not in data:
                continue
            start = read_start(data[f"at_{station.number}"])
            counselor = people.get(data.get(f"with_{station.number}", program.counselor.slug))
            if start is None or counselor is None:
                raise ValidationError(_now("Choose one time for each session."), code="slots")
            slots.append(Slot(station.number, start, counselor))
        mode = data.get("mode", "")
        if not slots or mode not in program.service.modes:
            raise ValidationError(_now("Choose one time for each session."), code="slots")
        act, _dash, which = data.get("do", "").partition("-")
        number = int(which) if which.isascii() and which.isdigit() and len(which) < 4 else 0
        return cls(changed(slots, act, number, zone), mode, act == "book")


def changed(slots: list[Slot], act: str, number: int, zone: ZoneInfo) -> list[Slot]:
    """The slots after a button was pressed: from this session on a week later, or without it."""
    if act == "skip":
        return [
            replace(slot, starts_at=later(slot.starts_at, A_WEEK, zone)) if slot.number >= number else slot
            for slot in slots
        ]
    if act == "leave" and len(slots) > 1:
        return [slot for slot in slots if slot.number != number]
    return slots


class WhoForm(forms.Form):
    """Who gives one session, and how."""

    counselor = forms.ChoiceField(label=_("Counselor"))
    mode = forms.ChoiceField(label=_("How you meet"))

    def __init__(self, data, *, program: Program, thread: Thread):
        """What is not said, or is no choice, is as it was the last time, if it still can be."""
        self.people: dict[str, Counselor] = {each.slug: each for each in counselors_of(program)}
        self.modes = mode_choices(program)
        last = thread.next_booked or thread.last_done
        usual = last.meeting.mode if last and last.meeting.mode in dict(self.modes) else self.modes[0][0]
        said = {
            "counselor": data.get("counselor") if data.get("counselor") in self.people else program.counselor.slug,
            "mode": data.get("mode") if data.get("mode") in dict(self.modes) else usual,
        }
        super().__init__(said)
        self.fields["counselor"].choices = [(slug, each.name) for slug, each in self.people.items()]
        self.fields["mode"].choices = self.modes

    @property
    def asked_counselor(self) -> Counselor:
        return self.people[self.data["counselor"]]

    @property
    def asked_mode(self) -> str:
        return self.data["mode"]

    @property
    def has_choice(self) -> bool:
        return len(self.people) > 1 or len(self.modes) > 1


def text(label, rows):
    return forms.CharField(
        label=label, required=False, max_length=LONGEST_OUTLINE, widget=forms.Textarea(attrs={"rows": rows})
    )


class OutlineForm(forms.Form):
    """What a session is for."""

    aim = text(_("Aim"), 2)
    agenda = text(_("Agenda"), 4)
    technique = text(_("Technique"), 2)
    task = text(_("Home task"), 3)

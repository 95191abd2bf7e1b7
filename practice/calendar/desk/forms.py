"""What the desk types and chooses: times, answers, reasons, who came, contact data."""

from datetime import UTC, date, datetime
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from practice.calendar.attendance import CALLED_OFF, Attendance
from practice.calendar.desk.history import REASONS
from practice.calendar.desk.times import read_start
from practice.calendar.forms import ClockField
from practice.calendar.models import Meeting, Party
from practice.calendar.openings import instant_of, moment_of
from practice.catalog.fields import DayField, WhatsAppField, ZoneField, modest
from practice.catalog.models import Mode, Room, Service
from practice.people.forms import NameField, email_field
from practice.people.models import Client, Counselor

ANYONE = "any"
OLDEST = 110
CHOOSE_A_TIME = _("Choose a time, or type a day and a time.")


def reasons(*names: str) -> list[tuple[str, str]]:
    return [(name, REASONS[name]) for name in names]


class DateForm(forms.Form):
    """The day to jump to."""

    day = DayField(label=_("Day"), required=False)


class SearchForm(forms.Form):
    """Whom the desk looks for."""

    q = forms.CharField(
        label=_("Name, e-mail or phone number"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )


class PickForm(forms.Form):
    """Where to look for a free time: with whom, how, in which room, from which day. What is not said is as at first."""

    counselor = forms.ChoiceField(label=_("Counselor"))
    mode = forms.ChoiceField(label=_("How you meet"))
    room = forms.ChoiceField(label=_("Room"))
    first = DayField(label=_("From"))

    def __init__(
        self,
        *args,
        service: Service,
        counselors: list[Counselor],
        rooms: list[Room],
        anyone: bool = True,
        is_lenient: bool = False,
        **kwargs,
    ):
        """`anyone` offers to take whoever is free among several counselors; `initial` names the first day.

        A lenient form takes what is no choice of this service for not chosen: it was chosen for another one.
        """
        super().__init__(*args, **kwargs)
        self.people = {str(each.pk): each for each in counselors}
        names = [(pk, each.name) for pk, each in self.people.items()]
        modes = dict(Mode.choices)
        whoever = [(ANYONE, _("Whoever is free"))] if anyone and len(names) != 1 else []
        self.fields["counselor"].choices = [*whoever, *names]
        self.fields["mode"].choices = [(mode, modes[mode]) for mode in service.modes if mode in modes]
        self.fields["room"].choices = [(ANYONE, _("Any free room")), *((str(room.pk), str(room)) for room in rooms)]
        for name in ("counselor", "mode", "room"):
            self.initial.setdefault(name, self.fields[name].choices[0][0])
        if self.is_bound:
            kept = {name: self.data[name] for name in self.fields if self.data.get(name)}
            if is_lenient:
                kept = {name: word for name, word in kept.items() if self._offers(name, word)}
            self.data = {name: self.fields[name].prepare_value(self.initial[name]) for name in self.fields} | kept
        if len(service.modes) < 2:
            del self.fields["mode"]
        if Mode.IN_PERSON not in service.modes or len(rooms) < 2:
            del self.fields["room"]

    def _offers(self, name, word) -> bool:
        choices = getattr(self.fields[name], "choices", None)
        return choices is None or word in dict(choices)

    @property
    def asked_counselors(self) -> list[Counselor]:
        """Those who are asked."""
        chosen = self.people.get(self._value("counselor"))
        return [chosen] if chosen else list(self.people.values())

    @property
    def asked_mode(self) -> str:
        return self._value("mode")

    @property
    def asked_room(self) -> int | None:
        chosen = self._value("room")
        return int(chosen) if chosen != ANYONE and self.asked_mode == Mode.IN_PERSON else None

    @property
    def asked_day(self) -> date:
        return self._value("first")

    def _value(self, name):
        """What was chosen and understood, else what the form began with."""
        has_looked = self.is_bound and self.errors is not None  # asking for the errors cleans the form
        return (self.cleaned_data.get(name) if has_looked else None) or self.initial[name]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What was chosen, as hidden fields."""
        words = {
            "counselor": self._value("counselor"),
            "mode": self.asked_mode,
            "room": self._value("room"),
            "first": self.asked_day.isoformat(),
        }
        return [(name, word) for name, word in words.items() if word]

    @property
    def query(self) -> str:
        """What was chosen but for the day, as the beginning of an address that ends in a day."""
        return "".join(f"{urlencode({name: word})}&" for name, word in self.kept if name != "first")


class VersionForm(forms.Form):
    """What a page says of the meeting it showed: the version the person was looking at."""

    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)

    @property
    def expected(self) -> int:
        """The version, or one that no meeting has if none was sent."""
        found = self.cleaned_data.get("version")
        return -1 if found is None else found


class ApproveForm(VersionForm):
    """The version that was looked at, and perhaps a reason to go outside the hours."""

    outside_hours = forms.ChoiceField(
        label=_("Outside the working hours"),
        required=False,
        choices=[("", _("No, keep to the hours")), *reasons("counselor_agreed", "is_here", "urgent", "other")],
        error_messages={"invalid_choice": _("Choose one of the reasons, or none.")},
    )

    @property
    def said(self) -> dict:
        return {"outside_hours": self.cleaned_data["outside_hours"]}


class StartForm(ApproveForm):
    """The start: one of the times shown, or a day and time typed, perhaps with a reason to go outside the hours."""

    start = forms.CharField(required=False, max_length=20, error_messages={"max_length": CHOOSE_A_TIME})
    day = DayField(label=_("Day"), required=False)
    clock = ClockField(label=_("Time"), help_text=_("In steps of 5 minutes, for example 09.05."))

    def __init__(self, *args, zone: ZoneInfo, **kwargs):
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean(self):
        cleaned = super().clean()
        if self.errors:
            return cleaned
        typed = cleaned.get("day") or cleaned.get("clock") is not None
        cleaned["starts_at"] = self._typed(cleaned) if typed else read_start(cleaned["start"])
        if cleaned["starts_at"] is None and not self.errors:
            self.add_error("start", CHOOSE_A_TIME)
        return cleaned

    def _typed(self, cleaned) -> datetime | None:
        for name in ("day", "clock"):
            if cleaned.get(name) is None:
                self.add_error(name, _now("Enter both a day and a time."))
                return None
        minute = instant_of(cleaned["day"], cleaned["clock"], self.zone)
        if minute is None:
            self.add_error("clock", _now("The clocks skip this time on that day. Choose another one."))
            return None
        return moment_of(minute).astimezone(UTC)

    @property
    def has_typed(self) -> bool:
        """True if a time was typed, or an exception asked for: keep that part of the page open."""
        return self.is_bound and any(self.data.get(name) for name in ("day", "clock", "outside_hours"))


class DeclineForm(VersionForm):
    """Why a request is declined."""

    reason = forms.ChoiceField(
        label=_("Why"),
        choices=reasons("no_time", "counselor_away", "closed", "other"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason."), "invalid_choice": _("Choose one of the reasons.")},
    )


class CancelForm(VersionForm):
    """Whose doing a cancellation is, and why."""

    party = forms.ChoiceField(
        label=_("Who cancels"),
        choices=Party.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose who cancels."), "invalid_choice": _("Choose who cancels.")},
    )
    reason = forms.ChoiceField(
        label=_("Why"),
        choices=reasons("client_asked", "counselor_away", "closed", "mistake", "other"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason."), "invalid_choice": _("Choose one of the reasons.")},
    )


class AttendanceForm(VersionForm):
    """Who came. With one client also who called it off; with several that is a question of its own."""

    def __init__(self, *args, meeting: Meeting, **kwargs):
        super().__init__(*args, **kwargs)
        self.heads = list(meeting.participants.all())
        off = [(CALLED_OFF[party], _OFF[party]) for party in Party]
        is_off = CALLED_OFF.get(meeting.ended_by, "") if meeting.status == "cancelled" else ""
        alone = len(self.heads) == 1
        for head in self.heads:
            choices, initial = (_CAME + off, is_off or head.attendance) if alone else (_CAME, head.attendance)
            self.fields[self.name(head)] = self._radios(head.client.preferred_name, choices, initial)
            self.fields[self.name(head)].required = alone
        if not alone:
            self.fields["called_off"] = self._radios(_("Did it take place?"), [("", _("Yes")), *off], is_off)
            self.fields["called_off"].required = False

    @staticmethod
    def name(head) -> str:
        return f"head-{head.pk}"

    @staticmethod
    def _radios(label, choices, initial):
        errors = {"required": _("Say whether they came."), "invalid_choice": _("Say whether they came.")}
        return forms.ChoiceField(
            label=label, choices=choices, initial=initial or None, widget=forms.RadioSelect, error_messages=errors
        )

    @property
    def said(self) -> dict:
        """The arguments of `record_attendance`."""
        parties = {word: party for party, word in CALLED_OFF.items()}
        words = {head.pk: self.cleaned_data.get(self.name(head), "") for head in self.heads}
        off = self.cleaned_data.get("called_off") or next((word for word in words.values() if word in parties), "")
        return {"called_off_by": parties[off]} if off else {"heads": words}


_CAME = [
    (Attendance.ATTENDED, _("Came")),
    (Attendance.LATE, _("Came late")),
    (Attendance.MISSED, _("Did not come")),
]
_OFF = {
    Party.CLIENT: _("Did not take place: the client called it off"),
    Party.COUNSELOR: _("Did not take place: the counselor called it off"),
    Party.PRACTICE: _("Did not take place: the practice called it off"),
}


class ContactForm(forms.ModelForm):
    """A client's contact data, and how they want to be written to."""

    preferred_name = NameField(label=_("Name"), widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = email_field(widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
    phone = WhatsAppField(label=_("WhatsApp number"))
    channel = forms.ChoiceField(label=_("How to reach them"), choices=Client.Channel.choices, widget=forms.RadioSelect)
    language = forms.ChoiceField(
        label=_("Language"), choices=Client._meta.get_field("language").choices, widget=forms.RadioSelect
    )
    time_zone = ZoneField()
    is_discreet = forms.BooleanField(label=_("Write only “appointment” in messages"), required=False)
    birth_year = modest(forms.IntegerField(label=_("Year of birth"), required=False))
    guardian_name = NameField(label=_("Parent or guardian"), required=False)
    guardian_phone = WhatsAppField(label=_("Phone number of the parent or guardian"))
    guardian_consents = forms.BooleanField(label=_("The parent or guardian agrees to the appointments"), required=False)
    emergency_name = NameField(label=_("Emergency contact"), required=False)
    emergency_phone = WhatsAppField(label=_("Phone number of the emergency contact"))

    class Meta:
        model = Client
        fields = [
            "preferred_name",
            "email",
            "phone",
            "channel",
            "is_discreet",
            "language",
            "time_zone",
            "birth_year",
            "guardian_name",
            "guardian_phone",
            "emergency_name",
            "emergency_phone",
        ]

    def __init__(self, *args, now: datetime, **kwargs):
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["guardian_consents"].initial = self.instance.guardian_consented_at is not None
        self.fields["birth_year"].widget.attrs["maxlength"] = 4
        year = now.year
        self.fields["birth_year"].validators += [MinValueValidator(year - OLDEST), MaxValueValidator(year)]
        message = _("Enter the year of birth, for example 1990.")
        self.fields["birth_year"].error_messages |= {"invalid": message, "min_value": message, "max_value": message}
        self.order_fields([*self.Meta.fields[:10], "guardian_consents", *self.Meta.fields[10:]])

    def clean(self):
        cleaned = super().clean()
        if (
            cleaned.get("channel") == Client.Channel.WHATSAPP
            and not cleaned.get("phone")
            and "phone" not in self.errors
        ):
            self.add_error("phone", _now("Enter the WhatsApp number to reach them there."))
        if cleaned.get("guardian_consents") and not cleaned.get("guardian_name"):
            self.add_error("guardian_name", _now("Enter the name of the parent or guardian who agrees."))
        return cleaned

    def _post_clean(self):
        super()._post_clean()
        if self.cleaned_data.get("guardian_consents"):
            self.instance.guardian_consented_at = self.instance.guardian_consented_at or self.now
        else:
            self.instance.guardian_consented_at = None


class NewClientForm(ContactForm):
    """A new client. Somebody else may share the address of one who is known, and then the desk says so."""

    is_somebody_else = forms.BooleanField(
        label=_("This is somebody else who shares the e-mail address"), required=False
    )


def uuid_of(text: str) -> UUID | None:
    """The id that a link or field names; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None

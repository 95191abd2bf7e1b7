"""What a person types and chooses on the way to an appointment."""

import re
from collections.abc import Sequence
from datetime import date

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from appointments.actions import Booker
from appointments.names import clean_birth_year, clean_name, clean_phone
from appointments.times import read_start
from practice.catalog.models import Mode
from practice.people.clients import Client, may_be_minor
from practice.people.practices import Practice

GUARDIAN = ("guardian_name", "guardian_phone", "guardian_consent")


class SlotForm(forms.Form):
    """The time that was chosen from the list."""

    start = forms.CharField(
        max_length=35,
        error_messages={"required": _("Choose a day and time."), "max_length": _("Choose a day and time.")},
    )

    def clean_start(self):
        start = read_start(self.cleaned_data["start"])
        if start is None:
            raise ValidationError(_now("Choose a day and time."), code="time")
        return start


class DetailsForm(forms.Form):
    """Who is coming, how to reach them, and what they agree to.

    Somebody who is signed in is not asked what the practice knows already of the `people` their account books for:
    they say whom it is for, and `client` is that record, None for somebody new. Under the practice's age of majority a
    parent or guardian is asked for too, once the year of birth shows it.
    """

    name = forms.CharField(
        label=_("Name you want to be called"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={
            "required": _("Enter the name you want to be called."),
            "max_length": _("Use at most 80 characters for the name."),
        },
    )
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("We send the confirmation and a link to change or cancel here."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter your e-mail address, for example name@example.com."),
            "invalid": _("Enter your e-mail address, for example name@example.com."),
            "max_length": _("This e-mail address is too long."),
        },
    )
    phone = forms.CharField(
        label=_("WhatsApp number"),
        required=False,
        max_length=30,
        widget=forms.TelInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        error_messages={
            "required": _("Enter a WhatsApp number, for example 0812 3456 7890."),
            "max_length": _("Enter a WhatsApp number, for example 0812 3456 7890."),
        },
    )
    whom = forms.ChoiceField(
        label=_("Who is this appointment for?"),
        choices=[("self", _("For myself")), ("other", _("For someone else"))],
        initial="self",
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose who this appointment is for."),
            "invalid_choice": _("Choose who this appointment is for."),
        },
    )
    birth_year = forms.CharField(
        label=_("Year of birth"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "bday-year", "maxlength": 4}),
        error_messages={"required": _("Enter the year of birth, for example 1990.")},
    )
    guardian_name = forms.CharField(
        label=_("Name of a parent or guardian"),
        required=False,
        max_length=80,
        error_messages={"max_length": _("Use at most 80 characters for the name.")},
    )
    guardian_phone = forms.CharField(
        label=_("Phone number of the parent or guardian"),
        required=False,
        max_length=30,
        widget=forms.TelInput(attrs={"inputmode": "tel"}),
        error_messages={"max_length": _("Enter a phone number, for example 0812 3456 7890.")},
    )
    guardian_consent = forms.BooleanField(
        label=_("I am the parent or guardian and agree to this appointment."), required=False
    )
    question = forms.CharField(
        label=_("What would you like to talk about?"),
        help_text=_("Write as little as you like. Only your counselor reads this."),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _("Use at most 500 characters. You can tell the rest when you meet.")},
    )
    discreet = forms.ChoiceField(
        label=_("Does someone else see your phone?"),
        help_text=_("We can write just “appointment”. If you choose nothing, that is what we do."),
        required=False,
        choices=[
            ("yes", _("Write just “appointment”")),
            ("no", _("You may also name the counselor and the place")),
        ],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose how we may write to you.")},
    )
    consent = forms.BooleanField(
        label=_("I agree that my counselor uses what I wrote for these sessions. I can withdraw this at any time."),
        error_messages={"required": _("Tick the box if you agree. Without it we cannot book the appointment.")},
    )

    def __init__(self, *args, practice: Practice, mode: str, today: date, people: Sequence[Client] = (), **kwargs):
        super().__init__(*args, **kwargs)
        self.practice, self.mode, self.today, self.people = practice, mode, today, list(people)
        self.client = None
        if self.people:
            self.order_fields(["whom"])
            self._choose_person()
            self._ask_only(self._unknown())
        elif not practice.asks_birth_year:
            del self.fields["birth_year"]
        if mode == Mode.PHONE and "phone" in self.fields:
            self.fields["phone"].required = True
            self.fields["phone"].label = _("Phone number that your counselor calls")
        if not self.is_bound and self.is_for_a_minor:
            self._require_guardian()

    @property
    def is_known(self) -> bool:
        """True if the practice knows who is booking: they are signed in."""
        return bool(self.people)

    @property
    def known_email(self) -> str:
        """Where we write to: the chosen record's address, for somebody new the one the account has proven; else ""."""
        if not self.people:
            return ""
        return self.client.email if self.client else self.people[0].user.email

    def _choose_person(self):
        """Offer the people of the account by name, and find who was chosen; oneself if there is nobody else."""
        own = [person for person in self.people if not person.is_booked_for]
        named = [person for person in self.people if person.is_booked_for or len(own) > 1]
        records = {str(person.pk): person for person in named} | ({"self": own[0]} if len(own) == 1 else {})
        field, words = self.fields["whom"], dict(self.fields["whom"].choices)
        field.choices = [
            *([] if len(own) > 1 else [("self", words["self"])]),
            *((str(person.pk), person.preferred_name) for person in named),
            ("other", words["other"]),
        ]
        field.initial = "self" if records.keys() == {"self"} else None
        asked = self.data.get("whom") if self.is_bound else self.initial.get("whom", field.initial)
        self.client = records.get(asked or "")
        self.is_somebody_new = asked in ("self", "other") and self.client is None

    def _unknown(self) -> set[str]:
        """The details that the practice does not know yet of whoever was chosen."""
        asked = set()
        if self.mode == Mode.PHONE and not (self.client or self.people[0]).phone:
            asked |= {"phone"}
        if self.is_somebody_new:
            asked |= {"name", *GUARDIAN} | ({"birth_year"} if self.practice.asks_birth_year else set())
        if self.is_for_a_minor:
            asked |= {*GUARDIAN}
        return asked

    def _ask_only(self, unknown: set[str]):
        for name in {"name", "email", "phone", "birth_year", "discreet", *GUARDIAN} - unknown:
            del self.fields[name]
        if "name" in unknown:
            self.fields["name"].label = _("Name of the person who comes")
            self.fields["name"].error_messages["required"] = _("Enter the name of the person who comes.")
            for name in {"name", "birth_year"} & unknown if self.is_bound and "name" not in self.data else ():
                self.fields[name].required = False  # nobody was asked yet: one sentence, no list of errors

    def clean_name(self):
        return clean_name(self.cleaned_data["name"])

    def clean_phone(self):
        return clean_phone(self.cleaned_data["phone"])

    def clean_birth_year(self):
        text = self.cleaned_data["birth_year"]
        if not text and not self.fields["birth_year"].required:
            return None
        return clean_birth_year(text, today=self.today)

    def clean_question(self):
        return self.cleaned_data["question"].replace("\r\n", "\n")

    def clean(self):
        cleaned = super().clean()
        if self.is_known and "name" in self.fields and "name" not in self.data:
            self.errors.pop("name", None)
            self.add_error("name", _now("Fill in below who comes."))
            for name in {"name", "birth_year"} & self.fields.keys():
                self.fields[name].required = True
        elif self.is_for_a_minor:
            self._clean_guardian(cleaned)
        return cleaned

    def _clean_guardian(self, cleaned):
        self._require_guardian()
        if "guardian_name" not in self.data:  # nobody was asked yet: one sentence, no list of errors
            self.add_error("guardian_name", _now("A parent or guardian is needed too. Fill in their part below."))
            return
        try:
            cleaned["guardian_name"] = clean_name(cleaned.get("guardian_name") or "")
        except ValidationError:
            self.add_error("guardian_name", _now("Enter the name of a parent or guardian."))
        try:
            cleaned["guardian_phone"] = clean_phone(cleaned.get("guardian_phone") or "")
        except ValidationError:
            cleaned["guardian_phone"] = ""
        if not cleaned["guardian_phone"]:
            self.add_error("guardian_phone", _now("Enter a phone number, for example 0812 3456 7890."))
        if not cleaned.get("guardian_consent"):
            self.add_error("guardian_consent", _now("We also need a parent or guardian to agree."))

    def _require_guardian(self):
        """Show the guardian's fields as what they are then: not optional."""
        for name in GUARDIAN:
            self.fields[name].required = True

    @property
    def is_for_a_minor(self) -> bool:
        """True if the year of birth, once it is understood, asks for a guardian."""
        if self.client:
            is_minor = self.client.is_minor(on=self.today, adult_age=self.practice.adult_age)
            return is_minor and self.client.guardian_consented_at is None
        cleaned = getattr(self, "cleaned_data", {})
        year = cleaned.get("birth_year") or _year_in(self.initial.get("birth_year"))
        return may_be_minor(year, on=self.today, adult_age=self.practice.adult_age)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What was typed, as hidden fields that carry it to the next screen."""
        return [(name, self.data[name]) for name in self.fields if name in self.data]

    def booker(self, *, language: str, time_zone: str) -> Booker:
        """The person these details describe, for the booking."""
        said, known = self.cleaned_data, self.client
        account = self.people[0] if self.people else None
        minor = self.is_for_a_minor
        return Booker(
            name=known.preferred_name if known else said["name"],
            email=self.known_email or said["email"],
            phone=said.get("phone") or ((known or account).phone if account else ""),
            language=language,
            time_zone=time_zone,
            question=said["question"],
            is_discreet=(known or account).is_discreet if account else said["discreet"] != "no",
            for_someone_else=known.is_booked_for if known else said["whom"] == "other",
            birth_year=said.get("birth_year"),
            guardian_name=said["guardian_name"] if minor else "",
            guardian_phone=said["guardian_phone"] if minor else "",
            guardian_consents=minor and said["guardian_consent"],
            client=known,
            user=account.user if account else None,
        )


DETAILS = list(DetailsForm.base_fields)


def _year_in(text) -> int | None:
    return int(text) if text and re.fullmatch(r"\d{4}", str(text), re.ASCII) else None


class CancelForm(forms.Form):
    """Why somebody cancels, if they want to say: fixed words, nothing about themselves."""

    reason = forms.ChoiceField(
        label=_("Would you like to tell us why?"),
        required=False,
        choices=[
            ("time", _("The time does not suit me any more")),
            ("counselor", _("I would like another counselor")),
            ("cost", _("The price")),
            ("not_needed", _("I do not need it at the moment")),
            ("other", _("Another reason")),
        ],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of the reasons, or none.")},
    )


def language_of(request) -> str:
    """The language in which this person reads the page, as the practice keeps it."""
    codes = [code for code, _name in settings.LANGUAGES]
    return request.language if request.language in codes else settings.LANGUAGE_CODE

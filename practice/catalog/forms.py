"""Forms for setting up: the practice, services, places, rooms, topics, counselors and their licences."""

from itertools import groupby

from babel import Locale
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from practice import formats
from practice.catalog.fields import (
    DayField,
    HoursField,
    HttpsField,
    PhoneField,
    RecordForm,
    RupiahField,
    WhatsAppField,
    ZoneField,
    modest,
)
from practice.catalog.models import Kind, Location, Mode, Room, Service
from practice.people.counselors import Licence, SpokenLanguage, Topic
from practice.people.models import Counselor, Practice, User

STEPS = [5, 10, 15, 20, 30, 60, 90, 120]
MOST_WORDS = 60
NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


def countries():
    """Two-letter codes of countries with their names, as Babel has them in the active language."""
    names = Locale.parse(get_language() or "en", sep="-").territories
    named = ((code, name) for code, name in names.items() if len(code) == 2 and code not in NO_COUNTRIES)
    return sorted(named, key=lambda pair: pair[1])


class PracticeForm(RecordForm):
    phone = PhoneField(label=gettext_lazy("Phone"))
    whatsapp = WhatsAppField(label="WhatsApp", help_text=gettext_lazy("For example 0812 3456 7890."))
    time_zone = ZoneField()
    country = forms.ChoiceField(label=gettext_lazy("Country whose public holidays are suggested"), choices=countries)

    class Meta:
        model = Practice
        fields = ["name", "email", "phone", "whatsapp", "time_zone", "country", "adult_age", "asks_birth_year"]
        help_texts = {
            "name": gettext_lazy("As clients know it. It stands at the top of every page."),
            "adult_age": gettext_lazy("Younger clients book together with a parent or guardian."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        modest(self.fields["adult_age"]).validators.append(_between(12, 25))


def _between(least, most):
    """A validator with one sentence for both ends."""

    def check(value):
        if not least <= value <= most:
            text = _("Enter a number from %(least)s to %(most)s.")
            raise ValidationError(text, params={"least": least, "most": most}, code="between")

    return check


class LocationForm(RecordForm):
    time_zone = ZoneField()

    class Meta:
        model = Location
        fields = ["name", "address", "directions_id", "directions_en", "time_zone", "is_open"]
        widgets = {
            "address": forms.Textarea(attrs={"rows": 3}),
            "directions_id": forms.Textarea(attrs={"rows": 3}),
            "directions_en": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {"is_open": gettext_lazy("Rooms of a place that is not in use cannot be booked.")}


class RoomForm(RecordForm):
    class Meta:
        model = Room
        fields = ["location", "name", "is_open"]
        help_texts = {
            "is_open": gettext_lazy("A room that is not in use cannot be booked. What is booked there stays.")
        }
        error_messages = {
            NON_FIELD_ERRORS: {"unique_together": gettext_lazy("This place has a room of that name already.")}
        }

    def __init__(self, *args, places, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["location"].queryset = places
        self.fields["location"].empty_label = None


class TopicForm(RecordForm):
    slug_from = "name_id"

    class Meta:
        model = Topic
        fields = ["name_id", "name_en"]
        labels = {"name_id": gettext_lazy("Name in Indonesian"), "name_en": gettext_lazy("Name in English")}
        help_texts = {"name_id": gettext_lazy("In the words people use themselves, for example: sulit tidur.")}


def _room_label(room):
    is_open = room.is_open and room.location.is_open
    return room.name if is_open else _("%(room)s (not in use)") % {"room": room.name}


class ServiceForm(RecordForm):
    """A service with its rules. Lengths of notice are typed in hours, the price as people write it."""

    slug_from = "name_id"
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=Kind.choices,
        help_text=gettext_lazy(
            "A consultation is one meeting. An initial consultation can lead to a program of several."
        ),
    )
    step = forms.TypedChoiceField(label=gettext_lazy("A meeting can start every …"), coerce=int)
    modes = forms.MultipleChoiceField(
        label=gettext_lazy("How you can meet"), choices=Mode.choices, widget=forms.CheckboxSelectMultiple
    )
    price = RupiahField(
        label=gettext_lazy("Price in rupiah"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("For example 350.000. Leave it empty if it is free."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    notice = HoursField(label=gettext_lazy("Shortest notice, in hours"))
    notice_new_client = HoursField(label=gettext_lazy("Shortest notice for new clients, in hours"))
    free_cancel = HoursField(label=gettext_lazy("Free to cancel until … hours before"))
    free_move = HoursField(label=gettext_lazy("Free to move until … hours before"))

    class Meta:
        model = Service
        fields = [
            "kind", "name_id", "name_en", "fits_id", "fits_en", "about_id", "about_en",
            "minutes", "buffer_before", "buffer_after", "step", "modes",
            "price", "how_to_pay_id", "how_to_pay_en",
            "approval", "notice", "notice_new_client", "horizon_days",
            "free_cancel", "free_move", "moves_allowed", "per_day_cap",
            "counselors", "rooms", "is_public", "position",
        ]  # fmt: skip
        labels = {"horizon_days": gettext_lazy("Bookable up to … days ahead")}
        help_texts = {
            "fits_id": gettext_lazy(
                "One sentence that helps people choose, for example: Anda punya satu hal yang ingin dibahas."
            ),
            "buffer_after": gettext_lazy("Time for notes and a breath. Nothing is booked into it."),
            "notice": gettext_lazy("How long before the start the last booking may come in."),
            "moves_allowed": gettext_lazy("How often a client may move one appointment."),
            "counselors": gettext_lazy("Only they are offered when somebody books this."),
            "is_public": gettext_lazy(
                "Consultations and initial consultations only. Other kinds are arranged by the counselor."
            ),
            "position": gettext_lazy("Small numbers come first."),
        }
        widgets = {
            "approval": forms.RadioSelect,
            "counselors": forms.CheckboxSelectMultiple,
            "rooms": forms.CheckboxSelectMultiple,
            **{
                f"{name}_{language}": forms.Textarea(attrs={"rows": rows})
                for name, rows in {"about": 5, "how_to_pay": 3}.items()
                for language in ("id", "en")
            },
        }

    def __init__(self, *args, counselors, rooms, **kwargs):
        super().__init__(*args, **kwargs)
        fields = self.fields
        fields["step"].choices = [(step, formats.minutes(step)) for step in STEPS]
        fields["counselors"].queryset, fields["rooms"].queryset = counselors, rooms
        fields["rooms"].label_from_instance = _room_label
        limits = {
            "minutes": (5, 480), "buffer_before": (0, 240), "buffer_after": (0, 240), "horizon_days": (1, 366),
            "moves_allowed": (0, 20), "per_day_cap": (1, 50), "position": (0, 999),
        }  # fmt: skip
        for name, ends in limits.items():
            modest(fields[name]).validators.append(_between(*ends))
            fields[name].widget.attrs |= {"min": ends[0], "max": ends[1]}

    def clean(self):
        cleaned = super().clean()
        notice = max(cleaned.get("notice") or 0, cleaned.get("notice_new_client") or 0)
        if notice >= cleaned.get("horizon_days", 366) * 24 * 60:
            self.add_error("horizon_days", _("The notice is longer than this. Nobody could book."))
        if Mode.IN_PERSON in cleaned.get("modes", []) and not cleaned.get("rooms"):
            self.add_error("rooms", _("Meetings in person need a room. Choose one, or leave out “In person”."))
        return cleaned

    def rooms_by_place(self):
        """The choices of rooms, as (place, choices)."""
        choices = list(self["rooms"])
        return [
            (place, list(group))
            for place, group in groupby(choices, key=lambda choice: choice.data["value"].instance.location)
        ]


class CounselorForm(RecordForm):
    """What clients read about a counselor, and what the counselor offers."""

    slug_from = "name"
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"), choices=SpokenLanguage.choices, widget=forms.CheckboxSelectMultiple
    )
    services = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Services offered"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )
    video_link = HttpsField(
        label=gettext_lazy("Video room"),
        help_text=gettext_lazy("The link that clients get for video meetings. Without it nobody can join one."),
    )
    phone = PhoneField(label=gettext_lazy("Phone for calls"))
    time_zone = ZoneField()

    class Meta:
        model = Counselor
        fields = [
            "name", "title", "gender", "languages", "topics",
            "approach_id", "approach_en", "first_session_id", "first_session_en",
            "video_link", "phone", "time_zone", "is_listed",
        ]  # fmt: skip
        help_texts = {
            "title": gettext_lazy("For example: M.Psi., Psikolog."),
            "is_listed": gettext_lazy("Only counselors who are shown can be booked. What is booked stays booked."),
        }
        widgets = {
            "gender": forms.RadioSelect,
            "topics": forms.CheckboxSelectMultiple,
            **{
                f"{name}_{language}": forms.Textarea(attrs={"rows": 4})
                for name in ("approach", "first_session")
                for language in ("id", "en")
            },
        }

    def __init__(self, *args, services=None, **kwargs):
        super().__init__(*args, **kwargs)
        if services is None:
            self.fields.pop("services", None)
        else:
            self.fields["services"].queryset = services
            if self.instance.pk and not self.instance._state.adding:
                self.initial["services"] = list(self.instance.services.values_list("pk", flat=True))

    def _few_words(self, name):
        text = self.cleaned_data[name]
        if len(text.split()) > MOST_WORDS:
            raise ValidationError(_("Keep this to %(most)s words."), params={"most": MOST_WORDS}, code="words")
        return text

    def clean_approach_id(self):
        return self._few_words("approach_id")

    def clean_approach_en(self):
        return self._few_words("approach_en")

    def _save_m2m(self):
        super()._save_m2m()
        if "services" in self.cleaned_data:
            self.instance.services.set(self.cleaned_data["services"])


class NewCounselorForm(CounselorForm):
    """The few things needed to begin; the rest is filled in on the counselor's page, or by themselves."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail for the invitation"),
        required=False,
        help_text=gettext_lazy(
            "They get a link, valid for 72 hours, to choose a password. You can also invite them later."
        ),
    )

    phone = None

    class Meta(CounselorForm.Meta):
        fields = ["name", "title", "languages", "video_link", "time_zone", "is_listed"]

    field_order = ["name", "title", "email", "languages", "services", "video_link", "time_zone", "is_listed"]


class OwnProfileForm(CounselorForm):
    """What counselors write about themselves. Name, title, licences and services are the manager's."""

    time_zone = None

    class Meta(CounselorForm.Meta):
        fields = [
            "gender", "languages", "topics", "approach_id", "approach_en", "first_session_id", "first_session_en",
            "video_link", "phone",
        ]  # fmt: skip


class LicenceForm(RecordForm):
    expires_on = DayField(label=gettext_lazy("Valid until"))

    class Meta:
        model = Licence
        fields = ["kind", "number", "expires_on"]


class BaseLicences(forms.BaseInlineFormSet):
    def get_unique_error_message(self, unique_check):
        return _("Enter each kind of licence once.")

    def add_fields(self, form, index):
        super().add_fields(form, index)
        if "DELETE" in form.fields:  # rows that are saved
            form.fields["DELETE"].label = _("Remove this licence")


Licences = forms.inlineformset_factory(
    Counselor,
    Licence,
    form=LicenceForm,
    formset=BaseLicences,
    extra=len(Licence.Kind.choices),
    max_num=len(Licence.Kind.choices),
    validate_max=True,
    can_delete_extra=False,
)


class InviteForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))


class LinkAccountForm(forms.Form):
    account = forms.ModelChoiceField(
        label=gettext_lazy("Account"), queryset=User.objects.none(), empty_label=None, widget=forms.RadioSelect
    )

    def __init__(self, *args, accounts, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = accounts
        self.fields["account"].label_from_instance = lambda user: f"{user.name} ({user.email})"

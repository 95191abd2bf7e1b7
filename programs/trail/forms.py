"""What somebody is looking for in the trail."""

import re
from datetime import datetime, time, timedelta

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from practice.catalog.fields import DayField
from practice.people.models import Client, Role, User
from programs.trail.lines import ids_with
from programs.trail.words import THINGS

OPENED = "opened"
CODE = re.compile(r"^([0-9a-f]{4})[- ]?([0-9a-f]{4})$", re.IGNORECASE)


class TrailForm(forms.Form):
    """Narrows the trail by person, thing, client and day. What is empty narrows nothing.

    A data officer chooses among all staff and types a client's code; others choose among the clients they may see.
    """

    who = forms.ModelChoiceField(label=_("Who did it"), queryset=User.objects.none(), required=False)
    what = forms.ChoiceField(label=_("What was done"), required=False)
    code = forms.CharField(
        label=_("Client’s code"), max_length=9, required=False, help_text=_("Eight characters, for example 3F2A-9C1B.")
    )
    client = forms.ModelChoiceField(label=_("Client"), queryset=Client.objects.none(), required=False)
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Until"), required=False)

    def __init__(self, *args, reader, **kwargs):
        super().__init__(*args, **kwargs)
        things = sorted({str(label): name for name, label in reversed(THINGS.items())}.items())
        self.fields["what"].choices = [
            ("", _("Everything")),
            (OPENED, _("Every opening of clinical text")),
            *((name, label) for label, name in things),
        ]
        self.fields["who"].empty_label = self.fields["client"].empty_label = _("Everybody")
        if reader.has_role(Role.DATA_OFFICER):
            self.fields["who"].queryset = User.objects.ever_staff().order_by("name", "pk")
            del self.fields["client"]
        else:
            self.fields["client"].queryset = Client.objects.visible_to(reader).order_by("preferred_name", "pk")
            del self.fields["who"], self.fields["code"]

    def clean_code(self):
        typed = self.cleaned_data["code"].strip()
        found = CODE.match(typed)
        if typed and not found:
            raise forms.ValidationError(_("A code has eight characters, 0–9 and A–F, for example 3F2A-9C1B."))
        return "".join(found.groups()).lower() if found else ""

    def clean(self):
        said = super().clean()
        if said.get("since") and said.get("until") and said["until"] < said["since"]:
            self.add_error("until", _("The end lies before the beginning."))
        return said

    def narrow(self, events):
        """The events that were asked for. Days are those of the reader's time zone."""
        said = self.cleaned_data
        if said.get("who"):
            events = events.filter(actor=said["who"].pk)
        if said["what"] == OPENED:
            events = events.reads()
        elif said["what"]:
            label = str(THINGS[said["what"]])
            alike = [name for name, other in THINGS.items() if str(other) == label]
            events = events.filter(_any_of(alike))
        if said.get("code"):
            events = events.filter(client_id__range=ids_with(said["code"]))
        if said.get("client"):
            events = events.filter(client_id=said["client"].pk)
        if said["since"]:
            events = events.filter(at__gte=_midnight(said["since"]))
        if said["until"]:
            events = events.filter(at__lt=_midnight(said["until"] + timedelta(days=1)))
        return events

    def asked(self) -> dict[str, str]:
        """What is looked for, as the links to further pages carry it and as the trail keeps it."""
        return {name: _plain(value) for name, value in self.cleaned_data.items() if value}

    def client_asked_for(self) -> Client | None:
        """The one client whose lines are looked for, if it is one."""
        if self.cleaned_data.get("code"):
            found = list(Client.objects.filter(pk__range=ids_with(self.cleaned_data["code"]))[:2])
            return found[0] if len(found) == 1 else None
        return self.cleaned_data.get("client")


def _plain(value) -> str:
    return str(getattr(value, "pk", value))


def _any_of(things):
    wanted = Q()
    for thing in things:
        wanted |= Q(act__startswith=f"{thing}.")
    return wanted


def _midnight(day):
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())

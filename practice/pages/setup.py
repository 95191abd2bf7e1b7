"""The front page of the settings: what one's role may change, and the first steps of a practice that is still empty."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from practice.calendar.models import Closure, WorkingHours
from practice.catalog.models import Service
from practice.catalog.profiles import WARN_BEFORE, without_video_room
from practice.pages.help import contacts_to_check
from practice.pages.models import HelpContact
from practice.people.models import Counselor, Licence, Practice
from practice.people.policies import POLICY, may, requires_any


@dataclass(frozen=True)
class Entry:
    """One line of the settings: where it leads, and which things of the policy table one may edit or read there."""

    url_name: str
    title: str | Promise
    text: str | Promise
    things: tuple[str, ...]

    @property
    def url(self):
        return reverse(self.url_name)


ENTRIES = [
    Entry(
        "settings_practice",
        gettext_lazy("The practice"),
        gettext_lazy("Name, contact, time zone and the age from which clients book alone."),
        ("practice",),
    ),
    Entry(
        "settings_services",
        gettext_lazy("Services"),
        gettext_lazy("What can be booked, how long it takes, what it costs and by which rules."),
        ("service",),
    ),
    Entry(
        "settings_counselors",
        gettext_lazy("Counselors"),
        gettext_lazy("Profiles, licences, what each offers, and their invitation."),
        ("counselor",),
    ),
    Entry(
        "settings_profile",
        gettext_lazy("My profile"),
        gettext_lazy("What clients read about you before they book."),
        ("own_profile",),
    ),
    Entry(
        "settings_hours",
        gettext_lazy("Working hours"),
        gettext_lazy("The weekly times in which appointments can be booked."),
        ("schedule", "own_schedule"),
    ),
    Entry(
        "settings_time_off",
        gettext_lazy("Time off"),
        gettext_lazy("Days or hours in which somebody takes no appointments."),
        ("schedule", "own_schedule"),
    ),
    Entry(
        "settings_closures",
        gettext_lazy("Closed days"),
        gettext_lazy("Public holidays and other days on which the practice is closed."),
        ("closure",),
    ),
    Entry(
        "settings_places",
        gettext_lazy("Places"),
        gettext_lazy("Addresses where clients are received, and how to find them."),
        ("place",),
    ),
    Entry(
        "settings_rooms",
        gettext_lazy("Rooms"),
        gettext_lazy("Each holds one meeting at a time."),
        ("room",),
    ),
    Entry(
        "settings_topics",
        gettext_lazy("Topics"),
        gettext_lazy("What people seek help with, in plain words, for the counselors’ profiles."),
        ("counselor",),
    ),
    Entry(
        "settings_help",
        gettext_lazy("Help contacts"),
        gettext_lazy("Whom people can turn to in a crisis, checked by hand every 90 days."),
        ("help",),
    ),
    Entry(
        "people",
        gettext_lazy("People and roles"),
        gettext_lazy("Who may sign in, and as what."),
        ("account",),
    ),
]
ONLY_FOR_EDITORS = {"settings_topics"}


@requires_any(("settings", "read"), ("own_schedule", "edit"))
@require_safe
def settings(request):
    """What this person may change, then what they may look up."""
    editable = [e for e in ENTRIES if any(may(request.user, "edit", thing) for thing in e.things)]
    readable = [e for e in ENTRIES if e not in editable and _is_read_by(request.user, e)]
    today = timezone.localdate()
    context = {"editable": editable, "readable": readable}
    if may(request.user, "edit", "practice"):
        context |= {"steps": first_steps(today), "reminders": reminders(today)}
    return render(request, "pages/settings.html", context)


def _is_read_by(user, entry):
    things = [thing for thing in entry.things if (thing, "read") in POLICY]
    return entry.url_name not in ONLY_FOR_EDITORS and any(may(user, "read", thing) for thing in things)


def first_steps(today: date) -> list[dict]:
    """What a practice does to be booked, and what of it is done; empty as soon as nothing necessary is missing."""
    current = WorkingHours.objects.filter(Q(valid_until=None) | Q(valid_until__gte=today), counselor__is_listed=True)
    offered = Service.objects.public().filter(counselors__is_listed=True)
    steps = [
        ("settings_practice", _("Name your practice and how to reach it"), Practice.objects.exists()),
        ("settings_counselor_new", _("Add a counselor, and invite them"), Counselor.objects.listed().exists()),
        ("settings_hours", _("Enter their working hours"), current.exists()),
        ("settings_service_new", _("Add a service that can be booked"), offered.exists()),
        ("settings_holidays", _("Take over the public holidays"), Closure.objects.exists()),
        ("settings_help", _("Add help contacts, and call each once"), HelpContact.objects.exists()),
    ]
    if all(done for _name, _text, done in steps):
        return []
    return [{"url": reverse(name), "text": text, "is_done": done} for name, text, done in steps]


def reminders(today: date) -> list[dict]:
    """What somebody needs to look at again: help contacts, licences, rooms for video."""
    found = []
    if contacts_to_check(today).exists():
        found.append((_("Some help contacts have not been checked for 90 days."), "settings_help", _("Check them")))
    if Licence.objects.filter(expires_on__lte=today + WARN_BEFORE).exists():
        found.append((_("A licence has expired or soon will."), "settings_counselors", _("See the counselors")))
    if without_video_room().exists():
        text = _("A counselor who can be booked by video has no link to a video room.")
        found.append((text, "settings_counselors", _("See the counselors")))
    return [{"text": text, "url": reverse(name), "action": action} for text, name, action in found]

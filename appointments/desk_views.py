"""The desk's way to an appointment: find the client, then one page with the service, the free times and the button."""

from datetime import date
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.desk import book_for_client, services_for
from appointments.replays import LONGEST_KEY, Mismatch, Request
from practice import formats
from practice.calendar.desk.client_views import search
from practice.calendar.desk.forms import PickForm, StartForm, uuid_of
from practice.calendar.desk.times import Search, find_times, nearest_times, zone_label
from practice.calendar.desk.views import rooms_of
from practice.calendar.refusals import with_status_of
from practice.catalog.models import Service
from practice.catalog.views import form_methods
from practice.people.models import Client, Counselor
from practice.people.policies import requires


class BookingForm(StartForm):
    """The start that was chosen, and the key by which a double click is one booking."""

    key = forms.CharField(
        max_length=LONGEST_KEY,
        widget=forms.HiddenInput,
        error_messages={"required": gettext_lazy("Open this page again, then choose the time once more.")},
    )


class ServiceForm(forms.Form):
    """What to book: its kind, length and price, never the name that the practice gave it."""

    service = forms.ChoiceField(label=gettext_lazy("What"))

    def __init__(self, *args, services: list[Service], **kwargs):
        super().__init__(*args, **kwargs)
        self.services = {str(service.pk): service for service in services}
        self.fields["service"].choices = list(labels_of(self.services).items())
        if not self.data.get("service"):
            self.data = {"service": next(iter(self.services), "")}

    @property
    def asked(self) -> Service | None:
        """The service that was chosen, else the first."""
        chosen = self.cleaned_data.get("service") if self.is_valid() else None
        return self.services.get(chosen) or next(iter(self.services.values()), None)


def labels_of(services: dict[str, Service]) -> dict[str, str]:
    """What tells services apart without naming a speciality; the people who give them where nothing else does."""
    labels = {
        key: f"{service.get_kind_display()} · {formats.minutes(service.minutes)} · {formats.rupiah(service.price)}"
        for key, service in services.items()
    }
    alike = {label for label in labels.values() if list(labels.values()).count(label) > 1}
    for key, label in labels.items():
        names = ", ".join(sorted(counselor.name for counselor in services[key].counselors.all()))
        if label in alike and names:
            labels[key] = f"{label} · {names}"
    return labels


@requires("desk", "work")
@form_methods
def book(request):
    """Find the client (no `?client=`), then choose what and when (GET), and book it (POST)."""
    sent = request.POST if request.method == "POST" else request.GET
    if "client" not in sent:
        return choose_client(request)
    clients = Client.objects.visible_to(request.user)
    client = get_object_or_404(clients, pk=uuid_of(sent["client"]))
    now, zone = timezone.now(), timezone.get_current_timezone()
    service_form = ServiceForm(sent, services=list(services_for(request.user).prefetch_related("counselors")))
    service = service_form.asked
    if service is None:
        return render(request, "appointments/desk/nothing.html", {"client": client})
    pick = pick_form(request, sent, service, today=now.astimezone(zone).date())
    wish = search_for(client, service, pick)
    form = BookingForm(request.POST if request.method == "POST" else None, zone=zone, initial={"key": uuid4().hex})
    status, nearby, problem = 200 if service_form.is_valid() and pick.is_valid() else 422, [], None
    if request.method == "POST" and (not form.is_valid() or status == 422):
        status = 422
    elif request.method == "POST":
        try:
            meeting = book_it(client, wish, form, by=request.user, now=now)
        except (ValidationError, Mismatch) as error:
            status, problem = 422, error
            nearby = refused(error, form, wish, zone=zone, now=now)
        else:
            messages.success(request, _("Booked. The client is told by e-mail."))
            return redirect("desk_meeting", meeting.pk)
    context = {
        "client": client,
        "service_form": service_form,
        "service": service,
        "pick": pick,
        "form": form,
        "times": find_times(wish, zone=zone, now=now),
        "nearby": nearby,
        "zone_label": zone_label(zone, now),
        "for_client": [("client", client.pk)],
        "kept": [("client", client.pk), ("service", service.pk), *pick.kept],
        "query": f"client={client.pk}&service={service.pk}&{pick.query}",
    }
    return with_status_of(problem, render(request, "appointments/desk/book.html", context, status=status))


def choose_client(request):
    """Whom to book for: search as on the page of clients, each with a link that goes on here."""
    context = search(request)
    return render(request, "appointments/desk/who.html", context, status=422 if context["form"].errors else 200)


def pick_form(request, sent: QueryDict, service: Service, *, today: date) -> PickForm:
    """With whom and how; what was chosen for another service before counts as not chosen."""
    offering = Counselor.objects.visible_to(request.user).filter(services=service).order_by("name", "pk")
    return PickForm(
        sent,
        service=service,
        counselors=list(offering),
        rooms=rooms_of(request.user, service),
        is_lenient=request.method != "POST",
        initial={"first": today},
    )


def search_for(client: Client, service: Service, pick: PickForm) -> Search:
    return Search(
        service=service,
        counselors=pick.asked_counselors,
        mode=pick.asked_mode,
        room=pick.asked_room,
        first=pick.asked_day,
        clients=[client],
    )


def book_it(client: Client, search: Search, form: BookingForm, *, by, now):
    """Book what was chosen, once for each key."""
    starts_at, outside_hours = form.cleaned_data["starts_at"], form.cleaned_data["outside_hours"]
    body = {
        "client": client.pk,
        "service": search.service.pk,
        "counselors": [counselor.pk for counselor in search.counselors],
        "mode": search.mode,
        "room": search.room,
        "starts_at": starts_at,
        "outside_hours": outside_hours,
    }
    return book_for_client(
        client=client,
        wanted=search.wanted(starts_at),
        request=Request(f"desk:{by.pk}:{form.cleaned_data['key']}", body),
        by=by,
        now=now,
        outside_hours=outside_hours,
    )


def refused(error, form: BookingForm, search: Search, *, zone, now):
    """Say on the form why it was not booked; return the nearest free times."""
    if isinstance(error, Mismatch):
        form.add_error(None, _("This page was sent before with another choice. Look at the client’s appointments."))
        return []
    form.add_error(None, error)
    return nearest_times(search, form.cleaned_data["starts_at"], zone=zone, now=now)

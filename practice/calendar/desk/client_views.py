"""The people the practice knows, as the desk sees them: contact, wishes about messages, meetings; nothing clinical."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from practice.calendar.desk.clients import add_client, change_contact, find_clients, meetings_of, newest_clients
from practice.calendar.desk.days import LOOKS, situation_of, tag_of
from practice.calendar.desk.forms import ContactForm, NewClientForm, SearchForm
from practice.catalog.editing import bound
from practice.catalog.views import form_methods
from practice.people.models import Client, Practice
from practice.people.policies import requires

PAST_ON_A_PAGE = 20


@requires("client", "read")
@require_safe
def clients(request):
    """Search by name, e-mail or phone number; without a search, the newest."""
    context = search(request)
    return render(request, "calendar/desk/clients.html", context, status=422 if context["form"].errors else 200)


def search(request) -> dict:
    """The search that `?q=` asks for and what it finds, for every page that looks for a client."""
    now = timezone.now()
    form = SearchForm(request.GET if "q" in request.GET else None)
    text = form.cleaned_data["q"] if form.is_bound and form.is_valid() else ""
    return {
        "form": form,
        "text": text,
        "found": find_clients(text, request.user, now=now) if text else None,
        "newest": [] if text or form.errors else newest_clients(request.user, now=now),
    }


@requires("client", "edit")
@form_methods
def client_new(request):
    """Add a client; `?q=` fills in what was searched for, `?book=1` goes on to booking."""
    now = timezone.now()
    form = bound(request, NewClientForm, now=now, instance=blank_client(), initial=guess(request.GET.get("q", "")))
    going_on = (request.POST if request.method == "POST" else request.GET).get("book") == "1"
    known = []
    if request.method == "POST" and form.is_valid():
        try:
            client = add_client(
                client=form.instance,
                by=request.user,
                now=now,
                is_somebody_else=form.cleaned_data["is_somebody_else"],
            )
        except ValidationError as error:
            form.add_error(None, error)
            known = (
                Client.objects.visible_to(request.user).with_email(form.instance.email) if error.code == "known" else []
            )
        else:
            messages.success(request, _("Saved."))
            return redirect(
                f"{reverse('desk_book')}?{urlencode({'client': client.pk})}" if going_on else client_url(client)
            )
    context = {"form": form, "known": known, "going_on": going_on}
    return render(request, "calendar/desk/client_new.html", context, status=422 if form.is_bound else 200)


def blank_client() -> Client:
    """A client with the practice's zone."""
    return Client(time_zone=Practice.current().time_zone)


def guess(text: str) -> dict:
    """The field into which a search that found nobody would go."""
    text = text.strip()[:120]
    if "@" in text:
        return {"email": text}
    return {"phone": text} if any(letter.isdigit() for letter in text) else {"preferred_name": text}


def client_url(client) -> str:
    return reverse("desk_client", args=[client.pk])


@requires("client", "read")
@require_safe
def client(request, pk):
    """Contact, wishes, and the meetings that come and that were."""
    found = get_object_or_404(Client.objects.visible_to(request.user), pk=pk)
    now = timezone.now()
    own = meetings_of(found, request.user)
    coming = list(own.coming(now))
    past = Paginator(
        own.exclude(pk__in=[each.pk for each in coming]).order_by("-starts_at", "pk"), PAST_ON_A_PAGE
    ).get_page(request.GET.get("page"))
    for each in [*coming, *past.object_list]:
        situation = situation_of(each.status, each.starts_at, now)
        attendances = [head.attendance for head in each.participants.all()]
        each.tag = tag_of(situation, attendances=attendances, ended_by=each.ended_by, is_late=each.is_late)
        each.look = LOOKS.get(situation, "")
    namesakes = Client.objects.visible_to(request.user).with_email(found.email).exclude(pk=pk)
    context = {"client": found, "coming": coming, "past": past, "namesakes": namesakes}
    return render(request, "calendar/desk/client.html", context)


@requires("client", "edit")
@form_methods
def client_edit(request, pk):
    """Change contact data and wishes."""
    found = get_object_or_404(Client.objects.visible_to(request.user), pk=pk)
    now = timezone.now()
    form = bound(request, ContactForm, now=now, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            change_contact(client=form.instance, by=request.user, now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(client_url(found))
    name = (
        found.preferred_name if not form.is_bound else Client.objects.visible_to(request.user).get(pk=pk).preferred_name
    )
    together = found.user.clients.exclude(pk=pk).order_by("preferred_name", "pk") if found.user else []
    context = {"form": form, "pk": pk, "name": name, "account": found.user, "together": together}
    return render(request, "calendar/desk/client_edit.html", context, status=422 if form.is_bound else 200)

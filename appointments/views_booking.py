"""The four screens of a booking: the time, the details, the check, and the booking itself.

What was typed travels in hidden fields of posted forms: never in an address, never in the session.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import wraps
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from appointments.actions import Choice, book_consultation, extend_hold, hold, something_changed
from appointments.api import BOOKINGS
from appointments.choices import ANY, Offer, find_offer
from appointments.forms import DETAILS, DetailsForm, SlotForm, language_of
from appointments.hold import (
    Pick,
    browser_key,
    candidates,
    is_hasty,
    network_key,
    own_hold,
    own_holds,
    pick_of,
    read_pick,
    stamp,
)
from appointments.replays import Mismatch, Request
from appointments.times import (
    TimeSearch,
    find_week,
    is_day,
    other_clock,
    read_asked,
    read_start,
    week_choices,
    written_start,
)
from practice.calendar.locks import Busy
from practice.calendar.refusals import with_status_of
from practice.calendar.reserving import NotAllowed, Taken, TakenByOwn, Wanted, offer_alternatives, release_hold
from practice.calendar.slots import Wish
from practice.catalog.models import Approval, Mode
from practice.pages.errors import page_not_found
from practice.pages.preferences import ONE_YEAR, LanguageForm
from practice.people.actions import choose_words_and_clock
from practice.people.clients import Client
from practice.people.limits import Limit, LimitReached, count, network_of
from practice.people.practices import Practice

CARRIED = [*DETAILS, "shown", "website", "at", "hold"]
ANY_METHOD = ["GET", "HEAD", "POST"]
CHOICES = Limit("choosing a time", 60, 20 * 60)  # far more than bookings: a network shares them, and holds five anyway
EXTENSIONS = Limit("extending a hold", 20, 20 * 60)


def about_offer(view):
    """A public page about one service that can be booked; 404 for anything else."""

    @login_not_required
    @wraps(view)
    def found(request, slug):
        offer = find_offer(slug)
        return page_not_found(request) if offer is None else view(request, offer)

    return found


def from_a_form(view):
    """What a form sends. Its address stays in the bar after a refusal: opened from there, it leads to the times."""

    @require_http_methods(ANY_METHOD)
    @wraps(view)
    def sent(request, offer):
        return view(request, offer) if request.method == "POST" else redirect("book_time", offer.service.slug)

    return sent


def is_new(request) -> bool:
    """True for whoever is not signed in as a client."""
    return not (request.user.is_authenticated and Client.objects.filter(user=request.user).exists())


def carried(data) -> list[tuple[str, str]]:
    """What was typed on an earlier screen and goes along as hidden fields; nothing before the details were shown."""
    return [(name, data[name]) for name in CARRIED if name in data] if "shown" in data else []


# --- Screen 2: the time --------------------------------------------------------------------------------------------


@about_offer
@require_http_methods(ANY_METHOD)
def book_time(request, offer):
    """The free times; a POST holds the chosen one for ten minutes."""
    if request.method != "POST":
        return time_page(request, offer, request.GET)
    if "go" in request.POST:
        return time_page(request, offer, QueryDict(request.POST["go"][:500]))
    if "show" in request.POST:
        return time_page(request, offer, request.POST)
    return hold_time(request, offer)


def time_page(request, offer: Offer, data, *, form=None, status=200):
    """The week that `data` asks for. What was typed on other screens goes along."""
    now, zone, kept = timezone.now(), timezone.get_current_timezone(), carried(request.POST)
    today = timezone.localdate(now)
    asked = read_asked(data, offer, today=today, zone=zone)
    wish = Wish(
        offer.service,
        asked.mode,
        is_new_client=is_new(request),
        ignoring=tuple(own_holds(key=browser_key(request)).values_list("pk", flat=True)),
    )
    counselors = [each for each in offer.counselors if asked.counselor in (ANY, each.slug)]
    search = TimeSearch(wish, counselors, zone, now, asked.place)
    last = today + timedelta(days=offer.service.horizon_days)
    week = find_week(search, asked, today=today, last=last, zone=zone)
    asked = replace(asked, place=search.place)
    context = {
        "service": offer.service,
        "offer": offer,
        "counselor": next((c for c in offer.counselors if c.slug == asked.counselor), None),
        "form": form,
        "kept": kept,
        "answers_form": "slots" if kept else "",
        "back_from_sign_in": f"{reverse('book_time', args=[offer.service.slug])}?{asked.query()}",
        "modes": [(mode, Mode(mode).label) for mode in offer.service.modes],
        "is_unknown": data.get("counselor", ANY) not in {ANY, "", asked.counselor},
        "date_error": not is_day(data.get("from", "")),
        "places": search.choices(asked),
        **week_choices(week, asked, today=today, last=last, zone=zone, now=now),
    }
    is_fragment = request.htmx and not request.htmx.history_restore_request and status == 200
    template = "appointments/week.html" if is_fragment else "appointments/time.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return private(response) if kept else response


def hold_time(request, offer):
    """Hold the chosen time and go on: to the details, or straight to the check if they were given before."""
    now, key = timezone.now(), browser_key(request)
    form = SlotForm(request.POST)
    if not form.is_valid():
        return time_page(request, offer, request.POST, form=form, status=422)
    asked = read_asked(request.POST, offer, today=timezone.localdate(now), zone=timezone.get_current_timezone())
    start = form.cleaned_data["start"]
    choice = Choice(offer.service, candidates(offer, asked.counselor, start), start, asked.mode, asked.place)
    new = is_new(request)
    try:
        count((CHOICES, network_of(request)), now=now)
        held = hold(choice=choice, hold_key=key, network=network_key(request), is_new_client=new, now=now)
    except Taken as lost:
        wanted = choice.wanted(is_new_client=new)
        return taken_page(request, offer, wanted, asked.counselor, lost=lost, now=now)
    except (NotAllowed, Busy, LimitReached) as error:
        form.add_error("start", said(error))
        return with_status_of(error, time_page(request, offer, request.POST, form=form, status=422))
    if (before := own_hold(request.POST.get("hold"), key=key)) and before != held:
        release_hold(meeting_id=before.pk, hold_key=key)
    pick = pick_of(held, offer, asked=asked.counselor)
    if carried(request.POST):
        return check_or_details(request, pick, status_if_wrong=200)
    return redirect(address_of(pick))


def address_of(pick: Pick) -> str:
    """Where the booking of this time goes on: at the details while this browser has a hold, else at the times."""
    slug = pick.service.slug
    if pick.held is None:
        return f"{reverse('book_time', args=[slug])}?{pick.query}"
    return f"{reverse('book_details', args=[slug])}?{urlencode({'hold': pick.held.pk, 'counselor': pick.asked})}"


def said(error: Exception) -> str:
    """What to tell the person about a refusal."""
    if isinstance(error, LimitReached):
        return _("You tried many times in a short while. Wait a few minutes, then try again.")
    return " ".join(error.messages)


def taken_page(request, offer, wanted: Wanted, asked: str, *, lost: Taken, now: datetime):
    """The time was lost: the three nearest, and everything typed so far."""
    nearby = offer_alternatives(wanted, now=now)
    context = {
        "service": offer.service,
        "lost": wanted,
        "is_own": isinstance(lost, TakenByOwn),
        "asked": asked,
        "nearby": [{"start": start, "value": written_start(start), "counselor": who} for start, who in nearby],
        "lost_start": written_start(wanted.starts_at),
        "kept": carried(request.POST),
        "answers_form": "nearby",
    }
    return private(render(request, "appointments/taken.html", context, status=409))


def taken_again(request, offer, lost: datetime):
    """The same page about a lost time, with what is nearby by now."""
    now, zone = timezone.now(), timezone.get_current_timezone()
    asked = read_asked(request.POST, offer, today=timezone.localdate(now), zone=zone)
    choice = Choice(offer.service, candidates(offer, asked.counselor, lost), lost, asked.mode, asked.place)
    chosen = details_form(request, choice, request.POST).client
    wanted = choice.wanted(
        is_new_client=is_new(request),
        clients=[chosen] if chosen else [],
        releasing=tuple(own_holds(key=browser_key(request)).values_list("pk", flat=True)),
    )
    why = TakenByOwn(by_client=True) if request.POST.get("own") else Taken()
    return taken_page(request, offer, wanted, asked.counselor, lost=why, now=now)


def private(response: HttpResponse) -> HttpResponse:
    """Keep a page with somebody's details out of every store."""
    response["Cache-Control"] = "no-store, private"
    return response


# --- Screen 3: the details -----------------------------------------------------------------------------------------


@about_offer
@require_http_methods(ANY_METHOD)
def book_details(request, offer):
    """The details of whoever comes. A signed-in client is known and goes on to the check."""
    now, key = timezone.now(), browser_key(request)
    if request.method == "POST":
        pick = read_pick(request.POST, offer, key=key)
        if pick is None:
            return choose_again(request, offer)
        return details_page(request, pick, details_form(request, pick, initial=typed(request.POST)), now=now)
    held = own_hold(request.GET.get("hold"), key=key)
    if held is None or held.service_id != offer.service.pk:
        messages.info(request, _("This time is no longer held. Choose a time again."))
        return redirect("book_time", offer.service.slug)
    pick = pick_of(held, offer, asked=request.GET.get("counselor", ""))
    form = details_form(request, pick)
    page = check_page if form.client and not {"phone", "guardian_name"} & form.fields.keys() else details_page
    return page(request, pick, form, now=now)


def choose_again(request, offer):
    """What came back names no time that could be booked: choose one, with everything typed kept."""
    return time_page(request, offer, request.POST, form=SlotForm({"start": ""}), status=422)


def typed(data) -> dict:
    """What was typed, to be shown again in its fields."""
    return {name: data[name] for name in DETAILS if name in data}


def details_form(request, pick: Pick | Choice, data=None, initial=None) -> DetailsForm:
    return DetailsForm(
        data,
        initial=initial,
        practice=Practice.current(),
        mode=pick.mode,
        today=timezone.localdate(),
        people=Client.objects.people_of(request.user),
    )


def details_page(request, pick: Pick, form: DetailsForm, *, now: datetime, status=200):
    context = pick_context(request, pick, now=now) | {"form": form}
    response = render(request, "appointments/details.html", context, status=status)
    return private(response) if request.method == "POST" else response


def pick_context(request, pick: Pick, *, now: datetime) -> dict:
    """What every page about a chosen time shows."""
    zone = timezone.get_current_timezone()
    return {
        "pick": pick,
        "service": pick.service,
        "other_zone": other_clock(pick.counselor, pick.location, zone, pick.starts_at),
        "is_held": bool(pick.held) and pick.held.hold_expires_at > now,
        "shown": request.POST.get("shown") or stamp(now),
        "answers_form": "booking",
        "back_from_sign_in": address_of(pick),
        "now": now,
    }


@about_offer
@from_a_form
def book_language(request, offer):
    """The same screen in the other language, with everything that was typed so far."""
    form = LanguageForm(request.POST)
    if form.is_valid():
        language = form.cleaned_data["language"]
        translation.activate(language)
        request.language = language
        if request.user.is_authenticated:
            choose_words_and_clock(user=request.user, language=language, now=timezone.now())
    pick = read_pick(request.POST, offer, key=browser_key(request))
    if lost := read_start(request.POST.get("lost", "")):
        response = taken_again(request, offer, lost)
    elif pick is None:
        response = time_page(request, offer, request.POST)
    elif request.POST.get("at") == "check":
        response = check_or_details(request, pick, status_if_wrong=200)
    else:
        form_again = details_form(request, pick, initial=typed(request.POST))
        response = details_page(request, pick, form_again, now=timezone.now())
    response.set_cookie(
        "language",
        translation.get_language(),
        max_age=ONE_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@about_offer
@from_a_form
def book_extend(request, offer):
    """Hold the time for another ten minutes, and show the same screen again with everything on it."""
    now, key = timezone.now(), browser_key(request)
    pick = read_pick(request.POST, offer, key=key)
    if pick is None:
        return choose_again(request, offer)
    refused = None
    try:
        count((EXTENSIONS, network_of(request)), now=now)
        if pick.held is None:
            raise NotAllowed(_("This time is no longer held. You can still book it if it is free."), code="hold")
        pick.held.hold_expires_at = extend_hold(meeting=pick.held, hold_key=key, now=now).hold_expires_at
    except (NotAllowed, Busy, LimitReached) as error:
        refused = error
        messages.warning(request, said(error))
    if request.POST.get("at") == "check":
        page = check_or_details(request, pick, status_if_wrong=200)
    else:
        page = details_page(request, pick, details_form(request, pick, initial=typed(request.POST)), now=now)
    return with_status_of(refused, page)


# --- Screen 4: check, then book ------------------------------------------------------------------------------------


@about_offer
@from_a_form
def book_check(request, offer):
    """Everything once more, in plain words, before it is booked."""
    pick = read_pick(request.POST, offer, key=browser_key(request))
    if pick is None:
        return choose_again(request, offer)
    return check_or_details(request, pick)


def check_or_details(request, pick: Pick, *, status_if_wrong=422):
    """The check if the details are complete; else the details with what is missing."""
    now = timezone.now()
    form = details_form(request, pick, request.POST)
    if form.is_valid():
        return check_page(request, pick, form, now=now)
    if form.is_known and set(form.errors) <= {"consent"} and "at" in request.POST:
        return check_page(request, pick, form, now=now, status=status_if_wrong)
    return details_page(request, pick, form, now=now, status=status_if_wrong)


def check_page(request, pick: Pick, form: DetailsForm, *, now: datetime, key="", problem="", status=200):
    """The summary. `key` is that of an earlier try which may be repeated; `problem` is what stands in the way."""
    context = pick_context(request, pick, now=now)
    context |= {
        "form": form,
        "key": key or uuid4().hex,
        "problem": problem,
        "terms": pick.choice().terms,
        "is_request": pick.service.approval == Approval.REQUEST,
        "email": form.known_email or form["email"].value(),
        "name": form.client.preferred_name if form.client else form["name"].value(),
        "carried": [pair for pair in carried_by(form) if pair[0] != "consent" or not form.is_known],
    }
    return private(render(request, "appointments/check.html", context, status=status))


def carried_by(form: DetailsForm) -> list[tuple[str, str]]:
    """The details as hidden fields."""
    return form.kept if form.is_bound else [("whom", "self")]


@about_offer
@from_a_form
def book_confirm(request, offer):
    """Book, and go to the page of the appointment. The same key again is the same booking."""
    now, browser = timezone.now(), browser_key(request)
    pick = read_pick(request.POST, offer, key=browser)
    if pick is None:
        return choose_again(request, offer)
    form = details_form(request, pick, request.POST)
    if not form.is_valid():
        page = check_page if form.is_known and set(form.errors) <= {"consent"} else details_page
        return page(request, pick, form, now=now, status=422)
    key = read_key(request.POST.get("key", ""))
    again = {"form": form, "now": now}
    if not form.is_known and (request.POST.get("website") or is_hasty(request.POST.get("shown", ""), now)):
        problem = _("That was very fast. Look at everything once more, then press the button again.")
        return check_page(request, pick, problem=problem, status=422, **again)
    try:
        count((BOOKINGS, network_of(request)), now=now)
        told = book(request, pick, form, key=key, browser=browser, now=now)
    except Taken as lost:
        wanted = pick.wider_choice().wanted(
            is_new_client=not form.is_known,
            clients=[form.client] if form.client else [],
            releasing=(pick.held.pk,) if pick.held else (),
        )
        return taken_page(request, offer, wanted, pick.asked, lost=lost, now=now)
    except Mismatch:
        return check_page(request, pick, problem=something_changed(), status=422, **again)
    except (Busy, LimitReached, ValidationError) as error:
        page = check_page(request, pick, problem=said(error), key=key, status=422, **again)
        return with_status_of(error, page)
    return redirect("manage_enter", told["token"])


def read_key(text: str) -> str:
    """The key of the form, or a new one if it is none of ours."""
    try:
        return UUID(text).hex
    except ValueError:
        return uuid4().hex


def book(request, pick: Pick, form: DetailsForm, *, key: str, browser: str, now: datetime) -> dict:
    """Book what the form says, once for this key in this browser."""
    booker = form.booker(language=language_of(request), time_zone=timezone.get_current_timezone_name())
    body = {name: form.cleaned_data[name] for name in sorted(form.cleaned_data)} | pick.fields
    body.pop("hold")
    return book_consultation(
        choice=pick.choice(),
        booker=booker,
        request=Request(f"page:{browser}:{key}", body),
        answer=lambda meeting, token: {"meeting": str(meeting.pk), "token": token},
        by=request.user if request.user.is_authenticated else None,
        now=now,
        hold_key=browser,
        held=[pick.held.pk] if pick.held else [],
        seen=request.POST.get("seen", ""),
    )

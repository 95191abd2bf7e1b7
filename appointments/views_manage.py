"""A client's own appointment: see it, keep it in a calendar, move it, cancel it. Following a link changes nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from appointments.choices import Offer, find_offer
from appointments.entry import BAD_LINKS, let_in, link_gone, own_meeting
from appointments.forms import CancelForm, SlotForm, language_of
from appointments.times import (
    NextTimes,
    TimeSearch,
    coming_weeks,
    next_starts,
    other_clock,
    read_asked,
    time_choices,
    written_start,
)
from appointments.views_booking import said
from practice.calendar.actions import cancel_meeting, move_meeting
from practice.calendar.links import ManageToken, new_link
from practice.calendar.locks import Busy
from practice.calendar.mails import calendar_file
from practice.calendar.meetings import Meeting, Status
from practice.calendar.refusals import with_status_of
from practice.calendar.reserving import NotAllowed, Taken, TakenByOwn, Wanted, offer_alternatives
from practice.calendar.slots import Wish
from practice.pages.errors import page_not_found, too_many
from practice.people.limits import LimitReached, count, network_of

ANY_METHOD = ["GET", "HEAD", "POST"]
FRESH = timedelta(hours=1)  # the message about the last change is still on its way


@login_not_required
@require_safe
def manage_enter(request, token):
    """Swap the secret of a link for a cookie, so that it stands in no address from here on."""
    now = timezone.now()
    link = ManageToken.objects.opening(token, now).first()
    if link is not None:
        return let_in(redirect("manage", link.meeting_id), link.meeting_id, link.token_hash)
    try:
        count((BAD_LINKS, network_of(request)), now=now)
    except LimitReached as error:
        return too_many(request, error.retry_after)
    return link_gone(request)


def who(request):
    """The account that acts, or None for whoever holds the link."""
    return request.user if request.user.is_authenticated else None


def about(meeting: Meeting, client, now: datetime) -> dict:
    """What every page of an appointment shows."""
    return {
        "meeting": meeting,
        "client": client,
        "service": meeting.service_as_booked,
        "other_zone": other_clock(
            meeting.counselor, meeting.location, timezone.get_current_timezone(), meeting.starts_at
        ),
        "now": now,
        "can_move": meeting.can_be_moved_by_client(now),
        "can_cancel": meeting.is_coming and now < meeting.starts_at,
        "is_request": meeting.status == Status.REQUESTED,
        "is_free": meeting.can_be_cancelled_free(now),
    }


@own_meeting
@require_safe
def manage(request, meeting, client, now):
    """The appointment: the confirmation at first, the way to change it later."""
    context = about(meeting, client, now) | {
        "is_over": meeting.is_coming and meeting.ends_at <= now,
        "is_fresh": now - meeting.changed_at < FRESH,
    }
    if meeting.status == Status.CANCELLED:
        context["again"] = other_times(meeting, now=now)
    return render(request, "appointments/manage.html", context)


def other_times(meeting: Meeting, *, now: datetime) -> NextTimes | None:
    """The next free times with the same counselor; None if the service can no longer be booked with them."""
    offer = find_offer(meeting.service.slug, meeting.counselor.slug)
    if offer is None:
        return None
    zone = timezone.get_current_timezone()
    openings = coming_weeks(offer.service, offer.counselors, zone, is_new_client=True, now=now)
    counselor = offer.counselors[0]
    return NextTimes(counselor, offer.service, next_starts(openings, counselor.pk, most=3, zone=zone))


@own_meeting
@require_safe
def manage_calendar(request, meeting, client, now):
    """The appointment as a file for any calendar, in neutral words."""
    if meeting.status != Status.CONFIRMED:
        return page_not_found(request)
    zone_name = timezone.get_current_timezone_name()
    content = calendar_file(meeting, language=language_of(request), zone_name=zone_name, now=now)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    file_name = _("appointment")
    response["Content-Disposition"] = f'attachment; filename="{file_name}.ics"'
    return response


# --- Another time --------------------------------------------------------------------------------------------------


@own_meeting
@require_http_methods(ANY_METHOD)
def manage_move(request, meeting, client, now):
    """Choose another time (GET), look at old and new (GET with a time), and move (POST)."""
    if not meeting.can_be_moved_by_client(now):
        return move_closed(request, meeting, client, now)
    if request.method == "POST":
        return move(request, meeting, client, now)
    if "check" not in request.GET:
        return move_times(request, meeting, client, now)
    form = SlotForm(request.GET)
    if not form.is_valid():
        return move_times(request, meeting, client, now, form=form, status=422)
    return move_check(request, meeting, client, now, starts_at=form.cleaned_data["start"])


def move_closed(request, meeting, client, now):
    """Why it cannot be moved online, and whom to ask."""
    context = about(meeting, client, now) | {"is_late": now >= meeting.free_move_until}
    return render(request, "appointments/move_closed.html", context, status=422 if request.method == "POST" else 200)


def move_times(request, meeting, client, now, *, form=None, status=200):
    """The free times of the same counselor at the same place, with the present one marked."""
    zone = timezone.get_current_timezone()
    today = timezone.localdate(now)
    earliest, latest = meeting.limits()
    wish = Wish(
        meeting.service_as_booked,
        meeting.mode,
        is_new_client=False,
        ignoring=(meeting.pk,),
        earliest=earliest,
        latest=latest,
        clients=tuple(head.client_id for head in meeting.participants.all()),
        location=meeting.location_id,
    )
    asked = read_asked(request.GET, Offer(meeting.service, [meeting.counselor]), today=today, zone=zone)
    context = (
        about(meeting, client, now)
        | {"rests": meeting.rest_words(now)}
        | time_choices(
            TimeSearch(wish, [meeting.counselor], zone, now),
            replace(asked, counselor="", mode="", place=None),
            today=today,
            last=today + timedelta(days=meeting.service.horizon_days),
            zone=zone,
            now=now,
            current=meeting.starts_at,
        )
    )
    is_fragment = request.htmx and not request.htmx.history_restore_request and status == 200
    template = "appointments/week.html" if is_fragment else "appointments/move.html"
    response = render(request, template, context | {"form": form}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def move_check(request, meeting, client, now, *, starts_at, problem="", status=200):
    """The old time and the new one, and what holds from then on."""
    service = meeting.service_as_booked
    context = about(meeting, client, now) | {
        "start": written_start(starts_at),
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=service.minutes),
        "new_zone": other_clock(meeting.counselor, meeting.location, timezone.get_current_timezone(), starts_at),
        "free_cancel_until": starts_at - timedelta(minutes=service.free_cancel),
        "free_move_until": starts_at - timedelta(minutes=service.free_move),
        "moves_left": meeting.moves_left - 1,
        "problem": problem,
    }
    return render(request, "appointments/move_check.html", context, status=status)


def move(request, meeting, client, now):
    form = SlotForm(request.POST)
    if not form.is_valid():
        return move_times(request, meeting, client, now, form=form, status=422)
    starts_at = form.cleaned_data["start"]
    try:
        moved = move_meeting(
            meeting=meeting, starts_at=starts_at, by=who(request), now=now, expected=version_in(request.POST)
        )
    except Taken as lost:
        return move_taken(request, meeting, starts_at, now, lost=lost)
    except (NotAllowed, Busy) as error:
        page = move_check(request, meeting, client, now, starts_at=starts_at, problem=said(error), status=422)
        return with_status_of(error, page)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return redirect("manage", meeting.pk)
    messages.success(request, _("Your appointment has a new time."))
    _token, link = new_link(moved, client, now=now)
    link.save()
    return let_in(redirect("manage", moved.pk), moved.pk, link.token_hash)


def move_taken(request, meeting, starts_at, now, *, lost: Taken):
    """Somebody was quicker, or a client is elsewhere then: the three nearest times with the counselor there."""
    earliest, latest = meeting.limits()
    wanted = Wanted(
        service=meeting.service_as_booked,
        candidates=[meeting.counselor],
        starts_at=starts_at,
        mode=meeting.mode,
        is_new_client=False,
        earliest=earliest,
        latest=latest,
        clients=[head.client for head in meeting.participants.all()],
        releasing=(meeting.pk,),
        location=meeting.location_id,
    )
    found = offer_alternatives(wanted, now=now)
    nearby = [
        {"start": start, "value": written_start(start)} for start, _counselor in found if start != meeting.starts_at
    ]
    context = {"meeting": meeting, "is_own": isinstance(lost, TakenByOwn), "nearby": nearby, "moving": True}
    return render(request, "appointments/taken.html", context, status=409)


def version_in(data) -> int:
    """The version of the appointment that the person was looking at; -1 if the form does not say."""
    text = data.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


# --- Cancel --------------------------------------------------------------------------------------------------------


@own_meeting
@require_http_methods(ANY_METHOD)
def manage_cancel(request, meeting, client, now):
    """What cancelling means, in rupiah and before it is done; then cancel (POST)."""
    if meeting.status == Status.CANCELLED:
        return redirect("manage", meeting.pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            seen = version_in(request.POST)
            cancel_meeting(meeting=meeting, by=who(request), reason=form.cleaned_data["reason"], expected=seen, now=now)
        except Busy as error:
            form.add_error(None, error)
            return with_status_of(error, cancel_page(request, meeting, client, now, form=form))
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
            return redirect("manage", meeting.pk)
        else:
            return redirect("manage", meeting.pk)
    return cancel_page(request, meeting, client, now, form=form)


def cancel_page(request, meeting, client, now, *, form):
    context = about(meeting, client, now) | {"form": form}
    return render(request, "appointments/cancel.html", context, status=422 if form.is_bound else 200)

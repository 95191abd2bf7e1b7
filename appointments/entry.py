"""How a client comes to the page of their own appointment: by a link's short-lived cookie, or by signing in."""

from datetime import datetime
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from practice.calendar.links import ManageToken
from practice.calendar.meetings import Meeting
from practice.people.clients import Client
from practice.people.limits import Limit
from practice.zones import zone as zone_of
from practice.zones import zone_names

COOKIE = "__Secure-manage" if settings.PRODUCTION else "manage"
SALT = "appointments.manage"
LASTS = 15 * 60
BAD_LINKS = Limit("bad link", 20, 60 * 60)


def let_in(response: HttpResponse, meeting_pk, token_hash: bytes) -> HttpResponse:
    """Open this appointment's pages, and nothing else, to this browser for 15 minutes from now."""
    response.set_cookie(
        COOKIE,
        signing.dumps([str(meeting_pk), bytes(token_hash).hex()], salt=SALT),
        max_age=LASTS,
        path=reverse("manage", args=[meeting_pk]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def own_meeting(view):
    """A page of one appointment, `view(request, meeting, client, now)`, in the client's zone.

    Whoever has neither a living link's cookie nor their own sign-in gets the same 404 page, whether the appointment
    exists or not. Each visit starts the cookie's 15 minutes anew while the link itself lives.
    """

    @login_not_required
    @wraps(view)
    def opened(request, pk):
        now = timezone.now()
        link = living_link(request, pk, now=now)
        meeting = find_meeting(request, pk, by_link=link is not None)
        if meeting is None:
            return link_gone(request)
        client = own_client(request, meeting, link)
        with timezone.override(zone_for(request, client)):
            response = view(request, meeting, client, now)
        if link is not None and COOKIE not in response.cookies:
            let_in(response, pk, link.token_hash)
        return response

    return opened


def living_link(request, pk, *, now: datetime) -> ManageToken | None:
    """The link that this browser came by, while it lives."""
    try:
        meeting_pk, token_hash = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    if meeting_pk != str(pk):
        return None
    return ManageToken.objects.filter(meeting=pk, token_hash=bytes.fromhex(token_hash), expires_at__gt=now).first()


def find_meeting(request, pk, *, by_link: bool) -> Meeting | None:
    """The appointment, if the link or the signed-in client's own part in it opens it."""
    if by_link:
        return Meeting.objects.for_listing().filter(pk=pk).first()
    if not request.user.is_authenticated:
        return None
    own = Meeting.objects.visible_to(request.user).filter(participants__client__user=request.user)
    return own.for_listing().filter(pk=pk).first()


def own_client(request, meeting: Meeting, link: ManageToken | None) -> Client | None:
    """The head for whom this page speaks: the signed-in client, else whose link it is; None of several if unknown."""
    clients = [head.client for head in meeting.participants.all()]
    mine = [client for client in clients if request.user.is_authenticated and client.user_id == request.user.pk]
    theirs = [client for client in clients if link and client.pk == link.client_id]
    return next(iter(mine or theirs or (clients if len(clients) == 1 else [])), None)


def zone_for(request, client: Client | None):
    """The zone chosen in this browser or account; on a device that never chose, the one given when booking."""
    chose = request.user.is_authenticated or request.COOKIES.get("zone") in zone_names()
    return timezone.get_current_timezone() if chose or client is None else zone_of(client.time_zone)


def link_gone(request) -> HttpResponse:
    """404: one page for links that are unknown, used up or too old."""
    return render(request, "appointments/link_gone.html", status=404)

"""The time somebody is booking, on its way through the screens, and the browser that holds it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.dispatch import receiver
from django.middleware.csrf import get_token
from django.utils.crypto import salted_hmac

from appointments.actions import Choice
from appointments.choices import ANY, Offer
from appointments.times import read_place, read_start, written_start
from practice.calendar.meetings import Meeting, Status
from practice.catalog.models import Location, Mode, Service
from practice.people.counselors import Counselor
from practice.people.limits import network_of

FORM_SALT = "appointments.form"
FASTEST = timedelta(seconds=3)  # nobody reads and fills the details in less


def browser_key(request) -> str:
    """A keyed hash that knows this browser again by its CSRF cookie: 64 hex digits. The answer sets the cookie."""
    get_token(request)
    return key_of(request.META["CSRF_COOKIE"])


def key_of(csrf_cookie: str) -> str:
    return salted_hmac("appointments.hold", csrf_cookie, algorithm="sha256").hexdigest()


@receiver(user_logged_in)
def keep_holds(sender, request, **kwargs):
    """Let a browser keep the times it holds: signing in has just changed the cookie by which it is known."""
    before = request.COOKIES.get(settings.CSRF_COOKIE_NAME)
    if before:
        own_holds(key=key_of(before)).update(hold_key=browser_key(request))


def network_key(request) -> str:
    """A keyed hash of the network a request comes from: 64 hex digits, or "" where nothing is limited."""
    if not settings.LIMITS:
        return ""
    return salted_hmac("appointments.hold.network", network_of(request), algorithm="sha256").hexdigest()


@dataclass(frozen=True)
class Pick:
    """One time with one counselor, found for `asked` (a slug, or any), in person at one `location`.

    `held` is this browser's hold of it, if any.
    """

    offer: Offer
    counselor: Counselor
    asked: str
    mode: str
    starts_at: datetime
    held: Meeting | None = None
    location: Location | None = None

    @property
    def service(self) -> Service:
        return self.offer.service

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.service.minutes)

    @property
    def free_cancel_until(self) -> datetime:
        return self.starts_at - timedelta(minutes=self.service.free_cancel)

    @property
    def free_move_until(self) -> datetime:
        return self.starts_at - timedelta(minutes=self.service.free_move)

    @property
    def fields(self) -> dict[str, str]:
        """The pick as hidden fields of a form."""
        fields = {"start": written_start(self.starts_at), "counselor": self.asked, "mode": self.mode}
        fields |= {"with": self.counselor.slug, "hold": str(self.held.pk) if self.held else ""}
        return fields | ({"place": str(self.location.pk)} if self.location else {})

    @property
    def query(self) -> str:
        """The query by which the list of times opens where this time stands."""
        place = {"place": self.location.pk} if self.location else {}
        return urlencode({"counselor": self.asked, "mode": self.mode, "start": written_start(self.starts_at)} | place)

    def choice(self) -> Choice:
        """This time with this counselor, at this place."""
        return Choice(self.service, [self.counselor], self.starts_at, self.mode, self.location and self.location.pk)

    def wider_choice(self) -> Choice:
        """The same time and place with whoever was asked for: where to look if this one is lost."""
        return replace(self.choice(), candidates=candidates(self.offer, self.asked, self.starts_at))


def candidates(offer: Offer, asked: str, starts_at: datetime) -> list[Counselor]:
    """The counselors who may be booked, those asked for; for "any" in an order that changes from time to time.

    Without turns the first name in the alphabet would get every booking.
    """
    found = [counselor for counselor in offer.counselors if asked in (ANY, counselor.slug)]
    turn = int(starts_at.timestamp()) // 300 % len(found) if found else 0
    return found[turn:] + found[:turn]


def own_holds(*, key: str):
    """The times that this browser holds, also just after they ran out."""
    return Meeting.objects.filter(status=Status.HELD, hold_key=key)


def own_hold(pk, *, key: str) -> Meeting | None:
    """The time that this browser holds under that id; None for anybody else's."""
    try:
        pk = UUID(str(pk))
    except ValueError:
        return None
    return own_holds(key=key).filter(pk=pk).select_related("counselor", "service", "location").first()


def pick_of(held: Meeting, offer: Offer, *, asked: str) -> Pick:
    """A hold as a pick. `asked` counts only if it is somebody who could have been asked."""
    slugs = {counselor.slug for counselor in offer.counselors}
    return Pick(offer, held.counselor, asked if asked in slugs else ANY, held.mode, held.starts_at, held, held.location)


def read_pick(data, offer: Offer, *, key: str) -> Pick | None:
    """The pick that a form brings back; None if it cannot be one. Whether it is free is for the booking to find out."""
    start = read_start(data.get("start", ""))
    people = {counselor.slug: counselor for counselor in offer.counselors}
    counselor = people.get(data.get("with"))
    if start is None or counselor is None or data.get("mode") not in offer.service.modes:
        return None
    held = own_hold(data.get("hold"), key=key)
    if held and (held.starts_at, held.counselor_id, held.service_id) != (start, counselor.pk, offer.service.pk):
        held = None
    asked = data.get("counselor") if data.get("counselor") in people else ANY
    location = held.location if held else None
    if data["mode"] == Mode.IN_PERSON and location is None:
        location = Location.objects.filter(pk=read_place(data)).first()
        if location is None:
            return None
    return Pick(offer, counselor, asked, data["mode"], start, held, location)


def stamp(now: datetime) -> str:
    """The moment at which a form was shown, signed."""
    return signing.dumps(now.timestamp(), salt=FORM_SALT)


def is_hasty(written: str, now: datetime) -> bool:
    """True if a form comes back faster than a person can fill it in, or without the moment it was shown."""
    if not settings.LIMITS:
        return False
    try:
        shown = signing.loads(written, salt=FORM_SALT)
    except signing.BadSignature:
        return True
    return now.timestamp() - shown < FASTEST.total_seconds()

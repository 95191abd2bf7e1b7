"""The JSON API of public booking: three views over the same rules and actions as the pages."""

import json
from datetime import datetime, timedelta
from functools import lru_cache, wraps
from itertools import compress
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from appointments.actions import Booker, Choice, book_consultation
from appointments.choices import ANY, find_offer, read_moment, read_window
from appointments.names import clean_birth_year, clean_name, clean_phone
from appointments.replays import LONGEST_KEY, Mismatch, Request
from practice.calendar.locks import Busy
from practice.calendar.reserving import NotAllowed, Taken, offer_alternatives
from practice.calendar.slots import Openings, Wish, find_openings
from practice.catalog.models import Mode, Service
from practice.people.limits import Limit, LimitReached, count, network_of
from practice.people.practices import Practice
from practice.zones import validate_zone
from practice.zones import zone as zone_of

BOOKINGS = Limit("booking", 10, 20 * 60)
LONGEST_BODY = 20_000


def answer(body: dict | list, status: int = 200, **headers) -> JsonResponse:
    return JsonResponse(body, safe=False, status=status, headers={"Cache-Control": "no-store", **headers})


def not_found() -> JsonResponse:
    return answer({"code": "not_found"}, 404)


def invalid(error: ValidationError, code: str = "invalid") -> JsonResponse:
    errors = error.message_dict if hasattr(error, "error_dict") else {"starts_at": error.messages}
    return answer({"code": code, "errors": errors}, 422)


def only(*methods: str):
    """Answer any other method in JSON too: 405, with those that are allowed."""

    def decorated(view):
        @wraps(view)
        def checked(request):
            if request.method not in methods:
                return answer({"code": "method_not_allowed"}, 405, Allow=", ".join(methods))
            return view(request)

        return checked

    return decorated


def open_to_all(view):
    """A view without sign-in, cookies or CSRF: it knows nobody."""
    return csrf_exempt(login_not_required(view))


@open_to_all
@only("GET")
def services(request):
    """What can be booked, by whom."""
    found = Service.objects.public().for_listing().prefetch_related("counselors")
    return answer(
        [
            {
                "slug": service.slug,
                "name": service.name,
                "kind": service.kind,
                "minutes": service.minutes,
                "price": service.price,
                "currency": service.currency,
                "modes": service.modes,
                "counselors": [
                    {"slug": counselor.slug, "name": counselor.full_name}
                    for counselor in sorted(service.counselors.all(), key=lambda c: (c.name, c.pk))
                    if counselor.is_listed
                ],
            }
            for service in found
        ]
    )


@open_to_all
@only("GET")
def slots(request):
    """Free starts in a window of at most 62 local days, sorted by time, then counselor."""
    asked = request.GET
    now = timezone.now()
    tz_name = asked.get("tz") or Practice.zone_name()
    try:
        validate_zone(tz_name)
        zone = zone_of(tz_name)
        first, last, window = read_window(
            asked.get("from", ""), asked.get("to", ""), zone, today=now.astimezone(zone).date()
        )
    except ValidationError as error:
        return invalid(error if hasattr(error, "error_dict") else ValidationError({"tz": error}))
    offer = find_offer(asked.get("service", ""), asked.get("counselor") or ANY)
    if offer is None:
        return not_found()
    mode = asked.get("mode") or offer.service.modes[0]
    if mode not in offer.service.modes:
        return invalid(ValidationError({"mode": _("This service is not given in that way.")}))
    openings = find_openings(Wish(offer.service, mode), offer.counselors, window, now=now)
    head = json.dumps(
        {"service": offer.service.slug, "time_zone": tz_name, "from": first.isoformat(), "to": last.isoformat()}
    )
    body = f'{head[:-1]}, "slots": [{slots_as_json(openings, offer.counselors, zone)}]}}'
    return HttpResponse(body, content_type="application/json", headers={"Cache-Control": "no-store"})


def slots_as_json(openings: Openings, counselors, zone: ZoneInfo) -> str:
    """The free slots as the inside of a JSON array, by time, then counselor."""
    people = sorted(counselors, key=lambda counselor: counselor.slug)
    endings = [f"{json.dumps(counselor.slug)}}}" for counselor in people]
    parts = []
    for minute, who in openings.by_time([counselor.pk for counselor in people]):
        beginning = beginning_of_slot(minute, openings.minutes, zone)
        parts += [beginning + ending for ending in compress(endings, who)]
    return ", ".join(parts)


@lru_cache(maxsize=20_000)
def beginning_of_slot(minute: int, length: int, zone: ZoneInfo) -> str:
    """The JSON of a slot up to its counselor; both in minutes. Kept, because many searches look at the same weeks."""
    start, end = (datetime.fromtimestamp(at * 60, zone).isoformat() for at in (minute, minute + length))
    return f'{{"starts_at": "{start}", "ends_at": "{end}", "counselor": '


class BookingForm(forms.Form):
    """The body of a booking; unknown names are refused, so that nobody believes to have set a price."""

    service = forms.CharField(max_length=50)
    counselor = forms.CharField(max_length=50)
    starts_at = forms.CharField(max_length=35)
    time_zone = forms.CharField(max_length=50, validators=[validate_zone])
    name = forms.CharField(max_length=80)
    email = forms.EmailField(max_length=254)
    phone = forms.CharField(max_length=30, required=False)
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    mode = forms.ChoiceField(choices=Mode, required=False)
    birth_year = forms.CharField(max_length=4, required=False)
    question = forms.CharField(max_length=500, required=False)
    consent = forms.BooleanField()

    def clean_starts_at(self):
        return read_moment(self.cleaned_data["starts_at"])

    def clean_name(self):
        return clean_name(self.cleaned_data["name"])

    def clean_phone(self):
        return clean_phone(self.cleaned_data["phone"])

    def clean_birth_year(self):
        text = self.cleaned_data["birth_year"]
        return clean_birth_year(text, today=timezone.localdate()) if text else None

    def clean(self):
        for name in set(self.data) - set(self.fields):
            self.errors[name] = self.error_class([_("This field is not known.")])
        return super().clean()


def read_body(request) -> dict:
    """The JSON object of a request, texts checked for what no database or mail can hold. Raise ValidationError."""
    try:
        raw = request.body
    except RequestDataTooBig:
        raw = None
    if raw is None or len(raw) > LONGEST_BODY:
        raise ValidationError({"body": _("The request is too large.")})
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValidationError({"body": _("Send a JSON object.")}) from error
    if not isinstance(body, dict):
        raise ValidationError({"body": _("Send a JSON object.")})
    errors = {}
    for name, value in body.items():
        if name == "consent":
            if value is not True:
                errors[name] = _("Without this consent we cannot take the booking.")
        elif name == "birth_year":
            if value is not None and type(value) is not int:
                errors[name] = _("Send the year as a number, such as 1990.")
        elif value is not None and not isinstance(value, str):
            errors[name[:50].encode("ascii", "replace").decode()] = _("Send text.")
        elif isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            errors[name] = _("This text has characters that cannot be stored.")
    if errors:
        raise ValidationError(errors)
    return body


def read_key(request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise ValidationError(
            {"Idempotency-Key": _("Send a key of at most 64 characters, a new one for each booking.")}
        )
    return key


def limited(view):
    """Count the POSTs of a network; answer 429 over the limit."""

    @wraps(view)
    def counted(request):
        try:
            count((BOOKINGS, network_of(request)), now=timezone.now())
        except LimitReached as error:
            return answer({"code": "too_many"}, 429, **{"Retry-After": str(error.retry_after)})
        return view(request)

    return counted


@open_to_all
@only("POST")
@limited
def bookings(request):
    """Book one meeting; the same key and body again get the same answer."""
    now = timezone.now()
    try:
        key, body = read_key(request), read_body(request)
        form = BookingForm(body)
        if not form.is_valid():
            raise ValidationError(form.errors.as_data())
    except ValidationError as error:
        return invalid(error)
    asked = form.cleaned_data
    offer = find_offer(asked["service"], asked["counselor"])
    if offer is None:
        return invalid(ValidationError({"service": _("This service or counselor cannot be booked.")}))
    mode = asked["mode"] or offer.service.modes[0]
    if mode not in offer.service.modes:
        return invalid(ValidationError({"mode": _("This service is not given in that way.")}))
    choice = Choice(offer.service, offer.counselors, asked["starts_at"], mode)
    booker = Booker(
        name=asked["name"],
        email=asked["email"],
        phone=asked["phone"],
        question=asked["question"],
        language=asked["language"] or settings.LANGUAGE_CODE,
        time_zone=asked["time_zone"],
        birth_year=asked["birth_year"],
    )
    try:
        told = book_consultation(
            choice=choice, booker=booker, request=Request(f"api:{key}", body), answer=tell, by=None, now=now
        )
    except Mismatch:
        return answer({"code": "idempotency_mismatch"}, 422)
    except Taken:
        return taken(choice, now=now)
    except NotAllowed as error:
        return invalid(error, "not_allowed")
    except Busy:
        return answer({"code": "busy"}, 503, **{"Retry-After": "2"})
    except ValidationError as error:
        return invalid(error)
    return answer(told, 201)


def tell(meeting, token: str) -> dict:
    """The answer to a booking, in the zone it was asked for in."""
    zone = meeting.starts_at.tzinfo
    return {
        "id": str(meeting.pk),
        "status": meeting.status,
        "starts_at": meeting.starts_at.astimezone(zone).isoformat(),
        "ends_at": meeting.ends_at.astimezone(zone).isoformat(),
        "counselor": meeting.counselor.slug,
        "manage_url": settings.BASE_URL + reverse("manage_enter", args=[token]),
    }


def taken(choice: Choice, *, now: datetime) -> JsonResponse:
    """409 with up to three nearby slots."""
    zone, length = choice.starts_at.tzinfo, timedelta(minutes=choice.service.minutes)
    nearby = offer_alternatives(choice.wanted(), now=now)
    alternatives = [
        {
            "starts_at": start.astimezone(zone).isoformat(),
            "ends_at": (start + length).astimezone(zone).isoformat(),
            "counselor": counselor.slug,
        }
        for start, counselor in nearby
    ]
    return answer({"code": "taken", "alternatives": alternatives}, 409)


@open_to_all
@only("GET")
def openapi(request):
    """The description of this API, as it lies in the repository."""
    return HttpResponse((settings.BASE_DIR / "docs" / "openapi.json").read_bytes(), content_type="application/json")

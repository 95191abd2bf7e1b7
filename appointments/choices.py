"""From names in a link or form to what can be booked: the service, who gives it, how, and when."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from practice.calendar.openings import Window
from practice.calendar.slots import window_of
from practice.catalog.models import Service
from practice.database.compiled import Compiled
from practice.people.counselors import Counselor

ANY = "any"
EARLIEST, LATEST = date(2000, 1, 2), date(2999, 12, 30)


@dataclass(frozen=True)
class Offer:
    """A public service and the listed counselors who give it; `asked` narrows them to one."""

    service: Service
    counselors: list[Counselor]


SERVICE = [field.attname for field in Service._meta.concrete_fields]
PROFILE = {"approach_id", "approach_en", "first_session_id", "first_session_en"}  # long, and not for choosing a time
COUNSELOR = [field.attname for field in Counselor._meta.concrete_fields if field.attname not in PROFILE]


def offers(service: str):
    """Each listed counselor who gives this public service, with the service: one row of both for each."""
    return (
        Service.counselors.through.objects.filter(
            service__in=Service.objects.public().filter(slug=service), counselor__is_listed=True
        )
        .order_by("counselor__name", "counselor__pk")
        .values_list(*(f"service__{name}" for name in SERVICE), *(f"counselor__{name}" for name in COUNSELOR))
    )


OFFER = Compiled(offers, service="a service")
OFFER_OF_ONE = Compiled(
    lambda service, counselor: offers(service).filter(counselor__slug=counselor),
    service="a service",
    counselor="a counselor",
)


def find_offer(service_slug: str, counselor_slug: str = ANY) -> Offer | None:
    """What the public can book under these names, in one statement; None if there is no such thing."""
    if counselor_slug == ANY:
        rows = OFFER.rows(service=service_slug)
    else:
        rows = OFFER_OF_ONE.rows(service=service_slug, counselor=counselor_slug)
    if not rows:
        return None
    many = len(SERVICE)
    service = Service.from_db("default", SERVICE, rows[0][:many])
    return Offer(service, [Counselor.from_db("default", COUNSELOR, row[many:]) for row in rows])


def read_date(text: str) -> date:
    """A date written YYYY-MM-DD. Raise ValidationError for anything else, and for years no calendar needs."""
    try:
        found = parse_date(text) if len(text) == 10 and text.isascii() else None
    except ValueError:
        found = None
    if found is None or not EARLIEST <= found <= LATEST:
        raise ValidationError(_("Enter a date such as 2026-12-01."), code="date")
    return found


def read_moment(text: str) -> datetime:
    """An instant with its offset. Raise ValidationError for anything else."""
    try:
        found = datetime.fromisoformat(text) if len(text) <= 35 and text.isascii() else None
        if found is None or found.utcoffset() is None or not EARLIEST <= found.date() <= LATEST:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise ValidationError(
            _("Enter a time with its offset, such as 2026-12-01T09:00:00+07:00."), code="time"
        ) from error
    return found


def read_window(first: str, last: str, zone: ZoneInfo, *, today: date) -> tuple[date, date, Window]:
    """The days of a search; today and four weeks where nothing is said. Raise ValidationError naming the field."""
    errors, days = {}, {}
    for name, text in (("from", first), ("to", last)):
        try:
            days[name] = read_date(text) if text else None
        except ValidationError as error:
            errors[name] = error
    if not errors:
        start = days["from"] or today
        end = days["to"] or start + timedelta(days=27)
        try:
            return start, end, window_of(start, end, zone)
        except ValidationError as error:
            errors["to"] = error
    raise ValidationError(errors)

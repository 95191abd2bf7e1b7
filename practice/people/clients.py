"""Clients, their consents, and which counselor looks after whom."""

import hashlib
import hmac
import uuid
from datetime import date, datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import connection, models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from practice.people.accounts import Role, User
from practice.people.counselors import Counselor
from practice.people.search import SEARCHED, SearchedQuerySet
from practice.records.models import KeyHolder
from practice.zones import validate_zone


def email_hash(email: str) -> str:
    """A keyed hash of an address as its provider would read it: case, dots (Gmail) and +tags folded.

    64 hex digits. Caps count by it, so that they hold without listing addresses.
    """
    local, _at, domain = email.strip().lower().rpartition("@")
    local = local.split("+", 1)[0]
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", ""), "gmail.com"
    return hmac.new(settings.SECRET_KEY.encode(), f"{local}@{domain}".encode(), hashlib.sha256).hexdigest()


def may_be_minor(birth_year: int | None, *, on: date, adult_age: int) -> bool:
    """True if somebody born in that year may not yet be of age on that date; unknown years count as adult.

    Whoever comes of age in the course of this year counts as a minor until it is over: the birthday may be to come.
    """
    return birth_year is not None and on.year - birth_year <= adult_age


class ClientQuerySet(SearchedQuerySet):
    def with_email(self, email: str):
        """Clients who gave this very address, in whatever case; oldest first."""
        return self.filter(email_hash=email_hash(email), email__iexact=email.strip()).order_by("created_at", "pk")

    def people_of(self, user) -> list:
        """Whom an account can book for, one record for each name: first who booked for themselves, oldest first."""
        if not user.is_authenticated:
            return []
        people = {}
        for client in self.filter(user=user).order_by("is_booked_for", "created_at", "pk"):
            people.setdefault(client.preferred_name.casefold(), client)
        return list(people.values())

    def visible_to(self, user):
        """Front desk and managers see every client's contact; a counselor those in their care; a client their own."""
        if user.has_role(Role.MANAGER, Role.FRONT_DESK):
            return self
        mine = models.Q(user=user)
        if user.has_role(Role.COUNSELOR):
            mine |= models.Exists(
                CareRelationship.objects.current().filter(client=models.OuterRef("pk"), counselor__user=user)
            )
        return self.filter(mine)


class Client(KeyHolder):
    """A person the practice helps. Exists with or without a sign-in; unproven until their e-mail is proven by a code.

    Each public booking makes one, with a key of its own. Once the address is proven, all those with it belong to the
    same account, which so has several until staff merge them.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WHATSAPP = "whatsapp", _("WhatsApp")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="clients")
    preferred_name = models.CharField(_("name you want to be called"), max_length=80)
    email = models.EmailField(_("e-mail"))
    email_hash = models.CharField(max_length=64, editable=False)
    email_proven_at = models.DateTimeField(null=True, blank=True)
    phone = models.CharField(_("WhatsApp number"), max_length=30, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="id")
    time_zone = models.CharField(_("time zone"), max_length=50, default="Asia/Jakarta", validators=[validate_zone])
    channel = models.CharField(_("how to reach me"), max_length=10, choices=Channel, default=Channel.EMAIL)
    is_discreet = models.BooleanField(_("write only “appointment” in messages"), default=True)
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    guardian_name = models.CharField(_("parent or guardian"), max_length=80, blank=True)
    guardian_phone = models.CharField(_("parent or guardian’s phone"), max_length=30, blank=True)
    guardian_consented_at = models.DateTimeField(null=True, blank=True)
    emergency_name = models.CharField(_("emergency contact"), max_length=80, blank=True)
    emergency_phone = models.CharField(_("emergency contact’s phone"), max_length=30, blank=True)
    is_booked_for = models.BooleanField(default=False, help_text="the address is that of somebody who booked for them")
    created_at = models.DateTimeField()

    objects = ClientQuerySet.as_manager()

    class Meta(KeyHolder.Meta):
        indexes = [
            models.Index(fields=["email_hash"], name="client_email_hash"),
            GinIndex(*(OpClass(each, name="gin_trgm_ops") for each in SEARCHED.values()), name="client_search"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(guardian_consented_at=None) | ~models.Q(guardian_name=""),
                name="a_consenting_guardian_has_a_name",
            )
        ]

    def __str__(self):
        return self.preferred_name

    def is_minor(self, *, on: date, adult_age: int) -> bool:
        """True if this person may not yet be of age on that date; unknown years count as adult."""
        return may_be_minor(self.birth_year, on=on, adult_age=adult_age)


class Consent(models.Model):
    """What a client agreed to: the purpose, the exact text (by version and hash), in which language, when.

    A consent for a program holds for that program alone: a yes to one is none to the next.
    """

    class Purpose(models.TextChoices):
        BOOKING = "booking", _("Use of what I wrote for this appointment")
        GUARDIAN = "guardian", _("Consent of a parent or guardian")
        PROGRAM = "program", _("Taking part in a counseling program")
        HEALTH = "health", _("Use of data about my health")
        ONLINE = "online", _("Sessions by video call")
        SUPERVISION = "supervision", _("Sharing with the counselor’s supervisor")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=20, choices=Purpose)
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    text_hash = models.CharField(max_length=64)
    given_for = models.UUIDField(null=True, blank=True, help_text="the program it was given for; empty for a booking")
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None) | models.Q(withdrawn_at__gte=models.F("given_at")),
                name="a_consent_is_withdrawn_after_it_was_given",
            )
        ]

    def __str__(self):
        return f"{self.get_purpose_display()} v{self.version}"


class CareRelationshipQuerySet(models.QuerySet):
    def current(self, now: datetime | None = None):
        """Relationships that are open now: by the database's clock, or at `now`."""
        return self.filter(models.Q(is_kept_open=True) | models.Q(ends_at__gt=now or Now()))

    def prolong(self, *, clients, counselor_id, now: datetime, until: datetime, promised: bool = False) -> None:
        """Open care between the counselor and each client, or let it last at least until then: one statement.

        What is `promised` by the rooms above holds whatever becomes of meetings.
        """
        promise = until if promised else None
        with connection.cursor() as cursor:
            cursor.execute(PROLONG, [counselor_id, now, until, promise, [client.pk for client in clients]])


# greatest() passes over what is null: without a promise the one that was given stays
PROLONG = """
INSERT INTO practice_carerelationship AS c (client_id, counselor_id, started_at, ends_at, promised_until)
SELECT client, %s, %s, %s, %s::timestamptz FROM unnest(%s::uuid[]) AS client
ON CONFLICT (client_id, counselor_id) DO UPDATE SET
    ends_at = greatest(c.ends_at, excluded.ends_at),
    promised_until = greatest(c.promised_until, excluded.promised_until)
"""


class CareRelationship(models.Model):
    """A counselor may see a client from the first confirmed meeting until 30 days after the last.

    Or for as long as something above, a program that both are in, keeps it open.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="care_relationships")
    counselor = models.ForeignKey(Counselor, on_delete=models.PROTECT, related_name="care_relationships")
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    promised_until = models.DateTimeField(
        null=True, blank=True, help_text="by the rooms above: no cancellation ends it before"
    )
    is_kept_open = models.BooleanField(default=False, db_default=False)

    objects = CareRelationshipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "counselor"], name="one_care_relationship_between_two_people")
        ]

    def __str__(self):
        return f"{self.counselor} – {self.client}"

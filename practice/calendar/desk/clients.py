"""What the desk does for the people it knows: find them, add them, keep their contact data true."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from practice.calendar.models import COMING, ManageToken, Meeting, Participant, Status
from practice.messages.models import Message
from practice.messages.models import Status as MessageStatus
from practice.people.clients import email_hash
from practice.people.models import Client, Practice, User
from practice.people.search import SHORT_WORD, telling_words
from practice.records.actions import record

SHORTEST = 2
MOST_SHOWN = 20
FEW = 5
LIKENESS = "0.4"  # a transposed pair in a word of ten letters is 0.6, in one of five 0.4
LIKENESS_OF_SHORT = "0.6"  # in words of up to four letters: with less, a third of all names would do
LIKENESS_IN_USE = "SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)"
CONTACT = (
    "preferred_name",
    "email",
    "phone",
    "channel",
    "is_discreet",
    "language",
    "time_zone",
    "birth_year",
    "guardian_name",
    "guardian_phone",
    "guardian_consented_at",
    "emergency_name",
    "emergency_phone",
)


@dataclass(frozen=True)
class Found:
    """Clients that match what was typed, others whose names are only alike, and whether there are more."""

    matching: Sequence[Client]
    alike: Sequence[Client] = ()
    has_more: bool = False


def find_clients(text: str, user: User, *, now: datetime) -> Found:
    """Clients this user may see, by part of a name, an address or a number; where few match, also by likeness.

    At most 20 of them, the closest first. Two statements, four more where likeness is asked too.
    """
    text = " ".join(text.split())
    if len(text) < SHORTEST:
        return Found(())
    clients = with_meetings(Client.objects.visible_to(user), now=now)
    matching = list(clients.matching(text)[: MOST_SHOWN + 1])
    if len(matching) >= FEW or not any(letter.isalpha() for letter in text):
        return Found(matching[:MOST_SHOWN], has_more=len(matching) > MOST_SHOWN)
    with transaction.atomic():
        with connection.cursor() as cursor:
            is_short = all(len(word) <= SHORT_WORD for word in telling_words(text))
            likeness = LIKENESS_OF_SHORT if is_short else LIKENESS
            cursor.execute(LIKENESS_IN_USE, [likeness])
        alike = list(clients.resembling(text).exclude(pk__in=[each.pk for each in matching])[:MOST_SHOWN])
    return Found(matching, alike)


def newest_clients(user: User, *, now: datetime) -> QuerySet[Client]:
    """The clients that were added last."""
    return with_meetings(Client.objects.visible_to(user), now=now).order_by("-created_at", "pk")[:MOST_SHOWN]


def with_meetings(clients, *, now: datetime):
    """The same, each with `next_at` and `last_at`: when they come again, and when they were last here."""
    own = Participant.objects.filter(client=OuterRef("pk"))
    coming = own.filter(status__in=COMING, meeting__ends_at__gt=now).order_by("meeting__starts_at")
    past = own.filter(status=Status.ATTENDED, meeting__starts_at__lte=now).order_by("-meeting__starts_at")
    return clients.annotate(
        next_at=Subquery(coming.values("meeting__starts_at")[:1]),
        last_at=Subquery(past.values("meeting__starts_at")[:1]),
    )


@transaction.atomic
def add_client(*, client: Client, by: User, now: datetime, is_somebody_else: bool = False) -> Client:
    """Save a new client whom the desk knows by phone or at the door; their e-mail counts as unproven.

    Raise ValidationError ("known") if somebody with this address is known already, unless it `is_somebody_else`; or
    if a parent or guardian is missing for a minor.
    """
    refuse_lone_minor(client, now=now)
    if not is_somebody_else and Client.objects.with_email(client.email).exists():
        message = _("Somebody with this e-mail address is known already. Look whether it is the same person.")
        raise ValidationError(message, code="known")
    client.email_hash, client.created_at = email_hash(client.email), now
    client.save(force_insert=True)
    record(by, "client.added", client, client=client, now=now)
    return client


@transaction.atomic
def change_contact(*, client: Client, by: User, now: datetime) -> Client:
    """Save what was changed of a client's contact data, and write to them accordingly from now on.

    A new e-mail address is unproven, ends the links that were sent to the old one, and what waits to be sent goes to
    the new one. The record leaves an account that has another address: it is theirs who prove the new one. Others of
    that account stay. The audit trail names the fields, not what they say. Raise ValidationError as `add_client` does
    for minors.
    """
    refuse_lone_minor(client, now=now)
    old = Client.objects.select_for_update().get(pk=client.pk)
    changed = [name for name in CONTACT if getattr(client, name) != getattr(old, name)]
    if not changed:
        return client
    if "email" in changed:
        client.email_hash, client.email_proven_at = email_hash(client.email), None
        changed += ["email_hash", "email_proven_at"]
        their_own = Q(client=client) | Q(client=None, meeting__participants__client=client)
        ManageToken.objects.filter(their_own).delete()
        if old.user and old.user.email.casefold() != client.email.casefold():
            client.user = None
            changed.append("user")
    client.save(update_fields=changed)
    Message.objects.filter(client=client, status=MessageStatus.QUEUED).update(
        recipient_email=client.email,
        recipient_hash=email_hash(client.email),
        recipient_name=client.preferred_name,
        language=client.language,
        time_zone=client.time_zone,
        is_discreet=client.is_discreet,
    )
    record(by, "client.changed", client, client=client, now=now, fields=", ".join(changed)[:200])
    return client


def refuse_lone_minor(client: Client, *, now: datetime) -> None:
    """Raise ValidationError for a minor without a guardian who agreed and can be reached."""
    if not client.is_minor(on=now.date(), adult_age=Practice.current().adult_age):
        return
    if not (client.guardian_name and client.guardian_phone and client.guardian_consented_at):
        message = _("This client is a minor: name a parent or guardian, their phone number, and that they agree.")
        raise ValidationError(message, code="guardian")


def meetings_of(client: Client, user: User) -> QuerySet[Meeting]:
    """The meetings of one client that this user may see, without mere holds."""
    found = Meeting.objects.visible_to(user).filter(participants__client=client)
    return found.exclude(status=Status.HELD).for_listing()

"""Mails about accounts: what is to be told to whom. The outbox, a room above, hears it by `letter_wanted`.

A secret (code, link) is made only at the moment of sending: what is written down says for which sign-in, account or
invitation.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.dispatch import Signal
from django.urls import reverse

from practice.people.accounts import User
from practice.people.invitations import Invitation
from practice.records.tokens import digest, mint

letter_wanted = Signal()  # kind, to, subject_id, dedupe_key, now: to be written in the sender's transaction


@dataclass(frozen=True)
class Recipient:
    """Someone without a record of their own, for example a person being invited."""

    email: str
    name: str
    language: str
    time_zone: str


def mail_code(*, user: User, nonce: str, now: datetime) -> None:
    """Mail the code of this sign-in to a client."""
    _to(user, "people.sign_in_code", subject_id=uuid.UUID(nonce), key=nonce, now=now)


def mail_way_in(*, email: str, language: str, time_zone: str, now: datetime) -> None:
    """Answer someone who asked for a code that this address cannot have: how to get in instead, or how to book."""
    recipient = Recipient(email=email, name="", language=language, time_zone=time_zone)
    _to(recipient, "people.way_in", now=now)


def mail_password_link(*, user: User, now: datetime) -> None:
    """Mail a link to choose a new password, valid for an hour."""
    _to(user, "people.password_link", now=now)


def mail_password_changed(*, user: User, now: datetime) -> None:
    """Tell someone that their password is a new one."""
    _to(user, "people.password_changed", now=now)


def mail_role_granted(*, user: User, now: datetime) -> None:
    """Tell someone that they work here now in another role, and how to sign in."""
    _to(user, "people.role_granted", now=now)


def mail_invitation(*, invitation: Invitation, language: str, time_zone: str, now: datetime) -> None:
    """Mail an invitation, with a link that is made when it is sent."""
    recipient = Recipient(email=invitation.email, name=invitation.name, language=language, time_zone=time_zone)
    _to(recipient, "people.invitation", subject_id=invitation.pk, key=invitation.pk, now=now)


def new_link(invitation: Invitation) -> str:
    """The path of a fresh link to accept an invitation. The one before it dies: only the last secret's hash is kept."""
    token, invitation.token_hash = mint()
    invitation.save(update_fields=["token_hash"])
    return reverse("invitation", args=[token])


def opened_by(token: str, *, now: datetime) -> QuerySet[Invitation]:
    """The invitation, if any, that the link with this secret opens now."""
    return Invitation.objects.opening(digest(token), now)


def _to(to, kind, *, now, subject_id=None, key=None):
    dedupe_key = f"{kind}:{key or uuid.uuid4()}"
    subject_id = subject_id or getattr(to, "pk", None)
    letter_wanted.send(sender=None, kind=kind, to=to, subject_id=subject_id, dedupe_key=dedupe_key, now=now)

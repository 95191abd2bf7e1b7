"""Mails about accounts: written to the outbox here, and worded here when they are sent.

This module alone reaches up to the messages: the rest of the room knows nothing of outbox and links. A secret (code,
link) is made only at the moment of sending; the outbox says for which sign-in, account or invitation.
"""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from practice.formats import moment
from practice.messages.actions import Recipient, enqueue, outgoing
from practice.messages.models import Message
from practice.messages.renderers import Rendered, register, render_mail
from practice.messages.tokens import digest, mint
from practice.people.accounts import Role, User
from practice.people.codes import code_of
from practice.people.invitations import Invitation


def mail_code(*, user: User, nonce: str, now: datetime) -> Message:
    """Mail the code of this sign-in to a client."""
    return _to(user, "people.sign_in_code", subject_id=uuid.UUID(nonce), key=nonce, now=now)


def mail_way_in(*, email: str, language: str, time_zone: str, now: datetime) -> Message:
    """Answer someone who asked for a code that this address cannot have: how to get in instead, or how to book."""
    recipient = Recipient(email=email, name="", language=language, time_zone=time_zone)
    key = f"people.way_in:{uuid.uuid4()}"
    return enqueue(outgoing(kind="people.way_in", to=recipient, dedupe_key=key, now=now))


def mail_password_link(*, user: User, now: datetime) -> Message:
    """Mail a link to choose a new password, valid for an hour."""
    return _to(user, "people.password_link", now=now)


def mail_password_changed(*, user: User, now: datetime) -> Message:
    """Tell someone that their password is a new one."""
    return _to(user, "people.password_changed", now=now)


def mail_role_granted(*, user: User, now: datetime) -> Message:
    """Tell someone that they work here now in another role, and how to sign in."""
    return _to(user, "people.role_granted", now=now)


def mail_invitation(*, invitation: Invitation, language: str, time_zone: str, now: datetime) -> Message:
    """Mail an invitation, with a link that is made when it is sent."""
    recipient = Recipient(email=invitation.email, name=invitation.name, language=language, time_zone=time_zone)
    key = f"people.invitation:{invitation.pk}"
    return enqueue(outgoing(kind="people.invitation", to=recipient, subject_id=invitation.pk, dedupe_key=key, now=now))


def new_link(invitation: Invitation) -> str:
    """The path of a fresh link to accept an invitation. The one before it dies: only the last secret's hash is kept."""
    token, invitation.token_hash = mint()
    invitation.save(update_fields=["token_hash"])
    return reverse("invitation", args=[token])


def opened_by(token: str, *, now: datetime) -> QuerySet[Invitation]:
    """The invitation, if any, that the link with this secret opens now."""
    return Invitation.objects.opening(digest(token), now)


def _to(user, kind, *, now, subject_id=None, key=None):
    dedupe_key = f"{kind}:{key or uuid.uuid4()}"
    return enqueue(outgoing(kind=kind, to=user, subject_id=subject_id or user.pk, dedupe_key=dedupe_key, now=now))


@register("people.sign_in_code", label=_("Code to sign in"))
def _sign_in_code(message: Message, now: datetime) -> Rendered | None:
    until = message.created_at + timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
    if now >= until:
        return None
    code = code_of(str(message.subject_id))
    context = {"code": f"{code[:3]} {code[3:]}", "until": _moment(until, message)}
    return render_mail("people/sign_in_code", context, message)


@register("people.way_in", label=_("Answer to someone who wants to sign in"))
def _way_in(message: Message, now: datetime) -> Rendered:
    user = User.objects.filter(email__iexact=message.recipient_email, is_active=True).first()
    context = {
        "is_staff": user is not None and user.is_staff,
        "password_url": settings.BASE_URL + reverse("sign_in_password"),
        "sign_in_url": settings.BASE_URL + reverse("account_login"),
    }
    return render_mail("people/way_in", context, message)


@register("people.password_link", label=_("Link for a new password"))
def _password_link(message: Message, now: datetime) -> Rendered | None:
    user = User.objects.filter(pk=message.subject_id, is_active=True).first()
    if user is None:
        return None
    token = default_token_generator.make_token(user)
    link = reverse("account_reset_password_from_key", kwargs={"uidb36": user.pk.hex, "key": token})
    return render_mail("people/password_link", {"link": settings.BASE_URL + link}, message)


@register("people.password_changed", label=_("Password was changed"))
def _password_changed(message: Message, now: datetime) -> Rendered:
    return render_mail("people/password_changed", {"at": _moment(message.created_at, message)}, message)


@register("people.role_granted", label=_("New role"))
def _role_granted(message: Message, now: datetime) -> Rendered | None:
    user = User.objects.filter(pk=message.subject_id, is_active=True).first()
    if user is None or not user.is_staff:
        return None
    context = {
        "roles": [Role(role).label for role in Role if role in user.roles and role != Role.CLIENT],
        "needs_password": not user.has_usable_password(),
        "password_url": settings.BASE_URL + reverse("account_reset_password"),
        "sign_in_url": settings.BASE_URL + reverse("sign_in_password"),
    }
    return render_mail("people/role_granted", context, message)


@register("people.invitation", label=_("Invitation to work here"))
def _invitation(message: Message, now: datetime) -> Rendered | None:
    invitation = Invitation.objects.select_for_update().open(now).filter(pk=message.subject_id).first()
    if invitation is None:
        return None
    context = {
        "role": Role(invitation.role).label,
        "link": settings.BASE_URL + new_link(invitation),
        "until": _moment(invitation.expires_at, message),
    }
    return render_mail("people/invitation", context, message)


def _moment(at, message):
    return moment(at, message.time_zone, message.language)

"""Mails about accounts, in words: written to the outbox when the people's room asks, worded when they are sent."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from practice.formats import moment
from practice.messages.actions import enqueue, outgoing
from practice.messages.models import Message
from practice.messages.renderers import Rendered, register, render_mail
from practice.people.accounts import Role, User
from practice.people.codes import code_of
from practice.people.invitations import Invitation
from practice.people.mails import letter_wanted, new_link


@receiver(letter_wanted)
def write(sender, *, kind, to, subject_id, dedupe_key, now, **extra):
    """Put the mail into the outbox, in the transaction of whoever wants it."""
    enqueue(outgoing(kind=kind, to=to, subject_id=subject_id, dedupe_key=dedupe_key, now=now))


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

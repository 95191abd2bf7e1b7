"""What happens to accounts: roles, invitations, whose client records are whose, and the door that is closed."""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from practice.people.accounts import STAFF, Role, RoleGrant, User
from practice.people.clients import Client
from practice.people.counselors import Counselor
from practice.people.invitations import LIFETIME, Invitation
from practice.people.mails import mail_invitation, mail_role_granted, opened_by
from practice.people.practices import Practice
from practice.records.actions import record

# --- Roles -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def grant_role(*, user: User, role: Role, by: User | None, now: datetime) -> RoleGrant:
    """Give someone a role from now on, and tell them.

    The first role among the staff ends their sessions: staff enter with a password, never by a mailed code alone.
    Raise ValidationError if they hold it, if the account is closed, or if they would give it to themselves.
    """
    user = _locked(user, by)
    if not user.is_active:
        raise ValidationError(_("This account is closed. Open it again first."), code="closed")
    if role in user.roles:
        raise ValidationError(_("This person has that role already."), code="held")
    joins_staff = role in STAFF and not user.is_staff
    grant = RoleGrant.objects.create(user=user, role=role, granted_at=now, granted_by=by)
    record(by, "role.granted", user, now=now, role=role)
    if joins_staff:
        _end_sessions(user)
    if role in STAFF:
        mail_role_granted(user=user, now=now)
    return grant


@transaction.atomic
def end_role(*, user: User, role: Role, by: User | None, now: datetime) -> RoleGrant:
    """End a role now: from the next request on it opens nothing any more.

    Raise ValidationError if they do not hold it, if it is one's own, or if nobody would be left to manage the practice.
    """
    user = _locked(user, by)
    grant = RoleGrant.objects.filter(user=user, role=role, ended_at=None).first()
    if grant is None:
        raise ValidationError(_("This person does not have that role any more."), code="not_held")
    if role == Role.MANAGER:
        _keep_a_manager(without=user)
    grant.ended_at, grant.ended_by = max(now, grant.granted_at), by
    grant.save(update_fields=["ended_at", "ended_by"])
    record(by, "role.ended", user, now=now, role=role)
    return grant


@transaction.atomic
def close_account(*, user: User, by: User | None, now: datetime) -> User:
    """Let someone sign in no longer and end their sessions at once. What they did and their roles stay on record.

    Raise ValidationError if it is closed, one's own, or that of the last manager.
    """
    user = _locked(user, by)
    if not user.is_active:
        raise ValidationError(_("This account is closed already."), code="closed")
    if user.has_role(Role.MANAGER):
        _keep_a_manager(without=user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    _end_sessions(user)
    record(by, "account.closed", user, now=now)
    return user


@transaction.atomic
def reopen_account(*, user: User, by: User | None, now: datetime) -> User:
    """Let someone sign in again, with the roles they held. Raise ValidationError if it is open, or one's own."""
    user = _locked(user, by)
    if user.is_active:
        raise ValidationError(_("This account is open already."), code="open")
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(by, "account.reopened", user, now=now)
    return user


def _locked(user, by):
    """The account as it stands now, never one's own; locked together with the managers, always in the same order."""
    if by is not None and by.pk == user.pk:
        raise ValidationError(_("Someone else changes your own roles and account."), code="own")
    managers = RoleGrant.objects.filter(role=Role.MANAGER, ended_at=None).values("user")
    locked = User.objects.filter(Q(pk=user.pk) | Q(pk__in=managers)).order_by("pk").select_for_update()
    return next(each for each in locked if each.pk == user.pk)


def _keep_a_manager(*, without):
    """Refuse to leave the practice without a manager who may sign in."""
    managers = User.objects.with_role(Role.MANAGER).filter(is_active=True)
    if not managers.exclude(pk=without.pk).exists():
        raise ValidationError(_("This is the last manager. Give someone else that role first."), code="last_manager")


def _end_sessions(user):
    user.session_round += 1
    user.save(update_fields=["session_round"])


# --- Invitations -----------------------------------------------------------------------------------------------------


@transaction.atomic
def invite(
    *,
    email: str,
    name: str,
    role: Role,
    by: User | None,
    now: datetime,
    counselor: Counselor | None = None,
    mailed: bool = True,
) -> Invitation:
    """Open a door into one role for one person, for 72 hours, and mail them the way. It replaces an earlier one.

    With `counselor`, whoever accepts becomes the account of that counselor. If it is not `mailed`, the caller hands
    over a link (`mails.new_link`). Raise ValidationError if that address has an account, since an invitation never
    touches one (give it the role instead: code "account_exists"); if the role is no staff role; or if the counselor
    has an account.
    """
    email = User.objects.normalize_email(email).strip().lower()
    if role not in STAFF:
        raise ValidationError(_("Clients are not invited: they book."), code="role")
    if User.objects.with_email(email).exists():
        raise ValidationError(
            _("There is an account with this address already. Open it under People and give it the role there."),
            code="account_exists",
        )
    if counselor is not None and counselor.user_id is not None:
        raise ValidationError(_("This counselor has an account already."), code="counselor_has_account")
    Invitation.objects.filter(email=email, role=role, accepted_at=None, revoked_at=None).update(revoked_at=now)
    invitation = Invitation(
        email=email,
        name=name,
        role=role,
        counselor=counselor,
        invited_by=by,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    try:
        with transaction.atomic():
            invitation.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError(_("This person was invited a moment ago."), code="invited") from error
    record(by, "invitation.created", invitation, now=now, role=role)
    if mailed:
        language = by.language if by is not None else (get_language() or "id")
        mail_invitation(invitation=invitation, language=language, time_zone=Practice.current().time_zone, now=now)
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, name: str, password: str, now: datetime) -> User:
    """Make the account that was offered, with its role and this password. The invitation is used up.

    Raise ValidationError if the link is wrong, old or used, if the password is too weak (on "password"), or if the
    address has got an account meanwhile: that one is left as it is.
    """
    invitation = opened_by(token, now=now).select_for_update(of=("self",)).first()
    if invitation is None:
        raise ValidationError(_("This invitation is no longer valid. Ask for a new one."), code="invitation")
    if User.objects.with_email(invitation.email).exists():
        raise ValidationError(
            _("There is an account with this address already. Sign in with it, and ask for the role to be added."),
            code="account_exists",
        )
    user = User(
        email=invitation.email,
        name=name,
        language=get_language() or "id",
        time_zone=Practice.current().time_zone,
    )
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error}) from error
    user.set_password(password)
    user.save(force_insert=True)
    RoleGrant.objects.create(user=user, role=invitation.role, granted_at=now, granted_by=invitation.invited_by)
    if invitation.counselor_id is not None:
        Counselor.objects.filter(pk=invitation.counselor_id, user=None).update(user=user)
    invitation.accepted_at, invitation.token_hash = now, None
    invitation.save(update_fields=["accepted_at", "token_hash"])
    record(user, "invitation.accepted", invitation, now=now, role=invitation.role)
    return user


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User, now: datetime) -> Invitation:
    """Close the door again. Raise ValidationError if it was used or closed before."""
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if invitation.accepted_at is not None or invitation.revoked_at is not None:
        raise ValidationError(_("This invitation was used or withdrawn meanwhile."), code="invitation")
    invitation.revoked_at, invitation.token_hash = now, None
    invitation.save(update_fields=["revoked_at", "token_hash"])
    record(by, "invitation.revoked", invitation, now=now)
    return invitation


# --- Clients and their accounts --------------------------------------------------------------------------------------


@transaction.atomic
def account_for_code(*, email: str) -> User | None:
    """The account that may enter by a code sent to this address, or None.

    Someone who has booked but never signed in gets an account here, without password or role: it opens nothing until
    the code is proven. Staff never enter by a code alone.
    """
    email = User.objects.normalize_email(email).strip().lower()
    user = User.objects.with_email(email).first()
    if user is None:
        unclaimed = Client.objects.with_email(email).filter(user=None)
        client = unclaimed.filter(is_booked_for=False).first() or unclaimed.first()
        if client is None:
            return None
        user, _made = User.objects.get_or_create(
            email=email,
            defaults={
                "name": client.preferred_name,
                "language": client.language,
                "time_zone": client.time_zone,
                "password": make_password(None),
            },
        )
    return user if user.is_active and not user.is_staff else None


@transaction.atomic
def join_proven_clients(*, user: User, now: datetime) -> list[Client]:
    """Give an account what is theirs, now that a code has proven their address: every client who gave that address.

    The rows are not merged, since each has texts under its own key: staff do that. Return the clients that were joined
    now, oldest first.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    joined = list(Client.objects.with_email(user.email).filter(user=None).select_for_update(of=("self",)))
    for client in joined:
        client.user, client.email_proven_at = user, now
        client.save(update_fields=["user", "email_proven_at"])
        record(user, "client.joined", client, client=client, now=now)
    user.clients.filter(email_proven_at=None, email__iexact=user.email).update(email_proven_at=now)
    if Role.CLIENT not in user.roles and user.clients.exists():
        RoleGrant.objects.create(user=user, role=Role.CLIENT, granted_at=now)
        record(user, "role.granted", user, now=now, role=Role.CLIENT)
    return joined


@transaction.atomic
def change_account(*, user: User, name: str, language: str, time_zone: str, now: datetime) -> User:
    """Change how a person is called and in which language and zone they are written to, as a client too.

    Others who have the same address, for whom they booked or who share it, keep their names.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    own = user.clients.filter(is_booked_for=False)
    names = {each.casefold() for each in own.values_list("preferred_name", flat=True)}
    (own if len(names) == 1 else own.filter(preferred_name__iexact=user.name)).update(preferred_name=name)
    user.name = name
    user.save(update_fields=["name"])
    return choose_words_and_clock(user=user, language=language, time_zone=time_zone, now=now)


@transaction.atomic
def choose_words_and_clock(*, user: User, now: datetime, language: str = "", time_zone: str = "") -> User:
    """Show a person the pages in this language or zone and write to them so, as a client too; "" leaves it as it is."""
    chosen = {name: value for name, value in (("language", language), ("time_zone", time_zone)) if value}
    user = User.objects.select_for_update().get(pk=user.pk)
    for name, value in chosen.items():
        setattr(user, name, value)
    user.save(update_fields=list(chosen))
    user.clients.update(**chosen)
    record(user, "account.changed", user, now=now)
    return user

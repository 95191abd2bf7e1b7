"""Accounts: who can sign in, and as what."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from practice.zones import validate_zone


class Role(models.TextChoices):
    CLIENT = "client", _("Client")
    COUNSELOR = "counselor", _("Counselor")
    SUPERVISOR = "supervisor", _("Supervisor")
    FRONT_DESK = "front_desk", _("Front desk")
    MANAGER = "manager", _("Practice manager")
    DATA_OFFICER = "data_officer", _("Data officer")


STAFF = frozenset(Role.values) - {Role.CLIENT}


class UserQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Managers see every account; anyone else their own."""
        if user.has_role(Role.MANAGER):
            return self
        return self.filter(pk=user.pk)

    def with_role(self, role):
        """Accounts that hold this role now."""
        return self.filter(role_grants__role=role, role_grants__ended_at=None)

    def with_email(self, email: str):
        """The account of this address, in whatever case: at most one."""
        return self.alias(lowered=Lower("email")).filter(lowered=email.strip().lower())

    def ever_staff(self):
        """Accounts that work or worked for the practice."""
        return self.filter(models.Exists(RoleGrant.objects.filter(user=models.OuterRef("pk"), role__in=STAFF)))

    def for_listing(self):
        """Fetch in two queries who they are and which roles they hold now, as `current_grants`."""
        current = RoleGrant.objects.filter(ended_at=None).order_by("granted_at", "pk")
        return self.prefetch_related(models.Prefetch("role_grants", current, to_attr="current_grants")).order_by(
            "-is_active", Lower("name"), "pk"
        )


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    def create_user(self, email, password=None, **fields):
        """Save a new account. Without a password it can be entered by an e-mailed code only."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email):
        return self.get(email__iexact=email)


class User(AbstractBaseUser):
    """An account, found by its e-mail address. What it may do comes from its role grants alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=80)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="id")
    time_zone = models.CharField(_("time zone"), max_length=50, default="Asia/Jakarta", validators=[validate_zone])
    is_active = models.BooleanField(_("may sign in"), default=True)
    session_round = models.PositiveIntegerField(
        default=0, editable=False, help_text="raised to end all sessions of this account at once"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_account_for_an_email_address")]

    def __str__(self):
        return self.name

    @cached_property
    def roles(self):
        """The set of roles held now, fetched once."""
        return frozenset(self.role_grants.filter(ended_at=None).values_list("role", flat=True))

    def has_role(self, *roles):
        """True if any of these roles is held now by an account that may sign in."""
        return self.is_active and not self.roles.isdisjoint(roles)

    @property
    def is_staff(self):
        """True for anyone who works for the practice, in whatever role."""
        return self.has_role(*STAFF)

    def _get_session_auth_hash(self, secret=None):
        """What a session must match: it ends when the password changes, or when `session_round` rises."""
        value = f"{self.password}|{self.session_round}"
        return salted_hmac("practice.people.session", value, secret=secret, algorithm="sha256").hexdigest()


class RoleGrant(models.Model):
    """A role someone holds, from when until when, and who gave and took it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=20, choices=Role)
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"], condition=models.Q(ended_at=None), name="a_role_is_held_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(ended_at__gte=models.F("granted_at")),
                name="a_role_ends_after_it_was_granted",
            ),
        ]

    def __str__(self):
        return f"{self.user}: {self.get_role_display()}"

    def is_current(self, now: datetime) -> bool:
        return self.granted_at <= now and (self.ended_at is None or now < self.ended_at)

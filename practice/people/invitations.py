"""Invitations for staff: single use, 72 hours, bound to one address."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.people.accounts import STAFF, Role, User

LIFETIME = timedelta(hours=72)


class InvitationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Managers see invitations."""
        return self if user.has_role(Role.MANAGER) else self.none()

    def open(self, now: datetime):
        """Invitations that can still be accepted."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)

    def opening(self, token_hash: bytes, now: datetime):
        """The invitation that the secret with this hash opens, while it can be accepted."""
        return self.open(now).filter(token_hash=token_hash)

    def for_listing(self):
        return self.select_related("invited_by").order_by("-created_at", "pk")


class Invitation(models.Model):
    """An open door for one person into one role. Only the hash of its token is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=80)
    role = models.CharField(_("role"), max_length=20, choices=[c for c in Role.choices if c[0] in STAFF])
    counselor = models.ForeignKey("practice.Counselor", on_delete=models.PROTECT, null=True, related_name="+")
    token_hash = models.BinaryField(max_length=32, unique=True, null=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email", "role"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_for_an_address_and_role",
            )
        ]

    def __str__(self):
        return f"{self.name}: {self.get_role_display()}"

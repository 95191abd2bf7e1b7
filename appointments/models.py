"""Consultations: a meeting, the client's question, and the links by which a client manages it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.calendar.meetings import Meeting
from practice.people.accounts import Role
from practice.people.clients import Client
from practice.records.fields import EncryptedTextField
from practice.records.models import RecordQuerySet


class ConsultationQuerySet(RecordQuerySet):
    def visible_to(self, user):
        """The counselor whose meeting it is, and the client themselves; nobody at the desk."""
        seen = models.Q(client__user=user)
        if user.has_role(Role.COUNSELOR):
            seen |= models.Q(meeting__counselor__user=user)
        return self.filter(seen)


class Consultation(models.Model):
    """One meeting in which the client asks and the professional advises."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, related_name="consultation")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="consultations")
    question = EncryptedTextField(key_from="client", verbose_name=_("what you want to talk about"))
    for_someone_else = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    objects = ConsultationQuerySet.as_manager()

    def __str__(self):
        return str(self.pk)


class Replay(models.Model):
    """The answer once given to an idempotency key, sealed, so that a retry is answered alike for 24 hours."""

    key_hash = models.CharField(max_length=64, unique=True)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="replay_expiry")]

    def __str__(self):
        return self.key_hash[:8]

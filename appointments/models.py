"""Consultations: a meeting, the client's question, and the links by which a client manages it."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.calendar.meetings import Meeting, Status
from practice.people.accounts import Role
from practice.people.clients import Client
from practice.records.fields import EncryptedTextField
from practice.records.models import RecordQuerySet


class NextStep(models.TextChoices):
    NOTHING = "nothing", _("Nothing more: the question is answered")
    CONSULTATION = "consultation", _("Another consultation")
    PROGRAM = "program", _("A counseling program")
    ASSESSMENT = "assessment", _("An assessment")
    REFERRAL = "referral", _("A referral to somebody else")


class ConsultationQuerySet(RecordQuerySet):
    def visible_to(self, user):
        """The counselor whose meeting it is, and the client themselves; nobody at the desk."""
        seen = models.Q(client__user=user)
        if user.has_role(Role.COUNSELOR):
            seen |= models.Q(meeting__counselor__user=user)
        return self.filter(seen)

    def with_shared_advice(self):
        """Consultations whose advice the client may read."""
        return self.filter(shared_at__isnull=False)

    def due(self, now: datetime):
        """Attended consultations without a recorded outcome."""
        return self.filter(meeting__status=Status.ATTENDED, meeting__ends_at__lte=now, recorded_at=None)


class Consultation(models.Model):
    """One meeting in which the client asks and the professional advises."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, related_name="consultation")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="consultations")
    question = EncryptedTextField(key_from="client", verbose_name=_("what you want to talk about"))
    for_someone_else = models.BooleanField(default=False)
    notes = EncryptedTextField(key_from="client", verbose_name=_("notes for yourself"))
    advice = EncryptedTextField(key_from="client", verbose_name=_("advice for the client"))
    referral = EncryptedTextField(key_from="client", verbose_name=_("referral letter"))
    next_step = models.CharField(_("what comes next"), max_length=15, choices=NextStep, blank=True, default="")
    recorded_at = models.DateTimeField(null=True, blank=True)
    shared_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0, help_text="rises with every change of the outcome")
    created_at = models.DateTimeField()

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(shared_at=None) | models.Q(recorded_at__isnull=False),
                name="advice_is_shared_after_it_was_recorded",
            )
        ]

    def __str__(self):
        return str(self.pk)


class Replay(models.Model):
    """The answer once given to an idempotency key, sealed, so that a retry is answered alike for 24 hours."""

    key_hash = models.CharField(max_length=64)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="replay_expiry")]
        constraints = [models.UniqueConstraint(fields=["key_hash"], name="a_key_is_answered_once")]

    def __str__(self):
        return self.key_hash[:8]

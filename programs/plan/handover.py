"""A program passing from one counselor to another."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from practice.people.clients import Client
from practice.people.counselors import Counselor
from practice.records.fields import EncryptedTextField
from practice.records.models import RecordQuerySet
from programs.plan.models import Program

ASKED_FOR = timedelta(days=14)


class Handover(models.Model):
    """A program passing to another counselor: the note for them, and the consent of every client in it."""

    class Answer(models.TextChoices):
        ASKED = "asked", _("The client was asked")
        AGREED = "agreed", _("Agreed")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Taken back")
        EXPIRED = "expired", _("Not answered in 14 days")
        ENDED = "ended", _("Ended: the new counselor can no longer take it over")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="handovers")
    from_counselor = models.ForeignKey(Counselor, on_delete=models.PROTECT, related_name="+")
    to_counselor = models.ForeignKey(Counselor, on_delete=models.PROTECT, related_name="+")
    note = EncryptedTextField(key_from="program", verbose_name=_("handover note"))
    reason = EncryptedTextField(key_from="program", verbose_name=_("reason, for the client"))
    answer = models.CharField(max_length=9, choices=Answer, default=Answer.ASKED)
    agreed_by = models.ManyToManyField(Client, related_name="+", blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program"], condition=Q(answer="asked"), name="one_handover_is_asked_at_a_time"
            )
        ]

    def __str__(self):
        return str(self.pk)

    @property
    def expires_at(self) -> datetime:
        return self.asked_at + ASKED_FOR

    @property
    def is_asked_by_another(self) -> bool:
        """True if it was not asked by who leads the program. Older questions do not say who asked."""
        return self.asked_by_id is not None and self.asked_by_id != self.from_counselor.user_id

    @property
    def asker_name(self) -> str:
        return self.asked_by.name if self.is_asked_by_another else self.from_counselor.full_name

    def is_open(self, now: datetime) -> bool:
        """True while it waits for answers: for 14 days, unless it is answered or taken back before."""
        return self.answer == self.Answer.ASKED and now < self.expires_at

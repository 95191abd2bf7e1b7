"""The offered text itself, as it was and stays: what a signature is a signature to."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.records.fields import EncryptedTextField
from practice.records.models import RecordQuerySet
from programs.plan.models import Plan


class PlanText(models.Model):
    """What an offered plan says in one language, word for word. Added once, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="texts")
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    text = EncryptedTextField(key_from="plan.program", verbose_name=_("text"))
    text_hash = models.CharField(max_length=64)

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "language"], name="a_plan_says_one_thing_in_each_language")
        ]
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.plan_id} {self.language}"

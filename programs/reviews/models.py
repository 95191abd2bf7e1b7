"""Reviews on the way, the planned ending, and looking again after it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from practice.calendar.models import Meeting
from practice.people.clients import Client
from practice.records.fields import EncryptedTextField
from practice.records.models import RecordQuerySet
from programs.plan.models import Program


class Decision(models.TextChoices):
    GO_ON = "go_on", _("Go on as planned")
    EXTEND = "extend", _("Add sessions")
    CHANGE = "change", _("Change the method")
    END = "end", _("Come to the end")


class Review(models.Model):
    """Counselor and client looking together at where the program stands, after some session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="reviews")
    after_session = models.PositiveSmallIntegerField()
    helps = EncryptedTextField(key_from="program", verbose_name=_("what helps"))
    hinders = EncryptedTextField(key_from="program", verbose_name=_("what does not help"))
    summary = EncryptedTextField(key_from="program", verbose_name=_("what we decided, and why"))
    decision = models.CharField(_("decision"), max_length=7, choices=Decision)
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    held_at = models.DateTimeField()

    objects = RecordQuerySet.as_manager()

    def __str__(self):
        return f"{self.after_session}"


class ReviewVoice(models.Model):
    """What one client says at a review point, before or at the review: what helps, what does not."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="review_voices")
    after_session = models.PositiveSmallIntegerField()
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    helps = EncryptedTextField(key_from="program", verbose_name=_("what helps me"))
    hinders = EncryptedTextField(key_from="program", verbose_name=_("what does not help me"))
    written_at = models.DateTimeField()

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "after_session", "client"], name="a_client_speaks_once_at_a_review_point"
            )
        ]

    def __str__(self):
        return f"{self.after_session}"


class Ending(models.Model):
    """The guided ending: what was reached, what the client takes along, and a plan for hard days in six parts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.OneToOneField(Program, on_delete=models.PROTECT, related_name="ending")
    achieved = EncryptedTextField(key_from="program", verbose_name=_("what was achieved, goal by goal"))
    takes_along = EncryptedTextField(key_from="program", verbose_name=_("what the client takes along"))
    warning_signs = EncryptedTextField(key_from="program", verbose_name=_("first signs that it gets harder"))
    situations = EncryptedTextField(key_from="program", verbose_name=_("situations that could be hard"))
    what_helps = EncryptedTextField(key_from="program", verbose_name=_("what helped and will help again"))
    first_step = EncryptedTextField(key_from="program", verbose_name=_("the first small step then"))
    people = EncryptedTextField(key_from="program", verbose_name=_("people to turn to"))
    come_back = EncryptedTextField(key_from="program", verbose_name=_("when and how to come back"))
    summary = EncryptedTextField(key_from="program", verbose_name=_("summary for the client"))
    revision = models.PositiveIntegerField(default=0)
    shared_at = models.DateTimeField(null=True, blank=True)
    written_at = models.DateTimeField()

    objects = RecordQuerySet.as_manager()

    def __str__(self):
        return str(self.pk)


class FollowUpQuerySet(RecordQuerySet):
    def waiting(self):
        """Those that were asked and not answered."""
        return self.filter(asked_at__isnull=False, answered_at=None)


class FollowUp(models.Model):
    """Asking one client again some time after the end: 30 and 90 days."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="follow_ups")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="follow_ups")
    days_after = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    meeting = models.OneToOneField(
        Meeting, on_delete=models.PROTECT, null=True, blank=True, related_name="program_follow_up"
    )
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    how_it_is = EncryptedTextField(key_from="program", verbose_name=_("how it is now"))

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "client", "days_after"], name="a_follow_up_is_made_once"),
            models.CheckConstraint(condition=Q(days_after__gte=1), name="a_follow_up_comes_after_the_end"),
        ]

    def __str__(self):
        return f"{self.days_after}"

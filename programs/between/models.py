"""What happens between two sessions: topics for the next one, the card after it, the task, and what was found."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from practice.people.clients import Client
from practice.records.fields import EncryptedTextField
from practice.records.models import RecordQuerySet
from programs.plan.models import Program
from programs.sessions.models import Session

MOST_TOPICS = 2


class ByClientQuerySet(RecordQuerySet):
    def visible_to(self, user):
        """One's own; and for those who lead or supervise the program. Partners do not see each other's."""
        staff = Program.objects.for_staff(user)
        return self.filter(Q(client__user=user) | Q(session__program__in=staff.values("pk"))).distinct()


class StaffQuerySet(RecordQuerySet):
    def visible_to(self, user):
        """For those who lead or supervise the program."""
        return self.filter(session__program__in=Program.objects.for_staff(user).values("pk"))


class CardQuerySet(StaffQuerySet):
    def for_client(self, user):
        """Cards that were shared with this person, whichever of the clients they are."""
        own = Program.objects.for_client(user)
        return self.filter(session__program__in=own.values("pk"), shared_at__isnull=False)


class Topic(models.Model):
    """Something a client wants to speak about in the next session: one or two each."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="topics")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="session_topics")
    position = models.PositiveSmallIntegerField()
    text = EncryptedTextField(key_from="session.program", verbose_name=_("topic"))
    written_at = models.DateTimeField()

    objects = ByClientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "client", "position"], name="topics_of_a_client_for_a_session_are_numbered"
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=MOST_TOPICS), name="a_client_names_at_most_2_topics"
            ),
        ]

    def __str__(self):
        return f"{self.position}"


class SessionPlan(models.Model):
    """What the counselor wants to do in one session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="session_plan")
    text = EncryptedTextField(key_from="session.program", verbose_name=_("plan for this session"))
    written_at = models.DateTimeField()

    objects = StaffQuerySet.as_manager()

    def __str__(self):
        return str(self.pk)


class Card(models.Model):
    """The short card that the clients get after a session: what we did, the task, what comes next."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="card")
    done = EncryptedTextField(key_from="session.program", verbose_name=_("what we did"))
    task = EncryptedTextField(key_from="session.program", verbose_name=_("task until next time"))
    next = EncryptedTextField(key_from="session.program", verbose_name=_("what comes next"))
    shared_at = models.DateTimeField(null=True, blank=True)
    written_at = models.DateTimeField()

    objects = CardQuerySet.as_manager()

    def __str__(self):
        return str(self.pk)


class TaskReport(models.Model):
    """How the task of a session went, as one client says."""

    class Outcome(models.TextChoices):
        DONE = "done", _("Done")
        PARTLY = "partly", _("Partly done")
        NOT = "not", _("Not done")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="task_reports")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="task_reports")
    outcome = models.CharField(max_length=6, choices=Outcome)
    obstacle = EncryptedTextField(key_from="session.program", verbose_name=_("what was in the way"))
    reported_at = models.DateTimeField()

    objects = ByClientQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "client"], name="a_client_reports_on_a_task_once")]

    def __str__(self):
        return self.outcome


class ReflectionQuerySet(RecordQuerySet):
    def visible_to(self, user):
        """One's own; and what its clients chose to share, for those who lead or supervise the program."""
        return self.filter(Q(client__user=user) | self._shared_with(user)).distinct()

    def for_client(self, user):
        """One's own, shared or not."""
        return self.filter(client__user=user)

    def for_staff(self, user):
        """What clients shared with those who lead or supervise the program. Partners do not see each other's."""
        return self.filter(self._shared_with(user)).distinct()

    def readable(self):
        """Those whose client has not been erased."""
        return self.filter(client__wrapped_key__isnull=False)

    @staticmethod
    def _shared_with(user):
        return Q(is_shared=True, program__in=Program.objects.for_staff(user).values("pk"))


class Reflection(models.Model):
    """What a client found out and will try, in their own words. Sealed with the client's own key: it is theirs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="reflections")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, blank=True, related_name="reflections")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="reflections")
    found = EncryptedTextField(key_from="client", verbose_name=_("what I found out"))
    will_try = EncryptedTextField(key_from="client", verbose_name=_("what I will try"))
    is_shared = models.BooleanField(_("my counselor may read it"), default=False)
    written_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = ReflectionQuerySet.as_manager()

    def __str__(self):
        return str(self.pk)

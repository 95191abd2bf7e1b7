"""Sessions: the stations of a program, and the meetings in which somebody tried to hold them."""

import hashlib
import uuid

import pgtrigger
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from practice.calendar.models import Meeting, Participant
from practice.records.fields import EncryptedTextField
from practice.records.keys import RecordError
from practice.records.models import RecordQuerySet
from programs.plan.models import Plan, Program

OUTLINE = ["aim", "agenda", "technique", "task"]


class SessionQuerySet(RecordQuerySet):
    def planned(self):
        """Sessions that their plan counts: a draft that was shortened keeps the words of the others until its offer."""
        return self.filter(number__lte=F("plan__planned_sessions"))


class Session(models.Model):
    """Station k of n: what it is for. Whether it is done follows from its attempts; nothing is counted up."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="sessions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="sessions", help_text="which plan added it")
    number = models.PositiveSmallIntegerField()
    aim = EncryptedTextField(key_from="program", verbose_name=_("aim"))
    agenda = EncryptedTextField(key_from="program", verbose_name=_("agenda"))
    technique = EncryptedTextField(key_from="program", verbose_name=_("technique"))
    task = EncryptedTextField(key_from="program", verbose_name=_("home task"))
    released_at = models.DateTimeField(
        null=True, blank=True, help_text="no longer needed, because the program ended before it"
    )

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "number"], name="sessions_of_a_program_are_numbered"),
            models.CheckConstraint(condition=Q(number__gte=1), name="the_first_session_is_number_1"),
        ]

    def __str__(self):
        return f"{self.number}"

    @property
    def mark(self) -> str:
        """Tells whether its outline is still the same, without opening it: other digits after every change of a word.

        Raise RecordError for a row whose texts were opened.
        """
        texts = [self.__dict__[name] for name in OUTLINE]
        if any(isinstance(text, str) and text for text in texts):
            raise RecordError("Only sealed texts can be told apart unopened.")
        return hashlib.sha256("/".join(text.digest() if text else "" for text in texts).encode()).hexdigest()


class AttemptQuerySet(models.QuerySet):
    def with_heads(self):
        """Fetch in the same statement what was recorded of each head (`heads`)."""
        heads = Participant.objects.filter(meeting=OuterRef("meeting"))
        return self.annotate(
            heads=ArraySubquery(heads.values(said=JSONObject(client="client_id", attendance="attendance")))
        )


class Attempt(models.Model):
    """A meeting that is to be, was, or was not a session of the program. At most one of a session is alive."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="attempts")
    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, related_name="attempt")
    excused_at = models.DateTimeField(
        null=True, blank=True, help_text="the counselor lets it be replaced, whatever the agreement says"
    )

    objects = AttemptQuerySet.as_manager()

    class Meta:
        triggers = [
            pgtrigger.Trigger(
                name="one_attempt_of_a_session_is_alive",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    PERFORM 1 FROM programs_session WHERE id = NEW.session_id FOR UPDATE;
                    IF EXISTS (
                        SELECT 1 FROM programs_attempt a JOIN practice_meeting m ON m.id = a.meeting_id
                        WHERE a.session_id = NEW.session_id AND m.id <> NEW.meeting_id
                          AND m.status IN ('held', 'requested', 'confirmed', 'attended')
                    ) THEN
                        RAISE EXCEPTION 'one_attempt_of_a_session_is_alive' USING ERRCODE = 'unique_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="an_attempt_stays", operation=pgtrigger.Delete),
        ]

    def __str__(self):
        return str(self.meeting_id)

    def attendance_of(self, client) -> str:
        """What was recorded of this client, as it was fetched `with_heads`; "" if nothing was."""
        return next((head["attendance"] for head in self.heads if head["client"] == str(client.pk)), "")

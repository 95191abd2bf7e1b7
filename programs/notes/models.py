"""Progress notes, which are the record, and process notes, which are their author's alone."""

import uuid
from datetime import timedelta

import pgtrigger
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from practice.calendar.models import Meeting
from practice.people.accounts import Role
from practice.people.clients import Client
from practice.people.supervision import Supervision
from practice.records.fields import EncryptedTextField
from practice.records.models import KeyHolder, RecordQuerySet
from programs.goals.models import Goal
from programs.library.models import NoteFormat
from programs.plan.models import Program, ProgramMember
from programs.sessions.models import Session
from programs.sessions.writers import Writers


class NoteStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waits for the supervisor")
    RETURNED = "returned", _("Returned with comments")
    SIGNED = "signed", _("Signed and locked")


ALLOWED_NOTE_MOVES = {
    NoteStatus.DRAFT: {NoteStatus.SUBMITTED, NoteStatus.SIGNED},
    NoteStatus.SUBMITTED: {NoteStatus.RETURNED, NoteStatus.SIGNED},
    NoteStatus.RETURNED: {NoteStatus.SUBMITTED, NoteStatus.SIGNED},
    NoteStatus.SIGNED: set(),
}


# A note is to be written within a day after the session, and is overdue after three.
DUE_AFTER = timedelta(hours=24)
OVERDUE_AFTER = timedelta(hours=72)


class ProgressNoteQuerySet(RecordQuerySet):
    def visible_to(self, user):
        """Their own for the author, while they care for somebody in it; signed ones for whoever leads or supervises it.

        And what a supervisee handed in, for their supervisor, while every client consents to that. Clients read notes
        only on request, outside these pages.
        """
        seen = Q(author=user, program__in=Program.objects.in_care_of(user).values("pk"))
        seen |= Q(status=NoteStatus.SIGNED, program__in=Program.objects.for_staff(user).values("pk"))
        if user.has_role(Role.SUPERVISOR):
            seen |= Q(status__in=[NoteStatus.SUBMITTED, NoteStatus.SIGNED]) & self._by_supervisee(user)
        return self.filter(seen).distinct()

    def awaiting(self, user):
        """Submitted notes that this supervisor is to co-sign; never one's own, nor against the will of a client."""
        if not user.has_role(Role.SUPERVISOR):
            return self.none()
        return self.filter(self._by_supervisee(user, co_signs=True), status=NoteStatus.SUBMITTED)

    @classmethod
    def _by_supervisee(cls, user, **fields):
        supervised = Supervision.objects.current().filter(supervisor=user, **fields).exclude(counselor__user=user)
        return Q(author__in=supervised.values("counselor__user")) & cls._nobody_refuses()

    @staticmethod
    def _nobody_refuses():
        refusing = ProgramMember.objects.without_consent("supervision").filter(program=models.OuterRef("program"))
        return ~models.Exists(refusing)

    def with_co_signer(self):
        """Notes with `has_co_signer`: true if somebody else is there who may co-sign what their author hands in."""
        author = models.OuterRef("author")
        signers = Supervision.objects.co_signing().filter(counselor__user=author).exclude(supervisor=author)
        return self.annotate(
            has_co_signer=models.ExpressionWrapper(
                models.Exists(signers) & self._nobody_refuses(), output_field=models.BooleanField()
            )
        )

    def signed(self):
        return self.filter(status=NoteStatus.SIGNED)

    def for_listing(self):
        """Fetch in one query all that a row in a list shows, newest session first. Texts stay sealed."""
        return self.select_related("session", "meeting", "author", "signed_by").order_by("-meeting__starts_at", "pk")


class ProgressNote(models.Model):
    """The record of one attended session. Once signed it never changes; what is to be added is an addendum."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="notes")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="notes")
    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, related_name="progress_note")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="progress_notes")
    format = models.CharField(_("format"), max_length=4, choices=NoteFormat)
    status = models.CharField(max_length=9, choices=NoteStatus, default=NoteStatus.DRAFT)
    body = EncryptedTextField(key_from="program", verbose_name=_("the parts of the format, as JSON"))
    covered = EncryptedTextField(key_from="program", verbose_name=_("agenda covered"))
    technique = EncryptedTextField(key_from="program", verbose_name=_("technique used"))
    task = EncryptedTextField(key_from="program", verbose_name=_("home task"))
    risk = EncryptedTextField(key_from="program", verbose_name=_("risk statement"))
    comments = EncryptedTextField(key_from="program", verbose_name=_("the supervisor’s comments"))
    goals = models.ManyToManyField(Goal, related_name="notes", blank=True, verbose_name=_("goals addressed"))
    revision = models.PositiveIntegerField(default=0, help_text="rises with every save, so that nobody overwrites")
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    position = models.PositiveIntegerField(null=True, blank=True, help_text="among the signed notes of the program")
    hash = models.BinaryField(
        max_length=32, null=True, blank=True, help_text="SHA-256 over the text and the one before"
    )

    objects = ProgressNoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "position"], name="signed_notes_of_a_program_are_numbered"),
            models.CheckConstraint(
                condition=Q(status="signed", signed_at__isnull=False, signed_by__isnull=False, hash__isnull=False)
                & Q(position__isnull=False)
                | ~Q(status="signed") & Q(signed_at=None, hash=None, position=None),
                name="a_signed_note_is_sealed",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="a_signed_note_never_changes",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__status="signed"),
            )
        ]

    def __str__(self):
        return str(self.pk)

    def get_absolute_url(self):
        return reverse("note_read", args=[self.pk])

    def move_to(self, status: NoteStatus) -> None:
        """Take a step along ALLOWED_NOTE_MOVES, unsaved. Raise ValidationError if it is not allowed from here."""
        if self.is_signed:
            raise ValidationError(_now("This note is signed. You can still add an addendum."), code="signed")
        if status not in ALLOWED_NOTE_MOVES[NoteStatus(self.status)]:
            raise ValidationError(_now("This note has changed meanwhile. Look at it again."), code="status")
        self.status = status
        self.revision += 1

    @property
    def is_signed(self):
        return self.status == NoteStatus.SIGNED

    @property
    def can_be_written(self):
        """True while its author may change it."""
        return self.status in (NoteStatus.DRAFT, NoteStatus.RETURNED)

    def is_left_behind(self, writers: Writers) -> bool:
        """True if whoever began it may no longer write it: then those who may go on with it."""
        return not self.is_signed and not writers.include(self.author, self.meeting)


_REFUSE_IF_SIGNED = """
    IF EXISTS (
        SELECT 1 FROM programs_progressnote n WHERE n.id IN ({ids}) AND n.status = 'signed'
    ) THEN
        RAISE EXCEPTION 'pgtrigger: Cannot change a part of a signed note';
    END IF;
    RETURN COALESCE(NEW, OLD);
"""


class NoteGoal(ProgressNote.goals.through):
    """Which goals a note addresses: they are locked with it."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="goals_of_a_signed_note_never_change",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=_REFUSE_IF_SIGNED.format(ids="NEW.progressnote_id, OLD.progressnote_id"),
            )
        ]


class IndividualPartQuerySet(RecordQuerySet):
    def readable(self):
        """Those of people who have not been erased: erasing one partner leaves the other's part and the note."""
        return self.filter(client__wrapped_key__isnull=False)


class IndividualPart(models.Model):
    """What a note on a couple or family says of one of them alone: sealed with that person's key."""

    note = models.ForeignKey(ProgressNote, on_delete=models.PROTECT, related_name="individual_parts")
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    text = EncryptedTextField(key_from="client", verbose_name=_("about this person alone"))

    objects = IndividualPartQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["note", "client"], name="a_note_has_one_part_for_each_person")]
        triggers = [
            pgtrigger.Trigger(
                name="a_signed_part_never_changes",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=_REFUSE_IF_SIGNED.format(ids="NEW.note_id, OLD.note_id"),
            )
        ]

    def __str__(self):
        return str(self.pk)


class Addendum(models.Model):
    """What was added to a signed note, by whom, when and why. Added once, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    note = models.ForeignKey(ProgressNote, on_delete=models.PROTECT, related_name="addenda")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = EncryptedTextField(key_from="note.program", verbose_name=_("why it is added"))
    text = EncryptedTextField(key_from="note.program", verbose_name=_("addendum"))
    written_at = models.DateTimeField()
    hash = models.BinaryField(max_length=32, help_text="SHA-256 over the text and what stood before it")

    objects = RecordQuerySet.as_manager()

    class Meta:
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return str(self.pk)


class ProcessBook(KeyHolder):
    """The key of one author's process notes on one program. Never exported, opened by nobody else."""

    clients_path = "program__members"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="process_books")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="process_books")

    class Meta(KeyHolder.Meta):
        constraints = [
            models.UniqueConstraint(fields=["program", "author"], name="an_author_has_one_process_book_of_a_program")
        ]

    def __str__(self):
        return str(self.pk)

    def client_ids(self):
        return self.program.client_ids()


class ProcessNoteQuerySet(RecordQuerySet):
    def visible_to(self, user):
        """One's own, whatever one's role, and nobody else's."""
        return self.filter(book__author=user)


class ProcessNote(models.Model):
    """A counselor's private note about one session or the whole program."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    book = models.ForeignKey(ProcessBook, on_delete=models.PROTECT, related_name="notes")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = EncryptedTextField(key_from="book", verbose_name=_("private note"))
    revision = models.PositiveIntegerField(default=0)
    written_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = ProcessNoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "session"], name="one_process_note_for_a_session_and_author")
        ]

    def __str__(self):
        return str(self.pk)

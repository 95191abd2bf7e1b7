"""Progress notes, which are the record, and process notes, which are their author's alone."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from practice.calendar.models import Meeting
from practice.people.accounts import Role
from practice.people.clients import Client
from practice.records.fields import EncryptedTextField
from practice.records.models import KeyHolder, RecordQuerySet
from programs.goals.models import Goal
from programs.library.models import NoteFormat
from programs.plan.models import Program
from programs.sessions.models import Session


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


class ProgressNoteQuerySet(RecordQuerySet):
    def visible_to(self, user):
        """Drafts for their author; submitted ones for the supervisor too; signed ones for whoever leads the program.

        Clients read notes only on request, outside these pages.
        """
        leads = Program.objects.for_counselor(user)
        seen = Q(author=user, program__in=leads.values("pk")) | Q(
            status=NoteStatus.SIGNED, program__in=leads.values("pk")
        )
        if user.has_role(Role.SUPERVISOR):
            watched = Program.objects.visible_to(user)
            seen |= Q(status__in=[NoteStatus.SUBMITTED, NoteStatus.SIGNED], program__in=watched.values("pk"))
        return self.filter(seen).distinct()

    def unsigned(self):
        return self.exclude(status=NoteStatus.SIGNED)


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


class IndividualPart(models.Model):
    """What a note on a couple or family says of one of them alone: sealed with that person's key."""

    note = models.ForeignKey(ProgressNote, on_delete=models.PROTECT, related_name="individual_parts")
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    text = EncryptedTextField(key_from="client", verbose_name=_("about this person alone"))

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["note", "client"], name="a_note_has_one_part_for_each_person")]
        triggers = [
            pgtrigger.Trigger(
                name="a_signed_part_never_changes",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM programs_progressnote n
                        WHERE n.id = COALESCE(NEW.note_id, OLD.note_id) AND n.status = 'signed'
                    ) THEN
                        RAISE EXCEPTION 'pgtrigger: Cannot change a part of a signed note';
                    END IF;
                    RETURN COALESCE(NEW, OLD);
                """,
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

"""The outbox: every message that leaves the practice, and what became of it."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from practice.messages.kinds import label_of
from practice.people.models import Client, Role
from practice.records.tokens import digest

__all__ = ["AnswerLink", "Heartbeat", "Message"]


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    WHATSAPP = "whatsapp", _("WhatsApp")


class Status(models.TextChoices):
    QUEUED = "queued", _("Waiting to be sent")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    DROPPED = "dropped", _("No longer needed")
    FAILED = "failed", _("Could not be delivered")


# A message that is being sent may be taken again: its sender was killed and the lease ran out.
ALLOWED_MOVES = {
    Status.QUEUED: {Status.SENDING},
    Status.SENDING: {Status.SENDING, Status.QUEUED, Status.SENT, Status.DROPPED, Status.FAILED},
    Status.FAILED: {Status.QUEUED},
    Status.SENT: set(),
    Status.DROPPED: set(),
}
UNFINISHED = (Status.QUEUED, Status.SENDING)


class Answer(models.TextChoices):
    """What a client chose when a message asked what suits them now."""

    REBOOK = "rebook", _("Wants another time")
    CALL = "call", _("Wants to be called")
    STOP = "stop", _("Leaves it for now")


class MessageQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The front desk and managers see what was sent to whom; nobody else does."""
        if user.has_role(Role.MANAGER, Role.FRONT_DESK):
            return self
        return self.none()

    def due(self, now: datetime):
        """Messages to be sent now, those whose sender vanished included."""
        return self.filter(status__in=UNFINISHED, next_attempt_at__lte=now)

    def waiting(self):
        """Messages that are still on their way."""
        return self.filter(status__in=UNFINISHED)

    def sent(self):
        """Messages that left the practice, those that staff sent by hand included."""
        return self.filter(status=Status.SENT)

    def failed(self):
        """Messages that were given up: somebody has to look at them."""
        return self.filter(status=Status.FAILED)

    def answered(self):
        """Messages that asked for a choice and got one."""
        return self.exclude(answer="")

    def for_whatsapp(self, since: datetime):
        """Mails since then to clients who would rather read WhatsApp, if still true and not yet sent there by hand."""
        by_hand = Message.objects.filter(
            channel=Channel.WHATSAPP,
            kind=models.OuterRef("kind"),
            client=models.OuterRef("client"),
            meeting=models.OuterRef("meeting"),
            meeting_version=models.OuterRef("meeting_version"),
        )
        wanted = self.filter(channel=Channel.EMAIL, client__channel=Client.Channel.WHATSAPP, created_at__gte=since)
        still_true = wanted.filter(meeting__version=models.F("meeting_version")).exclude(status=Status.DROPPED)
        return still_true.exclude(client__phone="").exclude(models.Exists(by_hand))

    def for_meeting(self, meeting):
        """Everything that was written about a meeting, oldest first, with what a row in its log shows."""
        return self.filter(meeting=meeting).select_related("client").order_by("created_at", "pk")

    def for_listing(self):
        """Fetch in one query all that a row in a list shows, newest first."""
        return self.select_related("client", "meeting").order_by("-created_at", "pk")


class Message(models.Model):
    """One message to one recipient: the only truth about whether it is still to be sent.

    It names what it is about (a meeting at one version, or another subject by its id) and never holds the text:
    that is rendered when it is sent, from what is true then.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.EMAIL)
    recipient_email = models.EmailField()
    recipient_name = models.CharField(max_length=80, blank=True)
    recipient_hash = models.CharField(
        max_length=64, help_text="keyed hash of the normalised address, to count how many one mailbox gets"
    )
    client = models.ForeignKey("practice.Client", on_delete=models.PROTECT, null=True, related_name="messages")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    time_zone = models.CharField(max_length=50)
    is_discreet = models.BooleanField(default=True)
    meeting = models.ForeignKey("practice.Meeting", on_delete=models.PROTECT, null=True, related_name="messages")
    meeting_version = models.PositiveIntegerField(null=True)
    subject_id = models.UUIDField(null=True, help_text="what the message is about, where that is not a meeting")
    dedupe_key = models.CharField(max_length=200)
    message_id = models.CharField(max_length=200, help_text="Message-ID header: the same on every try")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    next_attempt_at = models.DateTimeField(help_text="when to try (again); while being sent, when the lease ends")
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=100, blank=True, help_text="class of the last error, never its words")
    answer = models.CharField(max_length=10, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-created_at"], name="message_newest"),
            models.Index(fields=["-created_at"], condition=Q(status=Status.FAILED), name="message_failed"),
            models.Index(fields=["-created_at"], condition=~Q(answer=""), name="message_answered"),
            models.Index(fields=["next_attempt_at"], condition=Q(status__in=UNFINISHED), name="message_next_attempt"),
            models.Index(fields=["recipient_hash", "sent_at"], name="message_recipient"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["dedupe_key"], name="a_message_is_written_once"),
            models.CheckConstraint(
                condition=Q(status=Status.SENT, sent_at__isnull=False) | (~Q(status=Status.SENT) & Q(sent_at=None)),
                name="a_message_is_sent_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(meeting_version=None) | Q(meeting__isnull=False),
                name="a_message_knows_the_meeting_whose_version_it_follows",
            ),
            models.CheckConstraint(
                condition=Q(next_attempt_at__gte=models.F("not_before")), name="a_message_is_not_sent_too_early"
            ),
            models.CheckConstraint(
                condition=~Q(channel=Channel.WHATSAPP) | Q(status=Status.SENT),
                name="a_whatsapp_message_is_sent_by_hand",
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="an_answer_was_given_at_a_time",
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.pk}"

    def move_to(self, status: Status) -> None:
        """Set the status. Raise ValueError if a message cannot go there from where it is."""
        if status not in ALLOWED_MOVES[Status(self.status)]:
            raise ValueError(f"A message that is {self.status} cannot become {status}.")
        self.status = status

    @property
    def kind_label(self) -> str:
        """What staff call this kind of message."""
        return label_of(self.kind)

    @property
    def is_waiting(self) -> bool:
        """True while it is still on its way."""
        return self.status in UNFINISHED

    @property
    def is_limited(self) -> bool:
        """True if strangers could flood this mailbox by it. Mail to an account is limited where it is caused."""
        return self.client_id is not None or self.user_id is None


class AnswerLinkQuerySet(models.QuerySet):
    def opening(self, token: str, now: datetime):
        """The link that this secret opens, while it lives."""
        return self.filter(token_hash=digest(token), expires_at__gt=now)


class AnswerLink(models.Model):
    """Opens one question that a message asked. It shows and changes nothing else.

    Only the hash of the secret is kept. Every try to send gets its own, so that whichever arrives can be used.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="answer_links")
    token_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()

    objects = AnswerLinkQuerySet.as_manager()

    def __str__(self):
        return str(self.pk)


class Heartbeat(models.Model):
    """When a process that works in the background last showed that it does."""

    name = models.CharField(primary_key=True, max_length=40)
    at = models.DateTimeField()

    def __str__(self):
        return self.name

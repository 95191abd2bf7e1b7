"""Manage links: bearer secrets by which a client reaches one appointment without an account."""

import uuid
from datetime import datetime

from django.db import models

from practice.calendar.meetings import Meeting
from practice.people.clients import Client
from practice.records.tokens import digest, mint


class ManageTokenQuerySet(models.QuerySet):
    def opening(self, token: str, now: datetime):
        """The link that this secret opens, while it lives."""
        return self.filter(token_hash=digest(token), expires_at__gt=now)


class ManageToken(models.Model):
    """Opens one appointment to one of its clients: to see, move and cancel it. Only the hash of the secret is kept.

    It dies when the meeting starts, and when the meeting is moved (the message about the move brings a new one).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="manage_tokens")
    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, null=True, related_name="manage_tokens", help_text="whose link it is"
    )
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = ManageTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="a_link_lives_for_a_while"
            )
        ]

    def __str__(self):
        return str(self.pk)


def new_link(meeting: Meeting, client: Client | None, *, now: datetime) -> tuple[str, ManageToken]:
    """A fresh secret for this client of the meeting and its unsaved row. Every message and answer gets its own."""
    token, token_hash = mint()
    expires_at = max(meeting.starts_at, now + (meeting.ends_at - meeting.starts_at))
    return token, ManageToken(
        meeting=meeting, client=client, token_hash=token_hash, created_at=now, expires_at=expires_at
    )

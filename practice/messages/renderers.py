"""How a mail looks: its words in the recipient's language and time zone, and names that are safe to print."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from practice.messages.discretion import untelling
from practice.messages.kinds import Attachment, CalendarPart, Rendered, label_of, register
from practice.messages.models import Message
from practice.people.models import Practice
from practice.zones import zone

__all__ = [
    "Rendered",
    "in_words_of",
    "label_of",
    "one_line",
    "plain_name",
    "register",
    "render_mail",
    "sender_name",
    "tidy",
]

JOINERS = "\u200c\u200d"  # part of how names are written in several scripts


def render_mail(
    template: str,
    context: dict,
    message: Message,
    *,
    practice: Practice | None = None,
    calendar: CalendarPart | None = None,
    attachments: tuple[Attachment, ...] = (),
) -> Rendered:
    """Render `email/<template>.txt` and `.html` in the recipient's language and time zone.

    Both extend `email/layout.*`. The text template also fills the block `subject`: one line, neutral. Templates get
    `context`, and `name` (the recipient's, safe to print), `message`, `practice`, `sender` and `sender_email` (for the
    signature, empty where they would tell too much) and `base_url` (no slash at the end).
    """
    practice = practice or Practice.current()
    with in_words_of(message):
        context = {
            "name": plain_name(message.recipient_name),
            "message": message,
            "language": message.language,
            "practice": practice,
            "sender": sender_name(practice, message),
            "sender_email": untelling(practice.email) if message.is_discreet else practice.email,
            "base_url": settings.BASE_URL,
            **context,
        }
        subject, _newline, text = render_to_string(f"email/{template}.txt", context).lstrip().partition("\n")
        html = render_to_string(f"email/{template}.html", {**context, "subject": subject})
    return Rendered(
        subject=subject.strip(),
        text=tidy(text),
        html=html,
        calendar=calendar,
        attachments=attachments,
        practice=practice,
    )


@contextmanager
def in_words_of(message: Message) -> Iterator[None]:
    """Speak the recipient's language and count in their time zone."""
    with translation.override(message.language), timezone.override(zone(message.time_zone)):
        yield


def sender_name(practice: Practice, message: Message) -> str:
    """The practice's name as one line; nothing if it would give away to others what the recipient comes for."""
    name = one_line(practice.name)
    return untelling(name) if message.is_discreet else name


def tidy(text: str) -> str:
    """The text without the blank lines and spaces that template tags leave behind."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def one_line(name: str, *, most: int = 80) -> str:
    """A name as one line of at most 80 characters (or `most`), without control or direction characters."""
    shown = "".join(
        " " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char
        for char in name
        if char in JOINERS or unicodedata.category(char) not in {"Cf", "Cs", "Co", "Cn"}
    )
    return " ".join(shown.split())[:most].strip()


def plain_name(name: str) -> str:
    """A name that a stranger may have typed, as one line in which no mail program finds a link."""
    without_slashes = re.sub(r"[/\\<>]+", " ", name)
    return one_line(re.sub(r"(?<=\w)[.:@](?=\w)", lambda found: f"{found[0]} ", one_line(without_slashes)))

"""What a message says. Each room registers the renderer of its own kinds; this room knows only how a mail looks."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from practice.messages.models import Message
from practice.people.models import Practice
from practice.zones import zone

JOINERS = "\u200c\u200d"  # part of how names are written in several scripts


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail, for example ("appointment.ics", "BEGIN:VCALENDAR…", "text/calendar")."""

    name: str
    content: str | bytes
    mimetype: str


@dataclass(frozen=True)
class Rendered:
    """The words of a mail. `subject` is one line."""

    subject: str
    text: str
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()


Renderer = Callable[[Message, datetime], Rendered | None]

_renderers: dict[str, Renderer] = {}


class UnknownKind(LookupError):
    """No room has registered a renderer for this kind of message."""


def register(kind: str) -> Callable[[Renderer], Renderer]:
    """Decorate the function that renders messages of this kind: `(message, now) -> Rendered`.

    It runs just before the mail is sent and must fetch afresh what it shows. It returns None if the message is no
    longer wanted, which is then dropped. It may write (a link's token): that is committed before the mail leaves.
    Raise ValueError if the kind is taken.
    """

    def keep(renderer: Renderer) -> Renderer:
        if _renderers.setdefault(kind, renderer) is not renderer:
            raise ValueError(f"Messages of kind {kind} have a renderer already.")
        return renderer

    return keep


def renderer_of(kind: str) -> Renderer:
    """The renderer of this kind. Raise UnknownKind if there is none."""
    try:
        return _renderers[kind]
    except KeyError:
        raise UnknownKind(kind) from None


def kinds() -> list[str]:
    """Every kind of message that can be sent, in alphabetical order."""
    return sorted(_renderers)


def render_mail(
    template: str, context: dict, message: Message, *, attachments: tuple[Attachment, ...] = ()
) -> Rendered:
    """Render `email/<template>.txt` and `.html` in the recipient's language and time zone.

    Both extend `email/layout.*`. The text template also fills the block `subject`: one line, neutral. Templates get
    `context`, and `name` (the recipient's, safe to print), `message`, `practice` and `base_url` (no slash at the end).
    """
    with translation.override(message.language), timezone.override(zone(message.time_zone)):
        context = {
            "name": plain_name(message.recipient_name),
            "message": message,
            "language": message.language,
            "practice": Practice.current(),
            "base_url": settings.BASE_URL,
            **context,
        }
        subject, _newline, text = render_to_string(f"email/{template}.txt", context).lstrip().partition("\n")
        html = render_to_string(f"email/{template}.html", {**context, "subject": subject})
    return Rendered(subject=subject.strip(), text=tidy(text), html=html, attachments=attachments)


def tidy(text: str) -> str:
    """The text without the blank lines and spaces that template tags leave behind."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def one_line(name: str) -> str:
    """A name as one line of at most 80 characters, without control or direction characters."""
    shown = "".join(
        " " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char
        for char in name
        if char in JOINERS or unicodedata.category(char) not in {"Cf", "Cs", "Co", "Cn"}
    )
    return " ".join(shown.split())[:80].strip()


def plain_name(name: str) -> str:
    """A name that a stranger may have typed, as one line in which no mail program finds a link."""
    without_slashes = re.sub(r"[/\\<>]+", " ", name)
    return one_line(re.sub(r"(?<=\w)[.:@](?=\w)", lambda found: f"{found[0]} ", one_line(without_slashes)))

"""What a message says. Each room registers its own kinds; this room knows only how a mail looks."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.functional import Promise

from practice.messages.discretion import untelling
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
class CalendarPart:
    """An iTIP object that mail programs act on: the text of a VCALENDAR and its METHOD, for example "REQUEST"."""

    text: str
    method: str


@dataclass(frozen=True)
class Rendered:
    """The words of a mail. `subject` is one line."""

    subject: str
    text: str
    html: str | None = None
    calendar: CalendarPart | None = None
    attachments: tuple[Attachment, ...] = ()


Renderer = Callable[[Message, datetime], Rendered | None]
ShortRenderer = Callable[[Message, datetime], str]


@dataclass(frozen=True)
class Kind:
    """A kind of message: how it is worded, what staff call it, and whether it waits for the morning.

    `short`, if it has one, words it for WhatsApp: a few neutral lines without any secret, "" if it no longer applies.
    """

    render: Renderer
    label: str | Promise = ""
    waits_for_morning: bool = False
    short: ShortRenderer | None = None


_kinds: dict[str, Kind] = {}


class UnknownKind(LookupError):
    """No room has registered this kind of message."""


def register(
    kind: str, *, label: str | Promise = "", waits_for_morning: bool = False, short: ShortRenderer | None = None
) -> Callable[[Renderer], Renderer]:
    """Decorate the function that renders messages of this kind: `(message, now) -> Rendered`.

    It runs just before the mail is sent and must fetch afresh what it shows. It returns None if the message is no
    longer wanted, which is then dropped. It may write (a link's token): that is committed before the mail leaves.
    The rest is as in Kind. Raise ValueError if the kind is taken.
    """

    def keep(renderer: Renderer) -> Renderer:
        made = Kind(render=renderer, label=label, waits_for_morning=waits_for_morning, short=short)
        if _kinds.setdefault(kind, made).render is not renderer:
            raise ValueError(f"Messages of kind {kind} have a renderer already.")
        return renderer

    return keep


def kind_of(name: str) -> Kind:
    """The kind of that name. Raise UnknownKind if there is none."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(name) from None


def label_of(name: str) -> str:
    """What staff call this kind; its bare name if nobody said, or if it is no longer known."""
    kind = _kinds.get(name)
    return str(kind.label) if kind and kind.label else name


def kinds() -> list[str]:
    """Every kind of message that can be sent, in alphabetical order."""
    return sorted(_kinds)


def render_mail(
    template: str,
    context: dict,
    message: Message,
    *,
    calendar: CalendarPart | None = None,
    attachments: tuple[Attachment, ...] = (),
) -> Rendered:
    """Render `email/<template>.txt` and `.html` in the recipient's language and time zone.

    Both extend `email/layout.*`. The text template also fills the block `subject`: one line, neutral. Templates get
    `context`, and `name` (the recipient's, safe to print), `message`, `practice`, `sender` and `sender_email` (for the
    signature, empty where they would tell too much) and `base_url` (no slash at the end).
    """
    practice = Practice.current()
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
        subject=subject.strip(), text=tidy(text), html=html, calendar=calendar, attachments=attachments
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

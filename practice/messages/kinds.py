"""The kinds of message there are. Each room registers its own, so that messages know nothing of what is above them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    from practice.messages.models import Message
    from practice.people.models import Practice


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
    """The words of a mail. `subject` is one line; `practice` is in whose name it goes, if that was fetched already."""

    subject: str
    text: str
    html: str | None = None
    calendar: CalendarPart | None = None
    attachments: tuple[Attachment, ...] = ()
    practice: "Practice | None" = None


Renderer = Callable[["Message", datetime], Rendered | None]
ShortRenderer = Callable[["Message", datetime], str]


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

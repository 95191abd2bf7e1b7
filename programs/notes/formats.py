"""How the body of a note is divided: the parts of each format, and how text passes from one format to another."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from programs.library.models import NoteFormat

PARTS = {
    NoteFormat.SOAP: ["subjective", "objective", "assessment", "plan"],
    NoteFormat.DAP: ["data", "assessment", "plan"],
    NoteFormat.BIRP: ["behavior", "intervention", "response", "plan"],
    NoteFormat.GIRP: ["goal", "intervention", "response", "plan"],
    NoteFormat.FREE: ["text"],
}
LABELS = {
    "subjective": _("Subjective: what the client said"),
    "objective": _("Objective: what you saw"),
    "assessment": _("Assessment: how you understand it"),
    "plan": _("Plan: what comes next"),
    "data": _("Data: what was said and seen"),
    "behavior": _("Behavior: how the client was and what they said"),
    "intervention": _("Intervention: what you did"),
    "response": _("Response: how the client took it"),
    "goal": _("Goal: what you worked towards"),
    "text": _("Note"),
}


@dataclass(frozen=True)
class Writing:
    """All that a counselor writes into one note, as plain text."""

    format: str
    parts: Mapping[str, str]
    covered: str = ""
    technique: str = ""
    task: str = ""
    risk: str = ""
    no_task: bool = False
    no_goals: bool = False
    goals: tuple[UUID, ...] = ()
    individual: Mapping[UUID, str] = field(default_factory=dict)

    @property
    def body(self) -> str:
        """The parts and the two “none” as JSON, as the note keeps them."""
        said = {"parts": dict(self.parts), "no_task": self.no_task, "no_goals": self.no_goals}
        return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Body:
    """What the body of a note says; only of an opened one."""

    parts: Mapping[str, str]
    no_task: bool = False
    no_goals: bool = False

    @classmethod
    def of(cls, text: str) -> "Body":
        said = json.loads(text) if text else {}
        return cls(said.get("parts", {}), said.get("no_task", False), said.get("no_goals", False))

    def labelled(self, format: str) -> list[tuple[str, str]]:
        """Label and text of each part that says something, in the order of the format."""
        return [(LABELS[name], self.parts[name]) for name in PARTS[NoteFormat(format)] if self.parts.get(name)]


def in_format(parts: Mapping[str, str], wanted: str) -> dict[str, str]:
    """The same text in another format: parts of the same name stay, what has no place goes to the first part."""
    names = PARTS[NoteFormat(wanted)]
    moved = {name: parts.get(name, "") for name in names}
    homeless = [text for name, text in parts.items() if text and name not in names]
    moved[names[0]] = "\n\n".join(filter(None, [moved[names[0]], *homeless]))
    return moved

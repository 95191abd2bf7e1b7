"""What the editor of a note puts together: the meeting it is about, what came before, and what was written so far."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _

from practice.calendar.models import Meeting, Participant
from practice.calendar.models import Status as MeetingStatus
from practice.people.accounts import User
from practice.people.clients import Client
from practice.records.actions import read_together
from programs.between.models import Card, SessionPlan, TaskReport, Topic
from programs.goals.models import Goal, GoalRating, Rater
from programs.goals.standing import signed
from programs.library.models import NoteFormat
from programs.notes.actions import meeting_to_write_on, waits_for_nobody
from programs.notes.formats import Body, in_format
from programs.notes.forms import CARD, NoteForm
from programs.notes.models import IndividualPart, ProgressNote
from programs.plan.models import Program
from programs.sessions.models import Session
from programs.sessions.thread import Station, Thread, thread_of
from programs.sessions.writers import TOOK_PLACE, Writers

REASON = "writing the note of a session"


@dataclass
class Desk:
    """A session whose note one counselor writes. Nothing sealed is opened until `open`."""

    session: Session
    user: User
    now: datetime
    thread: Thread
    station: Station
    meeting: Meeting | None
    note: ProgressNote | None
    goals: list[Goal]
    card: Card | None
    opened: dict[str, list] = field(default_factory=dict)

    @classmethod
    def at(cls, session: Session, user: User, now: datetime) -> "Desk":
        thread = thread_of(session.program)
        station = thread.station(session.number)
        meeting = meeting_to_write_on(station, now)
        note = meeting and ProgressNote.objects.filter(meeting=meeting).select_related("author", "meeting").first()
        if note:
            note.program = session.program
        agreed = Goal.objects.agreed().filter(goal_set__program=session.program)
        goals = agreed.order_by("goal_set__number", "position")
        card = Card.objects.filter(session=session).first()
        return cls(session, user, now, thread, station, meeting, note, list(goals), card)

    @property
    def program(self) -> Program:
        return self.session.program

    @property
    def people(self) -> list[Client]:
        """The clients, if there are several: each may have a part of their own."""
        clients = [member.client for member in self.program.members.all()]
        return [client for client in clients if not client.is_erased] if len(clients) > 1 else []

    @property
    def is_mine(self) -> bool:
        """True if this person may write the note: nobody else has begun it who is still there to go on."""
        return self.note is None or self.note.author_id == self.user.pk or self.left_by is not None

    @property
    def left_by(self) -> User | None:
        """Who began the note and may no longer write it, if it is to be taken over from them."""
        is_left = self.note and self.note.is_left_behind(Writers(self.program))
        return self.note.author if is_left else None

    @property
    def acts_here(self) -> bool:
        """True if this person leads the program or helps to: others have no page of it to go back to."""
        return self.program.is_led_by(self.user)

    @property
    def not_held(self) -> Meeting | None:
        """The last meeting of this session that had begun and is written down as missed or called off."""
        begun = [each.meeting for each in self.station.attempts if each.meeting.can_have_attendance(self.now)]
        missed = [meeting for meeting in begun if meeting.status not in TOOK_PLACE]
        return max(missed, key=lambda meeting: meeting.starts_at, default=None)

    @cached_property
    def obstacle(self) -> str:
        """Why this person cannot write the note now, in a word; "" if they can.

        "early" before the session has begun, "not_held" if it was missed or called off, "signed", "other" where
        somebody else writes it, "waits" while it is with the supervisor.
        """
        if self.meeting is None:
            return "not_held" if self.not_held else "early"
        if self.note and self.note.is_signed:
            return "signed"
        if not self.is_mine or not Writers(self.program).include(self.user, self.meeting):
            return "other"
        return "waits" if self.note and not (self.note.can_be_written or self.is_stranded) else ""

    @property
    def is_stranded(self) -> bool:
        """True if somebody who is gone handed the note in, and nobody may co-sign it: it is to be taken over too."""
        return self.left_by is not None and waits_for_nobody(self.note, self.now)

    @property
    def written_by(self) -> str:
        """The name of who writes the note, or held the session; "" before it has begun."""
        if self.note:
            return self.note.author.name
        return self.meeting.counselor.name if self.meeting else ""

    @property
    def writes_card(self) -> bool:
        """True while the card is written in the editor: once it is shared it has a page of its own."""
        return self.card is None or self.card.shared_at is None

    @property
    def revision(self) -> int:
        return self.note.revision if self.note else 0

    @property
    def format(self) -> str:
        if self.note:
            return self.note.format
        return self.thread.plan.method.note_format if self.thread.plan else NoteFormat.SOAP

    @property
    def asks_who_came(self) -> bool:
        return self.meeting.status == MeetingStatus.CONFIRMED

    def open(self, request) -> None:
        """Open all that the page shows, in one go, after the trail says who reads it."""
        before = [station for station in self.thread.stations if station.number < self.session.number]
        held = [station.session.pk for station in before if station.state == "done"]
        last = held[-1] if held else None
        written = ProgressNote.objects.filter(program=self.program).signed()
        topics = Topic.objects.filter(session=self.session).select_related("client")
        sources = {
            "note": ProgressNote.objects.filter(pk=self.note.pk if self.note else None),
            "parts": IndividualPart.objects.filter(note=self.note.pk if self.note else None).readable(),
            "outline": Session.objects.filter(pk=self.session.pk),
            "plan": SessionPlan.objects.filter(session=self.session),
            "topics": topics.order_by("client_id", "position"),
            "cards": Card.objects.filter(session__in=[self.session.pk, last]),
            "reports": TaskReport.objects.filter(session=last).select_related("client").order_by("client_id"),
            "last": written.select_related("session", "author", "meeting").order_by("-meeting__starts_at")[:1],
            "goals": self.goals,
        }
        rows = read_together(
            list(sources.values()), by=self.user, reason=REASON, request=request, knowing=[self.program, *self.people]
        )
        self.opened = dict(zip(sources, rows, strict=True))
        self.note = self.first("note")
        self.card = next((card for card in self.opened["cards"] if card.session_id == self.session.pk), None)

    def first(self, name: str):
        return next(iter(self.opened[name]), None)

    # --- The form

    def form(self, data=None, *, card: bool | None = None, **kwargs) -> NoteForm:
        """The form for what is being written; goals are called by their words once they are open.

        It has fields for the card while that is written here, or as `card` says.
        """
        goals = {str(goal.pk): self._name_of(goal) for goal in self.goals}
        card = self.writes_card if card is None else card
        return NoteForm(data, shown=self.format, goals=goals, people=self.people, card=card, auto_id="id_%s", **kwargs)

    def _name_of(self, goal: Goal) -> str:
        return goal.words if self.opened else str(goal.position)

    def filled_form(self) -> NoteForm:
        """The form as it opens: with the draft, or with what was planned."""
        initial = self.draft() if self.note else self.agenda()
        if self.writes_card and self.card:
            initial |= {f"card_{name}": getattr(self.card, name) for name in CARD}
        return self.form(initial=initial | {"revision": self.revision})

    def draft(self) -> dict:
        """What was written so far, by the names of the form's fields."""
        note, body = self.note, Body.of(self.note.body)
        parts = in_format(body.parts, self.format)
        said = {f"part_{name}": text for name, text in parts.items()}
        said |= {name: getattr(note, name) for name in ("covered", "technique", "task", "risk")}
        said |= {"no_task": body.no_task, "no_goals": body.no_goals}
        said["goals"] = [str(goal.pk) for goal in note.goals.all()]
        return said | {f"person_{part.client_id.hex}": part.text for part in self.opened["parts"]}

    def agenda(self) -> dict:
        """What a new note opens with: what was planned, and what the clients wanted to speak about."""
        outline, plan = self.first("outline"), self.first("plan")
        planned = plan.text if plan else outline.agenda
        topics = [topic.text for topic in self.opened["topics"]]
        return {
            "covered": "\n".join(filter(None, [planned, *topics])),
            "technique": outline.technique,
            "task": outline.task,
        }

    # --- What stands beside it

    def beside(self) -> dict:
        """The context on the left: what was before, and what this session was to be."""
        last = self.first("last")
        ratings = last_ratings(self.goals)
        return {
            "last": last and {"note": last, "parts": Body.of(last.body).labelled(last.format)},
            "outline": self.first("outline"),
            "plan": self.first("plan"),
            "topics": self.opened["topics"],
            "last_card": next((card for card in self.opened["cards"] if card.session_id != self.session.pk), None),
            "reports": self.opened["reports"],
            "goals": [{"goal": goal, "ratings": ratings.get(goal.pk, [])} for goal in self.goals],
        }

    def heads(self) -> list[Participant]:
        return list(self.meeting.participants.select_related("client").order_by("client__preferred_name", "pk"))


def last_ratings(goals: list[Goal]) -> dict:
    """By goal: who saw it last at which level, in words, in one statement."""
    found: dict = {}
    ratings = GoalRating.objects.filter(goal__in=[goal.pk for goal in goals]).select_related("client")
    for rating in ratings.order_by("rated_at", "pk"):
        who = rating.client.preferred_name if rating.rater == Rater.CLIENT else _("Counselor")
        found.setdefault(rating.goal_id, {})[who] = signed(rating.level)
    return {pk: [{"who": who, "level": level} for who, level in seen.items()] for pk, seen in found.items()}


def typed_in(form: NoteForm) -> list[dict]:
    """What was typed or chosen in a form, however wrong: name, label and text of each field that says something."""
    found = []
    for bound in form:
        said = bound.value()
        if bound.is_hidden or not said:
            continue
        if isinstance(said, list | tuple):
            labels = dict(bound.field.choices)
            said = ", ".join(str(labels[value]) for value in said if value in labels)
        found.append({"name": bound.name, "label": bound.label, "text": _("Yes") if said is True else said})
    return found


def differences(form: NoteForm, stored: dict) -> list[dict]:
    """Where a typed note and the kept one say different things: label, and the kept text."""
    found = []
    for bound in form:
        if bound.name == "revision" or bound.is_hidden:
            continue
        typed, kept = bound.value(), stored.get(bound.name, "")
        if isinstance(typed, list | tuple) or isinstance(kept, list):
            differs = sorted(typed or []) != sorted(kept or [])
            labels = dict(bound.field.choices)
            kept = ", ".join(str(labels[value]) for value in kept or [] if value in labels)
        elif isinstance(kept, bool):
            differs, kept = bool(typed) != kept, _("Yes") if kept else _("No")
        else:
            differs = (typed or "").replace("\r\n", "\n").strip() != kept.replace("\r\n", "\n").strip()
        if differs:
            found.append({"label": bound.label, "text": kept})
    return found

"""What was written in the programs of the demo: goals, ratings, notes, cards, reflections, reviews, endings."""

from dataclasses import dataclass, field
from datetime import timedelta

from practice.people.models import User
from practice.records.actions import event
from practice.records.models import AuditEvent
from programs.between.models import Card, Reflection, SessionPlan, TaskReport, Topic
from programs.goals.models import Goal, GoalCheck, GoalRating, GoalSet, Rater
from programs.library.models import NoteFormat
from programs.notes.chain import hash_of_note
from programs.notes.formats import PARTS, Writing
from programs.notes.models import NoteStatus, ProcessBook, ProcessNote, ProgressNote
from programs.plan.models import Status as Stage
from programs.reviews.models import Decision, Ending, FollowUp, Review, ReviewVoice
from programs.ruang_teduh.cast import CO_SIGNED
from programs.ruang_teduh.dice import new_id
from programs.ruang_teduh.themes import ENDING_TEXT, NO_RISK, REVIEW_TEXT
from programs.ruang_teduh.threads import Told

WRITTEN_AFTER, SIGNED_AFTER = timedelta(minutes=40), timedelta(hours=3)
FOLLOW_UPS = (30, 90)
LEVELS = ("much_less", "less", "expected", "more", "much_more")


@dataclass
class Pages:
    """Collects what was written, unsaved; `save` writes it, in the order in which rows refer to each other.

    `supervisor` signs the notes of those of the cast whose notes are co-signed.
    """

    supervisor: User
    rows: dict[type, list] = field(default_factory=dict)
    addressed: list = field(default_factory=list)  # (note, goal)

    def add(self, row):
        self.rows.setdefault(type(row), []).append(row)
        return row

    def write(self, found: Told) -> None:
        """Everything that both sides wrote in one program."""
        goals = self.goals(found)
        if not found.is_signed:
            return
        notes = self.notes(found, goals)
        self.sign(found, notes, goals)
        self.between(found)
        self.rate(found, goals)
        self.review(found)
        self.prepare(found)
        if found.program.status in (Stage.CLOSING, Stage.CLOSED):
            self.end(found)

    def goals(self, found: Told) -> list[Goal]:
        program = found.program
        kept = self.add(GoalSet(pk=new_id(found.rng), program=program, number=1, frozen_at=program.agreed_at))
        return [
            self.add(
                Goal(
                    pk=new_id(found.rng),
                    goal_set=kept,
                    position=position,
                    words=text.words,
                    why=text.why,
                    indicator=text.indicator,
                    weight=text.weight,
                    baseline=text.baseline,
                    **dict(zip(LEVELS, text.levels, strict=True)),
                )
            )
            for position, text in enumerate(found.theme.goals, start=1)
        ]

    # --- Notes ------------------------------------------------------------------------------------------------------

    def notes(self, found: Told, goals: list[Goal]) -> list[ProgressNote]:
        """A note on each session that was held; that of the last two days is still to be written."""
        notes, format = [], found.plan.method.note_format
        for k, meeting in found.held:
            if meeting.ends_at > found.now - timedelta(days=1):
                continue
            text = found.theme.notes[(k - 1) % len(found.theme.notes)]
            writing = Writing(format=format, parts=parts_of(text, format), task=text.task)
            note = ProgressNote(
                pk=new_id(found.rng),
                program=found.program,
                session=found.session(k),
                meeting=meeting,
                author=found.program.counselor.user,
                format=format,
                body=writing.body,
                covered=text.covered,
                technique=found.session(k).technique or "",
                task=text.task,
                risk=NO_RISK[found.language],
                revision=1,
                created_at=meeting.ends_at,
                saved_at=meeting.ends_at + WRITTEN_AFTER,
            )
            notes.append(self.add(note))
            self.addressed.append((note, goals[(k - 1) % len(goals)]))
        return notes

    def sign(self, found: Told, notes: list[ProgressNote], goals: list[Goal]) -> None:
        """Sign all but, now and then, the last one; link them into a chain. Some wait for the supervisor first."""
        addressed = {note.pk: goal for note, goal in self.addressed}
        is_co_signed = found.program.counselor.user.email in CO_SIGNED
        if is_co_signed:
            for note in notes:
                note.status, note.submitted_at = NoteStatus.SUBMITTED, note.saved_at
                self.add(event(note.author, "note.submitted", note, now=note.submitted_at))
        if notes and found.program.status == Stage.ACTIVE and (is_co_signed or found.rng.random() < 0.3):
            notes = notes[:-1]
        previous = b""
        for position, note in enumerate(notes, start=1):
            note.status, note.position = NoteStatus.SIGNED, position
            note.signed_by = self.supervisor if is_co_signed else note.author
            note.signed_at = note.meeting.ends_at + SIGNED_AFTER
            note.hash = previous = hash_of_note(note, goal_ids=[addressed[note.pk].pk], parts=[], previous=previous)
            self.add(event(note.signed_by, "note.signed", note, now=note.signed_at))

    def private(self, found: Told) -> None:
        book = self.add(ProcessBook(pk=new_id(found.rng), program=found.program, author=found.program.counselor.user))
        at = found.program.agreed_at + timedelta(days=8)
        self.add(
            ProcessNote(pk=new_id(found.rng), book=book, text=found.theme.private_note, written_at=at, changed_at=at)
        )

    # --- Between sessions -------------------------------------------------------------------------------------------

    def between(self, found: Told) -> None:
        """A card after each session, how the task went, and what was found: every second one shared."""
        self.private(found)
        held = [(k, meeting) for k, meeting in found.held if meeting.ends_at <= found.now - timedelta(days=1)]
        for turn, (k, meeting) in enumerate(held):
            text = found.theme.notes[(k - 1) % len(found.theme.notes)]
            session, at = found.session(k), meeting.ends_at + SIGNED_AFTER
            self.add(
                Card(
                    pk=new_id(found.rng),
                    session=session,
                    done=text.card[0],
                    task=text.task,
                    next=text.card[1],
                    written_at=at,
                    shared_at=at,
                )
            )
            client = found.members[turn % len(found.members)]
            if turn < len(held) - 1:
                outcome = found.rng.choice(["done", "done", "partly"])
                self.add(
                    TaskReport(
                        pk=new_id(found.rng),
                        session=session,
                        client=client,
                        outcome=outcome,
                        reported_at=at + timedelta(days=4),
                    )
                )
            if turn < len(found.theme.found):
                self.reflect(found, client, session, turn, at + timedelta(hours=5))

    def reflect(self, found: Told, client, session, turn: int, at) -> None:
        saw, will_try = found.theme.found[turn]
        self.add(
            Reflection(
                pk=new_id(found.rng),
                program=found.program,
                session=session,
                client=client,
                found=saw,
                will_try=will_try,
                is_shared=turn % 2 == 0,
                written_at=at,
                changed_at=at,
            )
        )

    def prepare(self, found: Told) -> None:
        """What both want to do in the session that comes next."""
        coming = [(k, meeting) for k, meeting in found.stations if meeting.status == "confirmed"]
        if not coming or found.program.status == Stage.PAUSED:
            return
        k, meeting = coming[0]
        at = max(found.program.agreed_at, meeting.booked_at)
        for position, text in enumerate(found.theme.topics[:2], start=1):
            self.add(
                Topic(
                    pk=new_id(found.rng),
                    session=found.session(k),
                    client=found.members[0],
                    position=position,
                    text=text,
                    written_at=at,
                )
            )
        plan = found.theme.notes[(k - 1) % len(found.theme.notes)].covered
        self.add(SessionPlan(pk=new_id(found.rng), session=found.session(k), text=plan, written_at=at))

    # --- Ratings, reviews, endings ----------------------------------------------------------------------------------

    def rate(self, found: Told, goals: list[Goal]) -> None:
        """From 0 to 10 after each session by the client; by levels from both at the review points."""
        held = found.held
        for turn, (k, meeting) in enumerate(held):
            for goal in goals:
                value = min(10, 3 + turn + found.rng.choice([0, 0, 1]))
                self.add(
                    GoalCheck(
                        pk=new_id(found.rng),
                        goal=goal,
                        session=found.session(k),
                        client=found.members[0],
                        value=value,
                        checked_at=meeting.ends_at + timedelta(hours=6),
                    )
                )
        done = len(held)
        for point in [p for p in found.plans[0].review_after if p <= done]:
            at = held[point - 1][1].ends_at + timedelta(hours=4)
            for goal in goals:
                self.levels(found, goal, "review", point, at, rise=point // 2)
        if found.program.status == Stage.CLOSED and done:
            at = held[-1][1].ends_at + timedelta(hours=4)
            for goal in goals:
                self.levels(found, goal, "ending", done, at, rise=3 if found.program.ended_as_planned else 1)

    def levels(self, found: Told, goal: Goal, occasion: str, done: int, at, *, rise: int) -> None:
        level = min(2, goal.baseline + rise)
        views = [(Rater.COUNSELOR, found.program.counselor.user, None, level)]
        views += [
            (Rater.CLIENT, client.user, client, max(-2, min(2, level + found.rng.choice([-1, 0, 0, 1]))))
            for client in found.members
        ]
        for rater, by, client, seen in views:
            self.add(
                GoalRating(
                    pk=new_id(found.rng),
                    goal=goal,
                    rater=rater,
                    rated_by=by,
                    client=client,
                    level=seen,
                    occasion=occasion,
                    after_session=done,
                    rated_at=at,
                )
            )

    def review(self, found: Told) -> None:
        held, [helps, hinders, summary] = found.held, REVIEW_TEXT[found.language]
        for point in [p for p in found.plans[0].review_after if p <= len(held)]:
            at = held[point - 1][1].ends_at + timedelta(hours=4)
            is_last = point == max(found.plans[0].review_after)
            self.add(
                ReviewVoice(
                    pk=new_id(found.rng),
                    program=found.program,
                    after_session=point,
                    client=found.members[0],
                    helps=helps,
                    hinders=hinders,
                    written_at=at - timedelta(hours=6),
                )
            )
            self.add(
                Review(
                    pk=new_id(found.rng),
                    program=found.program,
                    after_session=point,
                    helps=helps,
                    hinders=hinders,
                    summary=summary,
                    decision=Decision.EXTEND if len(found.plans) > 1 and is_last else Decision.GO_ON,
                    held_by=found.program.counselor.user,
                    held_at=at,
                )
            )

    def end(self, found: Told) -> None:
        """The guided ending, and looking again after it where it was planned."""
        program = found.program
        if not (program.ended_as_planned or program.status == Stage.CLOSING) or not found.held:
            return
        at = found.held[-1][1].ends_at + timedelta(hours=5)
        shared_at = program.closed_at and at
        self.add(
            Ending(
                pk=new_id(found.rng),
                program=program,
                written_at=at,
                shared_at=shared_at,
                revision=1,
                **ENDING_TEXT[found.language],
            )
        )
        for days in FOLLOW_UPS if program.status == Stage.CLOSED else ():
            due = program.closed_at.date() + timedelta(days=days)
            asked = program.closed_at + timedelta(days=days)
            for client in found.members:
                self.add(
                    FollowUp(
                        pk=new_id(found.rng),
                        program=program,
                        client=client,
                        days_after=days,
                        due_on=due,
                        asked_at=asked if asked < found.now else None,
                    )
                )

    # --- Saving -----------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write everything. Drafts are goals that nobody has agreed on yet: their set is not frozen."""
        order = [
            GoalSet, Goal, GoalRating, GoalCheck, ProgressNote, ProcessBook, ProcessNote, Card, TaskReport, Reflection,
            Topic, SessionPlan, ReviewVoice, Review, Ending, FollowUp,
        ]  # fmt: skip
        links = ProgressNote.goals.through
        for model in order:
            if model is ProgressNote:
                self._notes(links)
            else:
                model.objects.bulk_create(self.rows.get(model, []))
        AuditEvent.objects.bulk_create(sorted(self.rows.get(AuditEvent, []), key=lambda each: each.at))

    def _notes(self, links) -> None:
        """Notes as they came to be: written first, with the goals they address, then handed in and signed."""
        notes = self.rows.get(ProgressNote, [])
        final = ("status", "submitted_at", "position", "signed_by", "signed_at", "hash")
        kept = [{name: getattr(note, name) for name in final} for note in notes]
        for note in notes:
            note.status = NoteStatus.DRAFT
            note.submitted_at, note.position, note.signed_by, note.signed_at, note.hash = [None] * 5
        ProgressNote.objects.bulk_create(notes)
        links.objects.bulk_create(links(progressnote=note, goal=goal) for note, goal in self.addressed)
        for note, was in zip(notes, kept, strict=True):
            for name, value in was.items():
                setattr(note, name, value)
        ProgressNote.objects.bulk_update([note for note in notes if note.status != NoteStatus.DRAFT], final)


def parts_of(text, format: str) -> dict[str, str]:
    """The four parts of a note in the parts of this format."""
    names = PARTS[NoteFormat(format)]
    said = list(text.parts)
    if len(names) == len(said):
        return dict(zip(names, said, strict=True))
    if len(names) == 3:
        return dict(zip(names, ["\n\n".join(said[:2]), said[2], said[3]], strict=True))
    return {names[0]: "\n\n".join(said)}

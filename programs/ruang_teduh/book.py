"""The appointment book of the demo: every meeting told in it becomes the rows that a real one would have left."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from appointments.models import Consultation, NextStep
from practice.calendar.actions import CARE_LASTS, booking_event
from practice.calendar.models import COMING, Meeting, Participant, Party, Status
from practice.calendar.reserving import ANSWER_WITHIN, place_in_time
from practice.catalog.models import Approval, Kind, Mode, Service
from practice.people.consents import given
from practice.people.models import CareRelationship, Client, Consent, Counselor, User
from practice.records.actions import event
from practice.records.models import AuditEvent
from programs.ruang_teduh.diary import Diary
from programs.ruang_teduh.dice import References, new_id
from programs.ruang_teduh.questions import BEGINNING, Question

Attendance = Participant.Attendance
BOOKED_BY_CLIENT = {Kind.CONSULTATION, Kind.INITIAL}
DAYS_TO_TRY = 8


@dataclass(frozen=True)
class Visit:
    """What somebody plans: a meeting on about this day, near this time of the counselor's day (minutes).

    `ending` is how it went, if it is over, or that a coming one was cancelled; None leaves it to chance.
    """

    service: str
    on: date
    near: int
    mode: str = Mode.VIDEO
    question: Question | None = None
    ending: tuple[str, str] | None = None  # (status, party)
    is_late: bool = False
    leads_to: str = ""  # what comes next, where a consultation ends otherwise than most


@dataclass
class AppointmentBook:
    """Collects rows, unsaved, in the order in which things happened; `save` writes them."""

    diary: Diary
    services: dict[str, Service]
    references: References
    rng: Random
    now: datetime
    midnight: datetime  # the beginning of today: what is still to come was booked before it
    meetings: list[Meeting] = field(default_factory=list)
    participants: list[Participant] = field(default_factory=list)
    consultations: list[Consultation] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    events: list[AuditEvent] = field(default_factory=list)
    care: dict[tuple, CareRelationship] = field(default_factory=dict)
    days: dict[tuple, set[date]] = field(default_factory=lambda: defaultdict(set))  # client → days they come

    def tell(self, client: Client, counselor: Counselor, visit: Visit, *, days: int = DAYS_TO_TRY) -> Meeting | None:
        """Put a visit into the book, on the planned day or one of the next; None if so many `days` are full."""
        service = self.services[visit.service]
        for later in range(days):
            day = visit.on + timedelta(days=later)
            if day in self.days[client.pk]:
                continue
            found = self.diary.take(
                counselor=counselor, service=service, mode=visit.mode, client=client.pk, day=day, near=visit.near
            )
            if found:
                self.days[client.pk].add(day)
                if visit.ending and visit.ending[0] == Status.CANCELLED:
                    self.diary.busy_days[counselor.pk, day] -= 1  # nobody works then
                return self._write(client, counselor, visit, service, *found)
        return None

    def _write(self, client, counselor, visit, service, starts_at, room):
        booked_at = self._booked_at(starts_at, service)
        status, party = self._how_it_went(visit, starts_at + timedelta(minutes=service.minutes))
        cancelled_after = self.rng.uniform(0.1, 0.8)  # of the time between booking and start, if it was
        if status == Status.CONFIRMED and service.approval == Approval.REQUEST and starts_at > self.now:
            status = Status.REQUESTED
        meeting = Meeting(
            pk=new_id(self.rng),
            reference=self.references[len(self.meetings)],
            counselor=counselor,
            service=service,
            mode=visit.mode,
            status=status,
            version=0 if status in COMING else 1,
            price=service.price,
            moves_left=service.moves_allowed,
            booked_at=booked_at,
            changed_at=booked_at,
            ended_by=party,
        )
        place_in_time(meeting, starts_at, room)
        if status == Status.REQUESTED:
            meeting.answer_due_at = min(booked_at + ANSWER_WITHIN, starts_at)
        elif status == Status.CANCELLED:
            self._cancel(meeting, visit, cancelled_after)
        elif status != Status.CONFIRMED:
            meeting.changed_at = meeting.ends_at
        attendance = status if status in (Status.ATTENDED, Status.MISSED) else Attendance.UNKNOWN
        self.meetings.append(meeting)
        self.participants.append(
            Participant(pk=new_id(self.rng), meeting=meeting, client=client, attendance=attendance)
        )
        self._remember(meeting, client, visit)
        return meeting

    def _booked_at(self, starts_at, service):
        """Some days ahead, in waking hours. What is still to come was booked before today, requests only yesterday."""
        is_asked = service.approval == Approval.REQUEST and starts_at > self.now
        days = 7 if service.kind == Kind.SESSION else self.rng.randint(2, 12)
        day = starts_at.astimezone(self.midnight.tzinfo).replace(hour=0, minute=0) - timedelta(days=days)
        minutes = timedelta(minutes=self.rng.randrange(7 * 60, 22 * 60), seconds=self.rng.randrange(60))
        yesterday = self.midnight - timedelta(days=1)
        return (yesterday if is_asked else min(day, yesterday)) + minutes

    def _how_it_went(self, visit, ends_at):
        """Status and whose doing it was. Chance falls in any case: the hour of the day is to change nothing else."""
        chance, blame = self.rng.random(), self.rng.random()
        if ends_at > self.now:
            is_off = visit.ending is not None and visit.ending[0] == Status.CANCELLED
            return visit.ending if is_off else (Status.CONFIRMED, "")
        if visit.ending is not None:
            return visit.ending
        if chance < 0.87:
            return Status.ATTENDED, ""
        if chance < 0.92:
            return Status.MISSED, Party.CLIENT
        return Status.CANCELLED, Party.CLIENT if blame < 0.7 else Party.COUNSELOR if blame < 0.85 else Party.PRACTICE

    def _cancel(self, meeting, visit, share):
        latest = min(meeting.starts_at, self.midnight)
        meeting.changed_at = meeting.booked_at + (latest - meeting.booked_at) * share
        if visit.is_late:
            meeting.changed_at = max(meeting.changed_at, meeting.starts_at - timedelta(hours=5))
        meeting.is_late = meeting.ended_by == Party.CLIENT and meeting.changed_at > meeting.free_cancel_until

    def _remember(self, meeting, client, visit):
        """What a booking leaves besides the meeting: question, consent, audit rows, care."""
        by = client.user
        if meeting.service.kind in BOOKED_BY_CLIENT:
            self._consult(meeting, client, visit)
            consent = given(client=client, purpose="booking", language=client.language, now=meeting.booked_at)
            consent.pk = new_id(self.rng)
            self.consents.append(consent)
        else:
            by = meeting.counselor.user
        self.events.append(self._booked_event(meeting, client, by))
        if meeting.status == Status.CANCELLED:
            self.events.append(self._cancelled_event(meeting, client))
        if meeting.status not in (Status.REQUESTED, Status.CANCELLED):
            self._care_for(meeting, client)

    def _consult(self, meeting, client, visit):
        """The consultation with its question, and if it was before yesterday an outcome that the client may read."""
        consultation = Consultation(
            pk=new_id(self.rng),
            meeting=meeting,
            client=client,
            question=visit.question.text if visit.question else "",
            created_at=meeting.booked_at,
        )
        self.consultations.append(consultation)
        written_at = meeting.ends_at + timedelta(minutes=self.rng.randint(10, 90))
        if meeting.status != Status.ATTENDED or written_at > self.midnight - timedelta(days=1):
            return
        is_beginning = meeting.service.kind == Kind.INITIAL
        usual = BEGINNING[client.language] if is_beginning else ""
        consultation.advice = (visit.question and visit.question.advice) or usual
        consultation.next_step = visit.leads_to or (NextStep.PROGRAM if is_beginning else NextStep.NOTHING)
        consultation.recorded_at, consultation.version = written_at, 1
        consultation.shared_at = written_at if consultation.advice else None
        by, is_shared = meeting.counselor.user, consultation.shared_at is not None
        self.events.append(event(by, "consultation.outcome_recorded", consultation, now=written_at, shared=is_shared))

    def _booked_event(self, meeting: Meeting, client: Client, by: User | None) -> AuditEvent:
        booked = booking_event(meeting, client=client, by=by, now=meeting.booked_at)
        booked.act = "meeting.requested" if meeting.service.approval == Approval.REQUEST else "meeting.confirmed"
        booked.actor_role = booked.actor_role if by else "public"
        return booked

    def _cancelled_event(self, meeting, client):
        by = {Party.CLIENT: client.user, Party.COUNSELOR: meeting.counselor.user}.get(meeting.ended_by)
        facts = {"party": meeting.ended_by, "late": meeting.is_late, "why": ""}
        cancelled = event(by, "meeting.cancelled", meeting, client=client, now=meeting.changed_at, **facts)
        cancelled.actor_role = cancelled.actor_role if by else "public"
        return cancelled

    def _care_for(self, meeting, client):
        until = meeting.ends_at + CARE_LASTS
        care = self.care.setdefault(
            (client.pk, meeting.counselor_id),
            CareRelationship(client=client, counselor=meeting.counselor, started_at=meeting.booked_at, ends_at=until),
        )
        care.started_at, care.ends_at = min(care.started_at, meeting.booked_at), max(care.ends_at, until)

    def save(self, clients: list[Client]) -> None:
        """Write everything: the clients first, known since shortly before their first booking."""
        first_booking: dict = {}
        for participant in self.participants:
            earlier = first_booking.get(participant.client_id, self.midnight)
            first_booking[participant.client_id] = min(earlier, participant.meeting.booked_at)
        for client in clients:
            client.created_at = first_booking.get(client.pk, client.created_at or self.midnight)
            client.email_proven_at = client.created_at if client.user_id else None
            client.guardian_consented_at = client.created_at if client.guardian_name else None
        Client.objects.bulk_create(clients, batch_size=2000)
        Meeting.objects.bulk_create(self.meetings, batch_size=2000)
        Participant.objects.bulk_create(self.participants, batch_size=5000)
        Consultation.objects.bulk_create(self.consultations, batch_size=2000)
        Consent.objects.bulk_create(self.consents + [self._guardians(c) for c in clients if c.guardian_name])
        CareRelationship.objects.bulk_create(self.care.values())
        AuditEvent.objects.bulk_create(sorted(self.events, key=lambda each: each.at))

    def _guardians(self, client):
        consent = given(client=client, purpose="guardian", language=client.language, now=client.created_at)
        consent.pk = new_id(self.rng)
        return consent

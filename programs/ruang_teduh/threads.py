"""The programs of the demo: the sessions in the appointment book, threaded on plans that were agreed before them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from practice.calendar.models import Meeting, Participant, Party, Status
from practice.catalog.models import Kind
from practice.people.consents import given
from practice.people.models import CareRelationship, Client, Consent, Counselor, Role, RoleGrant, User
from programs.library.models import Method, TemplateVersion, review_points
from programs.plan.models import CloseReason, Plan, PlanStatus, Program, ProgramMember, ProgramStep, Signature
from programs.plan.models import Status as Stage
from programs.ruang_teduh.book import AppointmentBook
from programs.ruang_teduh.cast import CO_SIGNED
from programs.ruang_teduh.dice import new_id
from programs.ruang_teduh.themes import COUPLE, THEMES, Theme
from programs.sessions.models import Attempt, Session
from programs.sessions.rules import GAP

OVER_AFTER = timedelta(days=20)  # without another session, a program of these clients has ended
SHORTEST = 6
CARE_AFTER_END = timedelta(days=30)
TEXT_HASH = "d" * 64
Helping = Program.co_counselors.through


@dataclass
class Told:
    """One program with its rows, unsaved, and the theme that its texts come from."""

    program: Program
    plans: list[Plan]
    members: list[Client]
    sessions: list[Session]
    stations: list[tuple[int, Meeting]]  # (k, meeting), by time
    theme: Theme
    rng: Random
    now: datetime
    signatures: list[Signature] = field(default_factory=list)
    steps: list[ProgramStep] = field(default_factory=list)

    @property
    def plan(self) -> Plan:
        return self.plans[-1]

    @property
    def language(self) -> str:
        return self.members[0].language

    @property
    def held(self) -> list[tuple[int, Meeting]]:
        """Sessions that took place."""
        return [(k, meeting) for k, meeting in self.stations if meeting.status == Status.ATTENDED]

    @property
    def is_signed(self) -> bool:
        return self.plans[0].status == PlanStatus.SIGNED

    def session(self, number: int) -> Session:
        return self.sessions[number - 1]


@dataclass
class Weaver:
    """Makes a program of everything that the book tells of one client and one counselor."""

    book: AppointmentBook
    rng: Random
    methods: dict[str, Method]
    templates: dict[str, list[TemplateVersion]]  # by the method's name in links
    told: list[Told] = field(default_factory=list)
    helpers: list[Helping] = field(default_factory=list)
    turns: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def of(cls, book: AppointmentBook, rng: Random) -> "Weaver":
        """With the methods and templates of the library, as they lie in the database."""
        versions = TemplateVersion.objects.select_related("method").prefetch_related("sessions")
        newest = {version.template_id: version for version in versions.order_by("number")}
        templates = defaultdict(list)
        for version in newest.values():
            templates[version.method.slug].append(version)
        return cls(book, rng, {method.slug: method for method in Method.objects.all()}, templates)

    # --- Which sessions belong together ---------------------------------------------------------------------------

    def weave(self, special: dict[tuple, "Special"]) -> None:
        """Tell the program of each pair; `special` names those that are somewhere else than most."""
        sessions = defaultdict(list)
        for meeting, client in self._heads():
            if meeting.service.kind == Kind.SESSION:
                sessions[client, meeting.counselor].append(meeting)
        for pair, how in special.items():
            sessions.setdefault(pair, [])
            self.tell(*pair, sorted(sessions.pop(pair), key=lambda m: m.starts_at), how)
        for (client, counselor), meetings in sessions.items():
            self.tell(client, counselor, sorted(meetings, key=lambda m: m.starts_at), Special())

    def _heads(self):
        by_meeting = {head.meeting.pk: head.client for head in self.book.participants}
        return [(meeting, by_meeting[meeting.pk]) for meeting in self.book.meetings]

    def theme_for(self, client: Client) -> Theme:
        """The next theme in the client's language."""
        themes = THEMES[client.language]
        self.turns[client.language] += 1
        return themes[self.turns[client.language] % len(themes)]

    # --- One program ----------------------------------------------------------------------------------------------

    def tell(self, client: Client, counselor: Counselor, meetings: list[Meeting], how: "Special") -> Told:
        """One program with its plan, stations and meetings."""
        stations, reached = numbered(meetings)
        planned = max(how.planned or SHORTEST, reached if reached % 2 == 0 else reached + 1)
        first = min((m.booked_at for m in meetings), default=how.since or self.book.midnight)
        created_at = first - timedelta(days=4)
        agreed_at = first - timedelta(hours=2)
        theme = how.theme or self.theme_for(client)
        stage = how.stage or self._stage(meetings)
        is_signed = stage not in (Stage.DRAFT, Stage.PROPOSED)
        if not is_signed:
            created_at, agreed_at = how.since or self.book.midnight - timedelta(days=2), None
        program = Program(
            pk=new_id(self.rng),
            counselor=counselor,
            service=self.book.services["sesi-program"],
            template_version=self._template(theme, planned),
            status=stage,
            title=theme.title,
            problem=theme.problem,
            created_at=created_at,
            agreed_at=agreed_at,
            revision=1,
        )
        members = [client, *how.partners]
        self._close(program, meetings, stage, how)
        self._helpers(program, members, how)
        plans = self._plans(program, planned, created_at, agreed_at, how, theme)
        count = plans[-1].planned_sessions if plans[-1].status != PlanStatus.OFFERED else planned
        outline = self._outline(program.template_version, client.language, planned)
        sessions = [
            Session(
                pk=new_id(self.rng),
                program=program,
                plan=plans[0] if number <= planned else plans[-1],
                number=number,
                released_at=program.closed_at if stage == Stage.CLOSED and number > reached else None,
                **outline(number, theme),
            )
            for number in range(1, count + 1)
        ]
        for k, meeting in stations:
            meeting.session_number, meeting.session_count = k, count
            meeting.late_rule = plans[-1].late_cancel_rule
            meeting.series, meeting.series_gap = program.pk, timedelta(days=plans[-1].pace_days) / GAP
        found = Told(program, plans, members, sessions, stations, theme, self.rng, self.book.now)
        self._sign(found)
        self._partners(found, how)
        self.told.append(found)
        return found

    def _stage(self, meetings) -> Stage:
        last = meetings[-1].ends_at
        return Stage.CLOSED if last < self.book.now - OVER_AFTER else Stage.ACTIVE

    def _template(self, theme, planned) -> TemplateVersion | None:
        versions = self.templates.get(theme.method, [])
        return min(versions, key=lambda v: abs(v.planned_sessions - planned), default=None)

    def _outline(self, version, language, planned):
        """What each session is for, as its template says; the last one planned says goodbye, whatever comes between."""
        rows = {row.number: row for row in version.sessions.all()} if version else {}
        if rows:
            rows[planned] = rows.pop(max(rows))

        def outline(number, theme):
            row = rows.get(number)
            if row is None:
                note = theme.notes[(number - 1) % len(theme.notes)]
                return {"aim": note.covered, "task": note.task}
            said = {name: getattr(row, f"{name}_{language}") for name in ("aim", "agenda", "technique", "task")}
            return {name: text or getattr(row, f"{name}_id") for name, text in said.items()}

        return outline

    def _close(self, program, meetings, stage, how):
        if stage == Stage.PAUSED:
            program.resume_on = self.book.midnight.date() + timedelta(days=9)
        if stage != Stage.CLOSED:
            return
        program.closed_at = (meetings[-1].ends_at if meetings else self.book.midnight) + timedelta(days=1)
        usual = [CloseReason.GOALS_REACHED, CloseReason.PLANNED_PARTLY, CloseReason.CLIENT_TOLD]
        program.close_reason = how.reason or self.rng.choices(usual, [5, 3, 1])[0]

    def _plans(self, program, planned, created_at, agreed_at, how, theme):
        status = {Stage.DRAFT: PlanStatus.DRAFT, Stage.PROPOSED: PlanStatus.OFFERED}.get(
            program.status, PlanStatus.SIGNED
        )
        method = self.methods.get(theme.method) or next(iter(self.methods.values()))
        offered_at = None if status == PlanStatus.DRAFT else created_at
        is_co_signed = any(each.user.email in CO_SIGNED for each in (program.counselor, *how.helpers))
        terms = {name: getattr(program.service, name) for name in ("minutes", "free_cancel", "free_move")}
        first = Plan(
            pk=new_id(self.rng),
            program=program,
            number=1,
            status=status,
            method=method,
            planned_sessions=planned,
            pace_days=7,
            price=program.service.price,
            **terms,
            review_after=list(how.reviews) or review_points(planned),
            if_silent=theme.if_silent,
            consents_required=[*NEEDED, *(["supervision"] if is_co_signed else [])],
            consents_optional=[purpose for purpose in FREE if purpose != "supervision" or not is_co_signed],
            text_hash="" if status == PlanStatus.DRAFT else TEXT_HASH,
            created_at=created_at,
            offered_at=offered_at,
            expires_at=offered_at and offered_at + timedelta(days=14),
            answered_at=agreed_at,
        )
        if not how.more:
            return [first]
        asked = self.book.midnight - timedelta(days=5)
        longer = Plan(
            pk=new_id(self.rng),
            program=program,
            number=2,
            cause=Plan.Cause.EXTENSION,
            status=PlanStatus.SIGNED,
            method=method,
            planned_sessions=planned + how.more,
            pace_days=7,
            price=first.price,
            **terms,
            review_after=[*first.review_after, planned],
            if_silent=theme.if_silent,
            reason="Langkah terakhir butuh waktu sedikit lebih lama. Kami sepakat menambah sesi pada tinjauan.",
            text_hash=TEXT_HASH,
            created_at=asked,
            offered_at=asked,
            expires_at=asked + timedelta(days=14),
            answered_at=asked + timedelta(hours=9),
        )
        return [first, longer]

    def _sign(self, found: Told):
        """Signatures of everybody, and each step that led to where the program stands."""
        program, by = found.program, found.program.counselor.user
        path = PATHS[program.status]
        moments = {
            Stage.DRAFT: (program.created_at, by),
            Stage.PROPOSED: (program.created_at + timedelta(hours=1), by),
            Stage.AGREED: (program.agreed_at, None),
            Stage.ACTIVE: (program.agreed_at and program.agreed_at + timedelta(hours=1), by),
            Stage.PAUSED: (self.book.midnight - timedelta(days=12), by),
            Stage.CLOSING: (self.book.midnight - timedelta(days=2), by),
            Stage.CLOSED: (program.closed_at, by),
        }
        was = ""
        for stage in path:
            at, who = moments[stage]
            found.steps.append(ProgramStep(pk=new_id(self.rng), program=program, was=was, became=stage, by=who, at=at))
            was = stage
        for plan in found.plans:
            if plan.status == PlanStatus.SIGNED:
                found.signatures += [
                    Signature(
                        pk=new_id(self.rng),
                        plan=plan,
                        client=client,
                        text_hash=plan.text_hash,
                        language=client.language,
                        signed_at=plan.answered_at,
                    )
                    for client in found.members
                ]

    def _partners(self, found: Told, how: "Special"):
        """A partner is in every session too."""
        for _k, meeting in found.stations:
            for partner in how.partners:
                attendance = next(h.attendance for h in self.book.participants if h.meeting is meeting)
                self.book.participants.append(
                    Participant(pk=new_id(self.rng), meeting=meeting, client=partner, attendance=attendance)
                )
        for partner in how.partners:
            first = found.stations[0][1]
            self.book.care[partner.pk, first.counselor_id] = CareRelationship(
                client=partner,
                counselor=first.counselor,
                started_at=first.booked_at,
                ends_at=found.stations[-1][1].ends_at + CARE_AFTER_END,
            )

    def _helpers(self, program: Program, members: list[Client], how: "Special"):
        """Whoever helps to lead a program looks after everybody in it."""
        self.helpers += [Helping(program=program, counselor=helper) for helper in how.helpers]
        for helper in how.helpers:
            for client in members:
                self.book.care[client.pk, helper.pk] = CareRelationship(
                    client=client,
                    counselor=helper,
                    started_at=program.agreed_at,
                    ends_at=self.book.now + CARE_AFTER_END,
                    is_kept_open=True,
                )

    # --- Saving -----------------------------------------------------------------------------------------------------

    def keep_care_open(self) -> None:
        """Before the book is saved: who is in an open program is in care, whatever the last meeting was."""
        for found in self.told:
            for client in found.members:
                care = self.book.care.get((client.pk, found.program.counselor_id))
                if care and found.is_signed and found.program.status != Stage.CLOSED:
                    care.is_kept_open = True

    def save(self) -> None:
        """Write all programs; the book is saved. Whoever is in one has signed in, so has an account."""
        self._accounts()
        Program.objects.bulk_create([found.program for found in self.told])
        ProgramMember.objects.bulk_create(
            ProgramMember(
                program=found.program,
                client=client,
                position=position,
                was_offered=found.program.status != Stage.DRAFT,
            )
            for found in self.told
            for position, client in enumerate(found.members, start=1)
        )
        Helping.objects.bulk_create(self.helpers)
        Plan.objects.bulk_create([plan for found in self.told for plan in found.plans])
        for found in self.told:
            for step in found.steps:
                step.by = step.by or found.members[0].user
        ProgramStep.objects.bulk_create([each for found in self.told for each in found.steps])
        Session.objects.bulk_create([session for found in self.told for session in found.sessions])
        Attempt.objects.bulk_create(
            Attempt(session=found.session(k), meeting=meeting) for found in self.told for k, meeting in found.stations
        )
        Consent.objects.bulk_create(self._consents())

    def _consents(self):
        for found in self.told:
            if found.is_signed:
                for client in found.members:
                    for purpose in (*NEEDED, *FREE):
                        consent = given(
                            client=client,
                            purpose=purpose,
                            language=client.language,
                            now=found.program.agreed_at,
                            given_for=found.program.pk,
                        )
                        consent.pk = new_id(self.rng)
                        yield consent

    def _accounts(self) -> None:
        new = []
        for found in self.told:
            for client in found.members:
                if client.user_id is None:
                    user = User(
                        pk=new_id(self.rng),
                        email=client.email,
                        name=client.preferred_name,
                        language=client.language,
                        time_zone=client.time_zone,
                    )
                    user.set_unusable_password()
                    client.user = user
                    new.append((user, client))
        User.objects.bulk_create([user for user, _client in new])
        RoleGrant.objects.bulk_create(
            RoleGrant(user=user, role=Role.CLIENT, granted_at=client.created_at) for user, client in new
        )
        for _user, client in new:
            client.email_proven_at = client.created_at
        Client.objects.bulk_update([client for _user, client in new], ["user", "email_proven_at"])


@dataclass(frozen=True)
class Special:
    """Where a program stands that is somewhere else than most; empty for the usual."""

    stage: Stage | None = None
    theme: Theme | None = None
    planned: int = 0
    reviews: tuple = ()
    more: int = 0  # sessions added on the way
    since: datetime | None = None
    reason: str = ""
    partners: tuple[Client, ...] = ()
    helpers: tuple[Counselor, ...] = ()


PATHS = {
    Stage.DRAFT: [Stage.DRAFT],
    Stage.PROPOSED: [Stage.DRAFT, Stage.PROPOSED],
    Stage.AGREED: [Stage.DRAFT, Stage.PROPOSED, Stage.AGREED],
    Stage.ACTIVE: [Stage.DRAFT, Stage.PROPOSED, Stage.AGREED, Stage.ACTIVE],
    Stage.PAUSED: [Stage.DRAFT, Stage.PROPOSED, Stage.AGREED, Stage.ACTIVE, Stage.PAUSED],
    Stage.CLOSING: [Stage.DRAFT, Stage.PROPOSED, Stage.AGREED, Stage.ACTIVE, Stage.CLOSING],
    Stage.CLOSED: [Stage.DRAFT, Stage.PROPOSED, Stage.AGREED, Stage.ACTIVE, Stage.CLOSED],
}
NEEDED, FREE = ("program", "health"), ("online", "supervision")


def numbered(meetings: list[Meeting]) -> tuple[list[tuple[int, Meeting]], int]:
    """Which session of the program each meeting is, and how many were reached.

    One that the client missed or cancelled late counts; anything else that did not take place is tried again.
    """
    stations, k = [], 1
    for meeting in meetings:
        stations.append((k, meeting))
        is_used_up = meeting.status == Status.MISSED or (
            meeting.status == Status.CANCELLED and meeting.is_late and meeting.ended_by == Party.CLIENT
        )
        if meeting.status != Status.CANCELLED or is_used_up:
            k += 1
    return stations, k - 1


__all__ = ["COUPLE", "Special", "Told", "Weaver"]

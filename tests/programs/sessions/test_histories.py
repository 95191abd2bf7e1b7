"""Whatever happens to a program, its sessions add up, nobody pays for another's absence, and nothing overlaps."""

from datetime import UTC, timedelta
from itertools import pairwise

from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from practice.calendar.actions import cancel_meeting, move_meeting
from practice.calendar.attendance import record_attendance
from practice.calendar.models import COMING, Meeting, Party
from practice.people.models import Role
from practice.zones import zone
from programs.agreement.changes import offer_extension
from programs.agreement.life import begin_ending, close_program, go_on, pause_program, resume_program
from programs.agreement.proposals import decline_proposal, withdraw_proposal
from programs.agreement.signing import sign_plan
from programs.plan.models import ALLOWED_STEPS, AbsenceRule, Plan, PlanStatus, Program
from programs.plan.models import Status as ProgramStatus
from programs.reviews.actions import hold_review
from programs.sessions.actions import book_session, excuse_absence, schedule_remaining, schedule_session
from programs.sessions.models import Attempt
from programs.sessions.planning import Slot, later
from programs.sessions.thread import State, thread_of
from tests.factories import NOW, make_attempt, make_client, make_practice, make_program, make_user
from tests.programs.agreement.steps import hash_in

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
JAKARTA = zone("Asia/Jakarta")
PARTIES = st.sampled_from(list(Party))
WHEN = st.tuples(st.integers(0, 25), st.integers(0, 9))  # days ahead, and hours after 08:00: some lie outside the hours
TIMES = {State.OPEN, State.RELEASED}

# From which state to which a session may come by each kind of deed; staying as it is is always allowed.
TO_BOOKED = {(State.OPEN, State.BOOKED)}
FREED = {(State.BOOKED, State.OPEN), (State.BOOKED, State.FORFEITED), (State.BOOKED, State.RELEASED)}
WRITTEN = {(a, b) for a in State for b in State if b not in (State.BOOKED,) or a == State.DONE}
ALLOWED = {
    "schedule": TO_BOOKED,
    "cancel": FREED,
    "attendance": WRITTEN,
    "excuse": {(State.FORFEITED, State.OPEN), (State.FORFEITED, State.BOOKED)},
    "pause": {(State.BOOKED, State.OPEN)},
    "close": {(State.OPEN, State.RELEASED), (State.BOOKED, State.RELEASED)},
    "sign": set(),
    "": set(),
}


class Histories(RuleBasedStateMachine):
    """One program of five sessions, and everything that people do with it."""

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic._from_testcase = True  # what must not run inside a transaction of others may run inside a history
        self.atomic.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(missed=st.sampled_from(AbsenceRule), late=st.sampled_from(AbsenceRule), held=st.integers(0, 2))
    def begin(self, missed, late, held):
        self.now = NOW
        make_practice()
        self.client = make_client(user=make_user(Role.CLIENT))
        self.program = make_program(
            clients=[self.client],
            sessions=5,
            status=ProgramStatus.ACTIVE if held else ProgramStatus.AGREED,
            pace_days=9,
            missed_rule=missed,
            late_cancel_rule=late,
        )
        self.counselor = self.program.counselor
        for number in range(1, held + 1):
            make_attempt(self.program, number, starts_at=NOW - (held + 1 - number) * 9 * DAY, status="attended")
        self.states = {}
        self.remember()

    # --- Looking -----------------------------------------------------------------------------------------------------

    def thread(self):
        return thread_of(self.program)

    def remember(self):
        self.states = {station.number: station.state for station in self.thread().stations}

    def do(self, deed, action, **arguments):
        """Do it or be refused; a refusal changes nothing, and a deed only what it may."""
        before, stood = self.states, ProgramStatus(self.program.status)
        refused = False
        try:
            action(**arguments, now=self.now)
        except ValidationError:
            refused = True
        self.program = Program.objects.get(pk=self.program.pk)
        self.remember()
        assert self.program.status == stood or (not refused and self.program.status in ALLOWED_STEPS[stood])
        changes = {(before[n], state) for n, state in self.states.items() if n in before and before[n] != state}
        assert changes <= (set() if refused else ALLOWED[deed]), (deed, changes)
        assert self.states.keys() == before.keys() or (deed == "sign" and self.states.keys() > before.keys())
        return not refused

    def moment(self, when):
        days, hours = when
        start = (self.now + days * DAY).astimezone(JAKARTA)
        return start.replace(hour=8 + hours, minute=0, second=0, microsecond=0).astimezone(UTC)

    def meetings(self, **which):
        return list(Meeting.objects.filter(attempt__session__program=self.program, **which).order_by("starts_at", "pk"))

    def begun(self):
        return [meeting for meeting in self.meetings() if meeting.can_have_attendance(self.now)]

    def by_counselor(self):
        return {"by": self.counselor.user}

    # --- Deeds -------------------------------------------------------------------------------------------------------

    @rule(hours=st.integers(1, 240))
    def wait(self, hours):
        self.now += hours * HOUR

    @rule(when=WHEN, pace=st.integers(2, 9))
    def schedule_all(self, when, pace):
        numbers = [number for number, state in self.states.items() if state == State.OPEN]
        first = self.moment(when)
        slots = [Slot(n, later(first, i * pace, JAKARTA), self.counselor) for i, n in enumerate(numbers)]
        self.do("schedule", schedule_remaining, program=self.program, slots=slots, mode="video", **self.by_counselor())

    @rule(when=WHEN, number=st.integers(1, 8))
    def schedule_one(self, when, number):
        session = self.program.sessions.filter(number=number).first()
        if session:
            self.do(
                "schedule",
                schedule_session,
                session=session,
                starts_at=self.moment(when),
                counselor=self.counselor,
                mode="video",
                **self.by_counselor(),
            )

    @rule(when=WHEN, number=st.integers(1, 8))
    def book_alone(self, when, number):
        session = self.program.sessions.filter(number=number).first()
        if session:
            start = self.moment(when)
            self.do("schedule", book_session, session=session, starts_at=start, mode="video", by=self.client.user)

    @rule(data=st.data(), party=PARTIES)
    def cancel(self, data, party):
        coming = self.meetings(status__in=COMING)
        if coming:
            meeting = data.draw(st.sampled_from(coming))
            self.do("cancel", cancel_meeting, meeting=meeting, party=party, by=self.counselor.user)

    @rule(data=st.data(), party=PARTIES, when=WHEN)
    def move(self, data, party, when):
        coming = self.meetings(status__in=COMING)
        if coming:
            meeting = data.draw(st.sampled_from(coming))
            self.do("", move_meeting, meeting=meeting, starts_at=self.moment(when), party=party, **self.by_counselor())

    @rule(data=st.data(), came=st.sampled_from(["attended", "late", "missed"]))
    def write_down_who_came(self, data, came):
        if begun := self.begun():
            meeting = data.draw(st.sampled_from(begun))
            heads = {head.pk: came for head in meeting.participants.all()}
            self.do("attendance", record_attendance, meeting=meeting, heads=heads, **self.by_counselor())

    @rule(data=st.data(), party=PARTIES)
    def write_down_that_it_was_called_off(self, data, party):
        if begun := self.begun():
            meeting = data.draw(st.sampled_from(begun))
            self.do("attendance", record_attendance, meeting=meeting, called_off_by=party, **self.by_counselor())

    @rule(data=st.data())
    def excuse(self, data):
        attempts = list(Attempt.objects.filter(session__program=self.program).order_by("pk"))
        if attempts:
            self.do("excuse", excuse_absence, attempt=data.draw(st.sampled_from(attempts)), **self.by_counselor())

    @rule(days=st.integers(1, 40), keep=st.booleans())
    def pause(self, days, keep):
        resume_on = (self.now + days * DAY).date()
        how = {"resume_on": resume_on, "keep_meetings": keep, "reason": ""}
        self.do("pause", pause_program, program=self.program, **how, **self.by_counselor())

    @rule()
    def resume(self):
        self.do("", resume_program, program=self.program, **self.by_counselor())

    @rule()
    def enter_the_ending(self):
        self.do("", begin_ending, program=self.program, **self.by_counselor())

    @rule()
    def leave_the_ending(self):
        self.do("", go_on, program=self.program, **self.by_counselor())

    @rule(added=st.integers(1, 4), answer=st.sampled_from(["sign", "sign", "sign", "decline", "withdraw", "wait"]))
    def look_back_and_add_sessions(self, added, answer):
        said = {"helps": "", "hinders": "", "summary": "Kita tambah beberapa pertemuan.", "decision": "extend"}
        self.do("", hold_review, program=self.program, levels={}, **said, **self.by_counselor())
        planned, reason = len(self.states), "Masih ada yang ingin dibahas."
        how = {"added": added, "reason": reason, **self.by_counselor()}
        assert not self.do("", offer_extension, program=self.program, **how) or added <= planned // 2
        self.answer_the_offer(answer)

    @rule(answer=st.sampled_from(["sign", "decline", "withdraw", "wait"]))
    def answer_the_offer(self, answer):
        plan = Plan.objects.filter(program=self.program).latest("number")
        is_offered = plan.status == PlanStatus.OFFERED
        as_client = {"plan": plan, "client": self.client, "by": self.client.user}
        done = False
        if answer == "sign":
            said = {"consents": (), "language": "id", "text_hash": hash_in(plan) if is_offered else ""}
            done = self.do("sign", sign_plan, **said, **as_client)
            assert len(self.states) == plan.planned_sessions or not done
        elif answer == "decline":
            done = self.do("", decline_proposal, reason="", **as_client)
        elif answer == "withdraw":
            done = self.do("", withdraw_proposal, plan=plan, **self.by_counselor())
        assert is_offered or not done

    @precondition(lambda self: self.now > NOW + 10 * DAY)
    @rule(reason=st.sampled_from(["goals_reached", "client_silent"]))
    def close(self, reason):
        self.do("close", close_program, program=self.program, close_reason=reason, **self.by_counselor())

    # --- What always holds -------------------------------------------------------------------------------------------

    @invariant()
    def sessions_add_up(self):
        thread = self.thread()
        assert thread.done + thread.open + thread.forfeited + thread.released == len(thread)
        assert len(thread) == thread.plan.planned_sessions == self.program.sessions.count()

    @invariant()
    def nobody_pays_for_the_counselors_absence(self):
        for station in self.thread().stations:
            if station.state == State.FORFEITED:
                assert station.meeting.ended_by == Party.CLIENT
            if all(a.meeting.ended_by in (Party.COUNSELOR, Party.PRACTICE) for a in station.attempts):
                assert station.state in TIMES

    @invariant()
    def coming_sessions_keep_their_distance(self):
        starts = sorted(meeting.starts_at for meeting in self.meetings(status__in=COMING))
        assert all(later - earlier >= 3 * DAY for earlier, later in pairwise(starts))

    @invariant()
    def nothing_overlaps(self):
        taken = [meeting for meeting in self.meetings() if meeting.status in ("confirmed", "attended", "missed")]
        busy = sorted((meeting.busy_from, meeting.busy_until) for meeting in taken)
        assert all(end <= start for (_from, end), (start, _until) in pairwise(busy))

    @invariant()
    def a_closed_program_waits_for_nothing(self):
        if self.program.status == ProgramStatus.CLOSED:
            assert self.thread().count(State.OPEN) == 0


def test_whatever_happens_sessions_add_up_and_nobody_pays_for_another(db):
    how = settings(
        max_examples=25,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )
    run_state_machine_as_test(Histories, settings=how)

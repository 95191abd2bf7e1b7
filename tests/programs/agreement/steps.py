"""What the tests of agreements do again and again."""

from datetime import timedelta

from appointments.models import Consultation, NextStep
from practice.calendar.models import Status as MeetingStatus
from practice.people.models import Role
from practice.records.actions import read
from programs.agreement.drafts import Terms, draft_program, edit_draft, edit_outline
from programs.agreement.proposals import propose_program
from programs.agreement.signing import sign_plan
from programs.library.models import Template, TemplateSession, TemplateVersion
from programs.notes.actions import save_note, sign_note
from programs.notes.formats import Writing
from programs.notes.models import ProgressNote
from programs.plan.models import Program
from programs.plan.texts import PlanText
from tests.factories import (
    NOW,
    make_client,
    make_counselor,
    make_meeting,
    make_method,
    make_practice,
    make_session_service,
    make_user,
)

DAY = timedelta(days=1)


def make_template(*, sessions=4, **fields):
    """A template's first version, with an aim for each session in Indonesian alone."""
    version = TemplateVersion.objects.create(
        template=Template.objects.create(),
        number=1,
        created_at=NOW,
        **{
            "method": make_method(),
            "title_id": "Tidur lebih nyenyak",
            "problem_id": "Sulit tidur",
            "planned_sessions": sessions,
            "pace_days": 14,
            "price": 300_000,
            "review_after": [2, 3],
        }
        | fields,
    )
    for number in range(1, sessions + 1):
        TemplateSession.objects.create(version=version, number=number, aim_id=f"Langkah {number}", task_id="Jurnal")
    return version


class Scene:
    """A counselor with a client in care after an attended consultation, and how program sessions are booked."""

    def __init__(self, *, names=("Rina",), **service):
        make_practice()
        self.ayu = make_counselor(name="Ayu Pratiwi")
        self.service = make_session_service(counselors=[self.ayu], **service)
        self.clients = [
            make_client(name=name, user=make_user(Role.CLIENT, name=name), email_proven_at=NOW) for name in names
        ]
        self.meeting = make_meeting(
            starts_at=NOW - DAY, counselor=self.ayu, clients=self.clients, status=MeetingStatus.ATTENDED
        )
        self.consultation = Consultation.objects.create(
            meeting=self.meeting,
            client=self.clients[0],
            question="KANARI-PERTANYAAN",
            next_step=NextStep.PROGRAM,
            recorded_at=NOW,
            created_at=NOW,
        )

    def draft(self, *, version=None, **fields):
        version = version or make_template()
        return draft_program(
            counselor=self.ayu, clients=self.clients, by=self.ayu.user, now=NOW, version=version, **fields
        )

    def terms(self, program, **changes):
        plan = program.plans.order_by("number").last()
        said = {
            "title": "KANARI-JUDUL",
            "problem": "KANARI-MASALAH",
            "method": plan.method,
            "planned_sessions": plan.planned_sessions,
            "pace_days": 7,
            "price": 350_000,
            "service": program.service,
            "clients": self.clients,
            "if_silent": "KANARI-DIAM",
        }
        return Terms(**said | changes)

    def edit(self, program, *, expected=None, **changes):
        fresh = Program.objects.get(pk=program.pk)
        expected = fresh.revision if expected is None else expected
        return edit_draft(
            program=fresh, terms=self.terms(program, **changes), expected=expected, by=self.ayu.user, now=NOW
        )

    def finished(self, **changes):
        """A draft that can be proposed."""
        program = self.draft(consultation=self.consultation)
        self.edit(program, **changes)
        aims = {
            number: {"aim": f"KANARI-LANGKAH {number}"}
            for number in program.sessions.planned().values_list("number", flat=True)
        }
        write_outline(program, aims, by=self.ayu.user)
        return program

    def proposed(self, *, now=NOW, **changes):
        """A proposal that waits for its clients, as its plan."""
        return propose_program(program=self.finished(**changes), by=self.ayu.user, now=now)


def write_outline(program, outline, *, by):
    """Write the outline of a draft as it stands."""
    seen = Program.objects.values_list("revision", flat=True).get(pk=program.pk)
    edit_outline(program=program, outline=outline, expected=seen, by=by, now=NOW)


def write_note(program, number=1, *, by=None, now=NOW):
    """A whole draft of the note of a session."""
    writing = Writing(
        format="free", parts={"text": "KANARI-CATATAN"}, risk="Tidak ada tanda", no_task=True, no_goals=True
    )
    session, by = program.sessions.get(number=number), by or program.counselor.user
    return save_note(session=session, writing=writing, expected=0, by=by, now=now)


def hand_in(note, *, now=NOW):
    """Sign a note, or hand it to whoever co-signs."""
    [opened] = read(ProgressNote.objects.filter(pk=note.pk), by=note.author, reason="a test")
    return sign_note(note=opened, by=note.author, now=now)


def hash_in(plan, language="id"):
    return PlanText.objects.get(plan=plan, language=language).text_hash


def sign(plan, client, *, consents=("program", "health", "online", "supervision"), language="id", now=NOW, **fields):
    said = {"text_hash": hash_in(plan, language), "by": client.user} | fields
    return sign_plan(plan=plan, client=client, consents=consents, language=language, now=now, **said)

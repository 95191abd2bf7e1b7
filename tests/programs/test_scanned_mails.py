"""Every kind of mail: a scanner that follows its links changes nothing, and nobody who looks on learns anything.

A kind that is registered and has no scene here fails the first test.
"""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from appointments.models import Consultation
from practice.calendar.actions import notice
from practice.calendar.models import Status
from practice.messages.actions import Recipient, deliver, enqueue, outgoing
from practice.messages.kinds import _kinds as registered
from practice.messages.models import Status as Sending
from practice.people.actions import invite
from practice.people.models import Role
from programs.plan.handover import Handover
from programs.plan.models import PlanQuestion
from programs.plan.models import Status as ProgramStatus
from programs.reviews.models import Ending, FollowUp
from tests.factories import (
    NOW,
    make_attempt,
    make_client,
    make_counselor,
    make_meeting,
    make_practice,
    make_program,
    make_service,
    make_user,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db

MEETINGS = {
    "meeting.requested": {"status": Status.REQUESTED, "answer_due_at": NOW + DAY},
    "meeting.confirmed": {"status": Status.CONFIRMED},
    "meeting.declined": {"status": Status.CANCELLED, "answer_due_at": NOW + DAY, "ended_by": "practice"},
    "meeting.expired": {"status": Status.CANCELLED, "answer_due_at": NOW, "ended_by": "practice"},
    "meeting.moved": {"status": Status.CONFIRMED},
    "meeting.cancelled": {"status": Status.CANCELLED, "ended_by": "client"},
    "meeting.reminder_day": {"status": Status.CONFIRMED},
    "meeting.reminder_soon": {"status": Status.CONFIRMED},
    "meeting.after": {"status": Status.ATTENDED},
    "meeting.missed": {"status": Status.MISSED},
}
KINDS = [
    *MEETINGS,
    "consultation.advice",
    "desk.answer_due",
    "people.invitation",
    "people.password_changed",
    "people.password_link",
    "people.role_granted",
    "people.sign_in_code",
    "people.way_in",
    "program.answer",
    "program.card",
    "program.change",
    "program.closed",
    "program.consent",
    "program.ending",
    "program.follow_up",
    "program.followed_up",
    "program.handing_over",
    "program.handover",
    "program.helping",
    "program.lapsed",
    "program.long_pause",
    "program.pause",
    "program.pause_over",
    "program.proposal",
    "program.question",
    "program.reminder",
    "program.response",
    "program.rests",
    "program.review",
    "sessions.scheduled",
]
TELLING = re.compile(r"konsel|konsult|counsel|consult|psik|psych|terap|therap|klinik|clinic|jiwa|mental|KANARI", re.I)


@pytest.fixture(autouse=True)
def practice(db, time_machine):
    time_machine.move_to(NOW, tick=False)
    return make_practice(name="Ruang Teduh")


@pytest.fixture
def rina(db):
    return make_client(name="Rina", user=make_user(Role.CLIENT))


# --- Scenes: each writes one mail ------------------------------------------------------------------------------------


def about_meeting(kind, client):
    is_over = kind in ("meeting.after", "meeting.missed")
    counselor = make_counselor()
    meeting = make_meeting(
        starts_at=NOW - 4 * HOUR if is_over else NOW + 5 * HOUR,
        counselor=counselor,
        service=make_service(counselors=[counselor]),
        clients=[client],
        **MEETINGS[kind],
    )
    meeting.participants.update(attendance={"meeting.after": "attended", "meeting.missed": "missed"}.get(kind, ""))
    return enqueue(notice(meeting, client, kind, now=NOW))


def about_subject(kind, to, subject):
    return enqueue(outgoing(kind=kind, to=to, subject_id=subject.pk, dedupe_key=kind, now=NOW))


def about_account(kind, client):
    user = make_user(Role.COUNSELOR, password="a long enough password", language=client.language)
    return about_subject(kind, user, user)


def about_invitation(kind, client):
    invitation = invite(email="sari@example.org", name="Sari", role=Role.FRONT_DESK, by=None, now=NOW, mailed=False)
    to = Recipient(email="sari@example.org", name="Sari", language=client.language, time_zone="Asia/Jakarta")
    return about_subject(kind, to, invitation)


def about_requests(kind, client):
    make_meeting(starts_at=NOW + 2 * DAY, clients=[client], **MEETINGS["meeting.requested"])
    user = make_user(Role.FRONT_DESK, language=client.language)
    return about_subject(kind, user, user)


def about_program(kind, client):
    status = {
        "program.proposal": ProgramStatus.PROPOSED,
        "program.reminder": ProgramStatus.PROPOSED,
        "program.question": ProgramStatus.PROPOSED,
        "program.answer": ProgramStatus.PROPOSED,
        "program.closed": ProgramStatus.CLOSED,
        "program.pause": ProgramStatus.PAUSED,
        "program.rests": ProgramStatus.PAUSED,
        "program.pause_over": ProgramStatus.PAUSED,
        "program.long_pause": ProgramStatus.PAUSED,
        "program.follow_up": ProgramStatus.CLOSED,
        "program.followed_up": ProgramStatus.CLOSED,
    }.get(kind, ProgramStatus.ACTIVE)
    program = make_program(clients=[client], status=status, goals=1)
    plan, counselor = program.plans.get(), program.counselor.user
    counselor.language = client.language
    counselor.save()
    if kind in ("program.proposal", "program.reminder"):
        return about_subject(kind, client, plan)
    if kind == "program.change":
        plan.status = "offered"
        plan.save()
        return about_subject(kind, client, plan)
    if kind in ("program.question", "program.answer"):
        question = PlanQuestion.objects.create(
            plan=plan, author=client.user, is_from_client=True, text="KANARI", written_at=NOW
        )
        return about_subject(kind, counselor if kind == "program.question" else client, question)
    if kind == "program.handover":
        asked = Handover.objects.create(
            program=program,
            from_counselor=program.counselor,
            to_counselor=make_counselor(),
            note="KANARI",
            reason="KANARI",
            asked_at=NOW,
        )
        return about_subject(kind, client, asked)
    if kind in ("program.follow_up", "program.followed_up"):
        follow_up = FollowUp.objects.create(
            program=program, client=client, days_after=30, due_on=NOW.date(), asked_at=NOW
        )
        return about_subject(kind, client if kind == "program.follow_up" else counselor, follow_up)
    if kind == "program.review":
        for number in (1, 2):
            make_attempt(program, number, starts_at=NOW - number * 7 * DAY, status=Status.ATTENDED)
    if kind == "program.ending":
        Ending.objects.create(program=program, summary="KANARI", shared_at=NOW, written_at=NOW)
    if kind == "program.pause_over":
        program.resume_on = NOW.date()
        program.save()
    to_counselor = (
        "program.consent",
        "program.handing_over",
        "program.helping",
        "program.lapsed",
        "program.long_pause",
        "program.pause_over",
        "program.response",
    )
    return about_subject(kind, counselor if kind in to_counselor else client, program)


def about_advice(kind, client):
    meeting = make_meeting(starts_at=NOW - 2 * HOUR, clients=[client], status=Status.ATTENDED)
    consultation = Consultation.objects.create(
        meeting=meeting,
        client=client,
        question="KANARI",
        advice="KANARI",
        created_at=NOW - DAY,
        shared_at=NOW,
        recorded_at=NOW,
    )
    return about_subject(kind, client, consultation)


def about_series(kind, client):
    program = make_program(clients=[client])
    for number in (1, 2):
        make_attempt(program, number, starts_at=NOW + number * 7 * DAY)
    return about_subject(kind, client, program)


def scene_of(kind):
    area = kind.partition(".")[0]
    special = {
        "consultation.advice": about_advice,
        "people.invitation": about_invitation,
        "desk.answer_due": about_requests,
    }
    usual = {"meeting": about_meeting, "people": about_account, "program": about_program, "sessions": about_series}
    return special.get(kind) or usual[area]


def written(kind, client):
    """The one mail of this kind, as it left."""
    message = scene_of(kind)(kind, client)
    mail.outbox.clear()
    sent = deliver(message.pk, now=NOW)
    assert sent.status == Sending.SENT
    return mail.outbox[0]


# --- What must hold for each -----------------------------------------------------------------------------------------


def test_every_kind_of_mail_has_a_scene_here():
    assert sorted(registered) == sorted(KINDS)


def everything():
    """The content of every table, as one digest each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(f"SELECT md5(coalesce(string_agg(row::text, '|' ORDER BY row::text), '')) FROM {table} row")
            found[table] = cursor.fetchone()[0]
    return found


def links_in(sent):
    """Every address of ours in a mail, its text and its HTML, as a path."""
    text = "\n".join([sent.body, *(part.content for part in sent.alternatives)])
    return sorted(set(re.findall(r"https?://127\.0\.0\.1:8000(/[^\s\"<&]*)", text)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_scanner_that_follows_every_link_changes_nothing_and_gets_no_session(kind, rina):
    links, scanner = links_in(written(kind, rina)), Browser()
    before = everything()

    for link in links * 3:
        for follow in (scanner.head, scanner.get, scanner.options):
            assert follow(link, follow=True).status_code in (200, 405)

    after = everything()
    kept = {"django_session"} if kind == "people.password_link" else set()  # its secret leaves the address
    assert {table for table in after if after[table] != before[table]} <= kept
    assert not any("_auth_user_id" in session.get_decoded() for session in Session.objects.all())
    assert links or kind in ("people.sign_in_code", "people.password_changed")


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_neutral_and_speaks_the_language_of_its_reader(kind, language, rina):
    rina.language = language
    rina.save()

    sent = written(kind, rina)

    html = sent.alternatives[0].content
    assert f'<html lang="{language}">' in html
    assert "Ruang Teduh" in sent.body
    to_staff = kind in ("people.role_granted", "people.invitation")  # these name a role
    for said in (sent.subject, sent.body, html) if not to_staff else (sent.subject,):
        assert not TELLING.search(re.sub(r"https?://\S+", "", said))


def test_the_day_before_a_session_the_mail_leads_to_where_topics_are_noted(rina):
    attempt = make_attempt(make_program(clients=[rina]), 1, starts_at=NOW + 5 * HOUR)
    plain = make_meeting(starts_at=NOW + 9 * HOUR, clients=[rina])

    for meeting in (attempt.meeting, plain):
        message = enqueue(notice(meeting, rina, "meeting.reminder_day", now=NOW))
        deliver(message.pk, now=NOW)

    of_session, of_consultation = mail.outbox
    assert reverse("home") in links_in(of_session)
    assert reverse("home") not in links_in(of_consultation)

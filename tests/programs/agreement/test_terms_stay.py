"""What the practice changes meanwhile changes nothing of what was offered and signed."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from practice.calendar.actions import cancel_meeting, move_meeting
from practice.calendar.models import Party
from practice.catalog.models import Service
from programs.agreement.changes import offer_method
from programs.agreement.proposals import propose_program
from programs.library.models import Method
from programs.plan.models import Program
from programs.sessions.actions import schedule_session
from programs.sessions.thread import State, thread_of
from tests.factories import NOW, make_method
from tests.programs.agreement.steps import DAY, Scene, hash_in, sign

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock(db):
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def scene(db):
    return Scene(minutes=60, free_cancel=24 * 60, free_move=24 * 60)


def change_everything(scene):
    """A shorter session, an earlier limit, another wording of the method."""
    Service.objects.filter(pk=scene.service.pk).update(minutes=30, free_cancel=72 * 60, free_move=72 * 60)
    Method.objects.update(purpose_id="KANARI-METODE-BARU", purpose_en="KANARI-METODE-BARU")


def read_by(client, program, person):
    client.force_login(person.user)
    answer = client.get(reverse("proposal", args=[program.pk]), headers={"Accept-Language": "id"})
    assert answer.status_code == 200
    return answer.content.decode()


def signed(scene):
    plan = scene.proposed()
    sign(plan, scene.clients[0])
    return Program.objects.for_page().get(pk=plan.program_id)


def booked(program, starts_at):
    return schedule_session(
        session=program.sessions.get(number=1),
        starts_at=starts_at,
        counselor=program.counselor,
        mode="video",
        by=program.counselor.user,
        now=NOW,
    )


def test_a_client_reads_what_was_offered_word_for_word(client, scene):
    plan = scene.proposed()
    [rina] = scene.clients
    before = read_by(client, plan.program, rina)
    change_everything(scene)

    after = read_by(client, plan.program, rina)
    sign(plan, rina, text_hash=hash_in(plan))

    assert "60 menit" in before
    assert "kata demi kata" not in before
    assert "60 menit" in after
    assert "30 menit" not in after
    assert "KANARI-METODE-BARU" not in after
    assert "KANARI-LANGKAH 1" in after
    assert "kata demi kata" in after


def test_a_draft_says_what_the_service_says_when_it_is_offered(scene):
    program = scene.finished()
    change_everything(scene)

    offered = propose_program(program=program, by=scene.ayu.user, now=NOW)

    assert (offered.minutes, offered.free_cancel, offered.free_move) == (30, 72 * 60, 72 * 60)


def test_sessions_keep_the_length_and_the_limits_that_were_signed(scene, monday_at_nine):
    program = signed(scene)
    change_everything(scene)

    meeting = booked(program, monday_at_nine)

    assert meeting.ends_at - meeting.starts_at == HOUR
    assert meeting.starts_at - meeting.free_cancel_until == DAY
    assert meeting.starts_at - meeting.free_move_until == DAY


def test_a_cancellation_that_was_free_when_it_was_signed_stays_free(scene, monday_at_nine):
    program = signed(scene)
    change_everything(scene)
    meeting = booked(program, monday_at_nine)

    cancel_meeting(meeting=meeting, by=scene.clients[0].user, now=monday_at_nine - 2 * DAY)

    assert thread_of(program).station(1).state == State.OPEN


@pytest.mark.parametrize("party", [Party.CLIENT, Party.PRACTICE])
def test_a_moved_session_keeps_them_too(scene, monday_at_nine, party):
    program = signed(scene)
    meeting = booked(program, monday_at_nine)
    change_everything(scene)

    moved = move_meeting(
        meeting=meeting, starts_at=monday_at_nine + 2 * HOUR, by=scene.clients[0].user, now=NOW, party=party
    )

    assert moved.ends_at - moved.starts_at == HOUR
    assert moved.starts_at - moved.free_cancel_until == DAY


def test_an_agreed_hour_needs_a_free_hour(client, scene, monday_at_nine):
    program = signed(scene)
    change_everything(scene)
    client.force_login(scene.clients[0].user)

    page = client.get(reverse("own_booking", args=[program.pk]), {"from": "2026-11-30"}).content.decode()

    assert "1 jam" in page or "60 menit" in page
    assert "2026-11-30T09:00Z" in page  # 16:00 in Jakarta, an hour before the end of the day
    assert "2026-11-30T09:30Z" not in page


def test_a_change_of_what_was_agreed_keeps_the_terms(scene):
    program = signed(scene)
    change_everything(scene)

    plan = offer_method(program=program, method=make_method(), reason="KANARI-ALASAN", by=scene.ayu.user, now=NOW)

    assert (plan.minutes, plan.free_cancel, plan.free_move) == (60, 24 * 60, 24 * 60)


def test_limits_that_differ_are_both_said(client, scene):
    Service.objects.filter(pk=scene.service.pk).update(free_move=48 * 60)
    plan = scene.proposed()

    page = read_by(client, plan.program, scene.clients[0])

    assert "24 jam" in page
    assert "48 jam" in page or "2 hari" in page

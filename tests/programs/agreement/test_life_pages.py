"""The pages on which a program rests, changes, passes on and closes."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from practice.messages.models import Message
from practice.people.models import Consent, Role, Supervision, User
from programs.agreement.care import keep_open
from programs.agreement.handovers import ask_handover
from programs.agreement.tasks import look_after_offers
from programs.plan.handover import Handover
from programs.plan.models import Plan, PlanStatus, Program, Status
from programs.reviews.models import Review
from tests.factories import NOW, make_attempt, make_counselor, make_method, make_program, make_supervision, make_user
from tests.programs.agreement.steps import DAY, Scene, hash_in, make_template

CONSENTS = {"program": "on", "health": "on", "online": "on", "supervision": "on"}


@pytest.fixture(autouse=True)
def clock(db):
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def scene(db):
    return Scene()


@pytest.fixture
def running(scene):
    """A program under way, with a session booked in a week."""
    program = make_program(counselor=scene.ayu, clients=scene.clients, service=scene.service)
    make_attempt(program, 1, starts_at=NOW + 7 * DAY)
    return program


def enter(client, person):
    client.force_login(getattr(person, "user", person))
    return client


def page(client, name, *args):
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, name, pk, **typed):
    return client.post(reverse(name, args=[pk]), typed)


def kept(program):
    return Program.objects.get(pk=program.pk)


def test_a_program_rests_and_its_client_goes_on_or_rests_longer(client, scene, running):
    enter(client, scene.ayu)
    assert "Sesi 1" in page(client, "program_pause", running.pk)
    bad = post(client, "program_pause", running.pk, resume_on="2026-11-01", keep_meetings="no", reason="KANARI")
    assert bad.status_code == 422
    post(client, "program_pause", running.pk, resume_on="2026-12-20", keep_meetings="no", reason="KANARI")
    assert kept(running).status == Status.PAUSED

    enter(client, scene.clients[0])
    assert reverse("pause_answer", args=[running.pk]) in page(client, "program", running.pk)
    assert post(client, "pause_answer", running.pk, resume_on="").status_code == 422
    post(client, "pause_answer", running.pk, resume_on="2027-01-10")
    assert str(kept(running).resume_on) == "2027-01-10"
    post(client, "pause_answer", running.pk, go_on="1")
    assert kept(running).status == Status.ACTIVE


def test_a_client_who_rests_longer_reads_first_what_is_called_off(client, scene, running):
    make_attempt(running, 2, starts_at=NOW + 28 * DAY)
    enter(client, scene.ayu)
    post(client, "program_pause", running.pk, resume_on="2026-12-20", keep_meetings="no")
    enter(client, scene.clients[0])
    shown = page(client, "pause_answer", running.pk)
    assert re.search("Sesi 2: .*21 Des", shown)
    assert "tidak dikenai biaya" in shown

    post(client, "pause_answer", running.pk, resume_on="2027-02-01")

    assert Message.objects.filter(kind="meeting.cancelled", client=scene.clients[0]).count() == 2
    assert "tidak dikenai biaya" not in page(client, "pause_answer", running.pk)


def test_a_counselor_who_lets_it_rest_longer_chooses_what_becomes_of_what_is_booked(client, scene, running):
    make_attempt(running, 2, starts_at=NOW + 28 * DAY)
    enter(client, scene.ayu)
    post(client, "program_pause", running.pk, resume_on="2026-12-20", keep_meetings="no")
    assert re.search("Sesi 2: .*21 Des", page(client, "program_rest", running.pk))

    assert post(client, "program_rest", running.pk, resume_on="2027-02-01").status_code == 422
    post(client, "program_rest", running.pk, resume_on="2027-02-01", keep_meetings="yes")
    assert running.sessions.get(number=2).attempts.get().meeting.status == "confirmed"
    post(client, "program_rest", running.pk, resume_on="2027-02-01", keep_meetings="no")
    assert running.sessions.get(number=2).attempts.get().meeting.status == "cancelled"


def test_no_time_before_the_day_to_go_on_is_offered_to_who_moves_a_session(client, scene, running):
    kept = make_attempt(running, 2, starts_at=NOW + 28 * DAY).meeting
    enter(client, scene.ayu)
    post(client, "program_pause", running.pk, resume_on="2026-12-20", keep_meetings="no")
    until = "Sesi dijeda sampai Minggu, 20 Desember"

    for person, name in ((scene.clients[0], "manage_move"), (make_user(Role.FRONT_DESK), "desk_move")):
        enter(client, person)
        for day, is_free in (("2026-12-14", False), ("2026-12-22", True)):
            asked = {"from": day, "first": day, "counselor": kept.counselor_id, "mode": kept.mode}
            shown = client.get(reverse(name, args=[kept.pk]), asked).text
            assert until in shown
            assert (f'value="{day}T' in shown) == is_free
    enter(client, scene.ayu)
    post(client, "program_resume", running.pk)

    assert until not in enter(client, scene.clients[0]).get(reverse("manage_move", args=[kept.pk])).text


def test_a_counselor_goes_on_after_a_pause(client, scene, running):
    enter(client, scene.ayu)
    post(client, "program_pause", running.pk, resume_on="2026-12-20", keep_meetings="yes")

    post(client, "program_resume", running.pk)

    assert kept(running).status == Status.ACTIVE


def test_more_sessions_are_offered_after_a_review_and_signed(client, scene, running):
    enter(client, scene.ayu)
    assert post(client, "program_extend", running.pk, added="2", reason="KANARI-SEBAB").status_code == 422
    Review.objects.create(
        program=running, after_session=2, decision="extend", held_by=scene.ayu.user, held_at=NOW + timedelta(hours=1)
    )
    assert post(client, "program_extend", running.pk, added="9", reason="KANARI-SEBAB").status_code == 422
    assert post(client, "program_extend", running.pk, added="2", reason="KANARI-SEBAB").status_code == 302

    plan = Plan.objects.get(number=2)
    enter(client, scene.clients[0])
    shown = page(client, "proposal", running.pk)
    assert "KANARI-SEBAB" in shown
    assert "Rp800.000" in shown
    read = {"plan": plan.pk, "language": "id", "text_hash": hash_in(plan)}
    assert post(client, "proposal_sign", running.pk, **read).status_code == 422
    assert post(client, "proposal_sign", running.pk, read="on", **read).status_code == 302
    assert running.sessions.count() == 8


def test_another_method_is_offered_and_taken_back(client, scene, running):
    method = make_method(name_id="Terapi penerimaan")
    enter(client, scene.ayu)

    assert post(client, "program_method", running.pk, method=method.pk, reason="KANARI").status_code == 302
    assert post(client, "plan_withdraw", running.pk).status_code == 302

    assert Plan.objects.get(number=2).status == PlanStatus.WITHDRAWN
    assert kept(running).status == Status.ACTIVE


def test_a_program_passes_to_another_counselor_with_the_clients_consent(client, scene, running):
    daeng = make_counselor(name="Daeng Rahman")
    scene.service.counselors.add(daeng)
    enter(client, scene.ayu)
    typed = {"to_counselor": daeng.pk, "reason": "KANARI-SEBAB", "note": "KANARI-CATATAN"}
    assert post(client, "program_handover", running.pk, **typed | {"note": ""}).status_code == 422
    assert post(client, "program_handover", running.pk, **typed).status_code == 302
    asked = Handover.objects.get()

    enter(client, scene.clients[0])
    shown = page(client, "handover_answer", asked.pk)
    assert "KANARI-SEBAB" in shown
    assert "KANARI-CATATAN" not in shown
    assert post(client, "handover_answer", asked.pk).status_code == 422
    assert post(client, "handover_answer", asked.pk, answer="yes").status_code == 302

    assert client.get(reverse("program", args=[running.pk])).status_code == 200
    assert enter(client, scene.ayu).get(reverse("program", args=[running.pk])).status_code == 404
    enter(client, daeng)
    assert reverse("handover_sessions", args=[running.pk]) in page(client, "program", running.pk)
    assert "KANARI-CATATAN" in page(client, "handover_sessions", running.pk)
    assert post(client, "handover_sessions", running.pk).status_code == 302
    assert running.sessions.get(number=1).attempts.get().meeting.status == "cancelled"


def test_a_client_reads_until_when_they_can_answer_and_that_a_question_is_over(client, scene, running):
    daeng = make_counselor(name="Daeng Rahman")
    scene.service.counselors.add(daeng)
    enter(client, scene.ayu)
    post(client, "program_handover", running.pk, to_counselor=daeng.pk, reason="x", note="y")
    assert "7 Des" in page(client, "program_handover", running.pk)
    asked = Handover.objects.get()
    enter(client, scene.clients[0])
    assert "7 Desember" in page(client, "handover_answer", asked.pk)

    scene.service.counselors.remove(daeng)
    answered = client.post(reverse("handover_answer", args=[asked.pk]), {"answer": "yes"}, follow=True)
    assert "tidak dapat lagi mengambil alih program Anda" in answered.text
    assert 'value="yes"' not in page(client, "handover_answer", asked.pk)

    Handover.objects.update(answer=Handover.Answer.ASKED, answered_at=None)
    with time_machine.travel(NOW + 14 * DAY, tick=False):
        look_after_offers(0)
        enter(client, scene.clients[0])
        assert "sudah lewat" in page(client, "handover_answer", asked.pk)
        enter(client, scene.ayu)
        assert "Tidak dijawab dalam 14 hari" in page(client, "program_steps", running.pk)


def test_a_handover_is_taken_back(client, scene, running):
    daeng = make_counselor(name="Daeng Rahman")
    scene.service.counselors.add(daeng)
    enter(client, scene.ayu)
    post(client, "program_handover", running.pk, to_counselor=daeng.pk, reason="x", note="y")
    assert "Daeng Rahman" in page(client, "program_handover", running.pk)

    post(client, "handover_withdraw", running.pk)

    assert Handover.objects.get().answer == Handover.Answer.WITHDRAWN


def test_a_program_is_continued_in_a_new_one_and_each_leads_to_the_other(client, scene, running):
    client.force_login(scene.ayu.user)
    begin, version = reverse("propose_after", args=[running.pk]), make_template()
    assert client.get(begin).status_code == 404

    post(client, "program_close", running.pk, close_reason="continued")
    assert f'href="{begin}"' in page(client, "program", running.pk)
    [ticked] = client.get(begin).context["form"]["clients"].value()
    assert ticked == str(scene.clients[0].pk)
    assert client.post(begin, {"template": version.pk, "clients": ticked}).status_code == 302

    new = running.followed_by.get()
    new_url, old_url = (f'href="{reverse("program", args=[each.pk])}"' for each in (new, running))
    assert new_url in page(client, "program", running.pk)
    assert old_url in page(client, "program", new.pk)
    assert client.get(begin).url == reverse("draft", args=[new.pk])
    client.force_login(scene.clients[0].user)
    assert new_url not in page(client, "program", running.pk)
    new.members.update(was_offered=True)
    assert new_url in page(client, "program", running.pk)
    assert old_url in page(client, "program", new.pk)


def test_closing_says_what_it_means_and_does_it(client, scene, running):
    enter(client, scene.ayu)
    assert "Sesi 1" in page(client, "program_close", running.pk)
    assert post(client, "program_close", running.pk, close_reason="").status_code == 422
    assert post(client, "program_close", running.pk, close_reason="not_begun").status_code == 422

    assert post(client, "program_close", running.pk, close_reason="goals_reached").status_code == 302

    assert kept(running).ended_as_planned
    steps = page(client, "program_steps", running.pk)
    assert "Selesai" in steps


def test_a_supervisor_reads_the_life_of_a_program_and_changes_nothing(client, scene, running):
    ratna = make_user(Role.SUPERVISOR)
    make_supervision(scene.ayu, supervisor=ratna)
    later = (NOW + 20 * DAY).date()
    enter(client, scene.ayu)
    post(client, "program_pause", running.pk, resume_on=later, keep_meetings="yes", reason="KANARI-ISTIRAHAT")
    post(client, "program_resume", running.pk)
    enter(client, ratna)

    assert "KANARI-ISTIRAHAT" in page(client, "program_steps", running.pk)
    assert client.get(reverse("agreement", args=[running.pk])).status_code == 200
    for name in ("program_pause", "program_close", "program_extend"):
        assert client.get(reverse(name, args=[running.pk])).status_code == 404


@pytest.mark.parametrize("name", ["program_pause", "program_handover", "program_close", "ending_close"])
def test_whoever_writes_a_reason_or_a_note_is_told_that_a_supervisor_reads_it_and_the_client_does_not(
    client, scene, running, name
):
    enter(client, scene.ayu)

    shown = page(client, name, running.pk)

    assert "supervisornya bila ada. Klien tidak" in shown


# --- When who leads a program cannot ask ----------------------------------------------------------------------------


@pytest.fixture
def ratna(scene):
    ratna = make_user(Role.SUPERVISOR, name="Ratna Dewi")
    make_supervision(scene.ayu, supervisor=ratna)
    return ratna


@pytest.fixture
def sari(running):
    """A counselor who helps to lead the program."""
    sari = make_counselor(name="Sari Utami")
    running.service.counselors.add(sari)
    running.co_counselors.add(sari)
    keep_open(Program.objects.for_page().get(pk=running.pk), now=NOW)
    return sari


def ask(client, program, to):
    typed = {"to_counselor": to.pk, "reason": "KANARI-SEBAB", "note": "KANARI-CATATAN"}
    return post(client, "program_handover", program.pk, **typed)


@pytest.mark.parametrize("who", ["ratna", "sari"])
def test_somebody_else_asks_when_who_leads_the_program_has_left(client, scene, running, who, ratna, sari):
    asking = {"ratna": ratna, "sari": sari.user}[who]
    User.objects.filter(pk=scene.ayu.user_id).update(is_active=False)
    enter(client, asking)
    assert reverse("program_handover", args=[running.pk]) in page(client, "program", running.pk)
    shown = page(client, "program_handover", running.pk)
    assert "Ayu Pratiwi, M.Psi., Psikolog diberi tahu" in shown
    assert "tetap bersama Anda" not in shown

    assert ask(client, running, sari).status_code == 302

    asked = Handover.objects.get()
    assert (asked.asked_by, asked.from_counselor) == (asking, scene.ayu)
    enter(client, scene.clients[0])
    assert f"{asking.name} bertanya apakah Sari Utami" in page(client, "handover_answer", asked.pk)
    post(client, "handover_answer", asked.pk, answer="yes")
    assert kept(running).counselor == sari
    assert not running.co_counselors.exists()
    assert {message.user for message in Message.objects.filter(kind="program.response")} == {sari.user, asking}
    enter(client, sari)
    assert f"Catatan dari {asking.name}" in page(client, "handover_sessions", running.pk)
    assert f"ditanyakan oleh {asking.name}" in page(client, "program_steps", running.pk)


def test_who_leads_the_program_hears_that_somebody_else_asked_and_takes_it_back(client, scene, running, ratna, sari):
    enter(client, ratna)
    ask(client, running, sari)
    assert [message.user for message in Message.objects.filter(kind="program.handing_over")] == [scene.ayu.user]

    enter(client, scene.ayu)
    assert reverse("handover_withdraw", args=[running.pk]) in page(client, "program_handover", running.pk)
    post(client, "handover_withdraw", running.pk)

    assert Handover.objects.get().answer == Handover.Answer.WITHDRAWN


def test_a_supervisor_takes_back_their_own_question_and_no_other(client, scene, running, ratna, sari):
    enter(client, scene.ayu)
    ask(client, running, sari)
    enter(client, ratna)
    assert reverse("handover_withdraw", args=[running.pk]) not in page(client, "program_handover", running.pk)
    post(client, "handover_withdraw", running.pk)
    assert Handover.objects.get().answer == Handover.Answer.ASKED

    Handover.objects.update(asked_by=ratna)
    post(client, "handover_withdraw", running.pk)

    assert Handover.objects.get().answer == Handover.Answer.WITHDRAWN


def test_who_asked_hears_the_no(client, scene, running, ratna, sari):
    enter(client, ratna)
    ask(client, running, sari)

    enter(client, scene.clients[0])
    post(client, "handover_answer", Handover.objects.get().pk, answer="no")

    assert [message.user for message in Message.objects.filter(kind="program.response")] == [ratna]


@pytest.mark.parametrize("how", ["another", "ended", "refused"])
def test_a_supervisor_who_may_not_see_the_program_asks_nothing(client, scene, running, sari, ratna, how):
    if how == "another":
        ratna = make_user(Role.SUPERVISOR)
        make_supervision(make_counselor(name="Daeng"), supervisor=ratna)
    elif how == "ended":
        Supervision.objects.update(ended_at=NOW - DAY)
    else:
        Consent.objects.update(withdrawn_at=NOW)
    enter(client, ratna)

    assert client.get(reverse("program_handover", args=[running.pk])).status_code == 404
    assert ask(client, running, sari).status_code == 404
    with pytest.raises(ValidationError) as refused:
        ask_handover(program=running, to_counselor=sari, note="x", reason="y", by=ratna, now=NOW)

    assert refused.value.code == "role"
    assert not Handover.objects.exists()


@pytest.mark.parametrize("status", [Status.DRAFT, Status.PROPOSED, Status.CLOSED])
def test_nobody_asks_about_a_program_that_is_not_under_way(client, scene, ratna, status):
    program = make_program(counselor=scene.ayu, clients=scene.clients, service=scene.service, status=status)
    enter(client, ratna)

    assert client.get(reverse("program_handover", args=[program.pk])).status_code == 404

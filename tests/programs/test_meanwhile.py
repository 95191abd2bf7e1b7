"""Somebody else was quicker: whoever pressed a button reads so in words, and finds a page to go on from."""

import pytest
import time_machine
from django.urls import reverse

from practice.people.models import Role
from programs.agreement.handovers import agree_handover, decline_handover
from programs.agreement.proposals import propose_program
from programs.between.models import Reflection
from programs.library.models import Template
from programs.plan.handover import Handover
from programs.plan.models import Program, Status
from tests.factories import NOW, make_attempt, make_counselor, make_program, make_user
from tests.meanwhile import meanwhile
from tests.programs.agreement.steps import DAY, Scene
from tests.programs.library.drafts import make_template

ANSWERED = "Pertanyaan ini sudah dijawab atau ditarik."

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clock(transactional_db):
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def scene(transactional_db):
    return Scene()


@pytest.fixture
def running(scene):
    """A program under way, with a session booked in a week."""
    program = make_program(counselor=scene.ayu, clients=scene.clients, service=scene.service)
    make_attempt(program, 1, starts_at=NOW + 7 * DAY)
    return program


@pytest.fixture
def asked(running):
    daeng = make_counselor(name="Daeng Rahman")
    running.service.counselors.add(daeng)
    return Handover.objects.create(
        program=running, from_counselor=running.counselor, to_counselor=daeng, note="x", reason="y", asked_at=NOW
    )


def press(client, person, name, pk, act, **typed):
    """What is shown after pressing the button of a page, with the whole way there."""
    client.force_login(person)
    with meanwhile(act):
        answer = client.post(reverse(name, args=[pk]), typed)
    assert answer.status_code == 302
    return client.get(answer["Location"])


def test_a_draft_that_was_offered_meanwhile_is_not_laid_aside(client, scene):
    program = scene.finished()

    shown = press(
        client,
        scene.ayu.user,
        "draft_drop",
        program.pk,
        lambda: propose_program(program=program, by=scene.ayu.user, now=NOW),
    )

    assert (shown.status_code, Program.objects.get().status) == (200, Status.PROPOSED)
    assert "Klien sedang membaca usulan ini." in shown.text


def test_a_handover_that_was_agreed_to_meanwhile_is_not_taken_back(client, asked):
    [rina] = [member.client for member in asked.program.members.all()]

    shown = press(
        client,
        asked.from_counselor.user,
        "handover_withdraw",
        asked.program_id,
        lambda: agree_handover(handover=asked, client=rina, by=rina.user, now=NOW),
    )

    assert shown.request["PATH_INFO"] == reverse("caseload")
    assert ANSWERED in shown.text


def test_a_handover_that_was_declined_meanwhile_is_not_taken_back(client, asked):
    [rina] = [member.client for member in asked.program.members.all()]

    shown = press(
        client,
        asked.from_counselor.user,
        "handover_withdraw",
        asked.program_id,
        lambda: decline_handover(handover=asked, client=rina, by=rina.user, now=NOW),
    )

    assert shown.request["PATH_INFO"] == reverse("program", args=[asked.program_id])
    assert ANSWERED in shown.text


def test_whoever_led_the_program_a_moment_ago_calls_nothing_off(client, running, asked):
    shown = press(
        client,
        running.counselor.user,
        "handover_sessions",
        running.pk,
        lambda: Program.objects.update(counselor=asked.to_counselor),
    )

    assert "Hanya konselor program ini" in shown.text
    assert running.sessions.get(number=1).attempts.get().meeting.status == "confirmed"


def test_a_reflection_is_shared_by_nobody_but_who_wrote_it(client, running):
    [rina] = [member.client for member in running.members.all()]
    found = Reflection.objects.create(
        program=running,
        session=running.sessions.get(number=1),
        client=rina,
        found="x",
        will_try="y",
        written_at=NOW,
        changed_at=NOW,
    )
    other = make_user(Role.CLIENT)

    def pass_on():
        rina.user = other
        rina.save(update_fields=["user"])

    client.force_login(running.members.get().client.user)
    with meanwhile(pass_on):
        answer = client.post(reverse("reflection_share", args=[found.pk]), {"shared": "yes"})

    assert answer.status_code == 302
    assert not Reflection.objects.get().is_shared


@pytest.mark.parametrize("name", ["library_retire", "library_restore"])
def test_a_template_that_is_no_longer_ones_own_stays_as_it_is(client, scene, name):
    template = make_template(by=scene.ayu.user, keep="own")
    was = template.is_in_use

    shown = press(client, scene.ayu.user, name, template.pk, lambda: Template.objects.update(author=None))

    assert shown.status_code == 200
    assert Template.objects.get(pk=template.pk).is_in_use == was
    assert "bukan milik Anda" in shown.text

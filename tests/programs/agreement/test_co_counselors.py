"""Two counselors for one program: named in the draft, read and signed by the clients, and there from then on."""

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from practice.messages.models import Message
from practice.people.models import CareRelationship, Role
from practice.records.actions import read
from programs.agreement.life import close_program
from programs.agreement.offer import fetch_offer
from programs.agreement.proposals import decline_proposal, propose_program
from programs.plan.models import Plan, Program, Status
from programs.plan.texts import PlanText
from tests.factories import NOW, make_counselor, make_session_service, make_supervision, make_user
from tests.meanwhile import meanwhile
from tests.programs.agreement.steps import DAY, Scene, sign


@pytest.fixture(autouse=True)
def clock(db):
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def scene(db):
    return Scene(names=("Rina", "Budi"))


@pytest.fixture
def daeng(scene):
    """Another counselor who gives the sessions of the scene."""
    daeng = make_counselor(name="Daeng Rahman")
    scene.service.counselors.add(daeng)
    return daeng


def agreed(scene, *helpers) -> Program:
    plan = scene.proposed(co_counselors=helpers)
    for client in scene.clients:
        sign(plan, client)
    return Program.objects.for_page().get()


def opens(client, person, program) -> int:
    client.force_login(person)
    return client.get(reverse("program", args=[program.pk])).status_code


def care(counselor):
    return CareRelationship.objects.filter(counselor=counselor)


# --- In the draft ----------------------------------------------------------------------------------------------------


def typed(program, **changes):
    plan = program.plans.get()
    said = {
        "title": "KANARI-JUDUL",
        "problem": "KANARI-MASALAH",
        "clients": [str(member.client_id) for member in program.members.all()],
        "method": plan.method_id,
        "planned_sessions": "5",
        "pace_days": "7",
        "service": program.service_id,
        "price": "350000",
        "missed_rule": "counts",
        "late_cancel_rule": "replaced",
        "expected": Program.objects.get(pk=program.pk).revision,
    }
    return said | changes


def test_a_counselor_chooses_who_helps_and_takes_it_back(client, scene, daeng):
    program = scene.draft()
    client.force_login(scene.ayu.user)
    terms = reverse("draft_terms", args=[program.pk])
    assert "Daeng Rahman" in client.get(terms).text

    assert client.post(terms, typed(program, co_counselors=[daeng.pk])).status_code == 302
    assert [*program.co_counselors.all()] == [daeng]
    assert "Daeng Rahman" in client.get(reverse("draft", args=[program.pk])).text
    assert client.get(terms).context["form"]["co_counselors"].value() == [str(daeng.pk)]

    assert client.post(terms, typed(program)).status_code == 302
    assert not program.co_counselors.exists()


def test_nobody_is_asked_who_helps_where_nobody_could(client, scene):
    make_counselor(name="Tak memberi sesi ini")
    client.force_login(scene.ayu.user)

    assert "co_counselors" not in client.get(reverse("draft_terms", args=[scene.draft().pk])).text


@pytest.mark.parametrize("who", ["oneself", "somebody without these sessions", "somebody who left"])
def test_only_others_who_give_these_sessions_can_help(client, scene, daeng, who):
    if who == "somebody who left":
        daeng.user.role_grants.update(ended_at=NOW)
    elsewhere = make_counselor(name="Sari")
    make_session_service(counselors=[scene.ayu, elsewhere])
    helper = {"oneself": scene.ayu, "somebody without these sessions": elsewhere}.get(who, daeng)
    program = scene.draft()

    with pytest.raises(ValidationError) as refused:
        scene.edit(program, co_counselors=[helper])

    assert "co_counselors" in refused.value.message_dict
    client.force_login(scene.ayu.user)
    terms = reverse("draft_terms", args=[program.pk])
    assert client.post(terms, typed(program, co_counselors=[helper.pk])).status_code == 422
    assert not program.co_counselors.exists()


def test_who_helps_must_still_give_the_sessions_when_it_is_offered(scene, daeng):
    program = scene.finished(co_counselors=[daeng])
    daeng.services.clear()

    with pytest.raises(ValidationError) as refused:
        propose_program(program=program, by=scene.ayu.user, now=NOW)

    assert (refused.value.code, Plan.objects.get().status) == ("co_counselors", "draft")


# --- In the text -----------------------------------------------------------------------------------------------------


def texts_of(plan):
    found = read(PlanText.objects.filter(plan=plan), by=plan.program.counselor.user, reason="a test")
    return {text.language: text.text for text in found}


def test_the_offered_text_says_who_leads_and_who_helps(scene, daeng):
    plan = scene.proposed(co_counselors=[daeng])

    texts = texts_of(plan)
    lead, helper = scene.ayu.full_name, daeng.full_name
    assert f"{lead} memimpin program ini, dibantu oleh {helper}." in texts["id"]
    assert f"{lead} dan {helper} membaca dan menulis catatan program ini." in texts["id"]
    assert f"{lead} leads the program, and {helper} helps." in texts["en"]
    assert f"{lead} and {helper} read and write the records of this program." in texts["en"]


def test_the_text_of_one_counselor_names_no_helper(scene):
    plan = scene.proposed()

    assert "leads the program" not in texts_of(plan)["en"]


def test_what_is_offered_differs_with_who_helps(scene, daeng):
    program = scene.finished()
    without = fetch_offer(program.plans.get()).marks()
    scene.edit(program, co_counselors=[daeng])
    helped = fetch_offer(program.plans.get()).marks()
    daeng.title = "M.Si."
    daeng.save()

    assert len({str(without), str(helped), str(fetch_offer(program.plans.get()).marks())}) == 3


@pytest.mark.django_db(transaction=True)
def test_a_proposal_is_not_offered_with_somebody_who_was_added_while_it_was_read(transactional_db):
    scene = Scene()
    daeng = make_counselor(name="Daeng Rahman")
    scene.service.counselors.add(daeng)
    program = scene.finished()

    with meanwhile(lambda: program.co_counselors.add(daeng)), pytest.raises(ValidationError) as refused:
        propose_program(program=program, by=scene.ayu.user, now=NOW)

    assert refused.value.code == "conflict"


def test_a_supervisor_who_co_signs_for_a_helper_needs_the_clients_consent_too(scene, daeng):
    make_supervision(daeng, supervisor=make_user(Role.SUPERVISOR))

    assert "supervision" in scene.proposed(co_counselors=[daeng]).consents_required


# --- From then on ----------------------------------------------------------------------------------------------------


def test_a_helper_finds_the_program_once_every_client_has_signed(client, scene, daeng):
    CareRelationship.objects.all().prolong(
        clients=scene.clients[:1], counselor_id=daeng.pk, now=NOW, until=NOW + 30 * DAY
    )
    program = scene.finished(co_counselors=[daeng])
    assert opens(client, daeng.user, program) == 404
    assert client.post(reverse("draft_drop", args=[program.pk])).status_code == 404
    plan = propose_program(program=program, by=scene.ayu.user, now=NOW)
    sign(plan, scene.clients[0])
    assert opens(client, daeng.user, program) == 404

    sign(plan, scene.clients[1])

    assert opens(client, daeng.user, program) == 200
    assert {each.is_kept_open for each in care(daeng)} == {True}
    assert care(daeng).count() == care(scene.ayu).count() == 2
    assert [message.user for message in Message.objects.filter(kind="program.helping")] == [daeng.user]


def test_a_helper_takes_part_in_writing_only_once_it_is_agreed(scene, daeng):
    program = scene.finished(co_counselors=[daeng])
    assert not Program.objects.for_page().get().is_led_by(daeng.user)
    plan = propose_program(program=program, by=scene.ayu.user, now=NOW)

    for client in scene.clients:
        sign(plan, client)

    assert Program.objects.for_page().get().is_led_by(daeng.user)


def test_nothing_opens_for_a_helper_of_a_proposal_that_is_declined(client, scene, daeng):
    plan = scene.proposed(co_counselors=[daeng])
    rina = scene.clients[0]

    decline_proposal(plan=plan, client=rina, reason="", by=rina.user, now=NOW)

    assert not care(daeng).exists()
    assert opens(client, daeng.user, plan.program) == 404


def test_a_helpers_care_ends_with_the_program(client, scene, daeng):
    program = agreed(scene, daeng)

    close_program(program=program, close_reason="client_told", by=daeng.user, now=NOW + DAY)

    assert Program.objects.get().status == Status.CLOSED
    assert {(each.is_kept_open, each.ends_at) for each in care(daeng)} == {(False, NOW + 31 * DAY)}
    with time_machine.travel(NOW + 40 * DAY, tick=False):
        care(daeng).update(ends_at=NOW)
        assert opens(client, daeng.user, program) == 404

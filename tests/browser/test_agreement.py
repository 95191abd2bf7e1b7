"""From a proposal to a signature, as people do it: a counselor at a desk, a client on a phone without scripts."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from practice.people.consents import given
from practice.people.models import CareRelationship, Consent
from programs.plan.models import Program, Signature, Status
from tests.browser.conftest import Look
from tests.factories import NOW, make_attempt, make_program
from tests.programs.agreement.steps import Scene, make_template

pytestmark = pytest.mark.django_db(transaction=True)
PHONE, DESK = Look(360, "light", "id"), Look(1280, "dark", "en")


@pytest.fixture
def clock():
    """The people of these tests live now: the server reads its own clock."""
    return timezone.now()


@pytest.fixture
def scene(clock):
    scene = Scene()
    CareRelationship.objects.update(is_kept_open=True)
    return scene


def at(page, name, program):
    page.goto(reverse(name, args=[program.pk]))


def test_a_client_reads_asks_and_signs_on_a_phone_without_scripts(open_page, sign_in, axe, no_overflow, scene, clock):
    plan = scene.proposed(now=clock)
    page = open_page("/", PHONE, java_script_enabled=False)
    sign_in(page, scene.clients[0].user)

    at(page, "program", plan.program)
    page.get_by_role("link", name="Baca", exact=True).click()
    page.get_by_label("Pertanyaan Anda").fill("Bolehkah saya membawa suami?")
    page.get_by_role("button", name="Tanyakan").click()
    page.get_by_text("Bolehkah saya membawa suami?").wait_for()
    page.get_by_role("link", name="Lanjut menandatangani").click()
    page.get_by_role("button", name="Tanda tangani").click()
    page.get_by_text("Persetujuan ini diperlukan").first.wait_for()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Tanda tangani").click()
    page.get_by_role("heading", name="Yang terjadi berikutnya").wait_for()

    assert Signature.objects.count() == 1
    assert Program.objects.get().status == Status.AGREED


@pytest.mark.parametrize("name", ["proposal", "proposal_sign", "proposal_decline"])
def test_what_a_client_reads_can_be_read_by_everyone(
    open_page, sign_in, axe, no_overflow, small_targets, scene, clock, look, name
):
    plan = scene.proposed(now=clock)
    page = open_page("/", look)
    sign_in(page, scene.clients[0].user)

    at(page, name, plan.program)

    axe(page)
    no_overflow(page)
    assert small_targets(page, 44 if look.width == 360 else 24) == []


def test_a_counselor_writes_and_offers_a_program_at_a_desk(open_page, sign_in, axe, scene):
    make_template(sessions=4)
    page = open_page("/", DESK)
    sign_in(page, scene.ayu.user)

    page.goto(reverse("consultation", args=[scene.consultation.pk]))
    page.get_by_role("link", name="Usulkan program").click()
    page.get_by_label(re.compile("4 sesi")).check()
    axe(page)
    page.get_by_role("button", name="Mulai draf").click()
    page.get_by_role("link", name="Ketentuan").click()
    page.get_by_label("Judul").fill("Tidur sampai pagi")
    axe(page)
    page.get_by_role("button", name="Simpan").click()
    page.get_by_role("link", name="Guna setiap sesi").click()
    axe(page)
    page.get_by_role("button", name="Simpan").click()
    axe(page)
    page.get_by_role("link", name="Lihat dan tawarkan").click()
    axe(page)
    page.get_by_role("button", name="Tawarkan program ini").click()
    page.get_by_text("Klien sedang membaca usulan.").wait_for()

    assert Program.objects.get().status == Status.PROPOSED


@pytest.mark.parametrize(
    "name",
    [
        "program_pause",
        "program_extend",
        "program_method",
        "program_handover",
        "program_close",
        "program_steps",
        "agreement",
    ],
)
def test_pages_about_the_life_of_a_program_can_be_read_by_everyone(
    open_page, sign_in, axe, no_overflow, scene, clock, look, name
):
    program = make_program(counselor=scene.ayu, clients=scene.clients, service=scene.service, now=NOW)
    make_attempt(program, 1, starts_at=clock.replace(minute=0, second=0, microsecond=0))
    page = open_page("/", look)
    sign_in(page, scene.ayu.user)

    at(page, name, program)

    axe(page)
    no_overflow(page)


@pytest.fixture
def agreed(scene):
    """A program of all clients of the scene, who have given every needed consent and one of the others."""
    asked = {"consents_required": ["program", "health"], "consents_optional": ["online", "supervision"]}
    program = make_program(
        counselor=scene.ayu, clients=scene.clients, service=scene.service, now=NOW, consents=(), **asked
    )
    Consent.objects.bulk_create(
        given(client=client, purpose=purpose, language="id", now=NOW, given_for=program.pk)
        for client in scene.clients
        for purpose in ("program", "health", "supervision")
    )
    return program


def test_the_pages_of_consents_can_be_read_by_everyone(open_page, sign_in, axe, no_overflow, scene, agreed, look):
    page = open_page("/", look)
    sign_in(page, scene.clients[0].user)

    for address in (
        reverse("consents", args=[agreed.pk]),
        *(reverse("consent_change", args=[agreed.pk, purpose]) for purpose in ("health", "online", "supervision")),
        reverse("agreement", args=[agreed.pk]),
    ):
        page.goto(address)
        axe(page)
        no_overflow(page)


def test_a_client_takes_a_consent_back_by_keyboard_without_javascript(open_page, sign_in, scene, agreed):
    page = open_page("/", java_script_enabled=False)
    sign_in(page, scene.clients[0].user)
    page.goto(reverse("agreement", args=[agreed.pk]))

    for name in ("Persetujuan Anda", re.compile("Tarik kembali.*supervisor konselor")):
        page.get_by_role("link", name=name).focus()
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Tarik kembali").focus()
    page.keyboard.press("Enter")

    page.get_by_text("Persetujuan Anda sudah ditarik kembali.").wait_for()
    taken_back = Consent.objects.get(client=scene.clients[0], purpose="supervision")
    assert taken_back.withdrawn_at is not None
    assert Program.objects.get(pk=agreed.pk).status == Status.ACTIVE


def test_the_page_of_supervision_can_be_read_by_everyone(open_page, sign_in, axe, no_overflow, manager, look):
    page = open_page("/", look)
    sign_in(page, manager)

    page.goto(reverse("supervision"))

    axe(page)
    no_overflow(page)

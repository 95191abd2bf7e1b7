"""The pages from a proposal to a closed program, as counselors and clients use them."""

import pytest
import time_machine
from django.urls import reverse

from practice.people.models import Role
from programs.agreement.proposals import decline_proposal, expire_proposals, propose_program, withdraw_proposal
from programs.plan.models import Plan, PlanQuestion, PlanStatus, Program, Signature, Status
from tests.factories import NOW, make_client, make_counselor, make_user
from tests.programs.agreement.steps import DAY, Scene, hash_in, make_template, sign

CONSENTS = {"program": "on", "health": "on", "online": "on", "supervision": "on"}


@pytest.fixture(autouse=True)
def clock(db):
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def scene(db):
    return Scene()


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


# --- Writing ---------------------------------------------------------------------------------------------------------


def terms(program, **changes):
    plan = program.plans.order_by("number").last()
    said = {
        "title": "KANARI-JUDUL",
        "problem": "KANARI-MASALAH",
        "clients": [str(member.client_id) for member in program.members.all()],
        "method": plan.method_id,
        "planned_sessions": "5",
        "pace_days": "7",
        "review_after": "2, 4",
        "service": program.service_id,
        "price": "350000",
        "missed_rule": "counts",
        "late_cancel_rule": "replaced",
        "if_silent": "KANARI-DIAM",
        "expected": kept(program).revision,
    }
    return said | changes


def test_a_counselor_writes_a_proposal_from_a_consultation_and_offers_it(client, scene):
    version = make_template(sessions=4)
    enter(client, scene.ayu)
    assert reverse("propose", args=[scene.consultation.pk]) in page(client, "consultation", scene.consultation.pk)

    begun = post(client, "propose", scene.consultation.pk, template=str(version.pk))
    program = Program.objects.get()
    assert begun.headers["Location"] == reverse("draft", args=[program.pk])
    assert "KANARI-PERTANYAAN" in page(client, "draft_terms", program.pk)
    assert post(client, "draft_terms", program.pk, **terms(program)).status_code == 302
    outline = page(client, "draft_outline", program.pk)
    assert "Langkah 4" in outline
    typed = {"form-TOTAL_FORMS": "5", "form-INITIAL_FORMS": "5", "seen": kept(program).revision}
    typed |= {f"form-{n}-aim": f"KANARI-LANGKAH-{n}" for n in range(5)}
    assert post(client, "draft_outline", program.pk, **typed).status_code == 302
    assert "KANARI-JUDUL" in page(client, "draft", program.pk)
    preview = page(client, "proposal_preview", program.pk)
    assert "KANARI-LANGKAH-4" in preview
    assert post(client, "proposal_preview", program.pk).status_code == 302

    assert kept(program).status == Status.PROPOSED
    assert program.plans.get().review_after == [2, 4]


def test_the_outline_says_that_an_aim_is_needed(client, scene):
    program = scene.draft()
    client.force_login(scene.ayu.user)

    shown = page(client, "draft_outline", program.pk)

    assert "opsional" not in shown.partition('for="id_form-0-aim"')[2].partition("</label>")[0]
    assert "Perlu diisi sebelum usulan dikirim." in shown


def test_a_consultation_that_led_to_a_program_leads_there_again(client, scene):
    program = scene.draft(consultation=scene.consultation)
    enter(client, scene.ayu)

    answer = client.get(reverse("propose", args=[scene.consultation.pk]))

    assert answer.headers["Location"] == reverse("draft", args=[program.pk])


def test_a_proposal_can_begin_from_the_list_of_programs(client, scene):
    version = make_template()
    enter(client, scene.ayu)
    assert reverse("program_new") in page(client, "caseload")

    typed = {"clients": [str(scene.clients[0].pk)], "template": str(version.pk)}
    answer = client.post(reverse("program_new"), typed)

    assert answer.headers["Location"] == reverse("draft", args=[Program.objects.get().pk])


def test_beginning_without_anybody_or_anything_is_refused_in_words(client, scene):
    enter(client, scene.ayu)

    assert client.post(reverse("program_new"), {}).status_code == 422
    stranger = make_client(name="Sari")
    typed = {"clients": [str(stranger.pk)], "template": str(make_template().pk)}
    assert client.post(reverse("program_new"), typed).status_code == 422
    assert not Program.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("planned_sessions", "2"),
        ("planned_sessions", "1000"),
        ("planned_sessions", "9" * 40),
        ("planned_sessions", "dua belas"),
        ("pace_days", "-7"),
        ("price", "-1"),
        ("review_after", "9"),
        ("review_after", "dua"),
        ("title", ""),
        ("title", "x\0"),
        ("problem", "x" * 2_001),
        ("clients", []),
        ("missed_rule", "free"),
        ("expected", "77"),
    ],
)
def test_wrong_terms_are_answered_in_words_and_nothing_typed_is_lost(client, scene, field, typed):
    program = scene.draft()
    enter(client, scene.ayu)

    answer = post(client, "draft_terms", program.pk, **terms(program, if_silent="KANARI-LAIN", **{field: typed}))

    assert answer.status_code == 422
    assert "KANARI-LAIN" in answer.content.decode()
    assert kept(program).revision == 0


def test_what_a_template_is_about_is_a_hint_beside_the_clients_words(client, scene):
    program = scene.draft(version=make_template(problem_id="Sulit <b>tidur</b>"))
    enter(client, scene.ayu)

    shown = client.get(reverse("draft_terms", args=[program.pk])).context["form"]

    assert shown["problem"].value() == ""
    assert "Sulit &lt;b&gt;tidur&lt;/b&gt;" in page(client, "draft_terms", program.pk)
    assert "masih perlu ditulis dengan kata-kata klien" in page(client, "draft", program.pk)


def test_reviews_that_followed_the_number_of_sessions_are_said(client, scene):
    program = scene.draft()
    enter(client, scene.ayu)

    post(client, "draft_terms", program.pk, **terms(program, planned_sessions="9", review_after="2, 3"))

    page = client.get(reverse("draft", args=[program.pk])).content.decode()
    assert "Tinjauan sekarang diadakan setelah sesi 3 dan 6." in page


def test_two_sessions_point_to_consultations(client, scene):
    program = scene.draft()
    enter(client, scene.ayu)

    answer = post(client, "draft_terms", program.pk, **terms(program, planned_sessions="2"))

    assert "konsultasi" in answer.content.decode()


def test_an_unfinished_proposal_is_not_offered_and_says_why(client, scene):
    program = scene.draft()
    enter(client, scene.ayu)
    blank = {"form-TOTAL_FORMS": "4", "form-INITIAL_FORMS": "4", "seen": kept(program).revision}
    assert post(client, "draft_outline", program.pk, **blank).status_code == 302

    answer = post(client, "proposal_preview", program.pk)

    assert answer.status_code == 422
    assert kept(program).status == Status.DRAFT


def test_a_draft_is_laid_aside(client, scene):
    program = scene.draft()
    enter(client, scene.ayu)

    post(client, "draft_drop", program.pk)

    assert kept(program).status == Status.CLOSED


def test_another_counselor_and_the_client_find_no_draft(client, scene):
    program = scene.draft()

    for person in (make_counselor(name="Daeng"), scene.clients[0]):
        enter(client, person)
        for name in ("draft", "draft_terms", "draft_outline", "proposal_preview", "proposal", "program"):
            assert client.get(reverse(name, args=[program.pk])).status_code == 404


# --- Reading and answering -------------------------------------------------------------------------------------------


def test_a_client_reads_everything_before_deciding(client, scene):
    plan = scene.proposed(late_cancel_rule="replaced")
    enter(client, scene.clients[0])

    shown = page(client, "proposal", plan.program_id)

    for words in (
        "KANARI-JUDUL",
        "KANARI-MASALAH",
        "KANARI-LANGKAH 4",
        "KANARI-DIAM",
        "Rp350.000",
        "Rp1.400.000",
        "Setelah sesi 2 dan 3",
        "diganti dengan sesi lain",
        "Bukan layanan darurat",
        "Siapa membaca apa",
        "Akhir program",
    ):
        assert words in shown, words
    assert "<svg" in shown


def test_the_page_says_the_very_words_that_are_signed(client, scene):
    plan = scene.proposed()
    sign(plan, scene.clients[0])
    enter(client, scene.clients[0])

    agreed = page(client, "agreement", plan.program_id)

    assert "KANARI-LANGKAH 4" in agreed
    assert hash_in(plan)[:16] in agreed
    assert "KANARI-LANGKAH 4" in page(enter(client, scene.ayu), "agreement", plan.program_id)


def test_a_question_is_asked_answered_and_read(client, scene):
    plan = scene.proposed()
    enter(client, scene.clients[0])
    asked = post(client, "proposal", plan.program_id, plan=plan.pk, text="KANARI-TANYA")
    assert asked.status_code == 302
    enter(client, scene.ayu)
    assert "menunggu jawaban" in page(client, "program", plan.program_id)
    assert "KANARI-TANYA" in page(client, "plan_questions", plan.program_id)
    assert post(client, "plan_questions", plan.program_id, text="KANARI-JAWAB").status_code == 302

    enter(client, scene.clients[0])
    assert "KANARI-JAWAB" in page(client, "proposal", plan.program_id)
    assert post(client, "proposal", plan.program_id, plan=plan.pk, text="").status_code == 422


def test_a_client_signs_with_separate_boxes_none_of_them_ticked(client, scene):
    plan = scene.proposed()
    enter(client, scene.clients[0])
    shown = page(client, "proposal_sign", plan.program_id)
    assert shown.count('type="checkbox"') == 4
    assert "checked" not in shown

    read = {"plan": plan.pk, "language": "id", "text_hash": hash_in(plan)}
    incomplete = post(client, "proposal_sign", plan.program_id, program="on", **read)
    assert incomplete.status_code == 422
    assert not Signature.objects.exists()
    signed = post(client, "proposal_sign", plan.program_id, **CONSENTS, **read)

    assert signed.status_code == 302
    assert kept(plan.program).status == Status.AGREED
    assert "Yang terjadi berikutnya" in page(client, "proposal", plan.program_id)
    again = post(client, "proposal_sign", plan.program_id, **CONSENTS, **read)
    assert again.status_code == 302
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("how", ["expired", "withdrawn", "declined", "superseded"])
def test_signing_what_is_no_longer_offered_is_refused_clearly(client, scene, how):
    plan = scene.proposed()
    read = {"plan": plan.pk, "language": "id", "text_hash": hash_in(plan)}
    rina = scene.clients[0]
    if how == "expired":
        expire_proposals(now=NOW + 14 * DAY)
    elif how == "declined":
        decline_proposal(plan=plan, client=rina, reason="", by=rina.user, now=NOW)
    else:
        withdraw_proposal(plan=plan, by=scene.ayu.user, now=NOW)
    if how == "superseded":
        scene.edit(plan.program)
        propose_program(program=plan.program, by=scene.ayu.user, now=NOW)
    enter(client, rina)

    answer = post(client, "proposal_sign", plan.program_id, **CONSENTS, **read)

    assert answer.status_code == 422
    words = {"expired": "sudah lewat", "declined": "sudah ditolak"}.get(how, "menarik tawaran")
    assert words in answer.content.decode()
    assert not Signature.objects.exists()
    if how != "superseded":
        assert words in page(client, "proposal", plan.program_id)


def test_a_forged_text_or_language_is_refused(client, scene):
    plan = scene.proposed()
    enter(client, scene.clients[0])

    for read in ({"language": "id", "text_hash": "0" * 64}, {"language": "de", "text_hash": hash_in(plan)}):
        answer = post(client, "proposal_sign", plan.program_id, plan=plan.pk, **CONSENTS, **read)
        assert answer.status_code == 422

    assert not Signature.objects.exists()


def test_a_client_declines_with_a_reason_that_the_counselor_reads(client, scene):
    plan = scene.proposed()
    enter(client, scene.clients[0])
    declined = post(client, "proposal_decline", plan.program_id, plan=plan.pk, reason="KANARI-ALASAN")
    assert declined.status_code == 302

    enter(client, scene.ayu)
    assert "KANARI-ALASAN" in page(client, "draft", plan.program_id)
    assert (
        post(
            client, "draft_terms", plan.program_id, **terms(plan.program, review_after="", planned_sessions="4")
        ).status_code
        == 302
    )
    assert post(client, "proposal_preview", plan.program_id).status_code == 302
    assert Plan.objects.get(number=2).status == PlanStatus.OFFERED


def test_who_is_not_signed_in_signs_in_first(client, scene):
    where = reverse("proposal", args=[scene.proposed().program_id])

    answer = client.get(where)

    assert answer.headers["Location"] == f"{reverse('account_login')}?next={where}"


def test_strangers_and_the_desk_find_nothing_of_a_proposal(client, scene):
    plan = scene.proposed()
    sari = make_client(name="Sari", user=make_user(Role.CLIENT))

    for person in (sari.user, make_user(Role.FRONT_DESK), make_user(Role.MANAGER), make_counselor(name="Daeng").user):
        enter(client, person)
        for name in ("proposal", "proposal_sign", "proposal_decline", "agreement", "plan_questions", "program_steps"):
            assert client.get(reverse(name, args=[plan.program_id])).status_code == 404
    assert not PlanQuestion.objects.exists()

"""Drafting a proposal: from a template or a method, tailored, refused where a plan cannot say it."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import override

from practice.records.actions import read
from programs.agreement.drafts import draft_program, drop_draft
from programs.agreement.life import close_program
from programs.plan.models import AbsenceRule, Program, ProgramStep, Status
from programs.sessions.glance import glances_of
from programs.sessions.thread import thread_of
from tests.factories import NOW, make_client, make_counselor, make_program, make_service
from tests.programs.agreement.steps import Scene, make_template, write_outline

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(db):
    return Scene()


def numbers_of(program):
    return list(program.sessions.order_by("number").values_list("number", flat=True))


def kept(program):
    return Program.objects.get(pk=program.pk)


def test_a_draft_copies_the_outline_of_its_template(scene):
    version = make_template(sessions=4)

    program = scene.draft(version=version, consultation=scene.consultation)

    plan = program.plans.get()
    assert (plan.planned_sessions, plan.pace_days, plan.price, plan.review_after) == (4, 14, 300_000, [2, 3])
    sessions = read(program.sessions.order_by("number"), by=scene.ayu.user, reason="a test")
    assert [session.aim for session in sessions] == [f"Langkah {n}" for n in range(1, 5)]
    assert program.consultation == scene.consultation
    assert [member.client for member in program.members.all()] == scene.clients
    assert ProgramStep.objects.get(program=program).became == Status.DRAFT


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("said", ["", "KANARI-MASALAH"])
def test_a_draft_is_about_what_the_client_said_and_never_what_its_template_says(scene, said):
    program = scene.draft(version=make_template(), problem=said)

    [opened] = read(Program.objects.filter(pk=program.pk), by=scene.ayu.user, reason="a test")
    assert opened.problem == said


def test_a_draft_can_begin_with_a_method_alone(scene):
    method = make_template().method

    program = draft_program(counselor=scene.ayu, clients=scene.clients, by=scene.ayu.user, now=NOW, method=method)

    assert program.plans.get().planned_sessions == method.typical_from
    assert program.plans.get().price == scene.service.price


def test_a_template_that_plans_no_price_leaves_that_of_the_service(scene):
    assert scene.draft(version=make_template(price=None)).plans.get().price == scene.service.price


def test_a_consultation_leads_to_one_program(scene):
    scene.draft(consultation=scene.consultation)

    with pytest.raises(ValidationError) as refusal:
        scene.draft(consultation=scene.consultation)

    assert refusal.value.code == "exists"


def test_a_consultation_whose_outcome_says_otherwise_leads_to_no_program(scene):
    type(scene.consultation).objects.filter(pk=scene.consultation.pk).update(next_step="nothing")

    with pytest.raises(ValidationError) as refusal:
        scene.draft(consultation=scene.consultation)

    assert refusal.value.code == "next_step"


def test_nobody_outside_care_is_proposed_to(scene):
    stranger = make_client(name="Sari")

    with pytest.raises(ValidationError):
        draft_program(counselor=scene.ayu, clients=[stranger], by=scene.ayu.user, now=NOW, version=make_template())

    assert not Program.objects.exists()


def closed(scene, close_reason="continued"):
    former = make_program(counselor=scene.ayu, clients=scene.clients, service=scene.service)
    return close_program(program=former, close_reason=close_reason, by=scene.ayu.user, now=NOW)


def test_a_program_that_was_closed_to_be_continued_leads_to_one_other(scene):
    former = closed(scene)

    program = scene.draft(follows=former)

    assert kept(program).follows == former
    with pytest.raises(ValidationError) as refusal:
        scene.draft(version=program.template_version, follows=former)
    assert refusal.value.code == "exists"
    drop_draft(program=program, by=scene.ayu.user, now=NOW)
    assert scene.draft(version=program.template_version, follows=former).follows == former


@pytest.mark.parametrize("close_reason", ["goals_reached", "other"])
def test_a_program_that_ended_otherwise_leads_to_no_other(scene, close_reason):
    with pytest.raises(ValidationError) as refusal:
        scene.draft(follows=closed(scene, close_reason))

    assert refusal.value.code == "status"


def test_a_program_is_continued_for_those_who_were_in_it_and_by_who_led_it(scene):
    former, stranger = closed(scene), make_client(name="Sari")
    other = make_counselor(name="Bima")

    with pytest.raises(ValidationError) as refusal:
        draft_program(
            counselor=scene.ayu, clients=[stranger], by=scene.ayu.user, now=NOW, version=make_template(), follows=former
        )
    assert list(refusal.value.message_dict) == ["clients"]
    with pytest.raises(ValidationError) as refusal:
        draft_program(
            counselor=other, clients=scene.clients, by=other.user, now=NOW, version=make_template(), follows=former
        )
    assert refusal.value.code == "role"


def test_without_a_service_for_sessions_there_is_no_draft(scene):
    scene.service.counselors.clear()

    with pytest.raises(ValidationError) as refusal:
        scene.draft()

    assert refusal.value.code == "service"


def test_a_draft_is_tailored_and_its_stations_follow(scene):
    program = scene.draft()

    scene.edit(program, planned_sessions=6, missed_rule=AbsenceRule.REPLACED)

    plan = program.plans.get()
    assert (plan.planned_sessions, plan.missed_rule, plan.review_after) == (6, "replaced", [2, 4])
    assert program.sessions.planned().count() == 6
    scene.edit(program, planned_sessions=3)
    assert program.sessions.planned().count() == 3


@pytest.mark.parametrize(
    ("of_template", "planned", "typed", "kept_as"),
    [
        ([2, 4], 9, [2, 4], [3, 6]),  # the usual points of 5 sessions
        ([2, 4], 4, [2, 4], [2, 3]),
        ([1, 3], 9, [1, 3], [3, 6]),  # those of the template
        ([1, 3], 9, [3, 1, 3], [3, 6]),
        ([2, 4], 9, [2, 5], [2, 5]),  # chosen
        ([2, 4], 5, [2, 4], [2, 4]),
    ],
)
def test_reviews_follow_the_number_of_sessions_unless_somebody_chose_them(scene, of_template, planned, typed, kept_as):
    program = scene.draft(version=make_template(sessions=5, review_after=of_template))

    plan = scene.edit(program, planned_sessions=planned, review_after=typed)

    assert plan.review_after == kept_as


def test_chosen_reviews_that_do_not_fit_any_more_are_named(scene):
    program = scene.draft(version=make_template(sessions=7, review_after=[3, 5]))
    scene.edit(program, review_after=[2, 4, 6])

    with override("en"), pytest.raises(ValidationError) as refusal:
        scene.edit(program, planned_sessions=4, review_after=[2, 4, 6])

    assert refusal.value.message_dict["review_after"] == [
        "With 4 sessions, reviews can come after sessions 1 to 3. Change or take out: 4, 6."
    ]


@pytest.mark.django_db(transaction=True)
def test_a_draft_that_is_lengthened_again_has_the_words_it_had(scene):
    program = scene.draft(version=make_template(sessions=6, review_after=[2]))
    scene.edit(program, planned_sessions=4)
    write_outline(program, {4: {"aim": "Yang baru"}}, by=scene.ayu.user)

    scene.edit(program, planned_sessions=7)

    sessions = read(program.sessions.planned().order_by("number"), by=scene.ayu.user, reason="a test")
    aims = [session.aim for session in sessions]
    assert aims == ["Langkah 1", "Langkah 2", "Langkah 3", "Yang baru", "Langkah 5", "Langkah 6", ""]


def test_what_a_shortened_draft_plans_no_longer_is_nowhere_shown_or_counted(scene, client):
    program = scene.draft(version=make_template(sessions=6, review_after=[2]))
    scene.edit(program, planned_sessions=4)
    client.force_login(scene.ayu.user)
    left_out = program.sessions.get(number=5)

    outline = client.get(reverse("draft_outline", args=[program.pk])).text

    assert "Langkah 4" in outline
    assert "Langkah 5" not in outline
    assert client.get(reverse("session", args=[left_out.pk])).status_code == 404
    assert client.get(reverse("note", args=[left_out.pk])).status_code == 404
    assert len(thread_of(program)) == len(glances_of([program.pk])[program.pk]) == 4
    with pytest.raises(ValidationError):
        write_outline(program, {5: {"aim": "x"}}, by=scene.ayu.user)


@pytest.mark.django_db(transaction=True)
def test_an_offer_drops_what_its_draft_plans_no_longer(scene):
    plan = scene.proposed(planned_sessions=3)

    assert numbers_of(plan.program) == [1, 2, 3]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("planned_sessions", 0),
        ("planned_sessions", 2),
        ("planned_sessions", 1000),
        ("planned_sessions", -4),
        ("pace_days", 0),
        ("pace_days", -7),
        ("pace_days", 61),
        ("price", -1),
        ("price", 10**9),
        ("review_after", [4]),
        ("review_after", [0]),
        ("title", " "),
        ("title", "x" * 121),
        ("problem", "x" * 2_001),
        ("if_silent", "x" * 1_001),
    ],
)
def test_what_a_plan_cannot_say_is_refused_at_its_field(scene, field, wrong):
    program = scene.draft()

    with pytest.raises(ValidationError) as refusal:
        scene.edit(program, **{field: wrong})

    assert list(refusal.value.message_dict) == [field]
    assert kept(program).revision == 0


def test_fewer_than_three_sessions_point_to_consultations(scene):
    with override("en"), pytest.raises(ValidationError) as refusal:
        scene.edit(scene.draft(), planned_sessions=2)

    assert "consultations" in refusal.value.messages[0]


def test_a_service_of_somebody_else_is_refused(scene):
    with pytest.raises(ValidationError) as refusal:
        scene.edit(scene.draft(), service=make_service())

    assert list(refusal.value.message_dict) == ["service"]


def test_a_draft_edited_elsewhere_is_not_overwritten(scene):
    program = scene.draft()
    scene.edit(program)

    with pytest.raises(ValidationError) as refusal:
        scene.edit(program, expected=0)

    assert refusal.value.code == "conflict"


def test_an_outline_of_sessions_that_are_not_there_is_refused(scene):
    program = scene.draft()

    with pytest.raises(ValidationError):
        write_outline(program, {9: {"aim": "x"}}, by=scene.ayu.user)


def test_a_draft_that_is_dropped_is_closed_as_never_agreed(scene):
    program = drop_draft(program=scene.draft(), by=scene.ayu.user, now=NOW)

    assert (program.status, program.close_reason) == (Status.CLOSED, "not_begun")


def test_an_outline_that_changed_meanwhile_is_not_written_over(scene, client):
    program = scene.draft()
    client.force_login(scene.ayu.user)
    address = reverse("draft_outline", args=[program.pk])
    count = program.sessions.count()
    forms = {"form-TOTAL_FORMS": count, "form-INITIAL_FORMS": count, "form-0-aim": "Yang lama"}
    seen = Program.objects.get(pk=program.pk).revision
    write_outline(program, {1: {"aim": "Yang baru"}}, by=scene.ayu.user)

    late = client.post(address, forms | {"seen": seen})
    unsaid = client.post(address, forms)
    again = client.post(address, forms | {"seen": seen + 1})

    assert (late.status_code, unsaid.status_code, again.status_code) == (422, 422, 302)
    assert "Yang lama" in late.text
    assert f'name="seen" value="{seen + 1}"' in late.text

"""Templates and methods: they are added, changed, laid aside and copied, each by those who keep them."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import translation

from practice.people.models import Role, User
from practice.records.models import AuditEvent
from programs.library.actions import (
    add_method,
    add_template,
    copy_outline,
    edit_method,
    edit_template,
    may_keep,
    restore_template,
    retire_template,
    says,
)
from programs.library.models import Method, Template, TemplateSession, TemplateVersion, review_points
from programs.plan.models import Plan
from programs.sessions.models import Session
from tests.factories import NOW, make_counselor, make_method, make_program, make_user
from tests.programs.library.drafts import as_draft, make_draft, make_supervisor, make_template, outline

LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def ratna(db):
    return make_supervisor()


def acts():
    return list(AuditEvent.objects.order_by("pk").values_list("act", flat=True))


# --- Adding


def test_a_supervisor_adds_a_template_for_the_practice(ratna, ayu):
    version = add_template(draft=make_draft(sessions=6), keep="practice", by=ratna, now=NOW)

    assert version.template.author is None
    assert (version.number, version.review_after, version.created_by) == (1, [2, 4], ratna)
    assert [row.aim_id for row in version.sessions.order_by("number")] == [f"Langkah {k}" for k in range(1, 7)]
    assert acts() == ["template.made"]
    assert version.template in Template.objects.visible_to(ayu.user)


def test_a_counselor_adds_a_template_of_their_own_that_nobody_else_sees(ratna, ayu):
    template = make_template(by=ayu.user, keep="own")

    assert template.author == ayu
    assert template in Template.objects.editable_by(ayu.user)
    assert template not in Template.objects.visible_to(make_counselor(name="Bima").user)
    assert template not in Template.objects.visible_to(ratna)


def test_a_counselor_adds_nothing_for_the_practice_and_a_supervisor_has_none_of_their_own(ratna, ayu):
    for by, keep in [(ayu.user, "practice"), (ratna, "own"), (make_user(Role.MANAGER), "practice")]:
        with pytest.raises(ValidationError, match="cannot add templates"):
            add_template(draft=make_draft(), keep=keep, by=by, now=NOW)

    assert not Template.objects.exists()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_sessions_are_refused_with_a_word_about_consultations(ratna, count):
    with pytest.raises(ValidationError, match="offer a consultation"):
        add_template(draft=make_draft(sessions=count), keep="practice", by=ratna, now=NOW)

    assert not Template.objects.exists()


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"planned_sessions": 1000}, "planned_sessions"),
        ({"pace_days": 0}, "pace_days"),
        ({"pace_days": -7}, "pace_days"),
        ({"pace_days": 61}, "pace_days"),
        ({"minutes": 5}, "minutes"),
        ({"minutes": 600}, "minutes"),
        ({"price": -1}, "price"),
        ({"price": 1_000_000_000}, "price"),
        ({"review_after": [0]}, "review_after"),
        ({"review_after": [3]}, "review_after"),
        ({"review_after": [-1, 2]}, "review_after"),
        ({"title_id": ""}, "title_id"),
        ({"title_id": "x" * 101}, "title_id"),
        ({"problem_id": ""}, "problem_id"),
        ({"sessions": [{"aim_id": ""}] * 3}, "aim_id"),
        ({"sessions": [{"aim_id": "x", "agenda_en": "x" * 601}] * 3}, "agenda_en"),
    ],
)
def test_what_no_program_can_be_is_refused_on_its_field(ratna, fields, where):
    with pytest.raises(ValidationError) as refused:
        add_template(draft=make_draft(**fields), keep="practice", by=ratna, now=NOW)

    assert where in refused.value.message_dict
    assert not Template.objects.exists()


def test_each_planned_session_needs_an_outline(ratna):
    with pytest.raises(ValidationError, match="outline for each planned session"):
        add_template(
            draft=make_draft(planned_sessions=4, sessions=outline(1, 2, 3)), keep="practice", by=ratna, now=NOW
        )


def test_reviews_come_in_order_and_once(ratna):
    draft = make_draft(sessions=6, review_after=[5, 2, 5])

    assert add_template(draft=draft, keep="practice", by=ratna, now=NOW).review_after == [2, 5]


def test_a_template_may_do_without_reviews(ratna):
    draft = make_draft(review_after=[])

    assert add_template(draft=draft, keep="practice", by=ratna, now=NOW).review_after == []


# --- Changing


def test_a_change_is_a_new_version_and_the_old_one_stays(ratna):
    template = make_template(by=ratna)
    first = template.versions.get()
    before = says(first)

    second = edit_template(
        template=template, seen=1, draft=as_draft(first, title_id="Malam tenang"), by=ratna, now=LATER
    )

    assert (second.number, second.title_id) == (2, "Malam tenang")
    assert says(TemplateVersion.objects.get(pk=first.pk)) == before
    assert template.versions.newest().get() == second
    assert AuditEvent.objects.get(act="template.changed").facts == {"version": 2}


def test_saving_without_a_change_adds_no_version(ratna):
    template = make_template(by=ratna)

    same = edit_template(template=template, seen=1, draft=as_draft(template.versions.get()), by=ratna, now=LATER)

    assert same.number == 1
    assert acts() == ["template.made"]


def test_a_version_written_meanwhile_is_not_overwritten(ratna):
    template = make_template(by=ratna)
    first = template.versions.get()
    edit_template(template=template, seen=1, draft=as_draft(first, minutes=90), by=ratna, now=LATER)

    with pytest.raises(ValidationError, match="version 2 is there now") as refused:
        edit_template(template=template, seen=1, draft=as_draft(first, minutes=45), by=ratna, now=LATER)

    assert refused.value.code == "version"
    assert template.versions.newest().get().minutes == 90


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_the_same_moment_one_is_told():
    ratna = make_supervisor()
    template = make_template(by=ratna)
    first = template.versions.get()
    outcomes, start = [], threading.Barrier(2)

    def save(minutes):
        try:
            start.wait()
            draft = as_draft(first, minutes=minutes)
            outcomes.append(edit_template(template=template, seen=1, draft=draft, by=ratna, now=LATER).number)
        except ValidationError as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=[minutes]) for minutes in (45, 90)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes, key=str) == [2, "version"]


def test_a_template_is_changed_by_those_who_keep_it_alone(ratna, ayu):
    shared, own = make_template(by=ratna), make_template(by=ayu.user, keep="own")
    bima = make_counselor(name="Bima").user
    wrong = [(shared, ayu.user), (own, ratna), (own, bima), (shared, make_user(Role.MANAGER)), (shared, make_user())]

    for template, by in wrong:
        draft = as_draft(template.versions.get(), minutes=90)
        with pytest.raises(ValidationError, match="not yours to change"):
            edit_template(template=template, seen=1, draft=draft, by=by, now=LATER)
        with pytest.raises(ValidationError, match="not yours to change"):
            retire_template(template=template, by=by, now=LATER)
        with pytest.raises(ValidationError, match="not yours to change"):
            restore_template(template=template, by=by, now=LATER)

    assert TemplateVersion.objects.count() == 2


def test_whoever_counsels_no_more_finds_nothing_in_the_library(ratna, ayu):
    make_template(by=ratna)
    own = make_template(by=ayu.user, keep="own")
    assert Template.objects.visible_to(ayu.user).count() == 2

    ayu.user.role_grants.update(ended_at=NOW)
    former = User.objects.get(pk=ayu.user_id)

    for user in (former, make_user(Role.MANAGER), make_user(Role.FRONT_DESK), make_user(Role.CLIENT)):
        assert not Template.objects.visible_to(user).exists()
        assert not Method.objects.visible_to(user).exists()
        assert own not in Template.objects.editable_by(user)


def test_a_counselor_without_an_entry_of_their_own_keeps_no_template(ayu):
    assert may_keep(ayu.user) == ["own"]
    assert may_keep(make_user(Role.COUNSELOR)) == []


def test_each_template_has_its_own_newest_version(ratna):
    changed, first = make_template(by=ratna), make_template(by=ratna)
    edit_template(template=changed, seen=1, draft=as_draft(changed.versions.get(), minutes=90), by=ratna, now=LATER)

    newest = {template.pk: template.newest.number for template in Template.objects.for_listing()}

    assert newest == {changed.pk: 2, first.pk: 1}


def test_a_template_is_laid_aside_and_taken_up_again(ratna):
    template = make_template(by=ratna)

    retire_template(template=template, by=ratna, now=NOW)
    retire_template(template=template, by=ratna, now=NOW)
    assert template not in Template.objects.in_use()
    restore_template(template=template, by=ratna, now=NOW)

    assert template in Template.objects.in_use()
    assert acts() == ["template.made", "template.retired", "template.restored"]


# --- What a program takes from it


def test_a_proposal_copies_the_outline_in_the_clients_language(ratna):
    version = make_template(by=ratna).versions.get()

    indonesian, english = copy_outline(version, "id"), copy_outline(version, "en")

    assert (indonesian["title"], english["title"]) == ("Tidur lebih nyenyak", "Sleeping better")
    assert [row["aim"] for row in english["sessions"]] == ["Step 1", "Step 2", "Step 3"]
    assert indonesian["sessions"][0] == {"aim": "Langkah 1", "agenda": "Bercerita", "technique": "", "task": ""}


def test_what_is_missing_in_a_language_comes_from_the_other(ratna):
    version = make_template(by=ratna, title_en="").versions.get()

    english = copy_outline(version, "en")

    assert english["title"] == "Tidur lebih nyenyak"
    assert english["sessions"][0]["agenda"] == "Bercerita"


def test_a_change_of_the_template_changes_no_running_program(ratna, ayu):
    template = make_template(by=ratna, sessions=6)
    first = template.versions.get()
    program = make_program(counselor=ayu, sessions=6, method=first.method)
    type(program).objects.filter(pk=program.pk).update(template_version=first)
    plan, sessions = Plan.objects.filter(program=program), Session.objects.filter(program=program)
    before = (
        list(plan.values("planned_sessions", "pace_days", "price", "review_after", "method")),
        list(sessions.order_by("number").values("pk", "number")),
    )
    draft = as_draft(first, pace_days=14, planned_sessions=4, sessions=outline(9, 8, 7, 6), review_after=[1])

    edit_template(template=template, seen=1, draft=draft, by=ratna, now=LATER)
    retire_template(template=template, by=ratna, now=LATER)

    program.refresh_from_db()
    assert program.template_version == first
    assert copy_outline(program.template_version, "id")["sessions"][0]["aim"] == "Langkah 1"
    assert before == (
        list(plan.values("planned_sessions", "pace_days", "price", "review_after", "method")),
        list(sessions.order_by("number").values("pk", "number")),
    )


# --- Methods


def method_fields(**fields):
    return {
        "name_id": "Konseling naratif",
        "name_en": "Narrative counseling",
        "purpose_id": "Menceritakan ulang.",
        "typical_from": 4,
        "typical_until": 8,
        "source": "",
    } | fields


def test_a_method_is_added_and_changed(ratna):
    method = add_method(by=ratna, now=NOW, **method_fields())

    changed = edit_method(
        method=method, seen=method.mark, by=ratna, now=LATER, **method_fields(typical_until=10, is_in_use=False)
    )

    assert method.slug == "konseling-naratif"
    assert (changed.typical_until, changed.is_in_use) == (10, False)
    assert changed not in Method.objects.in_use()
    assert AuditEvent.objects.get(act="method.changed").facts == {"fields": "is_in_use, typical_until"}


def test_methods_of_the_same_name_get_links_of_their_own(ratna):
    slugs = [add_method(by=ratna, now=NOW, **method_fields()).slug for _ in range(2)]

    assert slugs == ["konseling-naratif", "konseling-naratif-2"]


@pytest.mark.parametrize(("low", "high"), [(0, 5), (9, 8)])
def test_a_method_takes_from_fewer_to_more_sessions(ratna, low, high):
    with pytest.raises(ValidationError) as refused:
        add_method(by=ratna, now=NOW, **method_fields(typical_from=low, typical_until=high))

    assert "typical_until" in refused.value.message_dict


def test_a_method_saved_as_it_was_leaves_no_trace(ratna):
    method = add_method(by=ratna, now=NOW, **method_fields())

    edit_method(method=method, seen=method.mark, by=ratna, now=LATER, **method_fields())

    assert acts() == ["method.made"]


# --- Going round the actions


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"planned_sessions": 2, "review_after": []}, "a_template_plans_3_to_60_sessions"),
        ({"planned_sessions": 61}, "a_template_plans_3_to_60_sessions"),
        ({"pace_days": 0}, "a_template_paces_1_to_60_days"),
        ({"minutes": 10}, "a_session_of_a_template_takes_15_to_240_minutes"),
        ({"review_after": [6]}, "a_template_is_reviewed_between_its_sessions"),
        ({"review_after": [0, 2]}, "a_template_is_reviewed_between_its_sessions"),
        ({"number": 1}, "versions_of_a_template_are_numbered"),
    ],
)
def test_the_database_refuses_a_version_that_no_program_can_be(ratna, fields, constraint):
    template = make_template(by=ratna)
    defaults = {
        "number": 2, "method": make_method(), "title_id": "x", "problem_id": "x", "planned_sessions": 6,
        "review_after": review_points(6), "created_at": NOW,
    }  # fmt: skip

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        TemplateVersion.objects.create(template=template, **defaults | fields)


def test_the_database_refuses_a_session_twice_and_a_template_of_ours_twice(ratna):
    version = make_template(by=ratna).versions.get()
    Template.objects.create(slug="sleep")

    with pytest.raises(IntegrityError, match="sessions_of_a_template_are_numbered"), transaction.atomic():
        TemplateSession.objects.create(version=version, number=1, aim_id="x")
    with pytest.raises(IntegrityError, match="a_template_that_comes_with_benang_is_there_once"), transaction.atomic():
        Template.objects.create(slug="sleep")


def test_the_database_refuses_a_method_that_takes_no_sessions(db):
    with pytest.raises(IntegrityError, match="a_method_takes_from_fewer_to_more_sessions"), transaction.atomic():
        make_method(typical_from=0)


def test_what_a_version_said_cannot_be_changed_or_removed(ratna):
    version = make_template(by=ratna).versions.get()
    rows = [TemplateVersion.objects.filter(pk=version.pk), version.sessions.all()]

    for queryset, change in zip(rows, [{"title_id": "x"}, {"aim_id": "x"}], strict=True):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            queryset.update(**change)
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            queryset._raw_delete(queryset.db)

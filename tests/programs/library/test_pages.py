"""The pages of the library: who finds what, what is shown, what a wrong form keeps, and what they cost."""

import re
import uuid

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.people.models import Role
from programs.library.actions import SESSION_FIELDS, edit_template, retire_template
from programs.library.models import MOST_SESSIONS, Method, Template
from tests.factories import NOW, make_counselor, make_method, make_user
from tests.programs.library.drafts import as_draft, make_supervisor, make_template, outline


@pytest.fixture(autouse=True)
def at_now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ratna(db):
    return make_supervisor(language="en")


@pytest.fixture
def desk(client, ratna):
    """The supervisor's browser, in English."""
    client.force_login(ratna)
    return client


def as_form(method, *, sessions=3, **fields):
    """What a browser sends for a template with an aim for each session."""
    data = {
        "method": method.pk, "title_id": "Tidur", "title_en": "Sleep", "problem_id": "Sulit tidur",
        "planned_sessions": str(sessions), "pace_days": "7", "minutes": "60", "review_after": "", "price": "",
    }  # fmt: skip
    for number in range(1, sessions + 1):
        data |= {f"s{number}_{name}": "" for name in SESSION_FIELDS} | {f"s{number}_aim_id": f"Langkah {number}"}
    return data | fields


def page_of(template, name="library_template", *args):
    return reverse(name, args=[template.pk, *args])


def statements(browser, url):
    browser.get(url)
    with CaptureQueriesContext(connection) as found:
        assert browser.get(url).status_code == 200
    return len(found)


def refused(answer, field):
    assert answer.status_code == 422
    return " ".join(answer.context["form"].errors.get(field, []))


# --- Who finds what


def test_a_method_lists_the_templates_in_use_that_one_finds(client, ratna, ayu):
    method = make_method()
    make_template(by=ratna, method=method, title_id="Milik praktik")
    make_template(by=ayu.user, keep="own", method=method, title_id="Milik Ayu")
    make_template(by=make_counselor(name="Bima").user, keep="own", method=method, title_id="Milik Bima")
    retired = make_template(by=ratna, method=method, title_id="Disisihkan")
    retire_template(template=retired, by=ratna, now=NOW)
    client.force_login(ayu.user)

    page = client.get(reverse("library_method", args=[method.slug])).text

    assert [title in page for title in ("Milik praktik", "Milik Ayu", "Milik Bima", "Disisihkan")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_template_of_the_practice_is_read_by_counselors_and_edited_by_supervisors(client, ratna, ayu):
    template = make_template(by=ratna)
    make_template(by=ayu.user, keep="own")

    for user, may_edit in ((ayu.user, False), (ratna, True)):
        client.force_login(user)
        assert client.get(page_of(template)).context["may_edit"] is may_edit


def test_a_counselor_finds_the_practices_templates_and_their_own(client, ratna, ayu):
    make_template(by=ratna, title_id="Milik praktik")
    make_template(by=ayu.user, keep="own", title_id="Milik Ayu")
    make_template(by=make_counselor(name="Bima").user, keep="own", title_id="Milik Bima")
    client.force_login(ayu.user)

    page = client.get(reverse("library")).text

    assert "Milik praktik" in page
    assert "Milik Ayu" in page
    assert "Milik Bima" not in page


def test_what_is_not_yours_is_not_there_or_not_yours_to_change(client, ratna, ayu):
    shared, foreign = make_template(by=ratna), make_template(by=make_counselor(name="Bima").user, keep="own")
    client.force_login(ayu.user)

    for name in ("library_template", "library_edit", "library_copy", "library_versions"):
        assert client.get(page_of(foreign, name)).status_code == 404
    assert client.get(page_of(foreign, "library_version", 1)).status_code == 404
    for name in ("library_retire", "library_restore", "library_edit"):
        assert client.post(page_of(foreign, name)).status_code == 404
        assert client.post(page_of(shared, name)).status_code == 404
    assert page_of(shared, "library_edit") not in client.get(page_of(shared)).text


@pytest.mark.parametrize("role", [Role.CLIENT, Role.FRONT_DESK, Role.MANAGER, Role.DATA_OFFICER])
def test_nobody_else_finds_a_library(client, ratna, role):
    template, method = make_template(by=ratna), make_method()
    client.force_login(make_user(role))
    urls = [reverse("library"), reverse("library_new"), reverse("library_methods"), reverse("library_method_new")]
    urls += [page_of(template), page_of(template, "library_edit"), page_of(template, "library_versions")]
    urls += [reverse("library_method", args=[method.slug]), reverse("library_method_edit", args=[method.slug])]

    assert [url for url in urls if client.get(url).status_code != 404] == []
    assert reverse("library") not in client.get(reverse("account")).text


@pytest.mark.parametrize("role", [Role.COUNSELOR, Role.SUPERVISOR])
def test_the_library_is_among_the_ways_of_those_who_use_it(client, db, role):
    user = make_user(role)
    if role == Role.COUNSELOR:
        make_counselor(user=user, hours=False)
    client.force_login(user)

    assert f'href="{reverse("library")}"' in client.get(reverse("library_methods")).text


def test_a_counselor_reads_methods_and_changes_none(client, ayu):
    method = make_method()
    client.force_login(ayu.user)

    assert client.get(reverse("library_method", args=[method.slug])).status_code == 200
    for url in (reverse("library_method_new"), reverse("library_method_edit", args=[method.slug])):
        assert client.get(url).status_code == 404
        assert client.post(url).status_code == 404


# --- What is shown


def test_a_template_is_shown_as_a_thread_and_session_by_session(desk, ratna):
    template = make_template(by=ratna, sessions=6)

    page = desk.get(page_of(template)).text

    assert "6 sessions, with reviews after sessions 2 and 4." in page
    assert page.count("t-review") == 2
    assert page.count('class="t-planned"') == 6
    assert [f"Step {k}" in page for k in range(1, 7)] == [True] * 6


def test_a_template_is_read_in_ones_own_language(desk, client, ratna):
    template = make_template(by=ratna)
    english = desk.get(page_of(template)).text
    ratna.language = "id"
    ratna.save()

    indonesian = client.get(page_of(template)).text

    assert "Sleeping better" in english
    assert "Step 1" in english
    assert "Tidur lebih nyenyak" in indonesian
    assert "Langkah 1" in indonesian


def test_templates_come_by_method_or_by_problem_and_retired_ones_apart(desk, ratna):
    one = make_template(by=ratna, title_en="One", problem_en="Sleep")
    two = make_template(by=ratna, title_en="Two", problem_en="Grief")
    retire_template(template=two, by=ratna, now=NOW)

    groups = {by: desk.get(f"{reverse('library')}?by={by}").context["groups"] for by in ("method", "problem")}
    retired = desk.get(f"{reverse('library')}?show=retired").context["groups"]

    assert [(title, list(rows)) for title, rows in groups["problem"]] == [("Sleep", [one])]
    assert [title for title, _rows in groups["method"]] == ["Cognitive behavioral therapy"]
    assert [rows for _title, rows in retired] == [[two]]


def test_older_versions_can_still_be_read(desk, ratna):
    template = make_template(by=ratna)
    draft = as_draft(template.versions.get(), title_en="Quiet nights")
    edit_template(template=template, seen=1, draft=draft, by=ratna, now=NOW)

    history = desk.get(page_of(template, "library_versions")).text
    first = desk.get(page_of(template, "library_version", 1)).text

    assert "Version 2: Quiet nights" in history
    assert "Version 1: Sleeping better" in history
    assert "This is version 1, as it was. Version 2 counts now." in first
    assert "Sleeping better" in first
    assert desk.get(page_of(template, "library_version", 3)).status_code == 404


def test_a_number_without_a_source_says_that_it_is_practice_experience(desk):
    method = make_method(source="")

    assert "Practice experience; no trial cited." in desk.get(reverse("library_method", args=[method.slug])).text


def test_nothing_that_was_written_becomes_markup(desk, ratna):
    aims = [row | {"aim_en": "<script>1</script>", "agenda_en": "<b>a</b>\n<i>b</i>"} for row in outline(1, 2, 3)]
    template = make_template(by=ratna, sessions=aims, title_en="<b>Sleep</b>")

    pages = [desk.get(url).text for url in (page_of(template), page_of(template, "library_edit"), reverse("library"))]

    assert [page for page in pages if "<script>1" in page or "<b>Sleep" in page or "<b>a" in page] == []


# --- Writing


def test_a_supervisor_writes_a_template(desk):
    data = as_form(make_method(), sessions=4, price="350.000", review_after="2 3")

    answer = desk.post(reverse("library_new"), data)

    version = Template.objects.get().versions.get()
    assert answer.url == page_of(version.template)
    assert (version.price, version.review_after, version.template.author) == (350_000, [2, 3], None)
    assert version.sessions.count() == 4


def test_who_counsels_and_supervises_says_whose_it_is(desk, ratna):
    ratna.role_grants.create(role=Role.COUNSELOR, granted_at=NOW)
    counselor = make_counselor(user=ratna, hours=False)
    data = as_form(make_method())

    missing = desk.post(reverse("library_new"), data)
    desk.post(reverse("library_new"), data | {"keep": "own"})

    assert "keep" in missing.context["form"].errors
    assert Template.objects.get().author == counselor


def test_a_copy_is_ones_own_and_the_original_stays(client, ratna, ayu):
    template = make_template(by=ratna)
    client.force_login(ayu.user)
    shown = client.get(page_of(template, "library_copy")).text

    client.post(page_of(template, "library_copy"), as_form(template.versions.get().method, title_id="Punyaku"))

    assert 'value="Tidur lebih nyenyak"' in shown
    assert "Langkah 3</textarea>" in shown
    assert Template.objects.get(author=ayu).versions.get().title_id == "Punyaku"
    assert template.versions.count() == 1


def test_the_usual_reviews_follow_the_number_of_sessions_and_chosen_ones_stay(desk, ratna):
    usual, chosen = make_template(by=ratna, sessions=6), make_template(by=ratna, sessions=6, review_after=[5])

    shown = [
        desk.get(page_of(each, "library_edit")).context["form"]["review_after"].value() for each in (usual, chosen)
    ]

    assert shown == [None, "5"]


def test_more_sessions_are_added_to_the_form_before_anything_is_saved(desk, ratna):
    template = make_template(by=ratna)
    data = as_form(template.versions.get().method) | {"planned_sessions": "5", "seen": "1"}

    answer = desk.post(page_of(template, "library_edit"), data)
    more = {f"s{k}_{name}": f"Baru {k}" for k in (4, 5) for name in SESSION_FIELDS}
    saved = desk.post(page_of(template, "library_edit"), data | more)

    assert "Sessions 4 to 5 have been added below" in refused(answer, "planned_sessions")
    assert 'name="s5_aim_id"' in answer.text
    assert list(answer.context["form"].errors) == ["planned_sessions"]
    assert saved.status_code == 302
    assert template.versions.newest().get().sessions.count() == 5


def test_fewer_sessions_leave_out_the_last_ones(desk, ratna):
    template = make_template(by=ratna, sessions=5)
    data = as_form(template.versions.get().method, sessions=5) | {"planned_sessions": "3", "seen": "1"}

    wrong = desk.post(page_of(template, "library_edit"), data | {"minutes": "x"})
    desk.post(page_of(template, "library_edit"), data)

    assert "Langkah 5</textarea>" in wrong.text
    assert wrong.text.count("left out when you save") == 2
    assert [row.aim_id for row in template.versions.newest().get().sessions.order_by("number")] == [
        f"Langkah {k}" for k in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("planned_sessions", "0", "offer a consultation"),
        ("planned_sessions", "2", "offer a consultation"),
        ("planned_sessions", "-3", "offer a consultation"),
        ("planned_sessions", "1000", "at most 60 sessions"),
        ("planned_sessions", "99999999999999999999", "at most 60 sessions"),
        ("planned_sessions", "banyak", "whole number"),
        ("planned_sessions", "", "whole number"),
        ("pace_days", "-7", "from 1 to 60 days"),
        ("pace_days", "0", "from 1 to 60 days"),
        ("minutes", "5", "from 15 to 240 minutes"),
        ("review_after", "3", "sessions from 1 to 2"),
        ("review_after", "0", "sessions from 1 to 2"),
        ("review_after", "-1", "for example 3, 6"),
        ("review_after", "dua", "for example 3, 6"),
        ("price", "gratis", "price in digits"),
        ("title_id", "", "required"),
        ("title_id", "x" * 101, "at most 100"),
        ("s2_aim_id", "", "Session 2: say what it is for."),
        ("s2_aim_id", "\u200b", "Session 2: say what it is for."),
        ("s3_agenda_en", "x" * 601, "keep this under 600 characters"),
        ("method", "4711", "valid choice"),
    ],
)
def test_a_wrong_answer_is_said_on_its_field_once_and_nothing_typed_is_lost(desk, ratna, field, typed, said):
    template = make_template(by=ratna)
    data = as_form(template.versions.get().method) | {"seen": "1", "s1_task_en": "Keep me", field: typed}

    answer = desk.post(page_of(template, "library_edit"), data)

    errors = answer.context["form"].errors
    assert said in refused(answer, field)
    assert list(errors) == [field]
    assert len(errors[field]) == 1
    assert "Keep me</textarea>" in answer.text
    assert "Langkah 3</textarea>" in answer.text
    assert "<title>Error:" in answer.text
    assert template.versions.count() == 1


def test_a_form_of_nothing_is_refused_whole(desk):
    answer = desk.post(reverse("library_new"), {})

    assert {"method", "title_id", "problem_id", "planned_sessions"} <= set(answer.context["form"].errors)
    assert not Template.objects.exists()


def test_the_largest_template_goes_through_the_form(desk):
    data = as_form(make_method(), sessions=MOST_SESSIONS)

    assert desk.post(reverse("library_new"), data).status_code == 302
    assert Template.objects.get().versions.get().sessions.count() == MOST_SESSIONS


def test_who_saves_over_a_newer_version_is_told_and_keeps_what_they_typed(desk, ratna):
    template = make_template(by=ratna)
    first = template.versions.get()
    edit_template(template=template, seen=1, draft=as_draft(first, minutes=90), by=ratna, now=NOW)
    data = as_form(first.method, title_id="Punyaku")

    answer = desk.post(page_of(template, "library_edit"), data | {"seen": "1"})
    again = desk.post(page_of(template, "library_edit"), data | {"seen": "2"})

    assert "version 2 is there now" in refused(answer, "__all__")
    assert 'value="Punyaku"' in answer.text
    assert 'name="seen" value="2"' in answer.text
    assert again.status_code == 302
    assert template.versions.newest().get().number == 3


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 30])
def test_an_edit_that_says_no_version_is_a_conflict(desk, ratna, seen):
    template = make_template(by=ratna)
    data = as_form(template.versions.get().method) | {"seen": seen}

    assert refused(desk.post(page_of(template, "library_edit"), data), "__all__")
    assert template.versions.count() == 1


def test_saving_what_is_there_says_that_nothing_changed(desk, ratna):
    template = make_template(by=ratna)
    form = desk.get(page_of(template, "library_edit")).context["form"]
    data = {field.html_name: field.value() or "" for field in form} | {"seen": "1"}

    answer = desk.post(page_of(template, "library_edit"), data, follow=True)

    assert "Nothing was changed." in answer.text
    assert template.versions.count() == 1


def test_a_template_is_retired_and_offered_again(desk, ratna):
    template = make_template(by=ratna)

    retired = desk.post(page_of(template, "library_retire"), follow=True)
    restored = desk.post(page_of(template, "library_restore"), follow=True)

    assert "Programs that run with it go on" in retired.text
    assert "Offered again" in restored.text
    assert Template.objects.in_use().count() == 1


def test_a_retired_method_is_offered_to_nothing_new_but_stays_where_it_is(desk, ratna):
    template = make_template(by=ratna)
    method = template.versions.get().method
    Method.objects.filter(pk=method.pk).update(is_in_use=False)

    new, edit = desk.get(reverse("library_new")), desk.get(page_of(template, "library_edit"))

    assert method not in new.context["form"].fields["method"].queryset
    assert method in edit.context["form"].fields["method"].queryset


def test_a_template_of_nobody_is_not_there(desk):
    assert desk.get(reverse("library_template", args=[uuid.uuid4()])).status_code == 404


# --- Methods


METHOD = {
    "name_id": "Konseling naratif", "name_en": "Narrative counseling", "purpose_id": "Bercerita ulang.",
    "typical_from": "4", "typical_until": "8", "source": "", "note_format": "dap", "is_in_use": "on",
}  # fmt: skip


def test_a_supervisor_writes_a_method_and_changes_it(desk):
    made = desk.post(reverse("library_method_new"), METHOD)
    slug = Method.objects.get().slug
    page = desk.get(reverse("library_method_edit", args=[slug])).text
    said = METHOD | {"typical_until": "9", "seen": re.search('name="seen" value="([^"]+)"', page)[1]}
    desk.post(reverse("library_method_edit", args=[slug]), said)

    assert made.url == reverse("library_method", args=[slug])
    assert Method.objects.get().typical_until == 9


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name_id", "", "required"),
        ("purpose_id", "x" * 901, "at most 900"),
        ("typical_from", "banyak", "whole number"),
        ("typical_from", "-2", "from 1 to 200"),
        ("typical_until", "3", "no fewer at most than at least"),
        ("typical_until", "99999999999", "from 1 to 200"),
        ("note_format", "poem", "valid choice"),
    ],
)
def test_a_wrong_answer_about_a_method_is_said_on_its_field(desk, field, typed, said):
    method = make_method(name_en="Before")

    answer = desk.post(reverse("library_method_edit", args=[method.slug]), METHOD | {field: typed})

    assert said in refused(answer, field)
    assert "<h1>Before</h1>" in answer.text
    assert Method.objects.get().name_en == "Before"


@pytest.mark.parametrize("seen", ["", "x", "mine"])
def test_a_method_that_somebody_changed_meanwhile_is_not_written_over(desk, ratna, seen):
    method = make_method()
    url, mark = reverse("library_method_edit", args=[method.slug]), method.mark
    Method.objects.update(source="A guideline")
    said = METHOD | {"purpose_id": "Kata-kata saya."}

    answer = desk.post(url, said | {"seen": mark if seen == "mine" else seen})

    assert answer.status_code == 422
    assert "Somebody has changed this method since you opened it." in answer.text
    assert "Kata-kata saya." in answer.text
    assert Method.objects.get().source == "A guideline"
    again = re.search('name="seen" value="([^"]+)"', answer.text)[1]
    assert desk.post(url, said | {"seen": again}).status_code == 302
    assert (Method.objects.get().source, Method.objects.get().purpose_id) == ("", "Kata-kata saya.")


# --- What they cost


@pytest.mark.parametrize("by", ["method", "problem"])
def test_the_list_costs_the_same_however_long_it_is(desk, ratna, by):
    url = f"{reverse('library')}?by={by}"
    make_template(by=ratna)
    few = statements(desk, url)
    for _ in range(5):
        make_template(by=ratna)

    assert statements(desk, url) == few <= 8


def test_methods_and_their_pages_cost_the_same_however_many(desk, ratna):
    method = make_template(by=ratna).versions.get().method
    urls = [reverse("library_methods"), reverse("library_method", args=[method.slug])]
    few = [statements(desk, url) for url in urls]
    for _ in range(5):
        make_template(by=ratna, method=method)
        make_method()

    assert [statements(desk, url) for url in urls] == few
    assert max(few) <= 9


def test_a_template_its_form_and_its_history_cost_the_same_however_long(desk, ratna):
    template = make_template(by=ratna)
    names = ["library_template", "library_edit", "library_versions"]
    few = [statements(desk, page_of(template, name)) for name in names]
    draft = as_draft(template.versions.get(), planned_sessions=20, sessions=outline(*range(20)))
    edit_template(template=template, seen=1, draft=draft, by=ratna, now=NOW)

    assert [statements(desk, page_of(template, name)) for name in names] == few
    assert max(few) <= 11

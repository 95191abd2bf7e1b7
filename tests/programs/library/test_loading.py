"""The methods and templates that come with Benang: that they are sound, and that loading them disturbs nobody."""

import re

import pytest
from django.core.management import call_command

from practice.records.models import AuditEvent
from programs.library import loading
from programs.library.actions import edit_template, retire_template, says
from programs.library.loading import load_library, our_methods, our_templates
from programs.library.models import Method, Template, TemplateSession, TemplateVersion, review_points
from tests.factories import NOW
from tests.programs.library.drafts import as_draft, make_supervisor


@pytest.fixture
def library(db):
    load_library(now=NOW)


def test_at_least_ten_methods_and_ten_templates_come_with_benang(library):
    assert Method.objects.count() >= 10
    assert Template.objects.count() >= 10
    assert TemplateVersion.objects.count() == Template.objects.count()
    assert AuditEvent.objects.filter(act="library.loaded").count() == 1


def test_no_text_is_missing_in_either_language_and_every_text_fits(library):
    for row in [*Method.objects.all(), *TemplateVersion.objects.all(), *TemplateSession.objects.all()]:
        row.clean_fields(exclude=["created_by"])
        names = [f.name for f in row._meta.concrete_fields if f.name[-3:] in ("_id", "_en") and not f.is_relation]
        assert [name for name in names if not getattr(row, name).strip()] == [], row


def test_every_template_of_ours_follows_a_method_and_is_reviewed_on_the_way(library):
    for version in TemplateVersion.objects.select_related("method"):
        version.clean()
        assert version.review_after == review_points(version.planned_sessions)
        assert version.sessions.count() == version.planned_sessions


def test_no_two_sessions_of_ours_are_alike(library):
    for name in ("aim_id", "aim_en", "agenda_id", "agenda_en", "task_id", "task_en"):
        texts = TemplateSession.objects.values_list(name, flat=True)
        assert len(set(texts)) == len(texts), name


def test_both_languages_of_a_session_have_as_many_points_and_are_not_the_same():
    for _slug, _method, fields in our_templates():
        for row in fields["sessions"]:
            assert len(row["agenda_id"].splitlines()) == len(row["agenda_en"].splitlines())
            assert row["aim_id"] != row["aim_en"]


def test_every_number_of_sessions_has_a_source_that_names_its_year():
    for method in our_methods():
        assert re.search(r"\((19|20)\d\d\b", method["source"]), method["slug"]


def test_indonesian_is_calm_says_anda_and_promises_no_cure():
    said = [text for method in our_methods() for name, text in method.items() if name[-3:] == "_id"]
    for _slug, _method, fields in our_templates():
        for texts in [fields, *fields["sessions"]]:
            said += [text for name, text in texts.items() if name[-3:] == "_id"]

    assert len(said) > 400
    for text in said:
        words = set(re.findall(r"\w+", text.lower()))
        assert {"kamu", "kalian", "pasien", "silakan", "harus", "wajib", "sembuh"}.isdisjoint(words), text
        assert "!" not in text


def test_loading_again_changes_nothing(library):
    before = list(TemplateVersion.objects.order_by("pk").values_list("pk", flat=True))

    added = load_library(now=NOW)

    assert added == {"methods": 0, "templates": 0, "versions": 0}
    assert list(TemplateVersion.objects.order_by("pk").values_list("pk", flat=True)) == before
    assert AuditEvent.objects.filter(act="library.loaded").count() == 1


def test_loading_adds_what_is_missing(db, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(loading, "our_methods", lambda: our_methods()[:-1])
        earlier.setattr(loading, "our_templates", lambda: our_templates()[:1])
        load_library(now=NOW)

    added = load_library(now=NOW)

    assert added == {"methods": 1, "templates": len(our_templates()) - 1, "versions": 0}


def change_ours(monkeypatch):
    """As if a later Benang had another title for the template about sleep."""
    later = [
        (slug, method, fields | {"title_id": "Malam yang lain"} if slug == "sleep" else fields)
        for slug, method, fields in our_templates()
    ]
    monkeypatch.setattr(loading, "our_templates", lambda: later)


def test_what_we_say_anew_becomes_a_version_where_nobody_has_edited(library, monkeypatch):
    change_ours(monkeypatch)

    added = load_library(now=NOW)

    sleep = Template.objects.get(slug="sleep")
    assert added == {"methods": 0, "templates": 0, "versions": 1}
    assert [version.title_id for version in sleep.versions.order_by("number")] == [
        "Tidur yang lebih tenang",
        "Malam yang lain",
    ]


def test_what_a_practice_has_edited_stays_theirs(library, monkeypatch):
    sleep, ratna = Template.objects.get(slug="sleep"), make_supervisor()
    draft = as_draft(sleep.versions.get(), title_id="Tidur menurut kami")
    edit_template(template=sleep, seen=1, draft=draft, by=ratna, now=NOW)
    change_ours(monkeypatch)

    added = load_library(now=NOW)

    assert added["versions"] == 0
    assert sleep.versions.newest().get().title_id == "Tidur menurut kami"


def test_what_a_practice_has_laid_aside_or_changed_stays_so(library):
    sleep, ratna = Template.objects.get(slug="sleep"), make_supervisor()
    retire_template(template=sleep, by=ratna, now=NOW)
    Method.objects.filter(slug="cbt").update(name_id="CBT kami", is_in_use=False)

    load_library(now=NOW)

    assert not Template.objects.get(slug="sleep").is_in_use
    assert Method.objects.get(slug="cbt").name_id == "CBT kami"


def test_the_command_says_what_it_added(db, capsys):
    call_command("load_library")
    first = capsys.readouterr().out
    call_command("load_library")

    assert first.startswith("Added 14 methods, 14 templates")
    assert capsys.readouterr().out.startswith("Added 0 methods, 0 templates, 0 new versions")


def test_what_a_version_says_can_be_said_again(library):
    version = Template.objects.get(slug="worry").versions.select_related("method").get()

    said, sessions = says(version)

    assert said["planned_sessions"] == 12 == len(sessions)
    assert said["review_after"] == [4, 8]

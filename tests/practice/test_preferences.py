"""The person's own choices of language, colours and time zone."""

import pytest
from django.urls import reverse

from practice.people.practices import Practice, zone_known
from tests.factories import make_practice


@pytest.mark.parametrize(
    ("asked", "cookie", "language"),
    [
        ("", None, "id"),
        ("en-GB,en;q=0.9", None, "en"),
        ("de,en;q=0.5", None, "en"),
        ("fr", None, "id"),
        ("en", "id", "id"),
        ("id", "en", "en"),
        ("en", "../etc", "en"),
    ],
)
def test_the_language_follows_choice_then_browser_then_practice(db, client, asked, cookie, language):
    if cookie:
        client.cookies["language"] = cookie

    answer = client.get(reverse("preferences"), headers={"accept-language": asked})

    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in answer.content.decode()
    assert "Accept-Language" in answer.headers["Vary"]


def test_an_account_remembers_its_language_and_zone(client, rina):
    client.force_login(rina.user)

    client.post(reverse("choose_language"), {"language": "en"})
    client.post(reverse("choose_zone"), {"zone": "Europe/Berlin"})

    rina.refresh_from_db()
    assert (rina.user.language, rina.user.time_zone) == ("en", "Europe/Berlin")
    assert (rina.language, rina.time_zone) == ("en", "Europe/Berlin")
    client.cookies["language"] = "id"
    client.cookies["zone"] = "Asia/Jakarta"
    answer = client.get(reverse("preferences"), headers={"accept-language": "id"})
    assert answer.headers["Content-Language"] == "en"
    assert answer.wsgi_request.zone.key == "Europe/Berlin"


@pytest.mark.parametrize(
    ("cookie", "zone"),
    [
        ("Asia/Makassar", "Asia/Makassar"),
        ("EST", "Asia/Jakarta"),
        ("../../etc/passwd", "Asia/Jakarta"),
        ("", "Asia/Jakarta"),
    ],
)
def test_a_browser_remembers_a_zone_we_know(db, client, cookie, zone):
    client.cookies["zone"] = cookie

    assert client.get(reverse("preferences")).wsgi_request.zone.key == zone


def zone_shown(client):
    return client.get(reverse("preferences")).wsgi_request.zone.key


def test_who_chose_no_zone_reads_in_that_of_the_practice(practice, client):
    practice.time_zone = "Asia/Makassar"
    practice.save()

    assert zone_shown(client) == "Asia/Makassar"


def test_every_process_hears_of_another_zone_with_the_next_page_it_shows(practice, client):
    Practice.objects.update(time_zone="Asia/Jayapura")  # as another process saves it
    client.get(reverse("help"))

    assert zone_shown(client) == "Asia/Jayapura"


@pytest.mark.parametrize("is_set_up", [True, False])
def test_the_first_in_a_process_asks_for_the_zone_and_nobody_after(
    db, is_set_up, monkeypatch, django_assert_num_queries
):
    if is_set_up:
        make_practice(time_zone="Asia/Makassar")
    monkeypatch.setattr(zone_known, "name", None)

    with django_assert_num_queries(1):
        found = {Practice.zone_name() for _time in range(3)}

    assert found == {"Asia/Makassar" if is_set_up else "Asia/Jakarta"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_are_chosen_on_the_server(db, client, theme):
    answer = client.post(reverse("choose_theme"), {"theme": theme, "next": "/_components/"})

    assert (answer.status_code, answer.url) == (302, "/_components/")
    assert client.cookies["theme"]["samesite"] == "Lax"
    assert client.cookies["theme"]["httponly"]
    assert f'data-theme="{theme}"' in client.get("/_components/").content.decode()


def test_following_the_device_leaves_no_cookie(db, client):
    client.post(reverse("choose_theme"), {"theme": "dark"})
    client.post(reverse("choose_theme"), {"theme": "system"})

    assert client.cookies["theme"].value == ""
    assert "data-theme" not in client.get("/_components/").content.decode()


@pytest.mark.parametrize(
    ("view", "field"), [("choose_language", "language"), ("choose_theme", "theme"), ("choose_zone", "zone")]
)
@pytest.mark.parametrize("value", ["", "xx", "a\0b", "EST", "Asia/Jakarta ", "é" * 5000])
def test_an_unknown_choice_comes_back_with_a_message(db, client, view, field, value):
    answer = client.post(reverse(view), {field: value}, headers={"accept-language": "en"})

    assert answer.status_code == 422
    assert "wrong-summary" in answer.content.decode()
    assert "<title>Error:" in answer.content.decode()
    assert field not in client.cookies


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "https:/evil.example",
        " https://evil.example",
        "\thttps://evil.example",
        "/\tevil\0",
        "http://testserver@evil.example/",
        "http://testserver.evil.example/",
        "foo",
        "manage",
        "?x",
        "#",
        "é",
        "http://[::1",
        "//[::1",
        "/\\[::1",
    ],
)
def test_a_choice_never_leads_to_another_site(db, client, elsewhere):
    answer = client.post(reverse("choose_language"), {"language": "en", "next": elsewhere})

    assert answer.url == reverse("preferences")


@pytest.mark.parametrize("wanted", ["foo", "manage", "?x", "#", "é"])
def test_what_is_no_address_of_a_page_is_not_carried_on(db, client, wanted):
    answer = client.get(reverse("preferences"), {"next": wanted})

    assert answer.status_code == 200
    assert answer.context["next"] == ""


def test_a_choice_leads_back_to_the_page_it_was_made_on(db, client):
    page = client.get("/_components/?layout=staff").content.decode()
    assert '<input type="hidden" name="next" value="/_components/?layout=staff">' in page

    answer = client.post(reverse("choose_language"), {"language": "en", "next": "/_components/?layout=staff"})

    assert answer.url == "/_components/?layout=staff"


def test_after_a_sent_form_the_way_back_is_the_page_it_was_on(db, client):
    answer = client.post(
        reverse("choose_zone"), {"zone": "x"}, headers={"referer": "http://testserver/preferences/?next=/_components/"}
    )

    assert '<input type="hidden" name="next" value="/preferences/?next=/_components/">' in answer.content.decode()


@pytest.mark.parametrize(("view", "field"), [("choose_zone", "zone"), ("account_login", "email")])
def test_a_form_that_says_it_came_from_nowhere_is_shown_again(db, client, view, field):
    answer = client.post(reverse(view), {field: "x"}, headers={"referer": "http://[::1"})

    assert answer.status_code == 422
    assert answer.context["here"] == "/"


def test_choices_are_made_by_post_only(db, client):
    for view in ("choose_language", "choose_theme", "choose_zone"):
        assert client.get(reverse(view)).status_code == 405

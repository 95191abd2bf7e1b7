"""What a person sees when something went wrong: plain words, a way on, and nothing typed lost."""

import logging
import re

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from practice.pages import errors
from tests.factories import make_practice

STORY = "Saya ingin bercerita tentang pekerjaan saya.\nSudah tiga bulan saya sulit tidur."


@login_not_required
def away(request):
    raise OperationalError("connection to server at 10.0.0.7 failed")


@login_not_required
def broken_connection(request):
    raise InterfaceError("connection already closed")


@login_not_required
def broken(request):
    raise ValueError("secret detail")


@login_not_required
def forbidden(request):
    raise PermissionDenied


@login_not_required
def too_many(request):
    return errors.too_many(request, retry_after=700)


@login_not_required
def saved(request):
    return HttpResponse(f"saved {request.POST['question']}")


urlpatterns = [
    path("", include("practice.pages.urls")),
    path("away/", away),
    path("api/v1/away/", away),
    path("api/v1/broken/", broken),
    path("broken-connection/", broken_connection),
    path("broken/", broken),
    path("forbidden/", forbidden),
    path("too-many/", too_many),
    path("saved/", saved),
]
handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False, headers={"accept-language": "en"})


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/away/?q=%00", 400, "We could not read that request"),
        ("/forbidden/", 403, "the practice manager can give you access"),
        ("/missing/", 404, "It may have moved"),
        ("/too-many/", 429, "It works again in 12 minutes."),
        ("/broken/", 500, "Confirmed sessions are safe."),
        ("/away/", 503, "This usually passes within a minute."),
        ("/broken-connection/", 503, "This usually passes within a minute."),
    ],
)
def test_each_error_has_a_page_in_plain_words(visitor, address, status, words):
    answer = visitor.get(address)
    page = answer.content.decode()

    assert answer.status_code == status
    assert words in page
    assert page.count("<h1") == 1
    assert answer.headers["Cache-Control"] == "no-store, private"
    for inside in ("Traceback", "secret detail", "10.0.0.7", "Django", "practice/"):
        assert inside not in page


@pytest.mark.parametrize(
    ("address", "words"),
    [("/missing/", "Halaman ini tidak ditemukan"), ("/away/", "Sesi yang sudah dikonfirmasi tetap aman")],
)
def test_error_pages_speak_the_persons_language(visitor, address, words):
    answer = visitor.get(address, headers={"accept-language": "id"})

    assert answer.headers["Content-Language"] == "id"
    assert words in answer.content.decode()


@pytest.mark.parametrize("address", ["/broken/", "/away/"])
def test_a_person_can_tell_us_which_request_failed(visitor, address):
    answer = visitor.get(address)

    assert f"Number of this report: {answer.headers['X-Request-ID']}" in answer.content.decode()


def test_too_many_tries_says_when_to_come_back(visitor):
    assert visitor.get("/too-many/").headers["Retry-After"] == "700"


def test_an_error_page_knows_the_practice_without_asking_the_database(visitor, django_assert_num_queries):
    make_practice(name="Ruang Teduh", phone="081234567890")
    visitor.get("/_components/")

    with django_assert_num_queries(0):
        page = visitor.get("/missing/").content.decode()

    assert "Ruang Teduh" in page
    assert "0812-3456-7890" in page


def hidden_fields(page):
    """The last form of the page, as it would be sent again."""
    form = page.split('<form class="field"')[1].split("</form>")[0]
    return re.search(r'action="([^"]*)"', form)[1], dict(
        re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    )


def test_while_the_database_is_away_a_form_keeps_everything_typed(visitor):
    answer = visitor.post("/away/?step=3", {"name": "Rina", "topics": ["work", "sleep"], "question": STORY})
    page = answer.content.decode()

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    action, fields = hidden_fields(page)
    assert action == "/away/?step=3"
    assert fields["name"] == "Rina"
    assert page.count('name="topics"') == 2
    assert f'name="question" rows="8">\n{STORY}</textarea>' in page
    assert "What you wrote" in page


def test_typed_text_is_shown_as_text(visitor):
    page = visitor.post(
        "/away/", {"name": '"><script>alert(1)</script>', "q": "</textarea><script>\n"}
    ).content.decode()

    assert "<script>alert" not in page
    assert "</textarea><script>" not in page


@pytest.mark.parametrize("field", ["password", "new_password1", "code", "otp_code", "client_secret"])
def test_a_secret_is_never_sent_back(visitor, field):
    page = visitor.post("/away/", {"email": "rina@example.org", field: "hunter2hunter2"}).content.decode()

    assert "hunter2" not in page
    assert "Go back one page and try again." in page


def test_a_form_that_says_it_came_from_nowhere_still_gets_the_page(visitor):
    answer = visitor.post("/away/", {"question": STORY}, headers={"referer": "http://[::1"})

    assert answer.status_code == 503
    assert STORY in answer.content.decode()


def test_a_broken_body_still_gets_the_page(visitor):
    answer = visitor.generic("POST", "/away/", b"--x\r\nnonsense", content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 503


def test_the_api_says_busy(visitor):
    answer = visitor.get("/api/v1/away/")

    assert (answer.status_code, answer.json()) == (503, {"code": "busy"})
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/v1/missing/", 404, "not_found"),
        ("/api/v1/broken/", 500, "error"),
        ("/api/v1/away/?q=%00", 400, "bad_request"),
    ],
)
def test_the_api_answers_errors_in_json(visitor, address, status, code):
    answer = visitor.get(address)

    assert (answer.status_code, answer.json()) == (status, {"code": code})


def test_a_database_that_goes_away_before_the_view_gets_the_same_page(visitor, settings, rina, monkeypatch):
    visitor.force_login(rina.user)
    tries = []

    def cursor(*args, **kwargs):
        tries.append(1)
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", cursor)

    answer = visitor.post("/saved/", {"question": STORY})

    assert answer.status_code == 503
    assert STORY in answer.content.decode()
    assert len(tries) == 1


def test_an_outage_is_logged_without_what_was_typed(visitor, caplog):
    log = logging.getLogger("benang")
    log.propagate = True
    with caplog.at_level(logging.WARNING, logger="benang"):
        visitor.post("/away/", {"question": STORY})
    log.propagate = False

    assert "database away" in caplog.text
    assert "tidur" not in caplog.text
    assert "10.0.0.7" not in caplog.text


# --- A form that expired ---------------------------------------------------------------------------------------------


@pytest.fixture
def strict():
    return Client(enforce_csrf_checks=True, raise_request_exception=False, headers={"accept-language": "en"})


def test_an_expired_form_keeps_everything_and_works_on_the_second_try(strict):
    answer = strict.post(
        "/saved/?step=3",
        {"csrfmiddlewaretoken": "old", "name": "Rina", "question": STORY},
        headers={"sec-fetch-site": "same-origin"},
    )
    page = answer.content.decode()

    assert answer.status_code == 403
    assert "This form was open for a long time" in page
    action, fields = hidden_fields(page)
    assert action == "/saved/?step=3"
    assert fields["name"] == "Rina"
    assert STORY in page
    again = strict.post(action, fields | {"question": STORY})
    assert (again.status_code, again.content.decode()) == (200, f"saved {STORY}")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"referer": "https://evil.example/testserver"},
        {"origin": "http://[::1"},
        {"referer": "http://[::1"},
        {},
    ],
)
def test_a_form_of_another_site_is_refused_without_a_second_try(strict, headers):
    answer = strict.post("/saved/", {"question": STORY}, headers=headers)

    assert answer.status_code == 403
    assert STORY not in answer.content.decode()
    assert 'action="/saved/' not in answer.content.decode()


def test_an_older_browser_proves_itself_by_its_origin(strict):
    answer = strict.post("/saved/", {"question": STORY}, headers={"origin": "http://testserver"})

    assert STORY in answer.content.decode()


def test_an_error_page_that_itself_breaks_still_says_something(visitor, monkeypatch):
    monkeypatch.setattr(errors, "_answer", lambda *args, **kwargs: 1 / 0)

    answer = visitor.get("/broken/")

    assert answer.status_code == 500
    assert "Something is wrong on our side." in answer.content.decode()

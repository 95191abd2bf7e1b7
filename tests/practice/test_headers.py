"""Headers on every answer, and what is refused before any page sees it."""

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import include, path

from practice.pages import errors


@login_not_required
def plain(request):
    return HttpResponse("fine")


@login_not_required
def forbidden(request):
    raise PermissionDenied


@login_not_required
def broken(request):
    raise ValueError("secret detail")


@login_not_required
def elsewhere(request):
    return redirect("/")


@login_not_required
def sign_out(request):
    request.session.flush()
    return HttpResponse("bye")


urlpatterns = [
    path("", include("practice.pages.urls")),
    path("plain/", plain),
    path("forbidden/", forbidden),
    path("broken/", broken),
    path("elsewhere/", elsewhere),
    path("sign-out/", sign_out),
    path("b/token/", plain),
]
handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]

EVERYWHERE = [
    "/plain/",
    "/elsewhere/",
    "/forbidden/",
    "/broken/",
    "/missing/",
    "/_components/",
    "/static/benang/benang.css",
    "/static/missing.css",
    "/plain/?q=%00",
]


@pytest.fixture
def visitor(client, settings):
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("address", EVERYWHERE)
def test_every_answer_carries_the_protective_headers(visitor, address):
    answer = visitor.get(address)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["X-Request-ID"]


def test_a_redirect_to_https_carries_them_too(visitor, settings):
    settings.SECURE_SSL_REDIRECT = True
    visitor.handler.load_middleware()

    answer = visitor.get("/plain/")

    assert answer.status_code == 301
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_every_request_has_its_own_number(visitor):
    assert visitor.get("/plain/").headers["X-Request-ID"] != visitor.get("/plain/").headers["X-Request-ID"]


def test_a_page_for_everyone_may_be_kept_by_its_reader_only(visitor):
    answer = visitor.get("/plain/")

    assert answer.headers["Cache-Control"] == "no-cache, private"
    assert "X-Robots-Tag" not in answer.headers


@pytest.mark.parametrize("address", ["/plain/", "/elsewhere/", "/broken/", "/missing/", "/_components/"])
def test_nothing_a_signed_in_person_sees_is_kept_anywhere(visitor, rina, address):
    visitor.force_login(rina.user)

    answer = visitor.get(address)

    assert answer.headers["Cache-Control"] == "no-store, private"
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_a_page_behind_a_secret_address_is_kept_nowhere(visitor):
    answer = visitor.get("/b/token/")

    assert answer.headers["Cache-Control"] == "no-store, private"
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_static_files_stay_in_the_cache_even_for_signed_in_people(visitor, rina):
    visitor.force_login(rina.user)

    answer = visitor.get("/static/benang/benang.css")

    assert answer.status_code == 200
    assert "no-store" not in answer.headers["Cache-Control"]


def test_signing_out_clears_what_the_browser_kept(visitor, rina):
    visitor.force_login(rina.user)

    assert "Clear-Site-Data" not in visitor.get("/plain/").headers
    assert visitor.get("/sign-out/").headers["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "PROPFIND"])
def test_methods_nobody_needs_are_refused(visitor, method):
    answer = visitor.generic(method, "/plain/")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(
    "address",
    [
        "/plain/?q=%00",
        "/plain/?%00=q",
        "/plain/%00/",
        "/plain/?" + "a" * 2500,
        "/" + "a" * 2500,
        "/plain/?" + "&".join(f"f{number}=1" for number in range(310)),
    ],
)
def test_input_that_cannot_be_stored_is_a_plain_400(visitor, address):
    answer = visitor.get(address, headers={"accept-language": "en"})

    assert answer.status_code == 400
    assert "We could not read that request" in answer.content.decode()


@pytest.mark.parametrize("name", ["HTTP_USER_AGENT", "HTTP_ACCEPT_LANGUAGE", "HTTP_REFERER", "HTTP_IDEMPOTENCY_KEY"])
def test_a_nul_in_a_header_is_a_plain_400(visitor, name):
    assert visitor.get("/plain/", **{name: "a\0b"}).status_code == 400


@pytest.mark.parametrize("value", ["a\0b", '"a\\000b"'])
def test_a_nul_in_a_cookie_is_a_plain_400(visitor, settings, value):
    assert visitor.get("/plain/", HTTP_COOKIE=f"{settings.SESSION_COOKIE_NAME}={value}").status_code == 400


@pytest.mark.parametrize("path", ["/%ff%fe/", "/plain/?q=%ff", "/plain/?q=%ed%a0%80", "/%ed%a0%80/"])
def test_broken_encodings_never_break_a_page(visitor, path):
    assert visitor.get(path).status_code in (200, 400, 404)


def test_an_unknown_host_is_a_plain_400(visitor):
    answer = visitor.get("/plain/", headers={"host": "evil.example"})

    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_form_with_too_many_fields_is_a_plain_400(visitor, settings):
    fields = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1
    answer = visitor.post("/preferences/theme/", {f"f{number}": "1" for number in range(fields)})

    assert answer.status_code == 400


def test_a_form_that_is_too_large_says_so(visitor, settings):
    theme = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    answer = visitor.post("/preferences/theme/", {"theme": theme}, headers={"accept-language": "en"})

    assert answer.status_code == 413
    assert "larger than we can take" in answer.content.decode()


def test_a_broken_multipart_form_is_a_plain_400(visitor):
    answer = visitor.generic("POST", "/preferences/theme/", b"--x\r\nnonsense", content_type="multipart/form-data")

    assert answer.status_code == 400


def test_pages_are_sent_compressed_and_api_answers_as_they_are(client, db):
    page = client.get("/services/", headers={"Accept-Encoding": "gzip"})
    answer = client.get("/api/v1/services", headers={"Accept-Encoding": "gzip"})

    assert page["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page["Vary"]
    assert "Content-Encoding" not in answer

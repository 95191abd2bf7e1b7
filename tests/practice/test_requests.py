"""Requests as a server hands them in: whatever their Content-Type says, they get an answer in words."""

import io
import json
from wsgiref.util import setup_testing_defaults

import pytest

from practice.database.patience import Connection
from practice.database.server import Server

pytestmark = pytest.mark.django_db(transaction=True)

FORM = b'--x\r\nContent-Disposition: form-data; name="theme"\r\n\r\ndark\r\n--x--\r\n'
UNREADABLE = [
    "application/json; charset*=bogus''x",
    "multipart/form-data; boundary=x; charset=hex",
    "multipart/form-data; boundary=x; charset=idna",
    "application/x-www-form-urlencoded; charset=undefined",
    "text/plain; charset=punycode",
    "text/plain; charset=a\0",
    "text/plain; =?é",
]


@pytest.fixture
def door(monkeypatch):
    """Sends a request through the door for servers; gives the status and what was answered."""
    for hasty in (Server, Connection):  # the door lowers their patience when it is imported
        monkeypatch.setattr(hasty, "patience", hasty.patience)
    from practice.wsgi import application

    def send(method, path, content_type, *, query="", body=b"", **more):
        answer = {}
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": "testserver",
            "wsgi.input": io.BytesIO(body),
        } | more
        setup_testing_defaults(environ)
        content = application(environ, lambda status, headers: answer.update(status=int(status[:3])))
        return answer["status"], b"".join(content).decode()

    return send


@pytest.mark.parametrize("content_type", UNREADABLE)
@pytest.mark.parametrize("query", ["", "a=%ff"])
def test_a_page_is_shown_whatever_the_content_type_says(door, content_type, query):
    status, page = door("GET", "/preferences/", content_type, query=query)

    assert status == 200
    assert "<h1" in page


@pytest.mark.parametrize("content_type", [*UNREADABLE, "application/x-www-form-urlencoded; charset=utf-16"])
@pytest.mark.parametrize("query", ["", "a=%ff"])
def test_a_form_nobody_can_read_is_refused_in_words(door, content_type, query):
    status, page = door("POST", "/preferences/theme/", content_type, query=query, body=FORM)

    assert 400 <= status < 500
    assert "<h1" in page


@pytest.mark.parametrize("content_type", UNREADABLE)
def test_the_api_refuses_what_nobody_can_read_in_its_own_way(door, content_type):
    status, answer = door("POST", "/api/v1/bookings", content_type, query="a=%ff", body=b"{")

    assert 400 <= status < 500
    assert json.loads(answer)["code"]


def test_too_many_fields_in_an_address_are_a_plain_400_also_with_a_charset(door, settings):
    query = "&".join(f"f{number}=1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))

    status, page = door("GET", "/preferences/", "text/plain; charset=utf-8", query=query)

    assert status == 400
    assert "<h1" in page


@pytest.mark.parametrize("charset", ["", "; charset=UTF-8", "; charset=utf8"])
def test_a_form_in_utf_8_is_read(door, charset):
    token = "a" * 32
    proof = {"HTTP_COOKIE": f"csrf={token}", "HTTP_X_CSRFTOKEN": token}

    status, _page = door("POST", "/preferences/theme/", f"multipart/form-data; boundary=x{charset}", body=FORM, **proof)

    assert status == 302

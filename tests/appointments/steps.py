"""The steps of a booking, as a browser without JavaScript takes them, and how its pages are read."""

import html
import re

from django.urls import reverse

MONDAY = "2026-11-30T02:00Z"  # 09.00 in Jakarta
RINA = {
    "name": "Rina Wulandari",
    "email": "rina.w@example.org",
    "whom": "self",
    "birth_year": "1994",
    "question": "Saya ingin bicara tentang pekerjaan.",
    "consent": "on",
}


def page(response) -> str:
    return response.content.decode()


def words(response) -> str:
    """What is read on a page: its text, without tags."""
    text = re.sub(r"<(head|style|script).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    text = re.sub(r"</?(time|span|b|s)\b[^>]*>", "", text)
    text = html.unescape(re.sub(r"<[^>]+>", " ", text))
    return " ".join(text.split())


def address(name, service, **query):
    return reverse(name, args=[service.slug], query=query or None)


def hold_time(browser, service, start=MONDAY, *, counselor="any", mode="video", **kept):
    fields = {"start": start, "counselor": counselor, "mode": mode} | kept
    return browser.post(address("book_time", service), fields)


def held(browser, service, start=MONDAY, **choice):
    """Hold a time and return the fields that the details page sends on."""
    response = browser.get(hold_time(browser, service, start, **choice).url)
    return response.context["pick"].fields | {"shown": response.context["shown"]}


def checked(browser, service, fields=None, **details):
    """Go through to the check and return what its button sends."""
    fields = fields or held(browser, service)
    response = browser.post(address("book_check", service), fields | RINA | details)
    assert response.status_code == 200, words(response)
    sent = {"key": response.context["key"], "seen": response.context["terms"], "at": "check"}
    return fields | RINA | details | sent


def confirm(browser, service, fields):
    return browser.post(address("book_confirm", service), fields)

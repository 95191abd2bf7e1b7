"""What a first visit costs on a cheap phone and a slow line."""

import gzip

import pytest
from django.urls import reverse

from tests.factories import make_counselor, make_practice, make_service

HEAVIEST = 40_000  # bytes, compressed
MOST_REQUESTS = 5


@pytest.mark.parametrize("name", ["landing", "services", "book_time"])
def test_a_first_visit_is_light(browser, live_server, name):
    make_practice()
    service = make_service(counselors=[make_counselor() for _each in range(3)])
    context = browser.new_context(base_url=live_server.url, viewport={"width": 360, "height": 800})
    page, answers = context.new_page(), []
    page.on("response", lambda answer: answers.append(answer))

    page.goto(reverse(name, args=[service.slug] if name == "book_time" else []), wait_until="networkidle")

    weight = sum(len(gzip.compress(answer.body())) for answer in answers)
    context.close()
    assert 2 <= len(answers) <= MOST_REQUESTS
    assert weight <= HEAVIEST

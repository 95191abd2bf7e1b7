"""Browsers for the tests: Chromium as it is installed, and helpers that look at a page as its readers do.

Every page opened here is watched: a message about the content security policy, an error in a script, or a request to
any other host fails the test.
"""

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import axe_playwright_python
import pytest
from django.conf import settings
from django.test import Client

from tests.factories import make_practice

# Playwright's own loop makes Django believe that it is called from asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
AXE_OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}


class Look(NamedTuple):
    """One way of looking at a page."""

    width: int
    theme: str
    language: str

    def __str__(self):
        return f"{self.width}-{self.theme}-{self.language}"


OFTEN = [Look(360, "light", "id"), Look(1280, "dark", "en")]
ALL = [
    Look(width, theme, language) for width in (360, 1280) for theme in ("light", "dark") for language in ("id", "en")
]


@pytest.fixture(
    params=[pytest.param(look, id=str(look), marks=[] if look in OFTEN else pytest.mark.slow) for look in ALL]
)
def look(request):
    """Two opposite looks; all eight with the slow tests."""
    return request.param


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if Path(chromium).exists():
        browser_type_launch_args = browser_type_launch_args | {"executable_path": chromium}
    return browser_type_launch_args | {"args": ["--no-sandbox"]}


@pytest.fixture
def open_page(browser, live_server):
    """Open a page of the running practice: `open_page("/help/", look)`; further options are for the browser context."""
    make_practice()
    contexts, seen = [], []

    def opening(address, look=OFTEN[0], **options):
        options = {"viewport": {"width": look.width, "height": 800}} | options
        context = browser.new_context(
            base_url=live_server.url, color_scheme=look.theme, locale=look.language, reduced_motion="reduce", **options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        watch(page, seen, urlsplit(live_server.url).netloc)
        page.goto(address)
        return page

    yield opening
    for context in contexts:
        context.close()
    assert seen == []


def watch(page, seen, host):
    """Note in `seen` whatever no page of ours may do."""

    def request(request):
        address = urlsplit(request.url)
        if address.scheme in ("http", "https") and address.netloc != host:
            seen.append(f"asked {request.url}")

    def console(message):
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            seen.append(message.text)

    page.on("request", request)
    page.on("console", console)
    page.on("pageerror", lambda error: seen.append(f"script: {error}"))


@pytest.fixture
def htmx():
    """Wait until htmx is there, which comes after the page: `htmx(page)`, then press what it shortens."""

    def wait(page):
        for _ in range(200):
            if page.evaluate("Boolean(window.htmx)"):  # wait_for_function() would need what our policy forbids
                return
            page.wait_for_timeout(50)
        pytest.fail("htmx does not come")

    return wait


@pytest.fixture
def sign_in():
    """Sign someone in on a page that is open: `sign_in(page, user)`, then go on to where they want to be."""

    def signing_in(page, user):
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": urljoin(page.url, "/")}])

    return signing_in


@pytest.fixture
def axe():
    """Assert that axe finds nothing wrong by WCAG 2.2 AA."""

    def check(page):
        page.wait_for_load_state()
        page.evaluate(AXE)
        result = page.evaluate("options => axe.run(options)", AXE_OPTIONS)
        assert [
            (violation["id"], [node["html"] for node in violation["nodes"]]) for violation in result["violations"]
        ] == []

    return check


@pytest.fixture
def no_overflow():
    """Assert that nothing has to be scrolled sideways."""

    def check(page):
        page.wait_for_load_state()
        page.locator("main").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    return check


@pytest.fixture
def small_targets():
    """What can be pressed on a page but is lower than this, links within sentences left out."""

    def find(page, least):
        return page.evaluate(
            """least => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, label.slot")]
                .filter(target => {
                    const box = target.getBoundingClientRect();
                    const style = getComputedStyle(target);
                    const inSentence = style.display === "inline" && target.closest("p, li, dd, td, th, figcaption");
                    const wrapped = target.matches("input") && (target.labels || []).length;
                    const hidden = target.type === "hidden" || box.width === 0 || target.matches(".skip");
                    return !hidden && !inSentence && !wrapped && box.height < least;
                })
                .map(target => target.outerHTML.slice(0, 120))""",
            least,
        )

    return find

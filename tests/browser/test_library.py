"""The library in a real browser: how its pages look; a template is written without JavaScript, and by keyboard."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from practice.people.models import Role
from programs.library.actions import edit_template
from programs.library.models import Template
from tests.factories import NOW, make_counselor, make_user
from tests.programs.library.drafts import as_draft, make_supervisor, make_template


@pytest.fixture
def library_page(open_page, sign_in):
    """Open a page of the library as this person."""

    def opening(user, address, *looks, **options):
        page = open_page("/help/", *looks, **options)
        sign_in(page, user)
        page.goto(address)
        return page

    return opening


def test_every_page_of_the_library_is_sound(library_page, look, axe, no_overflow, small_targets):
    ratna = make_supervisor(language=look.language)
    template = make_template(by=ratna, sessions=14)
    draft = as_draft(template.versions.get(), title_id="Malam yang lebih tenang", title_en="Calmer nights")
    edit_template(template=template, seen=1, draft=draft, by=ratna, now=NOW)
    method = draft.method.slug
    page = library_page(ratna, "/library/", look)

    for address in [
        "/library/",
        reverse("library_template", args=[template.pk]),
        reverse("library_version", args=[template.pk, 1]),
        reverse("library_versions", args=[template.pk]),
        reverse("library_edit", args=[template.pk]),
        reverse("library_methods"),
        reverse("library_method", args=[method]),
        reverse("library_method_edit", args=[method]),
    ]:
        page.goto(address)
        axe(page)
        no_overflow(page)
        assert small_targets(page, 24) == [], address

    page.goto(reverse("library_edit", args=[template.pk]))
    page.locator("#id_planned_sessions").fill("2")
    page.locator("#id_s1_aim_id").fill("")
    page.locator("form[novalidate] .actions .btn").click()
    expect(page.locator(".wrong-summary")).to_be_focused()
    axe(page)
    no_overflow(page)


def test_without_javascript_a_counselor_copies_a_template_and_makes_it_longer(library_page):
    make_template(title_en="Sleeping better")
    ayu = make_counselor(user=make_user(Role.COUNSELOR, name="Ayu", language="en"), hours=False)
    page = library_page(ayu.user, "/library/", java_script_enabled=False)

    page.get_by_role("link", name="Sleeping better").click()
    page.get_by_role("link", name="Copy as a new template").click()
    page.get_by_label("Title in English").fill("Sleeping better, slowly")
    page.get_by_label("Planned sessions").fill("5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Sessions 4 to 5 have been added below")).to_be_visible()
    expect(page.get_by_label("Title in English")).to_have_value("Sleeping better, slowly")
    for number in (4, 5):
        page.get_by_role("group", name=f"Session {number}").get_by_label("Aim, in Indonesian").fill(f"Baru {number}")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", name="Sleeping better, slowly")).to_be_visible()
    expect(page.locator("figcaption")).to_have_text(
        "5 sessions, with reviews after sessions 2 and 4.", use_inner_text=True
    )
    expect(page.locator(".tags")).to_have_text(re.compile("^Your own"), use_inner_text=True)
    copy = Template.objects.get(author=ayu).versions.get()
    assert [row.aim_id for row in copy.sessions.order_by("number")][2:] == ["Langkah 3", "Baru 4", "Baru 5"]


def press_until(page, name, key="Tab", most=60):
    """Go on by keyboard until what is focused has this name."""
    for _ in range(most):
        page.keyboard.press(key)
        place = page.evaluate(
            """() => {
                const place = document.activeElement;
                return (place.labels && place.labels.length ? place.labels[0] : place).innerText.trim();
            }"""
        )
        assert page.evaluate("document.activeElement.tagName") != "BODY"
        if place.startswith(name):
            return
    pytest.fail(f"{name} cannot be reached by keyboard")


def test_a_supervisor_edits_a_template_by_keyboard_alone(library_page):
    ratna = make_supervisor(language="en")
    template = make_template(by=ratna)
    page = library_page(ratna, reverse("library_template", args=[template.pk]))

    press_until(page, "Edit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/edit/")
    press_until(page, "Title in Indonesian")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Malam tenang")
    press_until(page, "Save")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('library_template', args=[template.pk])}")

    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    assert template.versions.newest().get().title_id == "Malam tenang"

"""The trail in a real browser: for the data officer, a counselor and a client, in every look."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from practice.people.models import CareRelationship, Role
from practice.records.actions import record
from tests.factories import make_client, make_counselor, make_user


@pytest.fixture
def people(live_server):
    now = timezone.now()
    ayu, rina = make_counselor(), make_client(user=make_user(Role.CLIENT, name="Rina"))
    CareRelationship.objects.create(client=rina, counselor=ayu, started_at=now, ends_at=now + timedelta(days=30))
    for number in range(60):
        at = now - timedelta(hours=number)
        record(ayu.user, "consultation.read", client=rina, reason="reading the consultation", now=at)
    return {"officer": make_user(Role.DATA_OFFICER, name="Nadia"), "counselor": ayu.user, "client": rina.user}


@pytest.mark.parametrize("who", ["officer", "counselor", "client"])
def test_the_trail_can_be_used_by_everyone(open_page, sign_in, people, axe, no_overflow, small_targets, look, who):
    user = people[who]
    user.language = look.language
    user.save()
    page = open_page("/help/", look)
    sign_in(page, user)
    addresses = {
        "officer": ["", "?what=opened&page=2", "?code=wrong", "?since=2030-01-01"],
        "counselor": ["", "?what=meeting"],
        "client": [""],
    }[who]

    for address in addresses:
        page.goto(reverse("own_trail" if who == "client" else "trail") + address)
        axe(page)
        no_overflow(page)
        assert small_targets(page, 44 if who == "client" else 24) == [], address


def test_a_data_officer_looks_for_something_without_javascript(open_page, sign_in, people):
    page = open_page("/help/", java_script_enabled=False)
    sign_in(page, people["officer"])
    page.goto(reverse("today"))

    page.get_by_text("Cari sesuatu").click()
    page.get_by_label("Siapa yang melakukan").select_option("Nadia")
    page.get_by_role("button", name="Tampilkan", exact=True).click()

    expect(page.get_by_text("Daftar ini: dibuka").first).to_be_visible()
    expect(page.get_by_text("Konsultasi: dibuka")).to_have_count(0)
    page.get_by_role("link", name="Tampilkan semua").click()
    expect(page.get_by_text("Konsultasi: dibuka").first).to_be_visible()

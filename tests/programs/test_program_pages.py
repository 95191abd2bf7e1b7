"""The list of programs and the page of one: who finds them, and what they cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.calendar.models import Status as MeetingStatus
from practice.people.models import CareRelationship, Role
from practice.records.actions import destroy_key
from practice.records.models import AuditEvent
from programs.plan.models import Status
from tests.factories import NOW, make_attempt, make_client, make_counselor, make_practice, make_program, make_user

WEEK = timedelta(days=7)


def statements(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


@pytest.fixture
def program(ayu, rina):
    return make_program(counselor=ayu, clients=[rina])


def test_a_counselor_finds_their_programs_and_the_reading_leaves_a_trace(client, ayu, rina, program):
    client.force_login(ayu.user)

    page = client.get(reverse("caseload")).content.decode()

    assert "Tidur lebih nyenyak" in page
    assert AuditEvent.objects.filter(act="program.read", actor=ayu.user_id, client_id=rina.pk).count() == 1


def test_another_counselor_finds_neither_list_entry_nor_page(client, program):
    client.force_login(make_counselor(name="Daeng").user)

    assert "Tidur lebih nyenyak" not in client.get(reverse("caseload")).content.decode()
    assert client.get(reverse("program", args=[program.pk])).status_code == 404


def test_without_care_a_program_is_not_there(client, ayu, rina, program):
    CareRelationship.objects.filter(client=rina, counselor=ayu).update(is_kept_open=False, ends_at=NOW - WEEK)
    client.force_login(ayu.user)

    assert client.get(reverse("program", args=[program.pk])).status_code == 404


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER, Role.DATA_OFFICER])
def test_nobody_at_the_desk_finds_a_program(client, program, role):
    client.force_login(make_user(role))

    assert client.get(reverse("program", args=[program.pk])).status_code == 404
    assert client.get(reverse("caseload")).status_code == 404


def test_a_client_sees_their_own_program_and_nobody_elses(client, rina, program):
    client.force_login(rina.user)
    other = make_program(clients=[make_client(user=make_user(Role.CLIENT))])

    assert client.get(reverse("program", args=[program.pk])).status_code == 200
    assert client.get(reverse("program", args=[other.pk])).status_code == 404


@pytest.mark.parametrize(
    ("status", "ways"),
    [(Status.ACTIVE, 3), (Status.PAUSED, 2), (Status.CLOSING, 2), (Status.PROPOSED, 0), (Status.CLOSED, 0)],
)
def test_a_client_reads_how_to_pause_change_counselor_or_end(client, ayu, rina, status, ways):
    make_practice(phone="0215550100")
    program = make_program(counselor=ayu, clients=[rina], status=status)
    client.force_login(rina.user)

    shown = client.get(reverse("program", args=[program.pk])).text.partition('id="ways"')[2].partition("</section>")[0]

    assert [word in shown for word in ("Jeda.", "Ganti konselor.", "Akhiri.")].count(True) == ways
    assert ("tel:" in shown) == bool(ways)


def test_a_client_does_not_see_a_draft(client, ayu, rina):
    program = make_program(counselor=ayu, clients=[rina], status=Status.DRAFT)
    client.force_login(rina.user)

    assert client.get(reverse("program", args=[program.pk])).status_code == 404


def test_an_erased_program_says_so_and_leaves_the_list_readable(client, ayu, program, now):
    destroy_key(holder=program, by=ayu.user, reason="asked for", now=now)
    client.force_login(ayu.user)

    assert client.get(reverse("caseload")).status_code == 200
    assert client.get(reverse("program", args=[program.pk])).status_code == 200


@pytest.mark.parametrize("shown", ["open", "running", "waiting", "closed"])
def test_the_list_takes_as_many_statements_for_many_programs_as_for_one(client, ayu, monday_at_nine, shown):
    client.force_login(ayu.user)
    url = reverse("caseload") + f"?show={shown}"
    status = {"waiting": Status.PROPOSED, "closed": Status.CLOSED}.get(shown, Status.ACTIVE)
    one = make_program(counselor=ayu, status=status)
    make_attempt(one, 1, starts_at=monday_at_nine)
    few = statements(client, url)

    for n in range(1, 8):
        more = make_program(counselor=ayu, status=status, service=one.service)
        make_attempt(more, 1, starts_at=monday_at_nine + n * WEEK)
    many = statements(client, url)

    assert many == few
    assert many <= 10  # session and account, begin and commit among them


@pytest.mark.parametrize("who", ["counselor", "client"])
def test_the_page_of_a_program_takes_the_same_few_statements_however_long_it_is(client, ayu, rina, monday_at_nine, who):
    client.force_login(ayu.user if who == "counselor" else rina.user)
    short = make_program(counselor=ayu, clients=[rina], sessions=3, goals=1)
    make_attempt(short, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)
    few = statements(client, reverse("program", args=[short.pk]))

    long = make_program(counselor=ayu, clients=[rina], sessions=12, goals=5, service=short.service)
    for number in range(1, 9):
        status = MeetingStatus.ATTENDED if number < 4 else MeetingStatus.CONFIRMED
        make_attempt(long, number, starts_at=monday_at_nine + number * WEEK, status=status)
    many = statements(client, reverse("program", args=[long.pk]))

    assert many <= few + 1
    assert many <= 15, many


def test_a_counselor_sees_who_came_of_each_head_and_clients_do_not(client, ayu, rina, monday_at_nine):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT, name="Budi"))
    program = make_program(counselor=ayu, clients=[rina, budi])
    address = reverse("program", args=[program.pk])
    client.force_login(ayu.user)
    before = client.get(address).text
    meeting = make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED).meeting
    meeting.participants.filter(client=budi).update(attendance="late")

    after = client.get(address).text
    client.force_login(budi.user)
    own = client.get(address).text

    assert 'class="attendance"' not in before
    assert after.count('class="attendance"') == 2
    assert "Hadir 1 dari 1." in after
    assert "Hadir 1 dari 1, 1 terlambat." in after
    assert 'class="attendance"' not in own


def test_what_to_do_next_with_a_draft_stands_before_its_sessions(client, ayu, rina):
    draft = make_program(counselor=ayu, clients=[rina], status=Status.DRAFT)
    client.force_login(ayu.user)

    page = client.get(reverse("program", args=[draft.pk])).content.decode()

    assert page.index('id="agreement"') < page.index('id="sessions"')
    assert 'id="notes"' not in page
    assert 'id="between"' not in page


def test_a_program_that_was_agreed_shows_its_notes_and_what_lies_between(client, ayu, program):
    client.force_login(ayu.user)

    page = client.get(reverse("program", args=[program.pk])).content.decode()

    assert page.index('id="sessions"') < page.index('id="notes"') < page.index('id="between"')
    assert page.count('id="agreement"') == 1

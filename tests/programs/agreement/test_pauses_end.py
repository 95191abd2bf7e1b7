"""The day on which a pause ends: both sides are told once, and their pages say how to go on or rest longer."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from practice.messages.actions import deliver
from practice.messages.models import Message
from practice.people.models import Role, User
from programs.agreement.life import ask_paused, pause_program, rest_longer, resume_program
from programs.plan.models import Program, Status
from tests.factories import NOW, make_client, make_counselor, make_practice, make_program, make_user
from tests.programs.agreement.steps import DAY

pytestmark = pytest.mark.django_db

OVER = "Jeda sudah selesai"
LAST = NOW + 10 * DAY  # the day to be resumed


@pytest.fixture(autouse=True)
def clock(db):
    make_practice()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def couple():
    return [make_client(name=name, user=make_user(Role.CLIENT, name=name)) for name in ("Rina", "Budi")]


@pytest.fixture
def program(couple):
    return paused(make_program(clients=couple), LAST)


def paused(program, until):
    by = program.counselor.user
    return pause_program(
        program=program, resume_on=until.date(), keep_meetings=True, reason="KANARI-JEDA", by=by, now=NOW
    )


def told(kind):
    return Message.objects.filter(kind=kind)


def asked_days(last, first=1):
    return [day for day in range(first, last) if ask_paused(now=NOW + day * DAY)]


def page(client, user, name, *args):
    client.force_login(user)
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


# --- Mails -----------------------------------------------------------------------------------------------------------


def test_on_the_day_both_sides_are_written_to_once(program, couple):
    assert asked_days(14) == [10]

    assert {message.client for message in told("program.pause")} == set(couple)
    assert told("program.pause_over").get().user == program.counselor.user


def test_a_day_that_the_task_missed_is_made_up_for(program):
    assert ask_paused(now=NOW + 12 * DAY) == 1

    assert told("program.pause_over").count() == 1


def test_the_question_after_14_days_does_not_come_upon_the_heels_of_the_day(program):
    assert asked_days(40) == [10, 24, 38]

    assert told("program.pause").count() == 3 * 2
    assert told("program.pause_over").count() == 1


def test_a_pause_of_14_days_brings_one_mail_and_not_two(couple):
    paused(make_program(clients=couple), NOW + 14 * DAY)

    assert asked_days(16) == [14]
    assert told("program.pause").count() == 2


def test_who_rests_longer_is_told_anew_on_the_new_day(program, couple):
    ask_paused(now=LAST)
    rest_longer(program=program, resume_on=(LAST + 5 * DAY).date(), keep_meetings=False, by=couple[0].user, now=LAST)

    assert asked_days(20, first=11) == [15]

    assert told("program.pause_over").count() == 2
    assert told("program.pause").count() == 4


def test_who_went_on_is_not_told(program, couple):
    resume_program(program=program, by=couple[0].user, now=NOW + 5 * DAY)

    assert asked_days(14) == []


def test_the_day_begins_on_the_clock_of_the_counselor(couple):
    daeng = make_counselor(name="Daeng", zone="Asia/Jayapura")  # nine hours ahead
    program = paused(make_program(counselor=daeng, clients=couple), LAST)
    midnight = LAST.replace(hour=0) - timedelta(hours=9)

    assert not program.pause_is_over(midnight - timedelta(minutes=1))
    assert program.pause_is_over(midnight)
    assert ask_paused(now=midnight - timedelta(minutes=1)) == 0
    assert ask_paused(now=midnight) == 1


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_mail_is_neutral_and_leads_to_the_program(client, program, language, mailoutbox):
    User.objects.filter(pk=program.counselor.user_id).update(language=language)
    ask_paused(now=LAST)

    with translation.override("en"):
        deliver(told("program.pause_over").get().pk, now=LAST)

    [sent] = mailoutbox
    assert reverse("program", args=[program.pk]) in sent.body
    assert not any(word in sent.body.lower() for word in ("kanari", "konsel", "counsel", "rina", "budi"))


def test_nobody_is_told_of_a_pause_that_was_made_longer_meanwhile(program, couple, mailoutbox):
    ask_paused(now=LAST)
    rest_longer(program=program, resume_on=(LAST + 5 * DAY).date(), keep_meetings=False, by=couple[0].user, now=LAST)

    deliver(told("program.pause_over").get().pk, now=LAST)

    assert mailoutbox == []


# --- Pages -----------------------------------------------------------------------------------------------------------


def test_before_the_day_the_pages_say_until_when_it_rests(client, program, couple):
    with time_machine.travel(LAST - DAY, tick=False):
        own = page(client, couple[0].user, "program", program.pk)
        theirs = page(client, program.counselor.user, "program", program.pk)
        lists = [page(client, program.counselor.user, name) for name in ("caseload", "today")]

    assert "Program Anda jeda sampai" in own
    assert not any(OVER in shown for shown in (own, theirs, *lists))
    assert str(program.pk) not in lists[1]


def test_from_the_day_on_the_client_reads_that_it_is_over_and_goes_on(client, program, couple):
    with time_machine.travel(LAST, tick=False):
        at_home = page(client, couple[0].user, "home")
        own = page(client, couple[0].user, "program", program.pk)
        asked = page(client, couple[0].user, "pause_answer", program.pk)
        answer = client.post(reverse("pause_answer", args=[program.pk]), {"go_on": "1"})
        after = page(client, couple[0].user, "program", program.pk)

    assert all(OVER in shown for shown in (at_home, own, asked))
    assert "Program Anda jeda sampai" not in own
    assert "Program Anda dijeda sampai" not in asked
    assert reverse("pause_answer", args=[program.pk]) in at_home
    assert f'action="{reverse("pause_answer", args=[program.pk])}"' in own
    assert 'name="go_on"' in own
    assert answer.headers["Location"] == reverse("program", args=[program.pk])
    assert OVER not in after
    assert reverse("own_booking", args=[program.pk]) in after


def test_from_the_day_on_it_waits_for_the_counselor_until_they_act(client, program):
    counselor, at = program.counselor.user, reverse("program", args=[program.pk])
    with time_machine.travel(LAST, tick=False):
        shown = [page(client, counselor, *where) for where in (("today",), ("caseload",), ("program", program.pk))]
        client.post(reverse("program_resume", args=[program.pk]))
        after = [page(client, counselor, *where) for where in (("today",), ("caseload",), ("program", program.pk))]

    assert f'href="{at}"' in shown[0]
    assert "Rina" in shown[0]
    assert all(OVER in each for each in shown[1:])
    assert reverse("program_resume", args=[program.pk]) in shown[2]
    assert reverse("program_rest", args=[program.pk]) in shown[2]
    assert at not in after[0]
    assert not any(OVER in each for each in after)


def test_a_counselor_lets_it_rest_longer(client, program):
    counselor = program.counselor.user
    address = reverse("program_rest", args=[program.pk])
    with time_machine.travel(LAST, tick=False):
        page(client, counselor, "program_rest", program.pk)
        refused = client.post(address, {"resume_on": LAST.date()})
        done = client.post(address, {"resume_on": (LAST + 9 * DAY).date(), "keep_meetings": "no"})
        today = page(client, counselor, "today")

    assert (refused.status_code, done.status_code) == (422, 302)
    assert Program.objects.get(pk=program.pk).resume_on == (LAST + 9 * DAY).date()
    assert str(program.pk) not in today


def test_only_its_counselors_let_it_rest_longer_there_and_only_while_it_rests(client, program, couple):
    address = reverse("program_rest", args=[program.pk])

    for user in (couple[0].user, make_counselor(name="Sari").user, make_user(Role.SUPERVISOR)):
        client.force_login(user)
        assert client.get(address).status_code == 404
    resume_program(program=program, by=program.counselor.user, now=NOW)
    client.force_login(program.counselor.user)
    assert client.get(address).status_code == 404


def test_the_day_asks_as_often_for_many_pauses_as_for_none(client, ayu):
    counts = []
    for more in (0, 6):
        for _n in range(more):
            program = make_program(counselor=ayu, status=Status.PAUSED)
            Program.objects.filter(pk=program.pk).update(resume_on=NOW.date())
        page(client, ayu.user, "today")
        with CaptureQueriesContext(connection) as found:
            shown = client.get(reverse("today")).content.decode()
        assert len(re.findall(r'href="/programs/[0-9a-f-]{36}/"', shown)) == more
        counts.append(len(found))

    assert counts[0] == counts[1] <= 9

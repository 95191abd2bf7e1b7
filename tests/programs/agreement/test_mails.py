"""Mails about programs: they say that something waits, and nothing of what."""

from datetime import timedelta

import pytest
from django.utils import translation

from practice.messages.actions import deliver
from practice.messages.models import Message
from practice.people.models import Role
from programs.agreement.changes import offer_extension
from programs.agreement.life import ask_paused, pause_program
from programs.agreement.proposals import withdraw_proposal
from programs.reviews.models import Review
from tests.factories import NOW, make_client, make_practice, make_program, make_user
from tests.programs.agreement.steps import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def couple(db):
    make_practice()
    return [make_client(name=name, user=make_user(Role.CLIENT, name=name)) for name in ("Rina", "Budi")]


@pytest.fixture
def program(couple):
    return make_program(clients=couple, sessions=6)


def by(program):
    return {"by": program.counselor.user, "now": NOW}


def extend(program):
    Review.objects.create(
        program=program, after_session=2, decision="extend", held_by=program.counselor.user, held_at=NOW
    )
    return offer_extension(program=program, added=3, reason="KANARI-SEBAB", **by(program))


def pause(program):
    day = (NOW + 21 * DAY).date()
    pause_program(program=program, resume_on=day, keep_meetings=True, reason="KANARI-JEDA", **by(program))


@pytest.mark.parametrize("language", ["id", "en"])
def test_mails_say_that_something_waits_and_nothing_of_what(program, couple, language, mailoutbox):
    for client in couple:
        client.language = language
        client.save()
    extend(program)
    pause(program)
    ask_paused(now=NOW + 14 * DAY)

    with translation.override("en"):
        for message in Message.objects.filter(kind__startswith="program."):
            deliver(message.pk, now=NOW if message.kind == "program.change" else NOW + 14 * DAY + timedelta(hours=3))

    assert len(mailoutbox) == 6
    telling = ("kanari", "konsel", "counsel", "psik", "terap", "sesi", "session", "metode", "method", "jeda", "pause")
    for mail in mailoutbox:
        said = mail.subject + mail.body.replace("/pause/", "/")
        assert not [word for word in telling if word in said.lower().replace("ruang teduh", "")]
        assert mail.alternatives


def test_a_mail_about_an_offer_that_is_over_is_not_sent(program, mailoutbox):
    plan = extend(program)
    withdraw_proposal(plan=plan, **by(program))

    for message in Message.objects.filter(kind="program.change"):
        deliver(message.pk, now=NOW)

    assert mailoutbox == []

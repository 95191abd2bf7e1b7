"""Consents: seen by whom they are from, taken back at any time, and what ends with them."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.calendar.models import Meeting
from practice.calendar.models import Status as MeetingStatus
from practice.catalog.models import Service
from practice.messages.models import Message
from practice.people.consents import given
from practice.people.models import CareRelationship, Consent, Role
from practice.people.supervising import end_supervision
from practice.records.models import AuditEvent
from programs.agreement.consents import asked_of, give_consent, withdraw_consent
from programs.plan.models import CloseReason, Program, Status
from programs.sessions.actions import book_session, schedule_remaining
from programs.sessions.planning import Slot
from programs.sessions.rules import modes_of
from tests.factories import (
    NOW,
    make_attempt,
    make_client,
    make_counselor,
    make_practice,
    make_program,
    make_supervision,
    make_user,
)
from tests.programs.agreement.steps import hand_in, write_note

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASKED = {"consents_required": ["program", "health"], "consents_optional": ["online", "supervision"], "consents": ()}


@pytest.fixture(autouse=True)
def house(db):
    make_practice()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def rina():
    return make_client(name="Rina", user=make_user(Role.CLIENT, name="Rina"))


@pytest.fixture
def program(rina):
    """Rina's program: session 1 was held, session 2 is booked. She left the consent to video calls out."""
    program = make_program(clients=[rina], sessions=4, **ASKED)
    agree(program, rina, "program", "health", "supervision")
    make_attempt(program, 1, starts_at=NOW - 7 * DAY, status=MeetingStatus.ATTENDED)
    make_attempt(program, 2, starts_at=NOW + 7 * DAY)
    return program


def agree(program, client, *purposes):
    Consent.objects.bulk_create(
        given(client=client, purpose=purpose, language="id", now=NOW - 30 * DAY, given_for=program.pk)
        for purpose in purposes
    )


def withdraw(program, client, purpose, **fields):
    said = {"program": program, "client": client, "purpose": purpose, "by": client.user, "now": NOW}
    return withdraw_consent(**said | fields)


def holding(client):
    return sorted(Consent.objects.filter(client=client, withdrawn_at=None).values_list("purpose", flat=True))


# --- The actions


def test_what_was_asked_is_told_with_what_the_client_said(program, rina):
    asked = {each.purpose: (each.is_needed, each.holds) for each in asked_of(program, rina)}

    assert asked == {
        "program": (True, True),
        "health": (True, True),
        "online": (False, False),
        "supervision": (False, True),
    }


def test_a_free_consent_is_taken_back_and_the_program_goes_on(program, rina):
    assert withdraw(program, rina, "supervision").status == Status.ACTIVE

    assert holding(rina) == ["health", "program"]
    assert Program.objects.get(pk=program.pk).status == Status.ACTIVE
    noted = AuditEvent.objects.get(act="consent.withdrawn")
    assert (noted.actor, noted.client_id, noted.facts["purpose"]) == (rina.user.pk, rina.pk, "supervision")
    assert Message.objects.get(kind="program.consent").user == program.counselor.user


def test_a_supervisor_reads_no_more_once_the_consent_is_taken_back(program, rina):
    supervisor = make_user(Role.SUPERVISOR)
    make_supervision(program.counselor, supervisor=supervisor)
    assert program in Program.objects.visible_to(supervisor)

    withdraw(program, rina, "supervision")

    assert program not in Program.objects.visible_to(supervisor)


@pytest.mark.parametrize("purpose", ["program", "health"])
def test_without_a_needed_consent_the_program_ends_at_once_and_costs_nothing(program, rina, purpose):
    hand_in(write_note(program))
    booked = program.sessions.get(number=2).attempts.get().meeting

    assert withdraw(program, rina, purpose).status == Status.CLOSED

    ended = Program.objects.get(pk=program.pk)
    booked.refresh_from_db()
    assert (ended.status, ended.close_reason, ended.closed_at) == (Status.CLOSED, CloseReason.CLIENT_TOLD, NOW)
    assert (booked.status, booked.ended_by, booked.is_late) == (MeetingStatus.CANCELLED, "practice", False)
    assert program.sessions.filter(released_at=None).count() == 0
    assert not CareRelationship.objects.get(client=rina).is_kept_open
    assert program.steps.get(became=Status.CLOSED).by == rina.user


def test_supervision_that_was_needed_is_free_once_nobody_co_signs(rina):
    needed = ASKED | {"consents_required": ["program", "health", "supervision"], "consents_optional": ["online"]}
    program = make_program(clients=[rina], **needed)
    agree(program, rina, "program", "health", "supervision")
    supervision = make_supervision(program.counselor)
    asked = lambda: {each.purpose for each in asked_of(program, rina) if each.is_needed}  # noqa: E731
    assert asked() == {"program", "health", "supervision"}

    end_supervision(supervision=supervision, by=make_user(Role.MANAGER), now=NOW)

    assert asked() == {"program", "health"}
    assert withdraw(program, rina, "supervision").status == Status.ACTIVE


def test_supervision_is_needed_while_somebody_co_signs_what_a_helper_writes(rina):
    needed = ASKED | {"consents_required": ["program", "health", "supervision"], "consents_optional": ["online"]}
    program = make_program(clients=[rina], **needed)
    agree(program, rina, "program", "health", "supervision")
    helper = make_counselor(name="Daeng")
    program.co_counselors.add(helper)
    make_supervision(helper)

    assert withdraw(program, rina, "supervision").status == Status.CLOSED


def test_a_consent_holds_for_one_program_alone(program, rina):
    second = make_program(clients=[rina], **ASKED)
    agree(second, rina, "program", "health")

    withdraw(second, rina, "health")

    assert set(Program.objects.under_way()) == {program}
    assert {each.purpose for each in asked_of(program, rina) if each.holds} == {"program", "health", "supervision"}
    assert {each.purpose for each in asked_of(second, rina) if each.holds} == {"program"}


def test_a_yes_to_a_supervisor_in_one_program_is_none_in_the_next(program, rina):
    supervisor = make_user(Role.SUPERVISOR)
    make_supervision(program.counselor, supervisor=supervisor)
    second = make_program(clients=[rina], counselor=program.counselor, **ASKED)
    agree(second, rina, "program", "health")

    assert set(Program.objects.visible_to(supervisor)) == {program}


def test_a_couples_program_ends_if_one_of_them_takes_a_needed_consent_back(rina):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT, name="Budi"))
    program = make_program(clients=[rina, budi], **ASKED)
    for each in (rina, budi):
        agree(program, each, "program", "health")

    withdraw(program, budi, "health")

    assert Program.objects.get(pk=program.pk).status == Status.CLOSED
    assert holding(rina) == ["health", "program"]


def test_a_consent_is_taken_back_once_and_only_if_it_was_asked_for(program, rina):
    withdraw(program, rina, "supervision")

    for purpose, code in (("supervision", "withdrawn"), ("online", "withdrawn"), ("booking", "purpose")):
        with pytest.raises(ValidationError) as error:
            withdraw(program, rina, purpose)
        assert error.value.code == code
    assert AuditEvent.objects.filter(act="consent.withdrawn").count() == 1


def test_nobody_takes_back_or_gives_for_somebody_else(program, rina):
    budi = make_client(user=make_user(Role.CLIENT))

    for by, client in ((program.counselor.user, rina), (budi.user, rina), (budi.user, budi)):
        with pytest.raises(ValidationError) as error:
            withdraw(program, client, "supervision", by=by)
        assert error.value.code == "role"
        with pytest.raises(ValidationError) as error:
            give_consent(program=program, client=client, purpose="online", language="id", by=by, now=NOW)
        assert error.value.code == "role"
    assert holding(rina) == ["health", "program", "supervision"]


def test_a_consent_can_be_given_later_and_again(program, rina):
    give = {"program": program, "client": rina, "language": "en", "by": rina.user, "now": NOW}
    withdraw(program, rina, "supervision")

    first = give_consent(purpose="supervision", **give)
    again = give_consent(purpose="supervision", **give)

    assert again == first
    assert (first.language, first.given_at) == ("en", NOW)
    assert holding(rina) == ["health", "program", "supervision"]


def test_nothing_more_is_consented_to_once_the_program_is_over(program, rina):
    withdraw(program, rina, "health")

    with pytest.raises(ValidationError) as error:
        give_consent(program=program, client=rina, purpose="health", language="id", by=rina.user, now=NOW)
    assert error.value.code == "status"
    withdraw(program, rina, "supervision")
    assert holding(rina) == ["program"]


# --- Video calls

MODES = ["video", "phone"]


def refusing(program, *clients):
    """The program, given by phone as well, without these clients' consent to video calls."""
    Service.objects.filter(pk=program.service_id).update(modes=MODES)
    given_by = Consent.objects.filter(given_for=program.pk, client__in=clients, purpose="online")
    given_by.update(withdrawn_at=NOW)
    return Program.objects.for_page().get(pk=program.pk)


def by_counselor(program, mode, number=3):
    slot = Slot(number, NOW + 14 * DAY + HOUR, program.counselor)
    return schedule_remaining(program=program, slots=[slot], mode=mode, by=program.counselor.user, now=NOW)[0]


def by_client(program, mode):
    session, user = program.sessions.get(number=3), program.members.get().client.user
    return book_session(session=session, starts_at=NOW + 14 * DAY + HOUR, mode=mode, by=user, now=NOW)


@pytest.mark.parametrize("book", [by_counselor, by_client])
def test_nobody_books_by_video_what_the_client_has_not_agreed_to(program, rina, book):
    refusing(program, rina)

    with pytest.raises(ValidationError) as refused:
        book(program, "video")

    assert refused.value.code == "video"
    assert book(program, "phone").mode == "phone"


def test_who_agrees_later_meets_by_video_until_they_take_it_back(program, rina):
    refusing(program, rina)
    agree(program, rina, "online")
    by_counselor(program, "video")

    withdraw(program, rina, "online")

    with pytest.raises(ValidationError) as refused:
        by_counselor(program, "video", number=4)
    assert refused.value.code == "video"


def test_video_that_came_later_can_be_agreed_to_as_well(rina):
    program = make_program(clients=[rina], sessions=4, consents_required=["program"], consents=())
    Service.objects.filter(pk=program.service_id).update(modes=["phone"])
    program = Program.objects.for_page().get(pk=program.pk)
    assert [asked.purpose for asked in asked_of(program, rina)] == ["program"]
    Service.objects.filter(pk=program.service_id).update(modes=["video"])
    program = Program.objects.for_page().get(pk=program.pk)
    assert modes_of(program) == []

    agree(program, rina, "online")

    assert modes_of(program) == ["video"]
    assert [asked.is_needed for asked in asked_of(program, rina)] == [True, False]


def test_a_consent_that_is_taken_back_while_it_is_given_ends_when_it_began(program, rina):
    given_at = NOW + HOUR
    Consent.objects.filter(given_for=program.pk, purpose="health").update(given_at=given_at)

    withdraw_consent(program=program, client=rina, purpose="health", by=rina.user, now=NOW)

    assert Consent.objects.get(given_for=program.pk, purpose="health").withdrawn_at == given_at


def test_one_of_a_couple_is_enough_to_meet_otherwise(rina):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT, name="Budi"))
    program = refusing(make_program(clients=[rina, budi], sessions=4, **ASKED), rina, budi)
    agree(program, rina, "online")

    assert modes_of(program) == ["phone"]
    agree(program, budi, "online")

    assert modes_of(program) == MODES


# --- The pages


def page(name, program, *more):
    return reverse(name, args=[program.pk, *more])


@pytest.fixture
def as_rina(client, rina):
    client.force_login(rina.user)
    return client


def test_a_client_finds_their_consents_beside_what_was_agreed(as_rina, program):
    assert page("consents", program) in as_rina.get(page("agreement", program)).text

    text = as_rina.get(page("consents", program)).text

    for purpose in ("program", "health", "online", "supervision"):
        assert page("consent_change", program, purpose) in text


def test_a_client_takes_a_consent_back_on_a_page_that_says_what_ends(as_rina, program, rina):
    text = as_rina.get(page("consent_change", program, "health")).text
    assert "tidak dapat dilanjutkan tanpa" in text

    answer = as_rina.post(page("consent_change", program, "health"), {"do": "withdraw"}, follow=True)

    assert answer.status_code == 200
    assert Program.objects.get(pk=program.pk).status == Status.CLOSED
    assert as_rina.get(page("consent_change", program, "health")).status_code == 302
    assert "Ditarik kembali" in answer.text


def test_a_client_gives_a_free_consent_later(as_rina, program, rina):
    as_rina.post(page("consent_change", program, "online"), {"do": "give"})

    assert "online" in holding(rina)


def test_video_is_not_offered_to_who_has_not_agreed_to_it(client, program, rina):
    refusing(program, rina)
    third = program.sessions.get(number=3)
    Meeting.objects.filter(session_number=2).update(mode="video")

    for person, where in (
        (rina.user, page("own_booking", program)),
        (program.counselor.user, page("schedule_remaining", program)),
        (program.counselor.user, reverse("session_schedule", args=[third.pk])),
    ):
        client.force_login(person)
        answer = client.get(where)
        form = answer.context.get("form") or answer.context["who"]
        assert [mode for mode, _label in form.fields["mode"].choices] == ["phone"]


def test_where_video_is_the_only_way_the_page_says_what_to_do(client, program, rina):
    refusing(program, rina)
    Service.objects.update(modes=["video"])

    for person, where, way in (
        (rina.user, page("own_booking", program), "Persetujuan Anda"),
        (program.counselor.user, page("schedule_remaining", program), "pengelola praktik"),
        (
            program.counselor.user,
            reverse("session_schedule", args=[program.sessions.get(number=3).pk]),
            "pengelola praktik",
        ),
    ):
        client.force_login(person)
        answer = client.get(where, follow=True)
        assert "hanya lewat video" in answer.text
        assert way in answer.text


def test_both_sides_read_what_is_booked_by_video_without_a_consent_to_it(client, program, rina):
    refusing(program, rina)
    agree(program, rina, "online")
    Meeting.objects.update(mode="video")
    without = "Tidak semua orang setuju bertemu lewat video"
    client.force_login(program.counselor.user)
    assert without not in client.get(page("program", program)).text
    client.force_login(rina.user)
    assert "Sesi 2:" in client.get(page("consent_change", program, "online")).text

    client.post(page("consent_change", program, "online"), {"do": "withdraw"})

    client.force_login(program.counselor.user)
    shown = client.get(page("program", program)).text
    assert without in shown
    assert "Sesi 2:" in shown.split(without)[1]
    Meeting.objects.update(mode="phone")
    assert without not in client.get(page("program", program)).text


def test_opening_the_page_changes_nothing_nor_does_a_press_of_nothing(as_rina, program, rina):
    for purpose in ("program", "health", "online", "supervision"):
        as_rina.get(page("consent_change", program, purpose))
        as_rina.post(page("consent_change", program, purpose), {})

    assert holding(rina) == ["health", "program", "supervision"]


def test_a_consent_that_is_not_asked_for_has_no_page(as_rina, program):
    for purpose in ("booking", "guardian", "anything"):
        assert as_rina.get(page("consent_change", program, purpose)).status_code == 404
        assert as_rina.post(page("consent_change", program, purpose), {"do": "withdraw"}).status_code == 404


def test_before_anything_is_signed_there_are_no_consents(as_rina, rina):
    proposed = make_program(clients=[rina], status=Status.PROPOSED, **ASKED)

    assert as_rina.get(page("consents", proposed)).status_code == 404


def test_counselors_see_what_holds_but_have_no_page_to_change_it(client, program):
    client.force_login(program.counselor.user)

    text = client.get(page("agreement", program)).text

    assert "Berbagi dengan supervisor konselor" in text
    assert page("consents", program) not in text
    assert client.get(page("consents", program)).status_code == 404
    assert client.post(page("consent_change", program, "health"), {"do": "withdraw"}).status_code == 404


def test_the_consents_of_somebody_else_are_not_there(client, program):
    other = make_client(user=make_user(Role.CLIENT))
    client.force_login(other.user)

    assert client.get(page("consents", program)).status_code == 404
    assert client.post(page("consent_change", program, "health"), {"do": "withdraw"}).status_code == 404


def test_the_page_of_what_was_agreed_asks_no_more_for_more_people(client):
    def statements(number):
        people = [make_client(user=make_user(Role.CLIENT)) for _ in range(number)]
        program = make_program(clients=people, **ASKED)
        client.force_login(program.counselor.user)
        client.get(page("agreement", program))
        with CaptureQueriesContext(connection) as queries:
            client.get(page("agreement", program))
        return len(queries)

    assert statements(1) == statements(4)

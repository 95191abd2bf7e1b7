"""Who came: from the start of a meeting on, by those whose business it is, and corrected with a trace."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from practice.calendar.actions import cancel_meeting, decline
from practice.calendar.attendance import record_attendance
from practice.calendar.models import Meeting, Participant, Party, Status
from practice.calendar.reserving import NotAllowed, Taken
from practice.messages.models import Message
from practice.people.models import CareRelationship, Role
from practice.records.models import AuditEvent
from tests.factories import NOW, make_client, make_counselor, make_meeting, make_user

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def held(ayu, consultation, rina, monday_at_nine):
    """A confirmed meeting of Ayu and Rina."""
    return make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])


def everybody(meeting, word):
    return {head.pk: word for head in meeting.participants.all()}


def trail():
    return list(
        AuditEvent.objects.filter(act__startswith="attendance.").order_by("pk").values_list("act", "facts", "client_id")
    )


@pytest.mark.parametrize(
    ("word", "status", "party"),
    [("attended", Status.ATTENDED, ""), ("late", Status.ATTENDED, ""), ("missed", Status.MISSED, Party.CLIENT)],
)
def test_who_came_says_whether_the_meeting_took_place(held, front_desk, rina, word, status, party):
    record_attendance(meeting=held, by=front_desk, now=held.starts_at, heads=everybody(held, word))

    held.refresh_from_db()
    head = held.participants.get()
    assert (held.status, held.ended_by, held.is_late, held.version) == (status, party, False, 1)
    assert (head.attendance, head.status) == (word, status)
    assert trail() == [("attendance.recorded", {"before": "", "after": word}, rina.pk)]


@pytest.mark.parametrize("party", list(Party))
def test_a_meeting_that_had_begun_can_have_been_called_off(held, front_desk, party):
    record_attendance(meeting=held, by=front_desk, now=held.ends_at, called_off_by=party)

    held.refresh_from_db()
    assert (held.status, held.ended_by, held.is_late) == (Status.CANCELLED, party, party == Party.CLIENT)
    assert held.participants.get().attendance == ""
    assert trail()[0][1] == {"before": "", "after": f"called_off_by_{party}"}


def test_one_head_of_two_is_enough_for_a_meeting_to_have_taken_place(ayu, consultation, front_desk, monday_at_nine):
    rina, budi = make_client(name="Rina"), make_client(name="Budi")
    held = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina, budi])
    heads = {head.client.preferred_name: head.pk for head in held.participants.all()}

    record_attendance(
        meeting=held, by=front_desk, now=held.ends_at, heads={heads["Rina"]: "missed", heads["Budi"]: "late"}
    )

    held.refresh_from_db()
    assert held.status == Status.ATTENDED
    assert dict(held.participants.values_list("client__preferred_name", "attendance")) == {
        "Rina": "missed",
        "Budi": "late",
    }


def test_a_correction_leaves_what_was_said_before(held, front_desk, rina):
    record_attendance(meeting=held, by=front_desk, now=held.starts_at, heads=everybody(held, "missed"))

    record_attendance(meeting=held, by=front_desk, now=held.ends_at, heads=everybody(held, "late"))

    held.refresh_from_db()
    assert (held.status, held.ended_by) == (Status.ATTENDED, "")
    assert trail()[1] == ("attendance.corrected", {"before": "missed", "after": "late"}, rina.pk)


def test_saying_the_same_again_changes_nothing(held, front_desk):
    for _ in range(2):
        record_attendance(meeting=held, by=front_desk, now=held.starts_at, heads=everybody(held, "attended"))

    held.refresh_from_db()
    assert (held.version, len(trail())) == (1, 1)


def test_what_was_called_off_by_mistake_did_take_place(held, front_desk, rina, ayu):
    record_attendance(meeting=held, by=front_desk, now=held.starts_at, called_off_by=Party.CLIENT)
    assert not CareRelationship.objects.current(held.ends_at).exists()

    record_attendance(meeting=held, by=front_desk, now=held.ends_at, heads=everybody(held, "attended"))

    held.refresh_from_db()
    assert (held.status, held.ended_by, held.is_late) == (Status.ATTENDED, "", False)
    assert CareRelationship.objects.current(held.ends_at).filter(client=rina, counselor=ayu).exists()


def test_a_time_given_to_somebody_else_cannot_be_taken_back(held, front_desk, ayu, consultation):
    record_attendance(meeting=held, by=front_desk, now=held.starts_at, called_off_by=Party.CLIENT)
    make_meeting(starts_at=held.starts_at, counselor=ayu, service=consultation, clients=[make_client()])

    with pytest.raises(Taken):
        record_attendance(meeting=held, by=front_desk, now=held.ends_at, heads=everybody(held, "attended"))

    held.refresh_from_db()
    assert held.status == Status.CANCELLED


def test_nobody_has_come_before_the_start(held, front_desk):
    with pytest.raises(NotAllowed) as refused:
        record_attendance(
            meeting=held,
            by=front_desk,
            now=held.starts_at - timedelta(seconds=1),
            heads=everybody(held, "attended"),
        )

    assert refused.value.code == "early"


def test_what_was_cancelled_before_it_began_stays_cancelled(held, front_desk):
    cancel_meeting(meeting=held, by=front_desk, now=held.starts_at - HOUR, party=Party.PRACTICE)

    with pytest.raises(NotAllowed) as refused:
        record_attendance(meeting=held, by=front_desk, now=held.ends_at, heads=everybody(held, "attended"))

    assert refused.value.code == "not_held"


@pytest.mark.parametrize("answered", [True, False])
def test_a_request_that_was_never_agreed_was_not_attended(
    ayu, consultation, rina, front_desk, monday_at_nine, answered
):
    asked = make_meeting(
        starts_at=monday_at_nine,
        counselor=ayu,
        service=consultation,
        clients=[rina],
        status=Status.REQUESTED,
        answer_due_at=NOW + DAY,
    )
    if answered:
        decline(meeting=asked, by=front_desk, now=asked.starts_at + HOUR)

    with pytest.raises(NotAllowed) as refused:
        record_attendance(meeting=asked, by=front_desk, now=asked.ends_at, heads=everybody(asked, "attended"))

    assert refused.value.code == "not_held"


def test_the_counselor_records_their_own_meetings(held, ayu):
    record_attendance(meeting=held, by=ayu.user, now=held.starts_at, heads=everybody(held, "attended"))

    assert Meeting.objects.get().status == Status.ATTENDED


def test_a_counselor_who_is_vouched_for_goes_on_with_what_another_held(held):
    successor = make_counselor().user

    record_attendance(
        meeting=held, by=successor, now=held.starts_at, heads=everybody(held, "attended"), vouched_for=True
    )

    held.refresh_from_db()
    assert held.status == Status.ATTENDED
    assert AuditEvent.objects.get(act="attendance.recorded").actor == successor.pk


def test_nobody_but_a_counselor_can_be_vouched_for(held, rina):
    for somebody in (rina.user, make_user(Role.SUPERVISOR), make_user(Role.DATA_OFFICER)):
        with pytest.raises(NotAllowed) as refused:
            record_attendance(
                meeting=held, by=somebody, now=held.starts_at, heads=everybody(held, "attended"), vouched_for=True
            )
        assert refused.value.code == "role"


def test_others_record_nothing(held, rina):
    another = make_counselor(name="Daeng").user
    herself = rina.user
    officer = make_user(Role.DATA_OFFICER)
    supervisor = make_user(Role.SUPERVISOR)

    for person in (another, herself, officer, supervisor):
        with pytest.raises(NotAllowed) as refused:
            record_attendance(meeting=held, by=person, now=held.starts_at, heads=everybody(held, "attended"))
        assert refused.value.code == "role"


def test_a_counselor_who_comes_as_a_client_records_nothing(ayu, consultation, monday_at_nine):
    daeng = make_counselor(name="Daeng")
    held = make_meeting(
        starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[make_client(user=daeng.user)]
    )

    with pytest.raises(NotAllowed):
        record_attendance(meeting=held, by=daeng.user, now=held.starts_at, heads=everybody(held, "attended"))


def test_somebody_whose_role_has_ended_records_nothing(held, front_desk):
    front_desk.role_grants.update(ended_at=NOW)

    with pytest.raises(NotAllowed):
        record_attendance(meeting=held, by=front_desk, now=held.starts_at, heads=everybody(held, "attended"))


@pytest.mark.parametrize("said", [{}, {"heads": {}}, {"called_off_by": "nobody"}])
def test_every_head_is_named_and_every_word_known(held, front_desk, said):
    with pytest.raises(ValidationError):
        record_attendance(meeting=held, by=front_desk, now=held.starts_at, **said)


@pytest.mark.parametrize("word", ["", "cancelled", "called_off_by_client", "x" * 2000])
def test_a_head_is_said_nothing_unknown_of(held, front_desk, word):
    with pytest.raises(ValidationError):
        record_attendance(meeting=held, by=front_desk, now=held.starts_at, heads=everybody(held, word))


def test_a_strangers_head_is_refused(held, front_desk, ayu, consultation):
    other = make_meeting(
        starts_at=held.starts_at + 3 * HOUR, counselor=ayu, service=consultation, clients=[make_client()]
    )

    with pytest.raises(ValidationError):
        record_attendance(meeting=held, by=front_desk, now=held.starts_at, heads=everybody(other, "attended"))

    assert set(Participant.objects.values_list("attendance", flat=True)) == {""}


def test_a_page_that_showed_an_earlier_state_is_refused(held, front_desk):
    record_attendance(meeting=held, by=front_desk, now=held.starts_at, heads=everybody(held, "attended"), expected=0)

    with pytest.raises(ValidationError) as refused:
        record_attendance(meeting=held, by=front_desk, now=held.starts_at, heads=everybody(held, "late"), expected=0)

    assert refused.value.code == "changed"


def test_writing_it_down_mails_nobody(held, front_desk):
    for said in ({"heads": everybody(held, "missed")}, {"called_off_by": Party.COUNSELOR}):
        record_attendance(meeting=held, by=front_desk, now=held.ends_at, **said)

    assert not Message.objects.exists()

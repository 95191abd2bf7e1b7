"""The past of a large practice, written in bulk by several connections: each test commits, and is cleaned up after."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from appointments.models import Consultation
from practice.calendar.models import Meeting, Participant, Status, WorkingHours
from practice.calendar.schedules import lies_in
from practice.people.models import CareRelationship, Client, Counselor
from practice.records.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)


def seed(**size):
    call_command("seed_demo", verbosity=0, **size)


def told():
    rows = Meeting.objects.order_by("reference").values_list("pk", "reference", "starts_at", "status", "service__slug")
    return list(rows)


def test_a_practice_has_as_many_past_meetings_as_asked_for():
    seed(counselors=3, meetings=1500)

    past = Meeting.objects.filter(ends_at__lte=timezone.now())
    assert past.count() == 1500
    assert {*past.values_list("counselor__slug", flat=True)} == {"ayu-pratiwi", "daeng-rahmat", "theresia-wulandari"}


def test_the_bulk_keeps_hours_holidays_and_what_the_database_copies():
    seed(counselors=2, meetings=1200)

    hours = {}
    for window in WorkingHours.objects.all():
        hours.setdefault(window.counselor_id, []).append(window)
    heads = list(Participant.objects.select_related("meeting__counselor"))
    assert len({head.meeting_id for head in heads}) == Meeting.objects.count()
    for head in heads:
        meeting = head.meeting
        assert (head.status, head.during.lower, head.during.upper) == (
            meeting.status,
            meeting.starts_at,
            meeting.ends_at,
        )
        assert lies_in(meeting, hours[meeting.counselor_id])
    days = {m.starts_at.astimezone(ZoneInfo(m.counselor.time_zone)).date() for m in (head.meeting for head in heads)}
    assert not {day for day in days if (day.month, day.day) in {(1, 1), (5, 1), (6, 1), (8, 17), (12, 25)}}


def test_the_bulk_leaves_what_real_meetings_would_have_left():
    seed(counselors=2, meetings=1200)

    consultations = Consultation.objects.filter(meeting__service__slug__in=["konsultasi", "konsultasi-awal"])
    of_kind = Meeting.objects.filter(service__slug__in=["konsultasi", "konsultasi-awal"])
    assert consultations.count() == of_kind.count()
    assert Consultation.objects.due(timezone.now()).count() < 20
    assert not Participant.objects.filter(client__created_at__gt=F("meeting__booked_at")).exists()
    for head in Participant.objects.exclude(status__in=[Status.CANCELLED, Status.REQUESTED]).select_related("meeting")[
        ::10
    ]:
        care = CareRelationship.objects.get(client=head.client_id, counselor=head.meeting.counselor_id)
        assert care.started_at <= head.meeting.booked_at
        assert care.ends_at >= head.meeting.ends_at + timedelta(days=30)


def test_more_months_make_a_longer_past():
    seed(counselors=2, months=9)

    earliest = Meeting.objects.earliest("starts_at").starts_at
    assert timedelta(days=260) < timezone.now() - earliest < timedelta(days=310)


def test_clients_beyond_the_usual_were_here_earlier():
    seed(counselors=2, clients=120, meetings=900)

    assert Client.objects.count() == 120
    assert Counselor.objects.count() == 2
    assert Client.objects.filter(participations=None).count() == 0


def test_reset_empties_everything_and_begins_anew():
    seed(counselors=2, meetings=600)
    before = told()

    seed(counselors=2, meetings=600, reset=True)

    assert told() == before
    assert AuditEvent.objects.filter(act="demo.made").count() == 1


def test_a_past_before_1990_is_refused_and_nothing_is_left():
    with pytest.raises(CommandError, match="1990"):
        seed(counselors=2, meetings=200_000)

    assert not Client.objects.exists()

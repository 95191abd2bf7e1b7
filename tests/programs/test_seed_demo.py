"""The demo practice: made once for this file, at the clock of the tests, and looked at from all sides."""

import json
import stat
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.db.models import F, Q

from appointments.models import Consultation
from practice.calendar.models import COMING, Closure, Meeting, Participant, Status
from practice.calendar.openings import Window
from practice.calendar.slots import Wish, find_openings
from practice.catalog.models import Location, Service
from practice.messages.models import Message
from practice.pages.models import HelpContact
from practice.people.accounts import STAFF
from practice.people.models import CareRelationship, Client, Consent, Counselor, Practice, Role, Topic, User
from practice.records.actions import read
from practice.records.models import AuditEvent, encrypted_fields
from programs.agreement.care import able_to_give
from programs.management.commands.seed_demo import Command
from programs.notes.chain import is_unchanged
from programs.notes.models import ProgressNote
from programs.plan.models import CloseReason, Plan, PlanStatus, Program
from programs.plan.models import Status as ProgramStatus
from programs.ruang_teduh import counselors, help, offer, questions
from programs.ruang_teduh.cast import CAST
from programs.ruang_teduh.making import Size, make_practice
from programs.sessions.thread import threads_of
from tests.factories import NOW, make_client

TODAY = date(2026, 11, 23)
BILINGUAL = [Closure, Counselor, HelpContact, Location, Service, Topic]


def make_demo(*, now=NOW, seed=1):
    return make_practice(size=Size(), seed=seed, passwords={}, now=now)


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    """The practice as it is on Monday morning. Tests only look at it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_demo()
        transaction.set_rollback(True)


def what_happens():
    """Every meeting with its people, in an order that does not depend on ids."""
    rows = Meeting.objects.order_by("starts_at", "counselor__slug", "participants__client__email").values_list(
        "pk", "reference", "starts_at", "booked_at", "status", "mode", "service__slug", "counselor__slug",
        "participants__client__email",
    )  # fmt: skip
    return list(rows)


def empty_the_database():
    """As --reset does, in the middle of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    Command().empty()


# --- Who is there ----------------------------------------------------------------------------------------------------


def test_everyone_of_the_cast_has_an_account_with_their_role(demo):
    for member in CAST:
        user = User.objects.get(email=member.email)

        assert user.name == member.name
        assert user.roles == {member.role}
        assert user.is_active


def test_clients_of_the_cast_have_a_record_and_counselors_a_profile(demo):
    for member in CAST:
        user = User.objects.get(email=member.email)
        assert user.clients.count() == (member.role == Role.CLIENT)
        assert Counselor.objects.filter(user=user).count() == (member.role == Role.COUNSELOR)


def test_without_credentials_nobody_has_a_password(demo):
    assert not [user.email for user in User.objects.all() if user.has_usable_password()]


def test_sari_has_never_been_here_and_comes_from_another_zone(demo):
    sari = Client.objects.get(user__email="sari@ruangteduh.example")

    assert {p.meeting.status for p in sari.participations.select_related("meeting")} == {Status.CONFIRMED}
    assert sari.time_zone == "Asia/Jayapura"


def test_a_client_who_is_not_of_age_has_a_guardian_who_agreed(demo):
    minors = [client for client in Client.objects.all() if client.is_minor(on=TODAY, adult_age=18)]

    assert minors
    assert all(client.guardian_name and client.guardian_consented_at for client in minors)
    assert all(client.consents.filter(purpose=Consent.Purpose.GUARDIAN).exists() for client in minors)


# --- What they read --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", BILINGUAL)
def test_no_text_is_missing_in_either_language(demo, model):
    names = [f.name for f in model._meta.concrete_fields if f.name.endswith(("_id", "_en")) and not f.is_relation]
    names = [name for name in names if isinstance(model._meta.get_field(name), models.CharField | models.TextField)]

    assert names
    for row in model.objects.all():
        assert [name for name in names if not getattr(row, name).strip()] == [], row


def test_every_text_fits_its_field(demo):
    for model in [*BILINGUAL, Practice]:
        for row in model.objects.all():
            row.clean_fields()


def test_a_counselor_says_how_they_work_in_at_most_60_words(demo):
    for counselor in Counselor.objects.all():
        assert len(counselor.approach_id.split()) <= 60
        assert len(counselor.approach_en.split()) <= 60


def test_indonesian_is_calm_and_says_anda():
    said = [
        *(text for p in counselors.PROFILES for text in (p.approach_id, p.first_session_id)),
        *(text for pair in [*counselors.APPROACHES, *counselors.FIRST_SESSIONS] for text in pair[:1]),
        *(str(text) for fields in offer.SERVICES for name, text in fields.items() if name.endswith("_id")),
        *(fields["directions_id"] for fields, _rooms in offer.PLACES.values()),
        *(str(text) for fields, _days in help.CONTACTS for name, text in fields.items() if name.endswith("_id")),
        *(q.advice for q in questions.QUESTIONS["id"]),
        *(offer.HOW_TO_PAY["how_to_pay_id"], questions.BEGINNING["id"]),
    ]

    for text in said:
        words = text.lower().replace(",", " ").replace(".", " ").split()
        assert {"kamu", "kalian", "pasien", "silakan", "harus", "wajib"}.isdisjoint(words), text
        assert "!" not in text


def test_help_contacts_cover_every_level_and_were_checked_lately(demo):
    contacts = list(HelpContact.objects.all())

    assert {contact.level for contact in contacts} == set(HelpContact.Level.values)
    assert all(timedelta(0) < TODAY - contact.checked_on < timedelta(days=14) for contact in contacts)


# --- What is set up --------------------------------------------------------------------------------------------------


def test_the_practice_is_closed_on_the_public_holidays_of_this_year_and_the_next(demo):
    closed = dict(Closure.objects.values_list("starts_on", "name_en"))

    assert closed[date(2026, 12, 25)] == "Christmas Day"
    assert closed[date(2027, 8, 17)] == "Independence Day"


def test_there_are_services_of_every_kind_and_one_by_request(demo):
    assert Counter(Service.objects.values_list("kind", flat=True)) == {
        "consultation": 2,
        "initial_consultation": 1,
        "program_session": 1,
        "assessment": 1,
        "follow_up": 1,
    }
    assert Service.objects.public().filter(approval="request").count() == 1
    assert not Service.objects.public().filter(counselors=None).exists()


def test_every_licence_is_valid_and_one_expires_soon(demo):
    expiries = sorted(Counselor.objects.exclude(licences=None).values_list("licences__expires_on", flat=True))

    assert TODAY < expiries[0] < TODAY + timedelta(days=30)
    assert expiries[1] > TODAY + timedelta(days=90)


# --- What happens ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_seed_and_day_give_the_same_practice_and_another_seed_another():
    make_demo()
    told = what_happens()

    empty_the_database()
    make_demo()
    again = what_happens()
    empty_the_database()
    make_demo(seed=2)
    other = what_happens()

    assert again == told
    assert {row[1] for row in other}.isdisjoint({row[1] for row in told})


@pytest.mark.django_db
def test_the_hour_of_the_day_changes_only_what_is_over_by_then():
    evening = NOW + timedelta(hours=12)
    make_demo()
    morning = {row[0]: row for row in what_happens()}

    empty_the_database()
    make_demo(now=evening)

    later = {row[0]: row for row in what_happens()}
    changed = [pk for pk in morning if morning[pk] != later[pk]]
    assert later.keys() == morning.keys()
    assert changed
    for pk in changed:
        assert morning[pk][:4] == later[pk][:4]
        assert (morning[pk][4], later[pk][4] in COMING) == (Status.CONFIRMED, False)


def test_what_is_over_has_an_ending_and_what_is_to_come_has_none(demo):
    over, to_come = Meeting.objects.filter(ends_at__lte=NOW), Meeting.objects.filter(ends_at__gt=NOW)

    assert not over.filter(status__in=COMING).exists()
    assert not to_come.filter(status__in=[Status.ATTENDED, Status.MISSED]).exists()
    assert {*over.values_list("status", flat=True)} == {Status.ATTENDED, Status.MISSED, Status.CANCELLED}
    assert not Meeting.objects.filter(status=Status.CANCELLED, ended_by="").exists()
    assert Meeting.objects.filter(status=Status.CANCELLED, is_late=True).exists()
    assert not Meeting.objects.filter(Q(booked_at__gt=NOW) | Q(changed_at__gt=NOW) | Q(booked_at__gt=F("changed_at")))


def test_every_coming_meeting_keeps_the_rules_of_the_practice(demo):
    coming = Meeting.objects.coming(NOW).for_listing()

    assert len(coming) > 80
    for meeting in coming:
        wish = Wish(service=meeting.service, mode=meeting.mode, ignoring=(meeting.pk,), follows_notice=False)
        window = Window.between(meeting.starts_at, meeting.starts_at + timedelta(minutes=5))
        openings = find_openings(wish, [meeting.counselor], window, now=NOW - timedelta(days=1))
        assert openings.starts_of(meeting.counselor_id) == [meeting.starts_at], meeting
        if meeting.room_id:
            rooms = {room for room, _place, free in openings.rooms[meeting.counselor_id] if free}
            assert meeting.room_id in rooms


def test_participants_have_the_time_and_status_of_their_meeting(demo):
    heads = Participant.objects.select_related("meeting")

    assert len({head.meeting_id for head in heads}) == Meeting.objects.count()
    assert all(head.status == head.meeting.status for head in heads)
    assert all(
        (head.during.lower, head.during.upper) == (head.meeting.starts_at, head.meeting.ends_at) for head in heads
    )


@pytest.mark.parametrize("slug", ["ayu-pratiwi", "daeng-rahmat"])
def test_today_and_the_coming_days_are_full_of_work(demo, slug):
    counselor = Counselor.objects.get(slug=slug)
    zone = ZoneInfo(counselor.time_zone)
    starts = counselor.meetings.filter(status__in=COMING).values_list("starts_at", flat=True)
    per_day = Counter(start.astimezone(zone).date() for start in starts)
    closed = set(Closure.objects.values_list("starts_on", flat=True))

    days = [TODAY + timedelta(days=number) for number in range(14)]
    assert all(per_day[day] >= 2 for day in days if day.weekday() < 5 and day not in closed)


def test_some_clients_wait_for_an_answer(demo):
    waiting = Meeting.objects.filter(status=Status.REQUESTED)

    assert waiting.count() == 3
    assert all(NOW < meeting.answer_due_at <= NOW + timedelta(hours=24) for meeting in waiting)
    assert Meeting.objects.filter(status=Status.CANCELLED, starts_at__gt=NOW).exists()


def test_counselors_care_for_those_who_come_to_them(demo):
    heads = Participant.objects.filter(status__in=[Status.CONFIRMED, Status.ATTENDED, Status.MISSED])
    for head in heads.select_related("meeting"):
        care = CareRelationship.objects.get(client=head.client_id, counselor=head.meeting.counselor_id)
        assert care.started_at <= head.meeting.booked_at
        assert care.ends_at >= head.meeting.ends_at + timedelta(days=30)


def test_every_booking_left_its_traces(demo):
    booked = AuditEvent.objects.filter(act__in=["meeting.confirmed", "meeting.requested"])
    online = Consultation.objects.select_related("meeting")

    assert {*booked.values_list("object_id", flat=True)} == {
        str(pk) for pk in Meeting.objects.values_list("pk", flat=True)
    }
    assert not booked.filter(client_id=None).exists()
    assert {each.meeting_id for each in online} == {
        *Meeting.objects.filter(service__kind__in=["consultation", "initial_consultation"]).values_list("pk", flat=True)
    }
    assert Consent.objects.filter(purpose="booking").count() == len(online)


def test_most_past_consultations_have_an_outcome_and_the_latest_still_wait_for_it(demo):
    attended = Consultation.objects.filter(meeting__status=Status.ATTENDED)
    written = attended.filter(recorded_at__isnull=False)

    assert written.count() > 20
    assert written.filter(next_step="").count() == 0
    assert all(each.meeting.ends_at > NOW - timedelta(days=3) for each in attended.filter(recorded_at=None))


def test_clients_were_known_before_they_booked(demo):
    assert not Participant.objects.filter(client__created_at__gt=F("meeting__booked_at")).exists()


def test_no_message_waits_to_be_sent(demo):
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 12, 24, 23, 30, tzinfo=UTC),  # Christmas morning in Jakarta
        datetime(2027, 1, 1, 3, tzinfo=UTC),
        datetime(2027, 2, 27, 16, 59, tzinfo=UTC),  # a Saturday, a minute before midnight in Jakarta
        datetime(2028, 2, 29, 9, tzinfo=UTC),
    ],
)
@pytest.mark.django_db
def test_the_demo_can_be_made_on_any_day(now):
    make_demo(now=now)

    assert Meeting.objects.coming(now).count() > 40
    assert Meeting.objects.filter(ends_at__lte=now, status=Status.ATTENDED).count() > 50


# --- The command -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_question_is_stored_encrypted_and_its_counselor_can_read_it():
    make_demo()
    rina = Client.objects.get(user__email="rina@ruangteduh.example")
    counselor = User.objects.get(email="ayu@ruangteduh.example")

    with connection.cursor() as cursor:
        cursor.execute("SELECT question, advice FROM appointments_consultation")
        stored = b"".join(bytes(text) for row in cursor.fetchall() for text in row if text is not None)
    [consultation] = read(Consultation.objects.filter(client=rina), by=counselor, reason="test")

    assert consultation.question == questions.RINA.text
    assert consultation.advice == questions.RINA.advice
    for question in [*questions.QUESTIONS["id"], questions.RINA]:
        assert question.text.encode()[:12] not in stored
        assert question.advice.encode()[:12] not in stored


@pytest.mark.django_db
def test_credentials_hold_every_login_and_passwords_of_the_staff_alone(tmp_path):
    file = tmp_path / "logins.json"

    call_command("seed_demo", credentials=file, verbosity=0)

    logins = {login["email"]: login for login in json.loads(file.read_text())}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [*logins] == [member.email for member in CAST]
    assert {e for e, login in logins.items() if "password" in login} == {m.email for m in CAST if m.role in STAFF}
    for member in CAST:
        login = logins[member.email]
        assert (login["name"], login["role"]) == (member.name, member.role)
    dewi = User.objects.get(email="dewi@ruangteduh.example")
    assert dewi.check_password(logins[dewi.email]["password"])


@pytest.mark.django_db
def test_a_real_practice_gets_no_passwords(tmp_path, settings):
    settings.DEMO = False
    file = tmp_path / "logins.json"

    call_command("seed_demo", credentials=file, verbosity=0)

    assert not [login for login in json.loads(file.read_text()) if "password" in login]
    assert not [user for user in User.objects.all() if user.has_usable_password()]


@pytest.mark.django_db
def test_a_database_that_is_not_empty_is_refused_and_stays_as_it_was():
    make_client(name="Somebody real")

    with pytest.raises(CommandError, match="not empty"):
        call_command("seed_demo", verbosity=0)

    assert [client.preferred_name for client in Client.objects.all()] == ["Somebody real"]
    assert not Practice.objects.exists()


@pytest.mark.django_db
def test_a_second_seeding_is_refused():
    call_command("seed_demo", verbosity=0)
    told = what_happens()

    with pytest.raises(CommandError, match="not empty"):
        call_command("seed_demo", verbosity=0)

    assert what_happens() == told


@pytest.mark.django_db
def test_only_the_embedded_database_can_be_reset(settings):
    settings.EMBEDDED = False
    make_client(name="Somebody real")

    with pytest.raises(CommandError, match="embedded"):
        call_command("seed_demo", reset=True, verbosity=0)

    assert Client.objects.count() == 1


@pytest.mark.parametrize(
    "size",
    [
        {"counselors": 1},
        {"clients": 11},
        {"months": 0},
        {"meetings": -1},
        {"counselors": 6, "clients": 20, "meetings": 1000},
        {"credentials": Path("/nowhere/at/all.json")},
    ],
)
@pytest.mark.django_db
def test_a_practice_that_cannot_be_is_refused(size):
    with pytest.raises(CommandError):
        call_command("seed_demo", **size, verbosity=0)

    assert not Practice.objects.exists()


def test_programs_stand_at_every_point_of_their_life(demo):
    assert {status for status in ProgramStatus if status != ProgramStatus.AGREED} <= set(
        Program.objects.values_list("status", flat=True)
    )
    assert Program.objects.filter(members__position=2).exists(), "a couple"
    shared = Program.objects.get(members__position=2, co_counselors__isnull=False)
    helper = shared.co_counselors.get()
    assert shared in Program.objects.for_counselor(helper.user), "a couple with two counselors"
    assert helper in able_to_give([shared.service_id])
    assert Plan.objects.filter(cause=Plan.Cause.EXTENSION, status=PlanStatus.SIGNED).exists()
    assert Program.objects.filter(status=ProgramStatus.CLOSED, close_reason=CloseReason.GOALS_REACHED).exists()


def test_every_thread_adds_up_to_its_plan(demo):
    for program, thread in zip(Program.objects.all(), threads_of(Program.objects.all()).values(), strict=True):
        if thread.plan:
            assert len(thread) == thread.plan.planned_sessions, program
            assert thread.done + thread.open + thread.forfeited + thread.released == len(thread)


def test_sessions_to_come_keep_the_distance_of_their_program(demo):
    coming = Meeting.objects.filter(series__isnull=False, status__in=COMING).order_by("series", "starts_at")
    pairs = [(a, b) for a, b in pairwise(coming) if a.series == b.series]

    assert len(pairs) > 5
    assert all(later.starts_at - earlier.starts_at >= later.series_gap for earlier, later in pairs)


def test_signed_notes_of_the_demo_are_unchanged(demo):
    notes = list(ProgressNote.objects.signed().select_related("program")[:20])
    for note in notes:  # the fixture's transaction leaves no room for a durable one: open them without the trail
        for field in encrypted_fields(ProgressNote):
            setattr(note, field.attname, field.opened(note))

    assert len(notes) == 20
    assert all(is_unchanged(note, []) for note in notes)


def test_who_is_in_an_open_program_is_in_care(demo):
    for program in Program.objects.under_way():
        for member in program.members.all():
            care = CareRelationship.objects.current(NOW)
            assert care.filter(client=member.client_id, counselor=program.counselor_id).exists()


def test_the_demo_shows_notes_that_wait_for_the_supervisor_and_notes_that_she_signed(demo):
    ratna = User.objects.get(email="ratna@ruangteduh.example")
    waiting = ProgressNote.objects.awaiting(ratna)
    signed = ProgressNote.objects.signed().filter(signed_by=ratna)

    assert 1 <= waiting.count() <= 6
    assert signed.exists()
    for note in [*waiting, *signed]:
        assert note.author.email == "daeng@ruangteduh.example"
        assert "supervision" in note.program.plans.get(number=1).consents_required
    assert not ProgressNote.objects.signed().filter(author__email="daeng@ruangteduh.example", signed_by=F("author"))


def test_the_supervisor_of_the_demo_finds_programs_of_the_casts_counselors(demo):
    ratna = User.objects.get(email="ratna@ruangteduh.example")

    led_by = set(Program.objects.visible_to(ratna).values_list("counselor__slug", flat=True))

    assert len(led_by) == 2

"""The editor, the page that signs, reading, co-signing and process notes, as people use them."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from practice.calendar.models import Participant, Status
from practice.people.models import CareRelationship, Consent, Role, Supervision
from practice.records.actions import destroy_key
from programs.between.models import Card, SessionPlan, TaskReport, Topic
from programs.goals.models import Goal, GoalSet
from programs.notes.models import Addendum, NoteStatus, ProcessNote, ProgressNote
from programs.plan.models import Program
from tests.factories import (
    NOW,
    make_attempt,
    make_client,
    make_counselor,
    make_goal,
    make_practice,
    make_program,
    make_supervision,
    make_user,
)

HOUR = timedelta(hours=1)
WHOLE = {
    "revision": "0",
    "format": "dap",
    "part_data": "KANARI-DATA",
    "risk": "KANARI-RISIKO",
    "no_goals": "on",
    "no_task": "on",
}


@pytest.fixture(autouse=True)
def clock(db):
    make_practice()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def couple(db):
    return [make_client(name=name, user=make_user(Role.CLIENT, name=name)) for name in ("Rina", "Budi")]


@pytest.fixture
def program(couple, ayu):
    """A couple's program: session 1 was held, session 2 has just ended and nobody wrote down who came."""
    program = make_program(counselor=ayu, clients=couple, sessions=4, goals=2)
    make_attempt(program, 1, starts_at=NOW - 48 * HOUR, status=Status.ATTENDED)
    make_attempt(program, 2, starts_at=NOW - 2 * HOUR)
    make_attempt(program, 3, starts_at=NOW + 24 * HOUR)
    return program


@pytest.fixture
def as_ayu(client, ayu):
    client.force_login(ayu.user)
    return client


def to(name, program, number):
    return reverse(name, args=[program.sessions.get(number=number).pk])


def enter(client, person):
    client.force_login(getattr(person, "user", person))
    return client


def text_of(answer):
    return answer.content.decode()


def signed(client, program, number=1):
    client.post(to("note", program, number), WHOLE)
    client.post(to("note_sign", program, number), {"revision": "1"})
    return ProgressNote.objects.get(session__number=number, status=NoteStatus.SIGNED)


# --- Writing


def test_a_note_opens_with_what_was_planned_and_what_came_before(as_ayu, program, couple):
    session = program.sessions.get(number=2)
    signed(as_ayu, program)
    SessionPlan.objects.create(session=session, text="KANARI-RENCANA", written_at=NOW)
    Topic.objects.create(session=session, client=couple[0], position=1, text="KANARI-TOPIK", written_at=NOW)
    Card.objects.create(session=program.sessions.get(number=1), task="KANARI-TUGAS", shared_at=NOW, written_at=NOW)

    page = text_of(as_ayu.get(to("note", program, 2)))

    for words in ("KANARI-RENCANA\nKANARI-TOPIK", "KANARI-TUGAS", "KANARI-DATA", "Tidur sebelum pukul 23.00"):
        assert words in page
    assert not ProgressNote.objects.filter(session=session).exists()


def test_a_draft_is_saved_and_found_again(as_ayu, program, couple):
    goal = Goal.objects.get(position=2)
    person = f"person_{couple[0].pk.hex}"
    as_ayu.post(
        to("note", program, 1), WHOLE | {"goals": [goal.pk], person: "KANARI-SENDIRI", "card_done": "KANARI-KARTU"}
    )

    page = text_of(as_ayu.get(to("note", program, 1)))

    for words in (
        "KANARI-DATA",
        "KANARI-RISIKO",
        "KANARI-SENDIRI",
        "KANARI-KARTU",
        f'value="{goal.pk}" id="id_goals_1" checked',
    ):
        assert words in page
    assert Card.objects.get().shared_at is None


def test_the_editor_shows_nothing_of_another_program_and_no_goal_that_is_not_agreed(as_ayu, program, ayu):
    other = make_program(counselor=ayu, goals=1)
    make_goal(other.goal_sets.get(), position=2, words="KANARI-LAIN")
    make_goal(GoalSet.objects.create(program=program, number=2), words="KANARI-NANTI")
    make_attempt(other, 1, starts_at=NOW - 6 * HOUR, status=Status.ATTENDED)
    signed(as_ayu, other)

    page = as_ayu.get(to("note", program, 1))

    assert len(page.context["desk"].goals) == 2
    assert "KANARI" not in text_of(page)


def test_the_editor_shows_no_draft_of_a_colleague_nor_what_belongs_to_another_session(as_ayu, client, program, couple):
    enter(client, co_counselor(program))
    client.post(to("note", program, 1), WHOLE | {f"person_{each.pk.hex}": "KANARI-SENDIRI" for each in couple})
    session = program.sessions.get(number=3)
    Topic.objects.create(session=session, client=couple[0], position=1, text="KANARI-TOPIK", written_at=NOW)
    TaskReport.objects.create(session=session, client=couple[0], outcome="not", obstacle="KANARI", reported_at=NOW)
    enter(client, program.counselor).post(to("note", program, 2), {"revision": "0", "format": "dap"})

    page = text_of(as_ayu.get(to("note", program, 2)))

    assert ProgressNote.objects.count() == 2
    assert "KANARI" not in page


def test_each_session_has_a_card_of_its_own(as_ayu, program):
    first, second = program.sessions.filter(number__lte=2).order_by("number")
    Card.objects.create(session=first, task="KANARI-TUGAS", shared_at=NOW, written_at=NOW)

    as_ayu.post(to("note", program, 2), WHOLE | {"card_done": "Napas"})

    assert Card.objects.get(session=second).shared_at is None


def test_what_was_written_of_somebody_who_was_erased_stands_in_nobodys_way(as_ayu, program, couple):
    rina, budi = couple
    parts = {f"person_{rina.pk.hex}": "KANARI-RINA", f"person_{budi.pk.hex}": "KANARI-BUDI"}
    as_ayu.post(to("note", program, 1), WHOLE | parts)
    destroy_key(holder=rina, by=make_user(Role.DATA_OFFICER), reason="asked", now=NOW)

    pages = [to("note", program, 1), to("note_sign", program, 1), ProgressNote.objects.get().get_absolute_url()]

    for page in map(as_ayu.get, pages):
        assert page.status_code == 200
        assert "KANARI-BUDI" in text_of(page)
        assert "KANARI-RINA" not in text_of(page)


def test_a_format_is_changed_without_losing_text(as_ayu, program):
    as_ayu.post(to("note", program, 1), WHOLE | {"part_plan": "Rencana", "do": "format:soap"})

    page = as_ayu.get(to("note", program, 1))

    assert page.context["form"]["part_subjective"].value() == "KANARI-DATA"
    assert page.context["form"]["part_plan"].value() == "Rencana"


def test_who_came_is_written_down_with_the_note(as_ayu, program):
    heads = {f"head-{head.pk}": "attended" for head in Participant.objects.filter(meeting__attempt__session__number=2)}
    where = to("note", program, 2)
    version = as_ayu.get(where).context["attendance"]["version"].value()

    as_ayu.post(where, WHOLE | heads | {"version": version, "called_off": "", "card_done": "x", "do": "share"})

    note = ProgressNote.objects.get()
    assert note.meeting.status == Status.ATTENDED
    assert Card.objects.get().shared_at == NOW


def test_a_session_that_did_not_take_place_needs_no_note(as_ayu, program):
    where = to("note", program, 2)
    version = as_ayu.get(where).context["attendance"]["version"].value()

    answer = as_ayu.post(where, WHOLE | {"version": version, "called_off": "called_off_by_client"})

    assert answer.headers["Location"] == reverse("program", args=[program.pk])
    assert ProgressNote.objects.get().meeting.status == Status.CANCELLED


def test_what_is_wrong_with_the_card_leaves_the_note_unsaved_and_typed(as_ayu, program):
    answer = as_ayu.post(to("note", program, 2), WHOLE | {"card_done": "KANARI-KARTU", "do": "share"})

    assert answer.status_code == 422
    assert "KANARI-KARTU" in text_of(answer)
    assert not ProgressNote.objects.exists()
    assert answer.context["form"]["revision"].value() == "0"


def test_a_note_of_a_session_to_come_leads_back_to_the_program(as_ayu, program):
    for number in (3, 4):
        assert as_ayu.get(to("note", program, number)).headers["Location"] == reverse("program", args=[program.pk])


def test_a_co_counselor_does_not_see_a_draft_but_who_writes_it(as_ayu, program, client):
    as_ayu.post(to("note", program, 1), WHOLE)
    other = make_counselor(name="Daeng Tata")
    program.co_counselors.add(other)
    CareRelationship.objects.create(
        client=program.members.first().client, counselor=other, started_at=NOW, ends_at=NOW, is_kept_open=True
    )

    answer = enter(client, other).get(to("note", program, 1), follow=True)

    assert "Ayu Pratiwi" in text_of(answer)
    assert "KANARI" not in text_of(answer)
    assert client.get(ProgressNote.objects.get().get_absolute_url()).status_code == 404


# --- The draft that the script saves


def test_the_draft_is_saved_by_script_and_answers_with_its_revision(as_ayu, program):
    first = as_ayu.post(to("note_draft", program, 1), WHOLE)
    second = as_ayu.post(to("note_draft", program, 1), WHOLE | {"revision": "1"})

    assert first.json() == {"revision": 1, "message": "Tersimpan 08.00"}
    assert second.json()["revision"] == 2


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"revision": "7"}, 409),
        ({"revision": ""}, 422),
        ({"revision": "x"}, 422),
        ({"risk": "x" * 20_001}, 422),
        ({"risk": "a\0b"}, 422),
        ({"goals": ["nonsense"]}, 422),
    ],
)
def test_a_draft_that_cannot_be_kept_is_answered_in_words(as_ayu, program, change, status):
    answer = as_ayu.post(to("note_draft", program, 1), WHOLE | change)

    assert answer.status_code == status
    assert answer.json()["message"]
    assert "revision" not in answer.json()
    assert not ProgressNote.objects.exists()


def test_more_than_we_take_is_refused_in_words(as_ayu, program, settings):
    text = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    answer = as_ayu.post(to("note", program, 1), WHOLE | {"part_data": text})

    assert answer.status_code == 413
    assert not ProgressNote.objects.exists()


def test_a_megabyte_is_shown_again_beside_what_is_wrong(as_ayu, program):
    long = "KANARI" * 170_000
    answer = as_ayu.post(to("note", program, 1), WHOLE | {"part_data": long})

    assert answer.status_code == 422
    assert long in text_of(answer)


def test_the_draft_of_a_signed_note_is_refused(as_ayu, program):
    signed(as_ayu, program)

    answer = as_ayu.post(to("note_draft", program, 1), WHOLE | {"revision": "2"})

    assert answer.status_code == 422
    assert "ditandatangani" in answer.json()["message"]


# --- Two tabs


def test_two_tabs_meet_on_a_page_that_keeps_both_texts(as_ayu, program):
    where = to("note", program, 1)
    as_ayu.post(where, WHOLE | {"part_data": "Tab satu"})

    answer = as_ayu.post(where, WHOLE | {"part_data": "Tab dua"})

    assert answer.status_code == 409
    assert "Tab satu" in text_of(answer)
    assert answer.context["form"]["part_data"].value() == "Tab dua"
    assert [other["text"] for other in answer.context["others"]] == ["Tab satu"]
    as_ayu.post(where, WHOLE | {"part_data": "Keduanya", "revision": answer.context["form"]["revision"].value()})
    assert as_ayu.get(where).context["form"]["part_data"].value() == "Keduanya"


# --- What was typed while the note was closed

TYPED = WHOLE | {"part_data": "KANARI-KETIKAN", "card_done": "KANARI-KARTU-BARU"}


def hold_back(answer):
    """The page that gives back what was typed; nobody keeps it but the page."""
    page = text_of(answer)
    assert answer.status_code == 422
    assert "no-store" in answer.headers["Cache-Control"]
    for words in ("KANARI-KETIKAN", "KANARI-RISIKO", "KANARI-KARTU-BARU"):
        assert words in page
    assert "data-draft" not in page
    return page


def co_counselor(program):
    other = make_counselor(name="Daeng Tata")
    program.co_counselors.add(other)
    CareRelationship.objects.create(
        client=program.members.first().client, counselor=other, started_at=NOW, ends_at=NOW, is_kept_open=True
    )
    return other


def record(meeting, client, word):
    """The desk writes down that nobody came, or that somebody called the session off."""
    heads = {} if word.startswith("called") else {f"head-{head.pk}": word for head in meeting.participants.all()}
    called_off = {"called_off": word if word.startswith("called") else ""}
    where = reverse("desk_attendance", args=[meeting.pk])
    return enter(client, make_user(Role.FRONT_DESK)).post(where, heads | called_off | {"version": meeting.version})


def test_text_typed_into_a_note_that_was_signed_meanwhile_is_given_back(as_ayu, program):
    note = signed(as_ayu, program)

    page = hold_back(as_ayu.post(to("note", program, 1), TYPED | {"revision": "1"}))

    assert note.get_absolute_url() in page
    assert "tambahkan sebagai keterangan" in page
    assert ProgressNote.objects.get().revision == 2


def test_text_typed_into_a_note_that_was_handed_in_meanwhile_is_given_back(as_ayu, program, ayu):
    make_supervision(ayu)
    as_ayu.post(to("note", program, 1), WHOLE)
    as_ayu.post(to("note_sign", program, 1), {"revision": "1"})

    page = hold_back(as_ayu.post(to("note", program, 1), TYPED | {"revision": "1"}))

    assert ProgressNote.objects.get().get_absolute_url() in page


def test_text_typed_into_the_note_of_somebody_quicker_is_given_back_and_theirs_is_not_shown(as_ayu, client, program):
    as_ayu.post(to("note", program, 1), WHOLE)

    page = hold_back(enter(client, co_counselor(program)).post(to("note", program, 1), TYPED))

    assert "Ayu Pratiwi" in page
    assert "KANARI-DATA" not in page
    assert ProgressNote.objects.get().get_absolute_url() not in page


@pytest.mark.parametrize("word", ["missed", "called_off_by_client"])
def test_text_typed_while_the_desk_wrote_down_that_nobody_came_is_given_back(as_ayu, client, program, ayu, word):
    where = to("note", program, 2)
    as_ayu.post(where, WHOLE)
    meeting = ProgressNote.objects.get().meeting
    assert record(meeting, client, word).status_code == 302

    page = hold_back(enter(client, ayu).post(where, TYPED | {"revision": "1"}))
    told = client.post(to("note_draft", program, 2), TYPED | {"revision": "1"}).json()["message"]

    assert reverse("attendance", args=[meeting.pk]) in page
    assert "tidak terlaksana" in page
    assert "tidak terlaksana" in told
    assert "tidak terlaksana" in text_of(client.get(where, follow=True))


def test_whoever_only_held_the_session_gets_their_text_back_too(as_ayu, client, program, ayu):
    pass_on(program)
    where = to("note", program, 2)
    record(program.sessions.get(number=2).attempts.get().meeting, client, "missed")

    assert enter(client, ayu).get(where).status_code == 404
    hold_back(client.post(where, TYPED))
    assert enter(client, make_counselor()).post(where, TYPED).status_code == 404


def test_whoever_called_off_a_session_that_somebody_else_holds_now_is_shown_nothing_of_it(as_ayu, client, program, ayu):
    record(program.sessions.get(number=2).attempts.get().meeting, client, "called_off_by_counselor")
    program.counselor = pass_on(program)
    session = make_attempt(program, 2, starts_at=NOW - HOUR, status=Status.ATTENDED).session
    SessionPlan.objects.create(session=session, text="KANARI-RENCANA", written_at=NOW)

    page = hold_back(enter(client, ayu).post(to("note", program, 2), TYPED))

    assert "KANARI-RENCANA" not in page
    assert "Sari Lubis" in page
    assert client.get(to("note", program, 2)).status_code == 404


def test_text_typed_before_the_session_begins_is_given_back(as_ayu, program):
    other = signed(as_ayu, program)

    page = hold_back(as_ayu.post(to("note", program, 3), TYPED))

    assert "setelah sesi mulai" in page
    assert other.get_absolute_url() not in page


def test_the_draft_of_a_session_that_did_not_take_place_stays_with_its_author(as_ayu, client, program, ayu):
    as_ayu.post(to("note", program, 2), WHOLE)
    note = ProgressNote.objects.get()
    record(note.meeting, client, "missed")
    listed = reverse("notes", args=[program.pk])

    assert note.get_absolute_url() in text_of(enter(client, ayu).get(listed))
    page = text_of(client.get(note.get_absolute_url()))
    assert "KANARI-DATA" in page
    assert to("note", program, 2) not in page
    assert note.get_absolute_url() not in text_of(enter(client, co_counselor(program)).get(listed))


# --- Signing


def test_the_page_that_signs_says_what_is_missing_and_what_will_be_locked(as_ayu, program):
    as_ayu.post(to("note", program, 2), WHOLE | {"risk": "", "no_task": "", "do": "sign"})

    page = as_ayu.get(to("note_sign", program, 2))

    assert len(page.context["missing"]) == 3
    assert "KANARI-DATA" in text_of(page)
    assert as_ayu.post(to("note_sign", program, 2), {"revision": "1"}).status_code == 422
    assert ProgressNote.objects.get().status == NoteStatus.DRAFT


def test_signing_twice_is_one_signature(as_ayu, program):
    note = signed(as_ayu, program)

    again = as_ayu.post(to("note_sign", program, 1), {"revision": "1"})
    editor = as_ayu.get(to("note", program, 1))

    assert again.headers["Location"] == editor.headers["Location"] == note.get_absolute_url()
    assert ProgressNote.objects.get(pk=note.pk).hash == note.hash


def test_what_was_saved_after_the_page_was_shown_is_not_signed(as_ayu, program):
    as_ayu.post(to("note", program, 1), WHOLE)
    as_ayu.post(to("note", program, 1), WHOLE | {"revision": "1", "part_data": "Lain"})

    assert as_ayu.post(to("note_sign", program, 1), {"revision": "1"}).status_code == 422
    assert ProgressNote.objects.get().status == NoteStatus.DRAFT


def test_a_signed_note_takes_addenda_only(as_ayu, program):
    note = signed(as_ayu, program)
    where = reverse("note_addendum", args=[note.pk])

    assert as_ayu.post(where, {"text": "KANARI-TAMBAH", "reason": ""}).status_code == 422
    as_ayu.post(where, {"text": "KANARI-TAMBAH", "reason": "Terlewat"})
    page = as_ayu.get(note.get_absolute_url())

    assert "KANARI-TAMBAH" in text_of(page)
    assert page.context["is_unchanged"]
    assert Addendum.objects.count() == 1


# --- Co-signing


def test_a_supervisor_returns_and_then_co_signs(as_ayu, client, program, ayu):
    supervisor = make_supervision(ayu).supervisor
    as_ayu.post(to("note", program, 1), WHOLE)
    as_ayu.post(to("note_sign", program, 1), {"revision": "1"})
    note = ProgressNote.objects.get()
    co_sign = reverse("note_co_sign", args=[note.pk])

    listed = enter(client, supervisor).get(reverse("co_signing"))
    assert "Rina, Budi" in text_of(listed)
    assert "KANARI-DATA" in text_of(client.get(note.get_absolute_url()))
    assert client.post(co_sign, {"do": "return", "comments": "", "revision": "2"}).status_code == 422
    client.post(co_sign, {"do": "return", "comments": "KANARI-KOMENTAR", "revision": "2"})
    assert "KANARI-KOMENTAR" in text_of(enter(client, ayu).get(to("note", program, 1)))
    client.post(to("note", program, 1), WHOLE | {"revision": "3"})
    client.post(to("note_sign", program, 1), {"revision": "4"})
    enter(client, supervisor).post(co_sign, {"do": "sign", "revision": "5"})

    note.refresh_from_db()
    assert (note.status, note.signed_by) == (NoteStatus.SIGNED, supervisor)
    assert client.post(co_sign, {"do": "sign", "revision": "5"}).headers["Location"] == note.get_absolute_url()


@pytest.fixture
def handed_in(as_ayu, program, ayu):
    """Ayu's note on session 1, with her supervisor, as revision 2."""
    make_supervision(ayu)
    as_ayu.post(to("note", program, 1), WHOLE)
    as_ayu.post(to("note_sign", program, 1), {"revision": "1"})
    return ProgressNote.objects.get()


def test_a_note_that_waits_is_taken_back_by_its_author_alone(as_ayu, client, program, ayu, handed_in):
    where = reverse("note_take_back", args=[handed_in.pk])
    supervisor = ayu.supervisions.get().supervisor

    for person in (supervisor, co_counselor(program), make_user(Role.MANAGER)):
        assert enter(client, person).post(where).status_code == 404
    answer = enter(client, ayu).post(where)

    assert answer.headers["Location"] == to("note", program, 1)
    assert ProgressNote.objects.get().status == NoteStatus.RETURNED
    assert client.post(where).headers["Location"] == handed_in.get_absolute_url()


def test_what_was_changed_since_the_supervisor_saw_it_is_not_co_signed(as_ayu, client, program, ayu, handed_in):
    supervisor = ayu.supervisions.get().supervisor
    as_ayu.post(reverse("note_take_back", args=[handed_in.pk]))
    as_ayu.post(to("note", program, 1), WHOLE | {"revision": "3", "part_data": "Lain"})
    as_ayu.post(to("note_sign", program, 1), {"revision": "4"})
    co_sign = reverse("note_co_sign", args=[handed_in.pk])

    for do in ({"do": "sign"}, {"do": "return", "comments": "x"}):
        answer = enter(client, supervisor).post(co_sign, do | {"revision": "2"})
        assert answer.status_code == 422
    assert ProgressNote.objects.get().status == NoteStatus.SUBMITTED
    assert client.post(co_sign, {"do": "sign", "revision": "5"}).status_code == 302
    assert ProgressNote.objects.get().is_signed


def test_a_supervisor_who_does_not_co_sign_is_not_asked_to(client, ayu, handed_in):
    other = make_supervision(ayu, co_signs=False).supervisor

    page = enter(client, other).get(handed_in.get_absolute_url())
    enter(client, other).post(
        reverse("note_co_sign", args=[handed_in.pk]), {"do": "sign", "revision": handed_in.revision}
    )

    assert not page.context["may_co_sign"]
    assert ProgressNote.objects.get().status == NoteStatus.SUBMITTED


def test_a_note_is_read_on_its_own_page_and_added_to_while_one_leads(as_ayu, program, ayu):
    first = signed(as_ayu, program)
    make_attempt(program, 4, starts_at=NOW - 6 * HOUR, status=Status.ATTENDED)
    as_ayu.post(to("note", program, 4), WHOLE | {"part_data": "KANARI-EMPAT"})

    assert "KANARI-EMPAT" not in text_of(as_ayu.get(first.get_absolute_url()))
    pass_on(program)
    where = reverse("note_addendum", args=[first.pk])
    assert as_ayu.get(first.get_absolute_url()).status_code == 200
    assert as_ayu.post(where, {"text": "x", "reason": "x"}).status_code == 404


def test_an_author_who_is_a_supervisor_too_cannot_co_sign_their_own(as_ayu, program, ayu):
    make_supervision(ayu)
    ayu.user.role_grants.create(role=Role.SUPERVISOR, granted_at=NOW - 99 * HOUR)
    make_supervision(ayu, supervisor=ayu.user)
    as_ayu.post(to("note", program, 1), WHOLE)
    as_ayu.post(to("note_sign", program, 1), {"revision": "1"})
    note = ProgressNote.objects.get()

    as_ayu.post(reverse("note_co_sign", args=[note.pk]), {"do": "sign", "revision": "2"})

    note.refresh_from_db()
    assert note.status == NoteStatus.SUBMITTED
    assert not as_ayu.get(reverse("co_signing")).context["notes"]


def test_a_note_that_nobody_can_co_sign_any_more_says_so_and_is_taken_back_and_signed(as_ayu, program, ayu):
    make_supervision(ayu)
    as_ayu.post(to("note", program, 1), WHOLE)
    as_ayu.post(to("note_sign", program, 1), {"revision": "1"})
    note = ProgressNote.objects.get()
    why = "Tidak ada lagi yang bisa ikut menandatangani catatan ini."
    assert why not in text_of(as_ayu.get(note.get_absolute_url()))

    Supervision.objects.update(ended_at=NOW)

    assert to("note", program, 1) in text_of(as_ayu.get(reverse("today")))
    assert to("note", program, 1) in text_of(as_ayu.get(reverse("program", args=[program.pk])))
    assert "Tidak ada yang bisa ikut menandatangani" in text_of(as_ayu.get(reverse("notes", args=[program.pk])))
    assert as_ayu.get(to("note", program, 1)).headers["Location"] == note.get_absolute_url()
    assert why in text_of(as_ayu.get(note.get_absolute_url()))
    as_ayu.post(reverse("note_take_back", args=[note.pk]))
    as_ayu.post(to("note", program, 1), WHOLE | {"revision": "3"})
    as_ayu.post(to("note_sign", program, 1), {"revision": "4"})
    note.refresh_from_db()
    assert (note.status, note.signed_by) == (NoteStatus.SIGNED, ayu.user)


def test_whoever_leads_finds_and_takes_over_what_nobody_can_co_sign_once_its_author_is_gone(
    as_ayu, client, program, ayu
):
    make_supervision(ayu)
    as_ayu.post(to("note", program, 1), WHOLE)
    as_ayu.post(to("note_sign", program, 1), {"revision": "1"})
    successor = make_counselor(name="Daeng")
    Program.objects.update(counselor=successor)
    CareRelationship.objects.update(counselor=successor)
    enter(client, successor)
    assert client.get(to("note", program, 1)).status_code == 302

    Supervision.objects.update(ended_at=NOW)

    assert "KANARI-DATA" in text_of(client.get(to("note", program, 1)))
    client.post(to("note", program, 1), WHOLE | {"revision": "2"})
    client.post(to("note_sign", program, 1), {"revision": "4"})
    note = ProgressNote.objects.get()
    assert (note.status, note.signed_by, note.author) == (NoteStatus.SIGNED, successor.user, successor.user)


def test_who_signs_alone_because_a_client_does_not_agree_to_supervision_is_told_so(as_ayu, program, ayu):
    make_supervision(ayu)
    as_ayu.post(to("note", program, 1), WHOLE)
    why = "tidak boleh membaca yang satu ini"
    assert why not in text_of(as_ayu.get(to("note_sign", program, 1)))

    Consent.objects.filter(client=program.members.last().client).update(withdrawn_at=NOW)

    assert why in text_of(as_ayu.get(to("note_sign", program, 1)))


# --- Who sees what


def test_whoever_has_no_business_finds_no_note(as_ayu, client, program, couple):
    note = signed(as_ayu, program)
    pages = [to(name, program, 1) for name in ("note", "note_sign", "session_process_note")]
    pages += [reverse(name, args=[program.pk]) for name in ("notes", "process_notes", "process_note")]
    pages += [note.get_absolute_url(), reverse("note_co_sign", args=[note.pk])]
    strangers = [make_counselor(), make_user(Role.MANAGER), make_user(Role.FRONT_DESK), make_user(Role.DATA_OFFICER)]

    for person in [*strangers, *couple, make_supervision(make_counselor()).supervisor]:
        enter(client, person)
        assert {client.get(where).status_code for where in pages} == {404}
        assert client.post(to("note_draft", program, 1), WHOLE).status_code == 404
        assert client.post(reverse("note_addendum", args=[note.pk]), {"text": "x", "reason": "x"}).status_code == 404


def test_a_counselor_whose_care_has_ended_finds_no_note(as_ayu, program):
    note = signed(as_ayu, program)
    CareRelationship.objects.update(is_kept_open=False, ends_at=NOW - HOUR)

    for where in (to("note", program, 1), note.get_absolute_url(), reverse("notes", args=[program.pk])):
        assert as_ayu.get(where).status_code == 404


def test_a_supervisor_reads_signed_notes_but_writes_none(as_ayu, client, program, ayu):
    note = signed(as_ayu, program)
    enter(client, make_supervision(ayu, co_signs=False).supervisor)

    assert "KANARI-DATA" in text_of(client.get(note.get_absolute_url()))
    assert client.get(to("note", program, 2)).status_code == 404
    assert client.post(reverse("note_addendum", args=[note.pk]), {"text": "x", "reason": "x"}).status_code == 404


def test_the_page_of_a_program_shows_the_last_note_of_that_program(as_ayu, program, ayu):
    other = make_program(counselor=ayu)
    make_attempt(other, 1, starts_at=NOW - 6 * HOUR, status=Status.ATTENDED)
    signed(as_ayu, other)

    assert "KANARI-DATA" in text_of(as_ayu.get(reverse("program", args=[other.pk])))
    assert "KANARI-DATA" not in text_of(as_ayu.get(reverse("program", args=[program.pk])))


def test_process_notes_are_their_authors_alone_and_nowhere_else(as_ayu, client, program, ayu):
    where = to("session_process_note", program, 1)
    as_ayu.post(where, {"text": "KANARI-PROSES", "revision": "0"})
    as_ayu.post(reverse("process_note", args=[program.pk]), {"text": "KANARI-PROSES", "revision": "0"})
    assert "KANARI-PROSES" in text_of(as_ayu.get(where))
    note = signed(as_ayu, program)
    other = make_counselor()
    program.co_counselors.add(other)
    CareRelationship.objects.create(
        client=program.members.first().client, counselor=other, started_at=NOW, ends_at=NOW, is_kept_open=True
    )
    elsewhere = [to("note", program, 2), note.get_absolute_url()]
    elsewhere += [reverse(name, args=[program.pk]) for name in ("notes", "process_notes", "program")]

    assert "KANARI-PROSES" not in "".join(text_of(as_ayu.get(page)) for page in elsewhere)
    enter(client, other)
    assert "KANARI-PROSES" not in text_of(client.get(where))
    assert "KANARI-PROSES" not in "".join(text_of(client.get(page)) for page in elsewhere)
    for person in (make_supervision(ayu).supervisor, make_user(Role.MANAGER)):
        enter(client, person)
        assert client.get(where).status_code == 404
        assert client.get(reverse("process_notes", args=[program.pk])).status_code == 404
    assert ProcessNote.objects.count() == 2


def test_of_process_notes_nobody_finds_more_than_their_own_on_that_program(as_ayu, client, program, couple, ayu):
    other = make_program(counselor=ayu, clients=couple)
    as_ayu.post(reverse("process_note", args=[other.pk]), {"text": "KANARI-LAIN", "revision": "0"})
    as_ayu.post(to("session_process_note", program, 1), {"text": "KANARI-SESI", "revision": "0"})
    enter(client, co_counselor(program)).post(
        reverse("process_note", args=[program.pk]), {"text": "KANARI-TATA", "revision": "0"}
    )

    listed = enter(client, ayu).get(reverse("process_notes", args=[program.pk]))
    pages = [reverse("process_note", args=[program.pk]), to("session_process_note", program, 2)]

    assert listed.context["general"] is None
    assert [bool(row["note"]) for row in listed.context["stations"]] == [True, False, False]
    assert not any("KANARI" in text_of(client.get(where)) for where in pages)
    assert "KANARI-LAIN" in text_of(client.get(reverse("process_note", args=[other.pk])))


def test_a_process_note_from_two_tabs_keeps_both(as_ayu, program):
    where = reverse("process_note", args=[program.pk])
    as_ayu.post(where, {"text": "Tab satu", "revision": "0"})

    answer = as_ayu.post(where, {"text": "Tab dua", "revision": "0"})

    assert answer.status_code == 409
    assert "Tab satu" in text_of(answer)
    assert "Tab dua" in text_of(answer)


# --- How many statements


def test_the_lists_do_not_grow_with_their_rows(as_ayu, client, ayu, couple, django_assert_max_num_queries):
    supervisor = make_supervision(ayu).supervisor
    program = make_program(counselor=ayu, clients=couple, sessions=6)
    for number in range(1, 7):
        make_attempt(program, number, starts_at=NOW - (8 - number) * 24 * HOUR, status=Status.ATTENDED)
        as_ayu.post(to("note", program, number), WHOLE)
        as_ayu.post(to("note_sign", program, number), {"revision": "1"})

    with django_assert_max_num_queries(12):
        assert len(as_ayu.get(reverse("notes", args=[program.pk])).context["rows"]) == 6
    enter(client, supervisor)
    with django_assert_max_num_queries(9):
        assert len(client.get(reverse("co_signing")).context["notes"]) == 6


def test_the_editor_opens_in_a_bounded_number_of_statements(as_ayu, program, django_assert_max_num_queries):
    signed(as_ayu, program)

    with django_assert_max_num_queries(36):
        as_ayu.get(to("note", program, 2))


def pass_on(program):
    successor = make_counselor(name="Sari Lubis")
    care = {"counselor": successor, "started_at": NOW, "ends_at": NOW, "is_kept_open": True}
    CareRelationship.objects.bulk_create(CareRelationship(client=each.client, **care) for each in program.members.all())
    program.counselor = successor
    program.save(update_fields=["counselor"])
    return successor


def test_whoever_held_a_session_finishes_its_note_after_the_program_passed_on(as_ayu, program):
    pass_on(program)

    assert as_ayu.get(reverse("program", args=[program.pk])).status_code == 404
    assert to("note", program, 1) in as_ayu.get(reverse("today")).text
    page = as_ayu.get(to("note", program, 1)).text
    assert f'href="{reverse("today")}"' in page
    assert reverse("program", args=[program.pk]) not in page
    card = {"card_done": "KANARI-KARTU", "card_task": "", "card_next": ""}
    assert as_ayu.post(to("note", program, 1), WHOLE | card | {"do": "share"}).status_code == 302
    assert reverse("program", args=[program.pk]) not in as_ayu.get(to("card", program, 1)).text
    signed = as_ayu.post(to("note_sign", program, 1), {"revision": "1"}, follow=True)
    note = ProgressNote.objects.get()
    assert note.is_signed
    assert signed.redirect_chain[-1][0] == reverse("note_read", args=[note.pk])
    assert reverse("notes", args=[program.pk]) not in signed.text


def test_without_care_nobody_finds_the_session_they_once_held(as_ayu, program, ayu):
    pass_on(program)
    CareRelationship.objects.filter(counselor=ayu).update(is_kept_open=False, ends_at=NOW)

    for name in ("note", "note_sign", "card"):
        assert as_ayu.get(to(name, program, 1)).status_code == 404


def test_whoever_goes_on_with_a_program_finds_the_draft_left_behind_and_finishes_it(as_ayu, program, ayu):
    as_ayu.post(to("note", program, 1), WHOLE)
    successor = pass_on(program)
    CareRelationship.objects.filter(counselor=ayu).update(is_kept_open=False, ends_at=NOW)

    enter(as_ayu, successor)
    page = as_ayu.get(to("note", program, 1)).text

    assert "KANARI-DATA" in page
    assert "Ayu Pratiwi" in page
    assert as_ayu.post(to("note", program, 1), WHOLE | {"revision": "1", "do": "sign"}).status_code == 302
    assert as_ayu.get(to("note_sign", program, 1)).status_code == 200
    assert ProgressNote.objects.get().author == successor.user


def heads_of(client, program, number, word="attended"):
    """What the form about who came sends, as the editor shows it."""
    version = client.get(to("note", program, number)).context["attendance"]["version"].value()
    heads = Participant.objects.filter(meeting__attempt__session__program=program)
    heads = heads.filter(meeting__attempt__session__number=number)
    return {f"head-{head.pk}": word for head in heads} | {"version": version, "called_off": ""}


def test_whoever_goes_on_with_a_program_says_who_came_to_a_session_of_the_former_and_signs(as_ayu, program, ayu):
    enter(as_ayu, pass_on(program))

    saved = as_ayu.post(to("note", program, 2), WHOLE | heads_of(as_ayu, program, 2) | {"do": "sign"})
    as_ayu.post(to("note_sign", program, 2), {"revision": "1"})

    note = ProgressNote.objects.get()
    assert saved.status_code == 302
    assert (note.meeting.counselor, note.meeting.status, note.is_signed) == (ayu, Status.ATTENDED, True)


def test_whoever_may_not_write_the_note_says_nothing_of_who_came(as_ayu, client, program):
    said = heads_of(as_ayu, program, 2)
    as_ayu.post(to("note", program, 2), WHOLE)
    other = make_counselor(name="Daeng Tata")
    program.co_counselors.add(other)
    CareRelationship.objects.create(
        client=program.members.first().client, counselor=other, started_at=NOW, ends_at=NOW, is_kept_open=True
    )

    for person in (other, make_counselor()):
        enter(client, person).post(to("note", program, 2), WHOLE | said | {"revision": "1"})

    assert ProgressNote.objects.get().meeting.status == Status.CONFIRMED

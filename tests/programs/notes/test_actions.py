"""Writing, signing, co-signing and adding: what is allowed when, and that nothing is lost or changed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection

from practice.calendar.models import Meeting, Status
from practice.people.models import CareRelationship, Consent, Role, Supervision
from practice.records.actions import destroy_key, read, read_together
from practice.records.models import AuditEvent
from programs.agreement.life import close_program
from programs.goals.actions import remove_goal
from programs.goals.models import Goal, GoalSet
from programs.notes.actions import (
    add_addendum,
    co_sign_note,
    return_note,
    save_note,
    sign_note,
    take_back_note,
    write_process_note,
)
from programs.notes.chain import is_unchanged, verify_program
from programs.notes.due import notes_due
from programs.notes.formats import Body, Writing, in_format
from programs.notes.models import Addendum, IndividualPart, NoteStatus, ProcessNote, ProgressNote
from programs.notes.panels import rows_of
from programs.sessions.thread import thread_of
from tests.factories import (
    NOW,
    make_attempt,
    make_client,
    make_counselor,
    make_goal,
    make_program,
    make_supervision,
    make_user,
)

HOUR = timedelta(hours=1)
WHOLE = {
    "format": "dap",
    "parts": {"data": "KANARI-DATA", "assessment": "", "plan": ""},
    "risk": "Tidak ada tanda",
    "no_task": True,
    "no_goals": True,
}


@pytest.fixture
def couple(db):
    return [make_client(name=name, user=make_user(Role.CLIENT, name=name)) for name in ("Rina", "Budi")]


@pytest.fixture
def program(couple, ayu):
    """A couple's program: sessions 1 and 2 were held, session 3 is to come."""
    program = make_program(counselor=ayu, clients=couple, sessions=4, goals=2)
    make_attempt(program, 1, starts_at=NOW - 48 * HOUR, status=Status.ATTENDED)
    make_attempt(program, 2, starts_at=NOW - 3 * HOUR, status=Status.ATTENDED)
    make_attempt(program, 3, starts_at=NOW + 24 * HOUR)
    return program


def save(program, number=1, *, expected=0, by=None, now=NOW, **change):
    session = program.sessions.get(number=number)
    by = by or program.counselor.user
    return save_note(session=session, writing=Writing(**WHOLE | change), expected=expected, by=by, now=now)


def opened(note, by):
    return read(ProgressNote.objects.filter(pk=note.pk), by=by, reason="test")[0]


def sign(note, by=None, now=NOW):
    by = by or note.author
    return sign_note(note=opened(note, by), by=by, now=now)


def code_of(error):
    return error.value.error_list[0].code


# --- Writing


def test_a_draft_is_kept_with_goals_and_a_part_for_each_person(program, couple, ayu):
    goal = Goal.objects.get(position=1)
    note = save(program, goals=(goal.pk,), individual={couple[0].pk: "KANARI-SENDIRI", couple[1].pk: ""})

    kept = opened(note, ayu.user)
    [part] = read(IndividualPart.objects.all(), by=ayu.user, reason="test")
    assert Body.of(kept.body).parts["data"] == "KANARI-DATA"
    assert (kept.revision, list(kept.goals.all())) == (1, [goal])
    assert (part.client, part.text) == (couple[0], "KANARI-SENDIRI")


def test_a_part_of_which_nothing_is_said_stays_as_it_was(program, couple, ayu):
    rina, budi = couple
    save(program, individual={rina.pk: "Tentang Rina", budi.pk: "Tentang Budi"})

    save(program, expected=1, individual={budi.pk: ""})

    [part] = read(IndividualPart.objects.all(), by=ayu.user, reason="test")
    assert (part.client, part.text) == (rina, "Tentang Rina")


def test_a_draft_that_was_saved_elsewhere_is_not_overwritten(program, ayu):
    note = save(program)
    save(program, expected=1, parts={"data": "Tab kedua"})

    for expected in (0, 1):
        with pytest.raises(ValidationError) as error:
            save(program, expected=expected, parts={"data": "Tab pertama"})
        assert code_of(error) == "conflict"
    assert Body.of(opened(note, ayu.user).body).parts == {"data": "Tab kedua"}


def test_a_note_belongs_to_a_session_that_has_begun(program):
    for number in (3, 4):
        with pytest.raises(ValidationError) as error:
            save(program, number)
        assert code_of(error) == "early"

    assert save(program, 3, now=NOW + 24 * HOUR).revision == 1


def test_nobody_writes_in_somebody_elses_draft(program):
    save(program)
    other = make_counselor()
    program.co_counselors.add(other)

    with pytest.raises(ValidationError) as error:
        save(program, expected=1, by=other.user)
    assert code_of(error) == "author"


def pass_on(program):
    """The program is led by somebody else from now on; whoever led it keeps their care for a while."""
    successor = make_counselor()
    program.counselor = successor
    program.save(update_fields=["counselor"])
    care = {"counselor": successor, "started_at": NOW, "ends_at": NOW, "is_kept_open": True}
    CareRelationship.objects.bulk_create(CareRelationship(client=each.client, **care) for each in program.members.all())
    return successor.user


def end_care(counselor):
    CareRelationship.objects.filter(counselor=counselor).update(is_kept_open=False, ends_at=NOW)


def leave(counselor):
    counselor.user.is_active = False
    counselor.user.save(update_fields=["is_active"])


def do_other_work(counselor):
    counselor.user.role_grants.update(ended_at=NOW)


@pytest.mark.parametrize("go", [end_care, leave, do_other_work])
def test_a_draft_that_was_left_behind_passes_to_whoever_goes_on(program, ayu, go):
    note = save(program)
    successor = pass_on(program)
    go(ayu)

    save(program, expected=1, by=successor)

    note = ProgressNote.objects.get(pk=note.pk)
    assert note.author == successor
    assert AuditEvent.objects.filter(act="note.taken_over", actor=successor.pk).count() == 1
    with pytest.raises(ValidationError) as error:
        save(program, expected=2, by=ayu.user)
    assert code_of(error) == "role"
    assert sign(opened(note, successor), by=successor).is_signed


def test_whoever_held_a_session_writes_its_note_also_after_the_program_passed_on(program, ayu):
    successor = pass_on(program)
    note = save(program, by=ayu.user)

    with pytest.raises(ValidationError) as error:
        save(program, expected=1, by=successor)
    assert code_of(error) == "author"
    assert sign(note, by=ayu.user).is_signed
    assert opened(note, ayu.user) in ProgressNote.objects.visible_to(ayu.user)


def test_whoever_led_a_program_writes_no_note_of_a_session_that_another_held(program, ayu):
    successor = pass_on(program)
    Meeting.objects.filter(attempt__session=program.sessions.get(number=2)).update(counselor=successor.counselor)

    with pytest.raises(ValidationError) as error:
        save(program, 2, by=ayu.user)
    assert code_of(error) == "role"


def test_a_note_that_waits_for_the_supervisor_is_not_taken_over(program, ayu, supervisor):
    note = sign(save(program))
    successor = pass_on(program)
    end_care(ayu)

    with pytest.raises(ValidationError) as error:
        save(program, expected=note.revision, by=successor)
    assert code_of(error) == "status"


def test_what_somebody_who_is_gone_handed_in_is_taken_over_once_nobody_can_co_sign_it(program, ayu, supervisor):
    note = sign(save(program))
    successor = pass_on(program)
    end_care(ayu)
    Supervision.objects.update(ended_at=NOW)

    with pytest.raises(ValidationError) as error:
        save(program, expected=note.revision - 1, by=successor)
    assert code_of(error) == "conflict"
    save(program, expected=note.revision, by=successor)

    assert sign(opened(note, successor), by=successor).is_signed


def test_a_note_names_only_goals_that_are_agreed_on(program):
    later = GoalSet.objects.create(program=program, number=2)
    with pytest.raises(ValidationError) as error:
        save(program, goals=(make_goal(later).pk,))

    assert code_of(error) == "goals"


def test_a_goal_that_a_signed_note_names_is_not_taken_out(program):
    GoalSet.objects.filter(program=program).update(frozen_at=None)
    goal = Goal.objects.of(program).first()
    GoalSet.objects.filter(program=program).update(frozen_at=NOW)
    sign(save(program, goals=(goal.pk,), no_goals=False, individual={}))
    GoalSet.objects.filter(program=program).update(frozen_at=None)

    with pytest.raises(ValidationError) as error:
        remove_goal(goal=goal, by=program.counselor.user, now=NOW)

    assert code_of(error) == "noted"
    assert Goal.objects.filter(pk=goal.pk).exists()


def test_a_goal_that_only_a_draft_names_can_be_taken_out(program):
    goal = Goal.objects.of(program).first()
    save(program, goals=(goal.pk,))
    GoalSet.objects.filter(program=program).update(frozen_at=None)

    remove_goal(goal=goal, by=program.counselor.user, now=NOW)

    assert not ProgressNote.objects.get().goals.exists()


def test_goals_of_another_program_are_refused_and_nothing_is_kept(program):
    other = make_program(goals=1)
    stranger = Goal.objects.get(goal_set__program=other)

    with pytest.raises(ValidationError):
        save(program, goals=(stranger.pk,))
    assert not ProgressNote.objects.exists()


def test_a_part_of_somebody_who_was_erased_is_passed_over_and_the_note_stays(program, couple, ayu):
    individual = {client.pk: f"Tentang {client.preferred_name}" for client in couple}
    note = save(program, individual=individual)
    destroy_key(holder=couple[0], by=make_user(Role.DATA_OFFICER), reason="asked", now=NOW)

    save(program, expected=1, individual=individual)
    signed = sign(note)

    parts = read(IndividualPart.objects.readable(), by=ayu.user, reason="test")
    assert [part.text for part in parts] == ["Tentang Budi"]
    assert is_unchanged(opened(signed, ayu.user), [])


def test_text_finds_a_place_in_another_format():
    assert in_format({"data": "a", "assessment": "b", "plan": "c"}, "soap") == {
        "subjective": "a",
        "objective": "",
        "assessment": "b",
        "plan": "c",
    }
    assert in_format({"subjective": "a", "objective": "b", "plan": ""}, "free") == {"text": "a\n\nb"}


# --- Signing


def test_a_whole_note_is_signed_once_and_then_nothing_changes_it(program):
    note = save(program)

    signed = sign(note)

    assert (signed.status, signed.signed_by, signed.position, len(signed.hash)) == ("signed", note.author, 1, 32)
    for again in (lambda: sign(note), lambda: save(program, expected=signed.revision)):
        with pytest.raises(ValidationError) as error:
            again()
        assert code_of(error) == "signed"
    assert AuditEvent.objects.filter(act="note.signed").count() == 1


@pytest.mark.parametrize(
    "change",
    [{"parts": {"data": " "}}, {"no_goals": False}, {"risk": ""}, {"no_task": False, "task": "  "}],
    ids=["body", "goals", "risk", "task"],
)
def test_a_note_that_lacks_something_is_not_signed(program, change):
    with pytest.raises(ValidationError) as error:
        sign(save(program, **change))

    assert code_of(error) == "missing"
    assert ProgressNote.objects.get().status == NoteStatus.DRAFT


def test_what_was_saved_after_it_was_shown_is_not_signed_unseen(program, ayu):
    note = save(program)
    shown = opened(note, ayu.user)
    save(program, expected=1, parts={"data": "Lain"})

    with pytest.raises(ValidationError) as error:
        sign_note(note=shown, by=ayu.user, now=NOW)
    assert code_of(error) == "conflict"


def test_a_note_is_signed_only_after_somebody_wrote_down_that_it_took_place(ayu):
    program = make_program(counselor=ayu)
    make_attempt(program, 1, starts_at=NOW - 3 * HOUR)

    with pytest.raises(ValidationError) as error:
        sign(save(program))
    assert code_of(error) == "held"


def test_nobody_signs_for_somebody_else(program):
    with pytest.raises(ValidationError) as error:
        sign(save(program), by=make_counselor().user)
    assert code_of(error) == "author"


# --- Co-signing


@pytest.fixture
def supervisor(ayu):
    return make_supervision(ayu).supervisor


def test_a_supervisees_note_is_final_only_after_the_supervisor_signed_it(program, supervisor, ayu):
    note = sign(save(program))
    assert (note.status, note.hash) == (NoteStatus.SUBMITTED, None)
    assert list(ProgressNote.objects.awaiting(supervisor)) == [note]

    with pytest.raises(ValidationError):
        save(program, expected=note.revision)
    co_sign_note(note=opened(note, supervisor), by=supervisor, now=NOW)

    note.refresh_from_db(fields=["status", "signed_by"])
    assert (note.status, note.signed_by, note.author) == (NoteStatus.SIGNED, supervisor, ayu.user)
    assert not ProgressNote.objects.awaiting(supervisor).exists()
    with pytest.raises(ValidationError) as error:
        co_sign_note(note=opened(note, supervisor), by=supervisor, now=NOW)
    assert code_of(error) == "signed"


def test_a_returned_note_carries_comments_until_it_is_signed(program, supervisor, ayu):
    note = sign(save(program))
    with pytest.raises(ValidationError):
        return_note(note=opened(note, supervisor), comments=" ", by=supervisor, now=NOW)
    note = return_note(note=opened(note, supervisor), comments="KANARI-KOMENTAR", by=supervisor, now=NOW)

    assert opened(note, ayu.user).comments == "KANARI-KOMENTAR"
    assert note not in ProgressNote.objects.visible_to(supervisor)
    note = sign(save(program, expected=note.revision))
    co_sign_note(note=opened(note, supervisor), by=supervisor, now=NOW)
    assert opened(note, ayu.user).comments == ""


def test_an_author_takes_back_what_waits(program, supervisor, ayu):
    note = sign(save(program))

    with pytest.raises(ValidationError):
        take_back_note(note=note, by=supervisor, now=NOW)
    note = take_back_note(note=note, by=ayu.user, now=NOW)

    assert note.can_be_written
    with pytest.raises(ValidationError):
        co_sign_note(note=opened(note, supervisor), by=supervisor, now=NOW)


def test_only_what_waits_is_taken_back(program, ayu):
    note = save(program)
    with pytest.raises(ValidationError) as error:
        take_back_note(note=note, by=ayu.user, now=NOW)
    assert code_of(error) == "status"

    sign(note)
    with pytest.raises(ValidationError) as error:
        take_back_note(note=note, by=ayu.user, now=NOW)
    assert code_of(error) == "signed"


@pytest.mark.parametrize("act", [co_sign_note, lambda **said: return_note(comments="x", **said)])
def test_a_supervisor_signs_and_returns_only_what_they_have_read(program, supervisor, ayu, act):
    note = sign(save(program))
    shown = opened(note, supervisor)
    taken_back = take_back_note(note=note, by=ayu.user, now=NOW)
    sign(save(program, expected=taken_back.revision, parts={"data": "Lain"}))

    with pytest.raises(ValidationError) as error:
        act(note=shown, by=supervisor, now=NOW)

    assert code_of(error) == "conflict"
    assert ProgressNote.objects.get().status == NoteStatus.SUBMITTED


@pytest.mark.parametrize(
    "who", ["another supervisor", "one without co-signing", "a former one", "the author", "no role"]
)
def test_only_the_authors_supervisor_co_signs_and_never_their_own(program, ayu, supervisor, who):
    note = sign(save(program))
    if who == "another supervisor":
        by = make_supervision(make_counselor()).supervisor
    elif who == "one without co-signing":
        by = make_supervision(ayu, co_signs=False).supervisor
    elif who == "a former one":
        by = make_supervision(ayu, ended_at=NOW - HOUR).supervisor
    elif who == "the author":
        ayu.user.role_grants.create(role=Role.SUPERVISOR, granted_at=NOW - 100 * HOUR)
        ayu.user.__dict__.pop("roles", None)
        by = make_supervision(ayu, supervisor=ayu.user).supervisor
    else:
        by = make_supervision(ayu, supervisor=make_user()).supervisor

    for act in (
        lambda: co_sign_note(note=opened(note, by), by=by, now=NOW),
        lambda: return_note(note=opened(note, by), comments="x", by=by, now=NOW),
    ):
        with pytest.raises(ValidationError) as error:
            act()
        assert code_of(error) == "role"
    assert note not in ProgressNote.objects.awaiting(by) or who == "a former one"


# --- Adding, and the chain


def add(note, text, by, now=NOW):
    return add_addendum(note=note, reason="Terlewat", text=text, by=by, now=now)


def test_an_addendum_is_added_to_a_signed_note_only(program, ayu):
    note = save(program)
    with pytest.raises(ValidationError):
        add(note, "x", ayu.user)

    sign(note)
    for text in ("", " "):
        with pytest.raises(ValidationError):
            add(note, text, ayu.user)
    first, second = add(note, "satu", ayu.user), add(note, "dua", ayu.user)

    assert first.written_at < second.written_at
    assert verify_program(program, by=ayu.user) == []


def test_only_those_who_lead_the_program_add_to_a_note(program, ayu, supervisor):
    note = co_sign_note(note=opened(sign(save(program)), supervisor), by=supervisor, now=NOW)
    pass_on(program)

    for by in (ayu.user, supervisor, make_counselor().user):
        with pytest.raises(ValidationError) as error:
            add(note, "x", by)
        assert code_of(error) == "role"
    assert not Addendum.objects.exists()


@pytest.fixture
def written(program, couple, ayu):
    """Two signed notes, the first with two addenda, a goal and a part about one person."""
    goal = Goal.objects.get(position=1)
    first = sign(save(program, goals=(goal.pk,), no_goals=False, individual={couple[0].pk: "Sendiri"}))
    sign(save(program, 2))
    add(first, "satu", ayu.user)
    add(first, "dua", ayu.user)
    assert verify_program(program, by=ayu.user) == []
    return first


BEHIND_OUR_BACK = {
    "a text": "UPDATE programs_progressnote SET risk = (SELECT risk FROM programs_progressnote WHERE position = 2)"
    " WHERE position = 1",
    "a text taken out": "UPDATE programs_progressnote SET risk = NULL WHERE position = 1",
    "the author": "UPDATE programs_progressnote SET author_id = (SELECT user_id FROM practice_client LIMIT 1)"
    " WHERE position = 1",
    "the time": "UPDATE programs_progressnote SET signed_at = signed_at - interval '1 hour' WHERE position = 2",
    "the hash": "UPDATE programs_progressnote SET hash = sha256('x') WHERE position = 1",
    "a goal": "DELETE FROM programs_progressnote_goals",
    "a part": "UPDATE programs_individualpart SET text = text || 'x'::bytea",
    "a part taken out": "DELETE FROM programs_individualpart",
    "the order": "UPDATE programs_progressnote SET position = position + 7 WHERE position = 2",
    "an addendum": "DELETE FROM programs_addendum WHERE written_at = (SELECT min(written_at) FROM programs_addendum)",
    "the last addendum": "DELETE FROM programs_addendum WHERE written_at ="
    " (SELECT max(written_at) FROM programs_addendum)",
    "the last note": "DELETE FROM programs_progressnote WHERE position = 2",
    "the last signature": "UPDATE programs_progressnote"
    " SET status = 'draft', signed_at = NULL, hash = NULL, position = NULL WHERE position = 2",
}


@pytest.mark.parametrize("what", BEHIND_OUR_BACK)
def test_whoever_changes_a_signed_note_in_the_database_is_found_out(written, ayu, what):
    call_command("verify_notes", by=ayu.user.email)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(BEHIND_OUR_BACK[what])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")

    with pytest.raises(CommandError):
        call_command("verify_notes", by=ayu.user.email)


def test_each_program_has_a_chain_of_its_own(written, ayu):
    other = make_program(counselor=ayu)
    make_attempt(other, 1, starts_at=NOW - 6 * HOUR, status=Status.ATTENDED)

    def opened_addenda():
        return AuditEvent.objects.filter(act="addendum.read").count()

    before = opened_addenda()

    assert sign(save(other)).position == 1
    assert verify_program(other, by=ayu.user) == []
    assert opened_addenda() == before


def test_a_draft_is_no_link_of_the_chain(program, ayu):
    sign(save(program))
    save(program, 2)

    assert verify_program(program, by=ayu.user) == []


def test_the_page_of_a_note_finds_a_changed_one_too(written, ayu):
    [note], addenda = read_together(
        [ProgressNote.objects.filter(pk=written.pk), written.addenda.order_by("written_at")],
        by=ayu.user,
        reason="test",
    )
    assert is_unchanged(note, addenda)

    note.risk = "Lain"
    assert not is_unchanged(note, addenda)


def test_checking_notes_is_written_down_with_the_name_of_who_did_it(written, ayu):
    officer = make_user(Role.DATA_OFFICER)
    call_command("verify_notes", by=officer.email)

    reads = AuditEvent.objects.filter(actor=officer.pk)
    assert {event.act for event in reads} == {"progressnote.read", "addendum.read"}
    for by in ("nobody@example.org", make_user(Role.CLIENT).email):
        with pytest.raises(CommandError):
            call_command("verify_notes", by=by)


def test_a_program_that_was_erased_is_not_called_changed(written, ayu):
    destroy_key(holder=written.program, by=make_user(Role.DATA_OFFICER), reason="asked", now=NOW)

    call_command("verify_notes", by=ayu.user.email)


# --- Due


def test_notes_are_due_after_a_day_and_overdue_after_three(ayu):
    program = make_program(counselor=ayu)
    for number, hours in enumerate([80, 30, 2], start=1):
        make_attempt(program, number, starts_at=NOW - hours * HOUR, status=Status.ATTENDED)
    make_attempt(program, 4, starts_at=NOW - 5 * HOUR, status=Status.MISSED, ended_by="client")
    make_attempt(program, 5, starts_at=NOW + HOUR)

    rows = notes_due(ayu.user, NOW)

    assert [(row.number, row.is_due, row.is_overdue, row.status) for row in rows] == [
        (1, True, True, ""),
        (2, True, False, ""),
        (3, False, False, ""),
    ]
    assert notes_due(make_counselor().user, NOW) == []


def test_a_signed_or_submitted_note_is_not_due_but_a_returned_one_is(program, ayu, supervisor):
    assert len(notes_due(ayu.user, NOW)) == 2

    note = sign(save(program))
    assert len(notes_due(ayu.user, NOW)) == 1

    return_note(note=opened(note, supervisor), comments="x", by=supervisor, now=NOW)
    assert [row.status for row in notes_due(ayu.user, NOW)] == ["returned", ""]
    assert notes_due(ayu.user, NOW)[0].names == ["Budi", "Rina"]


def supervision_ends(program, supervisor):
    Supervision.objects.update(ended_at=NOW)


def co_signing_ends(program, supervisor):
    Supervision.objects.update(co_signs=False)


def supervisor_leaves(program, supervisor):
    supervisor.is_active = False
    supervisor.save(update_fields=["is_active"])


def supervisor_does_other_work(program, supervisor):
    supervisor.role_grants.update(ended_at=NOW)


def client_refuses(program, supervisor):
    refuse_supervision(program, program.members.last().client)


@pytest.mark.parametrize(
    "happen", [supervision_ends, co_signing_ends, supervisor_leaves, supervisor_does_other_work, client_refuses]
)
@pytest.mark.parametrize("is_closed", [False, True])
def test_a_note_that_nobody_can_co_sign_any_more_is_due_by_its_author_again(
    program, ayu, supervisor, happen, is_closed
):
    note = sign(save(program))
    if is_closed:
        close_program(program=program, close_reason="other", by=ayu.user, now=NOW)
    assert [row.number for row in notes_due(ayu.user, NOW)] == [2]

    happen(program, supervisor)

    assert [(row.number, row.status) for row in notes_due(ayu.user, NOW)] == [(1, "submitted"), (2, "")]
    row = rows_of(program, thread_of(program), user=ayu.user, now=NOW)[-1]
    assert (row["may_write"], row["is_due"]) == (True, True)
    take_back_note(note=note, by=ayu.user, now=NOW)
    assert sign(opened(note, ayu.user)).status == NoteStatus.SIGNED
    assert [row.number for row in notes_due(ayu.user, NOW)] == [2]


def test_a_note_is_due_by_whoever_held_the_session_and_by_who_leads_once_they_are_gone(program, ayu):
    successor = pass_on(program)
    numbers = lambda user: [row.number for row in notes_due(user, NOW)]  # noqa: E731

    assert (numbers(ayu.user), numbers(successor)) == ([1, 2], [])
    end_care(ayu)
    assert (numbers(ayu.user), numbers(successor)) == ([], [1, 2])


def test_the_list_of_notes_due_is_two_statements(program, ayu, django_assert_num_queries):
    ayu.user.has_role(Role.COUNSELOR)

    with django_assert_num_queries(2):
        [(row.number, row.starts_at, row.names) for row in notes_due(ayu.user, NOW)]


# --- Process notes


def process(program, by, text="KANARI-PROSES", expected=0, session=None):
    return write_process_note(program=program, session=session, text=text, expected=expected, by=by, now=NOW)


def test_a_process_note_is_its_authors_alone(program, ayu, supervisor):
    other = make_counselor()
    program.co_counselors.add(other)
    process(program, ayu.user)
    process(program, other.user, text="Lain")

    for by, text in ((ayu.user, "KANARI-PROSES"), (other.user, "Lain")):
        rows = read(ProcessNote.objects.visible_to(by), by=by, reason="test")
        assert [row.text for row in rows] == [text]
    for by in (supervisor, make_user(Role.MANAGER), program.members.first().client.user):
        assert not ProcessNote.objects.visible_to(by).exists()


def test_a_process_note_has_one_for_each_session_and_one_for_the_program(program, ayu):
    process(program, ayu.user, session=program.sessions.get(number=1))
    process(program, ayu.user)
    process(program, ayu.user, text="Baru", expected=1)
    with pytest.raises(ValidationError) as error:
        process(program, ayu.user, text="Dari tab lain", expected=1)

    assert code_of(error) == "conflict"
    assert ProcessNote.objects.count() == 2


def test_nothing_of_it_lies_open_in_the_database_or_the_trail(program, couple, ayu):
    goal = Goal.objects.get(position=1)
    texts = dict.fromkeys(["covered", "technique", "task", "risk"], "KANARI")
    note = sign(save(program, goals=(goal.pk,), individual={couple[0].pk: "KANARI"}, **texts))
    add(note, "KANARI", ayu.user)
    process(program, ayu.user)

    with connection.cursor() as cursor:
        for model in (ProgressNote, IndividualPart, Addendum, ProcessNote, AuditEvent):
            cursor.execute(f"SELECT t::text FROM {model._meta.db_table} t")
            rows = cursor.fetchall()
            assert rows
            assert not any(b"KANARI".hex() in row[0] or "KANARI" in row[0] for row in rows)


def refuse_supervision(program, client):
    """The client takes that consent back."""
    Consent.objects.filter(given_for=program.pk, client=client, purpose="supervision").update(withdrawn_at=NOW)


def test_against_the_will_of_a_client_no_note_is_handed_to_a_supervisor(program, couple, supervisor):
    waiting = sign(save(program))
    refuse_supervision(program, couple[0])

    assert not ProgressNote.objects.visible_to(supervisor).filter(pk=waiting.pk).exists()
    assert not ProgressNote.objects.awaiting(supervisor).exists()
    with pytest.raises(ValidationError) as error:
        co_sign_note(note=opened(waiting, waiting.author), by=supervisor, now=NOW)
    assert code_of(error) == "role"
    take_back_note(note=waiting, by=waiting.author, now=NOW)
    assert sign(waiting).status == NoteStatus.SIGNED


def test_a_former_supervisor_finds_no_note(program, ayu, supervisor):
    began = datetime(2020, 1, 1, tzinfo=UTC)
    former = make_supervision(ayu, started_at=began, ended_at=began + HOUR).supervisor
    note = sign(save(program))

    assert not ProgressNote.objects.visible_to(former).exists()
    assert not ProgressNote.objects.awaiting(former).exists()
    co_sign_note(note=opened(note, supervisor), by=supervisor, now=NOW)
    assert not ProgressNote.objects.visible_to(former).exists()


def test_a_client_refuses_supervision_for_their_own_program_alone(program, supervisor):
    other = make_program()
    refuse_supervision(other, other.members.get().client)

    note = sign(save(program))

    assert note.status == NoteStatus.SUBMITTED
    assert list(ProgressNote.objects.awaiting(supervisor)) == [note]


def test_a_supervisor_co_signs_while_every_client_consents(program, couple, supervisor):
    assert sign(save(program)).status == NoteStatus.SUBMITTED

    refuse_supervision(program, couple[1])
    assert sign(save(program, 2)).status == NoteStatus.SIGNED


def test_whoever_is_written_down_as_their_own_supervisor_waits_for_nobody(program, ayu):
    make_supervision(ayu, supervisor=ayu.user)

    assert sign(save(program)).status == NoteStatus.SIGNED


def test_a_supervisor_whom_a_client_refuses_reads_no_signed_note(program, couple, ayu):
    supervisor = make_supervision(ayu, co_signs=False).supervisor
    note = sign(save(program))
    assert ProgressNote.objects.visible_to(supervisor).filter(pk=note.pk).exists()

    refuse_supervision(program, couple[0])

    assert not ProgressNote.objects.visible_to(supervisor).filter(pk=note.pk).exists()

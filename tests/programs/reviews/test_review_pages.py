"""Pages of reviews, the ending and what follows: who reaches them, what each side sees, and that nothing is lost."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from practice.calendar.desk.times import written
from practice.calendar.models import Status as MeetingStatus
from practice.catalog.models import Kind
from practice.people.models import Consent, Role
from programs.goals.models import Goal, GoalRating, GoalSet
from programs.plan.models import Program, Status
from programs.reviews.afterwards import ask, plan_follow_ups
from programs.reviews.models import Ending, FollowUp, Review, ReviewVoice
from programs.sessions.thread import thread_of
from tests.factories import (
    make_attempt,
    make_client,
    make_counselor,
    make_goal,
    make_practice,
    make_program,
    make_service,
    make_supervision,
    make_user,
)
from tests.programs.reviews.test_reviews import TEXTS, hold, hold_sessions, speak, write

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def house():
    make_practice()


@pytest.fixture
def program(rina, monday_at_nine):
    program = make_program(clients=[rina], goals=2)
    hold_sessions(program, 2, monday_at_nine)
    return program


@pytest.fixture
def as_counselor(client, program):
    client.force_login(program.counselor.user)
    return client


@pytest.fixture
def as_rina(client, rina):
    client.force_login(rina.user)
    return client


def page(name, program, *args):
    return reverse(name, args=[program.pk, *args])


def text_of(answer):
    return answer.content.decode()


@pytest.mark.parametrize("name", ["review", "ending"])
def test_only_a_programs_counselors_hold_reviews_and_write_endings(client, program, rina, front_desk, manager, name):
    for user in (make_counselor().user, rina.user, front_desk, manager):
        client.force_login(user)
        assert client.get(page(name, program)).status_code == 404
    client.force_login(program.counselor.user)

    assert client.get(page(name, program)).status_code == 200


def test_only_the_client_reaches_their_pages(client, program, rina, front_desk, now):
    write(program, now, share=True)
    for user in (make_client(user=make_user(Role.CLIENT)).user, program.counselor.user, front_desk):
        client.force_login(user)
        for name in ("own_review", "own_ending"):
            assert client.get(page(name, program)).status_code == 404
    client.force_login(rina.user)

    for name in ("own_review", "own_ending"):
        assert client.get(page(name, program)).status_code == 200


def test_a_client_prepares_and_the_counselor_reads_it_in_the_review(as_rina, program):
    goal = Goal.objects.of(program)[0]

    said = {"helps": "Latihan napas", "hinders": "Terlalu cepat", str(goal.pk): "1"}

    answer = as_rina.post(page("own_review", program), said, follow=True)
    as_rina.force_login(program.counselor.user)
    staff = text_of(as_rina.get(page("review", program)))

    assert "Anda sudah menyampaikan apa yang membantu" in text_of(answer)
    assert "Latihan napas" in staff
    assert "Terlalu cepat" in staff
    assert GoalRating.objects.get().occasion == "review"


def test_what_a_client_typed_is_kept_when_a_level_is_wrong(as_rina, program):
    goal = Goal.objects.of(program)[0]

    answer = as_rina.post(page("own_review", program), {"helps": "Latihan napas", str(goal.pk): "9"})

    assert answer.status_code == 422
    assert "Latihan napas" in text_of(answer)
    assert not ReviewVoice.objects.exists()


def test_saying_nothing_is_said_so(as_rina, program):
    answer = as_rina.post(page("own_review", program), {"helps": "", "hinders": ""})

    assert answer.status_code == 422
    assert "Tulis beberapa kata" in text_of(answer)


def test_without_a_review_due_there_is_nothing_to_prepare(as_rina, program, now):
    hold(program, now)

    assert "tidak ada yang perlu disiapkan" in text_of(as_rina.get(page("own_review", program)))


def test_a_review_is_held_and_leads_to_what_was_decided(as_counselor, program):
    goal = Goal.objects.of(program)[0]
    said = {"helps": "Jurnal", "hinders": "", "summary": "Tujuan tercapai", "decision": "end", str(goal.pk): "1"}

    answer = as_counselor.post(page("review", program), said)

    review = Review.objects.get()
    assert (answer.status_code, answer.url) == (302, page("ending", program))
    assert "Tujuan tercapai" in text_of(as_counselor.get(page("review_read", program, review.pk)))
    assert GoalRating.objects.get().rater == "counselor"


def test_a_review_without_a_decision_comes_back_as_it_was_typed(as_counselor, program):
    answer = as_counselor.post(page("review", program), {"helps": "Jurnal", "summary": "Lanjut"})

    assert answer.status_code == 422
    assert "Jurnal" in text_of(answer)
    assert not Review.objects.exists()


def test_a_client_does_not_read_the_counselors_review(as_rina, program, now):
    review = hold(program, now)

    assert as_rina.get(page("review_read", program, review.pk)).status_code == 404


def test_a_review_is_read_in_its_program_by_those_who_lead_or_supervise_it(client, program, rina, now):
    other = make_program(clients=[rina])
    review = hold(program, now)
    address = page("review_read", program, review.pk)

    for user in (program.counselor.user, make_supervision(program.counselor).supervisor):
        client.force_login(user)
        assert client.get(address).status_code == 200
    client.force_login(other.counselor.user)
    assert client.get(address).status_code == 404
    assert client.get(page("review_read", other, review.pk)).status_code == 404


def test_a_review_shows_what_was_said_in_its_program(as_counselor, program, rina, now, monday_at_nine):
    other = make_program(clients=[rina])
    hold_sessions(other, 2, monday_at_nine + DAY)
    speak(other, rina, now, helps="KANARI-LAIN")
    speak(program, rina, now, helps="Latihan napas")

    text = text_of(as_counselor.get(page("review", program)))

    assert "Latihan napas" in text
    assert "KANARI" not in text


def test_a_client_who_counsels_or_supervises_here_reads_no_review_of_their_own(as_rina, program, rina, now):
    review = hold(program, now)
    for role in (Role.COUNSELOR, Role.SUPERVISOR):
        rina.user.role_grants.create(role=role, granted_at=now - 100 * DAY)

    assert as_rina.get(page("review_read", program, review.pk)).status_code == 404


def test_one_of_a_couple_does_not_find_what_the_other_said_beforehand(client, rina, now, monday_at_nine):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT))
    program = make_program(clients=[rina, budi])
    hold_sessions(program, 2, monday_at_nine)
    speak(program, budi, now, helps="KANARI-BUDI")
    client.force_login(rina.user)

    assert "KANARI" not in text_of(client.get(page("own_review", program)))


@pytest.mark.parametrize("name", ["own_review", "own_ending", "own_follow_up"])
def test_a_client_is_asked_about_the_agreed_goals_of_that_program(as_rina, program, rina, now, name):
    make_goal(GoalSet.objects.create(program=program, number=2), words="KANARI-NANTI")
    make_goal(make_program(clients=[rina], goals=1).goal_sets.get(), position=2, words="KANARI-LAIN")
    write(program, now, share=True)
    FollowUp.objects.create(program=program, client=rina, days_after=30, due_on=now.date(), asked_at=now)

    text = text_of(as_rina.get(page(name, program, *([30] if name == "own_follow_up" else []))))

    assert "3 malam" in text
    assert "KANARI" not in text


def test_goals_all_reached_make_an_early_end_a_success(as_counselor, program, rina, now):
    levels = {goal.pk: 0 for goal in Goal.objects.of(program)}
    speak(program, rina, now, levels=levels)
    one_sided = text_of(as_counselor.get(page("ending", program)))
    hold(program, now, levels=levels)

    assert "berarti berhasil" not in one_sided
    assert "berarti berhasil, bukan terputus" in text_of(as_counselor.get(page("ending", program)))


def test_an_ending_is_a_draft_until_it_is_shared(as_counselor, program, rina):
    typed = TEXTS | {"expected": "0", "warning_signs": "Begadang"}

    as_counselor.post(page("ending", program), typed | {"keep": "1"})
    as_counselor.force_login(rina.user)
    before = as_counselor.get(page("own_ending", program)).status_code
    as_counselor.force_login(program.counselor.user)
    as_counselor.post(page("ending", program), typed | {"expected": "1", "share": "1"})
    as_counselor.force_login(rina.user)
    own = text_of(as_counselor.get(page("own_ending", program)))

    assert before == 404
    assert "Anda tidur lebih baik." in own
    assert "Begadang" in own
    assert "Kakak" in own


def test_beside_every_text_of_an_ending_stands_that_the_client_reads_it(as_counselor, program, now):
    draft = text_of(as_counselor.get(page("ending", program)))
    write(program, now, share=True)
    shared = text_of(as_counselor.get(page("ending", program)))

    groups = re.split(r'name="(?:achieved|takes_along|come_back)"', draft)
    assert [part.count("Klien membacanya setelah Anda bagikan.") for part in groups] == [1, 1, 1, 1]
    assert "apa yang tercapai, yang dibawa klien, rencana untuk hari yang berat, dan ringkasannya" in " ".join(
        shared.split()
    )
    assert "Klien tidak melihatnya." in shared.partition("Penilaian Anda sendiri")[2]


def test_an_ending_changed_elsewhere_is_not_overwritten_and_nothing_typed_is_lost(as_counselor, program, now):
    write(program, now)

    answer = as_counselor.post(page("ending", program), TEXTS | {"expected": "0", "achieved": "Tidur", "keep": "1"})

    assert answer.status_code == 422
    assert "Tidur" in text_of(answer)
    assert Ending.objects.get().revision == 1


def test_a_client_rates_at_the_end_and_keeps_the_plan_afterwards(as_rina, program, now):
    write(program, now, share=True)
    goal = Goal.objects.of(program)[0]

    as_rina.post(page("own_ending", program), {str(goal.pk): "2"})
    Program.objects.filter(pk=program.pk).update(status=Status.CLOSED, closed_at=now, close_reason="goals_reached")

    assert GoalRating.objects.get().occasion == "ending"
    own = text_of(as_rina.get(page("own_ending", program)))
    assert "Kakak" in own
    assert 'type="radio"' not in own


@pytest.fixture
def follow_up(program, now):
    """Rina's program ended as planned; 30 days later she was asked."""
    Program.objects.filter(pk=program.pk).update(status=Status.CLOSED, closed_at=now, close_reason="goals_reached")
    plan_follow_ups(program=program, now=now)
    ask(now=now + 30 * DAY)
    return program.follow_ups.get(days_after=30)


def test_a_client_answers_calmly_and_the_counselor_reads_it(as_rina, program, rina, follow_up, time_machine, now):
    time_machine.move_to(now + 31 * DAY)
    as_rina.force_login(rina.user)
    goal = Goal.objects.of(program)[0]
    assert page("own_follow_up", program, 30) in text_of(as_rina.get(page("program", program)))
    assert as_rina.get(page("own_follow_up", program, 90)).status_code == 404

    answer = as_rina.post(
        page("own_follow_up", program, 30), {"how_it_is": "Masih tidur baik", str(goal.pk): "1"}, follow=True
    )
    as_rina.force_login(program.counselor.user)
    staff = text_of(as_rina.get(page("follow_up", program, 30)))

    assert "Terima kasih" in text_of(answer)
    assert "Masih tidur baik" not in text_of(answer)
    assert "Masih tidur baik" in staff


def test_of_a_couple_each_finds_their_own_question_and_the_counselor_both_answers(client, rina, time_machine, now):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT, name="Budi"))
    program = make_program(clients=[rina, budi], status=Status.CLOSED, now=now)
    plan_follow_ups(program=program, now=now)
    ask(now=now + 30 * DAY)
    time_machine.move_to(now + 31 * DAY)

    for person, text in ((rina, "KANARI-RINA"), (budi, "KANARI-BUDI")):
        client.force_login(person.user)
        assert page("own_follow_up", program, 30) in text_of(client.get(page("program", program)))
        assert "KANARI" not in text_of(client.get(page("own_follow_up", program, 30)))
        client.post(page("own_follow_up", program, 30), {"how_it_is": text})
        assert page("own_follow_up", program, 30) not in text_of(client.get(page("program", program)))
    client.force_login(program.counselor.user)
    staff = text_of(client.get(page("follow_up", program, 30)))

    assert staff.index("Budi") < staff.index("KANARI-BUDI") < staff.index("KANARI-RINA")
    assert "Dijawab 2/2" in " ".join(text_of(client.get(page("program", program))).split())
    assert client.get(page("follow_up", program, 31)).status_code == 404


def test_a_meeting_is_booked_from_the_answer(as_counselor, program, follow_up, monday_at_nine, time_machine, now):
    time_machine.move_to(now)
    make_service(counselors=[make_counselor()], kind=Kind.FOLLOW_UP, name_id="Pertemuan orang lain", position=0)
    make_service(counselors=[program.counselor], kind=Kind.FOLLOW_UP, name_id="Pertemuan lanjutan", position=1)
    address = page("follow_up", program, 30)
    start = written(monday_at_nine)

    assert "Pertemuan lanjutan" in text_of(as_counselor.get(address))
    for day in ("9999-12-31", "0001-01-01", "2026-02-30", "x"):
        assert as_counselor.get(address, {"from": day}).status_code == 200
    refused = as_counselor.post(address, {"start": "kapan-kapan"})
    as_counselor.post(address, {"start": start})

    assert refused.status_code == 422
    assert FollowUp.objects.get(days_after=30).meeting.starts_at == monday_at_nine
    assert "Pertemuan sudah dipesan" in text_of(as_counselor.get(address))


def test_who_does_not_agree_to_video_is_met_otherwise(
    as_counselor, program, follow_up, monday_at_nine, time_machine, now
):
    time_machine.move_to(now)
    service = make_service(counselors=[program.counselor], kind=Kind.FOLLOW_UP, modes=["video"])
    Consent.objects.filter(given_for=program.pk, purpose="online").update(withdrawn_at=now)
    address = page("follow_up", program, 30)

    assert "hanya lewat video" in text_of(as_counselor.get(address))
    as_counselor.post(address, {"start": written(monday_at_nine)})
    assert FollowUp.objects.get(days_after=30).meeting is None
    service.modes = ["video", "phone"]
    service.save()

    as_counselor.post(address, {"start": written(monday_at_nine)})

    assert FollowUp.objects.get(days_after=30).meeting.mode == "phone"


def test_the_page_of_a_program_tells_what_is_due_to_either_side(as_counselor, program, rina):
    staff = text_of(as_counselor.get(page("program", program)))
    as_counselor.force_login(rina.user)
    own = text_of(as_counselor.get(page("program", program)))

    assert "Tinjauan setelah sesi 2 sudah waktunya." in staff
    assert page("own_review", program) in own
    assert page("review", program) not in own


@pytest.mark.parametrize("name", ["review", "ending"])
def test_the_pages_ask_as_often_for_five_goals_as_for_one(
    client, rina, monday_at_nine, now, django_assert_max_num_queries, name
):
    for count in (1, 5):
        program = make_program(clients=[make_client(user=make_user(Role.CLIENT))], goals=count)
        make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)
        client.force_login(program.counselor.user)
        with django_assert_max_num_queries(18):
            assert client.get(page(name, program)).status_code == 200


@pytest.mark.parametrize(("reason", "planned", "follows"), [("goals_reached", True, 2), ("client_silent", False, 0)])
def test_a_program_is_closed_for_a_reason_and_what_follows_is_planned(as_counselor, program, reason, planned, follows):
    shown = text_of(as_counselor.get(page("ending_close", program)))
    refused = as_counselor.post(page("ending_close", program), {"close_reason": "tired", "reason": "Selesai"})
    as_counselor.post(page("ending_close", program), {"close_reason": reason, "reason": "Selesai"})

    program.refresh_from_db(fields=["status", "close_reason"])
    assert "4 sesi yang direncanakan tidak diperlukan lagi" in shown
    assert refused.status_code == 422
    assert (program.status, program.ended_as_planned) == (Status.CLOSED, planned)
    assert (thread_of(program).done, thread_of(program).released) == (2, 4)
    assert program.follow_ups.count() == follows
    assert as_counselor.post(page("ending_close", program), {"close_reason": reason}).status_code == 422


def test_the_counselor_sees_a_plain_warning_without_a_summary(as_counselor, program, now):
    warning = "Klien belum punya ringkasan"
    assert warning in text_of(as_counselor.get(page("ending_close", program)))
    write(program, now, share=True)

    assert warning not in text_of(as_counselor.get(page("ending_close", program)))

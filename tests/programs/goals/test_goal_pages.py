"""Pages about goals: who reaches them, what they show, and that bad input is said without losing anything."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from practice.calendar.models import Status as MeetingStatus
from practice.people.models import Role
from programs.goals.actions import add_goal, edit_goal, rate_goals, remove_goal, start_new_set
from programs.goals.models import Goal, GoalCheck, GoalRating, GoalSet
from programs.plan.models import Status
from tests.factories import make_attempt, make_client, make_counselor, make_goal, make_practice, make_program, make_user
from tests.programs.goals.test_goals import WORDING

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
TYPED = {name: "" if value is None else value for name, value in WORDING.items()}


@pytest.fixture(autouse=True)
def house():
    make_practice()


@pytest.fixture
def program(rina):
    return make_program(clients=[rina], goals=2)


@pytest.fixture
def draft(rina):
    return make_program(clients=[rina], status=Status.DRAFT)


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


def goals_of(program):
    return list(Goal.objects.of(program))


COUNSELOR_PAGES = ["goals", "goal_new", "goals_rate"]
CLIENT_PAGES = ["own_goals", "own_goals_rate"]


@pytest.mark.parametrize("name", COUNSELOR_PAGES)
def test_only_a_programs_counselors_reach_their_pages(client, program, rina, front_desk, manager, name):
    strangers = [make_counselor().user, rina.user, front_desk, manager, make_user(Role.SUPERVISOR)]
    for user in strangers:
        client.force_login(user)
        assert client.get(page(name, program)).status_code == 404
    client.force_login(program.counselor.user)

    assert client.get(page(name, program)).status_code == 200


@pytest.mark.parametrize("name", CLIENT_PAGES)
def test_only_a_programs_clients_reach_their_pages(client, program, rina, front_desk, name):
    strangers = [make_client(user=make_user(Role.CLIENT)).user, program.counselor.user, front_desk]
    for user in strangers:
        client.force_login(user)
        assert client.get(page(name, program)).status_code == 404
    client.force_login(rina.user)

    assert client.get(page(name, program)).status_code == 200


def test_without_current_care_a_counselor_finds_nothing(as_counselor, program, now):
    past = now - timedelta(days=400)
    program.counselor.care_relationships.update(is_kept_open=False, started_at=past, ends_at=past + timedelta(days=1))

    assert as_counselor.get(page("goals", program)).status_code == 404


def test_a_goal_is_written_and_shown(client, draft):
    client.force_login(draft.counselor.user)

    answer = client.post(page("goal_new", draft), TYPED, follow=True)

    assert answer.redirect_chain[-1][0] == page("goals", draft)
    assert "Tidur sebelum pukul 23.00" in answer.content.decode()
    assert goals_of(draft)[0].weight == 1


@pytest.mark.parametrize(
    "changes",
    [{"words": ""}, {"weight": "0"}, {"less": "3 malam"}, {"baseline": "7"}, {"words": "a\0b"}, {"why": "x" * 501}],
)
def test_a_goal_with_mistakes_comes_back_as_it_was_typed(client, draft, changes):
    client.force_login(draft.counselor.user)

    answer = client.post(page("goal_new", draft), TYPED | changes)

    assert answer.status_code == 422
    assert "Jumlah malam dalam seminggu" in answer.content.decode()
    assert not GoalSet.objects.exists()


def test_the_preview_without_javascript_keeps_what_was_typed_and_complains_of_nothing(client, draft):
    client.force_login(draft.counselor.user)

    answer = client.post(
        page("goal_new", draft), {"words": "Merasa lebih baik dan tenang", "more": "Sering", "preview": "1"}
    )

    text = answer.content.decode()
    assert answer.status_code == 200
    assert text.count("Merasa lebih baik dan tenang") == 2
    assert "Ini mungkin dua tujuan" in text
    assert "wrong-summary" not in text
    assert not Goal.objects.exists()


def test_the_live_preview_is_a_fragment_and_keeps_nothing(client, draft):
    client.force_login(draft.counselor.user)

    answer = client.post(page("goal_preview", draft), TYPED, headers={"HX-Request": "true"})

    text = answer.content.decode()
    assert "<html" not in text
    assert text.index("7 malam") < text.index("3 malam") < text.index("Tidak ada malam")
    assert not Goal.objects.exists()


def test_a_goal_is_taken_out_only_after_asking(client, draft):
    client.force_login(draft.counselor.user)
    goal = make_goal(GoalSet.objects.create(program=draft, number=1))
    address = page("goal_remove", draft, goal.pk)

    assert client.get(address).status_code == 200
    assert Goal.objects.exists()
    client.post(address)

    assert not Goal.objects.exists()


def test_a_goal_of_another_program_is_not_there(as_counselor, program):
    other = goals_of(make_program(status=Status.DRAFT, goals=1))[0]

    assert as_counselor.get(page("goal_edit", program, other.pk)).status_code == 404
    assert as_counselor.post(page("goal_remove", program, other.pk)).status_code == 404


def test_agreed_goals_are_not_edited(as_counselor, program):
    answer = as_counselor.post(page("goal_edit", program, goals_of(program)[0].pk), TYPED | {"weight": "3"})

    assert answer.status_code == 422
    assert goals_of(program)[0].weight == 1


def test_staff_see_each_t_with_its_formula_and_source_and_clients_never(as_counselor, program, rina, now):
    goals = goals_of(program)
    rate_goals(
        program=program,
        levels={goals[0].pk: 1, goals[1].pk: 1},
        occasion="review",
        by=rina.user,
        now=now,
        client=rina,
    )
    rate_goals(program=program, levels={goals[0].pk: -1}, occasion="review", by=program.counselor.user, now=now)

    staff = as_counselor.get(page("goals", program)).content.decode()
    as_counselor.force_login(rina.user)
    own = as_counselor.get(page("own_goals", program)).content.decode()

    assert re.search(r"62,4.*\+24,8.*2 dari 2", staff, re.DOTALL)
    assert re.search(r"40,0.*1 dari 2", staff, re.DOTALL)
    assert "Kiresuk" in staff
    assert "selisih 2 tingkat" in staff
    assert "62,4" not in own
    assert "Kiresuk" not in own
    assert "selisih" not in own
    assert "1 malam" in own
    assert "5 malam" in own


def test_a_counselor_rates_for_themselves(as_counselor, program):
    first = goals_of(program)[0]

    as_counselor.post(page("goals_rate", program), {str(first.pk): "1"})

    assert list(GoalRating.objects.values_list("goal", "rater", "level", "client")) == [
        (first.pk, "counselor", 1, None)
    ]


def test_a_client_chooses_the_sentence_that_fits(as_rina, program, rina):
    first = goals_of(program)[0]

    answer = as_rina.post(page("own_goals_rate", program), {str(first.pk): "2"}, follow=True)

    assert "<b>7 malam</b>" in answer.content.decode()
    assert GoalRating.objects.get().client == rina


@pytest.mark.parametrize("name", ["own_goals", "own_goals_rate"])
def test_a_client_reads_who_else_sees_how_they_see_their_goals(as_rina, program, name):
    shown = as_rina.get(page(name, program)).content.decode()

    assert "Anda dan konselor program ini melihatnya, juga supervisornya bila ada." in shown


@pytest.mark.parametrize("level", ["3", "x", "-2.0", ""])
def test_levels_that_there_are_not_are_refused(as_rina, program, level):
    first = goals_of(program)[0]

    answer = as_rina.post(page("own_goals_rate", program), {str(first.pk): level})

    assert answer.status_code == 422
    assert not GoalRating.objects.exists()


def test_a_client_says_after_a_session_how_near_each_goal_feels(as_rina, program, rina, monday_at_nine):
    make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)
    first, second = goals_of(program)

    assert as_rina.get(page("own_goals_check", program, 1)).status_code == 200
    as_rina.post(page("own_goals_check", program, 1), {str(first.pk): "7"})

    assert GoalCheck.objects.get().value == 7
    assert as_rina.post(page("own_goals_check", program, 1), {str(second.pk): "11"}).status_code == 422
    assert as_rina.post(page("own_goals_check", program, 2), {str(second.pk): "1"}).status_code == 422
    assert as_rina.get(page("own_goals_check", program, 99)).status_code == 404


def test_the_counselor_sees_of_a_couple_whose_goal_feels_how_near(client, rina, monday_at_nine):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT, name="Budi"))
    program = make_program(clients=[rina, budi], goals=1)
    goal = goals_of(program)[0]
    for number, (hers, his) in enumerate([(3, 8), (5, 9)], start=1):
        make_attempt(program, number, starts_at=monday_at_nine + number * DAY, status=MeetingStatus.ATTENDED)
        session = program.sessions.get(number=number)
        for person, value in ((rina, hers), (budi, his)):
            GoalCheck.objects.create(
                goal=goal, session=session, client=person, value=value, checked_at=monday_at_nine + number * DAY
            )
    client.force_login(program.counselor.user)

    text = " ".join(client.get(page("goals", program)).text.split())

    near = "Seberapa dekat rasanya setelah sesi, 0 sampai 10:"
    assert f"<b>{rina.preferred_name}</b> · {near} 3, 5<" in text
    assert f"<b>Budi</b> · {near} 8, 9<" in text


def new_set(program, now):
    goal_set = start_new_set(program=program, by=program.counselor.user, now=now)
    return make_goal(goal_set, words="Menelepon Ibu", indicator="Kali dalam seminggu")


@pytest.mark.parametrize("name", ["program", "goals", "goals_rate", *CLIENT_PAGES, "own_goals_check"])
def test_a_page_shows_the_goals_of_its_program_alone(client, program, rina, monday_at_nine, name):
    make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)
    other = make_program(clients=[rina], counselor=program.counselor, goals=1)
    make_goal(other.goal_sets.get(), position=2, words="KANARI-LAIN")
    is_own = name.startswith("own")
    where = page(name, program, *([1] if name == "own_goals_check" else []))

    for user in [rina.user] if is_own else [program.counselor.user, rina.user][: 2 if name == "program" else 1]:
        client.force_login(user)
        answer = client.get(where)
        assert answer.status_code == 200
        assert "KANARI" not in answer.text


@pytest.mark.parametrize("name", ["goals_rate", "own_goals_rate", "own_goals_check"])
def test_goals_that_are_not_agreed_on_are_not_there_to_be_rated(client, program, rina, now, monday_at_nine, name):
    make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)
    new_set(program, now)
    client.force_login(rina.user if name.startswith("own") else program.counselor.user)

    text = client.get(page(name, program, *([1] if name == "own_goals_check" else []))).text

    assert "Tidur sebelum" in text
    assert "Menelepon Ibu" not in text


def test_further_goals_are_begun_once_all_are_agreed(as_counselor, program, now):
    assert as_counselor.get(page("goals", program)).context["can_start"]

    new_set(program, now)

    assert not as_counselor.get(page("goals", program)).context["can_start"]


def test_one_of_a_couple_does_not_agree_for_both(client, rina, now):
    program = make_program(clients=[rina, make_client(user=make_user(Role.CLIENT))], goals=1)
    goal = new_set(program, now)
    client.force_login(rina.user)

    answer = client.post(page("own_goals_agree", program), {"read": ""})

    goal.goal_set.refresh_from_db()
    assert answer.status_code == 404
    assert goal.goal_set.frozen_at is None


@pytest.mark.parametrize("why", ["no session", "no goals", "closed"])
def test_nobody_is_asked_how_near_a_goal_feels_without_goals_a_session_or_a_program(as_rina, rina, monday_at_nine, why):
    status = Status.CLOSED if why == "closed" else Status.ACTIVE
    program = make_program(clients=[rina], status=status, goals=0 if why == "no goals" else 1)
    if why != "no session":
        make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)

    answer = as_rina.get(page("program", program))

    assert answer.status_code == 200
    assert page("own_goals_check", program, 1) not in answer.text


def test_a_client_reads_further_goals_and_agrees(as_rina, program, now):
    goal = new_set(program, now)
    text = as_rina.get(page("own_goals", program)).content.decode()
    read = re.search(r'name="read" value="(\w+)"', text)[1]

    as_rina.post(page("own_goals_agree", program), {"read": read})

    goal.goal_set.refresh_from_db()
    assert "Menelepon Ibu" in text
    assert goal.goal_set.frozen_at


def test_a_couple_is_told_that_they_agree_on_new_goals_together(as_rina, rina, now):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT, name="Budi"))
    couple = make_program(clients=[rina, budi], goals=1)
    new_set(couple, now)

    shown = as_rina.get(page("program", couple)).text

    assert "Ada tujuan baru untuk Anda baca. Tujuan itu disepakati bersama, dengan konselor Anda." in shown


@pytest.mark.parametrize("change", ["edit", "add", "remove"])
def test_goals_that_change_just_when_the_client_agrees_are_read_again(as_rina, program, now, monkeypatch, change):
    goal = new_set(program, now)
    make_goal(goal.goal_set, position=2, words="Jalan pagi")
    text = as_rina.get(page("own_goals", program)).text
    read = re.search(r'name="read" value="(\w+)"', text)[1]
    acts = {
        "edit": lambda **by: edit_goal(goal=goal, **by, **WORDING),
        "add": lambda **by: add_goal(program=program, **by, **WORDING),
        "remove": lambda **by: remove_goal(goal=goal, **by),
    }

    def change_it_meanwhile(goals):
        acts[change](by=program.counselor.user, now=now)
        return read

    monkeypatch.setattr("programs.goals.views.wording_of", change_it_meanwhile)
    as_rina.post(page("own_goals_agree", program), {"read": read})

    assert GoalSet.objects.get(pk=goal.goal_set_id).frozen_at is None


def test_nobody_agrees_to_words_they_have_not_read(as_rina, program, now):
    goal = new_set(program, now)
    text = as_rina.get(page("own_goals", program)).content.decode()
    read = re.search(r'name="read" value="(\w+)"', text)[1]
    goal.expected = "Setiap hari"
    goal.save()

    as_rina.post(page("own_goals_agree", program), {"read": read})

    goal.goal_set.refresh_from_db()
    assert goal.goal_set.frozen_at is None


def test_a_counselor_notes_consent_only_with_the_box_ticked(as_counselor, program, now):
    goal = new_set(program, now)

    seen = re.search(r'name="revision" value="(\d+)"', as_counselor.get(page("goals", program)).text)[1]

    refused = as_counselor.post(page("goal_set_agree", program), {"revision": seen})
    as_counselor.post(page("goal_set_agree", program), {"client_agrees": "on", "revision": seen})

    goal.goal_set.refresh_from_db()
    assert refused.status_code == 422
    assert goal.goal_set.frozen_at


@pytest.mark.parametrize("late", [True, False])
def test_a_counselor_notes_no_consent_to_goals_that_were_changed_since_they_were_shown(
    as_counselor, program, now, late
):
    goal = new_set(program, now)
    seen = re.search(r'name="revision" value="(\d+)"', as_counselor.get(page("goals", program)).text)[1]
    edit_goal(goal=goal, by=program.counselor.user, now=now, **WORDING)

    sent = {"client_agrees": "on", "revision": seen if late else "9" * 5000}
    refused = as_counselor.post(page("goal_set_agree", program), sent)

    goal.goal_set.refresh_from_db()
    assert refused.status_code == 422
    assert goal.goal_set.frozen_at is None


def test_the_goals_page_asks_as_often_for_five_goals_as_for_one(client, rina, now, django_assert_max_num_queries):
    for count in (1, 5):
        program = make_program(clients=[rina], goals=count)
        client.force_login(program.counselor.user)
        with django_assert_max_num_queries(12):
            assert client.get(page("goals", program)).status_code == 200


def test_the_page_of_a_program_shows_its_goals_to_both_in_their_own_way(as_counselor, program, rina, monday_at_nine):
    make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)

    staff = as_counselor.get(page("program", program)).content.decode()
    as_counselor.force_login(rina.user)
    own = as_counselor.get(page("program", program)).content.decode()

    assert staff.count('<figure class="ladder">') == 2
    assert page("goals_rate", program) in staff
    assert "ladder" not in own
    assert page("own_goals_check", program, 1) in own
    assert own.count("1 malam") == 2

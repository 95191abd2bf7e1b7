"""Who comes to work here, and who goes: invitations, roles given and ended, accounts closed, the first manager."""

import re
import threading
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.urls import reverse

from practice.management.commands import create_admin
from practice.messages.actions import deliver
from practice.messages.models import Message, Status
from practice.people.actions import (
    accept_invitation,
    close_account,
    end_role,
    grant_role,
    invite,
    reopen_account,
    revoke_invitation,
)
from practice.people.mails import new_link
from practice.people.models import Invitation, Role, RoleGrant, User
from practice.records.models import AuditEvent
from tests.factories import NOW, make_client, make_counselor, make_user

PASSWORD = "empat kuda berlari pelan"
HOUR = timedelta(hours=1)


class QuickArgon2(Argon2PasswordHasher):
    """The same, without the weight that makes guessing slow."""

    time_cost, memory_cost, parallelism = 1, 8, 1


@pytest.fixture(autouse=True)
def practice_at_work(settings, practice):
    settings.LIMITS = True
    settings.PASSWORD_HASHERS = [f"{__name__}.QuickArgon2"]


def make_invitation(manager, *, email="sari@example.org", role=Role.FRONT_DESK, now=NOW, **more):
    return invite(email=email, name="Sari", role=role, by=manager, now=now, **more)


def token_of(invitation):
    return new_link(invitation).rstrip("/").rpartition("/")[2]


def mailed_link(invitation, *, now=NOW):
    message = Message.objects.get(subject_id=invitation.pk)
    deliver(message.pk, now=now)
    return re.search(r"/invitation/\S+", mail.outbox[-1].body)[0]


def accept(token, *, now=NOW, password=PASSWORD):
    return accept_invitation(token=token, name="Sari Dewanti", password=password, now=now)


# --- Inviting --------------------------------------------------------------------------------------------------------


def test_whoever_is_invited_chooses_a_password_and_is_in(client, manager):
    with time_machine.travel(NOW, tick=False):
        client.force_login(manager)
        form = {"name": "Sari", "email": "Sari@Example.org", "role": "front_desk"}
        assert client.post(reverse("invite_person"), form).headers["Location"] == reverse("people")
        link = mailed_link(Invitation.objects.get())
        client.logout()

        page = client.get(link)
        answer = client.post(link, {"name": "Sari Dewanti", "password": PASSWORD})
        who = client.get(reverse("account")).wsgi_request.user

    sari = User.objects.get(email="sari@example.org")
    assert page.status_code == 200
    assert "sari@example.org" in page.content.decode()
    assert answer.headers["Location"] == reverse("today")
    assert (sari.name, sari.roles) == ("Sari Dewanti", {Role.FRONT_DESK})
    assert sari.role_grants.get().granted_by == manager
    assert who == sari
    assert set(AuditEvent.objects.values_list("act", flat=True)) >= {"invitation.created", "invitation.accepted"}


def test_looking_at_an_invitation_changes_nothing(client, manager):
    invitation = make_invitation(manager)
    link = mailed_link(invitation)

    with time_machine.travel(NOW, tick=False):
        assert [client.get(link).status_code for _ in range(3)] == [200, 200, 200]

    invitation.refresh_from_db()
    assert invitation.accepted_at is None
    assert not User.objects.filter(email="sari@example.org").exists()


def test_an_invitation_is_used_once(manager):
    token = token_of(make_invitation(manager))
    accept(token)

    with pytest.raises(ValidationError):
        accept(token)
    assert User.objects.filter(email="sari@example.org").count() == 1


def test_an_invitation_is_open_for_72_hours(manager):
    token = token_of(make_invitation(manager))

    with pytest.raises(ValidationError):
        accept(token, now=NOW + 72 * HOUR)
    assert accept(token, now=NOW + 72 * HOUR - timedelta(seconds=1)).roles == {Role.FRONT_DESK}


def test_an_invitation_is_for_its_address_whatever_is_sent_along(client, manager):
    link = new_link(make_invitation(manager))
    forged = {"email": "evil@example.org", "role": "manager", "is_active": "1", "invited_by": manager.pk}

    with time_machine.travel(NOW, tick=False):
        client.post(link, {"name": "Sari", "password": PASSWORD} | forged)

    assert User.objects.get(name="Sari").email == "sari@example.org"
    assert User.objects.get(name="Sari").roles == {Role.FRONT_DESK}


@pytest.mark.parametrize("email", ["rina@example.org", "RINA@example.org", " rina@example.org "])
def test_an_invitation_never_touches_an_account(manager, email):
    rina = make_user(Role.CLIENT, email="rina@example.org")

    with pytest.raises(ValidationError) as refused:
        make_invitation(manager, email=email)

    assert refused.value.code == "account_exists"
    assert (Invitation.objects.count(), rina.roles) == (0, {Role.CLIENT})


def test_an_account_made_meanwhile_is_left_as_it_is(manager):
    token = token_of(make_invitation(manager))
    client_account = make_user(Role.CLIENT, email="sari@example.org")

    with pytest.raises(ValidationError):
        accept(token)

    client_account.refresh_from_db()
    assert not client_account.has_usable_password()
    assert User.objects.get(pk=client_account.pk).roles == {Role.CLIENT}


def test_whoever_has_an_account_is_offered_the_role_instead(client, manager):
    rina = make_user(Role.CLIENT, email="rina@example.org", name="Rina")
    client.force_login(manager)

    answer = client.post(
        reverse("invite_person"), {"name": "Rina", "email": "rina@example.org", "role": "counselor"}, follow=True
    )

    assert answer.redirect_chain == [(reverse("person", args=[rina.pk]), 302)]
    assert reverse("give_role", args=[rina.pk]) in answer.content.decode()


def test_a_second_invitation_replaces_the_first(manager):
    first = token_of(make_invitation(manager))
    second = token_of(make_invitation(manager, now=NOW + HOUR))

    with pytest.raises(ValidationError):
        accept(first, now=NOW + HOUR)
    assert accept(second, now=NOW + HOUR).roles == {Role.FRONT_DESK}


def test_each_mail_has_a_link_of_its_own_and_only_its_hash_is_kept(manager):
    invitation = make_invitation(manager)
    link = mailed_link(invitation)

    invitation.refresh_from_db()
    token = link.rstrip("/").rpartition("/")[2]
    assert len(token) >= 43
    assert len(bytes(invitation.token_hash)) == 32
    assert token not in str(Invitation.objects.values().get()) + str(Message.objects.values().get())


def test_an_invitation_that_was_withdrawn_opens_nothing_and_is_not_mailed(manager):
    invitation = make_invitation(manager)
    token = token_of(invitation)
    revoke_invitation(invitation=invitation, by=manager, now=NOW)

    with pytest.raises(ValidationError):
        accept(token)
    with pytest.raises(ValidationError):
        revoke_invitation(invitation=invitation, by=manager, now=NOW)
    assert deliver(Message.objects.get().pk, now=NOW).status == Status.DROPPED


def test_an_invitation_makes_the_account_of_a_counselor(manager):
    ayu = make_counselor(name="Ayu")
    type(ayu).objects.filter(pk=ayu.pk).update(user=None)
    ayu.refresh_from_db()

    user = accept(token_of(make_invitation(manager, role=Role.COUNSELOR, counselor=ayu)))

    ayu.refresh_from_db()
    assert ayu.user == user


def test_a_counselor_with_an_account_is_not_invited(manager):
    with pytest.raises(ValidationError) as refused:
        make_invitation(manager, role=Role.COUNSELOR, counselor=make_counselor())

    assert refused.value.code == "counselor_has_account"


def test_clients_are_not_invited(manager):
    with pytest.raises(ValidationError):
        make_invitation(manager, role=Role.CLIENT)


def test_the_database_keeps_one_open_invitation_for_an_address_and_role(manager):
    make_invitation(manager)
    again = Invitation(email="sari@example.org", name="S", role=Role.FRONT_DESK, created_at=NOW, expires_at=NOW + HOUR)

    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()


@pytest.mark.parametrize("password", ["short", "sari@example.org", "sari dewanti 1", ""])
def test_a_weak_password_is_said_beside_its_field_and_nothing_is_made(client, manager, password):
    link = new_link(make_invitation(manager))

    with time_machine.travel(NOW, tick=False):
        answer = client.post(link, {"name": "Sari Dewanti", "password": password})

    assert answer.status_code == 422
    assert 'id="id_password_error"' in answer.content.decode()
    assert not User.objects.filter(email="sari@example.org").exists()


@pytest.mark.parametrize("token", ["nothing", "x" * 43, "%00", "é", "..%2F.."])
def test_a_link_that_opens_nothing_is_a_page_that_is_not_there(client, token):
    assert client.get(f"/invitation/{token}/").status_code in (400, 404)


def test_links_that_open_nothing_are_counted(client):
    answers = [client.get(f"/invitation/guess-{n}/") for n in range(21)]

    assert [answer.status_code for answer in answers] == [404] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


# --- Roles -----------------------------------------------------------------------------------------------------------


def test_a_role_is_given_and_told(manager):
    dewi = make_user(Role.FRONT_DESK, email="dewi@example.org", password=PASSWORD)

    grant = grant_role(user=dewi, role=Role.SUPERVISOR, by=manager, now=NOW)
    deliver(Message.objects.get().pk, now=NOW)

    assert (grant.granted_by, grant.granted_at) == (manager, NOW)
    assert User.objects.get(pk=dewi.pk).roles == {Role.FRONT_DESK, Role.SUPERVISOR}
    assert "/sign-in/password/" in mail.outbox[0].body
    assert AuditEvent.objects.get(act="role.granted").facts == {"role": "supervisor"}


def test_a_client_who_comes_to_work_here_is_shown_the_way_to_a_password(manager):
    rina = make_client(user=make_user(Role.CLIENT, email="rina@example.org"))

    grant_role(user=rina.user, role=Role.COUNSELOR, by=manager, now=NOW)
    deliver(Message.objects.get().pk, now=NOW)

    assert reverse("account_reset_password") in mail.outbox[0].body


@pytest.mark.parametrize("action", [grant_role, end_role])
def test_nobody_changes_their_own_roles(manager, action):
    with pytest.raises(ValidationError) as refused:
        action(user=manager, role=Role.MANAGER, by=manager, now=NOW)

    assert refused.value.code == "own"


def test_a_role_is_held_once_at_a_time(manager, front_desk):
    with pytest.raises(ValidationError):
        grant_role(user=front_desk, role=Role.FRONT_DESK, by=manager, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(user=front_desk, role=Role.FRONT_DESK, granted_at=NOW)


def test_a_role_that_is_not_held_cannot_be_ended(manager, front_desk):
    with pytest.raises(ValidationError):
        end_role(user=front_desk, role=Role.COUNSELOR, by=manager, now=NOW)


def test_a_role_ends_in_an_open_session_too(client, manager, front_desk):
    client.force_login(front_desk)
    before = client.get(reverse("settings")).status_code

    end_role(user=front_desk, role=Role.FRONT_DESK, by=manager, now=NOW)

    grant = front_desk.role_grants.get()
    assert (before, client.get(reverse("settings")).status_code) == (200, 404)
    assert (grant.ended_at, grant.ended_by) == (NOW, manager)


def test_a_practice_keeps_a_manager(manager):
    with pytest.raises(ValidationError) as ended:
        end_role(user=manager, role=Role.MANAGER, by=None, now=NOW)
    with pytest.raises(ValidationError) as closed:
        close_account(user=manager, by=None, now=NOW)
    assert (ended.value.code, closed.value.code) == ("last_manager", "last_manager")

    make_user(Role.MANAGER, is_active=False)
    with pytest.raises(ValidationError):
        end_role(user=manager, role=Role.MANAGER, by=None, now=NOW)
    second = make_user(Role.MANAGER)
    end_role(user=manager, role=Role.MANAGER, by=second, now=NOW)
    assert User.objects.get(pk=manager.pk).roles == set()


def test_a_closed_account_ends_its_sessions_and_can_be_opened_again(client, manager, front_desk):
    client.force_login(front_desk)
    close_account(user=front_desk, by=manager, now=NOW)
    closed = client.get(reverse("account"))
    reopen_account(user=front_desk, by=manager, now=NOW)

    assert closed.status_code == 302
    assert client.get(reverse("account")).status_code == 302, "the old session does not come back to life"
    assert User.objects.get(pk=front_desk.pk).has_role(Role.FRONT_DESK)
    with pytest.raises(ValidationError):
        reopen_account(user=front_desk, by=manager, now=NOW)


def test_a_closed_account_gets_no_role(manager, front_desk):
    close_account(user=front_desk, by=manager, now=NOW)

    with pytest.raises(ValidationError):
        grant_role(user=front_desk, role=Role.SUPERVISOR, by=manager, now=NOW)


# --- Two at once -----------------------------------------------------------------------------------------------------


def at_once(*works):
    """Run each in a thread of its own, all from the same moment; return what became of each: a value or an error."""
    start, became = threading.Barrier(len(works)), [None] * len(works)

    def run(place, work):
        try:
            start.wait()
            became[place] = work()
        except ValidationError as error:
            became[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return became


@pytest.mark.django_db(transaction=True)
def test_of_two_managers_who_end_each_other_s_role_one_stays():
    one, two = make_user(Role.MANAGER), make_user(Role.MANAGER)

    became = at_once(
        lambda: end_role(user=one, role=Role.MANAGER, by=two, now=NOW),
        lambda: close_account(user=two, by=one, now=NOW),
    )

    assert sum(isinstance(each, ValidationError) for each in became) == 1
    assert User.objects.with_role(Role.MANAGER).filter(is_active=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_invitation_that_is_accepted_twice_at_once_makes_one_account(manager):
    token = token_of(make_invitation(manager))

    became = at_once(*[lambda: accept(token)] * 4)

    assert sum(isinstance(each, User) for each in became) == 1
    assert User.objects.filter(email="sari@example.org").count() == 1


@pytest.mark.django_db(transaction=True)
def test_someone_invited_twice_at_once_has_one_invitation(manager):
    became = at_once(*[lambda: make_invitation(manager)] * 4)

    assert Invitation.objects.open(NOW).count() == 1
    assert any(isinstance(each, Invitation) for each in became)


# --- The pages -------------------------------------------------------------------------------------------------------


def test_the_manager_sees_who_works_here_and_no_client(client, manager, front_desk, rina):
    invitation = make_invitation(manager, now=NOW)
    client.force_login(manager)

    with time_machine.travel(NOW, tick=False):
        page = client.get(reverse("people")).content.decode()

    assert all(found in page for found in (manager.email, front_desk.email, invitation.email))
    assert rina.user.email not in page


def test_the_list_of_people_asks_as_often_for_many_as_for_few(client, manager, django_assert_max_num_queries):
    for _ in range(30):
        make_user(Role.COUNSELOR, Role.SUPERVISOR)
        make_invitation(manager, email=f"p{_}@example.org")
    client.force_login(manager)

    with django_assert_max_num_queries(8), time_machine.travel(NOW, tick=False):
        client.get(reverse("people"))


def test_a_manager_runs_everything_about_a_person_from_their_page(client, manager, front_desk):
    client.force_login(manager)
    page = reverse("person", args=[front_desk.pk])

    client.post(reverse("give_role", args=[front_desk.pk]), {"role": "supervisor"})
    client.post(reverse("end_role", args=[front_desk.pk, "front_desk"]))
    shown = client.get(page)
    client.post(reverse("close_account", args=[front_desk.pk]))

    front_desk.refresh_from_db()
    assert shown.status_code == 200
    assert (User.objects.get(pk=front_desk.pk).roles, front_desk.is_active) == ({Role.SUPERVISOR}, False)
    client.post(reverse("reopen_account", args=[front_desk.pk]))
    front_desk.refresh_from_db()
    assert front_desk.is_active


@pytest.mark.parametrize("role", ["client", "", "king", "supervisor\0"])
def test_only_a_role_of_the_staff_can_be_given(client, manager, front_desk, role):
    client.force_login(manager)

    answer = client.post(reverse("give_role", args=[front_desk.pk]), {"role": role})

    assert answer.status_code == 422
    assert User.objects.get(pk=front_desk.pk).roles == {Role.FRONT_DESK}


def test_the_role_of_a_client_is_not_ended_here(client, manager, rina):
    client.force_login(manager)

    assert client.post(reverse("end_role", args=[rina.user.pk, "client"])).status_code == 404


def test_what_cannot_be_done_is_said_on_the_page(client, manager):
    client.force_login(manager)

    answer = client.post(reverse("close_account", args=[manager.pk]), follow=True)

    assert answer.status_code == 200
    assert 'class="note urgent"' in answer.content.decode()
    assert User.objects.get(pk=manager.pk).is_active


def test_a_manager_withdraws_an_invitation(client, manager):
    invitation = make_invitation(manager)
    client.force_login(manager)

    client.post(reverse("withdraw_invitation", args=[invitation.pk]))

    invitation.refresh_from_db()
    assert invitation.revoked_at is not None


# --- The first manager -----------------------------------------------------------------------------------------------


def printed(*arguments, **options):
    out = StringIO()
    call_command("create_admin", *arguments, stdout=out, **options)
    return out.getvalue()


def test_the_first_manager_comes_by_the_command(client):
    said = printed("bagus@example.org", name="Bagus", url="https://benang.example/")
    link = re.search(r"https://benang\.example(/invitation/\S+/)", said)[1]

    client.post(link, {"name": "Bagus", "password": PASSWORD})

    bagus = User.objects.get(email="bagus@example.org")
    assert bagus.roles == {Role.MANAGER}
    assert bagus.check_password(PASSWORD)
    assert Message.objects.count() == 0
    assert client.get(link).status_code == 404


def test_before_the_first_start_the_command_says_what_to_do(monkeypatch, client):
    def without_tables(**said):
        raise ProgrammingError('relation "practice_user" does not exist')

    monkeypatch.setattr(create_admin, "invite", without_tables)

    with pytest.raises(CommandError, match="migrate"):
        printed("bagus@example.org", url="https://benang.example/")


def test_the_command_run_again_gives_a_new_link_and_ends_the_old(client):
    first, second = (re.search(r"/invitation/\S+/", printed("bagus@example.org"))[0] for _ in range(2))

    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200


def test_the_command_refuses_what_is_no_address_and_who_has_an_account(rina):
    for address in ("nobody", rina.user.email):
        with pytest.raises(CommandError):
            printed(address)


def test_the_command_refuses_to_print_half_a_link(settings):
    settings.BASE_URL = ""

    with pytest.raises(CommandError):
        printed("bagus@example.org")

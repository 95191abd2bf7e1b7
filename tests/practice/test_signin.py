"""The doors: a mailed code for clients, a password for staff, and nothing to be learned by knocking."""

import re
import statistics
import time
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as settings_as_they_are
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from practice.messages.actions import deliver
from practice.messages.models import Message, Status
from practice.people.actions import account_for_code, close_account, grant_role, join_proven_clients
from practice.people.codes import code_of, is_code_of, new_nonce
from practice.people.models import Client, Role, User
from practice.people.policies import may
from practice.records.models import AuditEvent
from tests.factories import NOW, make_client, make_user

HASHERS = list(settings_as_they_are.PASSWORD_HASHERS)
PASSWORD = "empat kuda berlari pelan"
NEW_EACH_TIME = ("X-Request-ID", "Content-Length", "Expires")
A_CODE = re.compile(r"^ +(\d{3} \d{3})$", re.MULTILINE)
SIGN_IN, CODE = "/sign-in/", "/sign-in/code/"
DOOR, LINK = "/sign-in/password/", "/sign-in/password/link/"


class QuickArgon2(Argon2PasswordHasher):
    """The same, without the weight that makes guessing slow."""

    time_cost, memory_cost, parallelism = 1, 8, 1


@pytest.fixture(autouse=True)
def doors(settings, practice):
    """Limits hold, as in a real practice; passwords are checked fast."""
    settings.LIMITS = True
    settings.PASSWORD_HASHERS = [f"{__name__}.QuickArgon2"]


@pytest.fixture
def budi(db):
    """Booked once; never signed in."""
    return make_client(name="Budi", email="budi@example.org")


@pytest.fixture
def dewi(db):
    """Front desk, with a password."""
    return make_user(Role.FRONT_DESK, name="Dewi", email="dewi@example.org", password=PASSWORD)


def newest_mail():
    """Send what waits in the outbox, and return the last mail of it."""
    for message in Message.objects.filter(status=Status.QUEUED).order_by("created_at", "pk"):
        deliver(message.pk, now=timezone.now())
    return mail.outbox[-1]


def ask(client, email, **more):
    return client.post(SIGN_IN, {"email": email, **more})


def mailed_code():
    return re.search(A_CODE, newest_mail().body)[1]


def enter(client, email):
    ask(client, email)
    return client.post(CODE, {"code": mailed_code()})


def signed_in(client):
    user = client.get(reverse("preferences")).wsgi_request.user
    return user if user.is_authenticated else None


def plain(answer):
    """Status, headers and body of an answer, without what is new in every answer."""
    headers = {name: value for name, value in answer.headers.items() if name not in NEW_EACH_TIME}
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|[0-9a-f]{12}', "", answer.content.decode())
    return answer.status_code, headers, re.sub(r"[\w.+-]+@[\w.-]+", "@", body)


# --- Clients: a code -------------------------------------------------------------------------------------------------


def test_a_client_enters_with_the_mailed_code(client, rina):
    assert ask(client, rina.user.email).headers["Location"] == CODE
    page = client.get(CODE).content.decode()
    answer = client.post(CODE, {"code": mailed_code()})

    assert rina.user.email in page
    assert answer.headers["Location"] == reverse("home")
    assert signed_in(client) == rina.user


def test_spaces_and_dashes_in_a_code_do_not_count(client, rina):
    ask(client, rina.user.email)
    code = mailed_code()

    client.post(CODE, {"code": f" {code[:2]} - {code[2:]}"})

    assert signed_in(client) == rina.user


def test_the_code_stands_nowhere_in_the_database(client, rina):
    ask(client, rina.user.email)
    code = mailed_code().replace(" ", "")

    kept = [str(Session.objects.get().get_decoded())]
    with connection.cursor() as cursor:
        for table in ("practice_message", "procrastinate_jobs", "practice_auditevent"):
            cursor.execute(f"SELECT t::text FROM {table} AS t")
            kept += [text for (text,) in cursor.fetchall()]

    assert "login_code" in kept[0] or "login_by_code" in kept[0]
    assert not re.search(rf"(?<!\d){code}(?!\d)", " ".join(kept))


def test_a_code_belongs_to_its_nonce_and_to_nothing_else():
    nonce = new_nonce()

    assert re.fullmatch(r"\d{6}", code_of(nonce))
    assert is_code_of(nonce, code_of(nonce))
    assert len({code_of(new_nonce()) for _ in range(200)}) > 190
    assert not is_code_of("", code_of(""))


def test_the_mail_with_the_code_says_nothing_about_why(client, rina):
    ask(client, rina.user.email)
    sent = newest_mail()

    assert sent.to == ["Rina <" + rina.user.email + ">"]
    assert not re.search(r"\d", sent.subject)
    assert not re.search(r"konsel|counsel|psikolog|terapi|therap", sent.subject + sent.body, re.IGNORECASE)


def test_whoever_booked_without_an_account_gets_one_when_the_code_is_proven(client, budi):
    answer = enter(client, "Budi@Example.org")

    budi.refresh_from_db()
    assert answer.headers["Location"] == reverse("home")
    assert signed_in(client) == budi.user
    assert (budi.user.name, budi.user.roles) == ("Budi", {Role.CLIENT})
    assert budi.email_proven_at is not None
    assert AuditEvent.objects.filter(act="client.joined", client_id=budi.pk).count() == 1


def test_an_account_that_was_asked_for_opens_nothing_before_the_proof(client, budi):
    ask(client, "budi@example.org")

    user = User.objects.get(email="budi@example.org")
    budi.refresh_from_db()
    assert (user.roles, user.has_usable_password(), budi.user) == (frozenset(), False, None)
    assert signed_in(client) is None


def test_all_that_was_booked_under_the_proven_address_is_theirs_and_nothing_else(client, budi):
    twice = make_client(name="Budi S.", email="BUDI@example.org")
    others = [make_client(email=address) for address in ("budi+1@example.org", "bud.i@example.org", "budi@example.com")]

    enter(client, "budi@example.org")

    assert list(signed_in(client).clients.order_by("pk")) == sorted([budi, twice], key=lambda each: each.pk)
    assert not Client.objects.filter(pk__in=[each.pk for each in others]).exclude(user=None).exists()


def test_a_client_of_somebody_else_is_never_taken_over(rina):
    other = make_user(Role.CLIENT)
    Client.objects.filter(pk=rina.pk).update(email=other.email)

    joined = join_proven_clients(user=other, now=NOW)

    rina.refresh_from_db()
    assert joined == []
    assert rina.user != other


def test_what_a_returning_client_booked_since_is_joined_at_the_next_code(client, rina):
    later = make_client(name="Rina", email=rina.user.email)

    enter(client, rina.user.email)

    later.refresh_from_db()
    assert later.user == rina.user
    assert rina.user.role_grants.filter(role=Role.CLIENT).count() == 1


def test_three_wrong_codes_and_it_starts_again(client, rina):
    ask(client, rina.user.email)
    code = mailed_code()
    wrong = "000000" if code != "000 000" else "000001"

    answers = [client.post(CODE, {"code": wrong}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [422, 422, 302]
    assert answers[2].headers["Location"] == SIGN_IN
    assert client.post(CODE, {"code": code}).headers["Location"] == SIGN_IN
    assert signed_in(client) is None


def test_a_code_works_only_in_the_browser_that_asked(client, rina, django_user_model):
    ask(client, rina.user.email)
    code = mailed_code()
    elsewhere = type(client)()
    ask(elsewhere, rina.user.email)

    assert elsewhere.post(CODE, {"code": code}).status_code == 422
    assert signed_in(elsewhere) is None


def test_a_code_is_used_once(client, rina):
    ask(client, rina.user.email)
    code = mailed_code()
    client.post(CODE, {"code": code})
    client.post(reverse("account_logout"))

    assert client.post(CODE, {"code": code}).headers["Location"] == SIGN_IN
    assert signed_in(client) is None


def test_only_the_newest_code_works(client, rina):
    ask(client, rina.user.email)
    first = mailed_code()
    ask(client, rina.user.email)
    second = mailed_code()

    assert client.post(CODE, {"code": first}).status_code == 422
    assert client.post(CODE, {"code": second}).status_code == 302


def test_a_code_is_good_for_fifteen_minutes(client, rina):
    with time_machine.travel(NOW, tick=False) as clock:
        ask(client, rina.user.email)
        code = mailed_code()
        clock.shift(timedelta(minutes=15, seconds=1))

        assert client.post(CODE, {"code": code}).headers["Location"] == SIGN_IN
        assert signed_in(client) is None


def test_a_code_that_could_not_be_sent_in_time_is_not_sent_at_all(client, rina):
    ask(client, rina.user.email)

    message = deliver(Message.objects.get().pk, now=timezone.now() + timedelta(minutes=16))

    assert message.status == Status.DROPPED


def test_whoever_waits_for_a_code_may_write_another_address(client, rina, budi):
    ask(client, "tpyo@example.org")

    assert client.get(SIGN_IN).status_code == 200
    enter(client, rina.user.email)
    assert signed_in(client) == rina.user


def test_the_session_gets_a_new_key_at_the_door(client, rina):
    ask(client, rina.user.email)
    before = client.session.session_key

    client.post(CODE, {"code": mailed_code()})

    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


# --- What can be learned by knocking ---------------------------------------------------------------------------------


@pytest.fixture
def everybody(rina, budi, dewi):
    """One address of each sort: with an account, only booked, staff, closed, unknown."""
    closed = make_client(email="closed@example.org", user=make_user(Role.CLIENT, email="closed@example.org"))
    User.objects.filter(pk=closed.user.pk).update(is_active=False)
    return [rina.user.email, budi.email, dewi.email, "closed@example.org", "nobody@example.org"]


def test_asking_for_a_code_tells_nothing_about_an_address(client, everybody):
    seen = []
    for address in everybody:
        visitor = type(client)()
        seen.append(
            [
                plain(ask(visitor, address)),
                plain(visitor.get(CODE)),
                plain(visitor.post(CODE, {"code": "no"})),
                plain(visitor.post(CODE, {"code": ""})),
                plain(visitor.post(CODE, {"code": "no"})),
                plain(visitor.get(SIGN_IN)),
            ]
        )

    assert [answers[0][0] for answers in seen] == [302] * len(everybody)
    for address, answers in zip(everybody, seen, strict=True):
        assert answers == seen[0], address


def test_everybody_who_is_asked_for_gets_one_mail(client, everybody):
    for address in everybody:
        ask(type(client)(), address)
    newest_mail()

    assert sorted(re.search(r"[\w.]+@[\w.]+", sent.to[0])[0] for sent in mail.outbox) == sorted(everybody)
    bodies = {re.search(r"[\w.]+@[\w.]+", sent.to[0])[0]: sent.body for sent in mail.outbox}
    with_code = {address for address, body in bodies.items() if re.search(A_CODE, body)}
    assert with_code == set(everybody[:2])
    assert DOOR in bodies["dewi@example.org"]
    assert DOOR not in bodies["nobody@example.org"]


def test_the_password_door_tells_nothing_about_an_address(client, everybody, rina):
    rina.user.set_password(PASSWORD)  # even if a client has one: it is not a way in
    rina.user.save()

    seen = [plain(type(client)().post(DOOR, {"login": each, "password": "wrong " + PASSWORD})) for each in everybody]
    seen += [plain(type(client)().post(DOOR, {"login": rina.user.email, "password": PASSWORD}))]

    assert seen[0][0] == 422
    assert all(answer == seen[0] for answer in seen)


def test_asking_for_a_password_link_tells_nothing_about_an_address(client, everybody):
    seen = []
    for address in everybody:
        visitor = type(client)()
        answer = visitor.post(LINK, {"email": address})
        seen.append((plain(answer), plain(visitor.get(answer.headers["Location"]))))
    newest_mail()

    assert all(answers == seen[0] for answers in seen)
    assert len(mail.outbox) == len(everybody)
    assert [sent.to[0] for sent in mail.outbox if "/sign-in/password/new/" in sent.body] == ["Dewi <dewi@example.org>"]


@pytest.mark.slow
def test_known_and_unknown_addresses_take_the_same_time(client, rina, settings):
    settings.LIMITS = False
    took = {rina.user.email: [], "nobody@example.org": []}
    for _ in range(200):
        for address, times in took.items():
            began = time.perf_counter()
            ask(type(client)(), address)
            times.append(time.perf_counter() - began)

    known, unknown = (statistics.median(times) for times in took.values())
    assert abs(known - unknown) <= 0.015


# --- Staff: a password -----------------------------------------------------------------------------------------------


def test_staff_enter_with_their_password(client, dewi):
    client.get(DOOR)
    answer = client.post(DOOR, {"login": "Dewi@example.org ", "password": PASSWORD})

    assert answer.headers["Location"] == reverse("today")
    assert signed_in(client) == dewi
    assert AuditEvent.objects.filter(act="account.entered", actor=dewi.pk).count() == 1


def test_passwords_are_kept_as_argon2id_at_full_weight(settings):
    settings.PASSWORD_HASHERS = HASHERS
    algorithm, kind, _version, weight = make_user(Role.MANAGER, password=PASSWORD).password.split("$")[:4]
    memory, passes = (int(part.partition("=")[2]) for part in weight.split(",")[:2])

    assert (algorithm, kind) == ("argon2", "argon2id")
    assert memory >= 19 * 1024
    assert passes >= 2


def test_staff_cannot_enter_by_code(client, dewi):
    ask(client, dewi.email)
    sent = newest_mail()

    assert not re.search(A_CODE, sent.body)
    for code in ("", "000000", code_of("")):
        client.post(CODE, {"code": code})
    assert signed_in(client) is None
    assert account_for_code(email=dewi.email) is None


def test_a_counselor_who_is_also_a_client_still_needs_the_password(rina):
    grant_role(user=rina.user, role=Role.COUNSELOR, by=None, now=NOW)

    assert account_for_code(email=rina.user.email) is None


def test_whoever_joins_the_staff_while_a_code_is_on_its_way_is_led_to_the_password(client, rina):
    ask(client, rina.user.email)
    code = mailed_code()
    grant_role(user=rina.user, role=Role.FRONT_DESK, by=None, now=NOW)

    assert client.post(CODE, {"code": code}).headers["Location"] == DOOR
    assert signed_in(client) is None


def test_whoever_joins_the_staff_has_to_sign_in_again(client, rina):
    enter(client, rina.user.email)

    grant_role(user=rina.user, role=Role.FRONT_DESK, by=None, now=timezone.now())

    assert signed_in(client) is None
    assert may(User.objects.get(pk=rina.user.pk), "read", "settings")


def test_a_closed_account_cannot_be_entered_in_any_way(client, dewi, rina):
    ask(client, rina.user.email)
    code = mailed_code()
    close_account(user=dewi, by=None, now=NOW)
    close_account(user=rina.user, by=None, now=NOW)

    assert client.post(DOOR, {"login": dewi.email, "password": PASSWORD}).status_code == 422
    assert client.post(CODE, {"code": code}).headers["Location"] == SIGN_IN
    assert signed_in(client) is None


@pytest.mark.parametrize(
    ("password", "fits"),
    [("pendek sekali", False), ("dewi@example.org", False), ("12345678901234", False), ("tiga bebek di kolam", True)],
)
def test_a_password_has_fourteen_characters_and_is_not_easily_guessed(client, dewi, password, fits):
    link = mailed_link(client, dewi)

    answer = client.post(link, {"password1": password})

    dewi.refresh_from_db()
    assert answer.status_code == (302 if fits else 422)
    assert dewi.check_password(password) is fits


def mailed_link(client, user):
    """The page to choose a new password, reached from the mail."""
    client.post(LINK, {"email": user.email})
    newest_mail()
    link = re.findall(r"/sign-in/password/new/\S+", "\n".join(sent.body for sent in mail.outbox))[-1]
    return client.get(link).headers["Location"]


def test_a_mailed_link_gives_a_new_password_and_ends_every_session(client, dewi):
    elsewhere = type(client)()
    elsewhere.force_login(dewi)
    link = mailed_link(client, dewi)

    assert dewi.pk.hex in link
    assert link.endswith("-set-password/")
    answer = client.post(link, {"password1": "tiga bebek di kolam"})

    assert answer.headers["Location"] == DOOR
    assert (signed_in(client), signed_in(elsewhere)) == (None, None)
    assert client.post(DOOR, {"login": dewi.email, "password": PASSWORD}).status_code == 422
    assert client.post(DOOR, {"login": dewi.email, "password": "tiga bebek di kolam"}).status_code == 302
    assert "/sign-in/" not in newest_mail().body


def test_a_link_for_a_new_password_works_once_and_for_an_hour(client, dewi):
    with time_machine.travel(NOW, tick=False) as clock:
        link = mailed_link(client, dewi)
        client.post(link, {"password1": "tiga bebek di kolam"})
        again = client.get(link)
        fresh = mailed_link(client, dewi)
        clock.shift(timedelta(hours=1, seconds=1))

        assert again.status_code == 404
        assert client.post(fresh, {"password1": "lima bebek di kolam"}).status_code == 404


def test_links_that_open_nothing_are_counted(client, dewi):
    wrong = reverse("account_reset_password_from_key", kwargs={"uidb36": dewi.pk.hex, "key": "abc-123"})

    answers = [client.get(wrong).status_code for _ in range(21)]

    assert answers == [404] * 20 + [429]


def test_changing_the_password_ends_the_other_sessions_and_is_told(client, dewi):
    client.post(DOOR, {"login": dewi.email, "password": PASSWORD})
    elsewhere = type(client)()
    elsewhere.post(DOOR, {"login": dewi.email, "password": PASSWORD})
    page = reverse("account_change_password")

    wrong = client.post(page, {"oldpassword": "not it", "password1": "tiga bebek di kolam"})
    right = client.post(page, {"oldpassword": PASSWORD, "password1": "tiga bebek di kolam"})

    assert (wrong.status_code, right.headers["Location"]) == (422, reverse("account"))
    assert (signed_in(client), signed_in(elsewhere)) == (dewi, None)
    assert newest_mail().to == ["Dewi <dewi@example.org>"]


def test_who_has_no_password_cannot_change_it(client, rina):
    client.force_login(make_user(Role.MANAGER))

    assert client.get(reverse("account_change_password")).status_code == 404
    assert client.get(reverse("account_reauthenticate")).status_code == 404


# --- Limits ----------------------------------------------------------------------------------------------------------


def test_the_sixth_password_within_five_minutes_is_not_even_looked_at(client, dewi):
    other = make_user(Role.FRONT_DESK, email="other@example.org", password=PASSWORD)
    with time_machine.travel(NOW, tick=False) as clock:
        tries = [client.post(DOOR, {"login": dewi.email, "password": "wrong"}).status_code for _ in range(5)]
        right = client.post(DOOR, {"login": dewi.email, "password": PASSWORD})

        assert (tries, right.status_code) == ([422] * 5, 429)
        assert 0 < int(right.headers["Retry-After"]) <= 300
        assert client.post(DOOR, {"login": other.email, "password": PASSWORD}).status_code == 302
        client.post(reverse("account_logout"))
        clock.shift(timedelta(minutes=5))
        assert client.post(DOOR, {"login": dewi.email, "password": PASSWORD}).status_code == 302


def test_a_forged_origin_does_not_get_round_the_limit(client):
    tries = [
        client.post(
            DOOR,
            {"login": f"staff{n}@example.org", "password": "wrong"},
            headers={"x-forwarded-for": f"10.0.0.{n}", "x-real-ip": f"10.0.0.{n}", "forwarded": f"for=10.0.0.{n}"},
        ).status_code
        for n in range(21)
    ]

    assert tries == [422] * 20 + [429]


def test_a_whole_ipv6_line_counts_as_one(client):
    tries = [
        client.post(
            DOOR, {"login": f"a{n}@example.org", "password": "wrong"}, REMOTE_ADDR=f"2001:db8::{n:x}"
        ).status_code
        for n in range(21)
    ]
    elsewhere = client.post(DOOR, {"login": "b@example.org", "password": "wrong"}, REMOTE_ADDR="2001:db8:0:1::1")

    assert (tries[-1], elsewhere.status_code) == (429, 422)


def test_entering_rightly_is_not_counted(client, dewi):
    for _ in range(7):
        assert client.post(DOOR, {"login": dewi.email, "password": PASSWORD}).status_code == 302
        client.post(reverse("account_logout"))


def test_wrong_codes_are_counted_whoever_they_are_for(client, rina):
    tries = []
    for n in range(11):
        ask(client, rina.user.email if n == 10 else f"nobody{n}@example.org")
        tries += [client.post(CODE, {"code": "wrong"}).status_code for _ in range(2)]

    assert tries == [422] * 20 + [429] * 2


@pytest.mark.parametrize("known", [True, False])
def test_codes_are_mailed_five_times_an_hour_to_one_address(client, rina, known):
    address = rina.user.email if known else "nobody@example.org"

    answers = [ask(type(client)(), address) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert Message.objects.count() == 5


def test_password_links_are_mailed_three_times_an_hour_to_one_address(client, dewi):
    answers = [client.post(LINK, {"email": dewi.email}).status_code for _ in range(4)]

    assert answers == [302, 302, 302, 429]


def test_one_network_cannot_have_mail_sent_to_everybody(client):
    answers = [ask(type(client)(), f"person{n}@example.org").status_code for n in range(21)]

    assert answers == [302] * 20 + [429]


class Undo(Exception):
    pass


def test_if_tries_cannot_be_counted_nobody_gets_in(client, dewi):
    client.raise_request_exception = False
    with suppress(Undo), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE practice_ratecount RENAME TO practice_ratecount_gone")
        answer = client.post(DOOR, {"login": dewi.email, "password": PASSWORD})
        raise Undo

    assert answer.status_code == 500
    assert signed_in(client) is None


# --- Ways in and out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/account/", "/account/"),
        ("https://evil.example/", "/today/"),
        ("//evil.example/", "/today/"),
        ("/\\evil.example/", "/today/"),
        ("\\\\evil.example", "/today/"),
        ("javascript:alert(1)", "/today/"),
        ("http:///evil.example", "/today/"),
        ("https:evil.example", "/today/"),
    ],
)
def test_after_the_door_one_comes_to_a_page_of_this_site(client, dewi, wanted, reached):
    answer = client.post(DOOR, {"login": dewi.email, "password": PASSWORD, "next": wanted})

    assert answer.headers["Location"] == reached


def test_a_client_comes_to_the_page_they_wanted(client, rina):
    wanted = client.get("/account/").headers["Location"]
    assert wanted == "/sign-in/?next=/account/"

    on = client.post(wanted, {"email": rina.user.email, "next": "/account/"}).headers["Location"]
    answer = client.post(on, {"code": mailed_code()})

    assert answer.headers["Location"] == "/account/"


def test_signing_out_needs_a_button(client, rina):
    client.force_login(rina.user)

    assert client.get(reverse("account_logout")).status_code == 405
    assert signed_in(client) == rina.user
    answer = client.post(reverse("account_logout"))
    assert answer.headers["Location"] == reverse("landing")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert signed_in(client) is None


def test_nobody_signs_up(client):
    for path in ("/signup/", "/sign-in/signup/", "/accounts/signup/", "/sign-up/"):
        assert client.get(path).status_code == 404


def test_whoever_is_in_is_not_asked_again(client, rina):
    client.force_login(rina.user)

    assert client.get(SIGN_IN).headers["Location"] == reverse("home")


def test_no_page_of_the_doors_is_kept_by_a_browser(client, rina):
    ask(client, rina.user.email)

    for path in (SIGN_IN, CODE, DOOR):
        assert "no-store" in client.get(path).headers["Cache-Control"]


@pytest.mark.parametrize("typed", ["", "not an address", "a@b", "x" * 300 + "@example.org", "a\r\nBcc: b@example.org"])
def test_an_address_that_is_none_is_said_beside_the_field(client, typed):
    answer = ask(client, typed)

    assert answer.status_code == 422
    assert 'id="id_email_error"' in answer.content.decode()
    assert Message.objects.count() == 0


def test_a_nul_byte_in_a_form_is_an_ordinary_mistake(client):
    assert ask(client, "a\0b@example.org").status_code == 422
    assert client.post(DOOR, {"login": "a\0@example.org", "password": "\0"}).status_code == 422


# --- One's own account -----------------------------------------------------------------------------------------------


def test_a_client_says_how_they_are_called_and_written_to(client, rina):
    client.force_login(rina.user)

    answer = client.post(
        reverse("account"), {"name": "  Rina\u202e  Maharani ", "language": "en", "time_zone": "Asia/Makassar"}
    )

    rina.refresh_from_db()
    assert answer.status_code == 302
    assert (rina.user.name, rina.preferred_name) == ("Rina Maharani", "Rina Maharani")
    assert (rina.language, rina.time_zone, rina.user.language) == ("en", "Asia/Makassar", "en")


def test_nothing_else_of_an_account_can_be_changed_by_its_form(client, rina, manager):
    client.force_login(rina.user)
    before = User.objects.filter(pk=rina.user.pk).values().get()
    forged = {"email": "evil@example.org", "is_active": "", "role": "manager", "user": manager.pk, "id": manager.pk}

    client.post(reverse("account"), {"name": "Rina", "language": "id", "time_zone": "Asia/Jakarta"} | forged)

    after = User.objects.filter(pk=rina.user.pk).values().get()
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"name", "language", "time_zone", "last_login"}
    assert User.objects.get(pk=rina.user.pk).roles == {Role.CLIENT}


@pytest.mark.parametrize(
    "typed",
    [
        {"name": "\u200b\u2060", "language": "id", "time_zone": "Asia/Jakarta"},
        {"name": "x" * 81, "language": "id", "time_zone": "Asia/Jakarta"},
        {"name": "Rina", "language": "xx", "time_zone": "Asia/Jakarta"},
        {"name": "Rina", "language": "id", "time_zone": "EST"},
        {},
    ],
)
def test_an_account_refuses_what_makes_no_sense(client, rina, typed):
    client.force_login(rina.user)

    assert client.post(reverse("account"), typed).status_code == 422
    assert signed_in(client).name == "Rina"


def test_staff_confirm_their_password_before_something_weighty(client, dewi):
    client.force_login(dewi)
    page = reverse("account_reauthenticate")

    assert client.get(page).status_code == 200
    assert client.post(page, {"password": "wrong"}).status_code == 422
    assert client.post(page + "?next=/account/", {"password": PASSWORD}).headers["Location"] == "/account/"

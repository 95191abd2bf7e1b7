"""The desk's log of messages, sending by hand, a client's answer, and links that change nothing when followed."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from practice.calendar.actions import cancel_meeting, notice
from practice.calendar.models import Meeting, Status
from practice.messages.actions import deliver, enqueue
from practice.messages.by_hand import (
    log_whatsapp,
    send_again,
    send_all_again,
    whatsapp_link,
    whatsapp_number,
)
from practice.messages.models import AnswerLink, Channel, Message
from practice.messages.models import Status as Sending
from practice.messages.replies import answer, forget_expired, new_answer_link
from practice.people.models import Client, Role
from practice.records.models import AuditEvent
from tests.factories import NOW, make_client, make_meeting, make_practice, make_user

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEY = "6f0dbb3e-6b0a-4bb9-9a43-0c5c1d1a2b3c"


@pytest.fixture(autouse=True)
def practice(db):
    return make_practice()


@pytest.fixture(autouse=True)
def monday_morning(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def rina(db):
    return make_client(name="Rina", phone="0812 3456 7890", channel=Client.Channel.WHATSAPP, language="en")


@pytest.fixture
def desk(front_desk):
    type(front_desk).objects.filter(pk=front_desk.pk).update(language="en")
    browser = Browser()
    browser.force_login(front_desk)
    return browser


def confirmation(client, **fields):
    """A message that confirms a meeting to this client, each an hour after the one before."""
    hours = Meeting.objects.count()
    meeting = make_meeting(starts_at=NOW + 3 * DAY + hours * HOUR, clients=[client])
    message = notice(meeting, client, "meeting.confirmed", now=NOW)
    for name, value in fields.items():
        setattr(message, name, value)
    return enqueue(message)


def failed(client, **fields):
    return confirmation(client, status=Sending.FAILED, attempts=8, error="ConnectionRefusedError", **fields)


def shown(response):
    """The references of the meetings whose messages a page lists."""
    return sorted(re.findall(r"R\d{7}", response.content.decode()))


# --- The log ----------------------------------------------------------------------------------------------------------


def test_the_log_can_be_narrowed_to_what_waits_was_sent_or_failed(desk, rina):
    waiting, lost, sent = (
        confirmation(rina),
        failed(
            rina,
        ),
        confirmation(make_client()),
    )
    deliver(sent.pk, now=NOW)
    references = {name: each.meeting.reference for name, each in {"w": waiting, "f": lost, "s": sent}.items()}

    def listed(query):
        return shown(desk.get(reverse("messages") + query))

    assert listed("") == sorted(references.values())
    assert listed("?shown=waiting") == [references["w"]]
    assert listed("?shown=failed") == [references["f"]]
    assert listed("?shown=sent") == [references["s"]]
    assert listed("?shown=answered") == []
    assert listed(f"?client={rina.pk}") == sorted([references["w"], references["f"]])
    assert listed("?shown=nonsense&client=nobody") == sorted(references.values())


def test_a_client_that_the_reader_may_not_see_narrows_nothing(desk):
    assert desk.get(f"{reverse('messages')}?client={KEY}").status_code == 404


def test_the_log_says_first_how_many_failed(desk, rina):
    failed(rina)

    assert "1 message could not be delivered." in desk.get(reverse("messages")).content.decode()


def test_the_log_takes_the_same_statements_however_many_messages(desk, rina):
    counts = []
    for number in (1, 12):
        for _ in range(number):
            failed(rina)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(reverse("messages")).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 9


def test_one_message_shows_what_is_known_and_never_its_text(desk, rina):
    lost = failed(rina)

    page = desk.get(reverse("message", args=[lost.pk])).content.decode()

    for words in ("Confirmation", "Rina", rina.email, "The mail server did not answer.", "ConnectionRefusedError"):
        assert words in page
    assert "Your appointment is confirmed" not in page
    assert "meet.example" not in page


def test_the_log_of_a_meeting_names_everything_written_about_it_in_order(rina):
    meeting = confirmation(rina).meeting
    confirmation(make_client())
    cancel_meeting(meeting=meeting, by=None, now=NOW + HOUR)

    with translation.override("en"):
        log = [(each.kind, each.kind_label) for each in Message.objects.for_meeting(meeting)]

    assert log == [("meeting.confirmed", "Confirmation"), ("meeting.cancelled", "Cancellation")]


@pytest.mark.parametrize("role", [Role.CLIENT, Role.COUNSELOR, Role.SUPERVISOR, Role.DATA_OFFICER])
def test_nobody_else_finds_the_log_or_a_message(rina, role):
    message, browser = failed(rina), Browser()
    browser.force_login(make_user(role))

    for name in ("messages", "message", "message_whatsapp"):
        assert browser.get(reverse(name, args=[message.pk] if name != "messages" else [])).status_code == 404
    assert browser.post(reverse("message_again", args=[message.pk])).status_code == 404
    assert browser.post(reverse("messages_again")).status_code == 404
    assert Message.objects.get().status == Sending.FAILED


# --- Again ------------------------------------------------------------------------------------------------------------


def test_a_message_that_failed_is_sent_again_when_somebody_says_so(desk, front_desk, rina):
    lost = failed(rina)

    response = desk.post(reverse("message_again", args=[lost.pk]))

    assert response.status_code == 302
    again = Message.objects.get()
    assert (again.status, again.attempts, again.next_attempt_at) == (Sending.QUEUED, 0, NOW)
    event = AuditEvent.objects.get(act="message.sent_again")
    assert (event.actor, event.client_id) == (front_desk.pk, rina.pk)
    assert deliver(lost.pk, now=NOW).status == Sending.SENT
    assert len(mail.outbox) == 1


def test_a_second_press_of_the_button_sends_nothing_twice(front_desk, rina):
    lost = failed(rina)
    send_again(message=lost, by=front_desk, now=NOW)

    with pytest.raises(ValidationError) as refused:
        send_again(message=lost, by=front_desk, now=NOW)

    assert refused.value.code == "status"


@pytest.mark.parametrize("status", [Sending.QUEUED, Sending.SENDING, Sending.DROPPED])
def test_only_what_failed_can_be_sent_again(front_desk, rina, status):
    message = confirmation(rina, status=status)

    with pytest.raises(ValidationError):
        send_again(message=message, by=front_desk, now=NOW)


def test_what_is_sent_again_but_no_longer_holds_is_dropped(front_desk, rina):
    lost = failed(rina)
    cancel_meeting(meeting=lost.meeting, by=None, now=NOW)

    send_again(message=lost, by=front_desk, now=NOW)

    assert deliver(lost.pk, now=NOW).status == Sending.DROPPED
    assert mail.outbox == []


def test_after_a_bad_night_everything_is_tried_again_with_one_press(desk, rina):
    lost = [failed(make_client()) for _ in range(4)]
    sent = confirmation(rina)
    deliver(sent.pk, now=NOW)

    desk.post(reverse("messages_again"))

    assert Message.objects.waiting().count() == len(lost)
    assert AuditEvent.objects.filter(act="message.sent_again").count() == len(lost)
    assert send_all_again(messages=Message.objects.all(), by=None, now=NOW) == 0


# --- WhatsApp, by hand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("0812 3456 7890", "6281234567890"),
        ("0812-3456-7890", "6281234567890"),
        ("+62 812 3456 7890", "6281234567890"),
        ("+62 0812 3456 7890", "6281234567890"),
        ("62812 3456 7890", "6281234567890"),
        ("0062 812 3456 7890", "6281234567890"),
        ("+49 170 1234567", "491701234567"),
        ("812 3456 7890", ""),
        ("", ""),
        ("rumah", ""),
        ("+1", ""),
        ("0812 3456 7890 1234 5678", ""),
    ],
)
def test_a_number_is_written_as_whatsapp_wants_it(typed, digits):
    assert whatsapp_number(typed) == digits


def test_the_link_carries_the_text_and_nothing_else_can_slip_in():
    link = whatsapp_link("0812 3456 7890", "Halo Rina,\n& ?x=1#y")

    assert link == "https://wa.me/6281234567890?text=Halo%20Rina%2C%0A%26%20%3Fx%3D1%23y"


def test_staff_see_the_text_note_the_sending_and_then_get_the_link(desk, front_desk, rina):
    message = confirmation(rina)
    url = reverse("message_whatsapp", args=[message.pk])

    preview = desk.get(url).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', preview)[1]
    answer_to_post = desk.post(url, {"key": key})
    page = desk.get(answer_to_post.headers["Location"]).content.decode()

    assert "Your appointment is confirmed: Thursday, 26 November 2026, 08:00 WIB." in preview
    assert "wa.me" not in preview
    assert answer_to_post.headers["Location"].startswith("/messages/")
    link = re.search(r'<a [^>]*href="(https://wa\.me/6281234567890\?text=[^"]+)"[^>]*>', page)
    assert 'rel="noopener noreferrer"' in link[0]
    logged = Message.objects.get(channel=Channel.WHATSAPP)
    assert (logged.status, logged.sent_at, logged.meeting, logged.client) == (Sending.SENT, NOW, message.meeting, rina)
    event = AuditEvent.objects.get(act="message.sent_by_whatsapp")
    assert (event.actor, event.client_id, event.facts) == (front_desk.pk, rina.pk, {"kind": "meeting.confirmed"})


def test_no_form_leads_to_another_host(desk, rina):
    """`form-action 'self'` would stop it, after the sending was noted."""
    response = desk.post(reverse("message_whatsapp", args=[confirmation(rina).pk]), {"key": KEY})

    assert not re.match(r"https?://", response.headers["Location"])


def test_a_double_press_is_one_sending(desk, rina):
    url = reverse("message_whatsapp", args=[confirmation(rina).pk])

    first, second = desk.post(url, {"key": KEY}), desk.post(url, {"key": KEY})

    assert first.headers["Location"] == second.headers["Location"]
    assert Message.objects.filter(channel=Channel.WHATSAPP).count() == 1
    assert AuditEvent.objects.filter(act="message.sent_by_whatsapp").count() == 1


def test_the_link_is_shown_for_a_quarter_of_an_hour(desk, rina, time_machine):
    response = desk.post(reverse("message_whatsapp", args=[confirmation(rina).pk]), {"key": KEY})

    time_machine.move_to(NOW + timedelta(minutes=16), tick=False)

    assert "wa.me" not in desk.get(response.headers["Location"]).content.decode()


def test_what_no_longer_holds_is_not_sent_by_hand_either(desk, front_desk, rina):
    message = confirmation(rina)
    cancel_meeting(meeting=message.meeting, by=None, now=NOW)

    page = desk.get(reverse("message_whatsapp", args=[message.pk])).content.decode()

    assert "no longer applies" in page
    assert desk.post(reverse("message_whatsapp", args=[message.pk]), {"key": KEY}).status_code == 422
    with pytest.raises(ValidationError):
        log_whatsapp(message=message, key=KEY, by=front_desk, now=NOW)


def test_without_a_number_there_is_nothing_to_send_by_hand(desk, front_desk):
    message = confirmation(make_client(name="Budi"))

    assert "no WhatsApp number" in desk.get(reverse("message_whatsapp", args=[message.pk])).content.decode()
    with pytest.raises(ValidationError, match="WhatsApp"):
        log_whatsapp(message=message, key=KEY, by=front_desk, now=NOW)


def test_the_desk_finds_who_would_rather_read_whatsapp_until_it_is_done(desk, front_desk, rina):
    hers, others = confirmation(rina), confirmation(make_client(phone="0812 1111 2222"))
    old = confirmation(rina, created_at=NOW - 4 * DAY)
    changed = confirmation(rina)
    cancel_meeting(meeting=changed.meeting, by=None, now=NOW)

    before = shown(desk.get(reverse("messages") + "?shown=whatsapp"))
    log_whatsapp(message=hers, key=KEY, by=front_desk, now=NOW)

    assert before == sorted([hers.meeting.reference, changed.meeting.reference]), "and of the cancelled one its end"
    assert shown(desk.get(reverse("messages") + "?shown=whatsapp")) == [changed.meeting.reference]
    assert {others, old}.isdisjoint(Message.objects.for_whatsapp(NOW - 3 * DAY))


def test_what_staff_send_by_hand_fills_no_mailbox(front_desk, settings):
    settings.LIMITS = True
    rina = make_client(phone="0812 3456 7890")
    message = confirmation(rina)
    for number in range(12):
        log_whatsapp(message=message, key=str(number), by=front_desk, now=NOW)

    assert deliver(message.pk, now=NOW).status == Sending.SENT


# --- A client's answer ------------------------------------------------------------------------------------------------


@pytest.fixture
def question(rina):
    """The mail after a meeting that did not take place, and the link in it."""
    meeting = make_meeting(starts_at=NOW - 5 * HOUR, clients=[rina], status=Status.MISSED)
    meeting.participants.update(attendance="missed")
    message = enqueue(notice(meeting, rina, "meeting.missed", now=NOW))
    deliver(message.pk, now=NOW)
    [link] = links_in(mail.outbox[0])
    return message, link


def links_in(sent):
    """Every address of ours in a mail, as a path."""
    text = "\n".join([sent.body, *(part.content for part in sent.alternatives)])
    return sorted(set(re.findall(r"https?://127\.0\.0\.1:8000(/[^\s\"<&]*)", text)))


@pytest.mark.parametrize(
    ("choice", "words"),
    [("rebook", "Choose the time that suits you."), ("call", "We call you"), ("stop", "That is fine.")],
)
def test_a_client_answers_with_one_tap_and_the_desk_sees_it(desk, question, choice, words):
    message, link = question
    rina = Browser(headers={"accept-language": "en"})

    asked = rina.get(link).content.decode()
    done = rina.post(link, {"choice": choice}, follow=True).content.decode()

    assert "What would suit you now?" in asked
    assert words in done
    message.refresh_from_db()
    assert (message.answer, message.answered_at) == (choice, NOW)
    assert shown(desk.get(reverse("messages") + "?shown=answered")) == [message.meeting.reference]
    assert AuditEvent.objects.get(act="message.answered").facts == {"answer": choice}


def test_who_wants_a_call_is_shown_with_the_number_to_call(desk, question):
    message, link = question
    Browser().post(link, {"choice": "call"})

    page = desk.get(reverse("message", args=[message.pk])).content.decode()

    assert "Wants to be called" in page
    assert 'href="tel:081234567890"' in page


def test_an_answer_can_be_given_once(question):
    message, link = question
    Browser().post(link, {"choice": "stop"})

    again = Browser(headers={"accept-language": "en"}).post(link, {"choice": "call"})

    assert again.status_code == 422
    message.refresh_from_db()
    assert message.answer == "stop"
    assert answer(message=message, choice="stop", now=NOW + DAY).answered_at == NOW


@pytest.mark.parametrize("posted", [{}, {"choice": ""}, {"choice": "everything"}])
def test_an_answer_that_is_none_is_asked_for_again(question, posted):
    message, link = question

    response = Browser(headers={"accept-language": "en"}).post(link, posted)

    assert response.status_code == 422
    assert "Choose what suits you." in response.content.decode()
    message.refresh_from_db()
    assert message.answer == ""


def test_the_page_behind_the_link_says_nothing_about_whom_or_what(question):
    message, link = question

    page = Browser(headers={"accept-language": "en"}).get(link).content.decode()

    for secret in ("Rina", message.recipient_email, message.meeting.reference, message.meeting.counselor.name, "0812"):
        assert secret not in page


def test_a_link_to_a_question_lives_for_thirty_days(question, time_machine):
    _message, link = question

    time_machine.move_to(NOW + 30 * DAY - HOUR, tick=False)
    assert Browser().get(link).status_code == 200
    time_machine.move_to(NOW + 30 * DAY, tick=False)
    assert Browser().get(link).status_code == 404
    assert (forget_expired(now=NOW + 30 * DAY), AnswerLink.objects.count()) == (1, 0)


def test_every_try_to_send_has_a_link_that_works(rina):
    message = confirmation(rina)
    tokens = [new_answer_link(message, now=NOW) for _ in range(2)]

    assert [AnswerLink.objects.opening(token, NOW).get().message for token in tokens] == [message, message]


def test_guessing_links_is_soon_refused(settings):
    settings.LIMITS = True
    answers = [Browser().get(reverse("message_answer", args=[f"guess{n}"])).status_code for n in range(22)]

    assert answers[:20] == [404] * 20
    assert answers[21] == 429

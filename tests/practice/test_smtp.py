"""Lines to the mail server that stay open."""

import select
import socket

import pytest
from aiosmtpd.controller import Controller
from django.core.mail import EmailMessage

from practice.messages import smtp


class MailServer:
    """A mail server of ours that knows its callers, and may hang up on the last of them."""

    def __init__(self):
        self.calls, self.mails, self.questions = [], 0, 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.server = Controller(self, hostname="127.0.0.1", port=self.port)
        self.server.start()

    async def handle_EHLO(self, server, session, envelope, name, answers):
        session.host_name = name
        self.calls.append(server)
        return answers

    async def handle_NOOP(self, server, session, envelope, words):
        self.questions += 1
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails += 1
        return "250 OK"

    def hang_up(self):
        self.server.loop.call_soon_threadsafe(self.calls[-1].transport.close)
        [line], _out, _odd = select.select([smtp._lines.line.connection.sock], [], [], 10)
        assert line


@pytest.fixture
def mail_server():
    server = MailServer()
    yield server
    if line := smtp._lines.__dict__.pop("line", None):
        line.connection.close()
    server.server.stop()


def send(mail_server):
    backend = smtp.EmailBackend(host="127.0.0.1", port=mail_server.port, username="", password="", use_tls=False)
    return backend.send_messages([EmailMessage("Appointment", "Tomorrow", "a@example.org", ["rina@example.org"])])


def test_mails_in_quick_succession_share_a_line_without_asking_whether_it_lives(mail_server):
    assert [send(mail_server) for _mail in range(3)] == [1, 1, 1]

    assert (len(mail_server.calls), mail_server.mails, mail_server.questions) == (1, 3, 0)


def test_a_line_that_rested_is_asked_whether_it_lives(mail_server, monkeypatch):
    send(mail_server)
    monkeypatch.setattr(smtp, "FRESH_FOR", 0.0)

    send(mail_server)

    assert (len(mail_server.calls), mail_server.mails, mail_server.questions) == (1, 2, 1)


def test_a_mail_leaves_on_a_new_line_after_the_server_hung_up(mail_server):
    send(mail_server)
    mail_server.hang_up()

    assert send(mail_server) == 1

    assert (len(mail_server.calls), mail_server.mails) == (2, 2)


def test_a_line_is_given_up_after_so_many_mails(mail_server, monkeypatch):
    monkeypatch.setattr(smtp, "MAILS_AT_MOST", 2)

    for _mail in range(3):
        send(mail_server)

    assert (len(mail_server.calls), mail_server.mails) == (2, 3)

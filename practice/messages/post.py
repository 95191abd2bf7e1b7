"""How a rendered message becomes a mail and leaves."""

from email.headerregistry import Address
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from practice.messages.kinds import Rendered
from practice.messages.models import Message
from practice.messages.renderers import plain_name, sender_name
from practice.people.models import Practice


def sender_address() -> str:
    """The bare address that all messages come from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def compose(message: Message, rendered: Rendered) -> EmailMultiAlternatives:
    """The mail: from the practice, to one person, with the Message-ID that every try carries.

    A calendar part goes along twice: as an alternative that mail programs act on (its METHOD in the Content-Type too,
    RFC 6047), and as a file for those that show files only.
    """
    practice = rendered.practice or Practice.current()
    mail = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        from_email=str(Address(display_name=sender_name(practice, message), addr_spec=sender_address())),
        to=[str(Address(display_name=plain_name(message.recipient_name), addr_spec=message.recipient_email))],
        reply_to=[practice.email] if practice.email else None,
        headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"},
    )
    if rendered.html is not None:
        mail.attach_alternative(rendered.html, "text/html")
    if rendered.calendar is not None:
        mail.attach_alternative(rendered.calendar.text, f"text/calendar; method={rendered.calendar.method}")
        mail.attach("appointment.ics", rendered.calendar.text.encode(), "application/ics")
    for attachment in rendered.attachments:
        mail.attach(attachment.name, attachment.content, attachment.mimetype)
    return mail

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import ProgrammingError, transaction
from django.utils import timezone

from practice.people.accounts import Role
from practice.people.actions import invite
from practice.people.invitations import LIFETIME
from practice.people.mails import new_link


class Command(BaseCommand):
    help = (
        "Open the door for a practice manager: prints a link, valid once and for 72 hours, where that person chooses a "
        "password. The account is made when the link is used. Run it again for a new link; the old one then dies."
    )

    def add_arguments(self, parser):
        parser.add_argument("email", help="address of the manager to be; nothing is mailed to it")
        parser.add_argument("--name", help="what this person is called; by default the first part of the address")
        parser.add_argument("--url", help="address of this installation, by default BENANG_URL")

    def handle(self, *, email, name, url, **options):
        base = (url or settings.BASE_URL).rstrip("/")
        if not base:
            raise CommandError("Say where this installation is reached: --url https://…, or set BENANG_URL.")
        try:
            validate_email(email)
            with transaction.atomic():
                invitation = invite(
                    email=email,
                    name=(name or email.partition("@")[0])[:80],
                    role=Role.MANAGER,
                    by=None,
                    now=timezone.now(),
                    mailed=False,
                )
                link = new_link(invitation)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except ProgrammingError as error:
            raise CommandError("The database has no tables yet. Run `python manage.py migrate` first.") from error
        hours = int(LIFETIME.total_seconds()) // 3600
        self.stdout.write(f"Open this link within {hours} hours and choose a password:\n{base}{link}")

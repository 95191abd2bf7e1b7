"""Fill an empty database with the demo practice."""

import gc
import json
import os
import secrets
import time
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from practice.people.accounts import STAFF
from programs.ruang_teduh.cast import CAST
from programs.ruang_teduh.making import (
    CLIENTS_FOR_EACH,
    FEWEST_CLIENTS,
    FEWEST_COUNSELORS,
    TOLD_MONTHS,
    USUAL_CLIENTS,
    USUAL_COUNSELORS,
    Size,
    make_practice,
)

APPS = ("practice", "appointments", "programs")
BEFORE_ANYBODY = {"heartbeat", "ratecount"}  # may be there before anybody has come
KEPT = {"django_migrations", "django_content_type", "auth_permission", "procrastinate_workers"}
MAY_EMPTY = """
SELECT set_config('pgtrigger.ignore', '{' || coalesce(string_agg(DISTINCT tgname::text, ','), '') || '}', true)
FROM pg_trigger WHERE tgname LIKE 'pgtrigger_never_emptied_%'
"""


class Command(BaseCommand):
    help = (
        "Fill an empty database with the demo practice Ruang Teduh: invented people, places and meetings around today. "
        "The same --seed gives the same practice on the same day. Nobody gets a password unless --credentials asks."
    )

    def add_arguments(self, parser):
        parser.add_argument("--seed", type=int, default=1, help="which of the possible practices (default 1)")
        parser.add_argument(
            "--counselors",
            type=int,
            default=USUAL_COUNSELORS,
            metavar="N",
            help=f"default {USUAL_COUNSELORS}, at least {FEWEST_COUNSELORS}",
        )
        parser.add_argument(
            "--clients",
            type=int,
            metavar="N",
            help=f"default {USUAL_CLIENTS}, or {CLIENTS_FOR_EACH} for each counselor if that is more; "
            f"at least {FEWEST_CLIENTS}",
        )
        parser.add_argument(
            "--months",
            type=int,
            default=TOLD_MONTHS,
            metavar="N",
            help=f"how far the history goes back (default {TOLD_MONTHS}); more than {TOLD_MONTHS} months ago every "
            "counselor's days are full",
        )
        parser.add_argument(
            "--meetings",
            type=int,
            metavar="N",
            help="make so many past meetings, going back as far as that takes, whatever --months says",
        )
        parser.add_argument(
            "--credentials",
            type=Path,
            metavar="FILE",
            help="give the staff of the cast new passwords (in demo mode) and write all logins here, as JSON",
        )
        parser.add_argument("--reset", action="store_true", help="empty the database first; the embedded one only")

    def handle(self, *, seed, counselors, clients, months, meetings, credentials, reset, **options):
        began = time.monotonic()
        gc.disable()  # hundreds of thousands of rows are built and all of them kept: half the time went into looking
        size = self.size(counselors, clients, months, meetings)
        if credentials and not credentials.absolute().parent.is_dir():
            raise CommandError(f"There is no directory {credentials.absolute().parent} for the credentials.")
        if reset:
            self.empty()
        self.refuse_unless_empty()
        passwords = new_passwords() if credentials and settings.DEMO else {}
        try:
            made = make_practice(size=size, seed=seed, passwords=passwords, now=timezone.now())
        except ValueError as error:
            raise CommandError(str(error)) from error
        if credentials:
            write_credentials(credentials, passwords)
        written = self.write_past(made, options["verbosity"])
        tidy_up()
        if options["verbosity"]:
            self.stdout.write(
                f"Ruang Teduh is open: {size.counselors} counselors, {size.clients:,} clients, "
                f"{made.meetings + written:,} meetings, in {time.monotonic() - began:.1f} s."
            )

    def size(self, counselors, clients, months, meetings) -> Size:
        """What was asked for. Raise CommandError if no practice can be like that."""
        if clients is None:
            clients = max(USUAL_CLIENTS, CLIENTS_FOR_EACH * counselors)
        if counselors < FEWEST_COUNSELORS or clients < FEWEST_CLIENTS:
            raise CommandError(f"At least {FEWEST_COUNSELORS} counselors and {FEWEST_CLIENTS} clients are needed.")
        if months < 1 or (meetings is not None and meetings < 0):
            raise CommandError("Give at least one month of history, and no fewer than 0 meetings.")
        if (meetings is not None or months > TOLD_MONTHS) and clients < CLIENTS_FOR_EACH * counselors:
            raise CommandError(f"A long history needs {CLIENTS_FOR_EACH} clients for each counselor.")
        return Size(counselors, clients, months, meetings)

    def refuse_unless_empty(self):
        for model in (model for app in APPS for model in apps.get_app_config(app).get_models()):
            if model._meta.model_name not in BEFORE_ANYBODY and model._base_manager.exists():
                hint = " With --reset it is emptied first, and all that is in it is lost." if settings.EMBEDDED else ""
                raise CommandError(
                    f"The database is not empty (there is something in {model._meta.db_table}), and the demo is only "
                    f"made in an empty one.{hint}"
                )

    def empty(self):
        """Remove every row, the audit trail included. Raise CommandError unless the database is the embedded one."""
        if not settings.EMBEDDED:
            raise CommandError("--reset empties the embedded database only. This one belongs to somebody: look twice.")
        with transaction.atomic(), connection.cursor() as cursor:
            tables = sorted(set(connection.introspection.table_names(cursor)) - KEPT)
            names = ", ".join(map(connection.ops.quote_name, tables))
            cursor.execute(MAY_EMPTY)
            cursor.execute(f"TRUNCATE {names} RESTART IDENTITY")

    def write_past(self, made, verbosity) -> int:
        if made.past is None:
            return 0

        def report(written, total):
            if verbosity:
                self.stdout.write(f"{written:,} of {total:,} past meetings")

        made.past.write(made.references, report)
        return made.past.total


def new_passwords() -> dict[str, str]:
    """A new password for everyone of the cast who works here, by e-mail."""
    return {member.email: secrets.token_urlsafe(12) for member in CAST if member.role in STAFF}


def write_credentials(path: Path, passwords: dict[str, str]) -> None:
    """Write the logins of the cast, readable by their owner alone."""
    logins = [
        {"email": member.email, "name": member.name, "role": member.role.value}
        | ({"password": passwords[member.email]} if member.email in passwords else {})
        for member in CAST
    ]
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(logins, file, indent=2, ensure_ascii=False)
        file.write("\n")


def tidy_up() -> None:
    """Let the planner know what is there, and searches answer from indexes alone."""
    models = [model for app in APPS for model in apps.get_app_config(app).get_models()]
    names = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
    how = "ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)"
    with connection.cursor() as cursor:
        cursor.execute(f"{how} {names}")

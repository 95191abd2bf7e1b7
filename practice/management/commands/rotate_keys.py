from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from practice.records.keys import RecordError, current_key
from practice.records.rotation import rotate_keys, verify_keys


class Command(BaseCommand):
    help = (
        "Wrap every data key with the first key of BENANG_KEYS. Put the new key first and keep the old one behind it, "
        "restart, run this, then --verify; only then take the old key away. Stopped, it goes on when run again."
    )

    def add_arguments(self, parser):
        parser.add_argument("--verify", action="store_true", help="change nothing; open every key and report")

    def handle(self, *, verify, **options):
        try:
            self.verify() if verify else self.rotate()
        except (ImproperlyConfigured, RecordError) as error:
            raise CommandError(str(error)) from None

    def rotate(self):
        total = 0
        for model, count in rotate_keys():
            total += count
            self.stdout.write(f"{model._meta.label}: {count} wrapped ({total} so far)")
        self.stdout.write(f"Keys now wrapped with “{current_key().name}”: {total}.")

    def verify(self):
        problems = verify_keys()
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"Keys that need attention: {len(problems)}.")
        self.stdout.write(f"Every key opens with “{current_key().name}”.")

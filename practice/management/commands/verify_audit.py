from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from practice.records.chain import chain_head, verify_chain


def _head(text: str) -> tuple[int, str]:
    position, _colon, digest = text.partition(":")
    return int(position), digest.lower()


class Command(BaseCommand):
    help = (
        "Compare the audit trail with its hash chain and fail if an event was edited, removed, moved or inserted. "
        "Prints the head of the chain: keep it outside the database and hand it in with --head next time."
    )

    def add_arguments(self, parser):
        parser.add_argument("--head", type=_head, metavar="POSITION:HASH", help="a head that was printed earlier")

    def handle(self, *, head, **options):
        problems = verify_chain(now=timezone.now(), head=head)
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"Problems in the audit trail: {len(problems)}.")
        position, digest = chain_head()
        self.stdout.write(f"The audit trail is whole. Head: {position}:{digest}")

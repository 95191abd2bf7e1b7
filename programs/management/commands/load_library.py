"""Bring the methods and templates that come with Benang into a practice's library."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from programs.library.loading import load_library


class Command(BaseCommand):
    help = (
        "Add the methods and program templates that come with Benang, where they are missing. What the practice has "
        "changed or retired stays as it is, so this can be run at any time, and again after every update."
    )

    def handle(self, *, verbosity, **options):
        added = load_library(now=timezone.now())
        if verbosity:
            self.stdout.write(
                f"Added {added['methods']} methods, {added['templates']} templates, "
                f"{added['versions']} new versions of templates."
            )

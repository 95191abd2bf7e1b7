from importlib import import_module

from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    name = "programs"

    def ready(self):
        """Register what is found by name only: the words of each kind of message."""
        for module in ("sessions.mails", "agreement.mails", "reviews.mails"):
            import_module(f"programs.{module}")

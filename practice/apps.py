from importlib import import_module

from django.apps import AppConfig


class PracticeConfig(AppConfig):
    """The ground floor: people, catalog, calendar, messages, records and the pages they share."""

    name = "practice"
    verbose_name = "Practice"

    def ready(self):
        """Register what is found by name only: checks, the clocks of sessions, the words of each kind of message."""
        for module in (
            "checks",
            "people.sessions",
            "records.checks",
            "messages.accounts",
            "calendar.mails",
            "calendar.desk.answers",
        ):
            import_module(f"practice.{module}")

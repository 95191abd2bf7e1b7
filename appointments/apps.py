from importlib import import_module

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "appointments"

    def ready(self):
        """Register what is found by name only: the words of its mail, the holds that outlast signing in."""
        for module in ("mails", "hold"):
            import_module(f"appointments.{module}")

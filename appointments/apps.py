from importlib import import_module

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "appointments"

    def ready(self):
        """Register what is found by name only: the words of its mail."""
        import_module("appointments.mails")

"""The practice itself: its name, how to reach it, and the rules that hold for everybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.zones import validate_zone

_remembered: ContextVar["list[Practice] | None"] = ContextVar("remembered_practice", default=None)


class KnownZone:
    """The name of the practice's zone as this process knows it: "" if it is not set up, None before anybody asked."""

    name: str | None = None


zone_known = KnownZone()


class PracticeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The practice's name and contact are public."""
        return self


class Practice(models.Model):
    """One row: the practice that runs this installation."""

    name = models.CharField(_("name"), max_length=80)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    whatsapp = models.CharField(_("WhatsApp"), max_length=30, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, default="Asia/Jakarta", validators=[validate_zone])
    country = models.CharField(_("country code for public holidays"), max_length=2, default="ID")
    adult_age = models.PositiveSmallIntegerField(_("age from which a client books alone"), default=18)
    asks_birth_year = models.BooleanField(_("ask for the year of birth when booking"), default=True)

    objects = PracticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="there_is_one_practice"),
            models.CheckConstraint(
                condition=models.Q(adult_age__gte=12, adult_age__lte=25), name="adult_age_is_between_12_and_25"
            ),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        zone_known.name = self.time_zone

    @classmethod
    def zone_name(cls) -> str:
        """The practice's time zone, in which everybody reads who chose none; before it is set up the installation's.

        As whoever fetched the practice last in this process found it, which every page does: only the first to ask in
        a process asks the database.
        """
        if zone_known.name is None:
            cls.current()
        return zone_known.name or settings.TIME_ZONE

    @classmethod
    def current(cls) -> "Practice":
        """The practice; before it is set up, an unsaved one called Benang."""
        kept = _remembered.get()
        found = kept[0] if kept else cls.objects.first() or cls(pk=1, name="Benang")
        zone_known.name = "" if found._state.adding else found.time_zone
        if kept == []:
            kept.append(found)
        return found

    @staticmethod
    @contextmanager
    def remembered() -> Iterator[None]:
        """Within this block fetch the current practice once at most: for work that goes on for seconds."""
        before = _remembered.set([])
        try:
            yield
        finally:
            _remembered.reset(before)

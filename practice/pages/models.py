"""What the practice itself writes for its pages."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.people.counselors import in_language


class HelpContactQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Help is for everybody."""
        return self

    def for_listing(self):
        return self.order_by("level", "position", "pk")


class HelpContact(models.Model):
    """Whom to turn to in a crisis. The practice checks every entry by hand and shows when it last did."""

    class Level(models.IntegerChoices):
        DANGER = 1, _("In danger now")
        TODAY = 2, _("Someone to talk to today")
        TALK = 3, _("Talk to us")

    level = models.PositiveSmallIntegerField(_("when"), choices=Level)
    position = models.PositiveSmallIntegerField(_("position in lists"), default=10)
    name_id = models.CharField(_("name in Indonesian"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    whatsapp = models.CharField(_("WhatsApp"), max_length=30, blank=True)
    website = models.URLField(_("website"), blank=True)
    hours_id = models.CharField(_("hours, in Indonesian"), max_length=100, blank=True)
    hours_en = models.CharField(_("hours, in English"), max_length=100, blank=True)
    note_id = models.CharField(_("note in Indonesian"), max_length=300, blank=True)
    note_en = models.CharField(_("note in English"), max_length=300, blank=True)
    checked_on = models.DateField(_("last checked on"))

    objects = HelpContactQuerySet.as_manager()

    def __str__(self):
        return in_language(self, "name")

    @property
    def name(self):
        return in_language(self, "name")

    @property
    def hours(self):
        return in_language(self, "hours")

    @property
    def note(self):
        return in_language(self, "note")

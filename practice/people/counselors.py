"""Counselors: who they are to a client who is choosing, and whether their licences allow new bookings."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from practice.people.accounts import Role, User
from practice.zones import validate_zone


def in_language(instance, field: str) -> str:
    """The text of `field` in the active language, or in the other one where it is missing."""
    ours, other = ("en", "id") if (get_language() or "").startswith("en") else ("id", "en")
    return getattr(instance, f"{field}_{ours}") or getattr(instance, f"{field}_{other}")


class SpokenLanguage(models.TextChoices):
    INDONESIAN = "id", _("Indonesian")
    ENGLISH = "en", _("English")
    JAVANESE = "jv", _("Javanese")
    SUNDANESE = "su", _("Sundanese")
    BUGINESE = "bug", _("Buginese")
    MAKASSARESE = "mak", _("Makassarese")
    MANDARIN = "zh", _("Mandarin")
    GERMAN = "de", _("German")
    PORTUGUESE = "pt", _("Portuguese")


class Gender(models.TextChoices):
    WOMAN = "woman", _("Woman")
    MAN = "man", _("Man")
    UNSAID = "", _("Not said")


class Topic(models.Model):
    """Something people seek help with, in plain words."""

    slug = models.SlugField(unique=True)
    name_id = models.CharField(_("name in Indonesian"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=60, blank=True)

    def __str__(self):
        return in_language(self, "name")


class CounselorQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Managers and the front desk see all; a counselor themselves; a client those who are listed."""
        if user.is_authenticated and user.has_role(Role.MANAGER, Role.FRONT_DESK, Role.DATA_OFFICER):
            return self
        if user.is_authenticated and user.has_role(Role.COUNSELOR):
            return self.filter(models.Q(user=user) | models.Q(is_listed=True))
        return self.listed()

    def listed(self):
        """Counselors that the public may see and book."""
        return self.filter(is_listed=True)

    def for_listing(self):
        return self.prefetch_related("topics", "licences").order_by("name", "pk")


class Counselor(models.Model):
    """A counselor or psychologist of the practice."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, null=True, blank=True, related_name="counselor")
    slug = models.SlugField(_("name in links"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    title = models.CharField(_("title after the name"), max_length=60, blank=True)
    gender = models.CharField(_("gender"), max_length=5, choices=Gender, blank=True, default="")
    languages = ArrayField(
        models.CharField(max_length=3, choices=SpokenLanguage), verbose_name=_("languages"), default=list
    )
    topics = models.ManyToManyField(Topic, verbose_name=_("topics"), blank=True)
    approach_id = models.TextField(_("approach, in Indonesian (at most 60 words)"), max_length=600, blank=True)
    approach_en = models.TextField(_("approach, in English (at most 60 words)"), max_length=600, blank=True)
    first_session_id = models.TextField(_("the first meeting with me, in Indonesian"), max_length=900, blank=True)
    first_session_en = models.TextField(_("the first meeting with me, in English"), max_length=900, blank=True)
    video_link = models.URLField(_("video room"), blank=True, max_length=300)
    phone = models.CharField(_("phone for calls"), max_length=30, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, default="Asia/Jakarta", validators=[validate_zone])
    is_listed = models.BooleanField(_("shown to clients"), default=True)

    objects = CounselorQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(video_link="") | models.Q(video_link__startswith="https://"),
                name="a_video_room_is_reached_by_https",
            )
        ]

    def __str__(self):
        return self.name

    @property
    def full_name(self):
        """Name and title as on a business card: Ayu Pratiwi, M.Psi., Psikolog."""
        return f"{self.name}, {self.title}" if self.title else self.name

    @property
    def approach(self):
        return in_language(self, "approach")

    @property
    def first_session(self):
        return in_language(self, "first_session")

    @property
    def language_names(self):
        names = dict(SpokenLanguage.choices)
        return [names.get(code, code) for code in self.languages]


class Licence(models.Model):
    """A registration or practice licence. New bookings stop on the day after it expires."""

    class Kind(models.TextChoices):
        STR = "STR", "STR"
        SIPP = "SIPP", "SIPP"
        SILP = "SILP", "SILP"

    counselor = models.ForeignKey(Counselor, on_delete=models.CASCADE, related_name="licences")
    kind = models.CharField(_("kind"), max_length=4, choices=Kind)
    number = models.CharField(_("number"), max_length=40)
    expires_on = models.DateField(_("valid until"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["counselor", "kind"], name="a_counselor_has_one_licence_of_a_kind")
        ]

    def __str__(self):
        return f"{self.kind} {self.number}"

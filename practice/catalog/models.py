"""What can be booked, by whom, where, and by which rules."""

from copy import copy

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.people.counselors import Counselor, in_language
from practice.zones import validate_zone

HOUR = 60
DAY = 24 * HOUR


class Mode(models.TextChoices):
    VIDEO = "video", _("Video call")
    IN_PERSON = "in_person", _("In person")
    PHONE = "phone", _("Phone call")


class Kind(models.TextChoices):
    CONSULTATION = "consultation", _("Consultation")
    INITIAL = "initial_consultation", _("Initial consultation")
    SESSION = "program_session", _("Program session")
    ASSESSMENT = "assessment", _("Assessment")
    FOLLOW_UP = "follow_up", _("Follow-up")


class Approval(models.TextChoices):
    INSTANT = "instant", _("Confirmed at once")
    REQUEST = "request", _("By request: the practice answers")


class LocationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Addresses are public."""
        return self


class Location(models.Model):
    """A place where the practice receives people."""

    name = models.CharField(_("name"), max_length=80)
    address = models.TextField(_("address"), max_length=400)
    directions_id = models.TextField(_("how to find it, in Indonesian"), max_length=600, blank=True)
    directions_en = models.TextField(_("how to find it, in English"), max_length=600, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, default="Asia/Jakarta", validators=[validate_zone])
    is_open = models.BooleanField(_("in use"), default=True)

    objects = LocationQuerySet.as_manager()

    def __str__(self):
        return self.name

    @property
    def directions(self):
        return in_language(self, "directions")


class RoomQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Rooms are the staff's business."""
        return self if user.is_staff else self.none()

    def for_listing(self):
        return self.select_related("location").order_by("location__name", "name", "pk")


class Room(models.Model):
    """A room that holds one meeting at a time."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="rooms", verbose_name=_("place"))
    name = models.CharField(_("name"), max_length=60)
    is_open = models.BooleanField(_("in use"), default=True)

    objects = RoomQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["location", "name"], name="rooms_of_a_place_differ_in_name")]

    def __str__(self):
        return f"{self.name} ({self.location})"


class ServiceQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Staff see every service, everybody else those on offer."""
        return self if user.is_authenticated and user.is_staff else self.public()

    def public(self):
        """Services that a client can book online."""
        return self.filter(is_public=True, kind__in=[Kind.CONSULTATION, Kind.INITIAL])

    def for_listing(self):
        return self.order_by("position", "pk")


class Service(models.Model):
    """One thing that can be booked: its length, price and rules. Times are in minutes, the price in whole rupiah."""

    slug = models.SlugField(_("name in links"), unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    name_id = models.CharField(_("name in Indonesian"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80, blank=True)
    fits_id = models.CharField(_("fits if …, in Indonesian"), max_length=200, blank=True)
    fits_en = models.CharField(_("fits if …, in English"), max_length=200, blank=True)
    about_id = models.TextField(_("what happens in it, in Indonesian"), max_length=1500, blank=True)
    about_en = models.TextField(_("what happens in it, in English"), max_length=1500, blank=True)
    position = models.PositiveSmallIntegerField(_("position in lists"), default=10)
    is_public = models.BooleanField(_("can be booked online"), default=True)
    approval = models.CharField(_("confirmation"), max_length=10, choices=Approval, default=Approval.INSTANT)

    minutes = models.PositiveSmallIntegerField(_("length in minutes"), default=60)
    buffer_before = models.PositiveSmallIntegerField(_("pause before, in minutes"), default=0)
    buffer_after = models.PositiveSmallIntegerField(_("pause after, in minutes"), default=10)
    step = models.PositiveSmallIntegerField(_("starts every … minutes"), default=30)
    modes = ArrayField(models.CharField(max_length=10, choices=Mode), verbose_name=_("modes"), default=list)

    price = models.PositiveIntegerField(_("price in rupiah"), default=0)
    currency = models.CharField(max_length=3, default="IDR", editable=False)
    how_to_pay_id = models.TextField(_("how to pay, in Indonesian"), max_length=600, blank=True)
    how_to_pay_en = models.TextField(_("how to pay, in English"), max_length=600, blank=True)

    notice = models.PositiveIntegerField(_("shortest notice, in minutes"), default=12 * HOUR)
    notice_new_client = models.PositiveIntegerField(_("shortest notice for new clients, in minutes"), default=DAY)
    horizon_days = models.PositiveSmallIntegerField(_("bookable up to … days ahead"), default=60)
    free_cancel = models.PositiveIntegerField(_("free to cancel until … minutes before"), default=DAY)
    free_move = models.PositiveIntegerField(_("free to move until … minutes before"), default=DAY)
    moves_allowed = models.PositiveSmallIntegerField(_("moves allowed"), default=2)
    per_day_cap = models.PositiveSmallIntegerField(_("most meetings of a counselor in a day"), default=6)

    counselors = models.ManyToManyField(
        Counselor, related_name="services", blank=True, verbose_name=_("counselors who offer it")
    )
    rooms = models.ManyToManyField(Room, related_name="services", blank=True, verbose_name=_("rooms it can use"))

    objects = ServiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minutes__gte=5, minutes__lte=480), name="a_service_takes_5_to_480_minutes"
            ),
            models.CheckConstraint(
                condition=models.Q(step__in=[5, 10, 15, 20, 30, 60, 90, 120]),
                name="starts_lie_on_a_grid_of_5_minutes",
            ),
            models.CheckConstraint(
                condition=models.Q(buffer_before__lte=240, buffer_after__lte=240), name="pauses_are_at_most_240_minutes"
            ),
            models.CheckConstraint(condition=models.Q(horizon_days__lte=366), name="bookings_reach_a_year_ahead"),
            models.CheckConstraint(condition=models.Q(modes__len__gte=1), name="a_service_has_a_mode"),
        ]

    def __str__(self):
        return in_language(self, "name")

    def under(self, *, minutes: int, free_cancel: int, free_move: int) -> "Service":
        """The same service with the length and the limits that were agreed on: to search and book by, never saved."""
        agreed = copy(self)
        agreed.minutes, agreed.free_cancel, agreed.free_move = minutes, free_cancel, free_move
        return agreed

    @property
    def name(self):
        return in_language(self, "name")

    @property
    def fits(self):
        return in_language(self, "fits")

    @property
    def about(self):
        return in_language(self, "about")

    @property
    def how_to_pay(self):
        return in_language(self, "how_to_pay")

    @property
    def is_program_door(self):
        """True for the bead before the thread: it leads to a program, and is not its first session."""
        return self.kind == Kind.INITIAL

    @property
    def mode_names(self):
        names = dict(Mode.choices)
        return [names[mode] for mode in self.modes if mode in names]

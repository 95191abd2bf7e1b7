"""When counselors work, and when they do not."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from practice.catalog.models import Location
from practice.people.accounts import Role
from practice.people.counselors import Counselor
from practice.zones import validate_zone


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class OwnScheduleQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those who run schedules see all; a counselor their own."""
        if user.has_role(Role.MANAGER, Role.FRONT_DESK):
            return self
        return self.filter(counselor__user=user)


class WorkingHours(models.Model):
    """A weekly window of wall time in one zone: the same wall time all year, whatever the clocks do.

    Minutes are counted from local midnight. With a place, meetings in person happen there; without one the window
    is for video and phone.
    """

    counselor = models.ForeignKey(Counselor, on_delete=models.CASCADE, related_name="working_hours")
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday)
    from_minute = models.PositiveSmallIntegerField(_("from"))
    until_minute = models.PositiveSmallIntegerField(_("until"))
    time_zone = models.CharField(_("time zone"), max_length=50, validators=[validate_zone])
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("place")
    )
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects = OwnScheduleQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "working hours"
        indexes = [models.Index(fields=["counselor", "weekday"], name="working_hours_of_counselor")]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_minute__lt=models.F("until_minute"), until_minute__lte=24 * 60),
                name="working_hours_end_after_they_begin",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=models.F("valid_from")),
                name="working_hours_are_valid_for_a_while",
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="a_week_has_seven_days"),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.from_text}–{self.until_text}"

    @property
    def from_text(self):
        return f"{self.from_minute // 60:02}:{self.from_minute % 60:02}"

    @property
    def until_text(self):
        return f"{self.until_minute // 60:02}:{self.until_minute % 60:02}"


class TimeOff(models.Model):
    """A time in which a counselor takes no meetings. The reason is theirs and is shown to nobody else."""

    counselor = models.ForeignKey(Counselor, on_delete=models.CASCADE, related_name="time_off")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason (only you see it)"), max_length=120, blank=True)

    objects = OwnScheduleQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["counselor", "ends_at"], name="time_off_of_counselor")]
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=models.F("ends_at")), name="time_off_ends_after_it_begins")
        ]

    def __str__(self):
        return f"{self.counselor}: {self.starts_at:%Y-%m-%d}"


class ClosureQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Closures are no secret."""
        return self


class Closure(models.Model):
    """Days on which the practice, or one of its places, is closed. Dates are local to each counselor's hours."""

    name_id = models.CharField(_("name in Indonesian"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80, blank=True)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    location = models.ForeignKey(
        Location, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("only this place")
    )

    objects = ClosureQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["ends_on"], name="closure_ends_on")]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__lte=models.F("ends_on")), name="a_closure_ends_on_or_after_its_first_day"
            )
        ]

    def __str__(self):
        return self.name_id

"""Who supervises whom, from when until when."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Now

from practice.people.accounts import Role, User
from practice.people.counselors import Counselor


class SupervisionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Managers see all; supervisors and counselors their own."""
        if user.has_role(Role.MANAGER):
            return self
        return self.filter(models.Q(supervisor=user) | models.Q(counselor__user=user))

    def current(self, now: datetime | None = None):
        """Supervisions that hold now: by the database's clock, or at `now`."""
        moment = now or Now()
        return self.filter(models.Q(ended_at=None) | models.Q(ended_at__gt=moment), started_at__lte=moment)

    def co_signing(self, now: datetime | None = None):
        """Those that hold now under which somebody co-signs: a supervisor who is still at work here."""
        at_work = User.objects.with_role(Role.SUPERVISOR).filter(is_active=True)
        return self.current(now).filter(co_signs=True, supervisor__in=at_work.values("pk"))


class Supervision(models.Model):
    """A supervisor reads and co-signs what a counselor writes. Co-signing is needed while `co_signs`."""

    supervisor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="supervises")
    counselor = models.ForeignKey(Counselor, on_delete=models.PROTECT, related_name="supervisions")
    co_signs = models.BooleanField(default=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SupervisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supervisor", "counselor"],
                condition=models.Q(ended_at=None),
                name="one_supervision_between_two_people_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(ended_at__gte=models.F("started_at")),
                name="a_supervision_ends_after_it_began",
            ),
        ]

    def __str__(self):
        return f"{self.supervisor} – {self.counselor}"

"""Goals in the client's own words, five levels each, and how both sides rate them."""

import uuid

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from practice.people.clients import Client
from practice.records.fields import EncryptedTextField
from practice.records.models import RecordQuerySet
from programs.plan.models import Program

MOST_GOALS = 5
LEVELS = (-2, -1, 0, 1, 2)


class GoalSet(models.Model):
    """Goals that were agreed together. Frozen when signed: later goals begin a new set, with a T-score of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="goal_sets")
    number = models.PositiveSmallIntegerField()
    frozen_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0, db_default=0, help_text="rises with every change of its goals")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "number"], name="goal_sets_of_a_program_are_numbered")
        ]

    def __str__(self):
        return f"{self.number}"


class GoalQuerySet(RecordQuerySet):
    def of(self, program):
        """A program's goals, oldest set first."""
        mine = self.filter(goal_set__program=program).select_related("goal_set")
        return mine.order_by("goal_set__number", "position")

    def of_all(self, programs):
        """The goals of several programs, each program's in the order of `of`."""
        return self.filter(goal_set__program__in=programs).order_by("goal_set__number", "position")

    def agreed(self):
        """Goals of frozen sets: those that are rated."""
        return self.filter(goal_set__frozen_at__isnull=False)

    def with_history(self):
        """Fetch in the same statement how each goal was rated (`rated`) and checked (`checked`), oldest first."""
        ratings = GoalRating.objects.filter(goal=OuterRef("pk")).order_by("rated_at", "pk")
        checks = GoalCheck.objects.filter(goal=OuterRef("pk")).order_by("session__number", "pk")
        rating = JSONObject(
            rater="rater", client="client_id", level="level", occasion="occasion", after="after_session", at="rated_at"
        )
        check = JSONObject(client="client_id", value="value", session="session__number")
        return self.annotate(
            rated=ArraySubquery(ratings.values(said=rating)), checked=ArraySubquery(checks.values(said=check))
        )


class Goal(models.Model):
    """What the client wants to reach, and how both will see it: five levels written before the work starts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    goal_set = models.ForeignKey(GoalSet, on_delete=models.PROTECT, related_name="goals")
    position = models.PositiveSmallIntegerField()
    words = EncryptedTextField(key_from="goal_set.program", verbose_name=_("the goal, in the client’s words"))
    why = EncryptedTextField(key_from="goal_set.program", verbose_name=_("why it matters"))
    indicator = EncryptedTextField(key_from="goal_set.program", verbose_name=_("how both will see it"))
    much_less = EncryptedTextField(key_from="goal_set.program", verbose_name=_("−2: much less than expected"))
    less = EncryptedTextField(key_from="goal_set.program", verbose_name=_("−1: less than expected"))
    expected = EncryptedTextField(key_from="goal_set.program", verbose_name=_("0: as expected"))
    more = EncryptedTextField(key_from="goal_set.program", verbose_name=_("+1: more than expected"))
    much_more = EncryptedTextField(key_from="goal_set.program", verbose_name=_("+2: much more than expected"))
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)
    baseline = models.SmallIntegerField(_("level at the beginning"), default=-1)
    target_on = models.DateField(_("to be reached by"), null=True, blank=True)

    objects = GoalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["goal_set", "position"], name="goals_of_a_set_are_numbered"),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=MOST_GOALS), name="a_set_has_at_most_5_goals"
            ),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=3), name="a_goal_weighs_1_to_3"),
            models.CheckConstraint(
                condition=Q(baseline__gte=-2, baseline__lte=2), name="a_goal_begins_on_one_of_five_levels"
            ),
        ]

    def __str__(self):
        return f"{self.position}"

    @property
    def level_texts(self) -> dict[int, str]:
        """The sentence agreed for each level; only after `records.read`."""
        return dict(zip(LEVELS, (self.much_less, self.less, self.expected, self.more, self.much_more), strict=True))


class Rater(models.TextChoices):
    CLIENT = "client", _("Client")
    COUNSELOR = "counselor", _("Counselor")


class GoalRating(models.Model):
    """The level of a goal as one side saw it at one moment. Both sides rate for themselves; nothing is averaged."""

    class Occasion(models.TextChoices):
        SESSION = "session", _("Session")
        REVIEW = "review", _("Review")
        ENDING = "ending", _("Ending")
        FOLLOW_UP = "follow_up", _("Follow-up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    goal = models.ForeignKey(Goal, on_delete=models.PROTECT, related_name="ratings")
    rater = models.CharField(max_length=9, choices=Rater)
    rated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, blank=True, related_name="goal_ratings")
    level = models.SmallIntegerField(_("level"))
    occasion = models.CharField(max_length=9, choices=Occasion)
    after_session = models.PositiveSmallIntegerField(default=0, help_text="how many sessions were done then")
    rated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(level__gte=-2, level__lte=2), name="a_goal_is_rated_on_five_levels"),
            models.CheckConstraint(
                condition=Q(rater="client", client__isnull=False) | Q(rater="counselor", client=None),
                name="a_clients_rating_says_whose_it_is",
            ),
        ]
        indexes = [models.Index(fields=["goal", "rater", "rated_at"], name="rating_of_goal")]

    def __str__(self):
        return f"{self.level:+d}"


class GoalCheck(models.Model):
    """How near a client felt to a goal at one session, from 0 to 10."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    goal = models.ForeignKey(Goal, on_delete=models.PROTECT, related_name="checks")
    session = models.ForeignKey("programs.Session", on_delete=models.PROTECT, related_name="goal_checks")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="goal_checks")
    value = models.PositiveSmallIntegerField(_("from 0 to 10"))
    checked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["goal", "session", "client"], name="a_goal_is_checked_once_a_session"),
            models.CheckConstraint(condition=Q(value__lte=10), name="a_goal_check_is_0_to_10"),
        ]

    def __str__(self):
        return f"{self.value}"

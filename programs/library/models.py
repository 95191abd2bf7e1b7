"""The library: methods of counseling, and templates of programs that counselors start from."""

import hashlib
import uuid

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from practice.people.accounts import Role
from practice.people.counselors import Counselor, in_language

FEWEST_SESSIONS = 3  # fewer is not a program but consultations
MOST_SESSIONS = 60
LONGEST_PACE = 60
SHORTEST_SESSION, LONGEST_SESSION = 15, 240
HIGHEST_PRICE = 100_000_000
LANGUAGES = ("id", "en")
OUTLINE = ("aim", "agenda", "technique", "task")


class NoteFormat(models.TextChoices):
    """How a progress note is divided."""

    SOAP = "soap", _("SOAP: subjective, objective, assessment, plan")
    DAP = "dap", _("DAP: data, assessment, plan")
    BIRP = "birp", _("BIRP: behavior, intervention, response, plan")
    GIRP = "girp", _("GIRP: goal, intervention, response, plan")
    FREE = "free", _("Free text")


def _refuse_long_texts(instance: models.Model) -> None:
    """Hold texts without a limit in the database to that of their field, as forms do."""
    errors = {}
    for field in instance._meta.concrete_fields:
        if isinstance(field, models.TextField) and len(getattr(instance, field.attname)) > field.max_length:
            errors[field.name] = _now("Keep this under %(limit)s characters.") % {"limit": field.max_length}
    if errors:
        raise ValidationError(errors)


class MethodQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those who counsel and supervise; a method says something about the people it is used with."""
        return self if user.has_role(Role.COUNSELOR, Role.SUPERVISOR) else self.none()

    def in_use(self):
        """Methods that new programs may use."""
        return self.filter(is_in_use=True)

    def for_listing(self):
        return self.order_by("-is_in_use", "name_id", "pk")


class Method(models.Model):
    """A way of working, in our own words: what it is for, and how many sessions it usually takes and who says so."""

    slug = models.SlugField(_("name in links"), unique=True)
    name_id = models.CharField(_("name in Indonesian"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80, blank=True)
    purpose_id = models.TextField(_("what it is for, in Indonesian"), max_length=900)
    purpose_en = models.TextField(_("what it is for, in English"), max_length=900, blank=True)
    typical_from = models.PositiveSmallIntegerField(_("usually at least … sessions"))
    typical_until = models.PositiveSmallIntegerField(_("usually at most … sessions"))
    source = models.CharField(
        _("source of these numbers"),
        max_length=300,
        blank=True,
        help_text=_("A study or guideline that you can name. Empty means practice experience."),
    )
    note_format = models.CharField(_("format of notes"), max_length=4, choices=NoteFormat, default=NoteFormat.SOAP)
    is_in_use = models.BooleanField(_("offered for new programs"), default=True)

    objects = MethodQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(typical_from__gte=1, typical_until__gte=models.F("typical_from")),
                name="a_method_takes_from_fewer_to_more_sessions",
            )
        ]

    def __str__(self):
        return self.name

    def clean(self):
        _refuse_long_texts(self)
        if None not in (self.typical_from, self.typical_until) and not 1 <= self.typical_from <= self.typical_until:
            raise ValidationError(
                {"typical_until": _now("Enter at least 1 session, and no fewer at most than at least.")}
            )

    @property
    def name(self):
        return in_language(self, "name")

    @property
    def purpose(self):
        return in_language(self, "purpose")

    @property
    def mark(self) -> str:
        """What it says, as 32 hex digits: another as soon as anybody has changed it."""
        said = [str(getattr(self, field.attname)) for field in self._meta.concrete_fields]
        return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


class TemplateQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The practice's own for all who counsel or supervise, and each counselor's own for themselves."""
        if not user.has_role(Role.COUNSELOR, Role.SUPERVISOR):
            return self.none()
        return self.filter(models.Q(author=None) | models.Q(author__user=user))

    def editable_by(self, user):
        """Supervisors keep the practice's templates, counselors their own."""
        mine = models.Q(author__user=user)
        if user.has_role(Role.SUPERVISOR):
            mine |= models.Q(author=None)
        return self.visible_to(user).filter(mine)

    def in_use(self):
        return self.filter(is_in_use=True)

    def for_listing(self):
        """Fetch in two queries each template with the version that counts, as `template.newest`."""
        newest = TemplateVersion.objects.newest().select_related("method")
        return self.select_related("author").prefetch_related(models.Prefetch("versions", newest, to_attr="counting"))


class Template(models.Model):
    """A program that can be started from. What it says lies in its versions, the newest of which counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(
        blank=True, default="", editable=False, help_text="which of the templates that come with Benang this is"
    )
    author = models.ForeignKey(
        Counselor, on_delete=models.PROTECT, null=True, blank=True, related_name="program_templates"
    )
    is_in_use = models.BooleanField(_("offered for new programs"), default=True)

    objects = TemplateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slug"], condition=~models.Q(slug=""), name="a_template_that_comes_with_benang_is_there_once"
            )
        ]

    def __str__(self):
        return str(self.pk)

    @property
    def newest(self):
        """The version that counts, of a template fetched by `for_listing`."""
        return self.counting[0]


def _never_changed() -> list[pgtrigger.Trigger]:
    return [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete)]


def _all_reviews(comparison: str, left) -> models.Func:
    """A condition for the database: `left` compares so with every review point."""
    reviews = models.Func(models.F("review_after"), function="ALL")
    # keywords in the order in which a migration writes them, or every check for missing migrations finds a difference
    return models.Func(
        left, reviews, arg_joiner=comparison, output_field=models.BooleanField(), template="(%(expressions)s)"
    )


class TemplateVersionQuerySet(models.QuerySet):
    def newest(self):
        """Of each template the version that counts."""
        later = self.model._base_manager.filter(
            template=models.OuterRef("template"), number__gt=models.OuterRef("number")
        )
        return self.filter(~models.Exists(later))


class TemplateVersion(models.Model):
    """What a template said from some day on. Versions are added, never changed: running programs name theirs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    method = models.ForeignKey(Method, on_delete=models.PROTECT, related_name="template_versions")
    title_id = models.CharField(_("title in Indonesian"), max_length=100)
    title_en = models.CharField(_("title in English"), max_length=100, blank=True)
    problem_id = models.CharField(_("problem area, in Indonesian"), max_length=200)
    problem_en = models.CharField(_("problem area, in English"), max_length=200, blank=True)
    planned_sessions = models.PositiveSmallIntegerField(_("planned sessions"))
    pace_days = models.PositiveSmallIntegerField(_("days from one session to the next"), default=7)
    minutes = models.PositiveSmallIntegerField(_("minutes of a session"), default=60)
    price = models.PositiveIntegerField(_("price of a session in rupiah"), null=True, blank=True)
    review_after = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("reviews after sessions"), blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = TemplateVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="versions_of_a_template_are_numbered"),
            models.CheckConstraint(
                condition=models.Q(planned_sessions__gte=FEWEST_SESSIONS, planned_sessions__lte=MOST_SESSIONS),
                name="a_template_plans_3_to_60_sessions",
            ),
            models.CheckConstraint(
                condition=models.Q(pace_days__gte=1, pace_days__lte=60), name="a_template_paces_1_to_60_days"
            ),
            models.CheckConstraint(
                condition=models.Q(minutes__gte=SHORTEST_SESSION, minutes__lte=LONGEST_SESSION),
                name="a_session_of_a_template_takes_15_to_240_minutes",
            ),
            models.CheckConstraint(
                condition=models.Q(_all_reviews(" > ", models.F("planned_sessions")))
                & models.Q(_all_reviews(" <= ", models.Value(1))),
                name="a_template_is_reviewed_between_its_sessions",
            ),
        ]
        triggers = _never_changed()

    def __str__(self):
        return self.title

    def clean(self):
        """Refuse, on the field, a number that no program can have."""
        errors = {}
        if self.planned_sessions is not None and self.planned_sessions < FEWEST_SESSIONS:
            errors["planned_sessions"] = _now(
                "A program has at least %(fewest)s sessions. If one or two meetings are enough, offer a consultation: "
                "it is booked once, and another can follow."
            ) % {"fewest": FEWEST_SESSIONS}
        elif self.planned_sessions is not None and self.planned_sessions > MOST_SESSIONS:
            errors["planned_sessions"] = _now("Plan at most %(most)s sessions.") % {"most": MOST_SESSIONS}
        elif self.planned_sessions and self.review_after is not None:
            last = self.planned_sessions - 1
            if any(not 1 <= number <= last for number in self.review_after):
                errors["review_after"] = _now("Choose sessions from 1 to %(last)s for reviews.") % {"last": last}
        if self.pace_days is not None and not 1 <= self.pace_days <= LONGEST_PACE:
            errors["pace_days"] = _now("Enter from 1 to %(most)s days.") % {"most": LONGEST_PACE}
        if self.minutes is not None and not SHORTEST_SESSION <= self.minutes <= LONGEST_SESSION:
            ends = {"least": SHORTEST_SESSION, "most": LONGEST_SESSION}
            errors["minutes"] = _now("Enter from %(least)s to %(most)s minutes.") % ends
        if self.price is not None and not 0 <= self.price <= HIGHEST_PRICE:
            errors["price"] = _now("Enter the price in digits, for example 350.000.")
        if errors:
            raise ValidationError(errors)

    @property
    def title(self):
        return in_language(self, "title")

    @property
    def problem(self):
        return in_language(self, "problem")


class TemplateSession(models.Model):
    """The outline of one session of a template."""

    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="sessions")
    number = models.PositiveSmallIntegerField()
    aim_id = models.CharField(_("aim, in Indonesian"), max_length=200)
    aim_en = models.CharField(_("aim, in English"), max_length=200, blank=True)
    agenda_id = models.TextField(_("agenda, in Indonesian"), max_length=600, blank=True)
    agenda_en = models.TextField(_("agenda, in English"), max_length=600, blank=True)
    technique_id = models.CharField(_("technique, in Indonesian"), max_length=200, blank=True)
    technique_en = models.CharField(_("technique, in English"), max_length=200, blank=True)
    task_id = models.TextField(_("home task, in Indonesian"), max_length=400, blank=True)
    task_en = models.TextField(_("home task, in English"), max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="sessions_of_a_template_are_numbered")
        ]
        triggers = _never_changed()

    def __str__(self):
        return f"{self.number}"

    def clean(self):
        _refuse_long_texts(self)

    @property
    def aim(self):
        return in_language(self, "aim")

    @property
    def agenda(self):
        return in_language(self, "agenda")

    @property
    def technique(self):
        return in_language(self, "technique")

    @property
    def task(self):
        return in_language(self, "task")


def review_points(planned_sessions: int) -> list[int]:
    """After which sessions progress is looked at together: a third and two thirds of the way, rounded up."""
    third = -(-planned_sessions // 3)
    return sorted({third, -(-2 * planned_sessions // 3)} - {planned_sessions})

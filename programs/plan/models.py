"""The program, whom it is for, what was agreed, and each step of its life."""

import uuid
from datetime import date, datetime

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from practice.calendar.openings import midnight
from practice.catalog.models import Service
from practice.people.accounts import Role
from practice.people.clients import CareRelationship, Client, Consent
from practice.people.counselors import Counselor
from practice.people.supervision import Supervision
from practice.records.fields import EncryptedTextField
from practice.records.models import KeyHolder, RecordQuerySet
from practice.zones import zone
from programs.library.models import FEWEST_SESSIONS, MOST_SESSIONS, Method, TemplateVersion


class Status(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Proposed")
    AGREED = "agreed", _("Agreed")
    ACTIVE = "active", _("Under way")
    PAUSED = "paused", _("Paused")
    CLOSING = "closing", _("Coming to its end")
    CLOSED = "closed", _("Closed")


# docs/programs.md draws it. A proposal that is declined, expires or is taken back becomes a draft again.
ALLOWED_STEPS = {
    Status.DRAFT: {Status.PROPOSED, Status.CLOSED},
    Status.PROPOSED: {Status.AGREED, Status.DRAFT, Status.CLOSED},
    Status.AGREED: {Status.ACTIVE, Status.CLOSED},
    Status.ACTIVE: {Status.PAUSED, Status.CLOSING, Status.CLOSED},
    Status.PAUSED: {Status.ACTIVE, Status.CLOSING, Status.CLOSED},
    Status.CLOSING: {Status.ACTIVE, Status.CLOSED},
    Status.CLOSED: set(),
}
SIGNED = [Status.AGREED, Status.ACTIVE, Status.PAUSED, Status.CLOSING]
SCHEDULABLE = [Status.AGREED, Status.ACTIVE, Status.CLOSING]


class CloseReason(models.TextChoices):
    GOALS_REACHED = "goals_reached", _("The goals are reached")
    PLANNED_PARTLY = "planned_partly", _("Ended as planned, goals partly reached")
    CONTINUED = "continued", _("Continued in a new program")
    REFERRED = "referred", _("Referred to somebody else")
    CLIENT_TOLD = "client_told", _("The client stopped and told us")
    CLIENT_SILENT = "client_silent", _("The client stopped without telling us")
    COUNSELOR_STOPPED = "counselor_stopped", _("The counselor stopped")
    OTHER = "other", _("Another reason")
    NOT_BEGUN = "not_begun", _("Never agreed")


PLANNED_ENDINGS = {CloseReason.GOALS_REACHED, CloseReason.PLANNED_PARTLY, CloseReason.CONTINUED}


class ProgramQuerySet(RecordQuerySet):
    def visible_to(self, user):
        """Its counselors while they care for somebody in it, their supervisor, and the clients from the proposal on.

        Whoever helps to lead it finds it once it is agreed on, and so does the supervisor of who leads it, while the
        consent to that of every client holds. Nobody at the desk. Outside care a program is not there,
        whoever once led it.
        """
        return self.filter(self._offered_to(user) | self._led_or_watched(user)).distinct()

    def for_staff(self, user):
        """Programs that this person leads, helps to lead or supervises: never because they take part as a client."""
        return self.filter(self._led_or_watched(user)).distinct()

    def _led_or_watched(self, user):
        seen = Q(pk__in=[])
        if user.has_role(Role.COUNSELOR):
            seen |= self._cared_for(user)
        if user.has_role(Role.SUPERVISOR):
            supervised = Supervision.objects.current().filter(supervisor=user)
            refusing = ProgramMember.objects.without_consent("supervision").filter(program=models.OuterRef("pk"))
            agreed = Q(counselor__in=supervised.values("counselor"), agreed_at__isnull=False)
            seen |= agreed & ~models.Exists(refusing)
        return seen

    @classmethod
    def _cared_for(cls, user):
        helps = Q(co_counselors__user=user, agreed_at__isnull=False)  # before, no client has agreed to their reading
        return (Q(counselor__user=user) | helps) & cls._care_of(user)

    @staticmethod
    def _care_of(user):
        care = CareRelationship.objects.current().filter(counselor__in=Counselor.objects.filter(user=user).values("pk"))
        people = ProgramMember.objects.filter(program=models.OuterRef("pk"), client__in=care.values("client"))
        return models.Exists(people)

    def for_counselor(self, user):
        """Programs that this person leads or helps to lead, and so may write in."""
        if not user.has_role(Role.COUNSELOR):
            return self.none()
        return self.cared_for_by(user)

    def cared_for_by(self, user):
        """Programs that a counselor leads or helps to lead, while in care; of a user, or their key, who is one."""
        return self.filter(self._cared_for(user)).distinct()

    def in_care_of(self, user):
        """Programs with somebody who is in this counselor's care now, whoever leads them."""
        return self.filter(self._care_of(user)) if user.has_role(Role.COUNSELOR) else self.none()

    def for_client(self, user):
        """Programs that this person takes part in, from the proposal to them on."""
        return self.filter(self._offered_to(user)).distinct()

    @staticmethod
    def _offered_to(user):
        return Q(members__client__user=user, members__was_offered=True)

    def open(self):
        """Programs that are not closed."""
        return self.exclude(status=Status.CLOSED)

    def for_page(self):
        """Fetch in three queries what every page about a program shows: its people, and how it is booked."""
        return self.select_related("counselor", "service").prefetch_related(MEMBERS, CO_COUNSELORS)

    def for_listing(self):
        """Fetch in two queries what a row in a list shows, in the order in which they were made."""
        return self.select_related("counselor").prefetch_related(MEMBERS).order_by("created_at", "pk")

    def under_way(self):
        """Agreed and not closed."""
        return self.filter(status__in=SIGNED)

    def from_consultations(self):
        """Programs that a consultation led to."""
        return self.filter(consultation__isnull=False)

    def agreed_between(self, since: datetime, until: datetime):
        """Programs that every client had signed in that time, whatever became of them."""
        return self.filter(agreed_at__gte=since, agreed_at__lt=until)


class Program(KeyHolder):
    """A counseling program: whose it is, who leads it, and where it stands. Its own key seals what is written in it."""

    clients_path = "members"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    counselor = models.ForeignKey(Counselor, on_delete=models.PROTECT, related_name="programs")
    co_counselors = models.ManyToManyField(Counselor, related_name="shared_programs", blank=True)
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="programs", help_text="how its sessions are booked"
    )
    template_version = models.ForeignKey(
        TemplateVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="programs"
    )
    consultation = models.ForeignKey(
        "appointments.Consultation", on_delete=models.PROTECT, null=True, blank=True, related_name="programs"
    )
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="followed_by")
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    title = EncryptedTextField(key_from="", verbose_name=_("title"))
    problem = EncryptedTextField(key_from="", verbose_name=_("the problem, in the client’s words"))
    resume_on = models.DateField(_("to be resumed on"), null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True, help_text="when a paused client was last asked")
    close_reason = models.CharField(max_length=17, choices=CloseReason, blank=True, default="")
    revision = models.PositiveIntegerField(default=0, help_text="rises with every change, so that nobody overwrites")
    created_at = models.DateTimeField()
    agreed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ProgramQuerySet.as_manager()

    class Meta(KeyHolder.Meta):
        indexes = [models.Index(fields=["counselor", "status"], name="program_of_counselor")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False) & ~Q(close_reason="")
                | ~Q(status="closed") & Q(closed_at=None, close_reason=""),
                name="a_closed_program_says_when_and_why",
            ),
            models.CheckConstraint(
                condition=~Q(status="paused") | Q(resume_on__isnull=False), name="a_pause_has_a_day_to_resume"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "proposed", "closed"]) | Q(agreed_at__isnull=False),
                name="a_program_begins_with_an_agreement",
            ),
        ]

    def __str__(self):
        return str(self.pk)

    def client_ids(self):
        """Whose record this is: everybody who takes part."""
        return [member.client_id for member in self.members.all()]

    def move_to(self, status: Status) -> None:
        """Take a step along ALLOWED_STEPS, unsaved. Raise ValidationError if this step is not allowed from here."""
        if status not in ALLOWED_STEPS[Status(self.status)]:
            raise ValidationError(_now("This program has changed meanwhile. Look at it again."), code="status")
        self.status = status
        self.revision += 1

    def is_of(self, user) -> bool:
        """True if this person is one of its clients; from the members as they were fetched."""
        return any(member.client.user_id == user.pk for member in self.members.all())

    def is_led_by(self, user) -> bool:
        """True if this person leads the program, or helps to since it was agreed on; as it was fetched `for_page`."""
        helping = self.co_counselors.all() if self.agreed_at else ()
        return user.pk in {counselor.user_id for counselor in (self.counselor, *helping)}

    def day_of(self, moment: datetime) -> date:
        """The date of a moment on the clock of its counselor, who was fetched with it."""
        return moment.astimezone(zone(self.counselor.time_zone)).date()

    def start_of(self, day: date) -> datetime:
        """When a day begins on the clock of its counselor, who was fetched with it."""
        return midnight(day, zone(self.counselor.time_zone))

    def pause_is_over(self, now: datetime) -> bool:
        """True from the day on which it was to be resumed, while it still rests."""
        return self.status == Status.PAUSED and self.resume_on <= self.day_of(now)

    @property
    def is_signed(self):
        return self.status in SIGNED

    @property
    def can_be_scheduled(self):
        return self.status in SCHEDULABLE

    @property
    def is_continued(self):
        """True if it was closed because the work goes on in a new program."""
        return self.close_reason == CloseReason.CONTINUED

    @property
    def ended_as_planned(self):
        return self.close_reason in PLANNED_ENDINGS


class ProgramMemberQuerySet(models.QuerySet):
    def without_consent(self, purpose: str):
        """Those whose consent to this purpose does not hold: never given for this program, or ended since."""
        given = Consent.objects.filter(
            client=models.OuterRef("client"),
            given_for=models.OuterRef("program"),
            purpose=purpose,
            withdrawn_at=None,
        )
        return self.exclude(models.Exists(given))


class ProgramMember(models.Model):
    """A client who takes part in a program: one, or a couple or family."""

    program = models.ForeignKey(Program, on_delete=models.CASCADE, related_name="members")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="program_memberships")
    position = models.PositiveSmallIntegerField(default=1)
    was_offered = models.BooleanField(default=False, help_text="a proposal was there for them to read")

    objects = ProgramMemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "client"], name="a_client_is_in_a_program_once"),
            models.UniqueConstraint(fields=["program", "position"], name="members_of_a_program_are_numbered"),
        ]

    def __str__(self):
        return str(self.client_id)


CO_COUNSELORS = models.Prefetch("co_counselors", Counselor.objects.order_by("name", "pk"))
MEMBERS = models.Prefetch("members", ProgramMember.objects.select_related("client").order_by("position"))


class AbsenceRule(models.TextChoices):
    """What a session that the client missed, or cancelled late, means for the plan."""

    COUNTS = "counts", _("It counts as one of the planned sessions")
    REPLACED = "replaced", _("It is replaced by another session")


class PlanStatus(models.TextChoices):
    DRAFT = "draft", _("Being written")
    OFFERED = "offered", _("Offered")
    SIGNED = "signed", _("Signed")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Taken back")


class Plan(models.Model):
    """One version of what is agreed: method, number of sessions, pace, price, rules. The newest signed one holds.

    The first is the proposal; an extension or another method is a further one, with its reason and new signatures.
    """

    class Cause(models.TextChoices):
        PROPOSAL = "proposal", _("Proposal")
        EXTENSION = "extension", _("More sessions")
        METHOD = "method", _("Another method")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="plans")
    number = models.PositiveSmallIntegerField()
    cause = models.CharField(max_length=10, choices=Cause, default=Cause.PROPOSAL)
    status = models.CharField(max_length=9, choices=PlanStatus, default=PlanStatus.DRAFT)
    method = models.ForeignKey(Method, on_delete=models.PROTECT, related_name="plans")
    planned_sessions = models.PositiveSmallIntegerField(_("planned sessions"))
    pace_days = models.PositiveSmallIntegerField(_("days from one session to the next"), default=7)
    price = models.PositiveIntegerField(_("price of a session in rupiah"))
    review_after = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("reviews after sessions"))
    missed_rule = models.CharField(
        _("a session that the client misses"), max_length=8, choices=AbsenceRule, default=AbsenceRule.COUNTS
    )
    late_cancel_rule = models.CharField(
        _("a session that the client cancels late"), max_length=8, choices=AbsenceRule, default=AbsenceRule.COUNTS
    )
    minutes = models.PositiveSmallIntegerField(_("length of a session in minutes"), null=True, blank=True)
    free_cancel = models.PositiveIntegerField(_("free to cancel until … minutes before"), null=True, blank=True)
    free_move = models.PositiveIntegerField(_("free to move until … minutes before"), null=True, blank=True)
    if_silent = EncryptedTextField(key_from="program", verbose_name=_("what helps if the client falls silent"))
    reason = EncryptedTextField(key_from="program", verbose_name=_("why the plan changes"))
    decline_reason = EncryptedTextField(key_from="program", verbose_name=_("why it was declined"))
    text_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256, as the first client reads it")
    consents_required = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    consents_optional = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    created_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "number"], name="plans_of_a_program_are_numbered"),
            models.UniqueConstraint(
                fields=["program"], condition=Q(status="offered"), name="one_plan_is_on_offer_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(planned_sessions__gte=FEWEST_SESSIONS, planned_sessions__lte=MOST_SESSIONS),
                name="a_plan_has_3_to_60_sessions",
            ),
            models.CheckConstraint(condition=Q(pace_days__gte=1, pace_days__lte=60), name="a_plan_paces_1_to_60_days"),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(offered_at__isnull=False, expires_at__isnull=False) & ~Q(text_hash=""),
                name="an_offered_plan_has_a_text_and_expires",
            ),
            models.CheckConstraint(
                condition=Q(status="draft")
                | Q(minutes__isnull=False, free_cancel__isnull=False, free_move__isnull=False),
                name="an_offered_plan_says_how_long_sessions_are",
            ),
        ]

    def __str__(self):
        return f"{self.number}"

    def take_terms(self) -> None:
        """Take length and limits from the program's service as it is now. With the offer they are fixed."""
        service = self.program.service
        self.minutes, self.free_cancel, self.free_move = service.minutes, service.free_cancel, service.free_move

    @property
    def service(self) -> Service:
        """The service of the sessions, with the length and the limits of this plan, whatever the practice changes."""
        terms = {"minutes": self.minutes, "free_cancel": self.free_cancel, "free_move": self.free_move}
        return self.program.service.under(**terms)

    def is_open(self, now: datetime) -> bool:
        """True while it can be signed or declined."""
        return self.status == PlanStatus.OFFERED and now < self.expires_at


class Signature(models.Model):
    """A client's yes to one plan: to which text, in which language, when. Added once, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="signatures")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="signatures")
    text_hash = models.CharField(max_length=64)
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "client"], name="a_client_signs_a_plan_once")]
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.plan_id}"


class PlanQuestion(models.Model):
    """A question about a proposal, and what was answered: both sides write, oldest first."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="questions")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_from_client = models.BooleanField()
    text = EncryptedTextField(key_from="plan.program", verbose_name=_("question"))
    written_at = models.DateTimeField()

    objects = RecordQuerySet.as_manager()

    def __str__(self):
        return str(self.pk)


class ProgramStep(models.Model):
    """One step in a program's life: from where to where, by whom, when and why. Added, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="steps")
    was = models.CharField(max_length=8, choices=Status, blank=True, default="")
    became = models.CharField(max_length=8, choices=Status)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reason = EncryptedTextField(key_from="program", verbose_name=_("reason"))
    at = models.DateTimeField()

    objects = RecordQuerySet.as_manager()

    class Meta:
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.was} → {self.became}"

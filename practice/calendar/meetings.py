"""The meeting: the one thing that occupies time. It knows nothing clinical."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Max, Min, Prefetch, Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from practice import formats
from practice.calendar.openings import midnight
from practice.catalog.models import Mode, Room, Service
from practice.people.accounts import Role
from practice.people.clients import Client
from practice.people.counselors import Counselor
from practice.zones import other_zone, zone


class Status(models.TextChoices):
    HELD = "held", _("Held")
    REQUESTED = "requested", _("Requested")
    CONFIRMED = "confirmed", _("Confirmed")
    ATTENDED = "attended", _("Attended")
    MISSED = "missed", _("Missed")
    CANCELLED = "cancelled", _("Cancelled")


ALLOWED_MOVES = {
    Status.HELD: {Status.REQUESTED, Status.CONFIRMED, Status.CANCELLED},
    Status.REQUESTED: {Status.CONFIRMED, Status.CANCELLED},
    Status.CONFIRMED: {Status.ATTENDED, Status.MISSED, Status.CANCELLED},
    # what was written down about a meeting that had begun can be corrected, see attendance.py
    Status.ATTENDED: {Status.MISSED, Status.CANCELLED},
    Status.MISSED: {Status.ATTENDED, Status.CANCELLED},
    Status.CANCELLED: {Status.ATTENDED, Status.MISSED},
}
OCCUPYING = [Status.HELD, Status.REQUESTED, Status.CONFIRMED, Status.ATTENDED, Status.MISSED]
COMING = [Status.REQUESTED, Status.CONFIRMED]
OCCUPIES = Q(status__in=["held", "requested", "confirmed", "attended", "missed"])


class Party(models.TextChoices):
    CLIENT = "client", _("The client")
    COUNSELOR = "counselor", _("The counselor")
    PRACTICE = "practice", _("The practice")


class MeetingQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those who run schedules see all; a counselor their own; a client those they take part in."""
        if user.has_role(Role.MANAGER, Role.FRONT_DESK):
            return self
        seen = Q(pk__in=Participant.objects.filter(client__user=user).values("meeting"))
        if user.has_role(Role.COUNSELOR):
            seen |= Q(counselor__in=Counselor.objects.filter(user=user).values("pk"))
        return self.filter(seen)

    def occupying(self):
        """Meetings that take up their counselor's time."""
        return self.filter(OCCUPIES)

    def coming(self, now: datetime):
        """Requested and confirmed meetings that are not over."""
        return self.filter(status__in=COMING, ends_at__gt=now)

    def awaiting_answer(self):
        """Requests that nobody has answered."""
        return self.filter(status=Status.REQUESTED)

    def of_series(self, series: Iterable[uuid.UUID]):
        """What was held or is still to be held of these series."""
        return self.filter(series__in=series, status__in=[*COMING, Status.ATTENDED])

    def for_listing(self):
        """Fetch in two queries all that a row in a list shows."""
        return (
            self.select_related("counselor", "service", "room__location", "location")
            .prefetch_related(Prefetch("participants", Participant.objects.select_related("client")))
            .order_by("starts_at", "pk")
        )


class Meeting(models.Model):
    """A counselor's time with somebody: when, where, how, and whether it holds."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=8, editable=False)
    counselor = models.ForeignKey(Counselor, on_delete=models.PROTECT, related_name="meetings")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="meetings")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, blank=True, related_name="meetings")
    location = models.ForeignKey(
        "practice.Location", on_delete=models.PROTECT, null=True, blank=True, related_name="meetings"
    )
    mode = models.CharField(max_length=10, choices=Mode)
    status = models.CharField(max_length=10, choices=Status)
    version = models.PositiveIntegerField(default=0, help_text="rises with every change of time, place or status")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    busy_from = models.DateTimeField(help_text="start less the pause before")
    busy_until = models.DateTimeField(help_text="end plus the pause after")
    busy = models.GeneratedField(
        expression=Func(F("busy_from"), F("busy_until"), function="tstzrange"),
        output_field=DateTimeRangeField(),
        db_persist=True,
    )
    hold_expires_at = models.DateTimeField(null=True, blank=True)
    hold_key = models.CharField(max_length=64, blank=True, help_text="keyed hash of who holds it")
    hold_network = models.CharField(max_length=64, blank=True, help_text="keyed hash of where it is held from")
    price = models.PositiveIntegerField(help_text="whole rupiah, as agreed when booked")
    free_cancel_until = models.DateTimeField()
    free_move_until = models.DateTimeField()
    moves_left = models.PositiveSmallIntegerField()
    late_rule = models.CharField(
        max_length=10,
        blank=True,
        default="",
        help_text="what was agreed of a late cancellation: counts, replaced; else the fee is due",
    )
    series = models.UUIDField(null=True, blank=True, help_text="what it is one of several of: a program")
    series_gap = models.DurationField(null=True, blank=True, help_text="how far apart its starts lie at least")
    rests_until = models.DateField(
        null=True, blank=True, help_text="no day before it is one to move to: its series rests"
    )
    answer_due_at = models.DateTimeField(null=True, blank=True)
    session_number = models.PositiveSmallIntegerField(null=True, blank=True, help_text="k, of a session k of n")
    session_count = models.PositiveSmallIntegerField(null=True, blank=True, help_text="n, of a session k of n")
    ended_by = models.CharField(max_length=10, choices=Party, blank=True)
    is_late = models.BooleanField(default=False, help_text="cancelled past the free time")
    booked_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = MeetingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["counselor", "busy_from"],
                include=["busy_until", "starts_at", "hold_expires_at"],
                condition=OCCUPIES,
                name="meeting_busy_counselor",
            ),
            models.Index(
                fields=["room", "busy_from"],
                include=["busy_until", "hold_expires_at"],
                condition=OCCUPIES & Q(room__isnull=False),
                name="meeting_busy_room",
            ),
            models.Index(fields=["hold_expires_at"], condition=Q(status="held"), name="meeting_held_until"),
            models.Index(fields=["starts_at"], name="meeting_starts_at"),
            models.Index(fields=["answer_due_at"], condition=Q(status="requested"), name="meeting_awaits_answer"),
            models.Index(fields=["series", "starts_at"], condition=Q(series__isnull=False), name="meeting_of_a_series"),
        ]
        constraints = [
            # not unique=True: Django would add a second index, for LIKE, which nobody asks for
            models.UniqueConstraint(fields=["reference"], name="a_reference_names_one_meeting"),
            ExclusionConstraint(
                name="a_counselor_is_in_one_meeting_at_a_time",
                expressions=[("counselor", RangeOperators.EQUAL), ("busy", RangeOperators.OVERLAPS)],
                condition=OCCUPIES,
            ),
            ExclusionConstraint(
                name="a_room_holds_one_meeting_at_a_time",
                expressions=[("room", RangeOperators.EQUAL), ("busy", RangeOperators.OVERLAPS)],
                condition=OCCUPIES & Q(room__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(busy_from__lte=F("starts_at"), starts_at__lt=F("ends_at"), ends_at__lte=F("busy_until")),
                name="a_meeting_ends_after_it_begins_and_pauses_lie_around_it",
            ),
            models.CheckConstraint(
                condition=Q(status="held", hold_expires_at__isnull=False)
                | (~Q(status="held") & Q(hold_expires_at__isnull=True)),
                name="a_hold_and_nothing_else_expires",
            ),
            models.CheckConstraint(
                condition=~Q(mode="in_person") | Q(room__isnull=False), name="a_meeting_in_person_has_a_room"
            ),
            models.CheckConstraint(
                condition=Q(session_number=None, session_count=None)
                | Q(session_number__gte=1, session_count__gte=F("session_number")),
                name="a_session_is_number_k_of_n",
            ),
            models.CheckConstraint(
                condition=Q(series=None, series_gap=None)
                | Q(series__isnull=False, series_gap__isnull=False, series_gap__gte=timedelta(0)),
                name="a_series_keeps_a_gap",
            ),
            models.CheckConstraint(
                condition=Q(rests_until=None) | Q(series__isnull=False), name="nothing_but_a_series_rests"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="participants_follow_their_meeting",
                operation=pgtrigger.UpdateOf("starts_at", "ends_at", "status"),
                when=pgtrigger.After,
                func="""
                    UPDATE practice_participant
                    SET during = tstzrange(NEW.starts_at, NEW.ends_at), status = NEW.status
                    WHERE meeting_id = NEW.id;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self):
        return self.reference

    def move_to(self, status: Status) -> None:
        """Change the status along ALLOWED_MOVES. Raise ValidationError if it cannot become that."""
        if status not in ALLOWED_MOVES[Status(self.status)]:
            raise ValidationError(_now("This appointment has changed meanwhile. Look at it again."), code="status")
        self.status = status
        self.version += 1

    @property
    def what(self) -> str:
        """What kind of meeting it is, in words that say nothing clinical; of a program, which session of how many."""
        return session_words(self.session_number, self.session_count) or self.service.get_kind_display()

    @property
    def service_as_booked(self) -> Service:
        """The service with the length and the limits that this meeting was booked with, to give it another time."""
        minutes = {
            "minutes": self.ends_at - self.starts_at,
            "free_cancel": self.starts_at - self.free_cancel_until,
            "free_move": self.starts_at - self.free_move_until,
        }
        return self.service.under(**{name: int(length.total_seconds()) // 60 for name, length in minutes.items()})

    def other_zone(self, mine: tzinfo) -> str:
        """The zone of its place or counselor, if the clocks there show another time than `mine`; else nothing."""
        there = self.room.location if self.room_id else self.counselor
        return other_zone(there.time_zone, mine, self.starts_at)

    @property
    def is_coming(self):
        return self.status in COMING

    def has_begun(self, now: datetime) -> bool:
        return self.starts_at <= now

    def can_have_attendance(self, now: datetime) -> bool:
        """True if who came can be written down or corrected: it was agreed, has begun, and was not cancelled before."""
        if self.status == Status.CANCELLED:
            return self.changed_at >= self.starts_at and self.answer_due_at is None
        return self.has_begun(now) and self.status in (Status.CONFIRMED, Status.ATTENDED, Status.MISSED)

    def can_be_moved_by_client(self, now: datetime) -> bool:
        """True while the client may move it: before the limit, with moves left."""
        return self.is_coming and now < self.free_move_until and self.moves_left > 0

    def limits(self) -> tuple[datetime | None, datetime | None]:
        """The earliest and the latest start to which its series lets it move now.

        A gap from the one before and the one after, and not before the day until which the series rests. None where
        nothing limits it, and both outside a series. One statement; none outside a series.
        """
        if self.series is None:
            return None, None
        others = Meeting.objects.of_series([self.series]).exclude(pk=self.pk)
        found = others.aggregate(
            before=Max("starts_at", filter=Q(starts_at__lt=self.starts_at)),
            after=Min("starts_at", filter=Q(starts_at__gt=self.starts_at)),
        )
        before, after = found["before"], found["after"]
        lowest = [before and before + self.series_gap, self.rest_ends_at]
        return max(filter(None, lowest), default=None), after and after - self.series_gap

    @property
    def rest_ends_at(self) -> datetime | None:
        """When the day begins until which its series rests, on the clock of its counselor; None if it does not rest."""
        return self.rests_until and midnight(self.rests_until, zone(self.counselor.time_zone))

    def rest_words(self, now: datetime) -> str:
        """Until when it cannot be moved to, in words; "" if its series does not rest, or that day has come."""
        if self.rests_until is None or self.rest_ends_at <= now:
            return ""
        return _now(
            "Sessions rest until %(day)s. Choose that day or a later one; for an earlier time, end the pause first."
        ) % {"day": formats.day(self.rests_until)}

    def can_be_cancelled_free(self, now: datetime) -> bool:
        """True before the limit, and for a request as long as nobody has confirmed it."""
        return self.status == Status.REQUESTED or (self.is_coming and now < self.free_cancel_until)


def session_words(number: int | None, count: int | None) -> str:
    """ "Session 3 of 12"; "" for what is no session of a program."""
    return _now("Session %(number)d of %(count)d") % {"number": number, "count": count} if number else ""


class Participant(models.Model):
    """One head in a meeting. Its time and status are copied from the meeting by the database."""

    class Attendance(models.TextChoices):
        UNKNOWN = "", _("Not recorded")
        ATTENDED = "attended", _("Attended")
        LATE = "late", _("Came late")
        MISSED = "missed", _("Did not come")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(  # the unique constraint below is its index
        Meeting, on_delete=models.CASCADE, related_name="participants", db_index=False
    )
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="participations")
    attendance = models.CharField(max_length=10, choices=Attendance, blank=True, default="")
    during = DateTimeRangeField(editable=False, null=True)
    status = models.CharField(max_length=10, choices=Status, editable=False, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meeting", "client"], name="a_client_is_in_a_meeting_once"),
            ExclusionConstraint(
                name="a_client_is_in_one_meeting_at_a_time",
                expressions=[("client", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=OCCUPIES,
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="copy_time_and_status_of_the_meeting",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    SELECT tstzrange(m.starts_at, m.ends_at), m.status INTO NEW.during, NEW.status
                    FROM practice_meeting m WHERE m.id = NEW.meeting_id;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self):
        return str(self.client_id)

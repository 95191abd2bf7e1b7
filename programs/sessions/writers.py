"""Who writes about a session: the counselors of its program, and whoever held it for as long as their care lasts."""

from functools import cached_property
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from practice.calendar.models import Meeting
from practice.calendar.models import Status as MeetingStatus
from practice.people.accounts import Role, User
from practice.people.clients import CareRelationship
from programs.plan.models import Program, ProgramMember
from programs.sessions.models import Attempt
from programs.sessions.thread import Station

TOOK_PLACE = [MeetingStatus.CONFIRMED, MeetingStatus.ATTENDED]


class Writers:
    """Those who may write about the sessions of one program, whose people were fetched `for_page`.

    Who else cares for them is asked once, and only where somebody else held a session.
    """

    def __init__(self, program: Program):
        self.program = program

    def include(self, user: User, meeting: Meeting) -> bool:
        """True if this person may write about this meeting of the program."""
        return self.program.is_led_by(user) or (meeting.counselor_id, user.pk) in self._carers

    @cached_property
    def _carers(self):
        care = current_care().filter(client__program_memberships__program=self.program)
        return set(care.values_list("counselor_id", "counselor__user_id"))


def refuse_but_writers(station: Station, by: User) -> None:
    """Raise ValidationError unless this person acts in the locked station's program, or held this session."""
    program, meeting = station.session.program, station.meeting
    if not (program.is_led_by(by) or (meeting and Writers(program).include(by, meeting))):
        raise ValidationError(_("Only its counselors can do this."), code="role")


def held_by(user: User):
    """Attempts that this counselor held or was to hold, with somebody who is still in their care."""
    return met_by(user).filter(meeting__status__in=TOOK_PLACE)


def met_by(user: User):
    """The same, and those that were missed or called off."""
    cared_for = Program.objects.in_care_of(user)
    return Attempt.objects.filter(meeting__counselor__user=user, session__program__in=cared_for.values("pk"))


def left_behind(held: set[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Of these (program, counselor who held a session of it) those who may no longer write about it: one statement.

    None for none.
    """
    if not held:
        return set()
    people = ProgramMember.objects.filter(
        program__in={program for program, _counselor in held}, client__care_relationships__in=current_care()
    )
    return held - set(people.values_list("program", "client__care_relationships__counselor"))


def current_care():
    """Care that counselors who are still at work here have for somebody now."""
    grants = {"counselor__user__role_grants__role": Role.COUNSELOR, "counselor__user__role_grants__ended_at": None}
    return CareRelationship.objects.current().filter(counselor__user__is_active=True, **grants)

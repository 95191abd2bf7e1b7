"""Which program or session a person may open, and as whom. What is outside is not there: 404."""

from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from practice.people.accounts import User
from practice.people.clients import Client
from programs.plan.models import Program
from programs.sessions.models import Session
from programs.sessions.writers import held_by, met_by


def own_program(user: User, pk: UUID) -> tuple[Program, Client]:
    """A program that this person takes part in, and which of its clients they are."""
    program = get_object_or_404(Program.objects.for_client(user).for_page(), pk=pk)
    return program, client_in(program, user)


def own_session(user: User, pk: UUID) -> tuple[Session, Client]:
    """A session of a program that this person takes part in, and which of its clients they are."""
    session = _session_in(Program.objects.for_client(user), pk)
    return session, client_in(session.program, user)


def led_session(user: User, pk: UUID) -> Session:
    """A session of a program that this person leads or helps to lead."""
    return _session_in(Program.objects.for_counselor(user), pk)


def written_session(user: User, pk: UUID) -> Session:
    """A session that this person may write about: of a program that they act in, or one that they held."""
    return _session_of(user, held_by(user), pk)


def typed_session(user: User, pk: UUID) -> Session:
    """A session that this person may have written about until just now: also one that was missed or called off.

    For giving back what they typed. Whether they may write is still to be asked.
    """
    return _session_of(user, met_by(user), pk)


def _session_of(user: User, attempts, pk: UUID) -> Session:
    in_program = Q(program__in=Program.objects.for_counselor(user).values("pk"))
    found = Session.objects.planned().filter(in_program | Q(pk__in=attempts.values("session")))
    return _with_people(get_object_or_404(found, pk=pk))


def client_in(program: Program, user: User) -> Client:
    """Which of the program's clients this person is. Raise Http404 if none."""
    for member in program.members.all():
        if member.client.user_id == user.pk:
            return member.client
    raise Http404


def led_program(user: User, pk: UUID) -> Program:
    """A program that this person leads or helps to lead."""
    return get_object_or_404(Program.objects.for_counselor(user).for_page(), pk=pk)


def watched_session(user: User, pk: UUID) -> Session:
    """A session of a program that this person leads, helps to lead or supervises."""
    return _session_in(Program.objects.for_staff(user), pk)


def _session_in(programs, pk: UUID) -> Session:
    found = Session.objects.planned().filter(program__in=programs.values("pk"))
    return _with_people(get_object_or_404(found, pk=pk))


def _with_people(session: Session) -> Session:
    session.program = Program.objects.for_page().get(pk=session.program_id)
    return session

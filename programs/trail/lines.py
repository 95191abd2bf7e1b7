"""Lines of the audit trail as their readers see them: who, what, whose, when and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from practice.people.models import CareRelationship, Client, Role, Supervision, User
from practice.records.models import AuditEvent
from programs.trail.words import act_in_words, reason_in_words, thing_in_words

ROLE_NAMES = dict(Role.choices)


@dataclass
class Line:
    """One line, ready to be shown. `client` is a name, or a code where the name is not the reader's to know."""

    at: datetime
    who: str
    role: str
    what: str
    client: str
    code: str
    why: str
    times: int = 1


def code_of(client_id: UUID) -> str:
    """A client's code, by which they can be talked about without their name: 3F2A-9C1B."""
    text = client_id.hex[:8].upper()
    return f"{text[:4]}-{text[4:]}"


def ids_with(code: str) -> tuple[UUID, UUID]:
    """The first and the last id with a code, given as eight hex digits."""
    return UUID(f"{code}{'0' * 24}"), UUID(f"{code}{'f' * 24}")


def trail_for(user):
    """What this person may see of the trail: a data officer all of it, others what they did themselves.

    A counselor also what was done with the records of those in their care, a supervisor what those whom they supervise
    did.
    """
    if user.has_role(Role.DATA_OFFICER):
        return AuditEvent.objects.all()
    seen = Q(actor=user.pk)
    if user.has_role(Role.COUNSELOR):
        care = CareRelationship.objects.current().filter(counselor__user=user)
        seen |= Q(client_id__in=list(care.values_list("client_id", flat=True)))
    if user.has_role(Role.SUPERVISOR):
        supervised = Supervision.objects.current().filter(supervisor=user)
        seen |= Q(actor__in=list(supervised.values_list("counselor__user_id", flat=True)))
    return AuditEvent.objects.filter(seen)


def lines_of(events: Iterable[AuditEvent], *, reader) -> list[Line]:
    """The events in words, with the names that this reader may know: three statements for any number of them."""
    events = list(events)
    who = _names_of(event.actor for event in events)
    clients = dict(
        Client.objects.visible_to(reader)
        .filter(pk__in={event.client_id for event in events if event.client_id})
        .values_list("pk", "preferred_name")
    )
    return [
        Line(
            at=event.at,
            who=_name(who, event.actor, event.actor_role),
            role=_roles(event.actor_role),
            what=act_in_words(event.act),
            client=clients.get(event.client_id, ""),
            code=code_of(event.client_id) if event.client_id else "",
            why=reason_in_words(event.act, event.reason),
        )
        for event in events
    ]


def openings_for(user, *, zone):
    """Who opened the record of this client, newest first: one row for a day, a person, a thing and a reason."""
    own = list(Client.objects.filter(user=user).values_list("pk", flat=True))
    return (
        AuditEvent.objects.filter(client_id__in=own)
        .reads()
        .exclude(actor=user.pk)
        .exclude(actor=None)
        .values("actor", "actor_role", "act", "reason", day=TruncDate("at", tzinfo=zone))
        .annotate(last=Max("at"), times=Count("pk"))
        .order_by("-last", "actor", "act", "reason", "actor_role")
    )


def opening_lines(rows) -> list[Line]:
    """Those rows in words for the client."""
    rows = list(rows)
    who = _names_of(row["actor"] for row in rows)
    return [
        Line(
            at=row["last"],
            who=_name(who, row["actor"], row["actor_role"]),
            role=_roles(row["actor_role"]),
            what=thing_in_words(row["act"]),
            client="",
            code="",
            why=reason_in_words(row["act"], row["reason"]),
            times=row["times"],
        )
        for row in rows
    ]


def _names_of(actors) -> dict[UUID, str]:
    return dict(User.objects.filter(pk__in={actor for actor in actors if actor}).values_list("pk", "name"))


def _name(names, actor, role) -> str:
    if actor is None:
        return _("Somebody without an account") if role == "public" else _("Benang itself")
    return names.get(actor) or _("Somebody who is not known here any more")


def _roles(held: str) -> str:
    """The roles held at that time, by name."""
    return ", ".join(str(ROLE_NAMES[role]) for role in held.split(",") if role in ROLE_NAMES)

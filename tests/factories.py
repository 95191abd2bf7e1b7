"""Plain helpers that make what a test needs, with sensible defaults."""

import itertools
from datetime import UTC, date, datetime, timedelta

from practice.calendar.models import Closure, Meeting, Participant, Status, TimeOff, WorkingHours
from practice.calendar.reserving import place_in_time
from practice.catalog.models import Kind, Location, Mode, Room, Service
from practice.people.clients import email_hash
from practice.people.consents import given
from practice.people.models import CareRelationship, Client, Counselor, Licence, Practice, Role, RoleGrant, User
from practice.people.supervision import Supervision
from programs.goals.models import Goal, GoalSet
from programs.library.models import Method, review_points
from programs.plan.models import Plan, PlanStatus, Program, ProgramMember
from programs.plan.models import Status as ProgramStatus
from programs.sessions.models import Attempt, Session

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # Monday, 08:00 in Jakarta
_number = itertools.count(1)


def make_practice(**fields):
    defaults = {"pk": 1, "name": "Ruang Teduh", "email": "halo@ruangteduh.example", "phone": "021 555 0101"}
    return Practice.objects.update_or_create(pk=1, defaults=defaults | fields)[0]


def make_user(*roles, **fields):
    n = next(_number)
    fields = {"email": f"person{n}@example.org", "name": f"Person {n}"} | fields
    user = User.objects.create_user(fields.pop("email"), fields.pop("password", None), **fields)
    for role in roles:
        RoleGrant.objects.create(user=user, role=role, granted_at=NOW - timedelta(days=100))
    return user


def make_counselor(*, name="Ayu Pratiwi", user=None, hours=True, zone="Asia/Jakarta", location=None, **fields):
    """A listed counselor, by default at work Monday to Friday 09:00–17:00 in their zone."""
    n = next(_number)
    user = user or make_user(Role.COUNSELOR, name=name, time_zone=zone)
    defaults = {"title": "M.Psi., Psikolog", "languages": ["id", "en"], "video_link": f"https://meet.example/{n}"}
    counselor = Counselor.objects.create(
        user=user, name=name, slug=f"counselor-{n}", time_zone=zone, **defaults | fields
    )
    if hours:
        for weekday in range(5):
            make_hours(counselor, weekday=weekday, location=location)
    return counselor


def make_hours(counselor, *, weekday=0, start=9 * 60, end=17 * 60, zone=None, location=None, **fields):
    return WorkingHours.objects.create(
        counselor=counselor,
        weekday=weekday,
        from_minute=start,
        until_minute=end,
        time_zone=zone or counselor.time_zone,
        location=location,
        **{"valid_from": date(2020, 1, 1)} | fields,
    )


def make_supervision(counselor, *, supervisor=None, **fields):
    return Supervision.objects.create(
        counselor=counselor,
        supervisor=supervisor or make_user(Role.SUPERVISOR),
        **{"started_at": datetime(2020, 1, 1, tzinfo=UTC)} | fields,
    )


def make_licence(counselor, *, kind="SIPP", expires_on=date(2030, 1, 1)):
    return Licence.objects.create(counselor=counselor, kind=kind, number="123/SIPP/2026", expires_on=expires_on)


def make_time_off(counselor, starts_at, ends_at, **fields):
    return TimeOff.objects.create(counselor=counselor, starts_at=starts_at, ends_at=ends_at, **fields)


def make_closure(starts_on, ends_on=None, **fields):
    return Closure.objects.create(name_id="Libur", starts_on=starts_on, ends_on=ends_on or starts_on, **fields)


def make_location(**fields):
    return Location.objects.create(**{"name": "Ruang Teduh Cikini", "address": "Jalan Cikini Raya 12"} | fields)


def make_room(location=None, **fields):
    return Room.objects.create(location=location or make_location(), **{"name": f"Ruang {next(_number)}"} | fields)


def make_service(*, counselors=(), rooms=(), **fields):
    """A consultation by video: 60 minutes, 10 after, every 30 minutes, no notice needed."""
    n = next(_number)
    defaults = {
        "slug": f"service-{n}",
        "kind": Kind.CONSULTATION,
        "name_id": "Konsultasi",
        "name_en": "Consultation",
        "modes": [Mode.VIDEO],
        "price": 350_000,
        "notice": 0,
        "notice_new_client": 0,
        "per_day_cap": 20,
    }
    service = Service.objects.create(**defaults | fields)
    service.counselors.set(counselors)
    service.rooms.set(rooms)
    return service


def make_client(*, user=None, name="Rina", **fields):
    n = next(_number)
    email = fields.pop("email", f"client{n}@example.org")
    return Client.objects.create(
        user=user,
        preferred_name=name,
        email=email,
        email_hash=email_hash(email),
        **{"created_at": NOW} | fields,
    )


def make_meeting(*, starts_at, counselor=None, service=None, clients=(), status=Status.CONFIRMED, room=None, **fields):
    """A saved meeting that went round the action: for putting the calendar into a state."""
    counselor = counselor or make_counselor()
    service = service or make_service(counselors=[counselor])
    n = next(_number)
    meeting = Meeting(
        reference=f"R{n:07}",
        counselor=counselor,
        service=service,
        status=status,
        price=service.price,
        moves_left=service.moves_allowed,
        booked_at=NOW,
        changed_at=NOW,
        **{"mode": Mode.IN_PERSON if room else Mode.VIDEO} | fields,
    )
    if status == Status.HELD and meeting.hold_expires_at is None:
        meeting.hold_expires_at = NOW + timedelta(minutes=10)
    place_in_time(meeting, starts_at, (room.pk, room.location_id) if room else None)
    meeting.save()
    for client in clients:
        Participant.objects.create(meeting=meeting, client=client)
        CareRelationship.objects.all().prolong(
            clients=[client], counselor_id=counselor.pk, now=NOW, until=meeting.ends_at + timedelta(days=30)
        )
    return meeting


def make_method(**fields):
    n = next(_number)
    defaults = {
        "slug": f"method-{n}",
        "name_id": "Terapi kognitif perilaku",
        "name_en": "Cognitive behavioral therapy",
        "purpose_id": "Mengenali pikiran yang memberatkan.",
        "typical_from": 8,
        "typical_until": 16,
        "source": "a test",
    }
    return Method.objects.create(**defaults | fields)


def make_session_service(*, counselors=(), **fields):
    """How program sessions are booked: 60 minutes by video, 10 after, not online."""
    defaults = {"kind": Kind.SESSION, "name_id": "Sesi program", "name_en": "Program session", "is_public": False}
    return make_service(counselors=counselors, **defaults | fields)


def make_program(
    *, counselor=None, clients=(), sessions=6, status=ProgramStatus.ACTIVE, service=None, now=NOW, goals=0, **plan
):
    """A program that went round the actions, with a plan, its stations, care kept open, and perhaps goals.

    From `agreed` on the plan is signed, the goals are frozen, and its clients have given the `consents`, by default to
    supervision and video calls; `plan` takes fields of the plan, such as pace_days.
    """
    consents = plan.pop("consents", ["supervision", "online"])
    counselor = counselor or make_counselor()
    clients = clients or [make_client(user=make_user(Role.CLIENT))]
    is_signed = status not in (ProgramStatus.DRAFT, ProgramStatus.PROPOSED)
    program = Program(
        counselor=counselor,
        service=service or make_session_service(counselors=[counselor]),
        status=status,
        title="Tidur lebih nyenyak",
        problem="Sulit tidur sejak pindah kerja",
        created_at=now,
        agreed_at=now if is_signed else None,
    )
    if status == ProgramStatus.PAUSED:
        program.resume_on = (now + timedelta(days=30)).date()
    if status == ProgramStatus.CLOSED:
        program.closed_at, program.close_reason = now, "goals_reached"
    program.save()
    for position, client in enumerate(clients, start=1):
        was_offered = status != ProgramStatus.DRAFT
        ProgramMember.objects.create(program=program, client=client, position=position, was_offered=was_offered)
        CareRelationship.objects.update_or_create(
            client=client,
            counselor=counselor,
            defaults={"started_at": now, "ends_at": now + timedelta(days=30), "is_kept_open": is_signed},
        )
    plan_status = {ProgramStatus.DRAFT: PlanStatus.DRAFT, ProgramStatus.PROPOSED: PlanStatus.OFFERED}
    defaults = {
        "method": plan.pop("method", None) or make_method(),
        "price": 400_000,
        "pace_days": 7,
        "review_after": review_points(sessions),
        "status": plan_status.get(status, PlanStatus.SIGNED),
        "offered_at": None if status == ProgramStatus.DRAFT else now,
        "expires_at": None if status == ProgramStatus.DRAFT else now + timedelta(days=14),
        "answered_at": now if is_signed else None,
        "text_hash": "" if status == ProgramStatus.DRAFT else "0" * 64,
    }
    if status != ProgramStatus.DRAFT:
        defaults |= {name: getattr(program.service, name) for name in ("minutes", "free_cancel", "free_move")}
    agreed = Plan.objects.create(
        program=program, number=1, planned_sessions=sessions, created_at=now, **defaults | plan
    )
    if is_signed:
        for client, purpose in itertools.product(clients, consents):
            given(client=client, purpose=purpose, language="id", now=now, given_for=program.pk).save()
    for number in range(1, sessions + 1):
        Session.objects.create(program=program, plan=agreed, number=number, aim=f"Langkah {number}")
    if goals:
        goal_set = GoalSet.objects.create(program=program, number=1, frozen_at=now if is_signed else None)
        for position in range(1, goals + 1):
            make_goal(goal_set, position=position)
    return program


def make_goal(goal_set, *, position=1, **fields):
    defaults = {
        "words": "Tidur sebelum pukul 23.00",
        "why": "Supaya pagi terasa ringan",
        "indicator": "Jumlah malam dalam seminggu",
        "much_less": "Tidak ada malam",
        "less": "1 malam",
        "expected": "3 malam",
        "more": "5 malam",
        "much_more": "7 malam",
    }
    return Goal.objects.create(goal_set=goal_set, position=position, **defaults | fields)


def make_attempt(program, number, *, starts_at, status=Status.CONFIRMED, **fields):
    """A meeting of the program's session of this number, saved round the action."""
    session = program.sessions.get(number=number)
    meeting = make_meeting(
        starts_at=starts_at,
        counselor=program.counselor,
        service=program.service,
        clients=[member.client for member in program.members.select_related("client").order_by("position")],
        status=status,
        session_number=number,
        session_count=program.sessions.count(),
        series=program.pk,
        series_gap=timedelta(days=program.plans.latest("number").pace_days) / 3,
        late_rule=program.plans.latest("number").late_cancel_rule,
        **fields,
    )
    return Attempt.objects.create(session=session, meeting=meeting)

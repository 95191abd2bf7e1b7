"""What the program page shows of the time between sessions, for either side.

`sealed` and `sealed_for_client` name what the page opens together with its other texts and hands back under the same
keys. Beyond that the panels ask nothing of the database.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from practice.people.accounts import User
from programs.between.models import Card, Reflection, TaskReport, Topic
from programs.plan.models import Program
from programs.sessions.thread import Station, Thread

SHOWN = 3
TOPICS_ARE_DUE = timedelta(hours=24)  # so long before a session its client is reminded to choose topics


def upcoming_topics(thread: Thread) -> QuerySet:
    """What clients want to speak about in the session that is held next."""
    upcoming = thread.held_next
    return Topic.objects.filter(session=upcoming.session if upcoming else None).order_by("client_id", "position")


def sealed(program: Program, thread: Thread, user: User) -> dict[str, QuerySet]:
    """For those who lead or supervise: topics to come, reports on the tasks, and the newest shared reflections."""
    shared = Reflection.objects.filter(program=program, is_shared=True).readable()
    reports = TaskReport.objects.filter(session__program=program).select_related("client")
    return {
        "topics": upcoming_topics(thread).select_related("client"),
        "task_reports": reports.order_by("-session__number", "client_id")[:SHOWN],
        "reflections": shared.select_related("client").order_by("-written_at", "pk")[:SHOWN],
    }


def sealed_for_client(program: Program, thread: Thread, user: User) -> dict[str, QuerySet]:
    """For a client: what they want to speak about, the newest card with their report, and their own reflections."""
    cards = Card.objects.filter(session__program=program, shared_at__isnull=False)
    return {
        "topics": upcoming_topics(thread).filter(client__user=user),
        "cards": cards.order_by("-session__number")[:1],
        "task_reports": TaskReport.objects.filter(session__program=program, client__user=user),
        "reflections": Reflection.objects.for_client(user).filter(program=program).order_by("-written_at", "pk"),
    }


def sealed_for_home(programs: list[Program], threads: dict[UUID, Thread], user: User) -> dict[str, QuerySet]:
    """The same for several programs of a client, but of their own reflections the newest of each: four statements."""
    upcoming = [threads[program.pk].held_next for program in programs]
    sessions = [station.session.pk for station in upcoming if station]
    cards = Card.objects.filter(session__program__in=programs, shared_at__isnull=False)
    reflections = Reflection.objects.for_client(user).filter(program__in=programs)
    return {
        "topics": Topic.objects.filter(session__in=sessions, client__user=user).order_by("position"),
        "cards": cards.order_by("session__program_id", "-session__number").distinct("session__program_id"),
        "task_reports": TaskReport.objects.filter(session__program__in=programs, client__user=user),
        "reflections": reflections.order_by("program_id", "-written_at", "pk").distinct("program_id"),
    }


def numbered(rows: list, thread: Thread) -> list:
    """The same rows, each knowing its session's number without asking for it."""
    sessions = {station.session.pk: station.session for station in thread.stations}
    for row in rows:
        if row.session_id in sessions:
            row.session = sessions[row.session_id]
    return rows


def counselor_panel(program: Program, thread: Thread, texts: dict[str, list], *, user: User, now: datetime) -> dict:
    """What templates/programs/between/_panel.html shows."""
    upcoming = thread.held_next if program.is_signed else None
    return {
        "between": {
            "program": program,
            "upcoming": upcoming.session if upcoming else None,
            "topics": texts["topics"],
            "last": thread.last_done.session if thread.last_done else None,
            "task_reports": numbered(texts["task_reports"], thread),
            "reflections": numbered(texts["reflections"], thread),
            "may_write": program.is_led_by(user),
        }
    }


def topics_are_due(upcoming: Station | None, now: datetime) -> bool:
    """True within a day before the session that is held next."""
    meeting = upcoming.meeting if upcoming else None
    return bool(meeting) and now < meeting.starts_at <= now + TOPICS_ARE_DUE


def client_panel(program: Program, thread: Thread, texts: dict[str, list], *, user: User, now: datetime) -> dict:
    """What templates/programs/between/_client.html shows."""
    upcoming = thread.held_next if program.is_signed else None
    has_begun = bool(upcoming and upcoming.meeting and upcoming.meeting.starts_at <= now)
    card = next(iter(numbered(texts["cards"], thread)), None)
    reports = {report.session_id: report for report in texts["task_reports"]}
    reflections = numbered(texts["reflections"], thread)
    written = {reflection.session_id for reflection in reflections}
    last = thread.last_done
    return {
        "between": {
            "program": program,
            "upcoming": upcoming.session if upcoming and not has_begun else None,
            "topics": texts["topics"],
            "topics_are_due": not texts["topics"] and topics_are_due(upcoming, now),
            "card": card,
            "report": reports.get(card.session_id) if card else None,
            "may_report": bool(card and card.task and program.is_signed),
            "to_reflect": last.session if last and last.session.pk not in written else None,
            "reflections": reflections[:SHOWN],
        }
    }

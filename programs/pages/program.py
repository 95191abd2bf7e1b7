"""The page of one program, put together from what every room says of it."""

from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from practice.records.actions import read_together
from programs.agreement import panels as agreement
from programs.between import panels as between
from programs.goals import panels as goals
from programs.notes import panels as notes
from programs.pages.beads import beads_of
from programs.plan.models import Program
from programs.reviews import panels as reviews
from programs.sessions import panels as sessions
from programs.sessions.thread import Station, Thread, thread_of

ROOMS = [agreement, sessions, goals, between, notes, reviews]  # the panels of each room


def address_of(station: Station) -> str:
    """Where a bead leads to."""
    return reverse("session", args=[station.session.pk])


@dataclass
class ProgramPage:
    """One program with its thread and every text that its page shows, opened together after the trail says by whom."""

    program: Program
    thread: Thread
    user: object
    now: datetime
    texts: dict[str, list] = field(default_factory=dict)

    @classmethod
    def opened(cls, program: Program, *, request, now: datetime, for_client: bool) -> "ProgramPage":
        """Read everything once. Raise Erased if the program's key was destroyed."""
        page = cls(program, thread_of(program), request.user, now)
        sealed = {"program": [program], "sessions": [station.session for station in page.thread.stations]}
        for room in ROOMS:
            ask = room.sealed_for_client if for_client else room.sealed
            sealed |= ask(program, page.thread, request.user)
        reason = "reading one's own program" if for_client else "reading the program"
        rows = read_together(list(sealed.values()), by=request.user, reason=reason, request=request, knowing=[program])
        page.texts = dict(zip(sealed, rows, strict=True))
        return page

    def context(self, *, for_client: bool) -> dict:
        """What the template shows, every room's part under the names it chose."""
        context = {
            "program": self.program,
            "thread": self.thread,
            "plan": self.thread.plan,
            "beads": beads_of(self.thread, url=None if for_client else address_of),
            "now": self.now,
            "members": [member.client for member in self.program.members.all()],
        }
        for room in ROOMS:
            panel = room.client_panel if for_client else room.counselor_panel
            context |= panel(self.program, self.thread, self.texts, user=self.user, now=self.now)
        return context

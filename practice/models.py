"""Re-exports the models of every room, so that Django finds them. Import from the rooms, never from here."""

from practice.calendar.models import *  # noqa: F403
from practice.catalog.models import Location, Room, Service  # noqa: F401
from practice.messages.models import *  # noqa: F403
from practice.pages.models import HelpContact  # noqa: F401
from practice.people.models import *  # noqa: F403
from practice.records.models import AuditEvent, AuditSeal  # noqa: F401

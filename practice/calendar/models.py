"""Re-exports the models of the calendar: working hours, time off, closures, meetings."""

from practice.calendar.hours import Closure, TimeOff, Weekday, WorkingHours
from practice.calendar.links import ManageToken
from practice.calendar.meetings import ALLOWED_MOVES, COMING, OCCUPYING, Meeting, Participant, Party, Status

__all__ = [
    "ALLOWED_MOVES",
    "COMING",
    "OCCUPYING",
    "Closure",
    "ManageToken",
    "Meeting",
    "Participant",
    "Party",
    "Status",
    "TimeOff",
    "Weekday",
    "WorkingHours",
]

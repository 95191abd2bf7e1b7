"""The audit trail in people's words: each act is a thing and what was done to it, each reason of a page a sentence."""

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# What stands before the dot of an act. Reads are named by their model, other acts by the word of their room.
THINGS = {
    "account": pgettext_lazy("trail, thing", "Account"),
    "addendum": pgettext_lazy("trail, thing", "Addendum to a note"),
    "attendance": pgettext_lazy("trail, thing", "Attendance"),
    "card": pgettext_lazy("trail, thing", "Session card"),
    "client": pgettext_lazy("trail, thing", "Contact details"),
    "closure": pgettext_lazy("trail, thing", "Closed days"),
    "consultation": pgettext_lazy("trail, thing", "Consultation"),
    "counselor": pgettext_lazy("trail, thing", "Counselor’s page"),
    "demo": pgettext_lazy("trail, thing", "Demo practice"),
    "ending": pgettext_lazy("trail, thing", "End of a program"),
    "follow_up": pgettext_lazy("trail, thing", "Questions after a program"),
    "followup": pgettext_lazy("trail, thing", "Questions after a program"),
    "goal": pgettext_lazy("trail, thing", "Goal"),
    "goal_set": pgettext_lazy("trail, thing", "Set of goals"),
    "goals": pgettext_lazy("trail, thing", "Goals"),
    "handover": pgettext_lazy("trail, thing", "Handover to a colleague"),
    "helpcontact": pgettext_lazy("trail, thing", "Help contact"),
    "hours": pgettext_lazy("trail, thing", "Working hours"),
    "individualpart": pgettext_lazy("trail, thing", "Part of a note about one person"),
    "invitation": pgettext_lazy("trail, thing", "Invitation"),
    "key": pgettext_lazy("trail, thing", "Key of a record"),
    "keys": pgettext_lazy("trail, thing", "Keys of the records"),
    "library": pgettext_lazy("trail, thing", "Library"),
    "licences": pgettext_lazy("trail, thing", "Licences"),
    "location": pgettext_lazy("trail, thing", "Place"),
    "meeting": pgettext_lazy("trail, thing", "Appointment"),
    "message": pgettext_lazy("trail, thing", "Message"),
    "method": pgettext_lazy("trail, thing", "Method"),
    "note": pgettext_lazy("trail, thing", "Progress note"),
    "plan": pgettext_lazy("trail, thing", "Plan of a program"),
    "planquestion": pgettext_lazy("trail, thing", "Question about a plan"),
    "practice": pgettext_lazy("trail, thing", "Practice"),
    "process_note": pgettext_lazy("trail, thing", "Private note"),
    "processnote": pgettext_lazy("trail, thing", "Private note"),
    "program": pgettext_lazy("trail, thing", "Program"),
    "programstep": pgettext_lazy("trail, thing", "Step of a program"),
    "progressnote": pgettext_lazy("trail, thing", "Progress note"),
    "reflection": pgettext_lazy("trail, thing", "Reflection"),
    "review": pgettext_lazy("trail, thing", "Review"),
    "reviewvoice": pgettext_lazy("trail, thing", "Preparation of a review"),
    "role": pgettext_lazy("trail, thing", "Role"),
    "room": pgettext_lazy("trail, thing", "Room"),
    "service": pgettext_lazy("trail, thing", "Service"),
    "session": pgettext_lazy("trail, thing", "Session"),
    "sessionplan": pgettext_lazy("trail, thing", "Plan of a session"),
    "task": pgettext_lazy("trail, thing", "Task between sessions"),
    "taskreport": pgettext_lazy("trail, thing", "Task between sessions"),
    "template": pgettext_lazy("trail, thing", "Program template"),
    "time_off": pgettext_lazy("trail, thing", "Time off"),
    "timeoff": pgettext_lazy("trail, thing", "Time off"),
    "topic": pgettext_lazy("trail, thing", "Topic"),
    "topics": pgettext_lazy("trail, thing", "Topics for a session"),
    "trail": pgettext_lazy("trail, thing", "This list"),
}

# What stands after the dot.
DEEDS = {
    "accepted": pgettext_lazy("trail, deed", "accepted"),
    "added": pgettext_lazy("trail, deed", "added"),
    "agreed": pgettext_lazy("trail, deed", "agreed on"),
    "answered": pgettext_lazy("trail, deed", "answered"),
    "approved": pgettext_lazy("trail, deed", "approved"),
    "begun": pgettext_lazy("trail, deed", "begun"),
    "cancelled": pgettext_lazy("trail, deed", "cancelled"),
    "changed": pgettext_lazy("trail, deed", "changed"),
    "checked": pgettext_lazy("trail, deed", "checked"),
    "closed": pgettext_lazy("trail, deed", "closed"),
    "closing": pgettext_lazy("trail, deed", "coming to its end"),
    "confirmed": pgettext_lazy("trail, deed", "confirmed"),
    "corrected": pgettext_lazy("trail, deed", "corrected"),
    "created": pgettext_lazy("trail, deed", "written"),
    "declined": pgettext_lazy("trail, deed", "declined"),
    "deleted": pgettext_lazy("trail, deed", "deleted"),
    "destroyed": pgettext_lazy("trail, deed", "destroyed"),
    "ended": pgettext_lazy("trail, deed", "ended"),
    "entered": pgettext_lazy("trail, deed", "signed in to"),
    "expired": pgettext_lazy("trail, deed", "expired"),
    "held": pgettext_lazy("trail, deed", "held"),
    "joined": pgettext_lazy("trail, deed", "joined to an account"),
    "linked": pgettext_lazy("trail, deed", "linked to an account"),
    "loaded": pgettext_lazy("trail, deed", "loaded"),
    "made": pgettext_lazy("trail, deed", "made"),
    "moved": pgettext_lazy("trail, deed", "moved"),
    "named": pgettext_lazy("trail, deed", "named"),
    "outcome_recorded": pgettext_lazy("trail, deed", "outcome recorded"),
    "planned": pgettext_lazy("trail, deed", "planned"),
    "prepared": pgettext_lazy("trail, deed", "prepared"),
    "rated": pgettext_lazy("trail, deed", "rated"),
    "read": pgettext_lazy("trail, deed", "opened"),
    "recorded": pgettext_lazy("trail, deed", "recorded"),
    "removed": pgettext_lazy("trail, deed", "removed"),
    "reopened": pgettext_lazy("trail, deed", "opened again"),
    "reported": pgettext_lazy("trail, deed", "reported on"),
    "requested": pgettext_lazy("trail, deed", "asked for"),
    "restored": pgettext_lazy("trail, deed", "offered again"),
    "retired": pgettext_lazy("trail, deed", "no longer offered"),
    "returned": pgettext_lazy("trail, deed", "given back"),
    "revoked": pgettext_lazy("trail, deed", "withdrawn"),
    "rotated": pgettext_lazy("trail, deed", "renewed"),
    "sent_again": pgettext_lazy("trail, deed", "sent again"),
    "sent_by_whatsapp": pgettext_lazy("trail, deed", "sent by WhatsApp"),
    "shared": pgettext_lazy("trail, deed", "shared"),
    "signed": pgettext_lazy("trail, deed", "signed"),
    "started": pgettext_lazy("trail, deed", "started"),
    "submitted": pgettext_lazy("trail, deed", "handed in"),
    "taken_back": pgettext_lazy("trail, deed", "taken back"),
    "granted": pgettext_lazy("trail, deed", "given"),
    "withdrawn": pgettext_lazy("trail, deed", "no longer shared"),
    "written": pgettext_lazy("trail, deed", "written"),
}

# Why a page opened something. Reasons that a person typed are shown as they were typed.
REASONS = {
    "choosing topics": _("to choose topics for a session"),
    "looking over the programs": _("to look over the programs"),
    "planning a session": _("to plan a session"),
    "reading a follow-up": _("to read the answers after the program"),
    "reading a review": _("to read a review"),
    "reading one's own advice": _("to read their own advice"),
    "reading one's own cards": _("to read their own session cards"),
    "reading one's own goals": _("to read their own goals"),
    "reading one's own program": _("to read their own program"),
    "reading one's own reflection": _("to read their own reflection"),
    "reading one's own reflections": _("to read their own reflections"),
    "reading shared reflections": _("to read reflections that were shared"),
    "reading the consultation": _("to read the consultation"),
    "reading the goals": _("to read the goals"),
    "reading the program": _("to read the program"),
    "reporting on a task": _("to report on a task"),
    "writing the card": _("to write the session card"),
}


def act_in_words(act: str) -> str:
    """“Progress note: opened” for "note.read". An act that nobody worded yet is shown by its own name."""
    thing, _dot, deed = act.partition(".")
    return _now("%(thing)s: %(deed)s") % {"thing": THINGS.get(thing, thing), "deed": DEEDS.get(deed, deed)}


def thing_in_words(act: str) -> str:
    """“Progress note” for "note.read"."""
    thing = act.partition(".")[0]
    return str(THINGS.get(thing, thing))


def reason_in_words(act: str, reason: str) -> str:
    """Why something was done; what was typed about an appointment is between those who meet, and left out."""
    return "" if act.startswith("meeting.") else str(REASONS.get(reason, reason))

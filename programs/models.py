"""Re-exports the models of every room, so that Django finds them. Import from the rooms, never from here."""

from programs.between.models import Card, Reflection, SessionPlan, TaskReport, Topic  # noqa: F401
from programs.goals.models import Goal, GoalCheck, GoalRating, GoalSet  # noqa: F401
from programs.library.models import Method, Template, TemplateSession, TemplateVersion  # noqa: F401
from programs.notes.models import (  # noqa: F401
    Addendum,
    IndividualPart,
    NoteGoal,
    ProcessBook,
    ProcessNote,
    ProgressNote,
)
from programs.plan.handover import Handover  # noqa: F401
from programs.plan.models import (  # noqa: F401
    Plan,
    PlanQuestion,
    Program,
    ProgramMember,
    ProgramStep,
    Signature,
)
from programs.plan.texts import PlanText  # noqa: F401
from programs.reviews.models import Ending, FollowUp, Review, ReviewVoice  # noqa: F401
from programs.sessions.models import Attempt, Session  # noqa: F401

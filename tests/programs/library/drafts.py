"""What the tests of the library write in it."""

from practice.people.models import Role
from programs.library.actions import Draft, add_template, says
from tests.factories import NOW, make_method, make_user


def make_supervisor(**fields):
    return make_user(Role.SUPERVISOR, **{"name": "Ratna"} | fields)


def outline(*numbers):
    return [{"aim_id": f"Langkah {k}", "aim_en": f"Step {k}", "agenda_id": "Bercerita"} for k in numbers]


def make_draft(*, sessions=3, **fields):
    """A draft of so many sessions, or with these outlines; a count in `planned_sessions` wins over theirs."""
    outlines = outline(*range(1, sessions + 1)) if isinstance(sessions, int) else sessions
    defaults = {
        "method": fields.pop("method", None) or make_method(),
        "title_id": "Tidur lebih nyenyak",
        "title_en": "Sleeping better",
        "problem_id": "Sulit tidur",
        "problem_en": "Poor sleep",
        "planned_sessions": len(outlines),
        "sessions": outlines,
    }
    return Draft(**defaults | fields)


def as_draft(version, **changes):
    """What a version says, with changes, to be said again."""
    said, sessions = says(version)
    return Draft(**said | {"sessions": sessions} | changes)


def make_template(*, by=None, keep="practice", now=NOW, **draft):
    """A template of the practice by default, by a supervisor."""
    return add_template(draft=make_draft(**draft), keep=keep, by=by or make_supervisor(), now=now).template

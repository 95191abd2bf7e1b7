"""Who may do what: one table of things, actions and roles. Pages, tests and people read it here and nowhere else.

The table says which roles may open a kind of page at all; which rows they then find there is said by `visible_to(user)`
of each model. Outside one's role, as outside one's scope, a page answers 404: it does not say that it exists.
"""

from collections.abc import Callable
from functools import wraps

from django.http import Http404

from practice.people.accounts import Role

CLIENT, COUNSELOR, SUPERVISOR = Role.CLIENT, Role.COUNSELOR, Role.SUPERVISOR
FRONT_DESK, MANAGER, DATA_OFFICER = Role.FRONT_DESK, Role.MANAGER, Role.DATA_OFFICER

STAFF_ROLES = frozenset(Role) - {CLIENT}

POLICY: dict[tuple[str, str], frozenset[Role]] = {
    # how the practice is set up
    ("settings", "read"): frozenset({MANAGER, FRONT_DESK}),
    ("practice", "edit"): frozenset({MANAGER}),
    ("service", "read"): frozenset({MANAGER, FRONT_DESK}),
    ("service", "edit"): frozenset({MANAGER}),
    ("place", "read"): frozenset({MANAGER, FRONT_DESK}),
    ("place", "edit"): frozenset({MANAGER}),
    ("room", "read"): frozenset({MANAGER, FRONT_DESK}),
    ("room", "edit"): frozenset({MANAGER}),
    ("help", "read"): frozenset({MANAGER, FRONT_DESK}),
    ("help", "edit"): frozenset({MANAGER}),
    # who works here
    ("counselor", "read"): frozenset({MANAGER, FRONT_DESK}),
    ("counselor", "edit"): frozenset({MANAGER}),
    ("own_profile", "edit"): frozenset({COUNSELOR}),
    ("own_password", "edit"): STAFF_ROLES,
    ("account", "read"): frozenset({MANAGER}),
    ("account", "edit"): frozenset({MANAGER}),
    ("role", "grant"): frozenset({MANAGER}),
    ("invitation", "create"): frozenset({MANAGER}),
    # everybody's time, and one's own
    ("schedule", "read"): frozenset({MANAGER, FRONT_DESK}),
    ("schedule", "edit"): frozenset({MANAGER, FRONT_DESK}),
    ("own_schedule", "read"): frozenset({COUNSELOR}),
    ("own_schedule", "edit"): frozenset({COUNSELOR}),
    ("closure", "read"): frozenset({MANAGER, FRONT_DESK}),
    ("closure", "edit"): frozenset({MANAGER, FRONT_DESK}),
    ("desk", "work"): frozenset({MANAGER, FRONT_DESK}),
    ("attendance", "record"): frozenset({MANAGER, FRONT_DESK, COUNSELOR}),
    ("client", "read"): frozenset({MANAGER, FRONT_DESK}),
    ("client", "edit"): frozenset({MANAGER, FRONT_DESK}),
    ("today", "read"): STAFF_ROLES,
    ("message", "read"): frozenset({MANAGER, FRONT_DESK}),
    ("message", "send"): frozenset({MANAGER, FRONT_DESK}),
    # clinical: never the front desk, never the manager
    ("consultation.question", "read"): frozenset({COUNSELOR}),
    ("own_advice", "read"): frozenset({CLIENT}),
    ("library", "read"): frozenset({COUNSELOR, SUPERVISOR}),
    ("library", "edit"): frozenset({COUNSELOR, SUPERVISOR}),
    ("method", "edit"): frozenset({SUPERVISOR}),
    ("program", "read"): frozenset({COUNSELOR, SUPERVISOR}),
    ("program", "write"): frozenset({COUNSELOR}),
    ("handover", "ask"): frozenset({COUNSELOR, SUPERVISOR}),
    ("own_program", "read"): frozenset({CLIENT}),
    ("own_program", "write"): frozenset({CLIENT}),
    ("note", "read"): frozenset({COUNSELOR, SUPERVISOR}),
    ("note", "write"): frozenset({COUNSELOR}),
    ("note", "co_sign"): frozenset({SUPERVISOR}),
    ("process_note", "write"): frozenset({COUNSELOR}),
    ("trail", "read"): frozenset({COUNSELOR, SUPERVISOR, DATA_OFFICER}),
    ("own_trail", "read"): frozenset({CLIENT}),
    ("supervision", "edit"): frozenset({MANAGER}),
}

# Pages that show every signed-in person their own affairs, whatever their role: by URL name.
FOR_EVERY_ACCOUNT = frozenset({"account", "account_logout", "account_reauthenticate", "home"})

Permission = tuple[str, str]


def may(user, action: str, thing: str) -> bool:
    """True if a role that this user holds now may do this to that kind of thing. Raise KeyError if nobody decided."""
    roles = POLICY[thing, action]
    return user.is_authenticated and user.has_role(*roles)


def requires(thing: str, action: str) -> Callable:
    """Let only those roles into a view that may do this: `@requires("service", "edit")`. Others get 404.

    Put it outermost, above `@require_POST`. Raise KeyError at import if the table has no such line.
    """
    return requires_any((thing, action))


def requires_any(*permissions: Permission) -> Callable:
    """Let those into a view who may do at least one of these: `(("schedule", "edit"), ("own_schedule", "edit"))`."""
    for permission in permissions:
        POLICY[permission]

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not any(may(request.user, action, thing) for thing, action in permissions):
                raise Http404
            return view(request, *args, **kwargs)

        guarded.policy = frozenset(permissions)
        return guarded

    return decorate

"""What every page knows: the practice, the language and colours chosen, and the way around."""

from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from practice.pages import preferences
from practice.people.models import Practice, Role

# Where each role finds its work: URL name, label, roles. What is not routed is left out.
WAYS = [
    ("home", _("My sessions"), {Role.CLIENT}),
    ("today", _("Today"), {Role.COUNSELOR}),
    ("calendar", _("Calendar"), {Role.COUNSELOR}),
    ("caseload", _("Programs"), {Role.COUNSELOR, Role.SUPERVISOR}),
    ("co_signing", _("To co-sign"), {Role.SUPERVISOR}),
    ("library", _("Library"), {Role.COUNSELOR, Role.SUPERVISOR}),
    ("desk", _("Schedule"), {Role.FRONT_DESK, Role.MANAGER}),
    ("desk_clients", _("Clients"), {Role.FRONT_DESK, Role.MANAGER}),
    ("messages", _("Messages"), {Role.FRONT_DESK, Role.MANAGER}),
    ("trail", _("Who did what"), {Role.DATA_OFFICER}),
    ("settings", _("Settings"), {Role.FRONT_DESK, Role.MANAGER, Role.COUNSELOR}),
]

# Name and contact of the practice as last read by this process, for the pages shown while the database is away.
_last_seen = Practice(name="Benang")


def page(request):
    """Context processor. The practice and the ways are read only by a page that shows them."""
    return plain(request) | {
        "practice": SimpleLazyObject(_practice),
        "ways": SimpleLazyObject(lambda: _ways(request)),
    }


def plain(request):
    """The same without touching the database or the session, for error pages."""
    return {
        "practice": _last_seen,
        "theme": preferences.asked_theme(request),
        "other_languages": [(code, name) for code, name in preferences.LANGUAGES if code != get_language()],
        "here": preferences.here(request),
        "preferences_url": preferences.way_here(request),
    }


def _practice():
    global _last_seen
    _last_seen = Practice.current()
    return _last_seen


def _ways(request):
    """The main places of the person who is signed in."""
    ways = []
    for name, label, roles in WAYS:
        if request.user.has_role(*roles):
            try:
                url = reverse(name)
            except NoReverseMatch:
                continue
            ways.append({"url": url, "label": label})
    here = max((way["url"] for way in ways if request.path.startswith(way["url"])), key=len, default="")
    return [way | {"current": way["url"] == here} for way in ways]

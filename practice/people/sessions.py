"""How long a session lasts: without a request, and altogether. The server decides, whatever the browser keeps."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.utils import timezone

BEGAN, SEEN = "began_at", "seen_at"
NOTED_EVERY = timedelta(minutes=1)


class Limits(NamedTuple):
    """After how much time without a request, and after how much in all, one has to sign in again."""

    idle: timedelta
    whole: timedelta


FOR_STAFF = Limits(idle=timedelta(minutes=15), whole=timedelta(hours=10))
FOR_CLIENTS = Limits(idle=timedelta(minutes=30), whole=timedelta(hours=24))


@receiver(user_logged_in)
def begin(sender, request, **kwargs):
    """Start the clocks. Every way in sends this signal, the demo's too; so it costs no further write."""
    request.session[BEGAN] = request.session[SEEN] = timezone.now().timestamp()


def session_limits(get_response):
    """Middleware, after AuthenticationMiddleware: sign out whoever was away too long or is here too long."""

    def middleware(request):
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            keep_or_end(request, now=timezone.now())
        return get_response(request)

    return middleware


def keep_or_end(request, *, now: datetime) -> None:
    """End the session if it is past a limit; otherwise note that somebody is here, at most once a minute.

    A session without clocks is past them: no way in leaves it so.
    """
    limits = FOR_STAFF if request.user.is_staff else FOR_CLIENTS
    at = now.timestamp()
    away, in_all = at - request.session.get(SEEN, 0), at - request.session.get(BEGAN, 0)
    if away >= limits.idle.total_seconds() or in_all >= limits.whole.total_seconds():
        logout(request)
    elif away >= NOTED_EVERY.total_seconds():
        request.session[SEEN] = at

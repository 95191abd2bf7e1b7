"""What a person sees when something went wrong: plain words, a way on, and nothing typed lost. No database here."""

import logging
import re
import sys

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from practice.pages import context, preferences

log = logging.getLogger("benang.pages")

DATABASE_AWAY = (OperationalError, InterfaceError)
TRY_AGAIN_SECONDS = 10
SECRET_FIELDS = re.compile(r"passw|secret|^(code|otp)", re.IGNORECASE)
LONG = 60


def bad_request(request, exception=None):
    """400, or 413 if more was sent than we take."""
    if isinstance(exception, RequestDataTooBig):
        return _answer(request, 413, "400.html", "too_large", too_large=True)
    return _answer(request, 400, "400.html", "bad_request")


def permission_denied(request, exception=None):
    return _answer(request, 403, "403.html", "forbidden")


def page_not_found(request, exception=None):
    """404, the same for what is not there and for what is not for this person."""
    return _answer(request, 404, "404.html", "not_found")


def too_many(request, retry_after):
    """429: this was tried too often. `retry_after` is in seconds."""
    response = _answer(request, 429, "429.html", "too_many", minutes=-(-int(retry_after) // 60))
    response["Retry-After"] = str(int(retry_after))
    return response


def server_error(request):
    """500; or, if the reason is that the database is away or too busy, the 503 page."""
    if isinstance(sys.exc_info()[1], DATABASE_AWAY):
        return database_away(request)
    try:
        return _answer(request, 500, "500.html", "error")
    except Exception:
        # Whatever broke the page may break this page too. Then words alone have to do.
        log.exception("the error page failed")
        return HttpResponse("Ada gangguan di sistem kami. / Something is wrong on our side.", status=500)


def database_away(request):
    """503 with a way to try again. What was typed stays on the page and is sent again by its button."""
    log.warning("database away, request %s", getattr(request, "request_id", "-"))
    response = _answer(request, 503, "503.html", "busy", **_sent_again(request))
    response["Retry-After"] = str(TRY_AGAIN_SECONDS)
    return response


def csrf_failure(request, reason=""):
    """A form that expired: the page keeps what was typed and sends it again with a fresh token.

    Only if the browser says that the form was on this site. A form of another site gets a plain refusal, so that
    nobody can be talked into pressing a button for somebody else.
    """
    if not came_from_here(request):
        return permission_denied(request)
    return _answer(request, 403, "pages/expired.html", "expired", **_sent_again(request))


def signed_out(request):
    """403 for a form whose session ended meanwhile: the page keeps what was typed until the person is back."""
    return _answer(request, 403, "pages/signed_out.html", "signed_out", **_sent_again(request))


def _answer(request, status, template, code, **details):
    """The page in the person's language; for the JSON API its code alone."""
    if request.path.startswith("/api/"):
        return JsonResponse({"code": code}, status=status)
    with translation.override(getattr(request, "language", None) or preferences.asked_language(request)):
        known = context.plain(request) | {
            "request_id": getattr(request, "request_id", ""),
            "csrf_token": SimpleLazyObject(lambda: get_token(request)),
        }
        response = HttpResponse(render_to_string(template, known | details), status=status)
        response["Content-Language"] = translation.get_language()
    response["Cache-Control"] = "no-store, private"
    return response


def _sent_again(request):
    """The fields of a form as it was sent: short ones to be posted again unseen, long ones to be seen and kept."""
    if request.method != "POST":
        return {}
    try:
        typed = [
            (name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"
        ]
    except (SuspiciousOperation, ValueError):
        return {}
    if any(SECRET_FIELDS.search(name) for name, value in typed):
        return {"sent": True}
    return {
        "sent": True,
        "action": request.get_full_path(),
        "short": [(name, value) for name, value in typed if not _is_long(value)],
        "long": [(name, value) for name, value in typed if _is_long(value)],
    }


def _is_long(value):
    return len(value) > LONG or "\n" in value


def came_from_here(request):
    """True if the browser says that the form was on this site."""
    site = request.headers.get("sec-fetch-site")
    if site:
        return site == "same-origin"
    said = request.headers.get("origin") or request.headers.get("referer") or ""
    return preferences.parts_of(said).netloc == request.get_host()

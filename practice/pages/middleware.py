"""What happens around every request, from the outside in; settings.py gives the order."""

import re
import secrets

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpResponseNotAllowed
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from practice import zones
from practice.pages import errors, preferences

METHODS = ("GET", "HEAD", "OPTIONS", "POST")
DENIED = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "display-capture", "encrypted-media",
    "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
SAME_FOR_ALL = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in DENIED),
}
# Pages that a secret in the address opens: like a signed-in page, they are nobody else's to keep.
TOKEN_PAGES = ("/b/", "/feeds/", "/invitation/", "/sign-in/")
LONGEST_ADDRESS = 2000
BAD = re.compile("[\0\ud800-\udfff]")


def request_id(get_response):
    """A name for this request, on its answer and on its error page, so that a person can tell us which it was."""

    def middleware(request):
        request.request_id = secrets.token_hex(6)
        response = get_response(request)
        response["X-Request-ID"] = request.request_id
        return response

    return middleware


def compressed_pages(get_response):
    """Send pages compressed: a slot list is five times smaller. What the API answers is left as fast as it is.

    Django adds a random length, so that a secret in the page cannot be measured out (BREACH), and masks its CSRF token.
    """
    gzip = GZipMiddleware(get_response)

    def middleware(request):
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            return gzip.process_response(request, response)
        return response

    return middleware


def security_headers(get_response):
    """Headers for every answer, errors, redirects and static files included; and no method that nobody needs."""

    def middleware(request):
        response = get_response(request) if request.method in METHODS else HttpResponseNotAllowed(METHODS)
        for name, value in SAME_FOR_ALL.items():
            response.headers.setdefault(name, value)
        if request.path.startswith(settings.STATIC_URL):
            return response
        if (
            settings.SESSION_COOKIE_NAME in request.COOKIES
            or request.path.startswith(TOKEN_PAGES)
            or _signs_in(response)
        ):
            response["Cache-Control"] = "no-store, private"
            response["X-Robots-Tag"] = "noindex"
        else:
            response.headers.setdefault("Cache-Control", "no-cache, private")
        if _signs_out(response):
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return middleware


def _signs_in(response):
    return settings.SESSION_COOKIE_NAME in response.cookies


def _signs_out(response):
    return _signs_in(response) and not response.cookies[settings.SESSION_COOKIE_NAME].value


def database_away(get_response):
    """The 503 page, with the form kept, when a view finds the database away or too busy.

    A view's exception is met here before Django makes a 500 of it; the same exception in a middleware ends in
    errors.server_error, which answers with the same page.
    """

    def middleware(request):
        return get_response(request)

    def process_exception(request, exception):
        if isinstance(exception, errors.DATABASE_AWAY):
            return errors.database_away(request)
        return None

    middleware.process_exception = process_exception
    return middleware


def plain_input(get_response):
    """Refuse, with a clear 400, what no browser sends and PostgreSQL cannot store: NUL, lone surrogates, endless URLs.

    Bodies are left to forms, which refuse NUL beside the field.
    """

    def middleware(request):
        sent = [request.path, *request.COOKIES.keys(), *request.COOKIES.values(), *request.headers.values()]
        for name, values in request.GET.lists():
            sent += [name, *values]
        if len(request.get_full_path()) > LONGEST_ADDRESS or any(BAD.search(text) for text in sent):
            return errors.bad_request(request)
        return get_response(request)

    return middleware


def person_language_and_zone(get_response):
    """Use the person's language and time zone: those of the account, else of the browser, else of the practice.

    Without a session cookie nobody is signed in, so the session is not even looked at.
    """

    def middleware(request):
        use(preferences.asked_language(request), preferences.asked_zone(request), request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            use(request.user.language, zones.zone(request.user.time_zone), request)
        response = get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response

    def use(language, zone, request):
        translation.activate(language)
        timezone.activate(zone)
        request.language, request.zone = language, zone

    return middleware


class SignInRequired(LoginRequiredMiddleware):
    """Lead to the sign-in; but what a form sent after its session had ended stays on a page, to be sent again."""

    def handle_no_permission(self, request, view_func):
        if request.method == "POST" and errors.came_from_here(request):
            return errors.signed_out(request)
        return super().handle_no_permission(request, view_func)

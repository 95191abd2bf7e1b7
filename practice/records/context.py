"""Which request the present work belongs to, so that audit rows can say from where it was done."""

from contextvars import ContextVar
from typing import NamedTuple

from django.conf import settings
from django.utils.crypto import salted_hmac

_request = ContextVar("request", default=None)


class Origin(NamedTuple):
    """From where something was done; addresses and sessions only as keyed hashes of 32 hex digits."""

    ip_hash: str = ""
    session_hash: str = ""
    request_id: str = ""


def request_context(get_response):
    """Middleware: remember the request while it is answered. Belongs right after SessionMiddleware."""

    def middleware(request):
        token = _request.set(request)
        try:
            return get_response(request)
        finally:
            _request.reset(token)

    return middleware


def current_request():
    """The request being answered, or None in a command or worker."""
    return _request.get()


def client_ip(request) -> str:
    """The address of the browser: the socket's, or as told by the nearest of the BENANG_TRUSTED_PROXIES proxies.

    Each trusted proxy appends one address to X-Forwarded-For; whatever stands before those was sent by the browser and
    is not believed. Fewer addresses than proxies: the socket's.
    """
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    count = settings.TRUSTED_PROXIES
    if count and len(hops) >= count:
        return hops[-count]
    return request.META.get("REMOTE_ADDR", "")


def pseudonym(kind: str, value: str) -> str:
    """A keyed hash that tells equal values apart from others without saying them; "" for ""."""
    return salted_hmac(f"benang.records.{kind}", value, algorithm="sha256").hexdigest()[:32] if value else ""


def origin(request=None) -> Origin:
    """From where the present work comes: of `request`, else of the request being answered, else nowhere."""
    request = request or current_request()
    if request is None:
        return Origin()
    session = getattr(request, "session", None)
    return Origin(
        ip_hash=pseudonym("ip", client_ip(request)),
        session_hash=pseudonym("session", getattr(session, "session_key", None) or ""),
        request_id=str(getattr(request, "request_id", ""))[:64],
    )

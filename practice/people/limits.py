"""Rate limits, counted in PostgreSQL so that every process sees the same count and none can be forgotten."""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, models
from django.http import HttpResponse
from django.shortcuts import render

from practice.records.context import client_ip


class RateCount(models.Model):
    """How often something was tried within one window of time. The key is a keyed hash: no address is stored."""

    key = models.CharField(max_length=64)
    window = models.BigIntegerField(help_text="number of the window since 1970, of the limit's length")
    count = models.PositiveIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window"], name="one_count_for_a_key_and_window")]
        indexes = [models.Index(fields=["expires_at"], name="rate_count_expiry")]

    def __str__(self):
        return f"{self.count}"


@dataclass(frozen=True)
class Limit:
    """At most `most` tries of `name` by one subject within `seconds`."""

    name: str
    most: int
    seconds: int


class LimitReached(Exception):
    """Too many tries. `retry_after` is in seconds."""

    def __init__(self, retry_after: int):
        self.retry_after = retry_after
        super().__init__("too many tries")


UPSERT = """
INSERT INTO practice_ratecount AS r (key, "window", count, expires_at)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::int[], %s::timestamptz[])
ON CONFLICT (key, "window") DO UPDATE SET count = r.count + 1
RETURNING key, count
"""


def count(*tries: tuple[Limit, str], now: datetime) -> None:
    """Count one try for each (limit, subject), in one statement. Raise LimitReached if any is over its limit.

    Fails closed: if the database cannot count, the caller gets the database's error, never a free pass.
    """
    if not settings.LIMITS or not tries:
        return
    rows = {}
    for limit, subject in tries:
        window = _window(limit, now)
        end = datetime.fromtimestamp((window + 1) * limit.seconds, tz=now.tzinfo)
        rows[_key(limit, subject)] = (limit, window, end)
    keys = sorted(rows)  # one order for everybody: two upserts never wait for each other in a circle
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [keys, [rows[k][1] for k in keys], [1] * len(keys), [rows[k][2] for k in keys]])
        over = [rows[key] for key, tried in cursor.fetchall() if tried > rows[key][0].most]
    if over:
        raise LimitReached(max(1, max(int((end - now).total_seconds()) for _limit, _window, end in over)))


FORGIVE = """
UPDATE practice_ratecount AS r SET count = r.count - 1
FROM unnest(%s::text[], %s::bigint[]) AS t (key, "window")
WHERE r.key = t.key AND r."window" = t."window" AND r.count > 0
"""


def forgive(*tries: tuple[Limit, str], now: datetime) -> None:
    """Take back one count for each, after a try that turned out right; `now` is that of the count."""
    if settings.LIMITS and tries:
        rows = sorted((_key(limit, subject), _window(limit, now)) for limit, subject in tries)
        with connection.cursor() as cursor:
            cursor.execute(FORGIVE, [[key for key, _window in rows], [window for _key, window in rows]])


def network_of(request) -> str:
    """Where a request comes from, as a subject to count by: the IPv4 address, or the /64 that an IPv6 line is given."""
    ip = client_ip(request)
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    mapped = getattr(address, "ipv4_mapped", None)
    if address.version == 4 or mapped:
        return str(mapped or address)
    return str(ipaddress.ip_network((address, 64), strict=False))


def too_many(request, error: LimitReached) -> HttpResponse:
    """The page that says when to try again: 429 with Retry-After."""
    response = render(request, "429.html", {"minutes": -(-error.retry_after // 60)}, status=429)
    response["Retry-After"] = str(error.retry_after)
    return response


def _key(limit: Limit, subject: str) -> str:
    said = f"{limit.name}|{subject}".encode("utf-8", "surrogatepass")
    return hmac.new(settings.SECRET_KEY.encode(), said, hashlib.sha256).hexdigest()


def _window(limit: Limit, now: datetime) -> int:
    return int(now.timestamp()) // limit.seconds


def forget_expired(*, now: datetime) -> int:
    """Remove counts of windows that are over."""
    return RateCount.objects.filter(expires_at__lte=now).delete()[0]

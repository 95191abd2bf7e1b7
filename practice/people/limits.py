"""Rate limits, counted in PostgreSQL so that every process sees the same count and none can be forgotten."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, models


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
        key = hmac.new(settings.SECRET_KEY.encode(), f"{limit.name}|{subject}".encode(), hashlib.sha256).hexdigest()
        window = int(now.timestamp()) // limit.seconds
        rows[key] = (limit, window, datetime.fromtimestamp((window + 1) * limit.seconds, tz=now.tzinfo))
    keys = sorted(rows)  # one order for everybody: two upserts never wait for each other in a circle
    with connection.cursor() as cursor:
        cursor.execute(
            UPSERT, [keys, [rows[k][1] for k in keys], [1] * len(keys), [rows[k][2] for k in keys]]
        )
        over = [rows[key] for key, tried in cursor.fetchall() if tried > rows[key][0].most]
    if over:
        raise LimitReached(max(1, max(int((end - now).total_seconds()) for _limit, _window, end in over)))

"""Periodic tidying of what booking leaves behind."""

from django.utils import timezone
from procrastinate.contrib.django import app

from appointments import replays
from practice.people import limits


@app.periodic(cron="17 * * * *")
@app.task(queue="calendar", queueing_lock="appointments.tidy")
def tidy(timestamp: int):
    """Remove answers that are no longer repeated, and counts whose time is over."""
    replays.forget_expired(now=timezone.now())
    limits.forget_expired(now=timezone.now())

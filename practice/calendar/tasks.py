"""Periodic work of the calendar."""

from django.utils import timezone
from procrastinate.contrib.django import app

from practice.calendar.actions import drop_expired_holds


@app.periodic(cron="*/5 * * * *")
@app.task(queue="calendar", queueing_lock="practice.calendar.holds")
def remove_expired_holds(timestamp: int):
    """Keep the table free of holds that ran out."""
    drop_expired_holds(now=timezone.now())

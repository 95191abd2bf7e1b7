"""Periodic work of the calendar."""

from django.utils import timezone
from procrastinate.contrib.django import app

from practice.calendar import reminders
from practice.calendar.reserving import drop_expired_holds


@app.periodic(cron="*/5 * * * *")
@app.task(queue="calendar", queueing_lock="practice.calendar.holds")
def remove_expired_holds(timestamp: int):
    """Keep the table free of holds that ran out."""
    drop_expired_holds(now=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(queue="calendar", queueing_lock="practice.calendar.remind", priority=20)
def remind(timestamp: int):
    """Every minute, write the reminders that are due."""
    reminders.remind(now=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(queue="calendar", queueing_lock="practice.calendar.follow_up")
def follow_up(timestamp: int):
    """Every five minutes, write to those whose meeting is over."""
    reminders.follow_up(now=timezone.now())

"""Periodic work of reviews and what follows a program."""

from django.utils import timezone
from procrastinate.contrib.django import app

from programs.reviews import afterwards


@app.periodic(cron="*/15 * * * *")
@app.task(queue="calendar", queueing_lock="programs.reviews.ask")
def ask(timestamp: int):
    """Every quarter of an hour, ask what is due before reviews and some time after the end."""
    afterwards.ask(now=timezone.now())

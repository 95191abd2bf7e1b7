"""Periodic work on agreements: offers that run out, reminders, asking those who rest, and care that nothing keeps."""

from django.utils import timezone
from procrastinate.contrib.django import app

from programs.agreement.care import settle_care
from programs.agreement.handovers import expire_handovers
from programs.agreement.life import ask_paused
from programs.agreement.proposals import expire_proposals, remind_of_proposals


@app.periodic(cron="*/15 * * * *")
@app.task(queue="calendar", queueing_lock="programs.agreement.offers")
def look_after_offers(timestamp: int):
    """Every quarter of an hour, end the offers and questions whose time is over, and remind of offers that wait."""
    expire_proposals(now=timezone.now())
    expire_handovers(now=timezone.now())
    remind_of_proposals(now=timezone.now())


@app.periodic(cron="23 2 * * *")
@app.task(queue="calendar", queueing_lock="programs.agreement.pauses")
def ask_those_who_rest(timestamp: int):
    """Every day, ask the clients of resting programs whose day to go on has come, or who were not asked for 14 days."""
    ask_paused(now=timezone.now())


@app.periodic(cron="41 2 * * *")
@app.task(queue="calendar", queueing_lock="programs.agreement.care")
def settle(timestamp: int):
    """Every day, keep the care that a note still needs, and let go of what is written."""
    settle_care(now=timezone.now())

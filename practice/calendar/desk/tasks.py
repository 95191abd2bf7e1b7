"""Periodic work of the desk."""

from django.utils import timezone
from procrastinate.contrib.django import app

from practice.calendar.actions import expire_requests
from practice.calendar.desk import answers


@app.periodic(cron="*/5 * * * *")
@app.task(queue="calendar", queueing_lock="practice.calendar.requests")
def expire_unanswered_requests(timestamp: int):
    """Free the times of requests that nobody answered in time, and tell who asked."""
    expire_requests(now=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(queue="calendar", queueing_lock="practice.calendar.answers")
def remind_of_answers(timestamp: int):
    """Tell the desk about requests that will expire soon."""
    answers.remind_of_answers(now=timezone.now())

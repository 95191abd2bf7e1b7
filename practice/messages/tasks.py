"""What the worker does for messages. Tasks read the clock and call actions; the outbox row holds the truth."""

import uuid

from django.utils import timezone
from procrastinate.contrib.django import app

from practice.messages import actions, replies

FINISHED_JOBS_HOURS = 6


@app.task(queue=actions.QUEUE, name=actions.DELIVER_TASK)
def deliver(messages: list[str]) -> None:
    """Send the messages with these ids. A try that failed has planned the next one before this returns."""
    actions.deliver_all([uuid.UUID(message) for message in messages], now=timezone.now())


@app.periodic(cron="* * * * * */30")
@app.task(queue="upkeep", queueing_lock="messages.sweep", priority=50)
def sweep(timestamp: int) -> None:
    """Twice a minute, see to it that no message is forgotten."""
    actions.sweep(now=timezone.now())


@app.periodic(cron="* * * * * */20")
@app.task(queue="upkeep", queueing_lock="messages.show_life", priority=100)
def show_life(timestamp: int) -> None:
    """Show that the worker works. Goes before everything else that waits."""
    actions.show_life(now=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", queueing_lock="messages.take_over_stalled_jobs", pass_context=True)
async def take_over_stalled_jobs(context, timestamp: int) -> None:
    """Every minute, run the jobs of killed workers again. All our tasks may run twice."""
    for job in await context.app.job_manager.get_stalled_jobs():
        await context.app.job_manager.retry_job(job)


@app.periodic(cron="17 * * * *")
@app.task(queue="upkeep", queueing_lock="messages.remove_old_jobs", pass_context=True)
async def remove_old_jobs(context, timestamp: int) -> None:
    """Every hour, remove jobs that ended more than six hours ago, whatever their end."""
    await context.app.job_manager.delete_old_jobs(
        nb_hours=FINISHED_JOBS_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


@app.periodic(cron="27 * * * *")
@app.task(queue="upkeep", queueing_lock="messages.forget_expired_links")
def forget_expired_links(timestamp: int) -> None:
    """Every hour, remove links to questions that nobody can answer any more."""
    replies.forget_expired(now=timezone.now())

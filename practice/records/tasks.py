"""Work that the records need done in the background."""

from django.utils import timezone
from procrastinate.contrib.django import app

from practice.records.chain import seal_committed_events


@app.periodic(cron="* * * * *")
@app.task(queue="records", queueing_lock="seal_audit", pass_context=False)
def seal_audit(timestamp: int):
    """Every minute: link the audit events written since to the chain."""
    seal_committed_events(now=timezone.now())

"""Tell the desk by mail, while there is time, that requests wait for an answer."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext_lazy

from practice.calendar.models import Meeting
from practice.formats import moment
from practice.messages.actions import enqueue_all, outgoing
from practice.messages.models import Message
from practice.messages.quiet import QUIET_FROM, is_quiet
from practice.messages.renderers import Rendered, register, render_mail
from practice.people.models import Practice, Role, User
from practice.zones import zone

KIND = "desk.answer_due"
ANSWER_SOON = timedelta(hours=4)
BEFORE_CLOSING = time(17, 0)  # local: for what would fall due at night or before the desk is at work again
FARTHEST = timedelta(hours=18)  # from 17:00 to what is due four hours after the night


def warn_at(due_at: datetime, zone_name: str) -> datetime:
    """When the desk is told: four hours before, or at 17:00 the day before if that is at night."""
    at = due_at - ANSWER_SOON
    if not is_quiet(at, zone_name):
        return at
    local = at.astimezone(zone(zone_name))
    evening = local.date() - timedelta(days=0 if local.hour >= QUIET_FROM else 1)
    return datetime.combine(evening, BEFORE_CLOSING, tzinfo=local.tzinfo)


@transaction.atomic
def remind_of_answers(*, now: datetime) -> int:
    """Write to the front desk, or to managers where there is none, about what is due soon; return to how many.

    One mail to each for the requests that fall due within the same hour, however often one looks.
    """
    soon = Meeting.objects.awaiting_answer().filter(answer_due_at__gt=now, answer_due_at__lte=now + FARTHEST)
    due = soon.order_by("answer_due_at").values_list("answer_due_at", flat=True)
    zone_name = Practice.current().time_zone
    first = next((each for each in due if warn_at(each, zone_name) <= now), None)
    if first is None:
        return 0
    working = User.objects.filter(is_active=True).order_by("pk")
    people = working.with_role(Role.FRONT_DESK) or working.with_role(Role.MANAGER)
    return enqueue_all(
        [
            outgoing(kind=KIND, to=user, subject_id=user.pk, dedupe_key=f"{KIND}:{user.pk}:{first:%Y%m%d%H}", now=now)
            for user in people
        ]
    )


@register(KIND, label=gettext_lazy("Requests wait for an answer"))
def _answer_due(message: Message, now: datetime) -> Rendered | None:
    user = User.objects.filter(pk=message.subject_id, is_active=True).first()
    if user is None or not user.has_role(Role.FRONT_DESK, Role.MANAGER):
        return None
    waiting = Meeting.objects.awaiting_answer().aggregate(count=Count("pk"), due_at=Min("answer_due_at"))
    if not waiting["count"]:
        return None
    context = {
        "count": waiting["count"],
        "until": moment(waiting["due_at"], message.time_zone, message.language),
        "link": settings.BASE_URL + reverse("desk_requests"),
    }
    return render_mail("desk/answer_due", context, message)

"""What a person sees first: a client their meetings, a counselor their day."""

from datetime import datetime, time, timedelta
from itertools import groupby

from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.models import Consultation
from practice.calendar.models import Meeting, Status
from practice.people.models import Role
from practice.people.policies import requires
from programs.pages.caseload import own_programs

DAYS_AHEAD = 7
PAST_ON_A_PAGE = 20
ON_THE_LIST = [Status.REQUESTED, Status.CONFIRMED, Status.ATTENDED, Status.MISSED]


@require_safe
def home(request):
    """A client's meetings: the next one, those after it, and those that were. Staff begin with their day."""
    if request.user.is_staff and not request.user.has_role(Role.CLIENT):
        return redirect("today")
    now = timezone.now()
    own = Meeting.objects.visible_to(request.user).filter(participants__client__user=request.user)
    own = own.exclude(status=Status.HELD)
    coming = list(own.coming(now).for_listing())
    past = own.exclude(pk__in=[meeting.pk for meeting in coming]).for_listing().order_by("-starts_at", "pk")
    page = Paginator(past, PAST_ON_A_PAGE).get_page(request.GET.get("page"))
    shared = Consultation.objects.visible_to(request.user).with_shared_advice().filter(meeting__in=list(page))
    advice = dict(shared.values_list("meeting_id", "pk"))
    for meeting in page:
        meeting.advice_id = advice.get(meeting.pk)
    context = {
        "next": coming[0] if coming else None,
        "later": coming[1:],
        "past": page,
        "programs": own_programs(request.user, request=request),
        "has_record": request.user.has_role(Role.CLIENT),
        "now": now,
    }
    return render(request, "programs/home.html", context)


@requires("today", "read")
@require_safe
def today(request):
    """A counselor's meetings of today and the next seven days, by day. Others begin where their work is."""
    if request.user.has_role(Role.MANAGER, Role.FRONT_DESK) and not request.user.has_role(Role.COUNSELOR):
        return redirect("desk")
    if not request.user.has_role(Role.COUNSELOR):
        return redirect("trail" if request.user.has_role(Role.DATA_OFFICER) else "account")
    now = timezone.localtime()
    midnight = datetime.combine(now.date(), time.min, tzinfo=now.tzinfo)
    meetings = list(
        Meeting.objects.visible_to(request.user)
        .filter(counselor__user=request.user, status__in=ON_THE_LIST)
        .filter(ends_at__gt=midnight, starts_at__lt=midnight + timedelta(days=DAYS_AHEAD + 1))
        .for_listing()
    )
    written = dict(
        Consultation.objects.visible_to(request.user).filter(meeting__in=meetings).values_list("meeting_id", "pk")
    )
    for meeting in meetings:
        meeting.consultation_id = written.get(meeting.pk)
        meeting.is_over = meeting.ends_at <= now
    by_day = {day: list(rows) for day, rows in groupby(meetings, lambda meeting: timezone.localdate(meeting.starts_at))}
    context = {
        "now": now,
        "today": by_day.pop(now.date(), []),
        "days": [{"day": day, "meetings": rows} for day, rows in by_day.items()],
    }
    return render(request, "programs/today.html", context)

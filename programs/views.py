"""What a person sees first: a client their meetings, a counselor their day."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from appointments.models import Consultation
from practice.calendar.attendance import record_attendance
from practice.calendar.desk.forms import AttendanceForm
from practice.calendar.desk.times import zone_label
from practice.calendar.desk.views import about, record_for_all
from practice.calendar.models import Meeting, Status
from practice.catalog.views import form_methods
from practice.people.models import Role
from practice.people.policies import requires
from programs.day import agenda_of
from programs.pages.own import own_programs

PAST_ON_A_PAGE = 20


@require_safe
def home(request):
    """A client's meetings and programs: what is next, what comes after it, and what was. Staff begin with their day."""
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
        "own": own_programs(request.user, request=request, now=now),
        "has_record": request.user.has_role(Role.CLIENT),
        "now": now,
    }
    return render(request, "programs/home.html", context)


@requires("today", "read")
@require_safe
def today(request):
    """A counselor's day, what is due and the next seven days. Others begin where their work is."""
    if request.user.has_role(Role.MANAGER, Role.FRONT_DESK) and not request.user.has_role(Role.COUNSELOR):
        return redirect("desk")
    if not request.user.has_role(Role.COUNSELOR):
        return redirect("trail" if request.user.has_role(Role.DATA_OFFICER) else "account")
    now, zone = timezone.now(), timezone.get_current_timezone()
    context = {"agenda": agenda_of(request.user, zone, now=now), "now": now, "zone_label": zone_label(zone, now)}
    return render(request, "programs/today.html", context)


@requires("attendance", "record")
@form_methods
def attendance(request, pk):
    """Who came to a meeting of one's own: every case on a page, the usual ones by one button of the list (`all`)."""
    own = Meeting.objects.visible_to(request.user).filter(counselor__user=request.user).exclude(status=Status.HELD)
    found = get_object_or_404(own.for_listing(), pk=pk)
    now = timezone.now()
    if request.method == "POST" and "all" in request.POST:
        return record_for_all(request, found, now, back=reverse("today"))
    form = AttendanceForm(
        request.POST if request.method == "POST" else None, meeting=found, initial={"version": found.version}
    )
    if request.method == "POST" and form.is_valid():
        try:
            record_attendance(meeting=found, by=request.user, now=now, expected=form.expected, **form.said)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("today")
    context = about(found, now) | {"form": form}
    return render(request, "programs/attendance.html", context, status=422 if form.is_bound else 200)

"""The front desk: the day, the requests that wait, and everything that can be done about one meeting."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Min
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from practice.calendar.actions import Elsewhere, approve, cancel_meeting, decline, move_meeting
from practice.calendar.attendance import Attendance, record_attendance
from practice.calendar.desk.answers import ANSWER_SOON
from practice.calendar.desk.days import LOOKS, filter_choices, grouped, read_filters, rows_of_day, situation_of, tag_of
from practice.calendar.desk.forms import (
    ApproveForm,
    AttendanceForm,
    CancelForm,
    DateForm,
    DeclineForm,
    PickForm,
    StartForm,
)
from practice.calendar.desk.history import history_of, messages_about
from practice.calendar.desk.times import Search, find_times, nearest_times, zone_label
from practice.calendar.models import Meeting, Party, Status
from practice.calendar.refusals import with_status_of
from practice.calendar.reserving import NotAllowed, Taken
from practice.catalog.models import Mode, Room
from practice.catalog.views import form_methods
from practice.people.models import Counselor
from practice.people.policies import requires

ONE_DAY = timedelta(days=1)
ON_A_PAGE = 50


@requires("desk", "work")
@require_safe
def day(request):
    """The meetings of a day, by time or by counselor, in six statements however many there are."""
    now, zone = timezone.now(), timezone.get_current_timezone()
    form = DateForm(request.GET if "day" in request.GET else None)
    today = now.astimezone(zone).date()
    on = (form.cleaned_data["day"] if form.is_bound and form.is_valid() else None) or today
    rows = rows_of_day(request.user, on, zone, now=now)
    filters = read_filters(request.GET, on)
    shown = [row for row in rows if filters.lets_through(row)]
    context = {
        "form": form,
        "day": on,
        "today": today,
        "yesterday": filters.query(day=on - ONE_DAY),
        "tomorrow": filters.query(day=on + ONE_DAY),
        "days": {"before": on - ONE_DAY, "after": on + ONE_DAY},
        "filters": filters,
        "by_time": filters.query(by=""),
        "by_counselor": filters.query(by="counselor"),
        "everything": filters.query(counselor="", situation="", place="", mode=""),
        "zone_label": zone_label(zone, now),
        "choices": filter_choices(rows, filters),
        "groups": grouped(shown, filters),
        "count": len(shown),
        "waiting_here": sum(row.situation == "waiting" for row in shown),
        "waiting": waiting_for_answer(request.user, now),
    }
    return render(request, "calendar/desk/day.html", context, status=422 if form.errors else 200)


def waiting_for_answer(user, now):
    """How many requests wait, until when the first is to be answered, and how near that is."""
    found = Meeting.objects.visible_to(user).awaiting_answer().aggregate(count=Count("pk"), due_at=Min("answer_due_at"))
    until = found["due_at"] or now + 2 * ANSWER_SOON
    return found | {"is_overdue": until <= now, "is_soon": until <= now + ANSWER_SOON}


@requires("desk", "work")
@require_safe
def requests(request):
    """The requests that wait for an answer: what is overdue first, then what is due first."""
    now = timezone.now()
    found = Meeting.objects.visible_to(request.user).awaiting_answer().for_listing().order_by("answer_due_at", "pk")
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    for meeting in page.object_list:
        meeting.is_overdue = meeting.answer_due_at <= now
        meeting.is_due_soon = meeting.answer_due_at <= now + ANSWER_SOON
    return render(request, "calendar/desk/requests.html", {"page_obj": page, "now": now})


def find_meeting(request, pk) -> Meeting:
    """A meeting as the desk sees it, with its people; 404 for anything else."""
    found = Meeting.objects.visible_to(request.user).exclude(status=Status.HELD).for_listing()
    return get_object_or_404(found, pk=pk)


def about(meeting, now) -> dict:
    """What every page of a meeting shows."""
    heads = list(meeting.participants.all())
    situation = situation_of(meeting.status, meeting.starts_at, now)
    attendances = [head.attendance for head in heads]
    return {
        "meeting": meeting,
        "heads": heads,
        "names": ", ".join(head.client.preferred_name for head in heads),
        "situation": situation,
        "look": LOOKS.get(situation, ""),
        "tag": tag_of(situation, attendances=attendances, ended_by=meeting.ended_by, is_late=meeting.is_late),
        "other_zone": meeting.other_zone(timezone.get_current_timezone()),
        "now": now,
        "can_answer": meeting.status == Status.REQUESTED,
        "can_move": meeting.is_coming,
        "can_cancel": meeting.status == Status.CONFIRMED,
        "can_record": meeting.can_have_attendance(now),
    }


@requires("desk", "work")
@require_safe
def meeting(request, pk):
    """Everything about a meeting that is not clinical: when, who, how, what was sent, what was done to it."""
    found = find_meeting(request, pk)
    now = timezone.now()
    context = about(found, now) | {"sent": messages_about(found, request.user), "history": history_of(found)}
    return render(request, "calendar/desk/meeting.html", context)


@requires("desk", "work")
@require_POST
def meeting_approve(request, pk):
    found, now = find_meeting(request, pk), timezone.now()
    form = ApproveForm(request.POST)
    try:
        if not form.is_valid():
            raise ValidationError(form.errors.as_data())
        approve(meeting=found, by=request.user, now=now, expected=form.expected, **form.said)
    except (NotAllowed, Taken) as error:
        reason_helps = error.code == "hours" and not form.said["outside_hours"]  # not in time off, so only once
        context = about(found, now) | {"form": form, "problem": " ".join(error.messages), "reason_helps": reason_helps}
        return render(request, "calendar/desk/approve.html", context, status=422)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, _("Confirmed. The client is told by e-mail."))
    return redirect(back_to(request, reverse("desk_meeting", args=[pk])))


@requires("desk", "work")
@form_methods
def meeting_decline(request, pk):
    """Why (GET), and no (POST): the mail offers the nearest times that are free when it is sent."""
    found = find_meeting(request, pk)
    now, zone = timezone.now(), timezone.get_current_timezone()
    form = DeclineForm(request.POST if request.method == "POST" else None, initial={"version": found.version})
    if found.status != Status.REQUESTED:
        return redirect("desk_meeting", pk)
    if request.method == "POST" and form.is_valid():
        try:
            decline(meeting=found, by=request.user, reason=form.cleaned_data["reason"], expected=form.expected, now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Declined. The client is told by e-mail."))
            return redirect("desk_requests")
    search = Search(found.service, [found.counselor], found.mode, found.starts_at.astimezone(zone).date())
    context = about(found, now) | {"form": form, "nearby": nearest_times(search, found.starts_at, zone=zone, now=now)}
    return render(request, "calendar/desk/decline.html", context, status=422 if form.is_bound else 200)


@requires("desk", "work")
@form_methods
def meeting_cancel(request, pk):
    """Who cancels and why (GET), and do it (POST)."""
    found = find_meeting(request, pk)
    now = timezone.now()
    if not found.is_coming:
        return redirect("desk_meeting", pk)
    form = CancelForm(request.POST if request.method == "POST" else None, initial={"version": found.version})
    problem = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            cancel_meeting(
                meeting=found,
                by=request.user,
                party=said["party"],
                reason=said["reason"],
                expected=form.expected,
                now=now,
            )
        except ValidationError as error:
            problem = error
            form.add_error(None, error)
        else:
            messages.success(request, _("Cancelled. The client is told by e-mail."))
            return redirect("desk_meeting", pk)
    context = about(found, now) | {"form": form, "is_free": found.can_be_cancelled_free(now)}
    page = render(request, "calendar/desk/cancel.html", context, status=422 if form.is_bound else 200)
    return with_status_of(problem, page)


@requires("desk", "work")
@form_methods
def meeting_move(request, pk):
    """Free times of its counselor or another one (GET), and move it there (POST)."""
    found = find_meeting(request, pk)
    now, zone = timezone.now(), timezone.get_current_timezone()
    if not found.is_coming:
        return redirect("desk_meeting", pk)
    pick = pick_form(request, found, zone)
    form = StartForm(request.POST if request.method == "POST" else None, zone=zone, initial={"version": found.version})
    search, status, nearby, problem = search_for(found, pick), 200, [], None
    if request.method == "POST":
        status = 422
        if pick.is_valid() and form.is_valid():
            try:
                move_there(found, pick, form, by=request.user, now=now)
            except ValidationError as error:
                problem = error
                form.add_error(None, error)
                nearby = nearest_times(search, form.cleaned_data["starts_at"], zone=zone, now=now)
            else:
                messages.success(request, _("Moved. The client is told by e-mail."))
                return redirect("desk_meeting", pk)
    elif pick.is_bound and not pick.is_valid():
        status = 422
    context = about(found, now) | {
        "pick": pick,
        "form": form,
        "times": find_times(search, zone=zone, now=now),
        "nearby": nearby,
        "rests": found.rest_words(now),
        "zone_label": zone_label(zone, now),
    }
    return with_status_of(problem, render(request, "calendar/desk/move.html", context, status=status))


def pick_form(request, meeting, zone) -> PickForm:
    """Where to look for another time: at first with the same counselor, on the day of the meeting."""
    offering = Counselor.objects.visible_to(request.user).filter(services=meeting.service_id).order_by("name", "pk")
    counselors = list(offering)
    if meeting.counselor not in counselors:
        counselors.insert(0, meeting.counselor)
    initial = {
        "counselor": str(meeting.counselor_id),
        "mode": meeting.mode,
        "first": meeting.starts_at.astimezone(zone).date(),
    }
    data = request.POST if request.method == "POST" else request.GET or None
    rooms = rooms_of(request.user, meeting.service)
    return PickForm(data, service=meeting.service, counselors=counselors, rooms=rooms, anyone=False, initial=initial)


def rooms_of(user, service) -> list[Room]:
    """The rooms in use that a service may take place in."""
    if Mode.IN_PERSON not in service.modes:
        return []
    in_use = Room.objects.visible_to(user).filter(is_open=True, location__is_open=True)
    return list(in_use.filter(services=service).for_listing())


def search_for(meeting, pick) -> Search:
    earliest, latest = meeting.limits()
    return Search(
        service=meeting.service_as_booked,
        counselors=pick.asked_counselors,
        mode=pick.asked_mode,
        room=pick.asked_room,
        first=pick.asked_day,
        releasing=(meeting.pk,),
        earliest=earliest,
        latest=latest,
        clients=[head.client for head in meeting.participants.all()],
    )


def move_there(meeting, pick, form, *, by, now):
    """Move a meeting to what was picked and typed, unless it changed meanwhile."""
    [counselor] = pick.asked_counselors
    elsewhere = Elsewhere(
        counselor=counselor,
        mode=pick.asked_mode,
        room=pick.asked_room,
        outside_hours=form.cleaned_data["outside_hours"],
    )
    return move_meeting(
        meeting=meeting,
        starts_at=form.cleaned_data["starts_at"],
        by=by,
        now=now,
        party=Party.PRACTICE,
        expected=form.expected,
        elsewhere=elsewhere,
    )


@requires("desk", "work")
@form_methods
def meeting_attendance(request, pk):
    """Who came: a page for every case, and one button on the lists for the usual ones (`all`)."""
    found = find_meeting(request, pk)
    now = timezone.now()
    if request.method == "POST" and "all" in request.POST:
        return record_for_all(request, found, now, back=reverse("desk"))
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
            return redirect("desk_meeting", pk)
    context = about(found, now) | {"form": form}
    return render(request, "calendar/desk/attendance.html", context, status=422 if form.is_bound else 200)


def record_for_all(request, meeting, now, *, back: str):
    """Record the same for every head and go back to the list: the one the form came from, else `back`."""
    word = request.POST["all"] if request.POST["all"] in Attendance.values else ""
    heads = {head.pk: word for head in meeting.participants.all()}
    try:
        record_attendance(meeting=meeting, by=request.user, now=now, heads=heads)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return redirect(f"{back_to(request, back)}#m-{meeting.pk}")


def back_to(request, otherwise: str) -> str:
    """The page of ours that the form came from, or another one."""
    url = request.POST.get("next", "")
    is_ours = url.startswith("/") and url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())
    return url if is_ours else otherwise

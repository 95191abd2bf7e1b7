"""Everybody's time in the settings: working hours, time off and closed days, with what is booked against them."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from practice.calendar.forms import ClosureForm, HolidaysForm, HoursForm, TimeOffForm
from practice.calendar.models import Closure, TimeOff, WorkingHours
from practice.calendar.schedules import (
    adopt_holidays,
    booked_during,
    booked_on_closed_days,
    booked_outside_hours,
    change_time_off,
    coming_holidays,
    editable_counselors,
    set_hours,
    take_time_off,
    with_booked_count,
)
from practice.calendar.weeks import periods
from practice.catalog.editing import bound, delete, edit
from practice.catalog.models import Location
from practice.catalog.views import form_methods
from practice.people.counselors import in_language
from practice.people.models import Practice
from practice.people.policies import may, requires, requires_any

A_YEAR = timedelta(days=365)
ON_A_PAGE = 50

of_schedules = requires_any(("schedule", "edit"), ("own_schedule", "edit"))


def _today(counselor, now):
    return now.astimezone(ZoneInfo(counselor.time_zone)).date()


@of_schedules
@require_safe
def hours(request):
    """Every counselor's week in words; for a counselor, their own page."""
    if not may(request.user, "edit", "schedule"):
        own = editable_counselors(request.user).first()
        return redirect("settings_hours_of", own.slug) if own else render(request, "calendar/hours.html")
    now = timezone.now()
    windows = Prefetch("working_hours", WorkingHours.objects.visible_to(request.user).select_related("location"))
    counselors = list(editable_counselors(request.user).prefetch_related(windows))
    outside = booked_outside_hours(counselors, request.user, now=now)
    for counselor in counselors:
        counselor.periods = periods(counselor.working_hours.all(), _today(counselor, now))
        counselor.outside_count = sum(meeting.counselor_id == counselor.pk for meeting in outside)
    return render(request, "calendar/hours.html", {"counselors": counselors, "sees_all": True})


@of_schedules
@require_safe
def hours_of(request, slug):
    """One counselor's hours now and as planned, and what is booked outside them."""
    counselor = get_object_or_404(editable_counselors(request.user), slug=slug)
    now = timezone.now()
    windows = counselor.working_hours.visible_to(request.user).select_related("location")
    context = {
        "counselor": counselor,
        "periods": periods(windows, _today(counselor, now)),
        "booked": booked_outside_hours([counselor], request.user, now=now),
        "sees_all": may(request.user, "edit", "schedule"),
    }
    return render(request, "calendar/hours_of.html", context)


@of_schedules
@form_methods
def hours_change(request, slug):
    """The seven days, as they hold from `?from=`; saving sets them from the chosen day on."""
    counselor = get_object_or_404(editable_counselors(request.user), slug=slug)
    now = timezone.now()
    form = _hours_form(request, counselor, _today(counselor, now))
    if request.method == "POST" and form.is_valid():
        try:
            set_hours(counselor=counselor, by=request.user, now=now, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("settings_hours_of", slug)
    context = {"form": form, "counselor": counselor}
    return render(request, "calendar/hours_form.html", context, status=422 if form.is_bound else 200)


def _hours_form(request, counselor, today):
    windows = counselor.working_hours.visible_to(request.user).select_related("location")
    found = periods(windows, today)
    wanted = request.GET.get("from")
    asked = next((p for p in found if p.first.isoformat() == wanted), None)
    period = asked or next((p for p in found if p.windows), found[0])
    zone = period.windows[0].time_zone if period.windows else counselor.time_zone
    return bound(
        request,
        HoursForm,
        places=Location.objects.visible_to(request.user).order_by("name", "pk"),
        today=today,
        week=period.windows,
        initial={"valid_from": max(today, period.first), "valid_until": period.last, "time_zone": zone},
    )


@of_schedules
@require_safe
def time_off(request):
    """Who is away when, with how many meetings are booked in it; the past on its own page."""
    now = timezone.now()
    past = request.GET.get("when") == "past"
    found = TimeOff.objects.visible_to(request.user).select_related("counselor").defer("reason")
    found = found.filter(ends_at__lte=now).order_by("-starts_at", "pk") if past else found.filter(ends_at__gt=now)
    found = found if past else with_booked_count(found).order_by("starts_at", "pk")
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "past": past, "sees_all": may(request.user, "edit", "schedule")}
    return render(request, "calendar/time_off.html", context)


@of_schedules
@form_methods
def time_off_new(request):
    counselors = editable_counselors(request.user)
    form = bound(request, TimeOffForm, counselors=counselors, writes_reason=_is_own_only(request))
    if request.method == "POST" and form.is_valid():
        try:
            kept = take_time_off(by=request.user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("settings_time_off_one", kept.pk)
    return render(request, "calendar/time_off_form.html", {"form": form}, status=422 if form.is_bound else 200)


@of_schedules
@form_methods
def time_off_one(request, pk):
    """One time off, to change, with what is booked in it."""
    found = get_object_or_404(TimeOff.objects.visible_to(request.user).select_related("counselor"), pk=pk)
    now = timezone.now()
    writes_reason = found.counselor.user_id == request.user.pk
    form = bound(request, TimeOffForm, counselors=None, writes_reason=writes_reason, time_off=found)
    if request.method == "POST" and form.is_valid():
        changes = {name: form.cleaned_data[name] for name in ("starts_at", "ends_at", "reason")}
        try:
            change_time_off(time_off=found, by=request.user, now=now, **changes)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("settings_time_off_one", pk)
    booked = booked_during(found, request.user, now=now)
    delete_url = reverse("settings_time_off_delete", args=[pk])
    context = {"form": form, "time_off": found, "booked": booked, "delete_url": delete_url}
    context["sees_all"] = may(request.user, "edit", "schedule")
    return render(request, "calendar/time_off_form.html", context, status=422 if form.is_bound else 200)


@of_schedules
@form_methods
def time_off_delete(request, pk):
    found = get_object_or_404(TimeOff.objects.visible_to(request.user).select_related("counselor"), pk=pk)
    return delete(
        request,
        found,
        done=reverse("settings_time_off"),
        edit_url=reverse("settings_time_off_one", args=[pk]),
        name=_("Time off of %(name)s") % {"name": found.counselor.name},
    )


def _is_own_only(request):
    """True for a counselor who may change their own time off and nobody else's."""
    return not may(request.user, "edit", "schedule")


@requires("closure", "read")
@require_safe
def closures(request):
    """Closed days to come, with how many meetings are booked on them; the past on its own page."""
    now = timezone.now()
    past = request.GET.get("when") == "past"
    today = timezone.localdate(now)
    found = Closure.objects.visible_to(request.user).select_related("location")
    found = found.filter(ends_on__lt=today) if past else found.filter(ends_on__gte=today)
    page = Paginator(found.order_by("-starts_on" if past else "starts_on", "pk"), ON_A_PAGE)
    page = page.get_page(request.GET.get("page"))
    booked = {} if past else booked_on_closed_days(page.object_list, request.user, now=now)
    for closure in page.object_list:
        closure.name = in_language(closure, "name")
        closure.booked_count = len(booked.get(closure.pk, ()))
    context = {"page_obj": page, "past": past, "may_edit": may(request.user, "edit", "closure")}
    return render(request, "calendar/closures.html", context)


@requires("closure", "edit")
@form_methods
def closure_new(request):
    return _closure_form(request, Closure())


@requires("closure", "edit")
@form_methods
def closure_edit(request, pk):
    found = get_object_or_404(Closure.objects.visible_to(request.user), pk=pk)
    booked = booked_on_closed_days([found], request.user, now=timezone.now())
    delete_url = reverse("settings_closure_delete", args=[pk])
    context = {
        "name": in_language(found, "name"),
        "booked": booked[found.pk],
        "sees_all": True,
        "delete_url": delete_url,
    }
    return _closure_form(request, found, **context)


@requires("closure", "edit")
@form_methods
def closure_delete(request, pk):
    found = get_object_or_404(Closure.objects.visible_to(request.user), pk=pk)
    edit_url, name = reverse("settings_closure", args=[pk]), in_language(found, "name")
    return delete(request, found, done=reverse("settings_closures"), edit_url=edit_url, name=name)


def _closure_form(request, instance, **context):
    places = Location.objects.visible_to(request.user).order_by("name", "pk")
    form = bound(request, ClosureForm, instance=instance, places=places)

    def done(kept):
        return reverse("settings_closure", args=[kept.pk])

    return edit(request, form, template="calendar/closure_form.html", done=done, **context)


@requires("closure", "edit")
@form_methods
def holidays(request):
    """The public holidays of the next twelve months, to adopt as closed days."""
    now = timezone.now()
    today = timezone.localdate(now)
    practice = Practice.current()
    suggested = coming_holidays(practice.country, today, today + A_YEAR)
    form = bound(request, HolidaysForm, holidays=suggested)
    if request.method == "POST" and form.is_valid():
        count = len(adopt_holidays(chosen=form.cleaned_data["days"], by=request.user, now=now))
        messages.success(request, ngettext("%(n)s day added.", "%(n)s days added.", count) % {"n": count})
        return redirect("settings_closures")
    ticks_all = "all" in request.GET
    chosen = form["days"].value() or (list(form.by_day) if ticks_all else [])
    context = {"form": form, "holidays": suggested, "chosen": chosen, "all": ticks_all}
    return render(request, "calendar/holidays.html", context, status=422 if form.is_bound else 200)

"""The counselors in the settings: who they are to clients, licences, services, account; and one's own profile."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from practice.catalog.actions import add_counselor, invite_counselor, link_account, save_licences
from practice.catalog.editing import bound, delete, edit
from practice.catalog.forms import (
    CounselorForm,
    InviteForm,
    Licences,
    LinkAccountForm,
    NewCounselorForm,
    OwnProfileForm,
)
from practice.catalog.models import Mode, Service
from practice.catalog.views import form_methods
from practice.people.models import Counselor, Invitation, Practice, Role, User
from practice.people.policies import may, requires

WARN_BEFORE = timedelta(days=60)


def mark_licences(counselor, today):
    """Tell each fetched licence of the counselor whether it has expired or soon will. The list, by day."""
    licences = sorted(counselor.licences.all(), key=lambda licence: licence.expires_on)
    for licence in licences:
        licence.has_expired = licence.expires_on < today
        licence.expires_soon = not licence.has_expired and licence.expires_on <= today + WARN_BEFORE
    return licences


def without_video_room():
    """Listed counselors who can be booked by video, but whose clients would find no link to a room."""
    by_video = Service.objects.public().filter(counselors=OuterRef("pk"), modes__contains=[Mode.VIDEO])
    return Counselor.objects.listed().filter(Exists(by_video), video_link="")


@requires("counselor", "read")
@require_safe
def counselors(request):
    today = timezone.localdate()
    found = Counselor.objects.visible_to(request.user).for_listing().annotate(service_count=Count("services"))
    roomless = set(without_video_room().values_list("pk", flat=True))
    for counselor in found:
        counselor.marked = mark_licences(counselor, today)
        counselor.lacks_video_room = counselor.pk in roomless
    context = {"counselors": found, "may_edit": may(request.user, "edit", "counselor")}
    return render(request, "catalog/counselors.html", context)


@requires("counselor", "edit")
@form_methods
def counselor_new(request):
    services = Service.objects.visible_to(request.user).for_listing()
    new = Counselor(time_zone=Practice.current().time_zone, languages=["id"])
    form = bound(request, NewCounselorForm, instance=new, services=services)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            counselor = add_counselor(form=form, email=email, by=request.user, now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved. The invitation is on its way.") if email else _("Saved."))
            return redirect("settings_counselor", counselor.slug)
    return render(request, "catalog/counselor_form.html", {"form": form}, status=422 if form.is_bound else 200)


@requires("counselor", "edit")
@require_safe
def counselor(request, slug):
    """All about one counselor, with a way to change each part."""
    found = get_object_or_404(Counselor.objects.visible_to(request.user).select_related("user"), slug=slug)
    now = timezone.now()
    context = {
        "counselor": found,
        "licences": mark_licences(found, timezone.localdate(now)),
        "services": found.services.visible_to(request.user).for_listing(),
        "invitation": Invitation.objects.visible_to(request.user).open(now).filter(counselor=found).first(),
    }
    return render(request, "catalog/counselor.html", context)


@requires("counselor", "edit")
@form_methods
def counselor_edit(request, slug):
    found = get_object_or_404(Counselor.objects.visible_to(request.user), slug=slug)
    services = Service.objects.visible_to(request.user).for_listing()
    form = bound(request, CounselorForm, instance=found, services=services)
    done = reverse("settings_counselor", args=[slug])
    return edit(request, form, template="catalog/counselor_form.html", done=done, counselor=found)


@requires("counselor", "edit")
@form_methods
def counselor_delete(request, slug):
    found = get_object_or_404(Counselor.objects.visible_to(request.user), slug=slug)
    edit_url = reverse("settings_counselor_edit", args=[slug])
    return delete(request, found, done=reverse("settings_counselors"), edit_url=edit_url)


@requires("counselor", "edit")
@form_methods
def licences(request, slug):
    found = get_object_or_404(Counselor.objects.visible_to(request.user), slug=slug)
    formset = bound(request, Licences, instance=found)
    refused = None
    if request.method == "POST" and formset.is_valid():
        try:
            save_licences(formset=formset, by=request.user, now=timezone.now())
        except ValidationError as error:
            refused = error
        else:
            messages.success(request, _("Saved."))
            return redirect("settings_counselor", slug)
    context = {"counselor": found, "formset": formset, "refused": refused}
    return render(request, "catalog/licences.html", context, status=422 if formset.is_bound else 200)


@requires("counselor", "edit")
@require_safe
def account(request, slug):
    found = get_object_or_404(Counselor.objects.visible_to(request.user).filter(user=None), slug=slug)
    return _account(request, found)


@requires("invitation", "create")
@require_POST
def invitation(request, slug):
    found = get_object_or_404(Counselor.objects.visible_to(request.user).filter(user=None), slug=slug)
    form = InviteForm(request.POST)
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            invite_counselor(counselor=found, email=email, by=request.user, now=timezone.now())
        except ValidationError as error:
            form.add_error("email", error)
        else:
            messages.success(request, _("The invitation is on its way."))
            return redirect("settings_counselor", slug)
    return _account(request, found, invite_form=form)


@requires("counselor", "edit")
@require_POST
def linked_account(request, slug):
    found = get_object_or_404(Counselor.objects.visible_to(request.user).filter(user=None), slug=slug)
    form = LinkAccountForm(request.POST, accounts=_linkable(request))
    if form.is_valid():
        user = form.cleaned_data["account"]
        try:
            link_account(counselor=found, user=user, by=request.user, now=timezone.now())
        except ValidationError as error:
            form.add_error("account", error)
        else:
            messages.success(request, _("Saved."))
            return redirect("settings_counselor", slug)
    return _account(request, found, link_form=form)


def _linkable(request):
    """Accounts that have the role of a counselor, but no counselor's page yet."""
    users = User.objects.visible_to(request.user).with_role(Role.COUNSELOR)
    return users.filter(counselor=None, is_active=True).order_by("name", "pk")


def _account(request, found, **forms):
    accounts = _linkable(request)
    context = {
        "counselor": found,
        "invite_form": InviteForm(),
        "link_form": LinkAccountForm(accounts=accounts) if accounts.exists() else None,
    }
    status = 422 if forms else 200
    return render(request, "catalog/counselor_account.html", context | forms, status=status)


@requires("own_profile", "edit")
@form_methods
def own_profile(request):
    found = get_object_or_404(Counselor.objects.visible_to(request.user).filter(user=request.user))
    form = bound(request, OwnProfileForm, instance=found)
    return edit(request, form, template="catalog/own_profile.html", done=reverse("settings"))

"""One's own account, an invitation to accept, and the people who work here."""

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice.people.accounts import STAFF, Role, User
from practice.people.actions import (
    accept_invitation,
    change_account,
    close_account,
    end_role,
    grant_role,
    invite,
    reopen_account,
    revoke_invitation,
)
from practice.people.forms import AcceptInvitationForm, AccountForm, InviteForm, RoleForm
from practice.people.invitations import Invitation
from practice.people.limits import LimitReached, count, network_of, too_many
from practice.people.mails import opened_by
from practice.people.policies import requires
from practice.people.signin import BAD_LINKS


@require_http_methods(["GET", "HEAD", "POST"])
def account(request):
    """How one is called and written to, and the ways out."""
    user = User.objects.visible_to(request.user).get(pk=request.user.pk)
    form = AccountForm(_posted(request), instance=user)
    if form.is_valid():
        change_account(user=request.user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("Your account is saved."))
        return redirect("account")
    context = {"form": form, "roles": [role.label for role in Role if role in request.user.roles]}
    return render(request, "people/account.html", context, status=422 if form.is_bound else 200)


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request, token):
    """Accept an invitation: choose a password and begin. A link that opens nothing is 404, and counted."""
    now = timezone.now()
    offer = opened_by(token, now=now).first()
    if offer is None:
        return _bad_link(request, now)
    form = AcceptInvitationForm(_posted(request), initial={"name": offer.name})
    if form.is_valid():
        try:
            user = accept_invitation(token=token, now=now, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return perform_login(request, user)
    context = {"form": form, "invitation": offer, "role": Role(offer.role).label}
    return render(request, "people/invitation.html", context, status=422 if form.is_bound else 200)


def _bad_link(request, now):
    try:
        count((BAD_LINKS, network_of(request)), now=now)
    except LimitReached as error:
        return too_many(request, error)
    raise Http404


@requires("account", "read")
@require_safe
def people(request):
    """Everybody who works or worked here, and the invitations that wait."""
    context = {
        "people": User.objects.visible_to(request.user).ever_staff().for_listing(),
        "invitations": Invitation.objects.visible_to(request.user).open(timezone.now()).for_listing(),
    }
    return render(request, "people/people.html", context)


@requires("invitation", "create")
@require_http_methods(["GET", "HEAD", "POST"])
def invite_person(request):
    form = InviteForm(_posted(request))
    if form.is_valid():
        try:
            made = invite(by=request.user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            if error.code == "account_exists":
                messages.warning(request, _("This person has an account already. You can give them a role here."))
                return redirect("person", _account_of(request, form.cleaned_data["email"]).pk)
            form.add_error(None, error)
        else:
            messages.success(request, _("The invitation to %(name)s is on its way.") % {"name": made.name})
            return redirect("people")
    return render(request, "people/invite.html", {"form": form}, status=422 if form.is_bound else 200)


def _account_of(request, email):
    return get_object_or_404(User.objects.visible_to(request.user).with_email(email))


@requires("invitation", "create")
@require_POST
def withdraw_invitation(request, pk):
    invitation = get_object_or_404(Invitation.objects.visible_to(request.user), pk=pk)
    _do(request, _("The invitation is withdrawn."), revoke_invitation, invitation=invitation)
    return redirect("people")


@requires("account", "read")
@require_safe
def person(request, pk):
    """One person: which roles they hold and held, and what can be changed about that."""
    shown = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    return _person_page(request, shown, RoleForm(held=shown.roles))


@requires("role", "grant")
@require_POST
def give_role(request, pk):
    shown = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    form = RoleForm(request.POST, held=shown.roles)
    if form.is_valid():
        try:
            grant_role(user=shown, role=Role(form.cleaned_data["role"]), by=request.user, now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(name)s has the role now, and a message about it.") % {"name": shown.name})
            return redirect("person", shown.pk)
    return _person_page(request, shown, form, status=422)


@requires("role", "grant")
@require_POST
def take_role(request, pk, role):
    shown = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    if role not in STAFF:
        raise Http404
    _do(request, _("The role is ended."), end_role, user=shown, role=Role(role))
    return redirect("person", shown.pk)


@requires("account", "edit")
@require_POST
def close_person(request, pk):
    shown = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    _do(request, _("The account is closed. Open sessions have ended."), close_account, user=shown)
    return redirect("person", shown.pk)


@requires("account", "edit")
@require_POST
def reopen_person(request, pk):
    shown = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    _do(request, _("The account is open again."), reopen_account, user=shown)
    return redirect("person", shown.pk)


def _person_page(request, shown, form, status=200):
    grants = shown.role_grants.select_related("granted_by", "ended_by").order_by("-granted_at", "-pk")
    context = {
        "person": shown,
        "form": form,
        "grants": [grant for grant in grants if grant.ended_at is None],
        "past_grants": [grant for grant in grants if grant.ended_at is not None],
        "is_self": shown.pk == request.user.pk,
    }
    return render(request, "people/person.html", context, status=status)


def _do(request, said, action, **arguments):
    """Run an action that has no form, and say what became of it."""
    try:
        action(by=request.user, now=timezone.now(), **arguments)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, said)


def _posted(request):
    return request.POST if request.method == "POST" else None

"""The doors: e-mail code for clients, password for staff. allauth does the work; here are its forms, pages and limits.

Every try is counted in PostgreSQL before it is looked at, per account or address and per network, whoever it is from:
known and unknown addresses get the same answers, the same limits and one e-mail each.
"""

from allauth.account import views as allauth
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from practice.people import forms
from practice.people.accounts import User
from practice.people.actions import account_for_code, join_proven_clients
from practice.people.limits import Limit, LimitReached, count, forgive, network_of, too_many
from practice.people.mails import mail_password_link, mail_way_in
from practice.people.policies import requires

HOUR = 60 * 60
FROM_NETWORK = Limit("sign-in: everything from a network", 100, HOUR)
GUESSES_FROM_NETWORK = Limit("sign-in: wrong guesses from a network", 20, HOUR)
GUESSES_AT_ACCOUNT = Limit("sign-in: wrong passwords for an account", 5, 5 * 60)
MAILS_FROM_NETWORK = Limit("sign-in: mails asked for by a network", 20, HOUR)
CODES_TO_ADDRESS = Limit("sign-in: codes to an address", 5, HOUR)
LINKS_TO_ADDRESS = Limit("sign-in: password links to an address", 3, HOUR)
BAD_LINKS = Limit("links that open nothing", 20, HOUR)


class AskForCode(allauth.RequestLoginCodeView):
    form_class = forms.AskForCodeForm
    template_name = "account/sign_in.html"

    def _redirect_to_pending_stage(self, request, stage):
        """None: whoever comes back here while a code is on its way may ask again, for another address too."""

    def form_valid(self, form):
        form._user = account_for_code(email=form.cleaned_data["email"])
        if form._user is None:
            _mail_way_in(self.request, form)
        return super().form_valid(form)


class EnterCode(allauth.ConfirmLoginCodeView):
    form_class = forms.CodeForm
    template_name = "account/code.html"

    def form_valid(self, form):
        user = self._process.user
        if user.is_staff:  # became staff while the code was on its way
            self._process.abort()
            return redirect("sign_in_password")
        join_proven_clients(user=user, now=timezone.now())
        return super().form_valid(form)


class EnterPassword(allauth.LoginView):
    form_class = forms.PasswordForm
    template_name = "account/password.html"

    def _redirect_to_pending_stage(self, request, stage):
        """None: staff who asked for a code by mistake come here next."""


class AskForPasswordLink(allauth.PasswordResetView):
    form_class = forms.AskForPasswordLinkForm
    template_name = "account/password_link.html"

    def form_valid(self, form):
        user = User.objects.with_email(form.cleaned_data["email"]).first()
        if user is not None and user.is_staff:
            mail_password_link(user=user, now=timezone.now())
        else:
            _mail_way_in(self.request, form)
        return redirect(self.get_success_url())


class PasswordLinkSent(allauth.PasswordResetDoneView):
    template_name = "account/password_link_sent.html"


class ChooseNewPassword(allauth.PasswordResetFromKeyView):
    form_class = forms.ResetPasswordForm
    template_name = "account/new_password.html"
    success_url = reverse_lazy("sign_in_password")


class ChangePassword(allauth.PasswordChangeView):
    form_class = forms.ChangePasswordForm
    template_name = "account/change_password.html"

    def dispatch(self, request, *args, **kwargs):
        if not request.user.has_usable_password():
            raise Http404
        return super().dispatch(request, *args, **kwargs)


class ConfirmPassword(allauth.ReauthenticateView):
    form_class = forms.ConfirmPasswordForm
    template_name = "account/confirm_password.html"

    def dispatch(self, request, *args, **kwargs):
        if not request.user.has_usable_password():
            raise Http404
        return super().dispatch(request, *args, **kwargs)


@login_not_required
def sign_in(request):
    """Ask for the address and mail a code to it; the answer is the same whether or not it is known."""
    return _counted(
        request,
        AskForCode.as_view(),
        (CODES_TO_ADDRESS, _typed(request, "email")),
        (MAILS_FROM_NETWORK, network_of(request)),
        (FROM_NETWORK, network_of(request)),
    )


@login_not_required
def code(request):
    """Take the code, enter, and join what was booked under the proven address."""
    tries = [(GUESSES_FROM_NETWORK, network_of(request)), (FROM_NETWORK, network_of(request))]
    return _counted(request, EnterCode.as_view(), *tries)


@login_not_required
@sensitive_post_parameters("password")
def password(request):
    """The staff's door."""
    return _counted(
        request,
        EnterPassword.as_view(),
        (GUESSES_AT_ACCOUNT, _typed(request, "login")),
        (GUESSES_FROM_NETWORK, network_of(request)),
        (FROM_NETWORK, network_of(request)),
    )


@login_not_required
def password_link(request):
    """Mail a link to choose a new password; the answer is the same whether or not the address is known."""
    return _counted(
        request,
        AskForPasswordLink.as_view(),
        (LINKS_TO_ADDRESS, _typed(request, "email")),
        (MAILS_FROM_NETWORK, network_of(request)),
        (FROM_NETWORK, network_of(request)),
    )


password_link_sent = PasswordLinkSent.as_view()


@login_not_required
@sensitive_post_parameters("password1")
def new_password(request, uidb36, key):
    """Choose a new password by a mailed link. A link that is wrong, old or used is 404, and counted."""
    response = _counted(request, ChooseNewPassword.as_view(), uidb36=uidb36, key=key)
    if (getattr(response, "context_data", None) or {}).get("token_fail"):
        try:
            count((BAD_LINKS, network_of(request)), now=timezone.now())
        except LimitReached as error:
            return too_many(request, error)
        response.status_code = 404
    return response


@requires("own_password", "edit")
@sensitive_post_parameters("oldpassword", "password1")
def change_password(request):
    """Change one's own password; every other session ends. 404 for those who enter by code."""
    return _counted(request, ChangePassword.as_view(), (GUESSES_AT_ACCOUNT, request.user.email))


@sensitive_post_parameters("password")
def confirm_password(request):
    """Say once more who one is, before something weighty. 404 for those who enter by code."""
    return _counted(request, ConfirmPassword.as_view(), (GUESSES_AT_ACCOUNT, request.user.email))


sign_out = require_POST(allauth.LogoutView.as_view())


def _counted(request, view, *tries, **kwargs):
    """Answer by `view`; a POST is counted first, and forgiven if it led in. A form that comes back is 422."""
    if request.method != "POST":
        return view(request, **kwargs)
    now = timezone.now()
    try:
        count(*tries, now=now)
    except LimitReached as error:
        return too_many(request, error)
    response = view(request, **kwargs)
    if response.status_code == 200:
        response.status_code = 422
    elif request.user.is_authenticated:
        forgive(*tries, now=now)
    return response


def _mail_way_in(request, form):
    zone = timezone.get_current_timezone_name()
    mail_way_in(email=form.cleaned_data["email"], language=get_language(), time_zone=zone, now=timezone.now())


def _typed(request, field):
    return request.POST.get(field, "").strip().lower()[:254]

"""How django-allauth works here: our mails through the outbox, our limits, passwords for staff alone."""

import ipaddress

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from practice.people.accounts import User
from practice.people.codes import new_nonce
from practice.people.mails import mail_code, mail_password_changed
from practice.records.actions import record
from practice.records.context import client_ip

SAID = {
    "account/messages/password_changed.txt": _("Your new password is saved. Other devices are signed out."),
    "account/messages/logged_out.txt": _("You are signed out."),
}


class AccountAdapter(DefaultAccountAdapter):
    """Clients enter by a mailed code, staff by a password, and nobody signs up: an account follows a booking."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "incorrect_code": _("This code is not right. Compare it with the newest e-mail."),
        "incorrect_password": _("This password is not right."),
        "enter_current_password": _("This is not your present password."),
        "too_many_login_attempts": _("That was not right several times. Ask for a new code."),
    }

    def is_open_for_signup(self, request):
        return False

    def is_ajax(self, request):
        """Never: a page is the only form in which we answer."""
        return False

    def get_client_ip(self, request):
        """The address that is noted with a session; 0.0.0.0 where there is none, as behind a socket file."""
        ip = client_ip(request)
        try:
            return str(ipaddress.ip_address(ip))
        except ValueError:
            return "0.0.0.0"  # noqa: S104 (nothing is bound to it)

    def generate_login_code(self):
        """Not the code but its nonce: all that the session keeps (see codes.py)."""
        return new_nonce()

    def send_mail(self, template_prefix, email, context):
        """Write to the outbox what allauth wants to send. Raise ValueError for a mail that we have no words for."""
        if template_prefix != "account/email/login_code":
            raise ValueError(f"There are no words for {template_prefix}.")
        mail_code(user=User.objects.with_email(email).get(), nonce=context["code"], now=timezone.now())

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        if template_prefix in ("account/email/password_changed", "account/email/password_reset"):
            mail_password_changed(user=user, now=timezone.now())

    def add_message(self, request, level, message_template=None, message_context=None, extra_tags="", message=None):
        text = message or SAID.get(message_template)
        if text:
            messages.add_message(request, level, text, extra_tags=extra_tags)

    def authenticate(self, request, **credentials):
        """The member of staff with this password; None for anyone else, so that all of them get the same answer."""
        user = super().authenticate(request, **credentials)
        return user if user is not None and user.is_staff else None

    def post_login(self, request, user, **kwargs):
        response = super().post_login(request, user, **kwargs)
        record(user, "account.entered", user, now=timezone.now(), request=request)
        return response

    def respond_user_inactive(self, request, user):
        return redirect("account_login")

    def get_login_redirect_url(self, request):
        return reverse("today" if request.user.is_staff else "home")

    def get_password_change_redirect_url(self, request):
        return reverse("account")

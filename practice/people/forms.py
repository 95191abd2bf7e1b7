"""What is typed at the doors: addresses, codes, passwords, names, roles."""

import unicodedata

from allauth.account import forms as allauth
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from practice.people.accounts import Role, User
from practice.people.codes import is_code_of
from practice.zones import zone_names

LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]  # each in its own words, for those who read no other
NEAR_ZONES = [
    ("Asia/Jakarta", _("WIB (Jakarta)")),
    ("Asia/Makassar", _("WITA (Makassar)")),
    ("Asia/Jayapura", _("WIT (Jayapura)")),
]
LONGEST_PASSWORD = 256
NEW_PASSWORD_HINT = _("At least 14 characters. A few words in a row are easy to remember.")


class NameField(forms.CharField):
    """What a person is called: one line with at least one letter or digit, and no character that hides or reorders."""

    def __init__(self, **kwargs):
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "name"}))
        super().__init__(**{"label": _("Name"), "max_length": 80} | kwargs)

    def to_python(self, value):
        text = " ".join(unicodedata.normalize("NFC", super().to_python(value)).split())
        kept = "".join(char for char in text if unicodedata.category(char)[0] != "C" or char in "\u200c\u200d")
        return " ".join(kept.split())

    def validate(self, value):
        super().validate(value)
        if value and not any(unicodedata.category(char)[0] in "LN" for char in value):
            raise ValidationError(_now("Write a name with letters."), code="name")


def email_field(**kwargs):
    widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
    words = dict.fromkeys(["required", "invalid"], _("Enter your e-mail address, for example name@example.com."))
    defaults = {"label": _("E-mail"), "max_length": 254, "widget": widget, "error_messages": words}
    return forms.EmailField(**defaults | kwargs)


def password_field(label, *, autocomplete="current-password", **kwargs):
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=LONGEST_PASSWORD, widget=widget, **kwargs)


class NewPasswordField(allauth.SetPasswordField):
    """A password that someone chooses; how strong it is to be, settings.py says."""

    def __init__(self):
        super().__init__(label=_("New password"), max_length=LONGEST_PASSWORD, help_text=NEW_PASSWORD_HINT)
        self.widget.attrs.pop("placeholder")


# --- Signing in: each keeps to what allauth's view asks of it ---------------------------------------------------------


class AskForCodeForm(forms.Form):
    email = email_field()


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code from the e-mail"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "autofocus": True}
        ),
    )

    def __init__(self, *args, code="", **kwargs):
        """`code` is what the session holds: the nonce of the sign-in, or nothing where no code was sent."""
        self.nonce = code
        super().__init__(*args, **kwargs)

    def clean_code(self):
        if not is_code_of(self.nonce, self.cleaned_data["code"]):
            raise allauth.get_adapter().validation_error("incorrect_code")
        return self.cleaned_data["code"]


class PasswordForm(allauth.LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"] = email_field()
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["password"] = password_field(_("Password"))


class AskForPasswordLinkForm(forms.Form):
    email = email_field()


class ResetPasswordForm(allauth.ResetPasswordKeyForm):
    password1 = NewPasswordField()
    password2 = None


class ChangePasswordForm(allauth.ChangePasswordForm):
    oldpassword = password_field(_("Present password"))
    password1 = NewPasswordField()
    password2 = None


class ConfirmPasswordForm(allauth.ReauthenticateForm):
    password = password_field(_("Password"))


# --- One's own account ------------------------------------------------------------------------------------------------


class AccountForm(forms.ModelForm):
    name = NameField(label=_("What we call you"))
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, widget=forms.RadioSelect)
    time_zone = forms.ChoiceField(label=_("Time zone"))

    class Meta:
        model = User
        fields = ["name", "language", "time_zone"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        near = {name for name, _label in NEAR_ZONES}
        others = [(name, name.replace("_", " ")) for name in sorted(zone_names() - near)]
        self.fields["time_zone"].choices = [(_now("Indonesia"), NEAR_ZONES), (_now("Elsewhere"), others)]


# --- Staff: invitations and roles -------------------------------------------------------------------------------------

STAFF_ROLES = [
    (Role.COUNSELOR, _("Counselor: sees their own clients and times")),
    (Role.SUPERVISOR, _("Supervisor: sees the work of those they supervise")),
    (Role.FRONT_DESK, _("Front desk: runs everybody's schedules, and never sees what clients write")),
    (Role.MANAGER, _("Practice manager: sets up the practice and gives roles, and never sees what clients write")),
    (Role.DATA_OFFICER, _("Data officer: watches over how data is used")),
]


class InviteForm(forms.Form):
    name = NameField(widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = email_field(widget=forms.EmailInput(attrs={"autocomplete": "off"}), error_messages={})
    role = forms.ChoiceField(label=_("Role"), choices=STAFF_ROLES, widget=forms.RadioSelect)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, *args, held=frozenset(), **kwargs):
        """Offers the roles of staff that are not `held` yet."""
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role, label) for role, label in STAFF_ROLES if role not in held]


class AcceptInvitationForm(forms.Form):
    name = NameField(label=_("Your name"))
    password = password_field(_("Choose a password"), autocomplete="new-password", help_text=NEW_PASSWORD_HINT)

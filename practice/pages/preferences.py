"""How a person wants to see the pages: language, colours, time zone. Kept in cookies, and on the account."""

from urllib.parse import SplitResult, urlencode, urlsplit
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from practice.pages.health import PROBES
from practice.people.actions import choose_words_and_clock
from practice.people.practices import Practice
from practice.zones import zone_names

LANGUAGES = [(code, translation.get_language_info(code)["name_local"]) for code, name in settings.LANGUAGES]
THEMES = [("system", gettext_lazy("Like my device")), ("light", gettext_lazy("Light")), ("dark", gettext_lazy("Dark"))]
NEAR_ZONES = [
    ("Asia/Jakarta", "WIB (Jakarta)"),
    ("Asia/Makassar", "WITA (Makassar)"),
    ("Asia/Jayapura", "WIT (Jayapura)"),
]
ONE_YEAR = 365 * 24 * 60 * 60


class LanguageForm(forms.Form):
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=LANGUAGES, widget=forms.RadioSelect)


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(label=gettext_lazy("Colours"), choices=THEMES, widget=forms.RadioSelect)


class ZoneForm(forms.Form):
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        near = [name for name, label in NEAR_ZONES]
        others = [(name, name.replace("_", " ")) for name in sorted(zone_names().difference(near))]
        self.fields["zone"].choices = [(_("Indonesia"), NEAR_ZONES), (_("Elsewhere"), others)]


def asked_language(request) -> str:
    """The language of this browser: its cookie, else what it asks for, else the practice's."""
    return translation.get_language_from_request(request)


def asked_theme(request) -> str:
    """ "light", "dark", or "" to follow the device."""
    theme = request.COOKIES.get("theme", "")
    return theme if theme in ("light", "dark") else ""


def asked_zone(request) -> ZoneInfo:
    """The zone this browser chose, else the practice's."""
    name = request.COOKIES.get("zone", "")
    if name not in zone_names():
        name = settings.TIME_ZONE if request.path in PROBES else Practice.zone_name()
    return ZoneInfo(name)


@login_not_required
@require_safe
def preferences(request):
    return _page(request)


@login_not_required
@require_POST
def choose_language(request):
    form = LanguageForm(request.POST)
    if not form.is_valid():
        return _page(request, language_form=form)
    return _keep(request, form, "language", field="language")


@login_not_required
@require_POST
def choose_theme(request):
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return _page(request, theme_form=form)
    return _keep(request, form, "theme")


@login_not_required
@require_POST
def choose_zone(request):
    form = ZoneForm(request.POST)
    if not form.is_valid():
        return _page(request, zone_form=form)
    return _keep(request, form, "zone", field="time_zone")


def _page(request, **bound):
    """The page with its three forms; with status 422 if one of them came back with an error."""
    context = {
        "language_form": LanguageForm(initial={"language": translation.get_language()}),
        "theme_form": ThemeForm(initial={"theme": asked_theme(request) or "system"}),
        "zone_form": ZoneForm(initial={"zone": timezone.get_current_timezone_name()}),
    }
    context["form"] = next(iter(bound.values()), None)
    context["next"] = _safe_next(request, request.GET.get("next") or request.POST.get("next", ""))
    return render(request, "pages/preferences.html", context | bound, status=422 if bound else 200)


def _keep(request, form, name, field=None):
    """Remember a choice, in a cookie and in this field of the account, and go back to where it was made."""
    value = form.cleaned_data[name]
    if field and request.user.is_authenticated:
        choose_words_and_clock(user=request.user, now=timezone.now(), **{field: value})
    if name == "language":
        translation.activate(value)
    back = _safe_next(request, request.POST.get("next", ""))
    response = HttpResponseRedirect(back or reverse("preferences"))
    if not back:
        messages.success(request, _("Your choice is saved."))
    if value == "system":
        response.delete_cookie(name, samesite="Lax")
    else:
        response.set_cookie(
            name, value, max_age=ONE_YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
        )
    return response


def _safe_next(request, wanted: str) -> str:
    """The address to go back to if it is a whole path on this site, else nothing."""
    is_ours = wanted.startswith("/") and "\0" not in wanted
    if is_ours and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return ""


def way_here(request) -> str:
    """The address of the preferences, from which a choice leads back to this page."""
    page = reverse("preferences")
    return here(request) if request.path == page else f"{page}?{urlencode({'next': here(request)})}"


def here(request) -> str:
    """The address of this page that can be fetched again: after a form was sent, that of the page it was on."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = parts_of(request.headers.get("referer", ""))
    return came_from._replace(scheme="", netloc="").geturl() or "/"


def parts_of(address: str) -> SplitResult:
    """The parts of an address that a browser sent; all empty if it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")

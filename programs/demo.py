"""The cast of the demo practice, and a door to be any of them. urls.py does not even load this outside demo mode."""

from allauth.account.utils import perform_login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from practice.people.models import User
from programs.ruang_teduh.cast import CAST, CLIENTS, COUNSELORS, HOST, OFFICE

GROUPS = [(_("Clients"), CLIENTS), (_("Counselors"), COUNSELORS), (_("The practice"), OFFICE)]
ABOUT = {
    "rina": _("She has a session every week and wants to see the next one."),
    "budi": _("He comes now and then, with one question at a time."),
    "sari": _("She is new here, lives in Jayapura and waits for her first meeting."),
    "ayu": _("She works in Jakarta and looks at who comes today."),
    "daeng": _("He works in Makassar, an hour ahead of Jakarta."),
    "ratna": _("She supervises the counselors."),
    "dewi": _("She runs the front desk: schedules, rooms, requests."),
    "bagus": _("He manages the practice: services, people, places."),
    "nadia": _("She watches over how data is used."),
}


@login_not_required
@require_safe
def demo(request):
    """Everyone of the cast who is there, with one sentence and one button each."""
    there = {user.email: user for user in _cast()}
    groups = []
    for title, members in GROUPS:
        rows = [
            {"who": member.who, "name": there[member.email].name, "about": ABOUT[member.who]}
            for member in members
            if member.email in there
        ]
        if rows:
            groups.append((title, rows))
    return render(request, "programs/demo.html", {"groups": groups})


@login_not_required
@require_POST
def enter(request, who):
    """Sign in as one of the cast, without any secret: nobody real is here."""
    user = next((user for user in _cast() if user.email == f"{who}@{HOST}"), None)
    if user is None:
        raise Http404
    return perform_login(request, user)


def _cast():
    return User.objects.filter(email__in=[member.email for member in CAST], is_active=True)

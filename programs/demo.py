"""The cast of the demo practice, and a door to be any of them. urls.py does not even load this outside demo mode."""

from allauth.account.utils import perform_login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from practice.people.models import User

HOST = "ruangteduh.example"
GROUPS = [
    (
        _("Clients"),
        {
            "rina": _("She has booked a meeting and wants to see when it is."),
            "budi": _("He has been here several times and comes again."),
            "sari": _("She is new here and waits for her first meeting."),
        },
    ),
    (
        _("Counselors"),
        {
            "ayu": _("She works in Jakarta and looks at who comes today."),
            "daeng": _("He works in Makassar, an hour ahead of Jakarta."),
        },
    ),
    (
        _("The practice"),
        {
            "ratna": _("She supervises the counselors."),
            "dewi": _("She runs the front desk: schedules, rooms, requests."),
            "bagus": _("He manages the practice: services, people, places."),
            "nadia": _("She watches over how data is used."),
        },
    ),
]
CAST = {f"{who}@{HOST}": who for _title, people in GROUPS for who in people}


@login_not_required
@require_safe
def demo(request):
    """Everyone of the cast who is there, with one sentence and one button each."""
    there = {CAST[user.email]: user for user in User.objects.filter(email__in=CAST, is_active=True)}
    groups = [
        (title, [{"who": who, "user": there[who], "about": about} for who, about in people.items() if who in there])
        for title, people in GROUPS
    ]
    return render(request, "programs/demo.html", {"groups": [group for group in groups if group[1]]})


@login_not_required
@require_POST
def enter(request, who):
    """Sign in as one of the cast, without any secret: nobody real is here."""
    user = User.objects.filter(email__in=CAST, email=f"{who}@{HOST}", is_active=True).first()
    if user is None:
        raise Http404
    return perform_login(request, user)

"""Who did what to which record, when and why: for those who watch over it, and for the client whose record it is."""

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from practice.people.models import Client, Role
from practice.people.policies import requires
from practice.records.actions import record
from programs.trail.forms import TrailForm
from programs.trail.lines import code_of, lines_of, opening_lines, openings_for, trail_for

ON_A_PAGE = 50
FURTHEST = 10_000


@requires("trail", "read")
@require_safe
def trail(request):
    """The part of the trail that this person watches over, newest first. That they look is noted first."""
    form = TrailForm(request.GET, reader=request.user)
    if not form.is_valid():
        return render(request, "programs/trail/trail.html", {"form": form, "lines": []}, status=422)
    number = _page(request)
    asked = form.asked()
    about = form.client_asked_for()
    facts = {f"asked_{name}": value for name, value in asked.items()}
    record(request.user, "trail.read", client=about, now=timezone.now(), page=number, **facts)
    events = form.narrow(trail_for(request.user)).for_listing()
    first = (number - 1) * ON_A_PAGE
    found = list(events[first : first + ON_A_PAGE + 1])
    context = {
        "form": form,
        "lines": lines_of(found[:ON_A_PAGE], reader=request.user),
        "number": number,
        "more": number + 1 if len(found) > ON_A_PAGE else None,
        "query": f"{urlencode(asked)}&" if asked else "",
        "is_narrowed": bool(asked),
        "sees_all": request.user.has_role(Role.DATA_OFFICER),
    }
    return render(request, "programs/trail/trail.html", context)


@requires("own_trail", "read")
@require_safe
def own_trail(request):
    """Who opened this client's record. What they opened themselves is not listed."""
    rows = openings_for(request.user, zone=timezone.get_current_timezone())
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    own = Client.objects.filter(user=request.user).order_by("created_at", "pk").values_list("pk", flat=True)
    context = {"page_obj": page, "lines": opening_lines(page), "codes": [code_of(pk) for pk in own]}
    return render(request, "programs/trail/own_trail.html", context)


def _page(request) -> int:
    number = request.GET.get("page", "1")
    return int(number) if number.isascii() and number.isdigit() and 0 < int(number[:9]) <= FURTHEST else 1

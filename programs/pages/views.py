"""The list of programs, and the page of one: as its counselors see it, and as its clients do."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from practice.people.policies import may, requires, requires_any
from practice.records.keys import Erased
from programs.agreement.state import with_standing
from programs.pages.caseload import SHOWN, caseload_of
from programs.pages.program import ProgramPage
from programs.plan.models import Program
from programs.reviews.state import with_state


@requires("program", "read")
@require_safe
def caseload(request):
    """Programs that this counselor leads, or this supervisor watches over."""
    shown = request.GET.get("show", "open")
    if shown not in SHOWN:
        raise Http404
    number = request.GET.get("page", "1")
    if not (number.isascii() and number.isdigit() and 0 < int(number) < 10_000):
        raise Http404
    found = caseload_of(request.user, shown=shown, number=int(number), request=request, now=timezone.now())
    context = {
        "caseload": found,
        "rows": found.rows,
        "shown": shown,
        "can_propose": may(request.user, "write", "program"),
    }
    return render(request, "programs/pages/caseload.html", context)


@requires_any(("program", "read"), ("own_program", "read"))
@require_safe
def program(request, pk):
    """One program. A client sees their own thread, a counselor the whole of it."""
    now = timezone.now()
    visible = Program.objects.filter(pk__in=Program.objects.visible_to(request.user).values("pk"))
    found = get_object_or_404(with_standing(with_state(visible), request.user).for_page(), pk=pk)
    for_client = found.is_of(request.user)
    try:
        page = ProgramPage.opened(found, request=request, now=now, for_client=for_client)
    except Erased:
        return render(request, "programs/pages/erased.html", {"program": found})
    template = "programs/pages/own_program.html" if for_client else "programs/pages/program.html"
    return render(request, template, page.context(for_client=for_client))

"""The page on which a manager says who supervises whom."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from practice.people.accounts import Role, User
from practice.people.counselors import Counselor
from practice.people.policies import requires
from practice.people.supervising import begin_supervision, change_supervision, end_supervision
from practice.people.supervision import Supervision


class SupervisionForm(forms.Form):
    """A supervisor, a counselor, and whether notes are co-signed."""

    supervisor = forms.ModelChoiceField(label=gettext_lazy("Supervisor"), queryset=None)
    counselor = forms.ModelChoiceField(label=gettext_lazy("Counselor"), queryset=None)
    co_signs = forms.BooleanField(
        label=gettext_lazy("Co-signs every note of this counselor"), required=False, initial=True
    )

    def __init__(self, *args, supervisors, counselors, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["supervisor"].queryset = supervisors
        self.fields["counselor"].queryset = counselors


@requires("supervision", "edit")
@require_http_methods(["GET", "HEAD", "POST"])
def supervision(request):
    """Everybody who supervises or supervised somebody, and a form for one more."""
    people = User.objects.visible_to(request.user).with_role(Role.SUPERVISOR).filter(is_active=True)
    counselors = Counselor.objects.visible_to(request.user).order_by("name", "pk")
    posted = request.POST if request.method == "POST" else None
    form = SupervisionForm(posted, supervisors=people.order_by("name", "pk"), counselors=counselors)
    if form.is_valid():
        try:
            begin_supervision(by=request.user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved. It holds from now on."))
            return redirect("supervision")
    rows = Supervision.objects.visible_to(request.user).select_related("supervisor", "counselor")
    rows = list(rows.order_by("counselor__name", "started_at", "pk"))
    context = {
        "form": form,
        "current": [row for row in rows if row.ended_at is None],
        "past": [row for row in rows if row.ended_at is not None],
    }
    return render(request, "people/supervision.html", context, status=422 if form.errors else 200)


@requires("supervision", "edit")
@require_POST
def supervision_change(request, pk):
    """End one, or say whether notes are co-signed."""
    found = get_object_or_404(Supervision.objects.visible_to(request.user), pk=pk)
    try:
        if "end" in request.POST:
            end_supervision(supervision=found, by=request.user, now=timezone.now())
        else:
            change_supervision(
                supervision=found, co_signs=request.POST.get("co_signs") == "yes", by=request.user, now=timezone.now()
            )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Saved. It holds from now on."))
    return redirect("supervision")

"""The counselor's side of a consultation: what the client asked, and what came of it. And the client's: the advice."""

from datetime import datetime

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from appointments.models import Consultation, NextStep
from appointments.outcomes import HAPPENED, record_outcome, suggests_program
from practice.calendar.models import Meeting
from practice.people.models import Client
from practice.people.policies import requires
from practice.records.actions import read
from practice.records.keys import Erased

LONGEST = 10_000


class OutcomeForm(forms.Form):
    """What a counselor writes after a consultation."""

    notes = forms.CharField(
        label=gettext_lazy("Notes for yourself"),
        help_text=gettext_lazy("Only you read these."),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=LONGEST,
        required=False,
    )
    advice = forms.CharField(
        label=gettext_lazy("Advice for the client"),
        help_text=gettext_lazy("The client reads this after you share it."),
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=LONGEST,
        required=False,
    )
    next_step = forms.ChoiceField(
        label=gettext_lazy("What comes next"),
        choices=NextStep.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    referral = forms.CharField(
        label=gettext_lazy("Referral letter"),
        help_text=gettext_lazy("To whom, and why. Shared together with the advice."),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=LONGEST,
        required=False,
    )
    expected = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


def in_care(request, now: datetime):
    """This counselor's consultations: while the meeting is to come, and as long as they look after the client."""
    return Consultation.objects.visible_to(request.user).filter(
        Q(meeting__in=Meeting.objects.coming(now)) | Q(client__in=Client.objects.visible_to(request.user)),
        meeting__counselor__user=request.user,
    )


def opened(queryset, request, reason: str) -> Consultation | None:
    """The one consultation with its texts, after the trail says who reads them; None if they were erased."""
    try:
        return read(queryset, by=request.user, reason=reason, request=request)[0]
    except Erased:
        return None
    except IndexError as error:
        raise Http404 from error


@requires("consultation.question", "read")
@require_http_methods(["GET", "HEAD", "POST"])
def consultation(request, pk):
    """What the client wrote, and, once the meeting has begun, its outcome."""
    now = timezone.now()
    mine = in_care(request, now)
    found = get_object_or_404(mine.select_related("meeting__service", "meeting__counselor", "client"), pk=pk)
    if request.method == "POST":
        return write_outcome(request, found, now=now)
    texts = opened(mine.filter(pk=pk), request, "reading the consultation")
    form = texts and OutcomeForm(
        initial={
            "notes": texts.notes,
            "advice": texts.advice,
            "next_step": texts.next_step,
            "referral": texts.referral,
            "expected": texts.version,
        }
    )
    return page(request, found, texts, form, now=now)


def page(request, found, texts, form, *, now, status=200):
    context = {
        "consultation": found,
        "meeting": found.meeting,
        "question": texts.question if texts else None,
        "form": form,
        "has_begun": found.meeting.status in HAPPENED and found.meeting.starts_at <= now,
        "suggests_program": suggests_program(found, now=now),
    }
    return render(request, "appointments/consultation.html", context, status=status)


def write_outcome(request, found, *, now):
    """Save what was typed, or show it again with what is wrong."""
    form = OutcomeForm(request.POST)
    share = "share" in request.POST
    if form.is_valid():
        try:
            record_outcome(consultation=found, share=share, by=request.user, now=now, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            told = _("Saved. The client can read the advice.") if share else _("Saved.")
            messages.success(request, told)
            return redirect("consultation", pk=found.pk)
    texts = opened(in_care(request, now).filter(pk=found.pk), request, "reading the consultation")
    return page(request, found, texts, form, now=now, status=422)


@requires("own_advice", "read")
@require_safe
def advice(request, pk):
    """The advice and the referral letter that a counselor shared with this client."""
    shared = Consultation.objects.with_shared_advice().filter(client__user=request.user)
    found = get_object_or_404(shared.select_related("meeting__counselor", "meeting__service"), pk=pk)
    texts = opened(shared.filter(pk=pk), request, "reading one's own advice")
    context = {"consultation": found, "meeting": found.meeting, "texts": texts}
    return render(request, "appointments/advice.html", context)

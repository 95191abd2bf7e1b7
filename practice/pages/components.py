"""A page with every component in all its states, in demo mode only. The looks of the product are tested on it."""

from datetime import timedelta

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.messages import SUCCESS
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from practice import formats

WRONG = {"wrong-name": "Rina", "wrong-email": "rina@", "wrong-birth_year": "kapan", "wrong-mode": "kereta"}


class SampleForm(forms.Form):
    name = forms.CharField(label=_("What may we call you?"), max_length=80)
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("We send the confirmation here."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=_("WhatsApp number"),
        required=False,
        help_text=_("For example 0812 3456 7890."),
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )
    birth_year = forms.IntegerField(
        label=_("Year of birth"), widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "bday-year"})
    )
    question = forms.CharField(
        label=_("What would you like to talk about?"),
        required=False,
        help_text=_("Write as little as you like. Only your counselor reads this."),
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 500}),
    )
    on = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    at = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    mode = forms.ChoiceField(
        label=_("How would you like to meet?"),
        help_text=_("You can change this later."),
        choices=[("in_person", _("In person")), ("video", _("Video call")), ("phone", _("By phone"))],
        widget=forms.RadioSelect,
    )
    topics = forms.MultipleChoiceField(
        label=_("Topics"),
        required=False,
        choices=[("work", _("Work and study")), ("family", _("Family")), ("grief", _("Loss and grief"))],
        widget=forms.CheckboxSelectMultiple,
    )
    consent = forms.BooleanField(
        label=_("I agree that my counselor uses what I wrote for these sessions. I can withdraw this at any time.")
    )


@login_not_required
@require_safe
@vary_on_headers("HX-Request")
def components(request):
    """All components; `?layout=staff` shows them as staff pages do."""
    if not settings.DEMO:
        raise Http404
    if request.htmx:
        return render(request, "pages/_components_part.html")
    now = timezone.now().replace(hour=7, minute=30, second=0, microsecond=0)
    return render(
        request,
        "pages/components.html",
        {
            "layout": "staff" if request.GET.get("layout") == "staff" else "client",
            "sample": SampleForm(),
            "wrong": SampleForm(WRONG, prefix="wrong"),
            "now": now,
            "later": now + timedelta(hours=1),
            "days": [_sample_day(now + timedelta(days=ahead)) for ahead in (0, 1, 3)],
            "page_obj": Paginator(range(60), 20).page(2),
            "tags": [
                ("ok", _("Confirmed")),
                ("warn", _("Waiting for an answer")),
                ("danger", _("Outside working hours")),
                ("info", _("Note not signed")),
                ("plum", "CBT"),
                ("program", _("Program")),
                ("consultation", _("Consultation")),
            ],
            "many_beads": ["done"] * 7 + [{"look": "done", "review": True}, "next"] + ["planned"] * 11,
            "linked_beads": [{"look": look, "url": "#thread"} for look in ("done", "missed", "next", "planned")],
            "messages": [Message(SUCCESS, _("Your choice is saved."))],
        },
    )


def _sample_day(on):
    """The free times of a day as the slot picker hands them to its template."""
    return {
        "heading": formats.day(on.date(), year=False),
        "times": [
            {"value": f"{on:%d}-{hour}", "label": formats.clock(on.replace(hour=hour), "UTC"), "checked": hour == 10}
            for hour in (9, 10, 13, 14)[: 4 - on.day % 3]
        ],
    }

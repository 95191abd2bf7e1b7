"""What is typed while a program is proposed, answered and changed."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from programs.agreement.drafts import LONGEST, Terms
from programs.agreement.handovers import LONGEST_NOTE
from programs.agreement.proposals import LONGEST_QUESTION
from programs.library.models import Method
from programs.plan.actions import LONGEST_REASON
from programs.plan.models import AbsenceRule

TOO_LONG = _("This is longer than %(limit_value)d characters. Shorten it: nothing you wrote is lost.")
STAFF_READ = _("The counselors of this program read it, and their supervisor if they have one. The client does not.")


class WordsField(forms.CharField):
    """Longer text. The browser does not cut off what is too long, so that nothing pasted is lost unseen."""

    default_error_messages = {"max_length": TOO_LONG}

    def __init__(self, *, most: int, rows: int = 3, **kwargs):
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(**{"max_length": most, "required": False, "widget": widget} | kwargs)

    def widget_attrs(self, widget):
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


def line_field(label, most, **kwargs):
    return forms.CharField(label=label, max_length=most, error_messages={"max_length": TOO_LONG}, **kwargs)


def number_field(label, **kwargs):
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return forms.IntegerField(label=label, widget=widget, **kwargs)


def day_field(label, **kwargs):
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


# --- Writing a proposal ----------------------------------------------------------------------------------------------


class StartForm(forms.Form):
    """From which template, or with which method, a proposal begins, and for whom."""

    clients = forms.MultipleChoiceField(label=_("Who takes part"), widget=forms.CheckboxSelectMultiple, required=False)
    template = forms.ChoiceField(label=_("Begin with"), widget=forms.RadioSelect, required=False)
    method = forms.ModelChoiceField(
        label=_("Method, if you begin without a template"), queryset=Method.objects.none(), required=False
    )

    def __init__(self, *args, clients, versions, fixed=None, **kwargs):
        """`clients` are those in care, `versions` the newest of each template; `fixed` takes part anyway."""
        super().__init__(*args, **kwargs)
        self.clients = {str(client.pk): client for client in clients if fixed is None or client.pk != fixed.pk}
        self.versions = {str(version.pk): version for version in versions}
        self.fixed = fixed
        self.fields["clients"].choices = [(pk, client.preferred_name) for pk, client in self.clients.items()]
        for name in ("template", "clients") if fixed is None else ("template",):
            self.fields[name].hides_optional = True  # one answer is needed, which draft_program words better
        if fixed is not None:
            self.fields["clients"].label = _now("Does somebody else take part? A partner, for example")
        blank = [("", _now("Without a template"))]
        self.fields["template"].choices = [(pk, label_of(each)) for pk, each in self.versions.items()] + blank
        self.fields["method"].queryset = Method.objects.in_use().order_by("name_id", "pk")
        if not self.clients:
            del self.fields["clients"]

    def clean(self):
        """What `draft_program` takes."""
        cleaned = super().clean()
        chosen = [self.clients[pk] for pk in cleaned.get("clients", [])]
        return {
            "clients": [self.fixed, *chosen] if self.fixed else chosen,
            "version": self.versions.get(cleaned.get("template", "")),
            "method": cleaned.get("method"),
        }


def label_of(version) -> str:
    """A template in one line: its title, method and number of sessions."""
    words = {"title": version.title, "method": version.method.name, "count": version.planned_sessions}
    return _now("%(title)s · %(method)s · %(count)d sessions") % words


class TermsForm(forms.Form):
    """The terms of a proposal."""

    title = line_field(_("Title"), LONGEST["title"], help_text=_("The client reads it. A few plain words."))
    problem = WordsField(
        label=_("What it is about, in the client’s words"),
        help_text=_("The client reads it. Write it as they said it."),
        most=LONGEST["problem"],
        rows=4,
        required=True,
    )
    clients = forms.MultipleChoiceField(label=_("Who takes part"), widget=forms.CheckboxSelectMultiple)
    co_counselors = forms.MultipleChoiceField(
        label=_("Who helps you to lead it"),
        help_text=_("The client reads who it is. Helpers see the program, and write in it, once everybody has agreed."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    method = forms.ModelChoiceField(label=_("Method"), queryset=Method.objects.none())
    planned_sessions = number_field(_("Planned sessions"), help_text=_("From 3 to 60."))
    pace_days = number_field(_("Days from one session to the next"), help_text=_("7 is once a week."))
    review_after = forms.CharField(
        label=_("Reviews after sessions"),
        help_text=_("For example 3, 6. Leave it empty for a third and two thirds of the way."),
        max_length=200,
        required=False,
    )
    service = forms.ModelChoiceField(label=_("How its sessions are booked"), queryset=None, empty_label=None)
    price = number_field(_("Price of a session in rupiah"))
    missed_rule = forms.ChoiceField(
        label=_("A session that the client misses"), choices=AbsenceRule.choices, widget=forms.RadioSelect
    )
    late_cancel_rule = forms.ChoiceField(
        label=_("A session that the client cancels late"), choices=AbsenceRule.choices, widget=forms.RadioSelect
    )
    if_silent = WordsField(
        label=_("What helps if the client falls silent"),
        help_text=_("Agreed with the client: for example, “Write to me once. After two weeks, call me.”"),
        most=LONGEST["if_silent"],
    )
    expected = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args, clients, services, helpers=(), method=None, problem_area="", **kwargs):
        """`clients` are those in care, `services` how sessions can be booked, `helpers` who could help to lead it.

        `method` may stay though retired; `problem_area` is what the template says it is about, if there is one.
        """
        super().__init__(*args, **kwargs)
        if problem_area:
            self.fields["problem"].help_text = _now(
                "The client reads it. Write it as they said it. The template only says: %(area)s"
            ) % {"area": problem_area}
        self.clients = {str(client.pk): client for client in clients}
        self.fields["clients"].choices = [(pk, client.preferred_name) for pk, client in self.clients.items()]
        self.helpers = {str(counselor.pk): counselor for counselor in helpers}
        self.fields["co_counselors"].choices = [(pk, each.full_name) for pk, each in self.helpers.items()]
        if not self.helpers:
            del self.fields["co_counselors"]
        self.fields["service"].queryset = services
        methods = Method.objects.in_use()
        self.fields["method"].queryset = (methods | Method.objects.filter(pk=method)).order_by("name_id", "pk")

    def clean_clients(self):
        return [self.clients[pk] for pk in self.cleaned_data["clients"]]

    def clean_co_counselors(self):
        return [self.helpers[pk] for pk in self.cleaned_data["co_counselors"]]

    def clean_review_after(self) -> list[int]:
        written = self.cleaned_data["review_after"].strip()
        if not re.fullmatch(r"(\d{1,3}([\s,;]+\d{1,3})*)?", written, re.ASCII):
            raise ValidationError(_now("Write numbers with commas between them, for example 3, 6."), code="invalid")
        return [int(number) for number in re.findall(r"\d+", written)]

    def clean(self):
        """What `edit_draft` takes."""
        cleaned = super().clean()
        if self.errors:
            return cleaned
        expected = cleaned.pop("expected")
        return {"terms": Terms(**cleaned), "expected": expected}


class OutlineForm(forms.Form):
    """What one session is for."""

    aim = line_field(
        _("Aim"),
        LONGEST["aim"],
        required=False,
        help_text=_("The client reads it. Needed before the proposal is sent."),
    )
    agenda = WordsField(label=_("Agenda"), most=LONGEST["agenda"], rows=2)
    technique = line_field(_("Technique"), LONGEST["technique"], required=False)
    task = WordsField(label=_("Home task"), most=LONGEST["task"], rows=2)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["aim"].hides_optional = True  # a draft may lack it; a proposal may not, which its hint says


OutlineFormSet = forms.formset_factory(OutlineForm, extra=0, max_num=60, absolute_max=60)


# --- Answering it ----------------------------------------------------------------------------------------------------


class QuestionForm(forms.Form):
    text = WordsField(label=_("Your question"), most=LONGEST_QUESTION, required=True)


class AnswerForm(forms.Form):
    text = WordsField(
        label=_("Your answer"),
        help_text=_("Everybody who takes part reads it."),
        most=LONGEST_QUESTION,
        required=True,
    )


class DeclineForm(forms.Form):
    reason = WordsField(
        label=_("Would you like to say why?"),
        help_text=_("Your counselor reads it, and their supervisor if they have one. You need not write anything."),
        most=LONGEST_QUESTION,
    )


class SignForm(forms.Form):
    """One box for each consent, none ticked; with a plan that changes another, one box that it was read."""

    language = forms.CharField(widget=forms.HiddenInput, max_length=5)
    text_hash = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args, consents, **kwargs):
        """`consents` are (purpose, text, is needed)."""
        super().__init__(*args, **kwargs)
        self.purposes = [purpose for purpose, _text, _needed in consents]
        for purpose, text, _needed in consents:
            self.fields[purpose] = forms.BooleanField(label=text, required=False)
        if not consents:
            self.fields["read"] = forms.BooleanField(
                label=_("I have read what changes, and agree to it."),
                error_messages={"required": _("Tick this box if you agree. You may also decline.")},
            )

    def clean(self):
        """What `sign_plan` takes."""
        cleaned = super().clean()
        if self.errors:
            return cleaned
        ticked = [purpose for purpose in self.purposes if cleaned[purpose]]
        return {"consents": ticked, "language": cleaned["language"], "text_hash": cleaned["text_hash"]}


# --- Its life --------------------------------------------------------------------------------------------------------


class LongerForm(forms.Form):
    resume_on = day_field(_("Go on from"))
    keep_meetings = forms.ChoiceField(
        label=_("Sessions that are booked before that day"),
        choices=[
            ("no", _("Call them off, and tell everybody. They cost nothing and are held later")),
            ("yes", _("Keep them")),
        ],
        widget=forms.RadioSelect,
    )

    def clean_keep_meetings(self) -> bool:
        return self.cleaned_data["keep_meetings"] == "yes"


class PauseForm(LongerForm):
    reason = WordsField(label=_("Reason"), help_text=STAFF_READ, most=LONGEST_REASON)


class RestForm(forms.Form):
    resume_on = day_field(_("I would like to go on from"))


class ExtendForm(forms.Form):
    added = number_field(_("How many more sessions"))
    reason = WordsField(label=_("Why"), help_text=_("The client reads it."), most=LONGEST_QUESTION, required=True)


class MethodForm(forms.Form):
    method = forms.ModelChoiceField(label=_("New method"), queryset=Method.objects.none())
    reason = WordsField(label=_("Why"), help_text=_("The client reads it."), most=LONGEST_QUESTION, required=True)

    def __init__(self, *args, holding, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["method"].queryset = Method.objects.in_use().exclude(pk=holding).order_by("name_id", "pk")


class HandoverForm(forms.Form):
    to_counselor = forms.ModelChoiceField(label=_("New counselor"), queryset=None)
    reason = WordsField(
        label=_("Reason, for the client"), help_text=_("The client reads it."), most=LONGEST_QUESTION, required=True
    )
    note = WordsField(
        label=_("Handover note"),
        help_text=_(
            "For the new counselor. The counselors of this program can read it too, and their supervisor if they have "
            "one. The client does not see it."
        ),
        most=LONGEST_NOTE,
        rows=8,
        required=True,
    )

    def __init__(self, *args, successors, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to_counselor"].queryset = successors


class CloseForm(forms.Form):
    close_reason = forms.ChoiceField(label=_("How it ends"), widget=forms.RadioSelect)
    reason = WordsField(label=_("In your words"), help_text=STAFF_READ, most=LONGEST_REASON)

    def __init__(self, *args, reasons, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["close_reason"].choices = reasons

"""Help now: whom to turn to in a crisis, open to everybody; and the list of contacts as the practice keeps it."""

from datetime import date, timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from practice.catalog.editing import bound, delete, edit
from practice.catalog.fields import DayField, HttpsField, PhoneField, RecordForm, WhatsAppField, with_country
from practice.catalog.views import form_methods
from practice.pages.models import HelpContact
from practice.people.models import Practice
from practice.people.policies import may, requires
from practice.records.actions import record

CHECK_EVERY = timedelta(days=90)


class HelpContactForm(RecordForm):
    level = forms.TypedChoiceField(
        label=gettext_lazy("When"), coerce=int, choices=HelpContact.Level.choices, widget=forms.RadioSelect
    )
    phone = PhoneField(
        label=gettext_lazy("Phone"), help_text=gettext_lazy("Only the number. What to press then goes into the note.")
    )
    whatsapp = WhatsAppField(label="WhatsApp", help_text=gettext_lazy("For example 0812 3456 7890."))
    website = HttpsField(label=gettext_lazy("Website"), max_length=200)
    checked_on = DayField(
        label=gettext_lazy("Last checked on"),
        help_text=gettext_lazy("The day on which you called or wrote there yourself and somebody answered."),
    )

    class Meta:
        model = HelpContact
        fields = [
            "level", "name_id", "name_en", "phone", "whatsapp", "website", "hours_id", "hours_en", "note_id", "note_en",
            "checked_on", "position",
        ]  # fmt: skip
        help_texts = {
            "hours_id": gettext_lazy("For example: setiap hari, 24 jam."),
            "note_id": gettext_lazy("Be honest, for example: balasan WhatsApp bisa beberapa jam."),
            "position": gettext_lazy("Small numbers come first."),
        }

    def clean_checked_on(self):
        day = self.cleaned_data["checked_on"]
        if day > timezone.localdate():
            raise ValidationError(_("Choose today or an earlier day."), code="future")
        return day

    def clean(self):
        cleaned = super().clean()
        ways = ("phone", "whatsapp", "website", "note_id")
        if not any(cleaned.get(name) or name in self.errors for name in ways):
            raise ValidationError(_("Enter a phone number, a WhatsApp number, a website or a note."), code="no_way")
        return cleaned


def needs_checking(contact, today: date) -> bool:
    """True if nobody has checked this contact for 90 days."""
    return today - contact.checked_on > CHECK_EVERY


def contacts_to_check(today: date):
    """The contacts that nobody has checked for 90 days."""
    return HelpContact.objects.filter(checked_on__lt=today - CHECK_EVERY)


def chat_url(number: str) -> str:
    """The address that opens a WhatsApp chat; blank without a number."""
    digits = with_country(number).lstrip("+")
    return f"https://wa.me/{digits}" if digits else ""


def _listed(request):
    """The contacts by level, each knowing how to be written to and whether it needs checking."""
    today = timezone.localdate()
    found = list(HelpContact.objects.visible_to(request.user).for_listing())
    for contact in found:
        contact.chat_url = chat_url(contact.whatsapp)
        contact.needs_checking = needs_checking(contact, today)
    return found


@login_not_required
@require_safe
def help_now(request):
    """The help page: in danger, today, talk to us. It helps without a single contact too."""
    found = _listed(request)
    by_level = {level.name.lower(): [c for c in found if c.level == level] for level in HelpContact.Level}
    may_edit = may(request.user, "edit", "help")
    practice = Practice.current()
    context = by_level | {
        "practice": practice,
        "chat_url": chat_url(practice.whatsapp),
        "to_check": may_edit and any(contact.needs_checking for contact in found),
    }
    return render(request, "pages/help.html", context)


@requires("help", "read")
@require_safe
def contacts(request):
    context = {"contacts": _listed(request), "may_edit": may(request.user, "edit", "help")}
    return render(request, "pages/help_contacts.html", context)


@requires("help", "edit")
@form_methods
def contact_new(request):
    return _contact_form(request, HelpContact(checked_on=timezone.localdate()))


@requires("help", "edit")
@form_methods
def contact_edit(request, pk):
    contact = get_object_or_404(HelpContact.objects.visible_to(request.user), pk=pk)
    return _contact_form(request, contact, delete_url=reverse("settings_help_delete", args=[pk]))


@requires("help", "edit")
@form_methods
def contact_delete(request, pk):
    contact = get_object_or_404(HelpContact.objects.visible_to(request.user), pk=pk)
    edit_url = reverse("settings_help_contact", args=[pk])
    return delete(request, contact, done=reverse("settings_help"), edit_url=edit_url)


@requires("help", "edit")
@require_POST
def contact_checked(request, pk):
    """Somebody has just reached this contact."""
    contact = get_object_or_404(HelpContact.objects.visible_to(request.user), pk=pk)
    contact.checked_on = timezone.localdate()
    contact.save(update_fields=["checked_on"])
    record(request.user, "helpcontact.checked", contact, now=timezone.now())
    messages.success(request, _("Saved."))
    return redirect("settings_help")


def _contact_form(request, contact, **context):
    form = bound(request, HelpContactForm, instance=contact)
    return edit(request, form, template="pages/help_contact_form.html", done=reverse("settings_help"), **context)

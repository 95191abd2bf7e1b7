"""What staff choose about messages, and what a client answers to one."""

from django import forms
from django.utils.translation import gettext_lazy as _

from practice.messages.models import Answer


class ShownForm(forms.Form):
    """Which messages to list. Anything else in the address is as if it were not there."""

    SHOWN = [
        ("", _("All")),
        ("waiting", _("Waiting")),
        ("sent", _("Sent")),
        ("failed", _("Could not be delivered")),
        ("whatsapp", _("For WhatsApp")),
        ("answered", _("Answers")),
    ]

    shown = forms.ChoiceField(choices=SHOWN, required=False)
    client = forms.UUIDField(required=False)


class AnswerForm(forms.Form):
    """What suits a client now."""

    choice = forms.ChoiceField(
        label=_("What would suit you now?"),
        choices=[
            (Answer.REBOOK, _("I would like another time")),
            (Answer.CALL, _("I would like a call from you")),
            (Answer.STOP, _("I leave it for now")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what suits you."), "invalid_choice": _("Choose what suits you.")},
    )


class SentByHandForm(forms.Form):
    """One sending by WhatsApp: its key makes a double press the same sending."""

    key = forms.UUIDField(widget=forms.HiddenInput)

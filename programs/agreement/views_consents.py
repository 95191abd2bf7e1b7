"""Pages on which clients see what they consented to, and take it back."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from practice.catalog.models import Mode
from practice.people.clients import Consent
from practice.people.policies import requires
from programs.agreement.consents import asked_of, ends_by_withdrawing, give_consent, withdraw_consent
from programs.agreement.life import coming_meetings
from programs.agreement.scope import form_methods, own_program
from programs.agreement.views_client import language_now


@requires("own_program", "read")
@require_safe
def consents(request, pk):
    """Everything that this client was asked to agree to for a program, and what they said."""
    program, client = own_program(request.user, pk)
    asked = asked_of(program, client)
    if not asked:
        raise Http404
    rows = [(each, each.text(language_now())) for each in asked]
    return render(request, "programs/agreement/consents.html", {"program": program, "rows": rows})


@requires("own_program", "write")
@form_methods
def consent_change(request, pk, purpose):
    """Take one consent back, or give one that is the client's choice: what it means first, then one press."""
    program, client = own_program(request.user, pk)
    asked = next((each for each in asked_of(program, client) if each.purpose == purpose), None)
    if asked is None:
        raise Http404
    if not asked.holds and not program.is_signed:
        return redirect("consents", program.pk)
    if request.method == "POST":
        about = {"program": program, "client": client, "purpose": purpose, "by": request.user, "now": timezone.now()}
        try:
            if request.POST.get("do") == "withdraw":
                withdraw_consent(**about)
                messages.success(request, _("Your consent is taken back. Your counselor is told."))
            elif request.POST.get("do") == "give":
                give_consent(language=language_now(), **about)
                messages.success(request, _("Thank you. Your consent is kept."))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect("consents", program.pk)
    by_video = coming_meetings(program, timezone.now()).filter(mode=Mode.VIDEO)
    context = {
        "program": program,
        "asked": asked,
        "by_video": by_video if asked.purpose == Consent.Purpose.ONLINE else [],
        "text": asked.text(language_now()),
        "ends": ends_by_withdrawing(program, asked),
    }
    return render(request, "programs/agreement/consent_change.html", context)

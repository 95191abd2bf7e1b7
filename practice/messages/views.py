"""The log of messages for the desk: what was sent, what waits, what failed; and a client's answer to one."""

import uuid
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages as notes
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice.messages.by_hand import (
    can_go_by_whatsapp,
    log_whatsapp,
    send_again,
    send_all_again,
    whatsapp_link,
    whatsapp_text,
)
from practice.messages.forms import AnswerForm, SentByHandForm, ShownForm
from practice.messages.models import AnswerLink, Channel, Message
from practice.messages.replies import answer
from practice.people.limits import LimitReached, count, network_of, too_many
from practice.people.models import Client
from practice.people.policies import requires
from practice.people.signin import BAD_LINKS

ON_A_PAGE = 50
NEWEST = 2000
WHATSAPP_SINCE = timedelta(days=3)
LINK_SHOWN = timedelta(minutes=15)


class NewestFirst(Paginator):
    """Pages of the newest 2,000: to count all the messages of years would take longer than to read them."""

    @cached_property
    def count(self):
        return self.object_list[:NEWEST].count()


@requires("message", "read")
@require_safe
def messages(request):
    """The newest messages, or those that wait, failed, were answered, or are to be sent by WhatsApp."""
    seen = Message.objects.visible_to(request.user)
    form = ShownForm(request.GET)
    form.is_valid()
    shown, client = form.cleaned_data.get("shown", ""), form.cleaned_data.get("client")
    found = _shown(seen, shown)
    if client:
        client = get_object_or_404(Client.objects.visible_to(request.user), pk=client)
        found = found.filter(client=client)
    page = NewestFirst(found.for_listing(), ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "shown": shown,
        "client": client,
        "choices": ShownForm.SHOWN,
        "query": f"{urlencode({'shown': shown, 'client': client.pk} if client else {'shown': shown})}&",
        "failed_count": seen.failed()[:NEWEST].count(),
    }
    return render(request, "messages/messages.html", context)


def _shown(seen, shown):
    narrowed = {
        "waiting": seen.waiting,
        "sent": seen.sent,
        "failed": seen.failed,
        "answered": seen.answered,
        "whatsapp": lambda: seen.for_whatsapp(timezone.now() - WHATSAPP_SINCE),
    }
    return narrowed.get(shown, seen.all)()


@requires("message", "read")
@require_safe
def message(request, pk):
    """What is known about one message: never its text, which is made when it is sent."""
    now = timezone.now()
    shown = _find(request, pk)
    text = whatsapp_text(shown, now=now) if can_go_by_whatsapp(shown) else ""
    context = {"message": shown, "may_go_by_whatsapp": bool(text) and shown.channel == Channel.EMAIL}
    if text and shown.channel == Channel.WHATSAPP and now - shown.created_at < LINK_SHOWN:
        context |= {"text": text, "link": whatsapp_link(shown.client.phone, text)}
    return render(request, "messages/message.html", context)


@requires("message", "send")
@require_POST
def message_again(request, pk):
    try:
        send_again(message=_find(request, pk), by=request.user, now=timezone.now())
    except ValidationError as error:
        notes.warning(request, " ".join(error.messages))
    else:
        notes.success(request, _("The message is on its way again."))
    return redirect("message", pk)


@requires("message", "send")
@require_POST
def messages_again(request):
    """Try all again that failed: after the mail server was away, they are many."""
    tried = send_all_again(messages=Message.objects.visible_to(request.user), by=request.user, now=timezone.now())
    said = ngettext("%(n)s message is on its way again.", "%(n)s messages are on their way again.", tried)
    notes.success(request, said % {"n": tried})
    return redirect("messages")


@requires("message", "send")
@require_http_methods(["GET", "HEAD", "POST"])
def message_whatsapp(request, pk):
    """What would be sent by WhatsApp (GET); note that it is (POST), and lead to the link that opens it."""
    now = timezone.now()
    found = _find(request, pk)
    form = SentByHandForm(request.POST if request.method == "POST" else None, initial={"key": uuid.uuid4()})
    if form.is_valid():
        try:
            made = log_whatsapp(message=found, key=str(form.cleaned_data["key"]), by=request.user, now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("message", made.pk)
    text = whatsapp_text(found, now=now) if can_go_by_whatsapp(found) else ""
    context = {"message": found, "text": text, "form": form}
    return render(request, "messages/whatsapp.html", context, status=422 if form.is_bound else 200)


def _find(request, pk):
    return get_object_or_404(Message.objects.visible_to(request.user).for_listing(), pk=pk)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def message_answer(request, token):
    """Answer the question that a message asked. Following the link changes nothing; one that opens nothing is 404."""
    now = timezone.now()
    link = AnswerLink.objects.opening(token, now).select_related("message").first()
    if link is None:
        return _bad_link(request, now)
    asked = link.message
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            answer(message=asked, choice=form.cleaned_data["choice"], now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("message_answer", token)
    context = {"form": form, "answer": asked.answer}
    return render(request, "messages/answer.html", context, status=422 if form.is_bound else 200)


def _bad_link(request, now):
    try:
        count((BAD_LINKS, network_of(request)), now=now)
    except LimitReached as error:
        return too_many(request, error)
    raise Http404

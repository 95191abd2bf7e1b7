"""The one road of plain editing: a form becomes a record and the list is shown again, or what was typed stays."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from practice.catalog.actions import delete_record, referring_to, save_record


def edit(request, form, *, template, done, **context):
    """Show the form; when it was sent, save its record, say so and go to `done` (a URL, or a function of the record).

    With 422 and everything typed when something is wrong.
    """
    if request.method == "POST" and form.is_valid():
        try:
            kept = save_record(form=form, by=request.user, now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(done(kept) if callable(done) else done)
    return render(request, template, context | {"form": form}, status=422 if form.is_bound else 200)


def delete(request, obj, *, done, **context):
    """Ask whether to delete the record, and do it when sent. What is in use stays, and the page says by what."""
    error = None
    if request.method == "POST":
        try:
            delete_record(obj=obj, by=request.user, now=timezone.now())
        except ValidationError as refused:
            error = refused
        else:
            messages.success(request, _("Deleted."))
            return redirect(done)
    context |= {"obj": obj, "users": referring_to(obj), "list_url": done, "error": error}
    return render(request, "pages/settings_delete.html", context, status=422 if error else 200)


def bound(request, form_class, **kwargs):
    """The form with what was sent, or a fresh one."""
    return form_class(request.POST if request.method == "POST" else None, **kwargs)

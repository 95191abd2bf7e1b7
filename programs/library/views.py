"""The library: templates of programs and the methods they follow."""

from itertools import groupby

from babel.lists import format_list
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice.people.policies import may, requires
from programs.library.actions import (
    add_method,
    add_template,
    edit_method,
    edit_template,
    may_keep,
    restore_template,
    retire_template,
    says,
)
from programs.library.forms import MethodForm, TemplateForm
from programs.library.models import Method, NoteFormat, Template, TemplateVersion, review_points

form_methods = require_http_methods(["GET", "HEAD", "POST"])
USUAL_SESSIONS = 6


@requires("library", "read")
@require_safe
def library(request):
    """The templates one can start from, by method or by problem, with their small threads; or those laid aside."""
    by = "problem" if request.GET.get("by") == "problem" else "method"
    is_retired = request.GET.get("show") == "retired"
    found = Template.objects.visible_to(request.user).filter(is_in_use=not is_retired).for_listing()

    def heading(template):
        version = template.newest
        return version.method.name if by == "method" else version.problem

    templates = sorted(found, key=lambda t: (heading(t).lower(), t.newest.title.lower(), str(t.pk)))
    for template in templates:
        template.beads = beads_of(template.newest)
    context = {
        "groups": [(title, list(rows)) for title, rows in groupby(templates, heading)],
        "by": by,
        "is_retired": is_retired,
    }
    return render(request, "programs/library/library.html", context)


@requires("library", "read")
@require_safe
def template(request, pk, number=None):
    """What a template says: as a thread, and session by session. Older versions can still be read."""
    found = get_object_or_404(Template.objects.visible_to(request.user).for_listing(), pk=pk)
    version = found.newest
    if number is not None and number != version.number:
        version = get_object_or_404(found.versions.select_related("method"), number=number)
    context = {
        "template": found,
        "version": version,
        "beads": beads_of(version),
        "reviews": format_list(list(map(str, version.review_after)), locale=get_language() or "id"),
        "sessions": version.sessions.order_by("number"),
        "may_edit": Template.objects.editable_by(request.user).filter(pk=pk).exists(),
    }
    return render(request, "programs/library/template.html", context)


@requires("library", "read")
@require_safe
def versions(request, pk):
    """The history of a template, newest first."""
    found = get_object_or_404(Template.objects.visible_to(request.user).for_listing(), pk=pk)
    rows = found.versions.select_related("method", "created_by").order_by("-number")
    return render(request, "programs/library/versions.html", {"template": found, "versions": rows})


@requires("library", "edit")
@form_methods
def template_new(request):
    """A blank template."""
    return _add(request, {}, [{}] * USUAL_SESSIONS)


@requires("library", "edit")
@form_methods
def template_copy(request, pk):
    """A new template that begins with what another one says."""
    source = get_object_or_404(Template.objects.visible_to(request.user).for_listing(), pk=pk)
    return _add(request, *says(source.newest), source=source)


@requires("library", "edit")
@form_methods
def template_edit(request, pk):
    found = get_object_or_404(Template.objects.editable_by(request.user).for_listing(), pk=pk)
    said, sessions = says(found.newest)
    form = _form(request, said, sessions)
    seen = found.newest.number
    if form.is_valid():
        sent = request.POST.get("seen", "")
        try:
            version = edit_template(
                template=found,
                seen=int(sent) if sent.isdecimal() else 0,
                draft=form.draft(),
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.refuse(error)
        else:
            saved = _("Saved as version %(number)s.") % {"number": version.number}
            messages.success(request, saved if version.number > seen else _("Nothing was changed."))
            return redirect("library_template", pk)
    context = {"form": form, "template": found, "seen": seen}
    return render(request, "programs/library/template_form.html", context, status=422 if form.is_bound else 200)


def _add(request, said, sessions, source=None):
    keeps = may_keep(request.user)
    form = _form(request, said, sessions, keeps=keeps)
    if form.is_valid():
        try:
            keep = form.cleaned_data.get("keep") or (keeps[0] if keeps else "")
            version = add_template(draft=form.draft(), keep=keep, by=request.user, now=timezone.now())
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("library_template", version.template_id)
    context = {"form": form, "source": source}
    return render(request, "programs/library/template_form.html", context, status=422 if form.is_bound else 200)


def _form(request, said, sessions, **kwargs):
    usual = {"planned_sessions": len(sessions), "pace_days": 7, "minutes": 60}
    if said and said["review_after"] == review_points(said["planned_sessions"]):
        said = said | {"review_after": None}  # so that they follow the number of sessions when it changes
    methods = Method.objects.visible_to(request.user).in_use()
    if said:  # a method that is laid aside stays with the templates that have it
        methods = methods | Method.objects.filter(pk=said["method"].pk)
    return TemplateForm(
        request.POST if request.method == "POST" else None,
        instance=TemplateVersion(),
        initial=usual | said,
        methods=methods.order_by("name_id", "pk"),
        sessions=sessions,
        **kwargs,
    )


@requires("library", "edit")
@require_POST
def template_retire(request, pk):
    return _offer(request, pk, retire_template, _("Retired. Programs that run with it go on as they are."))


@requires("library", "edit")
@require_POST
def template_restore(request, pk):
    return _offer(request, pk, restore_template, _("Offered again for new programs."))


def _offer(request, pk, act, said):
    found = get_object_or_404(Template.objects.editable_by(request.user), pk=pk)
    try:
        act(template=found, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, said)
    return redirect("library_template", pk)


# --- Methods -------------------------------------------------------------------------------------------------------


@requires("library", "read")
@require_safe
def methods(request):
    found = Method.objects.visible_to(request.user).for_listing()
    context = {"methods": found, "may_edit": may(request.user, "edit", "method")}
    return render(request, "programs/library/methods.html", context)


@requires("library", "read")
@require_safe
def method(request, slug):
    """What a method is for, how long it usually takes and who says so, and the templates that follow it."""
    found = get_object_or_404(Method.objects.visible_to(request.user), slug=slug)
    following = Template.objects.visible_to(request.user).in_use().for_listing()
    context = {
        "method": found,
        "note_format": NoteFormat(found.note_format).label,
        "templates": [template for template in following if template.newest.method_id == found.pk],
        "may_edit": may(request.user, "edit", "method"),
    }
    return render(request, "programs/library/method.html", context)


@requires("method", "edit")
@form_methods
def method_new(request):
    return _method_form(request, Method(), lambda **fields: add_method(**fields))


@requires("method", "edit")
@form_methods
def method_edit(request, slug):
    found = get_object_or_404(Method.objects.visible_to(request.user), slug=slug)
    seen, there_now = request.POST.get("seen", ""), found.mark  # before what was typed is laid over it

    def edit(**fields):
        return edit_method(method=found, seen=seen, **fields)

    return _method_form(request, found, edit, seen=there_now)


def _method_form(request, found, act, *, seen=""):
    name = "" if found.pk is None else found.name  # before what was typed is laid over it
    form = MethodForm(request.POST if request.method == "POST" else None, instance=found)
    if form.is_valid():
        try:
            kept = act(by=request.user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("library_method", kept.slug)
    context = {"form": form, "name": name, "slug": found.slug, "seen": seen}
    return render(request, "programs/library/method_form.html", context, status=422 if form.is_bound else 200)


def beads_of(version) -> list[dict]:
    """A version as beads of a thread, with its review points."""
    planned = range(1, version.planned_sessions + 1)
    return [{"look": "planned", "review": number in version.review_after} for number in planned]

"""The editor of a session's note: write, keep, meet what was written elsewhere, sign."""

from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from practice.calendar.desk.forms import AttendanceForm
from practice.formats import clock
from practice.people.policies import requires
from practice.records.actions import read_together
from programs.library.models import NoteFormat
from programs.notes.actions import co_signers_of, missing_from, sign_note, supervisions_of, write_session
from programs.notes.editor import Desk, differences, typed_in
from programs.notes.formats import Body, in_format
from programs.notes.forms import RevisionForm
from programs.notes.models import IndividualPart, ProgressNote
from programs.plan.models import Program
from programs.sessions.scope import typed_session, written_session
from programs.sessions.writers import TOOK_PLACE

form_methods = require_http_methods(["GET", "HEAD", "POST"])


def desk_at(request, pk) -> Desk:
    """The desk of a session that this person writes about; with POST also of one that they were to hold."""
    find = typed_session if request.method == "POST" else written_session
    return Desk.at(find(request.user, pk), request.user, timezone.now())


def instead(request, desk: Desk):
    """Where to go if the note of this session cannot be written by this person now; None if it can."""
    if not desk.obstacle:
        return None
    if desk.obstacle in ("signed", "waits"):
        return redirect(desk.note)
    messages.warning(request, reason_of(desk))
    return back(request, desk.program, to="notes" if desk.obstacle == "other" else "program")


def reason_of(desk: Desk) -> str:
    """Why the note cannot be written by this person now, in words."""
    return {
        "early": _("The note can be written once the session has begun."),
        "not_held": _("This session is written down as not having taken place. Only a session that did has a note."),
        "signed": _("This note is signed. You can still add an addendum."),
        "other": _("%(name)s writes the note of this session.") % {"name": desk.written_by},
        "waits": _("This note waits for your supervisor. Take it back to change it."),
    }[desk.obstacle]


def back(request, program: Program, *, to: str = "program"):
    """To the program or its notes; to today for those who only held a session of it."""
    return redirect(to, program.pk) if program.is_led_by(request.user) else redirect("today")


def saved_at(now) -> str:
    return _("Saved %(time)s") % {"time": clock(now, timezone.get_current_timezone())}


@requires("note", "write")
@form_methods
def note(request, pk):
    """The editor. What was typed is kept first, whatever the button does after it."""
    desk = desk_at(request, pk)
    if request.method == "POST":
        return not_saved(request, desk) if desk.obstacle else keep(request, desk)
    if elsewhere := instead(request, desk):
        return elsewhere
    desk.open(request)
    return page(request, desk, desk.filled_form())


def page(request, desk: Desk, form, *, status=200, attendance=None, others=None):
    if desk.asks_who_came and attendance is None:
        attendance = AttendanceForm(meeting=desk.meeting, initial={"version": desk.meeting.version})
    context = {
        "desk": desk,
        "session": desk.session,
        "program": desk.program,
        "meeting": desk.meeting,
        "note": desk.note,
        "form": form,
        "attendance": attendance,
        "heads": desk.heads(),
        "beside": desk.beside(),
        "card": desk.card,
        "formats": [(value, label) for value, label in NoteFormat.choices if value != form.format],
        "co_signs": co_signers_of(request.user, desk.program, desk.now).first(),
        "others": others,
    }
    return render(request, "programs/notes/note.html", context, status=status)


def not_saved(request, desk: Desk):
    """What was typed, to be read and copied, with why it could not be saved and what to do. Nothing sealed is opened.

    The page is all that is left of it, so it answers every way in which the note was closed meanwhile.
    """
    form = desk.form(request.POST, card=True)
    drafts = ProgressNote.objects.visible_to(request.user).filter(meeting=desk.meeting or desk.not_held)
    own = desk.not_held and desk.not_held.counselor.user_id == request.user.pk
    context = {
        "desk": desk,
        "session": desk.session,
        "program": desk.program,
        "reason": reason_of(desk),
        "typed": typed_in(form),
        "kept": drafts.first(),
        "attendance_url": reverse("attendance", args=[desk.not_held.pk]) if own else "",
    }
    return render(request, "programs/notes/not_saved.html", context, status=422)


def keep(request, desk: Desk):
    """Save what was typed and go on as the pressed button says; or show it again with what is wrong."""
    do = request.POST.get("do", "save")
    form = desk.form(request.POST)
    attendance = attendance_in(request, desk)
    if not (form.is_valid() and (attendance is None or attendance.is_valid())):
        return again(request, desk, ValidationError([]), attendance)
    came = attendance and {"expected": attendance.expected} | attendance.said
    try:
        save(request, desk, form, wanted=do.removeprefix("format:"), share=do == "share", attendance=came)
    except ValidationError as error:
        return again(request, desk, error, attendance)
    desk.meeting.refresh_from_db(fields=["status"])
    if desk.meeting.status not in TOOK_PLACE:
        messages.success(request, _("Written down. A session that did not take place needs no note."))
        return back(request, desk.program)
    messages.success(request, saved_at(desk.now))
    return redirect("note_sign" if do == "sign" else "note", desk.session.pk)


def attendance_in(request, desk: Desk) -> AttendanceForm | None:
    """What was said of who came, if it was asked and anything was said."""
    said = any(text for name, text in request.POST.items() if name.startswith("head-") or name == "called_off")
    return AttendanceForm(request.POST, meeting=desk.meeting) if desk.asks_who_came and said else None


def save(request, desk: Desk, form, *, wanted: str = "", share: bool = False, attendance=None) -> ProgressNote:
    """Keep the typed note, in the wanted format if that is another, with its card and who came."""
    writing = form.writing
    if wanted in NoteFormat.values:
        writing = replace(writing, format=wanted, parts=in_format(writing.parts, wanted))
    has_card = form.card_said and (share or desk.card or any(form.card_said.values()))
    return write_session(
        session=desk.session,
        writing=writing,
        card=form.card_said if has_card else None,
        share=share,
        attendance=attendance,
        expected=form.cleaned_data["revision"],
        by=request.user,
        now=desk.now,
    )


def codes(error: ValidationError) -> set:
    return {each.code for each in error.error_list}


def again(request, desk: Desk, error: ValidationError, attendance):
    """The editor with what was typed and what is wrong; beside it what is kept, if that was changed elsewhere."""
    desk = desk_at(request, desk.session.pk)
    if desk.obstacle:
        return not_saved(request, desk)
    desk.open(request)
    is_conflict = "conflict" in codes(error)
    typed = request.POST.copy()
    if is_conflict:
        typed["revision"] = str(desk.revision)
    form = desk.form(typed)
    form.is_valid()
    if error.messages:
        form.add_error(None, error)
    others = differences(form, desk.draft()) if is_conflict and desk.note else None
    return page(request, desk, form, status=409 if is_conflict else 422, attendance=attendance, others=others)


@requires("note", "write")
@require_POST
def note_draft(request, pk):
    """Keep a draft for the script that saves while one writes, and answer in JSON. Who came is no part of it."""
    desk = desk_at(request, pk)
    form = desk.form(request.POST)
    if desk.obstacle or not form.is_valid():
        texts = [reason_of(desk)] if desk.obstacle else [text for errors in form.errors.values() for text in errors]
        return JsonResponse({"message": " ".join([_("Not saved yet."), *texts])}, status=422)
    try:
        kept = save(request, desk, form)
    except ValidationError as error:
        if "conflict" in codes(error):
            told = _("Changed elsewhere meanwhile. Press “Save draft” to see both texts; nothing is lost.")
            return JsonResponse({"message": told}, status=409)
        return JsonResponse({"message": " ".join([_("Not saved yet."), *error.messages])}, status=422)
    return JsonResponse({"revision": kept.revision, "message": saved_at(desk.now)})


@requires("note", "write")
@form_methods
def note_sign(request, pk):
    """Everything that will be locked, and what is missing; then one press signs."""
    session = written_session(request.user, pk)
    mine = ProgressNote.objects.visible_to(request.user).filter(author=request.user, session=session)
    found = get_object_or_404(mine.order_by("-created_at")[:1])
    if not found.can_be_written:
        return redirect(found)
    [opened], parts = read_together(
        [
            mine.filter(pk=found.pk).select_related("meeting"),
            found.individual_parts.readable().select_related("client"),
        ],
        by=request.user,
        reason="signing the note of a session",
        request=request,
    )
    goals = list(opened.goals.values_list("pk", flat=True))
    form = RevisionForm(request.POST if request.method == "POST" else None, initial={"revision": opened.revision})
    if request.method == "POST" and form.is_valid():
        try:
            refuse_unseen(opened, form.cleaned_data["revision"])
            kept = sign_note(note=opened, by=request.user, now=timezone.now())
        except ValidationError as error:
            if "signed" in codes(error):
                return redirect(found)
            form.add_error(None, error)
        else:
            done = _("Signed and locked.") if kept.is_signed else _("Handed to your supervisor.")
            messages.success(request, done)
            return redirect(kept)
    return sign_page(request, session, opened, parts, goals, form)


def refuse_unseen(note: ProgressNote, seen: int) -> None:
    """Raise ValidationError if the note was saved after the page showed it."""
    if note.revision != seen:
        raise ValidationError(_("This note has changed meanwhile. Look at it again."), code="conflict")


def sign_page(request, session, note: ProgressNote, parts: list[IndividualPart], goals: list, form):
    now = timezone.now()
    lacks = [
        (f"{reverse('note', args=[session.pk])}#{anchor_of(name)}", text) for name, text in missing_from(note, goals)
    ]
    if note.meeting.status != "attended":
        lacks.insert(0, (reverse("note", args=[session.pk]) + "#who-came", _("Write down who came.")))
    co_signs = co_signers_of(request.user, session.program, now).first()
    context = {
        "session": session,
        "program": session.program,
        "note": note,
        "body": Body.of(note.body),
        "said": Body.of(note.body).labelled(note.format),
        "parts": parts,
        "goals": note.goals.order_by("goal_set__number", "position"),
        "missing": lacks,
        "form": form,
        "co_signs": co_signs,
        "kept_from": None if co_signs else supervisions_of(request.user, now).first(),
    }
    return render(request, "programs/notes/sign.html", context, status=422 if form.errors else 200)


def anchor_of(name: str) -> str:
    """Where in the editor a missing thing is written."""
    return {"parts": "the-note", "goals": "goals"}.get(name, f"id_{name}")

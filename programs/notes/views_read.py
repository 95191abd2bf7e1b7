"""Reading notes, adding to them, co-signing them; and the process notes of whoever asks."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice.people.policies import may, requires
from practice.records.actions import read, read_together
from programs.between.scope import led_session
from programs.notes.actions import (
    add_addendum,
    co_sign_note,
    co_signers_of,
    return_note,
    take_back_note,
    write_process_note,
)
from programs.notes.chain import is_unchanged
from programs.notes.formats import Body
from programs.notes.forms import AddendumForm, ProcessNoteForm, ReturnForm, RevisionForm
from programs.notes.models import NoteStatus, ProcessNote, ProgressNote
from programs.notes.panels import rows_of
from programs.notes.views import codes, refuse_unseen
from programs.plan.models import Program
from programs.sessions.thread import thread_of
from programs.sessions.writers import TOOK_PLACE

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@requires("note", "read")
@require_safe
def notes(request, pk):
    """The sessions of a program that were held, and how far the note of each is. No text is opened."""
    program = get_object_or_404(Program.objects.for_staff(request.user).for_page(), pk=pk)
    now = timezone.now()
    rows = rows_of(program, thread_of(program), user=request.user, now=now)
    context = {"program": program, "rows": rows, "may_write": program.is_led_by(request.user)}
    return render(request, "programs/notes/notes.html", context)


def opened_note(request, pk, reason):
    """One note with its parts and addenda, opened; 404 for whoever may not see it."""
    mine = ProgressNote.objects.visible_to(request.user)
    found = get_object_or_404(mine, pk=pk)
    people = found.individual_parts.readable().select_related("client")
    added = found.addenda.select_related("author").order_by("written_at", "pk")
    rows = mine.filter(pk=pk).with_co_signer().select_related("session", "meeting", "author", "signed_by", "program")
    [note], parts, addenda = read_together([rows, people, added], by=request.user, reason=reason, request=request)
    return note, parts, addenda


def note_page(request, note, parts, addenda, *, status=200, **more):
    program = Program.objects.for_page().get(pk=note.program_id)
    is_author, was_missed = note.author_id == request.user.pk, note.meeting.status not in TOOK_PLACE
    context = {
        "note": note,
        "session": note.session,
        "program": program,
        "body": Body.of(note.body),
        "said": Body.of(note.body).labelled(note.format),
        "parts": parts,
        "addenda": addenda,
        "goals": note.goals.order_by("goal_set__number", "position"),
        "waits_for_nobody": note.status == NoteStatus.SUBMITTED and not note.has_co_signer,
        "is_unchanged": is_unchanged(note, addenda) if note.is_signed else None,
        "may_add": note.is_signed and may(request.user, "write", "note") and program.is_led_by(request.user),
        "may_take_back": is_author and note.status == NoteStatus.SUBMITTED,
        "may_write": is_author and note.can_be_written and not was_missed,
        "was_missed": was_missed,
        "only_held_it": is_author and not program.is_led_by(request.user),
        "may_co_sign": note.status == NoteStatus.SUBMITTED and may_co_sign(request.user, note),
    }
    return render(request, "programs/notes/read.html", context | more, status=status)


def may_co_sign(user, note) -> bool:
    signers = co_signers_of(note.author, note.program, timezone.now())
    return user.pk != note.author_id and signers.filter(supervisor=user).exists()


@requires("note", "read")
@require_safe
def note_read(request, pk):
    """One note as it stands, with what was added to it."""
    return note_page(request, *opened_note(request, pk, "reading a note"), form=AddendumForm())


@requires("note", "write")
@form_methods
def note_addendum(request, pk):
    """Add to a signed note."""
    led = Program.objects.for_counselor(request.user)
    mine = ProgressNote.objects.visible_to(request.user).filter(program__in=led.values("pk"))
    found = get_object_or_404(mine, pk=pk)
    if request.method != "POST":
        return redirect(found)
    form = AddendumForm(request.POST)
    if form.is_valid():
        try:
            add_addendum(note=found, by=request.user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Added."))
            return redirect(found)
    return note_page(request, *opened_note(request, pk, "reading a note"), form=form, status=422)


@requires("note", "write")
@require_POST
def note_take_back(request, pk):
    """Take a submitted note back, to change it."""
    found = get_object_or_404(ProgressNote.objects.visible_to(request.user).filter(author=request.user), pk=pk)
    try:
        take_back_note(note=found, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return redirect(found)
    return redirect("note", found.session_id)


@requires("note", "co_sign")
@require_safe
def co_signing(request):
    """The notes that wait for this supervisor, the longest waiting first. No text is opened."""
    waiting = ProgressNote.objects.awaiting(request.user).for_listing().order_by("submitted_at", "pk")
    rows = waiting.prefetch_related("program__members__client")
    return render(request, "programs/notes/co_signing.html", {"notes": rows})


@requires("note", "co_sign")
@form_methods
def note_co_sign(request, pk):
    """Read a supervisee's note; sign it with them, or give it back with comments."""
    found = get_object_or_404(ProgressNote.objects.visible_to(request.user), pk=pk)
    if found.status != NoteStatus.SUBMITTED or not may_co_sign(request.user, found):
        return redirect(found)
    if request.method != "POST":
        return redirect(found)
    note, parts, addenda = opened_note(request, pk, "co-signing a note")
    gives_back = request.POST.get("do") == "return"
    form = (ReturnForm if gives_back else RevisionForm)(request.POST)
    if form.is_valid():
        try:
            refuse_unseen(note, form.cleaned_data["revision"])
            if gives_back:
                comments = form.cleaned_data["comments"]
                return_note(note=note, comments=comments, by=request.user, now=timezone.now())
                messages.success(request, _("Returned with your comments."))
            else:
                co_sign_note(note=note, by=request.user, now=timezone.now())
                messages.success(request, _("Signed and locked."))
        except ValidationError as error:
            if "signed" in codes(error):
                return redirect(found)
            form.add_error(None, error)
        else:
            return redirect("co_signing")
    shown = form if gives_back else ReturnForm(initial={"revision": note.revision})
    return note_page(request, note, parts, addenda, form=form, return_form=shown, status=422)


# --- Process notes ---------------------------------------------------------------------------------------------------


@requires("process_note", "write")
@require_safe
def process_notes(request, pk):
    """One's own process notes on a program: the list, nothing opened."""
    program = get_object_or_404(Program.objects.for_counselor(request.user).for_page(), pk=pk)
    mine = ProcessNote.objects.visible_to(request.user).filter(book__program=program)
    by_session = {note.session_id: note for note in mine.defer("text")}
    stations = [
        {"session": station.session, "meeting": station.meeting, "note": by_session.get(station.session.pk)}
        for station in thread_of(program).stations
        if station.meeting or station.session.pk in by_session
    ]
    context = {"program": program, "general": by_session.get(None), "stations": stations}
    return render(request, "programs/notes/process_notes.html", context)


@requires("process_note", "write")
@form_methods
def process_note(request, pk):
    """One's own process note on a program as a whole."""
    program = get_object_or_404(Program.objects.for_counselor(request.user).for_page(), pk=pk)
    return process_page(request, program, None)


@requires("process_note", "write")
@form_methods
def session_process_note(request, pk):
    """One's own process note on a session."""
    session = led_session(request.user, pk)
    return process_page(request, session.program, session)


def process_page(request, program, session):
    mine = ProcessNote.objects.visible_to(request.user).filter(book__program=program, session=session)
    found = read(mine, by=request.user, reason="reading one's own process note", request=request)
    kept = found[0] if found else None
    revision = kept.revision if kept else 0
    form = ProcessNoteForm(initial={"text": kept.text if kept else "", "revision": revision})
    others, status = None, 200
    if request.method == "POST":
        form, status = ProcessNoteForm(request.POST), 422
        try:
            if form.is_valid():
                written = form.cleaned_data
                write_process_note(
                    program=program,
                    session=session,
                    text=written["text"],
                    expected=written["revision"],
                    by=request.user,
                    now=timezone.now(),
                )
                messages.success(request, _("Saved. Only you can read it."))
                return redirect("process_notes", program.pk)
        except ValidationError as error:
            typed = request.POST.copy()
            typed["revision"] = str(revision)
            form = ProcessNoteForm(typed)
            form.add_error(None, error)
            others, status = kept, 409
    context = {"program": program, "session": session, "form": form, "others": others}
    return render(request, "programs/notes/process_note.html", context, status=status)

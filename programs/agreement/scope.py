"""Which program a person may open here, and as whom; and how the pages of this room answer."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from practice.people.accounts import User
from practice.people.clients import Client
from programs.plan.models import Program

form_methods = require_http_methods(["GET", "HEAD", "POST"])


def led_program(user: User, pk: UUID) -> Program:
    """A program that this person leads or helps to lead."""
    return get_object_or_404(Program.objects.for_counselor(user).for_page(), pk=pk)


def to_program(user: User, program: Program) -> HttpResponse:
    """A redirect to the program, or to the list of one's programs if it has just passed to somebody else."""
    if Program.objects.for_staff(user).filter(pk=program.pk).exists():
        return redirect("program", program.pk)
    return redirect("caseload")


def own_program(user: User, pk: UUID) -> tuple[Program, Client]:
    """A program that this person takes part in, and which of its clients they are."""
    program = get_object_or_404(Program.objects.for_client(user).for_page(), pk=pk)
    return program, client_in(program, user)


def client_in(program: Program, user: User) -> Client:
    """Which of the program's clients this person is. Raise Http404 if none."""
    for member in program.members.all():
        if member.client.user_id == user.pk:
            return member.client
    raise Http404


def typed(request):
    return request.POST if request.method == "POST" else None


def done(request, form, action, **arguments):
    """What the action made of what was typed; None if something in it is wrong, which the form then says."""
    if not form.is_valid():
        return None
    try:
        return action(by=request.user, now=timezone.now(), **arguments, **form.cleaned_data)
    except ValidationError as error:
        _say(form, error)
        return None


def _say(form, error: ValidationError) -> None:
    """Put each message at its field, or above the form where it has none."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


def answer(request, template, form, **context):
    """The page with its form; 422 if something in it is wrong."""
    return render(request, template, {"form": form} | context, status=422 if form.errors else 200)

"""What happens in the library: methods and templates are added, changed, laid aside, and copied into a program."""

from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from practice.catalog.actions import free_slug
from practice.people.accounts import Role, User
from practice.people.counselors import Counselor
from practice.records.actions import record
from programs.library.models import (
    LANGUAGES,
    OUTLINE,
    Method,
    Template,
    TemplateSession,
    TemplateVersion,
    review_points,
)

SESSION_FIELDS = [f"{name}_{language}" for name in OUTLINE for language in LANGUAGES]
VERSION_FIELDS = [
    "method", "title_id", "title_en", "problem_id", "problem_en", "planned_sessions", "pace_days", "minutes", "price",
    "review_after",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a version of a template is to say. `sessions` has one dict of SESSION_FIELDS for each planned session.

    Without `review_after` progress is looked at after a third and two thirds of the sessions.
    """

    method: Method
    title_id: str
    title_en: str = ""
    problem_id: str
    problem_en: str = ""
    planned_sessions: int
    pace_days: int = 7
    minutes: int = 60
    price: int | None = None
    review_after: list[int] | None = None
    sessions: list[dict[str, str]] = field(default_factory=list)


# --- Methods -------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_method(*, by: User, now: datetime, **fields) -> Method:
    """Add a method that new programs may use. Raise ValidationError by field for what is missing or wrong."""
    method = Method(slug=free_slug(Method, fields.get("name_id") or ""), **fields)
    method.full_clean()
    try:
        with transaction.atomic():
            method.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError(_("Somebody has just saved the same. Look at the list again."), code="same") from error
    record(by, "method.made", method, now=now)
    return method


@transaction.atomic
def edit_method(*, method: Method, seen: str, by: User, now: datetime, **fields) -> Method:
    """Change what a method says or whether it is offered. Running programs keep their method, whatever it says.

    `seen` is the mark of the method that was edited. Raise ValidationError if somebody changed it meanwhile (code
    "conflict"), or by field for what is missing or wrong.
    """
    method = Method.objects.select_for_update().get(pk=method.pk)
    if method.mark != seen:
        raise ValidationError(
            _(
                "Somebody has changed this method since you opened it. What you typed is still here. Compare the two; "
                "if you save again, yours replaces what is there now."
            ),
            code="conflict",
        )
    changed = [name for name, value in fields.items() if getattr(method, name) != value]
    for name in changed:
        setattr(method, name, fields[name])
    method.full_clean()
    if changed:
        method.save(update_fields=changed)
        record(by, "method.changed", method, now=now, fields=", ".join(sorted(changed)))
    return method


# --- Templates -----------------------------------------------------------------------------------------------------


def may_keep(user: User) -> list[str]:
    """For whom this person can add templates: for the "practice" (supervisors), "own" (counselors)."""
    keeps = ["practice"] if user.has_role(Role.SUPERVISOR) else []
    if user.has_role(Role.COUNSELOR) and Counselor.objects.filter(user=user).exists():
        keeps.append("own")
    return keeps


@transaction.atomic
def add_template(*, draft: Draft, keep: str, by: User, now: datetime) -> TemplateVersion:
    """Add a template with its first version: the "practice"'s, or one's "own".

    Raise ValidationError if this person may not keep it so, or by field for what the draft lacks.
    """
    if keep not in may_keep(by):
        raise ValidationError(_("You cannot add templates here."), code="keep")
    author = Counselor.objects.get(user=by) if keep == "own" else None
    template = Template.objects.create(author=author)
    version = add_version(template, 1, draft, by=by, now=now)
    record(by, "template.made", template, now=now)
    return version


@transaction.atomic
def edit_template(*, template: Template, seen: int, draft: Draft, by: User, now: datetime) -> TemplateVersion:
    """Add a version that says what the draft says; programs that run keep what they were made from.

    `seen` is the number of the version that was edited. Return the version as it is if nothing would change. Raise
    ValidationError if there is a newer one (code "version"), if the template is not this person's to edit, or by field.
    """
    template = _own(template, by)
    newest = template.versions.select_related("method").order_by("-number").first()
    if newest.number != seen:
        raise ValidationError(
            _(
                "This template has changed since you opened it: version %(number)s is there now. What you typed is "
                "still here. Compare the two; if you save again, yours becomes version %(next)s."
            ),
            params={"number": newest.number, "next": newest.number + 1},
            code="version",
        )
    if says(newest) == as_said(draft):
        return newest
    version = add_version(template, newest.number + 1, draft, by=by, now=now)
    record(by, "template.changed", template, now=now, version=version.number)
    return version


@transaction.atomic
def retire_template(*, template: Template, by: User, now: datetime) -> Template:
    """Offer a template no longer for new programs. Raise ValidationError if it is not this person's to edit."""
    return _offer(template, False, "template.retired", by=by, now=now)


@transaction.atomic
def restore_template(*, template: Template, by: User, now: datetime) -> Template:
    """Offer a template again. Raise ValidationError if it is not this person's to edit."""
    return _offer(template, True, "template.restored", by=by, now=now)


def _offer(template, is_in_use, act, *, by, now):
    template = _own(template, by)
    if template.is_in_use != is_in_use:
        template.is_in_use = is_in_use
        template.save(update_fields=["is_in_use"])
        record(by, act, template, now=now)
    return template


def _own(template, by) -> Template:
    """The template, locked. Raise ValidationError unless this person may edit it."""
    own = Template.objects.editable_by(by).select_for_update(of=("self",)).filter(pk=template.pk).first()
    if own is None:
        raise ValidationError(_("This template is not yours to change. Make a copy of your own."), code="not_yours")
    return own


def add_version(template: Template, number: int, draft: Draft, *, by: User | None, now: datetime) -> TemplateVersion:
    """Save a version with its sessions; nobody but Benang itself adds one without a person. Raise ValidationError."""
    said, sessions = as_said(draft)
    version = TemplateVersion(template=template, number=number, created_at=now, created_by=by, **said)
    version.full_clean(exclude=["created_by"])
    if len(sessions) != version.planned_sessions:
        raise ValidationError(_("Write an outline for each planned session."), code="sessions")
    rows = [TemplateSession(version=version, number=k, **texts) for k, texts in enumerate(sessions, start=1)]
    for row in rows:
        row.full_clean(exclude=["version"], validate_unique=False, validate_constraints=False)
    version.save(force_insert=True)
    TemplateSession.objects.bulk_create(rows)
    return version


def as_said(draft: Draft) -> tuple[dict, list[dict]]:
    """The draft in full: every field of a version, and every text of every session."""
    said = {name: getattr(draft, name) for name in VERSION_FIELDS}
    reviews = said["review_after"]
    said["review_after"] = review_points(draft.planned_sessions) if reviews is None else sorted(set(reviews))
    return said, [{name: texts.get(name, "") for name in SESSION_FIELDS} for texts in draft.sessions]


def says(version: TemplateVersion) -> tuple[dict, list[dict]]:
    """What a version says, in the shape of a draft in full."""
    sessions = version.sessions.order_by("number").values(*SESSION_FIELDS)
    return {name: getattr(version, name) for name in VERSION_FIELDS}, list(sessions)


# --- What a proposal takes from a template -------------------------------------------------------------------------


def copy_outline(version: TemplateVersion, language: str) -> dict:
    """What a proposal copies from a version, in the client's language; where a text is missing, in the other one.

    {"title", "sessions": [{"aim", "agenda", "technique", "task"} for each session in order]}, all str.
    Nothing of it stays tied to the template: later versions change no program.
    """
    with override(language):
        sessions = [{name: getattr(row, name) for name in OUTLINE} for row in version.sessions.order_by("number")]
        return {"title": version.title, "sessions": sessions}

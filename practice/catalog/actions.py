"""What happens when the practice sets itself up: records are kept, changed and removed, and the trail says so."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice.people.accounts import Role, User
from practice.people.actions import invite
from practice.people.counselors import Counselor
from practice.people.invitations import Invitation
from practice.records.actions import record

# What may refer to a record, in words a person knows: by the name of the model that refers.
NAMES = {
    "meeting": gettext_lazy("appointments"),
    "service": gettext_lazy("services"),
    "counselor": gettext_lazy("counselors"),
    "room": gettext_lazy("rooms"),
    "workinghours": gettext_lazy("working hours"),
    "closure": gettext_lazy("closed days"),
    "invitation": gettext_lazy("invitations"),
    "carerelationship": gettext_lazy("clients in their care"),
}
# What belongs to a record and goes with it: (the record, what refers to it).
PARTS = {("counselor", "licence"), ("counselor", "workinghours"), ("counselor", "timeoff"), ("counselor", "service")}
TAKEN_BY_PAGES = {"new"}
FACT_LENGTH = 200


@transaction.atomic
def save_record(*, form, by: User, now: datetime) -> models.Model:
    """Save the record a valid ModelForm holds; the trail says `service.made` or `service.changed`, and which fields.

    Raise ValidationError if somebody else has taken the same name at the same moment.
    """
    is_new = form.instance._state.adding
    if is_new and form.slug_from:
        form.instance.slug = free_slug(type(form.instance), form.cleaned_data[form.slug_from])
    try:
        with transaction.atomic():
            kept = form.save()
    except IntegrityError as error:
        raise ValidationError(_("Somebody has just saved the same. Look at the list again."), code="same") from error
    if is_new or form.has_changed():
        act = f"{kept._meta.model_name}.{'made' if is_new else 'changed'}"
        record(by, act, kept, now=now, fields=", ".join(form.changed_data)[:FACT_LENGTH])
    return kept


@transaction.atomic
def delete_record(*, obj: models.Model, by: User, now: datetime) -> None:
    """Delete a record and its own parts. Raise ValidationError if anything else refers to it."""
    if type(obj)._base_manager.select_for_update(of=("self",)).filter(pk=obj.pk).first() is None:
        raise ValidationError(_("Somebody has deleted this meanwhile."), code="gone")
    users = referring_to(obj)
    if users:
        raise ValidationError(
            _("This is still in use: %(users)s. It stays."), params={"users": ", ".join(users)}, code="in_use"
        )
    record(by, f"{obj._meta.model_name}.deleted", obj, now=now)
    try:
        with transaction.atomic():
            obj.delete()
    except (models.ProtectedError, IntegrityError) as error:
        raise ValidationError(_("Somebody has just begun to use this. It stays."), code="in_use") from error


@transaction.atomic
def add_counselor(*, form, email: str, by: User, now: datetime) -> Counselor:
    """Save a new counselor and, with an address, invite them to an account of their own. Raise ValidationError for both
    or neither, on "email" if the address cannot be invited.
    """
    counselor = save_record(form=form, by=by, now=now)
    if email:
        try:
            invite_counselor(counselor=counselor, email=email, by=by, now=now)
        except ValidationError as error:
            raise ValidationError({"email": error}) from error
    return counselor


def invite_counselor(*, counselor: Counselor, email: str, by: User, now: datetime) -> Invitation:
    """Mail a counselor the way to an account of their own. Raise ValidationError if they or the address have one."""
    return invite(email=email, name=counselor.name, role=Role.COUNSELOR, by=by, now=now, counselor=counselor)


@transaction.atomic
def link_account(*, counselor: Counselor, user: User, by: User, now: datetime) -> Counselor:
    """Make an account that has the role already the counselor's own.

    Raise ValidationError if either belongs to somebody else, or if the account is not a counselor's.
    """
    counselor = Counselor.objects.select_for_update(of=("self",)).get(pk=counselor.pk)
    if counselor.user_id is not None or Counselor.objects.filter(user=user).exists():
        raise ValidationError(_("One of the two has been linked meanwhile."), code="linked")
    if not user.has_role(Role.COUNSELOR):
        raise ValidationError(_("This account does not have the role of a counselor."), code="role")
    counselor.user = user
    counselor.save(update_fields=["user"])
    record(by, "counselor.linked", counselor, now=now, account=user.pk)
    return counselor


@transaction.atomic
def save_licences(*, formset, by: User, now: datetime) -> None:
    """Save a counselor's licences as the valid formset has them. Raise ValidationError if two are of one kind."""
    try:
        with transaction.atomic():
            formset.save()
    except IntegrityError as error:
        raise ValidationError(_("Enter each kind of licence once."), code="same") from error
    if formset.has_changed():
        record(by, "licences.changed", formset.instance, now=now)


def referring_to(obj: models.Model) -> list[str]:
    """What refers to this record besides its own parts, in words: appointments, services."""
    found = {}
    for relation in obj._meta.get_fields(include_hidden=True):
        if relation.concrete or not (relation.one_to_many or relation.one_to_one):
            continue
        model = relation.related_model
        owner = model._meta.auto_created or model  # a row of a many-to-many stands for the record that lists this one
        name = owner._meta.model_name
        if owner is type(obj) or (obj._meta.model_name, name) in PARTS or name in found:
            continue
        if model._base_manager.filter(**{relation.field.name: obj}).exists():
            found[name] = str(NAMES.get(name, _("other records")))
    return list(found.values())


def free_slug(model: type[models.Model], text: str) -> str:
    """A name for links made of `text` that no record of this model has yet: konsultasi, konsultasi-2."""
    stem = slugify(text)[:40].strip("-") or model._meta.model_name
    taken = TAKEN_BY_PAGES | set(model._base_manager.filter(slug__startswith=stem).values_list("slug", flat=True))
    count = 1
    while (slug := stem if count == 1 else f"{stem}-{count}") in taken:
        count += 1
    return slug

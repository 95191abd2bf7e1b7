"""Who supervises whom: begun, changed and ended by the manager, with dates that stay."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from practice.people.accounts import Role, User
from practice.people.counselors import Counselor
from practice.people.supervision import Supervision
from practice.records.actions import record


@transaction.atomic
def begin_supervision(
    *, supervisor: User, counselor: Counselor, co_signs: bool, by: User, now: datetime
) -> Supervision:
    """Let a supervisor read, and perhaps co-sign, what a counselor writes from now on.

    Raise ValidationError for somebody without the role, for oneself, or if they supervise this counselor already.
    """
    Counselor.objects.select_for_update().get(pk=counselor.pk)
    if not supervisor.has_role(Role.SUPERVISOR):
        raise ValidationError({"supervisor": _("Choose somebody who holds the role of supervisor.")}, code="role")
    if counselor.user_id == supervisor.pk:
        raise ValidationError({"supervisor": _("Nobody supervises themselves.")}, code="self")
    if Supervision.objects.filter(supervisor=supervisor, counselor=counselor, ended_at=None).exists():
        raise ValidationError(_("They supervise this counselor already."), code="exists")
    begun = Supervision.objects.create(supervisor=supervisor, counselor=counselor, co_signs=co_signs, started_at=now)
    record(by, "supervision.begun", begun, now=now, co_signs=co_signs, counselor=counselor.pk)
    return begun


@transaction.atomic
def change_supervision(*, supervision: Supervision, co_signs: bool, by: User, now: datetime) -> Supervision:
    """Say whether the supervisor co-signs from now on. Raise ValidationError once it has ended."""
    kept = _open(supervision)
    if kept.co_signs != co_signs:
        kept.co_signs = co_signs
        kept.save(update_fields=["co_signs"])
        record(by, "supervision.changed", kept, now=now, co_signs=co_signs)
    return kept


@transaction.atomic
def end_supervision(*, supervision: Supervision, by: User, now: datetime) -> Supervision:
    """End it now: at the next request the supervisor reads nothing more. Raise ValidationError once it has ended."""
    kept = _open(supervision)
    kept.ended_at = now
    kept.save(update_fields=["ended_at"])
    record(by, "supervision.ended", kept, now=now)
    return kept


def _open(supervision: Supervision) -> Supervision:
    kept = Supervision.objects.select_for_update(of=("self",)).get(pk=supervision.pk)
    if kept.ended_at is not None:
        raise ValidationError(_("This supervision has ended."), code="ended")
    return kept

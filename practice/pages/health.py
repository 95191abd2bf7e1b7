"""Whether the process lives, and whether everything it stands on is there. Nothing else is told."""

from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from practice.messages.actions import worker_is_alive

PROBES = ("/healthz", "/readyz")  # nothing is asked of the database on the way to them
_migrated: set[str] = set()  # kept once true: a process never outlives its own migrations


def answer(body: dict, *, well: bool) -> JsonResponse:
    return JsonResponse(body, status=200 if well else 503, headers={"Cache-Control": "no-store"})


@login_not_required
@require_safe
def alive(request):
    """200 while the process lives. Touches no database."""
    return answer({"status": "ok"}, well=True)


@login_not_required
@require_safe
def ready(request):
    """200 when database, migrations and worker are fine, else 503; one word each."""
    words = {"database": "away", "migrations": "unknown", "worker": "unknown"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        words["database"] = "ok"
        words["migrations"] = "ok" if is_migrated() else "behind"
        words["worker"] = "ok" if worker_is_alive(timezone.now()) else "silent"
    except Error:
        connection.close()
    return answer(words, well=set(words.values()) == {"ok"})


def is_migrated() -> bool:
    """True if every migration of this release has been run."""
    if not _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.add(connection.alias)
    return True

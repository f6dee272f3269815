"""Whether the centre is well: its database answers, is of this version's form, and its background work is done."""

import json
from functools import cache

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from centre.clock import machine_s
from centre.running.models import Beat
from centre.work import apps_that_work

STALE_S = 300
"""Work that was not done for so long is not done any more."""


def health(at_s: int) -> dict[str, bool]:
    """Each part, and whether it is well. Says no more than that: anyone may ask."""
    try:
        applied = _applied()
        well = applied and _work_alive(at_s)
    except (DatabaseError, InterfaceError):
        return {"database": False, "migrations": False, "work": False}
    return {"database": True, "migrations": applied, "work": well}


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """GET /healthz: 200 if all is well, else 503, with each part as JSON."""
    parts = health(machine_s())
    return HttpResponse(json.dumps(parts), "application/json", status=200 if all(parts.values()) else 503)


def _work_alive(at_s: int) -> bool:
    beats = {beat.app: beat.done_at_s for beat in Beat.objects.all()}
    return all(beats.get(app, 0) > at_s - STALE_S for app in apps_that_work())


def _applied() -> bool:
    """Asked once more until it is so: then it stays so for as long as this process's code."""
    if _was_applied():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    _was_applied.cache_clear()
    return False


@cache
def _was_applied() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())

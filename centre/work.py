"""The background work: what each app has to do in its `work.py`, in turn.

    work(now_s) -> int      how many things it did; it may fail, and is called again a few seconds later

What fails in one app does not keep the others from theirs.
"""

import logging
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from django.apps import apps

from centre.clock import machine_s
from centre.running.models import Beat

Work = Callable[[int], int]
_log = logging.getLogger(__name__)


class Done(NamedTuple):
    """What came of one round."""

    things: dict[str, int]
    """App -> how many things it did."""
    failed: tuple[str, ...]
    """Apps whose work met a fault; the log tells which."""


def apps_that_work() -> tuple[str, ...]:
    """The apps of the centre that have a `work.py`, by their labels."""
    return tuple(
        app.label
        for app in apps.get_app_configs()
        if app.name.startswith("centre.") and find_spec(f"{app.name}.work") is not None
    )


def work_once(now_s: int, works: dict[str, Work] | None = None) -> Done:
    """One round of everybody's work. Never raises for what an app's work raised."""
    things: dict[str, int] = {}
    failed = []
    for app, work in (works or _works()).items():
        try:
            things[app] = work(now_s)
        except Exception as fault:
            _log.exception("work of %s failed", app)
            failed.append(app)
            _remember(app, failed_at_s=machine_s(), fault=type(fault).__name__)
        else:
            _remember(app, done_at_s=machine_s())
    return Done(things, tuple(failed))


def _works() -> dict[str, Work]:
    return {app: import_module(f"{apps.get_app_config(app).name}.work").work for app in apps_that_work()}


def _remember(app: str, **values: int | str) -> None:
    Beat.objects.update_or_create(app=app, defaults=values)

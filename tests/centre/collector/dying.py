"""Settings of a centre that is killed at a moment of one's choice: whose file lies in its home (faults 35).

The whole process group goes, by SIGKILL: nothing is written, flushed or rolled back by anybody.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from django.apps import AppConfig

from centre.settings import *  # noqa: F403
from centre.settings import HOME, INSTALLED_APPS

MOMENTS = ("a piece is written", "a receipt is signed", "a receipt is on its way", "rows are written")
"""Each in the middle of its transaction, but for the third, which is after it."""


class DyingConfig(AppConfig):
    name = "tests.centre.collector"
    label = "dying"

    def ready(self) -> None:
        from centre.collector import bulk, holding, models, views  # noqa: PLC0415

        self._dies(models.Piece.objects, "create", MOMENTS[0])
        self._dies(holding, "encode_held", MOMENTS[1])
        self._dies(views, "derive", MOMENTS[2])
        self._dies(bulk, "insert", MOMENTS[3])

    def _dies(self, where: Any, name: str, moment: str) -> None:
        act: Callable[..., Any] = getattr(where, name)

        def killed(*args: Any, **named: Any) -> Any:
            came = act(*args, **named) if moment != MOMENTS[2] else None
            if (HOME / moment).exists():
                (HOME / moment).unlink()
                os.killpg(os.getpgrp(), signal.SIGKILL)
            return came if moment != MOMENTS[2] else act(*args, **named)

        setattr(where, name, killed)


sys.modules[__name__ + ".apps"] = sys.modules[__name__]
INSTALLED_APPS = [*INSTALLED_APPS, f"{__name__}.DyingConfig"]

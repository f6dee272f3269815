"""What time the centre goes by: one place to ask, so that a bench can move it on (模擬)."""

import time
from datetime import date
from pathlib import Path

from django.conf import settings

from tariff.calendar import day_in_japan


def now_s() -> int:
    """Seconds since 1970. On a bench, later by the seconds that stand in the file `CENTRE_CLOCK_AHEAD` (模擬)."""
    ahead: Path | None = settings.CLOCK_AHEAD
    return machine_s() + (int(ahead.read_text()) if ahead and ahead.exists() else 0)


def today() -> date:
    """The day in Japan."""
    return day_in_japan(now_s())


def machine_s() -> int:
    """Seconds since 1970 by this machine: for watching processes, whose lives no demo moves on."""
    return int(time.time())

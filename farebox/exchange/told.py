"""The centre's time, handed from the exchange to the terminal, which is another process (faults 24, 25).

Neither may trust the wall clock, but both read the same count of this machine (CLOCK_MONOTONIC), which begins anew at
each boot. So the exchange leaves a file of one line in a folder that is empty after a boot:

    1 BOOT-ID COUNTED-MS CENTRE-S          at that count, it was that second at the centre

    leave(path, told)                      the exchange
    tell(clock, path)                      the terminal, every few seconds

What is found there is hostile until it is read: another boot's, an old one, or nonsense tells nothing. It takes the
right to write that folder to lie here; the terminal still believes no time before one that is known to be past.
"""

import os
import re
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from farebox.clock import TrustedClock, Why
from farebox.formats.journal import LAST_TIME_S

MOST_AGE_S = 86_400
"""A quartz is off by some seconds a day."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
BOOT_ID_SET = "FAREBOX_BOOT_ID"
"""Set by the units (`%b`), for services that don't see all of /proc."""
_MOST_BYTES = 200
_LINE = re.compile(rb"1 ([0-9a-f]{32}) ([0-9]{1,15}) ([0-9]{1,12})\n")


class Told(NamedTuple):
    """In this boot, when the machine had counted so many milliseconds, it was `at_s` at the centre."""

    boot_id: str
    counted_ms: int
    at_s: int


def boot_id(environ: Mapping[str, str] = os.environ, path: Path = BOOT_ID) -> str:
    """Which boot this is, 32 hex digits; empty where nothing tells."""
    try:
        text = environ.get(BOOT_ID_SET) or path.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""
    return text.strip().replace("-", "").lower()


def leave(path: Path, told: Told) -> None:
    """Leave the centre's time for the terminal, whole or not at all. Raises OSError."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(f"1 {told.boot_id} {told.counted_ms} {told.at_s}\n", "ascii")
    part.replace(path)


def parse(data: bytes) -> Told | None:
    """What these bytes tell; None if it is nothing."""
    found = _LINE.fullmatch(data)
    if found is None or int(found[3]) > LAST_TIME_S:
        return None
    return Told(found[1].decode(), int(found[2]), int(found[3]))


def now_by(told: Told, boot: str, counted_s: float) -> int | None:
    """What time it is by that, when this boot has counted so many seconds; None if it tells nothing about now."""
    age_s = counted_s - told.counted_ms / 1000
    if not boot or told.boot_id != boot or not 0 <= age_s <= MOST_AGE_S:
        return None
    return int(told.at_s + age_s)


def found_at(path: Path) -> Told | None:
    """What was left there; None for anything else that stands there. Never waits."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        regular = stat.S_ISREG(os.fstat(fd).st_mode)
        return parse(os.read(fd, _MOST_BYTES)) if regular else None
    except OSError:
        return None
    finally:
        os.close(fd)


def tell(
    clock: TrustedClock, path: Path, boot: str | None = None, monotonic_s: Callable[[], float] = time.monotonic
) -> bool:
    """Tell the clock what the centre said last; whether it believed it. NTP, which never rests, needs no telling."""
    if clock.trust.trusted and clock.trust.why is Why.NTP:
        return False
    told = found_at(path)
    at_s = now_by(told, boot_id() if boot is None else boot, monotonic_s()) if told else None
    return at_s is not None and clock.told(at_s)

"""Who vouches for the wall clock of this machine: the kernel for NTP, and a clock with a battery. Linux only.

Both answer False where they can't be asked: a clock that nobody can vouch for is not trusted.
"""

import time
from contextlib import suppress
from pathlib import Path

from farebox.clock import TOLERANCE_S, Sources

_TIMEX_BYTES = 256
"""struct timex is 208 bytes on 64-bit Linux; all zeros asks, and sets nothing (adjtimex(2))."""
_TIME_ERROR = 5
"""What adjtimex answers while the clock is not synchronised."""
RTCS = Path("/sys/class/rtc")


def by_ntp() -> bool:
    """Whether the kernel says that the clock is kept in step, as `timedatectl` does."""
    return 0 <= asked_of_the_kernel() < _TIME_ERROR


def asked_of_the_kernel() -> int:
    """What adjtimex answers; -1 where it may not be called."""
    import ctypes  # noqa: PLC0415 - four modules for one question

    try:
        return int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    except (OSError, AttributeError):
        return -1


def by_rtc(folder: Path = RTCS) -> bool:
    """Whether the kernel set the clock from an RTC when it started, and both still agree."""
    for clock in sorted(folder.glob("rtc*")):
        with suppress(OSError, ValueError):
            set_from_it = (clock / "hctosys").read_text().strip() == "1"
            apart_s = abs(int((clock / "since_epoch").read_text()) - time.time())
            if set_from_it and apart_s <= TOLERANCE_S:
                return True
    return False


def sources() -> Sources:
    """This machine's."""
    return Sources(time.time, time.monotonic, by_ntp, by_rtc)

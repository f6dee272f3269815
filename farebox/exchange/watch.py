"""Session after session, for days without a network as for years with one.

After a session that did all there was to do, the next comes in `every_s`; after one that failed, soon, then later and
later. Each pause is spread by chance, so that a fleet that lost its centre does not come back to it in one moment.
"""

from collections.abc import Callable
from typing import Protocol

from farebox.exchange.session import Report

FIRST_PAUSE_S = 5.0
MOST_PAUSE_S = 900.0
_SLICE_S = 1.0


class Session(Protocol):
    """What is done each time."""

    def once(self) -> Report:
        """One session."""


def pause_s(failures: int, every_s: float, retry_after_s: float, chance: float) -> float:
    """How long to rest after so many failures in a row; `chance` from 0 to 1.

    In order: from 0.9 to 1.1 of `every_s`. Failed: 5 s doubled each time, at most 15 minutes, and of that from a half
    to the whole; never less than the centre asked for.
    """
    if not failures:
        return max(every_s * (0.9 + 0.2 * chance), retry_after_s)
    longest_s = min(FIRST_PAUSE_S * 2.0 ** min(failures - 1, 30), MOST_PAUSE_S)
    return max(longest_s * (0.5 + 0.5 * chance), retry_after_s * (1 + 0.1 * chance))


def watch(
    session: Session,
    every_s: float,
    stopping: Callable[[], bool],
    notify: Callable[[str], None],
    report: Callable[[Report], None],
    chance: Callable[[], float],
    monotonic_s: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Until asked to stop. `notify` speaks sd_notify's words, `report` is told of each session."""
    failures = 0
    notify("READY=1")
    while not stopping():
        came = session.once()
        report(came)
        failures = 0 if came.fault is None and not came.refusals else failures + 1
        notify(f"STATUS=segments waiting: {came.waiting}, sessions failed in a row: {failures}")
        until_s = monotonic_s() + pause_s(failures, every_s, came.retry_after_s, chance())
        while not stopping() and (left_s := until_s - monotonic_s()) > 0:
            notify("WATCHDOG=1")
            sleep(min(_SLICE_S, left_s))
    notify("STOPPING=1")

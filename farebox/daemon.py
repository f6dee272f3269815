"""The fare box as a service: the loop, what the system is told of it, and how it ends.

SIGTERM and SIGINT set a flag: the tap in hand is finished, the trip closed, the journal flushed. The watchdog is told
after each round of the loop, so that a loop that hangs is restarted by the system.
"""

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from types import FrameType
from typing import Self

from farebox.box import Box

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping(AbstractContextManager["Stopping"]):
    """Whether the service was asked to end. Takes the signals over while it is entered."""

    def __init__(self) -> None:
        """Not yet."""
        self.asked = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        """Listen."""
        for number in _SIGNALS:
            with suppress(ValueError):  # not the main thread: whoever owns the signals keeps them
                self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def serve(box: Box, stopping: Callable[[], bool], notify: Callable[[str], None], rest: Callable[[], None]) -> None:
    """Run the box until it is asked to end, or the journal fails. `notify` speaks sd_notify's words.

    `rest` comes after each round: readers that are imagined answer at once, and a loop without it would burn a core.
    """
    notify("READY=1")
    while box.alive and not stopping():
        box.step()
        notify("WATCHDOG=1")
        rest()
    notify("STOPPING=1")
    box.close_trip()

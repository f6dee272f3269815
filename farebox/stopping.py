"""SIGTERM and SIGINT as a flag: what is in hand is finished first.

An exception out of nowhere could tear the terminal in the middle of a tap.
"""

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from types import FrameType
from typing import Self

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping(AbstractContextManager["Stopping"]):
    """Whether whoever runs was asked to end. Takes the signals over while it is entered."""

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        """Not yet. `wake` is called once it is asked for: it wakes who waits, and does nothing else."""
        self.asked = False
        self._wake = wake
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
        self._wake()

"""Lines from the keyboard or a pipe, and the signals that end a run: whichever comes first, never in mid-tap."""

import os
import select
import signal
import sys
from contextlib import AbstractContextManager, suppress
from enum import Enum
from types import FrameType
from typing import Self

_MOST_BYTES = 1_000
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Nothing(Enum):
    """No line: not yet, or never again."""

    YET = "yet"
    MORE = "more"


class Keyboard(AbstractContextManager["Keyboard"]):
    """Standard input by lines. Ctrl-C and SIGTERM end it like the end of input, once what is in hand is done.

    A signal only sets a flag: an exception out of nowhere could tear the terminal in the middle of a tap.
    """

    def __init__(self) -> None:
        """Listen to nothing yet."""
        self._waiting = b""
        self._over = False
        self._handlers: dict[signal.Signals, object] = {}
        self._woken, self._wake = os.pipe()

    def __enter__(self) -> Self:
        """Take the signals over."""
        for number in _SIGNALS:
            with suppress(ValueError):  # not the main thread: whoever owns the signals keeps them
                self._handlers[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        """Give them back."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        os.close(self._woken)
        os.close(self._wake)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._over = True
        os.write(self._wake, b"!")

    def line(self, wait_s: float | None) -> str | Nothing:
        """The next line; Nothing.YET if none came in time, Nothing.MORE at the end."""
        try:
            descriptor = sys.stdin.fileno()
        except (OSError, ValueError, AttributeError):
            return sys.stdin.readline() or Nothing.MORE  # not a real file: a test's or an embedder's
        while not self._over:
            text, newline, rest = self._waiting.partition(b"\n")
            if newline or len(text) > _MOST_BYTES:
                self._waiting = rest
                return text[:_MOST_BYTES].decode(errors="replace")
            ready, _, _ = select.select((descriptor, self._woken), (), (), wait_s)
            if not ready:
                return Nothing.YET
            if descriptor in ready:
                received = os.read(descriptor, 4_096)
                if not received:
                    self._over, last = True, self._waiting
                    return last.decode(errors="replace") if last else Nothing.MORE
                self._waiting += received
        return Nothing.MORE

"""Lines from the keyboard or a pipe, and the signals that end a run: whichever comes first, never in mid-tap."""

import os
import select
import sys
from contextlib import AbstractContextManager
from enum import Enum
from typing import Self

from farebox.stopping import Stopping

_MOST_BYTES = 1_000


class Nothing(Enum):
    """No line: not yet, or never again."""

    YET = "yet"
    MORE = "more"


class Keyboard(AbstractContextManager["Keyboard"]):
    """Standard input by lines. Ctrl-C and SIGTERM end it like the end of input, once what is in hand is done."""

    def __init__(self) -> None:
        """Listen to nothing yet."""
        self._waiting = b""
        self._over = False
        self._stopping = Stopping(self._end)
        self._woken, self._wake = os.pipe()

    def __enter__(self) -> Self:
        """Take the signals over."""
        self._stopping.__enter__()
        return self

    def __exit__(self, *exited: object) -> None:
        """Give them back."""
        self._stopping.__exit__(*exited)
        os.close(self._woken)
        os.close(self._wake)

    def _end(self) -> None:
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

"""A device at the far end of a pseudo-terminal (模擬): what the simulated chip, printer and note acceptor share."""

import os
import select
import tty
from abc import ABC, abstractmethod
from threading import Thread
from typing import Self

_MOST_BYTES = 65_536


class PtyDevice(ABC):
    """Answers on a thread of its own until closed. `path` is what a serial port's name would be; a context manager.

    `bytes_on_the_wire` counts both directions.
    """

    def __init__(self, name: str) -> None:
        """Open a pseudo-terminal and begin: whatever `_take` needs must be there already."""
        self.bytes_on_the_wire = 0
        self._far_end, self._host_end = os.openpty()
        # Both raw, and the host's end kept open: hosts close and reopen it to change the speed of the line.
        tty.setraw(self._far_end)
        tty.setraw(self._host_end)
        self.path = os.ttyname(self._host_end)
        self._stop_end, self._stop = os.pipe()
        self._thread = Thread(target=self._run, name=f"{name} {self.path}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """The device itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Pull the plug: the host's end gets no answer any more."""
        if self._thread.is_alive():
            os.write(self._stop, b"x")
            self._thread.join()
            for descriptor in (self._far_end, self._host_end, self._stop_end, self._stop):
                os.close(descriptor)

    @abstractmethod
    def _take(self, waiting: bytes) -> bytes | None:
        """Answer what is whole of what the host sent; gives what is left over. None: it is stuck, and
        takes nothing any more until the plug is pulled.
        """

    def _send(self, data: bytes) -> None:
        self.bytes_on_the_wire += len(data)
        os.write(self._far_end, data)

    def _run(self) -> None:
        waiting: bytes | None = b""
        while waiting is not None:
            ready, _, _ = select.select((self._far_end, self._stop_end), (), ())
            if self._stop_end in ready:
                return
            received = os.read(self._far_end, _MOST_BYTES)
            self.bytes_on_the_wire += len(received)
            waiting = self._take(waiting + received)
        select.select((self._stop_end,), (), ())

"""A receipt printer on a pseudo-terminal (模擬): the far end of the wire for the real pyserial and python-escpos.

It understands what slips need of ESC/POS: DLE EOT n (status), GS v 0 (a picture), GS V (cut), ESC @, ESC d and LF; what
else it gets it counts as `unknown` and passes over.
"""

import os
import select
import tty
from threading import Event, Thread
from typing import Self

from farebox.slips.raster import Raster

_DLE, _ESC, _GS = 0x10, 0x1B, 0x1D
_FIXED = 0x12
"""Bits 1 and 4 are set in every status byte."""
_OFFLINE, _NEAR_END, _NO_PAPER = 0x08, 0x0C, 0x60
_PICTURE_HEAD = 8


class ReceiptPrinter:
    """One simulated printer. `path` is what a serial port's name would be; use it as a context manager."""

    def __init__(self) -> None:
        """Open a pseudo-terminal and answer on it until closed."""
        self.paper_out = self.paper_low = self.cover_open = self.silent = False
        self.runs_out_after: int | None = None
        """So many pictures, and the paper ends."""
        self.pictures: list[Raster] = []
        self.cuts = 0
        self.unknown = 0
        self.cut = Event()
        self._far_end, self._near_end = os.openpty()
        tty.setraw(self._far_end)
        tty.setraw(self._near_end)
        self.path = os.ttyname(self._near_end)
        self._stop_end, self._stop = os.pipe()
        self._thread = Thread(target=self._run, name=f"printer {self.path}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """The printer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Pull the plug."""
        self.close()

    def close(self) -> None:
        """Pull the plug."""
        if self._thread.is_alive():
            os.write(self._stop, b"x")
            self._thread.join()
            for descriptor in (self._far_end, self._near_end, self._stop_end, self._stop):
                os.close(descriptor)

    def _run(self) -> None:
        waiting = b""
        while True:
            ready, _, _ = select.select((self._far_end, self._stop_end), (), ())
            if self._stop_end in ready:
                return
            waiting += os.read(self._far_end, 65_536)
            while (used := self._take(waiting)) > 0:
                waiting = waiting[used:]

    def _take(self, waiting: bytes) -> int:
        """Obey the first command; how many bytes it had, 0 if it is not whole yet."""
        if waiting[:1] == b"\n":
            return 1
        if len(waiting) < 3:
            return 0
        if waiting[0] == _DLE and waiting[1] == 0x04:
            self._tell_status(waiting[2])
            return 3
        if waiting[:3] == bytes((_GS, 0x76, 0x30)):
            return self._take_picture(waiting)
        if waiting[:2] == bytes((_GS, 0x56)):
            self.cuts += 1
            self.cut.set()
            # Function B (65, 66) feeds before it cuts, and has one byte more.
            return 4 if waiting[2] in (0x41, 0x42) else 3
        if waiting[:2] == bytes((_ESC, 0x64)):
            return 3
        if waiting[:2] == bytes((_ESC, 0x40)):
            return 2
        self.unknown += 1
        return 1

    def _take_picture(self, waiting: bytes) -> int:
        if len(waiting) < _PICTURE_HEAD:
            return 0
        row_bytes, rows = (int.from_bytes(waiting[at : at + 2], "little") for at in (4, 6))
        end = _PICTURE_HEAD + row_bytes * rows
        if len(waiting) < end:
            return 0
        self.pictures.append(Raster(row_bytes * 8, rows, waiting[_PICTURE_HEAD:end]))
        self.paper_out = self.paper_out or len(self.pictures) == self.runs_out_after
        return end

    def _tell_status(self, kind: int) -> None:
        if self.silent:
            return
        status = _FIXED
        if kind == 1:
            status |= _OFFLINE * (self.cover_open or self.paper_out)
        else:
            status |= _NEAR_END * self.paper_low | _NO_PAPER * self.paper_out
        os.write(self._far_end, bytes((status,)))

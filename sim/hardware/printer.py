"""A receipt printer on a pseudo-terminal (模擬): the far end of the wire for the real pyserial and python-escpos.

It understands what slips need of ESC/POS: DLE EOT n (status), GS v 0 (a picture), GS V (cut), ESC @, ESC d and LF; what
else it gets it counts as `unknown` and passes over.
"""

from threading import Event

from farebox.slips.raster import Raster
from sim.hardware.pty_device import PtyDevice

_DLE, _ESC, _GS = 0x10, 0x1B, 0x1D
_FIXED = 0x12
"""Bits 1 and 4 are set in every status byte."""
_OFFLINE, _NEAR_END, _NO_PAPER = 0x08, 0x0C, 0x60
_PICTURE = bytes((_GS, 0x76, 0x30))
_PICTURE_HEAD = 8


class ReceiptPrinter(PtyDevice):
    """One simulated printer."""

    def __init__(self) -> None:
        """A printer with paper."""
        self.paper_out = self.paper_low = self.cover_open = self.silent = False
        self.sticks = False
        """From the next picture on it takes nothing any more, until the plug is pulled."""
        self.runs_out_after: int | None = None
        """So many pictures, and the paper ends."""
        self.pictures: list[Raster] = []
        self.cuts = 0
        self.unknown = 0
        self.cut = Event()
        super().__init__("printer")

    def _take(self, waiting: bytes) -> bytes | None:
        while not self._is_stuck(waiting) and (used := self._obey(waiting)) > 0:
            waiting = waiting[used:]
        return None if self._is_stuck(waiting) else waiting

    def _is_stuck(self, waiting: bytes) -> bool:
        return self.sticks and waiting.startswith(_PICTURE)

    def _obey(self, waiting: bytes) -> int:
        """Obey the first command; how many bytes it had, 0 if it is not whole yet."""
        if waiting[:1] == b"\n":
            return 1
        if len(waiting) < 3:
            return 0
        if waiting[0] == _DLE and waiting[1] == 0x04:
            self._tell_status(waiting[2])
            return 3
        if waiting.startswith(_PICTURE):
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
        self._send(bytes((status,)))

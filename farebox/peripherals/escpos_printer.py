"""Receipt printers that speak ESC/POS, by python-escpos (the extra `printer`). The only `import escpos`.

    serial_printer("/dev/ttyUSB1", 38_400)      asks for paper and cover before and after each slip
    device_printer(Path("/dev/usb/lp0"))        the kernel's printer device: writes only, and knows no status

Slips go as pictures (GS v 0), so the printer needs no Japanese letters.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import ENOENT, ETIMEDOUT
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from escpos import printer as escpos_printers
from escpos.exceptions import Error
from PIL import Image

from farebox.peripherals.printer import Offline, PaperOut, Printed, Ready
from farebox.slips.raster import Raster

ANSWER_S = 0.3
"""How long an answer is waited for; python-escpos waits it out each time."""
_MOST_BITS_A_WRITE = 10 * 960 * 72
"""python-escpos sends pictures in pieces of 960 rows; 80 mm paper has 72 bytes a row."""
STUCK_AFTER_S = 10.0
_LOOK_EVERY_S = 0.02
_WORKING = (Error, OSError, AssertionError)
"""AssertionError: what python-escpos raises for a device that was closed under it."""
_PAPER_OUT, _PAPER_LOW = 0, 1

Opened = Callable[[], Any]


class EscposPrinter:
    """One printer: a SlipPrinter. It is opened for each slip, so that it may be switched off and on between."""

    def __init__(self, open_printer: Opened, tells_status: bool) -> None:
        """Use serial_printer or device_printer."""
        self._open_printer, self._tells_status = open_printer, tells_status

    def status(self) -> Ready | PaperOut | Offline:
        """How it is now; one that can't tell is taken to be ready if it can be opened."""
        try:
            with self._opened() as printer:
                return self._asked(printer)
        except _WORKING as error:
            return Offline(_said(error))

    def print(self, raster: Raster) -> Printed | PaperOut | Offline:
        """Ask, print, cut, and ask again."""
        begun = False
        try:
            with self._opened() as printer:
                before = self._asked(printer)
                if not isinstance(before, Ready):
                    return before
                begun = True
                _tell_width(printer, raster.width_px)
                printer.image(Image.frombytes("1", (raster.width_px, raster.height_px), _inverted(raster)))
                printer.cut()
                if self._tells_status:
                    printer.drain()
                after = self._asked(printer)
        except _WORKING as error:
            return Offline(_said(error), begun)
        return Printed(after.paper_low) if isinstance(after, Ready) else after._replace(begun=True)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        printer = self._open_printer()
        try:
            printer.open()
            yield printer
        finally:
            with suppress(*_WORKING):
                printer.close()

    def _asked(self, printer: Any) -> Ready | PaperOut | Offline:
        if not self._tells_status:
            return Ready()
        # Paper first: a printer without any calls itself offline too.
        paper = printer.paper_status()
        if paper == _PAPER_OUT:
            return PaperOut()
        if not printer.is_online():
            return Offline("off, or its cover is open")
        return Ready(paper_low=paper == _PAPER_LOW)


def serial_printer(
    path: str, baud: int, answer_s: float = ANSWER_S, stuck_after_s: float = STUCK_AFTER_S
) -> EscposPrinter:
    """A printer on a serial line, USB ones with a serial chip too.

    One that takes no more for `stuck_after_s` longer than its line needs is offline.
    """
    write_s = stuck_after_s + _MOST_BITS_A_WRITE / baud

    def opened() -> Any:
        return _SerialPrinter(write_s, path, baud, timeout=answer_s, dsrdtr=False)

    return EscposPrinter(opened, tells_status=True)


class _SerialPrinter(escpos_printers.Serial):  # type: ignore[misc]
    """A printer that is switched off in the middle of a slip must not hold the queue for ever."""

    def __init__(self, write_s: float, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._write_s = write_s

    def open(self, raise_not_found: bool = True) -> None:
        super().open(raise_not_found)
        self.device.write_timeout = self._write_s

    def drain(self) -> None:
        """Wait until all of it is on the wire: a question behind a slip is answered only after it."""
        until_s = monotonic() + self._write_s
        while self.device.out_waiting:
            if monotonic() > until_s:
                raise TimeoutError(ETIMEDOUT, "the printer takes no more", self.devfile)
            sleep(_LOOK_EVERY_S)

    def _read(self) -> bytes:
        """A status is one byte. python-escpos asks for sixteen, and so waits out its whole time."""
        return bytes(self.device.read(1))

    def close(self) -> None:
        """What was not taken by now is dropped: closing would wait for it."""
        if self._device:
            self._device.reset_output_buffer()
        super().close()


def device_printer(path: Path) -> EscposPrinter:
    """A printer behind a file, as /dev/usb/lp0."""

    def opened() -> Any:
        # python-escpos would make a file where there is no device.
        if not path.is_char_device():
            raise FileNotFoundError(ENOENT, "no printer device", str(path))
        return escpos_printers.File(str(path), auto_flush=False)

    return EscposPrinter(opened, tells_status=False)


def _tell_width(printer: Any, width_px: int) -> None:
    """Of a printer whose width it does not know, python-escpos complains on the standard output."""
    media = {"width": {"pixels": width_px, "mm": "Unknown"}}
    printer.profile.profile_data = {**printer.profile.profile_data, "media": media}


def _inverted(raster: Raster) -> bytes:
    """Pillow has 0 for black."""
    return bytes(255 - byte for byte in raster.dots)


def _said(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__

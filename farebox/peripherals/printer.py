"""A slip printer: a Protocol, its outcomes as values, and a queue, since paper is slower than riders.

queue = PrintQueue(printer, tell)
queue.offer(raster)                 never waits; False: too many slips wait already
"""

from collections.abc import Callable
from queue import Full, Queue
from threading import Thread
from typing import NamedTuple, Protocol

from farebox.peripherals.finding import Finding, Level
from farebox.slips.raster import Raster


class Ready(NamedTuple):
    """It would print now. `paper_low`: the sensor near the end of the roll says so."""

    paper_low: bool = False


class Printed(NamedTuple):
    """The slip is out."""

    paper_low: bool = False


class PaperOut(NamedTuple):
    """No paper. `begun`: it ran out on the way, so what is out is not the whole slip."""

    begun: bool = False


class Offline(NamedTuple):
    """It does not answer, or answers that its cover is open: `what`. `begun` as above."""

    what: str
    begun: bool = False


class SlipPrinter(Protocol):
    """What prints pictures."""

    def status(self) -> Ready | PaperOut | Offline:
        """How it is now. May take a second; never raises."""

    def print(self, raster: Raster) -> Printed | PaperOut | Offline:
        """Print one slip and cut it off; returns when it is out. May take long; never raises."""


Outcome = Printed | PaperOut | Offline


class KeptSlips:
    """No printer: slips are handed to `keep`, as to a folder of PNGs. For a bench."""

    def __init__(self, keep: Callable[[Raster], None]) -> None:
        """Take what becomes of them; an OSError of it is a printer that is offline."""
        self._keep = keep

    def status(self) -> Ready | PaperOut | Offline:
        """Always ready."""
        return Ready()

    def print(self, raster: Raster) -> Printed | PaperOut | Offline:
        """Keep it."""
        try:
            self._keep(raster)
        except OSError as error:
            return Offline(str(error))
        return Printed()


MOST_WAITING = 3
_LONGEST_CLOSING_S = 5.0


class PrintQueue:
    """Prints in a thread of its own, one slip after the other. A slip that failed is told and not tried again."""

    def __init__(self, printer: SlipPrinter, tell: Callable[[Outcome], None]) -> None:
        """Take the printer, and whom to tell how each slip ended. `tell` is called in the queue's thread."""
        self._printer, self._tell = printer, tell
        self._inbox: Queue[Raster | None] = Queue(MOST_WAITING)
        self._thread = Thread(target=self._run, name="slips", daemon=True)
        self._thread.start()

    def offer(self, raster: Raster) -> bool:
        """Have it printed; False if too many wait already, and then it is not."""
        try:
            self._inbox.put_nowait(raster)
        except Full:
            return False
        return True

    def close(self) -> None:
        """Print what waits, and end; a printer that hangs is not waited for for long."""
        try:
            self._inbox.put(None, timeout=_LONGEST_CLOSING_S)
        except Full:
            return
        self._thread.join(_LONGEST_CLOSING_S)

    def _run(self) -> None:
        while (raster := self._inbox.get()) is not None:
            self._tell(self._printer.print(raster))


def judged(name: str, status: Ready | PaperOut | Offline) -> Finding:
    """For the doctor: what a printer's status means."""
    match status:
        case Ready(paper_low=False):
            return Finding(Level.OK, "printer-ready", name, ("印刷できます", "ready"))
        case Ready():
            fix = ("用紙を交換してください", "put in a new roll soon")
            return Finding(Level.NOTE, "paper-low", name, ("用紙が残りわずかです", "the paper is nearly used up"), fix)
        case PaperOut():
            fix = ("用紙を入れてください", "put in paper")
            return Finding(Level.FAIL, "paper-out", name, ("用紙がありません", "no paper"), fix)
        case Offline(what=what):
            fix = (
                "電源・ケーブル・カバー・通信速度を確かめてください",
                "look at its power, cable and cover, and at the speed of the line",
            )
            return Finding(
                Level.FAIL, "printer-offline", name, (f"応答がありません（{what}）", f"no answer ({what})"), fix
            )

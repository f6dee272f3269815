"""A bus with a note acceptor (模擬) for tests: `bus.top_up(card, 1_000)` is the whole of it, step by step if needed."""

from pathlib import Path

from cardimage.image import CardImage
from farebox.peripherals.id003 import Id003Acceptor
from farebox.result import Result, Side
from sim.bench import Bench, ImageBench
from sim.hardware.field import Withdrawal
from sim.hardware.note_acceptor import DirectLine, NoteAcceptorModel
from tests.farebox.bus import Bus
from tests.journal.memory_disk import MemoryDisk, MemoryFolder

SIDE = Side.ALIGHTING
MOST_STEPS = 12
"""More than any note needs from the slot to the box."""


class NoTopUp(Exception):
    """The terminal takes no top-up now."""


class NoteBus(Bus):
    """The bus, and the acceptor's model, which outlives the terminal."""

    def __init__(
        self,
        folder: Path,
        bench: Bench | None = None,
        disk: MemoryDisk | None = None,
        segments: MemoryFolder | None = None,
    ) -> None:
        self.notes = NoteAcceptorModel(lambda: float(self.clock.now_s))
        super().__init__(
            folder,
            bench or ImageBench(),
            disk=disk,
            segments=segments,
            note_acceptor=lambda: Id003Acceptor(DirectLine(self.notes), "simulated"),
        )

    def tend(self, times: int = MOST_STEPS) -> None:
        """The terminal's loop for a while: notes, then the reader where the card lies; each time a second passes."""
        for _ in range(times):
            self.clock.now_s += 1
            self.terminal.tend()

    def ask(self, card: CardImage, withdrawal: Withdrawal | None = None) -> Result | None:
        """The driver is asked, the card is laid and looked at."""
        self.tend(4)
        if (refusal := self.terminal.begin_top_up(SIDE)) is not None:
            raise NoTopUp(refusal)
        self.bench.lay(SIDE, card, withdrawal)
        return self.terminal.touch(SIDE)

    def finish(self) -> None:
        """The card is taken away, the top-up is over."""
        self.bench.lift(SIDE)
        self.terminal.touch(SIDE)
        self.terminal.end_top_up()
        self.tend()

    def top_up(self, card: CardImage, *notes_yen: int) -> list[Result]:
        """All of it: what was shown meanwhile."""
        first = len(self.shown)
        self.ask(card)
        for note_yen in notes_yen:
            self.notes.insert(note_yen)
            self.tend()
            self.terminal.touch(SIDE)
        self.finish()
        return self.shown[first:]

"""A bus with a note acceptor (模擬) for tests: `bus.top_up(card, 1_000)` is the whole of it, step by step if needed."""

from collections.abc import Iterable
from pathlib import Path

from cardimage.image import CardImage
from farebox.formats.journal import Entry
from farebox.peripherals.id003 import Id003Acceptor
from farebox.peripherals.note_acceptor import Phase
from farebox.result import Result, Side
from farebox.table import State
from farebox.top_up_flow import HOLD_S
from sim.bench import Bench, ImageBench
from sim.checkers import Moment, Notes, SeenBus, seen_card
from sim.demand import Holdings
from sim.hardware.field import Withdrawal
from sim.hardware.memory_disk import MemoryDisk, MemoryFolder, PowerLost, Tear
from sim.hardware.note_acceptor import DirectLine, NoteAcceptorModel
from tests.farebox.bus import Bus
from tests.farebox.field_bench import FieldBench

SIDE = Side.ALIGHTING
CAP_YEN = 20_000
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
        name: str = "BUS-1",
    ) -> None:
        self.notes = NoteAcceptorModel(lambda: float(self.clock.now_s))
        super().__init__(
            folder,
            bench or ImageBench(),
            name=name,
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


class Cut(NoteBus):
    """A bus whose terminal can lose its power at any command to the acceptor, too."""

    dies_at: int | None = None
    dies_after = False
    seals_at: int | None = None
    """After how many more looks at the acceptor the segment of the journal ends, and the power goes; None: never."""

    def __init__(self, folder: Path, segments: MemoryFolder, bench: Bench | None = None, name: str = "BUS-1") -> None:
        super().__init__(folder, bench or FieldBench(), segments=segments, name=name)
        self.inserted: list[int] = []
        process = self.notes.process

        def process_or_die(frame: bytes) -> bytes:
            dies = self.dies_at == len(self.notes.commands)
            if dies and not self.dies_after:
                raise PowerLost
            answer = process(frame)
            if dies:
                raise PowerLost
            return answer

        self.notes.process = process_or_die  # type: ignore[method-assign]

    def tend(self, times: int = MOST_STEPS) -> None:
        for _ in range(times):
            super().tend(1)
            if self.seals_at is not None:
                self.seals_at -= 1
                if self.seals_at < 0:
                    self.terminal.end_duty()
                    raise PowerLost

    def insert(self, yen: int) -> None:
        self.inserted.append(yen)
        self.notes.insert(yen)

    @property
    def notes_seen(self) -> Notes:
        """Where the notes are that were put to the slot."""
        return Notes(tuple(self.inserted), tuple(self.notes.box), tuple(self.notes.given_back), self.notes.inside)

    def moment(self, entries: Iterable[Entry], *cards: tuple[CardImage, int]) -> Moment:
        """What there is to see, by a journal of these entries and cards that began with so many yen."""
        pending = frozenset(self.terminal.pending)
        seen = SeenBus("BUS-1", tuple(entries), 0, 0, pending, self.notes_seen)
        return Moment(tuple(seen_card(card, Holdings(yen)) for card, yen in cards), (seen,), frozenset(), CAP_YEN)

    def power_up(self, tear: Tear) -> None:
        """The terminal comes back, with the journal as the power left it, and goes into service."""
        assert self.segments is not None
        self.dies_at = self.seals_at = None
        self.restart(segments=self.segments.after_power_loss(tear))
        self.begin()

    def quiet(self) -> None:
        """The acceptor has power, the driver clears what he finds; nobody is at the slot any more."""
        self.bench.lift(SIDE)
        self.notes.power_on()
        for _ in range(3):
            self.tend(10)
            if self.notes.inside is not None:
                self.tend(HOLD_S)  # until it is held no longer
            if self.notes.phase is Phase.JAMMED:
                self.notes.clear_by_hand()
            if self.terminal.notes is not None:
                self.terminal.notes.release()
        if self.terminal.asked:
            self.terminal.drop_question()
        if self.state() is State.TOPPING_UP:
            self.terminal.end_top_up()
        self.tend()

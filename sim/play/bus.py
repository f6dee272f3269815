"""A bus to play with (模擬): the real terminal, and by hand everything that happens to it.

    bus = PlayBus(duty, date(2026, 11, 20), folder, seed=1)
    bus.next_trip(); bus.lay(Side.BOARDING, 0); bus.lift(Side.BOARDING); bus.drive(1); bus.look()

Whoever plays lays cards, puts notes in, drives, lets time pass, cuts the power. `look` lets the terminal look around
once and gives everything there is to see: what driver and passenger see, the steps of the state machine, the card's
blocks and the journal's records.
"""

from collections import deque
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import NamedTuple

from cardimage.contents import standing_on
from cardimage.image import CardImage
from cardimage.layout.blocks import BANKS, HISTORY_BLOCKS, NUMBER_BLOCK, SLOT_BLOCKS
from farebox.box import Box, Recent
from farebox.console.protocol import Command, NotACommand, Picture
from farebox.duty import Duty
from farebox.duty_count import DutyCount, duty_so_far
from farebox.feed import Trip
from farebox.formats.journal import Entry
from farebox.journal.log import Recovered, open_journal
from farebox.journal.reading import read
from farebox.machine import IllegalEvent, StateMachine, TransitionsMachine
from farebox.peripherals.id003 import Id003Acceptor
from farebox.result import Result, Side
from farebox.table import Effect, Event, State
from farebox.terminal import Terminal
from farebox.top_up import Halt
from farebox.words import REFUSALS, Both
from sim.bench import AirBench
from sim.demand import Holdings, Population, holdings
from sim.hardware.field import Withdrawal
from sim.hardware.note_acceptor import DirectLine, NoteAcceptorModel
from sim.replay import SimClock
from tariff.calendar import midnight_in_japan_s
from tariff.refusal import Refusal

STEPS_KEPT = 40
CARDS = 8
"""How many cards a wallet begins with."""
_MEAN_RIDERS = 9.0
_MOST_DRAWS = 20
_CHUNK_BYTES = 1 << 16
_NAME = "BENCH"
BLOCKS = (*SLOT_BLOCKS, NUMBER_BLOCK, *(block for bank in BANKS for block in bank), *HISTORY_BLOCKS)
"""The blocks of a card that are ours, in their order."""


NOT_NOW: Both = ("いまは操作できません", "not possible now")


class Step(NamedTuple):
    """One step of the state machine."""

    source: State
    event: Event
    dest: State
    effects: tuple[Effect, ...]


class Held(NamedTuple):
    """A card of the wallet."""

    label: str
    image: CardImage


class InHand(NamedTuple):
    """How a card of the wallet looks now. `holds` is None if it is none of ours, or altered; `lies` is where
    it lies."""

    label: str
    holds: Holdings | None
    lies: Side | None


class Look(NamedTuple):
    """All there is to see. `blocks` are those of each card of ours, by its place in the wallet."""

    picture: Picture
    wallet: tuple[InHand, ...]
    blocks: tuple[dict[int, bytes], ...]
    steps: tuple[Step, ...]
    entries: tuple[Entry, ...]
    last: Result | None
    note_yen: int | None
    box_yen: int
    given_back_yen: int
    doors_open: bool
    withdrawal: Withdrawal | None


class _WatchedMachine:
    """A state machine whose steps are seen."""

    def __init__(self, machine: StateMachine, steps: deque[Step]) -> None:
        self._machine = machine
        self._steps = steps

    @property
    def state(self) -> State:
        return self._machine.state

    def fire(self, event: Event) -> tuple[Effect, ...]:
        source = self._machine.state
        effects = self._machine.fire(event)
        self._steps.append(Step(source, event, self._machine.state, effects))
        return effects


class _NoConsole:
    """Commands are given to the box itself here, and whoever looks asks for the picture."""

    def commands(self) -> Sequence[Command | NotACommand]:
        return ()

    def publish(self, picture: Picture) -> None:
        """Nobody listens."""


class PlayBus:
    """One vehicle, its terminal, and the hands around it. Single-threaded, and without a clock of its own."""

    def __init__(self, duty: Duty, day: date, folder: Path, seed: int, cards: Sequence[tuple[str, CardImage]] = ()):
        """Start the terminal on a journal in `folder`, ten minutes before the day's first trip. `cards` are laid beside
        those that are drawn from the seed. Raises ValueError on a day without trips, JournalFault.
        """
        self.trips = tuple(sorted(duty.feed.trips_on(day), key=lambda trip: (trip.departs_s, trip.trip_id)))
        if not self.trips:
            first, last = duty.feed.service_days()
            raise ValueError(f"no trips on {day}; the feed's calendar runs from {first} to {last}")
        self.clock = SimClock()
        self.clock.reach(midnight_in_japan_s(day) + self.trips[0].departs_s - 600)
        self.doors_open = True
        self.withdrawal: Withdrawal | None = None
        """What will happen to the card that is laid next."""
        self._duty, self._day = duty, day
        self._path = folder / f"{_NAME}.journal"
        random = Random(seed)
        self._bench = AirBench(random=random.randbytes)
        self._acceptor = NoteAcceptorModel(lambda: float(self.clock.now_s))
        self._population = Population(random, day, _NAME, _MEAN_RIDERS)
        self._wallet = [Held(label, image) for label, image in cards]
        self._drawn = 0
        self._steps: deque[Step] = deque(maxlen=STEPS_KEPT)
        self._next_trip = 0
        self._start()

    def _start(self) -> None:
        """The terminal begins, or begins again."""
        self._recovered: Recovered = open_journal(self._path, _CHUNK_BYTES)
        self._recent = Recent()
        terminal = Terminal(
            _NAME,
            self._bench.readers,
            self._recovered,
            _WatchedMachine(TransitionsMachine(), self._steps),
            self.clock,
            self._recent.show,
            note_acceptor=Id003Acceptor(DirectLine(self._acceptor), "note acceptor (模擬)"),
            halt=lambda: Halt(doors_open=self.doors_open),
        )
        self._box = Box(
            terminal,
            (Side.BOARDING, Side.ALIGHTING),
            self._duty,
            self.clock,
            _NoConsole(),
            self._recent,
            self._duty_count,
            simulated=True,
        )

    def restart(self) -> None:
        """The terminal is started again, on the trip and at the stop where it was; cards and notes stay as they are."""
        service = self.terminal.service
        self._recovered.journal.close()
        self._start()
        if service is not None:
            self.terminal.begin_trip(service._replace(stop_index=0))
            if service.stop_index:
                self.terminal.advance(service.stop_index)

    def close(self) -> None:
        """The day is over. Raises JournalFault if the journal failed."""
        self._box.close_trip()
        self._recovered.journal.close()
        self._bench.close()

    @property
    def terminal(self) -> Terminal:
        """The terminal of the moment: another one after each restart."""
        return self._box.terminal

    # -- the vehicle

    def next_trip(self) -> Trip:
        """End the trip if one is on, and begin the day's next one, on time; new passengers come with their cards."""
        if self.terminal.service is not None:
            self.terminal.end_trip()
        trip = self.trips[self._next_trip % len(self.trips)]
        self._next_trip += 1
        service = self._duty.service(trip, self._day)
        self.clock.reach(service.began_s)
        self.terminal.begin_trip(service)
        for _ in range(_MOST_DRAWS):
            if len(self._population.cards) >= CARDS:
                break
            self._population.riders(trip, service)
        drawn = self._population.cards[self._drawn :]
        self._wallet += [Held(card.label, card.image) for card in drawn]
        self._drawn += len(drawn)
        return trip

    def drive(self, by: int) -> bool:
        """Go on (or back) so many stops; the clock goes to the time of arrival. False: there is no such stop."""
        service = self.terminal.service
        if service is None or not 0 <= service.stop_index + by < service.table.size:
            return False
        self.terminal.advance(service.stop_index + by)
        arrives_s = self._duty.feed.trips[service.trip_id].arrivals_s[service.stop_index + by]
        self.clock.reach(midnight_in_japan_s(self._day) + arrives_s)
        return True

    def pass_time(self, seconds: int) -> None:
        """Time goes by."""
        self.clock.now_s += seconds

    # -- hands

    def lay(self, side: Side, place: int) -> None:
        """Lay a card of the wallet, to be withdrawn as planned; a second one lies beside the first (GEN-6)."""
        self.clock.now_s += 1
        image = self._wallet[place].image
        if self._bench.lying(side):
            self._bench.lay_beside(side, image, self.withdrawal)
        else:
            self._bench.lay(side, image, self.withdrawal)
        self.withdrawal = None

    def lift(self, side: Side) -> None:
        """Take away what lies there."""
        self._bench.lift(side)

    def lying(self, side: Side) -> bool:
        """Whether a card lies there."""
        return bool(self._bench.lying(side))

    def insert(self, note_yen: int) -> None:
        """Put a note into the acceptor."""
        self._acceptor.insert(note_yen)

    def top_up(self) -> Both | None:
        """The driver begins a top-up, or ends the one that is on; gives what stands in the way."""
        try:
            if self.terminal.state is State.TOPPING_UP:
                self.terminal.end_top_up()
                return None
            refusal = self.terminal.begin_top_up()
        except IllegalEvent:
            return NOT_NOW
        return REFUSALS[refusal.code] if refusal else None

    def obey(self, command: Command) -> Both | None:
        """What the driver keys."""
        return self._box.obey(command)

    # -- looking

    def look(self) -> Look:
        """The terminal looks around once: readers, notes. Then everything there is to see."""
        self._box.step()
        if self.terminal.journal_fault is None:
            self._recovered.journal.write()
        note = self._acceptor.inside
        return Look(
            self._box.picture(),
            tuple(map(self._in_hand, self._wallet)),
            tuple(_blocks(held.image) for held in self._wallet),
            tuple(self._steps),
            read(self._path).entries,
            self._recent.last,
            note,
            sum(self._acceptor.box),
            sum(self._acceptor.given_back),
            self.doors_open,
            self.withdrawal,
        )

    def _in_hand(self, held: Held) -> InHand:
        sides = (Side.BOARDING, Side.ALIGHTING)
        lies = next((side for side in sides if any(image is held.image for image in self._bench.lying(side))), None)
        return InHand(held.label, _holds(held.image), lies)

    def _duty_count(self) -> DutyCount:
        return duty_so_far(self._path)


def _blocks(image: CardImage) -> dict[int, bytes]:
    blocks = image.lite_s_blocks()
    return {} if blocks is None else {number: bytes(blocks[number]) for number in BLOCKS if number in blocks}


def _holds(image: CardImage) -> Holdings | None:
    blocks = image.lite_s_blocks()
    if blocks is None:
        return None
    now = standing_on(blocks)
    return None if isinstance(now, Refusal) else holdings(now.slot)

"""Two buses at work, and cards that go from one to the other: the whole of the terminal, driven as in service.

Each bus is a `farebox.box.Box` with two readers, a driver's console that speaks the protocol's own bytes, a note
acceptor, a journal on a disk in memory, a clock of its own. Whatever is done to it may end in a loss of power; then it
starts again from what the disk kept. `World.moment()` is what the checkers look at.
"""

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from random import Random

from cardimage.image import CardImage
from farebox.box import Box, Recent
from farebox.console.protocol import (
    BeginTrip,
    Command,
    GoToStop,
    NotACommand,
    Picture,
    command_line,
    command_of,
    picture_line,
    picture_of,
)
from farebox.duty_count import DutyCount, count
from farebox.formats.frames import scan
from farebox.formats.journal import Entry
from farebox.journal.errors import JournalFault
from farebox.result import Result, Side
from farebox.table import State
from sim.checkers import Moment, SeenBus, Told, ends, seen_card, standing_now, told_by
from sim.demand import Holdings, holdings
from sim.hardware.field import Withdrawal
from tariff.refusal import Refusal
from tests.farebox.bus import DAY, DUTY
from tests.farebox.note_bus import CAP_YEN, Cut
from tests.farebox.whole.mishaps import HAPPENS, Mishap
from tests.farebox.worn_bench import WornBench
from tests.journal.memory_disk import MemoryFolder, PowerLost, mixed

SIDES = (Side.BOARDING, Side.ALIGHTING)
TRIPS = ("HAKUHO-W01", "HAKUHO-W02")


class ProcessEnds(Exception):
    """The service is gone, and will be started again."""


class Wheel:
    """A console at the far end of the protocol: lines in, pictures out."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.picture: Picture | None = None

    def says(self, *commands: Command) -> None:
        self.lines += map(command_line, commands)

    def commands(self) -> list[Command | NotACommand]:
        lines, self.lines = self.lines, []
        return list(map(command_of, lines))

    def publish(self, picture: Picture) -> None:
        if picture == self.picture:
            return
        self.picture = picture_of(picture_line(picture))
        assert self.picture == picture


class WholeBus(Cut):
    """A bus as it is in service. `starts` counts its terminal's."""

    box: Box

    def __init__(self, folder: Path, name: str, scheme: str, hears: Callable[[Result], None]) -> None:
        self.worn = WornBench()
        self.wheel = Wheel()
        self.starts = 0
        self.name = name
        self._duty = DUTY._replace(scheme=scheme)
        self._hears = hears
        super().__init__(folder, MemoryFolder(), self.worn, name)

    def _start(self) -> None:
        self.starts += 1
        self.recent = Recent(self._hears)
        super()._start()
        self.wheel.lines.clear()
        self.box = Box(
            self.terminal, SIDES, self._duty, self.clock, self.wheel, self.recent, self.added_up, simulated=True
        )

    @property
    def journals(self) -> MemoryFolder:
        """The folder of the journal's segments."""
        assert self.segments is not None
        return self.segments

    def written(self) -> tuple[Entry, ...]:
        """The records as a process that starts now would find them: looking flushes nothing."""
        names = sorted(name for name in self.journals.disks if name.endswith(".segment"))
        found = [scan(bytes(self.journals.disks[name].cache)) for name in names]
        assert not [segment.problem for segment in found if segment.problem]
        return tuple(entry for segment in found for entry in segment.entries)

    def added_up(self) -> DutyCount:
        """As the console asks for it: what is flushed. A service whose disk fails over it ends."""
        try:
            self._journal.flush()
        except JournalFault as fault:
            raise ProcessEnds from fault
        return count(self.written())

    def most_writes(self, idm: bytes) -> int:
        """How many writes of a card it has seen at least, by its journal."""
        return max((intent.write_counter for intent, _ in ends(self.written()) if intent.idm == idm), default=0)

    # -- what is done to it

    def steps(self, times: int = 1) -> None:
        """The loop goes round: readers, notes, console, picture."""
        for _ in range(times):
            self.clock.now_s += 1
            self.box.step()

    def lays(self, side: Side, card: CardImage, withdrawal: Withdrawal | None = None) -> None:
        """A card is laid, looked at, and taken away; what lay there before is lifted first."""
        if self.worn.lying(side):
            self.worn.lift(side)
            self.steps()
        self.worn.lay(side, card, withdrawal)
        self.looks(side)

    def looks(self, side: Side) -> None:
        """What lies there is served, and taken away."""
        self.steps()
        self.worn.lift(side)
        self.steps()

    def says(self, *commands: Command) -> None:
        self.wheel.says(*commands)
        self.steps()

    def drives_to(self, stop: int) -> None:
        """A minute later it stands there."""
        self.clock.now_s += 60
        self.says(GoToStop(stop))

    def begins(self, trip_id: str) -> None:
        """On the trip's own day, at its time, unless the clock was set elsewhere."""
        self.clock.reach(self._duty.service(DUTY.feed.trips[trip_id], DAY).began_s)
        self.says(BeginTrip(trip_id))

    def goes_into_service(self, trip_id: str) -> None:
        """One that has stopped is started again, and a trip begun."""
        if not self.box.alive:
            self.killed()
        if self.state() is State.OUT_OF_SERVICE:
            self.begins(trip_id)

    def befalls(self, mishap: Mishap | None) -> None:
        """Something is going to happen."""
        if mishap is not None:
            HAPPENS[mishap.kind](self, mishap)

    def mends(self) -> None:
        """Disk, readers and wires are whole again, and none of what was planned happens."""
        self.journals.power_goes_at = self.journals.capacity = None
        self.journals.errors.clear()
        self.dies_at = None
        for port in self.worn.ports.values():
            port.well()

    def killed(self) -> None:
        """kill -9, and started again: what was handed to the system is there."""
        self.mends()
        self.segments = self.journals.after_kill()
        self._start()

    def power_cut(self, seed: int, *, again_at: int | None = None) -> None:
        """Off and on; of what was not flushed some is kept, some lost, some torn. With `again_at` it goes once more, at
        that call of the recovery from it.
        """
        random = Random(seed)
        for more in (again_at, None):
            self.mends()
            self.segments = self.journals.after_power_loss(mixed(random), random.random(), random.random())
            self.segments.power_goes_at = more
            with suppress(PowerLost):
                self._start()
                return


class World:
    """All of it. `do` is how anything happens on a bus: the power may go over it."""

    def __init__(self, folder: Path, scheme: str, cards: list[CardImage]) -> None:
        self.scheme = scheme
        self.cards = cards
        self.copies = deepcopy(cards)
        self.opening = [self._held(card) for card in cards]
        self.told: set[Told] = set()
        self.unheard: set[tuple[bytes, bytes]] = set()
        self.buses = [WholeBus(folder, f"BUS-{number}", scheme, self._hears) for number in (1, 2)]
        for bus, trip_id in zip(self.buses, TRIPS, strict=True):
            bus.begins(trip_id)

    def _held(self, card: CardImage) -> Holdings:
        now = standing_now(card)
        assert not isinstance(now, Refusal)
        return holdings(now.slot)

    def _hears(self, result: Result) -> None:
        """A passenger sees a result; what stands on the card then is what was done."""
        slot = b""
        for card in self.cards:
            now = standing_now(card)
            if card.idm == result.idm and not isinstance(now, Refusal):
                slot = now.block
        self.told |= set(told_by(result, slot))

    def do(self, number: int, act: Callable[[WholeBus], object], seed: int = 0) -> None:
        """Something happens on a bus. If its power goes over it, passengers may not have heard what came of it."""
        bus = self.buses[number]
        starts = bus.starts
        try:
            act(bus)
        except PowerLost:
            bus.power_cut(seed)
            bus.begins(TRIPS[number])
        except ProcessEnds:
            bus.killed()
            bus.begins(TRIPS[number])
        if bus.starts > starts or bus.state() is State.STOPPED:
            self._excuse(bus)

    def _excuse(self, bus: WholeBus) -> None:
        """Writes that are not known to be done, or whose result went with the power: their passengers were not told."""
        heard = {(told.idm, told.slot) for told in self.told}
        found = {(intent.idm, intent.slot_after) for intent, _ in ends(bus.written())}
        self.unheard |= found - heard

    def moment(self) -> Moment:
        """What there is to see now."""
        return Moment(
            tuple(seen_card(card, opening) for card, opening in zip(self.cards, self.opening, strict=True)),
            tuple(self._seen(bus) for bus in self.buses),
            frozenset(self.told),
            CAP_YEN,
            frozenset(self.unheard),
        )

    def _seen(self, bus: WholeBus) -> SeenBus:
        pending = None if bus.state() is State.STOPPED else frozenset(bus.terminal.pending)
        durable = len(bus.journals.durable_entries())
        return SeenBus(bus.name, bus.written(), durable, bus.starts, pending, bus.notes_seen)

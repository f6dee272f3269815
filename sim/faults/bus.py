"""A bus as it is in service (模擬): the whole of the terminal, and everything that can be done to it.

A `farebox.box.Box` with two readers, a driver's console that speaks the protocol's own bytes, a note acceptor, a
journal on a disk in memory, a clock of its own. Whatever is done to it may end in a loss of power; then it starts again
from what the disk kept.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from random import Random

from cardimage.image import CardImage
from farebox.box import Box, Recent
from farebox.clock import ALWAYS
from farebox.console.protocol import (
    BeginTrip,
    Command,
    EndTrip,
    GoToStop,
    NotACommand,
    Picture,
    command_line,
    command_of,
)
from farebox.duty import Duty
from farebox.duty_count import DutyCount, count
from farebox.formats.frames import scan
from farebox.formats.journal import Entry
from farebox.journal.errors import JournalDamaged, JournalFault
from farebox.journal.log import recover_folder
from farebox.journal.segments import SEGMENT
from farebox.machine import CompiledMachine, StateMachine
from farebox.peripherals.id003 import Id003Acceptor
from farebox.peripherals.note_acceptor import Phase
from farebox.result import Result, Side
from farebox.table import State
from farebox.tap import Service
from farebox.terminal import Terminal
from farebox.terms import NO_ORDERS, Orders
from farebox.top_up import Halt
from farebox.top_up_flow import HOLD_S
from sim.checkers import Notes
from sim.faults.mishaps import HAPPENS, Mishap
from sim.hardware.cut_line import CutLine
from sim.hardware.field import Withdrawal
from sim.hardware.memory_disk import MemoryFolder, PowerLost, mixed
from sim.hardware.note_acceptor import NoteAcceptorModel
from sim.hardware.worn_bench import WornBench
from sim.replay import SimClock

SIDES = (Side.BOARDING, Side.ALIGHTING)
CHUNK_BYTES = 16_384


class ProcessEnds(Exception):
    """The service is gone, and will be started again."""


class Wheel:
    """A console at the far end of the protocol: lines in. Its pictures are made, and nobody looks at them."""

    def __init__(self) -> None:
        """Nothing was keyed yet."""
        self.lines: list[bytes] = []

    def says(self, *commands: Command) -> None:
        """The driver keys these."""
        self.lines += map(command_line, commands)

    def commands(self) -> list[Command | NotACommand]:
        """What was keyed since the last look."""
        lines, self.lines = self.lines, []
        return list(map(command_of, lines))

    def publish(self, picture: Picture) -> None:
        """A picture of the moment."""


class WholeBus:
    """One bus. `starts` counts its terminal's; `cut_bytes` is what the last one found torn."""

    box: Box
    terminal: Terminal

    def __init__(
        self,
        name: str,
        duty: Duty,
        day: date,
        hears: Callable[[Result], None],
        *,
        machine: Callable[[], StateMachine] = CompiledMachine,
        wheel: Callable[[], Wheel] = Wheel,
    ) -> None:
        """Start its terminal on an empty journal. `hears` are its passengers, `day` is the service day."""
        self.name = name
        self.duty = duty
        self.day = day
        self.halt = Halt(doors_open=True)
        self.trust = ALWAYS
        self.orders: Orders = NO_ORDERS
        self.clock = SimClock()
        self.worn = WornBench()
        self.wheel = wheel()
        self.notes = NoteAcceptorModel(lambda: float(self.clock.now_s))
        self.line = CutLine(self.notes)
        self.inserted: list[int] = []
        self.journals = MemoryFolder()
        self.starts = 0
        self.cut_bytes = 0
        self.last: Result | None = None
        """What was shown last, to whomever."""
        self._trip_id, self._stop = "", 0
        self._machine = machine
        self._hears = hears
        self._start()

    def _start(self) -> None:
        self.starts += 1
        self.wheel.lines.clear()
        self.recent = Recent(self._shown)
        recovered = recover_folder(self.journals, self.name, CHUNK_BYTES)
        self.cut_bytes = recovered.cut_bytes
        self._journal = recovered.journal
        self.terminal = Terminal(
            self.name,
            self.worn.readers,
            recovered,
            self._machine(),
            self.clock,
            self.recent.show,
            orders=self.orders,
            trust=lambda: self.trust,
            note_acceptor=Id003Acceptor(self.line, "simulated"),
            halt=lambda: self.halt,
        )
        self.box = Box(
            self.terminal, SIDES, self.duty, self.clock, self.wheel, self.recent, self.added_up, simulated=True
        )

    def _shown(self, result: Result) -> None:
        self.last = result
        self._hears(result)

    # -- looking

    def state(self) -> State:
        """Where the terminal's machine stands."""
        return self.terminal.state

    def written(self) -> tuple[Entry, ...]:
        """The records as a process that starts now would find them: looking flushes nothing. Raises JournalDamaged."""
        entries: list[Entry] = []
        for name in sorted(name for name in self.journals.disks if name.endswith(SEGMENT)):
            found = scan(bytes(self.journals.disks[name].cache))
            if found.problem is not None:
                raise JournalDamaged(f"{self.name}/{name}: {found.problem.what}")
            entries += found.entries
        return tuple(entries)

    def added_up(self) -> DutyCount:
        """As the console asks for it: what is flushed. A service whose disk fails over it ends."""
        try:
            self._journal.flush()
        except JournalFault as fault:
            raise ProcessEnds from fault
        return count(self.written())

    @property
    def notes_seen(self) -> Notes:
        """Where the notes are that were put to the slot."""
        return Notes(tuple(self.inserted), tuple(self.notes.box), tuple(self.notes.given_back), self.notes.inside)

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

    def insert(self, yen: int) -> None:
        """A note is put to the slot."""
        self.inserted.append(yen)
        self.notes.insert(yen)

    def says(self, *commands: Command) -> None:
        """The driver keys these."""
        self.wheel.says(*commands)
        self.steps()

    def drives_to(self, stop: int) -> None:
        """A minute later it stands there."""
        self.clock.now_s += 60
        self.comes_to(stop)

    def comes_to(self, stop: int) -> None:
        """It stands there now."""
        self._stop = stop
        self.says(GoToStop(stop))

    def service(self, trip_id: str) -> Service:
        """Of a trip on the service day."""
        return self.duty.service(self.duty.feed.trips[trip_id], self.day)

    def begins(self, trip_id: str) -> None:
        """On the trip's own day, at its time, unless the clock was set elsewhere."""
        self.clock.reach(self.service(trip_id).began_s)
        self._trip_id, self._stop = trip_id, 0
        self.says(BeginTrip(trip_id))

    def goes_back_to_work(self) -> None:
        """After a start: on the trip and to the stop where it was."""
        stop = self._stop
        if self._trip_id:
            self.begins(self._trip_id)
            if stop:
                self.comes_to(stop)

    def is_cleared_up(self, goes_on: Callable[[], object]) -> None:
        """All is well again, nobody is at the slot: started anew, put to work by `goes_on`, the slot cleared."""
        for side in SIDES:
            self.worn.lift(side)
        self.notes.losses.clear()
        self.trust, self.halt, self.orders = ALWAYS, Halt(doors_open=True), Orders()
        self.killed()
        goes_on()
        self.notes.power_on()
        self.notes.close_box()
        for _ in range(3):
            self.steps(2)
            self.clock.now_s += HOLD_S
            self.steps(10)
            if self.notes.phase is Phase.JAMMED:
                self.notes.clear_by_hand()
            if self.terminal.notes is not None:
                self.terminal.notes.release()
        self.steps(10)

    def goes_into_service(self, trip_id: str) -> None:
        """One that has stopped is started again, and a trip begun; another trip is ended first."""
        if not self.box.alive:
            self.killed()
        service = self.terminal.service
        if service is not None and service.trip_id != trip_id:
            self.says(EndTrip())
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
        self.line.dies_at = None
        for port in self.worn.ports.values():
            port.well()

    def killed(self) -> None:
        """kill -9, and started again: what was handed to the system is there."""
        self.mends()
        self.journals = self.journals.after_kill()
        self._start()

    def power_cut(self, seed: int, *, again_at: int | None = None) -> bool:
        """Off and on; of what was not flushed some is kept, some lost, some torn. With `again_at` it goes once more, at
        that call of the recovery from it; gives whether it did.
        """
        random = Random(seed)
        for more in (again_at, None):
            self.mends()
            self.journals = self.journals.after_power_loss(mixed(random), random.random(), random.random())
            self.journals.power_goes_at = more
            with suppress(PowerLost):
                self._start()
                return more is None and again_at is not None
        raise AssertionError("a recovery without a cut of power lost its power")

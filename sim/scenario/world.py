"""The world of a scenario (模擬): its buses with the real terminal, its cards, and one clock for all."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date

from farebox.clock import ALWAYS, Trust, Why
from farebox.formats.bundle import Change, Directive, directives_of
from farebox.formats.journal import Entry
from farebox.journal.errors import JournalFault
from farebox.journal.log import recover_folder
from farebox.machine import TransitionsMachine
from farebox.peripherals.id003 import Id003Acceptor
from farebox.readers import Readers
from farebox.result import Result, Side
from farebox.terminal import Terminal
from farebox.terms import NO_ORDERS, Orders
from farebox.top_up import Halt
from sim.bench import Bench
from sim.hardware.memory_disk import MemoryFolder, lost
from sim.hardware.note_acceptor import DirectLine, NoteAcceptorModel
from sim.replay import SimClock
from sim.scenario.faults import Misfit
from sim.scenario.office import Card, Office
from sim.scenario.reading import Scenario
from sim.scenario.roads import Files, Roads, at_s
from sim.scenario.schema import FIRST_BUS, BusSaid, When
from tariff.calendar import clock_in_japan, day_in_japan

NOT_SET = Trust(False, Why.NOT_SET)
_CHUNK_BYTES = 1 << 14


class Bus:
    """One bus: the real terminal on a bench, a journal on a disk that can lose its power, a note acceptor."""

    def __init__(self, name: str, vehicle: str, said: BusSaid, bench: Bench, world: "World") -> None:
        """Switched on, at the first stop of its trip."""
        self.name, self.said, self.bench = name, said, bench
        self.notes = NoteAcceptorModel(lambda: float(world.clock.now_s))
        self.inserted: list[int] = []
        self.halt = Halt()
        self.shown: list[Result] = []
        self._vehicle = vehicle
        self._folder = MemoryFolder()
        self._world = world
        self._one_reader = said.readers == 1
        self.on_trip = world.roads.on_trip(said)
        world.clock.reach(self.on_trip.service.began_s)
        self._switch_on()
        self.terminal.begin_trip(self.on_trip.service)

    def _switch_on(self) -> None:
        world = self._world
        recovered = recover_folder(self._folder, self._vehicle, _CHUNK_BYTES)
        self._journal = recovered.journal
        both = self.bench.readers
        self.terminal = Terminal(
            self._vehicle,
            Readers(both.boarding, both.boarding) if self._one_reader else both,
            recovered,
            TransitionsMachine(),
            world.clock,
            self.shown.append,
            orders=world.orders,
            trust=lambda: world.trust,
            note_acceptor=Id003Acceptor(DirectLine(self.notes), "simulated"),
            halt=lambda: self.halt,
        )

    def lies_at(self, side: Side) -> Side:
        """The reader on which a card is laid."""
        return Side.BOARDING if self._one_reader else side

    def asked_as(self, side: Side) -> Side:
        """What the terminal is told about that reader."""
        return Side.EITHER if self._one_reader else side

    @property
    def stop(self) -> str:
        """The stop it stands at."""
        service = self.terminal.service
        return service.stop_name if service else ""

    def begin_trip(self, said: BusSaid) -> None:
        """Another trip; the clock moves on to its departure."""
        self.on_trip, self.said = self._world.roads.on_trip(said), said
        self._world.clock.reach(self.on_trip.service.began_s)
        self.terminal.begin_trip(self.on_trip.service)

    def place_of(self, stop: str, visit: int = 1) -> int:
        """The place of a stop on the trip. Raises Misfit."""
        names = self.on_trip.service.table.pattern.stop_names
        places = [place for place, name in enumerate(names) if name == stop]
        if len(places) < visit:
            raise Misfit(
                f"no stop {stop!r} on this trip{f' a {visit}. time' if places else ''}; it serves {' → '.join(names)}"
            )
        return places[visit - 1]

    def drive_to(self, stop: str, visit: int, when_s: int | None) -> None:
        """On to a later stop, there by the timetable or at the given time; nothing to do if it stands there."""
        place, here = self.place_of(stop, visit), self._place()
        if place < here:
            raise Misfit(f"the bus has passed {stop}: it stands at {self.stop}; let it begin another trip")
        if when_s is None and place > here:
            self._world.clock.reach(self.on_trip.arrivals_s[place])
        elif when_s is not None:
            self._world.reach(when_s)
        if place > here:
            self.terminal.advance(place)

    def next_stop(self) -> None:
        """On to the next stop, there by the timetable. Raises Misfit at the last one."""
        place = self._place() + 1
        if place >= len(self.on_trip.arrivals_s):
            raise Misfit(f"next_stop: {self.stop} is the last one")
        self._world.clock.reach(self.on_trip.arrivals_s[place])
        self.terminal.advance(place)

    def restart(self, *, flushed: bool) -> None:
        """Off and on again: what is in the terminal's memory is gone, and with the power what was not flushed.

        The driver begins the trip again where the bus stands.
        """
        place, on_trip = self._place(), self.terminal.service
        if flushed:
            self._journal.close()
            self._folder = self._folder.after_kill()
        else:
            self._folder = self._folder.after_power_loss(lost)
        self._switch_on()
        if on_trip is not None:
            self.terminal.begin_trip(self.on_trip.service)
            if place:
                self.terminal.advance(place)

    def _place(self) -> int:
        return self.terminal.service.stop_index if self.terminal.service else 0

    def entries(self) -> tuple[Entry, ...]:
        """What the journal holds; looking flushes it."""
        with suppress(JournalFault):
            self._journal.flush()
        return self._folder.durable_entries()

    def close(self) -> None:
        """The journal is closed; what failed has been told already."""
        with suppress(JournalFault):
            self._journal.close()


class World:
    """All of it, for one scenario. `bench_for` gives the n-th bus its bench."""

    def __init__(self, scenario: Scenario, files: Files, bench_for: Callable[[int], Bench]) -> None:
        """Make the cards; a bus begins its trip when it is first heard of. Raises Misfit, and what `Files` raises."""
        self.clock = SimClock()
        self.trust = ALWAYS
        self.orders: Orders = NO_ORDERS
        self.buses: dict[str, Bus] = {}
        self._scenario, self._bench_for = scenario, bench_for
        self._directives: dict[bytes, list[Directive]] = {}
        first = scenario.buses[FIRST_BUS]
        self.roads = Roads(scenario.routes, files)
        at = self.roads.on_trip(first).service
        self.office = Office(self.roads, files, first, at)
        self.cards = {
            name: self.office.card(name, number, said) for number, (name, said) in enumerate(scenario.cards.items(), 1)
        }

    def bus(self, name: str) -> Bus:
        """A bus; a further one begins its trip when it is first heard of."""
        if name not in self.buses:
            number = len(self.buses) + 1
            said = self._scenario.buses[name]
            self.buses[name] = Bus(name, f"BUS-{number}", said, self._bench_for(number), self)
        return self.buses[name]

    def moment_s(self, when: When, bus: Bus) -> int:
        """A step's time in seconds since 1970: of the bus's date if it says none."""
        assert bus.said.date_ is not None
        return at_s(when.day or bus.said.date_, when.clock)

    def reach(self, when_s: int) -> None:
        """On to a time. Raises Misfit for one that is past."""
        if when_s < self.clock.now_s:
            now = f"{day_in_japan(self.clock.now_s)} {clock_in_japan(self.clock.now_s)}"
            raise Misfit(f"time: it is {now} already; for the next day say its date too, or use set_clock")
        self.clock.now_s = when_s

    def order(self, orders: Orders) -> None:
        """What the centre says reaches every bus."""
        self.orders = orders
        for bus in self.buses.values():
            bus.terminal.orders = orders

    def direct(self, card: Card, changes: tuple[Change, ...], first_day: date) -> None:
        """A directive for a card, numbered after those before it."""
        idm = card.image.idm
        held = self._directives.setdefault(idm, [])
        held.append(Directive(card.opening.directive + len(held) + 1, first_day, changes))
        self.order(self.orders._replace(directives=directives_of(len(held), self.clock.now_s, self._directives)))

    def close(self) -> None:
        """Every journal is closed, every card lifted."""
        for bus in self.buses.values():
            bus.close()
            for side in (Side.BOARDING, Side.ALIGHTING):
                bus.bench.lift(side)

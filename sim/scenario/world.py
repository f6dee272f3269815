"""The world of a scenario (模擬): its routes, its cards, its buses with the real terminal, and one clock for all."""

from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, time
from pathlib import Path
from typing import NamedTuple, Protocol

from cardimage.image import CardImage
from cardimage.issue import issue, made_up_number
from cardimage.layout.bits import LayoutFault
from cardimage.layout.blocks import BANKS, SLOT_BLOCKS
from cardimage.layout.conditions import MOST_PRICED_YEN, decode_account
from cardimage.resolve import standing
from farebox.clock import ALWAYS, Trust, Why
from farebox.duty import Duty
from farebox.feed import Feed, Trip
from farebox.feed.operators import Operators
from farebox.formats.bundle import Change, Directive, directives_of
from farebox.formats.journal import Entry
from farebox.journal.errors import JournalFault
from farebox.journal.log import recover_folder
from farebox.journal.reading import read
from farebox.machine import TransitionsMachine
from farebox.peripherals.id003 import Id003Acceptor
from farebox.readers import Readers
from farebox.result import Result, Side
from farebox.tap import Service
from farebox.terminal import Terminal
from farebox.terms import NO_ORDERS, Orders
from farebox.top_up import Halt
from sim.bench import Bench
from sim.hardware.note_acceptor import DirectLine, NoteAcceptorModel
from sim.hardware.volatile_disk import VolatileFolder
from sim.replay import SimClock
from sim.scenario.faults import Misfit
from sim.scenario.reading import FIRST_BUS, Scenario
from sim.scenario.schema import KINDS, AutoChargeSaid, BusSaid, CardSaid, PassSaid, RouteSaid, When
from tariff.account import (
    Account,
    AutoCharge,
    AutoCharged,
    Coupons,
    HolderKind,
    Pass,
    Points,
    RideMark,
    RideState,
    Section,
)
from tariff.calendar import clock_in_japan, day_in_japan, midnight_in_japan_s
from tariff.fares import NO_FARE, FareTable, Pattern
from tariff.refusal import Refusal
from tariff.rulebook import Company, Purse, Rulebook
from tariff.single_tap import Taps, taps_on

NOT_SET = Trust(False, Why.NOT_SET)
DEPARTS = time(8)
STOP_S = 300
"""From stop to stop on a route of the scenario's own."""
_OWN_STOPS = 40_000
"""Stops that no feed numbers are numbered from here on."""
_OWN_TRIPS = 50_000
_CHUNK_BYTES = 1 << 14


class Files(Protocol):
    """Where a scenario's files come from; names are as the scenario says them."""

    def feed(self, name: str) -> Feed:
        """A GTFS-JP feed. Raises FeedFault."""

    def card(self, name: str, taken_for: str | None) -> CardImage:
        """A recorded card as it can be tapped. Raises ImageFault, OSError."""

    def operators(self, name: str | None) -> Operators:
        """The operator file of a name, or those shipped. Raises OperatorFault, RulebookError, OSError."""


class OnTrip(NamedTuple):
    """A service, and when it reaches each of its places by the timetable, in seconds since 1970."""

    service: Service
    arrivals_s: tuple[int, ...]


class Card(NamedTuple):
    """A card of the scenario: its image, and what it holds in the beginning."""

    name: str
    image: CardImage
    opening: Account


def account_on(image: CardImage) -> Account:
    """What a card means now, by its own blocks."""
    blocks = image.lite_s_blocks()
    assert blocks is not None
    now = standing(blocks[SLOT_BLOCKS[0]], blocks[SLOT_BLOCKS[1]])
    if isinstance(now, Refusal):
        raise Misfit(f"the card can't be read: {now.detail}")
    first, second = BANKS[now.slot.bank]
    account = decode_account(now.slot, (blocks[first], blocks[second]) if now.slot.more else None)
    if isinstance(account, Refusal):
        raise Misfit(f"the card can't be read: {account.detail}")
    return account


# -- routes


class Roads:
    """Routes and fares: the scenario's own, and those of feeds. Stops and trips have one number each, whoever asks."""

    def __init__(self, routes: dict[str, RouteSaid], files: Files) -> None:
        """Take the scenario's own routes."""
        self._routes = routes
        self._files = files
        self._feeds: dict[str, Feed] = {}
        self._stops: dict[str, int] = {}
        self._trips: dict[tuple[str, time], int] = {}

    def on_trip(self, said: BusSaid) -> OnTrip:
        """The service a bus begins. Raises Misfit for what is not there."""
        if said.date_ is None:
            raise Misfit("bus: date is missing; which day is it?")
        if said.route is None and said.trip is None:
            raise Misfit("bus: route is missing; on which route is it?")
        if said.route in self._routes:
            return self._own(said, said.route, self._routes[said.route], said.date_)
        if said.feed is None:
            known = ", ".join(self._routes) or "none"
            raise Misfit(
                f"bus: no route {said.route!r} in this file (there are: {known}); name a feed, or add the route"
            )
        return self._of_feed(said, said.feed, said.date_)

    def stop_number(self, name: str) -> int:
        """The number of a stop: its feed's, or one of our own."""
        for feed in self._feeds.values():
            if name in feed.stop_names.values():
                return feed.register.stop_number(name)
        if not self._feeds and not any(name in route.stops for route in self._routes.values()):
            raise Misfit(f"no stop {name!r} on the scenario's routes")
        return self._stops.setdefault(name, _OWN_STOPS + len(self._stops))

    def priced_yen(self, ends: tuple[str, str]) -> int:
        """The highest fare between two stops: what a pass is priced on, where nothing else is said (PASS-1)."""
        found = [yen for table in self._tables() for yen in _fares_between(table, ends)]
        if not found:
            raise Misfit(f"no route joins {ends[0]} and {ends[1]} at a fare; say priced_on")
        return min(max(found), MOST_PRICED_YEN)

    def _tables(self) -> Iterator[FareTable]:
        for name, route in self._routes.items():
            yield self._table(name, route)
        for feed in self._feeds.values():
            yield from map(feed.fare_table, feed.patterns)

    def _feed(self, name: str) -> Feed:
        if name not in self._feeds:
            self._feeds[name] = self._files.feed(name)
        return self._feeds[name]

    def _of_feed(self, said: BusSaid, name: str, day: date) -> OnTrip:
        feed = self._feed(name)
        trip = self._trip(feed, said, day)
        service = Duty(feed, self._files.operators(said.operator_file), said.operator).service(trip, day)
        if said.route is not None and trip.route_id not in {route.route_id for route in feed.routes_called(said.route)}:
            raise Misfit(f"bus: trip {trip.trip_id} is of another route than {said.route}")
        midnight_s = midnight_in_japan_s(day)
        return OnTrip(service, tuple(midnight_s + at_s for at_s in trip.arrivals_s))

    def _trip(self, feed: Feed, said: BusSaid, day: date) -> Trip:
        if said.trip is not None:
            trip = feed.trips.get(said.trip)
            if trip is None:
                raise Misfit(f"bus: no trip {said.trip!r} in the feed; see its trips.txt")
            return trip
        ids = {route.route_id for route in feed.routes_called(str(said.route))}
        trips = [trip for trip in feed.trips_on(day) if trip.route_id in ids]
        if said.departs is None and trips:
            return trips[0]
        at = [trip for trip in trips if said.departs and trip.departures_s[0] == _since_midnight_s(said.departs)]
        if not at:
            leave = ", ".join(_clock_text(trip.departures_s[0]) for trip in trips) or "none"
            raise Misfit(
                f"bus: no trip of {said.route} on {day} at {said.departs or 'any time'}; trips leave at {leave}"
            )
        return at[0]

    def _own(self, said: BusSaid, name: str, route: RouteSaid, day: date) -> OnTrip:
        if said.operator is None:
            raise Misfit("bus: operator is missing; whose rules hold?")
        rulebook = self._files.operators(said.operator_file).on(said.operator, day)
        company = company_of(rulebook, route.company)
        departs = said.departs or DEPARTS
        departs_s = _since_midnight_s(departs)
        began_s = midnight_in_japan_s(day) + departs_s
        table = self._table(name, route)
        service = Service(
            rulebook=rulebook,
            table=table,
            company=company.number,
            trip_id=f"{name} {departs:%H:%M}",
            trip_number=self._trips.setdefault((name, departs), _OWN_TRIPS + len(self._trips)),
            began_s=began_s,
            stop_index=0,
            kind=rulebook.service_of(company.number, name, name),
            departs_s=departs_s,
            taps=Taps(route.taps) if route.taps else taps_on(table.pattern, rulebook),
        )
        return OnTrip(service, tuple(began_s + STOP_S * place for place in range(len(route.stops))))

    def _table(self, name: str, route: RouteSaid) -> FareTable:
        numbers = tuple(map(self.stop_number, route.stops))
        pattern = Pattern(name, name, name, route.stops, numbers)
        cash = FareTable(pattern, _yen(route, route.cash_fares)) if route.cash_fares else None
        return FareTable(pattern, _yen(route, route.fares), cash)


def company_of(rulebook: Rulebook, name: str | None) -> Company:
    """A company of an operator file, by the beginning of its name; the first if none is named."""
    if name is None:
        return rulebook.companies[0]
    for company in rulebook.companies:
        if company.name.startswith(name):
            return company
    raise Misfit(
        f"no company {name!r} with {rulebook.name}; there are {', '.join(one.name for one in rulebook.companies)}"
    )


def _yen(route: RouteSaid, rows: tuple[tuple[int | str, ...], ...]) -> "array[int]":
    size = len(route.stops)
    yen = array("l", [NO_FARE]) * (size * size)
    for alighted in range(1, size):
        row = rows[alighted - 1] if rows else (route.flat_fare or 0,) * alighted
        for boarded, fare in enumerate(row):
            if isinstance(fare, int):
                yen[boarded * size + alighted] = fare
    return yen


def _fares_between(table: FareTable, ends: tuple[str, str]) -> Iterator[int]:
    places = [[place for place, stop in enumerate(table.pattern.stop_names) if stop == end] for end in ends]
    for one in places[0]:
        for other in places[1]:
            pair = (min(one, other), max(one, other))
            if one != other and table.has_fare(*pair):
                yield table.fare_yen(*pair)


def _clock_text(since_midnight_s: int) -> str:
    return f"{since_midnight_s // 3_600:02}:{since_midnight_s // 60 % 60:02}"


def _since_midnight_s(clock: time) -> int:
    return clock.hour * 3_600 + clock.minute * 60 + clock.second


def at_s(day: date, clock: time) -> int:
    """A moment in Japan, in seconds since 1970."""
    return midnight_in_japan_s(day) + _since_midnight_s(clock)


# -- cards


class Office:
    """Where cards and passes are made as a scenario says them: the counter of the bus's operator."""

    def __init__(self, roads: Roads, files: Files, bus: BusSaid, at: Service) -> None:
        """Cards are of the bus's operator where nothing else is said."""
        self._roads = roads
        self._operators = files.operators(bus.operator_file)
        self._files = files
        self._service = at
        self._today = day_in_japan(at.began_s)

    def card(self, name: str, number: int, said: CardSaid) -> Card:
        """A card, made anew. Raises Misfit for what its operator's cards don't have."""
        if said.recorded is not None:
            image = self._files.card(said.recorded, said.taken_for)
            return Card(name, image, account_on(image))
        account = self._account(said)
        idm = bytes.fromhex("012E5CE0") + number.to_bytes(4, "big")
        try:
            image = issue(idm, account, made_up_number(account.scheme, idm), self._today)
        except LayoutFault as fault:
            raise Misfit(f"card {name}: {fault}") from None
        return Card(name, image, account)

    def held_pass(self, said: PassSaid, rulebook: Rulebook) -> Pass:
        """A pass as its operator sells it."""
        product = rulebook.products[0] if said.product is None else rulebook.product_named(said.product)
        if product is None:
            known = ", ".join(one.name for one in rulebook.products)
            raise Misfit(f"pass: no product {said.product!r} with {rulebook.name}; there are {known}")
        ends = [(pair[0], pair[1]) for pair in said.sections]
        if said.from_ is not None and said.to is not None:
            ends.insert(0, (said.from_, said.to))
        sections = tuple(self._section(pair, said) for pair in ends)
        area = next((one.number for one in rulebook.areas if one.name == said.area), None) if said.area else 0
        line = next((one.number for one in rulebook.lines if one.name == said.line), None) if said.line else 0
        if area is None or line is None:
            raise Misfit(
                f"pass: {rulebook.name} has no {'area ' + str(said.area) if area is None else 'line ' + str(said.line)}"
            )
        company = self._service.company if said.company is None else company_of(rulebook, said.company).number
        bearer = product.bearer if said.bearer is None else said.bearer
        return Pass(product.number, company, said.first, said.last, bearer, sections, area, line)

    def auto_charge(self, said: AutoChargeSaid, rulebook: Rulebook) -> AutoCharge:
        """An arrangement, with the caps first offered where none are said."""
        offer = rulebook.auto_charge_offer
        day_cap = said.day_cap if said.day_cap is not None else offer.first_day_cap_yen if offer else None
        month_cap = said.month_cap if said.month_cap is not None else offer.first_month_cap_yen if offer else None
        if day_cap is None or month_cap is None:
            raise Misfit(f"auto_charge: {rulebook.name} offers none; say day_cap and month_cap")
        return AutoCharge(said.trigger, said.amount, day_cap, month_cap)

    def rulebook(self, scheme: str | None) -> Rulebook:
        """The rules of a scheme on the scenario's day."""
        return self._service.rulebook if scheme is None else self._operators.on(scheme, self._today)

    def _section(self, ends: tuple[str, str], said: PassSaid) -> Section:
        priced_yen = said.priced_on if said.priced_on is not None else self._roads.priced_yen(ends)
        start, end = map(self._roads.stop_number, ends)
        return Section(start, end, said.one_way, priced_yen)

    def _account(self, said: CardSaid) -> Account:
        rulebook = self.rulebook(said.operator)
        held = self.held_pass(said.pass_, rulebook) if said.pass_ else None
        product = rulebook.product(held.product) if held else None
        has_coupons = any(rules.name is Purse.REGULAR for rules in rulebook.purses) and not said.pass_only
        coupons = said.coupons
        if coupons is not None and not has_coupons:
            raise Misfit(f"coupons: a card of {rulebook.name} has no such purse")
        kind, charge = KINDS[said.kind], said.auto_charge
        named = said.named
        if named is None:
            named = kind is not HolderKind.ADULT or charge is not None or bool(product and product.named_card)
        return Account(
            scheme=rulebook.scheme,
            stored_fare_yen=said.balance or 0,
            holder=kind,
            named=named,
            expires=said.expires,
            ride=self._ride(said),
            held_pass=held,
            auto_charge=self.auto_charge(charge, rulebook) if charge else None,
            auto_charged=AutoCharged(charge.charged_on, charge.charged_day, charge.charged_month)
            if charge and charge.charged_on
            else None,
            coupons=Coupons(coupons.regular, coupons.student, coupons.eco)
            if coupons
            else Coupons(0, 0, 0)
            if has_coupons
            else None,
            points=Points(said.points, said.points_on or self._today) if said.points or said.points_on else None,
            welfare_points=said.welfare_points,
        )

    def _ride(self, said: CardSaid) -> RideMark | None:
        ride = said.ride
        if ride is None:
            return None
        state = RideState.OPEN if ride.state == "open" else RideState.CLOSED
        return RideMark(state, ride.on, ride.trip_number, ride.place, self._service.company)


# -- buses


class Bus:
    """One bus: the real terminal on a bench, a journal on a disk that can lose its power, a note acceptor."""

    def __init__(self, name: str, vehicle: str, said: BusSaid, bench: Bench, folder: Path, world: "World") -> None:
        """Switched on, at the first stop of its trip."""
        self.name, self.said, self.bench = name, said, bench
        self.notes = NoteAcceptorModel(lambda: float(world.clock.now_s))
        self.inserted: list[int] = []
        self.halt = Halt()
        self.shown: list[Result] = []
        self._vehicle = vehicle
        self._path = folder
        self._world = world
        self._one_reader = said.readers == 1
        self.on_trip = world.roads.on_trip(said)
        world.clock.reach(self.on_trip.service.began_s)
        self._switch_on()
        self.terminal.begin_trip(self.on_trip.service)

    def _switch_on(self) -> None:
        world = self._world
        self._disk = VolatileFolder(self._path)
        recovered = recover_folder(self._disk, self._vehicle, _CHUNK_BYTES)
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

    def restart(self, *, flushed: bool) -> None:
        """Off and on again: what is in the terminal's memory is gone, and with the power what was not flushed.

        The driver begins the trip again where the bus stands.
        """
        place, on_trip = self._place(), self.terminal.service
        if flushed:
            self._journal.close()
        else:
            self._disk.lose_power()
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
        return read(self._path).entries

    def close(self) -> None:
        """The journal is closed; what failed has been told already."""
        with suppress(JournalFault):
            self._journal.close()


class World:
    """All of it, for one scenario. `bench_for` gives the n-th bus its bench."""

    def __init__(self, scenario: Scenario, files: Files, bench_for: Callable[[int], Bench], folder: Path) -> None:
        """Make the cards; a bus begins its trip when it is first heard of. Raises Misfit, and what `Files` raises."""
        self.clock = SimClock()
        self.trust = ALWAYS
        self.orders: Orders = NO_ORDERS
        self.buses: dict[str, Bus] = {}
        self._scenario, self._bench_for, self._folder = scenario, bench_for, folder
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
            folder = self._folder / f"bus-{number}"
            said = self._scenario.buses[name]
            self.buses[name] = Bus(name, f"BUS-{number}", said, self._bench_for(number), folder, self)
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

"""A day of buses, riders and faults, drawn from a seed (模擬). The seed and the rates decide every step of it, and
nothing that comes of a step decides another.

Most taps are ordinary rides, by the passengers of `sim.demand` on the trips of the feed; what goes wrong comes between.
"""

from collections.abc import Callable, Mapping
from datetime import date
from random import Random
from typing import NamedTuple

from cardimage.image import CardImage
from cardimage.issue import issue, made_up_number
from farebox.duty import Duty
from farebox.feed.gtfs import Trip
from farebox.result import Side
from sim.centre import FATES
from sim.demand import Population, Rider, SimCard
from sim.faults import steps as s
from sim.faults.player import Plan
from sim.fleet import Vehicle
from sim.hardware.field import Moment
from sim.replay import fleet_for
from tariff.account import Account, AutoCharge
from tariff.calendar import midnight_in_japan_s

SCHEMES = (None, None, "lococa", "aizu-noruca", "iwate-green-pass", "noruca")
"""Whose rules hold: each agency's own, or one operator's on all buses."""
MEAN_RIDERS = 9.0
DUTY_TRIPS = 3
"""After so many trips a driver's duty ends, and the segments go to the centre."""


class Rate(NamedTuple):
    """How often it is drawn, of all taps unless `of` says otherwise; which faults it leads to, by number."""

    default: float
    faults: str
    what: str
    of: str = "taps"


RATES: Mapping[str, Rate] = {
    "withdraw": Rate(0.02, "1-6", "a card is withdrawn in the middle of a tap, and comes back or not"),
    "unplug": Rate(0.001, "7", "a reader is gone"),
    "hang": Rate(0.001, "8", "a reader hangs"),
    "spoil": Rate(0.003, "9, 10", "an answer comes back as other bytes"),
    "swallow": Rate(0.002, "3", "a command never arrives"),
    "clone": Rate(0.002, "11", "a card with another key"),
    "copy": Rate(0.003, "12", "a card as it was some time ago"),
    "twice": Rate(0.02, "13", "the card is laid once more"),
    "two": Rate(0.003, "14", "two cards at once"),
    "ask": Rate(0.003, "15", "another card while the driver is asked"),
    "idle": Rate(0.002, "16", "a tap out of service"),
    "forget": Rate(0.02, "17", "nobody tapped on boarding"),
    "power": Rate(0.003, "4, 18, 19, 23", "the power goes, anywhere"),
    "kill": Rate(0.001, "4", "the process is killed"),
    "disk": Rate(0.001, "20", "the disk fails"),
    "full": Rate(0.001, "21", "the disk is full"),
    "rot": Rate(0.05, "22", "a byte of a sealed segment changes", "duties"),
    "clock": Rate(0.002, "24", "the clock is set to another time, and back"),
    "unset": Rate(0.002, "25", "nobody vouches for the clock"),
    "late": Rate(0.02, "26", "the bus stands until after midnight", "trips"),
    "network": Rate(0.3, "32-37", "a request meets a fate", "requests"),
    "orders": Rate(0.003, "39, 45", "a hotlist, an old one perhaps, and a setting of auto-charge"),
    "rich": Rate(0.05, "42", "a card is near its cap: the next charge or note would pass it", "cards"),
    "top-up": Rate(0.03, "42", "a card is topped up by a note"),
    "note": Rate(0.15, "43", "card, wire or power fail as a note goes in", "top-ups"),
    "cancel": Rate(0.005, "", "the driver takes a settlement back"),
    "key": Rate(0.003, "44", "the driver keys anything, and amounts that can't be"),
}
"""By name."""
Rates = Mapping[str, float]
DEFAULTS: Rates = {name: rate.default for name, rate in RATES.items()}
_NEARLY_FULL = {
    "lococa": Account("lococa", 19_500),
    "aizu-noruca": Account("aizu-noruca", 12_000, named=True, auto_charge=AutoCharge(12_700, 10_000, 99_000, 99_000)),
}
"""By scheme, of those that notes or credit can fill."""
_LINES = (
    '{"do":"log-paper","kind":"paper-coupons","yen":-1}',
    '{"do":"log-paper","kind":"paper-coupons","yen":210.5}',
    '{"do":"log-paper","kind":"paper-coupons","yen":99999999999999999999}',
    '{"do":"count-up"}',
    '{"do":"go-to-stop","stop_index":99}',
    "not a command",
)


class _Timed(NamedTuple):
    """When a step is due, on which bus, and its place among those of its time."""

    at_s: int
    bus: int
    number: int
    step: s.Step


def draw(seed: int, duty: Duty, day: date, rates: Rates = DEFAULTS) -> Plan:
    """The plan of a seed. Raises ValueError on a day without trips."""
    scheme = SCHEMES[seed % len(SCHEMES)]
    duty = duty._replace(scheme=scheme)
    vehicles = fleet_for(duty, day)
    if not vehicles:
        raise ValueError(f"no trips on {day}")
    drawing = _Drawing(Random(f"faults {seed}"), duty, day, rates, seed)
    steps = drawing.steps(vehicles)
    cards = tuple(map(drawing.card, drawing.population.cards))
    return Plan(scheme, day, tuple(vehicle.vehicle_id for vehicle in vehicles), cards, steps)


class _Drawing:
    def __init__(self, random: Random, duty: Duty, day: date, rates: Rates, seed: int) -> None:
        self._random = random
        self._duty, self._day, self._rates = duty, day, rates
        self.population = Population(random, day, f"faults {seed}", MEAN_RIDERS)
        self._number: dict[bytes, int] = {}
        self._timed: list[_Timed] = []

    def steps(self, vehicles: tuple[Vehicle, ...]) -> tuple[s.Step, ...]:
        trips = [
            (trip.departures_s[0], bus, number, trip)
            for bus, vehicle in enumerate(vehicles)
            for number, trip in enumerate(vehicle.trips)
        ]
        free_at_s: dict[bytes, int] = {}
        for departs_s, bus, number, trip in sorted(trips, key=lambda found: found[:3]):
            busy = {idm for idm, at_s in free_at_s.items() if at_s >= departs_s}
            riders = self.population.riders(trip, self._duty.service(trip, self._day), busy)
            for place, card in enumerate(self.population.cards):
                self._number.setdefault(card.image.idm, place)
            for rider in riders:
                free_at_s[rider.card.image.idm] = trip.arrivals_s[-1]
            self._trip(bus, trip, riders)
            if (number + 1) % DUTY_TRIPS == 0 or number + 1 == len(vehicles[bus].trips):
                self._duty_ends(bus, trip.arrivals_s[-1])
        return (*(timed.step for timed in sorted(self._timed, key=lambda timed: timed[:3])), s.Settle())

    def card(self, card: SimCard) -> CardImage:
        """As it was issued, or nearly full."""
        full = _NEARLY_FULL.get(card.scheme)
        if full is None or not self._chance("rich"):
            return card.image
        return issue(card.image.idm, full, made_up_number(card.scheme, card.image.idm), self._day)

    def _at(self, at_s: int, bus: int, *steps: s.Step) -> None:
        for step in steps:
            self._timed.append(_Timed(at_s, bus, len(self._timed), step))

    def _chance(self, name: str) -> bool:
        return self._random.random() < self._rates[name]

    # -- the day as it should be

    def _trip(self, bus: int, trip: Trip, riders: list[Rider]) -> None:
        midnight_s = midnight_in_japan_s(self._day)
        late_s = 86_400 if self._chance("late") else 0
        for place, arrives_s in enumerate(trip.arrivals_s):
            after_midnight_s = late_s if place == len(trip.arrivals_s) - 1 else 0
            self._at(arrives_s, bus, s.Stop(bus, trip.trip_id, place, midnight_s + arrives_s + after_midnight_s))
            for rider in riders:
                if rider.alights == place:
                    self._alights(bus, arrives_s, trip, rider)
            for rider in riders:
                if rider.boards == place and not self._chance("forget"):
                    self._tap(bus, arrives_s, trip, s.Tap(bus, Side.BOARDING, self._card(rider)))

    def _alights(self, bus: int, at_s: int, trip: Trip, rider: Rider) -> None:
        card = self._card(rider)
        tap = s.Tap(bus, Side.ALIGHTING, card, rider.boards, rider.pays)
        self._tap(bus, at_s, trip, tap)
        if self._chance("twice"):
            self._at(at_s, bus, tap)
        if self._chance("cancel"):
            self._at(at_s, bus, s.Cancel(bus, card))
        if self._chance("top-up"):
            for _ in range(self._random.choice((1, 1, 1, 4))):
                self._top_up(bus, at_s, card)

    def _card(self, rider: Rider) -> int:
        return self._number[rider.card.image.idm]

    def _top_up(self, bus: int, at_s: int, card: int) -> None:
        random = self._random
        if self._chance("note"):
            what = random.choice(("withdraw", "power at the acceptor", "acceptor not heard", "power at the journal"))
            if what == "withdraw":
                self._at(at_s, bus, s.Withdraw(bus, Side.ALIGHTING, random.randint(7, 9), self._moment()))
            else:
                self._at(at_s, bus, self._befall(bus, what, random.randint(1, 16)))
        waits, ends = random.choice(
            ((14, True), (14, True), (14, True), (random.randint(0, 14), random.random() < 0.5))
        )
        self._at(at_s, bus, s.TopUp(bus, card, random.choice((1_000, 1_000, 1_000, 5_000, 10_000)), waits, ends))

    def _duty_ends(self, bus: int, at_s: int) -> None:
        random = self._random
        at_s += 120
        self._at(at_s, bus, s.EndDuty(bus))
        if self._chance("rot"):
            self._at(at_s, bus, s.Rot(bus, random.randrange(1 << 16)))
        for _ in range(2):
            fates = tuple(
                random.choice(list(FATES)) if self._chance("network") else "arrives"
                for _ in range(random.randint(0, 12))
            )
            self._at(at_s, bus, s.Session(bus, fates, random.choice((700, 4_000, 262_144))))
            at_s += 600

    # -- what goes wrong around a tap

    def _tap(self, bus: int, at_s: int, trip: Trip, tap: s.Tap) -> None:
        """The tap, and whatever else."""
        for name, before in _BEFORE.items():
            if self._chance(name):
                self._at(at_s, bus, *before(self, tap))
        copied = self._chance("copy")
        if copied:
            self._at(at_s, bus, s.LayOdd(bus, tap.side, s.Odd.FOREIGN, self._any_card(), tap.card))
        if self._chance("withdraw"):
            self._withdrawn(bus, at_s, trip, tap)
        else:
            self._at(at_s, bus, tap)
        if copied:
            self._at(at_s, bus, s.LayOdd(bus, tap.side, s.Odd.COPY, tap.card, self._any_card()))
        for name, after in _AFTER.items():
            if self._chance(name):
                self._at(at_s, bus, *after(self, tap))

    def _withdrawn(self, bus: int, at_s: int, trip: Trip, tap: s.Tap) -> None:
        """The passenger tries again, or after a restart, at the next stop, on the next bus that is there, or never."""
        random = self._random
        self._at(at_s, bus, s.Withdraw(bus, tap.side, random.randint(1, 9), self._moment()))
        once = s.Tap(bus, tap.side, tap.card, tap.began, tap.pays, gives_up=True)
        what = random.choice(("again", "again", "restart", "next stop", "next bus", "never"))
        if what in ("again", "restart"):
            between = (s.PowerCut(bus, random.randrange(1_000), None, s.Acceptor.STAYS_ON),)
            self._at(at_s, bus, once, *(between if what == "restart" else ()), tap)
        else:
            self._at(at_s, bus, once)
        if what == "next stop":
            self._at(at_s + 300, bus, tap)
        if what == "next bus":
            other = bus + 1 if bus == 0 else bus - 1
            self._at(at_s + 300, other, s.Tap(other, tap.side, tap.card, tap.began, tap.pays))

    def _moment(self) -> Moment:
        return self._random.choice(list(Moment))

    def _befall(self, bus: int, what: str, within: int, side: Side = Side.ALIGHTING) -> s.Befall:
        return s.Befall(bus, what, within, self._random.random() < 0.5, side, self._random.randrange(1_000))

    def _any_card(self) -> int:
        return self._random.randrange(len(self.population.cards))


_Around = Callable[[_Drawing, s.Tap], tuple[s.Step, ...]]


def _befalls(*kinds: str) -> _Around:
    """One of these is going to happen."""

    def drawn(drawing: _Drawing, tap: s.Tap) -> tuple[s.Step, ...]:
        what = drawing._random.choice(kinds)
        return (drawing._befall(tap.bus, what, drawing._random.randint(1, 8), tap.side),)

    return drawn


def _odd(odd: s.Odd) -> _Around:
    def drawn(drawing: _Drawing, tap: s.Tap) -> tuple[s.Step, ...]:
        return (s.LayOdd(tap.bus, tap.side, odd, tap.card, drawing._any_card()),)

    return drawn


def _power(drawing: _Drawing, tap: s.Tap) -> tuple[s.Step, ...]:
    random = drawing._random
    if random.random() < 0.7:
        return _befalls("power at the journal", "power at the card")(drawing, tap)
    again_at = random.choice((None, None, random.randint(0, 12)))
    return (s.PowerCut(tap.bus, random.randrange(1_000), again_at, random.choice(list(s.Acceptor))),)


def _asked(drawing: _Drawing, tap: s.Tap) -> tuple[s.Step, ...]:
    """Somebody who never boarded lays a card at the exit, and leaves the driver to answer."""
    asked = s.Tap(tap.bus, Side.ALIGHTING, drawing._any_card(), gives_up=True)
    busy = s.Tap(tap.bus, tap.side, tap.card, tap.began, gives_up=True)
    return (asked, busy)


def _idle(drawing: _Drawing, tap: s.Tap) -> tuple[s.Step, ...]:
    return (s.EndDuty(tap.bus), s.Tap(tap.bus, tap.side, tap.card, gives_up=True))


def _clock(drawing: _Drawing, tap: s.Tap) -> tuple[s.Step, ...]:
    by_s = drawing._random.choice((-86_400, -3_600, -61, 61, 3_600, 86_400))
    return (s.SetClock(tap.bus, by_s, True), tap, s.SetClock(tap.bus, -by_s, True))


def _unset(drawing: _Drawing, tap: s.Tap) -> tuple[s.Step, ...]:
    return (s.SetClock(tap.bus, 0, False), tap, s.SetClock(tap.bus, 0, True))


def _orders(drawing: _Drawing, tap: s.Tap) -> tuple[s.Step, ...]:
    random = drawing._random

    def some() -> int | None:
        return drawing._any_card() if random.random() < 0.5 else None

    charged = tap.card if random.random() < 0.5 else None
    trigger_yen, amount_yen = random.choice(((500, 2_000), (19_000, 10_000)))
    age_days = random.choice((0, 0, 3, 8))
    return (s.SendOrders(tap.bus, some(), some(), charged, trigger_yen, amount_yen, age_days),)


def _key(drawing: _Drawing, tap: s.Tap) -> tuple[s.Step, ...]:
    return (s.Key(tap.bus, drawing._random.choice(_LINES)),)


_BEFORE: dict[str, _Around] = {
    "unplug": _befalls("reader unplugged"),
    "hang": _befalls("reader hangs"),
    "spoil": _befalls("reader spoils"),
    "swallow": _befalls("reader swallows"),
    "disk": _befalls("disk fails"),
    "full": _befalls("disk full"),
    "power": _power,
    "ask": _asked,
    "unset": _unset,
    "clock": _clock,
    "orders": _orders,
}
_AFTER: dict[str, _Around] = {
    "kill": lambda drawing, tap: (s.Kill(tap.bus),),
    "clone": _odd(s.Odd.CLONE),
    "two": _odd(s.Odd.TWO),
    "idle": _idle,
    "key": _key,
}

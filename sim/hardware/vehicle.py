"""A vehicle that drives its trip by the timetable (模擬): what doors, wheels and GPS would tell, from a seed.

for event in drive(trip, places, Random(41)): ...
vehicle = SimulatedVehicle(drive(trip, places, Random(41)), clock)      one more VehicleInput
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from math import cos, pi, radians, sin, sqrt
from random import Random
from typing import NamedTuple

from farebox.feed import Place, Trip
from farebox.peripherals.vehicle import (
    DoorClosed,
    DoorOpened,
    Heard,
    Position,
    Speed,
    Stopped,
    StopRequested,
    VehicleEvent,
)
from farebox.position import metres

_METRES_A_DEGREE = 111_195.0
_DWELL_S = 20
_LEAST_LEG_S = 10


class Habits(NamedTuple):
    """How it is driven. `halts_at`: the places at which it halts (None: all); `noise_m`: how far off GPS may be."""

    halts_at: frozenset[int] | None = None
    noise_m: float = 0.0
    fix_every_s: int = 1
    has_doors: bool = True


AS_TOLD = Habits()


def moved(place: Place, by_m: float, towards_rad: float) -> Place:
    """A place so many metres away, in a direction counted from the north."""
    north, east = by_m * cos(towards_rad), by_m * sin(towards_rad)
    longitude = east / (_METRES_A_DEGREE * cos(radians(place.lat_deg)))
    return Place(place.lat_deg + north / _METRES_A_DEGREE, place.lon_deg + longitude)


def drive(
    trip: Trip, places: Sequence[Place], rng: Random, habits: Habits = AS_TOLD, began_s: float = 0.0
) -> Iterator[VehicleEvent]:
    """One trip, from opening the doors at its first stop to closing them at its last one.

    It leaves its first stop at `began_s`. Between two stops it drives straight, and at the pace that the timetable asks
    for, but never arrives before it left.
    """
    road = _Road(rng, habits)
    at_s = began_s - _DWELL_S
    yield from road.halt(at_s, places[0])
    at_s = began_s
    last = len(places) - 1
    for index, (here, there) in enumerate(pairwise(places), 1):
        leg_s = max(_LEAST_LEG_S, trip.arrivals_s[index] - trip.departures_s[index - 1] - _DWELL_S)
        yield from road.leg(at_s, here, there, leg_s)
        at_s += leg_s
        if index == last or habits.halts_at is None or index in habits.halts_at:
            yield StopRequested(at_s)
            yield from road.halt(at_s, there)
            at_s += _DWELL_S


class _Road:
    """What is told on the way."""

    def __init__(self, rng: Random, habits: Habits) -> None:
        self._rng, self._habits = rng, habits

    def fix(self, at_s: float, place: Place) -> Position:
        # The root spreads them evenly over the circle.
        by_m = self._habits.noise_m * sqrt(self._rng.random())
        return Position(at_s, moved(place, by_m, self._rng.uniform(0, 2 * pi)))

    def halt(self, at_s: float, place: Place) -> Iterator[VehicleEvent]:
        """Stand, open, wait, close."""
        yield Stopped(at_s)
        yield self.fix(at_s, place)
        if self._habits.has_doors:
            yield DoorOpened(at_s + 1)
        for passed_s in range(2, _DWELL_S - 1, self._habits.fix_every_s):
            yield self.fix(at_s + passed_s, place)
        if self._habits.has_doors:
            yield DoorClosed(at_s + _DWELL_S - 1)

    def leg(self, at_s: float, here: Place, there: Place, leg_s: int) -> Iterator[VehicleEvent]:
        """Drive from here to there."""
        kmh = metres(here, there) / leg_s * 3.6
        for driven_s in range(0, leg_s, self._habits.fix_every_s):
            share = driven_s / leg_s
            latitude = here.lat_deg + share * (there.lat_deg - here.lat_deg)
            longitude = here.lon_deg + share * (there.lon_deg - here.lon_deg)
            yield Speed(at_s + driven_s, kmh)
            yield self.fix(at_s + driven_s, Place(latitude, longitude))


class SimulatedVehicle:
    """A script of events, told as their time comes: a VehicleInput."""

    def __init__(self, script: Iterable[VehicleEvent], clock: Callable[[], float]) -> None:
        """Take events in the order of their times, and the clock they are told by."""
        self._script, self._clock = iter(script), clock
        self._next = next(self._script, None)

    @property
    def arrived(self) -> bool:
        """Whether all has been told."""
        return self._next is None

    def poll(self) -> tuple[Heard, ...]:
        """What was due since the last call."""
        now_s = self._clock()
        due: list[Heard] = []
        while self._next is not None and self._next.at_s <= now_s:
            due.append(self._next)
            self._next = next(self._script, None)
        return tuple(due)

    def close(self) -> None:
        """Tell no more."""
        self._script, self._next = iter(()), None

"""A day as SimPy users would simulate it: vehicles and riders are generators that wait, on `by_the_book`'s terminal.

With SimPy installed it runs on SimPy; else on the few lines of `PlainEnvironment`, which do as much of it as is needed.
Rows are kept in a list: no bytes, no checks, nothing that lasts.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from heapq import heappop, heappush
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from random import Random
from typing import Any, Protocol

from tools.bench.peers.by_the_book import Account, Decision, RideMark, RideState, Service, TapRecord, Terminal

Process = Generator[Any, Any, None]


class Environment(Protocol):
    """What of SimPy's environment is used."""

    @property
    def now(self) -> float:
        """Simulated time."""

    def process(self, generator: Process) -> object:
        """Start a process."""

    def timeout(self, delay: float) -> object:
        """What a process yields to wait."""

    def run(self) -> object:
        """Until nothing waits."""


class PlainEnvironment:
    """Generators on a heap, each resumed when its time comes."""

    def __init__(self) -> None:
        """At time 0, with nothing waiting."""
        self.now = 0.0
        self._waiting: list[tuple[float, int, Process]] = []
        self._ticket = count()

    def process(self, generator: Process) -> None:
        """Start it at the present time, after what waits for that time already."""
        heappush(self._waiting, (self.now, next(self._ticket), generator))

    def timeout(self, delay: float) -> float:
        """The delay itself."""
        return delay

    def run(self) -> None:
        """Resume whoever is next, until nobody waits."""
        while self._waiting:
            self.now, _, generator = heappop(self._waiting)
            delay = next(generator, None)
            if delay is not None:
                heappush(self._waiting, (self.now + delay, next(self._ticket), generator))


def environment() -> tuple[Callable[[], Environment], str]:
    """SimPy's, or ours; and how to call it in the table."""
    if find_spec("simpy") is None:
        return PlainEnvironment, "generators, transitions, dataclasses (SimPy not installed: pip install simpy)"
    return import_module("simpy").Environment, "SimPy, transitions, frozen dataclasses"


@dataclass(frozen=True)
class Trip:
    """One trip: whose fares, when it stands where, how many ride."""

    service: Service
    arrivals_s: tuple[int, ...]
    riders: int


class Card:
    """A card in a rider's hand."""

    def __init__(self, number: int, account: Account) -> None:
        """Take its number and what it holds."""
        self.idm = number.to_bytes(8, "big")
        self.account = account

    def hold(self, decision: Decision) -> None:
        """Written by the terminal."""
        self.account = decision.after


def run_day(make: Callable[[], Environment], vehicles: list[list[Trip]], random: Random) -> list[TapRecord]:
    """Every vehicle's trips; gives the taps in the order they came."""
    env = make()
    rows: list[TapRecord] = []
    for trips in vehicles:
        env.process(_vehicle(env, trips, rows, random))
    env.run()
    return rows


def _vehicle(env: Environment, trips: list[Trip], rows: list[TapRecord], random: Random) -> Process:
    for trip in trips:
        yield env.timeout(max(0.0, trip.arrivals_s[0] - env.now))
        terminal = Terminal(trip.service, rows.append)
        terminal.begin_trip()
        last = len(trip.arrivals_s) - 1
        for number in range(trip.riders):
            boards = random.randrange(last)
            env.process(_rider(env, terminal, trip, number, (boards, random.randint(boards + 1, last)), random))
        for place in range(1, last + 1):
            yield env.timeout(trip.arrivals_s[place] - trip.arrivals_s[place - 1])
            terminal.advance(place)
        yield env.timeout(30)
        terminal.end_trip()


def _rider(
    env: Environment, terminal: Terminal, trip: Trip, number: int, ride: tuple[int, int], random: Random
) -> Process:
    boards, alights = ride
    nothing = RideMark(RideState.NONE, trip.service.day, 0, 0)
    card = Card(number, Account(random.randrange(2_000, 8_000, 10), 1, nothing))
    yield env.timeout(trip.arrivals_s[boards] + random.randint(2, 20) - env.now)
    terminal.board(card.idm, card.account, int(env.now), card.hold)
    yield env.timeout(trip.arrivals_s[alights] + random.randint(2, 20) - env.now)
    terminal.alight(card.idm, card.account, int(env.now), card.hold)

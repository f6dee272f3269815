"""f. Bulk re-pricing: rides a second, of a network of 60 lines of 30 stops, on one core; the peers take all cores.

Each ride is one row of columns, and its fare stands at one index that the peers join by too. Rates are by this thread's
CPU clock; ratios by the wall clock, as the peers run on several threads. The first pricing of each kind warms up.
"""

from array import array
from datetime import timedelta
from functools import partial
from importlib import import_module
from itertools import combinations
from math import nan
from statistics import median
from time import perf_counter, thread_time
from typing import Protocol

import numpy as np

from farebox.feed.operators import load_operators
from tariff.account import HolderKind, Pass, Section
from tariff.bulk import (
    MISSING,
    NO_DUE,
    Cards,
    Coded,
    Column,
    FareTables,
    Line,
    Repriced,
    Rides,
    one_by_one,
    reprice,
    rides_on,
)
from tariff.fares import NO_FARE, FareTable, Pattern
from tariff.refusal import Refusal
from tariff.riders import HOLDER_ALONE, Party, RiderClass
from tariff.rulebook import ORDINARY
from tools.bench.bus import DAY
from tools.bench.measure import Effort, Figure, Neighbours, Row, in_turns, ratio
from tools.tariff.path_clock import PathClock

LINES, STOPS = 60, 30
_NEXT_LINE = 7
"""So many stops of a line are its own; the rest it shares with the lines after it."""
_PASSES = 400
_RIDES_A_TAP = 20_000
_COMPARED = 5_000
_OD_LEAST, _VECTORISED_LEAST = 250e6, 40e6
_PEERS = (("duckdb_join", "DuckDbJoin", 2.5), ("polars_join", "PolarsJoin", 8.0))


def fares_by_distance(number: int, stops: int) -> FareTable:
    """A line's table: 160 yen, and 10 more each stop."""
    yen = array("l", [NO_FARE]) * (stops * stops)
    for boarded, alighted in combinations(range(stops), 2):
        yen[boarded * stops + alighted] = 150 + 10 * (alighted - boarded)
    numbers = tuple(range(number * _NEXT_LINE, number * _NEXT_LINE + stops))
    names = tuple(f"停留所{stop}" for stop in numbers)
    return FareTable(Pattern(f"P{number}", f"R{number}", f"{number}系統", names, numbers), yen)


class Network:
    """Lines of two companies in turns, and rides drawn on them; the same every time."""

    def __init__(self, rides: int) -> None:
        """Draw so many rides."""
        self.rulebook = load_operators().on("lococa", DAY)
        self.tables = FareTables([Line(fares_by_distance(at, STOPS), at % 2, ORDINARY) for at in range(LINES)])
        self._random = np.random.default_rng(1)
        self._count = rides
        self._scheme = Coded(np.zeros(rides, np.uint8), (self.rulebook.scheme,))
        self._boarded = self._random.integers(0, STOPS - 1, rides)
        self._alighted = self._random.integers(self._boarded + 1, STOPS)
        self._day = DAY.toordinal() + self._random.integers(0, 30, rides)

    def plain(self) -> Rides:
        """Adults who pay by the table."""
        return self._rides(self._random.integers(0, LINES, self._count), Cards(self._scheme))

    def with_passes(self) -> Rides:
        """All with a pass on the line, one section each; a fifth are children; money enough."""
        held, line = self._passes()
        return self._rides(line, self._cards(held, short=0.0))

    def mixed(self) -> Rides:
        """A third with a pass, a fifth children; 1 in 200 short of stored fare, 1 in 200 with companions."""
        held, line = self._passes()
        with_pass = self._random.random(self._count) < 1 / 3
        taken = Coded(np.where(with_pass, held.codes, 0), held.values)
        together = self._random.random(self._count) < 1 / 200
        party = Coded(together.astype(np.uint8), (HOLDER_ALONE, Party(companions=(RiderClass.ADULT, RiderClass.CHILD))))
        return self._rides(line, self._cards(taken, short=1 / 200), party)

    def priced(self, rides: Rides) -> Repriced:
        """All of them."""
        return reprice(rides, self.tables, self.rulebook)

    def rates(self, rides: Rides) -> list[float]:
        """Rides a second, by the wall clock and by this thread's."""
        began = perf_counter(), thread_time()
        self.priced(rides)
        return [rides.number / (perf_counter() - began[0]), rides.number / (thread_time() - began[1])]

    def differing(self, rides: Rides, priced: Repriced) -> int:
        """How many of the first rides come out otherwise by `settle`."""
        alone = one_by_one(rides, np.arange(min(_COMPARED, rides.number)), self.tables, self.rulebook)
        return sum(
            yen != (NO_DUE if isinstance(judged.outcome, Refusal) else judged.outcome.due_yen)
            for yen, judged in zip(priced.due_yen[:_COMPARED].tolist(), alone, strict=True)
        )

    def _rides(self, line: Column, cards: Cards, party: Coded[Party] | None = None) -> Rides:
        departs_s = np.full(self._count, 36_000)
        places = line, self._boarded, self._alighted, self._day
        return rides_on(self.tables, *places, cards=cards, departs_s=departs_s, party=party)

    def _cards(self, held: Coded[Pass | None], short: float) -> Cards:
        stored_fare_yen = self._random.integers(3_000, 20_000, self._count).astype(np.int32)
        stored_fare_yen[self._random.random(self._count) < short] = 0
        children = (self._random.random(self._count) < 1 / 5).astype(np.uint8)
        holder = Coded(children, (HolderKind.ADULT, HolderKind.CHILD))
        return Cards(self._scheme, stored_fare_yen, holder, held_pass=held)

    def _passes(self) -> tuple[Coded[Pass | None], Column]:
        """A pass a ride, none of them place 0; and the line that it is for."""
        lines = self._random.integers(0, LINES, _PASSES)
        passes: list[Pass | None] = [None]
        for line in lines.tolist():
            start, end = sorted(self._random.choice(STOPS, 2, replace=False).tolist())
            first = line * _NEXT_LINE
            section = Section(first + start, first + end, one_way=False, priced_fare_yen=1_000)
            days = DAY - timedelta(days=5), DAY + timedelta(days=int(self._random.integers(10, 40)))
            passes.append(Pass(1, line % 2, *days, False, (section,)))
        codes = self._random.integers(1, _PASSES + 1, self._count).astype(np.int32)
        return Coded(codes, passes), lines[codes - 1]


def rows(effort: Effort) -> list[Row]:
    """Both paths of arrays beside their goals and the peers, and mixed rides by every path."""
    network = Network(effort.taps * _RIDES_A_TAP)
    plain, with_passes = network.plain(), network.with_passes()
    peers = peers_of(network, plain)
    sums = network.priced(plain).by_company
    runs = {"plain": lambda: network.rates(plain), "passes": lambda: network.rates(with_passes)}
    for peer, _ in peers:
        assert peer.sums() == sums
        runs[peer.name] = partial(_peer_rates, peer, plain.number)
    neighbours = Neighbours()
    taken = in_turns(runs, effort.rounds)
    noise = f"others took {neighbours.cores():.1f} cores"
    by_wall = {name: [wall for wall, _ in rounds] for name, rounds in taken.items()}
    by_cpu = {name: median(cpu for _, cpu in rounds) for name, rounds in taken.items()}
    found = [_goal("a table of fares, sums by company", _OD_LEAST, by_cpu["plain"])]
    for peer, least in peers:
        ours, theirs = median(by_wall["plain"]), median(by_wall[peer.name])
        beside = ratio(by_wall["plain"], by_wall[peer.name])
        what = "a table of fares, by the wall clock"
        found.append(
            Row(
                *("f", what, f">= {least} x", _rate(ours), beside.median >= least),
                *(_rate(theirs), peer.name, beside, noise),
            )
        )
    found.append(_goal("class, one pass, flat fares", _VECTORISED_LEAST, by_cpu["passes"]))
    return [*found, *_mixed(network)]


def _mixed(network: Network) -> list[Row]:
    """Mixed rides: each path's share and rate; and how many of some rides `settle` prices otherwise."""
    rides = network.mixed()
    clock = PathClock(thread_time)
    priced = reprice(rides, network.tables, network.rulebook, clock)
    found = [
        Row(
            "f",
            f"mixed rides, path {path}, {count / rides.number:.1%} of them",
            "printed",
            _rate(clock.rides_s(path)),
            True,
        )
        for path, count in priced.paths.items()
        if count
    ]
    wrong = network.differing(rides, priced)
    return [*found, Row("f", f"rides of {_COMPARED:,} that settle() prices otherwise", "0", Figure(wrong), wrong == 0)]


def _goal(what: str, least: float, rate: float) -> Row:
    return Row("f", what, f">= {least / 1e6:.0f} M rides/s", _rate(rate), rate >= least)


def _rate(rides_s: float) -> Figure:
    return Figure(rides_s / 1e6, "M rides/s")


class Peer(Protocol):
    """A library that joins rides and fares."""

    name: str

    def sums(self) -> dict[int, int]:
        """Yen by company."""


def peers_of(network: Network, rides: Rides) -> list[tuple[Peer, float]]:
    """The peers whose libraries are installed, each with what is wanted beside it."""
    return [(peer, least) for module, name, least in _PEERS if (peer := _peer(module, name, network, rides))]


def _peer(module: str, name: str, network: Network, rides: Rides) -> Peer | None:
    """A peer with the rides' keys and the fares there are; None where its library is not installed."""
    try:
        peer = getattr(import_module(f"tools.bench.peers.{module}"), name)
    except ModuleNotFoundError:
        return None
    yen = network.tables.card_yen
    company = np.repeat(np.arange(LINES, dtype=np.int32) % 2, STOPS * STOPS)
    there_are = yen < MISSING
    key = np.arange(len(yen), dtype=np.int32)
    fares = {"key": key[there_are], "company": company[there_are], "yen": yen[there_are]}
    made: Peer = peer(rides.at, fares)
    return made


def _peer_rates(peer: Peer, rides: int) -> list[float]:
    began = perf_counter()
    peer.sums()
    rate = rides / (perf_counter() - began)
    return [rate, nan]

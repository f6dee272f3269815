"""A ride against the pass on the card: what the pass covers, and what is due for the rest (PASS-1 to PASS-9)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import combinations
from typing import NamedTuple

from tariff.account import Pass, Section
from tariff.fares import FareTable
from tariff.riders import RiderClass, fare_for

Run = tuple[int, int]
"""A run of the ride from one place of the pattern to a later one."""


class PassFare(NamedTuple):
    """What is due from a pass holder. `runs` are the excess parts charged; empty when wholly covered (PASS-2).

    `through` says that the pass was set aside and the whole ride is charged; `excess_yen` is what all sections
    together would have left due: equal to `due_yen`, or what the cheaper fare was compared with (PASS-3).
    """

    due_yen: int
    runs: tuple[Run, ...]
    through: bool
    excess_yen: int


def is_valid(held: Pass, day: date, company: int) -> bool:
    """Whether the pass counts on this day with this company: first to last day, both in (PASS-6, PASS-8)."""
    return held.company == company and held.first_day <= day <= held.last_day


def covered_intervals(section: Section, table: FareTable) -> int:
    """The stop intervals of a pattern that a section covers, as bits: bit i is the interval from i to i + 1.

    The section lies on the pattern wherever both ends are served with neither end in between, at a fare not above
    the one the pass was priced on (PASS-1); against its arrow a one-way pass covers nothing.
    """
    bits = 0
    last_end = last_place = -1
    for place, stop in enumerate(table.pattern.stop_numbers):
        if stop not in (section.from_stop, section.to_stop):
            continue
        allowed = not section.one_way or last_end == section.from_stop
        if last_end not in (-1, stop) and allowed and _within_price(section, table, last_place, place):
            bits |= (1 << place) - (1 << last_place)
        last_end, last_place = stop, place
    return bits


def _within_price(section: Section, table: FareTable, start: int, end: int) -> bool:
    return table.has_fare(start, end) and table.fare_yen(start, end) <= section.priced_fare_yen


def uncovered_runs(bits: int, boarded: int, alighted: int) -> tuple[Run, ...]:
    """The maximal runs of the ride that no covered interval touches (PASS-3)."""
    runs: list[Run] = []
    start = boarded
    for place in range(boarded, alighted):
        if bits >> place & 1:
            if start < place:
                runs.append((start, place))
            start = place + 1
    if start < alighted:
        runs.append((start, alighted))
    return tuple(runs)


def cheaper(sections: Iterable[int], table: FareTable, rider: RiderClass, boarded: int, alighted: int) -> PassFare:
    """PASS-4: the least over all subsets of the sections; none of them is the through fare, so never more than that.

    `sections` are covered intervals as bits. Where all sections and the through fare come to the same, the pass
    stands: the passenger is charged for the excess only.
    """
    ridden = (1 << alighted) - (1 << boarded)
    masks = [bits & ridden for bits in sections if bits & ridden]
    excess_yen, runs = _sum(_union(masks), table, rider, boarded, alighted)
    best = PassFare(excess_yen, runs, False, excess_yen)
    if not runs:
        return best  # wholly covered: nothing to compare with, nor a through fare needed (PASS-2)
    for size in range(len(masks) - 1, -1, -1):
        for chosen in combinations(masks, size):
            due_yen, runs = _sum(_union(chosen), table, rider, boarded, alighted)
            if due_yen < best.due_yen:
                best = PassFare(due_yen, runs, size == 0, excess_yen)
    return best


def separate(sections: Iterable[int], table: FareTable, rider: RiderClass, boarded: int, alighted: int) -> PassFare:
    """PASS-4, PASS-5: all sections cover, and each uncovered run is a ride of its own (IGP-18, Aizu)."""
    due_yen, runs = _sum(_union(sections), table, rider, boarded, alighted)
    return PassFare(due_yen, runs, False, due_yen)


def _union(masks: Iterable[int]) -> int:
    bits = 0
    for mask in masks:
        bits |= mask
    return bits


def _sum(bits: int, table: FareTable, rider: RiderClass, boarded: int, alighted: int) -> tuple[int, tuple[Run, ...]]:
    """The fares of the uncovered runs, each at the rider's own class before anything is compared (PASS-9)."""
    runs = uncovered_runs(bits, boarded, alighted)
    return sum(fare_for(rider, table.fare_yen(*run)) for run in runs), runs


Excess = Callable[[Iterable[int], FareTable, RiderClass, int, int], PassFare]

EXCESS: Mapping[str, Excess] = {"cheaper": cheaper, "separate": separate}
"""The closed registry behind an operator file's `passes.excess` (PASS-5)."""

"""A ride against the pass on the card: what the pass covers, and what is due for the rest (PASS-1 to PASS-9)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import combinations
from typing import NamedTuple

from tariff.account import Pass, Section
from tariff.fares import FareTable, Pattern
from tariff.rulebook import PassLine, Product, Rulebook

Run = tuple[int, int]
"""A run of the ride from one place of the pattern to a later one."""

Fare = Callable[[int, int], int]
"""The fare of a run for the rider, at the rider's own class (PASS-9); raises MissingFare."""


class PassFare(NamedTuple):
    """What is due from a pass holder. `runs` are the excess parts charged; empty when wholly covered (PASS-2).

    `through` says that the pass was set aside and the whole ride is charged; `excess_yen` is what all sections
    together would have left due: equal to `due_yen`, or what the cheaper fare was compared with (PASS-3).
    """

    due_yen: int
    runs: tuple[Run, ...]
    through: bool
    excess_yen: int


class Coverage(NamedTuple):
    """What a pass covers of a pattern: stop intervals as bits, one mask for each section, area and line.

    Bit i is the interval from place i to place i + 1. `unknown` names what the operator has not configured
    (GEN-17), and so may cover more; empty where all is known.
    """

    masks: tuple[int, ...]
    unknown: str


NOTHING = Coverage((), "")


def is_valid(held: Pass, day: date, company: int) -> bool:
    """Whether the pass counts on this day with this company: first to last day, both in (PASS-6, PASS-8)."""
    return held.company == company and held.first_day <= day <= held.last_day


def coverage(held: Pass, product: Product | None, table: FareTable, service: str, rulebook: Rulebook) -> Coverage:
    """What a valid pass covers of a pattern on a service (PASS-1, GEN-15)."""
    if product is None or product.scope is None:
        return Coverage((), f"pass {product.name if product else held.product}")
    if service in product.excluded_services:
        return NOTHING
    masks = [covered_intervals(section, table) for section in held.sections]
    unknown = ""
    if product.scope == "network":
        masks.append(_whole(table))
    if held.area:
        area = rulebook.area(held.area)
        if area is None:
            unknown = f"area {held.area}"
        elif service not in area.excluded_services:
            if area.stops is None:
                unknown = f"area {area.name}"
            else:
                masks.append(_within(area.stops, table.pattern))
    if held.line:
        line = rulebook.line(held.line)
        if line is None:
            unknown = f"line {held.line}"
        elif _on_line(line, table.pattern):
            masks.append(_whole(table))
    return Coverage(tuple(masks), unknown)


def covered_intervals(section: Section, table: FareTable) -> int:
    """The stop intervals of a pattern that a section covers, as bits.

    The section lies on the pattern between every visit of one end and every later visit of the other, at a fare not
    above the one the pass was priced on (PASS-1); against its arrow a one-way pass covers nothing.
    """
    bits = 0
    ends = (section.from_stop, section.to_stop)
    visits = [(place, stop) for place, stop in enumerate(table.pattern.stop_numbers) if stop in ends]
    for nth, (start, stop) in enumerate(visits):
        if section.one_way and stop != section.from_stop:
            continue
        for end, other in visits[nth + 1 :]:
            if other != stop and _within_price(section, table, start, end):
                bits |= (1 << end) - (1 << start)
    return bits


def _within_price(section: Section, table: FareTable, start: int, end: int) -> bool:
    return table.has_fare(start, end) and table.fare_yen(start, end) <= section.priced_fare_yen


def _within(stops: frozenset[str], pattern: Pattern) -> int:
    """The intervals of a pattern whose stops both lie in an area."""
    inside = [name in stops for name in pattern.stop_names]
    return sum(1 << place for place in range(len(inside) - 1) if inside[place] and inside[place + 1])


def _on_line(line: PassLine, pattern: Pattern) -> bool:
    return pattern.route_id in line.routes or pattern.route_name.startswith(line.routes)


def _whole(table: FareTable) -> int:
    return (1 << table.size - 1) - 1


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


def cheaper(masks: Iterable[int], fare: Fare, boarded: int, alighted: int) -> PassFare:
    """PASS-4: the least over all subsets of the sections; none of them is the through fare, so never more than that.

    `masks` are covered intervals as bits. Where all sections and the through fare come to the same, the pass
    stands: the passenger is charged for the excess only.
    """
    ridden = (1 << alighted) - (1 << boarded)
    touching = [bits & ridden for bits in masks if bits & ridden]
    excess_yen, runs = _sum(union(touching), fare, boarded, alighted)
    best = PassFare(excess_yen, runs, False, excess_yen)
    if not runs:
        return best  # wholly covered: nothing to compare with, nor a through fare needed (PASS-2)
    for size in range(len(touching) - 1, -1, -1):
        for chosen in combinations(touching, size):
            due_yen, runs = _sum(union(chosen), fare, boarded, alighted)
            if due_yen < best.due_yen:
                best = PassFare(due_yen, runs, size == 0, excess_yen)
    return best


def separate(masks: Iterable[int], fare: Fare, boarded: int, alighted: int) -> PassFare:
    """PASS-4, PASS-5: all sections cover, and each uncovered run is a ride of its own (IGP-18, Aizu)."""
    due_yen, runs = _sum(union(masks), fare, boarded, alighted)
    return PassFare(due_yen, runs, False, due_yen)


def union(masks: Iterable[int]) -> int:
    """What several sections cover together."""
    bits = 0
    for mask in masks:
        bits |= mask
    return bits


def _sum(bits: int, fare: Fare, boarded: int, alighted: int) -> tuple[int, tuple[Run, ...]]:
    """The fares of the uncovered runs."""
    runs = uncovered_runs(bits, boarded, alighted)
    return sum([fare(start, end) for start, end in runs]), runs


Excess = Callable[[Iterable[int], Fare, int, int], PassFare]

EXCESS: Mapping[str, Excess] = {"cheaper": cheaper, "separate": separate}
"""The closed registry behind an operator file's `passes.excess` (PASS-5)."""

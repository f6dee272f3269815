"""The fares of a feed's patterns from triangular tables: which place of a pattern is which stop of its route's table.

A pattern may run along the table or back, pass stops by, and visit a stop twice if the table lists it twice; by their
order the visits are told apart (GEN-4). What the order leaves open is refused unless the fares agree.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from farebox.feed.faults import UnknownRoute
from farebox.feed.gtfs_network import Route, Stop
from farebox.feed.sheets import Sheet
from farebox.feed.triangle import Heading, Kind, Routes, Triangle, heading_of, read_triangle
from farebox.feed.triangle_place import spelling, table_rows
from tariff.fares import NO_FARE, FareTable, Pattern


class FareSource(Protocol):
    """Whatever gives a pattern its fares."""

    def table(self, pattern: Pattern, route: Route, stops: list[Stop]) -> FareTable:
        """The fares of a pattern."""


class TriangleFares:
    """Fares from triangular tables; routes without one keep the fares they had."""

    __slots__ = ("_others", "_triangles")

    def __init__(self, sheets: Iterable[Sheet], feed: Routes, others: FareSource) -> None:
        """Read all tables; a sheet without one is passed over. Raises FaresBroken, also if there is none at all."""
        self._others = others
        self._triangles: dict[str, dict[Kind, Triangle]] = {}
        stops = {spelling(name) for pattern in feed.patterns.values() for name in pattern.stop_names}
        read = tuple(sheets)
        tables = [(sheet, rows) for sheet in read if (rows := table_rows(sheet, stops))]
        if read and not tables:
            raise read[0].broken("no fare table, here or in another sheet; name the stops as stops.txt does")
        in_file = Counter(sheet.file for sheet, _ in tables)
        for sheet, rows in tables:
            heading = heading_of(sheet, rows.start, in_file[sheet.file] == 1, stops, feed)
            self._add(sheet, rows, heading, feed)
        for kinds in self._triangles.values():
            if len(kinds) == 1 and Kind.ONE not in kinds:
                kind, triangle = next(iter(kinds.items()))
                other = Kind.CASH if kind is Kind.IC else Kind.IC
                raise triangle.sheet.broken(
                    f"says {kind}, and no table has the {other} fares; add that, or don't say it"
                )

    def has_table(self, route_id: str) -> bool:
        """Whether a route's fares come from a table."""
        return route_id in self._triangles

    def table(self, pattern: Pattern, route: Route, stops: list[Stop]) -> FareTable:
        """The fares of a pattern; raises FaresBroken if its table leaves open which of several fares a ride costs."""
        kinds = self._triangles.get(route.route_id)
        if kinds is None:
            return self._others.table(pattern, route, stops)
        if Kind.ONE in kinds:
            return FareTable(pattern, _fares_of(kinds[Kind.ONE], pattern))
        cash = FareTable(pattern, _fares_of(kinds[Kind.CASH], pattern))
        return FareTable(pattern, _fares_of(kinds[Kind.IC], pattern), cash)

    def _add(self, sheet: Sheet, rows: range, heading: Heading, feed: Routes) -> None:
        routes = _routes(sheet, heading.route, feed)
        ids = {route.route_id for route in routes}
        own = {spelling(name): name for pattern in feed.patterns.values() if pattern.route_id in ids
               for name in pattern.stop_names}  # fmt: skip
        triangle = read_triangle(sheet, rows, heading.directional, own)
        for route_id in sorted(ids):
            kinds = self._triangles.setdefault(route_id, {})
            rivals = [kind for kind in kinds if heading.kind in (kind, Kind.ONE) or kind is Kind.ONE]
            if rivals:
                first = kinds[rivals[0]].sheet
                where = f"{first.file}{first.name and f', sheet {first.name}'}"
                raise sheet.broken(f"route {route_id} has a table already, in {where}; keep one of them")
            kinds[heading.kind] = triangle


def _routes(sheet: Sheet, name: str, feed: Routes) -> tuple[Route, ...]:
    try:
        return feed.routes_called(name)
    except UnknownRoute as error:
        raise sheet.broken(f"{error}; name the route in a first row, as 路線：NAME") from error


# -- a pattern's places in a table


def _fares_of(triangle: Triangle, pattern: Pattern) -> "array[int]":
    """What a pattern's rides cost; stops that the table lacks have no fare. Raises FaresBroken."""
    keys = [spelling(name) for name in pattern.stop_names]
    listed = [place for place, key in enumerate(keys) if key in triangle.names]
    ways = _ways(triangle.names, [keys[place] for place in listed])
    if not ways:
        twice = [name for name, key in zip(pattern.stop_names, keys, strict=True) if keys.count(key) > 1]
        problem = (
            f"pattern {pattern.pattern_id} visits {', '.join(dict.fromkeys(twice)) or 'its stops'} in another order"
        )
        raise triangle.sheet.broken(f"{problem}; list the stops as it runs, one as often as it is visited")
    size = len(keys)
    yen = array("i", [NO_FARE]) * (size * size)
    for at, boarded in enumerate(listed):
        for then in range(at + 1, len(listed)):
            found = {triangle.fare_yen(*pair) for way in ways for pair in way.pairs(at, then)} - {NO_FARE}
            if len(found) > 1:
                ride = f"{pattern.stop_names[boarded]} to {pattern.stop_names[listed[then]]}"
                fares = " or ".join(str(fare_yen) for fare_yen in sorted(found))
                problem = f"pattern {pattern.pattern_id}: {ride} is {fares} yen, by which visit of a stop is meant"
                raise triangle.sheet.broken(
                    f"{problem}; head the table 方向別, or give those trips a route of their own"
                )
            yen[boarded * size + listed[then]] = found.pop() if found else NO_FARE
    return yen


class _Way(NamedTuple):
    """One way in which a pattern may run through a table: along it (step 1), back (-1) or, for 0, in its own order.

    `places` are those of the table where each of the pattern's stops may then stand.
    """

    step: int
    places: list[list[int]]

    def pairs(self, boarded: int, alighted: int) -> list[tuple[int, int]]:
        """Where in the table a ride between two of the pattern's stops may be."""
        return [
            (start, end)
            for start in self.places[boarded]
            for end in self.places[alighted]
            if self.step == 0 or (end - start) * self.step > 0
        ]


def _ways(names: tuple[str, ...], keys: list[str]) -> list[_Way]:
    """All ways that the stops of a pattern can run through those of a table, which has them all."""
    if tuple(keys) == names:
        return [_Way(1, [[place] for place in range(len(names))])]
    where: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        where.setdefault(name, []).append(place)
    places = [where[key] for key in keys]
    ways = [way for step in (1, -1) if (way := _in_order(places, step, len(names)))]
    # Where each stop is one only, here and there, a ride's two ends say which fare, whatever the order.
    if not ways and len(set(keys)) == len(keys) and all(len(found) == 1 for found in places):
        ways = [_Way(0, places)]
    return ways


def _in_order(places: list[list[int]], step: int, size: int) -> _Way | None:
    """Keep, of the places where each stop may stand, those that an order along the table allows; None if none does."""
    first, last = [], []
    after = -size
    for found in places:
        after = min((place * step for place in found if place * step > after), default=size)
        first.append(after)
    if size in first:
        return None
    before = size
    for found in reversed(places):
        before = max(place * step for place in found if place * step < before)
        last.append(before)
    bounds = zip(places, first, reversed(last), strict=True)
    return _Way(step, [[at for at in found if low <= at * step <= high] for found, low, high in bounds])

"""Where a ride is: the line, and the places of its stops by name. Of a feed, or of a table that came with the request.

A stop's visits on a loop are told apart by `name#2`, the second visit, or by a field of their own; what can be read
in two ways is refused with the ways there are, never guessed (GEN-4).
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from farebox.feed import Feed, Route, Trip
from tariff.fares import NO_FARE, FareTable, Pattern
from tools.near import near
from tools.tariff.quote_json import BadLine
from tools.tariff.quote_values import Field

_Pair = tuple[int, int]


class Place(NamedTuple):
    """A ride on a line: its fares, the places, and whose trip it is; of a table that came along, nobody's."""

    table: FareTable
    boarded: int
    alighted: int
    route: Route | None = None
    trip: Trip | None = None


class End(NamedTuple):
    """One end of a ride: the stop's name, which visit of it, and the path of the field."""

    name: str
    visit: int | None
    path: str

    def places(self, pattern: Pattern) -> list[int]:
        """Where the pattern is at this stop; one place if a visit is named."""
        found = [place for place, name in enumerate(pattern.stop_names) if name == self.name]
        return found if self.visit is None else found[self.visit - 1 : self.visit]


def end_of(request: Field, name: str) -> End:
    """An end as a request names it."""
    return End(request.values[name], request.values.get(f"{name}_visit"), request.at(name))


# -- tables that come along


class OwnStops:
    """Stops that have numbers as they come; for fares only if there is a table."""

    def __init__(self, table: FareTable | None = None) -> None:
        """Take the table whose stops these are."""
        self._table = table
        self._numbers: dict[str, int] = {}
        if table:
            self._numbers.update(zip(table.pattern.stop_names, table.pattern.stop_numbers, strict=True))

    def number(self, name: str, _path: str) -> int:
        """The number of a stop; one that is not on the table is a stop all the same."""
        return self._numbers.setdefault(name, len(self._numbers) + 1)

    def highest_fare_yen(self, start: str, end: str, path: str) -> int:
        """Of the table, either way."""
        return _highest([self._table] if self._table else [], start, end, path)


def own_table(fares: Field) -> FareTable:
    """A fare table from the triangle of a request; raises BadLine."""
    given = fares.values
    names = tuple(given["stops"])
    numbers: dict[str, int] = {}
    route = given.get("route", "")
    for name in names:
        numbers.setdefault(name, len(numbers) + 1)
    pattern = Pattern("own", route, route, names, tuple(numbers[name] for name in names))
    cash = FareTable(pattern, _square(fares, "cash_yen", len(names))) if "cash_yen" in given else None
    return FareTable(pattern, _square(fares, "yen", len(names)), cash)


def _square(fares: Field, name: str, size: int) -> "array[int]":
    rows: Sequence[Sequence[int | None]] = fares.values[name]
    if len(rows) != size:
        raise BadLine(fares.at(name), f"{len(rows)} rows for {size} stops; a row for each, the first one empty")
    yen = array("l", [NO_FARE]) * (size * size)
    for alighted, row in enumerate(rows):
        if len(row) != alighted:
            raise BadLine(f"{fares.at(name)}[{alighted}]", f"{len(row)} fares for {alighted} earlier stops")
        for boarded, fare_yen in enumerate(row):
            yen[boarded * size + alighted] = NO_FARE if fare_yen is None else fare_yen
    return yen


def own_place(table: FareTable, start: End, end: End) -> Place:
    """A ride on a table that came along; raises BadLine."""
    pairs = _pairs(table.pattern, start, end)
    if not pairs:
        _not_served([table.pattern], start, end)
    return Place(table, *_only(table.pattern, pairs, start))


# -- feeds


class FeedStops:
    """The stops of a feed, by its register."""

    def __init__(self, feed: Feed) -> None:
        """Take the feed."""
        self._feed = feed

    def number(self, name: str, path: str) -> int:
        """The number of a stop's name; raises BadLine with what is near."""
        known = self._feed.stop_names.values()
        if name not in known:
            raise BadLine(path, f"no stop {name}; {near(name, known)}")
        return self._feed.register.stop_number(name)

    def highest_fare_yen(self, start: str, end: str, path: str) -> int:
        """Over all routes, either way: a section counts where it costs no more than it was priced on (PASS-1)."""
        self.number(start, f"{path}.from")
        self.number(end, f"{path}.to")
        serving = (key for key, found in self._feed.patterns.items() if {start, end} <= set(found.stop_names))
        return _highest((self._feed.fare_table(key) for key in serving), start, end, path)


def _highest(tables: Iterable[FareTable], start: str, end: str, path: str) -> int:
    fares = []
    for table in tables:
        ends = [End(start, None, path), End(end, None, path)]
        pairs = _pairs(table.pattern, *ends) + _pairs(table.pattern, *reversed(ends))
        fares += [table.fare_yen(*pair) for pair in pairs if table.has_fare(*pair)]
    if not fares:
        raise BadLine(path, f"no fare is known between {start} and {end}; give fare_yen")
    return max(fares)


def feed_place(feed: Feed, routes: Sequence[Route], start: End, end: End, asked: "Asked") -> Place:
    """A ride on a route: on the trip asked for; else on the trips of the day that leave then, if there are any; else on
    the pattern that most trips run. Raises BadLine; also where patterns differ in the fare, naming a trip of each.
    """
    trips = _trips(feed, {route.route_id for route in routes}, asked)
    runs = Counter(trip.pattern_id for trip in trips)
    patterns = [feed.patterns[key] for key, _ in runs.most_common()]
    serving = {pattern: pairs for pattern in patterns if (pairs := _pairs(pattern, start, end))}
    if not serving:
        _not_served(patterns, start, end)
    found = [(feed.fare_table(pattern.pattern_id), _only(pattern, pairs, start)) for pattern, pairs in serving.items()]
    firsts = {key: next(trip for trip in trips if trip.pattern_id == key) for key in runs}
    fares = {table.fare_yen(*pair) if table.has_fare(*pair) else NO_FARE: table for table, pair in reversed(found)}
    if len(fares) > 1:
        ways = ", ".join(
            f"{'no fare' if yen == NO_FARE else f'{yen} yen'} (trip {firsts[table.pattern.pattern_id].trip_id})"
            for yen, table in sorted(fares.items(), key=lambda fare: fare[0])
        )
        raise BadLine(start.path, f"fares differ by trip: {ways}; name the trip")
    table, (boarded, alighted) = found[0]
    return Place(table, boarded, alighted, feed.routes[table.pattern.route_id], firsts[table.pattern.pattern_id])


class Asked(NamedTuple):
    """What a request says of the trip: its day, its id, when it leaves its first stop; and the paths of the fields."""

    day: date
    trip: str | None
    departs_s: int | None
    path: str


def _trips(feed: Feed, route_ids: set[str], asked: Asked) -> list[Trip]:
    of_routes = [trip for trip in feed.trips.values() if trip.route_id in route_ids]
    if asked.trip is not None:
        named = [trip for trip in of_routes if trip.trip_id == asked.trip]
        if not named:
            ids = [trip.trip_id for trip in of_routes]
            raise BadLine(f"{asked.path}.trip", f"no trip {asked.trip} on this route; {near(asked.trip, ids)}")
        return named
    running = [trip for trip in feed.trips_on(asked.day) if trip.route_id in route_ids]
    then = [trip for trip in running if trip.departs_s == asked.departs_s]
    return then or running or of_routes


# -- stops of a pattern


def _pairs(pattern: Pattern, start: End, end: End) -> list[_Pair]:
    return [(first, last) for first in start.places(pattern) for last in end.places(pattern) if first < last]


def _only(pattern: Pattern, pairs: list[_Pair], start: End) -> _Pair:
    if len(pairs) > 1:
        ways = ", ".join(f"{_visit(pattern, first)} → {_visit(pattern, last)}" for first, last in pairs)
        raise BadLine(start.path, f"the line is at these stops more than once; say which visits: {ways}")
    return pairs[0]


def _visit(pattern: Pattern, place: int) -> str:
    name = pattern.stop_names[place]
    return f"{name}#{pattern.stop_names[: place + 1].count(name)}" if pattern.stop_names.count(name) > 1 else name


def _not_served(patterns: Sequence[Pattern], start: End, end: End) -> None:
    """Say why no pattern serves the two ends in this order."""
    for one in (start, end):
        served = [pattern for pattern in patterns if one.name in pattern.stop_names]
        if not served:
            known = (name for pattern in patterns for name in pattern.stop_names)
            raise BadLine(one.path, f"no stop {one.name} on this line; {near(one.name, known)}")
        if one.visit is not None and not any(one.places(pattern) for pattern in served):
            most = max(pattern.stop_names.count(one.name) for pattern in served)
            raise BadLine(one.path, f"the line is at {one.name} {most} times, not {one.visit}")
    raise BadLine(end.path, f"the line does not go from {start.name} to {end.name}")


def split_visit(text: str, known: Mapping[str, Any] | Iterable[str]) -> tuple[str, int | None]:
    """`若松駅前#2` -> the name and the visit; a name that is known as it stands has none."""
    name, mark, visit = text.rpartition("#")
    if text in set(known) or not mark or not visit.isascii() or not visit.isdecimal():
        return text, None
    return name, int(visit)

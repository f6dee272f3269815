"""A GTFS-JP feed as the values the terminal works with: trips, patterns, fares.

Names of stops are those of parent stations where a pole has one, so that `駅前（１番のりば）` and `駅前（２番のりば）`
are one stop (PASS-1).
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from farebox.feed.faults import AmbiguousRoute, UnknownRoute
from farebox.feed.gtfs_calendar import Calendar, read_calendar
from farebox.feed.gtfs_fares import read_fares
from farebox.feed.gtfs_files import LIMITS, FeedFiles, Limits
from farebox.feed.gtfs_network import Network, Place, Route, read_network
from farebox.feed.gtfs_trips import Sequence, Timetable, Trip, read_timetable
from farebox.feed.identity import trip_identities
from farebox.feed.register import Register
from tariff.fares import FareTable, Pattern

if TYPE_CHECKING:
    from farebox.feed.sheets import Sheet
    from farebox.feed.triangle_fares import FareSource

__all__ = ["Feed", "Route", "Trip", "load_feed"]


class _Parts(NamedTuple):
    """What was read, before it has numbers."""

    network: Network
    calendar: Calendar
    timetable: Timetable
    fares: "FareSource"
    trip_identities: dict[str, str]

    @property
    def stop_names(self) -> dict[str, str]:
        """stop_id -> name (see Named)."""
        return {stop_id: stop.name for stop_id, stop in self.network.stops.items()}


class Feed:
    """One feed under one register; read once, then it never changes.

    agencies     agency_id -> name
    routes       route_id -> Route
    stop_names   stop_id -> name of the stop (a pole's is its parent station's)
    trips        trip_id -> Trip
    patterns     pattern_id -> Pattern
    trip_identities   trip_id -> what makes it the same trip in the next edition
    register     the numbers in trips and patterns

    Mappings keep the order of the feed's tables.
    """

    __slots__ = (
        "_parts",
        "_tables",
        "agencies",
        "patterns",
        "register",
        "routes",
        "stop_names",
        "trip_identities",
        "trips",
    )

    def __init__(self, parts: _Parts, register: Register) -> None:
        """Use load_feed. Raises NotRegistered if the register lacks a stop or a trip."""
        self._parts, self.register = parts, register
        self.agencies = MappingProxyType(parts.network.agencies)
        self.routes = MappingProxyType(parts.network.routes)
        self.stop_names = MappingProxyType(parts.stop_names)
        self.trip_identities = MappingProxyType(parts.trip_identities)
        self.trips = MappingProxyType(
            {
                trip_id: trip.numbered(register.trip_number(trip_id, parts.trip_identities[trip_id]))
                for trip_id, trip in parts.timetable.trips.items()
            }
        )
        self.patterns = MappingProxyType(
            {key: self._pattern(key, sequence) for key, sequence in parts.timetable.patterns.items()}
        )
        self._tables: dict[str, FareTable] = {}

    def numbered_by(self, register: Register) -> "Feed":
        """The same feed under another register, without reading it again; raises NotRegistered."""
        return Feed(self._parts, register)

    def with_fares(self, sheets: "Iterable[Sheet]") -> "Feed":
        """The same feed with fares from triangular tables (read_sheets); a route's table takes the place of its rules.

        Raises FaresBroken, FeedBroken (see fare_table).
        """
        from farebox.feed.triangle_fares import TriangleFares  # noqa: PLC0415 - a bus has no sheets

        fares = TriangleFares(sheets, self, self._parts.fares)
        feed = Feed(self._parts._replace(fares=fares), self.register)
        for pattern_id, pattern in feed.patterns.items():
            if fares.has_table(pattern.route_id):
                # Now, not on the bus: what the tables leave open must be known before they are used.
                feed.fare_table(pattern_id)
        return feed

    def trips_on(self, day: date) -> tuple[Trip, ...]:
        """The trips of a service day by first departure, then trip_id; none for a day out of service_days."""
        services = self._parts.calendar.on(day)
        trips = (trip for trip in self.trips.values() if trip.service_id in services)
        return tuple(sorted(trips, key=lambda trip: (trip.departs_s, trip.trip_id)))

    def runs_on(self, trip: Trip, day: date) -> bool:
        """Whether a trip is one of a service day."""
        return trip.service_id in self._parts.calendar.on(day)

    def service_days(self) -> tuple[date, date]:
        """The first and the last day that the calendar knows."""
        return self._parts.calendar.first, self._parts.calendar.last

    def route(self, id_or_name: str) -> Route:
        """The one route of this id or (short, long or whole) name; raises UnknownRoute or AmbiguousRoute."""
        routes = self.routes_called(id_or_name)
        if len(routes) > 1:
            raise AmbiguousRoute(id_or_name, (route.route_id for route in routes))
        return routes[0]

    def routes_called(self, id_or_name: str) -> tuple[Route, ...]:
        """The route of this id, or else all of this name: branches of a line share one. Raises UnknownRoute."""
        names = self._parts.network.route_names
        if id_or_name in self.routes:
            return (self.routes[id_or_name],)
        if id_or_name in names:
            return tuple(self.routes[route_id] for route_id in names[id_or_name])
        raise UnknownRoute(id_or_name, (*self.routes, *names))

    def fare_table(self, pattern_id: str) -> FareTable:
        """A pattern's fares, built when first asked for; raises FeedBroken if two fares compete for a ride."""
        table = self._tables.get(pattern_id)
        if table is None:
            pattern = self.patterns[pattern_id]
            stop_ids = self._parts.timetable.patterns[pattern_id].stop_ids
            stops = [self._parts.network.stops[stop_id] for stop_id in stop_ids]
            table = self._parts.fares.table(pattern, self.routes[pattern.route_id], stops)
            self._tables[pattern_id] = table
        return table

    def stop_ids(self, pattern_id: str) -> tuple[str, ...]:
        """A pattern's stops by the feed's own ids, in order: poles, where it has such."""
        return self._parts.timetable.patterns[pattern_id].stop_ids

    def places(self, pattern_id: str) -> tuple[Place | None, ...]:
        """Where a pattern's stops are, in order; None where the feed does not say."""
        stop_ids = self._parts.timetable.patterns[pattern_id].stop_ids
        return tuple(self._parts.network.stops[stop_id].place for stop_id in stop_ids)

    def missing_fares(self, pattern_id: str) -> list[tuple[int, int]]:
        """Places (boarded, alighted) between which some trip lets people ride and no fare is known (GEN-4)."""
        table = self.fare_table(pattern_id)
        permits = {(trip.may_board, trip.may_alight) for trip in self.trips.values() if trip.pattern_id == pattern_id}
        return [
            (boarded, alighted)
            for boarded in range(table.size)
            for alighted in range(boarded + 1, table.size)
            if not table.has_fare(boarded, alighted)
            and any(may_board[boarded] and may_alight[alighted] for may_board, may_alight in permits)
        ]

    def _pattern(self, pattern_id: str, sequence: Sequence) -> Pattern:
        names = tuple(self.stop_names[stop_id] for stop_id in sequence.stop_ids)
        numbers = tuple(self.register.stop_number(name) for name in names)
        return Pattern(pattern_id, sequence.route_id, self.routes[sequence.route_id].name, names, numbers)


def load_feed(path: Path, register: Register | None = None, limits: Limits = LIMITS) -> Feed:
    """Read a folder or a zip of GTFS-JP. Without a register, numbers come from the feed alone.

    Raises FeedMissing, FeedBroken; NotRegistered if a register is given that the feed has outgrown
    (see Register.extended), RegisterFull.
    """
    with _uncollected(), FeedFiles(path, limits) as files:
        network = read_network(files)
        calendar = read_calendar(files)
        timetable = read_timetable(files, network.routes, network.stops, calendar.services)
        fares = read_fares(files, network.routes, network.agencies)
        parts = _Parts(network, calendar, timetable, fares, trip_identities(network, calendar, timetable))
        return Feed(parts, register or Register.of(parts))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing of a feed refers back to itself: the collector would look at all of it, over and over, for nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

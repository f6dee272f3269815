"""Trips, and the patterns they share (GTFS trips.txt, stop_times.txt)."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from farebox.feed.gtfs_files import FeedFiles, Table
from farebox.feed.gtfs_values import count, permits, time_s

# The card holds a place on the pattern in 8 bits.
PATTERN_STOPS = 255


class Trip(NamedTuple):
    """One run of a vehicle. The four tuples hold one value per stop of the pattern.

    `number` is the register's, as cards hold it. Times count from the service day's start, noon minus 12 hours:
    midnight in Japan, which has no daylight saving. They pass 86,400 after midnight and never decrease.
    """

    trip_id: str
    number: int
    route_id: str
    pattern_id: str
    service_id: str
    block_id: str
    headsign: str
    arrivals_s: tuple[int, ...]
    departures_s: tuple[int, ...]
    may_board: tuple[bool, ...]
    may_alight: tuple[bool, ...]


class Sequence(NamedTuple):
    """A route's stops in order, as ids: what makes a pattern one."""

    route_id: str
    stop_ids: tuple[str, ...]


class Timetable(NamedTuple):
    """trip_id -> Trip in the order of trips.txt, all with number 0; pattern_id -> its stops."""

    trips: dict[str, Trip]
    patterns: dict[str, Sequence]


class _Call(NamedTuple):
    """A row of stop_times, in the order it sorts."""

    sequence: int
    line: int
    stop_id: str
    arrival: str
    departure: str
    may_board: bool
    may_alight: bool


def read_timetable(
    files: FeedFiles, routes: Iterable[str], stops: Iterable[str], services: frozenset[str]
) -> Timetable:
    """Read both tables, where routes, stops and services are the ids they may name; raises FeedBroken."""
    _refuse_frequencies(files)
    heads = _heads(files, frozenset(routes), services)
    calls = _calls(files, heads, frozenset(stops))
    table = files.table("stop_times.txt", ())
    patterns = _Patterns()
    shared: dict[tuple[bool, ...], tuple[bool, ...]] = {}
    trips = {}
    for trip_id, head in heads.items():
        trip_calls = _ordered(table, trip_id, calls.pop(trip_id, []))
        arrivals, departures = _times(table, trip_calls)
        pattern_id = patterns.of(Sequence(head.route_id, tuple(call.stop_id for call in trip_calls)))
        may_board = (*(call.may_board for call in trip_calls[:-1]), False)
        may_alight = (False, *(call.may_alight for call in trip_calls[1:]))
        trips[trip_id] = head._replace(
            pattern_id=pattern_id,
            arrivals_s=arrivals,
            departures_s=arrivals if departures == arrivals else departures,
            # Few tuples serve thousands of trips.
            may_board=shared.setdefault(may_board, may_board),
            may_alight=shared.setdefault(may_alight, may_alight),
        )
    return Timetable(trips, patterns.sequences)


class _Patterns:
    """Gives `ROUTE#1`, `ROUTE#2`, ... to the stop sequences of each route, by first appearance."""

    def __init__(self) -> None:
        self.sequences: dict[str, Sequence] = {}
        self._ids: dict[Sequence, str] = {}
        self._count: dict[str, int] = {}

    def of(self, sequence: Sequence) -> str:
        known = self._ids.get(sequence)
        if known:
            return known
        route_id = sequence.route_id
        number = self._count[route_id] = self._count.get(route_id, 0) + 1
        pattern_id = self._ids[sequence] = f"{route_id}#{number}"
        self.sequences[pattern_id] = sequence
        return pattern_id


def _refuse_frequencies(files: FeedFiles) -> None:
    if files.has("frequencies.txt"):
        table = files.table("frequencies.txt", ("trip_id",))
        for line, _ in table:
            raise table.broken(line, "trips by headway are not supported; list each trip in trips.txt")


def _heads(files: FeedFiles, routes: frozenset[str], services: frozenset[str]) -> dict[str, Trip]:
    """Trips as trips.txt gives them, still without calls."""
    table = files.table("trips.txt", ("route_id", "service_id", "trip_id"), ("block_id", "trip_headsign"))
    heads: dict[str, Trip] = {}
    for line, (route_id, service_id, trip_id, block_id, headsign) in table:
        if trip_id in heads:
            raise table.broken(line, f"{trip_id} is there twice; give each trip its own id", "trip_id")
        if route_id not in routes:
            raise table.broken(line, f"{route_id} is not in routes.txt; add it there", "route_id")
        if service_id not in services:
            raise table.broken(
                line, f"{service_id} is not in calendar.txt or calendar_dates.txt; add it there", "service_id"
            )
        heads[trip_id] = Trip(trip_id, 0, route_id, "", service_id, block_id, headsign, (), (), (), ())
    return heads


def _calls(files: FeedFiles, heads: dict[str, Trip], stops: frozenset[str]) -> dict[str, list[_Call]]:
    """Rows of stop_times by trip, as they come."""
    table = files.table(
        "stop_times.txt",
        ("trip_id", "stop_id", "stop_sequence"),
        ("arrival_time", "departure_time", "pickup_type", "drop_off_type"),
    )
    calls: dict[str, list[_Call]] = {}
    # One string per stop, not one per row.
    own = {stop_id: stop_id for stop_id in stops}
    for line, (trip_id, stop_id, sequence, arrival, departure, pickup, drop_off) in table:
        if trip_id not in heads:
            raise table.broken(line, f"{trip_id} is not in trips.txt; add it there", "trip_id")
        if stop_id not in own:
            raise table.broken(line, f"{stop_id or 'blank'} is no stop of stops.txt; add it there", "stop_id")
        call = _Call(
            table.parsed(line, "stop_sequence", sequence, count),
            line,
            own[stop_id],
            arrival,
            departure,
            table.parsed(line, "pickup_type", pickup, permits),
            table.parsed(line, "drop_off_type", drop_off, permits),
        )
        calls.setdefault(trip_id, []).append(call)
    return calls


def _ordered(table: Table, trip_id: str, calls: list[_Call]) -> list[_Call]:
    """A trip's calls by stop_sequence, which need not be consecutive."""
    line = calls[0].line if calls else 0
    if len(calls) < 2:
        raise table.broken(line, f"trip {trip_id} has {len(calls)} stops; give it two at least, or remove it")
    if len(calls) > PATTERN_STOPS:
        raise table.broken(line, f"trip {trip_id} has {len(calls)} stops, over {PATTERN_STOPS}; split the trip")
    calls.sort()
    for before, call in pairwise(calls):
        if before.sequence == call.sequence:
            raise table.broken(call.line, f"trip {trip_id} has {call.sequence} twice; renumber", "stop_sequence")
    return calls


def _times(table: Table, calls: list[_Call]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Arrivals and departures in seconds. Where one of the two is blank it equals the other.

    Where both are, the time is interpolated linearly by position between the nearest stops that have one,
    rounded down: feeds that leave times blank have no distances either.
    """
    known = [place for place, call in enumerate(calls) if call.arrival or call.departure]
    for place in (0, len(calls) - 1):
        if place not in (known[:1] + known[-1:]):
            raise table.broken(calls[place].line, "the first and last stop need a time; fill it in", "arrival_time")
    arrivals, departures = [0] * len(calls), [0] * len(calls)
    for place in known:
        line, arrival, departure = calls[place].line, calls[place].arrival, calls[place].departure
        arrivals[place] = table.parsed(line, "arrival_time", arrival or departure, time_s)
        departures[place] = table.parsed(line, "departure_time", departure or arrival, time_s)
        if departures[place] < arrivals[place]:
            raise table.broken(line, f"{departure} is before the arrival {arrival}; mend it", "departure_time")
    for before, after in pairwise(known):
        start_s, span_s = departures[before], arrivals[after] - departures[before]
        if span_s < 0:
            raise table.broken(calls[after].line, "earlier than the stop before; mend the time", "arrival_time")
        for place in range(before + 1, after):
            arrivals[place] = departures[place] = start_s + span_s * (place - before) // (after - before)
    return tuple(arrivals), tuple(departures)

"""Trips, and the patterns they share (GTFS trips.txt, stop_times.txt)."""

from collections.abc import Container, Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain, groupby, pairwise, repeat
from operator import le, sub
from typing import NamedTuple, TypeVar

from farebox.feed.faults import FeedBroken
from farebox.feed.gtfs_files import FeedFiles, Table
from farebox.feed.gtfs_values import count, permits, time_s

_Known = TypeVar("_Known")

# The card holds a place on the pattern in 8 bits.
PATTERN_STOPS = 255
_MOST_TEXTS = 4_096
_ARRIVAL, _DEPARTURE = 2, 3
"""Where their columns are in a _Run."""


class Times(NamedTuple):
    """Arrivals and departures, one of each per stop, since the arrival at the first: the same for many trips."""

    arrivals_s: tuple[int, ...]
    departures_s: tuple[int, ...]


_NO_TIMES = Times((), ())


class Trip(NamedTuple):
    """One run of a vehicle. The tuples hold one value per stop of the pattern.

    `number` is the register's, as cards hold it. Times count from the service day's start, noon minus 12 hours:
    midnight in Japan, which has no daylight saving. They pass 86,400 after midnight and never decrease. `starts_s` is
    the first arrival, and `times` count from there, so that thousands of trips share few of them.
    """

    trip_id: str
    number: int
    route_id: str
    pattern_id: str
    service_id: str
    block_id: str
    headsign: str
    starts_s: int
    times: Times
    may_board: tuple[bool, ...]
    may_alight: tuple[bool, ...]

    def numbered(self, number: int) -> "Trip":
        """The same trip under this number; what `_replace` does in twice the time, and feeds have thousands."""
        return Trip(self[0], number, *self[2:])

    @property
    def arrivals_s(self) -> tuple[int, ...]:
        """When it arrives at each stop."""
        return tuple(self.starts_s + at_s for at_s in self.times.arrivals_s)

    @property
    def departures_s(self) -> tuple[int, ...]:
        """When it leaves each stop."""
        return tuple(self.starts_s + at_s for at_s in self.times.departures_s)

    @property
    def departs_s(self) -> int:
        """When it leaves the first stop."""
        return self.starts_s + self.times.departures_s[0]


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


class _Run(NamedTuple):
    """Rows of stop_times of one trip that follow each other: their lines, and their text column by column."""

    trip_id: str
    lines: list[Iterable[int]]
    columns: list[list[str]]

    def extend(self, more: "_Run") -> None:
        """Add rows of the same trip that come later."""
        self.lines.extend(more.lines)
        for column, values in zip(self.columns, more.columns, strict=True):
            column.extend(values)


class _Way(NamedTuple):
    """Where a trip calls, and where people may ride. Few of them, and of Times, serve thousands of trips."""

    stop_ids: tuple[str, ...]
    may_board: tuple[bool, ...]
    may_alight: tuple[bool, ...]


class _Course(NamedTuple):
    """All that its rows of stop_times say of a trip."""

    way: _Way
    starts_s: int
    times: Times


class _Scattered(Exception):
    """The rows of a trip don't follow each other; or something is wrong with them, and this may be all that is."""


def read_timetable(
    files: FeedFiles, routes: Iterable[str], stops: Iterable[str], services: frozenset[str]
) -> Timetable:
    """Read both tables, where routes, stops and services are the ids they may name; raises FeedBroken.

    Trip by trip where the rows of each trip follow each other, as nearly everywhere, so that memory holds one; if they
    do not, all rows are held at once, of which there may be fewer.
    """
    _refuse_frequencies(files)
    heads = _heads(files, frozenset(routes), services)
    table = files.table(
        "stop_times.txt",
        ("trip_id", "stop_id", "stop_sequence"),
        ("arrival_time", "departure_time", "pickup_type", "drop_off_type"),
    )
    courses = _Courses(table, heads, stops)
    read_before = files.bytes_read
    try:
        # Closed here: a fault that is told later holds on to where it was found, and so to the open table.
        with closing(_runs(table)) as runs:
            called = courses.by_trip(runs)
    except _Scattered as scattered:
        files.bytes_read = read_before
        most_rows, fault = files.limits.table_rows, scattered.__cause__
        called = courses.by_trip(_gathered(table, most_rows, fault), is_whole=True)
    patterns = _Patterns()
    trips = {}
    for trip_id, head in heads.items():
        if trip_id not in called:
            raise table.broken(0, f"trip {trip_id} has 0 stops; give it two at least, or remove it")
        (stop_ids, may_board, may_alight), starts_s, times = called.pop(trip_id)
        _, number, route_id, _, service_id, block_id, headsign, *_ = head
        pattern_id = patterns.of(Sequence(route_id, stop_ids))
        trips[trip_id] = Trip(
            *(trip_id, number, route_id, pattern_id, service_id, block_id, headsign),
            *(starts_s, times, may_board, may_alight),
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
        heads[trip_id] = Trip(trip_id, 0, route_id, "", service_id, block_id, headsign, 0, _NO_TIMES, (), ())
    return heads


def _runs(table: Table) -> Generator[_Run, None, None]:
    """The rows of stop_times, a trip's together as far as they follow each other."""
    run = None
    for lines, (trip_ids, *columns) in table.batches():
        start = 0
        for trip_id, rows in groupby(trip_ids):
            end = start + len(list(rows))
            more = _Run(trip_id, [lines[start:end]], [column[start:end] for column in columns])
            start = end
            if run is None:
                run = more
            elif run.trip_id == trip_id:
                run.extend(more)
            else:
                yield run
                run = more
    if run is not None:
        yield run


def _gathered(table: Table, most_rows: int, fault: BaseException | None) -> Iterator[_Run]:
    """All rows of a trip, wherever they are. Beyond so many rows raises the fault found before, or FeedBroken."""
    whole: dict[str, _Run] = {}
    rows = 0
    with closing(_runs(table)) as runs:
        for run in runs:
            rows += len(run.columns[0])
            if rows > most_rows:
                line = next(iter(run.lines[0]))
                raise fault or table.broken(line, f"more than {most_rows} rows out of order; sort them by trip_id")
            if run.trip_id in whole:
                whole[run.trip_id].extend(run)
            else:
                whole[run.trip_id] = run
    return iter(whole.values())


class _Courses:
    """Reads the courses of trips. A way or times that were read once are known again by their text."""

    def __init__(self, table: Table, trips: Container[str], stops: Iterable[str]) -> None:
        self._table, self._trips = table, trips
        # One string per stop, not one per row.
        self._stops = {stop_id: stop_id for stop_id in stops}
        self._seconds: dict[str, int] = {}
        self._ways_by_text: dict[str, _Way] = {}
        self._times_by_text: dict[str, tuple[int, Times]] = {}
        self._ways: dict[_Way, _Way] = {}
        self._times: dict[Times, Times] = {}

    def by_trip(self, runs: Iterator[_Run], is_whole: bool = False) -> dict[str, _Course]:
        """trip_id -> course; raises _Scattered if runs may not be whole trips, FeedBroken if they are said to be."""
        found: dict[str, _Course] = {}
        for run in runs:
            if run.trip_id in found:
                raise _Scattered
            try:
                found[run.trip_id] = self._ordinary(run) or self._course(run)
            except FeedBroken as fault:
                if is_whole:
                    raise
                raise _Scattered from fault
        return found

    def _ordinary(self, run: _Run) -> _Course | None:
        """The course of rows in order, on a way known by its text, each with its times; None if they are not so."""
        way = self._ways_by_text.get(_way_text(run))
        if way is None or run.trip_id not in self._trips:
            return None
        arrivals, departures = run.columns[_ARRIVAL], run.columns[_DEPARTURE]
        text = "\n".join((*arrivals, *departures))
        timed = self._times_by_text.get(text)
        if timed is None:
            timed = self._timed(arrivals, departures)
            if timed is None:
                return None
            _note(self._times_by_text, text, timed)
        return _Course(way, *timed)

    def _timed(self, arrivals: list[str], departures: list[str]) -> tuple[int, Times] | None:
        """First arrival, and times since; None if one is missing or wrong."""
        seconds = self._seconds
        try:
            for text in {*arrivals, *departures} - seconds.keys():
                _note(seconds, text, time_s(text))
            arrive, leave = ([seconds[text] for text in side] for side in (arrivals, departures))
        except (ValueError, KeyError):
            return None
        # Nothing leaves before it arrives, or arrives before it has left the stop before.
        if not all(map(le, arrive, leave)) or not all(map(le, leave, arrive[1:])):
            return None
        return arrive[0], self._since(arrive, leave)

    def _since(self, arrive: list[int] | tuple[int, ...], leave: list[int] | tuple[int, ...]) -> Times:
        arrivals, departures = (tuple(map(sub, side, repeat(arrive[0]))) for side in (arrive, leave))
        times = Times(arrivals, arrivals if departures == arrivals else departures)
        return self._times.setdefault(times, times)

    def _course(self, run: _Run) -> _Course:
        """The course of any rows; raises FeedBroken, which names the place."""
        read = self._calls(run)
        calls = _ordered(self._table, run.trip_id, read)
        arrive, leave = _times(self._table, calls)
        # Nobody boards at the last stop or alights at the first.
        new = _Way(
            tuple(call.stop_id for call in calls),
            (*(call.may_board for call in calls[:-1]), False),
            (False, *(call.may_alight for call in calls[1:])),
        )
        way = self._ways.setdefault(new, new)
        if calls == read:
            _note(self._ways_by_text, _way_text(run), way)
        return _Course(way, arrive[0], self._since(arrive, leave))

    def _calls(self, run: _Run) -> list[_Call]:
        table, calls = self._table, []
        for line, stop_id, sequence, arrival, departure, pickup, drop_off in zip(
            chain.from_iterable(run.lines), *run.columns, strict=True
        ):
            if run.trip_id not in self._trips:
                raise table.broken(line, f"{run.trip_id} is not in trips.txt; add it there", "trip_id")
            if stop_id not in self._stops:
                raise table.broken(line, f"{stop_id or 'blank'} is no stop of stops.txt; add it there", "stop_id")
            call = _Call(
                table.parsed(line, "stop_sequence", sequence, count),
                line,
                self._stops[stop_id],
                arrival,
                departure,
                table.parsed(line, "pickup_type", pickup, permits),
                table.parsed(line, "drop_off_type", drop_off, permits),
            )
            calls.append(call)
        return calls


def _way_text(run: _Run) -> str:
    """All that a way comes from; no field holds a line end, so that no two are alike."""
    stop_ids, sequences, _, _, pickups, drop_offs = run.columns
    return "\n".join((*stop_ids, *sequences, *pickups, *drop_offs))


def _note(known: dict[str, _Known], text: str, value: _Known) -> None:
    """Keep a value by its text, of a bounded number."""
    if len(known) >= _MOST_TEXTS:
        known.clear()
    known[text] = value


def _ordered(table: Table, trip_id: str, calls: list[_Call]) -> list[_Call]:
    """A trip's calls by stop_sequence, which need not be consecutive."""
    line = calls[0].line if calls else 0
    if len(calls) < 2:
        raise table.broken(line, f"trip {trip_id} has {len(calls)} stops; give it two at least, or remove it")
    if len(calls) > PATTERN_STOPS:
        raise table.broken(line, f"trip {trip_id} has {len(calls)} stops, over {PATTERN_STOPS}; split the trip")
    calls = sorted(calls)
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

"""What a replayed day came to: tables of small numbers, from the run's folder alone.

Rides count by their settlement; who boarded and never paid is among the boardings alone. Loads and pairs are of settled
rides, companions counted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sim.ride_rows import PAID
from sim.run_faults import NoRun
from sim.run_folder import Counted, counted_of, read_rows, refusals, whole_run
from sim.tables import KINDS
from tariff.refusal import Code
from tariff.rulebook import Purse

QUARTER_S = 900
"""Of an hour: how finely the day is cut."""
CASH = "cash"
Json = dict[str, Any]


class Quarter(NamedTuple):
    """What happened in a quarter of an hour that begins so many minutes into the service day."""

    minute: int
    operator: str
    boardings: int
    alightings: int


class Load(NamedTuple):
    """A trip leaving one of its stops: who got on and off there, and how many are aboard then."""

    pattern_id: str
    trip_id: str
    leaves_s: int
    place: int
    stop: str
    boardings: int
    alightings: int
    aboard: int


class Pair(NamedTuple):
    """Rides of a route from a stop to a stop."""

    route: str
    boarded: str
    alighted: str
    rides: int
    yen: int


class Share(NamedTuple):
    """A part of the revenue."""

    name: str
    rides: int
    yen: int


class Refused(NamedTuple):
    """Refusals by code; `code` is one of tariff.refusal.Code."""

    code: str
    taps: int


class Took(NamedTuple):
    """Taps that took from so many to so many microseconds."""

    from_us: int
    to_us: int
    taps: int


class Pattern(NamedTuple):
    """A sequence of stops, and how much it was used."""

    pattern_id: str
    route: str
    stops: tuple[str, ...]
    trips: int
    rides: int


class Figures(NamedTuple):
    """A day's figures. `asked` is what the run was asked for, `summary` what it said of itself, `began_s` when the
    service day began, in seconds since 1970.
    """

    asked: Json
    summary: Json
    patterns: tuple[Pattern, ...]
    quarters: tuple[Quarter, ...]
    loads: tuple[Load, ...]
    pairs: tuple[Pair, ...]
    by_operator: tuple[Share, ...]
    by_product: tuple[Share, ...]
    by_purse: tuple[Share, ...]
    refused: tuple[Refused, ...]
    took: tuple[Took, ...]
    began_s: int
    taps: int
    torn: int
    confirmed: int

    @property
    def tables(self) -> Mapping[str, tuple[NamedTuple, ...]]:
        """The tables, by the name of the file that each is written to."""
        return {
            "boardings": self.quarters,
            "load": self.loads,
            "origin_destination": self.pairs,
            "revenue_by_operator": self.by_operator,
            "revenue_by_product": self.by_product,
            "revenue_by_purse": self.by_purse,
            "refusals": self.refused,
            "tap_time": self.took,
        }


class Run(NamedTuple):
    """A whole run, read: its tables by name as columns, and the network's trips."""

    asked: Json
    network: Json
    summary: Json
    tables: Mapping[str, Mapping[str, list[Any]]]

    def rows(self, table: str, *names: str) -> Iterator[tuple[Any, ...]]:
        """Some columns of a table, row by row."""
        return zip(*(self.tables[table][name] for name in names), strict=True)

    def stops(self, trip_id: str) -> list[str]:
        """The stops of a trip."""
        found: list[str] = self.pattern(trip_id)["stops"]
        return found

    def pattern(self, trip_id: str) -> Json:
        """The pattern of a trip."""
        found: Json = self.network["patterns"][self.network["trips"][trip_id]["pattern_id"]]
        return found

    def route(self, trip_id: str) -> Json:
        """The route of a trip."""
        found: Json = self.network["routes"][self.pattern(trip_id)["route_id"]]
        return found

    def operator(self, trip_id: str) -> str:
        """Who runs the trip, as the feed calls it."""
        found: str = self.route(trip_id)["agency"]
        return found

    @property
    def counts(self) -> list[Counted]:
        """What each vehicle came to."""
        return [counted_of(found) for found in self.summary["by_vehicle"]]

    @property
    def began_s(self) -> int:
        """When the service day began: midnight in Japan."""
        first = min((trip["departures_s"][0] for trip in self.network["trips"].values()), default=0)
        return (first + 32_400) // 86_400 * 86_400 - 32_400


def read_run(path: Path) -> Run:
    """A whole run's folder. Raises NoRun or OSError."""
    asked, network, summary = whole_run(path)
    suffix = ".parquet" if asked.get("suffix") == ".parquet" else ".csv"
    tables = {name: _columns(path / f"{name}{suffix}", name) for name in KINDS}
    return Run(asked, network, summary, tables)


def figures_of(run: Run) -> Figures:
    """All figures of a day."""
    counts = run.counts
    outcomes = Counter(run.tables["taps"]["outcome"])
    codes = refusals(counts)
    return Figures(
        run.asked,
        run.summary,
        _patterns(run),
        _quarters(run),
        _loads(run),
        _pairs(run),
        *_revenue(run),
        tuple(Refused(code, taps) for code, taps in sorted(codes.items(), key=lambda one: (-one[1], one[0]))),
        _took(counts),
        run.began_s,
        outcomes.total(),
        codes[Code.TOUCH_AGAIN],
        sum(run.tables["taps"]["confirmed"]),
    )


def _columns(path: Path, name: str) -> Mapping[str, list[Any]]:
    try:
        rows = read_rows(path.read_bytes(), name, path.suffix)
        return {column: [row[column] for row in rows] for column in KINDS[name].columns}
    except (ValueError, KeyError):  # Arrow's faults are such
        raise NoRun(f"{path}: damaged; remove the folder and replay it anew") from None


def _patterns(run: Run) -> tuple[Pattern, ...]:
    """Most used first."""
    trips = Counter(trip["pattern_id"] for trip in run.network["trips"].values())
    rides = Counter(run.tables["rides"]["pattern_id"])
    found = (
        Pattern(key, run.network["routes"][one["route_id"]]["name"], tuple(one["stops"]), trips[key], rides[key])
        for key, one in run.network["patterns"].items()
    )
    return tuple(sorted(found, key=lambda pattern: (-pattern.rides, pattern.pattern_id)))


def _quarters(run: Run) -> tuple[Quarter, ...]:
    counts: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    boarded = (row[:2] for row in run.rows("taps", "at_s", "trip_id", "outcome") if row[2] == "boarded")
    settled = run.rows("rides", "event_timestamp", "trip_id_performed")
    left = ((int(datetime.fromisoformat(at).timestamp()), trip_id) for at, trip_id in settled)
    for which, events in enumerate((boarded, left)):
        for at_s, trip_id in events:
            minute = (at_s - run.began_s) // QUARTER_S * (QUARTER_S // 60)
            counts[minute, run.operator(trip_id)][which] += 1
    return tuple(Quarter(*key, *both) for key, both in sorted(counts.items()))


def _loads(run: Run) -> tuple[Load, ...]:
    """By pattern, trip and place."""
    on: Counter[tuple[str, int]] = Counter()
    off: Counter[tuple[str, int]] = Counter()
    names = ("trip_id_performed", "boarded_place", "alighted_place", "num_riders")
    for trip_id, boarded, alighted, riders in run.rows("rides", *names):
        on[trip_id, boarded] += riders
        off[trip_id, alighted] += riders
    return tuple(_along(run, on, off))


def _along(run: Run, on: Counter[tuple[str, int]], off: Counter[tuple[str, int]]) -> Iterator[Load]:
    trips = run.network["trips"].items()
    for trip_id, trip in sorted(trips, key=lambda one: (one[1]["pattern_id"], one[1]["departures_s"][0], one[0])):
        aboard = 0
        for place, stop in enumerate(run.stops(trip_id)):
            boardings, alightings = on[trip_id, place], off[trip_id, place]
            aboard += boardings - alightings
            leaves_s = trip["departures_s"][0]
            yield Load(trip["pattern_id"], trip_id, leaves_s, place, stop, boardings, alightings, aboard)


def _pairs(run: Run) -> tuple[Pair, ...]:
    """Most rides first."""
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    names = ("trip_id_performed", "boarded_place", "alighted_place", "amount")
    for trip_id, boarded, alighted, yen in run.rows("rides", *names):
        stops = run.stops(trip_id)
        both = counts[run.route(trip_id)["name"], stops[boarded], stops[alighted]]
        both[0] += 1
        both[1] += yen
    pairs = (Pair(*key, *both) for key, both in counts.items())
    return tuple(sorted(pairs, key=lambda pair: (-pair.rides, pair)))


def _revenue(run: Run) -> tuple[tuple[Share, ...], tuple[Share, ...], tuple[Share, ...]]:
    """By operator, product and purse; each of them is all of the revenue."""
    paid = run.rows("rides", "trip_id_performed", "amount")
    by_operator = shares((run.operator(trip_id), yen) for trip_id, yen in paid)
    by_product = shares(run.rows("rides", "fare_product", "amount"))
    columns = {str(purse): PAID[purse] for purse in Purse} | {CASH: "paid_cash"}
    parts = ((purse, yen) for purse, column in columns.items() for yen in run.tables["rides"][column] if yen)
    return by_operator, by_product, shares(parts)


def shares(paid: Iterable[tuple[Any, ...]]) -> tuple[Share, ...]:
    """(name, yen) of each ride -> the sums, the largest first."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, yen in paid:
        counts[name][0] += 1
        counts[name][1] += yen
    found = (Share(name, *both) for name, both in counts.items())
    return tuple(sorted(found, key=lambda share: (-share.yen, share.name)))


def _took(counts: Iterable[Counted]) -> tuple[Took, ...]:
    """From the shortest to the longest, those that no tap took too: an axis without gaps."""
    total: Counter[int] = Counter()
    for counted in counts:
        total.update(counted.took)
    powers = range(min(total), max(total) + 1) if total else ()
    return tuple(Took((1 << power) >> 1, 1 << power, total[power]) for power in powers)

"""k. Feed import on the terminal: a feed as large as the largest at hand twenty times over, beside a plain csv pass.

The feed is made up from a seed (模擬): on each line's own 40 stops, trips that start at a minute of chance and run at
one of three paces. `load_feed` is what the terminal itself does at its start. Ours and the csv pass run in processes of
their own; memory is the most that such a one has held, with once, 5 and 20 times as many trips.
"""

import csv
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from shutil import copytree
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from farebox.feed import load_feed
from tools.bench.measure import QUICK, Effort, Figure, Row, in_turns, medians, ratio
from tools.feeds import feed_path

MOST_PASSES, MOST_TIMES = 2.0, 1.3
LARGEST_TRIPS = 2_375
"""With their 40 stops each, as many stop times as the largest feed at hand has: 95,000."""
TIMES = (1, 5, 20)
STOPS, LINES = 40, 60
_SEED = 1
_MEMORY = Path("/dev/shm")
_ROOT = Path(__file__).parents[2]
_ALONE = (
    "import sys; from pathlib import Path; from time import process_time; from tools.bench import feed_import; "
    "began = process_time(); kept = getattr(feed_import, sys.argv[1])(Path(sys.argv[2])); "
    "print(process_time() - began, Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
)


class Alone(NamedTuple):
    """What something took in a process of its own, and the most memory that this has held."""

    cpu_s: float
    peak_kb: int


class _Grown(NamedTuple):
    """A feed so many times over."""

    path: Path
    trips: int
    peak_kb: int


def rows(effort: Effort) -> list[Row]:
    """Time beside csv, and memory as the feed grows."""
    trips = 60 if effort == QUICK else LARGEST_TRIPS
    with TemporaryDirectory(prefix="farebox-bench-", dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        grown = list(_grown(Path(name), trips))
        return [_time_row(grown[-1], effort), *_memory_rows(grown)]


def _grown(folder: Path, trips: int) -> Iterator[_Grown]:
    for times in TIMES:
        path = folder / f"{times}-times"
        make_feed(path, trips * times)
        yield _Grown(path, trips * times, alone(load_feed, path).peak_kb)


def _time_row(grown: _Grown, effort: Effort) -> Row:
    times = in_turns(
        {
            "ours": lambda: [alone(load_feed, grown.path).cpu_s],
            "csv": lambda: [alone(csv_pass, grown.path).cpu_s],
        },
        max(3, effort.rounds // 2),
    )
    ours, peer = (medians(times[name]) for name in ("ours", "csv"))
    beside = ratio(ours, peer)
    mine, theirs = (Figure(median(found), "s") for found in (ours, peer))
    return Row(
        *("k", f"feed import, {grown.trips * STOPS:,} stop times", f"<= {MOST_PASSES} x", mine),
        *(beside.median <= MOST_PASSES, theirs, "plain csv pass", beside),
    )


def _memory_rows(grown: list[_Grown]) -> list[Row]:
    first, last = grown[0], grown[-1]
    found = []
    for more in grown[1:]:
        times = more.peak_kb / first.peak_kb
        found.append(
            Row(
                *("k", f"most memory of an import, {more.trips * STOPS:,} stop times", f"<= {MOST_TIMES} x"),
                *(Figure(more.peak_kb / 1024, "MB"), times <= MOST_TIMES, Figure(first.peak_kb / 1024, "MB")),
                *(f"{first.trips * STOPS:,} stop times", ratio([more.peak_kb], [first.peak_kb])),
            )
        )
    grew = (last.peak_kb - first.peak_kb) * 1024 / (last.trips - first.trips)
    return [*found, Row("k", "memory of one trip more, whatever its stops", "printed", Figure(grew, "bytes"), True)]


def alone(does: Callable[[Path], object], path: Path) -> Alone:
    """One of this module's functions on a feed, in a process of its own, as a terminal starts."""
    command = [sys.executable, "-c", _ALONE, does.__name__, str(path)]
    cpu_s, peak_kb = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True).stdout.split()
    return Alone(float(cpu_s), int(peak_kb))


def csv_pass(path: Path) -> int:
    """The rows of all tables, read and let go of."""
    count = 0
    for table in sorted(path.glob("*.txt")):
        with table.open(encoding="utf-8-sig", newline="") as file:
            for _ in csv.reader(file):
                count += 1
    return count


def make_feed(path: Path, trips: int, stops: int = STOPS) -> None:
    """A feed of so many trips, the sample's calendar and no fares."""
    random = Random(_SEED)
    copytree(feed_path("sample"), path)
    service = (path / "calendar.txt").read_text("utf-8-sig").splitlines()[1].split(",")[0]
    _write(path / "agency.txt", "agency_id,agency_name,agency_timezone", ["A,試験バス,Asia/Tokyo"])
    _write(
        path / "routes.txt", "route_id,agency_id,route_long_name", (f"R{line},A,{line}系統" for line in range(LINES))
    )
    names = (f"S{number},停留所{number},S{number}" for number in range(LINES * stops))
    _write(path / "stops.txt", "stop_id,stop_name,zone_id", names)
    _write(path / "fare_attributes.txt", "fare_id,price,currency_type", [])
    _write(path / "fare_rules.txt", "fare_id,route_id,origin_id,destination_id", [])
    drawn = [(random.randrange(LINES), random.randrange(300, 1_200), random.randrange(1, 4)) for _ in range(trips)]
    heads = (f"R{line},{service},trip-{number}-{line}" for number, (line, _, _) in enumerate(drawn))
    _write(path / "trips.txt", "route_id,service_id,trip_id", heads)
    header = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,stop_headsign,pickup_type,drop_off_type"
    _write(path / "stop_times.txt", header, _calls(drawn, stops))


def _calls(drawn: list[tuple[int, int, int]], stops: int) -> Iterator[str]:
    for number, (line, starts, pace) in enumerate(drawn):
        for place in range(stops):
            minute = starts + place * pace
            at = f"{minute // 60:02}:{minute % 60:02}:00"
            yield f"trip-{number}-{line},{at},{at},S{line * stops + place},{place + 1},,0,0"


def _write(path: Path, header: str, lines: Iterator[str] | list[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in (header, *lines))

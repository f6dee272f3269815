"""`farebox sim positions`: where a replayed day's vehicles were, as GTFS-Realtime (模擬)."""

import json
import re
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tools.extra import extra
from tools.files import write_whole
from tools.options import FILE, json_option

if TYPE_CHECKING:
    from sim.vehicle_positions import Day

EVERY_S = 30
_JAPAN = timezone(timedelta(hours=9))
_CLOCK = re.compile(r"([0-4]?\d):([0-5]\d)(?::([0-5]\d))?")


class _ClockType(click.ParamType[int]):
    """A time of the service day: 08:30, or 24:35 after midnight; as seconds since the day began."""

    name = "HH:MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = _CLOCK.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is not a time like 08:30", param, ctx)
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return hours * 3_600 + minutes * 60 + seconds


@click.command(short_help="Where a replayed day's vehicles were, as GTFS-Realtime.")
@click.argument("run_path", type=FILE, metavar="RUN")
@click.option("-o", "--out", type=FILE, required=True, metavar="FILE|DIR", help="A .pb file, or a folder of them.")
@click.option("--at", "at_s", type=_ClockType(), help="One file: of this time; else when most vehicles are out.")
@click.option(
    "--every",
    "every_s",
    type=click.IntRange(1, 3_600),
    default=EVERY_S,
    show_default=True,
    metavar="SECONDS",
    help="A folder, or --speed: how far apart.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 10_000),
    metavar="TIMES",
    help="One file, written again and again as the day goes by, so many times as fast: for a map to follow.",
)
@json_option
def positions(run_path: Path, out: Path, at_s: int | None, every_s: int, speed: float | None, *, as_json: bool) -> None:
    """Write GTFS-Realtime VehiclePositions of a run's folder.

    \b
    farebox sim positions run -o positions.pb --at 08:30           one moment
    farebox sim positions run -o positions --every 15              a file for every 15 seconds of the day
    farebox sim positions run -o positions.pb --speed 60 --at 7:00 the day from then on, a minute in a second

    Needs farebox[realtime].
    """
    with extra("realtime"):
        from sim.vehicle_positions import Day
    from sim.report.figures import read_run

    run = read_run(run_path)
    columns = run.tables["visits"]
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    day = Day(run.network, rows)
    moment_s = None if at_s is None else _midnight_s(day) + at_s
    if speed is not None:
        follow(day, out, every_s, speed, time.sleep, moment_s)
    else:
        _tell(out, _write(out, day, every_s, moment_s), as_json=as_json)


def _tell(out: Path, written: "list[_Written]", *, as_json: bool) -> None:
    """What was written: at an hour when no bus drives, a file without vehicles."""
    most = max((one.vehicles for one in written), default=0)
    if as_json:
        click.echo(json.dumps({"written": str(out), "files": len(written), "most_vehicles": most}, ensure_ascii=False))
    elif out.suffix == ".pb":
        clock = f"{datetime.fromtimestamp(written[0].at_s, _JAPAN):%Y-%m-%d %H:%M:%S}"
        click.echo(f"{out}: {most} vehicles (模擬) at {clock}")
    else:
        click.echo(f"{out}: {len(written)} files, at most {most} vehicles (模擬)")


def write_positions(path: Path, network: dict[str, Any], visits: Iterable[Mapping[str, Any]]) -> None:
    """A file of the moment when most vehicles were out, or a folder. Raises OSError."""
    from sim.vehicle_positions import Day

    _write(path, Day(network, visits), EVERY_S, None)


def follow(day: "Day", path: Path, every_s: int, speed: float, sleep: Any, from_s: int | None) -> None:
    """Write the file anew for every moment, as time goes by; `sleep` takes seconds."""
    from sim.vehicle_positions import moments, snapshot

    for at_s in moments(day, every_s):
        if from_s is None or at_s >= from_s:
            write_whole(path, snapshot(day, at_s))
            sleep(every_s / speed)


class _Written(NamedTuple):
    """One file: its moment, and how many vehicles were out."""

    at_s: int
    vehicles: int


def _write(path: Path, day: "Day", every_s: int, at_s: int | None) -> list[_Written]:
    from sim.vehicle_positions import moments, snapshot

    def counted(moment_s: int) -> _Written:
        return _Written(moment_s, sum(1 for _ in day.at(moment_s)))

    if path.suffix == ".pb":
        moment_s = day.busiest_s() if at_s is None else at_s
        write_whole(path, snapshot(day, moment_s))
        return [counted(moment_s)]
    path.mkdir(parents=True, exist_ok=True)
    written = []
    for moment_s in moments(day, every_s) if at_s is None else (at_s,):
        name = f"{datetime.fromtimestamp(moment_s, _JAPAN):%Y-%m-%dT%H%M%S}.pb"
        (path / name).write_bytes(snapshot(day, moment_s))
        written.append(counted(moment_s))
    return written


def _midnight_s(day: "Day") -> int:
    return int(datetime.fromisoformat(day.network["day"]).replace(tzinfo=_JAPAN).timestamp())

"""`farebox sim replay`: a day of a feed's trips, tap by tap (模擬)."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from hashlib import sha256
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click

from farebox.duty import Duty
from farebox.feed import load_feed
from farebox.feed.operators import Operators, load_operators
from farebox.version import VERSION
from farebox.words import Language, say
from sim.bench import BENCHES
from sim.network import network_of
from sim.replay import add
from sim.run_folder import RunFolder, read_rows, refusals
from sim.tables import RIDES, best_suffix, read_parquet, written
from sim.vehicle_run import Ran, Spec, Task, World, peopled, run_vehicle
from tools.exits import CheckFailed
from tools.extra import extra
from tools.feeds import feed_digest, feed_path
from tools.files import write_whole
from tools.options import (
    FILE,
    DayType,
    feed_option,
    json_option,
    language_option,
    operator_option,
)
from tools.replay_view import Lines, Replay, Silent, Table, print_summary, summary_json
from tools.tariff.quote_json import dumped
from tools.tariff.words import STRAYS

ASSUMED_SCHEME = "lococa"
"""Whose rules a replay takes for an agency that no operator file names: so that any feed runs; it says so."""


@click.command(short_help="Replay a day of a feed's trips, tap by tap.")
@feed_option
@click.option("--route", metavar="ID|NAME", help="Only this route.")
@click.option("--date", "day", type=DayType(), required=True, help="The service day, as the feed's calendar has it.")
@click.option(
    "--reader",
    type=click.Choice(list(BENCHES)),
    default="pn532",
    show_default=True,
    help="pn532: a simulated chip on a pseudo-terminal behind real pyserial and nfcpy. image: no radio, for speed.",
)
@operator_option
@click.option("--seed", type=int, default=1, show_default=True, help="What chance decides, it decides from this.")
@click.option(
    "--riders", "mean_riders", type=click.FloatRange(0, 60), default=6.0, show_default=True, help="Mean riders a trip."
)
@click.option(
    "--recorded",
    "recorded_path",
    type=FILE,
    metavar="FILE",
    help="Ride these rides again, .csv or .parquet as of --rides or TIDES, in place of those that chance draws; needs "
    "farebox[bulk].",
)
@click.option(
    "--out",
    type=FILE,
    help="Folder for journals, rides and taps, else they are not kept; the same call goes on with a run that was "
    "stopped.",
)
@click.option(
    "--rides",
    "rides_path",
    type=FILE,
    metavar="FILE",
    help="Write every settled ride, as .csv or .parquet, for `farebox tariff reprice`.",
)
@click.option(
    "--vehicle-positions",
    "positions_path",
    type=FILE,
    metavar="FILE|DIR",
    help="Where vehicles were, as GTFS-Realtime: one .pb file of the moment when most were out, or a folder of one for "
    "every 30 seconds; `farebox sim positions` has more. Needs farebox[realtime].",
)
@click.option("--workers", type=click.IntRange(1, 256), metavar="N", help="Run on so many processes of this machine.")
@click.option("--dask", "cluster", metavar="ADDRESS", help="Run on a Dask cluster, tcp://…; needs farebox[dask].")
@click.option("--quiet", is_flag=True, help="Only the summary, and a progress bar.")
@json_option
@language_option
def replay(
    feed: str,
    route: str | None,
    day: date,
    reader: str,
    scheme: str | None,
    seed: int,
    mean_riders: float,
    recorded_path: Path | None,
    out: Path | None,
    rides_path: Path | None,
    positions_path: Path | None,
    workers: int | None,
    cluster: str | None,
    quiet: bool,
    as_json: bool,
    language: Language,
) -> None:
    """Drive a day's trips with passengers and cards through the real terminal, and count every yen at the end.

    \b
    farebox sim replay --feed sample --date 2026-11-20
    farebox sim replay --feed jrbus.zip --date 2019-06-03 --reader image --quiet
    farebox sim replay --feed sample --route 白棚線 --date 2026-11-20 --json > taps.jsonl
    farebox sim replay --feed sample --date 2026-11-20 --rides rides.csv
    farebox sim replay --feed sample --date 2026-11-20 --vehicle-positions positions
    farebox sim replay --feed sample --date 2026-11-20 --recorded rides.csv --out again
    farebox sim replay --feed city.zip --date 2026-11-20 --reader image --workers 8 --out run
    farebox sim replay --feed city.zip --date 2026-11-20 --reader image --dask tcp://10.0.0.5:8786 --out run

    Every vehicle is replayed by itself, so the result is the same on one process, on several, or on a cluster; then
    only the summary is printed. `farebox sim report` makes a page of a folder.

    Exits 1 if the count does not come out even: yen on cards + cash + credit = opening + ledger.
    """
    if workers and cluster:
        raise click.UsageError("--workers and --dask: choose one, this machine or a cluster")
    if not isfinite(mean_riders):
        raise click.UsageError(f"--riders {mean_riders}: not a number of people")
    suffix = _suffix(out, rides_path)
    if positions_path:
        with extra("realtime"):
            from sim import vehicle_positions  # noqa: F401
    operators = load_operators()
    if scheme is not None:
        operators.on(scheme, day)  # raises for one that there is not, before anything is begun
    duty = Duty(load_feed(feed_path(feed)), operators, scheme, assumed=ASSUMED_SCHEME)
    route_ids = tuple(sorted(found.route_id for found in duty.feed.routes_called(route))) if route else None
    spec = Spec(day, scheme, ASSUMED_SCHEME, route_ids, reader, seed, mean_riders, suffix, _digest(recorded_path))
    world = peopled(duty, spec)
    vehicles = tuple(world.vehicles.values())
    if not vehicles:
        first, last = duty.feed.service_days()
        raise click.UsageError(f"no trips of {route or feed} on {day}; the feed's calendar runs from {first} to {last}")
    tasks = _tasks(world, recorded_path, language)
    assumed = () if scheme else duty.unknown_agencies(day)
    options = Replay(feed, day, reader, seed, mean_riders, language, assumed)
    alone = not (workers or cluster)
    watch = Silent() if quiet or not alone else Lines() if as_json else Table(options, vehicles)
    how = _How(feed_path(feed), workers, cluster, watch, language)
    with ExitStack() as stack, _keeping(out, language):
        kept_in = out or Path(stack.enter_context(TemporaryDirectory(prefix="farebox-"))) / "run"
        folder = RunFolder(kept_in, _asked(feed, spec, operators))
        _run(how, world, tasks, folder, stack, bar_hidden=not (sys.stderr.isatty() and (quiet or not alone)))
        counts = folder.counts(world.vehicles)
        total, refused = add(counted.tally for counted in counts), refusals(counts)
        summary = summary_json(options, refused, vehicles, total)
        if out:
            folder.finish(world.vehicles, network_of(duty, vehicles, day), summary)
        if as_json:
            click.echo(dumped({"summary": summary}))
        else:
            print_summary(options, refused, () if isinstance(watch, Table) else vehicles, total, out)
        if rides_path:
            number = _write_rides(rides_path, folder, world)
            if not as_json:
                kept = f"{rides_path} · {number:,}"
                click.echo("  " + say((f"乗車記録: {kept}", f"rides: {kept}"), language))
        if positions_path:
            from tools.positions_command import write_positions

            visits = read_rows(folder.table("visits", world.vehicles), "visits", suffix)
            write_positions(positions_path, network_of(duty, vehicles, day), visits)
    if not total.reconciles:
        raise CheckFailed(f"the count does not come out even: {'; '.join(total.problems)}")


class _How(NamedTuple):
    """Where vehicles are run, and who watches."""

    feed: Path
    workers: int | None
    cluster: str | None
    watch: Silent
    language: Language

    def ran(self, world: World, tasks: Mapping[str, Task]) -> Iterator[Ran]:
        """The vehicles, each as it is done."""
        if self.cluster:
            with extra("dask"):
                from sim.cluster import on_cluster
            return on_cluster(self.cluster, self.feed, world, tasks)
        if self.workers:
            from sim.workers import in_processes

            return in_processes(self.feed, world, tasks, self.workers, self._lost)
        return self._here(world, tasks)

    def _here(self, world: World, tasks: Mapping[str, Task]) -> Iterator[Ran]:
        with ExitStack() as stack:
            bench = BENCHES[world.spec.reader]()
            stack.callback(bench.close)
            for task in tasks.values():
                self.watch.vehicle(world.vehicles[task.vehicle_id])
                yield run_vehicle(world, task, bench, self.watch.tap)

    def _lost(self, vehicles: int) -> None:
        said = (
            f"プロセスが失われました。{vehicles}両をやり直します。",
            f"a worker was lost; its vehicles run again, {vehicles} in all",
        )
        click.echo(f"farebox: {say(said, self.language)}", err=True)


_OTHERS = "ほかの日・系統の{:,}件は使いません。", "{:,} rows of other days or routes are left out"


def _tasks(world: World, recorded_path: Path | None, language: Language) -> dict[str, Task]:
    """The vehicles, each with those recorded rides that were made on it."""
    if recorded_path is None:
        return {vehicle_id: Task(vehicle_id) for vehicle_id in world.vehicles}
    with extra("bulk"):
        from tools.recorded_rides import recorded_rides
    found = recorded_rides(recorded_path, world)
    for number, what in ((found.left_out, _OTHERS), (found.strays, STRAYS)):
        if number:
            click.echo(f"farebox: {recorded_path}: {say(what, language).format(number)}", err=True)
    return {vehicle_id: Task(vehicle_id, rides) for vehicle_id, rides in found.by_vehicle.items()}


def _run(
    how: _How, world: World, tasks: Mapping[str, Task], folder: RunFolder, stack: ExitStack, bar_hidden: bool
) -> None:
    """Run the vehicles that the folder does not have yet."""
    left = {vehicle_id: task for vehicle_id, task in tasks.items() if vehicle_id not in folder.done}
    how.watch.begin()
    done = sum(counted.trips for counted in folder.done.values())
    if done:
        said = (
            f"続きから: {len(folder.done)}両は済んでいます。",
            f"goes on where it was: {len(folder.done)} of {len(world.vehicles)} vehicles are done",
        )
        click.echo(f"farebox: {say(said, how.language)}", err=True)
    bar = stack.enter_context(
        click.progressbar(
            length=sum(len(vehicle.trips) for vehicle in world.vehicles.values()),
            label=say(("模擬", "replay"), how.language),
            hidden=bar_hidden,
            file=sys.stderr,
        )
    )
    bar.update(done)
    if left:
        for ran in how.ran(world, left):
            folder.keep(ran)
            bar.update(ran.trips)


def _asked(feed: str, spec: Spec, operators: Operators) -> dict[str, Any]:
    """What decides a run's result, as its folder keeps it."""
    return {
        "software": VERSION,
        "feed": feed,
        "feed_sha256": feed_digest(feed_path(feed)),
        "rules_sha256": operators.digest.hex(),
        **spec._asdict(),
        "day": spec.day.isoformat(),
        "route_ids": list(spec.route_ids) if spec.route_ids is not None else None,
    }


def _digest(path: Path | None) -> str | None:
    return sha256(path.read_bytes()).hexdigest() if path is not None else None


def _suffix(out: Path | None, rides_path: Path | None) -> str:
    """What tables are kept as. Raises UsageError, before anything is replayed, if rides can't be written as asked."""
    if rides_path is not None and rides_path.suffix not in (".csv", ".parquet"):
        raise click.UsageError(f"{rides_path}: neither .csv nor .parquet; name the file by what it is to be")
    if rides_path is not None and rides_path.suffix == ".parquet":
        with extra("bulk"):
            import pyarrow  # noqa: F401
    if out is None:
        return rides_path.suffix if rides_path else ".csv"
    return best_suffix()


@contextmanager
def _keeping(out: Path | None, language: Language) -> Iterator[None]:
    """Whoever stops a run is told that what is done is kept."""
    try:
        yield
    except KeyboardInterrupt:
        if out:
            both = (
                f"ここまで {out} にあります。同じ呼び出しで続きます",
                f"so far in {out}; the same call goes on with it",
            )
            click.echo(f"farebox: {say(both, language)}", err=True)
        raise


def _write_rides(path: Path, folder: RunFolder, world: World) -> int:
    """The file of rides, whole or not at all; how many there are. Raises OSError."""
    kept = folder.table("rides", world.vehicles)
    number = sum(counted.tally.ledger.alightings for counted in folder.counts(world.vehicles))
    if path.suffix != world.spec.suffix:
        kept = written(RIDES, read_parquet(kept).to_pylist(), path.suffix)
    write_whole(path, kept)
    return number

"""`farebox sim replay`: a day of a feed's trips, tap by tap (模擬)."""

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from farebox.duty import Duty
from farebox.feed import Feed, load_feed
from farebox.feed.operators import load_operators
from farebox.machine import CompiledMachine, StateMachine, TransitionsMachine
from farebox.words import Language, say
from sim.bench import BENCHES
from sim.replay import SeenTap, VehicleDay, add, fleet_for
from tools.exits import CheckFailed
from tools.files import write_whole
from tools.options import FILE, DayType, feed_option, feed_path, json_option, language_option, operator_option
from tools.replay_view import Lines, Replay, Silent, Table, print_summary, summary_json
from tools.tariff.ride_rows import Recorder, Row, writer_of

ASSUMED_SCHEME = "lococa"
"""Whose rules a replay takes for an agency that no operator file names: so that any feed runs; it says so."""

MACHINES: dict[str, Callable[[], StateMachine]] = {"pn532": TransitionsMachine, "image": CompiledMachine}
"""Without radio the machine runs compiled, for speed; a test holds both equal, and their journals."""


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
    "--out",
    type=FILE,
    help="Folder for the journals; without it they are not kept.",
)
@click.option(
    "--rides",
    "rides_path",
    type=FILE,
    metavar="FILE",
    help="Write every settled ride, as .csv or .parquet, for `farebox tariff reprice`.",
)
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
    out: Path | None,
    rides_path: Path | None,
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

    Exits 1 if the count does not come out even: yen on cards + cash + credit = opening + ledger.
    """
    duty = Duty(load_feed(feed_path(feed)), load_operators(), scheme, assumed=ASSUMED_SCHEME)
    if not isfinite(mean_riders):
        raise click.UsageError(f"--riders {mean_riders}: not a number of people")
    route_ids = frozenset(found.route_id for found in duty.feed.routes_called(route)) if route else None
    vehicles = fleet_for(duty, day, route_ids)
    if not vehicles:
        first, last = duty.feed.service_days()
        raise click.UsageError(f"no trips of {route or feed} on {day}; the feed's calendar runs from {first} to {last}")
    assumed = () if scheme else duty.unknown_agencies(day)
    options = Replay(feed, day, reader, seed, mean_riders, language, assumed)
    rides = _RidesFile(rides_path, duty.feed, day) if rides_path else None
    watch = Silent() if quiet else Lines() if as_json else Table(options, vehicles)

    def on_tap(seen: SeenTap) -> None:
        watch.tap(seen)
        if rides:
            rides.take(seen)

    with ExitStack() as stack:
        folder = _journal_folder(out, stack)
        bench = BENCHES[reader]()
        stack.callback(bench.close)
        tallies = []
        watch.begin()
        bar = stack.enter_context(
            click.progressbar(
                vehicles,
                label=say(("模擬", "replay"), language),
                hidden=not (quiet and sys.stderr.isatty()),
                file=sys.stderr,
            )
        )
        for vehicle in bar:
            watch.vehicle(vehicle)
            run = VehicleDay(
                duty, vehicle, day, bench, folder, seed, on_tap, mean_riders=mean_riders, machine=MACHINES[reader]
            )
            tallies.append(run.run())
    total = add(tallies)
    if as_json:
        click.echo(json.dumps({"summary": summary_json(options, watch, vehicles, total)}, ensure_ascii=False))
    else:
        print_summary(options, watch, total, out)
    if rides:
        rides.write()
        if not as_json:
            kept = f"{rides.path} · {rides.number:,}"
            click.echo("  " + say((f"乗車記録: {kept}", f"rides: {kept}"), language))
    if not total.reconciles:
        raise CheckFailed(f"the count does not come out even: {'; '.join(total.problems)}")


class _RidesFile:
    """Where the settled rides of a day go: taken as they come, written in the end."""

    def __init__(self, path: Path, feed: Feed, day: date) -> None:
        """Raises UsageError, before anything is replayed, if no file can be made so."""
        self.path = path
        self._recorder = Recorder(feed, day)
        self._made_of = writer_of(path)
        self._rows: list[Row] = []

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self._rows)

    def take(self, seen: SeenTap) -> None:
        """The rides of a tap."""
        self._rows += [self._recorder.row(ride) for ride in seen.rides]

    def write(self) -> None:
        """The file, whole or not at all. Raises OSError."""
        write_whole(self.path, self._made_of(self._rows))


def _journal_folder(out: Path | None, stack: ExitStack) -> Path:
    """Where journals go: a new or empty folder, or a temporary one."""
    if out is None:
        return Path(stack.enter_context(TemporaryDirectory(prefix="farebox-")))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise click.UsageError(f"--out {out}: not an empty folder; name a new one")
    out.mkdir(parents=True, exist_ok=True)
    return out

"""One vehicle's day as a task: a function of what the run asks for and the vehicle, of nothing else.

So vehicles can be run in any order, in any process, on any machine, and twice if a worker is lost: each has its own
riders, drawn from the seed and its own name, its own cards (no card rides on two vehicles), clock and journal.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from typing import NamedTuple

from farebox.duty import Duty
from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from farebox.machine import CompiledMachine, StateMachine, TransitionsMachine
from farebox.result import Side
from sim.bench import BENCHES, Bench
from sim.fleet import Vehicle
from sim.recorded import Recording, RidesByTrip
from sim.replay import SeenTap, StopVisit, Tally, VehicleDay, fleet_for
from sim.ride_rows import Recorder, Row
from sim.tables import KINDS, written

MACHINES: dict[str, Callable[[], StateMachine]] = {"pn532": TransitionsMachine, "image": CompiledMachine}
"""Without radio the machine runs compiled, for speed; a test holds both equal, and their journals."""
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 256 << 20
"""A vehicle's journal is made in memory, where that has so much room, and kept once it is whole."""


class Spec(NamedTuple):
    """All that a run asks for: with the feed and the operator files, it decides every byte of the journals.

    `assumed` is whose rules hold for an agency that no operator file names; `recorded` is the digest of the file whose
    rides are ridden again, None where chance draws; `suffix` is what tables are kept as.
    """

    day: date
    scheme: str | None
    assumed: str | None
    route_ids: tuple[str, ...] | None
    reader: str
    seed: int
    mean_riders: float
    suffix: str
    recorded: str | None = None


class World(NamedTuple):
    """What a run's vehicles drive in."""

    duty: Duty
    vehicles: Mapping[str, Vehicle]
    spec: Spec


class Task(NamedTuple):
    """A vehicle to run; `rides` are recorded ones to be ridden again, None where chance draws."""

    vehicle_id: str
    rides: RidesByTrip | None = None


class Ran(NamedTuple):
    """A vehicle's day, done.

    `refused` counts refusals by code, `took` taps by the power of 2 of the microseconds that the terminal took on the
    machine that ran it. `files` are its journal and its tables, by their names in the run's folder, `digests` their
    SHA-256, taken where it was run: what a folder holds later is held against them.
    """

    vehicle_id: str
    trips: int
    tally: Tally
    refused: Mapping[str, int]
    took: Mapping[int, int]
    digests: Mapping[str, str]
    files: Mapping[str, bytes]


def world_of(feed: Path, spec: Spec) -> World:
    """Load what a worker needs. Raises what load_feed does."""
    return peopled(Duty(load_feed(feed), load_operators(), spec.scheme, spec.assumed), spec)


def peopled(duty: Duty, spec: Spec) -> World:
    """A world of a duty that is there already."""
    routes = frozenset(spec.route_ids) if spec.route_ids is not None else None
    fleet = fleet_for(duty, spec.day, routes)
    return World(duty, {vehicle.vehicle_id: vehicle for vehicle in fleet}, spec)


def run_vehicle(world: World, task: Task, bench: Bench, on_tap: Callable[[SeenTap], None] = lambda _: None) -> Ran:
    """Run a vehicle's day. Raises what VehicleDay does."""
    spec, vehicle = world.spec, world.vehicles[task.vehicle_id]
    log = _Log(world)

    def tapped(seen: SeenTap) -> None:
        log.tap(seen)
        on_tap(seen)

    with TemporaryDirectory(prefix="farebox-", dir=_scratch()) as name:
        folder = Path(name)
        tally = VehicleDay(
            *(world.duty, vehicle, spec.day, bench, folder, spec.seed, tapped),
            mean_riders=spec.mean_riders,
            machine=MACHINES[spec.reader],
            passengers=None if task.rides is None else Recording(task.rides, spec.day, vehicle.vehicle_id),
            on_visit=log.visit,
            stopwatch=perf_counter_ns,
        ).run()
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files |= log.tables(vehicle.vehicle_id)
    return Ran(
        vehicle.vehicle_id,
        len(vehicle.trips),
        tally,
        dict(log.refused),
        dict(sorted(log.took.items())),
        {name: sha256(data).hexdigest() for name, data in sorted(files.items())},
        files,
    )


def _scratch() -> Path | None:
    """Where journals are made; None: where temporary files are. A container's memory may have no room for them."""
    return _MEMORY if _MEMORY.is_dir() and disk_usage(_MEMORY).free >= _ROOM_BYTES else None


def run_some(world: World, tasks: tuple[Task, ...]) -> list[Ran]:
    """Run some vehicles, one after the other, on a bench of their own."""
    bench = BENCHES[world.spec.reader]()
    try:
        return [run_vehicle(world, task, bench) for task in tasks]
    finally:
        bench.close()


class _Log:
    """What is kept of a vehicle's day besides its journal."""

    def __init__(self, world: World) -> None:
        self.refused = Counter[str]()
        self.took = Counter[int]()
        self._spec = world.spec
        self._recorder = Recorder(world.duty.feed, world.spec.day)
        self._rows: dict[str, list[Row]] = {name: [] for name in KINDS}

    def tap(self, seen: SeenTap) -> None:
        self.took[(seen.took_ns // 1_000).bit_length()] += 1
        if seen.result.refusal is not None:
            self.refused[seen.result.refusal.code] += 1
        self._rows["rides"] += self._recorder.rows(seen)
        self._rows["taps"].append(_tap_row(seen, self._spec.day))

    def visit(self, visit: StopVisit) -> None:
        vehicle_id, trip, place, arrived_s, left_s = visit
        values = (self._spec.day, vehicle_id, trip.trip_id, place, arrived_s, left_s)
        self._rows["visits"].append(dict(zip(KINDS["visits"].columns, values, strict=True)))

    def tables(self, vehicle_id: str) -> dict[str, bytes]:
        suffix = self._spec.suffix
        return {
            f"parts/{vehicle_id}.{name}{suffix}": written(KINDS[name], rows, suffix)
            for name, rows in self._rows.items()
        }


def _tap_row(seen: SeenTap, day: date) -> Row:
    result = seen.result
    settled = result.alighted.settlement if result.alighted else None
    if result.refusal is not None:
        outcome = "refused"
    elif result.shown_again:
        outcome = "shown-again"
    else:
        outcome = "boarded" if result.side is Side.BOARDING else "settled"
    return {
        "service_date": day,
        "at_s": result.at_s,
        "vehicle_id": seen.vehicle_id,
        "trip_id": seen.trip.trip_id,
        "place": result.service.stop_index if result.service else None,
        "side": result.side,
        "outcome": outcome,
        "refusal": result.refusal.code if result.refusal else None,
        "rule": result.refusal.rule if result.refusal else None,
        "confirmed": int(result.confirmed is not None),
        "token_id": seen.card.label,
        "due_yen": settled.due_yen if settled and not result.shown_again else None,
    }

"""Runs for tests: the sample feed's day, without a command line."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sim.run_folder import RunFolder
from sim.vehicle_run import Ran, Spec, Task, World, peopled, run_some
from tests.farebox.bus import DAY, DUTY
from tools.feeds import feed_path

SPEC = Spec(DAY, None, "lococa", None, "image", 7, 6.0, ".parquet")
SAMPLE = feed_path("sample")


def world(day: date = DAY, seed: int = 7) -> World:
    return peopled(DUTY, SPEC._replace(day=day, seed=seed))


def many(vehicles: int = 40) -> World:
    """The day's longest vehicle, so many times."""
    of = world()
    longest = max(of.vehicles.values(), key=lambda vehicle: len(vehicle.trips))
    names = [f"V{number:03}" for number in range(vehicles)]
    return of._replace(vehicles={name: longest._replace(vehicle_id=name) for name in names})


def tasks(of: World) -> dict[str, Task]:
    return {vehicle_id: Task(vehicle_id) for vehicle_id in of.vehicles}


def alone(of: World) -> dict[str, Ran]:
    """Every vehicle, one after the other, in this process."""
    return by_vehicle(run_some(of, tuple(tasks(of).values())))


def by_vehicle(ran: list[Ran]) -> dict[str, Ran]:
    """Each vehicle came once; what its taps took on this machine is no part of what came out."""
    assert len({one.vehicle_id for one in ran}) == len(ran)
    return {one.vehicle_id: one._replace(took={}) for one in sorted(ran)}


def folder(path: Path, of: World) -> RunFolder:
    return RunFolder(path, asked(of))


def asked(of: World) -> dict[str, Any]:
    return {"feed": "sample", **of.spec._asdict(), "day": of.spec.day.isoformat()}


def contents(path: Path) -> Mapping[str, bytes]:
    """Every file, but for those that keep what taps took."""
    left_out = ("summary.json", "run.json")
    files = (found for found in path.rglob("*") if found.is_file() and found.name not in left_out)
    return {str(found.relative_to(path)): found.read_bytes() for found in files}

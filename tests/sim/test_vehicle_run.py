"""A vehicle's day as a task: what is kept of it besides its journal."""

from hashlib import sha256
from itertools import count

import pytest

from sim import vehicle_run
from sim.run_folder import read_rows
from tests.sim.runs import alone, tasks, world


@pytest.mark.parametrize(("took_us", "power"), [(0, 0), (1, 1), (100, 7), (127, 7), (128, 8), (1_000_000, 20)])
def test_a_taps_time_is_counted_by_its_power_of_two_of_microseconds(
    monkeypatch: pytest.MonkeyPatch, took_us: int, power: int
) -> None:
    """The stopwatch is looked at twice a tap."""
    ticks = count(step=took_us * 1_000)
    monkeypatch.setattr(vehicle_run, "perf_counter_ns", lambda: next(ticks))
    of = world()
    (ran,) = vehicle_run.run_some(of, (tasks(of)["V001"],))
    taps = read_rows(ran.files["parts/V001.taps.parquet"], "taps", ".parquet")
    assert ran.took == {power: len(taps)} and len(taps) > 10


def test_what_a_folder_holds_is_told_by_its_digest() -> None:
    ran = alone(world())["V001"]
    assert {name: sha256(data).hexdigest() for name, data in ran.files.items()} == ran.digests

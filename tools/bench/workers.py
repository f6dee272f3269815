"""g. Workers: a day of a large feed on one process, on two, and on a Dask cluster of two; beside bare forks of it.

The feed is the sample's, its vehicles many times over. Two forks that run a half of the vehicles each, and give nothing
back, are as fast as this machine's two cores can be: the ceiling. Ours hand out chunks and bring back every journal and
table. Times are by the wall clock and from the first result on, so that no interpreter's start is in them.
"""

import os
from collections.abc import Callable, Iterator
from csv import DictReader, DictWriter
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from shutil import copytree
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from distributed import LocalCluster

from sim.cluster import on_cluster
from sim.vehicle_run import Ran, Spec, Task, World, run_some, world_of
from sim.workers import in_processes
from tools.bench.bus import DAY
from tools.bench.measure import Effort, Figure, Neighbours, Row, in_turns, medians, ratio
from tools.feeds import feed_path

WORKERS = 2
TIMES, TIMES_QUICK = 36, 4
"""How often the sample's vehicles are there."""
RIDERS = 30.0
_SPEEDUP_LEAST, _DASK_MOST = 1.8, 1.15
_QUIET_CORES = 0.2


def rows(effort: Effort) -> list[Row]:
    """Taps a second, and what two workers make of it; and how much of all that came back the same."""
    rounds = max(2, effort.rounds // 3)
    with TemporaryDirectory(prefix="farebox-bench-") as name:
        feed = Path(name) / "feed"
        grow(feed, TIMES if effort.rounds > 3 else TIMES_QUICK)
        world = world_of(feed, Spec(DAY, None, "lococa", None, "image", 1, RIDERS, ".parquet"))
        return _rows(feed, world, rounds)


def _rows(feed: Path, world: World, rounds: int) -> list[Row]:
    kept: dict[str, dict[str, Ran]] = {}

    def ours(name: str, ran: Callable[[], Iterator[Ran]]) -> Callable[[], list[float]]:
        def run() -> list[float]:
            rate, kept[name] = rate_of(ran())
            return [rate]

        return run

    tasks = {vehicle_id: Task(vehicle_id) for vehicle_id in world.vehicles}
    neighbours, began_s, own_s = Neighbours(), perf_counter(), _children_s()
    runs: dict[str, Callable[[], list[float]]] = {
        "fork 1": lambda: [_forked(world, 1)],
        "fork 2": lambda: [_forked(world, WORKERS)],
        "pool 1": ours("pool 1", lambda: in_processes(feed, world, tasks, 1, no_loss)),
        "pool 2": ours("pool 2", lambda: in_processes(feed, world, tasks, WORKERS, no_loss)),
        "dask 2": ours("dask 2", lambda: _dask(feed, world, tasks)),
    }
    rates = {name: medians(found) for name, found in in_turns(runs, rounds, warm_up=0).items()}
    speedups, ceilings = (_twice(rates[f"{how} 1"], rates[f"{how} 2"]) for how in ("pool", "fork"))
    speedup, ceiling = median(speedups), median(ceilings)
    dask = ratio(rates["pool 2"], rates["dask 2"])
    others = neighbours.cores() - (_children_s() - own_s) / (perf_counter() - began_s)
    tells = others <= _QUIET_CORES
    noise = "" if tells else f"others {others:.1f} cores"
    dask_rate, pool_rate = (Figure(sorted(rates[name])[rounds // 2], "taps/s") for name in ("dask 2", "pool 2"))
    same = kept["pool 1"] == kept["pool 2"] == kept["dask 2"]
    return [
        Row(
            *("g", "replay on 2 workers beside one", f">= {_SPEEDUP_LEAST} x", Figure(speedup, "x")),
            *((speedup >= _SPEEDUP_LEAST) if tells else None, Figure(ceiling, "x"), "bare forks"),
            *(ratio(speedups, ceilings), noise),
        ),
        Row(
            *("g", "time on Dask beside a process pool", f"<= {_DASK_MOST} x", dask_rate),
            *((dask.median <= _DASK_MOST) if tells else None, pool_rate, "process pool"),
            *(dask, noise),
        ),
        Row("g", "results that differ between one, two and Dask", "0", Figure(0 if same else 1), same),
    ]


def _twice(one: list[float], two: list[float]) -> list[float]:
    """What a second worker makes of one, round by round."""
    return [double / single for single, double in zip(one, two, strict=True)]


def _children_s() -> float:
    """CPU time of the processes that were begun here and have ended."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rate_of(ran: Iterator[Ran]) -> tuple[float, dict[str, Ran]]:
    """Taps a second from the first result on; and the results, but for their times."""
    found = [next(ran)]
    began_s = perf_counter()
    found += ran
    took_s = perf_counter() - began_s
    taps = sum(sum(one.took.values()) for one in found[1:])
    return taps / took_s, {one.vehicle_id: one._replace(took={}) for one in found}


def _forked(world: World, workers: int) -> float:
    """Taps a second of bare forks; each tells its own number through a pipe."""
    shares = [tuple(Task(name) for name in list(world.vehicles)[first::workers]) for first in range(workers)]
    began_s = perf_counter()
    pipes = [_fork(world, share) for share in shares]
    taps = 0
    for pid, pipe in pipes:
        with os.fdopen(pipe, "rb") as file:
            taps += int(file.read() or b"0")
        os.waitpid(pid, 0)
    return taps / (perf_counter() - began_s)


def _fork(world: World, share: tuple[Task, ...]) -> tuple[int, int]:
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            taps = sum(sum(one.took.values()) for one in run_some(world, share))
            os.write(writes, str(taps).encode())
        finally:
            os._exit(0)
    os.close(writes)
    return pid, reads


def _dask(feed: Path, world: World, tasks: dict[str, Task]) -> Iterator[Ran]:
    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield from on_cluster(cluster.scheduler_address, feed, world, tasks)


def no_loss(vehicles: int) -> None:
    """For whoever is told of vehicles that were lost with their worker."""
    raise AssertionError(f"{vehicles} vehicles lost, and nobody was killed")


def grow(feed: Path, times: int) -> None:
    """The sample feed with its trips so many times over, each time on vehicles of their own."""
    copytree(feed_path("sample"), feed)
    for name in ("trips.txt", "stop_times.txt"):
        path = feed / name
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(DictReader(file))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = DictWriter(file, list(rows[0]))
            writer.writeheader()
            for number in range(times):
                for row in rows:
                    again = {"trip_id": f"{row['trip_id']}-{number}"}
                    block = {"block_id": f"{row['block_id']}-{number}"} if row.get("block_id") else {}
                    writer.writerow({**row, **again, **block})

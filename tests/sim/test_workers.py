"""A day on several processes and on a cluster: the same bytes as on one, whoever dies on the way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from hashlib import sha256
from pathlib import Path
from select import select
from types import SimpleNamespace
from typing import Any

import pytest
from distributed import Client, LocalCluster

from farebox.feed.operators import Operators, load_operators
from sim import cluster, vehicle_run, workers
from sim.chunks import Chunks
from sim.cluster import on_cluster, packed
from sim.run_faults import ClusterFault, WorkersLost
from sim.vehicle_run import Ran, Task, World, run_some, world_of
from sim.workers import in_processes, run_chunk
from tests.sim.runs import SAMPLE, SPEC, alone, by_vehicle, many, tasks, world

HOLIDAY = date(2026, 11, 21)
ROOT = Path(__file__).parents[2]


class TestChunks:
    """How vehicles are handed out."""

    def test_each_vehicle_is_handed_out_once_the_longest_days_first(self) -> None:
        of = world(HOLIDAY)
        chunks = Chunks(of, tasks(of), 2)
        taken = [chunks.take() for _ in of.vehicles]
        trips = [len(of.vehicles[task.vehicle_id].trips) for chunk in taken for task in chunk]
        assert len(trips) == len(of.vehicles) and trips == sorted(trips, reverse=True)
        assert chunks.left == 0 and chunks.take() == ()

    def test_a_chunk_is_one_vehicle_until_it_is_known_what_they_take(self) -> None:
        of = many()
        chunks = Chunks(of, tasks(of), 1)
        first = chunks.take()
        assert len(first) == 1
        chunks.learn(first, 0.001)
        assert len(chunks.take()) > 1

    def test_towards_the_end_no_worker_gets_it_all(self) -> None:
        of = many()
        chunks = Chunks(of, tasks(of), 2)
        chunks.learn(chunks.take(), 0.000_001)
        assert [len(chunks.take()) for _ in range(4)] == [9, 7, 5, 4]

    def test_slow_vehicles_come_one_by_one(self) -> None:
        of = many()
        chunks = Chunks(of, tasks(of), 1)
        chunks.learn(chunks.take(), 1_000)
        assert len(chunks.take()) == 1

    def test_what_a_lost_worker_had_is_handed_out_again_first(self) -> None:
        of = world()
        chunks = Chunks(of, tasks(of), 2)
        lost = chunks.take()
        chunks.give_back(lost)
        assert chunks.take() == lost


def no_loss(vehicles: int) -> None:
    raise AssertionError(f"{vehicles} vehicles lost")


def test_two_processes_give_the_bytes_of_one() -> None:
    of = world()
    assert by_vehicle(list(in_processes(SAMPLE, of, tasks(of), 2, no_loss))) == alone(of)


def test_a_worker_killed_in_mid_run_is_replaced_and_the_result_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    of, lost = world(HOLIDAY), list[int]()
    pools = list[ProcessPoolExecutor]()

    def watched(*args: Any) -> ProcessPoolExecutor:
        pools.append(ProcessPoolExecutor(*args))
        return pools[-1]

    monkeypatch.setattr(workers, "ProcessPoolExecutor", watched)
    ran = list[Ran]()
    for one in in_processes(SAMPLE, of, tasks(of), 1, lost.append):
        ran.append(one)
        if len(ran) == 1:
            (pid,) = pools[0]._processes
            os.kill(pid, signal.SIGKILL)
    assert len(pools) == 2 and lost and sum(lost) < len(of.vehicles)
    assert by_vehicle(ran) == alone(of)


_ENDLESS = """
import sys
from sim.workers import in_processes
from tests.sim.runs import SAMPLE, tasks, world
if __name__ == "__main__":
    for ran in in_processes(SAMPLE, world(), tasks(world()), 1, print):
        children = open("/proc/self/task/%d/children" % __import__("os").getpid()).read().split()
        print(*children, flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_when_whoever_asked_is_gone_so_are_the_workers(tmp_path: Path, how: signal.Signals) -> None:
    """Nothing is left behind that would go on taking the machine's time; and Ctrl-C brings no worker's traceback."""
    (tmp_path / "endless.py").write_text(_ENDLESS)
    asks = subprocess.Popen(
        [sys.executable, tmp_path / "endless.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert asks.stdin and asks.stdout and asks.stderr
    children = [os.pidfd_open(int(pid)) for pid in asks.stdout.readline().split()]
    os.killpg(asks.pid, how) if how is signal.SIGINT else asks.kill()
    asks.wait()
    gone = [bool(select([child], [], [], 20)[0]) for child in children]
    for child in children:
        signal.pidfd_send_signal(child, signal.SIGKILL) if not all(gone) else os.close(child)
    assert gone and all(gone)
    said = asks.stderr.read().decode()
    assert said.count("Traceback") == (how is signal.SIGINT)
    for file in (asks.stdin, asks.stdout, asks.stderr):
        file.close()


def test_workers_that_die_again_and_again_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    of, lost = world(), list[int]()

    def dies(*_: object) -> Iterator[Ran]:
        yield from ()
        raise workers._Lost(3)

    monkeypatch.setattr(workers, "_until_lost", dies)
    with pytest.raises(WorkersLost, match="6 workers were lost; see that the machine has memory for 2"):
        list(in_processes(SAMPLE, of, tasks(of), 2, lost.append))
    assert lost == [3] * 5


def test_a_fault_of_a_vehicle_comes_out_as_itself_or_as_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mute(Exception):
        def __reduce__(self) -> str:
            raise TypeError

    for fault, kind in ((OSError(28, "No space left on device"), OSError), (Mute("odd"), RuntimeError)):

        def fails(_world: World, _tasks: tuple[Task, ...], fault: Exception = fault) -> list[Ran]:
            raise fault

        monkeypatch.setattr(workers, "run_some", fails)
        done = run_chunk(world(), ())
        assert type(done.fault) is kind and done.ran == []


@pytest.mark.parametrize("hashed", ["0", "4711"])
def test_another_process_with_other_hashes_gives_the_same_journals(hashed: str) -> None:
    """Nothing hangs on the order of a set, which is another one in every process."""
    program = (
        "from hashlib import sha256; from tests.sim.runs import alone, world\n"
        "print({name: sha256(data).hexdigest() for ran in alone(world()).values() for name, data in ran.files.items()})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hashed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    here = {name: sha256(data).hexdigest() for ran in alone(world()).values() for name, data in ran.files.items()}
    assert done.stdout.strip() == str(here)


@pytest.fixture(scope="module")
def local() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as running:
        yield running


class TestCluster:
    """Two workers under a scheduler, each in a process of its own."""

    def test_a_worker_killed_in_mid_run_costs_its_own_tasks_alone(self, local: LocalCluster) -> None:
        of = world(HOLIDAY)
        address = local.scheduler_address
        with Client(address) as client:
            pids = client.run(os.getpid)
            ran = list[Ran]()
            for one in on_cluster(address, SAMPLE, of, tasks(of)):
                ran.append(one)
                if len(ran) == 1:
                    os.kill(next(iter(pids.values())), signal.SIGKILL)
            client.wait_for_workers(2, timeout=30)
            assert set(pids.values()) != set(client.run(os.getpid).values())
        assert by_vehicle(ran) == alone(of)

    def test_a_fault_of_a_vehicle_ends_the_run(self, local: LocalCluster) -> None:
        of = world()
        with pytest.raises(KeyError, match="V999"):
            list(on_cluster(local.scheduler_address, SAMPLE, of, {"V001": Task("V001")} | _unknown(of)))

    def test_other_software_on_the_workers_is_named(self, local: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cluster, "VERSION", "99.0")
        of = world()
        with pytest.raises(ClusterFault, match=r"has farebox .+, not 99\.0; install the same"):
            list(on_cluster(local.scheduler_address, SAMPLE, of, tasks(of)))

    def test_other_rules_on_the_workers_are_named(self, local: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
        fewer = Operators(load_operators().rulebooks[1:])
        monkeypatch.setattr(cluster, "load_operators", lambda: fewer)
        of = world()
        with pytest.raises(ClusterFault, match="has other operator files; install the same farebox"):
            list(on_cluster(local.scheduler_address, SAMPLE, of, tasks(of)))

    def test_two_runs_at_once_each_have_their_own_world(self, local: LocalCluster) -> None:
        address, one, other = local.scheduler_address, world(), world(seed=8)
        first, second = (on_cluster(address, SAMPLE, of, tasks(of)) for of in (one, other))
        ran = [next(first)], [next(second)]
        ran[0].extend(first)
        ran[1].extend(second)
        assert [by_vehicle(each) for each in ran] == [alone(one), alone(other)]
        with Client(address) as client:
            left = client.run(lambda dask_worker: [name for name in dask_worker.plugins if "farebox" in name])
        assert [names for names in left.values() if names] == []


def _unknown(of: World) -> dict[str, Task]:
    """A vehicle that whoever asks knows, and the workers' feed does not."""
    of.vehicles["V999"] = of.vehicles["V001"]  # type: ignore[index]
    return {"V999": Task("V999")}


@pytest.mark.parametrize(("free", "where"), [(1 << 30, Path("/dev/shm")), (64 << 20, None)])
def test_a_container_with_little_memory_for_files_makes_journals_on_its_disk(
    monkeypatch: pytest.MonkeyPatch, free: int, where: Path | None
) -> None:
    monkeypatch.setattr(vehicle_run, "disk_usage", lambda _path: SimpleNamespace(free=free))
    assert vehicle_run._scratch() == where


def test_no_scheduler_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 0.2)
    of = world()
    with pytest.raises(ClusterFault, match=r"^tcp://127.0.0.1:1: no Dask scheduler answers"):
        list(on_cluster("tcp://127.0.0.1:1", SAMPLE, of, tasks(of)))


def test_a_feed_in_a_folder_goes_as_one_zip_always_the_same(tmp_path: Path) -> None:
    assert packed(SAMPLE) == packed(SAMPLE)
    path = tmp_path / "feed.zip"
    path.write_bytes(packed(SAMPLE))
    of = world_of(path, SPEC)
    assert packed(path) == packed(SAMPLE)
    ran = run_some(of, (Task("V001"),))
    assert by_vehicle(ran)["V001"] == alone(world())["V001"]

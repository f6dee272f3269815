"""A day on a Dask cluster: the same chunks as on one machine, on workers anywhere.

Nothing is shared but the connection: the feed goes to each worker as bytes, results come back as bytes. A worker that
joins later, or comes back from the dead, gets the feed too. What a lost worker had in hand, the scheduler gives to
others. Several runs may share a cluster: each brings a world of its own, which goes with it.
"""

import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from distributed import Client, as_completed, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from farebox.feed.operators import load_operators
from farebox.version import VERSION
from sim.chunks import Chunks
from sim.run_faults import ClusterFault
from sim.vehicle_run import Ran, Spec, Task, World, world_of
from sim.workers import Done, run_chunk

CONNECT_S = 10
_EPOCH = (1980, 1, 1, 0, 0, 0)


class _Brings(WorkerPlugin):
    """Brings a run's world to each worker, however late it joins."""

    def __init__(self, feed: bytes, spec: Spec) -> None:
        self.name = f"farebox-replay-{uuid4()}"
        self.world: World | None = None
        self._feed, self._spec, self._version, self._rules = feed, spec, VERSION, load_operators().digest

    def setup(self, worker: Any) -> None:
        """On the worker."""
        if self._version != VERSION:
            raise ClusterFault(f"worker {worker.address} has farebox {VERSION}, not {self._version}; install the same")
        if self._rules != load_operators().digest:
            raise ClusterFault(f"worker {worker.address} has other operator files; install the same farebox")
        with TemporaryDirectory(prefix="farebox-") as folder:
            path = Path(folder) / "feed.zip"
            path.write_bytes(self._feed)
            self.world = world_of(path, self._spec)


def _on_worker(run: str, tasks: tuple[Task, ...]) -> Done:
    worker: Any = get_worker()
    return run_chunk(worker.plugins[run].world, tasks)


def on_cluster(address: str, feed: Path, world: World, tasks: Mapping[str, Task]) -> Iterator[Ran]:
    """Run vehicles on a cluster's workers; each as it is done, in any order.

    Raises ClusterFault, and what a vehicle's day raises.
    """
    try:
        client = Client(address, timeout=CONNECT_S)
    except (OSError, ValueError) as fault:
        raise ClusterFault(f"{address}: no Dask scheduler answers ({fault}); start one with `dask scheduler`") from None
    with client:
        workers = sum(client.nthreads().values())
        if not workers:
            raise ClusterFault(f"{address}: the scheduler has no workers; start some with `dask worker {address}`")
        brings = _Brings(packed(feed), world.spec)
        try:
            client.register_plugin(brings)
            yield from _results(client, brings.name, Chunks(world, tasks, workers), workers)
        finally:
            client.unregister_worker_plugin(brings.name)


def _results(client: Client, run: str, chunks: Chunks, workers: int) -> Iterator[Ran]:
    running: dict[object, tuple[Task, ...]] = {}
    completed = as_completed(with_results=True)

    def submit() -> None:
        while chunks.left and len(running) < 2 * workers:
            tasks = chunks.take()
            future = client.submit(_on_worker, run, tasks, pure=False)
            running[future.key] = tasks
            completed.add(future)

    submit()
    for future, done in completed:
        tasks = running.pop(future.key)
        if done.fault is not None:
            raise done.fault
        chunks.learn(tasks, done.took_s)
        yield from done.ran
        future.release()
        submit()


def packed(feed: Path) -> bytes:
    """A feed as the bytes of one zip; the same feed gives the same bytes."""
    if feed.is_file():
        return feed.read_bytes()
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(feed.glob("*.txt")):
            archive.writestr(zipfile.ZipInfo(path.name, _EPOCH), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return sink.getvalue()

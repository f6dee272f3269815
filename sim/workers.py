"""A day on several processes of one machine. They are spawned, so they share nothing with whoever asks."""

import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import NamedTuple

from sim.chunks import Chunks
from sim.run_faults import WorkersLost
from sim.vehicle_run import Ran, Spec, Task, World, run_some, world_of

MOST_LOSSES = 5
"""So often a lost worker is replaced. More losses have a reason that will not go away."""


class Done(NamedTuple):
    """A chunk, run: or the fault that ended it. `took_s` is by the worker's own clock."""

    ran: list[Ran]
    took_s: float
    fault: Exception | None = None


def run_chunk(world: World, tasks: tuple[Task, ...]) -> Done:
    """Run a chunk here. A fault is a value: not every exception gets through between processes."""
    began_s = perf_counter()
    try:
        return Done(run_some(world, tasks), perf_counter() - began_s)
    except Exception as fault:
        return Done([], 0.0, _portable(fault))


def in_processes(
    feed: Path,
    world: World,
    tasks: Mapping[str, Task],
    workers: int,
    on_loss: Callable[[int], None],
) -> Iterator[Ran]:
    """Run vehicles on so many processes; each as it is done, in any order. `on_loss` is told how many run again.

    Raises WorkersLost, and what a vehicle's day raises.
    """
    chunks = Chunks(world, tasks, workers)
    losses = 0
    while chunks.left:
        try:
            yield from _until_lost(feed, world.spec, chunks, workers)
        except _Lost as lost:
            losses += 1
            if losses > MOST_LOSSES:
                raise WorkersLost(
                    f"{losses} workers were lost; see that the machine has memory for {workers}, or ask for fewer"
                ) from None
            on_loss(lost.vehicles)


class _Lost(Exception):
    """A worker died; its vehicles, and those that waited behind them, are back in the chunks."""

    def __init__(self, vehicles: int) -> None:
        super().__init__(f"{vehicles} vehicles")
        self.vehicles = vehicles


def _until_lost(feed: Path, spec: Spec, chunks: Chunks, workers: int) -> Iterator[Ran]:
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (feed, spec))
    running: dict[Future[Done], tuple[Task, ...]] = {}
    try:
        while chunks.left or running:
            # One waits behind each that runs, so that no worker waits for us.
            while chunks.left and len(running) < 2 * workers:
                tasks = chunks.take()
                running[pool.submit(_run, tasks)] = tasks
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                done = future.result()
                tasks = running.pop(future)
                if done.fault is not None:
                    raise done.fault
                chunks.learn(tasks, done.took_s)
                yield from done.ran
    except BrokenProcessPool:
        lost = [task for tasks in running.values() for task in tasks]
        chunks.give_back(tuple(lost))
        raise _Lost(len(lost)) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_world: list[World] = []
"""A worker's own, made once when it begins."""


def _begin(feed: Path, spec: Spec) -> None:
    stay_with_parent()
    _world.append(world_of(feed, spec))


def stay_with_parent() -> None:
    """Ctrl-C is for whoever asked, who ends the workers; and when that one is gone, they go too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_go_with, args=(parent.sentinel,), daemon=True).start()


def _go_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _run(tasks: tuple[Task, ...]) -> Done:
    return run_chunk(_world[0], tasks)


def _portable(fault: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(fault))
    except Exception:
        return RuntimeError(f"{type(fault).__name__}: {fault}")
    return fault

"""l. The members' portal under load: fifty members at once, SQLite; beside an empty Django view under the same load.

Both are served by gunicorn with as many processes and threads as `farebox centre serve` takes. Fifty threads ask, each
on a connection of its own, as soon as it has the answer before. They share the machine with the server, for the peer as
for ours.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from socket import create_connection, socket
from tempfile import TemporaryDirectory
from threading import Barrier, Thread
from time import monotonic, perf_counter, sleep

from tools.bench.measure import Effort, Figure, Neighbours, Row, in_turns, medians, percentile, ratio
from tools.bench.portal_members import PAGES

MEMBERS = 50
WORKERS, THREADS = (os.cpu_count() or 1) + 1, 4
_MOST = 5.0
_TURNS, _TURNS_QUICK = 4, 1
"""How often each member looks at every page in a round."""
_START_S = 60.0
_QUIET_CORES = 0.2
_Visit = tuple[str, Sequence[str]]
"""A cookie, and the paths that are asked for with it."""


def rows(effort: Effort) -> list[Row]:
    """The 95th percentile of the portal's pages, beside the median of the empty view."""
    turns = _TURNS if effort.rounds > 3 else _TURNS_QUICK
    rounds = max(2, effort.rounds // 2)
    with TemporaryDirectory(prefix="farebox-bench-") as home, _portal(Path(home)) as ours, _empty_view() as peer:
        visits = _members(Path(home))
        nobody = [("", ["/"] * len(PAGES))] * MEMBERS
        neighbours = Neighbours((*ours.pids, *peer.pids))
        found = in_turns(
            {
                "portal": lambda: _asked(ours.port, visits, turns),
                "empty view": lambda: _asked(peer.port, nobody, turns),
            },
            rounds,
        )
        others = neighbours.cores()
    slow = [percentile([times], 95) for times in found["portal"]]
    beside = ratio(slow, medians(found["empty view"]))
    noise = f"others {others:.1f} cores" if others > _QUIET_CORES else ""
    what, goal = f"p95 of {len(PAGES)} pages, {MEMBERS} members at once", f"<= {_MOST:.0f} x"
    page, empty = Figure(percentile(found["portal"], 95), "ms"), Figure(percentile(found["empty view"], 50), "ms")
    held = None if noise else beside.median <= _MOST
    return [Row("l", what, goal, page, held, empty, "median of an empty view", beside, noise)]


class _Server:
    """A server of this machine, and where it listens."""

    def __init__(self, command: Sequence[str], port: int, **environment: str) -> None:
        self.port = port
        self._process = subprocess.Popen(
            command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    @property
    def pids(self) -> tuple[int, ...]:
        """Of its processes: the one that was started, and its workers."""
        pid = self._process.pid
        return (pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()))

    def wait(self) -> None:
        """Until it answers. Raises RuntimeError if it ends before, or takes a minute."""
        end_s = monotonic() + _START_S
        while monotonic() < end_s and self._process.poll() is None:
            try:
                create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                sleep(0.1)
        raise RuntimeError("the server did not start")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


@contextmanager
def _portal(home: Path) -> Iterator[_Server]:
    farebox, centre = (sys.executable, "-m", "tools.cli", "centre"), {"CENTRE_HOME": str(home)}
    subprocess.run((*farebox, "init"), env=os.environ | centre, check=True, stdout=subprocess.DEVNULL)
    port = _free_port()
    serve = (*farebox, "serve", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--threads", str(THREADS))
    with _served(_Server(serve, port, **centre)) as server:
        yield server


@contextmanager
def _empty_view() -> Iterator[_Server]:
    port = _free_port()
    options = ("--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--threads", str(THREADS))
    command = (sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--keep-alive", "15", *options)
    with _served(_Server((*command, "tools.bench.peers.empty_view:application"), port)) as server:
        yield server


@contextmanager
def _served(server: _Server) -> Iterator[_Server]:
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _members(home: Path) -> list[_Visit]:
    command = (sys.executable, "-m", "tools.bench.portal_members", str(MEMBERS))
    environment = os.environ | {"CENTRE_HOME": str(home)}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return [(visit["cookie"], visit["paths"]) for visit in json.loads(done.stdout)]


def _asked(port: int, visits: Sequence[_Visit], turns: int) -> list[float]:
    """All visitors at once, each all of its pages so many times: how long each page took, in ms."""
    took: list[list[float]] = [[] for _ in visits]
    begin = Barrier(len(visits))

    def visit(at: int) -> None:
        cookie, paths = visits[at]
        asked = _browser(port, cookie)
        begin.wait()
        for path in list(paths) * turns:
            took[at].append(asked(path))

    threads = [Thread(target=visit, args=(at,)) for at in range(len(visits))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if any(len(times) != turns * len(paths) for times, (_, paths) in zip(took, visits, strict=True)):
        raise RuntimeError("a page was not answered")
    return [each for times in took for each in times]


def _browser(port: int, cookie: str) -> Callable[[str], float]:
    """Asks for a page on a connection that is kept; how long it took, in ms. Raises RuntimeError for a refusal."""
    line = HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(path: str) -> float:
        began = perf_counter()
        line.request("GET", path, headers={"Cookie": cookie})
        answer = line.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return (perf_counter() - began) * 1_000

    return ask

"""i. Cold start: the terminal as a service, with a PN532 (模擬, on a pty), from the command to READY=1; its memory and
its modules; and the start's one part that could grow with the years, the journal's recovery.

Beside it a bare `python -I`. The reader opens in a process of its own, over there as long as its chip and driver need:
that part, measured by itself, is not counted.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter
from typing import NamedTuple

from reader.port import opened
from reader.watchdog import OPENING_S, WatchedPort
from sim.hardware.field import CardField
from sim.hardware.pn532 import Pn532
from tools.bench.measure import QUICK, Effort, Figure, Neighbours, Row, cpu_us, in_turns, ratio
from tools.bench.past import make_past, recovered
from tools.feeds import SAMPLE, feed_path

MOST_TIMES, MOST_RSS_MB, MOST_MODULES = 10.0, 45.0, 300
MOST_LONGER = 1.3
_FEW = 2_000
_ROOT = Path(__file__).parents[2]
_MEMORY = Path("/dev/shm")
_WITHIN_S = 60.0
_BARE = "bare python -I"
_COUNTED = (
    "import atexit, sys; at = sys.argv.pop(); atexit.register(lambda: open(at, 'w').write('\\n'.join(sys.modules))); "
    "from tools.entry import main; main()"
)


class Started(NamedTuple):
    """One start, to READY=1: by the wall clock, and the CPU of the main process; what it holds in memory then."""

    wall_s: float
    cpu_s: float
    rss_kb: int
    pss_kb: int


def rows(effort: Effort) -> list[Row]:
    """Time, memory, modules, recovery."""
    with TemporaryDirectory(prefix="farebox-bench-", dir=_folder()) as name, Pn532(CardField()) as chip:
        folder, spec = Path(name), f"tty:{chip.path}"
        return [*_start_rows(folder, spec, effort), _modules_row(folder, spec), *_recovery_rows(folder, effort)]


def _folder() -> Path | None:
    return _MEMORY if _MEMORY.is_dir() else None


def _start_rows(folder: Path, spec: str, effort: Effort) -> list[Row]:
    neighbours = Neighbours()
    starts: list[Started] = []

    def ours() -> list[float]:
        starts.append(start(folder, spec))
        return [starts[-1].wall_s]

    times = in_turns({"ours": ours, "bare": lambda: [bare()[0]], "reader": lambda: [_opening_s(spec)]}, effort.rounds)
    wall, alone, reader = ([one for (one,) in times[name]] for name in ("ours", "bare", "reader"))
    own = [all_of_it - opening for all_of_it, opening in zip(wall, reader, strict=True)]
    cpu, alone_cpu = [one.cpu_s for one in starts[-len(wall) :]], [bare()[1] for _ in wall]
    last, goal = starts[-1], f"<= {MOST_TIMES:.0f} x"
    by_cpu, by_wall = ratio(cpu, [median(alone_cpu)] * len(cpu)), ratio(own, alone)
    rss_mb = last.rss_kb / 1_024
    return [
        Row(
            *("i", "start to READY, CPU of the main process", goal, Figure(median(cpu) * 1_000, "ms")),
            *(by_cpu.median <= MOST_TIMES, Figure(median(alone_cpu) * 1_000, "ms"), _BARE, by_cpu),
        ),
        Row(
            *("i", "start to READY, less the reader's own opening", goal, Figure(median(own) * 1_000, "ms")),
            *(by_wall.median <= MOST_TIMES, Figure(median(alone) * 1_000, "ms"), _BARE, by_wall),
            f"others took {neighbours.cores():.1f} cores",
        ),
        Row(
            *("i", "resident memory of the main process", f"<= {MOST_RSS_MB:.0f} MB", Figure(rss_mb, "MB")),
            *(rss_mb <= MOST_RSS_MB, Figure(last.pss_kb / 1_024, "MB"), "its share of what others map too"),
        ),
    ]


def _modules_row(folder: Path, spec: str) -> Row:
    modules = len(modules_of(folder, spec))
    return Row("i", "modules of the main process", f"<= {MOST_MODULES}", Figure(modules), modules <= MOST_MODULES)


def _recovery_rows(folder: Path, effort: Effort) -> list[Row]:
    short, long = folder / "short.journal", folder / "long.journal"
    most = 20_000 if effort == QUICK else 1_000_000
    for path, records in ((short, _FEW), (long, most)):
        make_past(path, records)
    read = {path: read_at_recovery(path) for path in (short, long)}
    times = in_turns({"short": _recovering(short), "long": _recovering(long)}, effort.rounds)
    by_records = ratio([one for (one,) in times["long"]], [one for (one,) in times["short"]])
    ours, peer = (median(one for (one,) in times[name]) / 1_000 for name in ("long", "short"))
    what = f"the journal's recovery, {most:,} records"
    goal, of_few = f"<= {MOST_LONGER} x", f"{_FEW:,} records"
    growth = read[long] / read[short]
    return [
        Row(
            *("i", f"bytes read for {what}", goal, Figure(read[long]), growth <= MOST_LONGER),
            *(Figure(read[short]), of_few, ratio([read[long]], [read[short]])),
        ),
        Row(
            *("i", f"CPU of {what}", goal, Figure(ours, "ms"), by_records.median <= MOST_LONGER),
            *(Figure(peer, "ms"), of_few, by_records),
        ),
    ]


def read_at_recovery(path: Path) -> int:
    """Bytes that a start reads of a journal."""
    found, read_bytes = recovered(path)
    found.journal.close()
    return read_bytes


def _recovering(path: Path) -> Callable[[], Sequence[float]]:
    def recover_once() -> None:
        recovered(path)[0].journal.close()

    return lambda: [cpu_us(recover_once)]


# -- processes


def start(folder: Path, spec: str) -> Started:
    """Start the service and end it once it is ready."""
    with _Service(folder, [sys.executable, "-m", "tools.entry"], spec) as service:
        process = Path(f"/proc/{service.process.pid}")
        cpu_s = int((process / "schedstat").read_text("ascii").split()[0]) / 1e9
        rss, pss = (_kb(process / name, key) for name, key in (("status", "VmRSS:"), ("smaps_rollup", "Pss:")))
        return Started(service.ready_s, cpu_s, rss, pss)


def modules_of(folder: Path, spec: str) -> list[str]:
    """The modules that the main process has loaded by its end, by name."""
    listed = folder / "modules"
    with _Service(folder, [sys.executable, "-c", _COUNTED], spec, str(listed)):
        pass
    return sorted(listed.read_text("utf-8").split("\n"))


def bare() -> tuple[float, float]:
    """The interpreter alone: wall and CPU time."""
    began = perf_counter()
    process = subprocess.Popen([sys.executable, "-I", "-c", ""])
    used = os.wait4(process.pid, 0)[2]
    process.returncode = 0
    return perf_counter() - began, used.ru_utime + used.ru_stime


def _opening_s(spec: str) -> float:
    began = perf_counter()
    port = opened(WatchedPort(spec), monotonic() + OPENING_S)
    took = perf_counter() - began
    port.close()
    return took


class _Service:
    """The terminal as the system starts it, from the command to READY=1; SIGTERM at the end."""

    def __init__(self, folder: Path, command: list[str], spec: str, *more: str) -> None:
        told = folder / "notify"
        told.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.bind(str(told))
            line.settimeout(_WITHIN_S)
            environ = {**os.environ, "NOTIFY_SOCKET": str(told)}
            began = perf_counter()
            self.process = subprocess.Popen(
                [*command, "run", "--config", str(_settings(folder, spec)), *more],
                cwd=_ROOT,
                env=environ,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            said = line.recv(1_000)
            self.ready_s = perf_counter() - began
        assert said == b"READY=1", said

    def __enter__(self) -> "_Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        assert self.process.wait(_WITHIN_S) == 0


def _settings(folder: Path, spec: str) -> Path:
    path = folder / "farebox.toml"
    path.write_text(
        f'[vehicle]\nid = "BENCH"\n[readers]\nentry = "{spec}"\n'
        f'[data]\nfeed = "{feed_path(SAMPLE)}"\nregister = "{folder}/register.csv"\njournal = "{folder}/journal"\n'
        f'[keys]\nsource = "bench"\n[console]\nsocket = "{folder}/console"\n[clock]\nsource = "given"\n'
    )
    return path


def _kb(path: Path, key: str) -> int:
    line = next(line for line in path.read_text("ascii").splitlines() if line.startswith(key))
    return int(line.split()[1])

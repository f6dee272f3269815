"""A demo's processes: begun in order, watched, and ended together."""

import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError, URLError

from centre.faults import CentreFault
from tools.centre_demo import certificates
from tools.centre_demo.places import BUSES, Demo, lay_out

_FAREBOX = (sys.executable, "-m", "tools.entry")
_READY_S, _END_S = 90, 25


class Process(NamedTuple):
    """One of them, by its name; what it says stands in its log."""

    name: str
    running: "subprocess.Popen[bytes]"
    log: Path


def prepare(demo: Demo) -> None:
    """Make everything a demo begins with, in a new folder. Raises CentreFault."""
    lay_out(demo)
    certificates.make(demo.folder)
    _call(demo, "init", *_FAREBOX, "centre", "init")
    _call(demo, "fill", *_FAREBOX, "centre", "demo", "fill", *_named(demo))


@contextmanager
def running(demo: Demo, buses: Iterable[str] = BUSES) -> Iterator[tuple[Process, ...]]:
    """All processes, and those of these buses; the centre is ready to be opened. Ended in the end, whatever happens.

    Raises CentreFault.
    """
    with ExitStack() as parts:
        begun: list[Process] = []
        parts.callback(lambda: _end(begun))
        for name, words in _commands(demo, buses):
            begun.append(_begin(demo, name, words))
        _until_ready(demo, begun)
        yield tuple(begun)


def ended(processes: tuple[Process, ...]) -> Process | None:
    """One that is gone though nobody ended it."""
    return next((process for process in processes if process.running.poll() is not None), None)


def _named(demo: Demo) -> tuple[str, ...]:
    return ("--folder", str(demo.folder), "--port", str(demo.port))


def _commands(demo: Demo, buses: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    centre = (*_FAREBOX, "centre")
    yield (
        "payments",
        (
            *(*_FAREBOX, "sim", "payments", "--port", str(demo.payments_port), "--clock-ahead", str(demo.ahead)),
            *("--database", str(demo.folder / "payments.sqlite3"), "--notify", f"{demo.url}/payments/notices/"),
        ),
    )
    yield "pages", (*centre, "serve", "--bind", f"127.0.0.1:{demo.port}", "--workers", "1", "--threads", "8")
    yield (
        "line",
        (
            *(*centre, "serve", "--bind", f"127.0.0.1:{demo.buses_port}", "--workers", "1"),
            *("--certificate", str(demo.folder / "centre.pem"), "--key", str(demo.folder / "centre.key")),
        ),
    )
    yield "work", (*centre, "work", "--every", "2")
    for name in buses:
        yield f"bus-{name}", (sys.executable, "-m", "tools.centre_demo.bus", name, str(demo.bus(name)))
        settings = str(demo.bus(name) / "farebox.toml")
        yield f"exchange-{name}", (*_FAREBOX, "exchange", "watch", "--config", settings)


def _call(demo: Demo, name: str, *words: str) -> None:
    log = _log(demo, name)
    with log.open("wb") as said:
        done = subprocess.run(words, env=demo.environ(), stdout=said, stderr=said, check=False)
    if done.returncode:
        raise CentreFault(f"the demo's {name} failed: {_last_line(log)}; all of it is in {log}")


def _begin(demo: Demo, name: str, words: tuple[str, ...]) -> Process:
    # Should this process be killed, the kernel ends them: no demo is left behind.
    tied = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()
    log = _log(demo, name)
    with log.open("ab") as said:
        process = subprocess.Popen(
            (*tied, *words),
            env=demo.environ(),
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return Process(name, process, log)


def _log(demo: Demo, name: str) -> Path:
    folder = demo.folder / "logs"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.log"


def _until_ready(demo: Demo, begun: list[Process]) -> None:
    until_s = time.monotonic() + _READY_S
    while time.monotonic() < until_s:
        gone = ended(tuple(begun))
        if gone is not None:
            raise CentreFault(f"the demo's {gone.name} ended: {_last_line(gone.log)}; all of it is in {gone.log}")
        if _is_well(demo):
            return
        time.sleep(0.2)
    raise CentreFault(f"the demo was not ready within {_READY_S} s; see {demo.folder / 'logs'}")


def _is_well(demo: Demo) -> bool:
    try:
        with urllib.request.urlopen(f"{demo.url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (HTTPError, URLError, OSError):
        return False


def _end(begun: list[Process]) -> None:
    """Each is asked, then each is waited for; one that does not hear is killed."""
    for process in reversed(begun):
        if process.running.poll() is None:
            process.running.send_signal(signal.SIGTERM)
    until_s = time.monotonic() + _END_S
    for process in begun:
        try:
            process.running.wait(max(until_s - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.running.kill()
            process.running.wait()


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"

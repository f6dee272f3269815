"""The real `farebox exchange` over TLS on loopback, and the centre as it is served: gunicorn, SQLite on a disk."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from farebox.config import load
from farebox.exchange.setup import exchange_of
from farebox.formats import journal as j
from farebox.journal.log import open_journal
from sim.centre import KEYS
from sim.centre import SEED as SIGNING_SEED
from tests.centre.collector.dying import MOMENTS
from tests.centre.collector.vehicle import BUS, KEY, SEED
from tests.farebox.exchange.tls_centre import HOST, Authority
from tests.journal.examples import AT_S

pytestmark = pytest.mark.served

_STARTS_S = 60
LONG = 1_700
"""Records of a segment of two pieces."""


def said(command: list[str], environ: dict[str, str] | None = None) -> str:
    """By a command that does what it is asked for."""
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=_STARTS_S)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Served:
    """A centre of its own: folder, keys, database, port; started and killed."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.home, self.authority = folder / "centre", authority
        self.home.mkdir(mode=0o700)
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port: int = free.getsockname()[1]
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("CENTRE_", "DATABASE_URL"))},
            "PYTHONPATH": str(Path.cwd()),
            "CENTRE_HOME": str(self.home),
            "CENTRE_URL": f"https://{HOST}:{self.port}",
            "DJANGO_SETTINGS_MODULE": "tests.centre.collector.dying",
        }
        key = self.home / "signing.key"
        key.write_text(f"1: {SIGNING_SEED.hex()}\n")
        key.chmod(0o600)
        self.authority.context(days=3_600)
        self._told = folder / "told"
        self._process: subprocess.Popen[bytes] | None = None

    def does(self, *words: str) -> str:
        command = [sys.executable, "-m", "tools.cli", "centre", *words]
        done = subprocess.run(
            command, env=self._environ, capture_output=True, text=True, check=False, timeout=_STARTS_S
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def starts(self) -> None:
        pem = str(self.home.parent / "server.pem")
        words = ["--bind", f"127.0.0.1:{self.port}", "--workers", "1", "--certificate", pem, "--key", pem]
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as told:
            told.settimeout(_STARTS_S)
            told.bind(str(self._told))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tools.cli", "centre", "serve", *words],
                env={**self._environ, "NOTIFY_SOCKET": str(self._told)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            while b"READY=1" not in told.recv(1024):
                pass
        self._told.unlink()

    def is_dead(self) -> bool:
        assert self._process is not None
        return self._process.wait(_STARTS_S) == -signal.SIGKILL

    def ends(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(_STARTS_S)

    def asks(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.home / "centre.sqlite3")) as database:
            return list(database.execute(query))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    served = Served(folder, Authority(folder))
    served.does("init")
    served.starts()
    yield served
    served.ends()


def bus(folder: Path, served: Served, name: str) -> Path:
    """The settings of a vehicle that the centre has been told of."""
    served.does("vehicle", "add", name, "--sealing-key", KEY, "--token-file", str(folder / "token"))
    (folder / "centre.pub").write_text(KEYS[0].hex())
    settings = folder / "farebox.toml"
    settings.write_text(
        f'[vehicle]\nid = "{name}"\n[readers]\nentry = "usb"\n'
        f'[data]\nfeed = "sample"\nregister = "{folder}/r.csv"\njournal = "{folder}/journal"\n'
        f'bundles = "{folder}/bundles"\n[keys]\nsource = "bench"\ncentre = "{folder}/centre.pub"\n'
        f'[clock]\ntold = "{folder}/time"\n'
        f'[exchange]\nurl = "https://{HOST}:{served.port}/bus/"\nca = "{served.authority.ca}"\n'
        f'token = "{folder}/token"\n'
    )
    return settings


def seal(folder: Path, name: str, records: int) -> None:
    kept = open_journal(folder / "journal", sealing_seed=SEED).journal
    kept.append(j.Opened(name, "1", 0), AT_S)
    for record in range(records - 1):
        kept.append(j.TripEnded(f"{record:0180}"), AT_S)
    kept.seal()
    kept.close()


def test_farebox_exchange_sends_a_journal_to_farebox_centre(served: Served, tmp_path: Path) -> None:
    settings = bus(tmp_path, served, "BUS-8")
    for _ in range(3):
        seal(tmp_path, "BUS-8", 5)
    once = [sys.executable, "-m", "tools.cli", "exchange", "once", "--config", str(settings)]
    assert "segment 3: " in said(once)
    assert said(once) == "BUS-8: segments waiting: 0\n"
    assert served.asks("SELECT number, state FROM collector_segment ORDER BY number") == [
        (number, "booked") for number in (1, 2, 3)
    ]


def test_faults_35_36_the_server_killed_at_any_moment_of_an_ingest_holds_and_books_each_segment_once(
    served: Served, tmp_path: Path
) -> None:
    settings = bus(tmp_path, served, BUS)
    before = served.asks("SELECT COUNT(*) FROM collector_record")[0][0]
    assert isinstance(before, int)
    for number, moment in enumerate(MOMENTS, 1):
        seal(tmp_path, BUS, LONG)
        (served.home / moment).touch()
        cut = exchange_of(load(settings), where=str(settings)).once()
        assert cut.fault is not None and cut.waiting == 1
        assert served.is_dead()
        served.starts()
        gone_on = exchange_of(load(settings), where=str(settings)).once()
        assert gone_on.done and gone_on.waiting == 0
        assert [sent.number for sent in gone_on.segments.sent] == [number]
    served.does("work", "--once")
    assert served.asks("SELECT DISTINCT state FROM collector_segment") == [("booked",)]
    rows = served.asks("SELECT COUNT(*), MAX(seq) FROM collector_record")
    assert rows == [(before + len(MOMENTS) * LONG, len(MOMENTS) * LONG)]
    assert served.asks("SELECT COUNT(*) FROM collector_piece") == [(0,)]

"""`farebox centre demo`, all of it: centre, sandbox, people and two buses whose journals arrive; and a clean end."""

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.mail import EmailMessage, get_connection
from django.test import Client
from pytest_django.fixtures import Settings

from tools.centre_demo.places import KANA, TELEPHONE, TO_ADD

pytestmark = pytest.mark.served

ROOT = Path(__file__).parents[2]
_MOST_S = 120


def free_ports() -> int:
    """The first of three free ports side by side."""
    for _ in range(50):
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            first = held.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            for beside in (1, 2):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port + beside))
            return port
    raise AssertionError("no three free ports")


def until(holds: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Look again and again; an assertion if it never holds, or the demo is gone."""
    end_s = time.monotonic() + _MOST_S
    while not holds():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end_s
        time.sleep(0.2)


class Demo:
    """A demo that runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_ports()
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(folder.parent)}
        self.process = subprocess.Popen(
            [*(sys.executable, "-m", "tools.entry", "centre", "demo", "start"), *self.where],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.told = ""

    @property
    def where(self) -> tuple[str, ...]:
        return ("--folder", str(self.folder), "--port", str(self.port))

    def starts(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told += line
            if "Ctrl-C" in line:
                return
        raise AssertionError(self.told + self.process.communicate()[1])

    def asked(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return str(answer.read().decode())

    def rows(self, question: str) -> list[tuple[object, ...]]:
        with contextlib.closing(
            sqlite3.connect(f"file:{self.folder}/centre/centre.sqlite3?mode=ro", uri=True, timeout=30)
        ) as database:
            return database.execute(question).fetchall()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    started = Demo(tmp_path / "demo")
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.terminate()
        started.process.communicate(timeout=60)


def processes_of(folder: Path) -> set[str]:
    """Processes that run for a demo, by what they were called with."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            said = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if str(folder) in said:
                found.add(said)
    return found


def test_buses_ride_their_journals_arrive_and_are_booked_and_all_of_it_ends(demo: Demo) -> None:
    demo.starts()
    assert json.loads(demo.asked("/healthz")) == {"database": True, "migrations": True, "work": True}
    for told in (
        "模擬",
        "mogi2026demo",
        "hanako@demo.example",
        "kakari@demo.example",
        "/demo/mails/",
        TO_ADD,
        KANA,
        TELEPHONE,
    ):
        assert told in demo.told
    for path in ("/", "/demo/mails/", "/counter/login"):
        assert "模擬" in demo.asked(path)
    begun = "select count(*) from ledger_bookingrow"
    (before,) = demo.rows(begun)[0]
    booked = "select distinct terminal_id from collector_segment s join collector_vehicle v on v.id = vehicle_id"
    until(lambda: len(demo.rows(f"{booked} where state = 'booked'")) == 2, demo.process)
    assert demo.rows("select count(*) from collector_segment where state = 'quarantined'") == [(0,)]
    assert isinstance(before, int) and demo.rows(begun)[0][0] > before  # type: ignore[operator]
    moved = subprocess.run(
        [sys.executable, "-m", "tools.entry", "centre", "demo", "next-day", *demo.where],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert f"next-day --folder {demo.folder} " in demo.told, "what is told can be typed as it stands"
    assert moved.stdout == "1 days ahead (模擬)\n"
    assert int((demo.folder / "clock-ahead").read_text()) == 86_400
    demo.process.send_signal(signal.SIGINT)
    out, err = demo.process.communicate(timeout=60)
    assert (demo.process.returncode, out.splitlines()[-1], err) == (0, "ended", "")
    assert processes_of(demo.folder) == set()
    for log in (demo.folder / "logs").glob("*.log"):
        assert "Traceback" not in log.read_text("utf-8") and "fault" not in log.read_text("utf-8"), log


def test_a_port_that_is_taken_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = ("--folder", str(tmp_path / "demo"), "--port", str(taken.getsockname()[1]))
        done = subprocess.run(
            [sys.executable, "-m", "tools.entry", "centre", "demo", "start", *where],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
    assert done.returncode == 74 and re.match(r"farebox: port \d+: .*another --port", done.stderr), done.stderr
    assert not (tmp_path / "demo").exists()


def test_the_mails_of_a_demo_are_shown_newest_first_with_links_and_of_no_real_centre(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.MAIL_URL, settings.EMAIL_FILE_PATH = f"file://{tmp_path}", str(tmp_path)
    assert client.get("/demo/mails/").status_code == 404
    settings.SIMULATED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    with get_connection("django.core.mail.backends.filebased.EmailBackend") as line:
        for subject, link in (("仮登録", "first"), ("登録完了", "second")):
            EmailMessage(
                subject, f"http://127.0.0.1/{link}\n<b>", "a@demo.example", ["hanako@demo.example"], connection=line
            ).send()
    shown = client.get("/demo/mails/").content.decode()
    assert shown.index("登録完了") < shown.index("仮登録")
    assert '<a href="http://127.0.0.1/first"' in shown and "&lt;b&gt;" in shown

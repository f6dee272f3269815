"""Running the centre: served, worked, looked at, backed up and restored, as an operator does it."""

import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django.fixtures import Settings

from centre import work as of_centre
from centre.running import health
from centre.running.models import Beat
from centre.users.models import Role, User
from farebox.formats.cose import BENCH_KEY
from tests.centre.exchanged import TOKEN
from tests.tools.cli import Ran, run
from tools.exits import Exit

pytestmark = pytest.mark.served

ROOT = Path(__file__).parents[2]
PASSWORD = "a long enough passphrase 26"
Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return lambda *args: run(capsys, monkeypatch, "centre", *args)


class Centre(NamedTuple):
    """A centre of its own: a folder, and what its processes are told."""

    folder: Path
    environ: dict[str, str]

    def runs(self, *words: object, said: str = "", module: str = "tools.entry") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", module, *map(str, words)],
            env=self.environ,
            cwd=ROOT,
            input=said,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def does(self, *words: object, said: str = "") -> str:
        done = self.runs("centre", *words, said=said)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def exchanges(self, duties: int) -> dict[str, list[int]]:
        done = self.runs(self.folder / "journal", duties, module="tests.centre.exchanged")
        assert done.returncode == 0, done.stderr
        found: dict[str, list[int]] = json.loads(done.stdout)
        return found

    def asks(self, code: str) -> str:
        """What a line of Python prints in it."""
        ready = f"from tools.centre.ready import centre_ready\nwith centre_ready():\n    {code}"
        done = subprocess.run(
            [sys.executable, "-c", ready], env=self.environ, cwd=ROOT, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


@pytest.fixture
def fresh_postgresql() -> Iterator[str]:
    """A new database on the server that the tests run on."""
    url = os.environ["DATABASE_URL"]
    name = f"operations_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as line:
        line.execute(f"CREATE DATABASE {name}")
    yield url[: -len(urlsplit(url).path)] + f"/{name}"
    with psycopg.connect(url, autocommit=True) as line:
        line.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def centre(request: pytest.FixtureRequest, tmp_path: Path) -> Centre:
    """A centre that was just made, on SQLite and on PostgreSQL."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "CENTRE_HOME": str(tmp_path / "centre")}
    environ |= {"CENTRE_SIMULATED": "1", "CENTRE_LOG": "WARNING"}
    if request.param == "postgresql":
        environ["DATABASE_URL"] = request.getfixturevalue("fresh_postgresql")
    made = Centre(tmp_path, environ)
    made.does("init")
    return made


# -- background work


@pytest.mark.django_db
def test_one_app_s_fault_does_not_keep_the_others_from_their_work(caplog: pytest.LogCaptureFixture) -> None:
    def fails(_now_s: int) -> int:
        raise RuntimeError("no such table")

    done = of_centre.work_once(5, {"first": lambda now_s: now_s, "second": fails, "third": lambda _: 0})
    assert done == ({"first": 5, "third": 0}, ("second",))
    assert [(beat.app, beat.done_at_s > 0, beat.fault) for beat in Beat.objects.order_by("app")] == [
        ("first", True, ""),
        ("second", False, "RuntimeError"),
        ("third", True, ""),
    ]
    assert "work of second failed" in caplog.text


def test_every_app_with_something_to_do_is_known() -> None:
    there = {path.parent.name for path in (ROOT / "centre").glob("*/work.py")}
    assert set(of_centre.apps_that_work()) == there >= {"collector", "bundles", "ledger", "payments"}


@pytest.mark.django_db
def test_work_once_tells_what_was_done(cli: Cli, settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    ran = cli("work", "--once", "--json")
    assert ran.code == Exit.OK, ran.err
    assert json.loads(ran.out)["failed"] == [] and set(json.loads(ran.out)["done"]) == set(of_centre.apps_that_work())


def test_only_one_process_works_and_the_next_one_may_when_it_is_gone(centre: Centre) -> None:
    code = (
        "from centre.running.lock import only_one\nimport sys\nfrom django.conf import settings\n"
        "with only_one(settings.HOME) as held: print(held, flush=True); sys.stdin.read()"
    ).replace("\n", "\n    ")
    holds = subprocess.Popen(
        [sys.executable, "-c", f"from tools.centre.ready import centre_ready\nwith centre_ready():\n    {code}"],
        env=centre.environ,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holds.stdout is not None and holds.stdout.readline() == "True\n"
    refused = centre.runs("centre", "work", "--once")
    assert refused.returncode == 1 and "another process of farebox centre work" in refused.stderr
    holds.kill()
    holds.communicate()
    # On PostgreSQL the server lets go once it sees that the connection is gone.
    for _ in range(50):
        if centre.runs("centre", "work", "--once").returncode == 0:
            return
    raise AssertionError("the lock outlived its process")


def test_work_ends_at_once_when_it_is_asked_to(centre: Centre) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(centre.folder / "notify"))
        told.settimeout(60)
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.entry", "centre", "work", "--every", "300"],
            env={**centre.environ, "NOTIFY_SOCKET": str(centre.folder / "notify")},
            cwd=ROOT,
            stderr=subprocess.PIPE,
        )
        assert [told.recv(100), told.recv(100)] == [b"READY=1", b"WATCHDOG=1"]
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, b"")


# -- health


@pytest.mark.django_db
class TestHealth:
    def test_it_is_well_while_all_apps_work(self, client: Client) -> None:
        of_centre.work_once(5, {app: lambda _: 0 for app in of_centre.apps_that_work()})
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"database": True, "migrations": True, "work": True})
        assert "no-store" in answer["Cache-Control"]

    def test_work_that_is_not_done_any_more_is_told(self, client: Client) -> None:
        of_centre.work_once(5, {app: lambda _: 0 for app in of_centre.apps_that_work()})
        Beat.objects.filter(app="collector").update(done_at_s=int(time.time()) - health.STALE_S - 1)
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["work"]) == (503, False)

    def test_a_migration_that_is_missing_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(health, "_was_applied", SimpleNamespaceCache(False))
        assert health.health(0) == {"database": True, "migrations": False, "work": False}

    def test_a_database_that_does_not_answer_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def gone() -> bool:
            raise OperationalError("gone")

        monkeypatch.setattr(health, "_applied", gone)
        assert health.health(0) == {"database": False, "migrations": False, "work": False}


class SimpleNamespaceCache(SimpleNamespace):
    """Stands for a cached function."""

    def __init__(self, answer: bool) -> None:
        super().__init__(cache_clear=lambda: None)
        self._answer = answer

    def __call__(self) -> bool:
        return self._answer


# -- clerks


@pytest.mark.django_db
def test_a_clerk_is_let_in_listed_and_let_in_no_more(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(readline=lambda: f"{PASSWORD}\n"))
    added = cli("clerk", "add", "Yamada@example.jp", "--operator", "lococa", "--password-stdin")
    assert (added.code, added.err) == (0, "") and PASSWORD not in added.out
    clerk = User.objects.get()
    assert (clerk.email, clerk.role, clerk.scheme) == ("yamada@example.jp", Role.CLERK, "lococa")
    client = Client()
    assert client.post("/counter/login", {"email": clerk.email, "password": PASSWORD}).status_code == 302
    again = cli("clerk", "add", "yamada@example.jp", "--operator", "lococa", "--password-stdin")
    assert again.code == Exit.USAGE and "known already" in again.err
    told = {"email": "yamada@example.jp", "role": "clerk", "operator": "lococa", "active": True}
    assert json.loads(cli("clerk", "list", "--json").out) == told
    monkeypatch.setattr("sys.stdin", SimpleNamespace(readline=lambda: f"another {PASSWORD}\n"))
    assert cli("clerk", "password", "yamada@example.jp", "--password-stdin").code == 0
    assert client.get("/counter/").status_code == 302, "a session outlived its password"
    assert client.post("/counter/login", {"email": clerk.email, "password": f"another {PASSWORD}"}).status_code == 302
    assert cli("clerk", "disable", "yamada@example.jp").code == 0
    assert client.get("/counter/").status_code == 302, "a session outlived its clerk"
    assert cli("clerk", "list").out.split() == ["yamada@example.jp", "clerk", "lococa", "disabled"]


@pytest.mark.django_db
def test_an_administrator_ends_the_sessions_of_one_or_of_all(cli: Cli) -> None:
    browsers = {}
    for name in ("a", "b", "c"):
        user = User.objects.create_user(f"{name}@example.jp", PASSWORD)
        browsers[name] = Client()
        browsers[name].force_login(user, "centre.portal.signed_in.Backend")

    def signed_in() -> list[str]:
        return [name for name, client in browsers.items() if client.get("/")["Location"] == "/cards"]

    assert cli("clerk", "sign-out", "A@example.jp").out == "A@example.jp: 1 sessions ended\n"
    assert signed_in() == ["b", "c"]
    assert cli("clerk", "sign-out", "--everybody").out == "everybody: 2 sessions ended\n"
    assert signed_in() == []
    for words in ((), ("a@example.jp", "--everybody"), ("nobody@example.jp",)):
        assert cli("clerk", "sign-out", *words).code == Exit.USAGE


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("no-address", "--operator", "lococa"), "not an e-mail address"),
        (("a@example.jp", "--operator", "suica"), "is none of aizu-noruca"),
        (("a@example.jp",), "whose counter"),
    ],
)
def test_who_can_t_be_a_clerk_is_said_and_nobody_is_made(cli: Cli, words: tuple[str, ...], why: str) -> None:
    ran = cli("clerk", "add", *words, "--password-stdin")
    assert ran.code == Exit.USAGE and why in ran.err
    assert not User.objects.exists()


# -- serving


class Served:
    """gunicorn, as `farebox centre serve` starts it."""

    def __init__(self, centre: Centre) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(centre.folder / "served"))
        self._notify.settimeout(60)
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tools.entry", "centre", "serve", "--workers", "1"),
                *("--bind", f"127.0.0.1:{self.port}"),
            ],
            env={**centre.environ, "NOTIFY_SOCKET": str(centre.folder / "served"), "CENTRE_LOG": "INFO"},
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._notify.recv(100).startswith(b"READY=1")

    def answers(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), 60) as line:
            line.sendall(request)
            return line.makefile("rb").readline()

    def ends(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=60)
        self._notify.close()
        assert self.process.returncode == 0, err
        return err


def test_served_pages_have_hashed_files_bounds_and_a_log_without_paths(centre: Centre) -> None:
    centre.does("work", "--once")
    served = Served(centre)
    page = urllib.request.urlopen(f"http://127.0.0.1:{served.port}/", timeout=60)
    found = page.read().decode()
    sheet = found.partition('href="/static/centre/style.')[2].partition('"')[0]
    assert len(sheet.split(".")[0]) == 12, "no hash in its name"
    static = urllib.request.urlopen(f"http://127.0.0.1:{served.port}/static/centre/style.{sheet}", timeout=60)
    assert "immutable" in static.headers["Cache-Control"]
    assert served.answers(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").split()[1] == b"200"
    assert served.answers(b"GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n").split()[1] == b"400"
    assert served.answers(b"GET /" + b"a" * 3_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n").split()[1] in (
        b"400",
        b"414",
    )
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(60))
    assert served.answers(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n").split()[1] in (b"400", b"431")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://127.0.0.1:{served.port}/no/hush-hush", timeout=60)
    log = served.ends()
    assert "hush" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    assert any(line["of"] == "centre.request" and line["event"].startswith("GET healthz 200 ") for line in lines)


# -- backup and restore


def test_a_centre_comes_back_from_its_backup_and_asks_vehicles_for_what_came_after(centre: Centre) -> None:
    centre.asks(
        f"from centre.collector.vehicles import add_vehicle; add_vehicle('BUS-7', ['{BENCH_KEY.hex()}'], '{TOKEN}')"
    )
    assert centre.exchanges(1) == {"sent": [1], "booked": [1]}
    file = centre.folder / "backup.tar"
    told = json.loads(centre.does("backup", file, "--json"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert set(told["files"]) > {"secret.key", "signing.key"}
    signing = (centre.folder / "centre" / "signing.key").read_bytes()
    assert centre.exchanges(1) == {"sent": [2], "booked": [1, 2]}
    version = "from centre.bundles.publishing import publish; import time; print(publish(int(time.time()))[0].version)"
    before = int(centre.asks(version))

    # What is there is not given up by mistake.
    refused = centre.runs("centre", "restore", file)
    assert refused.returncode == 74 and "--force" in refused.stderr
    # The machine is gone: another one, with keys of its own, gets the backup.
    (centre.folder / "centre" / "signing.key").write_text("01" * 32)
    assert "restored as it stood" in centre.does("restore", file, "--force")
    assert (centre.folder / "centre" / "signing.key").read_bytes() == signing
    assert (centre.folder / "centre" / "signing.key").stat().st_mode & 0o777 == 0o600
    assert json.loads(centre.does("work", "--once", "--json"))["failed"] == []

    # Numbers of directives that were given since are jumped over (CTR-3).
    assert int(centre.asks("from centre.bundles.models import Restored; print(Restored.objects.get().numbers)")) >= 256

    # Segment 2 came after the backup; the vehicle has its receipt, and sends it again when it is asked.
    assert centre.exchanges(1)["booked"] == [1, 2, 3]
    # What vehicles have of bundles is never newer than what comes next.
    assert int(centre.asks(version.replace("publish(", "publish(864_000 + "))) > before


def test_a_backup_that_is_damaged_touches_nothing(centre: Centre) -> None:
    file = centre.folder / "backup.tar"
    centre.does("backup", file)
    again = centre.runs("centre", "backup", file)
    assert again.returncode == 74 and "never writes over" in again.stderr
    key = (centre.folder / "centre" / "secret.key").read_bytes()
    whole = file.read_bytes()
    at = whole.index(b"users_user") if b"users_user" in whole else len(whole) // 2
    for damaged in (whole[:-20_000], whole[:at] + b"\0" + whole[at + 1 :], b"", b"not a tar" * 100):
        file.write_bytes(damaged)
        refused = centre.runs("centre", "restore", file, "--force")
        assert refused.returncode == 74 and "damaged" in refused.stderr, refused.stderr
    assert (centre.folder / "centre" / "secret.key").read_bytes() == key
    assert json.loads(centre.does("work", "--once", "--json"))["failed"] == []


def test_a_file_that_is_no_database_is_said_with_what_to_do(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "CENTRE_HOME": str(tmp_path / "centre")}
    centre = Centre(tmp_path, {**environ, "CENTRE_SIMULATED": "1"})
    centre.does("init")
    (tmp_path / "centre" / "centre.sqlite3").write_text("no database\n")
    for words, code in ((("check",), 78), (("backup", tmp_path / "backup.tar"), 74)):
        told = centre.runs("centre", *words)
        assert (told.returncode, "restore the last good backup" in told.stderr) == (code, True), told.stderr
        assert "file is not a database" in told.stderr and "Traceback" not in told.stderr
    assert not (tmp_path / "backup.tar").exists()


def test_a_backup_of_a_newer_version_or_of_another_database_is_refused(centre: Centre) -> None:
    file = centre.folder / "backup.tar"
    centre.does("backup", file)
    for key, value, why in (
        ("migrations", ["users.0001_initial", "users.9999_to_come"], "newer"),
        ("database", "oracle", "damaged"),
    ):
        with tarfile.open(file) as tar:
            said = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
            tar.extractall(centre.folder / "unpacked", filter="data")
        (centre.folder / "unpacked" / "manifest.json").write_text(json.dumps({**said, key: value}))
        changed = centre.folder / f"{key}.tar"
        with tarfile.open(changed, "w") as tar:
            for name in ("manifest.json", *said["files"]):
                tar.add(centre.folder / "unpacked" / name, name)
        refused = centre.runs("centre", "restore", changed, "--force")
        assert refused.returncode == 74 and why in refused.stderr, refused.stderr

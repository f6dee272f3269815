"""`farebox exchange` as it is called: against a TLS server on loopback, and as a process that is killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from cardimage.image import dump
from farebox.clock import TRUSTED
from farebox.clock_sources import by_ntp
from farebox.exchange.setup import held_alone
from farebox.exchange.told import Told, boot_id, found_at, leave
from farebox.formats import cose
from farebox.formats.bundle import encode
from farebox.formats.journal import Noted
from farebox.journal.reading import read
from farebox.journal.retention import open_archive
from sim.centre import KEYS, NOW_S, SEED, TOKEN, Centre, declined
from tests.bundles.examples import HOTLIST
from tests.farebox.bus import lococa
from tests.farebox.exchange.bus import real_journal
from tests.farebox.exchange.tls_centre import Authority, TlsCentre, serving
from tests.tools.cli import Ran, run
from tests.tools.test_service import Service
from tests.tools.test_units import under
from tools.pi.deb import PI

_ANSWER_S = 60
LONG = 2_500
"""Records of a segment of some pieces."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def server(authority: Authority) -> Iterator[TlsCentre]:
    # Whether or not NTP keeps this machine's clock.
    with serving(Centre(), authority.context(days=3_600)) as server:
        yield server


class Depot:
    """One vehicle's folder and its command."""

    def __init__(self, folder: Path, server: TlsCentre, authority: Authority, call: partial[Ran]) -> None:
        self.folder, self.call = folder, call
        self.journal = folder / "journal"
        self.settings = folder / "farebox.toml"
        (folder / "centre.pub").write_text(KEYS[0].hex())
        token = folder / "token"
        token.write_text(TOKEN)
        token.chmod(0o600)
        self.settings.write_text(
            '[vehicle]\nid = "BUS-7"\n[readers]\nentry = "usb"\n'
            f'[data]\nfeed = "sample"\nregister = "{folder}/r.csv"\njournal = "{self.journal}"\n'
            f'bundles = "{folder}/bundles"\n[keys]\nsource = "bench"\ncentre = "{folder}/centre.pub"\n'
            f'[clock]\ntold = "{folder}/time"\n'
            f'[exchange]\nurl = "{server.url}"\nca = "{authority.ca}"\ntoken = "{token}"\n'
        )

    def once(self, *more: object) -> Ran:
        return self.call("exchange", "once", "--config", self.settings, *more)

    def watch(self, before: tuple[str, ...] = ()) -> "Watch":
        return Watch(self.folder, self.settings, before)


class Watch:
    """`farebox exchange watch`, as systemd starts it."""

    def __init__(self, folder: Path, settings: Path, before: tuple[str, ...] = ()) -> None:
        path = folder / "notify"
        path.unlink(missing_ok=True)
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind(str(path))
        self._told.settimeout(_ANSWER_S)
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "tools.cli", "exchange", "watch", "--config", str(settings)],
            env={**os.environ, "NOTIFY_SOCKET": str(path), "PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def told(self, word: str) -> None:
        while not self._told.recv(1_000).decode().startswith(word):
            pass

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._told.close()

    def stop(self, within_s: float = _ANSWER_S) -> tuple[int, str, str]:
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=within_s)
        self._told.close()
        return self.process.returncode, out, err


@pytest.fixture
def depot(
    tmp_path: Path,
    server: TlsCentre,
    authority: Authority,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Depot:
    return Depot(tmp_path, server, authority, partial(run, capsys, monkeypatch))


def test_one_session_and_what_came_of_it(depot: Depot, server: TlsCentre) -> None:
    real_journal(depot.journal, duties=2)
    server.centre.bundles["hotlist"] = cose.sign(encode(HOTLIST), SEED)
    ran = depot.once()
    assert (ran.code, ran.err) == (0, "")
    assert (
        "held by the centre since 2026-11-18 20:06" in ran.out
        and "hotlist: version 4 taken" in ran.out
        and "segments waiting: 0" in ran.out
    )
    assert open_archive(depot.journal).waiting() == ()
    told = found_at(depot.folder / "time")
    assert told is not None and (told.boot_id, told.at_s) == (boot_id(), NOW_S)


def test_for_machines(depot: Depot) -> None:
    real_journal(depot.journal, duties=1)
    said = json.loads(depot.once("--json").out)
    assert said["done"] and said["sent"][0]["number"] == 1 and said["waiting"] == 0 and said["fault"] is None
    assert [each["kind"] for each in said["bundles"]] == ["hotlist", "directives", "tariff"]


def test_what_the_bench_key_vouches_for_says_so(depot: Depot, server: TlsCentre) -> None:
    real_journal(depot.journal, duties=1)
    (depot.folder / "centre.pub").write_text(cose.BENCH_KEY.hex())
    server.centre.seed = cose.BENCH_SEED
    assert "模擬" in depot.once().out


def test_a_centre_that_can_not_be_reached_is_one_line_and_74(depot: Depot, server: TlsCentre) -> None:
    real_journal(depot.journal, duties=1)
    server.cut_answer_at = 0
    ran = depot.once()
    assert ran.code == 74 and ran.err.count("\n") == 1 and "tried again later" in ran.err
    assert "segments waiting: 1" in ran.out


def test_two_exchanges_are_never_at_it_at_once(depot: Depot) -> None:
    """`once` beside the service: both would make receipts, and delete by them."""
    real_journal(depot.journal, duties=2)
    with held_alone(depot.folder / "bundles"):
        ran = depot.once()
        assert ran.code == 74 and "another exchange is at it" in ran.err
        assert not list(depot.journal.glob("*.receipt"))
    assert depot.once().code == 0 and depot.once().code == 0


def test_faults_37_what_is_refused_is_told_and_1(depot: Depot, server: TlsCentre) -> None:
    real_journal(depot.journal, duties=2)
    server.centre.refuses[1] = declined(403, "unknown-key", "register this vehicle's sealing key")
    ran = depot.once()
    assert ran.code == 1 and "segment 1 not taken: unknown-key (register this vehicle's sealing key)" in ran.err
    assert json.loads(depot.once("--json").out)["refused"] == "unknown-key"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("token", "short", "not 64 hex digits"),
        ("centre.pub", "short", "is not 64 hex digits"),
        ("farebox.toml", '[vehicle]\nid = "B"\n', "missing"),
    ],
)
def test_faults_27_settings_that_are_wrong_are_told_and_78(depot: Depot, name: str, text: str, said: str) -> None:
    real_journal(depot.journal, duties=1)
    (depot.folder / name).write_text(text)
    ran = depot.once()
    assert ran.code == 78 and said in ran.err and TOKEN not in ran.err + ran.out


def test_faults_27_a_vehicle_without_a_centre_has_nothing_to_exchange(depot: Depot) -> None:
    text = depot.settings.read_text()
    depot.settings.write_text(text[: text.index("[exchange]")])
    ran = depot.once()
    assert ran.code == 78 and "exchange: missing" in ran.err


def test_a_time_that_can_not_be_handed_on_is_told_and_all_else_goes_through(depot: Depot) -> None:
    real_journal(depot.journal, duties=1)
    (depot.folder / "time").mkdir()
    ran = depot.once()
    assert ran.code == 74 and str(depot.folder) in ran.err
    assert open_archive(depot.journal).waiting() == ()


def test_the_service_sends_and_ends_when_it_is_asked_to(depot: Depot, server: TlsCentre) -> None:
    real_journal(depot.journal, duties=1)
    watch = depot.watch()
    watch.told("READY=1")
    watch.told("STATUS=segments waiting: 0, sessions failed in a row: 0")
    code, out, err = watch.stop()
    assert (code, err) == (0, "") and "segment 1: " in out
    assert set(server.centre.booked.values()) == {1}


def test_asked_to_end_it_does_not_wait_for_an_answer(depot: Depot, server: TlsCentre) -> None:
    real_journal(depot.journal, duties=1)
    server.silent, server.silent_to_patches = Event(), True
    watch = depot.watch()
    assert server.reached.wait(_ANSWER_S)
    code, _, err = watch.stop(within_s=25)  # the answer's own deadline is 60
    assert code == 0 and "Traceback" not in err
    assert open_archive(depot.journal).waiting() == (1,)


def test_it_serves_under_the_filter_of_its_unit(depot: Depot, server: TlsCentre) -> None:
    real_journal(depot.journal, duties=1)
    watch = depot.watch(tuple(under(PI / "farebox-exchange.service")))
    watch.told("STATUS=segments waiting: 0, sessions failed in a row: 0")
    assert watch.stop()[0] == 0 and server.centre.booked


def test_faults_34_killed_in_the_middle_of_an_upload_it_goes_on_from_there(depot: Depot, server: TlsCentre) -> None:
    real_journal(depot.journal, duties=1, records=LONG)
    size = len(open_archive(depot.journal).load(1).data)
    assert size > 2 << 18
    halfway = Event()

    def keeps(piece: bytes) -> bytes:
        server.silent, server.silent_to_patches = halfway, True  # from the next piece on
        return piece

    server.centre.keeps = keeps
    watch = depot.watch()
    assert server.reached.wait(_ANSWER_S)
    watch.kill()
    assert open_archive(depot.journal).waiting() == (1,)
    server.centre.keeps, server.silent = (lambda piece: piece), None
    halfway.set()
    server.centre.asked.clear()
    ran = json.loads(depot.once("--json").out)
    assert ran["done"] and ran["sent"][0]["sent_bytes"] == size - (1 << 18)
    assert set(server.centre.booked.values()) == {1}


def test_a_stick_beside_an_upload_confuses_neither(depot: Depot, server: TlsCentre) -> None:
    real_journal(depot.journal, duties=2)
    server.silent, server.silent_to_patches = Event(), True
    watch = depot.watch()
    assert server.reached.wait(_ANSWER_S)
    exported = depot.call("journal", "export", depot.journal, "--to", depot.folder / "stick")
    assert exported.code == 0
    watch.kill()
    still, server.silent = server.silent, None
    still.set()
    assert json.loads(depot.once("--json").out)["done"]
    assert depot.call("journal", "export", depot.journal, "--to", depot.folder / "stick").code == 0
    copies = sorted((depot.folder / "stick").rglob("*.segment"))
    assert [copy.read_bytes() for copy in copies] == [server.centre.segments[number] for number in (1, 2)]
    assert read(depot.journal).problem is None


def test_faults_25_the_terminal_s_clock_is_vouched_for_by_what_the_exchange_left(tmp_path: Path) -> None:
    (tmp_path / "my.card.cbor").write_bytes(dump(lococa(2_000)))
    told = tmp_path / "time"
    leave(told, Told(boot_id(), int(time.monotonic() * 1000), int(time.time())))
    service = Service(tmp_path, clock=f'checked"\ntold = "{told}')
    try:
        service.shows(lambda picture: "clock" not in [alarm.code for alarm in picture.alarms])
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(_ANSWER_S) == 0
    finally:
        service.close()
    notes = [entry.record for entry in read(tmp_path / "farebox.journal").entries if isinstance(entry.record, Noted)]
    assert [note.detail for note in notes if note.code == TRUSTED] == ["ntp" if by_ntp() else "centre"]

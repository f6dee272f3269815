"""`farebox run --config` as the system starts it: a process of its own, told of by sd_notify, ended by SIGTERM."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from configparser import ConfigParser
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cardimage.image import dump, load
from farebox.bundles import BundleStore, signed_by
from farebox.clock_sources import by_ntp, by_rtc
from farebox.console import protocol as words
from farebox.console.protocol import Command, Picture, command_line, picture_of
from farebox.formats.bundle import KIND_OF, Bundle, Hotlist, cards_of, encode
from farebox.formats.cose import BENCH_KEY, BENCH_SEED, sign
from farebox.formats.journal import Intent, TripEnded
from farebox.journal.reading import read
from farebox.result import Side
from tests.farebox.bus import balance_yen, lococa
from tests.tools.cli import Ran, run
from tools.exits import Exit

_ANSWER_S = 60
UNIT_PATH = Path(__file__).parents[2] / "tools" / "pi" / "farebox.service"
UNIT = ConfigParser(strict=False, interpolation=None)
UNIT.read(UNIT_PATH)
SETTINGS = "/etc/farebox/farebox.toml"


def settings(folder: Path, more: str = "", **changed: str) -> Path:
    """A configuration of a bench with one card on an imagined reader; `more` are further settings."""
    said = {
        "id": "BUS-7",
        "entry": f"image:{folder}/my.card.cbor",
        "feed": "sample",
        "register": f"{folder}/register.csv",
        "journal": f"{folder}/farebox.journal",
        "source": "bench",
        "clock": "given",
        "socket": f"{folder}/console",
        **changed,
    }
    path = folder / "farebox.toml"
    path.write_text(
        '[vehicle]\nid = "{id}"\n[readers]\nentry = "{entry}"\n'
        '[data]\nfeed = "{feed}"\nregister = "{register}"\njournal = "{journal}"\n'
        '[keys]\nsource = "{source}"\n[console]\nsocket = "{socket}"\n[clock]\nsource = "{clock}"\n'.format(**said)
        + more
    )
    return path


Call = Callable[..., Ran]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    return partial(run, capsys, monkeypatch)


def exec_start(config: Path) -> list[str]:
    """What the unit starts, with this Python and another configuration."""
    binary, *arguments = shlex.split(UNIT["Service"]["ExecStart"])
    assert binary.endswith("/farebox")
    return [sys.executable, "-m", "tools.entry", *(word.replace(SETTINGS, str(config)) for word in arguments)]


class Service:
    """The process, its console, and what it tells the system."""

    def __init__(self, folder: Path, more: str = "", before: Sequence[str] = (), **changed: str) -> None:
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind(str(folder / "notify"))
        self._told.settimeout(_ANSWER_S)
        self.process = subprocess.Popen(
            [*before, *exec_start(settings(folder, more, **changed))],
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.told() == "READY=1"
        self._console = socket.socket(socket.AF_UNIX)
        self._console.settimeout(_ANSWER_S)
        self._console.connect(str(folder / "console"))
        self._lines = self._console.makefile("rb")

    def told(self) -> str:
        return self._told.recv(1_000).decode()

    def told_besides(self, word: str) -> str:
        """The next thing that the system is told besides a word."""
        while (said := self.told()) == word:
            pass
        return said

    def says(self, *commands: Command) -> None:
        for command in commands:
            self._console.sendall(command_line(command))

    def shows(self, wanted: Any) -> Picture:
        """The first picture for which something holds."""
        while True:
            picture = picture_of(self._lines.readline())
            if wanted(picture):
                return picture

    def close(self) -> None:
        self._lines.close()
        self._console.close()
        self._told.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "my.card.cbor"
    path.write_bytes(dump(lococa(2_000)))
    return path


@pytest.fixture
def service(tmp_path: Path, card: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.close()


def test_a_trip_with_a_card_and_a_clean_end(service: Service, card: Path, tmp_path: Path) -> None:
    first = service.shows(lambda picture: True)
    assert first.simulated and first.vehicle_id == "BUS-7" and first.benches == (Side.EITHER,)
    service.says(words.BeginTrip("HAKUHO-W01"), words.LayCard(Side.EITHER), words.GoToStop(4))
    service.says(words.LayCard(Side.EITHER))
    done = service.shows(lambda picture: picture.taps and picture.taps[0].taken_yen)
    assert (done.taps[0].taken_yen, done.taps[0].balance_yen) == (500, 1_500)

    service.process.send_signal(signal.SIGTERM)
    assert service.told_besides("WATCHDOG=1") == "STOPPING=1"
    assert service.process.wait(_ANSWER_S) == 0
    assert service.process.stderr is not None
    events = [json.loads(line)["event"] for line in service.process.stderr]
    assert events == ["started", "clock", "trip-begun", "trip-ended", "ended"]
    assert balance_yen(load(card.read_bytes(), "card")) == 1_500
    entries = read(tmp_path / "farebox.journal").entries
    assert isinstance(entries[-1].record, TripEnded)
    assert [entry.record.action for entry in entries if isinstance(entry.record, Intent)] == ["board", "alight"]
    assert not (tmp_path / "console").exists()


def test_a_trip_that_the_vehicle_drives_from_stop_to_stop(tmp_path: Path, card: Path) -> None:
    """The console begins the trip and lays the card; nobody steps on by hand (模擬)."""
    service = Service(tmp_path, "[inputs]\nsimulated = true\nsimulated_pace = 1_000\n")
    try:
        service.says(words.BeginTrip("HAKUHO-W01"), words.LayCard(Side.EITHER))
        passed: list[int] = []

        def at_the_last_stop(picture: Picture) -> bool:
            if picture.on_trip is not None:
                passed.append(picture.on_trip.stop_index)
            return picture.on_trip is not None and picture.on_trip.stop_index == len(picture.on_trip.stops) - 1

        assert service.shows(at_the_last_stop).alarms == ()
        assert sorted(set(passed)) == list(range(5)) and passed == sorted(passed)
        service.says(words.LayCard(Side.EITHER))
        assert service.shows(lambda picture: picture.taps[0].taken_yen).taps[0].taken_yen == 500
    finally:
        service.close()


def test_an_input_that_is_not_there_is_an_alarm_and_fares_are_taken(tmp_path: Path, card: Path) -> None:
    service = Service(tmp_path, f'[inputs]\ngps = "{tmp_path}/no-gps"\n')
    try:
        service.says(words.BeginTrip("HAKUHO-W01"), words.LayCard(Side.EITHER), words.GoToStop(4))
        service.says(words.LayCard(Side.EITHER))
        shown = service.shows(lambda picture: picture.alarms)
        assert [alarm.code for alarm in shown.alarms] == ["vehicle"] and "no-gps" in shown.alarms[0].text[1]
        if not shown.taps or not shown.taps[0].taken_yen:
            shown = service.shows(lambda picture: picture.taps and picture.taps[0].taken_yen)
        assert shown.taps[0].taken_yen == 500
    finally:
        service.close()


def centre_says(folder: Path, bundle: Bundle) -> None:
    """A bundle arrives, signed by the bench key."""
    store = BundleStore(folder / "bundles", signed_by((BENCH_KEY,)))
    assert store.take(KIND_OF[type(bundle)], sign(encode(bundle), BENCH_SEED)) == bundle


def test_gen_11_a_card_that_is_stopped_while_the_service_runs_is_refused(tmp_path: Path, card: Path) -> None:
    with_bundles = {"feed": f'sample"\nbundles = "{tmp_path}/bundles', "source": 'bench"\ncentre = "bench'}
    service = Service(tmp_path, **with_bundles)
    try:
        now_s, idm = int(time.time()), load(card.read_bytes(), "card").idm
        centre_says(tmp_path, Hotlist(1, now_s, cards_of(()), cards_of(())))
        service.says(words.BeginTrip("HAKUHO-W01"), words.LayCard(Side.EITHER))
        assert service.shows(lambda picture: picture.taps).taps[0].accepted
        centre_says(tmp_path, Hotlist(2, now_s - 3 * 86_400, cards_of([idm]), cards_of(())))
        # Its age is an alarm as soon as it is in force.
        service.shows(lambda picture: picture.alarms)
        service.says(words.LayCard(Side.EITHER))
        assert "GEN-11" in service.shows(lambda picture: len(picture.taps) > 1).taps[0].why[0]

        (tmp_path / "bundles" / "hotlist.bundle").write_bytes(b"rotten")
        codes = [alarm.code for alarm in service.shows(lambda picture: len(picture.alarms) > 1).alarms]
        assert codes == ["hotlist", "bundle-hotlist"]
        service.says(words.LayCard(Side.EITHER))
        assert "GEN-11" in service.shows(lambda picture: len(picture.taps) > 2).taps[0].why[0]
    finally:
        service.close()


def test_faults_25_a_clock_that_nobody_vouches_for_is_an_alarm(tmp_path: Path, card: Path) -> None:
    service = Service(tmp_path, clock="checked")
    try:
        synchronised = by_ntp() or by_rtc()
        alarms = [alarm.code for alarm in service.shows(lambda picture: True).alarms]
        assert alarms == ([] if synchronised else ["clock"])
    finally:
        service.close()


def test_faults_18_killed_and_started_again_it_is_out_of_service_and_the_card_goes_on(
    service: Service, tmp_path: Path
) -> None:
    service.says(words.BeginTrip("HAKUHO-W01"), words.LayCard(Side.EITHER))
    service.shows(lambda picture: picture.taps)
    service.process.kill()
    service.close()
    (tmp_path / "notify").unlink()
    again = Service(tmp_path)
    try:
        assert again.shows(lambda picture: True).on_trip is None
        again.says(words.BeginTrip("HAKUHO-W01"), words.GoToStop(4), words.LayCard(Side.EITHER))
        assert again.shows(lambda picture: picture.taps).taps[0].taken_yen == 500
    finally:
        again.close()


def test_a_second_service_is_told_that_the_first_one_runs(service: Service, tmp_path: Path) -> None:
    second = subprocess.run(
        exec_start(tmp_path / "farebox.toml"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 74 and second.stderr.count("\n") == 1
    assert "open for appending in another process" in second.stderr


def test_no_restart_mends_a_wrong_configuration() -> None:
    assert UNIT["Service"]["RestartPreventExitStatus"].split()[0] == str(int(Exit.CONFIGURATION))


@pytest.mark.usefixtures("card")
def test_the_settings_of_a_bench_are_in_order(tmp_path: Path, call: Call) -> None:
    told = call("config", "check", str(settings(tmp_path)))
    assert told.code == 0 and "in order" in told.out
    assert json.loads(call("config", "check", "--json", str(settings(tmp_path))).out)["problems"] == []


def test_faults_27_a_service_with_a_broken_configuration_ends_at_once_and_tells_all_of_it(tmp_path: Path) -> None:
    path = settings(tmp_path, '[inputs]\ngps = "ttyUSB0"\ndoor = 40\n[slips]\n', id="")
    ran = subprocess.run(exec_start(path), capture_output=True, text=True, check=False)
    assert ran.returncode == Exit.CONFIGURATION and ran.stdout == ""
    assert [line.split(": ")[2] for line in ran.stderr.splitlines()] == ["slips.printer", "vehicle.id"]
    # What a value means is looked at once every value is one.
    path = settings(tmp_path, '[inputs]\ngps = "ttyUSB0"\ndoor = 40\n[place]\nkind = "station"\n', feed="feed.zip")
    ran = subprocess.run(exec_start(path), capture_output=True, text=True, check=False)
    assert ran.returncode == Exit.CONFIGURATION
    places = [line.split(": ")[2] for line in ran.stderr.splitlines()]
    assert sorted(places) == [
        *("data.feed", "inputs", "inputs.door", "inputs.gps", "place.name", "place.route", "readers.exit"),
    ]


def test_faults_27_what_the_settings_name_is_looked_at_too_and_all_of_it_told(tmp_path: Path, call: Call) -> None:
    path = settings(
        tmp_path, entry="nonesuch:1", source="/nowhere/keys", feed="/nowhere.zip", register="/nowhere/register.csv"
    )
    told = call("config", "check", str(path))
    assert told.code == 78
    places = ("readers.entry", "keys.source", "data.feed", "data.register")
    assert [line.split(": ")[2] for line in told.err.splitlines()] == list(places)
    problems = json.loads(call("config", "check", "--json", str(path)).out)["problems"]
    assert [problem.split(": ")[0] for problem in problems] == list(places)


@pytest.mark.usefixtures("card")
def test_faults_27_a_folder_in_a_files_place_and_the_other_way_round_are_told(tmp_path: Path, call: Call) -> None:
    told = call("config", "check", str(settings(tmp_path, register=str(tmp_path), journal=__file__)))
    assert told.code == 78
    assert f"data.register: {tmp_path} is a folder; name a file" in told.err
    assert f"data.journal: {__file__} is a file; name a folder" in told.err


def test_faults_27_a_card_that_is_not_there_is_told_before_the_terminal_starts(tmp_path: Path, call: Call) -> None:
    told = call("config", "check", str(settings(tmp_path)))
    assert told.code == 78
    assert "readers.entry: " in told.err and "my.card.cbor: No such file or directory" in told.err


def test_the_example_can_be_printed_into_a_file_and_checked(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "farebox.toml"
    path.write_text(call("config", "example").out)
    told = call("config", "check", str(path))
    assert told.code == 78  # its feed and its keys are nowhere on this machine
    assert "data.feed" in told.err and "vehicle" not in told.err


@pytest.mark.usefixtures("card")
def test_the_example_of_a_bench_is_in_order_where_it_is_printed(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bench.toml"
    path.write_text(call("config", "example", "--bench").out, "utf-8")
    told = call("config", "check", str(path))
    assert (told.code, told.err) == (0, "")


def test_config_and_reader_are_one_or_the_other(tmp_path: Path, call: Call) -> None:
    assert call("run", "--config", str(settings(tmp_path)), "--reader", "usb").code == 2
    assert call("run").code == 2

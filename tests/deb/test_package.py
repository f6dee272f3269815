"""The package on a Debian of its own: installed, started as its unit says, upgraded, removed, purged."""

import json
import re
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

from cardimage.image import dump, load
from farebox.console import protocol as words
from farebox.console.protocol import Command, Picture, command_line, picture_of
from farebox.result import Side
from farebox.version import VERSION
from tests.deb.debian import CLEAN, THERE, Debian
from tests.farebox.bus import balance_yen, lococa

pytestmark = pytest.mark.deb
_ANSWER_S = 60
JOURNAL = "/var/lib/farebox/journal"
CARD = "/var/lib/farebox/my.card.cbor"
BENCH = f"""
[vehicle]
id = "BUS-9"
[readers]
entry = "image:{CARD}"
[data]
feed = "sample"
register = "/var/lib/farebox/register.csv"
journal = "{JOURNAL}"
[keys]
source = "bench"
[console]
socket = "/run/farebox/console"
[clock]
source = "given"
"""
SETTINGS = "/etc/farebox/farebox.toml"
_PAGE = Path(__file__).parents[2] / "docs" / "operations" / "install_on_the_pi.md"
GUIDE = re.findall(r"<!-- runs -->\n```sh\n(.+?)```", _PAGE.read_text("utf-8"), re.DOTALL)
"""The blocks that say so."""


@pytest.fixture(scope="module", autouse=True)
def _installed(debian: Debian, package: Path) -> Iterator[None]:
    install(debian, package)
    yield


def install(debian: Debian, package: Path) -> str:
    """By dpkg, with no network: what it depends on must be there."""
    there = debian.path("/tmp") / package.name
    there.write_bytes(package.read_bytes())
    done = debian.run("dpkg", "--install", f"/tmp/{package.name}")
    assert done.returncode == 0, done.stderr
    return done.stdout


class Service:
    """The unit's ExecStart as its user, with what systemd would have made: its folders and a socket to be told by."""

    def __init__(self, debian: Debian) -> None:
        debian.path("/run/farebox").mkdir(exist_ok=True)
        assert debian.run("chown", "farebox:farebox", "/run/farebox").returncode == 0
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind(str(debian.path("/run/farebox/notify")))
        debian.path("/run/farebox/notify").chmod(0o666)
        self._told.settimeout(_ANSWER_S)
        unit = ConfigParser(strict=False, interpolation=None)
        unit.read(debian.path("/usr/lib/systemd/system/farebox.service"))
        start = shlex.split(unit["Service"]["ExecStart"])
        self.process = subprocess.Popen(
            debian.command(*start, user=unit["Service"]["User"]), env={**CLEAN, "NOTIFY_SOCKET": "/run/farebox/notify"}
        )
        assert self.told() == "READY=1"
        self._console = socket.socket(socket.AF_UNIX)
        self._console.settimeout(_ANSWER_S)
        self._console.connect(str(debian.path("/run/farebox/console")))
        self._lines = self._console.makefile("rb")

    def told(self) -> str:
        return self._told.recv(1_000).decode()

    def says(self, command: Command) -> None:
        self._console.sendall(command_line(command))

    def after_a_tap(self) -> Picture:
        while not (picture := picture_of(self._lines.readline())).taps:
            pass
        return picture

    def end(self) -> int:
        self._lines.close()
        self._console.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(_ANSWER_S)
        self._told.close()
        return code


def test_what_it_depends_on_is_what_the_debian_of_these_tests_has(package: Path) -> None:
    told = subprocess.run(["dpkg-deb", "-f", str(package), "Depends"], check=True, capture_output=True, text=True)
    names = {part.split()[0] for part in told.stdout.split(",")}
    assert names == {*THERE.split(","), "libc6"}


def test_it_has_a_user_folders_and_a_command_and_nothing_is_started_or_enabled(debian: Debian) -> None:
    assert debian.run("farebox", "--version").stdout == f"farebox, version {VERSION}\n"
    assert debian.run("stat", "-c", "%U %a", "/var/lib/farebox").stdout == "farebox 750\n"
    assert "farebox" in debian.run("systemctl", "list-unit-files", "farebox*").stdout
    assert debian.run("systemctl", "is-enabled", "farebox.target").stdout == "disabled\n"


def test_the_settings_are_the_example_and_the_check_names_what_is_still_to_be_done(debian: Debian) -> None:
    assert debian.path(SETTINGS).read_text() == debian.run("farebox", "config", "example").stdout
    told = debian.run("farebox", "config", "check", SETTINGS)
    assert told.returncode == 78
    assert "data.feed" in told.stderr and "keys.source" in told.stderr


def test_the_usb_library_and_the_udev_rule_are_there(debian: Debian) -> None:
    told = debian.run("farebox", "reader", "doctor", "--json")
    assert told.returncode == 69  # no reader
    found = {finding["code"]: finding["level"] for finding in map(json.loads, told.stdout.splitlines())}
    assert found["libusb"] == "ok"
    assert debian.run("udevadm", "verify", "--help").returncode in (0, 1)
    assert '"06c3"' in debian.path("/usr/lib/udev/rules.d/60-farebox.rules").read_text()


def test_extras_of_a_bus_can_be_loaded(debian: Debian) -> None:
    loaded = "import textual, PIL, escpos.printer, gpiozero, pynmea2, prometheus_client, farebox.peripherals.gpio"
    done = debian.run("/opt/farebox/bin/python", "-I", "-c", loaded)
    assert done.returncode == 0, done.stderr


def test_it_is_started_as_its_unit_says_takes_a_fare_and_ends_cleanly(debian: Debian) -> None:
    debian.path(SETTINGS).write_text(BENCH)
    card = debian.path(CARD)
    card.write_bytes(dump(lococa(2_000)))
    assert debian.run("chown", "farebox:farebox", CARD).returncode == 0
    assert debian.run("farebox", "config", "check", SETTINGS, user="farebox").returncode == 0
    service = Service(debian)
    service.says(words.BeginTrip("HAKUHO-W01"))
    service.says(words.LayCard(Side.EITHER))
    assert service.after_a_tap().taps[0].accepted
    service.says(words.GoToStop(4))
    service.says(words.LayCard(Side.EITHER))
    while (tap := service.after_a_tap().taps[0]).taken_yen is None:
        pass
    assert (tap.taken_yen, tap.balance_yen) == (500, 1_500)
    assert service.end() == 0
    assert balance_yen(load(card.read_bytes(), "card")) == 1_500
    verified = debian.run("farebox", "journal", "verify", JOURNAL)
    assert verified.returncode == 0, verified.stderr


@pytest.mark.parametrize("block", range(len(GUIDE)))
def test_what_the_guide_says_runs_here(debian: Debian, block: int) -> None:
    done = debian.run("sh", "-e", "-c", GUIDE[block])
    assert done.returncode == 0, done.stderr
    if "tap" in GUIDE[block]:
        assert "1,500" in done.stdout


def test_upgraded_it_keeps_settings_and_journal(debian: Debian, package: Path) -> None:
    assert "nothing runs yet" not in install(debian, package)
    assert debian.path(SETTINGS).read_text() == BENCH
    assert debian.run("farebox", "journal", "verify", JOURNAL).returncode == 0


def test_removed_and_purged_it_leaves_the_journal_and_says_so(debian: Debian) -> None:
    held = {path.name: path.read_bytes() for path in debian.path(JOURNAL).iterdir()}
    assert debian.run("systemctl", "enable", "farebox.target").returncode == 0
    assert debian.run("dpkg", "--remove", "farebox").returncode == 0
    assert not debian.path("/opt/farebox").exists()
    assert not list(debian.path("/etc/systemd/system").rglob("farebox*"))
    assert debian.path(SETTINGS).exists()
    purged = debian.run("dpkg", "--purge", "farebox")
    assert purged.returncode == 0 and "/var/lib/farebox is kept" in purged.stdout
    assert not debian.path(SETTINGS).exists()
    assert {path.name: path.read_bytes() for path in debian.path(JOURNAL).iterdir()} == held

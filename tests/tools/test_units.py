"""systemd's units: each is hardened, each starts a command that there is, and none says more than it may do."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from cardimage.image import dump
from farebox.console import protocol as words
from farebox.result import Side
from tests.farebox.bus import lococa
from tests.tools.test_service import SETTINGS, Service, settings
from tools.cli import farebox
from tools.pi.deb import PI, UNITS

WORST_EXPOSURE = 2.0
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


def settings_of(unit: Path) -> ConfigParser:
    read = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    read.read(unit)
    return read


def exposure_of(unit: Path) -> float:
    """What systemd makes of a unit's hardening: 0 is shut, 10 wide open."""
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    found = re.search(rf"Overall exposure level for {unit.name}: ([\d.]+)", judged.stdout)
    assert found is not None
    return float(found[1])


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_each_unit_is_hardened(unit: Path) -> None:
    assert exposure_of(unit) <= WORST_EXPOSURE


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_each_starts_a_command_that_there_is_and_stops_with_the_target(unit: Path) -> None:
    read = settings_of(unit)
    started = shlex.split(read["Service"]["ExecStart"])
    command = started[started.index("/opt/farebox/bin/farebox") + 1]
    assert command in farebox.list_commands(None)  # type: ignore[arg-type]
    assert read["Unit"]["PartOf"] == read["Install"]["WantedBy"] == "farebox.target"


def test_the_package_knows_all_units_when_it_is_upgraded_and_removed() -> None:
    debian = UNITS[0].parent / "debian"
    for unit in SERVICES:
        for script in ("postinst", "prerm"):
            assert unit.name in (debian / script).read_text("utf-8"), (unit.name, script)


def under(unit: Path, *command: str) -> list[str]:
    """A command under a unit's filter of system calls."""
    return [sys.executable, "-m", "tests.tools.under_filter", str(unit), *command]


TERMINAL = PI / "farebox.service"


def test_faults_25_the_clock_can_be_asked_under_the_filter_and_not_set() -> None:
    asked = (
        "import ctypes, time\n"
        "from farebox.clock_sources import asked_of_the_kernel\n"
        "print(asked_of_the_kernel())\n"
        "try: time.clock_settime(time.CLOCK_REALTIME, time.time())\n"
        "except PermissionError: print('not set')\n"
    )
    found = {
        filtered: subprocess.run(
            under(TERMINAL, sys.executable, "-c", asked) if filtered else [sys.executable, "-c", asked],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("\n")
        for filtered in (True, False)
    }
    assert found[True][0] == found[False][0] != "-1"
    assert found[True][1] == "not set"


def test_a_filter_without_those_calls_leaves_the_clock_untrusted(tmp_path: Path) -> None:
    unit = tmp_path / "farebox.service"
    unit.write_text(TERMINAL.read_text("utf-8").replace("SystemCallFilter=adjtimex", "# "))
    asked = "from farebox.clock_sources import asked_of_the_kernel; print(asked_of_the_kernel())"
    done = subprocess.run(under(unit, sys.executable, "-c", asked), capture_output=True, text=True, check=True)
    assert done.stdout == "-1\n"


def test_the_usb_library_can_call_back_under_the_filter() -> None:
    # Functions that C calls are written at run time, which MemoryDenyWriteExecute= may forbid.
    called = "import ctypes; print(ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 7)())\nimport usb1; usb1.USBContext().open()"
    done = subprocess.run(under(TERMINAL, sys.executable, "-c", called), capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("7\n", 0), done.stderr


def test_a_terminal_serves_under_its_filter(tmp_path: Path) -> None:
    (tmp_path / "my.card.cbor").write_bytes(dump(lococa(2_000)))
    service = Service(tmp_path, before=under(TERMINAL))
    try:
        service.says(words.BeginTrip("HAKUHO-W01"), words.LayCard(Side.EITHER))
        assert service.shows(lambda picture: picture.taps).taps[0].accepted
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == 0
    finally:
        service.close()


@pytest.mark.parametrize("name", ["metrics", "signals", pytest.param("slips", marks=pytest.mark.font)])
def test_what_stands_beside_the_terminal_starts_under_its_filter(name: str, tmp_path: Path) -> None:
    slips = f'[slips]\nprinter = "folder:{tmp_path}"\n'
    unit = PI / f"farebox-{name}.service"
    words_of_it = shlex.split(settings_of(unit)["Service"]["ExecStart"])[1:]
    arguments = [word.replace(SETTINGS, str(settings(tmp_path, slips))) for word in words_of_it]
    port = ["--port", "0"] if name == "metrics" else []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(60)
        process = subprocess.Popen(
            under(unit, sys.executable, "-m", "tools.cli", *arguments, *port),
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.DEVNULL,
        )
        try:
            assert told.recv(1_000) == b"READY=1"
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()

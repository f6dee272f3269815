"""`farebox signals` and `farebox slips` beside a running terminal, as processes of their own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardimage.image import dump
from farebox.console import protocol as words
from farebox.result import Side
from tests.farebox.bus import lococa
from tests.tools.test_service import Service, settings

_DONE_S = 60


class Listener:
    """The process, and what it prints. It listens once it is there."""

    def __init__(self, command: str, config: Path) -> None:
        ready = config.with_name(f"notify-{command}")
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        told.bind(str(ready))
        told.settimeout(_DONE_S)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.cli", command, "--config", str(config), "--lang", "en"],
            env={**os.environ, "NOTIFY_SOCKET": str(ready), "PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self._said = self.process.stdout
        with told:
            assert told.recv(100) == b"READY=1"

    def says(self) -> str:
        return self._said.readline().strip()

    def says_until(self, last: str) -> list[str]:
        lines = [self.says()]
        while lines[-1] != last:
            assert lines[-1], "it ended"
            lines.append(self.says())
        return lines

    def ends(self) -> str:
        """SIGTERM: it ends cleanly; what else it has said."""
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=_DONE_S)[0]
        assert self.process.returncode == 0
        return said

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def signals(tmp_path: Path) -> Iterator[Listener]:
    """Started before the terminal is, as at boot: it waits."""
    listener = Listener("signals", settings(tmp_path))
    yield listener
    listener.close()


@pytest.fixture
def service(tmp_path: Path, signals: Listener) -> Iterator[Service]:
    assert "模擬" in signals.says()
    (tmp_path / "my.card.cbor").write_bytes(dump(lococa(195)))
    service = Service(tmp_path)
    yield service
    service.close()


ACCEPTED = ["2000 Hz · green", "silence · green", "silence · dark"]
ASKS = ["440 Hz · yellow, red", "silence · yellow, red", "silence · dark"]


def test_gen_14_each_tap_sounds_once_over_a_restart_too(service: Service, signals: Listener, tmp_path: Path) -> None:
    service.says(words.BeginTrip("HAKUHO-W01"), words.LayCard(Side.EITHER))
    assert signals.says_until("silence · dark") == ACCEPTED
    service.says(words.GoToStop(4), words.CountUp(), words.LayCard(Side.EITHER))
    assert signals.says_until("silence · dark") == ASKS

    service.process.send_signal(signal.SIGTERM)
    service.process.wait(_DONE_S)
    service.close()
    (tmp_path / "notify").unlink()
    again = Service(tmp_path)
    try:
        again.says(words.LayCard(Side.EITHER))
        assert signals.says_until("silence · dark") == ["440 Hz · red", "silence · red", "silence · dark"]
        assert signals.ends() == ""
    finally:
        again.close()


@pytest.mark.font
def test_a_refused_card_gets_one_slip(tmp_path: Path) -> None:
    more = f'[slips]\nprinter = "folder:{tmp_path}/slips"\nrefusals = "all"\n'
    (tmp_path / "my.card.cbor").write_bytes(dump(lococa(2_000)))
    slips = Listener("slips", settings(tmp_path, more))
    try:
        service = Service(tmp_path, more)
        service.says(words.LayCard(Side.EITHER), words.BeginTrip("HAKUHO-W01"), words.LayCard(Side.EITHER))
        assert service.shows(lambda picture: len(picture.taps) > 1).taps[0].accepted
        assert slips.says() == "printed"
        assert slips.ends() == ""
    finally:
        slips.close()
        service.close()
    assert [path.name for path in (tmp_path / "slips").iterdir()] == ["slip-1.png"]


def test_slips_without_a_printer_in_the_settings_is_told_so(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tools.cli", "slips", "--config", str(settings(tmp_path))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2 and "[slips]" in ran.stderr

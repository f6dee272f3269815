"""A PN532 that minds the speed of its line, as a real one does; the simulated one hears at any."""

import os
import signal
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reader.nfcpy_port import tty_port
from reader.port import Health, opened
from reader.serial_speed import slow_down
from reader.watchdog import WatchedPort
from sim.hardware.field import CardField
from sim.hardware.pn532 import Pn532

SPEEDS = {4: termios.B115200, 5: termios.B230400, 6: termios.B460800, 7: termios.B921600}
"""BR of SetSerialBaudRate."""


class MindsItsSpeed(Pn532):
    """Deaf to whatever is sent at another speed than its own."""

    def __init__(self, speed: int = termios.B115200) -> None:
        self.speed = speed
        super().__init__(CardField())

    def _answer(self, frame: bytes) -> None:
        if termios.tcgetattr(self._host_end)[5] == self.speed:
            if frame[6] == 0x10:
                self.speed = SPEEDS[frame[7]]  # before the answer: whoever has that may look at once
            super()._answer(frame)


@pytest.fixture
def chip() -> Iterator[MindsItsSpeed]:
    with MindsItsSpeed() as running:
        yield running


def test_nfcpy_raises_the_speed_and_lowers_it_again(chip: MindsItsSpeed) -> None:
    port = opened(tty_port(chip.path))
    assert chip.speed == termios.B921600
    port.close()
    assert chip.speed == termios.B115200


def test_faults_8_a_chip_whose_process_was_killed_at_high_speed_is_found_again(chip: MindsItsSpeed) -> None:
    port = WatchedPort(f"tty:{chip.path}")
    opened(port, time.monotonic() + 60)
    assert port.pid is not None
    os.kill(port.pid, signal.SIGKILL)
    assert port.health() != Health("PN532v1.6")
    # Left so, nfcpy by itself does not find it any more.
    assert chip.speed == termios.B921600
    assert tty_port(chip.path).open() is not None
    opened(port, time.monotonic() + 60)
    assert port.health() == Health("PN532v1.6")
    port.close()
    assert chip.speed == termios.B115200


@pytest.mark.parametrize("br", [5, 6, 7])
def test_a_chip_at_any_high_speed_is_slowed_down(br: int) -> None:
    with MindsItsSpeed(SPEEDS[br]) as chip:
        assert slow_down(chip.path)
        assert chip.speed == termios.B115200


def test_where_no_chip_answers_nothing_is_slowed_down(chip: MindsItsSpeed, tmp_path: Path) -> None:
    assert not slow_down(chip.path)  # at 115200 already
    assert not slow_down(str(tmp_path / "none"))
    assert not slow_down("/dev/null")

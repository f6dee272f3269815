"""Vehicle inputs in a process of their own, as a VehicleInput: a line of JSON for each thing heard.

    source = InputProcess(InputsConfig(gps="/dev/ttyUSB0"), time.monotonic)
    ["speed", 814.25, 31.5]

What reads GPS and pins takes forty modules and threads of its own; over there they can neither hang the terminal nor
swell it. The other end is farebox/peripherals/vehicle_process.py. Both ends' clocks are one: the machine's monotonic.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from farebox.config import InputsConfig
from farebox.feed import Place
from farebox.peripherals.vehicle import (
    INPUTS,
    DoorClosed,
    DoorOpened,
    Heard,
    Position,
    PositionLost,
    Speed,
    Stopped,
    StopRequested,
    VehicleFault,
)

_KINDS: dict[str, Any] = {
    "door-opened": DoorOpened,
    "door-closed": DoorClosed,
    "speed": Speed,
    "stopped": Stopped,
    "stop-requested": StopRequested,
    "position": Position,
    "position-lost": PositionLost,
    "fault": VehicleFault,
}
_NAME_OF = {kind: name for name, kind in _KINDS.items()}
_TEXTS = frozenset({"why", "source", "what"})
_MOST_LINE_BYTES = 2_000
_MOST_BYTES_A_POLL = 1 << 16
AGAIN_S = 5.0
"""Between two starts of a process that ends by itself."""


class NotALine(ValueError):
    """Nothing that was heard: the process is of another version, or prints what it should not."""


def line_of(heard: Heard) -> bytes:
    """What was heard, as a line."""
    values = [list(value) if isinstance(value, Place) else value for value in heard]
    return json.dumps([_NAME_OF[type(heard)], *values], ensure_ascii=False).encode() + b"\n"


def heard_in(line: bytes) -> Heard:
    """A line -> what was heard. Raises NotALine."""
    try:
        name, *values = json.loads(line)
        kind = _KINDS[name]
        if len(values) != len(kind._fields):
            raise NotALine(name)
        made: Heard = kind(*map(_value, kind._fields, values))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NotALine(line[:40]) from None
    return made


def _value(field: str, value: object) -> object:
    if field == "place":
        if not isinstance(value, list) or len(value) != 2:
            raise NotALine(field)
        return Place(*(float(degrees) for degrees in value))
    if field in _TEXTS:
        return str(value)
    if type(value) not in (int, float):
        raise NotALine(field)
    return value


def worker_command(wired: InputsConfig) -> tuple[str, ...]:
    """What starts the other end. -P: nothing from the working folder."""
    return (sys.executable, "-P", "-m", "farebox.peripherals.vehicle_process", json.dumps(asdict(wired)))


class InputProcess:
    """The process, from here. It is started at the first poll, and again if it ends by itself."""

    def __init__(self, wired: InputsConfig, clock: Callable[[], float], command: tuple[str, ...] | None = None) -> None:
        """Take what is wired, and the monotonic clock. `command` starts the other end, for tests."""
        self._command = command or worker_command(wired)
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._began_s = float("-inf")
        self._came = b""
        self._told = False

    def poll(self) -> tuple[Heard, ...]:
        """What came since the last call; that the process is gone is a fault, told once until it speaks again."""
        now_s = self._clock()
        heard: list[Heard] = []
        ended = self._start(now_s) if self._process is None and now_s - self._began_s >= AGAIN_S else ""
        if not ended:
            heard, ended = self._read()
        if heard:
            self._told = False
        if ended and not self._told:
            self._told = True
            heard += [VehicleFault(now_s, INPUTS, ended), PositionLost(now_s, ended)]
        return tuple(heard)

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self, now_s: float) -> str:
        """Start it; why it could not be."""
        self._began_s, self._came = now_s, b""
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if os.environ.get("FAREBOX_DEBUG") else subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the terminal, which then ends it
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        except OSError as error:
            return f"the process of the inputs can't be started: {error.strerror}"
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        return ""

    def _read(self) -> tuple[list[Heard], str]:
        """What was heard; and if the process is given up, why."""
        if self._process is None:
            return [], ""
        assert self._process.stdout is not None
        try:
            received = os.read(self._process.stdout.fileno(), _MOST_BYTES_A_POLL)
        except BlockingIOError:
            return [], ""
        *lines, self._came = (self._came + received).split(b"\n")
        heard: list[Heard] = []
        why = "" if received else "the process of the inputs ended"
        try:
            heard += map(heard_in, lines)
        except NotALine as strange:
            why = f"the process of the inputs says {strange}"
        if len(self._came) > _MOST_LINE_BYTES:
            why = "the process of the inputs says no lines"
        if why:
            self.close()
        return heard, why

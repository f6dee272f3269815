"""A GPS receiver on a serial line: a VehicleInput. It comes back by itself when it was unplugged."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

import serial

from farebox.peripherals.nmea import MOST_BYTES, Fix, Garbled, NoFix, Sentence, sentence
from farebox.peripherals.vehicle import Heard, Position, PositionLost, Speed, VehicleFault

USUAL_BAUD = 9_600
SILENT_AFTER_S = 5.0
"""Receivers tell once a second."""
REOPEN_EVERY_S = 5.0
_MOST_BYTES_A_POLL = 4_096
_MOST_GARBLED = 20
"""So many damaged lines in a row are no noise any more: the line's speed is wrong, or it is no receiver."""
_NEVER_OPENED = float("-inf")


class GpsLine:
    """One receiver. Nothing is opened before the first `poll`."""

    def __init__(self, path: str, clock: Callable[[], float], baud: int = USUAL_BAUD) -> None:
        """Take the port's name, a clock that nobody sets, and the speed of the line."""
        self.path = path
        self._clock, self._baud = clock, baud
        self._line: serial.Serial | None = None
        self._tried_s = _NEVER_OPENED
        self._waiting = b""
        self._heard_s = 0.0
        self._garbled = 0
        self._utc = ""
        self._utc_s = 0.0
        self._lost = ""
        self._fault = ""
        self._why = ""

    def poll(self, wait_s: float = 0.0) -> tuple[Heard, ...]:
        """What came since the last call; `wait_s` is how long the first byte is waited for."""
        now_s = self._clock()
        if self._line is None and not self._open(now_s):
            return self._faulty(now_s)
        assert self._line is not None
        try:
            self._line.timeout = wait_s
            received = self._line.read(1)
            self._line.timeout = 0
            received += self._line.read(_MOST_BYTES_A_POLL)
        except (serial.SerialException, OSError) as error:
            self._shut()
            self._tried_s = now_s
            self._why = _said(error)
            return self._faulty(now_s)
        return tuple(self._told(received, now_s))

    def close(self) -> None:
        """Let go of the port."""
        self._shut()

    def _open(self, now_s: float) -> bool:
        """Open the port, if it is time to try (again)."""
        if now_s - self._tried_s < REOPEN_EVERY_S:
            return False
        self._tried_s = now_s
        try:
            self._line = serial.Serial(self.path, self._baud, timeout=0)
        except (serial.SerialException, OSError, ValueError) as error:
            self._why = _said(error)
            return False
        self._waiting, self._garbled, self._heard_s = b"", 0, now_s
        self._fault = ""
        return True

    def _shut(self) -> None:
        if self._line is not None:
            with suppress(serial.SerialException, OSError):
                self._line.close()
            self._line = None

    def _faulty(self, now_s: float) -> tuple[Heard, ...]:
        """The fault, once; and that the position is lost with it."""
        if self._fault:
            return ()
        self._fault = self._why
        return (VehicleFault(now_s, self.path, self._why), *self._losing(now_s, "GPS receiver gone"))

    def _told(self, received: bytes, now_s: float) -> Iterator[Heard]:
        for line in self._lines(received):
            said = sentence(line)
            self._garbled = self._garbled + 1 if isinstance(said, Garbled) else 0
            yield from self._heard(said, now_s)
        if now_s - self._heard_s > SILENT_AFTER_S:
            yield from self._losing(now_s, "GPS receiver tells no place")

    def _heard(self, said: Sentence, now_s: float) -> Iterator[Heard]:
        match said:
            case Fix(utc=utc) if self._is_old(utc, now_s):
                self._heard_s = now_s
                yield from self._losing(now_s, "GPS receiver tells an old place")
            case Fix(place=place, kmh=kmh):
                self._heard_s, self._lost = now_s, ""
                if kmh is not None:
                    yield Speed(now_s, kmh)
                yield Position(now_s, place)
            case NoFix():
                self._heard_s = now_s
                yield from self._losing(now_s, "no satellites")
            case Garbled(why=why) if self._garbled >= _MOST_GARBLED:
                yield from self._losing(now_s, f"nothing to be read on the line ({why})")
            case _:
                pass

    def _is_old(self, utc: str, now_s: float) -> bool:
        """Whether the fix's own time has stood still for too long."""
        if utc != self._utc:
            self._utc, self._utc_s = utc, now_s
        return now_s - self._utc_s > SILENT_AFTER_S

    def _losing(self, now_s: float, why: str) -> Iterator[Heard]:
        """The position is not known: told once, until it is again."""
        if not self._lost:
            self._lost = why
            yield PositionLost(now_s, why)

    def _lines(self, received: bytes) -> list[bytes]:
        """Whole lines; what is begun waits for more, but never for longer than a sentence may be."""
        *lines, rest = (self._waiting + received).split(b"\n")
        self._waiting = rest[: MOST_BYTES + 1]
        return [line for line in lines if line.strip()]


def _said(error: Exception) -> str:
    """What the machine says of a port, without its name, which stands beside it."""
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number else str(error).splitlines()[0]

"""A GPS receiver on a pseudo-terminal (模擬): the far end of the wire for the real pyserial and the real pynmea2."""

import os
import tty
from typing import Self

from farebox.feed import Place

_KNOTS_A_KMH = 1 / 1.852


def framed(body: str) -> bytes:
    """A sentence with its checksum: the exclusive or of all between $ and * (NMEA 0183)."""
    checksum = 0
    for byte in body.encode("ascii"):
        checksum ^= byte
    return f"${body}*{checksum:02X}\r\n".encode("ascii")


def rmc(place: Place, kmh: float, at_s: int, talker: str = "GN", status: str = "A") -> bytes:
    """Recommended minimum: time, status, place, speed. `at_s` counts within a day."""
    return framed(f"{talker}RMC,{_clock(at_s)},{status},{_degrees(place)},{kmh * _KNOTS_A_KMH:.2f},,201126,,,A")


def gga(place: Place, at_s: int, talker: str = "GN", quality: int = 1) -> bytes:
    """Fix data."""
    return framed(f"{talker}GGA,{_clock(at_s)},{_degrees(place)},{quality},08,1.0,350.0,M,38.0,M,,")


def _clock(at_s: int) -> str:
    return f"{at_s // 3600 % 24:02}{at_s // 60 % 60:02}{at_s % 60:02}.00"


def _degrees(place: Place) -> str:
    latitude = f"{_minutes(place.lat_deg, 2)},{'N' if place.lat_deg >= 0 else 'S'}"
    return f"{latitude},{_minutes(place.lon_deg, 3)},{'E' if place.lon_deg >= 0 else 'W'}"


def _minutes(degrees: float, digits: int) -> str:
    """Whole degrees and minutes to five places, as 3707.44000. Counted in whole 0.00001 minutes: never 60."""
    whole, rest = divmod(round(abs(degrees) * 6_000_000), 6_000_000)
    return f"{whole:0{digits}}{rest // 100_000:02}.{rest % 100_000:05}"


class GpsReceiver:
    """One simulated receiver. `path` is what a serial port's name would be; use it as a context manager."""

    def __init__(self) -> None:
        """Open a pseudo-terminal."""
        self._far_end, self._near_end = os.openpty()
        tty.setraw(self._far_end)
        tty.setraw(self._near_end)
        self.path = os.ttyname(self._near_end)
        self._open = True

    def __enter__(self) -> Self:
        """The receiver itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Pull the plug."""
        self.close()

    def send(self, *sentences: bytes) -> None:
        """Tell sentences, or anything else."""
        os.write(self._far_end, b"".join(sentences))

    def close(self) -> None:
        """Pull the plug: whoever listens gets an error from here on."""
        if self._open:
            self._open = False
            os.close(self._far_end)
            os.close(self._near_end)

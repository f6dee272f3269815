"""A PN532 that was left at a high speed of its line, for its driver was killed: spoken to there, and slowed down.

nfcpy raises the speed at opening and lowers it again at closing; it finds a chip at 115200 baud only. Who is killed in
between leaves a chip that nobody would reach until its power is cut.
"""

from collections.abc import Callable

import serial

from reader.port import CardLost, FramePort, Health, PollOutcome, ReaderFault

_SPEEDS_BAUD = (921_600, 460_800, 230_400)
"""Those that nfcpy sets, in its order."""
_WAKE_UP = bytes(10)
_ACK = bytes.fromhex("0000FF00FF00")
_TO_115200 = bytes.fromhex("0000FF 03 FD D4 10 04 18 00")
_DONE = bytes.fromhex("0000FF 02 FE D5 11 1A 00")
"""SetSerialBaudRate and its answer (PN532 User Manual, UM0701-02, 7.2.6); the host's ACK then makes it so."""
_WAIT_S = 0.1


def slow_down(path: str) -> bool:
    """Look for a PN532 at each high speed, and set it to 115200 baud. Whether one was found."""
    return any(_slowed_from(path, speed_baud) for speed_baud in _SPEEDS_BAUD)


def _slowed_from(path: str, speed_baud: int) -> bool:
    try:
        with serial.Serial(path, speed_baud, timeout=_WAIT_S, write_timeout=_WAIT_S) as line:
            line.reset_input_buffer()
            line.write(_WAKE_UP + _TO_115200)
            if line.read(len(_ACK + _DONE)) != _ACK + _DONE:
                return False
            line.write(_ACK)
            line.flush()
    except Exception:  # no such speed, no such line: termios.error, for one, is no OSError
        return False
    return True


class AnySpeed:
    """A PN532's port that is opened again, once, if its chip was found at a high speed and slowed down."""

    def __init__(self, port: FramePort, slow: Callable[[], bool]) -> None:
        """Take the port, closed, and what slows its chip down."""
        self.name = port.name
        self._port = port
        self._slow = slow

    def open(self, deadline_s: float = 0.0) -> ReaderFault | None:
        """As the port; then at the other speeds."""
        fault = self._port.open(deadline_s)
        return self._port.open(deadline_s) if fault is not None and self._slow() else fault

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        """As the port."""
        return self._port.poll(system_codes, deadline_s)

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """As the port."""
        return self._port.transceive(frame, timeout_s)

    def field_off(self) -> ReaderFault | None:
        """As the port."""
        return self._port.field_off()

    def health(self) -> Health | ReaderFault:
        """As the port."""
        return self._port.health()

    def close(self) -> None:
        """As the port."""
        self._port.close()

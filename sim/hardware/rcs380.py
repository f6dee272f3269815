"""An RC-S380 on USB (模擬): what libusb would reach, for the real nfcpy driver of this reader.

It speaks the host protocol of the Port-100 chip, of which no manual is public; what nfcpy and the Linux driver send and
expect is what it knows. One transfer is one whole frame:

    00 00 FF FF FF · length, 2 bytes little-endian · its check · D6, command, data · their check · 00

Each command is acknowledged, then answered. Nothing here waits for time to pass: a read with a limit that finds nothing
is over at once, one without a limit waits for a frame, the plug or `patience_s`.
"""

import errno
import os
from collections import deque
from collections.abc import Callable
from threading import Condition
from weakref import ref

from sim.hardware.field import CardField

ACK = bytes.fromhex("0000FF00FF00")
VENDOR, PRODUCT = 0x054C, 0x06C3
_START = bytes.fromhex("0000FFFFFF")
_TO_CHIP, _TO_HOST = 0xD6, 0xD7

IN_SET_RF, IN_SET_PROTOCOL, IN_COMM_RF, SWITCH_RF = 0x00, 0x02, 0x04, 0x06
GET_FIRMWARE_VERSION, GET_PD_DATA_VERSION, SET_COMMAND_TYPE = 0x20, 0x22, 0x2A

_DONE, _BAD_PARAMETER, _BAD_COMMAND_TYPE = b"\x00", b"\x01", b"\x07"
_HEARD, _COLLISION, _SILENCE, _RF_IS_OFF = (
    status.to_bytes(4, "little") for status in (0x000, 0x008, 0x080, 0x400)
)  # fmt: skip
_BITS_IN_LAST_BYTE = b"\x08"
_FELICA = {(1, 1, 15, 1), (1, 2, 15, 2)}
"""InSetRF of 212 and 424 kbit/s, Type F."""
_VERSIONS = {GET_FIRMWARE_VERSION: bytes.fromhex("11 01"), GET_PD_DATA_VERSION: bytes.fromhex("00 01")}
_LONGEST_READ = 300
"""What nfcpy asks libusb for; more is an overflow."""

Spoil = Callable[[list[bytes]], list[bytes]]
"""The frames of one answer as they ought to come -> as they come. None at all: the reader hangs."""


class Rcs380:
    """One reader in front of one field, plugged in until `unplug`. `connect` is what opening its device would be."""

    def __init__(self, field: CardField, *, captures: bool = True, patience_s: float | None = None) -> None:
        """Plug it in.

        `captures`: of several cards that answer at once the first one laid, the nearest, is heard; else the chip says
        collision (our choice: which a real one does is not known). It passes on one answer only, the first.
        `patience_s`: how long a read without a limit waits; None for ever, as the real one.
        """
        self.field = field
        self.spoil: Spoil | None = None
        self.exchanges: list[int] = []
        """The code of every command that it has taken, in order."""
        self._captures = captures
        self._patience_s = patience_s
        self._line: Callable[[], UsbLine | None] = _nobody  # weak: a line that is dropped is no claim, as with libusb
        self._plugged = True
        self._command_type = 0
        self._rf: tuple[int, ...] | None = None
        self._protocol: dict[int, int] = {}

    def connect(self) -> "UsbLine":
        """Open and claim it; OSError, as nfcpy makes it of libusb's errors, where it is gone or in use."""
        if not self._plugged:
            raise _error(errno.ENODEV)
        if self.is_claimed:
            raise _error(errno.EBUSY)
        line = UsbLine(self._answer, self._patience_s)
        self._line = ref(line)
        return line

    @property
    def is_plugged(self) -> bool:
        """Whether it is on the bus."""
        return self._plugged

    @property
    def is_claimed(self) -> bool:
        """Whether someone has it open."""
        line = self._line()
        return line is not None and line.is_open

    @property
    def settings(self) -> tuple[tuple[int, ...] | None, dict[int, int]]:
        """What InSetRF said last, None while the field is off; and what InSetProtocol set, by number."""
        return self._rf, dict(self._protocol)

    def unplug(self) -> None:
        """Pull the plug: the field is gone, and whoever waits for an answer hears of it."""
        self._plugged = False
        self._switch_off()
        line = self._line()
        if line is not None:
            line.close()

    def plug_in(self) -> None:
        """Back on the bus, fresh."""
        self._plugged = True
        self._command_type = 0
        self._protocol = {}

    def _switch_off(self) -> None:
        self._rf = None
        self.field.power_off()

    def _answer(self, frame: bytes) -> list[bytes]:
        """The frames that one transfer from the host calls forth."""
        body = _body(frame)
        if body is None or len(body) < 2 or body[0] != _TO_CHIP:
            return []
        self.exchanges.append(body[1])
        answer = self._execute(body[1], body[2:])
        frames = [ACK] if answer is None else [ACK, framed(bytes((_TO_HOST, body[1] + 1)) + answer)]
        return self.spoil(frames) if self.spoil else frames

    def _execute(self, command: int, data: bytes) -> bytes | None:
        """One command -> its answer without the code; None for a command this reader does not know."""
        if command in _VERSIONS:
            return _VERSIONS[command]
        if command == SET_COMMAND_TYPE:
            self._command_type = data[0] if data else 0
            return _DONE
        if command == SWITCH_RF:
            if data == b"\x00":
                self._switch_off()
            return _DONE
        if command not in (IN_SET_RF, IN_SET_PROTOCOL, IN_COMM_RF):
            return None
        if self._command_type != 1:
            return _BAD_COMMAND_TYPE
        if command == IN_COMM_RF:
            return self._communicate(data)
        if command == IN_SET_RF:
            return self._set_rf(data)
        return self._set_protocol(data)

    def _set_rf(self, data: bytes) -> bytes:
        if len(data) != 4:
            return _BAD_PARAMETER
        self._rf = tuple(data)
        return _DONE

    def _set_protocol(self, data: bytes) -> bytes:
        """Pairs of a setting's number and its value."""
        if len(data) % 2:
            return _BAD_PARAMETER
        self._protocol |= dict(zip(data[::2], data[1::2], strict=True))
        return _DONE

    def _communicate(self, data: bytes) -> bytes:
        """Timeout (tenths of a millisecond, 2 bytes little-endian) and frame -> status, bits of the last byte, answer.

        After the field was off it must be told the bit rate again (our choice: a real one may remember).
        """
        if self._rf is None:
            return _RF_IS_OFF
        slots = self.field.answers(data[2:]) if self._rf in _FELICA else ()
        first = next((answers for answers in slots if answers), ())
        if not first:
            return _SILENCE
        if len(first) > 1 and not self._captures:
            return _COLLISION
        return _HEARD + _BITS_IN_LAST_BYTE + first[0]


class UsbLine:
    """One opened device, with the methods of nfcpy's own USB transport."""

    TYPE = "USB"
    manufacturer_name = "SONY"
    product_name = "RC-S380/P (模擬)"

    def __init__(self, answer: Callable[[bytes], list[bytes]], patience_s: float | None) -> None:
        """Take what a transfer to the reader calls forth, and how long a read without a limit may last."""
        self.is_open = True
        self._answer = answer
        self._patience_s = patience_s
        self._frames: deque[bytes] = deque()
        self._changed = Condition()

    def write(self, frame: bytes, timeout: int = 0) -> None:
        """One transfer to the reader. An ACK of the host's calls off what is under way."""
        with self._changed:
            self._must_be_open()
            if frame == ACK:
                self._frames.clear()
            self._frames.extend(self._answer(bytes(frame)))
            self._changed.notify_all()

    def read(self, timeout: int = 0) -> bytearray:
        """One transfer from the reader, within `timeout` milliseconds; 0: whenever it comes."""
        with self._changed:
            if timeout == 0:
                self._changed.wait_for(lambda: self._frames or not self.is_open, self._patience_s)
            self._must_be_open()
            if not self._frames:
                raise _error(errno.ETIMEDOUT)
            frame = self._frames.popleft()
            if not 0 < len(frame) <= _LONGEST_READ:
                raise _error(errno.EIO)
            return bytearray(frame)

    def close(self) -> None:
        """Let go; a read under way ends as if the device were gone."""
        with self._changed:
            self.is_open = False
            self._changed.notify_all()

    def _must_be_open(self) -> None:
        if not self.is_open:
            raise _error(errno.ENODEV)


def framed(body: bytes) -> bytes:
    """A frame around a body."""
    size = len(body).to_bytes(2, "little")
    return _START + size + bytes((-sum(size) & 0xFF,)) + body + bytes((-sum(body) & 0xFF, 0x00))


def _body(frame: bytes) -> bytes | None:
    """The body of a whole frame whose checks hold."""
    size = int.from_bytes(frame[5:7], "little")
    body = frame[8 : 8 + size]
    return body if frame == framed(body) else None


def _nobody() -> None:
    """No line has been opened yet."""


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))

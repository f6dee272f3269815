"""JCM's ID-003, the protocol of many bank note acceptors, over a serial line: 9600 baud, 8 bits, even parity.

    SYNC FC · LNG, of the whole frame · command or status · data · CRC-16 (Kermit), low byte first

The terminal asks, the acceptor answers. Where each byte stands in public is told in docs/top_up.md.
"""

from binascii import crc_hqx
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol

import serial

from farebox.peripherals.note_acceptor import Phase, Status

SYNC = 0xFC
_SHORTEST, _LONGEST = 5, 255
_CHECK_BYTES = 2
ACK = 0x50
FIRST_NOTE = 0x61
"""Escrow's code of the first note of the acceptor's table; the next ones follow."""
_NOTES = 8


class Command(IntEnum):
    """What the terminal says."""

    STATUS_REQUEST = 0x11
    RESET = 0x40
    STACK_2 = 0x42
    RETURN = 0x43
    HOLD = 0x44
    ACK = ACK
    CURRENCY_ASSIGN_REQUEST = 0x8A
    ENABLE_DISABLE = 0xC0
    SECURITY = 0xC1
    COMMUNICATION_MODE = 0xC2
    INHIBIT = 0xC3
    DIRECTION = 0xC4
    OPTIONAL_FUNCTION = 0xC5


PHASES = {
    0x11: Phase.IDLE,
    0x12: Phase.ACCEPTING,
    0x13: Phase.ESCROW,
    0x14: Phase.STACKING,
    0x15: Phase.IN_BOX,
    0x16: Phase.STACKED,
    0x17: Phase.REJECTING,
    0x18: Phase.RETURNING,
    0x19: Phase.HOLDING,
    0x1A: Phase.INHIBITED,
    0x1B: Phase.INITIALIZING,
    0x40: Phase.POWER_UP,
    0x41: Phase.POWER_UP_NOTE_INSIDE,
    0x42: Phase.POWER_UP_NOTE_IN_BOX,
    0x43: Phase.BOX_FULL,
    0x44: Phase.BOX_OPEN,
    0x45: Phase.JAMMED,
    0x46: Phase.JAMMED,
    0x47: Phase.PAUSED,
    0x48: Phase.FAILED,
    0x49: Phase.FAILED,
}
"""Statuses. Communication error (4A) and invalid command (4B) tell nothing of a note, and count as silence."""

_POWER_UPS = (Phase.POWER_UP, Phase.POWER_UP_NOTE_INSIDE, Phase.POWER_UP_NOTE_IN_BOX)
_OPEN, _CLOSED = b"\x00", b"\x01"
_SETTINGS = (
    (Command.SECURITY, b"\x00\x00"),
    (Command.COMMUNICATION_MODE, b"\x00"),  # it is polled
    (Command.DIRECTION, b"\x00"),  # either way round
    (Command.OPTIONAL_FUNCTION, b"\x00\x00"),
)


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in reverse."""


class Message(NamedTuple):
    """One frame's command or status, and its data."""

    code: int
    data: bytes = b""


def crc(data: bytes) -> int:
    """CRC-16/KERMIT: polynomial 1021 reflected, from 0. The interpreter has it the other way round."""
    value = crc_hqx(data.translate(_REVERSED), 0)
    return _REVERSED[value & 0xFF] << 8 | _REVERSED[value >> 8]


def framed(code: int, data: bytes = b"") -> bytes:
    """The frame of a message."""
    head = bytes((SYNC, _SHORTEST + len(data), code)) + data
    return head + crc(head).to_bytes(_CHECK_BYTES, "little")


def parse(frame: bytes) -> Message | None:
    """The message of one whole frame; None for anything else (faults 9)."""
    if not _SHORTEST <= len(frame) <= _LONGEST or frame[0] != SYNC or frame[1] != len(frame):
        return None
    head, check = frame[:-_CHECK_BYTES], frame[-_CHECK_BYTES:]
    return Message(head[2], head[3:]) if crc(head).to_bytes(_CHECK_BYTES, "little") == check else None


class Line(Protocol):
    """The wire: frames as bytes, each attempted once, never raising."""

    def ask(self, frame: bytes) -> bytes:
        """Send a frame and read the one that answers, within a bound; empty if none came."""

    def tell(self, frame: bytes) -> bool:
        """Send a frame that has no answer; whether it could be sent."""

    def close(self) -> None:
        """Let go of it."""


class SerialLine:
    """A serial port, opened when it is first needed, and again after any fault."""

    def __init__(self, path: str, timeout_s: float = 0.2, parity: str = serial.PARITY_EVEN) -> None:
        """`timeout_s` bounds the wait for an answer, and that for a line that takes no bytes. A pseudo-terminal has no
        parity, and refuses to be opened a second time with one.
        """
        self._path = path
        self._parity = parity
        self._timeout_s = timeout_s
        self._port: serial.Serial | None = None

    def ask(self, frame: bytes) -> bytes:
        """As `Line`."""
        try:
            port = self._opened()
            port.reset_input_buffer()  # the late answer to an earlier question is none to this one
            port.write(frame)
            head = port.read(2)
            if len(head) < 2 or head[0] != SYNC or head[1] < _SHORTEST:
                return b""
            return head + bytes(port.read(head[1] - len(head)))
        except Exception:  # unplugged: pyserial lets termios.error through, which is no OSError
            self.close()
            return b""

    def tell(self, frame: bytes) -> bool:
        """As `Line`."""
        try:
            self._opened().write(frame)
        except Exception:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Let go of the port."""
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _opened(self) -> serial.Serial:
        if self._port is None:
            self._port = serial.Serial(
                self._path,
                9600,
                parity=self._parity,
                timeout=self._timeout_s,
                write_timeout=self._timeout_s,
            )
        return self._port


class Id003Acceptor:
    """A `NoteAcceptor` that speaks ID-003."""

    def __init__(self, line: Line, name: str) -> None:
        """Take the line; nothing is sent before the first poll."""
        self.name = name
        self._line = line
        self._notes: dict[int, int] = {}
        """Escrow's code -> yen, as the acceptor itself says."""
        self._let_in: tuple[int, ...] | None = None
        self._is_set_up = False
        """Whether it has its settings, as far as its phases tell: before, a note let in would be by none of them."""

    def poll(self) -> Status:
        """As `NoteAcceptor`."""
        answer = self._ask(Command.STATUS_REQUEST)
        phase = PHASES.get(answer.code) if answer else None
        if answer is None or phase is None:
            return Status(Phase.SILENT, code=answer.code if answer else 0)
        self._is_set_up = phase not in _POWER_UPS and phase is not Phase.INITIALIZING
        if not self._is_set_up:
            self._let_in = None
        elif not self._notes:
            self._learn_notes()
        if phase is Phase.INITIALIZING:
            self._set_up()
        code = answer.data[0] if answer.data else 0
        return Status(phase, self._notes.get(code, 0) if phase is Phase.ESCROW else 0, code)

    def let_in(self, notes_yen: tuple[int, ...]) -> bool:
        """As `NoteAcceptor`; what it has been told already is not said again."""
        if notes_yen and not (self._is_set_up and self._notes):
            return False
        if self._let_in == notes_yen:
            return True
        self._let_in = None
        closed = 0xFF
        for code, yen in self._notes.items():
            if yen in notes_yen:
                closed &= ~(1 << code - FIRST_NOTE)
        if not self._set(Command.ENABLE_DISABLE, bytes((closed, 0))):
            return False
        if not self._set(Command.INHIBIT, _OPEN if closed != 0xFF else _CLOSED):
            return False
        self._let_in = notes_yen
        return True

    def stack(self) -> bool:
        """As `NoteAcceptor`; by STACK-2, which says "in the box" only once the note is wholly there."""
        return self._operate(Command.STACK_2)

    def give_back(self) -> bool:
        """As `NoteAcceptor`."""
        return self._operate(Command.RETURN)

    def hold(self) -> bool:
        """As `NoteAcceptor`."""
        return self._operate(Command.HOLD)

    def confirm(self) -> bool:
        """As `NoteAcceptor`: VEND VALID is answered by ACK, which has no answer itself."""
        return self._line.tell(framed(Command.ACK))

    def restart(self) -> bool:
        """As `NoteAcceptor`; the settings follow with the next poll."""
        self._let_in, self._is_set_up = None, False
        return self._operate(Command.RESET)

    def close(self) -> None:
        """Let go of the line."""
        self._line.close()

    def _ask(self, command: Command, data: bytes = b"") -> Message | None:
        return parse(self._line.ask(framed(command, data)))

    def _operate(self, command: Command) -> bool:
        return self._ask(command) == Message(ACK)

    def _set(self, command: Command, data: bytes) -> bool:
        """A setting is answered by itself."""
        return self._ask(command, data) == Message(command, data)

    def _set_up(self) -> None:
        """All notes closed first; the settings it wants; and which notes it knows.

        One that fails is tried again by the next poll, for the acceptor goes on initializing. The slot's own setting
        comes last: with it the acceptor is ready.
        """
        self._learn_notes()
        if self._set(Command.ENABLE_DISABLE, b"\xff\x00") and all(self._set(*setting) for setting in _SETTINGS):
            self._set(Command.INHIBIT, _CLOSED)

    def _learn_notes(self) -> None:
        answer = self._ask(Command.CURRENCY_ASSIGN_REQUEST)
        if answer is not None and answer.code == Command.CURRENCY_ASSIGN_REQUEST:
            self._notes = note_table(answer.data)


def note_table(data: Sequence[int]) -> dict[int, int]:
    """Escrow's code -> value, from the acceptor's currency table: code, country, value, power of ten, for each note.

    Places without a note have value 0. What is not of that form makes no note.
    """
    rows = (data[at : at + 4] for at in range(0, len(data) - 3, 4))
    return {
        row[0]: row[2] * 10 ** row[3]
        for row in rows
        if FIRST_NOTE <= row[0] < FIRST_NOTE + _NOTES and row[2] and row[3] <= 4
    }


def serial_acceptor(path: str, timeout_s: float = 0.2, parity: str = serial.PARITY_EVEN) -> Id003Acceptor:
    """An acceptor on a serial port; `parity` as `SerialLine`."""
    return Id003Acceptor(SerialLine(path, timeout_s, parity), f"id003:{path}")

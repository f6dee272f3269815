"""A PN532 on a pseudo-terminal (模擬): the far end of the wire for the real pyserial and the real nfcpy.

It speaks the chip's host protocol (PN532 User Manual, UM0701-02, chapters 6.2 and 7): frames with ACK, and the
commands that nfcpy sends at opening, sensing and exchanging. One thread per chip, in front of one `CardField`.
"""

from sim.hardware.field import CardField
from sim.hardware.pty_device import PtyDevice

ACK = bytes.fromhex("0000FF00FF00")
_START = b"\x00\x00\xff"
_EXTENDED = b"\xff\xff"
_TO_CHIP, _TO_HOST = 0xD4, 0xD5

_DIAGNOSE, _FIRMWARE, _READ_REGISTER = 0x00, 0x02, 0x06
_POWER_DOWN, _RF_CONFIGURATION = 0x16, 0x32
_COMMUNICATE_THRU, _LIST_PASSIVE_TARGET = 0x42, 0x4A
_EMPTY_ANSWERS = (0x08, 0x10, 0x12, 0x14)
_FIRMWARE_VERSION = bytes.fromhex("32010607")
_TX_CONTROL, _TEST_DAC1 = 0x6304, 0x6329
_RF_TIMEOUT = b"\x01"
_FELICA_RATES = (1, 2)
"""BrTy of InListPassiveTarget: 212 and 424 kbit/s."""


class Pn532(PtyDevice):
    """One simulated chip."""

    def __init__(self, field: CardField) -> None:
        """A chip with its antenna's field."""
        self.field = field
        self.rf_commands = 0
        self._rf_on = False
        super().__init__("pn532")

    def _take(self, waiting: bytes) -> bytes:
        """Answer every whole frame. Wake-up bytes and the host's ACKs are skipped."""
        while (start := waiting.find(_START)) >= 0:
            frame = waiting[start:]
            if frame.startswith(ACK):
                waiting = frame[len(ACK) :]
                continue
            size = _frame_size(frame)
            if size is None or len(frame) < size:
                return frame
            self._answer(frame[:size])
            waiting = frame[size:]
        return waiting[-2:]

    def _answer(self, frame: bytes) -> None:
        head = 8 if frame[3:5] == _EXTENDED else 5
        body = frame[head:-2]
        if len(body) < 2 or body[0] != _TO_CHIP or sum(frame[head:-1]) & 0xFF:
            return
        answer = self._execute(body[1], body[2:])
        self._send(ACK if answer is None else ACK + _framed(bytes((_TO_HOST, body[1] + 1)) + answer))

    def _execute(self, command: int, data: bytes) -> bytes | None:
        """One chip command -> its answer without the code; None for a command this chip does not know."""
        if command == _COMMUNICATE_THRU:
            return self._communicate(data)
        if command == _LIST_PASSIVE_TARGET:
            return self._list_target(data)
        if command == _RF_CONFIGURATION:
            if data[0] == 0x01:
                self._switch_rf(on=bool(data[1] & 1))
            return b""
        if command == _READ_REGISTER:
            return bytes(self._register(int.from_bytes(data[at : at + 2], "big")) for at in range(0, len(data), 2))
        if command == _POWER_DOWN:
            self._switch_rf(on=False)
            return b"\x00"
        if command == _FIRMWARE:
            return _FIRMWARE_VERSION
        if command == _DIAGNOSE:
            return data
        return b"" if command in _EMPTY_ANSWERS else None

    def _switch_rf(self, *, on: bool) -> None:
        self._rf_on = on
        if not on:
            self.field.power_off()

    def _register(self, address: int) -> int:
        if address == _TX_CONTROL:
            return 0x83 if self._rf_on else 0x80
        return 0x26 if address == _TEST_DAC1 else 0

    def _list_target(self, data: bytes) -> bytes:
        """Polling for cards at 212 or 424 kbit/s: their count; then number, length and answer of each, up to MaxTg.

        Cards that answer in the same time slot are not heard (our choice; a real chip may hear the nearer one). Any
        other modulation finds nothing: there are only FeliCa cards here.
        """
        self._rf_on = True
        if len(data) < 2 or data[1] not in _FELICA_RATES:
            return b"\x00"
        most, request = data[0], data[2:]
        slots = self._air(bytes((len(request) + 1,)) + request)
        alone = [answers[0] for answers in slots if len(answers) == 1][:most]
        listed = (bytes((number,)) + answer for number, answer in enumerate(alone, start=1))
        return bytes((len(alone),)) + b"".join(listed)

    def _communicate(self, frame: bytes) -> bytes:
        self._rf_on = True
        alone = [answers[0] for answers in self._air(frame) if len(answers) == 1]
        return b"\x00" + alone[0] if alone else _RF_TIMEOUT

    def _air(self, frame: bytes) -> tuple[tuple[bytes, ...], ...]:
        slots = self.field.answers(frame)
        self.rf_commands += any(slots)
        return slots


def _frame_size(frame: bytes) -> int | None:
    """The whole length of the frame that begins here; None if its head is not here yet."""
    if frame[3:5] == _EXTENDED:
        return 10 + int.from_bytes(frame[5:7], "big") if len(frame) >= 8 else None
    return 7 + frame[3] if len(frame) >= 5 else None


def _framed(body: bytes) -> bytes:
    """A chip frame around a body: start, length and its check, the body and its check, end."""
    if len(body) <= 0xFF:
        head = bytes((len(body), -len(body) & 0xFF))
    else:
        size = len(body).to_bytes(2, "big")
        head = _EXTENDED + size + bytes((-sum(size) & 0xFF,))
    return _START + head + body + bytes((-sum(body) & 0xFF, 0x00))

"""A frame port over real readers, through nfcpy. The only file of the product that imports it.

It calls below nfcpy's tag layer: that one repeats every command three times, writes too, and takes 26 ms where this
takes one. Exceptions at the chip boundary can't be relied on to be OSError (IndexError, termios.error,
UnboundLocalError and chip errors were all seen), so everything is caught here, and only here, and becomes an outcome.
"""

import errno
import math
import re
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import nfc.clf
import nfc.clf.pn53x
import nfc.clf.transport
from nfc.clf import pn532, rcs380

from reader.port import CardLost, Health, NoCard, Polled, PollOutcome, ReaderFault, ReaderMissing, TwoCards

_BITRATE = "212F"
_BITRATE_OF_PN53X = 1
_CARD_SLID_AWAY = frozenset({0x01, 0x02, 0x03, 0x05, 0x0B, 0x13})
"""PN53x status: no answer in time, or one garbled on the air (check sum, parity, framing, protocol, format)."""
_FIELD, _FIELD_ON = 0x01, b"\x01"
_LIST_PASSIVE_TARGET = 0x4A
_NO_SYSTEM_CODE, _ONE_SLOT, _TWO_SLOTS = 0, 0, 1
"""Last bytes of a poll: don't repeat the system code; in how many time slots the cards may answer."""
_GARBLED_FOR_RCS380 = 0x8000009F
"""RC-S380 status bits: no answer in time (80h), or one garbled on the air: protocol, parity, check sum, collision,
overflow, length (1, 2, 4, 8, 10h, 80000000h)."""
_POLL_TIMEOUT_MS = 10
"""As nfcpy; two time slots take 4."""
_MOST_TIMEOUT_MS = 6_000
_POWER_UP_S = 0.005
"""Between field on and the first poll: some cards need it (nfcpy waits as long). The RC-S380 waits by itself."""
_PATIENCE_S = 1.0
"""For the answer to a poll, once a PN532 has acknowledged it; it needs some milliseconds."""
_PAUSE_S = 0.005
"""Between two looks while a deadline runs."""
_PLAIN_PATH = re.compile(r"[\w./:@+-]+", re.ASCII)

_Done = TypeVar("_Done")


def usb_port(which: str = "") -> "NfcpyPort":
    """A USB reader that nfcpy knows (RC-S380, PaSoRi and others): the first, or by `vendor:product`, `bus:device`."""
    path = f"usb:{which}" if which else "usb"
    return NfcpyPort(path, lambda: _open_usb(path))


def tty_port(path: str, patience_s: float = _PATIENCE_S, sleep: Callable[[float], object] = time.sleep) -> "NfcpyPort":
    """A PN532 on a serial line, by its device's path."""
    return NfcpyPort(f"tty:{path}", lambda: _open_tty(path), sleep=sleep, patience_s=patience_s)


def _open_usb(path: str) -> Any:
    try:
        return nfc.ContactlessFrontend(path).device
    except Exception as error:
        raise ReaderMissing(
            f"no USB card reader: {_say(error)}; plug one in, and check its permissions (group plugdev) and that "
            "libusb-1.0-0 is installed (make system-deps)"
        ) from None


def _open_tty(path: str) -> Any:
    if not _PLAIN_PATH.fullmatch(path):
        # nfcpy hands the path to a shell (stty -F PATH).
        raise ReaderMissing(
            f"no PN532 card reader at {path}: a device name has letters, digits and ./:@+-_ only; check the device name"
        )
    transport = None
    try:
        # nfcpy's own path syntax can't name every device, so the driver is put together by hand.
        transport = nfc.clf.transport.TTY(path)
        device = pn532.init(transport)
        device._path = transport.port
    except Exception as error:
        if transport is not None:
            _quietly(transport.close)
        raise ReaderMissing(
            f"no PN532 card reader at {path}: {_say(error)}; check the cable, the device name and that you may use it "
            "(group dialout)"
        ) from None
    return device


class NfcpyPort:
    """One nfcpy device, used by one thread. Made closed, by `usb_port` or `tty_port`."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], Any],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        """Take what opens the nfcpy device: it raises ReaderMissing where there is none."""
        self.name = name
        self._connect = connect
        self._clock = clock
        self._sleep = sleep
        self._patience_s = patience_s
        self._chip: _Chip | None = None

    def open(self, deadline_s: float = 0.0) -> ReaderFault | None:
        """Open the device, one attempt; nfcpy has bounds of its own."""
        if self._chip is not None:
            return None
        try:
            device = self._connect()
        except ReaderMissing as missing:
            return ReaderFault(self.name, str(missing))
        # All other readers that nfcpy knows have a chip of the PN532's family.
        is_rcs380 = isinstance(device.chipset, rcs380.Chipset)
        self._chip = _Rcs380(device) if is_rcs380 else _Pn53x(device, self._sleep, self._patience_s)
        return None

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        """Sense at 212 kbit/s, the field kept on. The system code is always named, or the wrong one may answer."""
        while True:
            for code in system_codes:
                cards = self._guarded(_looking_for(code))
                if isinstance(cards, ReaderFault):
                    return cards
                if len(cards) > 1:
                    return TwoCards()
                if cards:
                    return Polled(*cards[0], code)
            if self._clock() >= deadline_s:
                return NoCard()
            self._sleep(_PAUSE_S)

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """One frame, once."""
        answer = self._guarded(lambda chip: chip.exchange(bytearray(frame), timeout_s))
        return CardLost() if answer is None else answer

    def field_off(self) -> ReaderFault | None:
        """Switch the field off."""
        return self._guarded(lambda chip: chip.field_off())

    def health(self) -> Health | ReaderFault:
        """Ask the chip for its firmware's version."""

        def ask(chip: _Chip) -> Health:
            chip.device.chipset.get_firmware_version()
            return Health(chip.device.chipset_name)

        return self._guarded(ask)

    def close(self) -> None:
        """Field off, chip to sleep, line closed. A reader that is gone already is no news."""
        chip, self._chip = self._chip, None
        if chip is not None:
            transport = getattr(chip.device.chipset, "transport", None)
            _quietly(chip.device.close)
            # nfcpy leaves the line open, and claimed, if the chip does not answer its goodbye.
            _quietly(lambda: transport and transport.close())

    def _guarded(self, act: "Callable[[_Chip], _Done]") -> _Done | ReaderFault:
        if self._chip is None:
            return ReaderFault(self.name, "not open")
        try:
            return act(self._chip)
        except Exception as error:
            return ReaderFault(self.name, _say(error))


_Card = tuple[bytes, bytes]
"""IDm and PMm."""


class _Chip(Protocol):
    """What the port asks of a kind of chip. Whatever it raises is a fault of the reader."""

    device: Any

    def look(self, system_code: int) -> list[_Card]:
        """Poll once; the cards that answered."""

    def exchange(self, frame: bytearray, timeout_s: float) -> bytes | None:
        """One frame to the card, and its answer; None if none came, or one that was garbled on the air."""

    def field_off(self) -> None:
        """Switch the field off."""


class _Pn53x:
    """PN532 and its family: one chip command where nfcpy's own way takes three or four."""

    def __init__(self, device: Any, sleep: Callable[[float], object], patience_s: float) -> None:
        self.device = device
        self._chipset = device.chipset
        self._sleep = sleep
        self._patience_s = patience_s
        self._field_is_on = False

    def look(self, system_code: int) -> list[_Card]:
        """List up to two cards. Two time slots, so that two cards can both be heard, or drown each other out."""
        if not self._field_is_on:
            self._chipset.rf_configuration(_FIELD, _FIELD_ON)
            self._field_is_on = True
            self._sleep(_POWER_UP_S)
        request = bytes((0, *system_code.to_bytes(2, "big"), _NO_SYSTEM_CODE, _TWO_SLOTS))
        most = self._chipset.in_list_passive_target_max_target
        targets = bytes((most, _BITRATE_OF_PN53X)) + request
        answer = self._chipset.command(_LIST_PASSIVE_TARGET, targets, timeout=self._patience_s)
        return _listed(bytes(answer or b""))

    def exchange(self, frame: bytearray, timeout_s: float) -> bytes | None:
        """By InCommunicateThru, one chip command."""
        try:
            return bytes(self._chipset.in_communicate_thru(frame, timeout_s + 0.1))
        except nfc.clf.pn53x.Chipset.Error as error:
            if error.errno in _CARD_SLID_AWAY:
                return None
            raise

    def field_off(self) -> None:
        """RFConfiguration, field off."""
        self._field_is_on = False
        self.device.mute()


def _looking_for(system_code: int) -> Callable[[_Chip], list[_Card]]:
    return lambda chip: chip.look(system_code)


def _listed(answer: bytes) -> list[_Card]:
    """InListPassiveTarget's answer: a count, then each target's number, length (itself included), code, IDm, PMm.

    An entry that is cut short, or is no answer to a poll, is no card.
    """
    cards, at = [], 1
    for _ in range(answer[0] if answer else 0):
        entry = answer[at + 1 : at + 1 + answer[at + 1]] if at + 1 < len(answer) else b""
        if not _is_poll_answer(entry):
            break
        cards.append((entry[2:10], entry[10:18]))
        at += 1 + len(entry)
    return cards


def _is_poll_answer(answer: bytes) -> bool:
    """Length, code, IDm and PMm at least; the system code may follow."""
    return len(answer) >= 18 and answer[0] == len(answer) and answer[1] == 0x01


class _Rcs380:
    """RC-S380 (Port-100): told bit rate and protocol once per field, then one USB exchange a command.

    nfcpy tells it both again with each command, three or four exchanges in place of one.
    """

    def __init__(self, device: Any) -> None:
        self.device = device
        self._chipset = device.chipset
        self._is_told = False
        self._in_step = True
        # nfcpy makes None of an answer that is missing or another's, and most of its own callers take that for a yes.
        self._send = device.chipset.send_command
        device.chipset.send_command = self._send_strictly

    def look(self, system_code: int) -> list[_Card]:
        """One card at most: this chip passes on one answer only, so there is one time slot to answer in.

        Two cards then answer at once. Either the nearer is heard, and the session is bound to its IDm, or none is.
        """
        if not self._is_told:
            self._chipset.in_set_rf(_BITRATE)
            self._chipset.in_set_protocol(self._chipset.in_set_protocol_defaults)
            self._is_told = True
        request = bytes((6, 0, *system_code.to_bytes(2, "big"), _NO_SYSTEM_CODE, _ONE_SLOT))
        answer = self._in_comm_rf(request, _POLL_TIMEOUT_MS) or b""
        return [(answer[2:10], answer[10:18])] if _is_poll_answer(answer) else []

    def exchange(self, frame: bytearray, timeout_s: float) -> bytes | None:
        """By InCommRF, one chip command."""
        return self._in_comm_rf(frame, max(1, min(math.ceil(timeout_s * 1000), _MOST_TIMEOUT_MS)))

    def _in_comm_rf(self, frame: bytes | bytearray, timeout_ms: int) -> bytes | None:
        try:
            answer = self._chipset.in_comm_rf(frame, timeout_ms)
        except rcs380.CommunicationError as error:
            if error.errno & ~_GARBLED_FOR_RCS380:
                raise
            return None
        if not answer:
            raise OSError(errno.EIO, "InCommRF answered without a frame")
        return bytes(answer)

    def _send_strictly(self, code: int, data: bytes) -> bytearray:
        """One command and its answer. After an answer went missing, the next ones may be those to earlier commands."""
        if not self._in_step:
            raise OSError(errno.EIO, "out of step since an earlier fault; it must be opened again")
        self._in_step = False
        answer: bytearray | None = self._send(code, data)
        if answer is None:
            raise OSError(errno.EIO, f"{rcs380.Chipset.CMD[code]} was not answered, or amiss")
        self._in_step = True
        return answer

    def field_off(self) -> None:
        """SwitchRF, off."""
        self._is_told = False
        self.device.mute()


def _say(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()


def _quietly(close: Callable[[], object]) -> None:
    try:
        close()
    except Exception:
        return  # the port is given up either way; termios.error, for one, is no OSError

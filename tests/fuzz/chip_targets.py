"""Chips of readers: their frames, answers and noise, through real nfcpy or PC/SC."""

import logging
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import nfc.clf.pn532
import nfc.clf.rcs380
import nfc.clf.transport

from cardimage import lite_s
from cardimage.felica_card import FelicaCard
from cardimage.image import LITE_S_PMM
from reader import serial_speed, transparent
from reader.nfcpy_port import NfcpyPort
from reader.pcsc_port import PcscPort
from reader.port import CardLost, Health, NoCard, Polled, ReaderFault, TwoCards
from sim.hardware.field import CardField
from sim.hardware.pcsc import ContactlessReader, SensedField
from sim.hardware.pn532 import ACK
from sim.hardware.rcs380 import Rcs380, framed
from tests.cardimage.accounts import IDM
from tests.fuzz.card_targets import bench_card
from tests.fuzz.reader_targets import KEYS, READ_SLOTS
from tests.fuzz.target import Target, in_pieces, pieces
from tests.pcsc.fake_scard import FakeScard
from tests.reader.test_nfcpy_port import FullSerial, chip_frame

logging.getLogger("nfc").setLevel(logging.CRITICAL)
"""nfcpy logs each error that it meets, too."""


def _chip_frames(data: bytes) -> bytes:
    """What is on a PN532's line. Each piece is a whole frame; an ACK if it is empty, and raw if it begins with 0."""
    made = (ACK if not piece else piece[1:] if piece[0] == 0 else chip_frame(piece) for piece in pieces(data))
    return b"".join(made)


def _pn532(data: bytes) -> None:
    for line in (data, _chip_frames(data)):
        transport: Any = object.__new__(nfc.clf.transport.TTY)
        transport.tty = FullSerial(line)
        device: Any = object.__new__(nfc.clf.pn532.Device)
        device.log = logging.getLogger("nfc.clf.pn532")
        device.chipset = nfc.clf.pn532.Chipset(transport, device.log)
        _used(NfcpyPort("fuzz", lambda device=device: device, sleep=lambda _s: None))  # type: ignore[misc]


def _rcs380(data: bytes) -> None:
    """Its answers once it is open: as they should be where a piece is empty, raw frames or bodies in a whole frame."""
    answers = pieces(data)

    def spoil(right: list[bytes]) -> list[bytes]:
        piece = next(answers, b"")
        if not piece:
            return right
        body = b"\xd7" + bytes((reader.exchanges[-1] + 1,)) + piece[1:]
        return [*right[:1], piece[1:] if piece[0] == 0 else framed(body)]

    field = CardField()
    field.lay(FelicaCard(bench_card(), KEYS.card_key(IDM)))
    reader = Rcs380(field, patience_s=0.0)

    def connect() -> object:
        device = nfc.clf.rcs380.init(reader.connect())
        reader.spoil = spoil
        return device

    _used(NfcpyPort("fuzz", connect, sleep=lambda _s: None))


def _used(port: NfcpyPort | PcscPort) -> None:
    """Whatever the chip says is an outcome."""
    with patch("time.sleep"):  # nfcpy's own pauses
        if port.open() is None:
            assert isinstance(port.poll((lite_s.SYSTEM_CODE, 0x0003)), (Polled, NoCard, TwoCards, ReaderFault))
            assert isinstance(port.transceive(READ_SLOTS, 0.01), (bytes, CardLost, ReaderFault))
            assert isinstance(port.health(), (Health, ReaderFault))
            port.field_off()
        port.close()


def _pcsc(data: bytes) -> None:
    """A PC/SC reader's answers: right where a piece is empty, else the piece."""
    transparent.card_answer(data)
    transparent.refusal(data + transparent.OK)
    with suppress(transparent.Garbled):
        objects = transparent.data_objects(data)
        again = b"".join(transparent.data_object(tag, value) for tag, value in objects.items())
        assert transparent.data_objects(again) == objects
    field = SensedField()
    field.lay(FelicaCard(bench_card(), KEYS.card_key(IDM)))
    scard = FakeScard({"RC-S300": ContactlessReader(field)})
    answers = pieces(data)
    scard.spoil = lambda right: next(answers, b"") or right
    _used(PcscPort("", lambda: scard, sleep=lambda _s: None))


class _Line(FullSerial):
    """A serial line at any speed, as reader.serial_speed uses it."""

    def __enter__(self) -> "_Line":
        return self

    def __exit__(self, *_: object) -> None: ...

    def reset_input_buffer(self) -> None: ...

    flush = reset_input_buffer


def _serial_speed(data: bytes) -> None:
    lines = pieces(data)
    with patch("serial.Serial", lambda *_, **__: _Line(next(lines, b""))):
        serial_speed.slow_down("/dev/fuzz")


_POLLED = b"\x01\x01" + bytes((18, 1)) + IDM + LITE_S_PMM
_SESSION_OK = transparent.data_object(transparent.STATUS, b"\0" + transparent.OK) + transparent.OK

TARGETS: dict[str, Target] = {
    "reader-pn532": Target(
        _pn532,
        (),
        (
            in_pieces(b"", b"\xd5\x33", b"", b"\xd5\x4b" + _POLLED, b"", b"\xd5\x43\x00" + READ_SLOTS),
            in_pieces(b"", b"\xd5\x33", b"", b"\xd5\x4b\x00", b"\x00" + ACK, b"\xd5\x4b\x00"),
        ),
    ),
    "reader-rcs380": Target(
        _rcs380,
        (),
        (in_pieces(*[b""] * 9), in_pieces(b"", b"", b"\x01" + bytes(4) + b"\x08" + _POLLED[2:], b"\x01\x80")),
    ),
    "reader-pcsc": Target(
        _pcsc, (), (in_pieces(*[b""] * 9), in_pieces(b"", _SESSION_OK, transparent.NO_ANSWER, _SESSION_OK))
    ),
    "reader-serial-speed": Target(_serial_speed, (), (in_pieces(b"", ACK + bytes.fromhex("0000FF02FED5111A00")),)),
}

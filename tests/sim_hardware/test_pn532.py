"""The simulated PN532 at its wire: frames as in its manual, spaced hex, one a line."""

import os
import select
import tty
from collections.abc import Iterator
from datetime import date
from typing import Any

import nfc.clf.pn532
import nfc.clf.transport
import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import blank_lite_s
from cardimage.issue import issue
from farebox.result import Side
from reader.port import NoCard
from sim.bench import ImageBench, Pn532Bench
from sim.hardware.field import CardField, Moment, Withdrawal
from sim.hardware.pn532 import Pn532
from tariff.account import Account
from tests.cardimage.accounts import IDM
from tests.reader.outcomes import good

ACK = "00 00 FF 00 FF 00"
WAKE_UP = "00 00 00 00 00 00 00 00 00 00"
GET_FIRMWARE = "00 00 FF 02 FE D4 02 2A 00"
FIRMWARE = "00 00 FF 06 FA D5 03 32 01 06 07 E8 00"


class Wire:
    """The host's end of a chip's line."""

    def __init__(self, chip: Pn532) -> None:
        self.chip = chip
        self._line = os.open(chip.path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._line)

    def send(self, frame: str) -> None:
        os.write(self._line, bytes.fromhex(frame))

    def hears(self, *frames: str) -> None:
        """Exactly these come, and nothing after them."""
        expected = bytes.fromhex(" ".join(frames))
        heard = b""
        while len(heard) < len(expected) and select.select((self._line,), (), (), 2)[0]:
            heard += os.read(self._line, 4096)
        assert heard.hex(" ").upper() == expected.hex(" ").upper()

    def close(self) -> None:
        os.close(self._line)


@pytest.fixture
def field() -> CardField:
    return CardField()


@pytest.fixture
def wire(field: CardField) -> Iterator[Wire]:
    with Pn532(field) as chip:
        opened = Wire(chip)
        yield opened
        opened.close()


def laid(field: CardField, withdrawal: Withdrawal | None = None) -> None:
    image = issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))
    field.lay(FelicaCard(image, bytes(16)), withdrawal)


EXCHANGES = {
    "GetFirmwareVersion": (GET_FIRMWARE, FIRMWARE),
    "SAMConfiguration": ("00 00 FF 05 FB D4 14 01 00 00 17 00", "00 00 FF 02 FE D5 15 16 00"),
    "SetParameters": ("00 00 FF 03 FD D4 12 00 1A 00", "00 00 FF 02 FE D5 13 18 00"),
    "SetSerialBaudRate": ("00 00 FF 03 FD D4 10 07 15 00", "00 00 FF 02 FE D5 11 1A 00"),
    "WriteRegister": ("00 00 FF 05 FB D4 08 63 04 83 3A 00", "00 00 FF 02 FE D5 09 22 00"),
    "ReadRegister, RF off": ("00 00 FF 04 FC D4 06 63 04 BF 00", "00 00 FF 03 FD D5 07 80 A4 00"),
    "ReadRegister, three at once": (
        "00 00 FF 08 F8 D4 06 63 29 63 04 63 05 CB 00",
        "00 00 FF 05 FB D5 07 26 80 00 7E 00",
    ),
    "Diagnose": ("00 00 FF 05 FB D4 00 00 AA 55 2D 00", "00 00 FF 05 FB D5 01 00 AA 55 2B 00"),
    "PowerDown": ("00 00 FF 04 FC D4 16 B0 00 66 00", "00 00 FF 03 FD D5 17 00 14 00"),
    "InListPassiveTarget, nobody": (
        "00 00 FF 09 F7 D4 4A 01 01 00 88 B4 00 00 A4 00",
        "00 00 FF 03 FD D5 4B 00 E0 00",
    ),
    "InCommunicateThru, nobody": (
        "00 00 FF 08 F8 D4 42 06 00 88 B4 00 00 A8 00",
        "00 00 FF 03 FD D5 43 01 E7 00",
    ),
}


@pytest.mark.parametrize(("command", "answer"), EXCHANGES.values(), ids=EXCHANGES.keys())
def test_a_command_is_acknowledged_and_answered(wire: Wire, command: str, answer: str) -> None:
    wire.send(command)
    wire.hears(ACK, answer)


def test_the_field_goes_on_and_off(wire: Wire) -> None:
    read = "00 00 FF 04 FC D4 06 63 04 BF 00"
    on, off = "00 00 FF 03 FD D5 07 83 A1 00", "00 00 FF 03 FD D5 07 80 A4 00"
    done = "00 00 FF 02 FE D5 33 F8 00"
    # RFConfiguration: RF on
    wire.send("00 00 FF 04 FC D4 32 01 01 F8 00")
    wire.hears(ACK, done)
    wire.send(read)
    wire.hears(ACK, on)
    # RFConfiguration: RF off
    wire.send("00 00 FF 04 FC D4 32 01 02 F7 00")
    wire.hears(ACK, done)
    wire.send(read)
    wire.hears(ACK, off)
    # InListPassiveTarget switches it on
    wire.send("00 00 FF 09 F7 D4 4A 01 01 00 88 B4 00 00 A4 00")
    wire.hears(ACK, "00 00 FF 03 FD D5 4B 00 E0 00")
    wire.send(read)
    wire.hears(ACK, on)
    # PowerDown off
    wire.send("00 00 FF 04 FC D4 16 B0 00 66 00")
    wire.hears(ACK, "00 00 FF 03 FD D5 17 00 14 00")
    wire.send(read)
    wire.hears(ACK, off)


def test_a_card_is_listed(wire: Wire, field: CardField) -> None:
    laid(field)
    # InListPassiveTarget: one card of 88B4 at 212 kbit/s
    wire.send("00 00 FF 09 F7 D4 4A 01 01 00 88 B4 00 00 A4 00")
    wire.hears(ACK, "00 00 FF 16 EA D5 4B 01 01 12 01 01 2E 4C D1 A0 B3 57 96 00 F1 00 00 00 01 43 00 0A 00")
    assert (field.commands, wire.chip.rf_commands) == (1, 1)


SECOND_IDM = "01 2E 00 00 00 00 00 02"
LISTED = "12 01 01 2E 4C D1 A0 B3 57 96 00 F1 00 00 00 01 43 00"
LISTED_SECOND = f"12 01 {SECOND_IDM} 00 F1 00 00 00 01 43 00"


@pytest.mark.parametrize(
    ("most", "slots", "answer"),
    [
        ("02", "01", f"02 01 {LISTED} 02 {LISTED_SECOND}"),
        ("01", "01", f"01 01 {LISTED}"),
        ("02", "00", "00"),
        ("01", "00", "00"),
    ],
    ids=["both", "no more than asked for", "one slot, neither", "one slot, one asked for, neither"],
)
def test_two_cards_are_listed_if_they_are_asked_for_and_answer_apart(
    wire: Wire, field: CardField, most: str, slots: str, answer: str
) -> None:
    laid(field)
    field.lay_beside(FelicaCard(blank_lite_s(bytes.fromhex(SECOND_IDM)), bytes(16)))
    # InListPassiveTarget
    wire.send(chip_frame(f"D4 4A {most} 01 00 88 B4 00 {slots}"))
    wire.hears(ACK, chip_frame(f"D5 4B {answer}"))
    assert (field.commands, wire.chip.rf_commands) == (1, 1)


def chip_frame(body: str) -> str:
    octets = bytes.fromhex(body)
    head = bytes((len(octets), -len(octets) & 0xFF))
    return (b"\x00\x00\xff" + head + octets + bytes((-sum(octets) & 0xFF, 0))).hex(" ")


@pytest.mark.parametrize(
    "off", ["00 00 FF 04 FC D4 32 01 02 F7 00", "00 00 FF 04 FC D4 16 B0 00 66 00"], ids=["RF off", "PowerDown"]
)
def test_a_card_forgets_its_session_when_the_field_goes_off(wire: Wire, field: CardField, off: str) -> None:
    laid(field)
    # InCommunicateThru: write RC; read S_PAD0 and MAC_A
    challenge = "20 08 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 80" + " 00" * 16
    proof = chip_frame("D4 42 12 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 02 80 00 80 91")
    wire.send(chip_frame("D4 42 " + challenge))
    wire.hears(ACK, chip_frame("D5 43 00 0C 09 01 2E 4C D1 A0 B3 57 96 00 00"))
    wire.send(off)
    wire.hears(ACK, chip_frame("D5 33" if "D4 32" in off else "D5 17 00"))
    wire.send(proof)
    wire.hears(ACK, chip_frame("D5 43 00 0C 07 01 2E 4C D1 A0 B3 57 96 02 B2"))


def test_a_frame_is_passed_through_with_its_status(wire: Wire, field: CardField) -> None:
    laid(field)
    # InCommunicateThru: Polling, with its length byte
    wire.send("00 00 FF 08 F8 D4 42 06 00 88 B4 00 00 A8 00")
    wire.hears(ACK, "00 00 FF 15 EB D5 43 00 12 01 01 2E 4C D1 A0 B3 57 96 00 F1 00 00 00 01 43 00 14 00")


def test_a_card_withdrawn_is_a_timeout(wire: Wire, field: CardField) -> None:
    laid(field, Withdrawal(1, Moment.AFTER))
    wire.send("00 00 FF 08 F8 D4 42 06 00 88 B4 00 00 A8 00")
    wire.hears(ACK, "00 00 FF 03 FD D5 43 01 E7 00")
    assert (field.commands, wire.chip.rf_commands) == (1, 0)


def extended(body: bytes) -> str:
    size = len(body).to_bytes(2, "big")
    tail = bytes((-sum(size) & 0xFF,)) + body + bytes((-sum(body) & 0xFF, 0))
    return (b"\x00\x00\xff\xff\xff" + size + tail).hex(" ")


@pytest.mark.parametrize("size", [252, 253, 254, 262, 263])
def test_frames_past_255_bytes_are_extended(wire: Wire, size: int) -> None:
    body = bytes(place & 0xFF for place in range(size))
    # Diagnose, the line test: an extended frame is taken at any length, and sent where it must be
    wire.send(extended(b"\xd4\x00" + body))
    answer = b"\xd5\x01" + body
    if len(answer) > 255:
        wire.hears(ACK, extended(answer))
    else:
        check = bytes((-sum(answer) & 0xFF, 0))
        wire.hears(ACK, "00 00 FF", bytes((len(answer), -len(answer) & 0xFF)).hex(), (answer + check).hex())


def test_the_line_test_of_nfcpy_holds() -> None:
    with Pn532(CardField()) as chip:
        transport: Any = nfc.clf.transport.TTY(chip.path)
        device: Any = nfc.clf.pn532.init(transport)
        before = chip.bytes_on_the_wire
        assert device.chipset.diagnose("line") is True
        # there and back: 10 bytes of extended frame, 2 of code, 1 of test, 262 of data; and an ACK
        assert chip.bytes_on_the_wire - before == 2 * (10 + 2 + 1 + 262) + 6
        device.close()


def test_a_frame_may_come_byte_by_byte(wire: Wire) -> None:
    for octet in GET_FIRMWARE.split():
        wire.send(octet)
    wire.hears(ACK, FIRMWARE)


def test_frames_may_come_together(wire: Wire) -> None:
    wire.send(GET_FIRMWARE + "00 00 FF 03 FD D4 12 00 1A 00")
    wire.hears(ACK, FIRMWARE, ACK, "00 00 FF 02 FE D5 13 18 00")


@pytest.mark.parametrize(
    "before",
    [
        # the long preamble that wakes the chip
        WAKE_UP,
        # the host's ACK, which cancels a command
        ACK,
        # noise
        "37 12 FF 00 41",
        # a command whose check is wrong
        "00 00 FF 02 FE D4 02 2B 00",
        # frames of no body, and of one byte
        "00 00 FF 00 00 00 00",
        "00 00 FF 01 FF D4 2C 00",
        # a frame that was never the host's
        "00 00 FF 02 FE D5 02 29 00",
    ],
)
def test_what_is_no_command_is_passed_over(wire: Wire, before: str) -> None:
    wire.send(before)
    wire.send(GET_FIRMWARE)
    wire.hears(ACK, FIRMWARE)


def test_a_command_it_does_not_know_is_only_acknowledged(wire: Wire) -> None:
    # InJumpForDEP
    wire.send("00 00 FF 02 FE D4 56 D6 00")
    wire.send(GET_FIRMWARE)
    wire.hears(ACK, ACK, FIRMWARE)


def test_a_chip_can_be_closed_twice() -> None:
    chip = Pn532(CardField())
    chip.close()
    chip.close()


# -- benches


def test_no_moment_can_be_planned_on_images() -> None:
    bench = ImageBench()
    image = issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))
    with pytest.raises(ValueError, match="simulated PN532"):
        bench.lay(Side.BOARDING, image, Withdrawal(1, Moment.AFTER))
    bench.close()


def test_a_bench_of_two_chips_lays_and_lifts_each_for_itself() -> None:
    bench = Pn532Bench()
    image = issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))
    bench.lay(Side.ALIGHTING, image)
    assert bench.readers.boarding.wait() == NoCard()
    session = bench.readers.alighting.wait()
    assert not isinstance(session, tuple)
    good(session.open(0, 1))
    assert (bench.commands(Side.BOARDING), bench.commands(Side.ALIGHTING)) == (0, 3)
    bench.lift(Side.ALIGHTING)
    assert bench.readers.alighting.wait() == NoCard()
    bench.close()

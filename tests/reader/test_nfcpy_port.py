"""The port over the real nfcpy and the real pyserial, with a chip at the far end that behaves badly."""

import importlib
import logging
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import nfc.clf
import nfc.clf.device
import nfc.clf.pn53x
import nfc.clf.pn532
import nfc.clf.rcs380
import nfc.clf.transport
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.felica_card import FelicaCard
from cardimage.issue import issue
from reader.felica import FelicaReader, LiteSSession
from reader.keys import bench_keys
from reader.nfcpy_port import NfcpyPort, tty_port, usb_port
from reader.port import CardLost, FramePort, Indeterminate, NoCard, Polled, ReaderFault, ReaderMissing, TwoCards, opened
from sim.hardware.field import CardField
from sim.hardware.pn532 import ACK, Pn532
from tariff.account import Account
from tests.cardimage.accounts import IDM
from tests.reader.broken_chip import BrokenChip, Spoil
from tests.reader.outcomes import good

PMM = bytes.fromhex("00 F1 00 00 00 01 43 00")
READ_SLOTS = bytes.fromhex("12 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 02 80 00 80 01")
SYSTEM = 0x88B4
HERE = Polled(IDM, PMM, SYSTEM)
ANSWER_S = 0.15
"""A chip that has acknowledged answers a poll within this; nfcpy itself gives the acknowledgement no more than 0.1."""


def at_once(_seconds: float) -> None:
    """No pause: a simulated card has power as soon as the field is on."""


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    # nfcpy logs each error that it raises, too.
    caplog.set_level(logging.CRITICAL, logger="nfc")


def a_card() -> FelicaCard:
    return FelicaCard(issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20)), bench_keys().card_key(IDM))


def laid() -> CardField:
    field = CardField()
    field.lay(a_card())
    return field


@pytest.fixture
def chip() -> Iterator[BrokenChip]:
    with BrokenChip(laid()) as broken:
        yield broken


@pytest.fixture
def port(chip: BrokenChip) -> Iterator[FramePort]:
    at_chip = opened(tty_port(chip.path, ANSWER_S, at_once))
    yield at_chip
    chip.spoil = None
    at_chip.close()


# -- opening


def missing(path: str) -> str:
    with pytest.raises(ReaderMissing) as caught:
        opened(tty_port(path))
    message = str(caught.value)
    assert path in message
    assert "check the cable, the device name" in message
    assert "dialout" in message
    return message


def test_a_device_that_is_not_there_is_missing() -> None:
    assert "No such file" in missing("/dev/ttyNONE7")


def test_a_file_that_is_no_tty_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "ttyUSB0"
    path.write_bytes(b"")
    missing(str(path))
    missing(str(tmp_path))
    missing("/dev/null")


@pytest.mark.parametrize("name", ["tty;touch made;", "tty USB0", "$(touch made)", "tty\nUSB0", ""])
def test_a_path_never_reaches_a_shell_as_a_command(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chip: BrokenChip
) -> None:
    monkeypatch.chdir(tmp_path)
    if name:
        Path(name).symlink_to(chip.path)
    with pytest.raises(ReaderMissing, match="check the device name"):
        opened(tty_port(name))
    assert not Path("made").exists()


def test_a_line_that_answers_nothing_is_missing() -> None:
    chip_end, host_end = os.openpty()
    try:
        missing(os.ttyname(host_end))
    finally:
        os.close(chip_end)
        os.close(host_end)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: ACK,
        lambda data: data[:3],
        lambda data: data[:9],
        lambda _: bytes(40),
        lambda _: b"OK\r\n",
        lambda data: data.replace(b"\xd5", b"\xd4"),
    ],
    ids=["silence", "ACK alone", "three bytes", "a frame cut short", "zeros", "a modem", "another answer"],
)
def test_a_chip_that_answers_amiss_is_missing(spoil: Spoil) -> None:
    with BrokenChip(CardField(), spoil) as dead:
        missing(dead.path)


def test_a_chip_that_fails_its_line_test_is_missing() -> None:
    def spoil(data: bytes) -> bytes:
        # The one extended frame of opening is the echo of the line test; change a byte of it and its check.
        if data[len(ACK) : len(ACK) + 5] != bytes.fromhex("00 00 FF FF FF"):
            return data
        return data[:-3] + bytes((data[-3] ^ 1, data[-2] - 1 + 2 * (data[-3] & 1) & 0xFF, 0))

    with BrokenChip(CardField(), spoil) as dead:
        assert "OSError" in missing(dead.path)


def test_a_port_is_named_by_its_path(chip: BrokenChip, port: FramePort) -> None:
    assert port.name == f"tty:{chip.path}"


def test_a_line_can_be_opened_again_after_a_failure() -> None:
    with BrokenChip(laid(), lambda _: b"") as dead:
        missing(dead.path)
        dead.spoil = None
        again = opened(tty_port(dead.path))
        assert again.poll((SYSTEM,)) == HERE
        again.close()


def test_no_usb_reader_is_missing_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    def frontend(path: str) -> None:
        assert path == "usb"
        raise OSError(19, "No such device")

    monkeypatch.setattr(nfc, "ContactlessFrontend", frontend)
    with pytest.raises(ReaderMissing, match=r"no USB card reader: OSError .*No such device.*plugdev.*libusb"):
        opened(usb_port())


# -- a good chip


def test_a_card_is_polled_and_answers(port: FramePort) -> None:
    assert port.poll((SYSTEM,)) == HERE
    answer = port.transceive(READ_SLOTS, 0.05)
    assert isinstance(answer, bytes)
    assert answer[:13] == bytes.fromhex("2D 07") + IDM + bytes.fromhex("00 00 02")


def test_the_system_code_is_named(port: FramePort) -> None:
    assert port.poll((0x0003,)) == NoCard()


def test_a_card_that_keeps_silent_is_lost(port: FramePort, chip: BrokenChip) -> None:
    assert port.poll((SYSTEM,)) == HERE
    chip.field.lift()
    assert port.transceive(READ_SLOTS, 0.05) == CardLost()
    assert port.poll((SYSTEM,)) == NoCard()


def test_each_command_is_one_command_of_the_chip(port: FramePort, chip: BrokenChip) -> None:
    port.poll((SYSTEM,))
    before = chip.bytes_on_the_wire
    port.transceive(READ_SLOTS, 0.05)
    # The command's frame of 9 and the FeliCa frame, an ACK, the answer's of 10 and the FeliCa frame.
    assert chip.bytes_on_the_wire - before == 9 + 0x12 + 6 + 10 + 0x2D
    before = chip.bytes_on_the_wire
    port.poll((SYSTEM,))
    # As much for a poll: two more for count and number of targets, and for how many and how fast.
    assert chip.bytes_on_the_wire - before == 9 + 2 + 5 + 6 + 9 + 2 + 0x12


# -- time


class Hand:
    """A clock that only sleeping moves, and a hand that lays a card when it has slept so often."""

    def __init__(self, after_sleeps: int = -1, lay: Callable[[], object] = int) -> None:
        self.now_s = 100.0
        self.slept_s: list[float] = []
        self._after_sleeps = after_sleeps
        self._lay = lay

    def clock(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        self.now_s += duration_s
        self.slept_s.append(duration_s)
        if len(self.slept_s) == self._after_sleeps:
            self._lay()


def timed(chip: Pn532, hand: Hand) -> NfcpyPort:
    port = NfcpyPort("tty", lambda: nfc.clf.pn532.init(nfc.clf.transport.TTY(chip.path)), hand.clock, hand.sleep)
    assert port.open() is None
    return port


def test_the_field_is_given_time_once_and_again_after_it_was_off(chip: BrokenChip) -> None:
    hand = Hand()
    port = timed(chip, hand)
    assert hand.slept_s == []
    port.poll((SYSTEM,))
    assert hand.slept_s == [0.005]
    port.poll((SYSTEM,))
    port.transceive(READ_SLOTS, 0.05)
    assert hand.slept_s == [0.005]
    port.field_off()
    port.poll((SYSTEM,))
    assert hand.slept_s == [0.005, 0.005]
    port.close()


@pytest.mark.parametrize(
    ("wait_s", "looks"), [(-1.0, 1), (0.0, 1), (0.001, 2), (0.004, 2), (0.006, 3), (0.018, 5), (0.022, 6)]
)
def test_an_empty_field_is_looked_at_until_the_deadline(chip: BrokenChip, wait_s: float, looks: int) -> None:
    hand = Hand()
    port = timed(chip, hand)
    port.poll((SYSTEM,))  # the field is on
    before = chip.field.commands
    assert port.poll((0x0003,), hand.now_s + wait_s) == NoCard()
    assert chip.field.commands - before == looks
    assert hand.slept_s[1:] == [0.005] * (looks - 1)
    port.close()


def test_a_card_laid_before_the_deadline_is_found_and_no_longer_waited_for() -> None:
    with Pn532(CardField()) as chip:
        hand = Hand(after_sleeps=4, lay=lambda: chip.field.lay(a_card()))
        port = timed(chip, hand)
        assert port.poll((SYSTEM,), hand.now_s + 60.0) == HERE
        assert len(hand.slept_s) == 4
        assert chip.field.commands == 1
        port.close()


# -- garbage on the line

HEAD = len(ACK)


def edited(place: int, change: int) -> Spoil:
    """One byte of the answer's frame turned over; a place below 0 counts from its end."""

    def spoil(data: bytes) -> bytes:
        octets = bytearray(data)
        octets[place if place < 0 else HEAD + place] ^= change
        return bytes(octets)

    return spoil


NOISE = Random(20).randbytes(300)

SPOILS: dict[str, Spoil] = {
    "silence": lambda _: b"",
    "ACK alone": lambda _: ACK,
    "ACK cut": lambda data: data[:3],
    "ACK cut at its end": lambda data: data[:5],
    "the frame cut in its start": lambda data: data[: HEAD + 2],
    "the frame cut before its length": lambda data: data[: HEAD + 3],
    "the frame cut in its body": lambda data: data[: HEAD + 7],
    "the frame cut at its end": lambda data: data[:-1],
    "an extended frame cut": lambda _: ACK + bytes.fromhex("00 00 FF FF FF 01"),
    "an extended frame of wrong length": lambda _: ACK + bytes.fromhex("00 00 FF FF FF 00 02 FE D5 43 E8 00"),
    "a wrong start": edited(2, 0xFF),
    "a wrong length": edited(3, 0x01),
    "a wrong check of the length": edited(4, 0x01),
    "not from the chip": edited(5, 0x01),
    "the answer to another command": edited(6, 0x02),
    "a wrong check": edited(-2, 0x10),
    "an error frame": lambda _: ACK + bytes.fromhex("00 00 FF 01 FF 7F 81 00"),
    "an empty answer": lambda _: ACK + bytes.fromhex("00 00 FF 02 FE D5 43 E8 00"),
    "a frame of no bytes": lambda _: ACK + bytes.fromhex("00 00 FF 00 00 00 00"),
    "zeros": lambda data: bytes(len(data)),
    "ones": lambda data: b"\xff" * len(data),
    "noise": lambda _: NOISE,
    "noise first": lambda data: b"\x37\x00\xff" + data,
    "words": lambda _: b"Linux login: ",
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_garbage_is_a_fault_of_the_reader_and_passes(chip: BrokenChip, port: FramePort, spoil: Spoil) -> None:
    assert port.poll((SYSTEM,)) == HERE
    chip.spoil = spoil
    assert isinstance(port.transceive(READ_SLOTS, 0.01), (ReaderFault, CardLost))
    polled = port.poll((SYSTEM,))
    assert isinstance(polled, ReaderFault)
    assert polled.reader == f"tty:{chip.path}"
    # What is left on the line from before is not taken for a later answer.
    chip.spoil = None
    assert port.poll((SYSTEM,)) == HERE
    answer = port.transceive(READ_SLOTS, 0.05)
    assert isinstance(answer, bytes)
    assert answer[1:10] == b"\x07" + IDM


def test_a_truncated_frame_makes_nfcpy_raise_what_no_one_would_expect(chip: BrokenChip, port: FramePort) -> None:
    chip.spoil = SPOILS["ACK cut"]
    fault = port.transceive(READ_SLOTS, 0.01)
    assert isinstance(fault, ReaderFault)
    assert fault.what.startswith("IndexError")


def test_an_answer_whose_ack_was_lost_is_an_answer(chip: BrokenChip, port: FramePort) -> None:
    chip.spoil = lambda data: data[HEAD:]
    assert port.poll((SYSTEM,)) == HERE


class OneBehind:
    """Holds an answer back until the next command, whose own answer follows it."""

    def __init__(self) -> None:
        self._held = b""

    def __call__(self, data: bytes) -> bytes:
        late, self._held = self._held, data[HEAD:]
        return (late + data) if late else ACK


def test_an_answer_that_comes_late_is_not_taken_for_the_next_ones() -> None:
    with BrokenChip(laid()) as chip:
        reader = FelicaReader(opened(tty_port(chip.path)), bench_keys(), os.urandom)
        session = reader.wait()
        assert isinstance(session, LiteSSession)
        good(session.open(0, 1))
        chip.spoil = OneBehind()
        assert session.write(1, b"x" * 16) == Indeterminate(1)
        # The answer to the write arrives now, and is none to a read.
        assert session.read(0, 1) == CardLost()
        chip.spoil = None
        assert good(session.read(0, 1))[1] == b"x" * 16
        reader.close()


@pytest.mark.parametrize("status", [0x02, 0x03, 0x05, 0x0B, 0x13])
def test_an_answer_garbled_on_the_air_is_a_card_that_slid_away(chip: BrokenChip, port: FramePort, status: int) -> None:
    check = -(0xD5 + 0x43 + status) & 0xFF
    chip.spoil = lambda _: ACK + bytes.fromhex("00 00 FF 03 FD D5 43") + bytes((status, check, 0))
    assert port.transceive(READ_SLOTS, 0.01) == CardLost()


@pytest.mark.parametrize("status", sorted({*range(0x02, 0x40)} - {0x02, 0x03, 0x05, 0x0B, 0x13}))
def test_every_other_error_of_the_chip_is_an_outcome(chip: BrokenChip, port: FramePort, status: int) -> None:
    check = -(0xD5 + 0x43 + status) & 0xFF
    chip.spoil = lambda _: ACK + bytes.fromhex("00 00 FF 03 FD D5 43") + bytes((status, check, 0))
    fault = port.transceive(READ_SLOTS, 0.01)
    assert isinstance(fault, ReaderFault)
    assert f"0x{status:02X}" in fault.what


def test_garbage_within_a_session() -> None:
    with BrokenChip(laid()) as chip:
        reader = FelicaReader(opened(tty_port(chip.path)), bench_keys(), os.urandom)
        session = reader.wait()
        assert isinstance(session, LiteSSession)
        good(session.open(0, 1))
        chip.spoil = SPOILS["a wrong check"]
        assert isinstance(session.read(0, 1), ReaderFault)
        # The write reached the card; only its answer was spoilt.
        assert session.write(1, b"x" * 16) == Indeterminate(1)
        chip.spoil = None
        assert session.read(1) == (b"x" * 16,)
        reader.close()


# -- any bytes: the real driver over a serial port that holds them already, so that nothing is waited for


class FullSerial:
    """What pyserial offers, as far as nfcpy's TTY uses it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.timeout = 0.0
        self.port = "full"
        self.baudrate = 115_200

    def read(self, size: int) -> bytes:
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def write(self, data: bytes) -> int:
        return len(data)

    def flushInput(self) -> None:
        """The bytes are meant to be read, not thrown away."""

    flushOutput = close = flushInput


def driven_by(data: bytes) -> NfcpyPort:
    transport: Any = object.__new__(nfc.clf.transport.TTY)
    transport.tty = FullSerial(data)
    device: Any = object.__new__(nfc.clf.pn532.Device)
    device.log = logging.getLogger("nfc.clf.pn532")
    device.chipset = nfc.clf.pn532.Chipset(transport, device.log)
    return at(device)


def at(device: object) -> NfcpyPort:
    port = NfcpyPort("usb", lambda: device, sleep=at_once)
    assert port.open() is None
    return port


def chip_frame(body: bytes) -> bytes:
    size = len(body)
    return b"\x00\x00\xff" + bytes((size, -size & 0xFF)) + body + bytes((-sum(body) & 0xFF, 0))


pieces = (
    st.just(ACK)
    | st.binary(max_size=30)
    | st.binary(max_size=60).map(lambda body: chip_frame(b"\xd5\x43" + body))
    | st.binary(max_size=60).map(lambda body: chip_frame(b"\xd5\x4b" + body))
    | st.binary(max_size=4).map(lambda body: chip_frame(b"\xd5\x07" + body))
    | st.binary(max_size=60).map(chip_frame)
    | st.binary(max_size=20).map(lambda tail: b"\x00\x00\xff\xff\xff" + tail)
)
lines = st.lists(pieces, max_size=6).map(b"".join)


@given(lines)
def test_no_bytes_on_the_line_are_too_much_at_an_exchange(data: bytes) -> None:
    assert isinstance(driven_by(data).transceive(READ_SLOTS, 0.01), (bytes, CardLost, ReaderFault))


@given(lines)
def test_no_bytes_on_the_line_are_too_much_at_a_poll(data: bytes) -> None:
    assert isinstance(driven_by(data).poll((SYSTEM,)), (Polled, NoCard, ReaderFault))


FIELD_ON = ACK + chip_frame(b"\xd5\x33")
FIRST, SECOND = (bytes((18, 0x01, *idm, *PMM)) for idm in (IDM, bytes.fromhex("01 2E 00 00 00 00 00 02")))


def polled(answer: bytes) -> object:
    """What the port makes of a whole answer to InListPassiveTarget."""
    return driven_by(FIELD_ON + ACK + chip_frame(b"\xd5\x4b" + answer)).poll((SYSTEM,))


def test_one_card_listed_is_polled() -> None:
    assert polled(b"\x01\x01" + FIRST) == HERE


def test_a_card_that_tells_its_system_too_is_polled() -> None:
    assert polled(b"\x01\x01\x14" + FIRST[1:] + b"\x88\xb4") == HERE


def test_two_cards_listed_are_two_cards() -> None:
    assert polled(b"\x02\x01" + FIRST + b"\x02" + SECOND) == TwoCards()


@pytest.mark.parametrize("size", range(len(FIRST)))
def test_a_second_card_cut_short_is_no_card_and_the_first_one_is(size: int) -> None:
    assert polled(b"\x02\x01" + FIRST + b"\x02" + SECOND[:size]) == HERE


@given(st.binary(max_size=40))
def test_a_card_that_answers_a_poll_with_too_little_is_no_card(answer: bytes) -> None:
    whole = len(answer) >= 18 and 18 <= answer[0] <= len(answer) and answer[1] == 1
    assert polled(b"\x01\x01" + answer) == (Polled(answer[2:10], answer[10:18], SYSTEM) if whole else NoCard())


def test_a_chip_that_does_not_answer_the_goodbye_is_let_go_all_the_same() -> None:
    for line in (b"", ACK, NOISE):
        port = driven_by(line)
        assert port._chip is not None
        transport = port._chip.device.chipset.transport
        port.close()
        assert transport.tty is None


def test_closing_is_quiet_whatever_is_on_the_line() -> None:
    for data in (b"", ACK, b"\x00\x00\xff", NOISE):
        driven_by(data).close()


@pytest.mark.parametrize("driver", sorted(set(nfc.clf.device.usb_device_map.values())))
def test_every_usb_reader_that_nfcpy_knows_is_of_a_kind_we_drive(driver: str) -> None:
    """An RC-S380, or of the PN532's family: the port tells no others apart."""
    chipset = importlib.import_module(f"nfc.clf.{driver}").Chipset
    assert issubclass(chipset, (nfc.clf.pn53x.Chipset, nfc.clf.rcs380.Chipset))
    assert issubclass(chipset, nfc.clf.rcs380.Chipset) or chipset.in_list_passive_target_max_target >= 1

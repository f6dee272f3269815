"""The port over the real nfcpy and a simulated RC-S380 on USB: its exchanges counted, its errors and its bad days."""

import logging
import os
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import nfc.clf
import nfc.clf.rcs380
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.felica import FelicaReader, LiteSSession
from reader.keys import bench_keys
from reader.nfcpy_port import NfcpyPort, usb_port
from reader.port import CardLost, FramePort, Indeterminate, NoCard, Polled, ReaderFault, ReaderMissing, opened
from sim.hardware.field import CardField
from sim.hardware.rcs380 import (
    ACK,
    GET_FIRMWARE_VERSION,
    GET_PD_DATA_VERSION,
    IN_COMM_RF,
    IN_SET_PROTOCOL,
    IN_SET_RF,
    SET_COMMAND_TYPE,
    SWITCH_RF,
    Rcs380,
    framed,
)
from tests.cardimage.accounts import IDM
from tests.contract.usb_bus import usb_bus
from tests.reader.outcomes import good
from tests.reader.test_nfcpy_port import HERE, READ_SLOTS, SYSTEM, Hand, a_card

OPENING = [SET_COMMAND_TYPE, GET_FIRMWARE_VERSION, GET_PD_DATA_VERSION, SWITCH_RF, GET_FIRMWARE_VERSION]
FIRST_POLL = [IN_SET_RF, IN_SET_PROTOCOL, IN_COMM_RF]
ERROR_FRAME = bytes.fromhex("00 00 FF FF FF")


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    # nfcpy logs each error that it meets, too.
    caplog.set_level(logging.CRITICAL, logger="nfc")


@pytest.fixture
def usb() -> Iterator[Rcs380]:
    """A reader on the bus with a card on it. What would hang is over at once: `patience_s`."""
    field = CardField()
    field.lay(a_card())
    reader = Rcs380(field, patience_s=0.0)
    with usb_bus(reader):
        yield reader


@pytest.fixture
def port(usb: Rcs380) -> Iterator[FramePort]:
    at_reader = opened(usb_port())
    usb.exchanges.clear()
    yield at_reader
    at_reader.close()


# -- exchanges


def test_opening_is_nfcpys_own(usb: Rcs380) -> None:
    opened(usb_port()).close()
    assert usb.exchanges == [*OPENING, SWITCH_RF]


def test_a_poll_and_a_command_are_one_exchange_each_once_the_chip_is_told(port: FramePort, usb: Rcs380) -> None:
    assert port.poll((SYSTEM,)) == HERE
    assert usb.exchanges == FIRST_POLL
    usb.exchanges.clear()
    assert port.poll((SYSTEM,)) == HERE
    assert usb.exchanges == [IN_COMM_RF]
    assert port.poll((0x0003, 0x12FC)) == NoCard()
    assert usb.exchanges == [IN_COMM_RF] * 3
    usb.exchanges.clear()
    assert isinstance(port.transceive(READ_SLOTS, 0.05), bytes)
    assert usb.exchanges == [IN_COMM_RF]
    usb.field.lift()
    assert port.transceive(READ_SLOTS, 0.05) == CardLost()
    assert usb.exchanges == [IN_COMM_RF] * 2


def test_after_field_off_the_chip_is_told_anew(port: FramePort, usb: Rcs380) -> None:
    port.poll((SYSTEM,))
    usb.exchanges.clear()
    port.field_off()
    assert usb.exchanges == [SWITCH_RF]
    assert port.poll((SYSTEM,)) == HERE
    assert port.poll((SYSTEM,)) == HERE
    assert usb.exchanges == [SWITCH_RF, *FIRST_POLL, IN_COMM_RF]


def test_a_boarding_takes_six_exchanges_and_then_four(port: FramePort, usb: Rcs380) -> None:
    reader = FelicaReader(port, bench_keys(), os.urandom)
    for expected in (6, 4):
        usb.exchanges.clear()
        session = reader.wait()
        assert isinstance(session, LiteSSession)
        good(session.open(0, 1))
        session.write(1, b"x" * 16)
        assert len(usb.exchanges) == expected


def test_nfcpys_own_way_takes_four_for_a_poll_and_three_a_command_with_the_same_settings(usb: Rcs380) -> None:
    ours = opened(usb_port())
    ours.poll((SYSTEM,))
    settings = usb.settings
    ours.close()
    device: Any = nfc.clf.rcs380.init(usb.connect())
    usb.exchanges.clear()
    target = device.sense_ttf(nfc.clf.RemoteTarget("212F", sensf_req=bytearray.fromhex("00 88 B4 00 00")))
    assert usb.exchanges == [IN_SET_RF, IN_SET_PROTOCOL, IN_SET_PROTOCOL, IN_COMM_RF]
    assert usb.settings == settings
    usb.exchanges.clear()
    device.send_cmd_recv_rsp(target, bytearray(READ_SLOTS), 0.05)
    assert usb.exchanges == [IN_SET_RF, IN_SET_PROTOCOL, IN_COMM_RF]
    assert usb.settings == settings
    device.close()


@pytest.mark.parametrize(
    ("timeout_s", "tenths_ms"),
    [(0.0, 20), (0.0001, 20), (0.001, 20), (0.0011, 30), (0.05, 510), (0.1, 1_010), (6.0, 60_010), (9_999.0, 60_010)],
)
def test_the_chip_waits_as_long_as_asked_and_a_millisecond_but_never_for_ever(
    usb: Rcs380, port: FramePort, timeout_s: float, tenths_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    really = usb._execute

    def execute(command: int, data: bytes) -> bytes | None:
        sent.append(data)
        return really(command, data)

    monkeypatch.setattr(usb, "_execute", execute)
    port.poll((SYSTEM,))
    port.transceive(READ_SLOTS, timeout_s)
    assert int.from_bytes(sent[-1][:2], "little") == tenths_ms


# -- status of the air


def answering(usb: Rcs380, answer: bytes, command: int = IN_COMM_RF) -> None:
    """From now on the reader answers this command so, after its acknowledgement."""

    def spoil(frames: list[bytes]) -> list[bytes]:
        return [ACK, framed(bytes((0xD7, command + 1)) + answer)] if usb.exchanges[-1] == command else frames

    usb.spoil = spoil


CARD_SLID_AWAY = {
    0x01: "protocol",
    0x02: "parity",
    0x04: "check sum",
    0x08: "collision",
    0x10: "overflow",
    0x80: "no answer in time",
    0x84: "no answer in time, check sum",
    0x8000_0000: "length",
}
FAULTS = {
    0x40: "TEMPERATURE_ERROR",
    0x100: "CRYPTO1_ERROR",
    0x200: "RFCA_ERROR",
    0x400: "RF_OFF_ERROR",
    0x800: "TRANSMIT_TIMEOUT_ERROR",
    0x20: "0x00000020",
    0x1000: "0x00001000",
    0x4000_0000: "0x40000000",
    0xC0: "0x000000C0",
}


@pytest.mark.parametrize("status", CARD_SLID_AWAY, ids=CARD_SLID_AWAY.values())
def test_no_answer_or_a_garbled_one_is_a_card_that_slid_away(usb: Rcs380, port: FramePort, status: int) -> None:
    port.poll((SYSTEM,))
    answering(usb, status.to_bytes(4, "little"))
    assert port.transceive(READ_SLOTS, 0.05) == CardLost()
    assert port.poll((SYSTEM,)) == NoCard()
    usb.spoil = None
    assert port.poll((SYSTEM,)) == HERE


@pytest.mark.parametrize("status", FAULTS, ids=FAULTS.values())
def test_every_other_status_is_a_fault_of_the_reader(usb: Rcs380, port: FramePort, status: int) -> None:
    port.poll((SYSTEM,))
    answering(usb, status.to_bytes(4, "little"))
    for outcome in (port.transceive(READ_SLOTS, 0.05), port.poll((SYSTEM,))):
        assert isinstance(outcome, ReaderFault)
        assert outcome.reader == "usb"
        assert FAULTS[status] in outcome.what
    # The exchange itself went well, so the next one does too.
    usb.spoil = None
    assert port.poll((SYSTEM,)) == HERE


def test_a_field_that_was_switched_off_behind_our_back_is_a_fault(usb: Rcs380, port: FramePort) -> None:
    fault = port.transceive(READ_SLOTS, 0.05)  # no poll yet, so no field
    assert isinstance(fault, ReaderFault)
    assert "RF_OFF_ERROR" in fault.what


@pytest.mark.parametrize("answer", ["", "00", "00 00 00", "00 00 00 00", "00 00 00 00 08", "80 00"])
def test_an_answer_too_short_to_hold_a_frame_is_a_fault(usb: Rcs380, port: FramePort, answer: str) -> None:
    port.poll((SYSTEM,))
    answering(usb, bytes.fromhex(answer))
    assert isinstance(port.transceive(READ_SLOTS, 0.05), ReaderFault)
    assert isinstance(port.poll((SYSTEM,)), ReaderFault)


@pytest.mark.parametrize("command", [IN_SET_RF, IN_SET_PROTOCOL])
def test_settings_that_the_chip_refuses_are_a_fault_and_tried_again(usb: Rcs380, port: FramePort, command: int) -> None:
    answering(usb, b"\x01", command)
    fault = port.poll((SYSTEM,))
    assert isinstance(fault, ReaderFault)
    assert "PARAMETER_ERROR" in fault.what
    usb.spoil = None
    assert port.poll((SYSTEM,)) == HERE


# -- out of step


class OneBehind:
    """Holds each answer back until the next command, whose acknowledgement follows it."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def __call__(self, frames: list[bytes]) -> list[bytes]:
        late, self._held = self._held, frames[1:]
        return [*late, frames[0]]


AMISS = {
    "nothing": [],
    "an empty transfer": [b""],
    "the acknowledgement alone": [ACK],
    "the answer alone": [framed(bytes.fromhex("D7 05 00 00 00 00 08 01"))],
    "two acknowledgements": [ACK, ACK],
    "the chip's error": [ERROR_FRAME],
    "the chip's error after the acknowledgement": [ACK, ERROR_FRAME],
    "an answer to another command": [ACK, framed(bytes.fromhex("D7 03 00"))],
    "a frame of the host's": [ACK, framed(bytes.fromhex("D6 05 00 00 00 00 08 01"))],
    "a frame without code": [ACK, framed(b"\xd7")],
    "a frame of nothing": [ACK, framed(b"")],
    "a frame cut in its length": [ACK, bytes.fromhex("00 00 FF FF FF 05")],
    "half an acknowledgement": [ACK[:3]],
    "words": [b"Linux login: "],
    "a transfer too long": [ACK, framed(bytes(301))],
}


@pytest.mark.parametrize("frames", AMISS.values(), ids=AMISS.keys())
def test_what_is_no_answer_is_a_fault_until_the_reader_is_opened_again(
    usb: Rcs380, port: FramePort, frames: list[bytes]
) -> None:
    port.poll((SYSTEM,))
    usb.spoil = lambda _: frames
    assert isinstance(port.transceive(READ_SLOTS, 0.05), ReaderFault)
    usb.spoil = None
    asked = len(usb.exchanges)
    # What comes now might be an answer to what was asked before.
    for outcome in (port.poll((SYSTEM,)), port.transceive(READ_SLOTS, 0.05), port.health(), port.field_off()):
        assert isinstance(outcome, ReaderFault)
        assert "opened again" in outcome.what
    port.close()
    assert len(usb.exchanges) == asked
    assert not usb.is_claimed
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE


@pytest.mark.parametrize("amiss", [IN_SET_RF, IN_SET_PROTOCOL])
@pytest.mark.parametrize("frames", [[ACK], [ERROR_FRAME], [ACK, framed(b"\xd7\x05\x00")]])
def test_a_chip_that_did_not_hear_its_settings_is_no_reader_without_cards(
    usb: Rcs380, port: FramePort, amiss: int, frames: list[bytes]
) -> None:
    # nfcpy itself goes on, and would find no card for ever after.
    usb.spoil = lambda good_ones: frames if usb.exchanges[-1] == amiss else good_ones
    assert isinstance(port.poll((SYSTEM,)), ReaderFault)


def test_an_answer_that_comes_late_is_not_taken_for_the_next_ones(usb: Rcs380) -> None:
    reader = FelicaReader(opened(usb_port()), bench_keys(), os.urandom)
    session = reader.wait()
    assert isinstance(session, LiteSSession)
    old = good(session.open(0, 1))
    usb.spoil = OneBehind()
    # The read's answer is held back; when the slot has changed, it would be an honest one of before.
    assert isinstance(session.read(0, 1), ReaderFault)
    assert session.write(1, b"x" * 16) == Indeterminate(1)
    assert isinstance(session.read(0, 1), ReaderFault)
    usb.spoil = None
    assert isinstance(session.read(0, 1), ReaderFault)
    assert isinstance(reader.wait(), ReaderFault)
    again = reader.wait()
    assert isinstance(again, LiteSSession)
    assert good(again.open(0, 1)) == old  # the write was never sent: the reader was out of step
    reader.close()


def test_a_reader_that_fails_at_opening_says_so_and_is_let_go(usb: Rcs380) -> None:
    port = usb_port("054c:06c3")
    for frames in AMISS.values():
        usb.spoil = lambda _, frames=frames: frames
        fault = port.open()
        assert isinstance(fault, ReaderFault)
        assert "no USB card reader" in fault.what
    usb.spoil = None
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE
    port.close()


# -- names, and who has it


@pytest.mark.parametrize("which", ["", "054c", "054c:06c3", "001:005"])
def test_a_reader_is_found_by_whatever_names_it(usb: Rcs380, which: str) -> None:
    port = usb_port(which)
    assert port.name == (f"usb:{which}" if which else "usb")
    assert opened(port).poll((SYSTEM,)) == HERE
    port.close()


def test_another_product_is_missing(usb: Rcs380) -> None:
    with pytest.raises(ReaderMissing, match=r"no USB card reader: OSError .*plugdev.*libusb"):
        opened(usb_port("054c:06c1"))


def test_a_reader_that_is_in_use_is_a_fault_and_free_once_it_is_closed(usb: Rcs380) -> None:
    first, second = usb_port("054c:06c3"), usb_port("054c:06c3")
    assert first.open() is None
    assert first.open() is None
    fault = second.open()
    assert isinstance(fault, ReaderFault)
    assert "busy" in fault.what.lower()
    first.close()
    assert second.open() is None
    second.close()


def test_closing_lets_go_of_a_reader_that_does_not_answer_the_goodbye(usb: Rcs380) -> None:
    port = opened(usb_port())
    usb.spoil = lambda _: []
    port.close()
    assert not usb.is_claimed


# -- time


def test_it_waits_for_a_card_until_the_deadline_and_gives_the_field_no_time_of_its_own(usb: Rcs380) -> None:
    hand = Hand(after_sleeps=3, lay=lambda: usb.field.lay(a_card()))
    usb.field.lift()
    port = NfcpyPort("usb", lambda: nfc.clf.rcs380.init(usb.connect()), hand.clock, hand.sleep)
    assert port.open() is None
    assert port.poll((SYSTEM,), hand.now_s + 0.008) == NoCard()
    assert hand.slept_s == [0.005, 0.005]
    assert port.poll((SYSTEM,), hand.now_s + 60.0) == HERE
    assert hand.slept_s == [0.005] * 3
    port.close()


def test_faults_8_a_hung_reader_lets_go_when_its_plug_is_pulled() -> None:
    """nfcpy reads without a limit. What frees a terminal whose reader hangs and stays is the watchdog."""
    field = CardField()
    field.lay(a_card())
    usb = Rcs380(field)
    with usb_bus(usb):
        port = opened(usb_port())
        assert port.poll((SYSTEM,)) == HERE
        reached, outcomes = Event(), []

        def hang(_: list[bytes]) -> list[bytes]:
            reached.set()
            return []

        usb.spoil = hang
        waiting = Thread(target=lambda: outcomes.append(port.transceive(READ_SLOTS, 0.05)), daemon=True)
        waiting.start()
        assert reached.wait(10)
        assert outcomes == []
        usb.unplug()
        waiting.join(10)
        (fault,) = outcomes
        assert isinstance(fault, ReaderFault)
        assert "No such device" in fault.what
        port.close()
        usb.spoil = None
        usb.plug_in()
        assert port.open() is None
        assert port.poll((SYSTEM,)) == HERE
        port.close()


# -- any transfers: the real driver over a line that holds them already


class FullLine:
    """What nfcpy's USB transport offers, with all that will ever be read in it."""

    TYPE = "USB"

    def __init__(self, frames: list[bytes]) -> None:
        self._frames = list(frames)

    def write(self, frame: bytes) -> None:
        """Into the void."""

    def read(self, timeout: int = 0) -> bytearray:
        if not self._frames:
            raise OSError(110, "Connection timed out")
        return bytearray(self._frames.pop(0))

    def close(self) -> None:
        """Nothing to let go of."""


def driven_by(frames: list[bytes]) -> NfcpyPort:
    device: Any = object.__new__(nfc.clf.rcs380.Device)
    device.chipset = object.__new__(nfc.clf.rcs380.Chipset)
    device.chipset.transport = FullLine(frames)
    port = NfcpyPort("usb", lambda: device)
    assert port.open() is None
    return port


transfers = st.lists(
    st.just(ACK)
    | st.just(ERROR_FRAME)
    | st.binary(max_size=30)
    | st.binary(max_size=60).map(lambda body: framed(b"\xd7\x05" + body))
    | st.binary(max_size=60).map(lambda body: framed(b"\xd7\x05\x00\x00\x00\x00\x08" + body))
    | st.binary(max_size=9).map(framed),
    max_size=8,
)
SET = [ACK, framed(b"\xd7\x01\x00"), ACK, framed(b"\xd7\x03\x00")]


@given(transfers)
def test_no_transfers_are_too_much_at_an_exchange(frames: list[bytes]) -> None:
    assert isinstance(driven_by(frames).transceive(READ_SLOTS, 0.01), (bytes, CardLost, ReaderFault))


@given(transfers)
def test_no_transfers_are_too_much_at_a_poll(frames: list[bytes]) -> None:
    assert isinstance(driven_by(SET + frames).poll((SYSTEM,)), (Polled, NoCard, ReaderFault))


@given(st.binary(max_size=40))
def test_a_card_that_answers_a_poll_with_too_little_is_no_card(answer: bytes) -> None:
    outcome = driven_by([*SET, ACK, framed(b"\xd7\x05\x00\x00\x00\x00\x08" + answer)]).poll((SYSTEM,))
    whole = len(answer) >= 18 and answer[0] == len(answer) and answer[1] == 1
    expected = Polled(answer[2:10], answer[10:18], SYSTEM) if whole else NoCard()
    assert outcome == expected if answer else isinstance(outcome, ReaderFault)


def test_a_card_that_tells_its_system_too_is_polled() -> None:
    answer = bytes.fromhex("14 01") + IDM + HERE.pmm + b"\x88\xb4"
    frames = [*SET, ACK, framed(b"\xd7\x05\x00\x00\x00\x00\x08" + answer)]
    assert driven_by(frames).poll((SYSTEM,)) == HERE

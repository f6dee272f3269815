"""The project's own reader, and the whole fare box above it, on the second card."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardimage import lite_s
from cardimage.image import CardImage
from cardimage.layout.blocks import SLOT_BLOCKS
from farebox.result import Side
from farebox.tap import NoteCode
from reader.felica import FelicaReader
from reader.port import CardLost, Declined, Indeterminate, NoCard, Written
from tariff.account import RideState
from tariff.refusal import Code
from tests.farebox.bus import Bus, lococa
from tests.second_card.second_bench import KEYS, Loss, Lost, SecondBench, SecondPort, second_card, session_with

DATA = bytes(range(16))
POLL, CHALLENGE, READ, WRITE = range(1, 5)


def image() -> CardImage:
    return lococa(2_000)


# -- a session


def test_a_session_is_four_commands_and_says_what_the_card_holds() -> None:
    card, port = second_card(image()), SecondPort()
    port.lay(card)
    session = session_with(port)
    assert session.idm == card.idm
    assert session.open(*SLOT_BLOCKS) == tuple(card.memory[block] for block in SLOT_BLOCKS)
    assert session.write(5, DATA) == Written()
    assert port.commands == 4
    assert card.memory[5] == DATA
    assert session.write_count == card.count == 1


def test_more_reads_and_writes_under_one_key() -> None:
    card, port = second_card(image()), SecondPort()
    port.lay(card)
    session = session_with(port)
    session.open()
    for block in range(14):
        assert session.write(block, bytes((block,)) * 16) == Written()
    assert session.read(11, 3, 7) == (b"\x0b" * 16, b"\x03" * 16, b"\x07" * 16)
    assert session.write_count == card.count == 14


def test_a_second_session_goes_on_where_the_first_ended() -> None:
    card, port = second_card(image()), SecondPort()
    for count in range(3):
        port.lay(card)
        session = session_with(port)
        session.open()
        assert session.write_count == count
        session.write(5, DATA)


def test_the_issued_card_takes_nothing_without_a_mac() -> None:
    card = second_card(image())
    for block in (*range(lite_s.S_PADS), lite_s.REG, lite_s.CKV, lite_s.CK, lite_s.ID, 0x92):
        frame = b"\x20\x08" + card.idm + bytes((1, 9, 0, 1, 0x80, block)) + DATA
        before = dict(card.memory)
        assert card.process(frame) == bytes((12, 9)) + card.idm + b"\x01\xa8"
        assert card.memory == before


def test_the_issued_card_can_not_be_locked_by_anyone() -> None:
    card = second_card(image())
    card.process(b"\x20\x08" + card.idm + bytes((1, 9, 0, 1, 0x80, lite_s.MC)) + bytes(16))
    card.process(b"\x20\x08" + card.idm + bytes((1, 9, 0, 1, 0x80, lite_s.MC)) + b"\xff" * 16)
    card.power_off()
    assert card.memory[lite_s.MC] == second_card(image()).memory[lite_s.MC]


def test_a_card_of_another_key_is_declined() -> None:
    port = SecondPort()
    port.lay(second_card(image(), bytes(range(16))))
    assert session_with(port).open(*SLOT_BLOCKS) == Declined(wrong_key=True)


def test_an_empty_field() -> None:
    assert FelicaReader(SecondPort(), KEYS, bytes).wait() == NoCard()


def test_an_answer_changed_on_the_air_is_declined() -> None:
    port = SecondPort()
    port.lay(second_card(image()))
    session = session_with(port)
    session.open(*SLOT_BLOCKS)
    port.overheard = lambda answer: answer[:13] + answer[29:45] + answer[13:29] + answer[45:]
    assert session.read(*SLOT_BLOCKS) == Declined(wrong_key=True)


@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("command", [CHALLENGE, READ])
def test_lost_before_the_write(command: int, loss: Loss) -> None:
    card, port = second_card(image()), SecondPort()
    before = dict(card.memory)
    port.lay(card, Lost(command, loss))
    assert session_with(port).open(*SLOT_BLOCKS) == CardLost()
    card.power_off()
    assert card.memory == before


@pytest.mark.parametrize("loss", Loss)
def test_lost_at_the_write_and_looked_into(loss: Loss) -> None:
    card, port = second_card(image()), SecondPort()
    port.lay(card, Lost(WRITE, loss))
    session = session_with(port)
    session.open()
    assert session.write(5, DATA) == Indeterminate(5)
    assert session.read(5) == (DATA if loss is Loss.ANSWER else bytes(16),)


def test_a_worn_card_warns_and_goes_on() -> None:
    blank = image()
    blocks = blank.lite_s_blocks()
    assert blocks is not None
    blocks[lite_s.WCNT] = (10_000).to_bytes(16, "little")
    card, port = second_card(blank), SecondPort()
    port.lay(card)
    session = session_with(port)
    session.open()
    assert [session.write(5, bytes((n,)) * 16) for n in range(3)] == [Written(), Written(worn=True), Written(worn=True)]
    assert session.read(5) == (b"\x02" * 16,)


def test_a_used_up_card_declines() -> None:
    blank = image()
    blocks = blank.lite_s_blocks()
    assert blocks is not None
    blocks[lite_s.WCNT] = (0xFFFE00).to_bytes(16, "little")
    port = SecondPort()
    port.lay(second_card(blank))
    session = session_with(port)
    session.open()
    assert session.write(5, DATA) == Declined(wrong_key=False, status=b"\x02\xb2")


# -- a bus


@pytest.fixture
def bench() -> SecondBench:
    return SecondBench()


@pytest.fixture
def bus(tmp_path: Path, bench: SecondBench) -> Iterator[Bus]:
    with Bus(tmp_path, bench) as bus:
        yield bus.begin()


def test_a_ride(bus: Bus, bench: SecondBench) -> None:
    card = image()
    boarded = bus.board(card)
    assert boarded.refusal is None
    bus.drive_to("新白河")
    alighted = bus.alight(card)
    assert alighted.refusal is None
    ride = bench.slot(card).ride
    assert ride is not None and ride.state is RideState.CLOSED
    assert bench.slot(card).stored_fare_yen == 1_500
    ledger = bus.ledger()
    assert (ledger.boardings, ledger.alightings, ledger.fares_yen, ledger.pending) == (1, 1, 500, 0)


def test_a_ride_on_a_pass(bus: Bus, bench: SecondBench) -> None:
    card = lococa(2_000, section=("磐城棚倉", "南湖公園"))
    assert bus.board(card).refusal is None
    assert bus.drive_to("新白河").alight(card).refusal is None
    assert bench.slot(card).stored_fare_yen == 1_750


def test_a_card_of_another_key_does_not_ride(bus: Bus, bench: SecondBench) -> None:
    card = image()
    bench.cards[card.idm] = second_card(card, bytes(range(16)))
    refusal = bus.board(card).refusal
    assert refusal is not None and refusal.code is Code.WRONG_KEY


@pytest.mark.parametrize("leaves", [False, True])
@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("command", range(1, 5))
def test_a_boarding_that_loses_one_frame_ends_once(
    bus: Bus, bench: SecondBench, command: int, loss: Loss, leaves: bool
) -> None:
    card = image()
    bench.next_loss = Lost(command, loss, leaves)
    bus.tap(Side.BOARDING, card)
    bus.tap(Side.BOARDING, card)
    ride = bench.slot(card).ride
    assert ride is not None and ride.state is RideState.OPEN
    ledger = bus.ledger()
    assert (ledger.boardings, ledger.alightings, ledger.pending) == (1, 0, 0)


@pytest.mark.parametrize("leaves", [False, True])
@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("command", range(1, 6))
def test_an_alighting_that_loses_one_frame_is_paid_once(
    bus: Bus, bench: SecondBench, command: int, loss: Loss, leaves: bool
) -> None:
    card = image()
    bus.board(card)
    bus.drive_to("新白河")
    bench.next_loss = Lost(command, loss, leaves)
    bus.tap(Side.ALIGHTING, card)
    assert bench.slot(card).stored_fare_yen in (1_500, 2_000)
    bus.tap(Side.ALIGHTING, card)
    assert bench.slot(card).stored_fare_yen == 1_500
    ledger = bus.ledger()
    assert (ledger.boardings, ledger.alightings, ledger.fares_yen, ledger.pending) == (1, 1, 500, 0)


def test_a_commit_whose_answer_is_lost_is_confirmed_by_the_next_touch(bus: Bus, bench: SecondBench) -> None:
    card = image()
    bus.board(card)
    bus.drive_to("新白河")
    bench.next_loss = Lost(5, Loss.ANSWER, leaves=True)
    torn = bus.alight(card)
    assert torn.refusal is not None and torn.refusal.code is Code.TOUCH_AGAIN
    again = bus.alight(card)
    assert again.refusal is None and again.confirmed is not None
    assert [note.code for note in again.notes] == [NoteCode.FIRST_RESULT_SHOWN]

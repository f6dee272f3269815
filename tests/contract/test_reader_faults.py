"""Faults of card and reader that lie in chip, wire or air, by their numbers in docs/faults.md, over every driver.

7 unplugged and plugged in again · 9 corrupt, short and oversized frames · 14 two cards in the field
"""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from random import Random

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import Blocks
from cardimage.issue import issue
from reader.felica import FelicaReader, LiteSSession
from reader.keys import bench_keys
from reader.port import CardLost, Declined, Indeterminate, NoCard, Polled, ReaderFault, TwoCards, Written
from sim.hardware.field import CardField, FieldPort
from tariff.account import Account
from tests.cardimage.accounts import IDM
from tests.contract.rigs import CHIPS, ONE_ANSWER_ONLY, RIGS, ChipRig, Rig, opened_within, pn532_rig, rcs380_rig
from tests.reader.broken_chip import Spoil
from tests.reader.outcomes import good

OTHER_IDM = bytes.fromhex("01 2E 00 00 00 00 00 02")
SYSTEM = 0x88B4
NEW = b"x" * 16


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    # nfcpy logs each error that it raises, too.
    caplog.set_level(logging.CRITICAL, logger="nfc")


@pytest.fixture(params=CHIPS)
def rig(request: pytest.FixtureRequest) -> Iterator[ChipRig]:
    with ExitStack() as stack:
        yield CHIPS[request.param](stack)


@pytest.fixture(params=[name for name in RIGS if name not in ONE_ANSWER_ONLY])
def listing_rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A driver that can tell two cards."""
    with ExitStack() as stack:
        yield RIGS[request.param](stack)


def card(idm: bytes = IDM) -> FelicaCard:
    return FelicaCard(issue(idm, Account("lococa", 2_000), "LC1", date(2026, 11, 20)), bench_keys().card_key(idm))


def blocks_of(laid: FelicaCard) -> Blocks:
    blocks = laid.image.lite_s_blocks()
    assert blocks is not None
    return dict(blocks)


def reader_at(rig: Rig) -> FelicaReader:
    return FelicaReader(opened_within(rig.port), bench_keys(), os.urandom)


def session_of(reader: FelicaReader) -> LiteSSession:
    session = reader.wait()
    assert isinstance(session, LiteSSession), session
    return session


# -- 7 reader unplugged


def test_faults_7_unplugged_in_mid_session_a_read_is_a_fault_that_names_the_reader(rig: ChipRig) -> None:
    laid = card()
    rig.field.lay(laid)
    session = session_of(reader_at(rig))
    good(session.open(0, 1))
    rig.unplug()
    fault = session.read(0, 1)
    assert isinstance(fault, ReaderFault)
    assert fault.reader == rig.name
    assert fault.what


def test_faults_7_unplugged_before_a_write_the_write_is_indeterminate_and_not_done(rig: ChipRig) -> None:
    laid = card()
    rig.field.lay(laid)
    session = session_of(reader_at(rig))
    good(session.open(0, 1))
    before = blocks_of(laid)
    rig.unplug()
    assert session.write(1, NEW) == Indeterminate(1)
    assert blocks_of(laid) == before


def test_faults_7_unplugged_while_nothing_lies_there(rig: ChipRig) -> None:
    port = opened_within(rig.port)
    assert port.poll((SYSTEM,)) == NoCard()
    rig.unplug()
    for _ in range(2):
        assert isinstance(port.poll((SYSTEM,)), ReaderFault)
        assert isinstance(port.transceive(bytes.fromhex("06 00 88 B4 00 00"), 0.01), ReaderFault)
        assert isinstance(port.health(), ReaderFault)
        assert isinstance(port.field_off(), ReaderFault)
    port.close()
    port.close()
    assert port.poll((SYSTEM,)) == ReaderFault(rig.name, "not open")


def test_faults_7_plugged_in_again_it_serves_by_itself(rig: ChipRig) -> None:
    rig.field.lay(card())
    reader = reader_at(rig)
    session_of(reader)
    rig.unplug()
    assert isinstance(reader.wait(), ReaderFault)
    # Still away: looked for at every look, and said to be missing, with what to check.
    for _ in range(3):
        fault = reader.wait()
        assert isinstance(fault, ReaderFault)
        assert fault.reader == rig.name
        assert "card reader" in fault.what
        assert "check" in fault.what
    rig.plug_in()
    session = session_of(reader)
    good(session.open(0, 1))
    assert session.write(1, NEW) == Written()


def test_faults_7_unplugged_and_plugged_in_between_two_looks(rig: ChipRig) -> None:
    rig.field.lay(card())
    reader = reader_at(rig)
    good(session_of(reader).open(0, 1))
    rig.unplug()
    rig.plug_in()
    # The old line is dead whatever has come back; the look after that finds the card.
    assert isinstance(reader.wait(), ReaderFault)
    good(session_of(reader).open(0, 1))


def test_faults_7_unplugged_time_and_again(rig: ChipRig) -> None:
    rig.field.lay(card())
    reader = reader_at(rig)
    for _ in range(3):
        good(session_of(reader).open(0, 1))
        rig.unplug()
        assert isinstance(reader.wait(), ReaderFault)
        rig.plug_in()


# -- 9 corrupt, short, oversized frames

NOISE = Random(9).randbytes(300)
GARBAGE: dict[str, Spoil] = {
    "silence": lambda _: b"",
    "its start": lambda data: data[:3],
    "half": lambda data: data[: len(data) // 2],
    "all but the end": lambda data: data[:-3],
    "zeros": lambda data: bytes(len(data)),
    "ones": lambda data: b"\xff" * len(data),
    "noise": lambda _: NOISE,
    "noise first": lambda data: NOISE[:7] + data,
    "oversized": lambda data: data + bytes(4_000),
    "all acknowledgement": lambda _: bytes.fromhex("00 00 FF 00 FF 00"),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_faults_9_garbage_in_place_of_a_read_changes_nothing(rig: ChipRig, garbage: Spoil) -> None:
    laid = card()
    rig.field.lay(laid)
    reader = reader_at(rig)
    session = session_of(reader)
    slots = good(session.open(0, 1))
    before = blocks_of(laid)
    rig.spoil(garbage)
    for _ in range(2):
        outcome = session.read(0, 1)
        assert isinstance(outcome, (CardLost, Declined, ReaderFault)) or outcome == slots
    rig.spoil(None)
    assert blocks_of(laid) == before
    assert good(session_after(reader).open(0, 1)) == slots


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_faults_9_garbage_in_place_of_a_writes_answer_leaves_it_to_be_looked_into(rig: ChipRig, garbage: Spoil) -> None:
    laid = card()
    rig.field.lay(laid)
    reader = reader_at(rig)
    session = session_of(reader)
    good(session.open(0, 1))
    rig.spoil(garbage)
    assert session.write(1, NEW) in (Indeterminate(1), Written())
    rig.spoil(None)
    assert blocks_of(laid)[1] == NEW
    assert good(session_after(reader).open(0, 1))[1] == NEW


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_faults_9_garbage_in_place_of_a_poll_is_no_card_that_could_be_taken(rig: ChipRig, garbage: Spoil) -> None:
    rig.field.lay(card())
    reader = reader_at(rig)
    session_of(reader)
    rig.spoil(garbage)
    outcome = reader.wait()
    assert isinstance(outcome, (NoCard, ReaderFault)) or (isinstance(outcome, LiteSSession) and outcome.idm == IDM)
    rig.spoil(None)
    good(session_after(reader).open(0, 1))


def session_after(reader: FelicaReader) -> LiteSSession:
    """The session of the next look, or of the one after that: a reader out of step is opened anew."""
    found = reader.wait()
    return found if isinstance(found, LiteSSession) else session_of(reader)


# -- 14 two cards in the field


def test_faults_14_two_cards_are_told_and_neither_is_asked_for_more(listing_rig: Rig) -> None:
    rig = listing_rig
    first, second = card(), card(OTHER_IDM)
    before = blocks_of(first), blocks_of(second)
    rig.field.lay(first)
    rig.field.lay_beside(second)
    reader = reader_at(rig)
    for looks in range(1, 4):
        assert reader.wait() == TwoCards()
        assert rig.field.commands == looks
    assert (blocks_of(first), blocks_of(second)) == before
    rig.field.lift(first)
    session = session_of(reader)
    assert session.idm == OTHER_IDM
    good(session.open(0, 1))
    assert session.write(1, NEW) == Written()
    assert blocks_of(first) == before[0]


def test_faults_14_two_cards_that_drown_each_other_out_are_no_card() -> None:
    with ExitStack() as stack:
        rig = pn532_rig(stack, choose_slot=lambda place, slots: slots - 1)
        rig.field.lay(card())
        rig.field.lay_beside(card(OTHER_IDM))
        assert reader_at(rig).wait() == NoCard()


def test_faults_14_whatever_slots_two_cards_choose_neither_is_taken_alone() -> None:
    dice = Random(14)
    field = CardField(lambda place, slots: dice.randrange(slots))
    field.lay(card())
    field.lay_beside(card(OTHER_IDM))
    port = FieldPort(field)
    outcomes = [port.poll((SYSTEM,)) for _ in range(40)]
    assert set(outcomes) == {TwoCards(), NoCard()}


def test_faults_14_a_second_card_that_comes_in_mid_session_gets_nothing_of_it() -> None:
    for make in RIGS.values():
        with ExitStack() as stack:
            rig = make(stack)
            first, second = card(), card(OTHER_IDM)
            before = blocks_of(second)
            rig.field.lay(first)
            session = session_of(reader_at(rig))
            good(session.open(0, 1))
            rig.field.lay_beside(second)
            assert session.write(1, NEW) == Written()
            assert blocks_of(first)[1] == NEW
            assert blocks_of(second) == before


@pytest.fixture
def rcs380() -> Iterator[ChipRig]:
    with ExitStack() as stack:
        yield rcs380_rig(stack)


def test_faults_14_where_the_chip_hears_one_of_two_the_session_is_of_that_one(rcs380: ChipRig) -> None:
    first, second = card(), card(OTHER_IDM)
    before = blocks_of(second)
    rcs380.field.lay(first)
    rcs380.field.lay_beside(second)
    reader = reader_at(rcs380)
    assert rcs380.port.poll((SYSTEM,)) == Polled(IDM, bytes.fromhex("00 F1 00 00 00 01 43 00"), SYSTEM)
    session = session_of(reader)
    good(session.open(0, 1))
    assert session.write(1, NEW) == Written()
    assert blocks_of(first)[1] == NEW
    assert blocks_of(second) == before


def test_faults_14_where_the_heard_one_of_two_leaves_before_the_write_the_other_is_not_written(
    rcs380: ChipRig,
) -> None:
    first, second = card(), card(OTHER_IDM)
    before = blocks_of(first), blocks_of(second)
    rcs380.field.lay(first)
    rcs380.field.lay_beside(second)
    reader = reader_at(rcs380)
    session = session_of(reader)
    good(session.open(0, 1))
    rcs380.field.lift(first)
    assert session.read(3) == CardLost()
    assert session.write(1, NEW) == Indeterminate(1)
    assert (blocks_of(first), blocks_of(second)) == before
    assert session_of(reader).idm == OTHER_IDM


def test_faults_14_where_the_chip_hears_a_collision_there_is_no_card() -> None:
    with ExitStack() as stack:
        rig = rcs380_rig(stack, captures=False)
        first, second = card(), card(OTHER_IDM)
        rig.field.lay(first)
        rig.field.lay_beside(second)
        reader = reader_at(rig)
        assert reader.wait() == NoCard()
        rig.field.lift(second)
        assert session_of(reader).idm == IDM

from datetime import date

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import Blocks, blank_lite_s
from cardimage.issue import issue
from sim.hardware.field import CardField, ChooseSlot, Moment, Withdrawal, in_turn
from tariff.account import Account
from tests.cardimage import peer
from tests.cardimage.accounts import IDM

KEY = bytes(range(0x40, 0x50))
NEW = bytes(range(0x10, 0x20))

# Polling
POLL = bytes.fromhex("06 00 88 B4 00 00")
# Write RC 00 01 … 0F
WRITE_RC = bytes.fromhex(
    "20 08 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 80 07 06 05 04 03 02 01 00 0F 0E 0D 0C 0B 0A 09 08"
)
# Write S_PAD1 with MAC_A, WCNT 0
WRITE = (
    bytes.fromhex("32 08 01 2E 4C D1 A0 B3 57 96 01 09 00 02 80 01 80 91")
    + NEW
    + peer.write_mac(KEY, bytes(range(16)), 0, 1, NEW)
    + bytes(8)
)
# Read SYS_C
READ = bytes.fromhex("10 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 01 80 85")


class Laid:
    """A field with a card, and the card's memory."""

    def __init__(self, withdrawal: Withdrawal | None = None) -> None:
        image = issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))
        blocks = image.lite_s_blocks()
        assert blocks is not None
        self.blocks: Blocks = blocks
        self.card = FelicaCard(image, KEY)
        self.field = CardField()
        self.field.lay(self.card, withdrawal)


def test_an_empty_field_is_silent_and_counts_nothing() -> None:
    field = CardField()
    assert field.exchange(POLL) is None
    assert field.commands == 0
    field.lift()


def test_a_card_answers_until_it_is_lifted() -> None:
    laid = Laid()
    assert laid.field.exchange(POLL) is not None
    laid.field.lift()
    assert laid.field.exchange(POLL) is None
    assert laid.field.commands == 1


def test_laying_a_card_begins_a_new_count_and_a_new_session() -> None:
    laid = Laid()
    for frame in (POLL, WRITE_RC):
        assert laid.field.exchange(frame) is not None
    assert laid.field.commands == 2
    laid.field.lay(laid.card)
    assert laid.field.commands == 0
    answer = laid.field.exchange(WRITE)
    assert answer is not None
    assert answer[10:12] == bytes.fromhex("02 B2")


@pytest.mark.parametrize(
    ("moment", "block", "stays"),
    [
        (Moment.BEFORE, bytes(16), False),
        (Moment.DURING, NEW[:8] + bytes(8), False),
        (Moment.AFTER, NEW, False),
        (Moment.ANSWER_LOST, NEW, True),
    ],
)
def test_a_card_is_withdrawn_at_the_moment_planned(moment: Moment, block: bytes, stays: bool) -> None:
    laid = Laid(Withdrawal(3, moment))
    assert laid.field.exchange(POLL) is not None
    assert laid.field.exchange(WRITE_RC) is not None
    assert laid.field.exchange(WRITE) is None
    assert laid.blocks[1] == block
    assert (laid.field.exchange(READ) is not None) is stays
    assert laid.field.commands == (4 if stays else 3)


@pytest.mark.parametrize("moment", Moment)
def test_a_read_cut_off_changes_nothing(moment: Moment) -> None:
    laid = Laid(Withdrawal(1, moment))
    before = dict(laid.blocks)
    assert laid.field.exchange(READ) is None
    assert laid.blocks == before


def test_a_plan_holds_once() -> None:
    laid = Laid(Withdrawal(1, Moment.ANSWER_LOST))
    assert laid.field.exchange(POLL) is None
    assert laid.field.exchange(POLL) is not None
    laid.field.lay(laid.card)
    assert laid.field.exchange(POLL) is not None


def test_a_torn_write_that_the_card_refuses_tears_nothing() -> None:
    laid = Laid(Withdrawal(1, Moment.DURING))
    before = dict(laid.blocks)
    # no challenge, so the MAC does not hold
    assert laid.field.exchange(WRITE) is None
    assert laid.blocks == before


# -- several cards

OTHER_IDM = bytes.fromhex("01 2E 00 00 00 00 00 02")
# Polling with two time slots
POLL_2 = bytes.fromhex("06 00 88 B4 00 01")
READ_OTHER = bytes.fromhex("10 06") + OTHER_IDM + bytes.fromhex("01 0B 00 01 80 85")


def answer_of(idm: bytes) -> bytes:
    return b"\x12\x01" + idm + bytes.fromhex("00 F1 00 00 00 01 43 00")


class TwoLaid(Laid):
    """A second card beside the first."""

    def __init__(
        self,
        withdrawal: Withdrawal | None = None,
        other_withdrawal: Withdrawal | None = None,
        choose_slot: ChooseSlot = in_turn,
    ) -> None:
        super().__init__()
        self.field = CardField(choose_slot)
        self.field.lay(self.card, withdrawal)
        self.other = FelicaCard(blank_lite_s(OTHER_IDM), KEY)
        self.field.lay_beside(self.other, other_withdrawal)


def test_two_cards_answer_a_poll_in_slots_of_their_own() -> None:
    laid = TwoLaid()
    assert laid.field.answers(POLL_2) == ((answer_of(IDM),), (answer_of(OTHER_IDM),))
    assert laid.field.commands == 1


def test_two_cards_in_one_slot_drown_each_other_out() -> None:
    laid = TwoLaid()
    assert laid.field.answers(POLL) == ((answer_of(IDM), answer_of(OTHER_IDM)),)
    assert laid.field.exchange(POLL) is None


@pytest.mark.parametrize(("code", "slots"), [("00", 1), ("01", 2), ("03", 4), ("07", 8), ("0F", 16)], ids=str)
def test_a_poll_says_how_many_slots_there_are(code: str, slots: int) -> None:
    asked: list[tuple[int, int]] = []

    def last(place: int, slots: int) -> int:
        asked.append((place, slots))
        return slots - 1

    laid = TwoLaid(choose_slot=last)
    heard = laid.field.answers(bytes.fromhex("06 00 88 B4 00" + code))
    assert asked == [(0, slots), (1, slots)]
    assert heard == ((),) * (slots - 1) + ((answer_of(IDM), answer_of(OTHER_IDM)),)


def test_any_other_command_reaches_the_card_that_it_names() -> None:
    laid = TwoLaid()
    for frame, idm in ((READ, IDM), (READ_OTHER, OTHER_IDM)):
        answer = laid.field.exchange(frame)
        assert answer is not None
        assert answer[2:10] == idm
    assert laid.field.commands == 2


@pytest.mark.parametrize("frame", ["", "01", "0A 06 01 2E 00 00 00 00 00 03", "05 06 01 2E 4C", "06 00 88 B4 00"])
def test_a_command_that_names_neither_reaches_neither(frame: str) -> None:
    laid = TwoLaid()
    assert laid.field.exchange(bytes.fromhex(frame)) is None
    assert laid.field.commands == 0


@pytest.mark.parametrize(("first_byte", "reached"), [(0x11, 1), (0xF1, 1), (0x02, 0), (0x00, 0)])
def test_a_card_is_named_by_any_of_its_systems(first_byte: int, reached: int) -> None:
    # The IDm's first four bits count the systems of one card.
    laid = TwoLaid()
    laid.field.exchange(READ[:2] + bytes((first_byte,)) + READ[3:])
    assert laid.field.commands == reached


def test_each_card_is_withdrawn_at_the_command_that_is_its_own() -> None:
    # The first card's third command is the other's first and the field's fourth.
    laid = TwoLaid(Withdrawal(3, Moment.AFTER), Withdrawal(3, Moment.ANSWER_LOST))
    assert laid.field.answers(POLL_2) == ((answer_of(IDM),), (answer_of(OTHER_IDM),))
    assert laid.field.exchange(READ_OTHER) is not None
    assert laid.field.exchange(WRITE_RC) is not None
    assert laid.field.exchange(READ_OTHER) is None
    assert laid.field.exchange(WRITE) is None
    assert laid.blocks[1] == NEW
    assert laid.field.answers(POLL_2) == ((answer_of(OTHER_IDM),), ())
    assert laid.field.commands == 6


def test_one_card_is_lifted_and_the_other_stays_with_its_session() -> None:
    laid = TwoLaid()
    assert laid.field.exchange(WRITE_RC) is not None
    laid.field.lift(laid.other)
    assert laid.field.exchange(READ_OTHER) is None
    answer = laid.field.exchange(WRITE)
    assert answer is not None
    assert answer[10:12] == bytes(2)
    laid.field.lift()
    assert laid.field.exchange(POLL) is None


def test_a_card_laid_takes_the_place_of_all() -> None:
    laid = TwoLaid()
    assert laid.field.exchange(WRITE_RC) is not None
    laid.field.lay(laid.other)
    assert laid.field.exchange(POLL) == answer_of(OTHER_IDM)
    assert laid.field.commands == 1
    assert laid.card.process(WRITE) == bytes.fromhex("0C 09") + IDM + bytes.fromhex("02 B2")


def test_all_cards_lose_their_power_with_the_field() -> None:
    laid = TwoLaid()
    assert laid.field.exchange(WRITE_RC) is not None
    laid.field.power_off()
    answer = laid.field.exchange(WRITE)
    assert answer is not None
    assert answer[10:12] == bytes.fromhex("02 B2")

from datetime import date

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import Blocks
from cardimage.issue import issue
from sim.hardware.field import CardField, Moment, Withdrawal
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

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.purse import HistoryRow, decode_history, decode_slot, encode_slot, slot_of
from cardimage.resolve import Standing, standing
from cardimage.write_plan import next_sequence, plan
from tariff.account import Account
from tests.cardimage.accounts import lococa_accounts

DAY = date(2026, 11, 20)


def standing_at(place: int, sequence: int, account: Account | None = None, bank: int = 0) -> Standing:
    held = account or Account("lococa", 1_000)
    new, old = (encode_slot(slot_of(held, number, bank)) for number in (sequence, sequence - 1))
    now = standing(*((new, old) if place == 0 else (old, new)))
    assert isinstance(now, Standing)
    return now


@pytest.mark.parametrize("place", [0, 1])
def test_the_older_slot_is_written_and_nothing_else(place: int) -> None:
    written = plan(standing_at(place, 7), Account("lococa", 770))
    assert written.staged == ()
    block, data = written.commit
    assert block == 1 - place
    slot = decode_slot(data)
    assert slot is not None
    assert (slot.sequence, slot.stored_fare_yen) == (8, 770)


def test_a_new_card_has_its_second_slot_written_first() -> None:
    now = standing(encode_slot(slot_of(Account("lococa", 0), 0, 0)), bytes(16))
    assert isinstance(now, Standing)
    assert plan(now, Account("lococa", 1)).commit[0] == 1


def test_the_number_wraps() -> None:
    now = standing_at(0, 255)
    assert next_sequence(now) == 0
    slot = decode_slot(plan(now, Account("lococa", 770)).commit[1])
    assert slot is not None
    assert slot.sequence == 0


def test_the_bank_stays_what_it_is() -> None:
    child = Account("lococa", 1_000, named=True)
    slot = decode_slot(plan(standing_at(0, 7, child, bank=1), child._replace(stored_fare_yen=5)).commit[1])
    assert slot is not None
    assert slot.bank == 1


def test_a_history_row_is_staged_before_the_slot_that_makes_it_count() -> None:
    now = standing_at(1, 13)
    row = HistoryRow(next_sequence(now), DAY, 1, 0, 5, 230, 0, 0, 770)
    written = plan(now, Account("lococa", 770), row)
    ((block, data),) = written.staged
    assert block == 7 + 14 % 7
    assert decode_history(data) == row
    slot = decode_slot(written.commit[1])
    assert slot is not None
    assert slot.sequence == row.sequence


@given(lococa_accounts, lococa_accounts, st.integers(0, 1), st.integers(0, 255))
def test_what_is_committed_stands_and_follows(before: Account, after: Account, place: int, sequence: int) -> None:
    now = standing_at(place, sequence, before)
    block, data = plan(now, after).commit
    slots = [now.block, now.block]
    slots[block] = data
    then = standing(slots[0], slots[1])
    assert isinstance(then, Standing)
    assert then.place == block != now.place
    assert then.slot == slot_of(after, next_sequence(now), now.slot.bank)

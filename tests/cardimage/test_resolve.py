from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.layout.history import HistoryRow, encode_history
from cardimage.layout.slots import encode_slot, slot_of
from cardimage.resolve import Fate, Row, Standing, fate, standing
from tariff.account import Account, RideMark, RideState
from tariff.refusal import Code, Refusal
from tests.cardimage import bits
from tests.cardimage.accounts import accounts

DAY = date(2026, 11, 20)
EMPTY = bytes(16)


def slot(sequence: int, balance_yen: int = 1_000, trip: int = 1) -> bytes:
    ride = RideMark(RideState.OPEN, DAY, trip, 3)
    return encode_slot(slot_of(Account("lococa", balance_yen, ride=ride), sequence, 0))


def torn(new: bytes, old: bytes) -> bytes:
    return new[:8] + old[8:]


# -- which slot stands


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        (4, 5, 1),
        (5, 4, 0),
        (255, 0, 1),
        (0, 255, 0),
        (254, 255, 1),
        (1, 0, 0),
    ],
)
def test_the_newer_of_two_successors_stands(first: int, second: int, place: int) -> None:
    blocks = (slot(first), slot(second))
    now = standing(*blocks)
    assert isinstance(now, Standing)
    assert (now.place, now.block) == (place, blocks[place])
    assert now.slot.sequence == (first, second)[place]


@pytest.mark.parametrize("other", [EMPTY, torn(slot(6), slot(4, balance_yen=7))], ids=["empty", "torn"])
@pytest.mark.parametrize("place", [0, 1])
def test_the_only_whole_slot_stands(place: int, other: bytes) -> None:
    blocks = (slot(5), other) if place == 0 else (other, slot(5))
    now = standing(*blocks)
    assert isinstance(now, Standing)
    assert (now.place, now.slot.sequence) == (place, 5)


def test_no_whole_slot_is_an_unreadable_card() -> None:
    assert standing(EMPTY, EMPTY) == Refusal(Code.UNREADABLE_CARD, "GEN-11", "no slot stands")


@pytest.mark.parametrize(("first", "second"), [(4, 4), (4, 6), (6, 4), (0, 254), (0, 128), (1, 255)])
def test_slots_that_do_not_follow_each_other_make_an_altered_card(first: int, second: int) -> None:
    found = standing(slot(first), slot(second, balance_yen=5))
    assert found == Refusal(Code.ALTERED_CARD, "GEN-11", "slots do not follow each other")


@pytest.mark.parametrize("newer", [0, 1])
@pytest.mark.parametrize("other", ["layout", "contents"])
def test_a_whole_slot_that_is_not_understood_is_never_passed_over_for_the_older_one(newer: int, other: str) -> None:
    strange = {
        "layout": bits.sealed((3, 3), (0, 2), (0, 3), (6, 8)),  # a terminal of the future wrote it
        "contents": bits.sealed((2, 3), (0, 2), (3, 2), (0, 1), (6, 8)),
    }[other]
    blocks = (strange, slot(5)) if newer == 0 else (slot(5), strange)
    refused = Refusal(Code.UNREADABLE_CARD, "GEN-11", "a slot of another layout")
    assert standing(*blocks) == refused
    assert standing(strange, EMPTY) == refused
    assert fate(slot(5), slot(6), *blocks) is Fate.UNKNOWN
    # Torn, it is a write that was not done.
    now = standing(torn(strange, slot(4)), slot(5))
    assert isinstance(now, Standing)
    assert now.slot.sequence == 5


@given(accounts, accounts, st.integers(0, 255), st.integers(0, 16))
def test_a_write_cut_anywhere_leaves_the_old_state_or_the_new(
    before: Account, after: Account, sequence: int, cut: int
) -> None:
    old, new = encode_slot(slot_of(before, sequence, 0)), encode_slot(slot_of(after, sequence + 1, 0))
    older = encode_slot(slot_of(after, sequence - 1, 0))
    now = standing(old, new[:cut] + older[cut:])
    assert isinstance(now, Standing)
    assert now.block in (old, new)
    if cut == 0:
        assert now.block == old
    if cut == 16:
        assert now.block == new


# -- what became of a write whose answer was lost


BEFORE, AFTER = slot(10, 1_000), slot(11, 770, trip=2)
ELSEWHERE = slot(11, 500, trip=9)
"""Another bus wrote the sequence that ours was to have."""

FATES = {
    "the write was done": (BEFORE, AFTER, Fate.WRITTEN),
    "it was never done": (BEFORE, slot(9), Fate.NOT_WRITTEN),
    "it was never done, on a new card": (BEFORE, EMPTY, Fate.NOT_WRITTEN),
    "it was torn": (BEFORE, torn(AFTER, slot(9)), Fate.NOT_WRITTEN),
    "it was done, and the card used once since": (slot(12, 700), AFTER, Fate.WRITTEN),
    "it was done, and the next one torn": (torn(slot(12, 700), BEFORE), AFTER, Fate.WRITTEN),
    "it was not, and another bus took the sequence": (BEFORE, ELSEWHERE, Fate.NOT_WRITTEN),
    "it was not, and another bus went on": (slot(12, 400), ELSEWHERE, Fate.NOT_WRITTEN),
    "it was not, and another bus went on and was torn": (torn(slot(12, 400), BEFORE), ELSEWHERE, Fate.NOT_WRITTEN),
    "the card was used twice since": (slot(12, 400), slot(13, 300), Fate.UNKNOWN),
    "the card was used often since": (slot(20, 400), slot(21, 300), Fate.UNKNOWN),
    "the card is unreadable": (EMPTY, EMPTY, Fate.UNKNOWN),
    "the card was altered": (slot(30), slot(40), Fate.UNKNOWN),
}


@pytest.mark.parametrize("mirrored", [False, True], ids=["", "mirrored"])
@pytest.mark.parametrize(("first", "second", "expected"), FATES.values(), ids=FATES.keys())
def test_the_slots_tell_what_became_of_a_write(first: bytes, second: bytes, expected: Fate, mirrored: bool) -> None:
    assert fate(BEFORE, AFTER, *((second, first) if mirrored else (first, second))) is expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (slot(255), slot(0, 770), Fate.WRITTEN),
        (slot(255), slot(254), Fate.NOT_WRITTEN),
        (slot(255), slot(0, 500), Fate.NOT_WRITTEN),
        (slot(1, 500), slot(0, 770), Fate.WRITTEN),
        (slot(1, 500), slot(2, 400), Fate.UNKNOWN),
    ],
)
def test_the_same_where_the_number_wraps(first: bytes, second: bytes, expected: Fate) -> None:
    assert fate(slot(255), slot(0, 770), first, second) is expected


@given(st.lists(st.sampled_from(("done", "lost", "torn")), max_size=6))
def test_no_history_of_later_taps_is_told_wrongly(later: list[str]) -> None:
    """Whatever happens to a card after an unanswered write: what `fate` says with certainty is true."""
    for done in (True, False):
        slots = [BEFORE, AFTER if done else slot(9)]
        trip = 100
        for event in later:
            now = standing(slots[0], slots[1])
            assert isinstance(now, Standing)
            trip += 1
            new = slot(now.slot.sequence + 1, 900, trip)
            if event != "lost":
                slots[1 - now.place] = new if event == "done" else torn(new, slots[1 - now.place])
        told = fate(BEFORE, AFTER, slots[0], slots[1])
        assert told in (Fate.UNKNOWN, Fate.WRITTEN if done else Fate.NOT_WRITTEN)


OURS, THEIRS = (encode_history(HistoryRow(11, DAY, 1, 0, 5, 230, 0, 0, 770, mark=mark)) for mark in (1, 2))
LATER = encode_history(HistoryRow(18, DAY, 1, 0, 5, 230, 0, 0, 770, mark=3))
BY_ROW = {
    "ours stands": (BEFORE, AFTER, OURS, Fate.WRITTEN),
    "ours, and the card used once since": (slot(12, 700), AFTER, OURS, Fate.WRITTEN),
    "another's, who wrote the very same slot": (BEFORE, AFTER, THEIRS, Fate.NOT_WRITTEN),
    "another's, and the card used once since": (slot(12, 700), AFTER, THEIRS, Fate.NOT_WRITTEN),
    "half of ours, which was given up there": (BEFORE, AFTER, torn(OURS, LATER), Fate.NOT_WRITTEN),
    "another's, given up as ours was": (BEFORE, slot(9), THEIRS, Fate.NOT_WRITTEN),
    "ours, given up": (BEFORE, slot(9), OURS, Fate.NOT_WRITTEN),
    "another's, and the card used twice since": (slot(12, 400), slot(13, 300), THEIRS, Fate.NOT_WRITTEN),
    "ours, and the card used twice since": (slot(12, 400), slot(13, 300), OURS, Fate.UNKNOWN),
    "overwritten, as the card was used often since": (slot(20, 400), slot(21, 300), LATER, Fate.UNKNOWN),
    "unreadable, and the card used twice since": (slot(12, 400), slot(13, 300), EMPTY, Fate.UNKNOWN),
}


@pytest.mark.parametrize(("first", "second", "found", "expected"), BY_ROW.values(), ids=BY_ROW.keys())
def test_faults_5_the_history_row_tells_whose_write_it_was(
    first: bytes, second: bytes, found: bytes, expected: Fate
) -> None:
    assert fate(BEFORE, AFTER, first, second, row=Row(OURS, found)) is expected
    assert fate(BEFORE, AFTER, first, second, 256, Row(OURS, found)) is Fate.UNKNOWN


@pytest.mark.parametrize(("writes_since", "expected"), [(0, Fate.WRITTEN), (255, Fate.WRITTEN), (256, Fate.UNKNOWN)])
def test_faults_5_a_sequence_that_may_have_come_round_proves_nothing(writes_since: int, expected: Fate) -> None:
    before, after = (encode_slot(slot_of(Account("lococa", yen), number, 0)) for number, yen in ((4, 900), (5, 700)))
    assert fate(before, after, after, before, writes_since) is expected

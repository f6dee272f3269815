from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.layout.bits import LayoutFault
from cardimage.layout.blocks import HISTORY_BLOCKS
from cardimage.layout.history import HistoryRow, decode_history, encode_history, history_block, last_uses
from cardimage.layout.slots import Slot
from tariff.account import RideMark, RideState
from tests.cardimage import bits
from tests.cardimage.accounts import history_rows

DAY = date(2026, 11, 20)
ROW = HistoryRow(41, DAY, 311, 3, 12, 230, 0, 1_000, 1_500, True)


def row(sequence: int, *, after_boarding: bool = False) -> HistoryRow:
    return HistoryRow(sequence % 256, DAY, 1 + sequence % 256, 0, 5, 230, 0, 0, 1_000, after_boarding)


def slot(sequence: int, state: RideState = RideState.CLOSED) -> Slot:
    ride = RideMark(state, DAY, 1, 5) if state else None
    return Slot(2, "lococa", sequence, 0, False, ride, 1_000)


def used(rows: tuple[HistoryRow, ...], standing: int, state: RideState = RideState.CLOSED) -> list[int]:
    return [use.sequence for use in last_uses(rows, slot(standing, state))]


# -- bytes


@pytest.mark.parametrize(
    ("row", "by_widths", "octets"),
    [
        (
            ROW,
            bits.sealed(
                (41, 8), (bits.day("2026-11-20", 2), 13), (311, 16),  # sequence, day, trip
                (3, 8), (12, 8),  # boarded, alighted
                (230, 15), (0, 15), (1, 4), (1_500, 15),  # due, cash, auto-charged, balance
                (2, 3), (1, 1),  # layout of the day, after boarding
            ),
            "29 0A 20 09 B8 18 60 0E 60 00 02 17 71 40 F0 AE",
        ),
        (
            ROW._replace(day=date(2019, 4, 30), after_boarding=False),
            bits.sealed(
                (41, 8), (bits.day("2019-04-30"), 13), (311, 16), (3, 8), (12, 8),
                (230, 15), (0, 15), (1, 4), (1_500, 15),
            ),
            "29 26 00 09 B8 18 60 0E 60 00 02 17 70 00 C6 64",
        ),
    ],
    ids=["layout 2", "layout 1"],
)  # fmt: skip
def test_the_bytes_are_those_of_every_card_handed_out(row: HistoryRow, by_widths: bytes, octets: str) -> None:
    block = encode_history(row)
    assert block == by_widths
    assert block.hex(" ").upper() == octets


def test_a_row_from_before_layout_2_is_read_as_it_was_meant() -> None:
    block = bytes.fromhex("29 7C 48 09 B8 18 60 0E 60 00 02 17 70 00 CD 74")
    assert decode_history(block) == ROW._replace(after_boarding=False)


@given(history_rows)
def test_a_row_comes_back_as_it_went(row: HistoryRow) -> None:
    assert decode_history(encode_history(row)) == row


@pytest.mark.parametrize(("cash_yen", "kept"), [(0, 0x7FFF), (230, 0x7FFF), (120, 0)])
def test_a_ride_has_as_much_of_its_mark_as_there_is_room(cash_yen: int, kept: int) -> None:
    marked = ROW._replace(cash_yen=cash_yen, mark=0xFFFF_FFFF)
    assert decode_history(encode_history(marked)) == marked._replace(mark=kept)


ROWS_THAT_DO_NOT_FIT = {
    "sequence 256": ROW._replace(sequence=256),
    "before the first day": ROW._replace(day=date(2015, 12, 31)),
    "after the last day": ROW._replace(day=date(2048, 6, 5)),
    "trip 65536": ROW._replace(trip_number=65_536),
    "boarded at 256": ROW._replace(boarded=256),
    "alighted at -1": ROW._replace(alighted=-1),
    "due 32,768 yen": ROW._replace(due_yen=32_768),
    "cash -1 yen": ROW._replace(cash_yen=-1),
    "charged 16,000 yen": ROW._replace(auto_charged_yen=16_000),
    "charged 1,001 yen": ROW._replace(auto_charged_yen=1_001),
    "balance 32,768 yen": ROW._replace(balance_yen=32_768),
    "a mark of 33 bits": ROW._replace(top_up=True, mark=1 << 32),
    "a mark of -1": ROW._replace(top_up=True, mark=-1),
}


@pytest.mark.parametrize("row", ROWS_THAT_DO_NOT_FIT.values(), ids=ROWS_THAT_DO_NOT_FIT.keys())
def test_a_row_that_does_not_fit_is_a_fault(row: HistoryRow) -> None:
    with pytest.raises(LayoutFault):
        encode_history(row)


ON_A_DAY = ((41, 8), (1, 13), (0, 81))
ROWS_NOT_TAKEN = {
    "empty": bytes(16),
    "torn": encode_history(row(1))[:8] + encode_history(row(8)._replace(trip_number=9))[8:],
    "no day": bits.sealed((41, 8), (0, 13), (0, 81), (2, 3)),
    **{f"layout {mark}": bits.sealed(*ON_A_DAY, (mark, 3)) for mark in (1, 3, 4, 5, 6, 7)},
    "a bit where there is no field": bits.sealed(*ON_A_DAY, (2, 3), (0, 6), (1, 1)),
}


@pytest.mark.parametrize("block", ROWS_NOT_TAKEN.values(), ids=ROWS_NOT_TAKEN.keys())
def test_what_is_not_understood_is_no_row(block: bytes) -> None:
    assert decode_history(block) is None


@given(st.binary(max_size=20) | st.binary(min_size=14, max_size=14).map(lambda body: body + bits.check(body)))
def test_no_bytes_are_too_much_for_the_decoder(block: bytes) -> None:
    row = decode_history(block)
    if row is not None:
        assert decode_history(encode_history(row)) == row


# -- which rows count


def test_the_newest_use_comes_first() -> None:
    assert used((row(2), row(6), row(4)), 6) == [6, 4, 2]


def test_a_row_staged_ahead_of_the_slot_does_not_count() -> None:
    assert used((row(4), row(6)), 5) == [4]
    assert used((row(254), row(0)), 255) == [254]


def test_a_row_counts_from_the_moment_its_slot_stands() -> None:
    assert used((row(4), row(6)), 6) == [6, 4]


def test_a_row_staged_and_never_committed_does_not_count_once_a_boarding_took_its_number() -> None:
    left = row(6)
    assert used((row(4), left), 6, RideState.OPEN) == [4]
    assert used((row(4), left, row(7, after_boarding=True)), 7) == [7, 4]
    assert used((row(254), row(0), row(1, after_boarding=True)), 1) == [1, 254]
    assert used((row(253), row(255), row(0, after_boarding=True)), 0) == [0, 253]


def test_a_row_before_one_that_follows_no_boarding_counts() -> None:
    assert used((row(4), row(6), row(7)), 7) == [7, 6, 4]


def test_gen_22_a_settlement_that_was_taken_back_does_not_count() -> None:
    wrong = row(6)._replace(alighted=9)
    reopened = slot(7)._replace(ride=RideMark(RideState.OPEN, DAY, wrong.trip_number, 3))
    assert last_uses((row(4), wrong), reopened) == (row(4),)
    right = wrong._replace(sequence=8, due_yen=120, after_boarding=True)
    assert last_uses((row(4), wrong, right), slot(8)) == (right, row(4))


def test_gen_22_a_second_ride_on_the_same_trip_leaves_the_first_one_standing() -> None:
    first = row(6)._replace(alighted=9)
    boarded_there = slot(7)._replace(ride=RideMark(RideState.OPEN, DAY, first.trip_number, 9))
    assert last_uses((first,), boarded_there) == (first,)
    second = first._replace(sequence=8, boarded=9, alighted=11, after_boarding=True)
    assert last_uses((first, second), slot(8)) == (second, first)


def added(sequence: int, balance_yen: int = 2_000, *, after_boarding: bool = False) -> HistoryRow:
    return HistoryRow(sequence, DAY, 0, 0, 0, 1_000, 1_000, 0, balance_yen, after_boarding, top_up=True, mark=sequence)


def test_top_ups_count_like_rides_and_are_never_taken_for_one_that_was_cancelled() -> None:
    assert used((row(3), added(4), added(5, 3_000)), 6) == [5, 4, 3]


def test_a_top_up_under_way_counts_and_says_that_no_boarding_was_before_the_settlement() -> None:
    """Boarded with 4, topped up with 5 and 6, settled with 7."""
    first, second = added(5, 500, after_boarding=True), added(6, 1_000)
    assert used((row(3), first, second), 6, RideState.OPEN) == [6, 5, 3]
    assert used((row(3), first, second, row(7)), 7) == [7, 6, 5, 3]


def test_a_top_up_staged_and_never_committed_does_not_count_once_a_boarding_took_its_number() -> None:
    left = added(6, 2_000)  # the card has 1,000
    assert used((row(4), left), 6, RideState.OPEN) == [4]
    assert used((row(4), left, row(7, after_boarding=True)), 7) == [7, 4]


def test_gen_22_a_settlement_is_taken_back_for_all_the_top_ups_since() -> None:
    wrong = row(6)._replace(alighted=9)
    reopened = slot(8)._replace(ride=RideMark(RideState.OPEN, DAY, wrong.trip_number, 3))
    since = added(8, 1_000, after_boarding=True)
    assert last_uses((row(4), wrong, since), reopened) == (since, row(4))
    right = wrong._replace(sequence=9, due_yen=120)
    assert last_uses((row(4), wrong, since, right), slot(9)) == (right, since, row(4))


def test_a_card_that_has_not_ridden_shows_what_its_rows_say() -> None:
    assert used((row(4),), 4, RideState.NONE) == [4]


def test_the_order_holds_where_the_number_wraps() -> None:
    assert used((row(1), row(255), row(253), row(3)), 3) == [3, 1, 255, 253]


def test_no_rows_are_no_uses() -> None:
    assert last_uses((), slot(17)) == ()


@pytest.mark.parametrize(("sequence", "block"), [(0, 7), (1, 8), (6, 13), (7, 7), (255, 10)])
def test_rows_stand_in_a_ring(sequence: int, block: int) -> None:
    assert history_block(sequence) == block
    assert block in HISTORY_BLOCKS


@pytest.mark.parametrize("step", [1, 2])
def test_seven_rides_in_a_row_are_all_kept(step: int) -> None:
    # An alighting takes every second number where each ride has a boarding tap.
    ring = {history_block(sequence): row(sequence, after_boarding=step == 2) for sequence in range(0, 20 * step, step)}
    assert used(tuple(ring.values()), 19 * step) == [place * step for place in range(19, 12, -1)]


@given(st.integers(0, 255), st.lists(st.integers(0, 127), max_size=7, unique=True), st.randoms())
def test_any_order_of_blocks_gives_the_same_uses(standing: int, ages: list[int], random: Random) -> None:
    rows = [row(standing - age) for age in ages]
    random.shuffle(rows)
    assert used(tuple(rows), standing) == [(standing - age) % 256 for age in sorted(ages)]

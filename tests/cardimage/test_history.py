from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.purse import HISTORY_BLOCKS, HistoryRow, decode_history, encode_history, history_block, last_uses

DAY = date(2026, 11, 20)


def row(sequence: int) -> HistoryRow:
    return HistoryRow(sequence % 256, DAY, 1, 0, 5, 230, 0, 0, 1_000)


def used(rows: tuple[HistoryRow, ...], standing: int) -> list[int]:
    return [use.sequence for use in last_uses(rows, standing)]


def test_the_newest_use_comes_first() -> None:
    assert used((row(2), row(6), row(4)), 6) == [6, 4, 2]


def test_a_row_staged_ahead_of_the_slot_does_not_count() -> None:
    assert used((row(4), row(6)), 5) == [4]
    assert used((row(254), row(0)), 255) == [254]


def test_a_row_counts_from_the_moment_its_slot_stands() -> None:
    assert used((row(4), row(6)), 6) == [6, 4]


def test_the_order_holds_where_the_number_wraps() -> None:
    assert used((row(1), row(255), row(253), row(3)), 3) == [3, 1, 255, 253]


def test_no_rows_are_no_uses() -> None:
    assert last_uses((), 17) == ()


@pytest.mark.parametrize(("sequence", "block"), [(0, 7), (1, 8), (6, 13), (7, 7), (255, 10)])
def test_rows_stand_in_a_ring(sequence: int, block: int) -> None:
    assert history_block(sequence) == block
    assert block in HISTORY_BLOCKS


@pytest.mark.parametrize("step", [1, 2])
def test_seven_rides_in_a_row_are_all_kept(step: int) -> None:
    # An alighting takes every second number where each ride has a boarding tap.
    ring = {history_block(sequence): row(sequence) for sequence in range(0, 20 * step, step)}
    assert used(tuple(ring.values()), 19 * step) == [place * step for place in range(19, 12, -1)]


@given(st.integers(0, 255), st.lists(st.integers(0, 127), max_size=7, unique=True), st.randoms())
def test_any_order_of_blocks_gives_the_same_uses(standing: int, ages: list[int], random: Random) -> None:
    rows = [row(standing - age) for age in ages]
    random.shuffle(rows)
    assert used(tuple(rows), standing) == [(standing - age) % 256 for age in sorted(ages)]


def test_a_torn_row_is_no_use() -> None:
    old, new = encode_history(row(1)), encode_history(row(8)._replace(day=date(2027, 1, 1)))
    assert decode_history(new[:8] + old[8:]) is None

"""The history rows, S_PAD7 to S_PAD13: a ring of the last rides, for display only (GEN-13)."""

from datetime import date
from typing import NamedTuple

from cardimage.layout.bits import Fields, sealed, thousands, whole
from cardimage.layout.blocks import HISTORY_BLOCKS
from cardimage.layout.days import day_number, day_of, layout_mark, layout_of_mark, newest_layout
from cardimage.layout.slots import SEQUENCES, Slot
from tariff.account import RideMark, RideState


class HistoryRow(NamedTuple):
    """One settled ride, for the display of last uses (GEN-13). It counts only once the slot has its sequence.

    `after_boarding` tells that the sequence before this one was a boarding, and so has no row of its own: see
    `last_uses`. Whoever plans the write sets it.
    """

    sequence: int
    day: date
    trip_number: int
    boarded: int
    alighted: int
    due_yen: int
    cash_yen: int
    auto_charged_yen: int
    balance_yen: int
    after_boarding: bool = False


_HISTORY = Fields(112, 8, 13, 16, 8, 8, 15, 15, 4, 15, 3, 1)
"""Sequence, day, trip, boarded, alighted, due, cash, auto-charged, balance; layout of the day, after boarding."""


def encode_history(row: HistoryRow) -> bytes:
    """HistoryRow -> 16 bytes, by the newest layout that holds its day; LayoutFault if a value does not fit."""
    layout = newest_layout((row.day,))
    return sealed(
        _HISTORY.pack(
            row.sequence,
            day_number(row.day, layout),
            row.trip_number,
            row.boarded,
            row.alighted,
            row.due_yen,
            row.cash_yen,
            thousands(row.auto_charged_yen),
            row.balance_yen,
            layout_mark(layout),
            row.after_boarding,
        )
    )


def decode_history(block: bytes) -> HistoryRow | None:
    """16 bytes -> HistoryRow; None for an empty or torn row, and for one of no layout that is known here."""
    if not whole(block):
        return None
    packed = int.from_bytes(block[:14], "big")
    sequence, number, *middle, thousand, balance, mark, after_boarding = _HISTORY.unpack(packed)
    layout = layout_of_mark(mark)
    ridden = day_of(number, layout) if layout else None
    if ridden is None or _HISTORY.rest(packed):
        return None
    trip_number, boarded, alighted, due, cash = middle
    return HistoryRow(
        sequence,
        ridden,
        trip_number,
        boarded,
        alighted,
        due,
        cash,
        thousand * 1_000,
        balance,
        bool(after_boarding),
    )


def history_block(sequence: int) -> int:
    """Where the row of a sequence number stands: the rows form a ring."""
    return HISTORY_BLOCKS[sequence % len(HISTORY_BLOCKS)]


def last_uses(rows: tuple[HistoryRow, ...], standing: Slot) -> tuple[HistoryRow, ...]:
    """Rows that count, newest first.

    A row whose sequence is ahead of the slot's was staged and never committed. Such a row may come to stand where its
    number was then taken by a boarding, which writes no row: the standing slot tells so of its own number, and the next
    row of the number before it.

    Nor does a settlement that was taken back (GEN-22). The cancelling writes no row: it opens the ride again, and the
    right settlement has a row of its own, of the same trip to the same stop.
    """
    boardings = {(row.sequence - 1) % SEQUENCES for row in rows if row.after_boarding}
    if standing.ride and standing.ride.state is RideState.OPEN:
        boardings.add(standing.sequence)
    age = {row: (standing.sequence - row.sequence) % SEQUENCES for row in rows if row.sequence not in boardings}
    counted = sorted((row for row in age if age[row] < SEQUENCES // 2), key=lambda row: age[row])
    if counted and _reopened(counted[0], standing.ride):
        del counted[0]
    newer = (None, *map(_where, counted))
    return tuple(row for row, then in zip(counted, newer, strict=False) if _where(row) != then)


def _where(row: HistoryRow) -> tuple[date, int, int]:
    """The trip and the stop of a settlement: a card is settled there once (GEN-9)."""
    return row.day, row.trip_number, row.alighted


def _reopened(newest: HistoryRow, ride: RideMark | None) -> bool:
    """Whether the last settlement's own ride is open on the card: who boards that trip again boards no earlier."""
    return (
        ride is not None
        and ride.state is RideState.OPEN
        and (ride.day, ride.trip_number) == (newest.day, newest.trip_number)
        and ride.stop_index < newest.alighted
    )

"""The history rows, S_PAD7 to S_PAD13: a ring of the last rides and top-ups, for display (GEN-13).

No fare is ever worked out from them. But of a write whose answer was lost, the row that was staged with it tells whose
it was (faults 5): see `cardimage.resolve.fate`.
"""

from datetime import date
from itertools import pairwise
from typing import NamedTuple

from cardimage.layout.bits import Fields, sealed, thousands, whole
from cardimage.layout.blocks import HISTORY_BLOCKS
from cardimage.layout.days import day_number, day_of, layout_mark, layout_of_mark, newest_layout
from cardimage.layout.slots import SEQUENCES, Slot
from tariff.account import RideMark, RideState


class HistoryRow(NamedTuple):
    """A settled ride or a top-up, for the display of last uses (GEN-13). It counts only once the slot has its sequence.

    `after_boarding` tells that the sequence before this one was a boarding, and so has no row of its own: see
    `last_uses`. Whoever plans the write sets it.

    `mark` is whose row it is, 32 bits: a top-up's row has all of it, and neither trip nor places; a ride's has the
    lowest 15 where nothing or all was paid in cash, else none. Of a top-up, `due_yen` is what was added, `cash_yen` the
    note.
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
    top_up: bool = False
    mark: int = 0


def top_up_row(sequence: int, day: date, added_yen: int, paid_yen: int, balance_yen: int, mark: int) -> HistoryRow:
    """The row of a top-up, under the sequence that makes it count; `mark` is whose row it is."""
    return HistoryRow(sequence, day, 0, 0, 0, added_yen, paid_yen, 0, balance_yen, top_up=True, mark=mark)


_HISTORY = Fields(112, 8, 13, 16, 8, 8, 15, 15, 4, 15, 3, 1, 2)
"""Sequence, day, trip, boarded, alighted, due, cash, auto-charged, balance; layout of the day, after boarding, kind."""
_RIDE, _WITHOUT_CASH, _ALL_IN_CASH, _TOP_UP = range(4)
"""Kinds of row. The second and third are rides, with the mark where the first has what was paid in cash."""
_MARK_OF_A_RIDE = (1 << 15) - 1


def encode_history(row: HistoryRow) -> bytes:
    """HistoryRow -> 16 bytes, by the newest layout that holds its day; LayoutFault if a value does not fit.

    Of the mark, as much is written as the kind of row has room for.
    """
    layout = newest_layout((row.day,))
    where, cash, kind = (row.trip_number, row.boarded, row.alighted), row.cash_yen, _RIDE
    if row.top_up:
        where, kind = (row.mark >> 16, row.mark >> 8 & 0xFF, row.mark & 0xFF), _TOP_UP
    elif cash in (0, row.due_yen) and (mark := row.mark & _MARK_OF_A_RIDE):
        cash, kind = mark, _ALL_IN_CASH if cash else _WITHOUT_CASH
    return sealed(
        _HISTORY.pack(
            row.sequence,
            day_number(row.day, layout),
            *where,
            row.due_yen,
            cash,
            thousands(row.auto_charged_yen),
            row.balance_yen,
            layout_mark(layout),
            row.after_boarding,
            kind,
        )
    )


def decode_history(block: bytes) -> HistoryRow | None:
    """16 bytes -> HistoryRow; None for an empty or torn row, and for one of no layout that is known here."""
    if not whole(block):
        return None
    packed = int.from_bytes(block[:14], "big")
    sequence, number, *middle, thousand, balance, layout_says, after_boarding, kind = _HISTORY.unpack(packed)
    layout = layout_of_mark(layout_says)
    day = day_of(number, layout) if layout else None
    if day is None or _HISTORY.rest(packed):
        return None
    trip_number, boarded, alighted, due, cash = middle
    mark = 0
    if kind == _TOP_UP:
        mark, trip_number, boarded, alighted = trip_number << 16 | boarded << 8 | alighted, 0, 0, 0
    elif kind != _RIDE:
        mark, cash = cash, due if kind == _ALL_IN_CASH else 0
    return HistoryRow(
        *(sequence, day, trip_number, boarded, alighted, due, cash, thousand * 1_000, balance),
        after_boarding=bool(after_boarding),
        top_up=kind == _TOP_UP,
        mark=mark,
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
    without = {(row.sequence - 1) % SEQUENCES for row in rows if row.after_boarding}
    age = {row: (standing.sequence - row.sequence) % SEQUENCES for row in rows if row.sequence not in without}
    counted = sorted((row for row in age if age[row] < SEQUENCES // 2), key=lambda row: age[row])
    if counted and age[counted[0]] == 0 and not _made(counted[0], standing):
        del counted[0]
    taken_back = _taken_back([row for row in counted if not row.top_up], standing.ride)
    return tuple(row for row in counted if row not in taken_back)


def _made(row: HistoryRow, standing: Slot) -> bool:
    """Whether a row of the slot's own number is of the write that made the slot. A ride is closed by its row; a top-up
    leaves it as it was, and what it made the balance.
    """
    if row.top_up:
        return row.balance_yen == standing.stored_fare_yen + sum(standing.coupons or ())
    return standing.ride is None or standing.ride.state is not RideState.OPEN


def _taken_back(rides: list[HistoryRow], ride: RideMark | None) -> set[HistoryRow]:
    """Of the rides that count, newest first, those whose settlement was cancelled."""
    again = {older for newer, older in pairwise(rides) if _where(newer) == _where(older)}
    return again | {newest for newest in rides[:1] if _reopened(newest, ride)}


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

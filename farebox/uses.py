"""A card's last uses as a passenger reads them (GEN-13), on a screen or on a slip. Pure."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from cardimage.layout.history import HistoryRow


class Use(NamedTuple):
    """One ride or top-up as a passenger reads it; stops that can't be named are blank.

    Of a top-up, `due_yen` is what was added, `cash_yen` the note.
    """

    day: date
    boarded: str
    alighted: str
    due_yen: int
    cash_yen: int
    auto_charged_yen: int
    balance_yen: int
    top_up: bool = False


def uses(rows: Sequence[HistoryRow], stops_of: Callable[[int], Sequence[str] | None]) -> tuple[Use, ...]:
    """History rows (cardimage's last_uses) with names. `stops_of`: trip number -> its stops, None if it isn't known."""
    return tuple(_use(row, () if row.top_up else stops_of(row.trip_number) or ()) for row in rows)


def _use(row: HistoryRow, stops: Sequence[str]) -> Use:
    boarded, alighted = (stops[at] if at < len(stops) else "" for at in (row.boarded, row.alighted))
    return Use(row.day, boarded, alighted, row.due_yen, row.cash_yen, row.auto_charged_yen, row.balance_yen, row.top_up)

"""The taps of a journal as rows: one for each intent, with the last word on how it came out. For spreadsheets."""

from collections.abc import Iterator
from typing import NamedTuple

from farebox.formats.journal import Intent, Opened, Outcome, Resolved, TripBegun, TripEnded
from farebox.journal.reading import Reading


class Tap(NamedTuple):
    """One intent. `result` is "open" as long as it is not known; `trip_id` is empty if the trip began earlier.

    A cancelling names the settlement that it takes back, and has its amounts with the other sign.
    """

    seq: int
    at_s: int
    terminal_id: str
    operator: str
    route_id: str
    trip_id: str
    idm: str
    action: str
    stop_index: int
    result: str
    due_yen: int
    cash_yen: int
    auto_charge_yen: int
    sf_before_yen: int
    sf_after_yen: int
    points_earned: int
    points_lapsed: int
    cancels_seq: int


def taps(reading: Reading) -> Iterator[Tap]:
    """Every tap that was written or was to be, in order."""
    entries = reading.entries
    ends = {
        entry.record.intent_seq: entry.record.result
        for entry in entries
        if isinstance(entry.record, (Outcome, Resolved))
    }
    terminal_id = reading.parts[0].found.head.terminal_id if reading.parts else ""
    trip: TripBegun | None = None
    for entry in entries:
        record = entry.record
        if isinstance(record, Opened):
            terminal_id = record.terminal_id
        elif isinstance(record, TripBegun):
            trip = record
        elif isinstance(record, TripEnded):
            trip = None
        elif isinstance(record, Intent):
            times = -1 if record.action == "cancel" else 1
            on = (trip.operator, trip.route_id, trip.trip_id) if trip else ("", "", "")
            yield Tap(
                *(entry.seq, entry.at_s, terminal_id, *on, record.idm.hex(), record.action, record.stop_index),
                *(_said(ends.get(entry.seq)), times * record.due_yen, times * record.cash_yen),
                *(times * record.auto_charge_yen, record.sf_before_yen, record.sf_after_yen),
                *(times * record.points_earned, times * record.points_lapsed, record.cancels_seq),
            )


def _said(result: str | None) -> str:
    return "open" if result in (None, "indeterminate") else str(result)

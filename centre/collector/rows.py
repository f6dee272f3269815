"""A journal's entry as the row that people ask for. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from farebox.formats import journal as j


class Row(NamedTuple):
    """The columns of `collector.models.Record` after its segment, in the order in which they are written."""

    seq: int
    kind: int
    at_s: int
    idm: str = ""
    code: str = ""
    detail: str = ""
    intent_seq: int | None = None
    stop_index: int | None = None
    sf_before_yen: int | None = None
    sf_after_yen: int | None = None
    due_yen: int | None = None
    cash_yen: int | None = None
    auto_charge_yen: int | None = None
    yen: int | None = None


_NUMBERS = {kind: number for number, kind in j.KINDS.items()}
_NO_YEN = (None,) * 6
"""From stop_index to auto_charge_yen."""


def row_of(entry: j.Entry) -> Row:
    """The row of an entry."""
    kind = type(entry.record)
    return Row(entry.seq, _NUMBERS[kind], entry.at_s, *_COLUMNS[kind](entry.record))


def _intent(record: j.Intent) -> tuple[Any, ...]:
    about = record.cancels_seq or None
    yen = (record.sf_before_yen, record.sf_after_yen, record.due_yen, record.cash_yen, record.auto_charge_yen)
    return (record.idm.hex().upper(), record.action, "", about, record.stop_index, *yen, record.note_yen or None)


def _told(idm: bytes, code: str, detail: str) -> tuple[Any, ...]:
    return idm.hex().upper(), code, detail


_COLUMNS: Mapping[type[j.Record], Callable[[Any], tuple[Any, ...]]] = {
    j.Opened: lambda record: ("", "", record.software),
    j.TripBegun: lambda record: ("", "", record.trip_id),
    j.TripEnded: lambda record: ("", "", record.trip_id),
    j.Intent: _intent,
    j.Outcome: lambda record: ("", record.result, "", record.intent_seq),
    j.Resolved: lambda record: ("", record.result, record.by, record.intent_seq),
    j.Refused: lambda record: _told(record.idm, record.code, record.detail),
    j.Noted: lambda record: _told(record.idm, record.code, record.detail),
    j.DriverActed: lambda record: _told(record.idm, record.action, record.detail),
    j.NoteMoved: lambda record: ("", record.to, "", record.intent_seq, *_NO_YEN, record.note_yen),
    j.Voucher: lambda record: ("", record.owes, "", record.intent_seq, *_NO_YEN, record.yen),
}

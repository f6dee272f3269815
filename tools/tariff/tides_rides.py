"""Taps made rides: a TIDES file of fare_transactions as it comes from elsewhere has a row a tap, not a row a ride.

An `Exit` becomes the ride, from the stop of the same card's `Enter` on the same trip; `trip_stop_sequence` counts from
1. An end without the other one is no ride that could be priced, and is counted; other rows are not looked at.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from tools.tariff.rides import Recorded

_NEEDED = ("fare_action", "token_id", "trip_stop_sequence", "trip_id_performed", "service_date")
_PLACES = ("boarded_place", "alighted_place")


def with_rides(recorded: "Recorded") -> "Recorded":
    """The file's rides; the file itself if its rows are rides, or no taps either. Raises RidesFault by row."""
    if recorded.has(_PLACES[0]) or not all(map(recorded.has, _NEEDED)):
        return recorded
    columns = [recorded.values(name, str, "") for name in _NEEDED]
    taps = zip(*([column.values[code] for code in column.codes.tolist()] for column in columns), strict=True)
    entered: dict[tuple[str, ...], int] = {}
    rows, places, strays = [], [], 0
    for row, (action, token, stop, trip, day) in enumerate(taps):
        if action not in ("Enter", "Exit"):
            continue
        place = _place(recorded, row, stop)
        boarded = entered.pop((token, trip, day), None)
        if action == "Enter":
            entered[token, trip, day] = place
            strays += boarded is not None
        elif boarded is None:
            strays += 1
        else:
            rows.append(row)
            places.append((boarded, place))
    found = recorded.only(np.array(rows, np.int64))
    table = found.table
    for name, values in zip(_PLACES, zip(*places, strict=True) if places else ((), ()), strict=True):
        table = table.append_column(name, pa.array(values, pa.int32()))
    return found._replace(table=table, strays=strays + len(entered))


def _place(recorded: "Recorded", row: int, stop: Any) -> int:
    text = str(stop)
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) < 1_000:
        recorded.bad("trip_stop_sequence", row, f"{text[:40]!r} is not a stop's number, counted from 1")
    return int(text) - 1

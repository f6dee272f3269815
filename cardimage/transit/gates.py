"""One record of a gate or a bus passed through (service 108F, newest first).

byte 0: bit 7 in, bits 6-4 kind · 2-3 station · 4-5 device · 6-7 day · 8-9 time, decimal digits · 10-11 amount,
little-endian · 12-13 fare of the pass, little-endian · 14-15 station of the pass, or bus stop. Byte 1 is not described.
"""

from datetime import date, time
from typing import NamedTuple

from cardimage.transit.fields import Station, Trouble, bcd_time_at, day_at, station_at, yen_at


class Gate(NamedTuple):
    """A gate record. `kind` is a key of codes.GATE_KINDS if it is known. What could not be read is None and a trouble.

    `last_place` is the pass's station or the bus stop: the record does not say which.
    """

    raw: bytes
    is_entry: bool
    kind: int
    station: Station | None
    device: int
    day: date | None
    at: time | None
    amount_yen: int
    pass_fare_yen: int
    last_place: int
    troubles: tuple[Trouble, ...]


def decode_gate(raw: bytes) -> Gate | None:
    """16 bytes -> a gate record, None if it was never written. Any 16 bytes decode."""
    if raw == bytes(16):
        return None
    day, at = day_at(raw, 6), bcd_time_at(raw, 8)
    return Gate(
        raw=raw,
        is_entry=bool(raw[0] & 0x80),
        kind=raw[0] >> 4 & 7,
        station=station_at(raw, 2),
        device=int.from_bytes(raw[4:6], "big"),
        day=day,
        at=at,
        amount_yen=yen_at(raw, 10),
        pass_fare_yen=yen_at(raw, 12),
        last_place=int.from_bytes(raw[14:16], "big"),
        troubles=tuple(trouble for trouble, value in ((Trouble.DAY, day), (Trouble.TIME, at)) if value is None),
    )

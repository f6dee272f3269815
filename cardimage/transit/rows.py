"""One row of a Suica-family card's history (service 090F, newest first; OKICA keeps the same rows).

byte 0 terminal · 1 process · 2 payment · 3 entry and exit · 4-5 day · 6-9 place, by process · 10-11 balance after it,
little-endian · 12 zero · 13-14 sequence, big-endian · 15 regions: bits 7-6 of the entry, 5-4 of the exit
"""

from datetime import date, time
from typing import NamedTuple, TypeAlias

from cardimage.transit import codes
from cardimage.transit.fields import Station, Trouble, day_at, station_at, time_at, yen_at


class Rail(NamedTuple):
    """Bytes 6-9: line and station of the entry, then of the exit. None where the card has none."""

    entry: Station | None
    exit: Station | None


class Bus(NamedTuple):
    """Bytes 6-9: the bus operator's number and the stop's, 16 bits each."""

    operator: int
    stop: int


class Goods(NamedTuple):
    """Bytes 6-9: time of the sale, number of the shop's terminal. `at` is None for a time that is none."""

    at: time | None
    terminal_id: int


class Unread(NamedTuple):
    """Bytes 6-9 of a process that is not known, or not surely: what they mean depends on it."""

    raw: bytes


Place: TypeAlias = Rail | Bus | Goods | Unread


class Row(NamedTuple):
    """A history row. `day` is None for a day that is none; `troubles` names what is not as described."""

    raw: bytes
    terminal: int
    process: int
    payment: int
    entry_exit: int
    day: date | None
    place: Place
    balance_yen: int
    sequence: int
    regions: tuple[int, int]
    troubles: tuple[Trouble, ...]


_EMPTY = (bytes(16), bytes.fromhex("00000080") + bytes(12))
"""Rows never written: a new card's history alternates between the two."""


def decode_row(raw: bytes) -> Row | None:
    """16 bytes -> a row, None if it was never written. Any 16 bytes decode."""
    if raw in _EMPTY:
        return None
    day, place = day_at(raw, 4), _place(raw)
    found = (
        (Trouble.DAY, day is None),
        (Trouble.TIME, isinstance(place, Goods) and place.at is None),
        (Trouble.RESERVED, raw[12] != 0),
    )
    return Row(
        raw=raw,
        terminal=raw[0],
        process=raw[1],
        payment=raw[2],
        entry_exit=raw[3],
        day=day,
        place=place,
        balance_yen=yen_at(raw, 10),
        sequence=int.from_bytes(raw[13:15], "big"),
        regions=(raw[15] >> 6, raw[15] >> 4 & 3),
        troubles=tuple(trouble for trouble, is_so in found if is_so),
    )


def _place(raw: bytes) -> Place:
    """What bytes 6-9 are. The bit for cash changes nothing in that."""
    plain = raw[1] & ~codes.WITH_CASH
    known = codes.PROCESSES.get(plain)
    if known is None or not known.is_sure:
        return Unread(raw[6:10])
    if plain in codes.BUS:
        return Bus(int.from_bytes(raw[6:8], "big"), int.from_bytes(raw[8:10], "big"))
    if plain in codes.GOODS:
        return Goods(time_at(raw, 6), int.from_bytes(raw[8:10], "big"))
    return Rail(station_at(raw, 6), station_at(raw, 8))

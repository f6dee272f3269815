"""Days, times and places within a transit card's block."""

from datetime import date, time
from enum import StrEnum
from typing import NamedTuple


class Station(NamedTuple):
    """A station as the card has it: numbers of line and station, which mean different stations in different regions."""

    line: int
    station: int

    def __str__(self) -> str:
        """As readers of such cards write it, in hex: 8B-A5."""
        return f"{self.line:02X}-{self.station:02X}"


class Trouble(StrEnum):
    """What of a block is not as described; the block's bytes tell the rest."""

    DAY = "day"
    TIME = "time"
    RESERVED = "reserved"


def day_at(block: bytes, offset: int) -> date | None:
    """Two bytes, big-endian: 7 bits of year from 2000, 4 of month, 5 of day. None for a day that is none."""
    packed = int.from_bytes(block[offset : offset + 2], "big")
    try:
        return date(2000 + (packed >> 9), packed >> 5 & 0xF, packed & 0x1F)
    except ValueError:
        return None


def time_at(block: bytes, offset: int) -> time | None:
    """Two bytes, big-endian: 5 bits of hour, 6 of minute, 5 of every other second. None for a time that is none."""
    packed = int.from_bytes(block[offset : offset + 2], "big")
    try:
        return time(packed >> 11, packed >> 5 & 0x3F, (packed & 0x1F) * 2)
    except ValueError:
        return None


def bcd_time_at(block: bytes, offset: int) -> time | None:
    """Two bytes whose hex digits read as hours and minutes. None for a time that is none."""
    digits = block[offset : offset + 2].hex()
    try:
        return time(int(digits[:2]), int(digits[2:]))
    except ValueError:
        return None


def station_at(block: bytes, offset: int) -> Station | None:
    """Two bytes: line, station. None where both are zero."""
    line, station = block[offset], block[offset + 1]
    return Station(line, station) if line or station else None


def yen_at(block: bytes, offset: int) -> int:
    """Two bytes, little-endian, as money stands on these cards."""
    return int.from_bytes(block[offset : offset + 2], "little")

"""Rows and cards of our own making, written by the published layout apart from the decoder: each tries the other."""

from collections.abc import Mapping
from datetime import date, time

from cardimage.image import Blocks, CardImage

IDM, OTHER_IDM = bytes.fromhex("0101060104A1B2C3"), bytes.fromhex("0101060104FFFFFF")
PMM = bytes.fromhex("100B4B428485D0FF")
DAY = date(2026, 11, 20)
NEVER_WRITTEN = (bytes(16), bytes.fromhex("00000080000000000000000000000000"))


def packed_day(day: date) -> bytes:
    return ((day.year - 2000) * 512 + day.month * 32 + day.day).to_bytes(2, "big")


def packed_time(at: time) -> bytes:
    return (at.hour * 2048 + at.minute * 32 + at.second // 2).to_bytes(2, "big")


def row(
    sequence: int = 7,
    balance_yen: int = 1_000,
    *,
    terminal: int = 0x16,
    process: int = 0x01,
    payment: int = 0,
    entry_exit: int = 0x02,
    day: date = DAY,
    place: bytes = b"\x8b\xa5\x8a\xa6",
    regions: tuple[int, int] = (0, 0),
) -> bytes:
    """A row of service 090F."""
    return (
        bytes((terminal, process, payment, entry_exit))
        + packed_day(day)
        + place
        + balance_yen.to_bytes(2, "little")
        + b"\0"
        + sequence.to_bytes(2, "big")
        + bytes((regions[0] * 64 + regions[1] * 16,))
    )


def attributes(balance_yen: int, kind: int = 2, update: int = 7) -> bytes:
    """Service 008B."""
    return bytes(8) + bytes((kind * 16, 0, 0)) + balance_yen.to_bytes(2, "little") + b"\0" + update.to_bytes(2, "big")


def image(systems: Mapping[int, Mapping[int, Blocks]], *, idm: bytes = IDM, simulated: bool = False) -> CardImage:
    return CardImage(idm, PMM, {system: dict(found) for system, found in systems.items()}, simulated)


def suica(*rows: bytes, first: int = 0, idm: bytes = IDM, simulated: bool = False, **more: Blocks) -> CardImage:
    """A Suica-family card with these rows, newest first, from block `first` on; `more` by service, as `s108F`."""
    history = dict(enumerate(rows, start=first))
    others = {int(name[1:], 16): blocks for name, blocks in more.items()}
    return image({0x0003: {0x090F: history, **others}}, idm=idm, simulated=simulated)

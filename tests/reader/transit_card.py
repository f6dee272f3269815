"""A transit card of our own making, for tests: two systems, history, a service that asks for a key."""

from cardimage.image import Blocks, CardImage

IDM = bytes.fromhex("01 0A 10 00 20 0B 30 0C")
PMM = bytes.fromhex("10 0B 4B 42 84 85 D0 FF")


def rows(count: int, first: int = 1) -> Blocks:
    return {block: bytes((first, block)) * 8 for block in range(count)}


def transit_card() -> CardImage:
    return CardImage(
        IDM,
        PMM,
        {
            0x0003: {
                0x008B: rows(1),
                0x0088: {},
                0x090F: rows(20, 2),
                0x090C: {},
                0x108F: rows(3, 3),
                0x10CB: rows(2, 4),
            },
            0xFE00: {0x1008: {}, 0x110B: rows(2, 5)},
        },
        simulated=False,
    )

"""Fields of a block, from the top bit on, and the check that seals it. docs/card.md has every block bit by bit."""

from binascii import crc_hqx
from itertools import accumulate
from operator import lshift, rshift


class LayoutFault(Exception):
    """A value does not fit the card: whoever made the value is at fault, not the card."""


class Fields:
    """The fields of a block, from the most significant bit on; what is left over is zero."""

    def __init__(self, bits: int, *widths: int) -> None:
        """Take the block's length and each field's width in bits."""
        self._widths = widths
        self._shifts = tuple(bits - up_to for up_to in accumulate(widths))
        self._places = tuple((shift, (1 << width) - 1) for shift, width in zip(self._shifts, widths, strict=True))
        self._rest = (1 << self._shifts[-1]) - 1

    def pack(self, *values: int) -> int:
        """Fields -> the block as one number; LayoutFault if a value does not fit."""
        # Shifted out by its width, a value that fits leaves 0, any other does not; `map` makes this a third faster.
        if any(map(rshift, values, self._widths)):
            value, width = next(pair for pair in zip(values, self._widths, strict=True) if pair[0] >> pair[1])
            raise LayoutFault(f"{value} does not fit {width} bits of the card; see docs/card.md")
        if len(values) != len(self._widths):
            raise ValueError(f"{len(values)} values for {len(self._widths)} fields")
        return sum(map(lshift, values, self._shifts))

    def unpack(self, packed: int) -> list[int]:
        """The block as one number -> fields."""
        return [packed >> shift & mask for shift, mask in self._places]

    def rest(self, packed: int) -> int:
        """What stands where there is no field: 0 in any block of ours."""
        return packed & self._rest


def sealed(packed: int) -> bytes:
    body = packed.to_bytes(14, "big")
    return body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")


def whole(block: bytes) -> bool:
    """Whether a block's check holds: over all 16 bytes, the check itself among them, it comes to 0.

    The start value FFFF keeps a block of zeros from being whole.
    """
    return len(block) == 16 and not crc_hqx(block, 0xFFFF)


def thousands(yen: int) -> int:
    if yen % 1_000:
        raise LayoutFault(f"{yen} yen is not in thousands, as the card counts auto-charge (AUT-1)")
    return yen // 1_000

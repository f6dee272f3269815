"""Fields of a block, from the top bit on, and the check that seals it. docs/card.md has every block bit by bit."""

from binascii import crc_hqx


class LayoutFault(Exception):
    """A value does not fit the card: whoever made the value is at fault, not the card."""


class Fields:
    """The fields of a block, from the most significant bit on; what is left over is zero."""

    def __init__(self, bits: int, *widths: int) -> None:
        """Take the block's length and each field's width in bits."""
        shifts = [bits - sum(widths[: place + 1]) for place in range(len(widths))]
        self._places = tuple((shift, (1 << width) - 1) for shift, width in zip(shifts, widths, strict=True))
        self._rest = (1 << shifts[-1]) - 1

    def pack(self, *values: int) -> int:
        """Fields -> the block as one number; LayoutFault if a value does not fit."""
        packed = 0
        for value, (shift, mask) in zip(values, self._places, strict=True):
            if not 0 <= value <= mask:
                raise LayoutFault(f"{value} does not fit {mask.bit_length()} bits of the card; see docs/card.md")
            packed |= value << shift
        return packed

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
    """Whether a block's check holds. The start value FFFF keeps a block of zeros from being whole."""
    return len(block) == 16 and crc_hqx(block[:14], 0xFFFF) == int.from_bytes(block[14:], "big")


def thousands(yen: int) -> int:
    if yen % 1_000:
        raise LayoutFault(f"{yen} yen is not in thousands, as the card counts auto-charge (AUT-1)")
    return yen // 1_000

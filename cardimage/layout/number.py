"""The engraved number and the day of issue, S_PAD2."""

from datetime import date

from cardimage.layout.bits import Fields, LayoutFault, sealed, whole
from cardimage.layout.days import day_number, day_of, layout_mark, layout_of_mark, newest_layout

_NUMBER = Fields(112, 88, 13, 3)
"""Number, day of issue, layout of that day."""
_MOST_DIGITS = 17
_VALUES = range(1, 36**_MOST_DIGITS)
"""What 17 digits can say; the block has room for a little more."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def encode_number(number: str, issued: date) -> bytes:
    """The engraved card number (at most 17 of 0-9, A-Z) and the day of issue -> S_PAD2."""
    if not number or len(number) > _MOST_DIGITS or number[0] == "0" or any(digit not in _DIGITS for digit in number):
        raise LayoutFault(f"{number!r} is not a card number: 1 to 17 of 0-9 and A-Z, not beginning with 0")
    layout = newest_layout((issued,))
    return sealed(_NUMBER.pack(int(number, 36), day_number(issued, layout), layout_mark(layout)))


def decode_number(block: bytes) -> tuple[str, date] | None:
    """S_PAD2 -> the engraved number and the day of issue; None if the block is not whole or not understood."""
    if not whole(block):
        return None
    packed = int.from_bytes(block[:14], "big")
    value, day, mark = _NUMBER.unpack(packed)
    layout = layout_of_mark(mark)
    issued = day_of(day, layout) if layout else None
    if issued is None or value not in _VALUES or _NUMBER.rest(packed):
        return None
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return digits, issued

"""A second, separate writer of the card's blocks: strings of ones and zeros, and the check worked out bit by bit.

Nothing here is taken from cardimage.layout, so that a slip there can't hide here.
"""

from datetime import date


def bit_string(*fields: tuple[int, int]) -> str:
    """(value, width) pairs in order -> ones and zeros, the first field's top bit first."""
    return "".join(format(value, f"0{width}b") for value, width in fields)


def octets(ones_and_zeros: str, size: int) -> bytes:
    """Ones and zeros -> bytes, the unused end all zeros."""
    padded = ones_and_zeros.ljust(size * 8, "0")
    assert len(padded) == size * 8, f"{len(ones_and_zeros)} bits do not fit {size} bytes"
    return bytes(int(padded[start : start + 8], 2) for start in range(0, len(padded), 8))


def check(data: bytes) -> bytes:
    """CRC-16: polynomial 1021h, start FFFFh, top bit first, nothing inverted at the end; 29B1h for "123456789"."""
    remainder = 0xFFFF
    for octet in data:
        for place in range(7, -1, -1):
            out = (remainder >> 15) ^ (octet >> place & 1)
            remainder = (remainder << 1 & 0xFFFF) ^ (0x1021 if out else 0)
    return remainder.to_bytes(2, "big")


def sealed(*fields: tuple[int, int]) -> bytes:
    """A block of 14 bytes of fields and its check."""
    body = octets(bit_string(*fields), 14)
    return body + check(body)


def day(text: str, layout: int = 1) -> int:
    """An ISO day -> the card's day number, in layout 1 or 2."""
    return (date.fromisoformat(text) - date({1: 2015, 2: 2025}[layout], 12, 31)).days

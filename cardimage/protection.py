"""What a Lite-S card's memory configuration (MC) lets be written and how, and the two that this project sets.

Source: FeliCa Lite-S User's Manual (MC). Bytes 0-1 can only lose ones, 6-12 only gain them, both while bit 15 of bytes
0-1 is one; bytes 2-5 can be set while byte 2 is FF. So nothing set here is ever taken back.
"""

from enum import StrEnum

from cardimage import lite_s


class Protection(StrEnum):
    """How far a card is locked when it is issued."""

    BENCH = "bench"
    """System blocks closed, or the chip takes no write with MAC_A; all else stays open, so that it can be wiped."""
    LOCKED = "locked"
    """For good: nothing is written without the card key, nor can anyone lock more.

    All may read the S_PADs, which are written with MAC_A only (bytes 10-11), as is STATE (12); REG and MC itself are
    locked (bytes 0-1), or anyone could lock the card; system blocks are locked (byte 2), but CK and CKV open to a write
    with MAC_A, for a change of keys (byte 5).
    """


class Access(StrEnum):
    """How a block can be written."""

    PLAIN = "plain"
    WITH_MAC = "with-mac"
    NEVER = "never"


_WANTED = {
    Protection.BENCH: bytes.fromhex("FFFF 00 00 07 01 0000 0000 0000 00 000000"),
    Protection.LOCKED: bytes.fromhex("FF3F 00 00 07 01 0000 0000 FF3F 01 000000"),
}
_S_PAD_BITS = 0x3FFF


def system_is_open(mc: bytes) -> bool:
    """Whether ID, SER_C, CKV and CK are as open as they left the factory."""
    return mc[2] == 0xFF


def can_restrict(mc: bytes) -> bool:
    """Whether MC bytes 0-1 and 6-12 can still be written."""
    return bool(mc[1] & 0x80)


def access(mc: bytes, block: int) -> Access:
    """How an S_PAD, REG, CK or CKV is written under this memory configuration."""
    if block in (lite_s.CK, lite_s.CKV):
        if mc[5] == 1:
            return Access.WITH_MAC  # on an open card too (?)
        return Access.PLAIN if system_is_open(mc) else Access.NEVER
    if not _bits(mc, 0) >> block & 1:
        return Access.NEVER
    return Access.WITH_MAC if _bits(mc, 10) >> block & 1 else Access.PLAIN


def protected(mc: bytes, protection: Protection) -> bytes:
    """The memory configuration that writing this protection over `mc` comes to.

    The radio byte (4) and the reserved ones (13-15) are the card's own.
    """
    wanted = bytearray(_WANTED[protection])
    wanted[4], wanted[13:] = mc[4], mc[13:]
    if not system_is_open(mc):
        wanted[2:6] = mc[2:6]
    if not can_restrict(mc):
        return mc[0:2] + bytes(wanted[2:6]) + mc[6:]
    wanted[0:2] = (old & new for old, new in zip(mc[0:2], wanted[0:2], strict=True))
    wanted[6:13] = (old | new for old, new in zip(mc[6:13], wanted[6:13], strict=True))
    return bytes(wanted)


def holds(mc: bytes, protection: Protection) -> bool:
    """Whether a card with this memory configuration is protected at least so far."""
    wanted = _WANTED[protection]
    return (
        not system_is_open(mc)
        and _bits(mc, 0) & ~_bits(wanted, 0) == 0
        and all(has | asked == has for has, asked in zip(mc[6:13], wanted[6:13], strict=True))
    )


def asks_authentication(mc: bytes) -> bool:
    """Whether some S_PAD is only read or written after the terminal proved itself, which ours never does."""
    return bool((_bits(mc, 6) | _bits(mc, 8)) & _S_PAD_BITS)


def has_read_only_pads(mc: bytes) -> bool:
    """Whether some S_PAD can never be written again."""
    return _bits(mc, 0) & _S_PAD_BITS != _S_PAD_BITS


def _bits(mc: bytes, offset: int) -> int:
    return int.from_bytes(mc[offset : offset + 2], "little")

"""Which of the two slots stands, and what became of a write whose answer was lost. Pure; the counter shares it."""

from enum import StrEnum
from typing import NamedTuple

from cardimage.layout.bits import whole
from cardimage.layout.slots import SEQUENCES, Slot, decode_slot
from tariff.refusal import Code, Refusal


class Standing(NamedTuple):
    """The slot that is valid now: which block it stands in, its bytes and its contents."""

    place: int
    block: bytes
    slot: Slot


def standing(first: bytes, second: bytes) -> Standing | Refusal:
    """The newer of two whole slots, or the only whole one: a torn write leaves its predecessor standing (faults 2).

    Two whole slots that are not successors were not written by any of our terminals (GEN-11). A whole slot that is not
    understood was written by a newer one: the card is not read by the other slot, which may be long outdated.
    """
    one, other = decode_slot(first), decode_slot(second)
    if (one is None and whole(first)) or (other is None and whole(second)):
        return Refusal(Code.UNREADABLE_CARD, "GEN-11", "a slot of another layout")
    if one is None:
        return Standing(1, second, other) if other else Refusal(Code.UNREADABLE_CARD, "GEN-11", "no slot stands")
    if other is None:
        return Standing(0, first, one)
    step = (other.sequence - one.sequence) % SEQUENCES
    if step == 1:
        return Standing(1, second, other)
    if step == SEQUENCES - 1:
        return Standing(0, first, one)
    return Refusal(Code.ALTERED_CARD, "GEN-11", "slots do not follow each other")


class Fate(StrEnum):
    """What became of a write whose answer was lost."""

    WRITTEN = "written"
    NOT_WRITTEN = "not_written"
    UNKNOWN = "unknown"
    """The card has been used elsewhere since, twice or more: the centre reconciles by sequence (faults 5)."""


def fate(before: bytes, after: bytes, first: bytes, second: bytes, writes_since: int = 0) -> Fate:
    """What became of the write `before` -> `after`, from the two slots as they are read now (faults 3 to 5).

    Either slot holding `after` proves the write. `before` standing, or `after`'s place taken by another slot of the
    same sequence, proves that it was not done. Nothing is proven once the card has been written so often since
    (`writes_since`, by its own count) that the sequence may have come round.
    """
    if writes_since >= SEQUENCES:
        return Fate.UNKNOWN
    if after in (first, second):
        return Fate.WRITTEN
    now = standing(first, second)
    if isinstance(now, Refusal):
        return Fate.UNKNOWN
    wanted = decode_slot(after)
    others = [slot for slot in (decode_slot(first), decode_slot(second)) if slot is not None]
    if now.block == before or (wanted and any(slot.sequence == wanted.sequence for slot in others)):
        return Fate.NOT_WRITTEN
    return Fate.UNKNOWN

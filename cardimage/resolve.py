"""Which of the two slots stands, and what became of a write whose answer was lost. Pure; the counter shares it."""

from enum import StrEnum
from typing import NamedTuple

from cardimage.layout.bits import whole
from cardimage.layout.history import decode_history
from cardimage.layout.slots import SEQUENCES, Slot, decode_slot
from tariff.refusal import Code, Refusal


class Standing(NamedTuple):
    """The slot that is valid now: its block, bytes and contents; and the slot before it, if that is whole."""

    place: int
    block: bytes
    slot: Slot
    older: Slot | None = None


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
        return Standing(1, second, other, one)
    if step == SEQUENCES - 1:
        return Standing(0, first, one, other)
    return Refusal(Code.ALTERED_CARD, "GEN-11", "slots do not follow each other")


class Fate(StrEnum):
    """What became of a write whose answer was lost."""

    WRITTEN = "written"
    NOT_WRITTEN = "not_written"
    UNKNOWN = "unknown"
    """The card has been used elsewhere since, twice or more: the centre reconciles by sequence (faults 5)."""


class Row(NamedTuple):
    """The history row that was staged with a write, and what stands in its block now."""

    staged: bytes
    found: bytes


def fate(
    before: bytes, after: bytes, first: bytes, second: bytes, writes_since: int = 0, row: Row | None = None
) -> Fate:
    """What became of the write `before` -> `after`, from the two slots as they are read now (faults 3 to 5).

    Either slot holding `after` proves that such a write was done. `before` standing, or `after`'s place taken by
    another slot of the same sequence, proves that it was not. Nothing is proven once the card has been written so often
    since (`writes_since`, by its own count) that the sequence may have come round.

    Whose write it was, its `row` tells, if one was staged; None where no other terminal can have had the card. A row's
    block is written again by the next of the same sequence, which can only be as long as `before` stands, or by one
    four or more later, when neither slot is `after` any more. So while one is, another row there is of whoever wrote
    it; and whenever another of this sequence is there, `before` still stood after this write was given up.
    """
    if writes_since >= SEQUENCES:
        return Fate.UNKNOWN
    end = _by_slots(before, after, first, second)
    if row is None or end is Fate.NOT_WRITTEN or row.found == row.staged:
        return end
    if end is Fate.WRITTEN:
        return Fate.NOT_WRITTEN
    found, staged = decode_history(row.found), decode_history(row.staged)
    return Fate.NOT_WRITTEN if found and staged and found.sequence == staged.sequence else end


def _by_slots(before: bytes, after: bytes, first: bytes, second: bytes) -> Fate:
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

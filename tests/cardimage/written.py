"""A card's S_PADs as a plain dict, to write plans to: wholly, or only so far as the card stayed."""

from collections.abc import Iterator
from typing import NamedTuple

from cardimage import contents
from cardimage.contents import standing_on
from cardimage.image import Blocks
from cardimage.layout.blocks import BANKS, HISTORY_BLOCKS, SLOT_BLOCKS
from cardimage.layout.conditions import encode_conditions
from cardimage.layout.history import HistoryRow, decode_history, last_uses
from cardimage.layout.slots import encode_slot, slot_of
from cardimage.lite_s import S_PADS
from cardimage.resolve import Standing
from cardimage.write_plan import WritePlan
from tariff.account import Account


def card(account: Account, *, layout: int | None = None, sequence: int = 7, bank: int = 0, place: int = 0) -> Blocks:
    """A card on which an account stands; the other slot holds its predecessor, the other bank nothing."""
    blocks = dict.fromkeys(range(S_PADS), bytes(16))
    slot = slot_of(account, sequence, bank, layout)
    blocks[SLOT_BLOCKS[place]] = encode_slot(slot)
    blocks[SLOT_BLOCKS[1 - place]] = encode_slot(slot._replace(sequence=(slot.sequence - 1) % 256))
    if slot.more:
        blocks.update(zip(BANKS[bank], encode_conditions(account, slot.layout), strict=True))
    return blocks


def now(blocks: Blocks) -> Standing:
    """The slot that stands."""
    found = standing_on(blocks)
    assert isinstance(found, Standing), found
    return found


def account_on(blocks: Blocks) -> Account:
    """What a terminal reads from the card."""
    account = contents.account_on(blocks)
    assert isinstance(account, Account), account
    return account


def uses_on(blocks: Blocks) -> tuple[HistoryRow, ...]:
    """The last uses that the card shows."""
    rows = tuple(row for block in HISTORY_BLOCKS if (row := decode_history(blocks[block])) is not None)
    return last_uses(rows, now(blocks).slot)


def written(blocks: Blocks, plan: WritePlan) -> Blocks:
    """The card once all of a plan is written."""
    return blocks | dict((*plan.staged, plan.commit))


class Torn(NamedTuple):
    """A card that left at `cut` bytes of the `write`th write of a plan."""

    write: int
    cut: int
    blocks: Blocks


def torn_states(blocks: Blocks, plan: WritePlan) -> Iterator[Torn]:
    """The card withdrawn at every byte of every write: none of it, some of it, all of it."""
    held = dict(blocks)
    for write, (block, data) in enumerate((*plan.staged, plan.commit)):
        for cut in range(17):
            yield Torn(write, cut, held | {block: data[:cut] + held[block][cut:]})
        held[block] = data

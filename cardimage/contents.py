"""What a whole card of ours says, by its own blocks: the slot that stands, and what it means. Pure.

For whoever has the card whole, as a file or in simulation; a terminal reads block by block (reader.card).
"""

from cardimage.image import Blocks
from cardimage.layout.blocks import BANKS, SLOT_BLOCKS
from cardimage.layout.conditions import decode_account
from cardimage.resolve import Standing, standing
from tariff.account import Account
from tariff.refusal import Refusal


def standing_on(blocks: Blocks) -> Standing | Refusal:
    """The slot that is valid now."""
    first, second = SLOT_BLOCKS
    return standing(blocks[first], blocks[second])


def account_on(blocks: Blocks) -> Account | Refusal:
    """What the card means, conditions and all."""
    now = standing_on(blocks)
    if isinstance(now, Refusal):
        return now
    first, second = BANKS[now.slot.bank]
    return decode_account(now.slot, (blocks[first], blocks[second]) if now.slot.more else None)

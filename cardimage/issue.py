"""A bench card as it is handed out: number, conditions and first slot written, protection bits set."""

from datetime import date

from cardimage import lite_s
from cardimage.image import CardImage, blank_lite_s
from cardimage.layout.bits import LayoutFault
from cardimage.layout.blocks import BANKS, NUMBER_BLOCK, SLOT_BLOCKS
from cardimage.layout.conditions import encode_conditions
from cardimage.layout.number import encode_number
from cardimage.layout.slots import encode_slot, slot_of
from cardimage.layout.variants import SHADOWS
from tariff.account import Account

_MC_ISSUED = bytes.fromhex("FF3F 00 00 07 01 0000 0000 FF3F 01 000000")
"""Memory configuration: S_PADs readable by all, written with MAC_A only (bytes 10-11), and STATE too (12); REG and this
block itself locked (bytes 0-1), or anyone could lock the card; system blocks locked (byte 2), but CK and CKV open to a
write with MAC_A, for a change of keys (byte 5)."""


def issue(idm: bytes, account: Account, number: str, issued: date) -> CardImage:
    """A simulated Lite-S card (模擬) that holds this account; LayoutFault if a value does not fit the card.

    A foreign card is not issued here; `cardimage.shadow` makes the shadow of a recorded one.
    """
    if account.scheme in SHADOWS:
        raise LayoutFault(f"a card of {account.scheme} is not ours to issue")
    image = with_first_slot(idm, account)
    blocks = image.lite_s_blocks()
    assert blocks is not None
    blocks[NUMBER_BLOCK] = encode_number(number, issued)
    return image


def with_first_slot(idm: bytes, account: Account) -> CardImage:
    """A simulated Lite-S card with this account under sequence 0, its protection bits set, and no number."""
    image = blank_lite_s(idm)
    blocks = image.lite_s_blocks()
    assert blocks is not None
    slot = slot_of(account, sequence=0, bank=0)
    blocks[SLOT_BLOCKS[0]] = encode_slot(slot)
    if slot.more:
        blocks[BANKS[0][0]], blocks[BANKS[0][1]] = encode_conditions(account, slot.layout)
    blocks[lite_s.MC] = _MC_ISSUED
    return image

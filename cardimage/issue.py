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
from cardimage.protection import Protection, protected
from tariff.account import Account

NUMBER_PREFIXES = {"lococa": "LC", "iwate-green-pass": "IG", "noruca": "FK", "aizu-noruca": "AZ"}
"""Scheme -> what the engraved numbers of its cards begin with."""


def made_up_number(scheme: str, idm: bytes) -> str:
    """An engraved number where none is given: the scheme's prefix, and its IDm but for the first byte.

    That byte says next to nothing, and 17 characters would not hold it.
    """
    return NUMBER_PREFIXES[scheme] + idm[1:].hex().upper()


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
    blocks[lite_s.MC] = protected(blocks[lite_s.MC], Protection.LOCKED)
    return image

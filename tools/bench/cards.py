"""Cards for the cases (模擬), one of each kind that a tap treats differently."""

from cardimage.image import CardImage
from cardimage.issue import issue
from cardimage.layout.blocks import BANKS, SLOT_BLOCKS
from cardimage.layout.conditions import encode_conditions
from cardimage.layout.slots import encode_slot, slot_of
from tariff.account import Account, AutoCharge, Coupons, Pass, Points, Section
from tools.bench.bus import BOARDS, DAY, service

BALANCE_YEN = 20_000


def general_card(number: int) -> CardImage:
    """A LOCOCA card with nothing but stored fare."""
    return issued(number, Account("lococa", BALANCE_YEN))


def pass_card(number: int) -> CardImage:
    """A LOCOCA card with a pass on the first part of the ride."""
    return issued(number, pass_account())


def pass_account(directive: int = 0) -> Account:
    """What such a card holds, after a directive of that number."""
    stops = service().table.pattern.stop_numbers
    section = Section(stops[BOARDS], stops[BOARDS + 1], one_way=False, priced_fare_yen=500)
    held = Pass(1, service().company, DAY.replace(day=1), DAY.replace(day=30), False, (section,))
    return Account("lococa", BALANCE_YEN, named=True, held_pass=held, directive=directive)


def earning_card(number: int) -> CardImage:
    """An Iwate Green Pass whose stored fare pays, and earns points (IGP-28)."""
    return issued(number, Account("iwate-green-pass", BALANCE_YEN))


def points_card(number: int) -> CardImage:
    """An Iwate Green Pass whose points pay (IGP-29)."""
    return issued(number, Account("iwate-green-pass", BALANCE_YEN, points=Points(2_000, DAY.replace(day=1))))


def coupon_card(number: int) -> CardImage:
    """A NORUCA card with its three coupon purses."""
    return issued(number, Account("noruca", 0, coupons=Coupons(5_000, 0, 1_000)))


def auto_charge_card(number: int) -> CardImage:
    """An AIZU NORUCA card that auto-charge is due on (AUT-2)."""
    arranged = AutoCharge(1_000, 1_000, 99_000, 99_000)
    return issued(number, Account("aizu-noruca", 50, named=True, auto_charge=arranged))


def old_general_card(number: int) -> CardImage:
    """A general card as it was handed out before layout 2."""
    return _in_layout_1(general_card(number), Account("lococa", BALANCE_YEN))


def old_pass_card(number: int) -> CardImage:
    """A pass card as it was handed out before layout 2."""
    return _in_layout_1(pass_card(number), pass_account())


def issued(number: int, account: Account) -> CardImage:
    """A card of a number that holds an account."""
    return issue(bytes.fromhex("012E00000000") + number.to_bytes(2, "big"), account, f"BN{number:05}", DAY)


def _in_layout_1(card: CardImage, account: Account) -> CardImage:
    blocks = card.lite_s_blocks()
    assert blocks is not None
    slot = slot_of(account, sequence=0, bank=0, layout=1)
    blocks[SLOT_BLOCKS[0]] = encode_slot(slot)
    if slot.more:
        blocks.update(zip(BANKS[0], encode_conditions(account, 1), strict=True))
    return card

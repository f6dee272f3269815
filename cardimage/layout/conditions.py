"""The banks of conditions, S_PAD3-4 and S_PAD5-6: what changes only by directive."""

from binascii import crc_hqx

from cardimage.layout.bits import Fields, LayoutFault, thousands
from cardimage.layout.days import day_number, day_of
from cardimage.layout.slots import Slot
from tariff.account import Account, AutoCharge, HolderKind, Pass, Section
from tariff.refusal import Code, Refusal

MOST_PRICED_YEN = 5_110
"""The highest fare a pass section can be priced on: 9 bits of tens."""

_AUTO_CHARGE = (1, 7, 4, 7, 7)
_CONDITIONS = Fields(112, 4, 13, 2, 6, 13, 13, 8, 8, 1, *_AUTO_CHARGE, 16, 1)
"""Holder, expiry, company, product, first and last day, area, line, bearer; auto-charge; directive, named."""
_SECTIONS = Fields(128, *(16, 16, 1, 9) * 3)


def encode_conditions(account: Account, layout: int) -> tuple[bytes, bytes]:
    """What changes only by directive -> the two blocks of a bank, its days by the slot's layout; one check over both.

    LayoutFault if a value does not fit.
    """
    held, charge = account.held_pass, account.auto_charge
    if held and len(held.sections) > 3:
        raise LayoutFault(f"{len(held.sections)} pass sections; the card holds 3")
    sections = [_section_fields(section) for section in held.sections] if held else []
    none = [(0, 0, 0, 0)] * (3 - len(sections))
    second = _SECTIONS.pack(*(field for section in (*sections, *none) for field in section)).to_bytes(16, "big")
    first = _CONDITIONS.pack(
        account.holder,
        day_number(account.expires, layout),
        held.company if held else 0,
        held.product if held else 0,
        day_number(held.first_day, layout) if held else 0,
        day_number(held.last_day, layout) if held else 0,
        held.area if held else 0,
        held.line if held else 0,
        held.bearer if held else 0,
        *_auto_charge_fields(charge),
        account.directive,
        account.named,
    ).to_bytes(14, "big")
    return first + crc_hqx(first + second, 0xFFFF).to_bytes(2, "big"), second


def _section_fields(section: Section) -> tuple[int, int, int, int]:
    if not section.from_stop:
        raise LayoutFault("a pass section from stop 0, which is no stop")
    if section.priced_fare_yen % 10:
        raise LayoutFault(f"a pass priced on {section.priced_fare_yen} yen; the card counts tens")
    return section.from_stop, section.to_stop, section.one_way, section.priced_fare_yen // 10


def _auto_charge_fields(charge: AutoCharge | None) -> tuple[int, int, int, int, int]:
    if charge is None:
        return 0, 0, 0, 0, 0
    if charge.trigger_yen % 100:
        raise LayoutFault(f"a trigger of {charge.trigger_yen} yen; it goes in steps of 100 (AUT-1)")
    return (
        1,
        charge.trigger_yen // 100,
        thousands(charge.amount_yen),
        thousands(charge.day_cap_yen),
        thousands(charge.month_cap_yen),
    )


def decode_account(slot: Slot, conditions: tuple[bytes, bytes] | None) -> Account | Refusal:
    """The standing slot and its bank's two blocks (None where the slot asks for none) -> Account.

    Conditions that fail their check make the card altered (GEN-11): a slot never points at a bank not yet whole.
    """
    if not slot.more:
        return Account(
            slot.scheme,
            slot.stored_fare_yen,
            ride=slot.ride,
            auto_charged=slot.auto_charged,
            coupons=slot.coupons,
            points=slot.points,
            welfare_points=slot.welfare_points,
        )
    if conditions is None:
        raise ValueError("the slot asks for conditions that were not read")
    first, second = conditions
    if crc_hqx(first[:14] + second, 0xFFFF) != int.from_bytes(first[14:], "big"):
        return Refusal(Code.ALTERED_CARD, "GEN-11", "conditions")
    holder, expires, company, product, first_day, last_day, area, line, bearer, *rest = _CONDITIONS.unpack(
        int.from_bytes(first[:14], "big")
    )
    on, trigger, amount, day_cap, month_cap, directive, named = rest
    if holder > HolderKind.DISABLED_CHILD:
        return Refusal(Code.ALTERED_CARD, "GEN-11", "kind of holder")
    charge = AutoCharge(trigger * 100, amount * 1_000, day_cap * 1_000, month_cap * 1_000) if on else None
    starts, ends = day_of(first_day, slot.layout), day_of(last_day, slot.layout)
    sections = _sections(second)
    held = Pass(product, company, starts, ends, bool(bearer), sections, area, line) if starts and ends else None
    return Account(
        slot.scheme,
        slot.stored_fare_yen,
        HolderKind(holder),
        bool(named),
        day_of(expires, slot.layout),
        slot.ride,
        held,
        charge,
        slot.auto_charged,
        slot.coupons,
        slot.points,
        slot.welfare_points,
        directive,
    )


def _sections(block: bytes) -> tuple[Section, ...]:
    fields = iter(_SECTIONS.unpack(int.from_bytes(block, "big")))
    rows = zip(fields, fields, fields, fields, strict=True)
    return tuple([Section(start, end, bool(one_way), tens * 10) for start, end, one_way, tens in rows if start])

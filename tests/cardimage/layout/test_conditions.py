from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.layout.bits import LayoutFault
from cardimage.layout.conditions import decode_account, encode_conditions
from cardimage.layout.slots import Slot, slot_of
from tariff.account import Account, AutoCharge, HolderKind, Pass, Section
from tariff.refusal import Code, Refusal
from tests.cardimage import bits
from tests.cardimage.accounts import accounts

DAY = date(2026, 11, 20)
CONDITIONS = Account(
    "aizu-noruca",
    640,
    HolderKind.CHILD,
    named=True,
    expires=date(2027, 3, 31),
    held_pass=Pass(
        5,
        2,
        date(2026, 11, 1),
        date(2026, 11, 30),
        True,
        (Section(258, 772, True, 340), Section(17, 4_660, False, 120)),
        area=23,
        line=1,
    ),
    auto_charge=AutoCharge(100, 1_000, 99_000, 99_000),
    directive=513,
)
SLOT = Slot(1, "lococa", 41, 1, True, None, 1_730)


def by_widths(layout: int) -> bytes:
    first = bits.octets(
        bits.bit_string(
            (1, 4), (bits.day("2027-03-31", layout), 13),  # holder, card expires
            (2, 2), (5, 6),  # pass company, product
            (bits.day("2026-11-01", layout), 13), (bits.day("2026-11-30", layout), 13),
            (23, 8), (1, 8), (1, 1),  # area, line, bearer
            (1, 1), (1, 7), (1, 4), (99, 7), (99, 7),  # auto-charge
            (513, 16), (1, 1),  # directive, named
        ),
        14,
    )  # fmt: skip
    second = bits.octets(
        bits.bit_string((258, 16), (772, 16), (1, 1), (34, 9), (17, 16), (4_660, 16), (0, 1), (12, 9), (0, 42)), 16
    )
    return first + bits.check(first + second) + second


@pytest.mark.parametrize(
    ("layout", "octets"),
    [
        (
            1,
            """
            18 06 42 BD D9 F2 62 E0 38 11 C7 8C 08 06 E1 BC
            01 02 03 04 88 80 04 44 8D 00 C0 00 00 00 00 00
            """,
        ),
        (
            2,
            """
            10 E3 C2 84 C4 29 C2 E0 38 11 C7 8C 08 06 A9 A6
            01 02 03 04 88 80 04 44 8D 00 C0 00 00 00 00 00
            """,
        ),
    ],
)
def test_the_bytes_are_those_of_every_card_handed_out(layout: int, octets: str) -> None:
    both = b"".join(encode_conditions(CONDITIONS, layout))
    assert both.hex(" ") == bytes.fromhex(octets).hex(" ")
    assert both == by_widths(layout)


# -- round trips: with the slot's, in test_slots.py


def test_the_bank_is_read_by_the_layout_of_the_slot() -> None:
    bank = encode_conditions(CONDITIONS, 1)
    read = decode_account(slot_of(CONDITIONS, 3, 0, layout=1), bank)
    misread = decode_account(slot_of(CONDITIONS, 3, 0, layout=2), bank)
    assert read == CONDITIONS
    assert isinstance(misread, Account)
    assert misread.expires == date(2037, 3, 31)


def test_a_slot_that_asks_for_conditions_is_not_decoded_without() -> None:
    with pytest.raises(ValueError, match="were not read"):
        decode_account(SLOT, None)


def test_a_bank_that_the_slot_does_not_ask_for_does_not_count() -> None:
    slot = slot_of(Account("lococa", 500), 0, 0)
    assert decode_account(slot, encode_conditions(CONDITIONS, 2)) == Account("lococa", 500)


# -- what does not fit


def _pass(product: int = 1, company: int = 0, sections: tuple[Section, ...] = (), first_day: date = DAY) -> Account:
    return CONDITIONS._replace(held_pass=Pass(product, company, first_day, DAY, False, sections))


def _charge(trigger: int = 100, amount: int = 1_000, day_cap: int = 99_000, month_cap: int = 99_000) -> Account:
    return CONDITIONS._replace(auto_charge=AutoCharge(trigger, amount, day_cap, month_cap))


BEFORE, AFTER = date(2015, 12, 31), date(2038, 6, 5)

CONDITIONS_THAT_DO_NOT_FIT: dict[str, Account] = {
    "expires before the first day": CONDITIONS._replace(expires=BEFORE),
    "expires after the last day": CONDITIONS._replace(expires=AFTER),
    "product 64": _pass(product=64),
    "area 256": CONDITIONS._replace(held_pass=Pass(1, 0, DAY, DAY, False, (), area=256)),
    "line 256": CONDITIONS._replace(held_pass=Pass(1, 0, DAY, DAY, False, (), line=256)),
    "company 4": _pass(company=4),
    "pass from before the first day": _pass(first_day=BEFORE),
    "four sections": _pass(sections=(Section(1, 2, False, 100),) * 4),
    "stop 65536": _pass(sections=(Section(65_536, 2, False, 100),)),
    "from stop 0": _pass(sections=(Section(0, 2, False, 100),)),
    "stop -1": _pass(sections=(Section(1, -1, False, 100),)),
    "priced on part of ten yen": _pass(sections=(Section(1, 2, False, 105),)),
    "priced on 5,120 yen": _pass(sections=(Section(1, 2, False, 5_120),)),
    "priced on less than nothing": _pass(sections=(Section(1, 2, False, -10),)),
    "trigger in part of a hundred": _charge(trigger=150),
    "trigger of 12,800 yen": _charge(trigger=12_800),
    "amount in part of a thousand": _charge(amount=1_500),
    "amount of 16,000 yen": _charge(amount=16_000),
    "day cap in part of a thousand": _charge(day_cap=500),
    "day cap of 128,000 yen": _charge(day_cap=128_000),
    "month cap of 128,000 yen": _charge(month_cap=128_000),
    "directive 65536": CONDITIONS._replace(directive=65_536),
    "directive -1": CONDITIONS._replace(directive=-1),
}


@pytest.mark.parametrize("account", CONDITIONS_THAT_DO_NOT_FIT.values(), ids=CONDITIONS_THAT_DO_NOT_FIT.keys())
def test_conditions_that_do_not_fit_are_a_fault(account: Account) -> None:
    with pytest.raises(LayoutFault):
        encode_conditions(account, 1)


def test_layout_2_holds_an_expiry_after_2038_and_none_before_2026() -> None:
    later = Account("lococa", 0, expires=AFTER)
    assert decode_account(slot_of(later, 0, 0), encode_conditions(later, 2)) == later
    with pytest.raises(LayoutFault):
        encode_conditions(later._replace(expires=date(2025, 12, 31)), 2)


# -- what is not taken


@given(st.binary(min_size=14, max_size=14), st.binary(min_size=16, max_size=16), st.sampled_from((1, 2)))
def test_no_bank_is_too_much_for_the_decoder(body: bytes, second: bytes, layout: int) -> None:
    slot = SLOT._replace(layout=layout)
    found = decode_account(slot, (body + bits.check(body + second), second))
    if isinstance(found, Account):
        again = decode_account(slot, encode_conditions(found, layout))
        assert again == found
    else:
        assert found.code is Code.ALTERED_CARD


@given(accounts, st.integers(0, 255))
def test_a_bank_with_one_bit_turned_makes_an_altered_card(account: Account, place: int) -> None:
    slot = slot_of(account, 1, 0)
    both = b"".join(encode_conditions(account, slot.layout))
    turned = (int.from_bytes(both, "big") ^ 1 << place).to_bytes(32, "big")
    found = decode_account(slot._replace(more=True), (turned[:16], turned[16:]))
    assert found == Refusal(Code.ALTERED_CARD, "GEN-11", "conditions")


def test_a_kind_of_holder_that_is_not_known_makes_an_altered_card() -> None:
    body = bits.octets(bits.bit_string((4, 4)), 14)
    found = decode_account(SLOT, (body + bits.check(body + bytes(16)), bytes(16)))
    assert found == Refusal(Code.ALTERED_CARD, "GEN-11", "kind of holder")

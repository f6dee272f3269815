from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage import purse
from cardimage.purse import FIRST_DAY, LAST_DAY, HistoryRow, LayoutFault, Slot, slot_of
from tariff.account import (
    Account,
    AutoCharge,
    AutoCharged,
    Coupons,
    HolderKind,
    Pass,
    Points,
    RideMark,
    RideState,
    Section,
)
from tariff.refusal import Code, Refusal
from tests.cardimage import bits
from tests.cardimage.accounts import accounts, days, history_rows

DAY = date(2026, 11, 20)

LOCOCA_SLOT = Slot("lococa", 41, 1, True, RideMark(RideState.OPEN, DAY, 311, 12, 1), 1_730, None)
AIZU_SLOT = Slot(
    "aizu-noruca", 200, 0, True, RideMark(RideState.CLOSED, DAY, 77, 5), 640, AutoCharged(DAY, 2_000, 9_000)
)
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
)
ROW = HistoryRow(41, DAY, 311, 3, 12, 230, 0, 1_000, 1_500)


# -- golden bytes: the layout can't change by accident


@dataclass(frozen=True)
class Golden:
    """What the encoder gives, the same by the widths of docs/card.md, and the bytes themselves."""

    ours: bytes
    by_widths: bytes
    octets: str


def _conditions_by_widths() -> bytes:
    first = bits.octets(
        bits.bit_string(
            (1, 4), (bits.day("2027-03-31"), 13),  # holder, card expires
            (2, 2), (5, 6),  # pass company, product
            (bits.day("2026-11-01"), 13), (bits.day("2026-11-30"), 13),
            (23, 8), (1, 8), (1, 1),  # area, line, bearer
            (1, 1), (1, 7), (1, 4), (99, 7), (99, 7),  # auto-charge
            (0, 16), (1, 1),  # directive, named
        ),
        14,
    )  # fmt: skip
    second = bits.octets(
        bits.bit_string((258, 16), (772, 16), (1, 1), (34, 9), (17, 16), (4_660, 16), (0, 1), (12, 9), (0, 42)), 16
    )
    return first + bits.check(first + second) + second


GOLDEN = {
    "slot, LOCOCA": Golden(
        purse.encode_slot(LOCOCA_SLOT),
        bits.sealed(
            (1, 3), (0, 2), (1, 2), (1, 1),  # layout, variant, state, more
            (41, 8), (1, 1),  # sequence, bank
            (bits.day("2026-11-20"), 13), (311, 16), (12, 8),  # ride
            (1_730, 15), (1, 1),  # stored fare, company
        ),
        "23 29 BE 24 04 DC 30 36 14 00 00 00 00 00 CB 4C",
    ),
    "slot, AIZU NORUCA": Golden(
        purse.encode_slot(AIZU_SLOT),
        bits.sealed(
            (1, 3), (3, 2), (2, 2), (1, 1),  # layout, variant, state, more
            (200, 8), (0, 1),  # sequence, bank
            (bits.day("2026-11-20"), 13), (77, 16), (5, 8),  # ride
            (640, 15),  # stored fare
            (2, 7), (9, 7), (bits.day("2026-11-20"), 13),  # auto-charged
        ),
        "3D C8 3E 24 01 34 14 14 00 21 2F 89 00 00 EE CE",
    ),
    "bank": Golden(
        b"".join(purse.encode_conditions(CONDITIONS)),
        _conditions_by_widths(),
        """
        18 06 42 BD D9 F2 62 E0 38 11 C7 8C 00 02 53 5B
        01 02 03 04 88 80 04 44 8D 00 C0 00 00 00 00 00
        """,
    ),
    "history row": Golden(
        purse.encode_history(ROW),
        bits.sealed(
            (41, 8), (bits.day("2026-11-20"), 13), (311, 16),  # sequence, day, trip
            (3, 8), (12, 8),  # boarded, alighted
            (230, 15), (0, 15), (1, 4), (1_500, 15),  # due, cash, auto-charged, balance
        ),
        "29 7C 48 09 B8 18 60 0E 60 00 02 17 70 00 CD 74",
    ),
    "number": Golden(
        purse.encode_number("LC012E4CD1A0B357", DAY),
        bits.sealed((int("LC012E4CD1A0B357", 36), 88), (bits.day("2026-11-20"), 13)),
        "03 E6 B4 5A 58 9B 2E 0F 16 9C AB 7C 48 00 48 EB",
    ),
}  # fmt: skip


@pytest.mark.parametrize("golden", GOLDEN.values(), ids=GOLDEN.keys())
def test_the_bytes_are_those_of_every_card_handed_out(golden: Golden) -> None:
    assert golden.ours.hex(" ") == bytes.fromhex(golden.octets).hex(" ")
    assert golden.by_widths == golden.ours


# -- round trips


@given(accounts, st.integers(0, 1_000), st.integers(0, 1))
def test_an_account_comes_back_as_it_went(account: Account, sequence: int, bank: int) -> None:
    slot = slot_of(account, sequence, bank)
    block = purse.encode_slot(slot)
    assert len(block) == 16
    assert purse.decode_slot(block) == slot
    assert (slot.sequence, slot.bank) == (sequence % 256, bank)
    conditions = purse.encode_conditions(account)
    assert [len(part) for part in conditions] == [16, 16]
    assert purse.decode_account(slot, conditions if slot.more else None) == account


@given(history_rows)
def test_a_history_row_comes_back_as_it_went(row: HistoryRow) -> None:
    assert purse.decode_history(purse.encode_history(row)) == row


@given(st.from_regex(r"[1-9A-Z][0-9A-Z]{0,16}", fullmatch=True), days)
def test_an_engraved_number_comes_back_as_it_went(number: str, issued: date) -> None:
    assert purse.decode_number(purse.encode_number(number, issued)) == (number, issued)


@pytest.mark.parametrize(
    ("account", "more"),
    [
        (Account("lococa", 500), False),
        (Account("lococa", 500, ride=LOCOCA_SLOT.ride), False),
        (Account("lococa", 500, HolderKind.CHILD), True),
        (Account("lococa", 500, named=True), True),
        (Account("lococa", 500, expires=DAY), True),
        (Account("lococa", 500, held_pass=CONDITIONS.held_pass), True),
        (Account("aizu-noruca", 500, auto_charge=CONDITIONS.auto_charge), True),
        (Account("aizu-noruca", 500, auto_charged=AIZU_SLOT.auto_charged), False),
    ],
)
def test_only_a_card_with_conditions_asks_for_a_second_read(account: Account, more: bool) -> None:
    assert slot_of(account, 0, 0).more is more


@pytest.mark.parametrize(
    "more", [{"coupons": Coupons(0, 0, 0)}, {"points": Points(0, DAY)}, {"welfare_points": 1}], ids=str
)
def test_purses_that_no_variant_holds_are_a_fault_and_not_dropped(more: dict[str, Any]) -> None:
    with pytest.raises(LayoutFault, match="no place for coupons or points"):
        slot_of(Account("lococa", 500)._replace(**more), 0, 0)


def test_a_slot_that_asks_for_conditions_is_not_decoded_without() -> None:
    with pytest.raises(ValueError, match="were not read"):
        purse.decode_account(LOCOCA_SLOT, None)


# -- what does not fit


def _ride(**changes: int) -> Slot:
    assert LOCOCA_SLOT.ride is not None
    return LOCOCA_SLOT._replace(
        ride=RideMark(
            RideState.OPEN, DAY, changes.get("trip", 1), changes.get("stop", 1), company=changes.get("company", 0)
        )
    )


def _charged(day_yen: int, month_yen: int, day: date = DAY) -> Slot:
    return AIZU_SLOT._replace(auto_charged=AutoCharged(day, day_yen, month_yen))


BEFORE, AFTER = FIRST_DAY - timedelta(days=1), LAST_DAY + timedelta(days=1)

SLOTS_THAT_DO_NOT_FIT: dict[str, Slot] = {
    "a debt": LOCOCA_SLOT._replace(stored_fare_yen=-1),
    "more than 15 bits of yen": LOCOCA_SLOT._replace(stored_fare_yen=32_768),
    "sequence 256": LOCOCA_SLOT._replace(sequence=256),
    "sequence -1": LOCOCA_SLOT._replace(sequence=-1),
    "bank 2": LOCOCA_SLOT._replace(bank=2),
    "trip 65536": _ride(trip=65_536),
    "trip -1": _ride(trip=-1),
    "stop 256": _ride(stop=256),
    "company 2": _ride(company=2),
    "a scheme without a layout": LOCOCA_SLOT._replace(scheme="iwate"),
    "a ride of no state": LOCOCA_SLOT._replace(ride=RideMark(RideState.NONE, DAY, 1, 1)),
    "auto-charge totals on LOCOCA": LOCOCA_SLOT._replace(auto_charged=AIZU_SLOT.auto_charged),
    "a company on AIZU NORUCA": AIZU_SLOT._replace(ride=LOCOCA_SLOT.ride),
    "charged part of a thousand": _charged(500, 1_000),
    "charged part of a thousand in the month": _charged(1_000, 1_500),
    "charged 128 thousand": _charged(128_000, 0),
    "charged 128 thousand in the month": _charged(0, 128_000),
    "charged a negative amount": _charged(-1_000, 0),
    "charged before the first day": _charged(0, 0, BEFORE),
    "charged after the last day": _charged(0, 0, AFTER),
}


@pytest.mark.parametrize("slot", SLOTS_THAT_DO_NOT_FIT.values(), ids=SLOTS_THAT_DO_NOT_FIT.keys())
def test_a_slot_that_does_not_fit_is_a_fault(slot: Slot) -> None:
    with pytest.raises(LayoutFault):
        purse.encode_slot(slot)


def _pass(product: int = 1, company: int = 0, sections: tuple[Section, ...] = (), first_day: date = DAY) -> Account:
    return CONDITIONS._replace(held_pass=Pass(product, company, first_day, DAY, False, sections))


def _charge(trigger: int = 100, amount: int = 1_000, day_cap: int = 99_000, month_cap: int = 99_000) -> Account:
    return CONDITIONS._replace(auto_charge=AutoCharge(trigger, amount, day_cap, month_cap))


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
}


@pytest.mark.parametrize("account", CONDITIONS_THAT_DO_NOT_FIT.values(), ids=CONDITIONS_THAT_DO_NOT_FIT.keys())
def test_conditions_that_do_not_fit_are_a_fault(account: Account) -> None:
    with pytest.raises(LayoutFault):
        purse.encode_conditions(account)


ROWS_THAT_DO_NOT_FIT = {
    "sequence 256": ROW._replace(sequence=256),
    "before the first day": ROW._replace(day=BEFORE),
    "after the last day": ROW._replace(day=AFTER),
    "trip 65536": ROW._replace(trip_number=65_536),
    "boarded at 256": ROW._replace(boarded=256),
    "alighted at -1": ROW._replace(alighted=-1),
    "due 32,768 yen": ROW._replace(due_yen=32_768),
    "cash -1 yen": ROW._replace(cash_yen=-1),
    "charged 16,000 yen": ROW._replace(auto_charged_yen=16_000),
    "charged 1,001 yen": ROW._replace(auto_charged_yen=1_001),
    "balance 32,768 yen": ROW._replace(balance_yen=32_768),
}


@pytest.mark.parametrize("row", ROWS_THAT_DO_NOT_FIT.values(), ids=ROWS_THAT_DO_NOT_FIT.keys())
def test_a_history_row_that_does_not_fit_is_a_fault(row: HistoryRow) -> None:
    with pytest.raises(LayoutFault):
        purse.encode_history(row)


@pytest.mark.parametrize("number", ["", "0", "01", "lc1", "LC-1", "Ａ1", "L" * 18, "é"])
def test_a_number_that_does_not_fit_is_a_fault(number: str) -> None:
    with pytest.raises(LayoutFault):
        purse.encode_number(number, DAY)


def test_the_longest_number_fits() -> None:
    assert purse.decode_number(purse.encode_number("Z" * 17, LAST_DAY)) == ("Z" * 17, LAST_DAY)


# -- what is not taken


whole = st.binary(min_size=14, max_size=14).map(lambda body: body + bits.check(body))


@given(whole | st.binary(max_size=20))
def test_no_bytes_are_too_much_for_the_decoders(block: bytes) -> None:
    slot = purse.decode_slot(block)
    if slot is not None:
        assert purse.decode_slot(purse.encode_slot(slot)) == slot
    row = purse.decode_history(block)
    if row is not None:
        assert purse.decode_history(purse.encode_history(row)) == row
    purse.decode_number(block)


@given(st.binary(min_size=14, max_size=14), st.binary(min_size=16, max_size=16))
def test_no_bank_is_too_much_for_the_decoder(body: bytes, second: bytes) -> None:
    found = purse.decode_account(LOCOCA_SLOT, (body + bits.check(body + second), second))
    assert isinstance(found, Account) or found.code is Code.ALTERED_CARD


@pytest.mark.parametrize(
    "decode", [purse.decode_slot, purse.decode_history, purse.decode_number], ids=["slot", "row", "number"]
)
def test_an_empty_block_is_nothing(decode: Callable[[bytes], object]) -> None:
    assert decode(bytes(16)) is None


@given(accounts, st.integers(0, 127))
def test_a_slot_with_one_bit_turned_is_not_taken(account: Account, place: int) -> None:
    block = purse.encode_slot(slot_of(account, 1, 0))
    turned = (int.from_bytes(block, "big") ^ 1 << place).to_bytes(16, "big")
    assert purse.decode_slot(turned) is None


@given(accounts, st.integers(0, 255))
def test_a_bank_with_one_bit_turned_makes_an_altered_card(account: Account, place: int) -> None:
    both = b"".join(purse.encode_conditions(account))
    turned = (int.from_bytes(both, "big") ^ 1 << place).to_bytes(32, "big")
    found = purse.decode_account(LOCOCA_SLOT, (turned[:16], turned[16:]))
    assert found == Refusal(Code.ALTERED_CARD, "GEN-11", "conditions")


RIDE = ((bits.day("2026-11-20"), 13), (1, 16), (1, 8), (100, 15))

SLOTS_NOT_TAKEN = {
    "layout 0": bits.sealed((0, 3), (0, 2), (1, 2), (0, 10), *RIDE),
    "layout 2": bits.sealed((2, 3), (0, 2), (1, 2), (0, 10), *RIDE),
    "variant 1, kept for Iwate Green Pass": bits.sealed((1, 3), (1, 2), (1, 2), (0, 10), *RIDE),
    "variant 2, kept for NORUCA": bits.sealed((1, 3), (2, 2), (1, 2), (0, 10), *RIDE),
    "state 3": bits.sealed((1, 3), (0, 2), (3, 2), (0, 10), *RIDE),
    "a state without a day": bits.sealed((1, 3), (0, 2), (1, 2), (0, 10), (0, 13), (1, 16), (1, 8), (100, 15)),
    "a day without a state": bits.sealed((1, 3), (0, 2), (0, 2), (0, 10), *RIDE),
    "a bit where LOCOCA has none": bits.sealed((1, 3), (0, 2), (1, 2), (0, 10), *RIDE, (0, 1), (1, 1)),
    "the last bit of AIZU NORUCA": bits.sealed((1, 3), (3, 2), (1, 2), (0, 10), *RIDE, (0, 42), (1, 1)),
}


@pytest.mark.parametrize("block", SLOTS_NOT_TAKEN.values(), ids=SLOTS_NOT_TAKEN.keys())
def test_a_whole_slot_of_another_making_is_not_taken(block: bytes) -> None:
    assert purse.decode_slot(block) is None


def test_a_kind_of_holder_that_is_not_known_makes_an_altered_card() -> None:
    body = bits.octets(bits.bit_string((4, 4)), 14)
    found = purse.decode_account(LOCOCA_SLOT, (body + bits.check(body + bytes(16)), bytes(16)))
    assert found == Refusal(Code.ALTERED_CARD, "GEN-11", "kind of holder")

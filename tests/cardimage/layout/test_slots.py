from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.layout.bits import LayoutFault
from cardimage.layout.conditions import decode_account, encode_conditions
from cardimage.layout.slots import Slot, decode_slot, encode_slot, layout_of, slot_of
from cardimage.layout.variants import SHADOWS, VARIANTS
from tariff.account import Account, AutoCharge, AutoCharged, Coupons, HolderKind, Pass, Points, RideMark, RideState
from tests.cardimage import bits
from tests.cardimage.accounts import accounts, shadow_accounts

DAY = date(2026, 11, 20)
OPEN, CLOSED = RideMark(RideState.OPEN, DAY, 311, 12), RideMark(RideState.CLOSED, DAY, 77, 5)

LOCOCA = Slot(1, "lococa", 41, 1, True, OPEN._replace(company=1), 1_730)
IWATE = Slot(
    2, "iwate-green-pass", 7, 0, False, OPEN, 19_990, points=Points(615, date(2026, 10, 2)), welfare_points=300
)
NORUCA = Slot(2, "noruca", 8, 1, False, CLOSED, 0, coupons=Coupons(1_100, 240, 20_000))
AIZU = Slot(1, "aizu-noruca", 200, 0, True, CLOSED, 640, auto_charged=AutoCharged(DAY, 2_000, 9_000))
SHADOW = Slot(7, "suica", 3, 0, False, OPEN._replace(company=1), 3_280)


# -- golden bytes: a layout can't change by accident


@dataclass(frozen=True)
class Golden:
    """A slot, the same by the widths of docs/card.md, and the bytes themselves."""

    slot: Slot
    by_widths: bytes
    octets: str


NOV_20, OCT_2 = "2026-11-20", "2026-10-02"
GOLDEN = {
    "LOCOCA, layout 1": Golden(
        LOCOCA,
        bits.sealed(
            (1, 3), (0, 2), (1, 2), (1, 1),  # layout, variant, state, more
            (41, 8), (1, 1), (bits.day(NOV_20), 13), (311, 16), (12, 8),  # sequence, bank, ride
            (1_730, 15), (1, 1),  # stored fare, company
        ),
        "23 29 BE 24 04 DC 30 36 14 00 00 00 00 00 CB 4C",
    ),
    "LOCOCA, layout 2": Golden(
        LOCOCA._replace(layout=2),
        bits.sealed(
            (2, 3), (0, 2), (1, 2), (1, 1),
            (41, 8), (1, 1), (bits.day(NOV_20, 2), 13), (311, 16), (12, 8),
            (1_730, 15), (1, 1),
        ),
        "43 29 85 10 04 DC 30 36 14 00 00 00 00 00 94 FB",
    ),
    "Iwate Green Pass": Golden(
        IWATE,
        bits.sealed(
            (2, 3), (1, 2), (1, 2), (0, 1),
            (7, 8), (0, 1), (bits.day(NOV_20, 2), 13), (311, 16), (12, 8),
            (19_990, 15), (615, 15), (bits.day(OCT_2, 2), 13), (300, 15),  # stored fare, points and their day, welfare
        ),
        "4A 07 05 10 04 DC 32 70 B0 26 70 89 81 2C FC 27",
    ),
    "NORUCA": Golden(
        NORUCA,
        bits.sealed(
            (2, 3), (2, 2), (2, 2), (0, 1),
            (8, 8), (1, 1), (bits.day(NOV_20, 2), 13), (77, 16), (5, 8),
            (1, 1), (110, 11), (24, 11), (2_000, 11),  # has purses; regular, student, eco
        ),
        "54 08 85 10 01 34 16 1B 80 C7 D0 00 00 00 AD 2C",
    ),
    "NORUCA, pass function only": Golden(
        NORUCA._replace(coupons=None),
        bits.sealed(
            (2, 3), (2, 2), (2, 2), (0, 1), (8, 8), (1, 1), (bits.day(NOV_20, 2), 13), (77, 16), (5, 8), (0, 34)
        ),
        "54 08 85 10 01 34 14 00 00 00 00 00 00 00 76 91",
    ),
    "AIZU NORUCA": Golden(
        AIZU,
        bits.sealed(
            (1, 3), (3, 2), (2, 2), (1, 1),
            (200, 8), (0, 1), (bits.day(NOV_20), 13), (77, 16), (5, 8),
            (640, 15), (2, 7), (9, 7), (bits.day(NOV_20), 13),  # stored fare, auto-charged
        ),
        "3D C8 3E 24 01 34 14 14 00 21 2F 89 00 00 EE CE",
    ),
    "a shadow": Golden(
        SHADOW,
        bits.sealed(
            (7, 3), (0, 2), (1, 2), (0, 1),
            (3, 8), (0, 1), (bits.day(NOV_20), 13), (311, 16), (12, 8),
            (3_280, 15), (1, 2), (1, 8),  # stored fare, company, Suica
        ),
        "E2 03 3E 24 04 DC 30 66 82 02 00 00 00 00 27 E8",
    ),
}  # fmt: skip


@pytest.mark.parametrize("golden", GOLDEN.values(), ids=GOLDEN.keys())
def test_the_bytes_are_those_of_every_card_handed_out(golden: Golden) -> None:
    block = encode_slot(golden.slot)
    assert block.hex(" ").upper() == golden.octets
    assert golden.by_widths == block
    assert decode_slot(block) == golden.slot


def test_the_four_cards_and_the_shadows_have_the_numbers_they_were_given() -> None:
    assert VARIANTS == {"lococa": 0, "iwate-green-pass": 1, "noruca": 2, "aizu-noruca": 3}
    assert len(set(SHADOWS.values())) == len(SHADOWS)
    assert 0 not in SHADOWS.values()
    assert not VARIANTS.keys() & SHADOWS.keys()


# -- round trips


@given(accounts, st.integers(0, 1_000), st.integers(0, 1))
def test_an_account_comes_back_as_it_went(account: Account, sequence: int, bank: int) -> None:
    slot = slot_of(account, sequence, bank)
    block = encode_slot(slot)
    assert len(block) == 16
    assert decode_slot(block) == slot
    assert (slot.sequence, slot.bank, slot.layout) == (sequence % 256, bank, layout_of(account))
    conditions = encode_conditions(account, slot.layout)
    assert [len(part) for part in conditions] == [16, 16]
    assert decode_account(slot, conditions if slot.more else None) == account


@given(shadow_accounts, st.integers(0, 255))
def test_a_shadow_comes_back_as_it_went(account: Account, sequence: int) -> None:
    slot = slot_of(account, sequence, 0)
    assert (slot.layout, slot.more) == (7, False)
    assert decode_slot(encode_slot(slot)) == slot
    assert decode_account(slot, None) == account


@pytest.mark.parametrize("scheme", SHADOWS)
def test_each_foreign_scheme_keeps_its_name(scheme: str) -> None:
    slot = decode_slot(encode_slot(slot_of(Account(scheme, 1_000), 0, 0)))
    assert slot is not None
    assert slot.scheme == scheme


# -- which layout

CHILD = Account("lococa", 500, HolderKind.CHILD)
HELD = Pass(5, 1, date(2026, 11, 1), date(2026, 11, 30), False, ())
BEFORE_2026, AFTER_2038 = date(2025, 12, 31), date(2038, 6, 5)


@pytest.mark.parametrize(
    ("account", "layout"),
    [
        (Account("lococa", 500), 2),
        (CHILD._replace(expires=date(2026, 1, 1)), 2),
        (CHILD._replace(expires=BEFORE_2026), 1),
        (CHILD._replace(expires=AFTER_2038), 2),
        (CHILD._replace(ride=OPEN), 2),
        (CHILD._replace(ride=CLOSED._replace(day=BEFORE_2026)), 1),
        (CHILD._replace(ride=OPEN._replace(day=date(2019, 4, 30))), 1),
        (CHILD._replace(held_pass=HELD), 2),
        (CHILD._replace(held_pass=HELD._replace(first_day=BEFORE_2026)), 1),
        (CHILD._replace(held_pass=HELD._replace(first_day=BEFORE_2026, last_day=BEFORE_2026)), 1),
        (Account("aizu-noruca", 0, auto_charged=AutoCharged(BEFORE_2026, 0, 0)), 1),
        (Account("iwate-green-pass", 0, points=Points(0, BEFORE_2026)), 1),
        (Account("suica", 0), 7),
        (Account("suica", 0, ride=OPEN._replace(day=BEFORE_2026)), 7),
    ],
)
def test_the_newest_layout_that_holds_every_day_is_written(account: Account, layout: int) -> None:
    assert layout_of(account) == layout
    assert slot_of(account, 0, 0).layout == layout


@pytest.mark.parametrize(
    "account",
    [
        CHILD._replace(expires=date(2015, 12, 31)),
        CHILD._replace(expires=date(2048, 6, 5)),
        CHILD._replace(expires=AFTER_2038, ride=OPEN._replace(day=BEFORE_2026)),
        CHILD._replace(held_pass=HELD._replace(first_day=BEFORE_2026, last_day=AFTER_2038)),
        Account("iwate-green-pass", 0, ride=OPEN._replace(day=AFTER_2038), points=Points(0, BEFORE_2026)),
    ],
)
def test_days_that_no_layout_holds_together_are_a_fault(account: Account) -> None:
    with pytest.raises(LayoutFault, match="no card can hold both"):
        slot_of(account, 0, 0)


@pytest.mark.parametrize(
    ("account", "more"),
    [
        (Account("lococa", 500), False),
        (Account("lococa", 500, ride=OPEN), False),
        (Account("lococa", 500, HolderKind.CHILD), True),
        (Account("lococa", 500, named=True), True),
        (Account("lococa", 500, expires=DAY), True),
        (Account("lococa", 500, held_pass=HELD), True),
        (Account("lococa", 500, directive=1), True),
        (Account("aizu-noruca", 500, auto_charge=AutoCharge(0, 0, 0, 0)), True),
        (Account("aizu-noruca", 500, auto_charged=AIZU.auto_charged), False),
        (Account("iwate-green-pass", 500, points=IWATE.points, welfare_points=1), False),
        (Account("noruca", 0, coupons=NORUCA.coupons), False),
    ],
)
def test_only_a_card_with_conditions_asks_for_a_second_read(account: Account, more: bool) -> None:
    assert slot_of(account, 0, 0).more is more


# -- what does not fit


PLACES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "stored fare": ({"stored_fare_yen": 10}, {"lococa", "iwate-green-pass", "aizu-noruca", "suica"}),
    "a company": ({"ride": OPEN._replace(company=1)}, {"lococa", "suica"}),
    "auto-charge totals": ({"auto_charged": AIZU.auto_charged}, {"aizu-noruca"}),
    "coupons": ({"coupons": Coupons(0, 0, 0)}, {"noruca"}),
    "points": ({"points": Points(0, DAY)}, {"iwate-green-pass"}),
    "welfare points": ({"welfare_points": 1}, {"iwate-green-pass"}),
    "conditions": ({"named": True}, {*VARIANTS}),
}


@pytest.mark.parametrize("scheme", [*VARIANTS, "suica"])
@pytest.mark.parametrize("value", PLACES)
def test_what_a_card_has_no_place_for_is_a_fault_and_not_dropped(value: str, scheme: str) -> None:
    changes, places = PLACES[value]
    account = Account(scheme, 0)._replace(**changes)
    if scheme in places:
        slot = slot_of(account, 0, 0)
        assert decode_slot(encode_slot(slot)) == slot
    else:
        with pytest.raises(LayoutFault, match=f"no place for {value}$"):
            encode_slot(slot_of(account, 0, 0))


def _ride(**changes: int) -> Slot:
    return LOCOCA._replace(
        ride=OPEN._replace(
            trip_number=changes.get("trip", 1), stop_index=changes.get("stop", 1), company=changes.get("company", 0)
        )
    )


def _charged(day_yen: int, month_yen: int, day: date = DAY) -> Slot:
    return AIZU._replace(auto_charged=AutoCharged(day, day_yen, month_yen))


def _coupons(*yen: int) -> Slot:
    return NORUCA._replace(coupons=Coupons(*yen))


BEFORE, AFTER = date(2015, 12, 31), date(2038, 6, 5)

SLOTS_THAT_DO_NOT_FIT: dict[str, Slot] = {
    "a debt": LOCOCA._replace(stored_fare_yen=-1),
    "more than 15 bits of yen": LOCOCA._replace(stored_fare_yen=32_768),
    "sequence 256": LOCOCA._replace(sequence=256),
    "sequence -1": LOCOCA._replace(sequence=-1),
    "bank 2": LOCOCA._replace(bank=2),
    "trip 65536": _ride(trip=65_536),
    "trip -1": _ride(trip=-1),
    "stop 256": _ride(stop=256),
    "company 2": _ride(company=2),
    "company 4 on a shadow": SHADOW._replace(ride=OPEN._replace(company=4)),
    "a scheme without a layout": LOCOCA._replace(scheme="iwate"),
    "layout 0": LOCOCA._replace(layout=0),
    "layout 3": LOCOCA._replace(layout=3),
    "a card of ours as a shadow": LOCOCA._replace(layout=7),
    "a shadow as a card of ours": SHADOW._replace(layout=2),
    "a shadow with conditions": SHADOW._replace(more=True),
    "a ride of no state": LOCOCA._replace(ride=RideMark(RideState.NONE, DAY, 1, 1)),
    "a ride before layout 1": LOCOCA._replace(ride=OPEN._replace(day=BEFORE)),
    "a ride after layout 1": LOCOCA._replace(ride=OPEN._replace(day=AFTER)),
    "a ride before layout 2": LOCOCA._replace(layout=2, ride=OPEN._replace(day=date(2025, 12, 31))),
    "a ride after layout 2": LOCOCA._replace(layout=2, ride=OPEN._replace(day=date(2048, 6, 5))),
    "charged part of a thousand": _charged(500, 1_000),
    "charged part of a thousand in the month": _charged(1_000, 1_500),
    "charged 128 thousand": _charged(128_000, 0),
    "charged 128 thousand in the month": _charged(0, 128_000),
    "charged a negative amount": _charged(-1_000, 0),
    "charged before the first day": _charged(0, 0, BEFORE),
    "charged after the last day": _charged(0, 0, AFTER),
    "more than 15 bits of points": IWATE._replace(points=Points(32_768, DAY)),
    "points below 0": IWATE._replace(points=Points(-1, DAY)),
    "points before the first day": IWATE._replace(points=Points(1, date(2025, 12, 31))),
    "more than 15 bits of welfare points": IWATE._replace(welfare_points=32_768),
    "coupons of 5 yen": _coupons(5, 0, 0),
    "student coupons of 11 yen": _coupons(0, 11, 0),
    "eco coupons of 1 yen": _coupons(0, 0, 1),
    "coupons of 20,480 yen": _coupons(20_480, 0, 0),
    "coupons below 0": _coupons(0, -10, 0),
}


@pytest.mark.parametrize("slot", SLOTS_THAT_DO_NOT_FIT.values(), ids=SLOTS_THAT_DO_NOT_FIT.keys())
def test_a_slot_that_does_not_fit_is_a_fault(slot: Slot) -> None:
    with pytest.raises(LayoutFault):
        encode_slot(slot)


@pytest.mark.parametrize("tens", range(0, 2_048, 89))
def test_a_coupon_purse_holds_every_ten_yen_up_to_20_470(tens: int) -> None:
    slot = _coupons(tens * 10, 20_470 - tens * 10, 0)
    assert decode_slot(encode_slot(slot)) == slot


@pytest.mark.parametrize(("layout", "first"), [(1, date(2016, 1, 1)), (2, date(2026, 1, 1)), (7, date(2016, 1, 1))])
def test_a_layout_holds_8191_days(layout: int, first: date) -> None:
    base = SHADOW if layout == 7 else LOCOCA._replace(layout=layout)
    for day in (first, first + timedelta(days=8_190)):
        slot = base._replace(ride=OPEN._replace(day=day))
        assert decode_slot(encode_slot(slot)) == slot


# -- what is not taken


RIDE = ((bits.day(NOV_20), 13), (1, 16), (1, 8))
NO_RIDE = ((0, 13), (0, 16), (0, 8))


def _common(layout: int, variant: int, *ride: tuple[int, int], state: int = 1) -> tuple[tuple[int, int], ...]:
    return ((layout, 3), (variant, 2), (state, 2), (0, 1), (0, 8), (0, 1), *ride)


SLOTS_NOT_TAKEN = {
    **{f"layout {layout}": bits.sealed(*_common(layout, 0, *RIDE)) for layout in (0, 3, 4, 5, 6)},
    "state 3": bits.sealed(*_common(1, 0, *RIDE, state=3)),
    "a state without a day": bits.sealed(*_common(1, 0, (0, 13), (1, 16), (1, 8))),
    "a day without a state": bits.sealed(*_common(1, 0, *RIDE, state=0)),
    "a trip without a day": bits.sealed(*_common(1, 0, (0, 13), (1, 16), (0, 8), state=0)),
    "a stop without a day": bits.sealed(*_common(1, 0, (0, 13), (0, 16), (1, 8), state=0)),
    "a company without a day": bits.sealed(*_common(1, 0, *NO_RIDE, state=0), (0, 15), (1, 1)),
    "a bit where LOCOCA has none": bits.sealed(*_common(1, 0, *RIDE), (0, 15), (0, 1), (1, 1)),
    "the last bit of AIZU NORUCA": bits.sealed(*_common(1, 3, *RIDE), (0, 57), (1, 1)),
    "charged that day, without a day": bits.sealed(*_common(1, 3, *RIDE), (0, 15), (1, 7), (0, 7), (0, 13)),
    "charged that month, without a day": bits.sealed(*_common(1, 3, *RIDE), (0, 15), (0, 7), (1, 7), (0, 13)),
    "points without a day": bits.sealed(*_common(1, 1, *RIDE), (0, 15), (1, 15), (0, 13), (0, 15)),
    "coupons without purses": bits.sealed(*_common(1, 2, *RIDE), (0, 1), (0, 11), (1, 11), (0, 11)),
    "the last bit of NORUCA": bits.sealed(*_common(1, 2, *RIDE), (1, 1), (0, 56), (1, 1)),
    "a shadow of scheme 0": bits.sealed(*_common(7, 0, *RIDE), (0, 15), (0, 2), (0, 8)),
    "a shadow of scheme 13": bits.sealed(*_common(7, 0, *RIDE), (0, 15), (0, 2), (13, 8)),
    "a shadow of variant 1": bits.sealed(*_common(7, 1, *RIDE), (0, 15), (0, 2), (1, 8)),
    "a shadow with conditions": bits.sealed((7, 3), (0, 2), (0, 2), (1, 1), (0, 61), (0, 2), (1, 8)),
    "the last bit of a shadow": bits.sealed(*_common(7, 0, *RIDE), (0, 15), (0, 2), (1, 8), (0, 32), (1, 1)),
}


@pytest.mark.parametrize("block", SLOTS_NOT_TAKEN.values(), ids=SLOTS_NOT_TAKEN.keys())
def test_a_whole_slot_of_another_making_is_not_taken(block: bytes) -> None:
    assert decode_slot(block) is None


def test_the_same_slots_without_their_flaw_are_taken() -> None:
    for variant in range(4):
        assert decode_slot(bits.sealed(*_common(1, variant, *RIDE))) is not None
        assert decode_slot(bits.sealed(*_common(2, variant, *NO_RIDE, state=0))) is not None
    assert decode_slot(bits.sealed(*_common(7, 0, *RIDE), (0, 15), (0, 2), (12, 8))) is not None


def test_an_empty_block_is_no_slot() -> None:
    assert decode_slot(bytes(16)) is None


@given(accounts | shadow_accounts, st.integers(0, 127))
def test_a_slot_with_one_bit_turned_is_not_taken(account: Account, place: int) -> None:
    block = encode_slot(slot_of(account, 1, 0))
    turned = (int.from_bytes(block, "big") ^ 1 << place).to_bytes(16, "big")
    assert decode_slot(turned) is None


@given(st.binary(max_size=20) | st.binary(min_size=14, max_size=14).map(lambda body: body + bits.check(body)))
def test_no_bytes_are_too_much_for_the_decoder(block: bytes) -> None:
    slot = decode_slot(block)
    if slot is not None:
        assert encode_slot(slot) == block


OWN_WIDTHS = {0: (15, 1), 1: (15, 15, 13, 15), 2: (1, 11, 11, 11), 3: (15, 7, 7, 13)}


@given(st.data(), st.sampled_from((1, 2, 7)), st.integers(0, 3))
def test_whatever_is_taken_is_written_the_same(data: st.DataObject, layout: int, variant: int) -> None:
    widths = (2, 1, 8, 1, 13, 16, 8, *((15, 2, 8) if layout == 7 else OWN_WIDTHS[variant]))
    fields = [(data.draw(st.just(0) | st.integers(0, 2**width - 1)), width) for width in widths]
    block = bits.sealed((layout, 3), (variant, 2), *fields)
    slot = decode_slot(block)
    if slot is not None:
        assert encode_slot(slot) == block

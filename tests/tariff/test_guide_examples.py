"""The worked examples of the operators' own guides, by name."""

import pytest

from tariff.lines import Line, Word
from tariff.purses import Payment
from tariff.refusal import Code
from tests.tariff.examples import (
    AIZU_LONG_LINE,
    HAKUHO_BACK,
    HAKUHO_LINE,
    card,
    held,
    payments,
    reasons,
    refused,
    ride,
    section,
    settled,
)
from tests.tariff.test_auto_charge import arranged


def test_pass_3_lococa_example_1_riding_past_the_end_of_the_section_costs_the_rest() -> None:
    # 磐城棚倉 ===== 南湖公園 ----- 新白河
    settlement = settled(
        ride(HAKUHO_LINE, "磐城棚倉", "新白河"), card(1_000, held(section("磐城棚倉", "南湖公園", 400)))
    )
    assert settlement.due_yen == 250
    assert reasons(settlement) == [Line("PASS-3", Word.EXCESS, 250, "南湖公園→新白河")]
    assert payments(settlement) == [Line("GEN-3", Word.STORED_FARE, 250)]
    assert settlement.after.stored_fare_yen == 750


def test_pass_3_lococa_example_2_boarding_before_the_section_costs_the_way_to_it() -> None:
    # 白河モール前 ----- 実業高校前 ===== 磐城棚倉: the bus runs the other way, the two-way pass covers it all the same.
    settlement = settled(
        ride(HAKUHO_BACK, "白河モール前", "磐城棚倉"), card(1_000, held(section("実業高校前", "磐城棚倉", 300)))
    )
    assert settlement.due_yen == 270
    assert reasons(settlement) == [Line("PASS-3", Word.EXCESS, 270, "白河モール前→実業高校前")]


def test_pass_3_loc_14_lococa_example_3_parts_before_and_after_against_the_through_fare() -> None:
    # 磐城棚倉 ----- 実業高校前 ===== 南湖公園 ----- 新白河: 300 + 250 = 550 against 500; the cheaper is due.
    settlement = settled(
        ride(HAKUHO_LINE, "磐城棚倉", "新白河"), card(1_000, held(section("実業高校前", "南湖公園", 200)))
    )
    assert settlement.due_yen == 500
    assert reasons(settlement) == [Line("PASS-3", Word.THROUGH_CHEAPER, 500, "磐城棚倉→新白河", than_yen=550)]
    assert settlement.after.stored_fare_yen == 500


def test_pass_5_lococa_example_3_under_aizu_rules_is_two_rides() -> None:
    settlement = settled(
        ride(HAKUHO_LINE, "磐城棚倉", "新白河"),
        card(1_000, held(section("実業高校前", "南湖公園", 200)), scheme="aizu-noruca"),
    )
    assert settlement.due_yen == 550
    assert reasons(settlement) == [
        Line("PASS-5", Word.EXCESS, 300, "磐城棚倉→実業高校前"),
        Line("PASS-5", Word.EXCESS, 250, "南湖公園→新白河"),
    ]


def test_aut_2_aizu_balance_150_trigger_100_fare_440_adds_nothing_and_is_short() -> None:
    member = card(150, scheme="aizu-noruca", auto_charge=arranged(trigger_yen=100))
    refusal = refused(ride(AIZU_LONG_LINE, "若松駅前", "北会津支所"), member)
    assert (refusal.code, refusal.rule, refusal.due_yen, refusal.short_yen) == (Code.SHORT, "GEN-10", 440, 290)


@pytest.mark.parametrize(
    ("payment", "stored_fare_yen", "cash_yen", "left_yen"),
    [(Payment.PART_CASH, 150, 290, 0), (Payment.ALL_CASH, 0, 440, 150)],
)
def test_aut_2_then_gen_10_the_passenger_chooses_and_still_nothing_is_added(
    payment: Payment, stored_fare_yen: int, cash_yen: int, left_yen: int
) -> None:
    member = card(150, scheme="aizu-noruca", auto_charge=arranged(trigger_yen=100))
    settlement = settled(ride(AIZU_LONG_LINE, "若松駅前", "北会津支所"), member, payment=payment)
    assert (settlement.stored_fare_yen, settlement.cash_yen, settlement.auto_charged_yen) == (
        stored_fare_yen,
        cash_yen,
        0,
    )
    assert settlement.after.stored_fare_yen == left_yen

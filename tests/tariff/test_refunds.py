"""Money back for cards and passes, and cards issued anew (LOC-16 to LOC-18, IGP-21, IGP-22, IGP-25, IGP-30, AZF-50)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariff.account import Coupons, HolderKind, Pass, Points, Section
from tariff.products import Purchase
from tariff.refunds import (
    CARD_REFUNDS,
    Item,
    Refund,
    RefundLine,
    Reissue,
    ReissueFee,
    days_used,
    found_card_deposit,
    pass_calculation,
    refund_both,
    refund_card,
    refund_pass,
    reissue,
)
from tariff.refusal import Code, Refusal
from tariff.rulebook import Rulebook
from tests.tariff.counter import (
    AIZU,
    AIZU_SHIPPED,
    IWATE,
    IWATE_SHIPPED,
    LOCOCA,
    LOCOCA_SHIPPED,
    NORUCA_SHIPPED,
    card,
    priced,
    section,
)

ADULT, CHILD = HolderKind.ADULT, HolderKind.CHILD
DISABLED_ADULT, DISABLED_CHILD = HolderKind.DISABLED_ADULT, HolderKind.DISABLED_CHILD
FIRST = date(2026, 5, 10)
LAST = date(2026, 6, 9)
HELD = Pass(1, 0, FIRST, LAST, True, section())
PAID = 9_660
TENTH_DAY = date(2026, 5, 19)


def not_configured(what: str) -> Refusal:
    return Refusal(Code.NOT_CONFIGURED, "GEN-17", what)


# -- what a used pass is worth


@pytest.mark.parametrize(
    ("returned_on", "days"),
    [
        (date(2026, 5, 3), 0),
        (date(2026, 5, 9), 0),
        (date(2026, 5, 10), 1),
        (date(2026, 5, 11), 2),
        (date(2026, 6, 9), 31),
    ],
)
def test_loc_18_days_count_from_the_first_of_validity_through_the_day_of_return(returned_on: date, days: int) -> None:
    assert days_used(HELD, returned_on) == days


def test_loc_18_faults_26_the_29_february_is_a_day_like_any_other() -> None:
    assert days_used(HELD._replace(first_day=date(2028, 2, 28)), date(2028, 3, 1)) == 3


@pytest.mark.parametrize(
    ("held", "holder", "fare_yen"),
    [
        (HELD, ADULT, 460),
        # A disabled holder's ride would have cost half, a child's too [D], rounded as fares are: 230 -> 120 -> 60.
        (HELD, DISABLED_ADULT, 240),
        (HELD, CHILD, 240),
        (HELD, DISABLED_CHILD, 120),
        (HELD._replace(sections=section(one_way=True)), ADULT, 230),
        (HELD._replace(sections=section(one_way=True)), DISABLED_ADULT, 120),
        (HELD._replace(sections=(*section(), *section(fare_yen=160))), ADULT, 780),
        # With the city area that came with it (AZF-51), still its section's.
        (HELD._replace(area=23, sections=section(fare_yen=410)), ADULT, 820),
        (HELD._replace(sections=(), area=23), ADULT, 460),
        (HELD._replace(sections=(), area=27), ADULT, 540),
        (HELD._replace(sections=(), area=42), ADULT, 840),
        (HELD._replace(sections=(), area=58), ADULT, 1_160),
        (HELD._replace(sections=(), line=1), ADULT, 420),
        (HELD._replace(sections=(), line=1), DISABLED_ADULT, 220),
    ],
)
def test_azf_50_the_fare_a_pass_was_priced_on_is_taken_off_for_each_day(
    held: Pass, holder: HolderKind, fare_yen: int
) -> None:
    for days in (0, 1, 10):
        returned_on = FIRST + timedelta(days=days - 1)
        assert pass_calculation(held, holder, PAID, returned_on, AIZU_SHIPPED) == PAID - fare_yen * days


def test_azf_50_more_may_be_used_than_was_paid() -> None:
    assert pass_calculation(HELD, ADULT, PAID, date(2026, 5, 30), AIZU_SHIPPED) == PAID - 21 * 460 == 0
    assert pass_calculation(HELD, ADULT, PAID, date(2026, 5, 31), AIZU_SHIPPED) == -460


@pytest.mark.parametrize("held", [HELD._replace(product=7, sections=(), area=65), HELD._replace(sections=())])
def test_azf_50_noransho_and_a_network_have_no_fare_to_take_off(held: Pass) -> None:
    refusal = not_configured(f"fare of pass {held.product}")
    assert pass_calculation(held, ADULT, 6_500, TENTH_DAY, AIZU_SHIPPED) == refusal
    assert refund_pass(card(held), 6_500, TENTH_DAY, AIZU_SHIPPED) == refusal


@pytest.mark.parametrize("paid_yen", [0, -1])
def test_gen_1_a_price_that_is_none_is_the_callers_fault(paid_yen: int) -> None:
    with pytest.raises(ValueError, match=rf"^a pass bought for {paid_yen} yen$"):
        pass_calculation(HELD, ADULT, paid_yen, TENTH_DAY, AIZU_SHIPPED)
    assert pass_calculation(HELD, ADULT, 1, date(2026, 5, 9), AIZU_SHIPPED) == 1


# -- refunds

LOCOCA_CARD = card(HELD, scheme="lococa")
IWATE_CARD = card(HELD, scheme="iwate-green-pass")


def only_pass(rule: str, yen: int) -> Refund:
    return Refund(yen, (RefundLine(rule, Item.PASS, yen),))


@pytest.mark.parametrize(
    ("returned_on", "yen"),
    [
        (date(2026, 5, 9), 9_160),
        (date(2026, 5, 10), 8_700),
        (date(2026, 5, 28), 420),
        (date(2026, 5, 29), 0),
        (date(2026, 6, 9), 0),
    ],
)
def test_azf_50_a_pass_alone_less_500(returned_on: date, yen: int) -> None:
    assert refund_pass(card(HELD), PAID, returned_on, AIZU_SHIPPED) == only_pass("AZF-50", yen)


def test_azf_50_a_one_way_pass_alone_less_500() -> None:
    one_way = card(HELD._replace(sections=section(one_way=True)))
    assert refund_pass(one_way, 4_830, TENTH_DAY, AIZU_SHIPPED) == only_pass("AZF-50", 2_030)


def test_azf_50_a_disabled_holders_pass_is_reckoned_at_half() -> None:
    assert refund_pass(card(HELD, DISABLED_ADULT), 6_760, TENTH_DAY, AIZU_SHIPPED) == only_pass("AZF-50", 3_860)


@pytest.mark.parametrize(("paid_yen", "yen"), [(5_121, 1), (5_120, 0), (5_119, 0), (9_660, 4_540)])
def test_loc_18_a_pass_alone_less_520(paid_yen: int, yen: int) -> None:
    assert refund_pass(LOCOCA_CARD, paid_yen, TENTH_DAY, LOCOCA_SHIPPED) == only_pass("LOC-18", yen)


def test_igp_25_a_pass_alone_less_its_fee() -> None:
    assert refund_pass(IWATE_CARD, PAID, TENTH_DAY, IWATE) == only_pass("IGP-25", 4_540)
    assert refund_pass(IWATE_CARD, 5_100, TENTH_DAY, IWATE) == only_pass("IGP-25", 0)


@pytest.mark.parametrize(
    ("stored_fare_yen", "yen"),
    [(0, 500), (219, 500), (220, 500), (221, 501), (1_000, 1_280), (20_000, 20_280)],
)
def test_loc_18_igp_25_a_card_less_220_and_its_deposit(stored_fare_yen: int, yen: int) -> None:
    lococa = refund_card(card(scheme="lococa", named=False, stored_fare_yen=stored_fare_yen), FIRST, LOCOCA_SHIPPED)
    parts = (Item.STORED_FARE, yen - 500), (Item.PASS, 0), (Item.DEPOSIT, 500)
    assert lococa == Refund(yen, tuple(RefundLine("LOC-18", *part) for part in parts))
    iwate = refund_card(card(scheme="iwate-green-pass", stored_fare_yen=stored_fare_yen), FIRST, IWATE_SHIPPED)
    joint = (Item.STORED_FARE_AND_PASS, yen - 500), (Item.DEPOSIT, 500)
    assert iwate == Refund(yen, tuple(RefundLine("IGP-25", *part) for part in joint))


@pytest.mark.parametrize(
    ("returned_on", "runs"),
    [
        (FIRST - timedelta(days=1), True),
        (TENTH_DAY, True),
        (LAST, True),
        (LAST + timedelta(days=1), False),
    ],
)
def test_loc_18_a_pass_that_runs_is_not_lost_with_the_card(returned_on: date, runs: bool) -> None:
    without = refund_card(card(scheme="lococa"), returned_on, LOCOCA_SHIPPED)
    assert isinstance(without, Refund)
    refusal = Refusal(Code.NOT_ELIGIBLE, "LOC-18", "pass until 2026-06-09")
    assert refund_card(LOCOCA_CARD, returned_on, LOCOCA_SHIPPED) == (refusal if runs else without)


@pytest.mark.parametrize(
    ("stored_fare_yen", "paid_yen", "separate_yen", "joint_yen"),
    [
        # After ten days 4,600 are used up: what is left of the pass is the price less that.
        (1_000, 9_660, 780 + 4_540, 1_000 + 5_060 - 220 - 520),
        # Little stored fare: a fee comes off its own part only, or off the sum.
        (100, 9_660, 0 + 4_540, 100 + 5_060 - 220 - 520),
        (0, 5_240, 0 + 120, 0),
        # A pass worth less than its fee is the whole of the fee.
        (1_000, 4_900, 780 + 0, 780),
        (1_000, 4_600, 780 + 0, 780),
        (1_000, 4_000, 780 + 0, 780),
        (1_000, 5_120, 780 + 0, 780),
        (1_000, 5_121, 780 + 1, 781),
        (100, 5_241, 0 + 121, 1),
        (100, 4_700, 0, 0),
        (0, 1_000, 0, 0),
    ],
)
def test_loc_18_igp_25_a_card_with_its_pass(
    stored_fare_yen: int, paid_yen: int, separate_yen: int, joint_yen: int
) -> None:
    lococa = refund_both(LOCOCA_CARD._replace(stored_fare_yen=stored_fare_yen), paid_yen, TENTH_DAY, LOCOCA_SHIPPED)
    assert isinstance(lococa, Refund)
    assert lococa.yen == separate_yen + 500
    iwate = refund_both(IWATE_CARD._replace(stored_fare_yen=stored_fare_yen), paid_yen, TENTH_DAY, IWATE)
    assert isinstance(iwate, Refund)
    assert iwate.yen == joint_yen + 500


def test_loc_18_igp_25_the_lines_of_a_card_with_its_pass() -> None:
    lococa = refund_both(LOCOCA_CARD, PAID, TENTH_DAY, LOCOCA_SHIPPED)
    parts = (Item.STORED_FARE, 780), (Item.PASS, 4_540), (Item.DEPOSIT, 500)
    assert lococa == Refund(5_820, tuple(RefundLine("LOC-18", *part) for part in parts))
    iwate = refund_both(IWATE_CARD, PAID, TENTH_DAY, IWATE)
    joint = (Item.STORED_FARE_AND_PASS, 5_320), (Item.DEPOSIT, 500)
    assert iwate == Refund(5_820, tuple(RefundLine("IGP-25", *part) for part in joint))


def test_igp_30_points_lapse_with_the_card_and_stay_when_only_the_pass_goes() -> None:
    account = IWATE_CARD._replace(points=Points(37, FIRST))
    alone = refund_card(account._replace(held_pass=None), TENTH_DAY, IWATE)
    for refund in (alone, refund_both(account, PAID, TENTH_DAY, IWATE)):
        assert isinstance(refund, Refund)
        assert refund.points_lapsed == 37
    assert refund_pass(account, PAID, TENTH_DAY, IWATE) == only_pass("IGP-25", 4_540)


def test_the_shapes_of_refund_are_closed() -> None:
    assert {word: shape.rule for word, shape in CARD_REFUNDS.items()} == {
        "separate-fees": "LOC-18",
        "joint-fees": "IGP-25",
    }


# -- refusals


@pytest.mark.parametrize(
    ("scheme", "rulebook"), [("aizu-noruca", AIZU_SHIPPED), ("noruca", NORUCA_SHIPPED)], ids=["aizu", "noruca"]
)
def test_gen_17_no_source_tells_of_a_card_refund_of_these(scheme: str, rulebook: Rulebook) -> None:
    assert refund_card(card(scheme=scheme), FIRST, rulebook) == not_configured("refund of a card")


@pytest.mark.parametrize("value", ["card_refund", "card_refund_fee_yen", "deposit_yen"])
def test_gen_17_every_value_of_a_card_refund_is_needed(value: str) -> None:
    counter = LOCOCA_SHIPPED.counter._replace(**{value: None})
    without = LOCOCA_SHIPPED._replace(counter=counter)
    assert refund_card(card(scheme="lococa"), FIRST, without) == not_configured("refund of a card")
    assert refund_both(LOCOCA_CARD, PAID, TENTH_DAY, without) == not_configured("refund of a card")


def test_gen_17_the_fee_for_a_pass_is_needed_for_a_pass_only() -> None:
    refusal = not_configured("refund fee of a pass")
    assert refund_pass(IWATE_CARD, PAID, TENTH_DAY, IWATE_SHIPPED) == refusal
    assert refund_both(IWATE_CARD, PAID, TENTH_DAY, IWATE_SHIPPED) == refusal
    assert isinstance(refund_card(IWATE_CARD, LAST + timedelta(days=1), IWATE_SHIPPED), Refund)


def test_gen_17_coupon_purses_are_not_refunded_as_stored_fare() -> None:
    account = card(scheme="lococa")._replace(coupons=Coupons(1_100, 0, 0))
    assert refund_card(account, FIRST, LOCOCA_SHIPPED) == not_configured("refund of coupon purses")


def test_loc_18_a_card_without_a_pass_has_none_to_refund() -> None:
    refusal = Refusal(Code.NOT_ELIGIBLE, "LOC-18", "no pass")
    assert refund_pass(card(scheme="lococa"), PAID, TENTH_DAY, LOCOCA_SHIPPED) == refusal
    assert refund_both(card(scheme="lococa"), PAID, TENTH_DAY, LOCOCA_SHIPPED) == refusal


def test_igp_2_nothing_is_refunded_or_issued_anew_on_another_operators_card() -> None:
    refusal = Refusal(Code.NOT_ELIGIBLE, "IGP-2", "lococa")
    assert refund_card(LOCOCA_CARD, TENTH_DAY, IWATE) == refusal
    assert refund_card(card(scheme="lococa"), TENTH_DAY, IWATE) == refusal
    assert refund_pass(LOCOCA_CARD, PAID, TENTH_DAY, IWATE) == refusal
    assert refund_both(LOCOCA_CARD, PAID, TENTH_DAY, IWATE) == refusal
    assert reissue(LOCOCA_CARD, Reissue.LOST, FIRST, TENTH_DAY, IWATE) == refusal


# -- properties


@given(
    fare_yen=st.integers(1, 200).map(lambda tens: tens * 10),
    months=st.integers(1, 6),
    days=st.integers(-10, 200),
    stored_fare_yen=st.integers(0, 20_000),
    holder=st.sampled_from(HolderKind),
    one_way=st.booleans(),
    rulebook=st.sampled_from([LOCOCA, IWATE]),
)
def test_azf_50_a_refund_is_never_negative_nor_more_than_was_paid(
    fare_yen: int,
    months: int,
    days: int,
    stored_fare_yen: int,
    holder: HolderKind,
    one_way: bool,
    rulebook: Rulebook,
) -> None:
    asked = Purchase("commuter", FIRST, months, fare_yen=fare_yen, one_way=one_way, holder=holder, portal=True)
    bought = priced(asked, AIZU)
    held = Pass(1, 0, FIRST, bought.last_day, True, (Section(1, 2, one_way, fare_yen),))
    account = card(held, holder, scheme=rulebook.scheme, stored_fare_yen=stored_fare_yen)
    returned_on = FIRST + timedelta(days=days)

    both = refund_both(account, bought.yen, returned_on, rulebook)
    alone = refund_pass(account, bought.yen, returned_on, rulebook)
    later = refund_pass(account, bought.yen, returned_on + timedelta(days=1), rulebook)
    card_alone = refund_card(account._replace(held_pass=None), returned_on, rulebook)
    assert isinstance(both, Refund)
    assert isinstance(alone, Refund)
    assert isinstance(later, Refund)
    assert isinstance(card_alone, Refund)
    assert 0 <= later.yen <= alone.yen < bought.yen
    assert 500 <= card_alone.yen <= both.yen <= bought.yen + stored_fare_yen + 500
    assert all(line.yen >= 0 for line in both.lines)
    # Both at once is never worth more than one after the other.
    assert both.yen <= alone.yen + card_alone.yen


# -- issued anew

APPLIED = date(2028, 2, 20)


@pytest.mark.parametrize(
    ("day", "good"),
    [
        (date(2028, 2, 20), False),
        (date(2028, 2, 21), True),
        (date(2028, 2, 29), True),
        (date(2028, 3, 5), True),
        (date(2028, 3, 6), False),
    ],
)
@pytest.mark.parametrize(("why", "fee"), [(Reissue.LOST, ReissueFee(520, 500)), (Reissue.DAMAGED, ReissueFee(0, 0))])
@pytest.mark.parametrize("rulebook", [LOCOCA_SHIPPED, IWATE_SHIPPED], ids=["lococa", "iwate"])
def test_loc_16_loc_17_igp_21_igp_22_from_the_next_day_within_14_days(
    day: date, good: bool, why: Reissue, fee: ReissueFee, rulebook: Rulebook
) -> None:
    outcome = reissue(card(scheme=rulebook.scheme), why, APPLIED, day, rulebook)
    assert outcome == (fee if good else Refusal(Code.NOT_ELIGIBLE, "GEN-19", "2028-02-21 to 2028-03-05"))


def test_loc_16_only_a_named_card_that_was_lost_is_issued_anew() -> None:
    anonymous = card(scheme="lococa", named=False)
    day = APPLIED + timedelta(days=1)
    refusal = Refusal(Code.NOT_ELIGIBLE, "LOC-16", "named card")
    assert reissue(anonymous, Reissue.LOST, APPLIED, day, LOCOCA_SHIPPED) == refusal
    assert reissue(anonymous, Reissue.DAMAGED, APPLIED, day, LOCOCA_SHIPPED) == ReissueFee(0, 0)


@pytest.mark.parametrize("value", ["slip_days", "lost_reissue_fee_yen", "deposit_yen"])
@pytest.mark.parametrize("why", Reissue)
def test_gen_17_a_reissue_needs_its_values(value: str, why: Reissue) -> None:
    counter = LOCOCA_SHIPPED.counter._replace(**{value: None})
    outcome = reissue(card(scheme="lococa"), why, APPLIED, APPLIED, LOCOCA_SHIPPED._replace(counter=counter))
    assert outcome == not_configured("reissue")


@pytest.mark.parametrize("why", Reissue)
def test_gen_17_no_source_tells_of_a_reissue_at_aizu(why: Reissue) -> None:
    assert reissue(card(), why, APPLIED, APPLIED, AIZU_SHIPPED) == not_configured("reissue")


def test_loc_16_igp_21_a_found_cards_deposit_comes_back() -> None:
    assert found_card_deposit(LOCOCA_SHIPPED) == 500
    assert found_card_deposit(IWATE_SHIPPED) == 500
    assert found_card_deposit(AIZU_SHIPPED) == not_configured("deposit")

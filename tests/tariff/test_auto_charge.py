"""Auto-charge: what may be arranged, and what a settlement does (AUT-1 to AUT-3, AUT-5)."""

from array import array
from datetime import date

import pytest

from tariff.account import Account, AutoCharge, AutoCharged
from tariff.auto_charge import Added, Held, auto_charge, check_arrangement, totals_on
from tariff.fares import FareTable
from tariff.lines import Line, Word
from tariff.purses import Payment
from tariff.refusal import Code, Refusal
from tariff.riders import HOLDER_ALONE as ALONE
from tariff.riders import Party
from tariff.settle import Settlement, settle
from tests.tariff.examples import (
    ADULT,
    AIZU,
    AIZU_LINE,
    LOCOCA,
    TODAY,
    TOMORROW,
    card,
    held,
    payments,
    refused,
    ride,
    section,
    settled,
)

WAKAMATSU_RIDE = ride(AIZU_LINE, "若松駅前", "西若松駅東口")
FARE_YEN = 230


def arranged(
    trigger_yen: int = 1_000, amount_yen: int = 3_000, day_cap_yen: int = 99_000, month_cap_yen: int = 99_000
) -> AutoCharge:
    """An arrangement as the portal's guide shows it set: below 1,000 add 3,000."""
    return AutoCharge(trigger_yen, amount_yen, day_cap_yen, month_cap_yen)


def member(
    balance_yen: int, arrangement: AutoCharge | None = None, so_far: AutoCharged | None = None, *, covered: bool = False
) -> Account:
    """A card with auto-charge; `covered` by a pass for the whole ride."""
    bought = held(section("若松駅前", "西若松駅東口")) if covered else None
    return card(balance_yen, bought, scheme="aizu-noruca", auto_charge=arrangement or arranged(), auto_charged=so_far)


def on(day: date, account: Account) -> Settlement:
    """The ride of 230 yen, settled on a day."""
    return settled(WAKAMATSU_RIDE._replace(day=day, alighted_on=day), account)


# -- AUT-2


@pytest.mark.parametrize(
    ("balance_yen", "added_yen"),
    [(0, 3_000), (500, 3_000), (999, 3_000), (1_000, 0), (1_001, 0), (1_229, 0), (5_000, 0)],
    ids=["empty", "below", "one yen below", "at the trigger", "above", "above, below it after", "far above"],
)
def test_aut_2_fires_strictly_below_the_trigger_before_the_settlement(balance_yen: int, added_yen: int) -> None:
    settlement = settled(WAKAMATSU_RIDE, member(balance_yen))
    assert settlement.auto_charged_yen == added_yen
    assert settlement.after.stored_fare_yen == balance_yen + added_yen - FARE_YEN


def test_aut_2_the_line_names_the_amount_and_the_fare_is_deducted_after() -> None:
    settlement = settled(WAKAMATSU_RIDE, member(80))
    assert payments(settlement) == [
        Line("AUT-2", Word.AUTO_CHARGED, 3_000),
        Line("GEN-3", Word.STORED_FARE, 230),
    ]
    assert settlement.after.auto_charged == AutoCharged(TODAY, 3_000, 3_000)


def test_aut_2_is_added_once_whatever_the_party() -> None:
    settlement = settled(WAKAMATSU_RIDE, member(0), Party(companions=(ADULT,) * 9))
    assert (settlement.due_yen, settlement.auto_charged_yen) == (2_300, 3_000)
    assert settlement.after.stored_fare_yen == 700


def test_aut_2_is_added_once_even_if_still_below_the_trigger() -> None:
    settlement = settled(WAKAMATSU_RIDE, member(0, arranged(trigger_yen=5_000, amount_yen=1_000)))
    assert (settlement.auto_charged_yen, settlement.after.stored_fare_yen) == (1_000, 770)


def test_aut_2_a_card_without_the_arrangement_is_never_charged() -> None:
    refusal = refused(WAKAMATSU_RIDE, card(0, scheme="aizu-noruca"))
    assert (refusal.code, refusal.short_yen) == (Code.SHORT, 230)


# -- AUT-3: the caps


@pytest.mark.parametrize(
    ("balance_yen", "added_yen"), [(10_000, 10_000), (10_001, 0)], ids=["20,000 after it", "20,001 after it"]
)
def test_aut_3_gen_3_never_past_the_stored_fare_cap(balance_yen: int, added_yen: int) -> None:
    settlement = settled(WAKAMATSU_RIDE, member(balance_yen, arranged(trigger_yen=12_000, amount_yen=10_000)))
    assert settlement.auto_charged_yen == added_yen
    held_lines = [line for line in settlement.lines if line.word is Word.AUTO_CHARGE_HELD]
    assert [line.detail for line in held_lines] == ([] if added_yen else ["stored-fare-cap"])


def test_aut_3_the_cap_is_asked_before_the_fare_is_taken() -> None:
    # 18,000 + 3,000 - 2,300 would be under the cap; the addition itself is not.
    account = member(18_000, arranged(trigger_yen=19_000))
    settlement = settled(WAKAMATSU_RIDE, account, Party(companions=(ADULT,) * 9))
    assert (settlement.auto_charged_yen, settlement.after.stored_fare_yen) == (0, 15_700)


@pytest.mark.parametrize(
    ("day_cap_yen", "month_cap_yen", "so_far", "outcome"),
    [
        (3_000, 99_000, None, AutoCharged(TODAY, 3_000, 3_000)),
        (2_999, 99_000, None, Held.DAY_CAP),
        (6_000, 99_000, AutoCharged(TODAY, 3_000, 9_000), AutoCharged(TODAY, 6_000, 12_000)),
        (5_999, 99_000, AutoCharged(TODAY, 3_000, 9_000), Held.DAY_CAP),
        (99_000, 12_000, AutoCharged(TODAY, 3_000, 9_000), AutoCharged(TODAY, 6_000, 12_000)),
        (99_000, 11_999, AutoCharged(TODAY, 3_000, 9_000), Held.MONTH_CAP),
        (5_000, 11_000, AutoCharged(TODAY, 3_000, 9_000), Held.DAY_CAP),
        (0, 0, None, Held.DAY_CAP),
    ],
    ids=[
        "day cap reached",
        "day cap passed",
        "reached by the second",
        "passed by the second",
        "month cap reached",
        "month cap passed",
        "both: the day's is named",
        "caps of zero",
    ],
)
def test_aut_3_day_and_month_caps_are_reached_never_passed(
    day_cap_yen: int, month_cap_yen: int, so_far: AutoCharged | None, outcome: AutoCharged | Held
) -> None:
    account = member(500, arranged(day_cap_yen=day_cap_yen, month_cap_yen=month_cap_yen), so_far)
    settlement = settled(WAKAMATSU_RIDE, account)
    if isinstance(outcome, Held):
        assert payments(settlement)[0] == Line("AUT-3", Word.AUTO_CHARGE_HELD, 0, outcome)
        assert (settlement.auto_charged_yen, settlement.after.auto_charged) == (0, so_far)
    else:
        assert (settlement.auto_charged_yen, settlement.after.auto_charged) == (3_000, outcome)


def test_aut_3_held_and_short_is_gen_10() -> None:
    account = member(100, arranged(day_cap_yen=3_000), AutoCharged(TODAY, 3_000, 3_000))
    refusal = refused(WAKAMATSU_RIDE, account)
    assert (refusal.code, refusal.due_yen, refusal.short_yen) == (Code.SHORT, 230, 130)
    mixed = settled(WAKAMATSU_RIDE, account, payment=Payment.PART_CASH)
    assert (mixed.auto_charged_yen, mixed.stored_fare_yen, mixed.cash_yen) == (0, 100, 130)


# -- AUT-3: the calendar


@pytest.mark.parametrize(
    ("last", "day", "day_yen", "month_yen"),
    [
        (date(2026, 11, 20), date(2026, 11, 20), 3_000, 9_000),
        (date(2026, 11, 20), date(2026, 11, 21), 0, 9_000),
        (date(2026, 11, 1), date(2026, 11, 30), 0, 9_000),
        (date(2026, 11, 30), date(2026, 12, 1), 0, 0),
        (date(2026, 12, 31), date(2027, 1, 1), 0, 0),
        (date(2026, 11, 20), date(2027, 11, 20), 0, 0),
        (date(2028, 2, 28), date(2028, 2, 29), 0, 9_000),
        (date(2028, 2, 29), date(2028, 2, 29), 3_000, 9_000),
        (date(2028, 2, 29), date(2028, 3, 1), 0, 0),
        (date(2027, 2, 28), date(2027, 3, 1), 0, 0),
    ],
    ids=[
        "same day",
        "next day",
        "same month",
        "next month",
        "new year",
        "same day a year on",
        "to 29 February",
        "on 29 February",
        "from 29 February",
        "from 28 February",
    ],
)
def test_aut_3_a_new_day_and_a_new_month_begin_at_zero(last: date, day: date, day_yen: int, month_yen: int) -> None:
    assert totals_on(AutoCharged(last, 3_000, 9_000), day) == AutoCharged(day, day_yen, month_yen)
    after = on(day, member(500, so_far=AutoCharged(last, 3_000, 9_000))).after
    assert after.auto_charged == AutoCharged(day, day_yen + 3_000, month_yen + 3_000)


@pytest.mark.parametrize("back_to", [date(2026, 11, 19), date(2026, 10, 31), date(2025, 11, 20)])
def test_faults_24_a_clock_that_goes_back_frees_no_cap(back_to: date) -> None:
    so_far = AutoCharged(date(2026, 11, 20), 3_000, 9_000)
    assert totals_on(so_far, back_to) == so_far
    after = on(back_to, member(500, so_far=so_far)).after
    assert after.auto_charged == AutoCharged(date(2026, 11, 20), 6_000, 12_000)


def test_aut_3_a_card_never_charged_begins_at_zero() -> None:
    assert totals_on(None, TODAY) == AutoCharged(TODAY, 0, 0)


def test_aut_3_the_totals_stand_until_something_is_added() -> None:
    before = AutoCharged(date(2026, 10, 31), 3_000, 9_000)
    assert on(TODAY, member(5_000, so_far=before)).after.auto_charged == before


def test_aut_3_the_day_is_that_of_the_alighting_tap() -> None:
    # Boarded before midnight, when the day's cap was used up; alighted after it.
    account = member(500, arranged(day_cap_yen=3_000), AutoCharged(TODAY, 3_000, 3_000))
    overnight = settled(WAKAMATSU_RIDE._replace(day=TODAY, alighted_on=TOMORROW), account)
    assert overnight.after.auto_charged == AutoCharged(TOMORROW, 3_000, 6_000)
    assert settled(WAKAMATSU_RIDE, account).auto_charged_yen == 0


# -- AUT-5


def test_aut_5_a_zero_fare_settlement_counts() -> None:
    settlement = settled(WAKAMATSU_RIDE, member(500, covered=True))
    assert (settlement.due_yen, settlement.auto_charged_yen, settlement.after.stored_fare_yen) == (0, 3_000, 3_500)


def test_aut_5_a_zero_fare_settlement_does_not_count_where_switched_off() -> None:
    off = AIZU._replace(auto_charge_on_zero_fare=False)
    assert settled(WAKAMATSU_RIDE, member(500, covered=True), rulebook=off).auto_charged_yen == 0
    # A fare is a fare.
    assert settled(WAKAMATSU_RIDE, member(500), rulebook=off).auto_charged_yen == 3_000


@pytest.mark.parametrize("covered", [False, True])
def test_aut_5_an_all_cash_settlement_never_counts(covered: bool) -> None:
    settlement = settled(WAKAMATSU_RIDE, member(50, covered=covered), payment=Payment.ALL_CASH)
    assert (settlement.auto_charged_yen, settlement.after.stored_fare_yen) == (0, 50)
    assert all(line.word not in (Word.AUTO_CHARGED, Word.AUTO_CHARGE_HELD) for line in settlement.lines)


def test_aut_5_added_and_still_short_then_gen_10() -> None:
    # 55 + 1,000 against 1,150 for five.
    account = member(55, arranged(trigger_yen=100, amount_yen=1_000))
    five = Party(companions=(ADULT,) * 4)
    refusal = refused(WAKAMATSU_RIDE, account, five)
    assert (refusal.code, refusal.due_yen, refusal.short_yen) == (Code.SHORT, 1_150, 100)
    mixed = settled(WAKAMATSU_RIDE, account, five, payment=Payment.PART_CASH)
    assert (mixed.auto_charged_yen, mixed.stored_fare_yen, mixed.cash_yen) == (1_000, 1_050, 100)
    assert mixed.after.stored_fare_yen == 5
    in_cash = settled(WAKAMATSU_RIDE, account, five, payment=Payment.ALL_CASH)
    assert (in_cash.auto_charged_yen, in_cash.cash_yen, in_cash.after.stored_fare_yen) == (0, 1_150, 55)


def test_aut_2_a_scheme_that_does_not_offer_it_never_charges() -> None:
    account = card(100, auto_charge=arranged())
    refusal = refused(WAKAMATSU_RIDE, account)
    assert (refusal.code, refusal.short_yen) == (Code.SHORT, 130)


def test_auto_charge_by_itself_answers_added_held_or_nothing() -> None:
    assert auto_charge(member(500), FARE_YEN, TODAY, AIZU) == Added(3_000, AutoCharged(TODAY, 3_000, 3_000))
    assert auto_charge(member(500, arranged(day_cap_yen=0)), FARE_YEN, TODAY, AIZU) is Held.DAY_CAP
    assert auto_charge(member(1_000), FARE_YEN, TODAY, AIZU) is None


# -- AUT-1: what may be arranged


@pytest.mark.parametrize(
    "offered",
    [
        AutoCharge(100, 1_000, 99_000, 99_000),  # what the guide's screen offers at first
        AutoCharge(1_000, 3_000, 99_000, 99_000),  # the guide's example
        AutoCharge(10_000, 10_000, 10_000, 10_000),
        AutoCharge(100, 1_000, 1_000, 1_000),
        AutoCharge(300, 2_000, 2_000, 5_000),
    ],
)
def test_aut_1_what_a_member_may_arrange(offered: AutoCharge) -> None:
    assert check_arrangement(offered, AIZU) is None


CAPS = "caps: amount <= a day's <= a month's <= 99000, in steps of 1000"


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        (AutoCharge(0, 1_000, 9_000, 9_000), "trigger of 0 yen: steps of 100 up to 10000"),
        (AutoCharge(-100, 1_000, 9_000, 9_000), "trigger of -100 yen: steps of 100 up to 10000"),
        (AutoCharge(150, 1_000, 9_000, 9_000), "trigger of 150 yen: steps of 100 up to 10000"),
        (AutoCharge(10_100, 1_000, 9_000, 9_000), "trigger of 10100 yen: steps of 100 up to 10000"),
        (AutoCharge(100, 0, 9_000, 9_000), "amount of 0 yen: steps of 1000 up to 10000"),
        (AutoCharge(100, 1_500, 9_000, 9_000), "amount of 1500 yen: steps of 1000 up to 10000"),
        (AutoCharge(100, 11_000, 99_000, 99_000), "amount of 11000 yen: steps of 1000 up to 10000"),
        (AutoCharge(100, 3_000, 2_000, 9_000), CAPS),
        (AutoCharge(100, 3_000, 9_000, 8_000), CAPS),
        (AutoCharge(100, 3_000, 9_500, 10_000), CAPS),
        (AutoCharge(100, 3_000, 9_000, 9_500), CAPS),
        (AutoCharge(100, 3_000, 99_000, 100_000), CAPS),
        (AutoCharge(100, 3_000, 200_000, 200_000), CAPS),  # no card holds it
    ],
)
def test_aut_1_what_a_member_may_not_arrange(asked: AutoCharge, detail: str) -> None:
    assert check_arrangement(asked, AIZU) == Refusal(Code.NOT_SOLD, "AUT-1", detail)


def test_aut_1_the_steps_are_the_operators() -> None:
    offer = AIZU.auto_charge_offer
    assert offer is not None
    by_the_yen = AIZU._replace(auto_charge_offer=offer._replace(trigger_step_yen=1, amount_step_yen=1, most_yen=500))
    assert check_arrangement(AutoCharge(1, 1, 1, 1), by_the_yen) is None
    assert check_arrangement(AutoCharge(500, 500, 501, 502), by_the_yen) is None
    assert check_arrangement(AutoCharge(1, 1, 99_000, 99_000), by_the_yen) is None
    detail = "trigger of 501 yen: steps of 1 up to 500"
    assert check_arrangement(AutoCharge(501, 1, 1, 1), by_the_yen) == Refusal(Code.NOT_SOLD, "AUT-1", detail)


def test_aut_1_where_it_is_not_offered() -> None:
    refusal = check_arrangement(AutoCharge(100, 1_000, 9_000, 9_000), LOCOCA)
    assert refusal == Refusal(Code.NOT_CONFIGURED, "AUT-1", "auto-charge")


def test_aut_1_what_is_offered_at_first_may_be_arranged() -> None:
    offer = AIZU.auto_charge_offer
    assert offer is not None
    first = AutoCharge(
        offer.first_trigger_yen, offer.first_amount_yen, offer.first_day_cap_yen, offer.first_month_cap_yen
    )
    assert first == AutoCharge(100, 1_000, 99_000, 99_000)
    assert check_arrangement(first, AIZU) is None


def test_aut_2_gen_21_another_schemes_card_is_not_auto_charged() -> None:
    taken = AIZU._replace(accepted_schemes=frozenset({"suica"}))
    foreign = card(50, scheme="suica", auto_charge=arranged())
    assert auto_charge(foreign, 440, TODAY, taken) is None
    assert auto_charge(foreign._replace(scheme="aizu-noruca"), 440, TODAY, taken) is not None


# -- what the terminal knows and the card does not


@pytest.mark.parametrize(
    ("why", "rule"),
    [
        (Held.NO_AUTO_CHARGE_LIST, "AUT-6"),
        (Held.STALE_HOTLIST, "faults 39"),
        (Held.CLOCK_NOT_SET, "faults 25"),
        (Held.DAY_CAP, "AUT-3"),
    ],
)
@pytest.mark.parametrize("cash_fares", [False, True], ids=["one fare", "cash fares too"])
def test_aut_6_what_the_terminal_holds_back_is_not_added_and_the_line_says_why(
    why: Held, rule: str, cash_fares: bool
) -> None:
    """With cash in the payment and without, where cash has fares of its own and where it has none."""
    yen = array("i", AIZU_LINE._yen)
    cash = FareTable(AIZU_LINE.pattern, yen) if cash_fares else None
    taken = WAKAMATSU_RIDE._replace(table=FareTable(AIZU_LINE.pattern, yen, cash))
    for account, payment in ((member(900), Payment.CARD), (member(99), Payment.PART_CASH)):
        done = settle(taken, account, ALONE, AIZU, payment, why)
        assert isinstance(done, Settlement) and done.auto_charged_yen == 0
        assert [line for line in done.lines if line.word is Word.AUTO_CHARGE_HELD] == [
            Line(rule, Word.AUTO_CHARGE_HELD, 0, why)
        ]


def test_aut_6_nothing_is_held_back_where_nothing_was_triggered() -> None:
    assert auto_charge(member(1_000), FARE_YEN, TODAY, AIZU, Held.NO_AUTO_CHARGE_LIST) is None

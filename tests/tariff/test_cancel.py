"""Cancelling a settlement made wrong (GEN-22)."""

from datetime import date

from tariff.account import Coupons, Points, RideState
from tariff.lines import Line, Word
from tariff.purses import Paid, Payment
from tariff.refusal import Code, Refusal
from tariff.riders import Party
from tariff.rulebook import Purse
from tariff.settle import Cancellation, Settlement, cancel
from tests.tariff.examples import ADULT, HAKUHO_LINE, TODAY, card, ride, settled
from tests.tariff.test_auto_charge import arranged

TAKEN = ride(HAKUHO_LINE, "磐城棚倉", "新白河")


def cancelled(settlement: Settlement) -> Cancellation:
    outcome = cancel(settlement, settlement.after)
    assert isinstance(outcome, Cancellation)
    return outcome


def test_gen_22_the_amount_goes_back_to_the_card_and_the_ride_is_open_again() -> None:
    before = card(5_000)
    wrong = settled(TAKEN, before, Party(companions=(ADULT,)))
    back = cancelled(wrong)
    assert back == Cancellation(
        Paid(((Purse.STORED_FARE, 1_000),), 0), (Line("GEN-22", Word.STORED_FARE, -1_000),), before
    )
    assert back.after.ride is not None and back.after.ride.state is RideState.OPEN
    # Then the right settlement follows.
    assert settled(TAKEN, back.after).due_yen == 500


def test_gen_22_each_purse_gets_its_own_back_and_the_box_gives_the_cash() -> None:
    before = card(0, scheme="noruca", coupons=Coupons(90, 200, 0))
    back = cancelled(settled(TAKEN, before, payment=Payment.PART_CASH))
    assert back.returned == Paid(((Purse.STUDENT, 200), (Purse.REGULAR, 90)), 210)
    assert back.lines == (
        Line("GEN-22", Word.STUDENT, -200),
        Line("GEN-22", Word.REGULAR, -90),
        Line("GEN-22", Word.CASH, -210),
    )
    assert back.after == before


def test_gen_22_igp_30_points_used_earned_or_lapsed_are_as_before() -> None:
    for points in (Points(600, TODAY), Points(100, date(2026, 5, 1)), Points(600, date(2024, 1, 1))):
        before = card(1_000, scheme="iwate-green-pass", points=points)
        assert cancelled(settled(TAKEN, before)).after == before


def test_gen_22_aut_6_what_an_auto_charge_added_stays() -> None:
    before = card(50, scheme="aizu-noruca", auto_charge=arranged())
    settlement = settled(TAKEN, before)
    assert settlement.auto_charged_yen == 3_000
    back = cancelled(settlement)
    assert back.after.stored_fare_yen == 3_050
    assert back.after.auto_charged == settlement.after.auto_charged is not None
    # It does not fire a second time.
    assert settled(TAKEN, back.after).auto_charged_yen == 0


def test_gen_22_only_the_settlement_that_stands_on_the_card() -> None:
    settlement = settled(TAKEN, card(5_000))
    refusal = Refusal(Code.NOT_CANCELLABLE, "GEN-22", "the card is not as this settlement left it")
    topped_up = settlement.after._replace(stored_fare_yen=5_500)
    boarded_again = settlement.after._replace(ride=settlement.before.ride)
    for other in (topped_up, boarded_again, settlement.before, card(4_500)):
        assert cancel(settlement, other) == refusal

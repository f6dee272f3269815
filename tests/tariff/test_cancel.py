"""Cancelling a settlement made wrong (GEN-22)."""

from datetime import date

import pytest

from tariff.account import Account, Coupons, Points, RideState
from tariff.purses import Payment
from tariff.riders import Party
from tariff.settle import cancel
from tests.tariff.examples import ADULT, HAKUHO_LINE, TODAY, card, held, ride, section, settled
from tests.tariff.test_auto_charge import arranged

TAKEN = ride(HAKUHO_LINE, "磐城棚倉", "新白河")


def test_gen_22_the_amount_goes_back_to_the_card_and_the_ride_is_open_again() -> None:
    before = card(5_000)
    wrong = settled(TAKEN, before, Party(companions=(ADULT,)))
    assert wrong.after.stored_fare_yen == 4_000
    back = cancel(wrong.after, wrong.before)
    assert back == before
    assert back.ride is not None and back.ride.state is RideState.OPEN
    # Then the right settlement follows.
    assert settled(TAKEN, back).due_yen == 500


@pytest.mark.parametrize(
    "before",
    [
        card(0, scheme="noruca", coupons=Coupons(90, 200, 0)),
        card(1_000, scheme="iwate-green-pass", points=Points(600, TODAY)),
        card(1_000, scheme="iwate-green-pass", points=Points(100, date(2026, 5, 1))),
        card(1_000, scheme="iwate-green-pass", points=Points(600, date(2024, 1, 1))),
        card(195, scheme="iwate-green-pass", points=Points(20, TODAY))._replace(welfare_points=700),
    ],
    ids=["coupons", "points-used", "points-earned", "points-lapsed", "welfare-points"],
)
def test_gen_22_igp_30_each_purse_gets_its_own_back(before: Account) -> None:
    wrong = settled(TAKEN, before, payment=Payment.PART_CASH)
    assert wrong.after != before
    assert cancel(wrong.after, wrong.before) == before


def test_gen_22_aut_6_what_an_auto_charge_added_goes_back_with_its_totals_and_fires_anew() -> None:
    before = card(50, scheme="aizu-noruca", auto_charge=arranged())
    wrong = settled(TAKEN, before)
    assert wrong.auto_charged_yen == 3_000
    back = cancel(wrong.after, wrong.before)
    assert back == before and back.auto_charged is None
    assert settled(TAKEN, back) == wrong


def test_gen_22_ctr_3_what_a_directive_brought_by_the_same_tap_stays() -> None:
    before = card(5_000)
    renewed = held(section("実業高校前", "南湖公園"))
    wrong = settled(TAKEN, before)
    back = cancel(wrong.after._replace(held_pass=renewed, directive=7), before)
    assert back == before._replace(held_pass=renewed, directive=7)

"""Stored fare and cash (GEN-1, GEN-3, GEN-10)."""

from typing import NamedTuple

import pytest

from tariff.purses import Paid, Payment, add_stored_fare, pay
from tariff.refusal import Code, Refusal
from tariff.riders import Party
from tariff.rulebook import Rulebook
from tariff.settle import Line, Word
from tests.tariff.examples import (
    ADULT,
    AIZU,
    CHILD,
    HAKUHO_LINE,
    LOCOCA,
    card,
    held,
    payments,
    refused,
    ride,
    section,
    settled,
)

# -- GEN-3


@pytest.mark.parametrize("rulebook", [LOCOCA, AIZU], ids=["lococa", "aizu-noruca"])
@pytest.mark.parametrize(
    ("balance_yen", "added_yen", "after_yen"),
    [(0, 1_000, 1_000), (10_000, 10_000, 20_000), (19_999, 1, 20_000), (20_000, 0, 20_000), (0, 20_000, 20_000)],
)
def test_gen_3_stored_fare_reaches_the_cap(
    balance_yen: int, added_yen: int, after_yen: int, rulebook: Rulebook
) -> None:
    assert add_stored_fare(balance_yen, added_yen, rulebook) == after_yen


@pytest.mark.parametrize(
    ("balance_yen", "added_yen", "detail"),
    [
        (20_000, 1, "20001 > 20000"),
        (10_001, 10_000, "20001 > 20000"),
        (0, 20_001, "20001 > 20000"),
        (19_500, 1_000, "20500 > 20000"),
    ],
)
def test_gen_3_one_yen_over_is_refused_whole(balance_yen: int, added_yen: int, detail: str) -> None:
    assert add_stored_fare(balance_yen, added_yen, LOCOCA) == Refusal(Code.OVER_CAP, "GEN-3", detail)


def test_gen_1_a_negative_top_up_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match=r"^a top-up of -1 yen$"):
        add_stored_fare(500, -1, LOCOCA)


# -- GEN-10


class Paying(NamedTuple):
    """A fare, a balance, the passenger's choice, and who pays what."""

    due_yen: int
    balance_yen: int
    payment: Payment
    stored_fare_yen: int
    cash_yen: int


PAYING = {
    "card, more than enough": Paying(210, 1_000, Payment.CARD, 210, 0),
    "card, to the last yen": Paying(210, 210, Payment.CARD, 210, 0),
    "card, nothing due": Paying(0, 0, Payment.CARD, 0, 0),
    "card, a fare that is no multiple of ten": Paying(216, 1_000, Payment.CARD, 216, 0),
    "part cash, tens": Paying(210, 190, Payment.PART_CASH, 190, 20),
    "part cash, 195 on the card pays 190": Paying(210, 195, Payment.PART_CASH, 190, 20),
    "part cash, one yen short": Paying(210, 209, Payment.PART_CASH, 200, 10),
    "part cash, less than ten on the card": Paying(210, 9, Payment.PART_CASH, 0, 210),
    "part cash, an empty card": Paying(210, 0, Payment.PART_CASH, 0, 210),
    "part cash, but the card has enough": Paying(210, 215, Payment.PART_CASH, 210, 0),
    "all cash, short": Paying(210, 195, Payment.ALL_CASH, 0, 210),
    "all cash, though the card has enough": Paying(210, 5_000, Payment.ALL_CASH, 0, 210),
    "all cash, nothing due": Paying(0, 100, Payment.ALL_CASH, 0, 0),
}


@pytest.mark.parametrize("case", PAYING.values(), ids=PAYING)
def test_gen_10_who_pays_what(case: Paying) -> None:
    assert pay(case.due_yen, case.balance_yen, case.payment, LOCOCA) == Paid(case.stored_fare_yen, case.cash_yen)


@pytest.mark.parametrize(("balance_yen", "short_yen"), [(499, 1), (250, 250), (195, 305), (0, 500)])
def test_gen_10_short_waits_for_the_choice_and_names_fare_and_shortage(balance_yen: int, short_yen: int) -> None:
    refusal = refused(ride(HAKUHO_LINE, 0, 4), card(balance_yen))
    assert refusal == Refusal(Code.SHORT, "GEN-10", "", due_yen=500, short_yen=short_yen)


def test_gen_10_part_cash_ends_the_ride_on_the_card() -> None:
    settlement = settled(ride(HAKUHO_LINE, 0, 4), card(195), payment=Payment.PART_CASH)
    assert (settlement.due_yen, settlement.stored_fare_yen, settlement.cash_yen) == (500, 190, 310)
    assert payments(settlement) == [Line("GEN-10", Word.STORED_FARE, 190), Line("GEN-10", Word.CASH, 310)]
    assert settlement.after.stored_fare_yen == 5
    assert settlement.after.ride is not None and settlement.after.ride.stop_index == 4


def test_gen_10_all_cash_ends_the_ride_and_leaves_the_balance() -> None:
    settlement = settled(ride(HAKUHO_LINE, 0, 4), card(195), payment=Payment.ALL_CASH)
    assert payments(settlement) == [Line("GEN-10", Word.STORED_FARE, 0), Line("GEN-10", Word.CASH, 500)]
    assert settlement.after.stored_fare_yen == 195
    assert settlement.after.ride is not None and settlement.after.ride.stop_index == 4


def test_gen_10_the_party_is_paid_for_together_or_not_at_all() -> None:
    # 500 of the holder would be there; with a companion it is 750.
    taken, party = ride(HAKUHO_LINE, 0, 4), Party(companions=(CHILD,))
    assert refused(taken, card(600), party) == Refusal(Code.SHORT, "GEN-10", due_yen=750, short_yen=150)
    mixed = settled(taken, card(600), party, payment=Payment.PART_CASH)
    assert (mixed.stored_fare_yen, mixed.cash_yen) == (600, 150)


def test_gen_10_only_the_excess_of_a_pass_is_short() -> None:
    member = card(100, held(section("磐城棚倉", "南湖公園")))
    refusal = refused(ride(HAKUHO_LINE, 0, 4), member)
    assert (refusal.due_yen, refusal.short_yen) == (250, 150)


def test_gen_1_a_card_pays_to_the_last_yen_and_not_below() -> None:
    assert settled(ride(HAKUHO_LINE, 0, 4), card(500)).after.stored_fare_yen == 0
    assert settled(ride(HAKUHO_LINE, 0, 4), card(501)).after.stored_fare_yen == 1


def test_gen_1_the_lines_of_a_card_payment_add_up() -> None:
    settlement = settled(ride(HAKUHO_LINE, 0, 4), card(5_000), Party(companions=(ADULT, ADULT)))
    assert payments(settlement) == [Line("GEN-1", Word.STORED_FARE, 1_500)]

"""Stored fare and cash (GEN-1, GEN-3, GEN-10)."""

from typing import NamedTuple

import pytest

from tariff.account import HolderKind
from tariff.fares import FareTable
from tariff.lines import Line, Word
from tariff.purses import Bill, Paid, Payment, ToppedUp, pay, top_up
from tariff.refusal import Code, Refusal
from tariff.riders import Party
from tariff.rulebook import Purse, Rulebook
from tests.tariff.examples import (
    ADULT,
    AIZU,
    CHILD,
    HAKUHO_LINE,
    LOCOCA,
    TODAY,
    card,
    held,
    payments,
    refused,
    ride,
    section,
    settled,
    triangle,
)

# -- GEN-3


@pytest.mark.parametrize("rulebook", [LOCOCA, AIZU], ids=["lococa", "aizu-noruca"])
@pytest.mark.parametrize(
    ("balance_yen", "added_yen", "after_yen"),
    [(0, 1_000, 1_000), (10_000, 10_000, 20_000), (19_999, 1, 20_000), (0, 20_000, 20_000)],
)
def test_gen_3_stored_fare_reaches_the_cap(
    balance_yen: int, added_yen: int, after_yen: int, rulebook: Rulebook
) -> None:
    topped_up = top_up(card(balance_yen, scheme=rulebook.scheme), Purse.STORED_FARE, added_yen, TODAY, rulebook)
    assert isinstance(topped_up, ToppedUp)
    assert (topped_up.paid_yen, topped_up.added_yen) == (added_yen, added_yen)
    assert topped_up.after == card(after_yen, scheme=rulebook.scheme)


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
    assert top_up(card(balance_yen), Purse.STORED_FARE, added_yen, TODAY, LOCOCA) == Refusal(
        Code.OVER_CAP, "GEN-3", detail
    )


@pytest.mark.parametrize("paid_yen", [0, -1, -1_000])
def test_gen_1_a_top_up_of_nothing_or_less_is_refused(paid_yen: int) -> None:
    refusal = top_up(card(500), Purse.STORED_FARE, paid_yen, TODAY, LOCOCA)
    assert refusal == Refusal(Code.NOT_SOLD, "GEN-3", f"top-up of {paid_yen} yen, not a multiple of 1")


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
    paid = pay(Bill(case.due_yen, case.due_yen, TODAY), card(case.balance_yen), case.payment, LOCOCA)
    assert isinstance(paid, Paid)
    assert (paid.of(Purse.STORED_FARE), paid.cash_yen) == (case.stored_fare_yen, case.cash_yen)
    assert paid.card_yen == case.stored_fare_yen
    assert all(yen > 0 for _, yen in paid.purses)


@pytest.mark.parametrize(("balance_yen", "short_yen"), [(499, 10), (490, 10), (250, 250), (195, 310), (0, 500)])
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
    assert payments(settlement) == [Line("GEN-10", Word.CASH, 500)]
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
    assert payments(settlement) == [Line("GEN-3", Word.STORED_FARE, 1_500)]


# -- GEN-10: an operator with one fare for cards and another for cash


def two_fares(by_card: str, in_cash: str) -> FareTable:
    """A line whose cards pay by one table and whose cash by another."""
    cards, cash = triangle("市内線", by_card), triangle("市内線", in_cash)
    return FareTable(cards.pattern, cards._yen, cash)


FARES_216_220 = ride(two_fares("駅前\n216 市役所\n- 216 病院", "駅前\n220 市役所\n- 220 病院"), "駅前", "市役所")


@pytest.mark.parametrize(
    ("balance_yen", "payment", "by_card_yen", "in_cash_yen"),
    [
        (1_000, Payment.CARD, 216, 0),
        (216, Payment.CARD, 216, 0),
        # Whoever asks to pay in part, and need not, pays the fare by card.
        (216, Payment.PART_CASH, 216, 0),
        (215, Payment.PART_CASH, 210, 10),
        (100, Payment.PART_CASH, 100, 120),
        (9, Payment.PART_CASH, 0, 220),
        (1_000, Payment.ALL_CASH, 0, 220),
    ],
)
def test_gen_10_with_any_cash_the_cash_fare_applies(
    balance_yen: int, payment: Payment, by_card_yen: int, in_cash_yen: int
) -> None:
    settlement = settled(FARES_216_220, card(balance_yen), payment=payment)
    assert (settlement.stored_fare_yen, settlement.cash_yen) == (by_card_yen, in_cash_yen)
    assert settlement.due_yen == by_card_yen + in_cash_yen
    assert settlement.after.stored_fare_yen == balance_yen - by_card_yen


def test_gen_10_a_shortage_names_the_cash_fare_of_the_whole_party() -> None:
    child, party = card(300, holder=HolderKind.CHILD, scheme="aizu-noruca"), Party(companions=(ADULT,))
    short = refused(FARES_216_220, child, party)
    assert short == Refusal(Code.SHORT, "GEN-10", "cash fare 330", due_yen=326, short_yen=30)
    mixed = settled(FARES_216_220, child, party, payment=Payment.PART_CASH)
    assert (mixed.due_yen, mixed.stored_fare_yen, mixed.cash_yen) == (330, 300, 30)


def test_gen_4_a_fare_that_is_missing_is_missing_whatever_cash_would_cost() -> None:
    refusal = refused(FARES_216_220._replace(alighted=2), card(0))
    assert refusal == Refusal(Code.NO_FARE, "GEN-4", "市内線: 駅前 - 病院")


def test_gen_4_a_cash_fare_that_is_missing_is_told_to_who_would_need_it() -> None:
    holed = ride(two_fares("駅前\n216 市役所", "駅前\n- 市役所"), 0, 1)
    assert settled(holed, card(216)).due_yen == 216
    no_fare = Refusal(Code.NO_FARE, "GEN-4", "市内線: 駅前 - 市役所")
    for payment in Payment:
        assert refused(holed, card(215), payment=payment) == no_fare


def test_gen_10_all_cash_is_by_the_cash_fare_whatever_the_card_would_pay() -> None:
    free_by_card = ride(two_fares("駅前\n0 市役所", "駅前\n100 市役所"), 0, 1)
    assert settled(free_by_card, card(0)).due_yen == 0
    assert settled(free_by_card, card(0), payment=Payment.PART_CASH).due_yen == 0
    assert settled(free_by_card, card(0), payment=Payment.ALL_CASH).cash_yen == 100
    unknown_by_card = ride(two_fares("駅前\n- 市役所", "駅前\n100 市役所"), 0, 1)
    assert refused(unknown_by_card, card(0)).code is Code.NO_FARE
    assert settled(unknown_by_card, card(0), payment=Payment.ALL_CASH).cash_yen == 100


def test_gen_10_a_lower_cash_fare_is_never_paid_by_card_alone() -> None:
    cheap = ride(two_fares("駅前\n200 市役所", "駅前\n180 市役所"), 0, 1)
    short = Refusal(Code.SHORT, "GEN-10", "cash fare 180", due_yen=200, short_yen=180)
    assert refused(cheap, card(190)) == short
    assert refused(cheap, card(190), payment=Payment.PART_CASH) == short
    assert settled(cheap, card(190), payment=Payment.ALL_CASH).cash_yen == 180


def test_gen_10_where_both_fares_are_alike_a_shortage_names_none() -> None:
    alike = ride(two_fares("駅前\n200 市役所\n300 200 病院", "駅前\n200 市役所\n310 200 病院"), 0, 1)
    assert refused(alike, card(100)) == Refusal(Code.SHORT, "GEN-10", "", due_yen=200, short_yen=100)


def test_pass_1_gen_10_a_pass_counts_by_the_fares_it_was_priced_on_whatever_pays() -> None:
    line = two_fares("駅前\n195 市役所\n350 150 病院", "駅前\n200 市役所\n360 160 病院")
    member, whole = card(100, held(section("駅前", "市役所", 195))), ride(line, 0, 2)
    assert refused(whole, member) == Refusal(Code.SHORT, "GEN-10", "cash fare 160", due_yen=150, short_yen=60)
    mixed = settled(whole, member, payment=Payment.PART_CASH)
    assert (mixed.due_yen, mixed.stored_fare_yen, mixed.cash_yen) == (160, 100, 60)
    assert settled(whole, member, payment=Payment.ALL_CASH).cash_yen == 160

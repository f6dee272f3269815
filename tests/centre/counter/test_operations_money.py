"""Money put on cards and given back: the documents' worked examples, the days at both edges, and what is refused."""

from datetime import date, timedelta
from typing import Any

import pytest

from cardimage.directives import given
from centre.counter.operations.effects import DirectivesWithdrawn, PassRefunded, StateSet, Stopped
from centre.counter.operations.money import Back, RefundRequest, prepare_found, prepare_refund, prepare_top_up
from centre.counter.operations.prepared import Prepared
from centre.counter.operations.values import Claim
from farebox.formats.bundle import AutoChargeOff, Directive
from tariff.account import Account, Coupons, HolderKind, Points, RideMark, RideState
from tariff.rulebook import Purse, Rulebook
from tests.centre.counter.stage import (
    AIZU,
    HANA,
    IWATE,
    LOCOCA,
    NORUCA,
    OPEN,
    SHIPPED,
    TARO,
    TODAY,
    idm_of,
    lines_of,
    pass_on,
    refused,
    register_of,
    seen_as,
)

CLAIM = Claim(TARO.kana_name, TARO.birth)
SLIP = frozenset({"contents-slip"})
LIMIT_YEN = 10_000
NONE: frozenset[str] = frozenset()


# -- top-up


def topped_up(account: Account, purse: Purse, paid_yen: int, rulebook: Rulebook, papers: frozenset[str] = NONE) -> Any:
    return prepare_top_up(seen_as(account), register_of(account), purse, paid_yen, papers, rulebook, TODAY)


@pytest.mark.parametrize(
    ("account", "purse", "paid_yen", "after"),
    [
        (Account("lococa", 0), Purse.STORED_FARE, 20_000, Account("lococa", 20_000)),
        (Account("lococa", 1), Purse.STORED_FARE, 19_999, Account("lococa", 20_000)),
        (Account("iwate-green-pass", 19_000), Purse.STORED_FARE, 1_000, Account("iwate-green-pass", 20_000)),
        (Account("aizu-noruca", 500), Purse.STORED_FARE, 1_000, Account("aizu-noruca", 1_500)),
        *(
            (
                Account("noruca", 0, coupons=Coupons(0, 0, 0)),
                purse,
                1_000,
                Account("noruca", 0, coupons=Coupons(*after)),
            )
            for purse, after in (
                (Purse.REGULAR, (1_100, 0, 0)),
                (Purse.STUDENT, (0, 1_200, 0)),
                (Purse.ECO, (0, 0, 1_400)),
            )
        ),
    ],
)
def test_gen_3_nor_3_a_top_up_adds_what_was_paid_and_its_premium(
    account: Account, purse: Purse, paid_yen: int, after: Account
) -> None:
    outcome = topped_up(account, purse, paid_yen, SHIPPED[account.scheme], frozenset({"proof-of-attendance"}))
    assert lines_of(outcome) == [("stored-fare", paid_yen)]
    assert outcome.after == after


@pytest.mark.parametrize(
    ("account", "purse", "paid_yen", "why"),
    [
        (Account("lococa", 1), Purse.STORED_FARE, 20_000, "over-cap GEN-3"),
        (Account("lococa", 20_000), Purse.STORED_FARE, 1, "over-cap GEN-3"),
        (Account("lococa", 0), Purse.STORED_FARE, 0, "not-sold GEN-3"),
        (Account("lococa", 0), Purse.STORED_FARE, -1_000, "not-sold GEN-3"),
        (Account("lococa", 0), Purse.REGULAR, 1_000, "not-sold NOR-3"),
        (Account("iwate-green-pass", 0), Purse.POINTS, 1_000, "not-sold NOR-3"),
        (Account("noruca", 0, coupons=Coupons(0, 0, 0)), Purse.REGULAR, 1_500, "not-sold GEN-3"),
        (Account("noruca", 0, coupons=Coupons(18_000, 0, 0)), Purse.REGULAR, 2_000, "over-cap GEN-3"),
        (Account("noruca", 0), Purse.REGULAR, 1_000, "not-eligible NOR-12"),
        (Account("noruca", 0, coupons=Coupons(0, 0, 0)), Purse.STUDENT, 1_000, "not-eligible NOR-3"),
        (
            Account("lococa", 0, HolderKind.CHILD, True, TODAY - timedelta(days=1)),
            Purse.STORED_FARE,
            1_000,
            "expired-card GEN-11",
        ),
    ],
)
def test_gen_3_a_top_up_is_made_whole_or_not_at_all(account: Account, purse: Purse, paid_yen: int, why: str) -> None:
    assert refused(topped_up(account, purse, paid_yen, SHIPPED[account.scheme])) == why


def test_a_top_up_stands_in_the_cards_history() -> None:
    outcome = topped_up(Account("lococa", 500), Purse.STORED_FARE, 1_000, LOCOCA)
    plan = outcome.card.plan(TODAY, 0xABCD_1234)
    assert len(plan.staged) == 1
    assert plan.history_row


# -- refunds


def refund(
    account: Account,
    back: Back,
    rulebook: Rulebook,
    day: date = TODAY,
    *,
    price_yen: int = 9_660,
    limit_yen: int = LIMIT_YEN,
    directives: tuple[Directive, ...] = (),
    **asked: Any,
) -> Any:
    passes = [(account.held_pass, price_yen)] if account.held_pass else []
    register = register_of(account, passes=passes)._replace(directives=directives)
    wanted: dict[str, Any] = {"sold": 1, "claim": CLAIM, "papers": SLIP} | asked
    request = RefundRequest(back, **wanted)
    return prepare_refund(seen_as(account), register, request, rulebook, day, limit_yen)


@pytest.mark.parametrize(
    ("scheme", "balance_yen", "given_yen"),
    [
        ("lococa", 1_000, 1_280),
        ("lococa", 220, 500),
        ("lococa", 221, 501),
        ("lococa", 219, 500),
        ("lococa", 0, 500),
        ("iwate-green-pass", 1_000, 1_280),
        ("iwate-green-pass", 100, 500),
        ("aizu-noruca", 1_000, 1_280),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_loc_18_igp_25_a_card_is_given_back_less_220_and_with_its_deposit(
    scheme: str, balance_yen: int, given_yen: int, named: bool
) -> None:
    outcome = refund(Account(scheme, balance_yen, named=named), Back.CARD, OPEN[scheme])
    assert isinstance(outcome, Prepared), outcome
    assert (outcome.give_yen, outcome.after) == (given_yen, Account(scheme, 0, named=named))
    assert {StateSet(idm_of(1), "refunded"), Stopped(idm_of(1), "refunded")} <= set(outcome.effects)
    assert outcome.papers == (("identity",) if named else ())


FIRST = date(2026, 11, 1)
MONTH = pass_on(FIRST, date(2026, 11, 30))


@pytest.mark.parametrize(
    ("scheme", "back", "balance_yen", "day", "given_yen"),
    [
        # 9,660 less 460 for each day used; 520 the fee of LOCOCA's pass, 500 of the others here.
        ("lococa", Back.PASS, 1_000, FIRST - timedelta(days=1), 9_140),
        ("lococa", Back.PASS, 1_000, FIRST, 8_680),
        ("lococa", Back.PASS, 1_000, date(2026, 11, 20), 0),
        ("lococa", Back.BOTH, 1_000, FIRST, 780 + 8_680 + 500),
        ("lococa", Back.BOTH, 100, date(2026, 11, 30), 500),
        ("aizu-noruca", Back.PASS, 1_000, FIRST, 8_700),
        ("aizu-noruca", Back.BOTH, 1_000, FIRST, 780 + 8_700 + 500),
        ("iwate-green-pass", Back.PASS, 1_000, FIRST, 8_700),
        ("iwate-green-pass", Back.BOTH, 1_000, FIRST, 1_000 + 9_200 - 220 - 500 + 500),
        ("iwate-green-pass", Back.BOTH, 100, date(2026, 11, 30), 500),
    ],
)
def test_loc_18_igp_25_azf_50_a_pass_is_given_back_for_what_it_is_still_worth(
    scheme: str, back: Back, balance_yen: int, day: date, given_yen: int
) -> None:
    rulebook = OPEN[scheme]
    if scheme == "iwate-green-pass":
        rulebook = IWATE._replace(counter=IWATE.counter._replace(pass_refund_fee_yen=500))
    account = Account(scheme, balance_yen, named=True, held_pass=MONTH)
    outcome = refund(account, back, rulebook, day)
    assert isinstance(outcome, Prepared), outcome
    assert outcome.give_yen == given_yen
    assert outcome.after is not None
    assert outcome.after.held_pass is None
    assert outcome.after.stored_fare_yen == (balance_yen if back is Back.PASS else 0)


@pytest.mark.parametrize(
    ("scheme", "back", "why"),
    [
        ("noruca", Back.CARD, "not-configured GEN-17"),
        ("noruca", Back.PASS, "not-configured GEN-17"),
        ("noruca", Back.BOTH, "not-configured GEN-17"),
        ("aizu-noruca", Back.CARD, "not-configured GEN-17"),
        ("aizu-noruca", Back.BOTH, "not-configured GEN-17"),
        ("iwate-green-pass", Back.PASS, "not-configured GEN-17"),
        ("iwate-green-pass", Back.BOTH, "not-configured GEN-17"),
    ],
)
def test_gen_17_a_refund_that_the_operator_leaves_open_is_refused(scheme: str, back: Back, why: str) -> None:
    held = None if back is Back.CARD else MONTH
    account = Account(scheme, 0, named=True, held_pass=held)
    assert refused(refund(account, back, SHIPPED[scheme])) == why


def test_azf_50_aizus_pass_comes_back_though_its_card_does_not() -> None:
    account = Account("aizu-noruca", 300, named=True, held_pass=MONTH)
    assert lines_of(refund(account, Back.PASS, AIZU, FIRST)) == [("pass", -8_700)]


@pytest.mark.parametrize(
    ("account", "back", "asked", "why"),
    [
        (Account("lococa", 0, named=True), Back.CARD, {"claim": None}, "not-eligible IGP-25"),
        (Account("lococa", 0, named=True), Back.CARD, {"claim": Claim("ベツジン", TARO.birth)}, "not-eligible IGP-25"),
        (
            Account("lococa", 0, named=True),
            Back.CARD,
            {"claim": Claim(TARO.kana_name, HANA.birth)},
            "not-eligible IGP-25",
        ),
        (Account("lococa", 0, named=True, held_pass=MONTH), Back.CARD, {}, "not-eligible LOC-18"),
        (Account("lococa", 0, named=True, held_pass=MONTH), Back.PASS, {"papers": NONE}, "not-eligible LOC-12"),
        (Account("lococa", 0, named=True, held_pass=MONTH), Back.BOTH, {"papers": NONE}, "not-eligible LOC-12"),
        (Account("lococa", 0, named=True, held_pass=MONTH), Back.BOTH, {"sold": 9}, "not-eligible LOC-12"),
        (Account("lococa", 0, named=True), Back.PASS, {}, "not-eligible LOC-12"),
    ],
)
def test_who_is_not_the_holder_or_has_no_slip_gets_nothing_back(
    account: Account, back: Back, asked: dict[str, Any], why: str
) -> None:
    assert refused(refund(account, back, LOCOCA, **asked)) == why


def test_a_ride_of_today_is_settled_before_its_card_comes_back() -> None:
    riding = Account("lococa", 500, ride=RideMark(RideState.OPEN, TODAY, 7, 1))
    assert refused(refund(riding, Back.CARD, LOCOCA)) == "not-eligible GEN-8"
    stale = riding._replace(ride=RideMark(RideState.OPEN, TODAY - timedelta(days=1), 7, 1))
    assert isinstance(refund(stale, Back.CARD, LOCOCA), Prepared)


@pytest.mark.parametrize(("limit_yen", "asks"), [(1_280, False), (1_279, True), (0, True)])
def test_faults_47_a_refund_above_the_limit_takes_a_second_person(limit_yen: int, asks: bool) -> None:
    outcome = refund(Account("lococa", 1_000), Back.CARD, LOCOCA, limit_yen=limit_yen)
    assert bool(outcome.approval) == asks


def test_igp_30_points_lapse_with_their_card() -> None:
    account = Account("iwate-green-pass", 300, points=Points(77, TODAY), welfare_points=200)
    outcome = refund(account, Back.CARD, IWATE)
    assert (outcome.give_yen, outcome.after) == (580, Account("iwate-green-pass", 0))


def test_of_a_deposit_what_is_held_comes_back() -> None:
    account = Account("lococa", 300)
    register = register_of(account, deposit_yen=0)
    outcome = prepare_refund(seen_as(account), register, RefundRequest(Back.CARD), LOCOCA, TODAY, LIMIT_YEN)
    assert isinstance(outcome, Prepared)
    assert outcome.give_yen == 80


def test_aut_6_a_card_with_unpaid_auto_charge_is_not_taken_back() -> None:
    account = Account("aizu-noruca", 5_000)
    register = register_of(account)._replace(unpaid_yen=1_000)
    request, rulebook = RefundRequest(Back.CARD), OPEN["aizu-noruca"]
    outcome = prepare_refund(seen_as(account), register, request, rulebook, TODAY, LIMIT_YEN)
    assert refused(outcome) == "not-eligible AUT-6"


# -- a renewed pass that waits

NEXT = pass_on(date(2026, 12, 1), date(2026, 12, 31))
WAITING = Directive(4, date(2026, 12, 1), (given(NEXT),))


def test_a_renewed_pass_that_waits_is_given_back_by_itself_first() -> None:
    account = Account("lococa", 300, named=True, held_pass=MONTH)
    register = register_of(account, passes=[(MONTH, 9_660), (NEXT, 9_660)])._replace(
        directives=(WAITING, Directive(5, date(2026, 12, 2), (AutoChargeOff(),)))
    )
    both = RefundRequest(Back.BOTH, 1, CLAIM, SLIP)
    assert refused(prepare_refund(seen_as(account), register, both, LOCOCA, TODAY, LIMIT_YEN)) == "not-eligible LOC-18"
    waiting = prepare_refund(
        seen_as(account), register, RefundRequest(Back.PASS, 2, CLAIM, SLIP), LOCOCA, TODAY, LIMIT_YEN
    )
    assert isinstance(waiting, Prepared)
    assert (waiting.give_yen, waiting.card) == (9_140, None)
    assert waiting.effects == (
        PassRefunded(2, TODAY, "commuter", 0, 9_660),
        DirectivesWithdrawn(idm_of(1), (4,)),
    )


def test_a_pass_that_a_newer_one_took_the_place_of_does_not_come_back() -> None:
    account = Account("lococa", 300, named=True, held_pass=NEXT)
    register = register_of(account, passes=[(MONTH, 9_660), (NEXT, 9_660)])
    request = RefundRequest(Back.PASS, 1, CLAIM, SLIP)
    outcome = prepare_refund(seen_as(account), register, request, LOCOCA, TODAY, LIMIT_YEN)
    assert refused(outcome) == "not-eligible LOC-18"


# -- a card that turned up


def test_loc_16_igp_21_a_found_cards_deposit_comes_back_once_and_its_card_is_emptied() -> None:
    account = Account("lococa", 1_000, named=True)
    register = register_of(account, state="replaced")
    found = prepare_found(seen_as(account), register, CLAIM, LOCOCA, TODAY)
    assert lines_of(found) == [("deposit", -500)]
    assert isinstance(found, Prepared)
    assert found.after == Account("lococa", 0, named=True)
    assert isinstance(prepare_found(None, register, CLAIM, LOCOCA, TODAY), Prepared)
    again = register._replace(deposit_yen=0)
    assert refused(prepare_found(None, again, CLAIM, LOCOCA, TODAY)) == "not-eligible LOC-16"
    assert refused(prepare_found(None, register, None, LOCOCA, TODAY)) == "not-eligible IGP-21"
    assert refused(prepare_found(None, register_of(account), CLAIM, LOCOCA, TODAY)) == "not-eligible faults 46"


@pytest.mark.parametrize("rulebook", [NORUCA, AIZU])
def test_gen_17_a_deposit_that_the_operator_leaves_open(rulebook: Rulebook) -> None:
    account = Account(rulebook.scheme, 0, named=True)
    register = register_of(account, state="replaced")
    assert refused(prepare_found(None, register, CLAIM, rulebook, TODAY)) == "not-configured GEN-17"

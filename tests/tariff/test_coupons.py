"""Paper coupons, taken together with cash: what they pay, what comes on top, what is refused, what is paid back."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariff.coupons import (
    CouponLine,
    CouponPayment,
    CouponRide,
    CouponWord,
    Tickets,
    book_price,
    pay_with_coupons,
    refund_book,
)
from tariff.refusal import Code, Refusal
from tariff.rulebook import CounterRules, CouponBook, Rulebook
from tests.tariff.examples import AIZU as SHIPPED

FACE, RIDE, LOST = CouponWord.FACE, CouponWord.RIDE, CouponWord.LOST
SURCHARGE, CASH = CouponWord.SURCHARGE, CouponWord.CASH


def book(name: str, rule: str, price_yen: int | None, *tickets: tuple[int, int], sold: bool = True) -> CouponBook:
    """A book without hours, days or end."""
    return CouponBook(name, f"「{name}」", rule, sold, price_yen, tickets, 0, 0, None, (), 0, 0, None, None)


ORDINARY = book("100円", "AZF-10", 1_000, (100, 11))
TENS = book("10円", "AZF-10", None, (10, 11), sold=False)
SET = book("組み", "AZF-10", 1_000, (10, 15), (50, 5), (100, 7))
HIMAWARI = book("ひまわり", "AZF-11", 1_000, (100, 13))._replace(
    hours_s=(36_000, 57_600), surcharge_yen=20, most_per_rider=3
)
ELEVENS = book("1・11・21", "AZF-12", 1_000, (100, 10), (50, 8))._replace(
    days=(1, 11, 21), surcharge_yen=10, surcharge_per_yen=50
)
ECOMY = book("エコミー", "AZF-13", None)._replace(fares_for_price=5, rides=6, valid_months=12)
OTHER_ECOMY = ECOMY._replace(name="高速エコミー", title="「高速」")
BOOKS = (ORDINARY, TENS, SET, HIMAWARI, ELEVENS, ECOMY, OTHER_ECOMY)

COUNTER = CounterRules(None, None, None, None, None, 200, None, None)
AIZU = Rulebook._make([None] * len(Rulebook._fields))._replace(coupon_books=BOOKS, counter=COUNTER)
"""All that coupons ask of a rulebook."""

SECOND = date(2026, 4, 2)
NOON_S, EVENING_S = 43_200, 64_800
NOON = CouponRide(SECOND, NOON_S, NOON_S)
EVENING = CouponRide(SECOND, EVENING_S, EVENING_S)
ISSUED = date(2026, 4, 1)


def hundreds(of: CouponBook, number: int) -> Tickets:
    """100-yen tickets of a book."""
    return Tickets(of.name, 100, number)


def ecomy(number: int, issued: date | None = ISSUED, *, in_section: bool = True) -> Tickets:
    """Tickets of a section."""
    return Tickets(ECOMY.name, 0, number, issued, in_section)


def paid(fares_yen: tuple[int, ...], *tickets: Tickets, ride: CouponRide = NOON) -> CouponPayment:
    """Pay; a refusal fails the test."""
    outcome = pay_with_coupons(fares_yen, tickets, ride, AIZU)
    assert isinstance(outcome, CouponPayment), outcome
    return outcome


def refused(fares_yen: tuple[int, ...], *tickets: Tickets, ride: CouponRide = NOON) -> tuple[str, str]:
    """Be refused as a coupon is, and give rule and detail."""
    outcome = pay_with_coupons(fares_yen, tickets, ride, AIZU)
    assert isinstance(outcome, Refusal), outcome
    assert outcome.code is Code.COUPON_REFUSED
    return outcome.rule, outcome.detail


# -- paying


def test_azf_10_coupons_and_cash_pay_a_fare_together() -> None:
    assert paid((230,), hundreds(ORDINARY, 2)) == CouponPayment(
        due_yen=230,
        face_yen=200,
        lost_yen=0,
        surcharge_yen=0,
        cash_yen=30,
        lines=(CouponLine("AZF-10", FACE, 200, "100円", 2), CouponLine("AZF-10", CASH, 30)),
    )


def test_azf_10_no_change_is_given_for_a_coupon() -> None:
    assert paid((180, 90), hundreds(ORDINARY, 3)) == CouponPayment(
        due_yen=270,
        face_yen=300,
        lost_yen=30,
        surcharge_yen=0,
        cash_yen=0,
        lines=(CouponLine("AZF-10", FACE, 300, "100円", 3), CouponLine("AZF-10", LOST, 30)),
    )


def test_lines_of_cash_are_of_no_book_and_words_are_plain() -> None:
    assert [tuple(line) for line in paid((230,)).lines] == [("AZF-10", "cash", 230, "", 0)]
    assert [*CouponWord] == ["coupon-face", "coupon-ride", "coupon-lost", "coupon-surcharge", "cash"]


def test_azf_10_coupons_for_the_very_fare_leave_nothing_to_say() -> None:
    assert paid((200,), hundreds(ORDINARY, 2)).lines == (CouponLine("AZF-10", FACE, 200, "100円", 2),)


def test_azf_10_without_coupons_a_fare_is_cash() -> None:
    assert paid((230, 120)) == CouponPayment(350, 0, 0, 0, 350, (CouponLine("AZF-10", CASH, 350),))


def test_azf_10_several_faces_and_books_pay_one_ride() -> None:
    done = paid((420,), Tickets(SET.name, 100, 2), Tickets(SET.name, 50, 1), Tickets(SET.name, 10, 3))
    assert (done.face_yen, done.cash_yen) == (280, 140)
    assert [line.yen for line in done.lines] == [200, 50, 30, 140]


def test_azf_10_a_book_no_longer_sold_is_still_taken() -> None:
    assert paid((230,), Tickets(TENS.name, 10, 3)).cash_yen == 200


@pytest.mark.parametrize(
    ("scheduled_s", "actual_s", "surcharge_yen"),
    [
        (35_999, 35_999, 40),
        (36_000, 36_000, 0),
        (57_600, 57_600, 0),
        (57_601, 57_601, 40),
        (57_600, 60_000, 0),  # late: the timetable favours the rider
        (60_000, 57_600, 0),  # early: the clock does
        (35_000, 36_000, 0),
        (30_000, 60_000, 40),  # one before, one after: neither lies within
        (86_400 + 36_000, 86_400 + 36_000, 0),  # the timetable of the day before, past midnight
        (86_400 + 35_999, 86_400 + 35_999, 40),
    ],
)
def test_azf_11_himawari_costs_20_yen_more_a_ticket_outside_ten_to_four(
    scheduled_s: int, actual_s: int, surcharge_yen: int
) -> None:
    done = paid((230,), hundreds(HIMAWARI, 2), ride=CouponRide(SECOND, scheduled_s, actual_s))
    assert (done.surcharge_yen, done.cash_yen) == (surcharge_yen, 30 + surcharge_yen)


def test_azf_11_what_comes_on_top_is_a_line_of_its_own() -> None:
    assert paid((300,), hundreds(HIMAWARI, 3), ride=EVENING) == CouponPayment(
        due_yen=300,
        face_yen=300,
        lost_yen=0,
        surcharge_yen=60,
        cash_yen=60,
        lines=(
            CouponLine("AZF-11", FACE, 300, "ひまわり", 3),
            CouponLine("AZF-11", SURCHARGE, 60, "ひまわり", 3),
            CouponLine("AZF-10", CASH, 60),
        ),
    )


def test_azf_11_what_comes_on_top_is_cash_even_where_coupons_lose_as_much() -> None:
    done = paid((180,), hundreds(HIMAWARI, 2), ride=EVENING)
    assert (done.lost_yen, done.surcharge_yen, done.cash_yen) == (20, 40, 40)


def test_azf_11_at_most_three_himawari_a_person() -> None:
    assert paid((500,), hundreds(HIMAWARI, 3)).cash_yen == 200
    assert refused((500,), hundreds(HIMAWARI, 4)) == ("AZF-11", "「ひまわり」: 4 tickets, at most 3")
    assert paid((500, 250), hundreds(HIMAWARI, 6)).cash_yen == 150
    # However they are put on the tray; other books don't count.
    two, five = hundreds(HIMAWARI, 2), hundreds(HIMAWARI, 5)
    assert refused((500, 250), two, hundreds(ORDINARY, 1), five) == ("AZF-11", "「ひまわり」: 7 tickets, at most 6")
    assert paid((500,), hundreds(ORDINARY, 4), hundreds(HIMAWARI, 1)).cash_yen == 0


@pytest.mark.parametrize("day", range(1, 31))
def test_azf_12_on_other_days_each_50_yen_of_face_cost_10_more(day: int) -> None:
    ride = CouponRide(date(2026, 4, day), EVENING_S, EVENING_S)
    done = paid((300,), hundreds(ELEVENS, 2), Tickets(ELEVENS.name, 50, 1), ride=ride)
    assert done.surcharge_yen == (0 if day in (1, 11, 21) else 50)
    assert done.cash_yen == 50 + done.surcharge_yen
    if day == 2:
        assert CouponLine("AZF-12", SURCHARGE, 40, "1・11・21", 2) in done.lines
        assert CouponLine("AZF-12", SURCHARGE, 10, "1・11・21", 1) in done.lines


def test_a_book_bound_to_hours_and_days_is_at_face_value_on_both_only() -> None:
    both = HIMAWARI._replace(days=(2,))
    for ride, surcharge_yen in ((NOON, 0), (EVENING, 20), (NOON._replace(day=ISSUED), 20)):
        outcome = pay_with_coupons((100,), (hundreds(both, 1),), ride, AIZU._replace(coupon_books=(both,)))
        assert isinstance(outcome, CouponPayment)
        assert outcome.surcharge_yen == surcharge_yen


def test_azf_13_a_section_ticket_pays_a_ride_whatever_its_fare() -> None:
    assert paid((580,), ecomy(1)) == CouponPayment(
        due_yen=580,
        face_yen=580,
        lost_yen=0,
        surcharge_yen=0,
        cash_yen=0,
        lines=(CouponLine("AZF-13", RIDE, 580, "エコミー", 1),),
    )


def test_azf_13_section_tickets_pay_the_dearest_fares_first() -> None:
    done = paid((120, 230, 180), ecomy(1), hundreds(ORDINARY, 1), Tickets(OTHER_ECOMY.name, 0, 1, ISSUED))
    assert [(line.word, line.yen) for line in done.lines] == [(RIDE, 230), (FACE, 100), (RIDE, 180), (CASH, 20)]
    assert paid((120, 230), ecomy(2)).lines == (CouponLine("AZF-13", RIDE, 350, "エコミー", 2),)


def test_azf_13_one_section_ticket_a_rider() -> None:
    assert refused((230,), ecomy(2)) == ("AZF-13", "「エコミー」: 2 tickets, at most 1")
    other = Tickets(OTHER_ECOMY.name, 0, 2, ISSUED)
    assert refused((230, 230), ecomy(1), other) == ("AZF-13", "「エコミー」: 3 tickets, at most 2")


def test_azf_13_a_section_ticket_is_good_in_its_section() -> None:
    assert refused((230,), ecomy(1, in_section=False)) == ("AZF-13", "「エコミー」: not its section")
    # Of other tickets nobody asks.
    assert paid((230,), hundreds(ORDINARY, 1)._replace(in_section=False)).cash_yen == 130


def test_azf_13_a_section_ticket_is_good_for_a_year_from_its_issue() -> None:
    last = date(2027, 3, 31)
    for day in (ISSUED, last):
        assert paid((230,), ecomy(1), ride=NOON._replace(day=day)).cash_yen == 0
    for day in (ISSUED - timedelta(days=1), last + timedelta(days=1)):
        detail = "「エコミー」: valid from 2026-04-01 to 2027-03-31"
        assert refused((230,), ecomy(1), ride=NOON._replace(day=day)) == ("AZF-13", detail)
    assert refused((230,), ecomy(1, None)) == ("AZF-13", "「エコミー」: no day of issue")
    # Of the others nobody asks, and they never end.
    assert paid((230,), hundreds(ORDINARY, 1)._replace(issued=date(1990, 1, 1))).cash_yen == 130


def test_a_face_that_a_book_does_not_have_is_refused() -> None:
    assert refused((230,), Tickets(ORDINARY.name, 50, 1)) == ("AZF-10", "「100円」: no ticket of 50 yen")
    assert refused((230,), Tickets(HIMAWARI.name, 11, 1)) == ("AZF-11", "「ひまわり」: no ticket of 11 yen")


def test_a_book_that_does_not_exist_is_refused() -> None:
    assert refused((230,), hundreds(ORDINARY, 1), Tickets("商品券", 100, 1)) == ("AZF-10", "no book 商品券")
    none = AIZU._replace(coupon_books=())
    assert pay_with_coupons((230,), (hundreds(ORDINARY, 1),), NOON, none) == Refusal(
        Code.COUPON_REFUSED, "AZF-10", "no book 100円"
    )


@pytest.mark.parametrize("number", [0, -1])
def test_no_tickets_are_no_coupons(number: int) -> None:
    with pytest.raises(ValueError, match=r"^coupons \(Tickets.*\) for fares \(230,\)$"):
        pay_with_coupons((230,), (hundreds(ORDINARY, 1), hundreds(ORDINARY, number)), NOON, AIZU)


def test_faults_44_a_negative_fare_is_the_callers_mistake() -> None:
    assert paid((0,), hundreds(ORDINARY, 1)).lost_yen == 100
    with pytest.raises(ValueError, match=r"^coupons \(\) for fares \(230, -1\)$"):
        pay_with_coupons((230, -1), (), NOON, AIZU)


@st.composite
def trays(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[Tickets, ...], CouponRide]:
    """Any riders, any tickets that exist, any time."""
    fares_yen = tuple(draw(st.lists(st.integers(0, 3_000), min_size=1, max_size=4)))
    tickets = []
    for of in draw(st.lists(st.sampled_from(BOOKS), max_size=4)):
        face_yen = draw(st.sampled_from([face for face, _ in of.tickets] or [0]))
        tickets.append(Tickets(of.name, face_yen, draw(st.integers(1, 5)), ISSUED))
    seconds = st.integers(0, 100_000)
    day = ISSUED + timedelta(days=draw(st.integers(0, 364)))
    return fares_yen, tuple(tickets), CouponRide(day, draw(seconds), draw(seconds))


@given(trays())
def test_gen_1_every_yen_of_a_payment_is_accounted_for(
    tray: tuple[tuple[int, ...], tuple[Tickets, ...], CouponRide],
) -> None:
    fares_yen, tickets, ride = tray
    done = pay_with_coupons(fares_yen, tickets, ride, AIZU)
    if isinstance(done, Refusal):
        assert "at most" in done.detail
        return
    assert done.due_yen == sum(fares_yen)
    assert done.due_yen + done.surcharge_yen == done.face_yen - done.lost_yen + done.cash_yen
    assert min(done[:5]) >= 0
    # Nothing is lost while fare is paid in cash.
    assert done.lost_yen == 0 or done.cash_yen == done.surcharge_yen
    by_word = {word: sum(line.yen for line in done.lines if line.word is word) for word in CouponWord}
    assert by_word == {
        FACE: sum(group.face_yen * group.number for group in tickets),
        RIDE: done.face_yen - by_word[FACE],
        LOST: done.lost_yen,
        SURCHARGE: done.surcharge_yen,
        CASH: done.cash_yen,
    }


# -- buying and giving back


@pytest.mark.parametrize(
    ("of", "section_fare_yen", "price_yen"), [(ORDINARY, 0, 1_000), (SET, 230, 1_000), (ECOMY, 230, 1_150)]
)
def test_azf_13_a_section_book_costs_five_fares_and_the_others_their_price(
    of: CouponBook, section_fare_yen: int, price_yen: int
) -> None:
    assert book_price(of.name, section_fare_yen, AIZU) == price_yen


def test_azf_10_a_book_no_longer_sold_has_no_price() -> None:
    assert book_price(TENS.name, 0, AIZU) == Refusal(Code.NOT_SOLD, "AZF-10", "「10円」")
    ended = AIZU._replace(coupon_books=(HIMAWARI._replace(sold=False),))
    assert book_price(HIMAWARI.name, 0, ended) == Refusal(Code.NOT_SOLD, "AZF-11", "「ひまわり」")


def test_gen_17_a_book_whose_price_nobody_stated_is_not_configured() -> None:
    priceless = AIZU._replace(coupon_books=(HIMAWARI._replace(price_yen=None),))
    refusal = Refusal(Code.NOT_CONFIGURED, "AZF-11", "「ひまわり」: price_yen")
    assert book_price(HIMAWARI.name, 0, priceless) == refusal
    assert refund_book(HIMAWARI.name, (), 0, priceless) == refusal


def test_a_book_that_does_not_exist_has_neither_price_nor_refund() -> None:
    refusal = Refusal(Code.COUPON_REFUSED, "AZF-10", "no book 商品券")
    assert book_price("商品券", 0, AIZU) == refusal
    assert refund_book("商品券", (), 0, AIZU) == refusal


@pytest.mark.parametrize(
    ("of", "used", "refund_yen"),
    [
        (ORDINARY, (), 800),
        (ORDINARY, ((100, 0),), 800),
        (ORDINARY, ((100, 3),), 500),
        (ORDINARY, ((100, 7),), 100),
        (ORDINARY, ((100, 8),), 0),
        (ORDINARY, ((100, 11),), 0),
        (SET, ((10, 4), (50, 2), (100, 1)), 560),  # each ticket its own face
        (SET, ((10, 1), (10, 4)), 750),
        (ECOMY, ((230, 1),), 720),
        (ECOMY, ((230, 4),), 30),
        (ECOMY, ((230, 5),), 0),
    ],
)
def test_azf_14_a_refund_is_the_price_less_the_faces_used_and_200(
    of: CouponBook, used: tuple[tuple[int, int], ...], refund_yen: int
) -> None:
    assert refund_book(of.name, used, 230, AIZU) == refund_yen


def test_azf_14_a_book_no_longer_sold_is_taken_back() -> None:
    ended = AIZU._replace(coupon_books=(ORDINARY._replace(sold=False),))
    assert refund_book(ORDINARY.name, (), 0, ended) == 800


@pytest.mark.parametrize(
    ("of", "used", "detail"),
    [
        (ORDINARY, ((100, 12),), "「100円」: 12 of 11 tickets of 100 yen used"),
        (ORDINARY, ((100, 6), (100, 6)), "「100円」: 12 of 11 tickets of 100 yen used"),
        (ORDINARY, ((100, -1),), "「100円」: -1 of 11 tickets of 100 yen used"),
        (ORDINARY, ((50, 1),), "「100円」: 1 of 0 tickets of 50 yen used"),
        (ECOMY, ((230, 7),), "「エコミー」: 7 of 6 tickets of 230 yen used"),
        (ECOMY, ((180, 1),), "「エコミー」: 1 of 0 tickets of 180 yen used"),
    ],
)
def test_azf_14_more_tickets_than_a_book_has_were_never_used(
    of: CouponBook, used: tuple[tuple[int, int], ...], detail: str
) -> None:
    assert refund_book(of.name, used, 230, AIZU) == Refusal(Code.COUPON_REFUSED, "AZF-14", detail)


def test_gen_17_without_a_fee_a_refund_is_not_configured() -> None:
    feeless = AIZU._replace(counter=COUNTER._replace(coupon_refund_fee_yen=None))
    refusal = Refusal(Code.NOT_CONFIGURED, "AZF-14", "counter.coupon_refund_fee_yen")
    assert refund_book(ORDINARY.name, (), 0, feeless) == refusal
    free = AIZU._replace(counter=COUNTER._replace(coupon_refund_fee_yen=0))
    assert refund_book(ORDINARY.name, (), 0, free) == 1_000


def test_gen_17_of_a_book_whose_contents_nobody_stated_the_refund_is_not_configured() -> None:
    refusal = Refusal(Code.NOT_CONFIGURED, "AZF-10", "「10円」: price_yen")
    assert refund_book(TENS.name, ((10, 3),), 0, AIZU) == refusal


# -- the shipped books, beside what the operator prints


PRINTED = {
    "ordinary-50": (550, 500),
    "ordinary-100": (1_100, 1_000),
    "ordinary-200": (2_200, 2_000),
    "set-1000": (1_100, 1_000),
    "set-2000": (2_200, 2_000),
    "set-3000": (3_300, 3_000),
    "himawari": (1_300, 1_000),
    "1-11-21": (1_400, 1_000),
    "ecomy": (6 * 230, 5 * 230),
}


@pytest.mark.parametrize("name", PRINTED)
def test_azf_10_to_13_a_book_is_worth_and_costs_what_is_printed(name: str) -> None:
    of = next(of for of in SHIPPED.coupon_books if of.name == name)
    worth_yen, price_yen = PRINTED[name]
    assert sum(face * number for face, number in of.tickets or ((230, of.rides),)) == worth_yen
    assert book_price(name, 230, SHIPPED) == price_yen
    assert refund_book(name, (), 230, SHIPPED) == price_yen - 200


@pytest.mark.parametrize("name", ["ordinary-10", "set-5000"])
def test_azf_10_the_two_books_whose_sale_has_ended_are_taken_and_not_sold(name: str) -> None:
    outcome = pay_with_coupons((230,), (Tickets(name, 10, 3),), EVENING, SHIPPED)
    assert isinstance(outcome, CouponPayment)
    assert (outcome.cash_yen, outcome.surcharge_yen) == (200, 0)
    price = book_price(name, 0, SHIPPED)
    assert isinstance(price, Refusal)
    assert price.code is Code.NOT_SOLD


def test_the_shipped_books_are_those_of_the_document() -> None:
    assert {of.name for of in SHIPPED.coupon_books} == {*PRINTED, "ordinary-10", "set-5000"}


@pytest.mark.parametrize(
    ("name", "ride", "surcharge_yen"),
    [("himawari", NOON, 0), ("himawari", EVENING, 40), ("1-11-21", NOON, 40), ("ordinary-100", EVENING, 0)],
)
def test_azf_11_and_12_what_the_shipped_books_cost_on_top(name: str, ride: CouponRide, surcharge_yen: int) -> None:
    outcome = pay_with_coupons((200,), (Tickets(name, 100, 2),), ride, SHIPPED)
    assert isinstance(outcome, CouponPayment)
    assert outcome.cash_yen == outcome.surcharge_yen == surcharge_yen

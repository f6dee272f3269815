"""Passes at the counter and in the portal: prices step by step, periods, days of sale, who may buy, what is written."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariff.account import HolderKind, Pass, Section
from tariff.calendar import period_end
from tariff.products import Buyer, Order, PriceLine, Purchase, Step, pass_of, price, sale_window, sell
from tariff.refusal import Code, Refusal
from tariff.rulebook import FarePrice, Product
from tests.tariff.counter import (
    AIZU,
    AIZU_SHIPPED,
    DOWNTOWN,
    FAR,
    IWATE,
    LOCOCA,
    OUTSIDE,
    STATION,
    STOP_NAMES,
    WEST,
    card,
    changed,
    not_sold,
    priced,
    product_of,
    section,
    sold,
)

APRIL = date(2026, 4, 1)
COMMUTER, NORANSHO, TERM_1 = (product_of(AIZU, name) for name in ("commuter", "noransho", "term-1"))
CITY_AREA, LOOP_LINE = 1, 1
CHILD, DISABLED_ADULT, DISABLED_CHILD = HolderKind.CHILD, HolderKind.DISABLED_ADULT, HolderKind.DISABLED_CHILD

COMMUTING = Purchase("commuter", APRIL, 1, fare_yen=230)
STUDYING = Purchase("student", APRIL, 1, fare_yen=230)


# -- prices


@pytest.mark.parametrize(
    ("months", "yen", "last_day"),
    [
        (1, 9_660, date(2026, 4, 30)),
        (2, 19_320, date(2026, 5, 31)),
        (3, 27_530, date(2026, 6, 30)),
        (4, 36_710, date(2026, 7, 31)),
        (5, 45_890, date(2026, 8, 31)),
        (6, 52_160, date(2026, 9, 30)),
    ],
)
def test_azf_31_from_3_months_5_percent_off_and_from_6_months_10(months: int, yen: int, last_day: date) -> None:
    asked = COMMUTING._replace(months=months, portal=True)
    lines = (PriceLine("AZF-31", Step.FARE, 230), PriceLine("AZF-31", Step.MONTHS, yen))
    assert priced(asked) == (yen, APRIL, last_day, lines)


def test_azf_31_the_month_factors_are_the_products_own() -> None:
    plain = changed(AIZU, "commuter", price=FarePrice(60, 30, 70, ()))
    assert priced(COMMUTING._replace(months=3), plain).yen == 28_980
    early = changed(AIZU, "commuter", price=FarePrice(60, 30, 70, ((1, 90), (3, 50))))
    assert priced(COMMUTING, early).yen == 8_690
    assert priced(COMMUTING._replace(months=3), early).yen == 14_490


@pytest.mark.parametrize(
    ("months", "yen"),
    # 230 x 30 x 0.70 = 4,830; x 3 x 0.95 = 13,765.5, rounded once
    [(1, 4_830), (3, 13_770)],
)
def test_azf_31_one_way_is_30_rides_a_month(months: int, yen: int) -> None:
    assert priced(COMMUTING._replace(months=months, one_way=True)).yen == yen


@pytest.mark.parametrize(
    ("last_day", "lines"),
    [
        # 8,280 + 276 a day
        (date(2026, 5, 1), [(Step.MONTHS, 8_280), (Step.ODD_DAYS, 8_560)]),
        (date(2026, 5, 10), [(Step.MONTHS, 8_280), (Step.ODD_DAYS, 11_040)]),
        # 2 months and 26 days are 23,736: more than the 23,598 of 3 months
        (date(2026, 6, 25), [(Step.MONTHS, 16_560), (Step.ODD_DAYS, 23_460)]),
        (date(2026, 6, 26), [(Step.MONTHS, 16_560), (Step.ODD_DAYS, 23_600)]),
        (date(2026, 6, 29), [(Step.MONTHS, 16_560), (Step.ODD_DAYS, 23_600)]),
        (date(2026, 6, 30), [(Step.MONTHS, 23_600)]),
        # 23,598 + 30 x 276 = 31,878: more than the 31,464 of 4 months
        (date(2026, 7, 1), [(Step.MONTHS, 23_600), (Step.ODD_DAYS, 23_870)]),
        (date(2026, 7, 30), [(Step.MONTHS, 23_600), (Step.ODD_DAYS, 31_460)]),
    ],
)
def test_azf_31_odd_days_are_thirtieths_and_at_most_another_month(
    last_day: date, lines: list[tuple[Step, int]]
) -> None:
    asked = priced(STUDYING._replace(months=None, last_day=last_day))
    assert [(line.step, line.yen) for line in asked.lines[1:]] == lines
    assert (asked.yen, asked.first_day, asked.last_day) == (lines[-1][1], APRIL, last_day)
    assert {line.rule for line in asked.lines} == {"AZF-31"}


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        # 27,531 x 0.7 = 19,271.7
        (
            COMMUTING._replace(months=3),
            [("AZF-31", Step.FARE, 230), ("AZF-31", Step.MONTHS, 27_530), ("AZF-32", Step.DISABLED, 19_270)],
        ),
        # 150 x 36 x 3 x 0.95 = 15,390; x 0.7 = 10,773
        (
            STUDYING._replace(months=3, fare_yen=150),
            [("AZF-31", Step.FARE, 150), ("AZF-31", Step.MONTHS, 15_390), ("AZF-32", Step.DISABLED, 10_770)],
        ),
        # 250 x 42 x 3 x 0.95 = 29,925 -> 29,930; 29,925 x 0.7 = 20,947.5 -> 20,950
        (
            COMMUTING._replace(months=3, fare_yen=250),
            [("AZF-31", Step.FARE, 250), ("AZF-31", Step.MONTHS, 29_930), ("AZF-32", Step.DISABLED, 20_950)],
        ),
        # 350 x 36 x 3 x 0.95 = 35,910, and one day 420: 36,330 x 0.7 = 25,431
        (
            STUDYING._replace(months=None, last_day=date(2026, 7, 1), fare_yen=350),
            [
                ("AZF-31", Step.FARE, 350),
                ("AZF-31", Step.MONTHS, 35_910),
                ("AZF-31", Step.ODD_DAYS, 36_330),
                ("AZF-32", Step.DISABLED, 25_430),
            ],
        ),
        (
            Purchase("noransho", APRIL, 1, area="のらんしょパス"),
            [("AZF-53", Step.FIXED, 6_500)],
        ),
    ],
)
def test_azf_32_a_disabled_adult_has_30_percent_off_rounded_once(
    asked: Purchase, lines: list[tuple[str, Step, int]]
) -> None:
    assert list(priced(asked._replace(holder=DISABLED_ADULT)).lines) == lines


def test_azf_32_is_rounded_once_at_the_end() -> None:
    # 310 x 42 x 5 x 0.95 = 61,845, shown as 61,850; 70 % of the one is 43,291.5, of the other 43,295 -> 43,300
    asked = priced(Purchase("commuter", APRIL, 5, fare_yen=310, holder=DISABLED_ADULT, portal=True))
    assert [line.yen for line in asked.lines] == [310, 61_850, 43_290]


@pytest.mark.parametrize("holder", [CHILD, DISABLED_CHILD])
def test_azf_32_a_childs_pass_is_on_the_child_fare_and_no_more_comes_off(holder: HolderKind) -> None:
    # [D]: 230 -> 120, x 36
    lines = (PriceLine("AZF-31", Step.FARE, 120), PriceLine("AZF-31", Step.MONTHS, 4_320))
    assert priced(STUDYING._replace(holder=holder)).lines == lines


@pytest.mark.parametrize("fare_yen", [0, -230])
def test_gen_1_a_fare_that_is_none_is_the_callers_fault(fare_yen: int) -> None:
    with pytest.raises(ValueError, match=rf"^a section at a fare of {fare_yen} yen$"):
        price(COMMUTING._replace(fare_yen=fare_yen), AIZU)


def test_gen_1_the_least_fare_has_a_price() -> None:
    assert priced(COMMUTING._replace(fare_yen=1)).yen == 40


# -- terms (AZF-40)


@pytest.mark.parametrize(
    ("name", "first_day", "last_day", "yen"),
    [
        # 8,280 a month
        ("term-1", date(2026, 4, 1), date(2026, 7, 31), 24_840),
        ("term-2-1", date(2026, 8, 1), date(2026, 12, 31), 31_050),
        ("term-2-2", date(2026, 8, 25), date(2026, 12, 31), 26_290),
        ("term-3", date(2027, 1, 1), date(2027, 3, 31), 18_630),
        ("term-3", date(2028, 1, 1), date(2028, 3, 31), 18_630),
        ("year", date(2026, 4, 1), date(2027, 3, 31), 59_620),
        ("year", date(2027, 4, 1), date(2028, 3, 31), 59_620),
    ],
)
def test_azf_40_a_term_is_25_percent_off_and_a_year_40(name: str, first_day: date, last_day: date, yen: int) -> None:
    asked = priced(Purchase(name, first_day, fare_yen=230))
    assert (asked.yen, asked.first_day, asked.last_day) == (yen, first_day, last_day)
    assert asked.lines[-1] == ("AZF-40", Step.TERM, yen)


def test_azf_40_the_steps_of_a_renewed_term() -> None:
    asked = priced(Purchase("term-2-2", date(2026, 8, 25), fare_yen=230, renewal_of="term-1"))
    assert asked.lines == (
        ("AZF-31", Step.FARE, 230),
        ("AZF-31", Step.MONTHS, 33_120),
        ("AZF-31", Step.ODD_DAYS, 35_050),
        ("AZF-40", Step.TERM, 26_290),
        ("AZF-40", Step.RENEWAL, 24_970),
    )


@pytest.mark.parametrize(
    ("name", "first_day", "renewal_of", "yen"),
    [
        ("term-2-1", date(2026, 8, 1), "term-1", 29_500),
        ("term-2-1", date(2026, 8, 1), "year", 29_500),
        ("term-3", date(2027, 1, 1), "term-2-1", 17_700),
        ("term-3", date(2027, 1, 1), "term-2-2", 17_700),
        ("term-1", date(2027, 4, 1), "term-3", 23_600),
        ("term-1", date(2027, 4, 1), "year", 23_600),
        # Not what it follows, no term pass, and never on a year pass.
        ("term-2-1", date(2026, 8, 1), "term-3", 31_050),
        ("term-1", date(2027, 4, 1), "student", 24_840),
        ("year", date(2027, 4, 1), "year", 59_620),
        ("year", date(2027, 4, 1), "term-3", 59_620),
    ],
)
def test_azf_40_renewing_a_term_pass_is_5_percent_off_again(
    name: str, first_day: date, renewal_of: str, yen: int
) -> None:
    assert priced(Purchase(name, first_day, fare_yen=230, renewal_of=renewal_of)).yen == yen


def test_azf_40_no_disabled_discount_on_a_term_pass() -> None:
    assert priced(Purchase("term-1", APRIL, fare_yen=230, holder=DISABLED_ADULT)).yen == 24_840


def test_azf_40_a_term_ends_on_its_first_last_day() -> None:
    assert TERM_1.term
    one_day = changed(AIZU, "term-1", term=TERM_1.term._replace(last=(4, 1)))
    asked = priced(Purchase("term-1", APRIL, fare_yen=230), one_day)
    assert (asked.last_day, asked.yen) == (APRIL, 210)


@pytest.mark.parametrize(
    "asked",
    [
        Purchase("term-1", date(2026, 4, 2), fare_yen=230),
        Purchase("term-1", date(2026, 5, 1), fare_yen=230),
        Purchase("term-1", APRIL, 4, fare_yen=230),
        Purchase("term-1", APRIL, last_day=date(2026, 7, 31), fare_yen=230),
    ],
)
def test_azf_40_no_other_period_than_the_term(asked: Purchase) -> None:
    assert price(asked, AIZU) == Refusal(Code.NOT_SOLD, "AZF-40", "period")


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        (Purchase("term-1", APRIL, fare_yen=230, one_way=True), "one-way"),
        (Purchase("term-1", APRIL, fare_yen=230, service="highway"), "highway"),
    ],
)
def test_azf_40_two_way_and_not_on_every_service(asked: Purchase, detail: str) -> None:
    assert price(asked, AIZU) == Refusal(Code.NOT_SOLD, "AZF-40", detail)


# -- what is not sold


@pytest.mark.parametrize(
    ("asked", "rule", "detail"),
    [
        (COMMUTING._replace(product="platinum"), "GEN-19", "platinum"),
        (COMMUTING._replace(months=2), "AZF-30", "2 months, 0 days"),
        (COMMUTING._replace(months=6), "AZF-30", "6 months, 0 days"),
        (COMMUTING._replace(months=0), "AZF-30", "0 months, 0 days"),
        (COMMUTING._replace(months=7, portal=True), "AZF-30", "7 months, 0 days"),
        (COMMUTING._replace(months=None, last_day=date(2026, 5, 1)), "AZF-30", "1 months, 1 days"),
        (COMMUTING._replace(months=None), "AZF-30", "period"),
        (COMMUTING._replace(last_day=date(2026, 4, 30)), "AZF-30", "period"),
        (COMMUTING._replace(months=None, last_day=date(2026, 3, 31)), "AZF-30", "period"),
        (COMMUTING._replace(months=None, last_day=APRIL), "AZF-30", "0 months, 1 days"),
        (COMMUTING._replace(fare_yen=None), "AZF-30", "section"),
        (COMMUTING._replace(area="エリア23"), "AZF-30", "section"),
        (STUDYING._replace(months=4), "AZF-30", "4 months, 0 days"),
        (STUDYING._replace(months=0), "AZF-30", "0 months, 0 days"),
        (STUDYING._replace(months=None, last_day=date(2026, 4, 29)), "AZF-30", "0 months, 29 days"),
        (STUDYING._replace(months=None, last_day=date(2026, 7, 31)), "AZF-30", "4 months, 0 days"),
        (STUDYING._replace(portal=True), "PRT-5", "student"),
        (Purchase("term-1", APRIL, fare_yen=230, portal=True), "PRT-5", "term-1"),
        (Purchase("area-commuter", APRIL, 1), "AZF-52", "area"),
        (Purchase("area-commuter", APRIL, 1, fare_yen=230, area="エリア23"), "AZF-52", "area"),
        (Purchase("area-commuter", APRIL, 1, area="エリア99"), "AZF-52", "エリア99"),
        (Purchase("area-commuter", APRIL, 1, area="若松市内フリー"), "AZF-52", "若松市内フリー"),
        (Purchase("area-commuter", APRIL, 1, area="エリア23", one_way=True), "AZF-52", "one-way"),
        (Purchase("area-commuter", APRIL, 1, area="エリア23", service="highway"), "AZF-52", "highway"),
        (Purchase("loop-commuter", APRIL, 1, area="エリア23"), "AZF-54", "line"),
        (Purchase("network", APRIL, 1, fare_yen=230), "NOR-3", "network"),
        (Purchase("noransho", APRIL, 3, area="のらんしょパス"), "AZF-53", "3 months, 0 days"),
    ],
)
def test_azf_30_what_the_product_does_not_offer_is_not_sold(asked: Purchase, rule: str, detail: str) -> None:
    assert price(asked, AIZU) == Refusal(Code.NOT_SOLD, rule, detail)


def test_azf_30_a_one_way_product_is_not_sold_two_way() -> None:
    one_way = changed(AIZU, "commuter", directions="one-way")
    assert price(COMMUTING, one_way) == Refusal(Code.NOT_SOLD, "AZF-30", "two-way")
    assert priced(COMMUTING._replace(one_way=True), one_way).yen == 4_830


def test_azf_30_a_whole_month_may_be_asked_for_by_its_last_day() -> None:
    assert priced(COMMUTING._replace(months=None, last_day=date(2026, 4, 30))) == priced(COMMUTING)
    assert priced(STUDYING._replace(months=2)).yen == 16_560


@pytest.mark.parametrize("months", [1, 3])
def test_azf_52_the_portal_sells_an_area_by_its_own_periods(months: int) -> None:
    asked = Purchase("area-commuter", APRIL, months, area="エリア23", portal=True)
    assert priced(asked) == priced(asked._replace(portal=False))
    assert price(asked._replace(months=2), AIZU) == Refusal(Code.NOT_SOLD, "AZF-52", "2 months, 0 days")


def test_nor_3_a_network_pass_has_a_price_by_period() -> None:
    assert priced(Purchase("network", APRIL, 1)).lines == (("NOR-3", Step.FIXED, 6_500),)


@pytest.mark.parametrize(
    ("asked", "change", "what"),
    [
        (COMMUTING, {"scope": None}, "scope of commuter"),
        (COMMUTING, {"price": None}, "price of commuter"),
        (COMMUTING._replace(one_way=True), {"price": FarePrice(60, None, 70, ())}, "one-way price of commuter"),
    ],
)
def test_gen_17_what_no_source_states_is_not_configured(asked: Purchase, change: dict[str, object], what: str) -> None:
    refusal = price(asked, changed(AIZU, asked.product, **change))
    assert refusal == Refusal(Code.NOT_CONFIGURED, "GEN-17", what)


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (Purchase("area-commuter", APRIL, 1, area="エリア23"), "fare of エリア23"),
        (Purchase("loop-commuter", APRIL, 1), "fare of まちなか周遊バス"),
        (Purchase("network", APRIL, 1), "fare of network"),
    ],
)
def test_gen_17_an_area_a_line_or_a_network_without_a_fare_has_no_price_by_fare(asked: Purchase, what: str) -> None:
    unknown = changed(AIZU, "network", price=FarePrice(60, None, 70, ()))._replace(
        areas=tuple(area._replace(fare_yen=None) for area in AIZU.areas),
        lines=tuple(line._replace(fare_yen=None) for line in AIZU.lines),
    )
    assert price(asked, unknown) == Refusal(Code.NOT_CONFIGURED, "GEN-17", what)


# -- properties

FARES = st.integers(1, 300).map(lambda tens: tens * 10)
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
HOLDERS = st.sampled_from(HolderKind)


@given(fare_yen=FARES, first_day=DAYS, months=st.integers(1, 5), holder=HOLDERS, one_way=st.booleans())
def test_azf_31_more_months_and_a_higher_fare_never_cost_less(
    fare_yen: int, first_day: date, months: int, holder: HolderKind, one_way: bool
) -> None:
    asked = Purchase("commuter", first_day, months, fare_yen=fare_yen, holder=holder, one_way=one_way, portal=True)
    assert 0 < priced(asked).yen < priced(asked._replace(months=months + 1)).yen
    assert priced(asked).yen <= priced(asked._replace(fare_yen=fare_yen + 10)).yen
    assert priced(asked).last_day == period_end(first_day, months)


@given(fare_yen=FARES, first_day=DAYS, months=st.integers(1, 3), days=st.integers(1, 30), holder=HOLDERS)
def test_azf_31_odd_days_cost_between_their_months_and_the_next(
    fare_yen: int, first_day: date, months: int, days: int, holder: HolderKind
) -> None:
    whole = Purchase("student", first_day, months, fare_yen=fare_yen, holder=holder)
    last_day = min(
        period_end(first_day, months) + timedelta(days=days), period_end(first_day, months + 1) - timedelta(days=1)
    )
    four_months = changed(AIZU, "student", months=(1, 4))
    odd = priced(whole._replace(months=None, last_day=last_day))
    assert priced(whole).yen <= odd.yen <= priced(whole._replace(months=months + 1), four_months).yen
    assert odd.last_day == last_day


@given(
    fare_yen=FARES,
    term=st.sampled_from([product for product in AIZU.products if product.term]),
    year=st.integers(2020, 2035),
)
def test_azf_40_the_last_line_is_the_price_and_no_line_goes_up_after_the_months(
    fare_yen: int, term: Product, year: int
) -> None:
    assert term.term
    asked = priced(Purchase(term.name, date(year, *term.term.first), fare_yen=fare_yen, renewal_of="year"))
    yen = [line.yen for line in asked.lines if line.step in (Step.TERM, Step.RENEWAL)]
    assert yen == sorted(yen, reverse=True)
    assert asked.yen == asked.lines[-1].yen


# -- days of sale (GEN-19, LOC-11, AZF-33)

HOLDER = Buyer(card())
MAY = date(2026, 5, 10)
IN_MAY = COMMUTING._replace(first_day=MAY)


def order(purchase: Purchase = IN_MAY, sold_on: date = MAY, **changes: object) -> Order:
    """An order of one two-way section at 230 yen, on company 0."""
    made = Order(purchase, sold_on, 0, section(one_way=purchase.one_way), STOP_NAMES)
    return made._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sold_on", "sells"),
    [
        (date(2026, 5, 2), False),
        (date(2026, 5, 3), True),
        (date(2026, 5, 10), True),
        (date(2026, 5, 11), False),
    ],
)
def test_azf_33_sold_from_7_days_before_the_first_day_and_never_backdated(sold_on: date, sells: bool) -> None:
    outcome = sell(order(sold_on=sold_on), HOLDER, AIZU)
    if sells:
        assert not isinstance(outcome, Refusal)
    else:
        assert outcome == Refusal(Code.NOT_SOLD, "GEN-19", "2026-05-03 to 2026-05-10")


def test_azf_33_on_the_highway_from_the_day_before() -> None:
    highway = IN_MAY._replace(service="highway")
    sold(order(highway, date(2026, 5, 9)), HOLDER)
    refusal = not_sold(order(highway, date(2026, 5, 8)), HOLDER)
    assert refusal == Refusal(Code.NOT_SOLD, "GEN-19", "2026-05-09 to 2026-05-10")


def test_azf_33_azf_60_a_highway_student_pass_is_a_kind_of_its_own() -> None:
    for service in ("highway", "highway-nozawa"):
        highway = Purchase("student-highway", MAY, 1, fare_yen=230, service=service)
        outcome = sold(order(highway, date(2026, 5, 9)), HOLDER)
        assert (outcome.price.yen, outcome.held.product) == (8_280, 13)
        refusal = not_sold(order(highway, date(2026, 5, 8)), HOLDER)
        assert refusal == Refusal(Code.NOT_SOLD, "GEN-19", "2026-05-09 to 2026-05-10")
    student = Purchase("student", MAY, 1, fare_yen=230)
    refusal = not_sold(order(student._replace(service="highway"), date(2026, 5, 9)), HOLDER)
    assert refusal == Refusal(Code.NOT_SOLD, "AZF-30", "highway")
    sold(order(student, date(2026, 5, 3)), HOLDER)
    nozawa = student._replace(service="highway-nozawa")
    sold(order(nozawa, date(2026, 5, 9)), HOLDER)
    assert not_sold(order(nozawa, date(2026, 5, 8)), HOLDER).rule == "GEN-19"


def test_loc_11_sold_from_14_days_before() -> None:
    buyer = Buyer(card(scheme="lococa"))
    sold(order(sold_on=date(2026, 4, 26)), buyer, LOCOCA)
    refusal = not_sold(order(sold_on=date(2026, 4, 25)), buyer, LOCOCA)
    assert refusal == Refusal(Code.NOT_SOLD, "GEN-19", "2026-04-26 to 2026-05-10")


def test_gen_19_the_window_can_be_asked_for() -> None:
    assert sale_window(COMMUTER, MAY) == (date(2026, 5, 3), MAY)
    assert sale_window(COMMUTER, MAY, "highway") == (date(2026, 5, 9), MAY)
    assert sale_window(COMMUTER, MAY, portal=True) == (date(2026, 5, 3), date(2026, 5, 9))


def test_gen_17_no_sale_where_its_days_are_not_configured() -> None:
    open_days = changed(AIZU, "commuter", sold_days_before=None)
    refusal = Refusal(Code.NOT_CONFIGURED, "GEN-17", "days of sale of commuter")
    assert not_sold(order(), HOLDER, open_days) == refusal


# -- who may buy


def test_loc_11_passes_are_for_named_cards_only() -> None:
    refusal = not_sold(order(), Buyer(card(scheme="lococa", named=False)), LOCOCA)
    assert refusal == Refusal(Code.NOT_ELIGIBLE, "LOC-11", "named card")


def test_azf_30_a_commuter_pass_is_a_bearers_so_any_card_will_do() -> None:
    assert sold(order(), Buyer(card(named=False))).held.bearer


def test_igp_2_no_sale_on_another_operators_card() -> None:
    refusal = not_sold(order(), Buyer(card(scheme="suica")))
    assert refusal == Refusal(Code.NOT_ELIGIBLE, "IGP-2", "suica")


def test_igp_3_an_adults_pass_is_for_an_adults_card() -> None:
    childs = Buyer(card(holder=CHILD))
    assert not_sold(order(), childs) == Refusal(Code.NOT_ELIGIBLE, "IGP-3", "card of CHILD")
    assert sold(order(IN_MAY._replace(holder=CHILD)), childs).price.yen == 5_040


def test_igp_3_a_product_may_be_for_some_kinds_of_card_only() -> None:
    adults = changed(AIZU, "commuter", holder=frozenset({HolderKind.ADULT}))
    sold(order(), HOLDER, adults)
    refusal = not_sold(order(IN_MAY._replace(holder=CHILD)), Buyer(card(holder=CHILD)), adults)
    assert refusal == Refusal(Code.NOT_ELIGIBLE, "IGP-3", "card of CHILD")


@pytest.mark.parametrize(
    ("name", "holders"),
    [
        ("adult-named", {HolderKind.ADULT, DISABLED_ADULT}),
        ("adult-bearer", {HolderKind.ADULT, DISABLED_ADULT}),
        ("child-named", {CHILD, DISABLED_CHILD}),
        ("child-bearer", {CHILD, DISABLED_CHILD}),
    ],
)
def test_igp_3_an_iwate_pass_goes_on_a_card_of_its_age_a_disabled_persons_too(
    name: str, holders: set[HolderKind]
) -> None:
    configured = changed(IWATE, name, months=(1,), price=FarePrice(60, 30, 70, ()), sold_days_before=7)
    for holder in HolderKind:
        asked = order(Purchase(name, MAY, 1, fare_yen=230, holder=holder))
        outcome = sell(asked, Buyer(card(scheme="iwate-green-pass", holder=holder)), configured)
        refusal = Refusal(Code.NOT_ELIGIBLE, "IGP-3", f"card of {holder.name}")
        assert (outcome == refusal) is (holder not in holders)


@pytest.mark.parametrize(
    ("birth", "eligible"),
    [
        # 65 is attained on 10 May by who was born on 11 May
        (date(1961, 5, 11), True),
        (date(1961, 5, 12), False),
        (None, False),
    ],
)
def test_nor_3_azf_53_the_age_is_that_of_the_first_day(birth: date | None, eligible: bool) -> None:
    asked = Purchase("noransho", MAY, 1, area="のらんしょパス")
    outcome = sell(order(asked, date(2026, 5, 3), sections=()), Buyer(card(), birth), AIZU)
    if eligible:
        assert not isinstance(outcome, Refusal)
        assert outcome.held == Pass(NORANSHO.number, 0, MAY, date(2026, 6, 9), False, (), area=65)
    else:
        assert outcome == Refusal(Code.NOT_ELIGIBLE, "AZF-53", "65 or over on 2026-05-10")


# -- what is sold


def test_loc_5_a_pass_on_a_new_card_needs_its_deposit() -> None:
    own, new = Buyer(card(scheme="lococa")), Buyer(card(scheme="lococa"), new_card=True)
    assert (sold(order(), own, LOCOCA).deposit_yen, sold(order(), own, LOCOCA).price.yen) == (0, 9_660)
    assert (sold(order(), new, LOCOCA).deposit_yen, sold(order(), new, LOCOCA).price.yen) == (500, 9_660)
    assert not_sold(order(), Buyer(card(), new_card=True)) == Refusal(Code.NOT_CONFIGURED, "GEN-17", "deposit")


def test_pass_1_the_pass_to_write() -> None:
    held = sold(order(company=1), HOLDER).held
    assert held == Pass(COMMUTER.number, 1, MAY, date(2026, 6, 9), True, section(), area=0, line=0)


def test_azf_52_azf_54_an_area_and_a_line_are_written_by_number() -> None:
    in_area = sold(order(Purchase("area-commuter", MAY, 1, area="エリア58"), sections=()), HOLDER).held
    assert (in_area.area, in_area.line, in_area.sections) == (58, 0, ())
    on_line = sold(order(Purchase("loop-commuter", MAY, 1), sections=()), HOLDER).held
    assert (on_line.area, on_line.line, on_line.sections) == (0, LOOP_LINE, ())


@pytest.mark.parametrize(
    ("start", "end", "area"),
    [
        (OUTSIDE, STATION, CITY_AREA),
        (STATION, OUTSIDE, CITY_AREA),
        (OUTSIDE, WEST, CITY_AREA),
        # Within the city, from gate to gate, past the gates, or not to a gate.
        (DOWNTOWN, STATION, 0),
        (STATION, WEST, 0),
        (OUTSIDE, DOWNTOWN, 0),
        (OUTSIDE, FAR, 0),
    ],
)
def test_azf_51_the_city_comes_with_a_section_from_outside_to_a_gate(start: int, end: int, area: int) -> None:
    assert sold(order(sections=section(start, end)), HOLDER).held.area == area


def test_azf_51_one_of_several_sections_is_enough() -> None:
    sections = (*section(STATION, WEST, 100), *section(OUTSIDE, STATION, 130))
    assert sold(order(sections=sections), HOLDER).held.area == CITY_AREA


def test_azf_51_no_area_comes_with_a_highway_student_pass() -> None:
    to_sell = order(Purchase("student-highway", MAY, 1, fare_yen=230), sections=section(OUTSIDE, STATION))
    assert sold(to_sell, HOLDER).held.area == 0


@pytest.mark.parametrize(("names", "stop"), [({}, OUTSIDE), ({OUTSIDE: "塩川"}, STATION)])
def test_azf_51_the_names_of_the_ends_are_needed_where_they_decide(names: dict[int, str], stop: int) -> None:
    told = f"no name of stop {stop} in the order: it decides whether 若松市内フリー comes with the pass"
    with pytest.raises(ValueError, match=f"^{told}$"):
        sell(order(sections=section(OUTSIDE, STATION), stop_names=names), HOLDER, AIZU)
    highway = Purchase("student-highway", MAY, 1, fare_yen=230)
    sold(order(highway, sections=section(OUTSIDE, STATION), stop_names=names), HOLDER)


def test_an_order_says_no_stop_names_of_its_own() -> None:
    with pytest.raises(ValueError, match="no name of stop 1 in the order: "):
        sell(Order(IN_MAY, MAY, 0, section()), HOLDER, AIZU)
    with pytest.raises(TypeError):
        Order(IN_MAY, MAY, 0).stop_names[STATION] = "若松駅"  # type: ignore[index]


def test_azf_51_an_area_without_known_stops_can_not_be_judged() -> None:
    refusal = not_sold(order(sections=section(OUTSIDE, STATION)), HOLDER, AIZU_SHIPPED)
    assert refusal == Refusal(Code.NOT_CONFIGURED, "GEN-17", "stops of 若松市内フリー")
    assert sold(order(sections=section(STATION, WEST)), HOLDER, AIZU_SHIPPED).held.area == 0


@pytest.mark.parametrize(
    "sections",
    [
        (),
        section(fare_yen=240),
        section(one_way=True),
        (*section(fare_yen=100), *section(fare_yen=130, one_way=True)),
        (*section(), *section()),
    ],
)
def test_pass_1_a_pass_is_written_for_what_it_was_priced_on(sections: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="are not what Purchase"):
        sell(order(sections=sections), HOLDER, AIZU)


def test_pass_1_the_pass_of_an_order_can_be_asked_for_without_a_buyer() -> None:
    to_sell = order(sections=section(OUTSIDE, STATION), company=1)
    assert pass_of(to_sell, AIZU) == sold(to_sell, HOLDER).held
    assert pass_of(to_sell, AIZU_SHIPPED) == Refusal(Code.NOT_CONFIGURED, "GEN-17", "stops of 若松市内フリー")
    two_months = order(IN_MAY._replace(months=2))
    assert pass_of(two_months, AIZU) == Refusal(Code.NOT_SOLD, "AZF-30", "2 months, 0 days")


# -- renewals

OLD = Pass(COMMUTER.number, 0, date(2026, 4, 10), date(2026, 5, 9), True, section())
HOLDS = Buyer(card(OLD))


def test_loc_11_a_renewal_starts_on_the_day_after_the_old_pass_ends() -> None:
    buyer = Buyer(card(OLD, scheme="lococa"))
    assert sold(order(sold_on=date(2026, 5, 1)), buyer, LOCOCA).held.first_day == MAY
    assert sold(order(sold_on=date(2026, 5, 9)), buyer, LOCOCA).held.first_day == MAY
    for first_day in (date(2026, 5, 9), date(2026, 5, 11)):
        refusal = not_sold(order(IN_MAY._replace(first_day=first_day), date(2026, 5, 9)), buyer, LOCOCA)
        assert refusal == Refusal(Code.NOT_SOLD, "LOC-11", "from 2026-05-10")


def test_loc_11_after_its_end_a_pass_is_bought_anew() -> None:
    later = IN_MAY._replace(first_day=date(2026, 5, 20))
    assert sold(order(later, MAY + timedelta(days=5)), HOLDS).held.first_day == date(2026, 5, 20)
    assert sold(order(IN_MAY, MAY), HOLDS).held.first_day == MAY


@pytest.mark.parametrize(
    ("sold_on", "sells"),
    [(date(2026, 5, 2), False), (date(2026, 5, 3), True), (date(2026, 5, 9), True), (date(2026, 5, 10), False)],
)
def test_prt_5_the_portal_renews_from_7_days_to_the_day_before(sold_on: date, sells: bool) -> None:
    outcome = sell(order(IN_MAY._replace(portal=True), sold_on), HOLDS, AIZU)
    if sells:
        assert not isinstance(outcome, Refusal)
    else:
        assert outcome == Refusal(Code.NOT_SOLD, "GEN-19", "2026-05-03 to 2026-05-09")


def test_prt_5_the_day_after_the_old_pass_or_once_ended_any_later_day() -> None:
    late = IN_MAY._replace(portal=True, first_day=date(2026, 5, 11))
    assert not_sold(order(late, date(2026, 5, 9)), HOLDS) == Refusal(Code.NOT_SOLD, "PRT-5", "from 2026-05-10")
    assert sold(order(late, date(2026, 5, 10)), HOLDS).held.first_day == date(2026, 5, 11)


@pytest.mark.parametrize(
    "old",
    [
        None,
        OLD._replace(product=2),
        OLD._replace(company=1),
        OLD._replace(area=5),
        OLD._replace(line=7),
        OLD._replace(sections=section(OUTSIDE, WEST)),
        OLD._replace(sections=section(STATION, DOWNTOWN)),
        OLD._replace(sections=section(one_way=True)),
    ],
)
def test_prt_5_the_portal_renews_the_pass_on_the_card_and_sells_no_other(old: Pass | None) -> None:
    refusal = not_sold(order(IN_MAY._replace(portal=True), date(2026, 5, 9)), Buyer(card(old)))
    assert refusal == Refusal(Code.NOT_SOLD, "PRT-5", "not the pass on the card")


WAY_THERE, WAY_BACK = section(STATION, WEST, 100), section(WEST, STATION, 100)
ELSEWHERE = section(DOWNTOWN, FAR, 130)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (section(WEST, STATION), section()),
        ((*WAY_THERE, *ELSEWHERE), (*WAY_BACK, *ELSEWHERE)),
        ((*ELSEWHERE, *WAY_THERE), (*WAY_THERE, *ELSEWHERE)),
    ],
)
def test_prt_5_pass_1_a_two_way_section_is_the_same_from_either_end(
    old: tuple[Section, ...], new: tuple[Section, ...]
) -> None:
    renewal = order(IN_MAY._replace(portal=True), date(2026, 5, 9), sections=new)
    assert sold(renewal, Buyer(card(OLD._replace(sections=old)))).held.sections == new


def test_prt_5_pass_1_a_one_way_section_is_another_the_other_way() -> None:
    renewal = order(IN_MAY._replace(portal=True, one_way=True), date(2026, 5, 9))
    for start, end, sells in ((STATION, WEST, True), (WEST, STATION, False)):
        old = OLD._replace(sections=section(start, end, one_way=True))
        assert isinstance(sell(renewal, Buyer(card(old)), AIZU), Refusal) is not sells


def test_prt_5_a_renewal_is_at_the_fare_of_today() -> None:
    dearer = order(IN_MAY._replace(portal=True, fare_yen=240), date(2026, 5, 9), sections=section(fare_yen=240))
    assert sold(dearer, HOLDS).price.yen == 10_080


FIRST_TERM = Pass(TERM_1.number, 0, date(2026, 4, 1), date(2026, 7, 31), False, section())
SECOND_TERM = Purchase("term-2-2", date(2026, 8, 25), fare_yen=230)


def test_azf_40_the_pass_on_the_card_makes_it_a_renewal() -> None:
    to_sell = order(SECOND_TERM, date(2026, 8, 18))
    assert sold(to_sell, Buyer(card(FIRST_TERM))).price.yen == 24_970
    assert sold(to_sell, HOLDER).price.yen == 26_290
    # No matter what the purchase says of it; but an old pass on paper is shown.
    says_so = order(SECOND_TERM._replace(renewal_of="term-1"), date(2026, 8, 18))
    assert sold(says_so, HOLDS).price.yen == 26_290
    assert sold(says_so, HOLDER).price.yen == 24_970
    unknown = FIRST_TERM._replace(product=60)
    assert sold(says_so, Buyer(card(unknown))).price.yen == 26_290


@pytest.mark.parametrize(
    ("last_day", "yen"),
    [(date(2025, 7, 31), 31_050), (date(2025, 8, 1), 29_500), (date(2026, 7, 31), 29_500)],
)
def test_azf_40_last_years_term_is_not_renewed(last_day: date, yen: int) -> None:
    old = FIRST_TERM._replace(first_day=last_day - timedelta(days=100), last_day=last_day)
    to_sell = order(Purchase("term-2-1", date(2026, 8, 1), fare_yen=230), date(2026, 8, 1))
    assert sold(to_sell, Buyer(card(old))).price.yen == yen


def test_a_refused_price_is_a_refused_sale() -> None:
    refusal = not_sold(order(IN_MAY._replace(months=2)), HOLDER)
    assert refusal == Refusal(Code.NOT_SOLD, "AZF-30", "2 months, 0 days")

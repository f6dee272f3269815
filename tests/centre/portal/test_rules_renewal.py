"""What a renewal in the portal may be (PRT-5), held against what tariff sells."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centre.portal.rules_renewal import Offers, Present, first_days, offers, renew
from farebox.feed.operators import load_operators
from tariff.account import HolderKind, Pass, Section
from tariff.products import Sale
from tariff.refusal import Code, Refusal
from tariff.rulebook import Rulebook

RULES = load_operators().on("aizu-noruca", date(2026, 11, 20))
WITH_STOPS = RULES._replace(
    areas=tuple(area._replace(stops=area.gates | {"神明通り"}) if area.gates else area for area in RULES.areas)
)
"""The rules where the stops of the city area are known: a section that reaches one of its gates can be judged."""
SECTION = Section(101, 102, one_way=False, priced_fare_yen=230)
NAMES = {101: "神明通り", 102: "七日町"}


def present(product: str = "commuter", first: date = date(2026, 10, 20), last: date = date(2026, 11, 19)) -> Present:
    number = next(each.number for each in RULES.products if each.name == product)
    return Present(Pass(number, 0, first, last, bearer=True, sections=(SECTION,)), NAMES)


def offered(pass_: Present, today: date, rules: Rulebook = RULES) -> Offers:
    found = offers(pass_, today, rules)
    assert isinstance(found, Offers), found
    return found


def test_prt_5_the_prices_of_a_section_at_230_yen() -> None:
    found = offered(present(), date(2026, 11, 15))
    assert [(period.months, period.yen) for period in found.periods] == [
        (1, 9_660),
        (2, 19_320),
        (3, 27_530),
        (4, 36_710),
        (5, 45_890),
        (6, 52_160),
    ]
    assert found.first_days == (date(2026, 11, 20),)


def test_prt_5_the_guides_own_renewal() -> None:
    guide = present(first=date(2024, 8, 20), last=date(2024, 9, 19))
    sale = renew(guide, 1, date(2024, 9, 20), date(2024, 9, 13), RULES)
    assert isinstance(sale, Sale)
    assert (sale.price.yen, sale.held.first_day, sale.held.last_day) == (9_660, date(2024, 9, 20), date(2024, 10, 19))


def test_prt_5_a_pass_that_has_ended_begins_on_any_of_the_next_seven_days() -> None:
    today = date(2026, 11, 25)
    assert offered(present(), today).first_days == tuple(today + timedelta(days=on) for on in range(1, 8))


@pytest.mark.parametrize("product", ["student", "area-student", "loop-student", "term-1", "year"])
def test_prt_5_student_and_term_passes_are_renewed_at_the_counter(product: str) -> None:
    assert offers(present(product), date(2026, 11, 15), RULES) == Refusal(Code.NOT_SOLD, "PRT-5", "counter")


def test_prt_5_too_early_says_from_when() -> None:
    assert offers(present(), date(2026, 11, 12), RULES) == Refusal(Code.NOT_SOLD, "GEN-19", "2026-11-13")


def test_azf_32_a_disabled_adult_pays_30_percent_less() -> None:
    disabled = present()._replace(holder=HolderKind.DISABLED_ADULT)
    assert offered(disabled, date(2026, 11, 15)).periods[0].yen == 6_760


@pytest.mark.parametrize(("birth", "sold"), [(date(1961, 11, 21), True), (date(1961, 11, 22), False), (None, False)])
def test_azf_53_a_noransho_pass_is_renewed_at_65(birth: date | None, sold: bool) -> None:
    number = next(each.number for each in RULES.products if each.name == "noransho")
    held = Pass(number, 0, date(2026, 10, 20), date(2026, 11, 19), bearer=False, sections=(), area=65)
    outcome = renew(Present(held, birth=birth), 1, date(2026, 11, 20), date(2026, 11, 15), RULES)
    assert isinstance(outcome, Sale) is sold


@pytest.mark.parametrize("area", ["エリア23", "エリア27", "エリア42", "エリア58"])
def test_azf_52_an_area_pass_is_renewed_for_one_or_three_months(area: str) -> None:
    number = next(each.number for each in RULES.areas if each.name == area)
    held = Pass(3, 0, date(2026, 10, 20), date(2026, 11, 19), bearer=True, sections=(), area=number)
    assert [period.months for period in offered(Present(held), date(2026, 11, 15)).periods] == [1, 3]


def test_azf_51_a_city_free_pass_is_renewed_with_its_area() -> None:
    held = present().held._replace(area=1)
    city = Present(held, {101: "坂下", 102: "若松駅前"})
    sale = renew(city, 1, date(2026, 11, 20), date(2026, 11, 15), WITH_STOPS)
    assert isinstance(sale, Sale)
    assert sale.held.area == 1


DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(ended=DAYS, today_after=st.integers(-40, 40), first_after=st.integers(-12, 30), months=st.integers(0, 8))
def test_prt_5_what_is_offered_is_what_is_sold(ended: date, today_after: int, first_after: int, months: int) -> None:
    today = ended + timedelta(days=today_after)
    first = today + timedelta(days=first_after)
    pass_ = present(first=ended - timedelta(days=30), last=ended)
    found = offers(pass_, today, RULES)
    is_offered = (
        isinstance(found, Offers) and first in found.first_days and months in [each.months for each in found.periods]
    )
    sale = renew(pass_, months, first, today, RULES)
    assert isinstance(sale, Sale) is is_offered
    if isinstance(sale, Sale) and isinstance(found, Offers):
        assert sale.price.yen == next(each.yen for each in found.periods if each.months == months)
        # In force from the next day at the earliest, and never before the old one has ended.
        assert sale.held.first_day > today
        assert sale.held.first_day > ended


@given(ended=DAYS, today_after=st.integers(-40, 40))
def test_prt_5_first_days_lie_within_seven_days_of_the_purchase(ended: date, today_after: int) -> None:
    today = ended + timedelta(days=today_after)
    product = RULES.product_named("commuter")
    assert product
    days = first_days(ended, today, product)
    if isinstance(days, Refusal):
        assert today + timedelta(days=7) < ended + timedelta(days=1)
    else:
        assert all(day - timedelta(days=7) <= today <= day - timedelta(days=1) for day in days)

"""Passes sold and renewed at the counter, by each operator's rules: days at both edges, papers, ages, what waits."""

from datetime import date, timedelta
from typing import Any

import pytest

from cardimage.directives import given
from centre.counter.operations.effects import Directed, DirectivesApplied, PassSold
from centre.counter.operations.passes import prepare_pass
from centre.counter.operations.prepared import Prepared
from farebox.formats.bundle import AutoChargeOff, Directive
from tariff.account import Account, AutoCharge, HolderKind, Pass
from tariff.products import Order, Purchase
from tariff.rulebook import FarePrice, FixedPrice, Rulebook
from tests.centre.counter.stage import (
    AIZU,
    IWATE,
    LOCOCA,
    NORUCA,
    TARO,
    TODAY,
    idm_of,
    lines_of,
    pass_on,
    refused,
    register_of,
    seen_as,
)

NONE: frozenset[str] = frozenset()
SECTION = pass_on(TODAY, TODAY).sections
COMMUTER = {"iwate-green-pass": "adult-bearer"}
"""What an operator calls the pass that is sold to anyone, where it is not "commuter"."""
PRICED = FarePrice(60, 30, 70, ())


def priced(rulebook: Rulebook) -> Rulebook:
    """The operator's rules, with prices and days of sale where it leaves them open."""
    products = tuple(
        product._replace(
            price=product.price or PRICED,
            months=product.months or (1, 3),
            sold_days_before=7 if product.sold_days_before is None else product.sold_days_before,
            scope=product.scope or "section",
            directions=product.directions or "either",
        )
        for product in rulebook.products
    )
    return rulebook._replace(products=products)


def order(first: date, product: str = "commuter", day: date = TODAY, **more: Any) -> Order:
    company = more.pop("company", 0)
    wanted: dict[str, Any] = {"months": 1, "fare_yen": 230} | more
    return Order(Purchase(product, first, **wanted), day, company, SECTION, {1: "磐城棚倉", 2: "南湖公園"})


def sold(
    rulebook: Rulebook,
    asked: Order,
    account: Account | None = None,
    papers: frozenset[str] = NONE,
    day: date = TODAY,
    **register: Any,
) -> Any:
    account = account or Account(rulebook.scheme, 0, named=True)
    known = register_of(account)._replace(**register)
    return prepare_pass(seen_as(account), known, asked, papers, rulebook, day)


@pytest.mark.parametrize(
    ("rulebook", "before", "is_sold"),
    [
        (priced(LOCOCA), 14, True),
        (priced(LOCOCA), 15, False),
        (priced(LOCOCA), 0, True),
        (priced(LOCOCA), -1, False),  # LOC-11: never backdated
        (AIZU, 7, True),
        (AIZU, 8, False),
        (AIZU, 0, True),
        (AIZU, -1, False),
        (priced(IWATE), 7, True),
        (priced(NORUCA), 7, True),
    ],
)
def test_gen_19_loc_11_azf_33_a_pass_is_sold_from_so_many_days_before_its_first(
    rulebook: Rulebook, before: int, is_sold: bool
) -> None:
    outcome = sold(rulebook, order(TODAY + timedelta(days=before), COMMUTER.get(rulebook.scheme, "commuter")))
    if is_sold:
        assert lines_of(outcome) == [("pass", 9_660)]
    else:
        assert refused(outcome) == "not-sold GEN-19"


@pytest.mark.parametrize(
    ("product", "months", "fare_yen", "price_yen", "papers"),
    [
        ("commuter", 1, 230, 9_660, NONE),
        ("commuter", 3, 230, 27_530, NONE),
        ("student", 1, 230, 8_280, frozenset({"school-certificate"})),
        ("student", 3, 230, 23_600, frozenset({"school-certificate"})),
        ("commuter", 1, 580, 24_360, NONE),
    ],
)
def test_azf_31_aizus_passes_cost_what_the_source_prints(
    product: str, months: int, fare_yen: int, price_yen: int, papers: frozenset[str]
) -> None:
    section = SECTION[0]._replace(priced_fare_yen=fare_yen)
    asked = order(TODAY, product, months=months, fare_yen=fare_yen)._replace(sections=(section,))
    outcome = sold(AIZU, asked, papers=papers)
    assert lines_of(outcome) == [("pass", price_yen)]
    assert outcome.papers == tuple(papers)


@pytest.mark.parametrize("rulebook", [LOCOCA, IWATE, NORUCA])
def test_gen_17_a_price_that_no_source_states_is_refused(rulebook: Rulebook) -> None:
    asked = order(TODAY, COMMUTER.get(rulebook.scheme, "commuter"))
    assert refused(sold(rulebook, asked)) == "not-configured GEN-17"


@pytest.mark.parametrize(
    ("rulebook", "product", "asked", "account", "why"),
    [
        (priced(LOCOCA), "student", {}, None, "not-eligible LOC-12"),
        (AIZU, "student", {}, None, "not-eligible LOC-12"),
        (priced(LOCOCA), "commuter", {}, Account("lococa", 0), "not-eligible LOC-11"),
        (priced(IWATE), "adult-bearer", {}, Account("iwate-green-pass", 0), "not-eligible IGP-3"),
        (priced(IWATE), "child-named", {}, None, "not-eligible IGP-3"),
        (priced(LOCOCA), "commuter", {"months": 2}, None, "not-sold LOC-11"),
        (AIZU, "commuter", {"months": 4}, None, "not-sold AZF-30"),  # the portal sells it
        (AIZU, "commuter", {"company": 7}, None, "not-sold GEN-19"),
        (AIZU, "commuter", {"portal": True}, None, "not-sold GEN-19"),
        (AIZU, "commuter", {"day": TODAY + timedelta(days=1)}, None, "not-sold GEN-19"),
        (AIZU, "golden", {}, None, "not-sold GEN-19"),
        (
            priced(LOCOCA),
            "commuter",
            {},
            Account("lococa", 0, HolderKind.CHILD, True, TODAY - timedelta(days=1)),
            "expired-card GEN-11",
        ),
    ],
)
def test_a_pass_that_is_not_for_this_card_or_not_sold_so(
    rulebook: Rulebook, product: str, asked: dict[str, Any], account: Account | None, why: str
) -> None:
    assert refused(sold(rulebook, order(TODAY, product, **asked), account)) == why


@pytest.mark.parametrize(("birth", "is_sold"), [(date(1961, 11, 22), True), (date(1961, 11, 23), False), (None, False)])
def test_azf_53_noransho_is_for_who_is_65_on_its_first_day(birth: date | None, is_sold: bool) -> None:
    asked = Order(Purchase("noransho", TODAY, months=1, area="エリア58"), TODAY, 0)
    names = [area.name for area in AIZU.areas]
    product = AIZU.product_named("noransho")
    assert product is not None
    asked = asked._replace(purchase=asked.purchase._replace(area=next(n for n in names if n in product.areas)))
    holder = TARO._replace(birth=birth)
    outcome = sold(AIZU, asked, papers=frozenset({"proof-of-age"}), holder=holder)
    if is_sold:
        assert lines_of(outcome) == [("pass", 6_500)]
        assert isinstance(product.price, FixedPrice)
    else:
        assert refused(outcome) == "not-eligible AZF-53"


# -- renewals

OLD = pass_on(date(2026, 11, 1), date(2026, 11, 30))
NEXT_DAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("rulebook", "first", "day", "why"),
    [
        (priced(LOCOCA), NEXT_DAY, date(2026, 11, 17), ""),
        (priced(LOCOCA), NEXT_DAY, date(2026, 11, 16), "not-sold GEN-19"),
        (AIZU, NEXT_DAY, date(2026, 11, 24), ""),
        (AIZU, NEXT_DAY, date(2026, 11, 23), "not-sold GEN-19"),
        (AIZU, date(2026, 12, 2), date(2026, 11, 30), "not-sold LOC-11"),
        (AIZU, date(2026, 11, 30), date(2026, 11, 30), "not-sold LOC-11"),
        (AIZU, date(2026, 12, 5), NEXT_DAY, ""),  # it has ended: any later day
    ],
)
def test_loc_11_azf_33_a_renewal_begins_the_day_after(rulebook: Rulebook, first: date, day: date, why: str) -> None:
    account = Account(rulebook.scheme, 0, named=True, held_pass=OLD)
    outcome = sold(rulebook, order(first, day=day), account, day=day)
    if why:
        assert refused(outcome) == why
    else:
        assert lines_of(outcome) == [("pass", 9_660)]


def test_a_renewal_waits_while_the_old_pass_runs_and_is_written_when_it_has_ended() -> None:
    account = Account("aizu-noruca", 300, named=True, held_pass=OLD)
    early = sold(AIZU, order(NEXT_DAY, day=date(2026, 11, 30)), account, day=date(2026, 11, 30))
    assert isinstance(early, Prepared)
    new = Pass(OLD.product, 0, NEXT_DAY, date(2026, 12, 31), OLD.bearer, SECTION)
    sale = next(effect for effect in early.effects if isinstance(effect, PassSold))
    assert early.card is None
    assert early.effects == (sale, Directed(idm_of(1), NEXT_DAY, (given(sale.held),)))
    assert (sale.held.first_day, sale.held.last_day) == (new.first_day, new.last_day)
    late = sold(AIZU, order(NEXT_DAY, day=NEXT_DAY), account, day=NEXT_DAY)
    assert isinstance(late, Prepared)
    assert late.after is not None
    assert late.after.held_pass == sale.held
    assert not any(isinstance(effect, Directed) for effect in late.effects)


def test_a_pass_is_not_renewed_twice_for_the_same_days() -> None:
    account = Account("aizu-noruca", 300, named=True, held_pass=OLD)
    new = OLD._replace(first_day=NEXT_DAY, last_day=date(2026, 12, 31))
    waiting = (Directive(1, NEXT_DAY, (given(new),)),)
    day = date(2026, 11, 30)
    assert refused(sold(AIZU, order(NEXT_DAY, day=day), account, day=day, directives=waiting)) == "not-sold LOC-11"
    after = order(date(2027, 1, 1), day=day)
    assert refused(sold(AIZU, after, account, day=day, directives=waiting)) == "not-sold GEN-19"


def test_ctr_3_what_waits_is_written_with_the_sale() -> None:
    charge = AutoCharge(1_000, 1_000, 10_000, 30_000)
    account = Account("aizu-noruca", 300, named=True, auto_charge=charge)
    outcome = sold(AIZU, order(TODAY), account, directives=(Directive(3, TODAY, (AutoChargeOff(),)),))
    assert isinstance(outcome, Prepared)
    assert outcome.after is not None
    assert (outcome.after.auto_charge, outcome.after.directive) == (None, 3)
    assert outcome.after.held_pass is not None
    assert DirectivesApplied(idm_of(1), 3) in outcome.effects


def test_loc_6_a_pass_is_one_companys() -> None:
    outcome = sold(priced(LOCOCA), order(TODAY, company=1))
    assert isinstance(outcome, Prepared)
    assert outcome.after is not None
    assert outcome.after.held_pass is not None
    assert outcome.after.held_pass.company == 1

"""An operator's whole price table for a fare: every pass in every way that it is sold."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from tariff.account import HolderKind
from tariff.products import Price, Purchase, price
from tariff.refusal import Refusal
from tariff.rulebook import FixedPrice, Product, Rulebook


class Way(NamedTuple):
    """A way a pass is sold, all but how long: for whom, in which directions, for which area, as a renewal of what."""

    product: str
    holder: HolderKind
    one_way: bool
    area: str | None
    renewal_of: str | None


class Offer(NamedTuple):
    """A way and the prices of its periods, by months; 0 stands for the one period that a term has."""

    way: Way
    prices: dict[int, Price | Refusal]


def offers(rulebook: Rulebook, fare_yen: int, first_day: date) -> Iterator[Offer]:
    """All ways, in the file's order; passes for a section at a fare, the others at their own."""
    for product in rulebook.products:
        for way in _ways(product):
            periods = sorted({*product.months, *product.portal_months}) or [0]
            if product.odd_days and product.months:
                periods = list(range(min(product.months), max(product.months) + 1))
            prices = {months: _price(way, months, product, rulebook, fare_yen, first_day) for months in periods}
            yield Offer(way, prices)


def _ways(product: Product) -> Iterator[Way]:
    areas = product.areas if product.scope == "area" else (None,)
    one_ways = {"two-way": (False,), "one-way": (True,), "either": (False, True)}[product.directions]
    renewals = (None, *product.term.follows[:1]) if product.term and product.term.renewal_percent_off else (None,)
    for area in areas:
        for one_way in one_ways if product.scope == "section" else (False,):
            for holder in _holders(product):
                for renewal_of in renewals:
                    yield Way(product.name, holder, one_way, area, renewal_of)


def _holders(product: Product) -> Iterator[HolderKind]:
    """Whom it has a price of its own for (AZF-32, IGP-3)."""
    sold_to = product.holder or frozenset(HolderKind)
    if HolderKind.ADULT in sold_to:
        yield HolderKind.ADULT
    if HolderKind.DISABLED_ADULT in sold_to and product.disabled_percent_off:
        yield HolderKind.DISABLED_ADULT
    if HolderKind.CHILD in sold_to and not isinstance(product.price, FixedPrice):
        yield HolderKind.CHILD


def _price(
    way: Way, months: int, product: Product, rulebook: Rulebook, fare_yen: int, first_day: date
) -> Price | Refusal:
    purchase = Purchase(
        product=way.product,
        first_day=begins(product, first_day),
        months=months or None,
        fare_yen=fare_yen if product.scope == "section" else None,
        one_way=way.one_way,
        area=way.area,
        holder=way.holder,
        renewal_of=way.renewal_of,
        portal=months in portal_alone(product),
    )
    return price(purchase, rulebook)


def portal_alone(product: Product) -> tuple[int, ...]:
    """The periods that the portal alone sells, in months (AZF-30, PRT-5)."""
    return tuple(months for months in product.portal_months if months not in product.months)


def begins(product: Product, day: date) -> date:
    """The first day of a pass from a day on: that day; of a term, its next beginning (AZF-40)."""
    if product.term is None:
        return day
    month, first = product.term.first
    this_year = date(day.year, month, first)
    return this_year if this_year >= day else this_year.replace(year=day.year + 1)

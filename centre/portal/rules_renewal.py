"""Renewing a pass in the portal (PRT-5): what may be chosen, what it costs, and from when. Values in, values out.

What is sold, and when, `tariff.products` decides; here stand the choices that it will take.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from tariff.account import Account, HolderKind, Pass
from tariff.calendar import period_end
from tariff.products import Buyer, Order, Purchase, Sale, price, sale_window, sell
from tariff.refusal import Code, Refusal
from tariff.rulebook import Area, Product, Rulebook


class Present(NamedTuple):
    """The pass that is renewed: the last one sold for the card, and whose card it is.

    `stop_names` are the names of its sections' ends by register number; `birth` is asked for by some products.
    """

    held: Pass
    stop_names: Mapping[int, str] = MappingProxyType({})
    holder: HolderKind = HolderKind.ADULT
    named: bool = True
    birth: date | None = None


class Offer(NamedTuple):
    """A period offered: what it costs."""

    months: int
    yen: int


class Offers(NamedTuple):
    """What may be chosen: periods with their prices, and first days, at least one of each."""

    product: Product
    periods: tuple[Offer, ...]
    first_days: tuple[date, ...]


def offers(present: Present, today: date, rulebook: Rulebook) -> Offers | Refusal:
    """The periods and first days offered today, or why there are none.

    `NOT_SOLD` with rule PRT-5 where the product is renewed at the counter (student and term passes); with GEN-19 where
    it is too early, and `detail` is the first day of sale.
    """
    product = rulebook.product(present.held.product)
    if product is None or not product.portal_months:
        return Refusal(Code.NOT_SOLD, "PRT-5", "counter")
    days = first_days(present.held.last_day, today, product)
    if isinstance(days, Refusal):
        return days
    periods: list[Offer] = []
    for months in product.portal_months:
        priced = price(_purchase(present, product, days[0], months, rulebook), rulebook)
        if isinstance(priced, Refusal):
            return priced
        periods.append(Offer(months, priced.yen))
    return Offers(product, tuple(periods), days)


def first_days(old_last_day: date, today: date, product: Product) -> tuple[date, ...] | Refusal:
    """The first days S that may be bought today, d: the day after the old pass ends, or if it has ended any later day;
    S - 7 <= d <= S - 1 (PRT-5, AZF-33)."""
    next_day = old_last_day + timedelta(days=1)
    running = old_last_day >= today
    earliest = next_day if running else today + timedelta(days=1)
    found: list[date] = []
    day = earliest
    while True:
        window = sale_window(product, day, portal=True)
        if isinstance(window, Refusal):
            return window
        if today < window[0]:
            break
        found.append(day)
        if running:
            break
        day += timedelta(days=1)
    return tuple(found) or Refusal(Code.NOT_SOLD, "GEN-19", window[0].isoformat())


def last_day(first_day: date, months: int) -> date:
    """The end day shown (GEN-16)."""
    return period_end(first_day, months)


def renew(present: Present, months: int, first_day: date, today: date, rulebook: Rulebook) -> Sale | Refusal:
    """The pass that a choice buys, and its price: what the portal can't sell is refused here, whatever was shown."""
    product = rulebook.product(present.held.product)
    if product is None:
        return Refusal(Code.NOT_SOLD, "PRT-5", "counter")
    purchase = _purchase(present, product, first_day, months, rulebook)
    account = Account(
        rulebook.scheme, stored_fare_yen=0, holder=present.holder, named=present.named, held_pass=present.held
    )
    order = Order(purchase, today, present.held.company, present.held.sections, present.stop_names)
    return sell(order, Buyer(account, present.birth), rulebook)


def _purchase(present: Present, product: Product, first_day: date, months: int, rulebook: Rulebook) -> Purchase:
    sections = present.held.sections
    return Purchase(
        product=product.name,
        first_day=first_day,
        months=months,
        fare_yen=sum(section.priced_fare_yen for section in sections) or None,
        one_way=any(section.one_way for section in sections),
        area=_area_bought(present.held, product, rulebook),
        holder=present.holder,
        portal=True,
    )


def _area_bought(held: Pass, product: Product, rulebook: Rulebook) -> str | None:
    """The area that is bought by name; an area that comes with a section (AZF-51) is not."""
    if product.scope != "area":
        return None
    named = {area.number: area for area in rulebook.areas}
    area: Area | None = named.get(held.area)
    return area.name if area else None

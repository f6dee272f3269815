"""Passes: what they cost, who may buy them, and when.

GEN-16, GEN-17, GEN-19, LOC-5, LOC-11, IGP-3, NOR-3, AZF-30 to AZF-33, AZF-40, AZF-51 to AZF-54, PRT-5.
Prices are exact fractions of yen until the end and are rounded once, half up to 10 yen (AZF-31).
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from tariff.account import Account, HolderKind, Pass, Section
from tariff.calendar import has_attained, months_on, period_end, portal_sale_days, sale_days, whole_months_and_days
from tariff.money import half_up
from tariff.refusal import Code, Refusal
from tariff.riders import RiderClass, fare_for
from tariff.rulebook import ORDINARY, Area, FarePrice, FixedPrice, Product, Rulebook, Term


class Purchase(NamedTuple):
    """A pass that someone asks for.

    product     its name in the operator file
    months      whole months; None where `last_day` says how long (odd days, AZF-30), or a term does (AZF-40)
    fare_yen    adult fare of the section, or the sum of several sections' fares; None for an area, a line, a network
    area        name of the area; None for the other scopes
    holder      whom the pass is priced for: 30 % off for a disabled adult (AZF-32), a child's on the child fare [D]
    service     the service that it is bought for (GEN-15)
    renewal_of  name of the product that it renews (AZF-40)
    portal      bought in the member portal (PRT-5), not at the counter
    """

    product: str
    first_day: date
    months: int | None = None
    last_day: date | None = None
    fare_yen: int | None = None
    one_way: bool = False
    area: str | None = None
    holder: HolderKind = HolderKind.ADULT
    service: str = ORDINARY
    renewal_of: str | None = None
    portal: bool = False


class Step(StrEnum):
    """A step of a price."""

    FARE = "fare"
    MONTHS = "months"
    ODD_DAYS = "odd-days"
    FIXED = "fixed"
    TERM = "term"
    RENEWAL = "renewal"
    DISABLED = "disabled"


class PriceLine(NamedTuple):
    """One step of a price: its rule, and the price if it ended here. Nothing rounded is carried on to the next."""

    rule: str
    step: Step
    yen: int


class Price(NamedTuple):
    """What a pass costs, its first and last day (GEN-16), and how the price comes about; the last line is the price."""

    yen: int
    first_day: date
    last_day: date
    lines: tuple[PriceLine, ...]


class Buyer(NamedTuple):
    """The card that the pass goes on, the holder's date of birth where the product asks for an age (NOR-3, AZF-53).

    `new_card`: the card is bought with the pass, so its deposit is due too (LOC-5).
    """

    card: Account
    birth: date | None = None
    new_card: bool = False


class Order(NamedTuple):
    """A purchase as it is made: the day, whose buses it is for (PASS-8), its sections by register number.

    `stop_names` are the names of the sections' ends, by register number; they are needed only where an area may come
    with a section (AZF-51).
    """

    purchase: Purchase
    sold_on: date
    company: int
    sections: tuple[Section, ...] = ()
    stop_names: Mapping[int, str] = MappingProxyType({})


class Sale(NamedTuple):
    """A pass sold: its price, the deposit on a new card (in cash, LOC-5), and the pass to write."""

    price: Price
    deposit_yen: int
    held: Pass


class _Period(NamedTuple):
    first_day: date
    last_day: date
    months: int
    days: int
    """Odd days beyond the whole months (AZF-30)."""


class _Extent(NamedTuple):
    """Where a pass is good: the fare it is priced on, and the area's or the line's number, 0 for none."""

    fare_yen: int | None
    name: str
    area: int = 0
    line: int = 0


class _Quote(NamedTuple):
    product: Product
    extent: _Extent
    price: Price


# -- prices


def price(purchase: Purchase, rulebook: Rulebook) -> Price | Refusal:
    """The price of a pass, step by step, or why no such pass is sold.

    Refuses `NOT_SOLD` what the product does not offer (period, direction, area, service), `NOT_CONFIGURED` what the
    operator file leaves open (GEN-17). ValueError for a fare that is none.
    """
    quote = _quote(purchase, rulebook)
    return quote if isinstance(quote, Refusal) else quote.price


def _quote(purchase: Purchase, rulebook: Rulebook) -> _Quote | Refusal:
    if purchase.fare_yen is not None and purchase.fare_yen <= 0:
        raise ValueError(f"a section at a fare of {purchase.fare_yen} yen")
    product = rulebook.product_named(purchase.product)
    if product is None:
        return Refusal(Code.NOT_SOLD, "GEN-19", purchase.product)
    extent = _extent(purchase, product, rulebook)
    if isinstance(extent, Refusal):
        return extent
    if product.price is None:
        return _not_configured(f"price of {product.name}")
    if purchase.portal and not product.portal_months:
        return Refusal(Code.NOT_SOLD, "PRT-5", product.name)
    period = _term_period(purchase, product.term, product) if product.term else _months_period(purchase, product)
    if isinstance(period, Refusal):
        return period
    if isinstance(product.price, FixedPrice):
        begun: _Begun | Refusal = _by_period(product.price, period, product)
    else:
        begun = _by_fare(product.price, extent, purchase, period, rulebook)
    if isinstance(begun, Refusal):
        return begun
    lines, exact = begun
    for rule, step, percent_off in _discounts(purchase, product):
        exact = exact * (100 - percent_off) / 100
        lines = (*lines, PriceLine(rule, step, _rounded(exact)))
    return _Quote(product, extent, Price(lines[-1].yen, period.first_day, period.last_day, lines))


_Begun = tuple[tuple[PriceLine, ...], Fraction]
"""The price before discounts: as lines, and exactly."""


def _by_fare(
    shape: FarePrice, extent: _Extent, purchase: Purchase, period: _Period, rulebook: Rulebook
) -> _Begun | Refusal:
    """AZF-31: fare x rides a month x percent; odd days a thirtieth of a month each, at most the next whole month."""
    if extent.fare_yen is None:
        return _not_configured(f"fare of {extent.name}")
    rides = shape.one_way_rides if purchase.one_way else shape.rides
    if rides is None:
        return _not_configured(f"one-way price of {purchase.product}")
    fare_yen = fare_for(_PRICED_AS[purchase.holder], extent.fare_yen, rulebook.riders)
    month = Fraction(fare_yen * rides * shape.percent, 100)
    exact = _months_price(month, period.months, shape)
    lines = [PriceLine("AZF-31", Step.FARE, fare_yen), PriceLine("AZF-31", Step.MONTHS, _rounded(exact))]
    if period.days:
        exact = min(exact + month * period.days / 30, _months_price(month, period.months + 1, shape))
        lines.append(PriceLine("AZF-31", Step.ODD_DAYS, _rounded(exact)))
    return tuple(lines), exact


def _months_price(month: Fraction, months: int, shape: FarePrice) -> Fraction:
    percent = next((percent for since, percent in reversed(shape.month_percents) if months >= since), 100)
    return month * months * percent / 100


def _by_period(shape: FixedPrice, period: _Period, product: Product) -> _Begun:
    """AZF-53: one price for each period sold, which no fare enters into."""
    yen = dict(shape.yen)[period.months]
    return (PriceLine(product.rule, Step.FIXED, yen),), Fraction(yen)


_PRICED_AS = {
    HolderKind.ADULT: RiderClass.ADULT,
    HolderKind.CHILD: RiderClass.CHILD,
    HolderKind.DISABLED_ADULT: RiderClass.ADULT,
    HolderKind.DISABLED_CHILD: RiderClass.CHILD,
}
"""Whose fare a pass is priced on: a disabled adult gets 30 % off the pass instead, and a child never (AZF-32)."""


def _discounts(purchase: Purchase, product: Product) -> Iterator[tuple[str, Step, int]]:
    """What comes off, in order, as rule, step and percent (AZF-32, AZF-40)."""
    if product.term:
        yield "AZF-40", Step.TERM, product.term.percent_off
        if purchase.renewal_of in product.term.follows:
            yield "AZF-40", Step.RENEWAL, product.term.renewal_percent_off
    if purchase.holder is HolderKind.DISABLED_ADULT and product.disabled_percent_off:
        yield "AZF-32", Step.DISABLED, product.disabled_percent_off


def _rounded(exact: Fraction) -> int:
    return half_up(exact.numerator, exact.denominator)


# -- what is asked for, and whether it is sold

_ASKED_BY_SCOPE = {"section": (True, False), "area": (False, True), "line": (False, False), "network": (False, False)}
"""Whether a purchase of each scope names a section's fare, and whether an area."""


def _extent(purchase: Purchase, product: Product, rulebook: Rulebook) -> _Extent | Refusal:
    """Where the pass is to be good, or why it is not sold so (AZF-30, AZF-40, AZF-52, AZF-54)."""
    if product.scope is None:
        return _not_configured(f"scope of {product.name}")
    if purchase.service in product.excluded_services:
        return Refusal(Code.NOT_SOLD, product.rule, purchase.service)
    direction = "one-way" if purchase.one_way else "two-way"
    if product.directions not in (direction, "either"):
        return Refusal(Code.NOT_SOLD, product.rule, direction)
    if (purchase.fare_yen is not None, purchase.area is not None) != _ASKED_BY_SCOPE[product.scope]:
        return Refusal(Code.NOT_SOLD, product.rule, product.scope)
    if purchase.area is not None:
        area = _area_named(purchase.area, rulebook)
        if area is None or area.name not in product.areas:
            return Refusal(Code.NOT_SOLD, product.rule, purchase.area)
        return _Extent(area.fare_yen, area.name, area=area.number)
    if product.scope == "line":
        line = next(line for line in rulebook.lines if line.name == product.line)
        return _Extent(line.fare_yen, line.name, line=line.number)
    return _Extent(purchase.fare_yen, product.name)


def _months_period(purchase: Purchase, product: Product) -> _Period | Refusal:
    """The period asked for, if it is sold at the counter or in the portal (GEN-16, AZF-30, PRT-5)."""
    first_day = purchase.first_day
    sold = product.portal_months if purchase.portal else product.months
    if purchase.months is None and purchase.last_day is not None and purchase.last_day >= first_day:
        months, days = whole_months_and_days(first_day, purchase.last_day)
    elif purchase.months is not None and purchase.last_day is None:
        months, days = purchase.months, 0
    else:
        return Refusal(Code.NOT_SOLD, product.rule, "period")
    # With odd days the months sold are bounds, "1 month to under 4".
    if not (min(sold) <= months <= max(sold) if product.odd_days else months in sold and not days):
        return Refusal(Code.NOT_SOLD, product.rule, f"{months} months, {days} days")
    return _Period(first_day, purchase.last_day or period_end(first_day, months), months, days)


def _term_period(purchase: Purchase, term: Term, product: Product) -> _Period | Refusal:
    """The term that begins on the first day asked for; no other period is sold (AZF-40)."""
    first_day = purchase.first_day
    if purchase.months is not None or purchase.last_day is not None or (first_day.month, first_day.day) != term.first:
        return Refusal(Code.NOT_SOLD, product.rule, "period")
    last_day = date(first_day.year + (term.last < term.first), *term.last)
    return _Period(first_day, last_day, *whole_months_and_days(first_day, last_day))


def _not_configured(what: str) -> Refusal:
    return Refusal(Code.NOT_CONFIGURED, "GEN-17", what)


# -- selling


def sell(order: Order, buyer: Buyer, rulebook: Rulebook) -> Sale | Refusal:
    """Sell or renew a pass: what `price` refuses, and whether this card may hold it from that day (GEN-19, PRT-5).

    A renewal that costs less is recognized by the pass on the card; an old pass on paper, by what the purchase says
    (AZF-40). ValueError for sections that are not those that the purchase was priced on, or whose ends have no name
    where the names decide (AZF-51).
    """
    old = buyer.card.held_pass
    purchase = order.purchase._replace(renewal_of=_renewed(order.purchase, old, rulebook))
    quote = _quote(purchase, rulebook)
    if isinstance(quote, Refusal):
        return quote
    _check_sections(order.sections, purchase)
    product = quote.product
    refusal = (
        _not_eligible(buyer, purchase, product, rulebook) or _not_on_sale(order, product) or _not_following(old, order)
    )
    if refusal:
        return refusal
    held = _pass_to_write(order, quote, rulebook)
    if isinstance(held, Refusal):
        return held
    if purchase.portal and not _is_renewal(held, old):
        return Refusal(Code.NOT_SOLD, "PRT-5", "not the pass on the card")
    deposit_yen = rulebook.counter.deposit_yen if buyer.new_card else 0
    return _not_configured("deposit") if deposit_yen is None else Sale(quote.price, deposit_yen, held)


def pass_of(order: Order, rulebook: Rulebook) -> Pass | Refusal:
    """The pass that an order is for, whoever buys it and when.

    Refuses what `price` refuses, and an area that may come with it but can't be judged (AZF-51). ValueError as `sell`
    for a stop without a name.
    """
    quote = _quote(order.purchase, rulebook)
    return quote if isinstance(quote, Refusal) else _pass_to_write(order, quote, rulebook)


def sale_window(
    product: Product, first_day: date, service: str = ORDINARY, *, portal: bool = False
) -> tuple[date, date] | Refusal:
    """First and last day on which a pass from `first_day` is sold (GEN-19, LOC-11, AZF-33)."""
    days_before = product.late_days_before if service in product.late_services else product.sold_days_before
    if days_before is None:
        return _not_configured(f"days of sale of {product.name}")
    return portal_sale_days(first_day, days_before) if portal else sale_days(first_day, days_before)


def _check_sections(sections: tuple[Section, ...], purchase: Purchase) -> None:
    fare_yen = sum(section.priced_fare_yen for section in sections) or None
    if fare_yen != purchase.fare_yen or any(section.one_way != purchase.one_way for section in sections):
        raise ValueError(f"sections {sections} are not what {purchase} was priced on")


def _not_eligible(buyer: Buyer, purchase: Purchase, product: Product, rulebook: Rulebook) -> Refusal | None:
    """Why this card or person can't have the pass (IGP-2, IGP-3, LOC-11, NOR-3, AZF-53)."""
    card = buyer.card
    if card.scheme != rulebook.scheme:
        return Refusal(Code.NOT_ELIGIBLE, "IGP-2", card.scheme)
    if product.named_card and not card.named:
        return Refusal(Code.NOT_ELIGIBLE, product.rule, "named card")
    if card.holder is not purchase.holder or (product.holder and card.holder not in product.holder):
        return Refusal(Code.NOT_ELIGIBLE, "IGP-3", f"card of {card.holder.name}")
    age = product.least_age
    if age is not None and (buyer.birth is None or not has_attained(buyer.birth, age, purchase.first_day)):
        return Refusal(Code.NOT_ELIGIBLE, product.rule, f"{age} or over on {purchase.first_day}")
    return None


def _not_on_sale(order: Order, product: Product) -> Refusal | None:
    """Why the pass is not sold today: too early, or too late, for it is never backdated (GEN-19, LOC-11, AZF-33)."""
    purchase = order.purchase
    window = sale_window(product, purchase.first_day, purchase.service, portal=purchase.portal)
    if isinstance(window, Refusal):
        return window
    first, last = window
    return None if first <= order.sold_on <= last else Refusal(Code.NOT_SOLD, "GEN-19", f"{first} to {last}")


def _not_following(old: Pass | None, order: Order) -> Refusal | None:
    """Why a pass can't follow the one on the card: while that one runs, it begins on the very next day (LOC-11, PRT-5).

    After the end of the old one, a pass begins when the buyer likes.
    """
    if old is None or old.last_day < order.sold_on:
        return None
    next_day = old.last_day + timedelta(days=1)
    if order.purchase.first_day == next_day:
        return None
    return Refusal(Code.NOT_SOLD, "PRT-5" if order.purchase.portal else "LOC-11", f"from {next_day}")


def _pass_to_write(order: Order, quote: _Quote, rulebook: Rulebook) -> Pass | Refusal:
    product, extent, priced = quote
    came_with = _area_with(product.with_area, order, rulebook)
    if isinstance(came_with, Refusal):
        return came_with
    return Pass(
        product=product.number,
        company=order.company,
        first_day=priced.first_day,
        last_day=priced.last_day,
        bearer=product.bearer,
        sections=order.sections,
        area=extent.area or came_with,
        line=extent.line,
    )


def _area_with(name: str | None, order: Order, rulebook: Rulebook) -> int | Refusal:
    """The number of the area that comes with sections from outside it to one of its gates (AZF-51); 0 if none does."""
    area = _area_named(name, rulebook)
    if area is None:
        return 0
    for section in order.sections:
        ends = (section.from_stop, section.to_stop)
        beyond = [name for name in (_stop_name(end, order, area) for end in ends) if name not in area.gates]
        if len(beyond) != 1:
            continue
        if area.stops is None:
            return _not_configured(f"stops of {area.name}")
        if beyond[0] not in area.stops:
            return area.number
    return 0


def _stop_name(stop: int, order: Order, area: Area) -> str:
    if stop not in order.stop_names:
        raise ValueError(f"no name of stop {stop} in the order: it decides whether {area.name} comes with the pass")
    return order.stop_names[stop]


def _area_named(name: str | None, rulebook: Rulebook) -> Area | None:
    return next((area for area in rulebook.areas if area.name == name), None)


def _is_renewal(held: Pass, old: Pass | None) -> bool:
    """Whether a pass is the old one again: the portal sells no other (PRT-5). Its fare may have changed since."""
    return old is not None and _kept(held) == _kept(old)


def _kept(held: Pass) -> tuple[object, ...]:
    return held.product, held.company, held.area, held.line, {_stretch(section) for section in held.sections}


def _stretch(section: Section) -> tuple[int, int] | frozenset[int]:
    """Where a section is good: a two-way one is the same from either end (PASS-1)."""
    ends = (section.from_stop, section.to_stop)
    return ends if section.one_way else frozenset(ends)


def _renewed(purchase: Purchase, old: Pass | None, rulebook: Rulebook) -> str | None:
    """The product that a purchase renews (AZF-40). A pass that ended a year ago or longer is no renewal [D]."""
    if old is None:
        return purchase.renewal_of
    product = rulebook.product(old.product)
    if product is None or old.last_day < months_on(purchase.first_day, -12):
        return None
    return product.name

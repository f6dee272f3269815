"""What the values of an operator file must be to one another: LAWS.

Values that contradict each other are refused like values that are wrong. Each law is a function that gets the values
and says what is wrong with them, or None.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tariff.account import HolderKind
from tariff.auto_charge import caps_fit, in_steps
from tariff.rulebook import ORDINARY, AutoChargeRules, FarePrice, FixedPrice, Luggage, Purse, Term

# -- entries and the ones before them


def _not_again(value: Any, earlier: Sequence[Any]) -> str | None:
    return f"{value} is there already; each once" if value in earlier else None


def _no_shared_beginning(agencies: tuple[str, ...], earlier: Sequence[tuple[str, ...]]) -> str | None:
    taken = tuple(name for names in earlier for name in names)
    for name in agencies:
        if name.startswith(taken) or any(other.startswith(name) for other in taken):
            return f"{name} would be an agency of two companies; make the beginnings differ"
    return None


def _not_hidden(
    routes: tuple[str, ...],
    companies: frozenset[int],
    earlier: Sequence[tuple[str, ...]],
    earlier_companies: Sequence[frozenset[int]],
    numbers: Sequence[int],
) -> str | None:
    """That a route is not of an earlier service on the buses of every company that it is named for."""
    everyone = frozenset(numbers)
    for route in routes:
        before = [held for begun, held in zip(earlier, earlier_companies, strict=True) if route.startswith(begun)]
        if before and (companies or everyone) <= frozenset().union(*(held or everyone for held in before)):
            return f"{route} belongs to an earlier service already; put the longer beginning first"
    return None


# -- names


def _named(what: str) -> Callable[..., str | None]:
    """That every name in a list (or a single one; None is none) is among those of an array."""

    def problem(asked: Any, known: Sequence[str]) -> str | None:
        names = asked if isinstance(asked, tuple | frozenset) else () if asked is None else (asked,)
        missing = sorted(name for name in names if name not in known)
        return f"no [[{what}]] is named {', '.join(missing)}; add it or correct the name" if missing else None

    return problem


def _not_ordinary(name: str) -> str | None:
    return f"{ORDINARY} is the service of all other routes; choose another name" if name == ORDINARY else None


def _of_companies(companies: frozenset[int], numbers: Sequence[int]) -> str | None:
    missing = ", ".join(str(number) for number in sorted(companies - set(numbers)))
    return f"no [[companies]] has the number {missing}; add it or correct the number" if missing else None


# -- riding, purses and topping up


def _not_itself(accepted: frozenset[str], scheme: str) -> str | None:
    return f"{scheme} is the scheme itself; remove it" if scheme in accepted else None


def _can_pay(accepted: frozenset[str], purses: Sequence[Purse]) -> str | None:
    if accepted and Purse.STORED_FARE not in purses:
        return f"other cards pay from {Purse.STORED_FARE}, which is no [[purses]] here; add it or write []"
    return None


def _one_tap_each(alighting_only: tuple[str, ...], boarding_only: tuple[str, ...]) -> str | None:
    for route in alighting_only:
        if route.startswith(boarding_only) or any(other.startswith(route) for other in boarding_only):
            return f"{route} would have neither tap; it is in boarding_only_routes"
    return None


def _all_or_none(*values: Any) -> str | None:
    missing = [value is None for value in values]
    return "state all of the table, or none of it" if any(missing) and not all(missing) else None


def _lower_below_upper(low: int | None, high: int | None) -> str | None:
    above = low is not None and high is not None and low > high
    return f"{low} is above the upper bound {high}" if above else None


def _points_and_purse(earned_percent: int | None, purses: Sequence[Purse]) -> str | None:
    if (earned_percent is None) == (Purse.POINTS not in purses):
        return None
    return f"points need a [[purses]] {Purse.POINTS}, and it needs points; state both or neither"


def _premium_where_sold(percent: int, purse: Purse) -> str | None:
    if percent and purse in (Purse.POINTS, Purse.WELFARE):
        return f"{purse} can't be topped up, so it has no premium; write 0"
    return None


def _whole_premium(percent: int, multiple_yen: int) -> str | None:
    if percent * multiple_yen % 100:
        return f"{percent} % of a top-up of top_up.multiple_yen, {multiple_yen}, is no whole yen"
    return None


def _notes_fit(notes: tuple[int, ...] | None, multiple_yen: int, purses: Sequence[Purse]) -> str | None:
    if notes is None:
        return None
    if Purse.STORED_FARE not in purses:
        return f"notes on the bus go to {Purse.STORED_FARE}, which is no [[purses]] here"
    odd = [str(note) for note in notes if note % multiple_yen]
    return f"{', '.join(odd)} is no multiple of top_up.multiple_yen, {multiple_yen}" if odd else None


def _within_cap(yen: int | None, cap_yen: int) -> str | None:
    return f"{yen} is over stored_fare.cap_yen, {cap_yen}" if yen is not None and yen > cap_yen else None


def _offer_complete(offered: bool, purses: Sequence[Purse], *values: int | None) -> str | None:
    if offered and None in values:
        return "offered, but not all of [auto_charge] is stated"
    if offered and Purse.STORED_FARE not in purses:
        return f"auto-charge adds to {Purse.STORED_FARE}, which is no [[purses]] here"
    return None


def _first_in_steps(yen: int | None, step_yen: int | None, most_yen: int | None) -> str | None:
    if yen is None or step_yen is None or most_yen is None or in_steps(yen, step_yen, most_yen):
        return None
    return f"must be a multiple of {step_yen} up to {most_yen}"


def _first_caps_fit(*values: int | None) -> str | None:
    stated = [yen for yen in values if yen is not None]
    if len(stated) < len(values):
        return None
    day_cap_yen, amount_yen, month_cap_yen, step_yen, most_cap_yen = stated
    if caps_fit(amount_yen, day_cap_yen, month_cap_yen, step_yen, most_cap_yen):
        return None
    return (
        f"must reach first_amount_yen, {amount_yen}, and not pass first_month_cap_yen, {month_cap_yen}; "
        f"both are multiples of {step_yen} up to {most_cap_yen}"
    )


# -- the counter


def _sold_above_deposit(sold_at: tuple[int, ...] | None, deposit_yen: int | None, cap_yen: int) -> str | None:
    if sold_at is None:
        return None
    if deposit_yen is None:
        return "stored fare is the price without the deposit: state counter.deposit_yen too"
    wrong = [str(yen) for yen in sold_at if not 0 <= yen - deposit_yen <= cap_yen]
    return f"{', '.join(wrong)} less the deposit {deposit_yen} is not from 0 to {cap_yen}" if wrong else None


# -- passes


def _gates_inside(gates: frozenset[str], stops: frozenset[str] | None) -> str | None:
    outside = sorted(gates - stops) if stops is not None else []
    return f"{', '.join(outside)} is no stop of the area; add it to stops" if outside else None


def _areas_with_scope(areas: tuple[str, ...], scope: str | None) -> str | None:
    if scope == "area":
        return None if areas else "a pass for an area must name at least one"
    return 'only a pass of scope = "area" names areas; write []' if areas else None


def _line_with_scope(line: str | None, scope: str | None) -> str | None:
    if scope == "line":
        return None if line is not None else "a pass for a line must name it"
    return 'only a pass of scope = "line" names a line; write "none"' if line is not None else None


def _area_comes_with_a_section(with_area: str | None, scope: str | None) -> str | None:
    if with_area is not None and scope != "section":
        return 'an area comes with a section only; write "none"'
    return None


def _has_gates(with_area: str | None, names: Sequence[str], gates: Sequence[frozenset[str]]) -> str | None:
    if any(name == with_area and not stops for name, stops in zip(names, gates, strict=True)):
        return f"area {with_area} has no gates, so it never comes with a section; state them"
    return None


def _only_a_section_has_directions(directions: str, scope: str | None) -> str | None:
    return 'only a section has directions; write "two-way"' if directions != "two-way" and scope != "section" else None


def _named_pass_on_named_card(named_card: bool, bearer: bool) -> str | None:
    return "a named pass needs a named card (PASS-7); write true" if not bearer and not named_card else None


def _holders_sold(holders: frozenset[HolderKind], sold: Sequence[HolderKind]) -> str | None:
    missing = sorted(holders - set(sold)) if sold else []
    names = ", ".join(kind.name.lower().replace("_", "-") for kind in missing)
    return f"no [[card_kinds]] has the holder {names}" if missing else None


def _odd_days_beyond_months(
    odd_days: bool, months: tuple[int, ...], price: FarePrice | FixedPrice | None
) -> str | None:
    if odd_days and not months:
        return "odd days come on top of whole months; state months"
    return (
        "a price by period has none for odd days; write false" if odd_days and isinstance(price, FixedPrice) else None
    )


def _price_of_a_fare(price: FarePrice | FixedPrice | None, scope: str | None, directions: str) -> str | None:
    if not isinstance(price, FarePrice):
        return None
    if scope == "network":
        return 'a pass for the network has no fare to be priced on; use by = "period"'
    if (price.one_way_rides is None) != (directions == "two-way"):
        return f'one_way_rides must be "none" exactly where directions = "two-way"; here it is "{directions}"'
    return None


def _price_of_what_is_sold(
    price: FarePrice | FixedPrice | None, months: tuple[int, ...], portal_months: tuple[int, ...], term: Term | None
) -> str | None:
    sold = sorted({*months, *portal_months})
    if isinstance(price, FixedPrice):
        if term is not None:
            return 'a term is priced off the price of a month; use by = "fare"'
        priced = [months for months, _ in price.yen]
        return f"prices are for {priced} months, but sold are {sold}" if priced != sold else None
    if isinstance(price, FarePrice) and term is None:
        if not sold:
            return "a price, but no period is sold; state months"
        late = [str(months) for months, _ in price.month_percents if months > sold[-1]]
        return f"{', '.join(late)} months in month_percents are more than are sold" if late else None
    return None


def _term_is_the_period(
    term: Term | None, months: tuple[int, ...], portal_months: tuple[int, ...], odd_days: bool
) -> str | None:
    if term is not None and (months or portal_months or odd_days):
        return "a term is the period; write months = [], portal_months = [] and odd_days = false"
    return None


def _term_follows(term: Term | None, names: Sequence[str]) -> str | None:
    if term is None:
        return None
    if bool(term.follows) != bool(term.renewal_percent_off):
        return "renewal_percent_off and follows go together; state both, or 0 and []"
    return _named("products")(term.follows, names)


def _age_of_the_holder(least_age: int | None, bearer: bool) -> str | None:
    return "a bearer pass can't ask for an age" if bearer and least_age is not None else None


def _late_days(late_days: int, late_services: frozenset[str], days: int | None, excluded: frozenset[str]) -> str | None:
    if not late_services:
        return "no late_services, so it must be 0" if late_days else None
    if days is None or late_days >= days:
        return "must be fewer than sold_days_before"
    both = sorted(late_services & excluded)
    return f"{', '.join(both)} is among late_services and excluded_services" if both else None


# -- flat fares, coupons and cards


def _no_class_pays_more(adult_yen: int, child_yen: int, disabled_adult_yen: int, disabled_child_yen: int) -> str | None:
    if (
        child_yen > adult_yen
        or disabled_adult_yen > adult_yen
        or disabled_child_yen > min(child_yen, disabled_adult_yen)
    ):
        return "a child or disabled passenger would pay more than without the discount"
    return None


def _two_way_products(
    two_way_only: bool, products: tuple[str, ...], names: Sequence[str], directions: Sequence[str]
) -> str | None:
    one_way = {name for name, way in zip(names, directions, strict=True) if way == "one-way"}
    never = [name for name in products if name in one_way]
    return f"{', '.join(never)} is sold one-way only, so it never holds" if two_way_only and never else None


def _tickets_or_rides(tickets: tuple[tuple[int, int], ...], rides: int, fares_for_price: int) -> str | None:
    if tickets:
        return (
            "a book of tickets has no rides; write rides = 0 and fares_for_price = 0"
            if rides or fares_for_price
            else None
        )
    if rides and fares_for_price:
        return None
    return "state tickets, or for a book of rides both rides and fares_for_price"


def _priced_where_sold(
    price_yen: int | None, tickets: tuple[tuple[int, int], ...], rides: int, sold: bool
) -> str | None:
    if rides:
        return 'a book of rides is priced by its section; write "none"' if price_yen is not None else None
    if not sold:
        return None
    if price_yen is None or not all(count for _, count in tickets):
        return "a book that is sold has a price, and so many tickets of each face"
    worth_yen = sum(face_yen * count for face_yen, count in tickets)
    return f"its tickets are worth only {worth_yen} yen" if worth_yen < price_yen else None


def _from_before_to(hours: tuple[int, int] | None) -> str | None:
    return "must begin before it ends" if hours is not None and hours[0] >= hours[1] else None


def _surcharge_outside(
    surcharge_yen: int, per_yen: int, hours: tuple[int, int] | None, days: tuple[int, ...]
) -> str | None:
    limited = hours is not None or bool(days)
    if limited != bool(surcharge_yen):
        return "a surcharge is for use outside hours or days: state both, or neither"
    return "surcharge_per_yen without a surcharge; write 0" if per_yen and not surcharge_yen else None


def _expiry_of_a_person(expiry: str, named: str) -> str | None:
    return (
        f"{expiry} comes from the holder's data; the card must be named"
        if expiry != "none" and named != "named"
        else None
    )


# -- all of them


class Law(NamedTuple):
    """What values must be to one another; the first key is where a problem is told.

    The keys of an array are taken entry by entry. One with a `*` stands for the values of all its entries, one with a
    `<` for those of the entries before, as far as they are right.
    """

    keys: tuple[str, ...]
    problem: Callable[..., str | None]


_LUGGAGE = tuple(f"luggage.{field}" for field in Luggage._fields)
_OFFER = tuple(f"auto_charge.{field}" for field in AutoChargeRules._fields)

_ONCE = (
    *("companies.number", "companies.name", "services.name", "purses.name", "areas.number", "areas.name"),
    *("lines.number", "lines.name", "products.number", "products.name", "flat_fares.name", "coupons.name"),
    "card_kinds.name",
)

LAWS = (
    *(Law((key, f"<{key}"), _not_again) for key in _ONCE),
    Law(("companies.agencies", "<companies.agencies"), _no_shared_beginning),
    Law(
        ("services.routes", "services.companies", "<services.routes", "<services.companies", "*companies.number"),
        _not_hidden,
    ),
    Law(("services.companies", "*companies.number"), _of_companies),
    Law(("cards.accepted_schemes", "scheme"), _not_itself),
    Law(("cards.accepted_schemes", "*purses.name"), _can_pay),
    Law(("cards.excluded_services", "*services.name"), _named("services")),
    Law(("party.companions_excluded_services", "*services.name"), _named("services")),
    Law(("taps.alighting_only_routes", "taps.boarding_only_routes"), _one_tap_each),
    Law(_LUGGAGE, _all_or_none),
    Law(("luggage.from_g", "luggage.to_g"), _lower_below_upper),
    Law(("luggage.from_cm3", "luggage.to_cm3"), _lower_below_upper),
    Law(("luggage.from_mm", "luggage.to_mm"), _lower_below_upper),
    Law(("points.earned_percent", "points.lapse_months"), _all_or_none),
    Law(("points.earned_percent", "*purses.name"), _points_and_purse),
    Law(("top_up.bus_notes_yen", "top_up.bus_refused_from_yen"), _all_or_none),
    Law(("top_up.bus_notes_yen", "top_up.multiple_yen", "*purses.name"), _notes_fit),
    Law(("top_up.bus_refused_from_yen", "stored_fare.cap_yen"), _within_cap),
    Law(("auto_charge.offered", "*purses.name", *_OFFER), _offer_complete),
    Law(_OFFER, _all_or_none),
    Law(("auto_charge.first_trigger_yen", "auto_charge.trigger_step_yen", "auto_charge.most_yen"), _first_in_steps),
    Law(("auto_charge.first_amount_yen", "auto_charge.amount_step_yen", "auto_charge.most_yen"), _first_in_steps),
    Law(
        (
            "auto_charge.first_day_cap_yen",
            "auto_charge.first_amount_yen",
            "auto_charge.first_month_cap_yen",
            "auto_charge.amount_step_yen",
            "auto_charge.most_cap_yen",
        ),
        _first_caps_fit,
    ),
    Law(("counter.sold_at_yen", "counter.deposit_yen", "stored_fare.cap_yen"), _sold_above_deposit),
    Law(("counter.card_refund", "counter.card_refund_fee_yen"), _all_or_none),
    Law(("services.name",), _not_ordinary),
    Law(("purses.premium_percent", "purses.name"), _premium_where_sold),
    Law(("purses.premium_percent", "top_up.multiple_yen"), _whole_premium),
    Law(("areas.gates", "areas.stops"), _gates_inside),
    Law(("areas.excluded_services", "*services.name"), _named("services")),
    Law(("products.areas", "products.scope"), _areas_with_scope),
    Law(("products.areas", "*areas.name"), _named("areas")),
    Law(("products.line", "products.scope"), _line_with_scope),
    Law(("products.line", "*lines.name"), _named("lines")),
    Law(("products.with_area", "products.scope"), _area_comes_with_a_section),
    Law(("products.with_area", "*areas.name"), _named("areas")),
    Law(("products.with_area", "*areas.name", "*areas.gates"), _has_gates),
    Law(("products.directions", "products.scope"), _only_a_section_has_directions),
    Law(("products.named_card", "products.bearer"), _named_pass_on_named_card),
    Law(("products.holder", "*card_kinds.holder"), _holders_sold),
    Law(("products.odd_days", "products.months", "products.price"), _odd_days_beyond_months),
    Law(("products.price", "products.scope", "products.directions"), _price_of_a_fare),
    Law(("products.price", "products.months", "products.portal_months", "products.term"), _price_of_what_is_sold),
    Law(("products.term", "products.months", "products.portal_months", "products.odd_days"), _term_is_the_period),
    Law(("products.term", "*products.name"), _term_follows),
    Law(("products.least_age", "products.bearer"), _age_of_the_holder),
    Law(("products.late_services", "*services.name"), _named("services")),
    Law(
        (
            "products.late_days_before",
            "products.late_services",
            "products.sold_days_before",
            "products.excluded_services",
        ),
        _late_days,
    ),
    Law(("products.excluded_services", "*services.name"), _named("services")),
    Law(("flat_fares.products", "*products.name"), _named("products")),
    Law(
        (
            "flat_fares.adult_yen",
            "flat_fares.child_yen",
            "flat_fares.disabled_adult_yen",
            "flat_fares.disabled_child_yen",
        ),
        _no_class_pays_more,
    ),
    Law(
        ("flat_fares.two_way_only", "flat_fares.products", "*products.name", "*products.directions"), _two_way_products
    ),
    Law(("flat_fares.excluded_services", "*services.name"), _named("services")),
    Law(("coupons.tickets", "coupons.rides", "coupons.fares_for_price"), _tickets_or_rides),
    Law(("coupons.price_yen", "coupons.tickets", "coupons.rides", "coupons.sold"), _priced_where_sold),
    Law(("coupons.hours",), _from_before_to),
    Law(("coupons.surcharge_yen", "coupons.surcharge_per_yen", "coupons.hours", "coupons.days"), _surcharge_outside),
    Law(("card_kinds.expiry", "card_kinds.named"), _expiry_of_a_person),
)

"""An operator's rules as values: amounts, rates, dates and scopes of one card scheme, each citing its rule.

`tariff.operator_file` reads them from TOML. None stands for "not configured" (GEN-17): no source states the value, and
what needs it is refused with `Code.NOT_CONFIGURED` until the operator does. The *shape* of a rule is a word of a closed
registry (`excess`, a product's `price`, a kind of card's `expiry`); there are no expressions. Money in whole yen.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tariff.account import HolderKind
from tariff.calendar import Holidays

ORDINARY = "ordinary"
"""The service of a route that no `[[services]]` entry names (GEN-15)."""


class Company(NamedTuple):
    """One company of the scheme. `agencies` are beginnings of the agency names its feeds carry."""

    number: int
    name: str
    agencies: tuple[str, ...]


class ServiceClass(NamedTuple):
    """A kind of service that rules name (GEN-15): its routes, by the beginnings of their names, or by their ids.

    `companies` are numbers of the companies on whose buses it is one (LOC-6); empty: all of them.
    """

    name: str
    routes: tuple[str, ...]
    companies: frozenset[int] = frozenset()


# -- riders


class Luggage(NamedTuple):
    """Bounds of luggage (AZF-2): under each lower bound free, over an upper one not carried, else a child fare."""

    from_g: int
    to_g: int
    from_cm3: int
    to_cm3: int
    from_mm: int
    to_mm: int


class RiderRules(NamedTuple):
    """What share of the adult fare each class pays (GEN-2), and who rides free (AZF-1, AZF-2, AZF-20)."""

    child_percent: int
    disabled_percent: int
    round_up_to_yen: int
    infants_free: int | None
    """Infants that ride free for each rider of primary school or older (AZF-1)."""
    attendants_half: frozenset[str] | None
    """Handbooks whose attendant pays half (AZF-20): words of `tariff.riders.HANDBOOKS`."""
    luggage: Luggage | None


# -- purses


class Purse(StrEnum):
    """A balance on a card. Which of them a scheme has, and their order, is its file's."""

    WELFARE = "welfare-points"
    POINTS = "transport-points"
    STORED_FARE = "stored-fare"
    ECO = "eco"
    STUDENT = "student"
    REGULAR = "regular"


class PurseRules(NamedTuple):
    """One purse, in the order in which purses pay (IGP-5, NOR-10).

    `whole`: it pays when it reaches what is left to pay, else nothing; otherwise it is emptied and the next one pays
    on. `days` of the month on which it pays; empty: every day. `holder_only`: it pays no companion's fare.
    `premium_percent` is added to a top-up of it (NOR-3).
    """

    name: Purse
    rule: str
    whole: bool
    days: tuple[int, ...]
    holder_only: bool
    premium_percent: int


class PointRules(NamedTuple):
    """Transport points (IGP-28, IGP-30): what a ride earns of what stored fare paid, and when points lapse."""

    earned_percent: int
    lapse_months: int


class TopUpRules(NamedTuple):
    """Topping up (GEN-3, LOC-8 to LOC-10). `multiple_yen`: 1 where any amount will do.

    `bus_notes_yen` and `bus_refused_from_yen` are for the note acceptor on the bus; None: not configured.
    """

    multiple_yen: int
    bus_notes_yen: tuple[int, ...] | None
    bus_refused_from_yen: int | None


class AutoChargeRules(NamedTuple):
    """What a member may arrange (AUT-1): steps and the most, in yen; and what is offered at first.

    `most_yen` is that of trigger and amount, `most_cap_yen` that of both caps, which go in steps of the amount.
    """

    trigger_step_yen: int
    amount_step_yen: int
    most_yen: int
    most_cap_yen: int
    first_trigger_yen: int
    first_amount_yen: int
    first_day_cap_yen: int
    first_month_cap_yen: int


# -- passes


class Area(NamedTuple):
    """An area that passes are sold for, or that comes with a section (AZF-51 to AZF-53).

    `stops` are stop names; None: not configured, and a pass for it is not judged. `gates` are the stops that a section
    from outside must reach for the area to come with it (AZF-51). `fare_yen` is what its passes are priced on. On
    `excluded_services` the area counts for nothing; a section that it came with does.
    """

    number: int
    name: str
    rule: str
    fare_yen: int | None
    stops: frozenset[str] | None
    gates: frozenset[str]
    excluded_services: frozenset[str] = frozenset()


class PassLine(NamedTuple):
    """A line that passes are sold for (AZF-54): routes by the beginnings of their names, or by their ids."""

    number: int
    name: str
    rule: str
    fare_yen: int | None
    routes: tuple[str, ...]


class FarePrice(NamedTuple):
    """Price by fare (AZF-31): fare x rides a month x percent, a month; n months are n times that, x percent.

    `month_percents` are (from n months on, percent), ascending; below the first of them 100.
    """

    rides: int
    one_way_rides: int | None
    percent: int
    month_percents: tuple[tuple[int, int], ...]


class FixedPrice(NamedTuple):
    """Price by period alone (AZF-53): (months, yen)."""

    yen: tuple[tuple[int, int], ...]


class Term(NamedTuple):
    """A school term or year (AZF-40), as month and day; a pass for it costs `percent_off` less.

    `follows` are names of the products whose renewal it is; such a renewal is `renewal_percent_off` less again.
    """

    first: tuple[int, int]
    last: tuple[int, int]
    percent_off: int
    renewal_percent_off: int
    follows: tuple[str, ...]


class Product(NamedTuple):
    """A kind of pass. `number` is what the card holds.

    scope       "section", "area", "line" or "network"; None: not configured (NOR-3)
    directions  "two-way", "one-way" or "either" (section passes)
    months      periods sold at the counter; `portal_months` those of the portal (AZF-30); empty: not by months
    odd_days    whether days beyond whole months are sold; then `months` bounds the whole months (AZF-30)
    areas       names of the areas it is sold for; `with_area` is one that may come with a section (AZF-51)
    holder      kinds of card it is sold on (IGP-3); empty: any
    sold_days_before   earliest sale before the first day (GEN-19); on services of `late_services`, `late_days_before`
    """

    number: int
    name: str
    title: str
    rule: str
    scope: str | None
    directions: str
    bearer: bool
    named_card: bool
    months: tuple[int, ...]
    portal_months: tuple[int, ...]
    odd_days: bool
    price: FarePrice | FixedPrice | None
    term: Term | None
    disabled_percent_off: int
    least_age: int | None
    areas: tuple[str, ...]
    line: str | None
    with_area: str | None
    sold_days_before: int | None
    late_services: frozenset[str]
    late_days_before: int
    excluded_services: frozenset[str]
    papers: tuple[str, ...]
    holder: frozenset[HolderKind] = frozenset()


class FlatFare(NamedTuple):
    """A flat fare for pass holders (LOC-13, AZF-60, AZF-61), where it is cheaper than the pass gives (AZF-63).

    `products` are names; `departs_from_s` is the timetabled departure of the trip's first stop from which on it holds;
    `family` whether family riding along pays it too. Yen by class: adult, child, disabled adult, disabled child.
    """

    name: str
    rule: str
    products: tuple[str, ...]
    holidays_only: bool
    departs_from_s: int | None
    two_way_only: bool
    family: bool
    adult_yen: int
    child_yen: int
    disabled_adult_yen: int
    disabled_child_yen: int
    excluded_services: frozenset[str]


# -- paper coupons


class CouponBook(NamedTuple):
    """A book of paper coupons (AZF-10 to AZF-13): (face in yen, tickets) and what it costs.

    price_yen       None has two meanings, told apart by `rides`: with any, a book of rides in one section, priced at
                    `fares_for_price` times its fare (AZF-13); with none, not configured (GEN-17)
    hours_s         when its tickets are at face value (AZF-11), as seconds of the day, both in; None: always
    days            days of the month on which they are (AZF-12); empty: every day
    surcharge_yen   cash on top otherwise, for each `surcharge_per_yen` of face; 0 of it: for each ticket
    most_per_rider  tickets a person may use in one ride
    valid_months    from its issue; None: without end
    """

    name: str
    title: str
    rule: str
    sold: bool
    price_yen: int | None
    tickets: tuple[tuple[int, int], ...]
    fares_for_price: int
    rides: int
    hours_s: tuple[int, int] | None
    days: tuple[int, ...]
    surcharge_yen: int
    surcharge_per_yen: int
    most_per_rider: int | None
    valid_months: int | None


# -- cards and counter


class CardKind(NamedTuple):
    """A kind of card that is sold (LOC-1, IGP-3, NOR-4). `expiry` is a word of `tariff.cards.EXPIRY`."""

    name: str
    title: str
    rule: str
    holder: HolderKind
    named: str
    """"named", "anonymous" or "either"."""
    expiry: str
    papers: tuple[str, ...]


class CounterRules(NamedTuple):
    """What the counter takes and gives back (LOC-4, LOC-16 to LOC-18, IGP-10 to IGP-25, AZF-14, AZF-50).

    `card_refund` is the shape of a refund with return of a card, a word of `tariff.refunds.CARD_REFUNDS`. `procedures`
    are those of `tariff.cards.PROCEDURES` that this operator's rules know.
    """

    deposit_yen: int | None
    sold_at_yen: tuple[int, ...] | None
    card_refund: str | None
    card_refund_fee_yen: int | None
    pass_refund_fee_yen: int | None
    coupon_refund_fee_yen: int | None
    lost_reissue_fee_yen: int | None
    slip_days: int | None
    procedures: frozenset[str] | None = None


class Rulebook(NamedTuple):
    """One operator file: the rules of one card scheme from one day on."""

    scheme: str
    name: str
    effective: date
    digest: bytes
    """SHA-256 of the file's text: it stands in every journal record."""
    companies: tuple[Company, ...]
    services: tuple[ServiceClass, ...]  # GEN-15
    holidays: Holidays  # GEN-20
    stored_fare_cap_yen: int  # GEN-3
    accepted_schemes: frozenset[str]  # GEN-21, IGP-2: other cards taken, for stored fare only
    excluded_services: frozenset[str]  # GEN-15: services on which no card is taken
    holder_only: frozenset[HolderKind]  # GEN-18
    named_holder_only: bool  # GEN-18, IGP-3: named cards pay for their holder alone
    companions_excluded_services: frozenset[str]  # NOR-6
    boarding_only_routes: tuple[str, ...]  # GEN-6: routes with the boarding tap only
    alighting_only_routes: tuple[str, ...]  # GEN-6
    open_ride: str  # GEN-8: "clear" or "refuse"
    guard_s: int  # GEN-9
    mixed_multiple_yen: int  # GEN-10
    riders: RiderRules
    purses: tuple[PurseRules, ...]
    points: PointRules | None  # IGP-28; None: the scheme has none
    top_up: TopUpRules
    auto_charge: bool  # AUT-2: whether the scheme has the arrangement at all
    auto_charge_on_zero_fare: bool  # AUT-5
    auto_charge_offer: AutoChargeRules | None  # AUT-1; None: not offered
    excess: str  # PASS-5: "cheaper" or "separate"
    areas: tuple[Area, ...]
    lines: tuple[PassLine, ...]
    products: tuple[Product, ...]
    flat_fares: tuple[FlatFare, ...]
    coupon_books: tuple[CouponBook, ...]
    card_kinds: tuple[CardKind, ...]
    counter: CounterRules

    def __repr__(self) -> str:
        """Its name and day: the whole would fill pages of a failed test."""
        return f"<rulebook {self.scheme} {self.effective}>"

    def company_of(self, agency_name: str) -> Company | None:
        """The company whose feeds carry this agency name; None if the scheme doesn't know it."""
        for company in self.companies:
            if agency_name.startswith(company.agencies):
                return company
        return None

    def service_of(self, company: int, route_id: str, route_name: str) -> str:
        """The service of a route on a company's buses: of the first entry that names both, else ORDINARY (GEN-15)."""
        for service in self.services:
            named = route_id in service.routes or route_name.startswith(service.routes)
            if named and (not service.companies or company in service.companies):
                return service.name
        return ORDINARY

    def product(self, number: int) -> Product | None:
        """The product of a pass on a card, by its number; None if the file has no such product."""
        return next((product for product in self.products if product.number == number), None)

    def product_named(self, name: str) -> Product | None:
        """The product of a name; None if the file has no such product."""
        return next((product for product in self.products if product.name == name), None)

    def area(self, number: int) -> Area | None:
        """The area of a number; None if the file has no such area."""
        return next((area for area in self.areas if area.number == number), None)

    def line(self, number: int) -> PassLine | None:
        """The line of a number; None if the file has no such line."""
        return next((line for line in self.lines if line.number == number), None)

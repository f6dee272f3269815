"""Quotes: a request as a value of JSON in, the answer out. One line of a batch and one command line are the same.

    Desk(operators, feed, register).answer(request) -> the answer; raises BadLine

The kinds are those of tools/tariff/quote.schema.json; each is one function here, and a call of `tariff`.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from farebox.feed import Feed, UnknownRoute
from farebox.feed.operators import OperatorFault, Operators
from tariff.account import Account, HolderKind, Pass, Section
from tariff.cards import Applicant, CardSale, sell_card
from tariff.coupons import CouponPayment, CouponRide, Tickets, book_price, pay_with_coupons, refund_book
from tariff.due import Ride
from tariff.lines import Line, Word
from tariff.products import Buyer, Order, Price, Purchase, pass_of, price, sale_window, sell
from tariff.purses import Payment, ToppedUp, balance_yen, top_up
from tariff.refunds import Refund, Reissue, refund_both, refund_card, refund_pass, reissue
from tariff.refusal import Code, Refusal
from tariff.rulebook import CouponBook, Product, Purse, Rulebook
from tariff.settle import Settlement, settle
from tools.near import near
from tools.tariff.places import Asked, FeedStops, OwnStops, Place, end_of, feed_place, own_place, own_table
from tools.tariff.quote_json import VERSION, BadLine, Json
from tools.tariff.quote_values import (
    HOLDERS,
    Field,
    Stops,
    account_of,
    area_of,
    book_of,
    party_of,
    product_of,
    service_of,
    what_is,
)

NOON_S = 12 * 3_600
"""When a trip leaves its first stop, if nobody says: after 10:00, from which on AZF-60 holds."""


class Desk(NamedTuple):
    """What requests are answered from: operator files, and a feed for those that name a route."""

    operators: Operators
    feed: Feed | None

    def answer(self, request: Json) -> Json:
        """The answer to a checked request; raises BadLine for what the schema can't tell."""
        field = Field(request, "$")
        head = {"version": VERSION, "id": request["id"], "kind": request["kind"], "simulated": True}
        rulebook = self._rulebook(field)
        whose = {"operator": rulebook.scheme, "effective": rulebook.effective.isoformat()}
        return head | whose | _KINDS[request["kind"]](field, rulebook, self.feed)

    def _rulebook(self, request: Field) -> Rulebook:
        """The rules of the operator on the day that the request is about (GEN-5)."""
        named = next(name for name in ("day", "sold_on", "first_day") if name in request.values)
        try:
            return self.operators.on(request.values["operator"], request.the_day(named))
        except OperatorFault as fault:
            raise BadLine(request.at("operator"), str(fault)) from None


_Kind = Callable[[Field, Rulebook, Feed | None], Json]


# -- rides


def _ride(request: Field, rulebook: Rulebook, feed: Feed | None) -> Json:
    ride, stops = _ride_of(request, rulebook, feed)
    card = request.inner("card")
    assert card
    account = account_of(card, stops, rulebook)
    party = party_of(request.inner("party"), ride.day)
    payment = Payment(request.values.get("payment", "card"))
    settled = settle(ride, account, party, rulebook, payment)
    where = {"ride": _where(ride)}
    return where | (refused(settled) if isinstance(settled, Refusal) else settled_json(settled, rulebook))


def _ride_of(request: Field, rulebook: Rulebook, feed: Feed | None) -> tuple[Ride, Stops]:
    day = request.the_day("day")
    alighted_on = request.day("alighted_on") or day
    if alighted_on < day:
        raise BadLine(request.at("alighted_on"), f"{alighted_on} is before {day}, the day of boarding")
    fares = request.inner("fares")
    stops: Stops
    if fares:
        table = own_table(fares)
        place, stops = own_place(table, end_of(request, "from"), end_of(request, "to")), OwnStops(table)
        company, service = fares.values.get("company", 0), service_of(fares, rulebook)
    else:
        place, stops = _feed_place(request, feed, day), FeedStops(_needed(feed, request))
        company = _company(place, rulebook, feed)
        service = _service(place, company, rulebook)
    trip = place.trip
    scheduled_s = trip.departs_s if trip and "trip" in request.values else NOON_S
    ride = Ride(
        table=place.table,
        company=company,
        trip_number=trip.number if trip else 1,
        boarded=place.boarded,
        alighted=place.alighted,
        day=day,
        alighted_on=alighted_on,
        service=service,
        departs_s=request.clock_s("departs", scheduled_s),
    )
    return ride, stops


def _needed(feed: Feed | None, request: Field) -> Feed:
    if feed is None:
        raise BadLine(request.at("route"), "names a route, and there is no --feed")
    return feed


def _feed_place(request: Field, feed: Feed | None, day: date) -> Place:
    given = request.values
    known = _needed(feed, request)
    try:
        routes = known.routes_called(given["route"])
    except UnknownRoute as fault:
        raise BadLine(request.at("route"), str(fault)) from None
    asked = Asked(day, given.get("trip"), request.clock_s("departs", -1), request.path)
    return feed_place(known, routes, end_of(request, "from"), end_of(request, "to"), asked)


def _company(place: Place, rulebook: Rulebook, feed: Feed | None) -> int:
    """Whose bus it is (PASS-8); the first company's, where the rules are another operator's than the feed's."""
    assert place.route and feed
    agency = feed.agencies.get(place.route.agency_id, place.route.agency_id)
    company = rulebook.company_of(agency) or rulebook.companies[0]
    return company.number


def _service(place: Place, company: int, rulebook: Rulebook) -> str:
    assert place.route
    return rulebook.service_of(company, place.route.route_id, place.route.name)


def _where(ride: Ride) -> Json:
    names = ride.table.pattern.stop_names
    return {
        "route": ride.table.pattern.route_name or ride.table.pattern.route_id,
        "from": names[ride.boarded],
        "to": names[ride.alighted],
        "from_place": ride.boarded,
        "to_place": ride.alighted,
        "day": ride.day.isoformat(),
        "departs": clock(ride.departs_s),
        "service": ride.service,
        "company": ride.company,
        "adult_fare_yen": ride.table.fare_yen(ride.boarded, ride.alighted)
        if ride.table.has_fare(ride.boarded, ride.alighted)
        else None,
    }


def settled_json(settled: Settlement, rulebook: Rulebook) -> Json:
    """A settlement."""
    return {
        "due_yen": settled.due_yen,
        "paid": {"purses": {str(purse): yen for purse, yen in settled.paid.purses}, "cash_yen": settled.cash_yen},
        "auto_charged_yen": settled.auto_charged_yen,
        "earned_points": settled.earned_points,
        "lines": [
            {"rule": line.rule, "word": str(line.word), "yen": line.yen, "detail": line.detail}
            | ({"than_yen": line.than_yen} if line.than_yen else {})
            | _flat_fare(line, rulebook)
            for line in settled.lines
        ],
        "before": purses_json(settled.before, rulebook),
        "after": purses_json(settled.after, rulebook),
    }


def _flat_fare(line: Line, rulebook: Rulebook) -> Json:
    """The name of the flat fare that a line is at: the holder's, or the family's (LOC-13, AZF-60, AZF-61)."""
    names = [flat.name for flat in rulebook.flat_fares if flat.rule == line.rule]
    return {"flat_fare": names[0]} if names and line.word in (Word.FLAT_FARE, Word.FAMILY) else {}


def purses_json(account: Account, rulebook: Rulebook) -> dict[str, int]:
    """What each purse of the scheme holds."""
    return {str(rules.name): balance_yen(account, rules.name) for rules in rulebook.purses}


def refused(refusal: Refusal) -> Json:
    """A refusal."""
    short = {"due_yen": refusal.due_yen, "short_yen": refusal.short_yen} if refusal.short_yen else {}
    return {"refusal": {"code": str(refusal.code), "rule": refusal.rule, "detail": refusal.detail} | short}


def clock(at_s: int) -> str:
    """A time of the service day as HH:MM, with seconds where it has any."""
    seconds = f":{at_s % 60:02}" if at_s % 60 else ""
    return f"{at_s // 3_600:02}:{at_s // 60 % 60:02}{seconds}"


# -- prices


def _price(request: Field, rulebook: Rulebook, feed: Feed | None) -> Json:
    given = request.values
    fare_yen = _fare_yen(request, feed)
    if "book" in given:
        book = book_of(request, rulebook)
        _check_fare(request, fare_yen, f"{book.name} is a book for a section" if book.rides else "", book.name)
        cost = book_price(book.name, fare_yen or 0, rulebook)
        return refused(cost) if isinstance(cost, Refusal) else {"due_yen": cost, "lines": _book_lines(book, fare_yen)}
    product = product_of(given["product"], request.at("product"), rulebook)
    area = _checked(request, product, fare_yen, rulebook)
    purchase = Purchase(
        product=product.name,
        first_day=request.the_day("first_day"),
        months=given.get("months"),
        last_day=request.day("last_day"),
        fare_yen=fare_yen,
        one_way=given.get("one_way", False),
        area=area,
        holder=HOLDERS[given.get("holder", "adult")],
        service=service_of(request, rulebook),
        renewal_of=given.get("renewal_of"),
        portal=given.get("portal", False),
    )
    priced = price(purchase, rulebook)
    if isinstance(priced, Refusal):
        return refused(priced)
    window = sale_window(product, purchase.first_day, purchase.service, portal=purchase.portal)
    sold = {} if isinstance(window, Refusal) else {"sold_from": str(window[0]), "sold_to": str(window[1])}
    return price_json(priced) | sold | _sold(request, purchase, product.named_card, rulebook)


def _checked(request: Field, product: Product, fare_yen: int | None, rulebook: Rulebook) -> str | None:
    """The area that a pass is priced for, if any; BadLine for a request that says too little, or contradicts itself."""
    given = request.values
    if "area" in given and product.scope in ("section", "line", "network"):
        raise BadLine(request.at("area"), f"{what_is(product)}; it is priced for no area")
    area = area_of(request, product)
    if product.scope is not None:
        _check_fare(request, fare_yen, what_is(product) if product.scope == "section" else "", what_is(product))
    if "months" in given and "last_day" in given:
        raise BadLine(request.at("months"), "together with last_day; give one of the two")
    first_day, last_day = request.the_day("first_day"), request.day("last_day")
    if last_day is not None and last_day < first_day:
        raise BadLine(request.at("last_day"), f"{last_day} is before {first_day}")
    if product.term is None and product.price and not {"months", "last_day"} & given.keys():
        raise BadLine(request.at("months"), f"is missing, and last_day too: how long is {product.name} to be?")
    if "renewal_of" in given:
        product_of(given["renewal_of"], request.at("renewal_of"), rulebook)
    return area


def _check_fare(request: Field, fare_yen: int | None, priced_on_it: str, what: str) -> None:
    """A fare where something is priced on one (`priced_on_it` says why), and none where it isn't."""
    if priced_on_it and fare_yen is None:
        raise BadLine(request.at("fare_yen"), f"is missing: {priced_on_it}")
    if not priced_on_it and fare_yen is not None:
        raise BadLine(request.at("fare_yen"), f"{what}: its price does not depend on a fare")


_OLD_ENOUGH = date(1900, 1, 1)
"""A date of birth for a buyer of whom none is said, while nobody asks whether the pass is sold."""


def _sold(request: Field, purchase: Purchase, named: bool, rulebook: Rulebook) -> Json:
    """Whether it is sold to this person on a card that suits it; with `sold_on`, whether on that day.

    If it is, and there are any: the deposit on a new card (LOC-5), and the name of the area that comes with the
    section (AZF-51).
    """
    on_a_day = "sold_on" in request.values
    sections = (Section(1, 2, purchase.one_way, purchase.fare_yen),) if purchase.fare_yen else ()
    ends = {1: request.values.get("from", ""), 2: request.values.get("to", "")}
    order = Order(purchase, request.day("sold_on") or purchase.first_day, 0, sections, ends)
    is_named = named or purchase.holder is not HolderKind.ADULT
    old = _renewed(order, rulebook) if purchase.portal else None
    card = Account(rulebook.scheme, 0, purchase.holder, is_named, held_pass=old)
    birth = request.day("born") or (None if on_a_day else _OLD_ENOUGH)
    sale = sell(order, Buyer(card, birth, request.values.get("new_card", False)), rulebook)
    if isinstance(sale, Refusal):
        return refused(sale) | {"due_yen": None} if on_a_day or sale.code is Code.NOT_ELIGIBLE else {}
    if not on_a_day:
        return {}
    came_with = rulebook.area(sale.held.area) if purchase.area is None else None
    deposit = {"deposit_yen": sale.deposit_yen} if sale.deposit_yen else {}
    return deposit | ({"with_area": came_with.name} if came_with else {})


def _renewed(order: Order, rulebook: Rulebook) -> Pass | None:
    """The pass that the portal renews, for it sells no other (PRT-5): the same, until the day before."""
    same = pass_of(order, rulebook)
    if isinstance(same, Refusal):
        return None
    ended = order.purchase.first_day - timedelta(days=1)
    return same._replace(first_day=ended, last_day=ended)


def _fare_yen(request: Field, feed: Feed | None) -> int | None:
    """The fare that something is priced on: as given, or the route's between the two stops, the highest (PASS-1)."""
    given = request.values
    ends = [name for name in ("route", "from", "to") if name in given]
    if not ends:
        fare_yen: int | None = given.get("fare_yen")
        return fare_yen
    if "fare_yen" in given or len(ends) < 3:
        raise BadLine("$", "give fare_yen, or route, from and to")
    day = next(name for name in ("first_day", "day") if name in given)
    place = _feed_place(request, feed, request.the_day(day))
    if not place.table.has_fare(place.boarded, place.alighted):
        raise BadLine("$.route", f"no fare from {given['from']} to {given['to']} (GEN-4)")
    return place.table.fare_yen(place.boarded, place.alighted) or None


def price_json(priced: Price) -> Json:
    """A price with its steps."""
    return {
        "due_yen": priced.yen,
        "first_day": priced.first_day.isoformat(),
        "last_day": priced.last_day.isoformat(),
        "lines": [{"rule": line.rule, "word": str(line.step), "yen": line.yen} for line in priced.lines],
    }


# -- refunds


def _refund(request: Field, rulebook: Rulebook, _feed: Feed | None) -> Json:
    given = request.values
    if given["what"] == "coupons":
        return _refund_book(request, rulebook)
    card = request.inner("card")
    assert card
    account = account_of(card, OwnStops(), rulebook, whole=given["what"] != "card")
    day = request.the_day("day")
    if given["what"] == "card":
        back = refund_card(account, day, rulebook)
    else:
        back = (refund_pass if given["what"] == "pass" else refund_both)(account, given["paid_yen"], day, rulebook)
    return refused(back) if isinstance(back, Refusal) else _refund_json(back)


def _refund_json(back: Refund) -> Json:
    return {
        "refund_yen": back.yen,
        "lines": [{"rule": line.rule, "word": str(line.item), "yen": line.yen} for line in back.lines],
        "points_lapsed": back.points_lapsed,
    }


def _refund_book(request: Field, rulebook: Rulebook) -> Json:
    given = request.values
    book, fare_yen = book_of(request, rulebook), given.get("fare_yen")
    _check_fare(request, fare_yen, f"{book.name} is a book for a section" if book.rides else "", book.name)
    used = tuple((one["face_yen"], one["tickets"]) for one in given["used"])
    yen = refund_book(book.name, used, fare_yen or 0, rulebook)
    if isinstance(yen, Refusal):
        return refused(yen)
    lines = _book_lines(book, fare_yen)[-1:]
    faces_yen = sum(face_yen * tickets for face_yen, tickets in used)
    for word, less_yen in (("coupons-used", faces_yen), ("fee", rulebook.counter.coupon_refund_fee_yen)):
        if less_yen:
            lines.append({"rule": "AZF-14", "word": word, "yen": -less_yen})
    return {"refund_yen": yen, "lines": lines}


def _book_lines(book: CouponBook, fare_yen: int | None) -> list[Json]:
    """What a book costs and, of one for a section, the fare that it is priced on (AZF-10, AZF-13)."""
    if book.rides:
        yen = book.fares_for_price * (fare_yen or 0)
        fare = [{"rule": book.rule, "word": "fare", "yen": fare_yen}]
        return [*fare, {"rule": book.rule, "word": "book-price", "yen": yen}]
    return [{"rule": book.rule, "word": "book-price", "yen": book.price_yen}]


# -- paper coupons


def _coupons(request: Field, rulebook: Rulebook, _feed: Feed | None) -> Json:
    given = request.values
    scheduled_s = request.clock_s("scheduled", 0)
    ride = CouponRide(request.the_day("day"), scheduled_s, request.clock_s("actual", scheduled_s))
    tickets = tuple(
        Tickets(
            book=book_of(one, rulebook).name,
            face_yen=one.values.get("face_yen", 0),
            number=one.values["number"],
            issued=one.day("issued"),
            in_section=one.values.get("in_section", True),
        )
        for one in request.each("tickets")
    )
    paid = pay_with_coupons(tuple(given["fares_yen"]), tickets, ride, rulebook)
    return refused(paid) if isinstance(paid, Refusal) else _coupons_json(paid)


def _coupons_json(paid: CouponPayment) -> Json:
    return {
        "due_yen": paid.due_yen,
        "face_yen": paid.face_yen,
        "lost_yen": paid.lost_yen,
        "surcharge_yen": paid.surcharge_yen,
        "paid": {"purses": {}, "cash_yen": paid.cash_yen},
        "lines": [
            {"rule": line.rule, "word": str(line.word), "yen": line.yen}
            | ({"detail": f"{line.book} ×{line.tickets}"} if line.book else {})
            for line in paid.lines
        ],
    }


# -- cards


def _card(request: Field, rulebook: Rulebook, _feed: Feed | None) -> Json:
    return _ACTIONS[request.values["action"]](request, rulebook)


def _sell(request: Field, rulebook: Rulebook) -> Json:
    given = request.values
    names = {kind.name: kind for kind in rulebook.card_kinds}
    kind = names.get(given["card_kind"])
    if kind is None:
        raise BadLine(request.at("card_kind"), f"no kind {given['card_kind']}; {near(given['card_kind'], names)}")
    applicant = Applicant(request.the_day("day"), request.day("born"), request.day("handbook_ends"))
    named = given.get("named", kind.named != "anonymous")
    sale = sell_card(kind.name, given["price_yen"], applicant, rulebook, named=named)
    return refused(sale) if isinstance(sale, Refusal) else _sale_json(sale)


def _sale_json(sale: CardSale) -> Json:
    return {
        "due_yen": sale.stored_fare_yen + sale.deposit_yen,
        "deposit_yen": sale.deposit_yen,
        "expires": sale.expires.isoformat() if sale.expires else None,
        "after": {str(Purse.STORED_FARE): sale.stored_fare_yen},
    }


def _top_up(request: Field, rulebook: Rulebook) -> Json:
    card = request.inner("card")
    assert card
    account = account_of(card, OwnStops(), rulebook, whole=False)
    added = top_up(
        account, Purse(request.values["purse"]), request.values["paid_yen"], request.the_day("day"), rulebook
    )
    return refused(added) if isinstance(added, Refusal) else _topped_up_json(added, rulebook)


def _topped_up_json(added: ToppedUp, rulebook: Rulebook) -> Json:
    return {"due_yen": added.paid_yen, "added_yen": added.added_yen, "after": purses_json(added.after, rulebook)}


def _reissue(request: Field, rulebook: Rulebook) -> Json:
    card = request.inner("card")
    assert card
    account = account_of(card, OwnStops(), rulebook, whole=False)
    why = Reissue(request.values["why"])
    fee = reissue(account, why, request.the_day("applied_on"), request.the_day("day"), rulebook)
    if isinstance(fee, Refusal):
        return refused(fee)
    return {"due_yen": fee.fee_yen + fee.deposit_yen, "fee_yen": fee.fee_yen, "deposit_yen": fee.deposit_yen}


_ACTIONS: Mapping[str, Callable[[Field, Rulebook], Json]] = {"sell": _sell, "top-up": _top_up, "reissue": _reissue}
_KINDS: Mapping[str, _Kind] = {
    "ride": _ride,
    "price": _price,
    "refund": _refund,
    "coupons": _coupons,
    "card": _card,
}

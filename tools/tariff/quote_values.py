"""A checked request of a batch -> values of `tariff`: cards, passes, parties, days.

What the schema can't say is said here, with BadLine and the path of the field: days that are none, names that the
operator file does not have, purses that no card of the scheme has, passes that are not what their product is.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, Protocol, TypeVar

from tariff.account import Account, AutoCharge, AutoCharged, Coupons, HolderKind, Pass, Points, Section
from tariff.auto_charge import check_arrangement
from tariff.purses import balance_yen, money_yen
from tariff.riders import CLASS_OF_HOLDER, Attendant, Handbook, Party, Piece, RiderClass, rider_class
from tariff.rulebook import ORDINARY, CouponBook, Product, Purse, Rulebook
from tools.near import near
from tools.tariff.quote_json import BadLine, Json

HOLDERS = {str(CLASS_OF_HOLDER[kind]): kind for kind in HolderKind}


class Stops(Protocol):
    """What passes need of the stops of a feed or a table."""

    def number(self, name: str, path: str) -> int:
        """The number of a stop's name; raises BadLine."""

    def highest_fare_yen(self, start: str, end: str, path: str) -> int:
        """The highest fare between two stops, either way; raises BadLine."""


class Field(NamedTuple):
    """An object of a request and its path."""

    values: Json
    path: str

    def at(self, name: str) -> str:
        """The path of a field of it."""
        return f"{self.path}.{name}"

    def inner(self, name: str) -> "Field | None":
        """The object in a field of it; None if there is none."""
        return Field(self.values[name], self.at(name)) if name in self.values else None

    def each(self, name: str) -> "Iterable[Field]":
        """The objects in a field of it."""
        return [Field(one, f"{self.at(name)}[{index}]") for index, one in enumerate(self.values.get(name, ()))]

    def day(self, name: str) -> date | None:
        """The day in a field of it; None if there is none. Raises BadLine for 30 February."""
        return day_of(self.values[name], self.at(name)) if name in self.values else None

    def the_day(self, name: str) -> date:
        """The day in a field that the schema asks for."""
        return day_of(self.values[name], self.at(name))

    def clock_s(self, name: str, default_s: int) -> int:
        """A time of day in seconds."""
        if name not in self.values:
            return default_s
        hours, minutes, *seconds = map(int, self.values[name].split(":"))
        return hours * 3_600 + minutes * 60 + sum(seconds)


def day_of(text: str, path: str) -> date:
    """A day; raises BadLine if the calendar has none such."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadLine(path, f"{text} is no day of the calendar") from None


def account_of(card: Field, stops: Stops, rulebook: Rulebook, *, whole: bool = True) -> Account:
    """The card; `whole`: as `pass_of`. Another scheme's card holds what it may: its rules are not these."""
    given = card.values
    holder = HOLDERS[given.get("holder", "adult")]
    held = card.inner("pass")
    held_pass = pass_of(held, stops, rulebook, whole=whole) if held else None
    coupons, points, charge = (card.inner(name) for name in ("coupons", "points", "auto_charge"))
    charged = charge.inner("charged") if charge else None
    account = Account(
        scheme=given.get("scheme", rulebook.scheme),
        stored_fare_yen=given.get("stored_fare_yen", 0),
        holder=holder,
        named=given.get("named", holder is not HolderKind.ADULT or (held_pass is not None and not held_pass.bearer)),
        expires=card.day("expires"),
        held_pass=held_pass,
        auto_charge=AutoCharge(*(charge.values[f"{name}_yen"] for name in _ARRANGED)) if charge else None,
        auto_charged=AutoCharged(charged.the_day("day"), charged.values["day_yen"], charged.values["month_yen"])
        if charged
        else None,
        coupons=Coupons(*(coupons.values.get(f"{name}_yen", 0) for name in _PURSES)) if coupons else None,
        points=Points(points.values["points"], points.the_day("last_day")) if points else None,
        welfare_points=given.get("welfare_points", 0),
    )
    if account.scheme == rulebook.scheme:
        _check_purses(card, account, rulebook)
        _check_auto_charge(card, account, rulebook)
    return account


_FIELDS = {
    Purse.STORED_FARE: "stored_fare_yen",
    Purse.POINTS: "points",
    Purse.WELFARE: "welfare_points",
    Purse.REGULAR: "coupons.regular_yen",
    Purse.STUDENT: "coupons.student_yen",
    Purse.ECO: "coupons.eco_yen",
}


def _check_purses(card: Field, account: Account, rulebook: Rulebook) -> None:
    """What is in purses of the scheme, within the cap (GEN-3)."""
    known = [rules.name for rules in rulebook.purses]
    for purse, name in _FIELDS.items():
        if purse not in known and balance_yen(account, purse):
            has = ", ".join(known)
            raise BadLine(card.at(name), f"a card of {rulebook.name} has no such purse; it has {has}")
    if money_yen(account) > rulebook.stored_fare_cap_yen:
        fullest = max((purse for purse in known if purse in _MONEY), key=lambda purse: balance_yen(account, purse))
        cap = f"a card of {rulebook.name} holds at most {rulebook.stored_fare_cap_yen} (GEN-3)"
        raise BadLine(card.at(_FIELDS[fullest]), f"{money_yen(account)} yen on the card; {cap}")


_MONEY = frozenset({Purse.STORED_FARE, Purse.REGULAR, Purse.STUDENT, Purse.ECO})


def _check_auto_charge(card: Field, account: Account, rulebook: Rulebook) -> None:
    """What a member may arrange (AUT-1), of a scheme that has the arrangement (AUT-2)."""
    if account.auto_charge is None:
        return
    if not rulebook.auto_charge:
        raise BadLine(card.at("auto_charge"), f"{rulebook.name} has no auto-charge (AUT-2)")
    refusal = check_arrangement(account.auto_charge, rulebook)
    if refusal:
        raise BadLine(card.at("auto_charge"), f"{refusal.detail} ({refusal.rule})")


_ARRANGED = ("trigger", "amount", "day_cap", "month_cap")
_PURSES = ("regular", "student", "eco")


def product_of(name: str, path: str, rulebook: Rulebook) -> Product:
    """The product of a name; raises BadLine with what is near."""
    return _named(name, path, rulebook.products, "product")


def service_of(field: Field, rulebook: Rulebook) -> str:
    """The service in a field, which the operator file names (GEN-15); raises BadLine with what is near."""
    name: str = field.values.get("service", ORDINARY)
    known = [ORDINARY, *(service.name for service in rulebook.services)]
    if name not in known:
        raise BadLine(field.at("service"), f"no service {name}; {near(name, known)}")
    return name


def book_of(field: Field, rulebook: Rulebook) -> CouponBook:
    """The book of coupons in a field; raises BadLine with what is near."""
    return _named(field.values["book"], field.at("book"), rulebook.coupon_books, "book")


_A_PASS_FOR = {"section": "a pass for sections", "area": "an area pass", "line": "a line pass", "network": "for all"}


def what_is(product: Product) -> str:
    """A product and what its passes are for, as errors say it."""
    return f"{product.name} is {_A_PASS_FOR[product.scope or 'network']}"


def pass_of(held: Field, stops: Stops, rulebook: Rulebook, *, whole: bool = True) -> Pass:
    """The pass on the card: what it is for is its product's, and its sections' fares, if not given, are the stops'.

    `whole`: where it is good is asked, so sections or an area may not be missing. Raises BadLine for a pass that its
    product is not (PASS-1, AZF-51 to AZF-54).
    """
    given = held.values
    product = product_of(given["product"], held.at("product"), rulebook)
    first_day, last_day = held.the_day("first_day"), held.the_day("last_day")
    if last_day < first_day:
        raise BadLine(held.at("last_day"), f"{last_day} is before {first_day}")
    sections = held.each("sections")
    if product.scope in ("area", "line", "network") and sections:
        raise BadLine(held.at("sections"), f"{what_is(product)}, not for sections")
    if whole and product.scope == "section" and not sections:
        raise BadLine(held.at("sections"), f"is missing: {what_is(product)}")
    area = area_of(held, product, whole=whole)
    line = given.get("line", product.line)
    if line is not None and line != product.line:
        known = [product.line] if product.line else []
        raise BadLine(held.at("line"), f"no line {line} with {product.name}; {near(line, known)}")
    return Pass(
        product=product.number,
        company=given.get("company", 0),
        first_day=first_day,
        last_day=last_day,
        bearer=product.bearer,
        sections=tuple(_section(section, product, stops) for section in sections),
        area=_named(area, held.at("area"), rulebook.areas, "area").number if area else 0,
        line=_named(line, held.at("line"), rulebook.lines, "line").number if line else 0,
    )


def area_of(field: Field, product: Product, *, whole: bool = True) -> str | None:
    """The area in a field, one of the product's (AZF-52); the only one need not be named. Raises BadLine.

    On a pass for sections it is the one that came with them (AZF-51).
    """
    named: str | None = field.values.get("area")
    known = product.areas if product.scope == "area" else (product.with_area,) if product.with_area else ()
    if named is not None and named not in known:
        raise BadLine(field.at("area"), f"no area {named} with {product.name}; {near(named, known)}")
    if named is None and product.scope == "area":
        if len(product.areas) == 1:
            return product.areas[0]
        if whole:
            raise BadLine(field.at("area"), f"is missing: {what_is(product)}, for {', '.join(product.areas)}")
    return named


def _section(section: Field, product: Product, stops: Stops) -> Section:
    given = section.values
    direction = "one-way" if given.get("one_way", False) else "two-way"
    if product.directions not in (direction, "either"):
        raise BadLine(section.at("one_way"), f"{product.name} is {product.directions} only")
    fare_yen = given.get("fare_yen")
    return Section(
        from_stop=stops.number(given["from"], section.at("from")),
        to_stop=stops.number(given["to"], section.at("to")),
        one_way=given.get("one_way", False),
        priced_fare_yen=stops.highest_fare_yen(given["from"], given["to"], section.path)
        if fare_yen is None
        else fare_yen,
    )


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_One = TypeVar("_One", bound=_Named)


def _named(name: str, path: str, known: Iterable[_One], what: str) -> _One:
    found = {one.name: one for one in known}
    if name not in found:
        raise BadLine(path, f"no {what} {name}; {near(name, found)}")
    return found[name]


def party_of(party: Field | None, day: date) -> Party:
    """Those who ride, by class or, where dates of birth are given, by age on the day (AZF-1)."""
    if party is None:
        return Party()
    given = party.values
    if "holder" in given and "holder_born" in given:
        raise BadLine(party.at("holder_born"), "together with holder; give one of the two")
    holder = RiderClass(given["holder"]) if "holder" in given else None
    return Party(
        holder=_class_of(given["holder_born"], party.at("holder_born"), day) if "holder_born" in given else holder,
        companions=_riders(party, "companions", day),
        family=_riders(party, "family", day),
        attendants=tuple(
            Attendant(Handbook(one["handbook"]), one.get("of_child", False)) for one in given.get("attendants", ())
        ),
        luggage=tuple(Piece(**piece) for piece in given.get("luggage", ())),
    )


def _riders(party: Field, name: str, day: date) -> tuple[RiderClass, ...]:
    births = enumerate(party.values.get(f"{name}_born", ()))
    by_age = (_class_of(born, f"{party.at(name)}_born[{index}]", day) for index, born in births)
    return (*(RiderClass(one) for one in party.values.get(name, ())), *by_age)


def _class_of(born: str, path: str, day: date) -> RiderClass:
    birth = day_of(born, path)
    if birth > day:
        raise BadLine(path, f"{birth} is after the ride on {day}")
    return rider_class(birth, day)

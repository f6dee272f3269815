"""A checked request of a batch -> values of `tariff`: cards, passes, parties, days.

What the schema can't say is said here, with BadLine and the path of the field: days that are none, names that the
operator file does not have.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, Protocol, TypeVar

from tariff.account import Account, AutoCharge, AutoCharged, Coupons, HolderKind, Pass, Points, Section
from tariff.riders import CLASS_OF_HOLDER, Attendant, Handbook, Party, Piece, RiderClass, rider_class
from tariff.rulebook import Product, Rulebook
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


def account_of(card: Field, stops: Stops, rulebook: Rulebook) -> Account:
    """The card."""
    given = card.values
    holder = HOLDERS[given.get("holder", "adult")]
    held = card.inner("pass")
    held_pass = pass_of(held, stops, rulebook) if held else None
    coupons, points, charge = (card.inner(name) for name in ("coupons", "points", "auto_charge"))
    charged = charge.inner("charged") if charge else None
    return Account(
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


_ARRANGED = ("trigger", "amount", "day_cap", "month_cap")
_PURSES = ("regular", "student", "eco")


def product_of(name: str, path: str, rulebook: Rulebook) -> Product:
    """The product of a name; raises BadLine with what is near."""
    return _named(name, path, rulebook.products, "product")


def pass_of(held: Field, stops: Stops, rulebook: Rulebook) -> Pass:
    """The pass on the card: what it is for is its product's, and its sections' fares, if not given, are the stops'."""
    given = held.values
    product = product_of(given["product"], held.at("product"), rulebook)
    area, line = given.get("area"), given.get("line", product.line)
    return Pass(
        product=product.number,
        company=given.get("company", 0),
        first_day=held.the_day("first_day"),
        last_day=held.the_day("last_day"),
        bearer=product.bearer,
        sections=tuple(_section(section, stops) for section in held.each("sections")),
        area=_named(area, held.at("area"), rulebook.areas, "area").number if area else 0,
        line=_named(line, held.at("line"), rulebook.lines, "line").number if line else 0,
    )


def _section(section: Field, stops: Stops) -> Section:
    given = section.values
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

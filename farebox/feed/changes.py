"""What changes from one tariff to another: fares pair by pair, prices way by way, settings key by key.

Pure; `farebox tariff diff` prints it, and a centre holds a release back by it. A change of an amount has a size in
percent of the old one; nothing and no fare have none, and count as beyond any limit.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from itertools import zip_longest
from math import inf
from typing import Any, NamedTuple

from farebox.feed.gtfs import Feed
from tariff.price_table import Offer, offers
from tariff.products import Price
from tariff.refusal import Refusal
from tariff.riders import RiderClass, fare_for
from tariff.rulebook import RiderRules, Rulebook

CLASSES = (RiderClass.ADULT, RiderClass.CHILD, RiderClass.DISABLED_ADULT, RiderClass.DISABLED_CHILD)


class Pair(NamedTuple):
    """A ride as passengers know it: the route's name, and both stops, later visits of a loop as `name#2`."""

    route: str
    boarded: str
    alighted: str


class FareChange(NamedTuple):
    """A fare of a class that changes, in yen; None where there is none."""

    pair: Pair
    rider: RiderClass
    old: int | None
    new: int | None


class PriceChange(NamedTuple):
    """A price of a pass that changes, in yen; None where it is not sold so. `fare_yen` is 0 where none is asked."""

    scheme: str
    pass_sold: str
    fare_yen: int
    old: int | None
    new: int | None


class SettingChange(NamedTuple):
    """A setting that changes; None where the old or the new file has it not."""

    scheme: str
    key: str
    old: object
    new: object

    @property
    def is_amount(self) -> bool:
        """Whether it is a number (yen, percent, days ...) whose size can be judged; what numbers a thing is none."""
        return self.key.rpartition(".")[2] != "number" and _is_number(self.old) and _is_number(self.new)

    @property
    def is_lost(self) -> bool:
        """Whether a number, a whole scheme or an agency's rules were there and are no more."""
        return self.new is None and (_is_number(self.old) or self.key == SCHEME or self.key.startswith(AGENCY))


SCHEME = "scheme"
AGENCY = "agency "
"""Keys of what is no setting of a file, but is lost with one."""


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


Change = FareChange | PriceChange | SettingChange


def amounts(change: Change) -> tuple[int | None, int | None] | None:
    """What a change is from and to, where that is an amount."""
    if isinstance(change, SettingChange):
        return (int(str(change.old)), int(str(change.new))) if change.is_amount else None
    return change.old, change.new


def percent_of(change: Change) -> Fraction | None:
    """The size of a change in percent; None where it has none."""
    found = amounts(change)
    return percent(*found) if found else None


def size_of(change: Change) -> Fraction | float:
    """For sorting: lost fares and such without a size are the largest, settings that are no amounts the smallest."""
    size = percent_of(change)
    if size is not None:
        return abs(size)
    lost = isinstance(change, SettingChange) and change.is_lost
    return inf if lost or amounts(change) else 0


def percent(old: int | None, new: int | None) -> Fraction | None:
    """The size of a change in percent of the old amount; None where there is no such size."""
    return Fraction(100 * (new - old), old) if old and new is not None else None


def is_over(change: Change, limit_percent: int) -> bool:
    """Whether a change is larger than the limit; one of a fare, price or number that vanishes, or was 0, always is.

    What is new has nothing to be compared with, and never is.
    """
    if isinstance(change, SettingChange) and not change.is_amount:
        return change.is_lost
    old, new = change.old, change.new
    if old is None:
        return False
    assert isinstance(old, int) and (new is None or isinstance(new, int))
    size = percent(old, new)
    return size is None or abs(size) > limit_percent


# -- fares

Fares = Mapping[Pair, frozenset[int]]
"""Adult fares; several where patterns of one name differ, none where people ride without a fare."""


def fares_of(feed: Feed) -> dict[Pair, frozenset[int]]:
    """Every pair of stops of every pattern and its fares."""
    found: dict[Pair, set[int]] = {}
    for pattern in feed.patterns.values():
        table = feed.fare_table(pattern.pattern_id)
        route = pattern.route_name or pattern.route_id
        names = visits(pattern.stop_names)
        for start in range(table.size):
            for end in range(start + 1, table.size):
                here = found.setdefault(Pair(route, names[start], names[end]), set())
                if table.has_fare(start, end):
                    here.add(table.fare_yen(start, end))
    return {pair: frozenset(yen) for pair, yen in found.items()}


def visits(names: tuple[str, ...]) -> list[str]:
    """The names of a pattern's stops, later visits of a stop told apart as `name#2`."""
    seen: dict[str, int] = {}
    told = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        told.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return told


Shares = tuple[RiderRules, RiderRules]
"""What share of the adult fare each class pays (GEN-2), before and after."""


def fare_changes(old: Fares, new: Fares, shares: Mapping[str, Shares]) -> Iterator[FareChange]:
    """Fares of each class that change, by the shares of the route; of a route that has none, adult fares.

    A pair of stops that only one of the two has is no change: the timetable is another.
    """
    for pair in old:
        if pair in new:
            alike = old[pair] & new[pair]
            gone, come = sorted(old[pair] - alike), sorted(new[pair] - alike)
            for was, is_now in (*zip_longest(gone, come), *((yen, yen) for yen in sorted(alike))):
                yield from _by_class(pair, was, is_now, shares.get(pair.route))


def _by_class(pair: Pair, old: int | None, new: int | None, rules: Shares | None) -> Iterator[FareChange]:
    if rules is None:
        if old != new:
            yield FareChange(pair, RiderClass.ADULT, old, new)
        return
    for rider in CLASSES if old != new or rules[0] != rules[1] else ():
        was = None if old is None else fare_for(rider, old, rules[0])
        is_now = None if new is None else fare_for(rider, new, rules[1])
        if was != is_now:
            yield FareChange(pair, rider, was, is_now)


# -- prices


def price_changes(old: Rulebook, new: Rulebook, bands_yen: tuple[int, ...], day: date) -> Iterator[PriceChange]:
    """Prices of every pass and period at each fare that change."""
    if _priced_by(old) == _priced_by(new):
        return
    before, after = (_prices(book, bands_yen, day) for book in (old, new))
    for key in dict.fromkeys((*before, *after)):
        was, is_now = before.get(key), after.get(key)
        if was != is_now:
            yield PriceChange(new.scheme, *key, was, is_now)


def _priced_by(book: Rulebook) -> object:
    return book.products, book.areas, book.lines, book.riders


def _prices(book: Rulebook, bands_yen: tuple[int, ...], day: date) -> dict[tuple[str, int], int | None]:
    scopes = {product.name: product.scope for product in book.products}
    found: dict[tuple[str, int], int | None] = {}
    for fare_yen in bands_yen:
        for offer in offers(book, fare_yen, day):
            band = fare_yen if scopes[offer.way.product] == "section" else 0
            for months, priced in offer.prices.items():
                if (key := (_sold(offer, months), band)) not in found:
                    found[key] = _yen(priced)
    return found


def _yen(priced: Price | Refusal) -> int | None:
    return None if isinstance(priced, Refusal) else priced.yen


def _sold(offer: Offer, months: int) -> str:
    way = offer.way
    parts = [way.product, way.area, "one-way" if way.one_way else None, way.holder.name.lower().replace("_", "-")]
    parts += [f"renews {way.renewal_of}" if way.renewal_of else None, f"{months} mo" if months else None]
    return " ".join(part for part in parts if part)


# -- settings


def setting_changes(old: Rulebook, new: Rulebook) -> Iterator[SettingChange]:
    """Keys whose values differ, by path; entries are told apart by their names."""
    was, is_now = dict(_flat(old, "")), dict(_flat(new, ""))
    for key in dict.fromkeys((*was, *is_now)):
        if was.get(key) != is_now.get(key) and key not in _NOT_SETTINGS:
            yield SettingChange(new.scheme, key, was.get(key), is_now.get(key))


_NOT_SETTINGS = frozenset({"digest", "effective", "holidays.national"})


def _flat(value: Any, key: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        for name, inner in value._asdict().items():
            yield from _flat(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, tuple) and value and all(hasattr(inner, "name") for inner in value):
        for inner in value:
            yield from _flat(inner, f"{key}[{inner.name}]")
    elif isinstance(value, tuple) and value and all(isinstance(inner, tuple) and len(inner) == 2 for inner in value):
        for first, second in value:
            yield from _flat(second, f"{key}[{first}]")
    else:
        yield key, sorted(map(str, value)) if isinstance(value, frozenset) else value

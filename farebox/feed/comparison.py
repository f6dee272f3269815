"""Two tariffs side by side, each of operator files and a feed: all that changes from one to the other. Pure.

before = side_of(operators, feed, books_of(operators, day))
for change in changes_between(before, after, day): ...
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from farebox.feed.changes import (
    AGENCY,
    SCHEME,
    Change,
    Fares,
    SettingChange,
    Shares,
    fare_changes,
    fares_of,
    price_changes,
    setting_changes,
)
from farebox.feed.gtfs import Feed
from farebox.feed.operators import Operators
from tariff.rulebook import Rulebook

BANDS_YEN = tuple(range(100, 1_001, 10))
"""Fares at which passes are compared where no feed says which there are."""


class Side(NamedTuple):
    """One of the two tariffs; of its operator files, `books` are those that are compared, by scheme."""

    operators: Operators
    feed: Feed | None
    fares: Fares
    books: Mapping[str, Rulebook]

    @property
    def at_any_time(self) -> Operators:
        """The files that are compared, as if they had always held: what they make of rides of any day."""
        return Operators(tuple(book._replace(effective=date.min) for book in self.books.values()))


def side_of(operators: Operators, feed: Feed | None, books: Mapping[str, Rulebook]) -> Side:
    """A side with every fare of its feed."""
    return Side(operators, feed, fares_of(feed) if feed else {}, books)


def books_of(operators: Operators, day: date | None) -> dict[str, Rulebook]:
    """A rulebook for each scheme: in force on the day, or the newest. Raises OperatorFault if there is none then."""
    newest = {book.scheme: book for book in sorted(operators.rulebooks, key=lambda book: book.effective)}
    return {scheme: operators.on(scheme, day) for scheme in newest} if day else newest


def changes_between(before: Side, after: Side, day: date, scheme: str | None = None) -> Iterator[Change]:
    """Fares, then settings and prices scheme by scheme, then schemes and agencies that only one side has. `scheme`
    rules all routes, whosever they are.
    """
    was, is_now = before.books, after.books
    yield from fare_changes(before.fares, after.fares, _shares(before, after, day, scheme))
    yen = {fare for side in (before, after) for fares in side.fares.values() for fare in fares if fare}
    bands = tuple(sorted(yen)) or BANDS_YEN
    for both in sorted(was.keys() & is_now.keys()):
        yield from setting_changes(was[both], is_now[both])
        yield from price_changes(was[both], is_now[both], bands, day)
    for one in sorted(was.keys() ^ is_now.keys()):
        yield SettingChange(one, SCHEME, one if one in was else None, one if one in is_now else None)
    yield from _agencies(before, after, day)


def changes_on_every_day(old: Operators, new: Operators, feed: Feed | None) -> list[Change]:
    """All that changes on any day: files of both are compared on each day from which one of them holds.

    So a slip is found in a file that holds already, in one for next year, and in one that is gone. Each change once.
    """
    found: dict[str, Change] = {}
    fares = fares_of(feed) if feed else {}
    for day in sorted({book.effective for side in (old, new) for book in side.rulebooks}):
        before, after = (Side(side, feed, fares, _in_force(side, day)) for side in (old, new))
        for change in changes_between(before, after, day):
            found.setdefault(repr(change), change)
    return list(found.values())


def _in_force(operators: Operators, day: date) -> dict[str, Rulebook]:
    begun = Operators(tuple(book for book in operators.rulebooks if book.effective <= day))
    return books_of(begun, None)


def _agencies(before: Side, after: Side, day: date) -> Iterator[SettingChange]:
    """Agencies of the new feed whose rules are another scheme's, or nobody's any more."""
    for agency in after.feed.agencies.values() if after.feed else ():
        known = [side.operators.of_agency(agency, day) for side in (before, after)]
        old, new = (found[0].scheme if found else None for found in known)
        if old != new:
            yield SettingChange(old or new or "", f"{AGENCY}{agency}", old, new)


def _shares(before: Side, after: Side, day: date, scheme: str | None) -> dict[str, Shares]:
    """For each route of the new feed, by name, what classes pay before and after (GEN-2)."""
    found: dict[str, Shares] = {}
    if after.feed is None:
        return found
    for route in after.feed.routes.values():
        agency = after.feed.agencies.get(route.agency_id, route.agency_id)
        known = after.operators.of_agency(agency, day)
        whose = scheme or (known[0].scheme if known else "")
        if whose in before.books:
            found[route.name or route.route_id] = (before.books[whose].riders, after.books[whose].riders)
    return found

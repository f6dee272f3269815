"""The operators' rules and networks that a counter works by."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from farebox.feed import Feed, load_feed
from farebox.feed.operators import Operators, load_operators
from farebox.feed.register import Register
from tariff.account import Section
from tariff.rulebook import Rulebook


@cache
def _operators() -> Operators:
    return load_operators()


def schemes() -> frozenset[str]:
    """Every operator that there are rules for."""
    return frozenset(book.scheme for book in _operators().rulebooks)


def rules(scheme: str, day: date) -> Rulebook:
    """An operator's rules in force on a day. OperatorFault for a scheme without any."""
    return _operators().on(scheme, day)


class Offer(NamedTuple):
    """A section as some route serves it: the pass section, and the route's name."""

    section: Section
    route: str


def offers(feed: Feed, rulebook: Rulebook, start: str, end: str, *, one_way: bool) -> tuple[Offer, ...]:
    """What rides from one stop to another cost, route by route, the dearest first; none: no fare is known (GEN-4).

    One offer for each fare: it holds wherever the end-to-end fare is not above the one that it was priced on (PASS-1).
    """
    found: dict[int, Offer] = {}
    for fare_yen, route in _fares(feed, rulebook, start, end):
        section = Section(feed.register.stop_number(start), feed.register.stop_number(end), one_way, fare_yen)
        found.setdefault(fare_yen, Offer(section, route))
    return tuple(found[fare_yen] for fare_yen in sorted(found, reverse=True))


def _fares(feed: Feed, rulebook: Rulebook, start: str, end: str) -> Iterator[tuple[int, str]]:
    """Of the operator's own routes."""
    for pattern_id, pattern in feed.patterns.items():
        if rulebook.company_of(feed.agencies[feed.routes[pattern.route_id].agency_id]) is None:
            continue
        if start not in pattern.stop_names or end not in pattern.stop_names:
            continue
        table = feed.fare_table(pattern_id)
        for boarded, name in enumerate(pattern.stop_names):
            for alighted in range(boarded + 1, table.size):
                if (name, pattern.stop_names[alighted]) == (start, end) and table.has_fare(boarded, alighted):
                    yield table.fare_yen(boarded, alighted), pattern.route_name


def network() -> Feed | None:
    """The stops and fares of CENTRE_FEED, numbered by CENTRE_REGISTER as the buses' are; None: no feed is named."""
    if not settings.FEED:
        return None
    feed, register = Path(settings.FEED), Path(settings.REGISTER) if settings.REGISTER else None
    changed = tuple(path.stat().st_mtime_ns for path in (feed, register) if path)
    return _loaded(feed, register, changed)


@cache
def _loaded(path: Path, register: Path | None, _changed: tuple[int, ...]) -> Feed:
    """Read once, and again when a file is another."""
    return load_feed(path, Register.loads(register.read_text("utf-8")) if register else None)

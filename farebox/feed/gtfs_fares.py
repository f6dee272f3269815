"""Fares between zones (GTFS fare_attributes.txt, fare_rules.txt), looked up for a pattern's stops (GEN-4).

A rule's blank field matches anything. The most specific rule that matches a ride wins, in this order:
route and both ends, both ends, route and one end, one end, route, nothing. In a feed without any rule, its fares hold
everywhere; beside rules, a fare that none names holds nowhere. One with an agency_id holds on that agency's routes.

GTFS-JP states one price for a ride. An operator that has two, cash and IC (GEN-10), states the IC fare in one more
column of fare_attributes, `ic_price`: a column of this project, for the format has none. Blank: the same as `price`.
"""

from array import array
from sys import intern
from typing import NamedTuple

from farebox.feed.faults import FeedBroken
from farebox.feed.gtfs_files import FeedFiles, Table
from farebox.feed.gtfs_network import Route, Stop
from farebox.feed.gtfs_values import price_yen
from tariff.fares import NO_FARE, FareTable, Pattern

_RULES, _ATTRIBUTES = "fare_rules.txt", "fare_attributes.txt"


class Fare(NamedTuple):
    """A row of fare_attributes. payment_method and transfers don't matter here: each ride is priced by itself.

    `cash_yen` is its price, `ic_yen` its ic_price.
    """

    fare_id: str
    cash_yen: int
    ic_yen: int
    agency_id: str

    def costs_as(self, other: "Fare") -> bool:
        """Whether both come to the same, by card and in cash."""
        return (self.cash_yen, self.ic_yen) == (other.cash_yen, other.ic_yen)

    def __str__(self) -> str:
        ic = "" if self.ic_yen == self.cash_yen else f", {self.ic_yen} by card"
        return f"{self.fare_id} at {self.cash_yen} yen{ic}"


class _Scope(NamedTuple):
    """Where a rule holds: on one route, or else on all of one agency's, or on all; and how many ends it names."""

    route_id: str
    agency_id: str
    ends: int


# Origin -> destination -> fare, "" for any. Nested rather than by pair, which would cost a tuple per rule.
_Fares = dict[str, dict[str, Fare]]


class FareRules:
    """All fares of a feed. Built once, then only asked."""

    __slots__ = ("_by_scope", "_feed")

    def __init__(self, feed: str) -> None:
        """Take the feed's name, for messages."""
        self._feed = feed
        self._by_scope: dict[_Scope, _Fares] = {}

    def add(self, fare: Fare, route_id: str, origin: str, destination: str) -> Fare:
        """Add a rule and give the fare that stands: another one, if the same rule was there before."""
        scope = _Scope(route_id, "" if route_id else fare.agency_id, (origin != "") + (destination != ""))
        fares = self._by_scope.get(scope)
        if fares is None:
            fares = self._by_scope[scope] = {}
        by_destination = fares.get(origin)
        if by_destination is None:
            by_destination = fares[intern(origin)] = {}
        return by_destination.setdefault(intern(destination), fare)

    def table(self, pattern: Pattern, route: Route, stops: list[Stop]) -> FareTable:
        """The fares of a pattern whose stops are given in order; raises FeedBroken if two fares compete."""
        levels = self._levels(route)
        size = len(stops)
        ic = array("i", [NO_FARE]) * (size * size)
        cash = ic[:]
        for boarded, origin in enumerate(stops):
            for alighted in range(boarded + 1, size):
                fare = self._fare(levels, pattern, origin, stops[alighted])
                if fare:
                    ic[boarded * size + alighted] = fare.ic_yen
                    cash[boarded * size + alighted] = fare.cash_yen
        return FareTable(pattern, ic, None if cash == ic else FareTable(pattern, cash))

    def _levels(self, route: Route) -> list[tuple[int, list[_Fares]]]:
        """(ends named, fares) from the most to the least specific, those that hold any only."""
        levels = []
        for ends in (2, 1, 0):
            on_route = [_Scope(route.route_id, "", ends)]
            on_all = [_Scope("", agency_id, ends) for agency_id in dict.fromkeys(("", route.agency_id))]
            for scopes in (on_route, on_all):
                fares = [self._by_scope[scope] for scope in scopes if scope in self._by_scope]
                if fares:
                    levels.append((ends, fares))
        return levels

    def _fare(
        self, levels: list[tuple[int, list[_Fares]]], pattern: Pattern, origin: Stop, destination: Stop
    ) -> Fare | None:
        for ends, level in levels:
            found = None
            for by_origin in level:
                for start, end in _pairs(ends, origin.fare_zones, destination.fare_zones):
                    fare = by_origin.get(start, _NONE).get(end)
                    if fare and found and not fare.costs_as(found):
                        ride = f"route {pattern.route_name or pattern.route_id}, {origin.name} to {destination.name}"
                        raise FeedBroken(self._feed, _RULES, f"{ride}: {_versus(found, fare)}")
                    found = fare or found
            if found:
                return found
        return None


_NONE: dict[str, Fare] = {}


def _pairs(ends: int, origins: tuple[str, ...], destinations: tuple[str, ...]) -> list[tuple[str, str]]:
    """The ways a rule that names so many ends may name a ride."""
    if ends == 2:
        return [(origin, destination) for origin in origins for destination in destinations]
    if ends == 1:
        return [(origin, "") for origin in origins] + [("", destination) for destination in destinations]
    return [("", "")]


def _versus(one: Fare, other: Fare) -> str:
    return f"{one} and {other} are equally specific; remove one"


def read_fares(files: FeedFiles, routes: dict[str, Route], agencies: dict[str, str]) -> FareRules:
    """Read both tables; raises FeedBroken. A feed may lack them: then no pair has a fare, and asking for it says so."""
    fares = _attributes(files, agencies) if files.has(_ATTRIBUTES) else {}
    rules = FareRules(files.name)
    used = _read_rules(files, rules, fares, routes) if files.has(_RULES) else set()
    if not used:
        # GTFS: without any rule a fare holds everywhere. Beside rules, a fare that none names would be a default for
        # every pair somebody forgot (GEN-4), so it holds nowhere.
        table = files.table(_ATTRIBUTES, ())
        for fare in fares.values():
            _refuse_other_price(table, 0, rules.add(fare, "", "", ""), fare)
    return rules


def _attributes(files: FeedFiles, agencies: dict[str, str]) -> dict[str, Fare]:
    table = files.table(_ATTRIBUTES, ("fare_id", "price", "currency_type"), ("ic_price", "agency_id"))
    fares: dict[str, Fare] = {}
    for line, (fare_id, price, currency, ic_price, agency_id) in table:
        if fare_id in fares:
            raise table.broken(line, f"{fare_id} is there twice; keep one row of it", "fare_id")
        if currency != "JPY":
            raise table.broken(line, f"{currency} is not supported; state fares in JPY", "currency_type")
        if agency_id and agency_id not in agencies:
            raise table.broken(line, f"{agency_id} is not in agency.txt; add it there", "agency_id")
        cash_yen = table.parsed(line, "price", price, price_yen)
        ic_yen = table.parsed(line, "ic_price", ic_price, price_yen) if ic_price else cash_yen
        fares[fare_id] = Fare(fare_id, cash_yen, ic_yen, agency_id)
    return fares


def _read_rules(files: FeedFiles, rules: FareRules, fares: dict[str, Fare], routes: dict[str, Route]) -> set[str]:
    """Add all rules, and give the ids of the fares they name."""
    table = files.table(_RULES, ("fare_id",), ("route_id", "origin_id", "destination_id", "contains_id"))
    used = set()
    for line, (fare_id, route_id, origin, destination, contains) in table:
        fare = fares.get(fare_id)
        if fare is None:
            raise table.broken(line, f"{fare_id} is not in {_ATTRIBUTES}; add it there", "fare_id")
        if contains:
            raise table.broken(line, "zones passed through are not supported; give fares by end", "contains_id")
        if route_id:
            _check_route(table, line, fare, routes.get(route_id))
        used.add(fare_id)
        stands = rules.add(fare, route_id, origin, destination)
        if stands is not fare:
            _refuse_other_price(table, line, stands, fare)
    return used


def _check_route(table: Table, line: int, fare: Fare, route: Route | None) -> None:
    if route is None:
        raise table.broken(line, "no route of routes.txt; add it there", "route_id")
    if fare.agency_id and fare.agency_id != route.agency_id:
        raise table.broken(line, f"{fare.fare_id} is agency {fare.agency_id}'s, the route is not; mend one", "route_id")


def _refuse_other_price(table: Table, line: int, one: Fare, other: Fare) -> None:
    # The same price twice is fine.
    if not one.costs_as(other):
        raise table.broken(line, _versus(one, other))

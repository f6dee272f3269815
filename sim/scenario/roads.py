"""The routes of a scenario: its own, drawn up as services of its operator, and those of feeds."""

from array import array
from collections.abc import Iterator
from datetime import date, time
from typing import NamedTuple, Protocol

from cardimage.image import CardImage
from cardimage.layout.conditions import MOST_PRICED_YEN
from farebox.duty import Duty
from farebox.feed import Feed, Trip
from farebox.feed.operators import Operators
from farebox.tap import Service
from sim.scenario.faults import Misfit
from sim.scenario.schema import BusSaid, RouteSaid
from tariff.calendar import midnight_in_japan_s
from tariff.fares import NO_FARE, FareTable, Pattern
from tariff.rulebook import Company, Rulebook
from tariff.single_tap import Taps, taps_on

DEPARTS = time(8)
STOP_S = 300
"""From stop to stop on a route of the scenario's own."""
_OWN_STOPS = 40_000
"""Stops that no feed numbers are numbered from here on."""
_OWN_TRIPS = 50_000


class Files(Protocol):
    """Where a scenario's files come from; names are as the scenario says them."""

    def feed(self, name: str) -> Feed:
        """A GTFS-JP feed. Raises FeedFault."""

    def card(self, name: str, taken_for: str | None) -> CardImage:
        """A recorded card as it can be tapped. Raises ImageFault, OSError."""

    def operators(self, name: str | None) -> Operators:
        """The operator file of a name, or those shipped. Raises OperatorFault, RulebookError, OSError."""


class OnTrip(NamedTuple):
    """A service, and when it reaches each of its places by the timetable, in seconds since 1970."""

    service: Service
    arrivals_s: tuple[int, ...]


class Roads:
    """Routes and fares: the scenario's own, and those of feeds. Stops and trips have one number each, whoever asks."""

    def __init__(self, routes: dict[str, RouteSaid], files: Files) -> None:
        """Take the scenario's own routes."""
        self._routes = routes
        self._files = files
        self._feeds: dict[str, Feed] = {}
        self._stops: dict[str, int] = {}
        self._trips: dict[tuple[str, time], int] = {}

    def on_trip(self, said: BusSaid) -> OnTrip:
        """The service a bus begins. Raises Misfit for what is not there."""
        if said.date_ is None:
            raise Misfit("bus: date is missing; which day is it?")
        if said.route is None and said.trip is None:
            raise Misfit("bus: route is missing; on which route is it?")
        if said.route in self._routes:
            if said.feed is not None and said.feed not in self._feeds:
                self._files.feed(said.feed)  # nothing of it is needed here, but who names it believes that it is there
            return self._own(said, said.route, self._routes[said.route], said.date_)
        if said.feed is None:
            known = ", ".join(self._routes) or "none"
            raise Misfit(
                f"bus: no route {said.route!r} in this file (there are: {known}); name a feed, or add the route"
            )
        return self._of_feed(said, said.feed, said.date_)

    def stop_number(self, name: str) -> int:
        """The number of a stop: its feed's, or one of our own."""
        for feed in self._feeds.values():
            if name in feed.stop_names.values():
                return feed.register.stop_number(name)
        if not self._feeds and not any(name in route.stops for route in self._routes.values()):
            raise Misfit(f"no stop {name!r} on the scenario's routes")
        return self._stops.setdefault(name, _OWN_STOPS + len(self._stops))

    def priced_yen(self, ends: tuple[str, str]) -> int:
        """The highest fare between two stops: what a pass is priced on, where nothing else is said (PASS-1)."""
        found = [yen for table in self._tables() for yen in _fares_between(table, ends)]
        if not found:
            raise Misfit(f"no route joins {ends[0]} and {ends[1]} at a fare; say priced_on")
        return min(max(found), MOST_PRICED_YEN)

    def _tables(self) -> Iterator[FareTable]:
        for name, route in self._routes.items():
            yield self._table(name, route)
        for feed in self._feeds.values():
            yield from map(feed.fare_table, feed.patterns)

    def _feed(self, name: str) -> Feed:
        if name not in self._feeds:
            self._feeds[name] = self._files.feed(name)
        return self._feeds[name]

    def _of_feed(self, said: BusSaid, name: str, day: date) -> OnTrip:
        feed = self._feed(name)
        trip = self._trip(feed, said, day)
        service = Duty(feed, self._files.operators(said.operator_file), said.operator).service(trip, day)
        if said.route is not None and trip.route_id not in {route.route_id for route in feed.routes_called(said.route)}:
            raise Misfit(f"bus: trip {trip.trip_id} is of another route than {said.route}")
        midnight_s = midnight_in_japan_s(day)
        return OnTrip(service, tuple(midnight_s + at_s for at_s in trip.arrivals_s))

    def _trip(self, feed: Feed, said: BusSaid, day: date) -> Trip:
        if said.trip is not None:
            trip = feed.trips.get(said.trip)
            if trip is None:
                raise Misfit(f"bus: no trip {said.trip!r} in the feed; see its trips.txt")
            return trip
        ids = {route.route_id for route in feed.routes_called(str(said.route))}
        trips = [trip for trip in feed.trips_on(day) if trip.route_id in ids]
        if said.departs is None and trips:
            return trips[0]
        at = [trip for trip in trips if said.departs and trip.departs_s == _since_midnight_s(said.departs)]
        if not at:
            leave = ", ".join(_clock_text(trip.departs_s) for trip in trips) or "none"
            raise Misfit(
                f"bus: no trip of {said.route} on {day} at {said.departs or 'any time'}; trips leave at {leave}"
            )
        return at[0]

    def _own(self, said: BusSaid, name: str, route: RouteSaid, day: date) -> OnTrip:
        if said.operator is None:
            raise Misfit("bus: operator is missing; whose rules hold?")
        rulebook = self._files.operators(said.operator_file).on(said.operator, day)
        company = company_of(rulebook, route.company)
        departs = said.departs or DEPARTS
        departs_s = _since_midnight_s(departs)
        began_s = midnight_in_japan_s(day) + departs_s
        table = self._table(name, route)
        service = Service(
            rulebook=rulebook,
            table=table,
            company=company.number,
            trip_id=f"{name} {departs:%H:%M}",
            trip_number=self._trips.setdefault((name, departs), _OWN_TRIPS + len(self._trips)),
            began_s=began_s,
            stop_index=0,
            kind=rulebook.service_of(company.number, name, name),
            departs_s=departs_s,
            taps=Taps(route.taps) if route.taps else taps_on(table.pattern, rulebook),
        )
        return OnTrip(service, tuple(began_s + STOP_S * place for place in range(len(route.stops))))

    def _table(self, name: str, route: RouteSaid) -> FareTable:
        numbers = tuple(map(self.stop_number, route.stops))
        pattern = Pattern(name, name, name, route.stops, numbers)
        cash = FareTable(pattern, _yen(route, route.cash_fares)) if route.cash_fares else None
        return FareTable(pattern, _yen(route, route.fares), cash)


def company_of(rulebook: Rulebook, name: str | None) -> Company:
    """A company of an operator file, by the beginning of its name; the first if none is named."""
    if name is None:
        return rulebook.companies[0]
    for company in rulebook.companies:
        if company.name.startswith(name):
            return company
    raise Misfit(
        f"no company {name!r} with {rulebook.name}; there are {', '.join(one.name for one in rulebook.companies)}"
    )


def _yen(route: RouteSaid, rows: tuple[tuple[int | str, ...], ...]) -> "array[int]":
    size = len(route.stops)
    yen = array("l", [NO_FARE]) * (size * size)
    for alighted in range(1, size):
        row = rows[alighted - 1] if rows else (route.flat_fare or 0,) * alighted
        for boarded, fare in enumerate(row):
            if isinstance(fare, int):
                yen[boarded * size + alighted] = fare
    return yen


def _fares_between(table: FareTable, ends: tuple[str, str]) -> Iterator[int]:
    places = [[place for place, stop in enumerate(table.pattern.stop_names) if stop == end] for end in ends]
    for one in places[0]:
        for other in places[1]:
            pair = (min(one, other), max(one, other))
            if one != other and table.has_fare(*pair):
                yield table.fare_yen(*pair)


def _clock_text(since_midnight_s: int) -> str:
    return f"{since_midnight_s // 3_600:02}:{since_midnight_s // 60 % 60:02}"


def _since_midnight_s(clock: time) -> int:
    return clock.hour * 3_600 + clock.minute * 60 + clock.second


def at_s(day: date, clock: time) -> int:
    """A moment in Japan, in seconds since 1970."""
    return midnight_in_japan_s(day) + _since_midnight_s(clock)

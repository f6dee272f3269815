"""A trip of a feed as the service the terminal is on: whose rules, which fares, since when."""

from datetime import date, timedelta
from typing import NamedTuple

from farebox.feed import Feed, FeedBroken, Trip
from farebox.feed.operators import OperatorFault, Operators
from farebox.formats.journal import MAX_ID_BYTES
from farebox.tap import Service
from tariff.calendar import day_in_japan, midnight_in_japan_s
from tariff.single_tap import taps_on

LATE_S = 3_600
"""Buses run late: so long after its time a trip can still be begun, or be under way."""


class Duty(NamedTuple):
    """How feeds and operator files are put together: which rules hold on a trip.

    `scheme` holds for every agency if it is given; else each agency's operator file; else `assumed`, if that is given.
    """

    feed: Feed
    operators: Operators
    scheme: str | None = None
    assumed: str | None = None

    def unknown_agencies(self, day: date) -> tuple[str, ...]:
        """Agencies of the feed that no operator file names: what is assumed for them is worth saying."""
        return tuple(name for name in self.feed.agencies.values() if self.operators.of_agency(name, day) is None)

    def stops_of(self, trip_number: int) -> tuple[str, ...] | None:
        """The stops of a trip by the register's number, as a card's history has it; None: it is not in this feed."""
        numbered = (trip.pattern_id for trip in self.feed.trips.values() if trip.number == trip_number)
        pattern_id = next(numbered, None)
        return self.feed.patterns[pattern_id].stop_names if pattern_id is not None else None

    def day_of(self, trip: Trip, at_s: int) -> date:
        """The service day of a trip that is begun now: the day before's, if by then it may still be under way past
        midnight, or is yet to leave.
        """
        today = day_in_japan(at_s)
        before = today - timedelta(days=1)
        since_s = at_s - midnight_in_japan_s(before)
        under_way = since_s <= trip.departures_s[-1] + LATE_S and self.feed.runs_on(trip, before)
        return before if under_way else today

    def service(self, trip: Trip, day: date) -> Service:
        """The service of a trip on a service day, at its first stop; the rules are those of the day it leaves (GEN-5).

        Raises OperatorFault if no operator file knows the agency and no scheme was chosen or assumed, FeedBroken if an
        id is longer than the journal keeps.
        """
        began_s = midnight_in_japan_s(day) + trip.departs_s
        leaves = day_in_japan(began_s)
        route = self.feed.routes[trip.route_id]
        agency = self.feed.agencies.get(route.agency_id, route.agency_id)
        found = self.operators.of_agency(agency, leaves)
        scheme = self.scheme or (None if found else self.assumed)
        if scheme is not None and (found is None or found[0].scheme != scheme):
            rulebook = self.operators.on(scheme, leaves)
            found = (rulebook, rulebook.companies[0])
        if found is None:
            schemes = ", ".join(sorted({book.scheme for book in self.operators.rulebooks}))
            raise OperatorFault(f"no operator file names agency {agency}; choose its rules with --operator ({schemes})")
        rulebook, company = found
        for name in (trip.route_id, trip.trip_id, trip.pattern_id):
            if len(name.encode()) > MAX_ID_BYTES:
                raise FeedBroken("feed", "trips.txt", f"id {name[:20]}… is over {MAX_ID_BYTES} bytes; shorten it")
        table = self.feed.fare_table(trip.pattern_id)
        return Service(
            rulebook=rulebook,
            table=table,
            company=company.number,
            trip_id=trip.trip_id,
            trip_number=trip.number,
            began_s=began_s,
            stop_index=0,
            kind=rulebook.service_of(company.number, route.route_id, route.name),
            departs_s=trip.departs_s,
            taps=taps_on(table.pattern, rulebook),
        )

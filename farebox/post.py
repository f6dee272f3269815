"""A terminal that stays where it is: a railway station's two readers, or a machine that tops up (NOR-11).

It has no trips and no driver. What takes their place is a service that runs from 3:00 to 3:00, begun by itself: at a
station its line, at a machine nothing but the card and the notes. The state machine and the journal are a bus's.
"""

from array import array
from datetime import date
from typing import NamedTuple

from farebox.console.protocol import Alarm
from farebox.duty import Duty
from farebox.feed import FeedBroken, Trip
from farebox.feed.operators import OperatorFault
from farebox.place import PlaceKind
from farebox.result import Side
from farebox.table import State
from farebox.tap import Back, Service
from farebox.terminal import Terminal
from tariff.calendar import day_in_japan, midnight_in_japan_s
from tariff.fares import NO_FARE, FareTable, Pattern
from tariff.single_tap import Taps

DAY_BEGINS_S = 3 * 3_600
"""[D] When no train runs: a ride past midnight is one of the day before."""


class Stand(NamedTuple):
    """Where it stands: a station by its line and its name, a machine by its name and the scheme of its cards."""

    kind: PlaceKind
    name: str
    route: str = ""
    scheme: str = ""


class Post:
    """Keeps the terminal of a stand in service. Whoever owns the terminal calls `tend` before each look at a reader."""

    def __init__(self, stand: Stand, side: Side = Side.EITHER) -> None:
        """`side` is what the machine's one reader is called."""
        self._stand, self._side = stand, side
        self._day: date | None = None
        self._fault = ""

    def tend(self, terminal: Terminal, duty: Duty, at_s: int) -> bool:
        """Begin the day, and the top-up at a machine; whether its readers are to be looked at.

        The journal of a day is sealed with it. Where no rules are in force, as before the clock is set (faults 25), it
        stays out of service, which is an alarm. Raises FeedBroken as `service_of`.
        """
        day = day_in_japan(at_s - DAY_BEGINS_S)
        if day != self._day and self._may_change(terminal):
            terminal.end_trip()
            terminal.end_duty()
        if terminal.state is State.OUT_OF_SERVICE and not self._begun(terminal, duty, day):
            return True
        if self._stand.kind is PlaceKind.STATION:
            return True
        if terminal.state is State.READY:
            terminal.begin_top_up(self._side)
        # A machine has no exit: what is laid there is never a ride.
        return terminal.state is not State.READY

    def alarms(self) -> tuple[Alarm, ...]:
        """Why it is out of service."""
        return (Alarm("post", (self._fault, self._fault)),) if self._fault else ()

    def _begun(self, terminal: Terminal, duty: Duty, day: date) -> bool:
        try:
            service = service_of(self._stand, duty, day)
        except OperatorFault as fault:
            self._fault = str(fault)
            return False
        terminal.begin_trip(service)
        self._day, self._fault = day, ""
        return True

    def _may_change(self, terminal: Terminal) -> bool:
        """Not while a note is on its way. A question that nobody answered is dropped: its day is over."""
        busy = terminal.notes is not None and terminal.notes.open_note is not None
        return terminal.state not in (State.OUT_OF_SERVICE, State.STOPPED) and not busy


def service_of(stand: Stand, duty: Duty, day: date) -> Service:
    """What a stand's taps are judged against on a day.

    Raises FeedBroken if the feed has no such line both ways or no such station on it, OperatorFault as Duty.service.
    """
    return _station(stand, duty, day) if stand.kind is PlaceKind.STATION else _machine(stand, duty, day)


def _station(stand: Stand, duty: Duty, day: date) -> Service:
    """Of a line's trips those that serve the most stations stand for it, the first registered one for each direction:
    every station of the line finds the same two.
    """
    there, back = _both_ways(stand, duty)
    feed = duty.feed
    names = feed.patterns[there.pattern_id].stop_names
    if stand.name not in names:
        raise FeedBroken(
            "feed", "stop_times.txt", f"{stand.route} has no stop {stand.name}; known are {', '.join(names)}"
        )
    index = names.index(stand.name)
    return duty.service(there, day)._replace(
        began_s=midnight_in_japan_s(day) + DAY_BEGINS_S,
        departs_s=DAY_BEGINS_S,
        stop_index=index,
        taps=Taps.BOTH,
        place=PlaceKind.STATION,
        back=Back(feed.fare_table(back.pattern_id), back.number, len(names) - 1 - index),
    )


def _both_ways(stand: Stand, duty: Duty) -> tuple[Trip, Trip]:
    feed = duty.feed
    routes = {route.route_id for route in feed.routes_called(stand.route)}
    trips = sorted((trip for trip in feed.trips.values() if trip.route_id in routes), key=lambda trip: trip.number)
    if not trips:
        raise FeedBroken("feed", "trips.txt", f"{stand.route} has no trips")
    there = max(trips, key=lambda trip: len(feed.patterns[trip.pattern_id].stop_names))
    turned = feed.patterns[there.pattern_id].stop_names[::-1]
    back = next((trip for trip in trips if feed.patterns[trip.pattern_id].stop_names == turned), None)
    if back is None:
        raise FeedBroken(
            "feed", "trips.txt", f"{stand.route}: no trip serves {' → '.join(turned)}, all of the way back"
        )
    return there, back


def _machine(stand: Stand, duty: Duty, day: date) -> Service:
    pattern = Pattern(stand.kind, stand.kind, stand.name, (stand.name,), (0,))
    rulebook = duty.operators.on(stand.scheme, day)
    return Service(
        rulebook=rulebook,
        table=FareTable(pattern, array("i", (NO_FARE,))),
        company=rulebook.companies[0].number,
        trip_id=stand.kind,
        trip_number=0,
        began_s=midnight_in_japan_s(day) + DAY_BEGINS_S,
        stop_index=0,
        kind="",
        departs_s=DAY_BEGINS_S,
        taps=Taps.BOTH,
        place=PlaceKind.TOP_UP_MACHINE,
    )

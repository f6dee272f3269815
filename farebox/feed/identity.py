"""What makes a trip the same trip in the next edition of a feed, whose ids may all be new.

Its route's name, its weekdays, its first departure and the names of its stops in order; and its place among those of
one edition that agree in all that. docs/decisions/0004 says why.
"""

from hashlib import sha256

from farebox.feed.gtfs_calendar import Calendar
from farebox.feed.gtfs_network import Network
from farebox.feed.gtfs_trips import Timetable, Trip

_DIGEST_CHARS = 16


def trip_identities(network: Network, calendar: Calendar, timetable: Timetable) -> dict[str, str]:
    """trip_id -> identity, no two alike, in the order of the trips; text without line breaks or tabs.

    As `1111100 06:40 3f0c... 1 白棚線`: weekdays, departure, digest of the stops, place among its like, route.
    """
    weekdays = {service: calendar.weekdays(service) for service in calendar.services}
    stops = {key: _digest(network, sequence.stop_ids) for key, sequence in timetable.patterns.items()}
    alike: dict[tuple[str, str, int, str], list[Trip]] = {}
    for trip in timetable.trips.values():
        route = network.routes[trip.route_id]
        key = (weekdays[trip.service_id], stops[trip.pattern_id], trip.departs_s, route.name or route.route_id)
        alike.setdefault(key, []).append(trip)
    found = {}
    for (runs, digest, departs_s, route_name), trips in alike.items():
        start = f"{runs} {departs_s // 3600:02}:{departs_s // 60 % 60:02}:{departs_s % 60:02} {digest}"
        # By their later times where those differ, so that the order of the rows matters as little as it can.
        for place, trip in enumerate(sorted(trips, key=_since_departure) if len(trips) > 1 else trips, 1):
            found[trip.trip_id] = f"{start} {place} {route_name}"
    return {trip_id: found[trip_id] for trip_id in timetable.trips}


def _since_departure(trip: Trip) -> tuple[tuple[int, ...], ...]:
    """When it leaves and arrives after it has left its first stop."""
    departs_s = trip.times.departures_s[0]
    if departs_s == 0:
        return trip.times.departures_s, trip.times.arrivals_s
    return tuple(tuple(at_s - departs_s for at_s in side) for side in (trip.times.departures_s, trip.times.arrivals_s))


def _digest(network: Network, stop_ids: tuple[str, ...]) -> str:
    """A short stand-in for the names of a pattern's stops."""
    names = "\n".join(network.stops[stop_id].name for stop_id in stop_ids)
    return sha256(names.encode()).hexdigest()[:_DIGEST_CHARS]

"""The lines and trips of a day as JSON: what a report, or a map, needs to know of the feed, without the feed."""

from datetime import date
from typing import Any

from farebox.duty import Duty
from sim.fleet import Vehicle
from tariff.calendar import midnight_in_japan_s

Json = dict[str, Any]


def network_of(duty: Duty, vehicles: tuple[Vehicle, ...], day: date) -> Json:
    """The day's routes, patterns and trips. Times are in seconds since 1970; a place without coordinates is null."""
    feed, midnight_s = duty.feed, midnight_in_japan_s(day)
    trips = [(vehicle, trip) for vehicle in vehicles for trip in vehicle.trips]
    patterns = {trip.pattern_id: feed.patterns[trip.pattern_id] for _, trip in trips}
    routes = {pattern.route_id: feed.routes[pattern.route_id] for pattern in patterns.values()}
    return {
        "day": day.isoformat(),
        "routes": {
            route_id: {"name": route.name, "agency": feed.agencies.get(route.agency_id, route.agency_id)}
            for route_id, route in routes.items()
        },
        "patterns": {
            pattern_id: {
                "route_id": pattern.route_id,
                "stops": list(pattern.stop_names),
                "stop_ids": list(feed.stop_ids(pattern_id)),
                "places": [list(place) if place else None for place in feed.places(pattern_id)],
            }
            for pattern_id, pattern in patterns.items()
        },
        "trips": {
            trip.trip_id: {
                "pattern_id": trip.pattern_id,
                "vehicle_id": vehicle.vehicle_id,
                "block_id": vehicle.block_id,
                "headsign": trip.headsign,
                "arrivals_s": [midnight_s + at_s for at_s in trip.arrivals_s],
                "departures_s": [midnight_s + at_s for at_s in trip.departures_s],
            }
            for vehicle, trip in trips
        },
    }

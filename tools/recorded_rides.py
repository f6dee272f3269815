"""A file of recorded rides as the passengers of a replay: `farebox sim replay --recorded`."""

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.recorded import RecordedRide, RidesByTrip
from sim.vehicle_run import World
from tools.tariff.rides import Batch, Recorded, RidesFault, batches, days, read_rides, words


class Passengers(NamedTuple):
    """Whose rides are ridden again, vehicle by vehicle; how many are of other days or routes; and how many taps have
    no other end.
    """

    by_vehicle: dict[str, RidesByTrip]
    left_out: int
    strays: int


def recorded_rides(path: Path, world: World) -> Passengers:
    """The rides of a run's day. Raises RidesFault, which names the row, what Duty does, or OSError."""
    recorded = read_rides(path)
    today = _of_the_run(recorded, world)
    by_trip: dict[str, list[tuple[int, RecordedRide]]] = defaultdict(list)
    for batch in batches(today, world.duty):
        for row, trip_id, ride in _rides(today, batch):
            by_trip[trip_id].append((row, ride))
    found: dict[str, RidesByTrip] = {}
    for vehicle_id, vehicle in world.vehicles.items():
        trips = [trip.trip_id for trip in vehicle.trips if trip.trip_id in by_trip]
        found[vehicle_id] = {
            trip_id: tuple(ride for _, ride in sorted(by_trip[trip_id], key=lambda numbered: numbered[0]))
            for trip_id in trips
        }
    return Passengers(found, recorded.rides - today.rides, recorded.strays)


def _of_the_run(recorded: Recorded, world: World) -> Recorded:
    """The rows of the run's day and routes. A trip that does not run that day is a fault of its row."""
    day = world.spec.day
    today = recorded.only(np.flatnonzero(days(recorded, "service_date") == day.toordinal()))
    running = {trip.trip_id for vehicle in world.vehicles.values() for trip in vehicle.trips}
    trips = words(today, "trip_id_performed")
    runs = np.array([trip in running for trip in trips], np.bool_)
    for row in np.flatnonzero(~runs).tolist():
        trip = world.duty.feed.trips.get(trips[row])
        if trip is not None and (world.spec.route_ids is None or trip.route_id in world.spec.route_ids):
            today.bad("trip_id_performed", row, f"{trips[row][:40]!r} does not run on {day}")
    if world.spec.route_ids is not None:
        today = today.only(np.flatnonzero(runs))
    if not today.rides:
        raise RidesFault(f"{recorded.path}: no rides on {day}; choose --date by its service_date")
    return today


def _rides(recorded: Recorded, batch: Batch) -> list[tuple[int, str, RecordedRide]]:
    """A batch's rides, each with its row and its trip."""
    rides = batch.rides
    some = recorded.only(batch.rows)
    trips, tokens = words(some, "trip_id_performed"), words(some, "token_id")
    parties = [rides.party.values[code] for code in rides.party.codes.tolist()]
    payments = [rides.payment.values[code] for code in rides.payment.codes.tolist()]
    found = []
    for index, account in enumerate(rides.cards.accounts(np.arange(rides.number))):
        row = int(some.rows[index])
        coupons = account.coupons if account.coupons and any(account.coupons) else None
        ride = RecordedRide(
            int(rides.boarded[index]),
            int(rides.alighted[index]),
            account._replace(coupons=coupons),
            parties[index],
            payments[index],
            tokens[index],
            f"{recorded.path}: row {recorded.shown_row(row)}",
        )
        found.append((row, trips[index], ride))
    return found

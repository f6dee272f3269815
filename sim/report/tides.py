"""A replayed day as a TIDES data package: what the day did, in the tables that transit agencies exchange (TIDES 1.0).

A boarding tap is an `Enter` of no amount, a settled ride an `Exit` with what was taken. Times are Japan's.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from farebox.formats.tides import CARD, About, Row, package
from sim.report.figures import Run
from sim.ride_rows import moment


def package_of(run: Run) -> Mapping[str, bytes]:
    """The package's files by name: tables as CSV, and datapackage.json."""
    tables: dict[str, list[Row]] = {
        "fare_transactions": [*_enters(run), *_exits(run)],
        "passenger_events": list(_events(run)),
        "stop_visits": list(_visits(run)),
        "trips_performed": list(_trips(run)),
        "vehicles": [{"vehicle_id": vehicle_id} for vehicle_id in _vehicles(run)],
        "devices": [
            {
                "device_id": _device(vehicle_id),
                "vehicle_id": vehicle_id,
                "device_type": "Farebox",
                "device_vendor": "farebox (simulated)",
            }
            for vehicle_id in _vehicles(run)
        ],
    }
    return package(_about(run), tables)


def _about(run: Run) -> About:
    day = run.asked["day"]
    return About(
        name=f"farebox-replay-{day}",
        title=f"A simulated day of fares, {day}",
        description="Simulated by farebox: no passenger, card or payment in it is real.",
        agency=", ".join(sorted({route["agency"] for route in run.network["routes"].values()})),
        contributor={"title": "farebox", "role": "simulator"},
        source={"title": "farebox sim replay", "component": "Simulation", "product": "farebox"},
        licences=({"name": "CC0-1.0", "title": "Simulated data; the timetable's own licence holds for its names"},),
    )


def _vehicles(run: Run) -> list[str]:
    return sorted({trip["vehicle_id"] for trip in run.network["trips"].values()})


def _device(vehicle_id: str) -> str:
    return f"{vehicle_id}-farebox"


def _at(run: Run, trip_id: str, place: int) -> Row:
    """Where something happened."""
    return {
        "service_date": run.asked["day"],
        "trip_id_performed": trip_id,
        "trip_id_scheduled": trip_id,
        "pattern_id": run.network["trips"][trip_id]["pattern_id"],
        "trip_stop_sequence": place + 1,
        "stop_id": run.pattern(trip_id)["stop_ids"][place],
        "vehicle_id": run.network["trips"][trip_id]["vehicle_id"],
    }


def _enters(run: Run) -> Iterator[Row]:
    names = ("at_s", "vehicle_id", "trip_id", "place", "outcome", "token_id")
    for number, (at_s, vehicle_id, trip_id, place, outcome, token) in enumerate(run.rows("taps", *names), 1):
        if outcome == "boarded":
            yield {
                "transaction_id": f"{run.asked['day']}-{vehicle_id}-board-{number:06}",
                "event_timestamp": moment(at_s),
                "amount": 0,
                "currency_type": "JPY",
                "fare_action": "Enter",
                **_at(run, trip_id, place),
                "device_id": _device(vehicle_id),
                "num_riders": 1,
                "fare_media_id": CARD,
                "fare_capped": "false",
                "token_id": token,
            }


_EXIT = (
    *("transaction_id", "event_timestamp", "amount", "currency_type", "fare_action", "device_id", "num_riders"),
    *("fare_media_id", "rider_category", "fare_product", "fare_capped", "token_id", "balance"),
)


def _exits(run: Run) -> Iterator[Row]:
    for trip_id, place, *values in run.rows("rides", "trip_id_performed", "alighted_place", *_EXIT):
        yield {**dict(zip(_EXIT, values, strict=True)), **_at(run, trip_id, place)}


def _events(run: Run) -> Iterator[Row]:
    """Passengers as their taps count them."""
    for row in (*_enters(run), *_exits(run)):
        yield {
            "passenger_event_id": row["transaction_id"],
            "event_timestamp": row["event_timestamp"],
            "event_type": "Passenger boarded" if row["fare_action"] == "Enter" else "Passenger alighted",
            **{name: row[name] for name in _at_names},
            "device_id": row["device_id"],
            "event_count": row["num_riders"],
        }


_at_names = (
    *("service_date", "trip_id_performed", "trip_id_scheduled", "pattern_id", "trip_stop_sequence", "stop_id"),
    "vehicle_id",
)


def _visits(run: Run) -> Iterator[Row]:
    on, off, taken, settled = Counter[Any](), Counter[Any](), Counter[Any](), Counter[Any]()
    names = ("trip_id_performed", "boarded_place", "alighted_place", "num_riders", "amount")
    for trip_id, boarded, alighted, riders, yen in run.rows("rides", *names):
        on[trip_id, boarded] += riders
        off[trip_id, alighted] += riders
        taken[trip_id, alighted] += yen
        settled[trip_id, alighted] += 1
    aboard = Counter[str]()
    for trip_id, place, arrived_s, left_s in run.rows("visits", "trip_id", "place", "arrived_s", "left_s"):
        key, trip = (trip_id, place), run.network["trips"][trip_id]
        aboard[trip_id] += on[key] - off[key]
        yield {
            **{name: value for name, value in _at(run, trip_id, place).items() if name != "trip_id_scheduled"},
            "dwell": left_s - arrived_s,
            "schedule_arrival_time": moment(trip["arrivals_s"][place]),
            "schedule_departure_time": moment(trip["departures_s"][place]),
            "actual_arrival_time": moment(arrived_s),
            "actual_departure_time": moment(left_s),
            "boarding_1": on[key],
            "alighting_1": off[key],
            "departure_load": aboard[trip_id],
            "revenue": taken[key],
            "number_of_transactions": settled[key],
            "schedule_relationship": "Scheduled",
        }


def _trips(run: Run) -> Iterator[Row]:
    """A trip is from leaving its first stop until it comes to its last."""
    actual: dict[str, list[int]] = {}
    for trip_id, arrived_s, left_s in run.rows("visits", "trip_id", "arrived_s", "left_s"):
        actual.setdefault(trip_id, [left_s, arrived_s])[1] = arrived_s
    for trip_id, trip in run.network["trips"].items():
        began_s, ended_s = actual[trip_id]
        stop_ids = run.pattern(trip_id)["stop_ids"]
        yield {
            "service_date": run.asked["day"],
            "trip_id_performed": trip_id,
            "vehicle_id": trip["vehicle_id"],
            "trip_id_scheduled": trip_id,
            "route_id": run.pattern(trip_id)["route_id"],
            "route_type": "Bus",
            "pattern_id": trip["pattern_id"],
            "block_id": trip["block_id"] or None,
            "trip_start_stop_id": stop_ids[0],
            "trip_end_stop_id": stop_ids[-1],
            "schedule_trip_start": moment(trip["departures_s"][0]),
            "schedule_trip_end": moment(trip["arrivals_s"][-1]),
            "actual_trip_start": moment(began_s),
            "actual_trip_end": moment(ended_s),
            "trip_type": "In service",
            "schedule_relationship": "Scheduled",
        }

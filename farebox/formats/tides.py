"""TIDES 1.0, in which transit agencies exchange what vehicles did: its tables' columns and the package around them.

    files = package("name", "title", "description", agency, licence, {"fare_transactions": rows}, source)

Most columns stay empty; a validator wants all of them, in this order. The whole is a Frictionless data package.
"""

import json
from collections.abc import Iterable, Mapping
from csv import DictWriter
from io import StringIO
from typing import Any, NamedTuple

PROFILE = "https://raw.githubusercontent.com/TIDES-transit/TIDES/main/spec/tides-datapackage-profile.json"
_SCHEMA = "https://raw.githubusercontent.com/TIDES-transit/TIDES/main/spec/{}.schema.json"
CARD = "Smart card or ticket"
"""TIDES' word for what was tapped."""
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "fare_transactions": (
        *("transaction_id", "service_date", "event_timestamp", "location_ping_id", "amount", "currency_type"),
        *("fare_action", "trip_id_performed", "trip_id_scheduled", "pattern_id", "trip_stop_sequence"),
        *("scheduled_stop_sequence", "vehicle_id", "device_id", "fare_id", "stop_id", "num_riders", "fare_media_id"),
        *("rider_category", "fare_product", "fare_period", "fare_capped", "token_id", "balance"),
    ),
    "passenger_events": (
        *("passenger_event_id", "service_date", "event_timestamp", "location_ping_id", "trip_id_performed"),
        *("trip_id_scheduled", "trip_stop_sequence", "scheduled_stop_sequence", "event_type", "vehicle_id"),
        *("device_id", "train_car_id", "stop_id", "pattern_id", "event_count"),
    ),
    "stop_visits": (
        *("service_date", "trip_id_performed", "trip_stop_sequence", "scheduled_stop_sequence", "pattern_id"),
        *("vehicle_id", "dwell", "stop_id", "timepoint", "schedule_arrival_time", "schedule_departure_time"),
        *("actual_arrival_time", "actual_departure_time", "distance", "boarding_1", "alighting_1", "boarding_2"),
        *("alighting_2", "departure_load", "door_open", "door_close", "door_status", "ramp_deployed_time"),
        *("ramp_failure", "kneel_deployed_time", "lift_deployed_time", "bike_rack_deployed", "bike_load", "revenue"),
        *("number_of_transactions", "schedule_relationship"),
    ),
    "trips_performed": (
        *("service_date", "trip_id_performed", "vehicle_id", "trip_id_scheduled", "route_id", "route_type"),
        *("ntd_mode", "route_type_agency", "shape_id", "pattern_id", "direction_id", "operator_id", "block_id"),
        *("trip_start_stop_id", "trip_end_stop_id", "schedule_trip_start", "schedule_trip_end", "actual_trip_start"),
        *("actual_trip_end", "trip_type", "schedule_relationship"),
    ),
    "vehicles": (
        *("vehicle_id", "vehicle_start", "vehicle_end", "model_name", "facility_name", "capacity_seated"),
        *("capacity_wheelchair", "capacity_bike", "bike_rack", "capacity_standing"),
    ),
    "devices": (
        *("device_id", "stop_id", "vehicle_id", "train_car_id", "device_type", "device_vendor", "device_model"),
        *("device_location",),
    ),
}
"""Every column of the tables, in the order that a validator expects them in; most are empty here."""
Row = Mapping[str, Any]


class About(NamedTuple):
    """What a package says of itself."""

    name: str
    title: str
    description: str
    agency: str
    contributor: Mapping[str, str]
    source: Mapping[str, str]
    licences: tuple[Mapping[str, str], ...] = ()


def package(about: About, tables: Mapping[str, Iterable[Row]]) -> dict[str, bytes]:
    """The package's files by name: a CSV for each table, and datapackage.json."""
    found = {f"{name}.csv": _csv(COLUMNS[name], rows) for name, rows in tables.items()}
    document = {
        "profile": PROFILE,
        "name": about.name,
        "title": about.title,
        "description": about.description,
        "agency": about.agency,
        **({"licenses": list(about.licences)} if about.licences else {}),
        "contributors": [about.contributor],
        "resources": [
            {
                "name": name,
                "tides-table": name,
                "path": f"{name}.csv",
                "profile": "tabular-data-resource",
                "schema": _SCHEMA.format(name),
                "sources": [about.source],
            }
            for name in tables
        ],
    }
    found["datapackage.json"] = (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
    return found


def _csv(columns: Iterable[str], rows: Iterable[Row]) -> bytes:
    text = StringIO()
    writer = DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()

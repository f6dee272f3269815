"""Agencies, routes and stops: what stands still (GTFS agency.txt, routes.txt, stops.txt)."""

from typing import NamedTuple

from farebox.feed.gtfs_files import FeedFiles, Table
from farebox.feed.gtfs_values import latitude_deg, longitude_deg

_TIMEZONE = "Asia/Tokyo"


class Route(NamedTuple):
    """A route (系統). `name` is its short and long name, by one space apart where it has both."""

    route_id: str
    agency_id: str
    name: str


class Place(NamedTuple):
    """Where something stands: WGS 84, as GTFS and GPS have it."""

    lat_deg: float
    lon_deg: float


class Stop(NamedTuple):
    """A pole. `name` is its stop's (停留所), so all poles of a stop share it (PASS-1).

    `fare_zones` are the ids by which fare_rules may call it: its zone_id; where that is blank, as some feeds
    leave it, the pole's own id and its stop's. `place` is the pole's, or else its stop's; None where neither is told.
    """

    name: str
    fare_zones: tuple[str, ...]
    place: Place | None = None


class _Row(NamedTuple):
    """What stops.txt says of a pole or a stop."""

    line: int
    name: str
    zone: str
    parent: str
    place: Place | None


class Network(NamedTuple):
    """Ids to values, in the order of the tables. `route_names`: every name a route answers to -> route ids."""

    agencies: dict[str, str]
    routes: dict[str, Route]
    route_names: dict[str, list[str]]
    stops: dict[str, Stop]


def read_network(files: FeedFiles) -> Network:
    """Read the three tables; raises FeedBroken."""
    agencies = _agencies(files)
    routes, route_names = _routes(files, agencies)
    return Network(agencies, routes, route_names, _stops(files))


def _agencies(files: FeedFiles) -> dict[str, str]:
    table = files.table("agency.txt", ("agency_name",), ("agency_id", "agency_timezone"))
    agencies: dict[str, str] = {}
    for line, (name, agency_id, timezone) in table:
        # GTFS-JP fixes the time zone; in any other, times would need daylight saving.
        if timezone not in ("", _TIMEZONE):
            raise table.broken(line, f"{timezone} is not supported; GTFS-JP fixes {_TIMEZONE}", "agency_timezone")
        if agency_id in agencies:
            raise table.broken(line, f"{agency_id!r} is there twice; give each agency its own id", "agency_id")
        agencies[agency_id] = name
    if not agencies:
        raise table.broken(0, "names no agency; add one")
    return agencies


def _routes(files: FeedFiles, agencies: dict[str, str]) -> tuple[dict[str, Route], dict[str, list[str]]]:
    table = files.table("routes.txt", ("route_id",), ("agency_id", "route_short_name", "route_long_name"))
    routes: dict[str, Route] = {}
    names: dict[str, list[str]] = {}
    only_agency = next(iter(agencies)) if len(agencies) == 1 else ""
    for line, (route_id, named_agency, short, long) in table:
        if route_id in routes:
            raise table.broken(line, f"{route_id} is there twice; give each route its own id", "route_id")
        agency_id = named_agency or only_agency
        if agency_id not in agencies:
            raise table.broken(line, f"{agency_id!r} is not in agency.txt; add it there", "agency_id")
        route = routes[route_id] = Route(route_id, agency_id, f"{short} {long}".strip())
        for name in {short, long, route.name} - {""}:
            names.setdefault(name, []).append(route_id)
    return routes, names


def _stops(files: FeedFiles) -> dict[str, Stop]:
    optional = ("stop_name", "zone_id", "location_type", "parent_station", "stop_lat", "stop_lon")
    table = files.table("stops.txt", ("stop_id",), optional)
    rows: dict[str, _Row] = {}
    for line, (stop_id, name, zone, kind, parent, latitude, longitude) in table:
        if stop_id in rows:
            raise table.broken(line, f"{stop_id} is there twice; give each stop its own id", "stop_id")
        if kind not in ("", "0", "1", "2", "3", "4"):
            raise table.broken(line, f"{kind!r} is not one of 0 to 4; write one of them", "location_type")
        # Entrances and the like (2, 3, 4): no bus calls there.
        if kind in ("", "0", "1"):
            rows[stop_id] = _Row(line, name, zone, parent, _place(table, line, latitude, longitude))
    stops = {}
    for stop_id, row in rows.items():
        parent = row.parent
        if parent and parent not in rows:
            raise table.broken(row.line, f"{parent} is no stop of this table; add it", "parent_station")
        stop = rows[parent] if parent else row
        if not stop.name:
            raise table.broken(stop.line, "blank; name the stop", "stop_name")
        zones = (row.zone,) if row.zone else (stop_id, parent) if parent else (stop_id,)
        stops[stop_id] = Stop(stop.name, zones, row.place or stop.place)
    return stops


def _place(table: Table, line: int, latitude: str, longitude: str) -> Place | None:
    """None if either is blank, and at 0, 0, in the sea off Africa, which is what programs write for "not known"."""
    if not latitude or not longitude:
        return None
    place = Place(
        table.parsed(line, "stop_lat", latitude, latitude_deg), table.parsed(line, "stop_lon", longitude, longitude_deg)
    )
    return None if place == (0, 0) else place

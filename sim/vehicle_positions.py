"""Where the vehicles of a replayed day were, as GTFS-Realtime VehiclePositions (模擬): so that maps can follow it.

A vehicle is on the feed while it is on a trip: at a stop from its arrival until it left, late or not, and between two
stops on the straight line, by time. Stops without coordinates give a vehicle without a position.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from google.transit import gtfs_realtime_pb2 as pb

_JAPAN = timezone(timedelta(hours=9))
_VERSION = "2.0"
Json = dict[str, Any]


class Visit(NamedTuple):
    """A vehicle at a stop of a trip, in seconds since 1970."""

    trip_id: str
    place: int
    arrived_s: int
    left_s: int


class Where(NamedTuple):
    """A vehicle on a trip: standing at a place, or on its way to it. `at` is (latitude, longitude) in degrees."""

    vehicle_id: str
    trip_id: str
    place: int
    stands: bool
    at: tuple[float, float] | None


class Day:
    """The day's vehicles, and where each was at any time."""

    def __init__(self, network: Json, visits: Iterable[Mapping[str, Any]]) -> None:
        """Take the network (sim.network) and the rows of visits, each vehicle's in order."""
        self.network = network
        self._visits: dict[str, list[Visit]] = defaultdict(list)
        for row in visits:
            visit = Visit(row["trip_id"], row["place"], row["arrived_s"], row["left_s"])
            self._visits[row["vehicle_id"]].append(visit)
        self._arrivals = {vehicle_id: [visit.arrived_s for visit in made] for vehicle_id, made in self._visits.items()}

    @property
    def span_s(self) -> tuple[int, int]:
        """From the first arrival until the last vehicle is off its trip; (0, 0) on a day without any."""
        made = [visit for visits in self._visits.values() for visit in visits]
        return (min(visit.arrived_s for visit in made), max(visit.left_s for visit in made)) if made else (0, 0)

    def at(self, at_s: int) -> list[Where]:
        """The vehicles that are on a trip then."""
        found = (self._where(vehicle_id, at_s) for vehicle_id in self._visits)
        return [where for where in found if where is not None]

    def busiest_s(self) -> int:
        """The first whole minute at which most vehicles are out."""
        first_s, last_s = self.span_s
        return max(range(-(-first_s // 60) * 60, last_s + 1, 60), key=lambda at_s: len(self.at(at_s)), default=first_s)

    def _where(self, vehicle_id: str, at_s: int) -> Where | None:
        made = self._visits[vehicle_id]
        index = bisect_right(self._arrivals[vehicle_id], at_s) - 1
        if index < 0:
            return None
        here = made[index]
        if at_s <= here.left_s:
            return Where(vehicle_id, here.trip_id, here.place, True, self._place(here))
        if index + 1 == len(made) or made[index + 1].trip_id != here.trip_id:
            return None
        then = made[index + 1]
        share = (at_s - here.left_s) / (then.arrived_s - here.left_s)
        return Where(vehicle_id, then.trip_id, then.place, False, _between(self._place(here), self._place(then), share))

    def _place(self, visit: Visit) -> tuple[float, float] | None:
        found = self.network["patterns"][self.network["trips"][visit.trip_id]["pattern_id"]]["places"][visit.place]
        return (found[0], found[1]) if found else None


def snapshot(day: Day, at_s: int) -> bytes:
    """The feed message of a moment; the same day gives the same bytes."""
    message = pb.FeedMessage()
    message.header.gtfs_realtime_version = _VERSION
    message.header.incrementality = pb.FeedHeader.FULL_DATASET
    message.header.timestamp = at_s
    for where in day.at(at_s):
        _add(message.entity.add(), day.network, where, at_s)
    made: bytes = message.SerializeToString(deterministic=True)
    return made


def moments(day: Day, every_s: int) -> Iterator[int]:
    """Every so many seconds of the day, on the round second."""
    first_s, last_s = day.span_s
    yield from range(first_s // every_s * every_s, last_s + every_s, every_s) if last_s else ()


def _add(entity: Any, network: Json, where: Where, at_s: int) -> None:
    trip = network["trips"][where.trip_id]
    pattern = network["patterns"][trip["pattern_id"]]
    entity.id = where.vehicle_id
    vehicle = entity.vehicle
    vehicle.trip.trip_id = where.trip_id
    vehicle.trip.route_id = pattern["route_id"]
    vehicle.trip.start_date, vehicle.trip.start_time = _start(network, trip["departures_s"][0])
    vehicle.trip.schedule_relationship = pb.TripDescriptor.SCHEDULED
    vehicle.vehicle.id = where.vehicle_id
    vehicle.vehicle.label = f"{where.vehicle_id} (simulated 模擬)"
    vehicle.stop_id = pattern["stop_ids"][where.place]
    vehicle.current_status = pb.VehiclePosition.STOPPED_AT if where.stands else pb.VehiclePosition.IN_TRANSIT_TO
    vehicle.timestamp = at_s
    if where.at is not None:
        vehicle.position.latitude, vehicle.position.longitude = where.at


def _start(network: Json, departs_s: int) -> tuple[str, str]:
    """The service day, and when the trip leaves on it: 24:35:00 is after midnight, as in GTFS."""
    midnight = datetime.fromisoformat(network["day"]).replace(tzinfo=_JAPAN)
    second = departs_s - int(midnight.timestamp())
    return midnight.strftime("%Y%m%d"), f"{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _between(
    here: tuple[float, float] | None, then: tuple[float, float] | None, share: float
) -> tuple[float, float] | None:
    if here is None or then is None:
        return None
    return here[0] + (then[0] - here[0]) * share, here[1] + (then[1] - here[1]) * share

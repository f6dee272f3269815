"""GTFS-Realtime of a replayed day: read back by Google's own bindings, and held against the timetable."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as pb

from sim.network import network_of
from sim.run_folder import read_rows
from sim.vehicle_positions import Day, moments, snapshot
from tariff.calendar import midnight_in_japan_s
from tests.farebox.bus import DAY, DUTY
from tests.sim.runs import alone, world
from tests.tools.cli import run
from tools.exits import Exit
from tools.positions_command import follow

MIDNIGHT_S = midnight_in_japan_s(DAY)
MOST_LATE_S = 120
"""Passengers take their time."""


@pytest.fixture(scope="module")
def day() -> Day:
    of = world()
    rows = [
        row
        for ran in alone(of).values()
        for row in read_rows(ran.files[f"parts/{ran.vehicle_id}.visits.parquet"], "visits", ".parquet")
    ]
    return Day(network_of(DUTY, tuple(of.vehicles.values()), DAY), rows)


def parsed(data: bytes) -> pb.FeedMessage:
    message = pb.FeedMessage()
    message.ParseFromString(data)
    assert message.IsInitialized()
    return message


def test_a_snapshot_is_a_whole_feed_of_its_moment(day: Day) -> None:
    at_s = day.busiest_s()
    message = parsed(snapshot(day, at_s))
    assert (message.header.gtfs_realtime_version, message.header.timestamp) == ("2.0", at_s)
    assert message.header.incrementality == pb.FeedHeader.FULL_DATASET
    assert len(message.entity) == len({entity.id for entity in message.entity}) >= 2
    for entity in message.entity:
        assert entity.vehicle.vehicle.label == f"{entity.id} (simulated 模擬)"
        assert entity.vehicle.trip.start_date == "20261120"


def test_all_day_every_vehicle_is_where_the_timetable_has_it(day: Day) -> None:
    """On its trip, at or before a stop that the trip is due at then, and between that stop and the one before it."""
    trips = set()
    for at_s in moments(day, 30):
        for entity in parsed(snapshot(day, at_s)).entity:
            vehicle = entity.vehicle
            trip = DUTY.feed.trips[vehicle.trip.trip_id]
            trips.add(trip.trip_id)
            assert vehicle.trip.route_id == trip.route_id
            stop_ids, places = DUTY.feed.stop_ids(trip.pattern_id), DUTY.feed.places(trip.pattern_id)
            second = at_s - MIDNIGHT_S
            due = [
                place
                for place, stop_id in enumerate(stop_ids)
                if stop_id == vehicle.stop_id
                and (trip.departures_s[place - 1] if place else trip.departures_s[0]) - 1
                <= second
                <= trip.departures_s[place] + MOST_LATE_S
            ]
            assert due, (trip.trip_id, vehicle.stop_id, second)
            ends = [places[index] for place in due for index in (max(0, place - 1), place)]
            known = [end for end in ends if end is not None]
            if vehicle.HasField("position"):
                for got, of in ((vehicle.position.latitude, 0), (vehicle.position.longitude, 1)):
                    assert min(end[of] for end in known) - 1e-4 <= got <= max(end[of] for end in known) + 1e-4
    assert trips == {trip.trip_id for trip in DUTY.feed.trips_on(DAY)}


def test_between_two_stops_a_vehicle_is_on_its_way_to_the_next(day: Day) -> None:
    trip = DUTY.feed.trips["HAKUHO-W01"]
    at_s = MIDNIGHT_S + (trip.departures_s[3] + trip.arrivals_s[4]) // 2
    (here,) = [where for where in day.at(at_s) if where.trip_id == trip.trip_id]
    assert (here.place, here.stands) == (4, False)
    assert here.at is not None
    ends = [place for place in DUTY.feed.places(trip.pattern_id)[3:5] if place is not None]
    assert min(end.lat_deg for end in ends) < here.at[0] < max(end.lat_deg for end in ends)
    left_s = max(visit.left_s for visit in day._visits[here.vehicle_id] if visit.left_s < at_s)
    soon_s = left_s + (MIDNIGHT_S + trip.arrivals_s[4] - left_s) // 4
    (soon,) = [where for where in day.at(soon_s) if where.trip_id == trip.trip_id]
    assert soon.at is not None
    assert abs(soon.at[0] - ends[0].lat_deg) < abs(soon.at[0] - ends[1].lat_deg), "a quarter of the time, of the way"


def test_after_midnight_a_trip_still_starts_on_its_service_day(day: Day) -> None:
    last_s = day.span_s[1] - 60
    (entity,) = parsed(snapshot(day, last_s)).entity
    assert entity.vehicle.trip.start_date == "20261120" and entity.vehicle.trip.start_time == "24:35:00"


def test_nobody_is_out_before_the_first_and_after_the_last_trip(day: Day) -> None:
    first_s, last_s = day.span_s
    assert day.at(first_s - 1) == [] == day.at(last_s + 1)
    assert day.at(first_s) and day.at(last_s)


def test_a_stop_without_coordinates_gives_a_vehicle_without_a_position(day: Day) -> None:
    nowhere = {key: {**one, "places": [None] * len(one["places"])} for key, one in day.network["patterns"].items()}
    rows = [{"vehicle_id": vehicle, **visit._asdict()} for vehicle, visits in day._visits.items() for visit in visits]
    blank = Day({**day.network, "patterns": nowhere}, rows)
    for entity in parsed(snapshot(blank, day.busiest_s())).entity:
        assert not entity.vehicle.HasField("position") and entity.vehicle.stop_id


def test_a_day_without_vehicles_is_an_empty_feed() -> None:
    empty = Day({"day": "2026-11-20"}, [])
    assert list(moments(empty, 30)) == [] and empty.busiest_s() == 0
    assert len(parsed(snapshot(empty, 5)).entity) == 0


def test_the_same_day_gives_the_same_bytes(day: Day) -> None:
    assert snapshot(day, day.busiest_s()) == snapshot(day, day.busiest_s())


def test_a_map_follows_one_file_as_the_day_goes_by(day: Day, tmp_path: Path) -> None:
    path, waits, seen = tmp_path / "now.pb", list[float](), list[int]()

    def sleep(wait_s: float) -> None:
        waits.append(wait_s)
        seen.append(parsed(path.read_bytes()).header.timestamp)

    from_s = MIDNIGHT_S + 12 * 3_600
    follow(day, path, 1_200, 2_400.0, sleep, from_s)
    assert set(waits) == {0.5} and seen == [at_s for at_s in moments(day, 1_200) if at_s >= from_s]


class TestCommands:
    """`--vehicle-positions` and `farebox sim positions`."""

    def test_a_replay_writes_them(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        replay = ("sim", "replay", "--reader", "image", "--date", "2026-11-20", "--quiet", "--out", tmp_path / "run")
        ran = run(capsys, monkeypatch, *replay, "--vehicle-positions", tmp_path / "busiest.pb")
        assert (ran.code, ran.err) == (Exit.OK, "")
        busiest = parsed((tmp_path / "busiest.pb").read_bytes())
        assert len(busiest.entity) >= 2
        ran = run(capsys, monkeypatch, "sim", "positions", tmp_path / "run", "-o", tmp_path / "all", "--every", "600")
        assert (ran.code, ran.err) == (Exit.OK, "")
        assert re.search(r"all: \d{3} files, at most [2-9] vehicles \(模擬\)$", ran.out.strip())
        names = sorted(path.name for path in (tmp_path / "all").iterdir())
        assert names[0] == "2026-11-20T064000.pb" and len(names) > 100
        assert date.fromisoformat(names[-1][:10]) == date(2026, 11, 21)
        at = ("-o", tmp_path / "at.pb", "--at", "24:40")
        ran = run(capsys, monkeypatch, "sim", "positions", tmp_path / "run", *at)
        assert ran.code == Exit.OK and "at.pb: 1 vehicles (模擬) at 2026-11-21 00:40:00" in ran.out
        early = ("-o", tmp_path / "early.pb", "--at", "03:00", "--json")
        told = json.loads(run(capsys, monkeypatch, "sim", "positions", tmp_path / "run", *early).out)
        assert told == {"written": str(tmp_path / "early.pb"), "files": 1, "most_vehicles": 0}
        assert parsed((tmp_path / "at.pb").read_bytes()).header.timestamp == MIDNIGHT_S + 24 * 3_600 + 2_400

    @pytest.mark.parametrize("at", ["8", "8:60", "soon", "55:00"])
    def test_a_time_that_is_none(
        self, at: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ran = run(capsys, monkeypatch, "sim", "positions", tmp_path, "-o", "x.pb", "--at", at)
        assert ran.code == Exit.USAGE and "is not a time like 08:30" in ran.err

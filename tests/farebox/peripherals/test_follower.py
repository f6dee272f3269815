"""The vehicle moves the terminal from stop to stop: whole trips, with passengers."""

from pathlib import Path
from random import Random

import pytest

from farebox.feed import Place
from farebox.peripherals.follower import Follower
from farebox.peripherals.vehicle import (
    DoorOpened,
    NoInput,
    Position,
    SeveralInputs,
    StopRequested,
    VehicleEvent,
    VehicleFault,
)
from farebox.position import way_of
from sim.hardware.vehicle import Habits, SimulatedVehicle, drive
from tests.farebox.bus import DUTY, TO_SHIN_SHIRAKAWA, Bus, balance_yen, lococa

TRIP = DUTY.feed.trips[TO_SHIN_SHIRAKAWA]
PLACES = [place for place in DUTY.feed.places(TRIP.pattern_id) if place]
STOPS = DUTY.feed.patterns[TRIP.pattern_id].stop_names


@pytest.mark.parametrize("alights", range(1, len(PLACES)))
@pytest.mark.parametrize("has_doors", [True, False])
def test_the_fare_is_that_of_the_stop_the_bus_has_driven_to(tmp_path: Path, alights: int, has_doors: bool) -> None:
    now_s = [0.0]
    script = drive(TRIP, PLACES, Random(41), Habits(noise_m=30, has_doors=has_doors), began_s=100.0)
    vehicle = SimulatedVehicle(script, lambda: now_s[0])
    follower = Follower(vehicle)
    card, aboard = lococa(3_000), True
    with Bus(tmp_path) as bus:
        bus.begin()
        follower.begin(way_of(PLACES))
        bus.board(card)
        while not vehicle.arrived:
            now_s[0] += 1
            seen = follower.look()
            assert not seen.faults
            if seen.moved_to is not None:
                bus.clock.now_s += 60
                bus.terminal.advance(seen.moved_to)
            if aboard and seen.where.at_stop and seen.where.stop_index == alights:
                result, aboard = bus.alight(card), False
        assert bus.at_stop == STOPS[-1]
    assert result.alighted is not None
    due_yen = DUTY.feed.fare_table(TRIP.pattern_id).fare_yen(0, alights)
    assert result.alighted.settlement.due_yen == due_yen
    assert balance_yen(card) == 3_000 - due_yen


def follower_of(*events: VehicleEvent) -> Follower:
    follower = Follower(SimulatedVehicle(events, lambda: 99))
    follower.begin(way_of(PLACES))
    return follower


def test_a_look_tells_each_move_once() -> None:
    follower = follower_of(Position(60, PLACES[2]), DoorOpened(61))
    seen = follower.look()
    assert (seen.moved_to, seen.skipped, seen.where.at_stop) == (2, (1,), True)
    assert follower.look().moved_to is None


def test_the_bell_is_told() -> None:
    follower = follower_of(StopRequested(3))
    assert follower.look().stop_requested
    assert not follower.look().stop_requested


def test_an_input_that_failed_is_told_and_the_others_go_on() -> None:
    fault = VehicleFault(1, "GPIO", "taken")
    vehicle = SimulatedVehicle((Position(60, PLACES[1]), DoorOpened(61)), lambda: 99)
    follower = Follower(SeveralInputs((NoInput(fault), vehicle)))
    follower.begin(way_of(PLACES))
    seen = follower.look()
    assert (seen.faults, seen.moved_to) == ((fault,), 1)


def test_the_driver_may_key_the_stop() -> None:
    follower = follower_of()
    follower.place(3)
    seen = follower.look()
    assert (seen.where.stop_index, seen.moved_to) == (3, None)
    with pytest.raises(ValueError, match="no place 5"):
        follower.place(5)


def test_the_next_trip_begins_at_its_first_stop_with_the_doors_as_they_are() -> None:
    follower = follower_of(Position(60, PLACES[4]), DoorOpened(61))
    assert follower.look().moved_to == 4
    follower.end()
    follower.begin(way_of(PLACES[::-1]))
    assert (follower.where.stop_index, follower.where.at_stop, follower.where.doors_open) == (0, True, True)


def test_after_a_trip_nothing_moves() -> None:
    now_s = [0.0]
    vehicle = SimulatedVehicle((Position(60, PLACES[1]), DoorOpened(61)), lambda: now_s[0])
    follower = Follower(vehicle)
    follower.begin(way_of(PLACES))
    follower.end()
    now_s[0] = 99
    assert follower.look().moved_to is None


def test_out_of_service_nothing_moves() -> None:
    vehicle = SimulatedVehicle((Position(60, Place(37.1, 140.2)), DoorOpened(61)), lambda: 99)
    seen = Follower(vehicle).look()
    assert (seen.moved_to, seen.where.stop_index) == (None, 0)

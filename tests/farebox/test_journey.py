"""What the vehicle makes of a trip: which stop, whether it stands there (LOC-9), what the driver has to know."""

from collections.abc import Iterable

import pytest

from farebox.feed import Place
from farebox.journey import Journey
from farebox.peripherals.vehicle import (
    INPUTS,
    DoorClosed,
    DoorOpened,
    Heard,
    Position,
    PositionLost,
    Speed,
    Stopped,
    VehicleFault,
)
from farebox.top_up import Halt, not_at_stop
from tests.farebox.bus import DUTY, TO_SHIN_SHIRAKAWA

TRIP = DUTY.feed.trips[TO_SHIN_SHIRAKAWA]
PLACES = DUTY.feed.places(TRIP.pattern_id)
NAMES = DUTY.feed.patterns[TRIP.pattern_id].stop_names


class Told:
    """A vehicle that tells what a test says."""

    def __init__(self) -> None:
        self.waiting: list[Heard] = []

    def poll(self) -> tuple[Heard, ...]:
        heard, self.waiting = tuple(self.waiting), []
        return heard

    def close(self) -> None:
        pass


class Ride:
    """A journey on its first trip."""

    def __init__(self, places: Iterable[Place | None] = PLACES) -> None:
        self.vehicle = Told()
        self.journey = Journey(self.vehicle)
        self.journey.begin(TRIP, tuple(places), NAMES)

    def hears(self, *events: Heard) -> int | None:
        self.vehicle.waiting += events
        return self.journey.look()

    def alarms(self) -> list[str]:
        return [alarm.code for alarm in self.journey.alarms()]


def at(index: int, at_s: float) -> Position:
    place = PLACES[index]
    assert place is not None
    return Position(at_s, place)


def test_it_moves_on_where_a_door_opens_at_another_stop() -> None:
    ride = Ride()
    assert ride.hears(DoorClosed(0), Speed(1, 30)) is None
    assert ride.hears(at(1, 600), DoorOpened(600)) == 1
    assert ride.hears(at(1, 601)) is None


def test_stops_passed_over_are_told_until_it_stands_at_the_next_one() -> None:
    ride = Ride()
    assert ride.hears(at(2, 600), DoorOpened(600)) == 2
    assert ride.alarms() == ["passed-over"] and NAMES[1] in ride.journey.alarms()[0].text[0]
    assert ride.hears(DoorClosed(601), Speed(601, 40), at(3, 1_200), DoorOpened(1_200)) == 3
    assert ride.alarms() == []


def test_the_drivers_word_comes_first() -> None:
    ride = Ride()
    ride.hears(at(2, 600), DoorOpened(600))
    ride.journey.placed(1)
    assert ride.alarms() == []
    with pytest.raises(ValueError, match="no place 9"):
        ride.journey.placed(9)


def test_a_stop_that_the_signals_cannot_tell_is_announced_before_it() -> None:
    ride = Ride((*PLACES[:2], None, *PLACES[3:]))
    assert ride.alarms() == []
    ride.hears(at(1, 600), DoorOpened(600))
    assert ride.alarms() == ["stop-unclear"] and NAMES[2] in ride.journey.alarms()[0].text[1]
    ride.journey.placed(2)
    assert ride.alarms() == []


def test_a_fault_is_an_alarm_until_the_place_is_known_again() -> None:
    ride = Ride()
    ride.hears(VehicleFault(1, "/dev/ttyUSB0", "gone"), PositionLost(1, "GPS receiver gone"))
    assert ride.alarms() == ["vehicle"]
    ride.hears(at(0, 5))
    assert ride.alarms() == []
    ride.hears(PositionLost(9, "no satellites"))
    assert ride.alarms() == ["position"]
    ride.hears(VehicleFault(10, "GPIO", "pin 5 is taken"), at(0, 11))
    assert ride.alarms() == ["vehicle"]


def test_a_process_of_contacts_alone_that_was_started_again_is_no_alarm_once_it_speaks() -> None:
    ride = Ride()
    ride.hears(VehicleFault(1, INPUTS, "ended"), PositionLost(1, "ended"))
    assert ride.alarms() == ["vehicle"]
    ride.hears(DoorOpened(9))
    assert "vehicle" not in ride.alarms()


@pytest.mark.parametrize(
    ("events", "halt", "stands"),
    [
        ((), Halt(None, None, True), False),
        ((DoorOpened(1),), Halt(None, True, True), True),
        ((DoorClosed(1), Stopped(2)), Halt(0, False, True), True),
        ((DoorClosed(1), Speed(2, 2.4)), Halt(0, False, True), True),
        ((DoorClosed(1), Speed(2, 12.0)), Halt(12, False, False), False),
        ((DoorOpened(1), Speed(2, 12.0)), Halt(12, True, True), False),
    ],
)
def test_loc_9_what_the_vehicle_says_of_its_standing_still(events: tuple[Heard, ...], halt: Halt, stands: bool) -> None:
    ride = Ride()
    ride.hears(*events)
    assert ride.journey.halt() == halt
    assert (not_at_stop(ride.journey.halt()) is None) is stands


def test_without_inputs_the_driver_alone_steps_on() -> None:
    journey = Journey()
    journey.begin(TRIP, (None,) * len(PLACES), NAMES)
    assert journey.look() is None and journey.alarms() == ()
    journey.placed(3)
    assert not_at_stop(journey.halt()) is not None


def test_between_trips_nothing_moves() -> None:
    ride = Ride()
    ride.journey.end()
    assert ride.hears(at(2, 600), DoorOpened(600)) is None
    ride.journey.placed(2)
    assert ride.alarms() == []

"""What the doctor says of GPS, door, wheels, and of stops whose arrival can't be told."""

import pytest

from farebox.feed import Place
from farebox.peripherals.finding import Finding, Level
from farebox.peripherals.vehicle import (
    DoorClosed,
    DoorOpened,
    Heard,
    NoInput,
    Position,
    PositionLost,
    Speed,
    Stopped,
    VehicleFault,
)
from farebox.peripherals.vehicle_findings import gps_judged, heard_within, pins_judged, way_judged
from farebox.position import way_of
from sim.hardware.vehicle import SimulatedVehicle

HERE = Place(37.124, 140.188)


@pytest.mark.parametrize(
    ("heard", "level", "code", "says"),
    [
        ((Position(1, HERE),), Level.OK, "gps-knows-where", "37.1240, 140.1880"),
        ((PositionLost(0, "no satellites"), Position(1, HERE)), Level.OK, "gps-knows-where", "37.1240"),
        ((PositionLost(0, "no satellites"),), Level.NOTE, "gps-sees-no-satellites", "no satellites"),
        ((), Level.FAIL, "gps-silent", "nothing came"),
        ((PositionLost(6, "GPS receiver tells no place"),), Level.FAIL, "gps-silent", "tells no place"),
        ((VehicleFault(0, "/dev/ttyS9", "No such file"),), Level.FAIL, "gps-not-there", "No such file"),
    ],
)
def test_a_receiver_is_judged_by_what_it_told(heard: tuple[Heard, ...], level: Level, code: str, says: str) -> None:
    finding = gps_judged("/dev/ttyS9", heard)
    assert (finding.level, finding.code, finding.about) == (level, code, "/dev/ttyS9")
    assert says in finding.text[1]
    assert bool(finding.fix[0]) is bool(finding.fix[1]) is (level is not Level.OK)


@pytest.mark.parametrize(
    ("heard", "codes", "says"),
    [
        ((), ("no-door-contact", "no-speed-signal"), ("no door contact is wired", "no speed signal came")),
        ((DoorClosed(0), Stopped(2)), ("door-contact", "speed-signal"), ("doors closed", "0 km/h")),
        ((DoorClosed(0), DoorOpened(1)), ("door-contact", "no-speed-signal"), ("a door is open", "")),
        ((Speed(1, 12.4),), ("no-door-contact", "speed-signal"), ("", "12 km/h")),
    ],
)
def test_door_and_wheels_are_judged_by_what_they_told(
    heard: tuple[Heard, ...], codes: tuple[str, ...], says: tuple[str, ...]
) -> None:
    findings = pins_judged(heard)
    assert tuple(finding.code for finding in findings) == codes
    assert all(part in finding.text[1] for part, finding in zip(says, findings, strict=True))
    assert Level.FAIL not in {finding.level for finding in findings}


def test_pins_that_cannot_be_used_are_one_finding() -> None:
    (finding,) = pins_judged((VehicleFault(0, "GPIO", "pin 5 is in use"),))
    assert (finding.level, finding.code) == (Level.FAIL, "pins-not-usable")
    assert "pin 5 is in use" in finding.text[1]


def test_the_doctor_listens_for_so_long() -> None:
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    vehicle = SimulatedVehicle((Speed(1, 5), Speed(2, 6), Speed(9, 7)), lambda: now[0])
    assert heard_within(vehicle, 3.0, lambda: now[0], pause) == (Speed(1, 5), Speed(2, 6))
    assert 3.0 <= now[0] < 3.3


def test_the_doctor_does_not_wait_for_what_is_not_there() -> None:
    fault = VehicleFault(0, "GPIO", "none")
    assert heard_within(NoInput(fault), 3.0, lambda: 0.0, lambda _: None) == (fault,)


def test_stops_to_be_keyed_are_named() -> None:
    near = Place(37.12405, 140.188)
    far = Place(37.2, 140.188)
    findings = way_judged(way_of((HERE, near, None, far)), ("駅前", "駅前降車場", "橋", "終点"))
    assert [finding.about for finding in findings] == ["駅前降車場", "橋"]
    assert findings[0].text[1] == "駅前降車場 is at the same place as 駅前"
    assert findings[1].text[0] == "橋 の位置が路線データにありません"
    assert all(isinstance(finding, Finding) and finding.level is Level.NOTE for finding in findings)

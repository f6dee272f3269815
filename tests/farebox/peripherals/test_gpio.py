"""Pins, on gpiozero's own mock of them: lamps, a buzzer, a door contact, the bell, the speed signal."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from farebox.peripherals.finding import Level
from farebox.peripherals.gpio import BOUNCE_S, InputPins, OutputPins, PinOutputs, open_inputs, tried
from farebox.peripherals.sounds_and_lamps import DARK, Lamp, OutputFault, Shown
from farebox.peripherals.vehicle import (
    DoorClosed,
    DoorOpened,
    Heard,
    SeveralInputs,
    Speed,
    Stopped,
    StopRequested,
    VehicleFault,
    VehicleInput,
)
from sim.hardware.vehicle import SimulatedVehicle

GREEN_PI = Shown(2_000, frozenset({Lamp.GREEN}))
RED_BUZZ = Shown(440, frozenset({Lamp.RED, Lamp.YELLOW}))


@pytest.fixture
def pi() -> Iterator[Any]:
    factory = MockFactory(pin_class=MockPWMPin)
    yield factory
    factory.close()


def lit(pi: Any) -> list[int]:
    """Which lamps' pins are high."""
    return [pin for pin in (23, 24, 25) if pi.pin(pin).state == 1]


def test_tone_and_lamps_are_shown_on_their_pins(pi: Any) -> None:
    outputs = PinOutputs(OutputPins(), pi)
    assert outputs.show(GREEN_PI) is None
    assert lit(pi) == [23]
    assert (pi.pin(18).frequency, pi.pin(18).state) == (pytest.approx(2_000, rel=0.01), 0.5)
    assert outputs.show(RED_BUZZ) is None
    assert lit(pi) == [24, 25]
    assert pi.pin(18).frequency == pytest.approx(440, rel=0.01)
    assert outputs.show(DARK) is None
    assert (lit(pi), pi.pin(18).state) == ([], 0)
    outputs.close()


def test_a_plain_buzzer_gets_current_and_no_tone(pi: Any) -> None:
    outputs = PinOutputs(OutputPins(plain_buzzer=True), pi)
    outputs.show(GREEN_PI)
    assert pi.pin(18).state == 1
    outputs.show(DARK)
    assert pi.pin(18).state == 0
    outputs.close()


def test_lamps_that_light_when_low_are_dark_when_high(pi: Any) -> None:
    outputs = PinOutputs(OutputPins(active_high=False), pi)
    outputs.show(GREEN_PI)
    assert lit(pi) == [24, 25]
    outputs.close()


def test_what_is_not_wired_is_no_fault(pi: Any) -> None:
    outputs = PinOutputs(OutputPins(buzzer=None, yellow=None), pi)
    assert outputs.show(GREEN_PI) is None
    assert lit(pi) == [23]
    outputs.close()


def test_closing_leaves_all_dark(pi: Any) -> None:
    outputs = PinOutputs(OutputPins(), pi)
    outputs.show(RED_BUZZ)
    outputs.close()
    assert (lit(pi), pi.pin(18).state) == ([], 0)
    PinOutputs(OutputPins(), pi).close()


def test_a_pin_that_another_holds_is_a_fault_and_the_others_work(pi: Any) -> None:
    holder = PinOutputs(OutputPins(None, None, None, red=25), pi)
    outputs = PinOutputs(OutputPins(), pi)
    fault = outputs.show(GREEN_PI)
    assert isinstance(fault, OutputFault)
    assert (fault.part, "pin 25" in fault.what) == ("red", True)
    assert lit(pi) == [23]
    assert outputs.show(RED_BUZZ) == fault
    outputs.close()
    holder.close()


def test_a_lamp_that_fails_later_is_a_fault_and_the_others_work(pi: Any) -> None:
    outputs = PinOutputs(OutputPins(), pi)
    outputs._lamps[Lamp.GREEN].close()
    fault = outputs.show(Shown(0, frozenset({Lamp.GREEN, Lamp.RED})))
    assert isinstance(fault, OutputFault) and fault.part == "green"
    assert lit(pi) == [25]
    outputs.close()


def test_a_machine_without_pins_is_a_fault_and_no_exception() -> None:
    class NoPins(MockFactory):  # type: ignore[misc]
        def pin(self, name: object) -> object:
            raise OSError("no such device")

    fault = PinOutputs(OutputPins(), NoPins()).show(GREEN_PI)
    assert fault == OutputFault("buzzer", "pin 18: no such device")
    (heard,) = open_inputs(InputPins(), lambda: 3.0, NoPins()).poll()
    assert heard == VehicleFault(3.0, "GPIO", "no such device")


# -- in


class Cab:
    """Inputs on mock pins, and a clock."""

    def __init__(self, pi: Any, pins: InputPins = InputPins()) -> None:  # noqa: B008
        self.now_s = 100.0
        self._pi, self._pins = pi, pins
        for pin in (pins.door, pins.bell, pins.wheels):
            if pin is not None:
                pi.pin(pin).pull = "up"
        self.inputs: VehicleInput = open_inputs(pins, lambda: self.now_s, pi)

    def close_contact(self, pin: int | None) -> None:
        self._pi.pin(pin).drive_low()

    def open_contact(self, pin: int | None) -> None:
        self._pi.pin(pin).drive_high()

    def turn(self, pulses: int, within_s: float) -> tuple[Heard, ...]:
        for _ in range(pulses):
            self.now_s += within_s / pulses
            self.close_contact(self._pins.wheels)
            self.open_contact(self._pins.wheels)
        return self.inputs.poll()


def test_doors_open_and_close(pi: Any) -> None:
    cab = Cab(pi)
    assert cab.inputs.poll() == (DoorClosed(100.0),)
    cab.close_contact(5)
    cab.now_s = 101
    cab.open_contact(5)
    assert cab.inputs.poll() == (DoorOpened(100.0), DoorClosed(101.0))
    assert cab.inputs.poll() == ()
    cab.inputs.close()


def test_a_contact_that_opens_with_the_door_is_configured_so(pi: Any) -> None:
    cab = Cab(pi, InputPins(door_open_when_closed=False))
    assert cab.inputs.poll() == (DoorOpened(100.0),)
    cab.close_contact(5)
    assert cab.inputs.poll() == (DoorClosed(100.0),)
    cab.inputs.close()


def test_the_bell_is_heard(pi: Any) -> None:
    cab = Cab(pi, InputPins(door=None))
    cab.close_contact(6)
    cab.open_contact(6)
    assert cab.inputs.poll() == (StopRequested(100.0),)
    cab.inputs.close()


@pytest.mark.parametrize(("pins", "kmh"), [(InputPins(), 60.0), (InputPins(pulses_per_km=5_096), 30.0)])
def test_the_speed_is_that_of_the_pulses(pi: Any, pins: InputPins, kmh: float) -> None:
    cab = Cab(pi, pins._replace(door=None))
    # JIS D 5601: 637 turns a minute at 60 km/h, 4 pulses each.
    (speed,) = cab.turn(637 * 4 // 60, within_s=1.0)
    assert isinstance(speed, Speed)
    assert speed.kmh == pytest.approx(kmh, rel=0.02)
    cab.inputs.close()


def test_speed_is_told_twice_a_second_at_most(pi: Any) -> None:
    cab = Cab(pi, InputPins(door=None))
    assert cab.turn(10, within_s=0.4) == ()
    assert len(cab.turn(10, within_s=0.1)) == 1
    cab.inputs.close()


def test_standing_still_is_told_once(pi: Any) -> None:
    cab = Cab(pi, InputPins(door=None))
    assert [type(event) for event in cab.turn(42, within_s=1.0)] == [Speed]
    cab.now_s += 1.9
    assert cab.inputs.poll() == ()
    cab.now_s += 0.1
    assert cab.inputs.poll() == (Stopped(cab.now_s),)
    cab.now_s += 600
    assert cab.inputs.poll() == ()
    assert [type(event) for event in cab.turn(42, within_s=1.0)] == [Speed]
    cab.inputs.close()


def test_a_speed_after_a_long_halt_is_not_spread_over_the_halt(pi: Any) -> None:
    cab = Cab(pi, InputPins(door=None))
    cab.now_s += 2
    assert cab.inputs.poll() == (Stopped(102.0),)
    cab.now_s += 600
    cab.inputs.poll()
    (speed,) = cab.turn(42, within_s=1.0)
    assert isinstance(speed, Speed)
    assert speed.kmh == pytest.approx(60, rel=0.02)
    cab.inputs.close()


def test_pins_that_are_taken_are_told_once(pi: Any) -> None:
    first = open_inputs(InputPins(), lambda: 1.0, pi)
    second = open_inputs(InputPins(), lambda: 1.0, pi)
    (fault,) = second.poll()
    assert isinstance(fault, VehicleFault) and fault.source == "GPIO"
    assert second.poll() == ()
    second.close()
    first.close()
    open_inputs(InputPins(), lambda: 1.0, pi).close()


def test_pins_are_given_back_if_not_all_can_be_had(pi: Any) -> None:
    holder = open_inputs(InputPins(door=None, bell=None), lambda: 1.0, pi)
    assert isinstance(open_inputs(InputPins(), lambda: 1.0, pi).poll()[0], VehicleFault)
    others = open_inputs(InputPins(wheels=None), lambda: 1.0, pi)
    assert others.poll() == (DoorClosed(1.0),)
    others.close()
    holder.close()


def test_contacts_may_bounce(pi: Any) -> None:
    cab = Cab(pi)
    assert pi.pin(5).bounce == pi.pin(6).bounce == BOUNCE_S
    cab.inputs.close()


def test_several_sources_are_heard_by_time(pi: Any) -> None:
    cab = Cab(pi)
    other = SimulatedVehicle((Speed(99.0, 3.0), Speed(101.0, 2.0)), lambda: 200.0)
    both = SeveralInputs((cab.inputs, other))
    assert both.poll() == (Speed(99.0, 3.0), DoorClosed(100.0), Speed(101.0, 2.0))
    both.close()


# -- the doctor


def test_the_doctor_says_which_pins_can_be_had(pi: Any) -> None:
    holder = PinOutputs(OutputPins(None, None, None, red=25), pi)
    green, red, bell = tried((("green", 23), ("red", 25), ("bell", None)), pi)
    assert (green.level, green.code, green.fix) == (Level.OK, "pin-usable", ("", ""))
    assert (red.level, red.code, red.about) == (Level.FAIL, "pin-not-usable", "red")
    assert all("GPIO25" in text for text in red.text) and all(red.fix)
    assert (bell.level, bell.code) == (Level.NOTE, "pin-not-wired")
    assert pi.pin(23).function == "input"
    holder.close()


def test_the_terminal_without_peripherals_loads_none_of_their_libraries() -> None:
    loaded = (
        "import sys, farebox.terminal, farebox.position, farebox.peripherals.sounds_and_lamps,"
        " farebox.peripherals.vehicle, farebox.peripherals.finding;"
        "print(sorted({'gpiozero', 'pynmea2', 'PIL', 'escpos'} & set(sys.modules)))"
    )
    ran = subprocess.run((sys.executable, "-c", loaded), capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"

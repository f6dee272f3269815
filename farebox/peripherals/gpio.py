"""Pins of a Raspberry Pi: buzzer and lamps out, doors, wheels and the bell in. The only `import gpiozero`.

Import it only where pins are configured: off the Pi it needs the library's mock pins (`pin_factory`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, NamedTuple

import gpiozero
from gpiozero.tones import Tone

from farebox.peripherals.finding import Finding, Level
from farebox.peripherals.sounds_and_lamps import Lamp, OutputFault, Shown
from farebox.peripherals.vehicle import (
    DoorClosed,
    DoorOpened,
    Heard,
    NoInput,
    Speed,
    Stopped,
    StopRequested,
    VehicleFault,
    VehicleInput,
)

_PIN_ERRORS = Exception
"""For pins that are missing, taken, or not there: each library under gpiozero has its own (lgpio.error)."""
_TONE_OCTAVES = 3
"""About 440 Hz: from 55 to 3520 Hz."""


class OutputPins(NamedTuple):
    """BCM numbers; None: not wired. `plain_buzzer`: one that sounds a tone of its own when it gets current."""

    buzzer: int | None = 18
    green: int | None = 23
    yellow: int | None = 24
    red: int | None = 25
    plain_buzzer: bool = False
    active_high: bool = True


class InputPins(NamedTuple):
    """BCM numbers; None: not wired. A contact closes to ground; `door_open_when_closed` says what the door's means.

    `pulses_per_km`: of the vehicle's speed signal. 2,548 is that of Japanese vehicles with 4 pulses a turn (637 turns
    a minute at 60 km/h, JIS D 5601); with 8 it is 5,096.
    """

    door: int | None = 5
    bell: int | None = 6
    wheels: int | None = 13
    door_open_when_closed: bool = True
    pulses_per_km: int = 2_548


BOUNCE_S = 0.05
STANDS_AFTER_S = 2.0
"""So long without a pulse. At 2,548 a kilometre that is slower than 1 km/h."""
_SPEED_EVERY_S = 0.5


class PinOutputs:
    """A buzzer and three lamps: Outputs. Each is tried by itself, so that one that fails leaves the others working."""

    def __init__(self, pins: OutputPins, pin_factory: Any = None) -> None:
        """Claim the pins. What can't be had is a fault at the first `show`, not here."""
        self.fault: OutputFault | None = None
        self._plain = pins.plain_buzzer
        self._buzzer = self._claim("buzzer", pins.buzzer, lambda pin: self._make_buzzer(pin, pin_factory))
        wired = {Lamp.GREEN: pins.green, Lamp.YELLOW: pins.yellow, Lamp.RED: pins.red}
        self._lamps = {
            lamp: self._claim(
                lamp.value,
                pin,
                lambda pin: gpiozero.LED(pin, active_high=pins.active_high, pin_factory=pin_factory),
            )
            for lamp, pin in wired.items()
        }

    def show(self, shown: Shown) -> OutputFault | None:
        """Sound and light; the first fault there is, if any."""
        faults = [self.fault, self._try("buzzer", self._buzzer, lambda buzzer: self._sound(buzzer, shown.tone_hz))]
        for lamp, led in self._lamps.items():
            faults.append(self._try(lamp.value, led, _light if lamp in shown.lamps else _darken))
        return next((fault for fault in faults if fault), None)

    def close(self) -> None:
        """The pins are free again, and without current."""
        for device in (self._buzzer, *self._lamps.values()):
            if device is not None:
                with suppress(_PIN_ERRORS):
                    device.close()

    def _make_buzzer(self, pin: int, pin_factory: Any) -> Any:
        if self._plain:
            return gpiozero.Buzzer(pin, pin_factory=pin_factory)
        return gpiozero.TonalBuzzer(pin, octaves=_TONE_OCTAVES, pin_factory=pin_factory)

    def _sound(self, buzzer: Any, tone_hz: int) -> None:
        if self._plain:
            buzzer.on() if tone_hz else buzzer.off()
        elif tone_hz:
            buzzer.play(Tone(frequency=tone_hz))
        else:
            buzzer.stop()

    def _claim(self, part: str, pin: int | None, make: Callable[[int], Any]) -> Any:
        if pin is None:
            return None
        try:
            return make(pin)
        except _PIN_ERRORS as error:
            self.fault = self.fault or OutputFault(part, f"pin {pin}: {_said(error)}")
            return None

    def _try(self, part: str, device: Any, act: Callable[[Any], None]) -> OutputFault | None:
        if device is None:
            return None
        try:
            act(device)
        except _PIN_ERRORS as error:
            return OutputFault(part, _said(error))
        return None


def _light(led: Any) -> None:
    led.on()


def _darken(led: Any) -> None:
    led.off()


class PinInputs:
    """Door contact, bell and speed signal: a VehicleInput. Edges come in gpiozero's threads, `poll` hands them out."""

    def __init__(self, pins: InputPins, clock: Callable[[], float], pin_factory: Any = None) -> None:
        """Use open_inputs. Raises gpiozero's errors if a pin can't be had."""
        self._pins, self._clock = pins, clock
        self._lock = Lock()
        self._heard: list[Heard] = []
        self._pulses = 0
        self._counted_s = self._pulse_s = clock()
        self._stands = False
        self._devices: list[Any] = []
        try:
            self._wire(pin_factory)
        except _PIN_ERRORS:
            self.close()
            raise

    def poll(self) -> tuple[Heard, ...]:
        """Edges since the last call, and the speed by the pulses between."""
        now_s = self._clock()
        with self._lock:
            heard, self._heard = self._heard, []
            heard += self._speed(now_s)
        return tuple(heard)

    def close(self) -> None:
        """Let go of the pins."""
        for device in self._devices:
            with suppress(_PIN_ERRORS):
                device.close()
        self._devices.clear()

    def _wire(self, pin_factory: Any) -> None:
        pins = self._pins
        if pins.door is not None:
            door = self._button(pins.door, pin_factory)
            opened, closed = (DoorOpened, DoorClosed) if pins.door_open_when_closed else (DoorClosed, DoorOpened)
            door.when_pressed = lambda: self._edge(opened)
            door.when_released = lambda: self._edge(closed)
            # How it stands now: no edge tells of that.
            self._edge(opened if door.is_pressed else closed)
        if pins.bell is not None:
            self._button(pins.bell, pin_factory).when_pressed = lambda: self._edge(StopRequested)
        if pins.wheels is not None:
            wheels = gpiozero.DigitalInputDevice(pins.wheels, pull_up=True, pin_factory=pin_factory)
            self._devices.append(wheels)
            wheels.when_activated = self._pulse

    def _button(self, pin: int, pin_factory: Any) -> Any:
        button = gpiozero.Button(pin, bounce_time=BOUNCE_S, pin_factory=pin_factory)
        self._devices.append(button)
        return button

    def _edge(self, event: Callable[[float], Heard]) -> None:
        with self._lock:
            self._heard.append(event(self._clock()))

    def _pulse(self) -> None:
        with self._lock:
            self._pulse_s = self._clock()
            if self._stands:
                # The first one after a halt begins the count.
                self._stands, self._counted_s = False, self._pulse_s
            else:
                self._pulses += 1

    def _speed(self, now_s: float) -> Iterator[Heard]:
        """Pulses over time, twice a second at most; after some time without any, it stands, which is told once."""
        if self._pins.wheels is None:
            return
        passed_s = now_s - self._counted_s
        if self._pulses and passed_s >= _SPEED_EVERY_S:
            yield Speed(now_s, self._pulses / self._pins.pulses_per_km * 3_600 / passed_s)
            self._pulses, self._counted_s = 0, now_s
        elif not self._stands and now_s - self._pulse_s >= STANDS_AFTER_S:
            self._stands = True
            yield Stopped(now_s)


def open_inputs(pins: InputPins, clock: Callable[[], float], pin_factory: Any = None) -> VehicleInput:
    """Claim the pins; if one can't be had, an input that says so once."""
    try:
        return PinInputs(pins, clock, pin_factory)
    except _PIN_ERRORS as error:
        return NoInput(VehicleFault(clock(), "GPIO", _said(error)))


def tried(pins: Sequence[tuple[str, int | None]], pin_factory: Any = None) -> tuple[Finding, ...]:
    """For the doctor: can each pin be had (name, BCM number; None: not wired)? Claims each for a moment, as an input.

    Nothing sounds or lights, and nothing is driven. A pin that another program holds is a finding.
    """
    return tuple(_tried(name, pin, pin_factory) for name, pin in pins)


def _tried(name: str, pin: int | None, pin_factory: Any) -> Finding:
    if pin is None:
        return Finding(Level.NOTE, "pin-not-wired", name, ("配線なし", "not wired"))
    try:
        gpiozero.DigitalInputDevice(pin, pull_up=True, pin_factory=pin_factory).close()
    except _PIN_ERRORS as error:
        said = _said(error)
        return Finding(
            Level.FAIL,
            "pin-not-usable",
            name,
            (f"GPIO{pin} を使えません（{said}）", f"GPIO{pin} can't be used ({said})"),
            (
                "lgpio を入れ、ユーザーをグループ gpio に加え、同じピンを使う他のプログラムを止めてください",
                "install lgpio, put the user into the group gpio, and stop other programs that hold the pin",
            ),
        )
    return Finding(Level.OK, "pin-usable", name, (f"GPIO{pin} を使えます", f"GPIO{pin} can be used"))


def _said(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

"""The far end of farebox/peripherals/vehicle_lines.py: GPS and pins, read here and told as lines on standard output.

    python -m farebox.peripherals.vehicle_process '{"gps": "/dev/ttyUSB0", …}'

Each library is loaded only if its input is wired. It ends when standard input does: the terminal is gone then.
"""

import json
import os
import select
import sys
import time
from collections.abc import Callable

from farebox.config import InputsConfig, number
from farebox.peripherals.vehicle import NoInput, SeveralInputs, VehicleFault, VehicleInput
from farebox.peripherals.vehicle_lines import line_of
from farebox.shape import shaped

_LOOK_EVERY_S = 0.1


def inputs_of(wired: InputsConfig, clock: Callable[[], float]) -> SeveralInputs:
    """The inputs that are wired. One whose library is missing says so and nothing else."""
    found: list[VehicleInput] = []
    if wired.gps is not None:
        found.append(_or_fault(wired.gps, clock, lambda: _gps(wired, clock)))
    if wired.pins:
        found.append(_or_fault("GPIO", clock, lambda: _pins(wired, clock)))
    return SeveralInputs(found)


def _or_fault(source: str, clock: Callable[[], float], make: Callable[[], VehicleInput]) -> VehicleInput:
    try:
        return make()
    except ModuleNotFoundError as missing:
        return NoInput(VehicleFault(clock(), source, f"{missing.name} is not installed"))


def _gps(wired: InputsConfig, clock: Callable[[], float]) -> VehicleInput:
    from farebox.peripherals.gps_line import GpsLine  # noqa: PLC0415

    assert wired.gps is not None
    return GpsLine(wired.gps, clock, wired.gps_baud)


def _pins(wired: InputsConfig, clock: Callable[[], float]) -> VehicleInput:
    from farebox.peripherals.gpio import InputPins, open_inputs  # noqa: PLC0415

    door, bell, wheels = map(number, (wired.door, wired.bell, wired.wheels))
    return open_inputs(InputPins(door, bell, wheels, wired.door_open_when_closed, wired.pulses_per_km), clock)


def main() -> None:
    """Tell what is heard until nobody listens."""
    source = inputs_of(shaped(json.loads(sys.argv[1]), InputsConfig), time.monotonic)
    try:
        while not select.select((sys.stdin,), (), (), _LOOK_EVERY_S)[0]:
            for heard in source.poll():
                os.write(sys.stdout.fileno(), line_of(heard))
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    finally:
        source.close()


if __name__ == "__main__":
    main()

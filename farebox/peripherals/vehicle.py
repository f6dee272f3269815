"""What the vehicle tells the fare box: doors, speed, the bell, where it is. A Protocol, and the values behind it.

    vehicle.poll() -> (DoorClosed(12.0), Speed(14.2, 18), Position(15.0, Place(37.12, 140.19)), ...)

`at_s` is of the clock that the driver was given. Only differences count, so it should be one that nobody sets
(time.monotonic).
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from farebox.feed import Place


class DoorOpened(NamedTuple):
    """A door is open."""

    at_s: float


class DoorClosed(NamedTuple):
    """Every door is closed."""

    at_s: float


class Speed(NamedTuple):
    """The vehicle moves, or does not: `kmh` is never negative."""

    at_s: float
    kmh: float


class Stopped(NamedTuple):
    """The wheels stand still: the same as a speed of 0."""

    at_s: float


class StopRequested(NamedTuple):
    """Somebody pressed the bell."""

    at_s: float


class Position(NamedTuple):
    """Where the vehicle is."""

    at_s: float
    place: Place


class PositionLost(NamedTuple):
    """It is no longer known where the vehicle is; `why` in a few words. Told once, until there is a Position again."""

    at_s: float
    why: str


INPUTS = "inputs"
"""The source of a fault of all inputs together: whatever is heard says that it is over."""


class VehicleFault(NamedTuple):
    """An input itself failed: which and how. Told once, until it works again."""

    at_s: float
    source: str
    what: str


VehicleEvent = DoorOpened | DoorClosed | Speed | Stopped | StopRequested | Position | PositionLost
Heard = VehicleEvent | VehicleFault


class VehicleInput(Protocol):
    """One source of what the vehicle tells."""

    def poll(self) -> tuple[Heard, ...]:
        """What was heard since the last call, oldest first. Never waits, never raises for what the outside does."""

    def close(self) -> None:
        """Let go of the hardware."""


class NoInput:
    """A source that could not be had: it says so once, and nothing else."""

    def __init__(self, fault: VehicleFault) -> None:
        """Take what it is to say."""
        self._fault: VehicleFault | None = fault

    def poll(self) -> tuple[Heard, ...]:
        """The fault, the first time."""
        fault, self._fault = self._fault, None
        return (fault,) if fault else ()

    def close(self) -> None:
        """Nothing is held."""


class SeveralInputs:
    """Some sources as one: a GPS receiver on a serial line beside a door contact on a pin."""

    def __init__(self, inputs: Sequence[VehicleInput]) -> None:
        """Take the sources, which must share one clock; `close` closes them all."""
        self._inputs = tuple(inputs)

    def poll(self) -> tuple[Heard, ...]:
        """What all of them heard, by time."""
        heard = [event for source in self._inputs for event in source.poll()]
        return tuple(sorted(heard, key=lambda event: event.at_s))

    def close(self) -> None:
        """Close all of them."""
        for source in self._inputs:
            source.close()

"""A driver who keeps to the timetable (模擬): each trip that begins is driven at once, as fast as asked."""

from collections.abc import Callable, Sequence
from random import Random

from farebox.feed import Place, Trip
from farebox.peripherals.vehicle import Heard
from sim.hardware.vehicle import Habits, SimulatedVehicle, drive

LEAVES_AFTER_S = 20.0
"""By the timetable's pace: so long it stands at its first stop."""
_NOISE_M = 10.0


class SimulatedDriver:
    """A VehicleInput. Between trips it stands still and says nothing."""

    def __init__(self, clock: Callable[[], float], pace: int = 1, seed: int = 41) -> None:
        """`clock` is one that nobody sets; `pace`: how many times as fast as the timetable."""
        self._clock = clock
        self._pace = pace
        self._rng = Random(seed)
        self._vehicle: SimulatedVehicle | None = None

    def set_out(self, trip: Trip, places: Sequence[Place | None]) -> None:
        """Drive a trip from now on. A stop whose place nobody knows is taken to be where the one before it is."""
        known = _filled(places)
        began_s = self._now_s() + LEAVES_AFTER_S
        script = drive(trip, known, self._rng, Habits(noise_m=_NOISE_M), began_s) if known else ()
        self._vehicle = SimulatedVehicle(script, self._now_s)

    def poll(self) -> tuple[Heard, ...]:
        """What was due since the last call."""
        return self._vehicle.poll() if self._vehicle else ()

    def close(self) -> None:
        """Tell no more."""
        self._vehicle = None

    def _now_s(self) -> float:
        return self._clock() * self._pace


def _filled(places: Sequence[Place | None]) -> list[Place]:
    known: list[Place] = []
    first = next((place for place in places if place is not None), None)
    for place in places:
        here = place or (known[-1] if known else first)
        if here is not None:
            known.append(here)
    return known

"""The vehicle's inputs and its way, put together: what the terminal is to be told each time around.

follower.begin(way_of(feed.places(pattern_id)))
seen = follower.look()
if seen.moved_to is not None: terminal.advance(seen.moved_to)
"""

from typing import NamedTuple

from farebox.peripherals.vehicle import Position, PositionLost, StopRequested, VehicleFault, VehicleInput
from farebox.position import AT_THE_FIRST_STOP, Way, Whereabouts, follow, placed

_NO_WAY = Way((), ())


class Seen(NamedTuple):
    """One look. `moved_to`: the stop at which the vehicle came to stand since the last one, if it is another one.

    `skipped` are the stops before it at which it did not stand, `faults` inputs that failed since. `lost` is why the
    place is not known; empty if it is, or if nothing ever told of places.
    """

    where: Whereabouts
    moved_to: int | None
    skipped: tuple[int, ...]
    stop_requested: bool
    faults: tuple[VehicleFault, ...]
    lost: str = ""
    heard: bool = False
    """Whether anything but faults was."""


class Follower:
    """Follows one vehicle from trip to trip."""

    def __init__(self, vehicle: VehicleInput) -> None:
        """Take the vehicle's inputs; `close` is their owner's."""
        self._vehicle = vehicle
        self._way = _NO_WAY
        self.where = AT_THE_FIRST_STOP
        self._lost = ""

    def begin(self, way: Way, stop_index: int = 0) -> None:
        """A trip begins, mostly at its first stop. Doors, speed and position stay as they are known."""
        self._way = way
        self.where = placed(way, self.where, stop_index)

    def end(self) -> None:
        """No trip: what is heard moves nothing."""
        self._way = _NO_WAY

    def place(self, stop_index: int) -> None:
        """The driver's word. Raises ValueError if the way has no such stop."""
        self.where = placed(self._way, self.where, stop_index)

    def look(self) -> Seen:
        """Take in all that was heard. Never waits."""
        was = self.where.stop_index
        skipped: tuple[int, ...] = ()
        heard = self._vehicle.poll()
        for event in heard:
            self.where, more = follow(self._way, self.where, event)
            skipped += more
            if isinstance(event, Position | PositionLost):
                self._lost = event.why if isinstance(event, PositionLost) else ""
        moved_to = self.where.stop_index if self.where.stop_index != was else None
        requested = any(isinstance(event, StopRequested) for event in heard)
        faults = tuple(event for event in heard if isinstance(event, VehicleFault))
        told = any(not isinstance(event, VehicleFault | PositionLost) for event in heard)
        return Seen(self.where, moved_to, skipped, requested, faults, self._lost, told)

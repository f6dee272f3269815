"""A trip as the vehicle drives it: which stop the terminal is to be told of, whether it stands there, what is wrong.

    journey.begin(trip, places, names); moved_to = journey.look(); terminal.advance(moved_to)

The driver's word comes before the vehicle's: `placed`.
"""

from collections.abc import Callable, Sequence

from farebox.console.protocol import Alarm
from farebox.feed import Place, Trip
from farebox.peripherals.follower import Follower
from farebox.peripherals.vehicle import INPUTS, SeveralInputs, VehicleFault, VehicleInput
from farebox.position import STANDING_BELOW_KMH, Unclear, unclear, way_of
from farebox.top_up import Halt

SetOut = Callable[[Trip, Sequence[Place | None]], None]
"""A trip begins: said to whoever has to drive it (模擬)."""


class Journey:
    """Follows the trips of one vehicle."""

    def __init__(self, vehicle: VehicleInput | None = None, set_out: SetOut = lambda _trip, _places: None) -> None:
        """Take its inputs, whose `close` is their owner's; None: it tells nothing, and the driver steps on by hand."""
        self._follower = Follower(vehicle or SeveralInputs(()))
        self._tells = vehicle is not None
        self._set_out = set_out
        self._names: Sequence[str] = ()
        self._unclear: tuple[Unclear, ...] = ()
        self._skipped: tuple[int, ...] = ()
        self._faults: dict[str, VehicleFault] = {}
        self._lost = ""

    def begin(self, trip: Trip, places: Sequence[Place | None], names: Sequence[str]) -> None:
        """A trip begins at its first stop."""
        way = way_of(places)
        self._names, self._unclear, self._skipped = names, unclear(way) if self._tells else (), ()
        self._follower.begin(way)
        self._set_out(trip, places)

    def end(self) -> None:
        """No trip: what is heard moves nothing."""
        self._names, self._unclear, self._skipped = (), (), ()
        self._follower.end()

    def placed(self, stop_index: int) -> None:
        """The driver says that it stands at this stop."""
        if self._names:
            self._follower.place(stop_index)
            self._skipped = ()

    def look(self) -> int | None:
        """Take in what was heard: the stop it came to, if it is another one."""
        seen = self._follower.look()
        if seen.heard:
            self._faults.pop(INPUTS, None)
        self._faults.update({fault.source: fault for fault in seen.faults})
        if seen.where.fix is not None:
            # Only what tells places can have had that fault, and it tells them again.
            self._faults = {source: fault for source, fault in self._faults.items() if source == "GPIO"}
        self._lost = seen.lost
        if seen.moved_to is not None:
            self._skipped = seen.skipped
        return seen.moved_to

    def halt(self) -> Halt:
        """What is known of its standing still (LOC-9). What stands tells of small speeds too."""
        where = self._follower.where
        kmh = where.speed_kmh
        standing = kmh is not None and kmh < STANDING_BELOW_KMH
        return Halt(None if kmh is None else 0 if standing else round(kmh), where.doors_open, where.at_stop)

    def alarms(self) -> tuple[Alarm, ...]:
        """What the driver has to know, or to do by hand."""
        found = [
            Alarm("vehicle", (f"車両入力 {fault.source}: {fault.what}", f"vehicle input {fault.source}: {fault.what}"))
            for fault in self._faults.values()
        ]
        if self._lost and not self._faults:
            found.append(Alarm("position", (f"位置不明（{self._lost}）", f"position not known: {self._lost}")))
        if self._skipped:
            names = ", ".join(self._names[index] for index in self._skipped)
            found.append(Alarm("passed-over", (f"停車せず通過: {names}", f"did not stop at: {names}")))
        coming = self._follower.where.stop_index + 1
        if any(stop.stop_index == coming for stop in self._unclear):
            name = self._names[coming]
            found.append(Alarm("stop-unclear", (f"到着時に手動で進める: {name}", f"step on by hand at: {name}")))
        return tuple(found)

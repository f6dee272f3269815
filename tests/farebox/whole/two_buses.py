"""Two buses on opposite trips of a line, on the machine that buses run, every picture read back as by a console."""

from cardimage.image import CardImage
from farebox.console.protocol import Picture, picture_line, picture_of
from farebox.machine import TransitionsMachine
from sim.faults.bus import Wheel
from sim.faults.world import World
from tests.farebox.bus import DAY, DUTY
from tests.farebox.note_bus import CAP_YEN

TRIPS = ("HAKUHO-W01", "HAKUHO-W02")


class _Display(Wheel):
    def __init__(self) -> None:
        super().__init__()
        self._picture: Picture | None = None

    def publish(self, picture: Picture) -> None:
        if picture != self._picture:
            self._picture = picture_of(picture_line(picture))
            assert self._picture == picture


def two_buses(scheme: str, cards: list[CardImage]) -> World:
    """Under the rules of a scheme, on its trips."""
    duty = DUTY._replace(scheme=scheme)
    world = World(duty, DAY, ("BUS-1", "BUS-2"), cards, CAP_YEN, machine=TransitionsMachine, wheel=_Display)
    for bus, trip_id in zip(world.buses, TRIPS, strict=True):
        bus.begins(trip_id)
    return world

"""Where a terminal stands (NOR-11)."""

from enum import StrEnum


class PlaceKind(StrEnum):
    """On a bus, between a station's entry and exit, or alone as a machine that tops up and shows last uses."""

    BUS = "bus"
    STATION = "station"
    TOP_UP_MACHINE = "top-up-machine"

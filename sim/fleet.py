"""Which vehicle runs which trips of a day: the feed's blocks, or a stated rule where it has none."""

from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

from farebox.feed.gtfs import Trip

LAYOVER_S = 300
"""The rule for trips without a block: an operator's vehicle takes the next trip that starts where it stands, five
minutes on."""


class Vehicle(NamedTuple):
    """One vehicle's day: its trips in the order it runs them, and the feed's block, empty where the rule chained them.

    Vehicles are numbered by us: a block's name comes from outside, and the number names a file.
    """

    vehicle_id: str
    block_id: str
    trips: tuple[Trip, ...]


def vehicles_for(
    trips: Iterable[Trip], last_stop: Mapping[str, Hashable], first_stop: Mapping[str, Hashable]
) -> tuple[Vehicle, ...]:
    """Trips of a day -> vehicles. `last_stop` and `first_stop` tell a pattern's ends, and whose vehicles run it.

    A block is one vehicle. Trips without one are chained in order of departure: each goes to the vehicle that has
    stood longest at the trip's first stop, else to a new one.
    """
    blocks: dict[str, list[Trip]] = {}
    loose: list[Trip] = []
    for trip in sorted(trips, key=lambda trip: (trip.departs_s, trip.trip_id)):
        if trip.block_id:
            blocks.setdefault(trip.block_id, []).append(trip)
        else:
            loose.append(trip)
    chains: list[list[Trip]] = []
    for trip in loose:
        start = first_stop[trip.pattern_id]
        standing = [
            chain
            for chain in chains
            if last_stop[chain[-1].pattern_id] == start and chain[-1].arrivals_s[-1] + LAYOVER_S <= trip.departs_s
        ]
        if standing:
            min(standing, key=lambda chain: chain[-1].arrivals_s[-1]).append(trip)
        else:
            chains.append([trip])
    runs = [*sorted(blocks.items()), *(("", chain) for chain in chains)]
    return tuple(Vehicle(f"V{number:03}", block, tuple(run)) for number, (block, run) in enumerate(runs, 1))

"""Days on which everything goes wrong (模擬), as the centre sees them: journals, and the cards as they end."""

from functools import cache
from unittest.mock import patch

from sim.checkers import Moment
from sim.faults import player
from sim.faults.drawing import draw
from sim.faults.world import World
from tests.farebox.bus import DAY, DUTY
from tests.sim.faults.busy_day import BUSY


@cache
def day_of(seed: int) -> Moment:
    """A day, as it ends."""
    worlds: list[World] = []

    def world(*arguments: object, **named: object) -> World:
        worlds.append(World(*arguments, **named))  # type: ignore[arg-type]
        return worlds[-1]

    with patch.object(player, "World", world):
        played = player.play(draw(seed, DUTY, DAY, BUSY), DUTY)
    assert played.failure is None
    return worlds[0].moment()

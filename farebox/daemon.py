"""The fare box as a service: the loop, what the system is told of it, and how it ends.

Asked to end (farebox.stopping), it finishes the tap in hand, closes the trip and flushes the journal. The watchdog is
told between rounds of the loop, once a second, so that a loop that hangs is restarted by the system.
"""

import time
from collections.abc import Callable

from farebox.box import Box

_WATCHDOG_EVERY_S = 1.0


def serve(
    box: Box,
    stopping: Callable[[], bool],
    notify: Callable[[str], None],
    rest: Callable[[], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Run the box until it is asked to end, or the journal fails. `notify` speaks sd_notify's words.

    `rest` comes after each round: readers that are imagined answer at once, and a loop without it would burn a core.
    """
    notify("READY=1")
    told_s = float("-inf")
    while box.alive and not stopping():
        box.step()
        if clock() - told_s >= _WATCHDOG_EVERY_S:
            notify("WATCHDOG=1")
            told_s = clock()
        rest()
    notify("STOPPING=1")
    box.close_trip()

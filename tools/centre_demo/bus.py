"""One bus of the demo, a process of its own: python -m tools.centre_demo.bus DEMO-1 FOLDER

The real terminal on the real journal; its passengers take their cards out of the demo's drawer, so that the counter
sees what the bus wrote and the bus what the counter wrote (模擬). After each trip its journal is sealed; `farebox
exchange`, beside it, takes it to the centre and brings the bundles.
"""

import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from random import Random

from cardimage.image import dump, load
from farebox.config import load as load_settings
from farebox.feed import Trip
from farebox.result import Side
from farebox.stopping import Stopping
from tariff.calendar import day_in_japan
from tools.centre.ready import centre_ready
from tools.centre_demo.box import DemoBox

_AT_ONCE = 3
_STOP_S, _LAYOVER_S = 0.4, 4.0


class DemoBus:
    """Rides trip after trip with passengers out of the drawer. Single-threaded."""

    def __init__(self, box: DemoBox, now_s: Callable[[], int], wake: threading.Event, random: Random) -> None:
        """`wake` ends every wait."""
        self._box, self._now_s, self._wake, self._random = box, now_s, wake, random

    def journey(self) -> None:
        """One trip: some board, all alight further on; then the journal is sealed."""
        self._box.look()
        today = day_in_japan(self._now_s())
        last = self._box.begin(self._random.choice(self._trips(today)), today)
        boards = self._random.randrange(last)
        riders = self._riders()
        for place, side in ((boards, Side.BOARDING), (self._random.randint(boards + 1, last), Side.ALIGHTING)):
            self._box.terminal.advance(place)
            for rider in riders:
                self._tap(rider, side, boards)
                self._wake.wait(_STOP_S)
        self._box.end()

    def _trips(self, today: date) -> list[Trip]:
        """Today's; on a day without any, those of any day: a demo has buses on every day."""
        feed = self._box.feed
        found = [trip for trip in feed.trips.values() if feed.runs_on(trip, today)]
        return sorted(found or feed.trips.values(), key=lambda trip: trip.trip_id)

    def _riders(self) -> list[int]:
        from centre.cards.models import Card
        from centre.cards.models import State as CardState
        from centre.counter.models import DrawerCard

        scheme = self._box.scheme
        in_use = set(Card.objects.filter(scheme=scheme, state=CardState.IN_USE).values_list("idm", flat=True))
        rows = DrawerCard.objects.filter(scheme=scheme)
        able = [row.pk for row in rows if load(bytes(row.data), row.name).idm.hex().upper() in in_use]
        return self._random.sample(able, min(len(able), _AT_ONCE))

    def _tap(self, rider: int, side: Side, boards: int) -> None:
        """Lay a card until the tap is done; whoever else has it in hand waits."""
        from django.db import transaction

        from centre.counter.models import DrawerCard

        with transaction.atomic():
            row = DrawerCard.objects.select_for_update().get(pk=rider)
            image = load(bytes(row.data), row.name)
            self._box.tap(image, side, boards)
            row.data = dump(image)
            row.changed += 1
            row.save()


def main(name: str, folder: Path) -> None:
    """Ride until SIGTERM."""
    config = load_settings(folder / "farebox.toml")
    wake = threading.Event()
    with ExitStack() as parts, Stopping(wake.set) as stopping, centre_ready():
        from centre.clock import now_s

        bus = DemoBus(DemoBox(config, now_s, parts), now_s, wake, Random(name))
        while not stopping.asked:
            bus.journey()
            wake.wait(_LAYOVER_S)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

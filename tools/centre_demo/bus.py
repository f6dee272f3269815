"""One bus of the demo, a process of its own: python -m tools.centre_demo.bus DEMO-1 FOLDER

The real terminal on the real journal; its passengers take their cards out of the demo's drawer, so that the counter
sees what the bus wrote and the bus what the counter wrote (模擬). After each trip its journal is sealed; `farebox
exchange`, beside it, takes it to the centre and brings the bundles.
"""

import sys
import threading
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from random import Random

from cardimage.image import dump, load
from farebox.box import Recent
from farebox.bundles import BundleStore, signed_by
from farebox.centre_keys import centre_keys
from farebox.config import Config
from farebox.config import load as load_settings
from farebox.duty import Duty
from farebox.feed import Trip
from farebox.feed.operators import load_operators
from farebox.journal.log import open_journal
from farebox.journal.sealing import sealing_seed
from farebox.machine import TransitionsMachine
from farebox.orders import StandingOrders
from farebox.result import Side
from farebox.stopping import Stopping
from farebox.table import State
from farebox.terminal import Terminal
from farebox.top_up import Halt
from sim.bench import ImageBench
from tariff.calendar import day_in_japan
from tariff.purses import Payment
from tools.centre.ready import centre_ready
from tools.feeds import load_numbered_feed

_TOUCHES = 4
_AT_ONCE = 3
_CHUNK_BYTES = 1 << 16
_STOP_S, _LAYOVER_S = 0.4, 4.0


class DemoBus:
    """A terminal, and passengers who lay cards on it. Single-threaded."""

    def __init__(self, config: Config, wake: threading.Event, random: Random, parts: ExitStack) -> None:
        """Start the terminal. Raises JournalFault, and what a wrong feed or key raises."""
        from centre import clock

        self._now_s, self._wake, self._random = clock.now_s, wake, random
        self._scheme = config.vehicle.operator or ""
        assert config.data.bundles and config.keys.centre
        feed = load_numbered_feed(config.data.feed, Path(config.data.register))
        self._duty = Duty(feed, load_operators(), self._scheme)
        self._bench = ImageBench()
        seed = sealing_seed(config.keys.sealing)
        recovered = open_journal(config.data.journal, _CHUNK_BYTES, seed)
        parts.callback(recovered.journal.close)
        store = BundleStore(Path(config.data.bundles), signed_by(centre_keys(config.keys.centre)))
        self._orders = StandingOrders(store, Path(config.data.bundles), time.monotonic)
        self._terminal = Terminal(
            *(config.vehicle.id, self._bench.readers, recovered, TransitionsMachine(), self._now_s, Recent().show),
            halt=lambda: Halt(doors_open=True),
        )

    def journey(self) -> None:
        """One trip: some board, all alight further on; then the journal is sealed."""
        if self._orders.look():
            self._terminal.orders = self._orders.orders
            if self._orders.operators is not None:
                self._duty = self._duty._replace(operators=self._orders.operators)
        today = day_in_japan(self._now_s())
        trip = self._random.choice(self._trips(today))
        service = self._duty.service(trip, today)
        self._terminal.begin_trip(service)
        last = service.table.size - 1
        boards = self._random.randrange(last)
        riders = self._riders()
        for place, side in ((boards, Side.BOARDING), (self._random.randint(boards + 1, last), Side.ALIGHTING)):
            self._terminal.advance(place)
            for rider in riders:
                self._tap(rider, side, boards)
                self._wake.wait(_STOP_S)
        self._terminal.end_trip()
        self._terminal.end_duty()
        if self._terminal.journal_fault is not None:
            raise self._terminal.journal_fault

    def _trips(self, today: date) -> list[Trip]:
        """Today's; on a day without any, those of any day: a demo has buses on every day."""
        feed = self._duty.feed
        found = [trip for trip in feed.trips.values() if feed.runs_on(trip, today)]
        return sorted(found or feed.trips.values(), key=lambda trip: trip.trip_id)

    def _riders(self) -> list[int]:
        from centre.cards.models import Card
        from centre.cards.models import State as CardState
        from centre.counter.models import DrawerCard

        in_use = set(Card.objects.filter(scheme=self._scheme, state=CardState.IN_USE).values_list("idm", flat=True))
        rows = DrawerCard.objects.filter(scheme=self._scheme)
        able = [row.pk for row in rows if load(bytes(row.data), row.name).idm.hex().upper() in in_use]
        return self._random.sample(able, min(len(able), _AT_ONCE))

    def _tap(self, rider: int, side: Side, boards: int) -> None:
        """Lay a card until the tap is done; whoever else has it in hand waits."""
        from django.db import transaction

        from centre.counter.models import DrawerCard

        with transaction.atomic():
            row = DrawerCard.objects.select_for_update().get(pk=rider)
            image = load(bytes(row.data), row.name)
            for _ in range(_TOUCHES):
                self._bench.lay(side, image)
                self._terminal.touch(side)
                self._bench.lift(side)
                self._terminal.touch(side)  # sees the empty field, so that the next card is a new one
                if self._terminal.state is State.ASKING_STOP:
                    self._terminal.answer_stop(boards)
                elif self._terminal.state is State.ASKING_PAYMENT:
                    self._terminal.answer_payment(Payment.PART_CASH)
                else:
                    break
            else:
                self._terminal.drop_question()
            row.data = dump(image)
            row.changed += 1
            row.save()


def main(name: str, folder: Path) -> None:
    """Ride until SIGTERM."""
    config = load_settings(folder / "farebox.toml")
    wake = threading.Event()
    with ExitStack() as parts, Stopping(wake.set) as stopping, centre_ready():
        bus = DemoBus(config, wake, Random(name), parts)
        while not stopping.asked:
            bus.journey()
            wake.wait(_LAYOVER_S)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

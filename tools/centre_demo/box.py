"""The fare box of a demo's bus: the real terminal on the real journal, and cards that are images (模擬)."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from cardimage.image import CardImage
from farebox.box import Recent
from farebox.bundles import BundleStore, signed_by
from farebox.centre_keys import centre_keys
from farebox.config import Config
from farebox.duty import Duty
from farebox.feed import Feed, Trip
from farebox.feed.operators import load_operators
from farebox.journal.log import open_journal
from farebox.journal.sealing import sealing_seed
from farebox.machine import TransitionsMachine
from farebox.orders import StandingOrders
from farebox.result import Result, Side
from farebox.table import State
from farebox.terminal import Terminal
from farebox.top_up import Halt
from sim.bench import ImageBench
from tariff.purses import Payment
from tools.feeds import load_numbered_feed

_TOUCHES = 4
_CHUNK_BYTES = 1 << 16


class DemoBox:
    """A terminal by its settings, and hands that lay cards on it. Single-threaded."""

    def __init__(self, config: Config, now_s: Callable[[], int], parts: ExitStack) -> None:
        """Start it; `parts` ends it. Raises JournalFault, and what a wrong feed or key raises."""
        assert config.data.bundles and config.keys.centre and config.vehicle.operator
        self.scheme = config.vehicle.operator
        feed = load_numbered_feed(config.data.feed, Path(config.data.register))
        self._duty = Duty(feed, load_operators(), self.scheme)
        self._bench = ImageBench()
        recovered = open_journal(config.data.journal, _CHUNK_BYTES, sealing_seed(config.keys.sealing))
        parts.callback(recovered.journal.close)
        store = BundleStore(Path(config.data.bundles), signed_by(centre_keys(config.keys.centre)))
        self._orders = StandingOrders(store, Path(config.data.bundles), time.monotonic)
        self.terminal = Terminal(
            *(config.vehicle.id, self._bench.readers, recovered, TransitionsMachine(), now_s, Recent().show),
            halt=lambda: Halt(doors_open=True),
        )

    @property
    def feed(self) -> Feed:
        """Its trips and stops."""
        return self._duty.feed

    def look(self) -> None:
        """Take over what `farebox exchange` brought from the centre since."""
        if self._orders.look():
            self.terminal.orders = self._orders.orders
            if self._orders.operators is not None:
                self._duty = self._duty._replace(operators=self._orders.operators)

    def begin(self, trip: Trip, day: date) -> int:
        """Begin a trip, at its first stop; the index of its last one."""
        service = self._duty.service(trip, day)
        self.terminal.begin_trip(service)
        return service.table.size - 1

    def end(self) -> None:
        """End trip and duty: the journal is sealed. Raises JournalFault."""
        self.terminal.end_trip()
        self.terminal.end_duty()
        if self.terminal.journal_fault is not None:
            raise self.terminal.journal_fault

    def tap(self, image: CardImage, side: Side, boarded: int) -> Result | None:
        """Lay a card until the tap is done, the driver answering what is asked; the last result."""
        result = None
        for _ in range(_TOUCHES):
            self._bench.lay(side, image)
            result = self.terminal.touch(side)
            self._bench.lift(side)
            self.terminal.touch(side)  # sees the empty field, so that the next card is a new one
            if self.terminal.state is State.ASKING_STOP:
                self.terminal.answer_stop(boarded)
            elif self.terminal.state is State.ASKING_PAYMENT:
                self.terminal.answer_payment(Payment.PART_CASH)
            else:
                return result
        self.terminal.drop_question()
        return result

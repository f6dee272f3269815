"""The sample feed's bus for the cases: the real terminal, on a simulated reader and a disk of the case's choice."""

from collections.abc import Callable
from datetime import date
from functools import cache
from random import Random
from time import monotonic

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from farebox.duty import Duty
from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from farebox.journal.disk import Disk
from farebox.journal.log import Recovered, recover
from farebox.machine import StateMachine, TransitionsMachine
from farebox.readers import Readers
from farebox.result import Result, Side
from farebox.tap import Service
from farebox.terminal import Terminal
from farebox.terms import NO_ORDERS, Orders
from reader.felica import FelicaReader
from reader.keys import KeyStore, bench_keys
from reader.nfcpy_port import tty_port
from reader.port import FramePort, opened
from sim.bench import Bench
from sim.hardware.field import CardField, Withdrawal
from sim.hardware.pn532 import Pn532
from sim.replay import SimClock
from tools.bench.disk import MemoryDisk
from tools.bench.measure import Meter, cpu_us
from tools.feeds import feed_path

DAY = date(2026, 11, 20)
TRIP = "HAKUHO-W01"
BOARDS, ALIGHTS = 0, 3
"""Places on the trip's pattern: a ride of 450 yen."""
KEYS = bench_keys()
_OPENS_WITHIN_S = 60.0


@cache
def duty() -> Duty:
    """The sample feed and the operators' rules."""
    return Duty(load_feed(feed_path("sample")), load_operators())


@cache
def service(scheme: str | None = None) -> Service:
    """The trip that every case but the replay is on, by its operator's rules or another's."""
    return duty()._replace(scheme=scheme).service(duty().feed.trips[TRIP], DAY)


class ChipBench:
    """One simulated PN532 that serves both sides, with its counters at hand."""

    tears = True

    def __init__(
        self, port: Callable[[str], FramePort] = tty_port, keys: KeyStore = KEYS, card_keys: KeyStore = KEYS
    ) -> None:
        """Start the chip and open it; the challenges are the same in every run.

        `port` makes the frame port of a serial line; `keys` are the reader's, `card_keys` those that cards are given.
        """
        self._card_keys = card_keys
        self.chip = Pn532(CardField())
        self._reader = FelicaReader(
            opened(port(self.chip.path), monotonic() + _OPENS_WITHIN_S), keys, Random(1).randbytes
        )
        self.readers = Readers(self._reader, self._reader)

    def lay(self, _side: Side, image: CardImage, withdrawal: Withdrawal | None = None) -> None:
        """Lay a card; the chip's count of commands begins anew."""
        self.chip.field.lay(FelicaCard(image, self._card_keys.card_key(image.idm)), withdrawal)

    def lift(self, _side: Side) -> None:
        """Take the card away."""
        self.chip.field.lift()

    def close(self) -> None:
        """Close the reader, then the chip."""
        self._reader.close()
        self.chip.close()


class Bus:
    """One bus on the sample trip. Each ride is a boarding at the first stop and an alighting at the fourth."""

    def __init__(
        self,
        bench: Bench,
        disk: Disk | None = None,
        machine: Callable[[], StateMachine] = TransitionsMachine,
        recovered: Recovered | None = None,
        orders: Orders = NO_ORDERS,
        on: Service | None = None,
    ) -> None:
        """Begin a journal on the disk, by default one in memory; or go on with one that was recovered. `on` is the trip
        that it rides, by default the sample's.
        """
        self.bench = bench
        self.clock = SimClock()
        self.served: Result | None = None
        """What the last tap came to."""
        self._journal = recovered or recover(disk or MemoryDisk(), "bench")
        self._on = on or service()
        self.terminal = Terminal(
            "BENCH", bench.readers, self._journal, machine(), self.clock, lambda _result: None, orders
        )

    def begin(self, on: Service | None = None) -> None:
        """Stand at the first stop of a new trip."""
        if self.terminal.service is not None:
            self.terminal.end_trip()
        self.clock.reach(service().began_s)
        self.terminal.begin_trip(on or self._on)

    def drive(self) -> None:
        """Go on to the stop where everybody alights."""
        self.terminal.advance(ALIGHTS)

    def tap(self, side: Side, card: CardImage, meter: Meter = cpu_us, withdrawal: Withdrawal | None = None) -> float:
        """Lay a card, lift it; what the terminal's one look at it took. AssertionError unless it was served."""
        self.clock.now_s += 2
        self.bench.lay(side, card, withdrawal)
        took = meter(lambda: self._touch(side))
        self.bench.lift(side)
        self.terminal.touch(side)
        assert self.served is not None and self.served.refusal is None, self.served
        return took

    def _touch(self, side: Side) -> None:
        self.served = self.terminal.touch(side)

    def ride(self, cards: list[CardImage], meter: Meter) -> list[tuple[float, float]]:
        """A trip on which all these cards ride: what boarding and alighting took, card by card."""
        self.begin()
        boarded = [self.tap(Side.BOARDING, card, meter) for card in cards]
        self.drive()
        alighted = [self.tap(Side.ALIGHTING, card, meter) for card in cards]
        return list(zip(boarded, alighted, strict=True))

    def close(self) -> None:
        """Close the journal. The bench is the caller's."""
        self._journal.journal.close()

"""b. What a tap costs on the reader's line, and in host time: a simulated PN532 on a pseudo-terminal behind the real
pyserial, and a simulated RC-S380 on USB.

Ours is the terminal's whole boarding tap, judged and journalled in memory; the peer's only moves the blocks. Times hold
the simulated chip's own work, which runs in this process. Ours is taken twice: with nfcpy in the terminal's process,
as the peer has it, and as a bus runs it, with nfcpy in a process of its own that can be killed (`reader.watchdog`).
"""

from collections.abc import Callable
from itertools import count
from random import Random

from cardimage.felica_card import FelicaCard
from farebox.readers import Readers
from farebox.result import Side
from reader.felica import FelicaReader
from reader.nfcpy_port import NfcpyPort
from reader.port import opened
from reader.watchdog import WatchedPort
from sim.bench import FieldsBench
from sim.hardware.field import CardField
from sim.hardware.pn532 import Pn532
from sim.hardware.rcs380 import Rcs380
from tools.bench.bus import KEYS, Bus, ChipBench
from tools.bench.cards import general_card
from tools.bench.measure import (
    QUIET_CORES,
    Effort,
    Figure,
    Neighbours,
    Row,
    exact,
    in_turns,
    medians,
    percentile,
    ratio,
    wall_us,
)
from tools.bench.peers.stock_nfcpy import StockNfcpy, rcs380_device

_NAME = "nfcpy connect() tap"
_MOST_MS = 1.2
_OURS = {"direct": "nfcpy in the same process", "watched": "nfcpy in its own process"}


def rows(effort: Effort) -> list[Row]:
    """Bytes and exchanges once, for they don't vary; times in turns."""
    return [_bytes_row(), _exchanges_row(), *_time_rows(effort)]


# -- counts


def _bytes_row() -> Row:
    ours, stock = _bytes_ours(), _bytes_stock()
    return Row(
        *("b", "serial bytes a boarding tap, PN532", "<= 1/4 of nfcpy's", Figure(ours, "bytes"), ours * 4 <= stock),
        *(Figure(stock, "bytes"), _NAME, exact(ours, stock)),
    )


def _exchanges_row() -> Row:
    ours, stock = _exchanges_ours(), _exchanges_stock()
    return Row(
        *("b", "USB exchanges a boarding tap, RC-S380", "fewer than nfcpy's", Figure(ours), ours < stock),
        *(Figure(stock), _NAME, exact(ours, stock)),
    )


def _bytes_ours() -> int:
    bench = ChipBench()
    bus = Bus(bench)
    try:
        return _second_tap(bus, lambda: bench.chip.bytes_on_the_wire)
    finally:
        bus.close()
        bench.close()


def _bytes_stock() -> int:
    card = general_card(1)
    key = KEYS.card_key(card.idm)
    with Pn532(CardField()) as chip, StockNfcpy.at_pn532(chip.path) as reader:
        chip.field.lay(FelicaCard(card, key))
        return _least(lambda: reader.tap(key), lambda: chip.bytes_on_the_wire)


def _exchanges_ours() -> int:
    chip = Rcs380(CardField())
    port = opened(NfcpyPort("usb", lambda: rcs380_device(chip.connect())))
    reader = FelicaReader(port, KEYS, Random(1).randbytes)
    sides = dict.fromkeys((Side.BOARDING, Side.ALIGHTING), chip.field)
    bench = FieldsBench(sides, Readers(reader, reader), KEYS)
    bus = Bus(bench)
    try:
        return _second_tap(bus, lambda: len(chip.exchanges))
    finally:
        bus.close()
        bench.close()


def _exchanges_stock() -> int:
    card = general_card(1)
    key = KEYS.card_key(card.idm)
    chip = Rcs380(CardField())
    chip.field.lay(FelicaCard(card, key))
    with StockNfcpy.at_rcs380(chip.connect()) as reader:
        return _least(lambda: reader.tap(key), lambda: len(chip.exchanges))


def _second_tap(bus: Bus, so_far: Callable[[], int]) -> int:
    """What a tap adds to a count, after one that settles the chip. The look at the empty field is not in it."""
    bus.begin()
    bus.tap(Side.BOARDING, general_card(1))
    bus.bench.lay(Side.BOARDING, general_card(2))
    before = so_far()
    bus.terminal.touch(Side.BOARDING)
    return so_far() - before


def _least(act: Callable[[], object], so_far: Callable[[], int]) -> int:
    """What a tap adds to a count, after one that settles the chip. nfcpy says again what is answered late."""
    act()
    found = []
    for _ in range(3):
        before = so_far()
        act()
        found.append(so_far() - before)
    return min(found)


# -- times


def _time_rows(effort: Effort) -> list[Row]:
    ports: list[WatchedPort] = []

    def watched_port(path: str) -> WatchedPort:
        ports.append(WatchedPort(f"tty:{path}"))
        return ports[-1]

    direct, watched = ChipBench(), ChipBench(watched_port)
    buses = {"direct": Bus(direct), "watched": Bus(watched)}
    card = general_card(1)
    key = KEYS.card_key(card.idm)
    numbers = count(1)  # a new card each time: one whose count of writes has gone back is refused as a copy (faults 12)

    def ours(bus: Bus) -> list[float]:
        bus.begin()
        cards = [general_card(next(numbers)) for _ in range(effort.taps)]
        return [bus.tap(Side.BOARDING, fresh, wall_us) for fresh in cards]

    def stock(reader: StockNfcpy) -> list[float]:
        return [wall_us(lambda: reader.tap(key)) for _ in range(max(10, effort.taps // 10))]

    try:
        with Pn532(CardField()) as chip, StockNfcpy.at_pn532(chip.path) as reader:
            chip.field.lay(FelicaCard(card, key))
            neighbours = Neighbours([port.pid for port in ports if port.pid])
            times = in_turns(
                {name: lambda bus=bus: ours(bus) for name, bus in buses.items()} | {"stock": lambda: stock(reader)},
                effort.rounds,
            )
            others = neighbours.cores()
    finally:
        for bus, bench in zip(buses.values(), (direct, watched), strict=True):
            bus.close()
            bench.close()
    return [row for name in buses for row in _rows_of(_OURS[name], times[name], times["stock"], others)]


def _rows_of(how: str, ours: list[list[float]], stock: list[list[float]], others: float) -> list[Row]:
    """The ratio stands on any machine; the absolute time only where nobody else was at work."""
    p50, p50_stock, p99, p99_stock = (
        Figure(percentile(side, percent) / 1_000, "ms") for percent in (50, 99) for side in (ours, stock)
    )
    middle = ratio(medians(ours), medians(stock))
    tails = ratio([percentile([turn], 99) for turn in ours], [percentile([turn], 99) for turn in stock])
    within = p99.value <= _MOST_MS if others <= QUIET_CORES else None
    noise = f"others took {others:.1f} cores"
    return [
        Row(
            *("b", f"host time a boarding tap, p50, {how}", "<= 1/15 of nfcpy's", p50, middle.median <= 1 / 15),
            *(p50_stock, _NAME, middle, noise),
        ),
        Row(
            *("b", f"host time a boarding tap, p99, {how}", f"<= {_MOST_MS} ms", p99, within),
            *(p99_stock, _NAME, tails, noise),
        ),
    ]

"""b. Serial bytes and host time of a tap on a simulated PN532 on a pseudo-terminal, behind the real pyserial.

Ours is the terminal's whole boarding tap, judged and journalled in memory; the peer's only moves the blocks. Both
times hold the simulated chip's own work, which runs in this process.
"""

from cardimage.felica_card import FelicaCard
from farebox.result import Side
from sim.hardware.field import CardField
from sim.hardware.pn532 import Pn532
from tools.bench.bus import KEYS, Bus, ChipBench, general_card
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
from tools.bench.peers.stock_nfcpy import StockNfcpy

_NAME = "nfcpy connect() tap"
_MOST_MS = 1.2


def rows(effort: Effort) -> list[Row]:
    """Bytes once, for they don't vary; times in turns."""
    bench, card = ChipBench(), general_card(1)
    key = KEYS.card_key(card.idm)
    bus = Bus(bench)
    with Pn532(CardField()) as chip, StockNfcpy(chip.path) as reader:
        chip.field.lay(FelicaCard(card, key))

        def ours() -> list[float]:
            bus.begin()
            cards = [general_card(number) for number in range(effort.taps)]
            return [bus.tap(Side.BOARDING, fresh, wall_us) for fresh in cards]

        def stock() -> list[float]:
            return [wall_us(lambda: reader.tap(key)) for _ in range(max(10, effort.taps // 10))]

        try:
            bytes_ours, bytes_stock = _bytes_ours(), _bytes_stock(chip, reader, key)
            neighbours = Neighbours()
            times = in_turns({"ours": ours, "stock": stock}, effort.rounds)
            others = neighbours.cores()
        finally:
            bus.close()
            bench.close()
    return [_bytes_row(bytes_ours, bytes_stock), *_time_rows(times["ours"], times["stock"], others)]


def _bytes_row(ours: int, stock: int) -> Row:
    held = ours * 4 <= stock
    return Row(
        *("b", "serial bytes a boarding tap", "<= 1/4 of nfcpy's", Figure(ours, "bytes"), held),
        *(Figure(stock, "bytes"), _NAME, exact(ours, stock)),
    )


def _time_rows(ours: list[list[float]], stock: list[list[float]], others: float) -> list[Row]:
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
            *("b", "host time a boarding tap, p50", "<= 1/15 of nfcpy's", p50, middle.median <= 1 / 15),
            *(p50_stock, _NAME, middle, noise),
        ),
        Row(
            *("b", "host time a boarding tap, p99", f"<= {_MOST_MS} ms", p99, within),
            *(p99_stock, _NAME, tails, noise),
        ),
    ]


def _bytes_ours() -> int:
    """Counted on a bench of its own, after a tap that settles the chip."""
    bench = ChipBench()
    bus = Bus(bench)
    try:
        bus.begin()
        bus.tap(Side.BOARDING, general_card(1))
        bench.lay(Side.BOARDING, general_card(2))
        before = bench.chip.bytes_on_the_wire
        bus.terminal.touch(Side.BOARDING)
        return bench.chip.bytes_on_the_wire - before
    finally:
        bus.close()
        bench.close()


def _bytes_stock(chip: Pn532, reader: StockNfcpy, key: bytes) -> int:
    reader.tap(key)
    before = chip.bytes_on_the_wire
    reader.tap(key)
    return chip.bytes_on_the_wire - before

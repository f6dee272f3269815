"""j. Growth: what a tap costs a terminal that has little to remember, and one that has much. CPU, on card images.

Little is 10 patterns of 20 stops, no hotlist, an empty journal and a general card; much is 500 patterns of 100 stops, a
hotlist of a million cards, a journal of a million records and a card with three pass sections. Each is grown alone too.
"""

from array import array
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cardimage.image import CardImage
from farebox.formats.bundle import Hotlist, cards_of
from farebox.terms import NO_ORDERS, Orders
from sim.bench import ImageBench
from tariff.account import Account, Pass, Section
from tariff.fares import FareTable, Pattern
from tools.bench.bus import BOARDS, DAY, Bus, service
from tools.bench.cards import BALANCE_YEN, general_card, issued
from tools.bench.measure import QUICK, Effort, Figure, Row, cpu_us, in_turns, medians, percentile, ratio
from tools.bench.past import make_past, recovered

MOST_TIMES = 1.3
_MEMORY = Path("/dev/shm")
_SECTIONS = ((0, 1), (1, 2), (2, 3))


class Grown(NamedTuple):
    """How much a terminal has to remember."""

    patterns: int = 10
    stops: int = 20
    hotlist: int = 0
    records: int = 0
    card: Callable[[int], CardImage] = general_card


def rows(effort: Effort) -> list[Row]:
    """One row for each thing that grows, and one for all of them."""
    many = 20_000 if effort == QUICK else 1_000_000
    with TemporaryDirectory(prefix="farebox-bench-", dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        path = Path(name) / "journal"
        make_past(path, many)
        little = Grown()
        grown = {
            "500 patterns of 100 stops": little._replace(patterns=500, stops=100),
            f"a hotlist of {many:,}": little._replace(hotlist=many),
            f"{many:,} records": little._replace(records=many),
            "3 pass sections": little._replace(card=three_sections),
            "all of them": Grown(500, 100, many, many, three_sections),
        }
        numbers = count()  # the long journal knows the cards of all rounds before
        times = in_turns(
            {what: _taps(one, path, effort, numbers) for what, one in {"little": little, **grown}.items()},
            effort.rounds,
        )
    least = percentile(times["little"], 50)
    found = []
    for what in grown:
        beside = ratio(medians(times[what]), medians(times["little"]))
        ours = percentile(times[what], 50)
        found.append(
            Row(
                *("j", f"CPU a tap, {what}", f"<= {MOST_TIMES} x", Figure(ours, "µs"), beside.median <= MOST_TIMES),
                *(Figure(least, "µs"), "a terminal with little to remember", beside),
            )
        )
    return found


def three_sections(number: int) -> CardImage:
    """A card whose pass has three sections, which cover the ride."""
    stops = service().table.pattern.stop_numbers
    sections = tuple(Section(stops[start], stops[end], one_way=False, priced_fare_yen=500) for start, end in _SECTIONS)
    held = Pass(1, service().company, DAY.replace(day=1), DAY.replace(day=30), False, sections)
    return issued(number, Account("lococa", BALANCE_YEN, named=True, held_pass=held))


def _taps(grown: Grown, path: Path, effort: Effort, numbers: Iterator[int]) -> Callable[[], list[float]]:
    def run() -> list[float]:
        bus = bus_of(grown, path)
        try:
            cards = [grown.card(number) for number in islice(numbers, effort.taps)]
            return [(boarding + alighting) / 2 for boarding, alighting in bus.ride(cards, cpu_us)]
        finally:
            bus.close()

    return run


def bus_of(grown: Grown, path: Path) -> Bus:
    """A bus of such a terminal; `path` is the journal that it goes on with, if it is to have one."""
    on = service()._replace(table=_tables(grown.patterns, grown.stops)[-1], stop_index=BOARDS)
    before = recovered(path)[0] if grown.records else None
    return Bus(ImageBench(), recovered=before, orders=_orders(grown.hotlist), on=on)


@cache
def _tables(patterns: int, stops: int) -> list[FareTable]:
    """The sample's own stops and fares at the beginning of each pattern, so that every ride costs the same."""
    own = service().table
    size = own.size
    names = own.pattern.stop_names + tuple(f"stop {place}" for place in range(size, stops))
    numbers = own.pattern.stop_numbers + tuple(range(10_000, 10_000 + stops - size))
    fares = array("i", [200]) * (stops * stops)
    for boarded in range(size):
        for alighted in range(boarded + 1, size):
            fares[boarded * stops + alighted] = own.fare_yen(boarded, alighted)
    return [
        FareTable(Pattern(f"pattern-{number}", "route", "route", names, numbers), fares[:])
        for number in range(patterns)
    ]


@cache
def _orders(cards: int) -> Orders:
    if not cards:
        return NO_ORDERS
    idms = [(0x0200_0000_0000_0000 + 7 * number).to_bytes(8, "big") for number in range(cards)]
    return Orders(hotlist=Hotlist(1, service().began_s, cards_of(idms), cards_of([])))

"""c. CPU of one settlement: an ordinary ride, and one with three pass sections and two companions.

A sample is a settlement by this thread's own CPU clock, taken a hundred at a time. AssertionError if ours and the
peer's yen differ.
"""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from farebox.feed.operators import load_operators
from tariff.account import Account, Pass
from tariff.account import Section as PassSection
from tariff.due import Ride
from tariff.riders import HOLDER_ALONE, Party, RiderClass
from tariff.rulebook import ORDINARY
from tariff.settle import Settlement, settle
from tools.bench.bulk_repricing import fares_by_distance
from tools.bench.measure import Effort, Figure, Row, cpu_us, in_turns, medians, percentile, ratio
from tools.bench.peers import plain_settlement as plain

DAY = date(2026, 11, 20)
_NAME = "frozen dataclasses, sets"
_AT_A_TIME = 100
_STOPS = 12
_BOARDS, _ALIGHTS = 0, 10
_SECTIONS = (1, 3), (4, 6), (7, 9)
_COMPANIONS = RiderClass.ADULT, RiderClass.CHILD
_BALANCE_YEN = 20_000
_MOST_RATIO = 2.0


class Case(NamedTuple):
    """A ride: what it is, and how we and the peer settle it; each gives the yen due."""

    what: str
    ours: Callable[[], int]
    peer: Callable[[], int]


def cases() -> list[Case]:
    """The two rides."""
    return [_case("an ordinary ride", (), ()), _case("3 pass sections, 2 companions", _SECTIONS, _COMPANIONS)]


def _case(what: str, sections: tuple[tuple[int, int], ...], companions: tuple[RiderClass, ...]) -> Case:
    table = fares_by_distance(0, _STOPS)
    stops = table.pattern.stop_numbers
    ends = [(stops[start], stops[end]) for start, end in sections]
    rulebook = load_operators().on("lococa", DAY)

    held = tuple(PassSection(start, end, one_way=False, priced_fare_yen=1_000) for start, end in ends)
    account = Account("lococa", _BALANCE_YEN, held_pass=Pass(1, 0, DAY, DAY, False, held) if held else None)
    ride = Ride(table, 0, 7, _BOARDS, _ALIGHTS, DAY, DAY, ORDINARY, 36_000)
    party = Party(companions=companions) if companions else HOLDER_ALONE

    card = plain.Card(_BALANCE_YEN, tuple(plain.Section(start, end) for start, end in ends), DAY, DAY)
    plain_ride = plain.Ride(table, _BOARDS, _ALIGHTS, DAY)

    def ours() -> int:
        settled = settle(ride, account, party, rulebook)
        assert isinstance(settled, Settlement)
        return settled.due_yen

    return Case(what, ours, lambda: plain.settle(plain_ride, card, companions).due_yen)


def rows(effort: Effort) -> list[Row]:
    """One row a ride."""
    found = []
    for case in cases():
        assert case.ours() == case.peer()
        samples = {"ours": _samples(case.ours, effort.taps), "peer": _samples(case.peer, effort.taps)}
        times = in_turns(samples, effort.rounds)
        ours, peer = (percentile(times[name], 50) for name in ("ours", "peer"))
        beside = ratio(medians(times["ours"]), medians(times["peer"]))
        found.append(
            Row(
                *("c", f"CPU of settle(), {case.what}, p50", f"<= {_MOST_RATIO} x", Figure(ours, "µs")),
                *(beside.median <= _MOST_RATIO, Figure(peer, "µs"), _NAME, beside),
            )
        )
    return found


def _samples(settle_once: Callable[[], int], taps: int) -> Callable[[], list[float]]:
    def many() -> None:
        for _ in range(_AT_A_TIME):
            settle_once()

    return lambda: [cpu_us(many) / _AT_A_TIME for _ in range(taps // 10)]

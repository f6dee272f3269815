"""c. CPU of a tap in the terminal: read, decide, encode, journal. No air (card images), no flush (a disk in memory).

A sample is half of a boarding and an alighting of one general card, by this thread's own CPU clock.
"""

from collections.abc import Callable

from farebox.machine import CompiledMachine, StateMachine, TransitionsMachine
from sim.bench import ImageBench
from tools.bench.bus import ALIGHTS, BOARDS, DAY, Bus, service
from tools.bench.cards import BALANCE_YEN, general_card
from tools.bench.measure import Effort, Figure, Row, cpu_us, in_turns, medians, percentile, ratio
from tools.bench.peers.by_the_book import (
    Account,
    Decision,
    RideMark,
    RideState,
    Service,
    Terminal,
    encode,
    encode_history,
    newer,
)
from tools.bench.peers.sqlite_journal import SqliteRows

_NAME = "transitions, frozen dataclasses, SQLite row"
_MACHINES: tuple[tuple[str, Callable[[], StateMachine], int], ...] = (
    ("through transitions", TransitionsMachine, 120),
    ("compiled table", CompiledMachine, 15),
)


def rows(effort: Effort) -> list[Row]:
    """One row a machine, beside the same peer."""
    times = in_turns(
        {name: _ours(machine, effort.taps) for name, machine, _ in _MACHINES} | {"peer": _peer(effort.taps)},
        effort.rounds,
    )
    peer = percentile(times["peer"], 50)
    found = []
    for name, _, most in _MACHINES:
        p50 = percentile(times[name], 50)
        found.append(
            Row(
                *("c", f"CPU a tap, {name}, p50", f"<= {most} µs", Figure(p50, "µs"), p50 <= most),
                *(Figure(peer, "µs"), _NAME, ratio(medians(times[name]), medians(times["peer"]))),
            )
        )
    return found


def _ours(machine: Callable[[], StateMachine], taps: int) -> Callable[[], list[float]]:
    def run() -> list[float]:
        bus = Bus(ImageBench(), machine=machine)
        try:
            cards = [general_card(number) for number in range(taps)]
            return [(boarding + alighting) / 2 for boarding, alighting in bus.ride(cards, cpu_us)]
        finally:
            bus.close()

    return run


class _PeerCard:
    """A card of the peer's layout: two slots, and seven rows of history."""

    def __init__(self, number: int) -> None:
        self.idm = number.to_bytes(8, "big")
        self._slots = [encode(Account(BALANCE_YEN, 0, RideMark(RideState.NONE, DAY, 0, 0))), bytes(16)]
        self._history = [b""] * 7

    def read(self) -> Account:
        return newer(*self._slots)

    def write(self, decision: Decision) -> None:
        after = decision.after
        if after.ride.state is RideState.CLOSED:
            self._history[after.sequence % 7] = encode_history(decision.record, decision.ride)
        self._slots[after.sequence % 2] = encode(after)


def _peer(taps: int) -> Callable[[], list[float]]:
    def run() -> list[float]:
        table, at_s = service().table, service().began_s
        journal = SqliteRows()
        terminal = Terminal(Service(table, service().trip_number, DAY, BOARDS), journal.save, journal.conclude)
        terminal.begin_trip()
        cards = [_PeerCard(number) for number in range(taps)]
        boarded = [_board_us(terminal, card, at_s) for card in cards]
        terminal.advance(ALIGHTS)
        alighted = [_alight_us(terminal, card, at_s) for card in cards]
        journal.close()
        return [(first + last) / 2 for first, last in zip(boarded, alighted, strict=True)]

    return run


def _board_us(terminal: Terminal, card: _PeerCard, at_s: int) -> float:
    return cpu_us(lambda: terminal.board(card.idm, card.read(), at_s, card.write))


def _alight_us(terminal: Terminal, card: _PeerCard, at_s: int) -> float:
    return cpu_us(lambda: terminal.alight(card.idm, card.read(), at_s, card.write))

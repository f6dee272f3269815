"""Who lays the cards of a scenario: simulated hands, or a person's (sim/scenario/person.py)."""

from collections.abc import Iterable
from random import Random
from typing import Protocol

from sim.bench import AirBench, Bench, Pn532Bench
from sim.scenario.office import Card, account_of
from tariff.account import Account


class Hands(Protocol):
    """SimulatedHands to lay cards on, and what the cards hold."""

    def bench(self, number: int) -> Bench:
        """The readers of the n-th bus, from 1."""

    def meet(self, cards: Iterable[Card]) -> None:
        """The cards of the scenario that comes next."""

    def account(self, of: Card) -> Account:
        """What a card holds now, by its own record."""


class SimulatedHands:
    """Simulated readers, kept from scenario to scenario, and card images (模擬)."""

    def __init__(self, kind: type[AirBench] | type[Pn532Bench] = AirBench) -> None:
        """None is opened yet."""
        self._kind = kind
        self._open: dict[int, Bench] = {}

    def bench(self, number: int) -> Bench:
        """The readers of a bus. Challenges are drawn from a seed, so that a scenario always runs alike."""
        if number not in self._open:
            self._open[number] = self._kind(random=Random(number).randbytes)
        return self._open[number]

    def meet(self, cards: Iterable[Card]) -> None:
        """Their images are at hand."""

    def account(self, of: Card) -> Account:
        """What its image holds."""
        return account_of(of.image)

    def close(self) -> None:
        """Close all readers."""
        for bench in self._open.values():
            bench.close()
        self._open.clear()

"""Seeds run one after the other, or on several processes (模擬); what came of each is the same in any company."""

import multiprocessing
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from farebox.duty import Duty
from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from sim.faults.drawing import Rates, draw
from sim.faults.player import Failure, Plan, Played, play
from sim.workers import stay_with_parent

ASSUMED = "lococa"
"""Whose rules hold for an agency that no operator file names."""


class Asked(NamedTuple):
    """What is run: days of a feed, at which rates."""

    feed: Path
    day: date
    rates: Rates


class Total(NamedTuple):
    """What all seeds came to."""

    seeds: int = 0
    taps: int = 0
    steps: int = 0
    faults: Mapping[str, int] = MappingProxyType({})
    refusals: Mapping[str, int] = MappingProxyType({})
    failures: tuple[tuple[int, Failure], ...] = ()

    def plus(self, seed: int, played: Played) -> "Total":
        """With one more."""
        failed = () if played.failure is None else ((seed, played.failure),)
        return Total(
            self.seeds + 1,
            self.taps + played.taps,
            self.steps + played.steps,
            Counter(self.faults) + played.faults,
            Counter(self.refusals) + played.refusals,
            self.failures + failed,
        )


def duty_of(feed: Path) -> Duty:
    """The duty on a feed. Raises what load_feed does."""
    return Duty(load_feed(feed), load_operators(), assumed=ASSUMED)


def in_turn(asked: Asked, seeds: range, duty: Duty) -> Iterator[tuple[int, Played]]:
    """Each seed's run, here. Raises ValueError on a day without trips."""
    for seed in seeds:
        yield seed, play(draw(seed, duty, asked.day, asked.rates), duty)


def on_workers(asked: Asked, seeds: range, workers: int) -> Iterator[tuple[int, Played]]:
    """The same on so many processes, in the order of the seeds."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (asked,)) as pool:
        yield from zip(seeds, pool.map(_run, seeds, chunksize=4), strict=True)


def failure_of(plan: Plan, duty: Duty) -> Failure | None:
    """What is wrong with a plan."""
    return play(plan, duty).failure


_mine: list[tuple[Asked, Duty]] = []
"""A worker's own, made once when it begins."""


def _begin(asked: Asked) -> None:
    stay_with_parent()
    _mine.append((asked, duty_of(asked.feed)))


def _run(seed: int) -> Played:
    asked, duty = _mine[0]
    return play(draw(seed, duty, asked.day, asked.rates), duty)

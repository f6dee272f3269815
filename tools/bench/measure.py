"""How a figure is taken: ours and its peers in turns, in one run; and what a row of the table holds.

Machines are shared and noisy. What holds on them is a count, or the ratio of two times taken side by side. Beside busy
neighbours a short time by the wall clock is the scheduler's: each wake-up waits for a tick, everything takes 4 ms, and
every ratio is 1. So a one-threaded sample that waited for a CPU is left out, ours or the peer's (`undisturbed_us`);
where that can't be told sample by sample, `Neighbours` says how busy the machine was, and an absolute time gets no
verdict, good or bad, unless it was quiet.
"""

from collections.abc import Callable, Mapping, Sequence
from math import isnan, nan
from os import sysconf
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, thread_time_ns
from typing import NamedTuple


class Effort(NamedTuple):
    """How long to measure: rounds, and taps in each."""

    rounds: int
    taps: int


FULL = Effort(rounds=9, taps=200)
QUICK = Effort(rounds=3, taps=20)


MOST_WAITED = 0.1
"""A sample that waited for a CPU for more than this share of its time says nothing about ours or the peer."""
QUIET_CORES = 0.1
"""Neighbours that take more than this make an absolute time by the wall clock worth nothing."""
LEAST_SAMPLES = 20
"""A round with fewer undisturbed samples on either side is left out; a verdict needs `LEAST_ROUNDS` of them."""
LEAST_ROUNDS = 3

Meter = Callable[[Callable[[], object]], float]
"""Does something, and gives what it took."""


def cpu_us(act: Callable[[], object]) -> float:
    """By this thread's CPU clock."""
    began = thread_time_ns()
    act()
    return (thread_time_ns() - began) / 1_000


def wall_us(act: Callable[[], object]) -> float:
    """By the wall clock, come what may."""
    began = perf_counter()
    act()
    return (perf_counter() - began) * 1_000_000


def undisturbed_us(act: Callable[[], object]) -> float:
    """By the wall clock; nan if this thread waited for a CPU. For work of one thread only: two hand over by waiting."""
    waited = _waited_us()
    took = wall_us(act)
    return nan if _waited_us() - waited > MOST_WAITED * took else took


def _waited_us() -> float:
    """How long this thread has stood in the run queue so far; Linux counts it."""
    return int(Path("/proc/thread-self/schedstat").read_text("ascii").split()[1]) / 1_000


class Neighbours:
    """How many CPUs everybody else on the machine has kept busy since this was made."""

    def __init__(self, ours: Sequence[int] = ()) -> None:
        """Begin to count; `ours` are processes that do our work, by id."""
        self._ours = ours
        self._began = perf_counter(), _busy_s(), self._own_s()

    def cores(self) -> float:
        """So far, on average."""
        wall, busy, own = self._began
        return max(0.0, _busy_s() - busy - (self._own_s() - own)) / (perf_counter() - wall)

    def _own_s(self) -> float:
        return process_time() + sum(_process_s(pid) for pid in self._ours)


def _process_s(pid: int) -> float:
    """CPU time of a process, in its own code and in the system's."""
    after_name = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / sysconf("SC_CLK_TCK")


def _busy_s() -> float:
    """CPU time of everybody since the machine started: all that is not idle and not waiting for the disk."""
    user, nice, system, _idle, _disk, interrupts, soft, stolen = (
        int(ticks) for ticks in Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:9]
    )
    return (user + nice + system + interrupts + soft + stolen) / sysconf("SC_CLK_TCK")


class Figure(NamedTuple):
    """One measured value. The unit is empty for a bare count."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        """Three digits that count, and the unit."""
        if isnan(self.value):
            return "-"
        digits = 0 if self.value >= 100 or self.value == int(self.value) else 1 if self.value >= 10 else 2
        return f"{self.value:,.{digits}f} {self.unit}".rstrip()


class Spread(NamedTuple):
    """The median of the rounds, the least and the most."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        """Median, and the range in brackets if there is one."""
        text = _ratio(self.median)
        return text if self.low == self.high else f"{text} ({_ratio(self.low)} - {_ratio(self.high)})"


def _ratio(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


class Row(NamedTuple):
    """One row of the table. `ratio` is ours to the peer's; `held` is whether the goal was reached in this run.

    `noise` says what the machine did to a time by the wall clock; `held` is None where that was too much to tell.
    """

    letter: str
    what: str
    goal: str
    ours: Figure
    held: bool | None
    peer: Figure | None = None
    peer_name: str = ""
    ratio: Spread | None = None
    noise: str = ""


def exact(ours: float, peer: float) -> Spread:
    """The ratio of two counts, which have no spread."""
    return Spread(ours / peer, ours / peer, ours / peer)


def ratio(ours: Sequence[float], peer: Sequence[float]) -> Spread:
    """Ours to the peer's, round by round: what slows a whole round slows both."""
    rounds = [mine / theirs for mine, theirs in zip(ours, peer, strict=True)]
    return Spread(median(rounds), min(rounds), max(rounds))


def in_turns(
    runs: Mapping[str, Callable[[], Sequence[float]]], rounds: int, warm_up: int = 1
) -> dict[str, list[list[float]]]:
    """Each run's samples, by name and round. Every round takes each run once and begins with another one."""
    names = list(runs)
    found: dict[str, list[list[float]]] = {name: [] for name in names}
    for number in range(-warm_up, rounds):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            samples = list(runs[name]())
            if number >= 0:
                found[name].append(samples)
    return found


def medians(rounds: Sequence[Sequence[float]]) -> list[float]:
    """The median of each round."""
    return [median(samples) for samples in rounds]


def percentile(rounds: Sequence[Sequence[float]], percent: int) -> float:
    """The sample below which so many percent of all rounds' samples lie."""
    samples = sorted(sample for samples in rounds for sample in samples)
    return samples[min(len(samples) - 1, len(samples) * percent // 100)]


class Beside(NamedTuple):
    """Ours and a peer's undisturbed samples, in the rounds in which both have enough of them."""

    ours: list[list[float]]
    peer: list[list[float]]
    kept: float

    @property
    def tells(self) -> bool:
        """Whether there is enough to give a verdict on."""
        return len(self.ours) >= LEAST_ROUNDS

    def figure(self, percent: int, unit: str, per_unit: float) -> tuple[Figure, Figure]:
        """A percentile of both; nan where nothing is left."""
        ours, peer = (percentile(side, percent) / per_unit if side else nan for side in (self.ours, self.peer))
        return Figure(ours, unit), Figure(peer, unit)

    def ratio(self, percent: int = 50) -> Spread | None:
        """Ours to the peer's by a percentile of each round; None where nothing is left."""
        ours, peer = ([percentile([turn], percent) for turn in side] for side in (self.ours, self.peer))
        return ratio(ours, peer) if ours else None


def beside(ours: Sequence[Sequence[float]], peer: Sequence[Sequence[float]]) -> Beside:
    """Leave out what waited for a CPU, then rounds that have too little left. Says how much was left, of both."""
    taken = sum(len(turn) for turn in (*ours, *peer))
    mine, theirs = ([[took for took in turn if not isnan(took)] for turn in side] for side in (ours, peer))
    kept = sum(len(turn) for turn in (*mine, *theirs)) / taken
    good = [
        (first, last) for first, last in zip(mine, theirs, strict=True) if min(len(first), len(last)) >= LEAST_SAMPLES
    ]
    return Beside([first for first, _ in good], [last for _, last in good], kept)

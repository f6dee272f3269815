"""How long an open reader takes: its chip's name, a look at the field, a read from a card that lies there."""

from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import NamedTuple

from cardimage import lite_s
from reader.felica import READ_TIMEOUT_S, read_command
from reader.port import FramePort, Health, Polled, ReaderFault, TwoCards

TRANSIT = 0x0003
"""The nationwide transit cards."""
ROUNDS = 50


class Times(NamedTuple):
    """Least, middle, and 99th of a hundred, in milliseconds."""

    least_ms: float
    median_ms: float
    p99_ms: float


class Measured(NamedTuple):
    """What came of it. `fault` ended it early, if there is one; `card` is who lay there."""

    chip: str = ""
    round_trip: Times | None = None
    poll: Times | None = None
    card: Polled | None = None
    two_cards: bool = False
    read: Times | None = None
    fault: ReaderFault | None = None


class _Ended(Exception):
    def __init__(self, fault: ReaderFault) -> None:
        super().__init__()
        self.fault = fault


def measure(port: FramePort, progress: Callable[[str, int], None], rounds: int = ROUNDS) -> Measured:
    """Measure an opened port. `progress` is told what is being measured, and how often it has been so far."""
    found = Measured()
    try:
        for stage in _stages(port, progress, rounds):
            found = stage
    except _Ended as ended:
        return found._replace(fault=ended.fault)
    return found


def _stages(port: FramePort, progress: Callable[[str, int], None], rounds: int) -> Iterator[Measured]:
    health = _well(port.health())
    found = Measured(chip=health.chip if isinstance(health, Health) else "")
    yield found
    times, _ = _timed(port.health, lambda count: progress("round trip", count), rounds)
    yield (found := found._replace(round_trip=times))
    systems = (lite_s.SYSTEM_CODE, TRANSIT)
    _well(port.poll(systems))  # the first look switches the field on, which takes its time
    times, last = _timed(lambda: port.poll(systems), lambda count: progress("poll", count), rounds)
    card = last if isinstance(last, Polled) else None
    yield (found := found._replace(poll=times, card=card, two_cards=isinstance(last, TwoCards)))
    if card is not None and card.system_code == lite_s.SYSTEM_CODE:
        command = read_command(card.idm, (lite_s.ID,))
        times, answer = _timed(
            lambda: port.transceive(command, READ_TIMEOUT_S), lambda count: progress("read", count), rounds
        )
        if isinstance(answer, bytes):
            yield found._replace(read=times)


def _timed(act: Callable[[], object], progress: Callable[[int], None], rounds: int) -> tuple[Times, object]:
    taken_ms, last = [], None
    for count in range(1, rounds + 1):
        began = perf_counter()
        last = act()
        taken_ms.append((perf_counter() - began) * 1_000)
        _well(last)
        progress(count)
    taken_ms.sort()
    return Times(taken_ms[0], median(taken_ms), taken_ms[min(len(taken_ms) - 1, len(taken_ms) * 99 // 100)]), last


def _well(outcome: object) -> object:
    if isinstance(outcome, ReaderFault):
        raise _Ended(outcome)
    return outcome

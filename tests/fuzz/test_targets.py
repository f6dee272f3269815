"""Each target fed its seeds, each seed cut at many lengths, random changes of them, and what was found once."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NoReturn

import pytest

from tests.fuzz.finds import FINDS
from tests.fuzz.targets import TARGETS

_CUTS = 60
_CHANGES = 120
_MOST_CPU_S = 10


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_what_is_near_them(name: str) -> None:
    random = Random(name)
    target = TARGETS[name]
    for seed in target.seeds:
        target.fed(seed)
        for cut in sorted(random.sample(range(len(seed) + 1), min(_CUTS, len(seed) + 1))):
            target.fed(seed[:cut])
        for _ in range(_CHANGES):
            target.fed(changed(seed, random))


def changed(seed: bytes, random: Random) -> bytes:
    """Some bytes turned over, put in, left out or doubled."""
    octets = bytearray(seed)
    for _ in range(random.randint(1, 8)):
        place = random.randint(0, len(octets))
        match random.randrange(4):
            case 0 if place < len(octets):
                octets[place] = random.randrange(256)
            case 1:
                octets[place:place] = random.randbytes(random.randint(1, 4))
            case 2:
                del octets[place : place + random.randint(1, 8)]
            case _:
                octets[place:place] = octets[place : place + 16]
    return bytes(octets)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_first_seed(name: str) -> None:
    """Or nothing behind its first check would ever be reached."""
    TARGETS[name].run(TARGETS[name].seeds[0])


def test_the_page_names_every_target() -> None:
    page = (Path(__file__).parents[2] / "docs" / "fuzzing.md").read_text("utf-8")
    table = page[page.index("\n## Targets\n") : page.index("\n## A find\n")]
    kinds = "card|collector|reader|bus|tariff|segment|exchange|scenario|rides|fault"
    assert set(re.findall(f"`((?:{kinds})-[a-z0-9-]+)`", table)) == set(TARGETS)


@pytest.mark.parametrize(("name", "found"), FINDS)
def test_what_was_found_once_is_held_now(name: str, found: bytes) -> None:
    with bounded():
        TARGETS[name].fed(found)


class TooLong(BaseException):
    """No Exception, or a parser might take it for a fault of its own."""


@contextmanager
def bounded() -> Iterator[None]:
    """So much time of the processor and no more, however busy the machine is."""

    def stop(_number: int, _frame: object) -> NoReturn:
        raise TooLong(f"more than {_MOST_CPU_S} s of CPU time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _MOST_CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)

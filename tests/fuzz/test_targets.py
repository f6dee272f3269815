"""Each parser fed its seeds, each seed cut at every length or at many, and random changes of them."""

from contextlib import suppress
from random import Random

import pytest

from tests.fuzz.targets import TARGETS

_CUTS = 60
_CHANGES = 120


def fed(name: str, data: bytes) -> None:
    """Nothing but the target's own faults may leave it."""
    target = TARGETS[name]
    with suppress(*target.faults):
        target.run(data)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_what_is_near_them(name: str) -> None:
    random = Random(name)
    for seed in TARGETS[name].seeds:
        fed(name, seed)
        for cut in sorted(random.sample(range(len(seed) + 1), min(_CUTS, len(seed) + 1))):
            fed(name, seed[:cut])
        for _ in range(_CHANGES):
            fed(name, changed(seed, random))


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
def test_a_target_has_a_seed_that_it_takes(name: str) -> None:
    """Or nothing behind its first check would ever be reached."""
    target = TARGETS[name]
    for seed in target.seeds:
        try:
            target.run(seed)
        except target.faults:
            continue
        return
    raise AssertionError("no seed is taken")

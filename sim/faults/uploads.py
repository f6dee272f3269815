"""Each sealed segment comes to the centre exactly once in effect, in order, and nothing is deleted here that it does
not hold (faults 32 to 36). Pure: facts in, what is wrong out.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sim.checkers import Problems


class Uploads(NamedTuple):
    """Of one bus: what it sealed, by number and digest; the numbers that are here still, those set aside as damaged,
    those it holds a receipt for; and what the centre booked, in its order, how often, and holds.
    """

    name: str
    sealed: Mapping[int, bytes]
    here: frozenset[int]
    aside: frozenset[int]
    acknowledged: frozenset[int]
    booked: tuple[tuple[int, int], ...]
    held: Mapping[int, bytes]


def delivered(uploads: Uploads, *, all_of_it: bool = False) -> Problems:
    """What is wrong at any moment; with `all_of_it`, whatever is sealed must be at the centre."""
    name, sealed, here, aside, acknowledged, booked, held = uploads
    gone = set(sealed) - here - aside
    numbers = [number for number, _ in booked]
    missing = set(sealed) - aside - set(held) if all_of_it else set()
    wrong = (
        (gone - set(held), "deleted, and the centre does not hold it"),
        (acknowledged - set(held), "a receipt is here, and the centre does not hold it"),
        ({number for number, times in booked if times != 1}, "booked more than once"),
        ({number for number, digest in held.items() if sealed.get(number) != digest}, "held otherwise than sealed"),
        (set(numbers) - set(held), "booked, and not held"),
        ({number for number in numbers if _skipped(number, numbers, sealed, aside)}, "came before an older one"),
        (missing, "sealed, and not at the centre"),
    )
    return tuple(f"{name}: segment {min(found)}: {what}" for found, what in wrong if found)


def _skipped(number: int, numbers: list[int], sealed: Mapping[int, bytes], aside: frozenset[int]) -> bool:
    """Whether an older one that is not set aside was not booked before it."""
    before = set(numbers[: numbers.index(number)])
    return any(older < number and older not in before and older not in aside for older in sealed)

"""In which order a vehicle's segments are booked, and what is missing (faults 33, 38). Pure, and whatever the order in
which they came, the end is the same (faults 40).

`previous` tells after which segment one stands: it is that one's digest. So several journals of one vehicle, whose
numbers are the same, never mix; segment 1 with zeros begins one.
"""

from collections.abc import Collection
from typing import NamedTuple

from farebox.formats.segment import NO_SEGMENT

NOTHING_BEFORE = NO_SEGMENT.hex()


class Link(NamedTuple):
    """What of a held segment tells its place. `follows_rotten`: the one before it was quarantined on the vehicle."""

    number: int
    digest: str
    previous: str
    first_seq: int
    last_seq: int
    follows_rotten: bool = False


class After(NamedTuple):
    """It stands after this one, or begins a journal (None)."""

    parent: Link | None


class Gap(NamedTuple):
    """Segments that are missing before one that is held: their numbers and, where that is known, their records."""

    first_number: int
    last_number: int
    first_seq: int | None
    last_seq: int


def begins(link: Link) -> bool:
    """Whether it is the first of a journal."""
    return link.number == 1 and link.previous == NOTHING_BEFORE


def rivals(link: Link, others: Collection[Link]) -> tuple[Link, ...]:
    """Those that claim the same place with other content: the same number after the same segment (faults 38).

    The first segments of two journals are none.
    """
    if begins(link):
        return ()
    return tuple(
        other
        for other in others
        if (other.number, other.previous) == (link.number, link.previous) and other.digest != link.digest
    )


def place(link: Link, held: Collection[Link], excused: Collection[int]) -> After | Gap:
    """Where a segment stands among those held, or what is missing before it.

    `excused` are numbers that won't come: quarantined on the vehicle, or given up by a person. Over these it stands
    after the only journal that ends there; if two do, nobody can tell after which, and a person must.
    """
    if begins(link):
        return After(None)
    before = [other for other in held if other.number == link.number - 1 and other.digest == link.previous]
    if before and before[0].last_seq + 1 == link.first_seq:
        return After(before[0])
    low = _last_needed(link, excused)
    ends = _ends(link, held)
    if low < link.number - 1:
        candidates = [end for end in ends if low <= end.number]
        if len(candidates) == 1:
            return After(candidates[0])
        if low == 0 and not ends:
            return After(None)  # its journal's beginning is lost for good
    nearest = max(ends, key=lambda end: end.number, default=None)
    if nearest is None or nearest.number == link.number - 1:
        return Gap(nearest.number if nearest else 1, link.number - 1, None if nearest else 1, link.first_seq - 1)
    return Gap(nearest.number + 1, link.number - 1, nearest.last_seq + 1, link.first_seq - 1)


def _last_needed(link: Link, excused: Collection[int]) -> int:
    """The number of the last segment before it that is not excused; 0 if there is none."""
    number = link.number - 1
    if link.follows_rotten:
        number -= 1
    while number > 0 and number in excused:
        number -= 1
    return number


def _ends(link: Link, held: Collection[Link]) -> list[Link]:
    """Segments before it after which none is held, and whose records are before its own."""
    followed = {(other.number - 1, other.previous) for other in held if other != link}
    return [
        other
        for other in held
        if other.number < link.number
        and other.last_seq < link.first_seq
        and (other.number, other.digest) not in followed
    ]

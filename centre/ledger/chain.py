"""A card's taps, laid in a row by the card's own count of writes: which writes of unknown end were done, and what can't
be (faults 5, 11, 12). Pure.

    judge(taps) -> Judged

Each tap names the slot that stood on the card when it was read, and the slot that it was to make. So each is the next
one's witness, on whatever vehicle it was: the slot it was to make stands later, or the slot before it still does. What
comes in later may say otherwise than what was there before it; the judgement depends on the taps alone, never on the
order in which they came in.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from cardimage.layout.slots import SEQUENCES, decode_slot


class End(StrEnum):
    """How a tap's write came out, as far as its own terminal could tell."""

    OPEN = "open"
    WRITTEN = "written"
    NOT_WRITTEN = "not_written"
    UNKNOWN = "unknown"
    """Its terminal has given it up: left to the centre (faults 5)."""


UNDECIDED = (End.OPEN, End.UNKNOWN)


class Seen(NamedTuple):
    """A tap: its key, when it was by its terminal's clock (which orders nothing), the card's count of writes when it
    was read, the slot found and the slot to be made.
    """

    key: str
    at_s: int
    counter: int
    before: bytes
    after: bytes
    end: End
    moves_money: bool


class Wrong(StrEnum):
    """What can't be, of one card's taps."""

    FORKED = "forked"
    """Two writes went on from one slot: a copy of the card, or one that was put back (faults 11, 12)."""
    ROLLED_BACK = "rolled-back"
    """A slot stood there that had been replaced before (faults 12)."""
    CLAIMED_TWICE = "claimed-twice"
    """Two terminals call one write theirs (faults 5)."""
    BROKEN = "broken"
    """The slots don't connect: a record is missing, or something else has written the card."""


class Found(NamedTuple):
    """Something that can't be, and the keys of the taps that show it."""

    wrong: Wrong
    keys: tuple[str, ...]


class Judged(NamedTuple):
    """`ends`: of each tap of unknown end, whether it was written, or None while that can't be told. `last` is the
    slot that stands on the card by these taps, `counter` its count of writes at least; None without taps.
    """

    ends: dict[str, bool | None]
    found: tuple[Found, ...]
    first: Seen | None
    last: bytes
    counter: int


def judge(taps: Iterable[Seen]) -> Judged:
    """All there is to say of one card's taps, in any order."""
    row = sorted(taps, key=lambda tap: (tap.counter, tap.key))
    ends = {tap.key: _was_written(tap, row, at) for at, tap in enumerate(row) if tap.end in UNDECIDED}
    if not row:
        return Judged(ends, (), None, b"", 0)
    written = {tap.key: ends.get(tap.key, tap.end is End.WRITTEN) for tap in row}
    row.sort(key=lambda tap: (tap.counter, _IN_TURN[written[tap.key]], tap.key))
    found = (*_forks([tap for tap in row if written[tap.key]]), *_breaks(row, written))
    newest = row[-1]
    return Judged(ends, found, row[0], newest.after if written[newest.key] else newest.before, newest.counter)


_IN_TURN = {False: 0, None: 1, True: 2}
"""Of taps that read the same count, who wrote comes last."""


def _was_written(tap: Seen, row: Sequence[Seen], at: int) -> bool | None:
    """What the others say: the first that tells."""
    for other in _after(tap, row, at):
        if other.end is End.WRITTEN and other.before == tap.before:
            return False  # it found the card as this one had, and wrote it
        if other.counter == tap.counter:
            # Both found the card alike, so who read it first wrote nothing. Were both to make the same slot, only their
            # clocks can tell; the card holds the same either way.
            same = other.end in UNDECIDED and (other.before, other.after) == (tap.before, tap.after)
            if same and (other.at_s, other.key) > (tap.at_s, tap.key):
                return False
            continue
        if other.before == tap.before:
            return False
        if other.before == tap.after:
            return True
        if _sequence(other.before) == _sequence(tap.after):
            return False
    return None


def _after(tap: Seen, row: Sequence[Seen], at: int) -> Iterable[Seen]:
    """The other taps from its count on, while its slot's number can't have come round."""
    start = at
    while start and row[start - 1].counter == tap.counter:
        start -= 1
    for other in row[start:]:
        if other.counter - tap.counter >= SEQUENCES:
            return
        if other is not tap:
            yield other


def _sequence(block: bytes) -> int:
    slot = decode_slot(block)
    return slot.sequence if slot else -1


def _forks(written: Sequence[Seen]) -> Iterable[Found]:
    went_on: dict[bytes, Seen] = {}
    for tap in written:
        first = went_on.get(tap.before)
        if first is None or tap.counter - first.counter >= SEQUENCES:
            went_on[tap.before] = tap
        elif first.after != tap.after:
            yield Found(Wrong.FORKED, (first.key, tap.key))
        elif tap.moves_money or first.moves_money:
            yield Found(Wrong.CLAIMED_TWICE, (first.key, tap.key))


def _breaks(row: Sequence[Seen], was_written: Mapping[str, bool | None]) -> Iterable[Found]:
    """Where a tap found another slot than the one before it left."""
    stands, last, doubtful = b"", None, False
    replaced: dict[bytes, int] = {}
    for tap in row:
        written = was_written[tap.key]
        if tap.before != stands:
            since = replaced.get(tap.before)
            back = since is not None and tap.counter - since < SEQUENCES
            if last is not None and not doubtful and not (back and written):  # that one is a fork
                yield Found(Wrong.ROLLED_BACK if back else Wrong.BROKEN, (last.key, tap.key))
            doubtful = False
        stands, last = tap.before, tap
        doubtful = doubtful or written is None
        if written:
            replaced[tap.before] = tap.counter
            stands, doubtful = tap.after, False

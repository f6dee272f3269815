"""A card's history: rows newest first, each with its amount; several recordings of one card give one longer history.

A row has no amount of its own: it is the balance after it less the balance after the next older row. Whether a row is
missing between the two is told by their neighbourhood on a card, or else by their sequence numbers. A number without a
row is no sign of a missing one by itself, for an entry takes a number and the row is written at the exit.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise, zip_longest
from typing import NamedTuple

from cardimage.image import CardImage
from cardimage.transit.balance import attributes_of
from cardimage.transit.rows import Row, decode_row
from cardimage.transit.services import history_blocks

_ENTRY_AND_EXIT = 2
"""The numbers that one ride may take."""


class Recorded(NamedTuple):
    """A card as recorded, and from where: the name its faults go by."""

    source: str
    image: CardImage


class MergeFault(Exception):
    """The recordings are not of one card: names both, and what to do."""


class Amount(NamedTuple):
    """What a row changed. `spans` is true if rows are, or may be, missing before it: it is then theirs too."""

    yen: int
    spans: bool


class Use(NamedTuple):
    """A row of the history, what it changed (None for the oldest, and where it can't be told), and who recorded it."""

    row: Row
    amount: Amount | None
    sources: tuple[str, ...]


class Gap(NamedTuple):
    """Sequence numbers, both ends in, between two rows that may have had rows between them."""

    first: int
    last: int


class Conflict(NamedTuple):
    """Different rows under one sequence number, each with who recorded it."""

    sequence: int
    uses: tuple[Use, ...]


class History(NamedTuple):
    """Rows newest first; `gaps` and `conflicts` newest first too."""

    uses: tuple[Use, ...]
    gaps: tuple[Gap, ...]
    conflicts: tuple[Conflict, ...]


class Merged(NamedTuple):
    """One card out of several recordings: the newest of them, and the history of all."""

    newest: Recorded
    history: History


def merge(recordings: Sequence[Recorded]) -> Merged:
    """Recordings of one card, at least one -> one history.

    A row that several recordings have stands once. Raises MergeFault if an IDm differs or is not known, or if simulated
    and recorded cards are mixed.
    """
    first = recordings[0]
    for other in recordings[1:]:
        _check_same(first, other)
    by_age = sorted(recordings, key=_age, reverse=True)
    return Merged(by_age[0], _history(by_age))


def _check_same(first: Recorded, other: Recorded) -> None:
    both = f"{first.source} and {other.source}"
    if not first.image.idm or not other.image.idm:
        raise MergeFault(f"{both}: a recording without an IDm can't be told to be of the same card; show each alone")
    if first.image.idm != other.image.idm:
        idms = " and ".join(recording.image.idm.hex().upper() for recording in (first, other))
        raise MergeFault(f"{both}: two cards, {idms}; merge recordings of one")
    if first.image.simulated != other.image.simulated:
        raise MergeFault(f"{both}: one is simulated, one recorded off a card; show each alone")


def _rows(recording: Recorded) -> Iterator[tuple[int, Row]]:
    """Block number and row, in the card's order: newest first."""
    blocks = history_blocks(recording.image)
    for number in sorted(blocks):
        row = decode_row(blocks[number])
        if row is not None:
            yield number, row


def _age(recording: Recorded) -> tuple[int, int]:
    """The newest row's number; and where no row came since, as after an entry, the update number of service 008B."""
    attributes = attributes_of(recording.image)
    newest = max((row.sequence for _, row in _rows(recording)), default=-1)
    return newest, attributes.update if attributes else -1


def _history(recordings: Sequence[Recorded]) -> History:
    sources: dict[Row, list[str]] = {}
    neighbours: set[tuple[Row, Row]] = set()
    for recording in recordings:
        rows = list(_rows(recording))
        for _, row in rows:
            sources.setdefault(row, []).append(recording.source)
        neighbours |= {(row, older) for (block, row), (next_block, older) in pairwise(rows) if next_block == block + 1}
    ordered = sorted(sources, key=lambda row: row.sequence, reverse=True)
    numbered = Counter(row.sequence for row in ordered)
    uses: list[Use] = []
    gaps: list[Gap] = []
    for row, older in zip_longest(ordered, ordered[1:]):
        amount = None
        if older is not None and numbered[row.sequence] == numbered[older.sequence] == 1:
            most = _ENTRY_AND_EXIT if (row, older) in neighbours else 1
            spans = row.sequence - older.sequence > most
            amount = Amount(row.balance_yen - older.balance_yen, spans)
            if spans:
                gaps.append(Gap(older.sequence + 1, row.sequence - 1))
        uses.append(Use(row, amount, tuple(dict.fromkeys(sources[row]))))
    by_number = groupby(uses, key=lambda use: use.row.sequence)
    grouped = ((sequence, tuple(alike)) for sequence, alike in by_number)
    conflicts = tuple(Conflict(sequence, alike) for sequence, alike in grouped if len(alike) > 1)
    return History(tuple(uses), tuple(gaps), conflicts)

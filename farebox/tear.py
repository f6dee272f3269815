"""Writes whose answer was lost: kept pending by card, across restarts, and settled by the card's next tap.

The judgement itself is `cardimage.resolve.fate`, pure and shared with the counter.
"""

from typing import NamedTuple

from cardimage.layout.history import history_block
from cardimage.resolve import Fate, Row, fate
from farebox.formats.journal import Intent
from farebox.journal.standing import Standing


class Pending(NamedTuple):
    """An intent whose end is not known: its number in the journal, and what it was to write."""

    intent_seq: int
    intent: Intent

    def fate(self, first: bytes, second: bytes, write_count: int, row: Row | None = None) -> Fate:
        """What became of it, by the card's two slots and its count of writes as they are read now, and by its history
        row; without it, what there was at most.
        """
        writes_since = write_count - self.intent.write_counter
        return fate(self.intent.slot_before, self.intent.slot_after, first, second, writes_since, row)

    def row_block(self, first: bytes, second: bytes, write_count: int) -> int | None:
        """The block of its history row, if that has to be read to say whose write it was; None: the slots tell."""
        staged = self.intent.history_row
        if not staged or self.fate(first, second, write_count) is Fate.NOT_WRITTEN:
            return None
        return history_block(staged[0])  # its sequence


def pending_from(standing: Standing) -> dict[bytes, Pending]:
    """What a journal leaves pending at a restart, by IDm (faults 4): intents without an end, or with an unknown one."""
    return {idm: Pending(seq, intent) for idm, (seq, intent) in standing.pending().items()}

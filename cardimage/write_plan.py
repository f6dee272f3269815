"""What a tap writes, in which order: first what is not yet valid, then the one block that makes it all valid."""

from typing import NamedTuple

from cardimage.purse import SEQUENCES, SLOT_BLOCKS, HistoryRow, encode_history, encode_slot, history_block, slot_of
from cardimage.resolve import Standing
from tariff.account import Account

BlockWrite = tuple[int, bytes]


class WritePlan(NamedTuple):
    """`staged` blocks change nothing that counts; `commit` does, by one block: the older slot."""

    staged: tuple[BlockWrite, ...]
    commit: BlockWrite


def next_sequence(now: Standing) -> int:
    """The sequence number of the state that follows."""
    return (now.slot.sequence + 1) % SEQUENCES


def plan(now: Standing, after: Account, history: HistoryRow | None = None) -> WritePlan:
    """The writes that turn the standing state into `after`; with a history row where a ride is closed."""
    slot = slot_of(after, next_sequence(now), now.slot.bank)
    staged = ((history_block(history.sequence), encode_history(history)),) if history else ()
    return WritePlan(staged, (SLOT_BLOCKS[1 - now.place], encode_slot(slot)))

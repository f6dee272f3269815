"""What a tap or a directive writes, in which order: first what is not valid yet, then the one block that makes it."""

from typing import NamedTuple

from cardimage.layout.blocks import BANKS, HISTORY_BLOCKS, SLOT_BLOCKS
from cardimage.layout.conditions import encode_conditions
from cardimage.layout.history import HistoryRow, encode_history, history_block
from cardimage.layout.slots import SEQUENCES, conditions_of, encode_slot, slot_of
from cardimage.resolve import Standing
from tariff.account import Account, RideState

BlockWrite = tuple[int, bytes]


class WritePlan(NamedTuple):
    """`staged` blocks change nothing that counts; `commit` does, by one block: the older slot."""

    staged: tuple[BlockWrite, ...]
    commit: BlockWrite

    @property
    def history_row(self) -> bytes:
        """The history row among the staged blocks; nothing if the write has none."""
        return next((data for block, data in self.staged if block in HISTORY_BLOCKS), b"")


WRITES_OF_A_TAP = 4
"""The most that a plan writes: a history row, both blocks of a bank, the slot."""


def next_sequence(now: Standing) -> int:
    """The sequence number of the state that follows."""
    return (now.slot.sequence + 1) % SEQUENCES


def plan(now: Standing, before: Account, after: Account, history: HistoryRow | None = None) -> WritePlan:
    """The writes that turn `before`, as the card stands now, into `after`; with a history row for a ride or a top-up.

    Conditions that change, or that another layout writes otherwise, go to the bank that is not in use; the slot's bank
    bit switches to it. LayoutFault if a value does not fit the card.
    """
    staged: list[BlockWrite] = []
    if history:
        row = HistoryRow(*history[:9], _opened(now), *history[10:])  # `_replace` takes three times as long
        staged.append((history_block(row.sequence), encode_history(row)))
    slot = slot_of(after, next_sequence(now), now.slot.bank)
    if slot.more and (slot.layout != now.slot.layout or conditions_of(after) != conditions_of(before)):
        conditions = encode_conditions(after, slot.layout)
        if conditions != encode_conditions(before, now.slot.layout):
            slot = slot._replace(bank=1 - now.slot.bank)
            staged += zip(BANKS[slot.bank], conditions, strict=True)
    return WritePlan(tuple(staged), (SLOT_BLOCKS[1 - now.place], encode_slot(slot)))


def _opened(now: Standing) -> bool:
    """Whether the last write opened a ride: a boarding did, or a cancelling. A top-up leaves it as it was."""
    ride = now.slot.ride
    return ride is not None and ride.state is RideState.OPEN and (now.older is None or now.older.ride != ride)

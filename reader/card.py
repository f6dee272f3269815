"""A card through its session: read into an account, written by a plan. One attempt each; what was lost is looked into.

Nothing here knows fares, journals or drivers: bus and counter share it.
"""

from typing import NamedTuple

from cardimage.layout.blocks import BANKS, HISTORY_BLOCKS, SLOT_BLOCKS
from cardimage.layout.conditions import decode_account
from cardimage.layout.history import HistoryRow, decode_history, last_uses
from cardimage.lite_s import LAST_WRITE_COUNT
from cardimage.resolve import Fate, Standing, fate, standing
from cardimage.write_plan import WRITES_OF_A_TAP, WritePlan
from reader.port import CardLost, Declined, Indeterminate, ReaderFault, Session, Written
from tariff.account import Account
from tariff.refusal import Code, Refusal

_BLOCKS_AT_ONCE = 3
"""A read with its MAC has room for no more."""


class CardRead(NamedTuple):
    """A card as it stands: the valid slot, and the account it makes with the card's conditions."""

    now: Standing
    account: Account


class End(NamedTuple):
    """How a write ended; `read_back` if only one command more could tell: the commit's answer was lost, or a no."""

    fate: Fate
    read_back: bool = False


Slots = tuple[bytes, bytes]


def read_slots(session: Session) -> Slots | Refusal | ReaderFault:
    """The two slots, by the first authenticated read: three commands with the poll.

    A card at the end of its count of writes is refused before a write that it would decline.
    """
    blocks = session.open(*SLOT_BLOCKS)
    if isinstance(blocks, (CardLost, Declined, ReaderFault)):
        return as_refusal(blocks)
    if session.write_count > LAST_WRITE_COUNT - WRITES_OF_A_TAP:
        return Refusal(Code.CARD_FULL, "GEN-11")
    return blocks[0], blocks[1]


def read_account(session: Session, slots: Slots) -> CardRead | Refusal | ReaderFault:
    """The account the slots make; a second read only if the card says that it holds more (a pass, auto-charge)."""
    now = standing(*slots)
    if isinstance(now, Refusal):
        return now
    conditions: tuple[bytes, bytes] | None = None
    if now.slot.more:
        blocks = session.read(*BANKS[now.slot.bank])
        if isinstance(blocks, (CardLost, Declined, ReaderFault)):
            return as_refusal(blocks)
        conditions = (blocks[0], blocks[1])
    account = decode_account(now.slot, conditions)
    return account if isinstance(account, Refusal) else CardRead(now, account)


def read_rows(session: Session) -> tuple[bytes, ...] | Refusal | ReaderFault:
    """The blocks of its history, in their places, as they are: three commands more."""
    rows: tuple[bytes, ...] = ()
    for first in range(0, len(HISTORY_BLOCKS), _BLOCKS_AT_ONCE):
        blocks = session.read(*HISTORY_BLOCKS[first : first + _BLOCKS_AT_ONCE])
        if isinstance(blocks, (CardLost, Declined, ReaderFault)):
            return as_refusal(blocks)
        rows += blocks
    return rows


def uses_in(rows: tuple[bytes, ...], now: Standing) -> tuple[HistoryRow, ...]:
    """The rides and top-ups that the blocks of a history tell of, the newest first (GEN-13)."""
    return last_uses(tuple(filter(None, map(decode_history, rows))), now.slot)


def read_history(session: Session, now: Standing) -> tuple[HistoryRow, ...] | Refusal | ReaderFault:
    """The rides and top-ups that its history rows tell of, the newest first (GEN-13): three commands more."""
    rows = read_rows(session)
    return rows if isinstance(rows, (Refusal, ReaderFault)) else uses_in(rows, now)


def read_row(session: Session, block: int) -> bytes | Refusal | ReaderFault:
    """One block of the history as it is: one command more."""
    blocks = session.read(block)
    return as_refusal(blocks) if isinstance(blocks, (CardLost, Declined, ReaderFault)) else blocks[0]


def write(session: Session, now: Standing, plan: WritePlan) -> End:
    """Staged blocks, then the one that counts.

    Until the commit is sent, whatever fails leaves the card as it was (faults 1, 2). An answer to the commit that is
    lost, or a no, which nothing proves, is looked into once, by reading, never by writing again (faults 3, 9); UNKNOWN
    if the card has left.
    """
    for block, data in plan.staged:
        if not isinstance(session.write(block, data), Written):
            return End(Fate.NOT_WRITTEN)
    outcome = session.write(*plan.commit)
    if isinstance(outcome, Written):
        return End(Fate.WRITTEN)
    if not isinstance(outcome, (Indeterminate, Declined)):
        return End(Fate.NOT_WRITTEN)
    blocks = session.read(*SLOT_BLOCKS)
    if isinstance(blocks, (CardLost, Declined, ReaderFault)):
        return End(Fate.UNKNOWN)
    return End(fate(now.block, plan.commit[1], blocks[0], blocks[1]), read_back=True)


def as_refusal(outcome: CardLost | Declined | ReaderFault) -> Refusal | ReaderFault:
    """What a reader's outcome before any write means to the passenger."""
    match outcome:
        case ReaderFault():
            return outcome
        case CardLost():
            return Refusal(Code.TOUCH_AGAIN, "faults 1")
        case Declined(wrong_key=True):
            return Refusal(Code.WRONG_KEY, "faults 10")
        case Declined(status=status):
            return Refusal(Code.FOREIGN_CARD, "GEN-11", f"status {status.hex()}")

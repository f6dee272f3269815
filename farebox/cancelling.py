"""A settlement made wrong is taken back, judged (GEN-22): which one it was, and what the card is then. Pure.

    judge_cancelling(read, write_count, service, settled) -> Cancelled | Refusal

Only what this terminal settled, on this trip and at this stop, and only while the card stands just as that tap left it:
the journal knows both of its states, byte by byte, so that this holds across a restart too.
"""

from typing import NamedTuple

from cardimage.layout.conditions import decode_account
from cardimage.layout.slots import SEQUENCES, decode_slot
from farebox.formats.journal import Intent
from farebox.journal.standing import Settled
from farebox.tap import Service, facing, ride_settled
from reader.card import CardRead
from tariff.account import Account
from tariff.refusal import Code, Refusal
from tariff.settle import cancel


class Cancelled(NamedTuple):
    """A settlement taken back: its number in the journal and its intent, and the account then."""

    first_seq: int
    first: Intent
    after: Account

    @property
    def due_yen(self) -> int:
        """What goes back in all: to the purses, in cash, and to auto-charge's credit."""
        return self.first.due_yen

    @property
    def cash_yen(self) -> int:
        """What the driver hands back."""
        return self.first.cash_yen


def judge_cancelling(
    read: CardRead, write_count: int, service: Service, settled: Settled | None
) -> Cancelled | Refusal:
    """A card laid for cancelling. `settled` is the last settlement that this terminal wrote to it, if it has any."""
    if settled is None:
        return _not("no settlement of this card here")
    first_seq, first = settled
    if read.now.block != first.slot_after or write_count - first.write_counter >= SEQUENCES:
        return _not("the card is not as its settlement left it")
    mark, here = read.account.ride, facing(read.account, service).service.stop_index
    if ride_settled(read.account, service) is None or mark is None or mark.stop_index != here:
        return _not("settled at another stop")
    before = decode_slot(first.slot_before)
    if before is None:
        return _not("what it was before can't be read")
    of_slot = decode_account(before._replace(more=False), None)
    return of_slot if isinstance(of_slot, Refusal) else Cancelled(first_seq, first, cancel(read.account, of_slot))


def _not(why: str) -> Refusal:
    return Refusal(Code.NOT_CANCELLABLE, "GEN-22", why)

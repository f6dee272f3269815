"""What comes out of an operation that was judged. Values only; money in whole yen."""

from datetime import date
from typing import NamedTuple

from cardimage.layout.history import HistoryRow, top_up_row
from cardimage.write_plan import WritePlan, next_sequence, plan
from centre.counter.desk import Blank, NewCard, Seen
from centre.counter.operations.effects import Effect
from centre.counter.operations.values import Line, Operation, Registered
from tariff.account import Account
from tariff.purses import money_yen


class Rewrite(NamedTuple):
    """A card in front of the clerk that is to hold something else. `added_yen`, `paid_yen`: of a top-up, else 0."""

    seen: Seen
    after: Account
    added_yen: int = 0
    paid_yen: int = 0

    def plan(self, day: date, mark: int) -> WritePlan:
        """The writes; `mark` is whose row of history it is. LayoutFault if something does not fit the card."""
        row: HistoryRow | None = None
        if self.added_yen:
            sequence, balance_yen = next_sequence(self.seen.now), money_yen(self.after)
            row = top_up_row(sequence, day, self.added_yen, self.paid_yen, balance_yen, mark)
        return plan(self.seen.now, self.seen.account, self.after, row)


class NewIssue(NamedTuple):
    """A blank card in front of the clerk, and what it is to become."""

    blank: Blank
    new: NewCard


class Prepared(NamedTuple):
    """An operation that may be carried out as it stands, as long as the register says what it said.

    idm         the card that it is about: of an issue the new one, of a reissue the old one
    register    what the register said of that card; None for a card that is issued for the first time
    lines       what is taken and given; together `take_yen` or `give_yen`
    papers      what had to be shown, and was
    approval    why a second person must approve, in few words; empty: nobody need (faults 47)
    card        what is written; None: no card is
    effects     what becomes of the register when it is done
    note        why, in the clerk's words or by a rule: of a void, of a stop
    """

    operation: Operation
    scheme: str
    day: date
    idm: bytes
    register: Registered | None
    lines: tuple[Line, ...] = ()
    papers: tuple[str, ...] = ()
    approval: str = ""
    card: Rewrite | NewIssue | None = None
    effects: tuple[Effect, ...] = ()
    note: str = ""

    @property
    def take_yen(self) -> int:
        """What the clerk takes in all."""
        return max(0, sum(line.yen for line in self.lines))

    @property
    def give_yen(self) -> int:
        """What the clerk gives in all."""
        return max(0, -sum(line.yen for line in self.lines))

    @property
    def before(self) -> Account | None:
        """What the card held: as seen, or by the ledger where it is not there."""
        if isinstance(self.card, Rewrite):
            return self.card.seen.account
        return self.register.expected if self.register else None

    @property
    def after(self) -> Account | None:
        """What the card holds then; None where none is written."""
        match self.card:
            case Rewrite(after=after):
                return after
            case NewIssue(new=new):
                return new.account
            case None:
                return None

"""What goes into an operation at the counter, and what comes out of it. Values only; money in whole yen."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from cardimage.layout.bits import LayoutFault
from cardimage.layout.history import HistoryRow, top_up_row
from cardimage.write_plan import WritePlan, next_sequence, plan
from centre.counter.desk import Blank, NewCard, Seen
from farebox.formats.bundle import Change as CardChange
from farebox.formats.bundle import Directive
from tariff.account import Account, Pass
from tariff.purses import money_yen
from tariff.refusal import Code, Refusal
from tariff.rulebook import CardKind, Rulebook


class Operation(StrEnum):
    """What is done."""

    ISSUE = "issue"
    TOP_UP = "top-up"
    SELL_PASS = "sell-pass"
    REFUND_CARD = "refund-card"
    REFUND_PASS = "refund-pass"
    REFUND_BOTH = "refund-both"
    REPORT_LOST = "report-lost"
    REPORT_DAMAGED = "report-damaged"
    REISSUE = "reissue"
    TAKE_IN = "take-in"
    EXCHANGE = "exchange"
    CHANGE_DATA = "change-data"
    MAKE_NAMED = "make-named"
    MAKE_ADULT = "make-adult"
    VOID = "void"
    FOUND_CARD = "found-card"
    STOP = "stop"
    LIFT_STOP = "lift-stop"
    APPLY_DIRECTIVES = "apply-directives"


class What(StrEnum):
    """What money is taken or given for."""

    DEPOSIT = "deposit"
    STORED_FARE = "stored-fare"
    STORED_FARE_AND_PASS = "stored-fare-and-pass"
    PASS = "pass"
    FEE = "fee"


class Line(NamedTuple):
    """One line of a receipt: taken from the customer, or given if negative."""

    rule: str
    what: What
    yen: int


class Paper(StrEnum):
    """Papers that procedures ask for besides those of an operator file's products and kinds of card."""

    IDENTITY = "identity"
    """Proof of identity: what it says is in `Claim`."""
    CONTENTS_SLIP = "contents-slip"
    REISSUE_SLIP = "reissue-slip"
    OLD_CARD = "old-card"
    ATTENDANCE = "proof-of-attendance"
    MENTAL_HANDBOOK = "mental-handbook"
    """The handbook that was shown is one for mental disability: identity is asked for too (LOC-12)."""


IDENTITY_WITH_MENTAL_HANDBOOK = "identity-with-mental-handbook"
"""A word of operator files: identity, where the handbook is one for mental disability (LOC-12)."""


class HolderData(NamedTuple):
    """Whom a named card belongs to (LOC-1). Names in full-width kana; `sex` may be empty."""

    kana_name: str
    telephone: str
    birth: date | None
    sex: str = ""


class Claim(NamedTuple):
    """Who a proof of identity says that a person is."""

    kana_name: str
    birth: date | None


class PassHeld(NamedTuple):
    """A pass that was sold for a card, by the register."""

    row: int
    product: str
    held: Pass
    price_yen: int


class Registered(NamedTuple):
    """A card as the centre has it in its register. `state` is a word of `centre.cards.models.State`.

    passes      sold and not refunded
    directives  that wait for the card, ascending
    unsettled   key of an operation on this card whose end is not known yet; empty: none
    expected    what the card holds, by the ledger and by what was sold and agreed: for a card that is not there
    unpaid_yen  auto-charged on it and not paid by its credit card (AUT-6)
    report      the last slip that was given for it, if no card was issued by it yet
    """

    idm: bytes
    scheme: str
    number: str
    kind: str
    named: bool
    state: str
    issued_on: date
    expires: date | None
    deposit_yen: int
    expected: Account
    holder: HolderData | None = None
    passes: tuple[PassHeld, ...] = ()
    directives: tuple[Directive, ...] = ()
    unsettled: str = ""
    unpaid_yen: int = 0
    report: "Report | None" = None


class ReportedWhy(StrEnum):
    """Why a card is to be issued anew."""

    LOST = "lost"
    DAMAGED = "damaged"
    EXCHANGED = "exchanged"


class Report(NamedTuple):
    """A slip: a card reported lost or damaged, or taken in to be exchanged, for which none was issued yet.

    Good from `slip_on` on by GEN-19; `held` is what an exchanged card held when it was taken in.
    """

    row: int
    why: ReportedWhy
    applied_on: date
    slip_on: date
    held: Account | None = None


# -- what becomes of the register, closed


class CardIssued(NamedTuple):
    """A card goes into the register."""

    idm: bytes
    scheme: str
    number: str
    kind: str
    named: bool
    issued_on: date
    expires: date | None
    deposit_yen: int


class HolderSet(NamedTuple):
    """Whom a card belongs to, and the day of consent (IGP-6)."""

    idm: bytes
    holder: HolderData
    consent_on: date


class KindSet(NamedTuple):
    """A card is of another kind now."""

    idm: bytes
    kind: str
    named: bool
    expires: date | None


class StateSet(NamedTuple):
    """What has become of a card."""

    idm: bytes
    state: str


class DepositReturned(NamedTuple):
    """A card's deposit is no longer held."""

    idm: bytes


class Replaced(NamedTuple):
    """A card was issued in place of another; passes, auto-charge and holder go with it."""

    old: bytes
    new: bytes
    deposit_moves: bool


class PassSold(NamedTuple):
    """A pass sold."""

    idm: bytes
    product: str
    held: Pass
    stop_names: tuple[tuple[str, str], ...]
    price_yen: int
    sold_on: date


class PassRefunded(NamedTuple):
    """A pass given back. `worth_yen` is what it was still worth, before the fee."""

    row: int
    on: date
    product: str
    company: int
    worth_yen: int


class Directed(NamedTuple):
    """Something for the card to learn from a day on (CTR-3)."""

    idm: bytes
    first_day: date
    changes: tuple[CardChange, ...]


class DirectivesApplied(NamedTuple):
    """Directives that were written to the card here, and those before them."""

    idm: bytes
    last_number: int


class DirectivesWithdrawn(NamedTuple):
    """Directives that no bus is to write any more."""

    idm: bytes
    numbers: tuple[int, ...]


class Stopped(NamedTuple):
    """Every reader is to refuse a card."""

    idm: bytes
    why: str


class StopLifted(NamedTuple):
    """No reader is to refuse it any more."""

    idm: bytes


class Reported(NamedTuple):
    """A slip was given."""

    idm: bytes
    why: ReportedWhy
    applied_on: date
    slip_on: date
    held: Account | None = None


class ReportClosed(NamedTuple):
    """The card of a slip was issued."""

    row: int


ToVehicles: TypeAlias = Directed | DirectivesApplied | DirectivesWithdrawn | Stopped | StopLifted
"""What vehicles are told, or need be told no more (`centre.bundles`)."""
Effect: TypeAlias = (
    CardIssued
    | HolderSet
    | KindSet
    | StateSet
    | DepositReturned
    | Replaced
    | PassSold
    | PassRefunded
    | Reported
    | ReportClosed
    | ToVehicles
)


# -- what comes out


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


# -- judged alike in many operations

IN_USE, STOPPED, REPLACED, REFUNDED, VOID = "in-use", "stopped", "replaced", "refunded", "void"
"""Words of `centre.cards.models.State`; a test holds them equal."""


def not_configured(what: str) -> Refusal:
    """What no source describes and the operator has not configured (GEN-17)."""
    return Refusal(Code.NOT_CONFIGURED, "GEN-17", what)


def not_eligible(rule: str, why: str) -> Refusal:
    """Not for this card or person."""
    return Refusal(Code.NOT_ELIGIBLE, rule, why)


def not_workable(register: Registered, rulebook: Rulebook, states: Iterable[str] = (IN_USE,)) -> Refusal | None:
    """Why nothing can be done with a card: another scheme's, not in such a state (faults 46), or pending."""
    if register.scheme != rulebook.scheme:
        return not_eligible("IGP-2", register.scheme)
    if register.unsettled:
        return Refusal(Code.BUSY, "faults 5", "an operation on this card is pending: lay it again first")
    if register.state not in states:
        return not_eligible("faults 46", register.state)
    return None


def not_this_card(seen: Seen, register: Registered) -> Refusal | None:
    """Why the card that lies there is not the one in the register (GEN-11)."""
    same = (seen.idm, seen.number, seen.account.scheme) == (register.idm, register.number, register.scheme)
    return None if same else Refusal(Code.ALTERED_CARD, "GEN-11", "not the card of the register")


def asked_for(papers: Iterable[str], shown: Iterable[str]) -> frozenset[str]:
    """Papers as they are asked for of this person: identity too, where the handbook is a mental one (LOC-12)."""
    asked = frozenset(papers)
    if IDENTITY_WITH_MENTAL_HANDBOOK not in asked:
        return asked
    more = {Paper.IDENTITY.value} if Paper.MENTAL_HANDBOOK in set(shown) else set()
    return asked - {IDENTITY_WITH_MENTAL_HANDBOOK} | more


def lacking(papers: Iterable[str], shown: Iterable[str], rule: str) -> Refusal | None:
    """A refusal that names the papers that were asked for and not shown."""
    missing = sorted(asked_for(papers, shown) - frozenset(shown))
    return not_eligible(rule, f"papers: {', '.join(missing)}") if missing else None


def not_holder(register: Registered, claim: Claim | None, rule: str) -> Refusal | None:
    """Why a person is not shown to be a named card's holder: no proof, or it says another (LOC-16, IGP-21, IGP-25)."""
    if not register.named:
        return None
    if register.holder is None:
        return not_eligible(rule, "no data registered")
    if claim is None:
        return not_eligible(rule, f"papers: {Paper.IDENTITY}")
    if (claim.kana_name, claim.birth) != (register.holder.kana_name, register.holder.birth):
        return not_eligible(rule, "identity: not the data registered")
    return None


def idm_text(idm: bytes) -> str:
    """An IDm as the centre's tables have it: 16 hex digits, upper case."""
    return idm.hex().upper()


def kind_named(name: str, rulebook: Rulebook) -> CardKind | None:
    """A kind of card by its name."""
    return next((kind for kind in rulebook.card_kinds if kind.name == name), None)


def rewritten(rewrite: Rewrite, day: date) -> Rewrite | Refusal:
    """The same, if the card has room for it (GEN-1)."""
    try:
        rewrite.plan(day, 0)
    except LayoutFault as fault:
        return Refusal(Code.TOO_LARGE, "GEN-1", str(fault))
    return rewrite


def emptied(account: Account) -> Account:
    """A card that came back: no money, no points, no pass, no auto-charge (IGP-30). What it was last used for stays."""
    return account._replace(
        stored_fare_yen=0,
        held_pass=None,
        auto_charge=None,
        coupons=None,
        points=None,
        welfare_points=0,
    )

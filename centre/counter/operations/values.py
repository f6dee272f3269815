"""What goes into an operation at the counter. Values only; money in whole yen."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from farebox.formats.bundle import Directive
from tariff.account import Account, Pass


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


IN_USE, STOPPED, REPLACED, REFUNDED, VOID = "in-use", "stopped", "replaced", "refunded", "void"
"""Words of `centre.cards.models.State`; a test holds them equal."""


def idm_text(idm: bytes) -> str:
    """An IDm as the centre's tables have it: 16 hex digits, upper case."""
    return idm.hex().upper()

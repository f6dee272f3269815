"""What becomes of the register, and of what vehicles are told, when an operation is done. Closed; values only."""

from datetime import date
from typing import NamedTuple, TypeAlias

from centre.counter.operations.values import HolderData, ReportedWhy
from farebox.formats.bundle import Change as CardChange
from tariff.account import Account, Pass


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

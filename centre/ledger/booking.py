"""What a booking is: every yen leaves one account and comes to another. Pure.

    Booking("T:BUS-1:17", at_s, What.RIDE, (debit(...), credit(...)))

An account is its kind, the company whose books it stands in, and `of`: the terminal, desk, purse, product or other
company that it is one of. Debits are positive, credits negative; a booking sums to nothing, and so does its part in the
books of each company: what one company takes for another stands between them as clearing (LOC-6). Money is whole yen,
a point a yen.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from centre.ledger.companies import issuer_of

STORED_FARE = "stored-fare"
"""The purse that most cards have. The others go by the names of `farebox.formats.journal.PURSES`."""
COUPONS = frozenset({"eco", "student", "regular"})
POINTS = frozenset({"welfare-points", "transport-points"})


class Kind(StrEnum):
    """Kinds of accounts."""

    CASH_BOX = "cash-box"
    """Fares that riders put into the cash box of a terminal (`of`), by its journal."""
    NOTE_BOX = "note-box"
    """Bank notes in the note box of a terminal (`of`)."""
    NOTES_IN_DOUBT = "notes-in-doubt"
    """Notes of a terminal (`of`) whose place is not known (yet); below zero where the box has one and the card is not
    known to have been written (faults 43)."""
    TILL = "till"
    """Cash in the till of a counter's desk (`of`)."""
    BANK = "bank"
    CREDIT = "credit"
    """Auto-charge that members owe: added to their cards, not yet taken from their credit cards (AUT-6)."""
    PROCESSOR = "processor"
    """What the payment service holds for us."""
    OWED_BY_PASSENGERS = "owed-by-passengers"
    """Vouchers: the card was topped up, the note was given back (faults 43)."""
    CLEARING = "clearing"
    """What another company (`of`) owes this one; below zero what this one owes it."""
    SUSPENSE = "suspense"
    """What a record that contradicts itself leaves over; never without a finding."""
    STORED_FARE = "stored-fare"
    """What is owed to the bearer of a card."""
    COUPONS = "coupons"
    """The same of a coupon purse (`of`)."""
    POINTS = "points"
    """The same of points (`of`)."""
    DEPOSIT = "deposit"
    OWED_TO_PASSENGERS = "owed-to-passengers"
    """Vouchers: the note is in the box, the card has nothing of it (faults 43)."""
    FARES = "fares"
    PASSES = "passes"
    """Passes and paper coupons, by product (`of`)."""
    FEES = "fees"
    FORFEITED = "forfeited"
    """What a void card held (IGP-20)."""
    POINTS_LAPSED = "points-lapsed"
    PREMIUM = "premium"
    """Given on top of what was paid."""
    POINTS_GIVEN = "points-given"
    LOSS = "loss"
    """The operator's own: what a lost card spent after its stop, what can't be collected (`of` says which)."""
    SERVICE_FEES = "service-fees"
    """What the payment service keeps."""
    OVER_SHORT = "over-short"
    """What was counted in a box or till beyond what should be in it; a debit where it was short."""
    OPENING = "opening"
    """What cards held before this ledger began."""


ASSETS = (
    *(Kind.CASH_BOX, Kind.NOTE_BOX, Kind.NOTES_IN_DOUBT, Kind.TILL, Kind.BANK, Kind.CREDIT, Kind.PROCESSOR),
    *(Kind.OWED_BY_PASSENGERS, Kind.CLEARING, Kind.SUSPENSE),
)
LIABILITIES = (Kind.STORED_FARE, Kind.COUPONS, Kind.POINTS, Kind.DEPOSIT, Kind.OWED_TO_PASSENGERS)
ON_CARDS = (Kind.STORED_FARE, Kind.COUPONS, Kind.POINTS)
"""What stands on the card itself."""


class What(StrEnum):
    """What a booking is about."""

    RIDE = "ride"
    TOP_UP_ON_BUS = "top-up-on-bus"
    CANCELLED = "cancelled"
    NOTE = "note"
    TAKEN_BACK = "taken-back"
    """The centre had judged a write of unknown end, and later records say otherwise."""
    OPENING = "opening"
    CARD_SOLD = "card-sold"
    TOPPED_UP = "topped-up"
    TOPPED_UP_ELSEWHERE = "topped-up-elsewhere"
    PASS_SOLD = "pass-sold"
    PAPER_SOLD = "paper-sold"
    REFUNDED = "refunded"
    REISSUED = "reissued"
    EXCHANGED = "exchanged"
    DEPOSIT_RETURNED = "deposit-returned"
    VOIDED = "voided"
    BILLED = "auto-charge-billed"
    PAID_BACK = "paid-back"
    UNCOLLECTABLE = "uncollectable"
    PAID_OUT = "paid-out"
    VOUCHER = "voucher"
    COUNTED = "counted"
    CLEARED = "cleared"
    LOSS = "loss"


BY_TAPS = (What.RIDE, What.TOP_UP_ON_BUS, What.CANCELLED, What.NOTE, What.VOUCHER, What.TAKEN_BACK)
"""What comes of vehicles' records."""


class Account(NamedTuple):
    """One account."""

    kind: Kind
    company: str
    of: str = ""

    def __str__(self) -> str:
        """As a report names it."""
        return ":".join(filter(None, self))


class Posting(NamedTuple):
    """So many yen to an account, below zero from it; and the card they are about, by its IDm in 16 hex digits."""

    account: Account
    yen: int
    card: str = ""


class Booking(NamedTuple):
    """Postings that belong together. `key` names what happened, so that it is booked once however often it is told."""

    key: str
    at_s: int
    what: What
    postings: tuple[Posting, ...]


class Unbalanced(Exception):
    """A booking whose sides differ: a defect of whoever made it."""


def booking(key: str, at_s: int, what: What, postings: Iterable[Posting]) -> Booking:
    """A booking, without postings of nothing. Raises `Unbalanced` if it, or a company's part of it, is not balanced;
    ValueError for money that is not a whole number, or no key.
    """
    kept = tuple(posting for posting in postings if posting.yen)
    made = Booking(key, at_s, what, kept)
    check(made)
    return made


def check(made: Booking) -> None:
    """What every booking must be, whoever made it; raises as `booking`."""
    if not made.key:
        raise ValueError("a booking without a key")
    sums = Counter[str]()
    for posting in made.postings:
        if type(posting.yen) is not int:
            raise ValueError(f"{made.key}: {posting.yen!r} is not whole yen")
        sums[posting.account.company] += posting.yen
    wrong = {company: yen for company, yen in sums.items() if yen}
    if wrong:
        raise Unbalanced(f"{made.key}: {wrong} yen left over; postings {made.postings}")


def purse_account(scheme: str, purse: str) -> Account:
    """The account of what cards of a scheme hold in a purse."""
    company = issuer_of(scheme)
    if purse == STORED_FARE:
        return Account(Kind.STORED_FARE, company)
    if purse in COUPONS:
        return Account(Kind.COUPONS, company, purse)
    if purse in POINTS:
        return Account(Kind.POINTS, company, purse)
    raise ValueError(f"{purse!r} is no purse")


def purse_of(account: Account) -> str | None:
    """Which purse an account is of; None for one that stands on no card."""
    if account.kind is Kind.STORED_FARE:
        return STORED_FARE
    return account.of if account.kind in ON_CARDS else None


def to_purses(scheme: str, idm: str, changes: Mapping[str, int]) -> tuple[Posting, ...]:
    """What purses of a card gain (above zero) or lose."""
    return tuple(Posting(purse_account(scheme, purse), -yen, idm) for purse, yen in changes.items())


def cleared(debtor: str, creditor: str, yen: int) -> tuple[Posting, ...]:
    """Between two companies: the debtor comes to owe the creditor so much more, in the books of both."""
    if debtor == creditor:
        return ()
    return (
        Posting(Account(Kind.CLEARING, creditor, debtor), yen),
        Posting(Account(Kind.CLEARING, debtor, creditor), -yen),
    )


def turned_round(made: Booking, key: str, at_s: int, what: What) -> Booking:
    """The booking that takes another one back."""
    return booking(key, at_s, what, (posting._replace(yen=-posting.yen) for posting in made.postings))

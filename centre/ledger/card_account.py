"""One card's side of the ledger, beside what its taps say that it holds. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from centre.ledger.booking import BY_TAPS, Account, Booking, Kind, Posting, What, booking, purse_of, to_purses
from centre.ledger.companies import issuer_of

FIRST_SEEN, LATE = "first seen", "late"
"""How the keys of the two bookings begin that are made of what taps say; `LATE` names the loss, too."""
_BRINGS_IN = (What.OPENING, What.CARD_SOLD, What.REISSUED, What.EXCHANGED)
_ENDS = (What.REISSUED, What.EXCHANGED, What.VOIDED, What.REFUNDED)

Purses = Mapping[str, int]
"""Yen or points by purse."""


class Side(NamedTuple):
    """A posting about a card, and the booking it is of."""

    key: str
    at_s: int
    what: What
    account: Account
    yen: int


def sides_of(made: Booking) -> Iterator[Side]:
    """The sides of a booking that are about a card."""
    for posting in made.postings:
        if posting.card:
            yield Side(made.key, made.at_s, made.what, posting.account, posting.yen)


def held(sides: Iterable[Side]) -> dict[str, int]:
    """What a card holds by these; purses without anything are not there."""
    found: dict[str, int] = {}
    for side in sides:
        if (purse := purse_of(side.account)) is not None:
            found[purse] = found.get(purse, 0) - side.yen
    return {purse: yen for purse, yen in found.items() if yen}


def less(purses: Purses, other: Purses) -> dict[str, int]:
    """Purse by purse; those that come to nothing are not there."""
    names = {**purses, **other}
    found = {name: purses.get(name, 0) - other.get(name, 0) for name in names}
    return {name: yen for name, yen in found.items() if yen}


def is_brought_in(sides: Iterable[Side]) -> bool:
    """Whether some event brought the card into the ledger: it was sold, opened, or took another's place."""
    return any(side.what in _BRINGS_IN and not _is_named(side, FIRST_SEEN) for side in sides)


def has_ended(sides: Iterable[Side]) -> bool:
    """Whether what the card held, or its deposit, was moved or paid out."""
    on_card = (Kind.DEPOSIT, Kind.STORED_FARE, Kind.COUPONS, Kind.POINTS)
    return any(side.what in _ENDS and side.yen > 0 and side.account.kind in on_card for side in sides)


def opening(scheme: str, idm: str, first: Purses, first_at_s: int, sides: Iterable[Side]) -> Booking | None:
    """What a card that nobody brought in held before its `first` tap; None if just that is booked. An earlier tap that
    comes in later makes it another amount, and the difference is booked.
    """
    sides = tuple(sides)
    before = (side for side in sides if side.what not in BY_TAPS and side.at_s <= first_at_s)
    elsewhere = held(side for side in before if not _is_named(side, FIRST_SEEN))
    booked = held(side for side in sides if _is_named(side, FIRST_SEEN))
    change = less(less(first, elsewhere), booked)
    return _against(Kind.OPENING, FIRST_SEEN, What.OPENING, scheme, idm, change, sides)


def loss(scheme: str, idm: str, sides: Iterable[Side]) -> Booking | None:
    """What is left on a card that has ended: spent before, and told of only when its balance had moved (faults 41)."""
    sides = tuple(sides)
    return _against(Kind.LOSS, LATE, What.LOSS, scheme, idm, less({}, held(sides)), sides)


def lost_late_yen(sides: Iterable[Side]) -> int:
    """What `loss` has booked of a card in all; below zero if it was left with more than had moved."""
    return sum(side.yen for side in sides if side.account.kind is Kind.LOSS and side.account.of == LATE)


def _against(
    kind: Kind, name: str, what: What, scheme: str, idm: str, change: Purses, sides: tuple[Side, ...]
) -> Booking | None:
    if not change:
        return None
    account = Account(kind, issuer_of(scheme), LATE if kind is Kind.LOSS else "")
    key = f"{name} {idm} {1 + len({side.key for side in sides if _is_named(side, name)})}"
    at_s = max((side.at_s for side in sides), default=0)
    return booking(key, at_s, what, (*to_purses(scheme, idm, change), Posting(account, sum(change.values()), idm)))


def _is_named(side: Side, name: str) -> bool:
    return side.key.startswith(f"{name} ")


def disagreement(shown: Purses, shown_at_s: int, sides: Iterable[Side]) -> Purses:
    """What a card shows more than it should; nothing where it agrees. What was done off the bus since it was shown may
    be on it or not.
    """
    sides = tuple(sides)
    since = held(side for side in sides if side.what not in BY_TAPS and side.at_s > shown_at_s)
    by_ledger = held(sides)
    more = less(shown, by_ledger)
    return {} if not less(shown, less(by_ledger, since)) else more

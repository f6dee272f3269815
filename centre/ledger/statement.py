"""One card's statement: what its taps and its bookings say, and how it stands. No personal data."""

from typing import NamedTuple

from centre.ledger import services
from centre.ledger.booking import BY_TAPS, ON_CARDS
from centre.ledger.from_journal import FOREIGN
from centre.ledger.models import CardStanding, FindingRow, PostingRow, Tap

MOST_ROWS = 500


class Row(NamedTuple):
    """A line: when, what, where, its yen, and the record it is of. `end` is True, False or None, in words.

    A tap has a fare, cash and an auto-charge; what was done off the bus has an amount.
    """

    at_s: int
    what: str
    where: str
    amount_yen: int | None
    due_yen: int | None
    cash_yen: int | None
    auto_charge_yen: int | None
    change_yen: int
    balance_yen: int | None
    end: str
    key: str


class Statement(NamedTuple):
    """A card: what it holds by the ledger and by its last slot, by purse; its deposit; its lines, newest first."""

    idm: str
    scheme: str
    by_ledger: dict[str, int]
    by_slot: dict[str, int]
    deposit_yen: int
    standing: CardStanding | None
    findings: tuple[FindingRow, ...]
    rows: tuple[Row, ...]
    foreign: bool


def statement_of(idm: str) -> Statement | None:
    """A card's statement; None for one that the ledger has never heard of."""
    standing = CardStanding.objects.filter(idm=idm).first()
    rows = (*_bookings(idm), *_taps(idm))  # each newest first: so they stay within a second
    if standing is None and not rows:
        return None
    scheme = standing.scheme if standing else ""
    return Statement(
        *(idm, scheme),
        services.balance_of(idm),
        standing.purses if standing else {},
        services.deposit_of(idm),
        standing,
        tuple(FindingRow.objects.filter(idm=idm, closed_at_s=None).order_by("pk")),
        tuple(sorted(rows, key=lambda row: row.at_s, reverse=True)[:MOST_ROWS]),
        scheme in FOREIGN,
    )


def _taps(idm: str) -> tuple[Row, ...]:
    taps = Tap.objects.filter(idm=idm).select_related("run").order_by("-at_s", "-seq")[:MOST_ROWS]
    return tuple(
        Row(
            *(tap.at_s, tap.action, f"{tap.terminal} {tap.run.route if tap.run else ''}".strip()),
            *(None, tap.due_yen, tap.cash_yen, tap.auto_charge_yen, -tap.paid_yen),
            *(tap.balance_yen if tap.settled else None, str(tap.settled), tap.key),
        )
        for tap in taps
    )


def _bookings(idm: str) -> tuple[Row, ...]:
    """What was done off the bus."""
    of_it = PostingRow.objects.filter(card=idm).exclude(booking__what__in=BY_TAPS).select_related("booking")
    by_booking: dict[str, list[PostingRow]] = {}
    for posting in of_it.order_by("-booking__at_s", "-booking__pk")[: 4 * MOST_ROWS]:
        by_booking.setdefault(posting.booking.key, []).append(posting)
    return tuple(_booked(postings) for postings in by_booking.values())


def _booked(postings: list[PostingRow]) -> Row:
    """One booking's line, by its postings of this card: not all need name it, and what is moved has two sides."""
    made = postings[0].booking
    debit, credit = (sum(max(0, sign * one.yen) for one in postings) for sign in (1, -1))
    change = -sum(one.yen for one in postings if one.kind in ON_CARDS)
    return Row(made.at_s, made.what, "", max(debit, credit), None, None, None, change, None, "", made.key)

"""What a person counts, pays or finds out, beside what the books say: boxes, vouchers, money put on a card elsewhere.

    owing(companies)                        what may be booked so now: one `Standing` each
    count(standing, counted_yen, at_s)      a box or till was emptied and counted; the money is brought to the bank
    settle(standing, desk, at_s)            a voucher is paid, or paid for (faults 43)
    came_elsewhere(finding, where)          what a card holds more than the ledger says came on it there (LOC-7)

Each books what stands in the books at that very moment, under a key that names it: pressed twice, or by two people, it
is booked once.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Max, Sum

from centre.ledger import events, findings
from centre.ledger.booking import Account, Booking, Kind
from centre.ledger.models import CardStanding, FindingRow, PostingRow
from centre.ledger.services import book

COUNTED = (Kind.CASH_BOX, Kind.NOTE_BOX, Kind.NOTES_IN_DOUBT, Kind.TILL)
VOUCHERS = (Kind.OWED_TO_PASSENGERS, Kind.OWED_BY_PASSENGERS)


class Standing(NamedTuple):
    """An account as it stands: `yen` debit positive, `mark` its newest posting. `card` of a voucher: whose it is."""

    account: Account
    card: str
    yen: int
    mark: int


class Changed(Exception):
    """It stands otherwise by now, or was booked already: look again."""


def owing(companies: Collection[str]) -> Iterator[Standing]:
    """Boxes and tills with anything in them, and vouchers that are open, of these companies."""
    rows = PostingRow.objects.filter(company__in=companies)
    for kinds, per_card in ((COUNTED, False), (VOUCHERS, True)):
        by = ("kind", "company", "of", *(("card",) if per_card else ()))
        sums = rows.filter(kind__in=kinds).values(*by).annotate(yen=Sum("yen"), mark=Max("pk")).order_by(*by)
        for row in sums:
            if row["yen"]:
                account = Account(Kind(row["kind"]), row["company"], row["of"])
                yield Standing(account, row.get("card", ""), row["yen"], row["mark"])


def count(standing: Standing, counted_yen: int, at_s: int) -> None:
    """What was counted, beside what should be there. Raises Changed."""
    key = f"counted {standing.account} {standing.mark}"
    _book(standing, events.counted(key, at_s, standing.account, standing.yen, counted_yen))


def settle(standing: Standing, desk: str, at_s: int) -> None:
    """A voucher, whole, at a desk's till. Raises Changed."""
    done = events.voucher_paid if standing.yen < 0 else events.voucher_collected
    key = f"voucher {standing.account} {standing.card} {standing.mark}"
    _book(standing, done(key, at_s, standing.account.company, standing.card, desk, abs(standing.yen)))


def _book(standing: Standing, made: Booking) -> None:
    try:
        with transaction.atomic():
            if standing not in owing([standing.account.company]):
                raise Changed
            book([made])
    except IntegrityError:  # somebody else, this very moment
        raise Changed from None


def came_elsewhere(finding: FindingRow, where: str) -> int:
    """The card of a finding was topped up `where`; how many yen that was. Raises Changed."""
    with transaction.atomic():
        found = FindingRow.objects.select_for_update().get(pk=finding.pk)
        if found.kind != findings.Kind.DISAGREES or found.closed_at_s is not None or found.yen <= 0:
            raise Changed
        card = CardStanding.objects.get(idm=found.idm)
        mark = PostingRow.objects.filter(card=card.idm).aggregate(mark=Max("pk"))["mark"]
        key = f"elsewhere {card.idm} {mark}"
        book([events.topped_up_elsewhere(key, card.seen_at_s, card.scheme, card.idm, found.yen, where)])
        findings.explain(found)
    return found.yen

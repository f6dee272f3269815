"""What a person must look at: told once, closed by whoever looked, or by later records that explain it (CTR-4)."""

from collections.abc import Collection, Iterable
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from django.db.models import Q, QuerySet

from centre.clock import now_s
from centre.ledger.chain import Wrong
from centre.ledger.models import CardStanding, FindingRow
from centre.users.models import User
from tariff.calendar import day_in_japan


class Kind(StrEnum):
    """What can be wrong. The first four are `chain.Wrong`'s, the next two codes of refusals on a vehicle."""

    FORKED = Wrong.FORKED.value
    ROLLED_BACK = Wrong.ROLLED_BACK.value
    CLAIMED_TWICE = Wrong.CLAIMED_TWICE.value
    BROKEN = Wrong.BROKEN.value
    WRONG_KEY = "wrong-key"
    ALTERED_CARD = "altered-card"
    CONTRADICTS = "contradicts"
    """A record whose sums don't agree with each other."""
    NO_INTENT = "no-intent"
    """A record speaks of a tap that never came in."""
    UNKNOWN_CARD = "unknown-card"
    """Nobody here has issued it."""
    DISAGREES = "disagrees"
    """The card holds something else than the ledger says: `yen` more."""

    LEFT_OVER = "left-over"
    """What a card held had moved to another, and a top-up was told of after that: its bearer is owed `yen`."""


OF_A_CARD = (
    *(Kind.FORKED, Kind.ROLLED_BACK, Kind.CLAIMED_TWICE, Kind.BROKEN, Kind.UNKNOWN_CARD),
    *(Kind.DISAGREES, Kind.LEFT_OVER),
)
"""Found anew each time a card is judged: those that are not found any more are explained."""
_REFUSED = (Kind.WRONG_KEY, Kind.ALTERED_CARD)
EXPLAINED = "later records"


class Finding(NamedTuple):
    """Something found: of which card, at which terminal, by which taps, and how many yen it is about."""

    kind: Kind
    idm: str = ""
    terminal: str = ""
    taps: tuple[str, ...] = ()
    yen: int = 0
    at_s: int = 0

    @property
    def key(self) -> str:
        """What makes it the same one. A refusal is told of once a day."""
        day = day_in_japan(self.at_s).isoformat() if self.kind in _REFUSED else ""
        return sha256(repr((self.kind.value, self.idm, self.terminal, self.taps, self.yen, day)).encode()).hexdigest()


def report(found: Iterable[Finding]) -> None:
    """Write down those that are new. One that had explained itself and is found again is open again."""
    rows = {
        finding.key: FindingRow(
            key=finding.key,
            kind=finding.kind.value,
            idm=finding.idm,
            terminal=finding.terminal,
            taps=list(finding.taps),
            yen=finding.yen,
            first_seen_s=now_s(),
        )
        for finding in found
    }
    if rows:
        FindingRow.objects.bulk_create(rows.values(), ignore_conflicts=True)
        again = FindingRow.objects.filter(key__in=rows, closed_by=None).exclude(closed_at_s=None)
        again.update(closed_at_s=None, why="")


def found_of_cards(idms: Collection[str], found: Collection[Finding]) -> None:
    """All that is wrong with these cards, judged anew: what was found before and is not among it is explained."""
    report(found)
    still = {finding.key for finding in found}
    open_ones = FindingRow.objects.filter(idm__in=idms, kind__in=OF_A_CARD, closed_at_s=None)
    gone = [pk for pk, key in open_ones.values_list("pk", "key") if key not in still]
    if gone:
        FindingRow.objects.filter(pk__in=gone).update(closed_at_s=now_s(), why=EXPLAINED)


def close(row: FindingRow, by: User, why: str) -> None:
    """Somebody looked, and says what was found out; a finding that is closed stays as it was closed first."""
    of_it = FindingRow.objects.filter(pk=row.pk, closed_at_s=None)
    of_it.update(closed_at_s=now_s(), closed_by=by, why=why)


def explain(row: FindingRow) -> None:
    """What was booked explains it; found again, it is open again."""
    FindingRow.objects.filter(pk=row.pk, closed_at_s=None).update(closed_at_s=now_s(), why=EXPLAINED)


def of_scheme(rows: QuerySet[FindingRow], scheme: str) -> QuerySet[FindingRow]:
    """Of these the findings about an operator's cards, and those about no card."""
    own = CardStanding.objects.filter(scheme=scheme).values("idm")
    return rows.filter(Q(idm="") | Q(idm__in=own))

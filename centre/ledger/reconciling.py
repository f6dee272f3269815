"""Are the books right? Three questions whose two sides come from different places (CTR-4).

yen on cards + cash + credit = opening + ledger

balanced   every booking, and the books of every company, sum to nothing
records    cash, credit, fares and notes are booked once for every tap that was written, and for nothing else
cards      every card holds what the ledger says, and no card is in two places (`judging`)
"""

from typing import Any, NamedTuple

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Sum, Value, When

from centre.ledger import judging
from centre.ledger.at_desk import ACTION
from centre.ledger.booking import ON_CARDS, Kind, What
from centre.ledger.models import BookingRow, CutOff, FindingRow, PostingRow, Tap

_OF_TAPS = (What.RIDE, What.TOP_UP_ON_BUS, What.CANCELLED, What.TAKEN_BACK)


class Compared(NamedTuple):
    """Something that is known twice, in yen."""

    name: str
    by_records: int
    by_ledger: int

    @property
    def agrees(self) -> bool:
        """Whether it is the same."""
        return self.by_records == self.by_ledger


class Line(NamedTuple):
    """An account of the trial balance; debits positive."""

    company: str
    kind: str
    yen: int


class Reconciled(NamedTuple):
    """What came of it. `unbalanced` are keys of bookings whose sides differ."""

    cards: int
    open_taps: int
    trial: tuple[Line, ...]
    unbalanced: tuple[str, ...]
    compared: tuple[Compared, ...]
    findings: dict[str, int]

    @property
    def is_right(self) -> bool:
        """Nothing is wrong, but what vehicles may still have to tell."""
        balanced = not self.unbalanced and not any(self.by_company().values())
        return balanced and all(one.agrees for one in self.compared) and not self.findings

    def by_company(self) -> dict[str, int]:
        """What each company's books sum to: nothing."""
        return {
            company: sum(line.yen for line in self.trial if line.company == company)
            for company in sorted({line.company for line in self.trial})
        }


def reconcile() -> Reconciled:
    """Judge every card, add up everything, and compare."""
    cards = judging.judge_all()
    return Reconciled(
        cards,
        Tap.objects.filter(settled=None).count(),
        trial_balance(),
        _unbalanced(),
        _records(),
        _findings(),
    )


def trial_balance() -> tuple[Line, ...]:
    """Every kind of account of every company."""
    rows = PostingRow.objects.values("company", "kind").annotate(sum=Sum("yen")).order_by("company", "kind")
    return tuple(Line(row["company"], row["kind"], row["sum"]) for row in rows if row["sum"])


def _unbalanced() -> tuple[str, ...]:
    sums = PostingRow.objects.values("booking", "company").annotate(sum=Sum("yen")).exclude(sum=0)
    bookings = {row["booking"] for row in sums}
    return tuple(BookingRow.objects.filter(pk__in=bookings).order_by("key").values_list("key", flat=True))


def _records() -> tuple[Compared, ...]:
    """What written taps say, and what was booked of taps. A lost card's after its stop are not the card's any more."""
    times = Case(When(action="cancel", then=Value(-1)), default=Value(1))
    lost = CutOff.objects.filter(idm=OuterRef("idm"), from_s__lte=OuterRef("at_s"))
    written = Tap.objects.filter(settled=True).exclude(action=ACTION).annotate(lost=Exists(lost))
    taps = written.aggregate(
        cash=Sum(F("cash_yen") * times),
        fares=Sum(F("due_yen") * times),
        notes=Sum("note_yen"),
        paid=Sum("paid_yen", filter=Q(lost=False)),
        credit=Sum(F("auto_charge_yen") * times, filter=Q(lost=False)),
    )
    rows = PostingRow.objects.filter(booking__what__in=_OF_TAPS).values("kind").annotate(sum=Sum("yen"))
    booked = {row["kind"]: row["sum"] for row in rows}
    return (
        Compared("cash", taps["cash"] or 0, booked.get(Kind.CASH_BOX, 0)),
        Compared("fares", taps["fares"] or 0, -booked.get(Kind.FARES, 0)),
        Compared("notes", taps["notes"] or 0, booked.get(Kind.NOTES_IN_DOUBT, 0)),
        Compared("cards", taps["paid"] or 0, sum(booked.get(kind, 0) for kind in ON_CARDS)),
        Compared("credit", taps["credit"] or 0, booked.get(Kind.CREDIT, 0)),
    )


def _findings() -> dict[str, int]:
    rows = FindingRow.objects.filter(closed_at_s=None).values("kind").annotate(count=Count("pk")).order_by("kind")
    return {row["kind"]: row["count"] for row in rows}


def as_json(found: Reconciled) -> dict[str, Any]:
    """As it is printed."""
    return {
        "right": found.is_right,
        "cards": found.cards,
        "open_taps": found.open_taps,
        "trial": [line._asdict() for line in found.trial],
        "by_company": found.by_company(),
        "unbalanced": list(found.unbalanced),
        "compared": [{**one._asdict(), "agrees": one.agrees} for one in found.compared],
        "findings": found.findings,
    }

"""A day's closing: what a company's books took in that day, kept as it was then.

A booking counts in the day on which it came into the books. What comes late is of the day it comes in, with its own
time beside it, so that a closed day never changes.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, Min, Q, Sum

from centre.clock import now_s, today
from centre.ledger.booking import Kind
from centre.ledger.models import DayClosed, FindingRow, PostingRow, Tap
from centre.users.models import User
from tariff.calendar import midnight_in_japan_s


class NotOver(Exception):
    """A day that is not over can't be closed."""


class Total(NamedTuple):
    """One account over the day: what came to it and went from it in yen, and in how many postings."""

    kind: str
    of: str
    yen: int
    postings: int


class Boxes(NamedTuple):
    """A terminal's boxes as they should be now, all days together, until they are counted."""

    terminal: str
    cash_yen: int
    notes_yen: int
    in_doubt_yen: int


class Day(NamedTuple):
    """A day of a company. `late` counts the bookings of things that happened before the day."""

    company: str
    day: date
    totals: tuple[Total, ...]
    boxes: tuple[Boxes, ...]
    bookings: int
    late: int
    open_taps: int
    open_findings: int

    @property
    def trial_yen(self) -> int:
        """Debits and credits together: 0, or the books are wrong."""
        return sum(total.yen for total in self.totals)


def day_of(company: str, day: date) -> Day:
    """What a day came to, as the books are now."""
    postings = PostingRow.objects.filter(company=company, booking__booked_on=day)
    sums = postings.values("kind", "of").annotate(sum=Sum("yen"), count=Count("pk")).order_by("kind", "of")
    counted = postings.aggregate(
        bookings=Count("booking", distinct=True),
        late=Count("booking", distinct=True, filter=Q(booking__at_s__lt=midnight_in_japan_s(day))),
    )
    return Day(
        *(company, day),
        tuple(Total(row["kind"], row["of"], row["sum"], row["count"]) for row in sums),
        boxes_of(company),
        *(counted["bookings"], counted["late"]),
        Tap.objects.filter(company=company, settled=None).count(),
        FindingRow.objects.filter(closed_at_s=None).count(),
    )


def boxes_of(company: str) -> tuple[Boxes, ...]:
    """What the boxes of a company's terminals should hold."""
    kinds = (Kind.CASH_BOX, Kind.NOTE_BOX, Kind.NOTES_IN_DOUBT)
    rows = PostingRow.objects.filter(company=company, kind__in=kinds).values("of", "kind").annotate(sum=Sum("yen"))
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["of"], {})[row["kind"]] = row["sum"]
    return tuple(Boxes(terminal, *(found[terminal].get(kind, 0) for kind in kinds)) for terminal in sorted(found))


def close_day(company: str, day: date, by: User | None = None) -> DayClosed:
    """Close a day: once; told again, the closing that stands. Raises `NotOver` for today and days to come."""
    if day >= today():
        raise NotOver(f"{day} is not over: it can be closed from {day.fromordinal(day.toordinal() + 1)} on")
    with transaction.atomic():
        stands = DayClosed.objects.filter(company=company, day=day).first()
        if stands is None:
            stands = DayClosed(
                company=company, day=day, closed_at_s=now_s(), closed_by=by, totals=as_json(day_of(company, day))
            )
            stands.save()
    return stands


def companies() -> tuple[str, ...]:
    """All that have books, in order."""
    return tuple(PostingRow.objects.order_by("company").values_list("company", flat=True).distinct())


def days_to_close(company: str) -> Iterable[date]:
    """Days that are over and not closed, on which something was booked."""
    closed = DayClosed.objects.filter(company=company).values_list("day", flat=True)
    booked = PostingRow.objects.filter(company=company, booking__booked_on__lt=today())
    days = booked.exclude(booking__booked_on__in=closed).values_list("booking__booked_on", flat=True)
    return days.distinct().order_by("booking__booked_on")


def first_day() -> date | None:
    """The day of the first booking."""
    found: date | None = PostingRow.objects.aggregate(day=Min("booking__booked_on"))["day"]
    return found


def as_json(day: Day) -> dict[str, Any]:
    """A day as it is kept and printed."""
    return {
        **day._asdict(),
        "day": day.day.isoformat(),
        "totals": [total._asdict() for total in day.totals],
        "boxes": [boxes._asdict() for boxes in day.boxes],
        "trial_yen": day.trial_yen,
    }

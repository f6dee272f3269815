"""What is made of held segments (CTR-2): a row a record, and the ledger's bookings;
exactly once, each journal in its order.

A transaction of its own for each segment, after the one that holds it. Whoever is killed in between leaves the segment
waiting, and the next request or `farebox centre work` goes on (faults 35).
"""

import logging

from django.db import models, transaction

from centre.bundles.records import follow
from centre.collector import bulk
from centre.collector.holding import link_of
from centre.collector.models import Segment, SegmentBytes, State, Vehicle
from centre.collector.order import After, Gap, Link, begins, place
from centre.collector.rows import row_of
from centre.ledger.records import book_records
from farebox.formats.frames import scan

_log = logging.getLogger(__name__)
_MOST_WHY = 300


def derive(vehicle: Vehicle, now_s: int, most: int | None = None) -> int:
    """Book all segments of a vehicle whose turn has come, or so many. How many were."""
    booked = 0
    waiting = Segment.objects.filter(vehicle=vehicle, state=State.WAITING).order_by("number", "pk")
    for segment in waiting:  # what comes after another has a higher number: one pass does
        if booked == most:
            break
        where = placed(segment)
        if isinstance(where, After):
            before = _segment(vehicle, where.parent)
            if where.parent is None or (before is not None and before.state == State.BOOKED):
                booked += _book(segment, before.journal if before else segment.digest, now_s)
    return booked


def placed(segment: Segment) -> After | Gap:
    """Where a segment stands among all that are held of its vehicle."""
    link, vehicle = link_of(segment), segment.vehicle
    if begins(link):
        return After(None)
    before = Segment.objects.filter(vehicle=vehicle, number=link.number - 1, digest=link.previous).first()
    # Nearly always it is there, and nothing else need be looked at.
    held = [link_of(before)] if before is not None else _links(vehicle)
    return place(link, held, {*vehicle.aside, *vehicle.given_up})


def _links(vehicle: Vehicle) -> list[Link]:
    found = Segment.objects.filter(vehicle=vehicle)
    return [Link(*values) for values in found.values_list(*Link._fields)]


def _segment(vehicle: Vehicle, link: Link | None) -> Segment | None:
    if link is None:
        return None
    return Segment.objects.filter(vehicle=vehicle, number=link.number, digest=link.digest).first()


def _book(segment: Segment, journal: str, now_s: int) -> bool:
    """Whether it is booked by this very call."""
    found = scan(bytes(SegmentBytes.objects.values_list("data", flat=True).get(segment=segment)))
    if found.problem is not None:
        # The seal vouches for it, and no software before this one could have known it: a person looks.
        why = f"record {found.problem.seq}: {found.problem.what}"[:_MOST_WHY]
        _waiting(segment).update(state=State.QUARANTINED, why=why)
        return False
    try:
        with transaction.atomic():
            if _waiting(segment).select_for_update().first() is None:
                return False  # another process has just done it
            segment.journal = journal
            bulk.insert(segment.pk, map(row_of, found.entries))
            book_records(segment, found.entries)
            follow(journal, found.entries)
            _waiting(segment).update(state=State.BOOKED, why="", journal=journal, booked_at_s=now_s)
    except Exception as error:  # one vehicle's trouble: it is held, told of, and tried again; the others go on
        _log.exception("segment %s of vehicle %s can't be booked", segment.number, segment.vehicle.terminal_id)
        _waiting(segment).update(why=f"{type(error).__name__}: {error}"[:_MOST_WHY])
        return False
    return True


def _waiting(segment: Segment) -> models.QuerySet[Segment]:
    return Segment.objects.filter(pk=segment.pk, state=State.WAITING)

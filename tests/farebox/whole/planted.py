"""Bugs to be planted, one at a time, and by which check each is found."""

from typing import Any

from cardimage.resolve import Fate
from farebox import runner, tap
from farebox.formats.frames import scan
from farebox.formats.journal import Intent
from farebox.formats.segment import Head, OpenNote
from farebox.journal.log import Journal
from farebox.journal.segments import Begun, Segments
from farebox.journal.standing import Standing
from farebox.tap import Keyed, Service
from farebox.tear import Pending
from farebox.top_up_flow import TopUpFlow
from tariff import auto_charge
from tariff.account import RideMark
from tariff.passes import Run
from tariff.refusal import Refusal


def _not_known_is_not_written(*_: Any) -> Fate:
    return Fate.NOT_WRITTEN


def _the_journal_waits_with_its_flush(journal: Journal, intent: Intent, at_s: int) -> int:
    return journal.append(intent, at_s)


def _a_ride_is_settled_as_often_as_it_likes(here: RideMark | None, service: Service, keyed: Keyed) -> Run | Refusal:
    """The 2008 bug in other clothes: the boarding stands for another fare after the ride was settled."""
    return (0, service.stop_index) if here and service.stop_index else _RUN(here, service, keyed)


def _no_cap(*_: Any) -> None:
    return None


def _a_number_is_left_out(standing: Standing, number: int, first_seq: int, *place: Any) -> Head:
    return _HEAD(standing, number, first_seq + (number > 1), *place)


def _recovery_cuts_a_good_record(segments: Segments) -> Begun:
    begun = _OPEN(segments)
    if len(begun.found.starts) < 2:
        return begun
    start = begun.found.starts[-1]
    begun.disk.pwrite(bytes(begun.found.end - start), start)
    segments._disk = None
    data = begun.data[:start] + bytes(len(begun.data) - start)
    return begun._replace(found=scan(data), data=data)


def _nothing_is_pending_after_a_start(_: Standing) -> dict[bytes, Pending]:
    return {}


def _a_note_is_in_the_box_once_it_is_told_to_go_there(flow: TopUpFlow, note: OpenNote) -> None:
    _STACK(flow, note)
    flow._ends("box")


def _a_note_is_taken_whatever_the_card_says(flow: TopUpFlow, note: OpenNote) -> None:
    flow._stack(note._replace(written=True))


_RUN, _HEAD, _OPEN, _STACK = tap._run, Standing.head, Segments.open, TopUpFlow._stack

Planted = tuple[str, object, str, object]
"""The check, and what is to be replaced, where, by what."""
PLANTED: list[Planted] = [
    ("conserved", Pending, "fate", _not_known_is_not_written),
    ("told", Journal, "intend", _the_journal_waits_with_its_flush),
    ("once", tap, "_run", _a_ride_is_settled_as_often_as_it_likes),
    ("cap", auto_charge, "over_cap", _no_cap),
    ("sequence", Standing, "head", _a_number_is_left_out),
    ("prefix", Segments, "open", _recovery_cuts_a_good_record),
    ("pending", runner, "pending_from", _nothing_is_pending_after_a_start),
    ("notes", TopUpFlow, "_stack", _a_note_is_in_the_box_once_it_is_told_to_go_there),
    ("quiet", TopUpFlow, "_settle_in_escrow", _a_note_is_taken_whatever_the_card_says),
]

"""What a driver's duty came to: the sums of the journal since the last duty was ended, whatever else it holds.

    count = duty_so_far(path)

Read from the newest segment backwards, to the record that ended the duty before: days that wait for a depot with a
network cost nothing. The duty's own are kept for this, though the centre may hold them (`farebox.journal.retention`).
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from farebox.formats.journal import DriverActed, Entry, TripBegun, ends_a_duty
from farebox.journal.fold import Fold, Ledger, Resumed
from farebox.journal.reading import Part, Reading, newest_first
from farebox.papers import ACTION as PAPER
from farebox.papers import Paper


class DutyCount(NamedTuple):
    """Since when, by the first record's time (None: no record yet); the money; and what is in no ledger."""

    since_s: int | None = None
    ledger: Ledger = Ledger()
    trips: int = 0
    papers: int = 0
    papers_yen: int = 0


def count(entries: Iterable[Entry | Resumed]) -> DutyCount:
    """Add up the last duty of these records; pure. Contradictions in them are `farebox journal verify`'s to tell."""
    fold, since_s, trips, papers = Fold(), None, 0, list[Paper]()
    for entry in entries:
        if isinstance(entry, Resumed):
            fold.take(entry)
            continue
        if ends_a_duty(entry):
            # What is open then goes on into the next duty, as from one segment to the next.
            fold, since_s, trips, papers = fold.carried(), None, 0, []
            continue
        since_s = entry.at_s if since_s is None else since_s
        fold.take(entry)
        if isinstance(entry.record, TripBegun):
            trips += 1
        elif isinstance(entry.record, DriverActed) and entry.record.action == PAPER:
            papers += filter(None, [Paper.of(entry.record.detail)])
    return DutyCount(since_s, fold.ledger(), trips, len(papers), sum(paper.yen for paper in papers))


def duty_so_far(path: str | os.PathLike[str]) -> DutyCount:
    """Count up the duty that is on. Raises `JournalFailed` if the journal can't be read."""
    parts: list[Part] = []
    for part in newest_first(Path(path)):
        parts.append(part)
        if any(map(ends_a_duty, part.found.entries)):
            break
    return count(Reading(tuple(reversed(parts)), None).for_the_sums())

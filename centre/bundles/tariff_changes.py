"""What a tariff would change, and whether it takes a second person (faults 29: 2,160 yen for 216). Pure.

judged = judge(before, after, feed, Limits(30, 300))
judged.needs_second, judged.over, judged.changes        the largest change first
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from farebox.feed import Feed
from farebox.feed.changes import (
    SCHEME,
    Change,
    FareChange,
    PriceChange,
    SettingChange,
    amounts,
    is_over,
    percent_of,
    size_of,
)
from farebox.feed.comparison import changes_on_every_day
from farebox.feed.operators import Operators
from farebox.formats.bundle import MOST_FILE_BYTES, MOST_FILES, OperatorText

MOST_TOLD = 2_000
"""Changes that are kept to be looked at; all are counted."""

Place = tuple[str, date]
"""A file's scheme and first day."""


class Limits(NamedTuple):
    """What one person may change alone: by so many percent, and a fare by so many yen."""

    percent: int
    yen: int


class Judged(NamedTuple):
    """All that changes, the largest first, how many are over the limit, and whether it takes a second person."""

    changes: tuple[Change, ...]
    over: int
    needs_second: bool


def judge(before: Operators, after: Operators, feed: Feed | None, limits: Limits) -> Judged:
    """Compare what is in force with what is to be. Where there is nothing to compare with, a second person looks."""
    found = changes_on_every_day(before, after, feed)
    found.sort(key=lambda change: (is_beyond(change, limits), size_of(change)), reverse=True)
    over = sum(is_beyond(change, limits) for change in found)
    is_new = not before.rulebooks or any(isinstance(one, SettingChange) and one.key == SCHEME for one in found)
    return Judged(tuple(found), over, over > 0 or is_new)


def is_beyond(change: Change, limits: Limits) -> bool:
    """Whether a change is more than one person may make."""
    if is_over(change, limits.percent):
        return True
    if not isinstance(change, FareChange):
        return False
    return change.old is not None and change.new is not None and abs(change.new - change.old) > limits.yen


def laid_over(
    standing: Sequence[OperatorText], files: Sequence[OperatorText], without: Sequence[Place] = ()
) -> list[OperatorText]:
    """The files in force with others in their places or beside them, and some taken out. Ascending, as a bundle has
    them.
    """
    found = {(one.scheme, one.effective): one for one in (*standing, *files)}
    for place in without:
        found.pop(place, None)
    return [found[place] for place in sorted(found)]


def problems_of_size(files: Mapping[str, bytes]) -> Iterator[str]:
    """What no bundle could carry."""
    for name, text in files.items():
        if len(text) > MOST_FILE_BYTES:
            yield f"{name}: {len(text)} bytes, at most {MOST_FILE_BYTES} allowed"
    if len(files) > MOST_FILES:
        yield f"{len(files)} files, at most {MOST_FILES} allowed"


def row_of(change: Change, limits: Limits) -> dict[str, Any]:
    """A change as it is kept and shown."""
    size = percent_of(change)
    return {
        "kind": "fare" if isinstance(change, FareChange) else "price" if isinstance(change, PriceChange) else "setting",
        "what": _what(change),
        "old": _plain(change.old),
        "new": _plain(change.new),
        "percent": None if size is None else round(float(size), 1),
        "is_amount": amounts(change) is not None,
        "over": is_beyond(change, limits),
    }


def _what(change: Change) -> str:
    match change:
        case FareChange(pair=pair, rider=rider):
            return f"{pair.route}: {pair.boarded} → {pair.alighted} ({rider})"
        case PriceChange(scheme=scheme, pass_sold=sold, fare_yen=fare_yen):
            return f"{scheme}: {sold}{f', {fare_yen} yen' if fare_yen else ''}"
        case _:
            return f"{change.scheme}: {change.key}"


def _plain(value: object) -> object:
    return value if isinstance(value, int | str | None) else str(value)

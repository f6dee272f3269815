"""What becomes of a directive, and which of a card's are still to be done (CTR-3). Pure.

    waiting ─> published ─> applied            a bus said so in its journal, or the counter did
       │           ├──────> refused            the card has no room for it
       └───────────┴──────> withdrawn ─> applied    a bus that had not heard of it yet applied it all the same

Applied is the end: it stands on the card.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from farebox.formats.bundle import AutoChargeOff, AutoChargeSet, Change, Directive, HolderChanged, PassGiven


class Phase(StrEnum):
    """Where a directive stands."""

    WAITING = "waiting"
    PUBLISHED = "published"
    APPLIED = "applied"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN = (Phase.WAITING, Phase.PUBLISHED)
"""Those that the next bundle holds."""

_AFTER = {
    Phase.PUBLISHED: {Phase.WAITING},
    Phase.APPLIED: {Phase.WAITING, Phase.PUBLISHED, Phase.WITHDRAWN, Phase.REFUSED},
    Phase.REFUSED: {Phase.WAITING, Phase.PUBLISHED},
    Phase.WITHDRAWN: {Phase.WAITING, Phase.PUBLISHED},
}


def may_become(phase: Phase, then: Phase) -> bool:
    """Whether a directive goes that way. Word of the same thing twice, or too late, changes nothing."""
    return phase in _AFTER.get(then, ())


def moot(waiting: Sequence[Directive], today: date) -> list[Directive]:
    """Those that a later one overrules on every day that is still to come: nobody need write them any more.

    `waiting` in order of number. One for the same day overrules at once; one for a later day, when that day has come.
    """
    return [
        one
        for place, one in enumerate(waiting)
        if any(
            _parts(one.changes) <= _parts(later.changes) and later.first_day <= max(one.first_day, today)
            for later in waiting[place + 1 :]
        )
    ]


def later_ones(waiting: Iterable[Directive], first_day: date) -> list[Directive]:
    """Those that begin after a day: what is new for that day gets the next number, and they get higher ones anew."""
    return [one for one in waiting if one.first_day > first_day]


def _parts(changes: Iterable[Change]) -> set[str]:
    """Which parts of a card are changed."""
    return {_PART[type(change)] for change in changes}


_PART: dict[type[Change], str] = {
    PassGiven: "pass",
    AutoChargeSet: "auto-charge",
    AutoChargeOff: "auto-charge",
    HolderChanged: "holder",
}

"""What a journal adds up to. Pure: entries in, sums and pending intents out.

An intent counts once its final result is "written", by an `Outcome` or, where the reader could not tell, by
a `Resolved`. Until then it is pending: power went before the outcome was kept, or the outcome is
"indeterminate". Pending money is neither taken nor lost; the same card's next tap settles it (faults 3 to
6).
"""

from collections.abc import Iterable
from typing import NamedTuple

from farebox.formats.journal import Entry, Intent, Outcome, Refused, Resolved

_POINTS = frozenset({"welfare-points", "transport-points"})


class Violation(NamedTuple):
    """An entry that contradicts those before it, or itself: never expected, never to be passed over."""

    seq: int
    what: str


class Ledger(NamedTuple):
    """Sums over the written intents. Over all purses of the cards they close:

        cards_delta_yen = credit_yen + points_earned - points_lapsed - (fares_yen - cash_yen)

    `sf_delta_yen` is what the cards' stored fare changed by, `coupons_delta_yen` their coupon purses,
    `points_delta` their points: welfare and transport points together, a point for a yen. `credit_yen` is what
    auto-charge is to be billed for, `fares_yen` what was due, `cash_yen` the part of it paid in cash. `refused`
    counts `Refused` records, `pending` the intents not settled yet, `unknown` those left to the centre: their
    money is in no sum.
    """

    sf_delta_yen: int = 0
    cash_yen: int = 0
    credit_yen: int = 0
    fares_yen: int = 0
    boardings: int = 0
    alightings: int = 0
    refused: int = 0
    pending: int = 0
    unknown: int = 0
    coupons_delta_yen: int = 0
    points_delta: int = 0
    points_earned: int = 0
    points_lapsed: int = 0

    @property
    def cards_delta_yen(self) -> int:
        """What all purses of the cards changed by, a point counted as a yen."""
        return self.sf_delta_yen + self.coupons_delta_yen + self.points_delta


class Fold:
    """The sums so far, one entry at a time, in the order of the journal; the cost of an entry never grows."""

    __slots__ = ("_by_card", "_indeterminate", "_purse_sums", "_refused", "_sums", "_unknown", "_unsettled")

    def __init__(self) -> None:
        self._unsettled: dict[int, Intent] = {}  # by seq, in order
        self._by_card: dict[bytes, list[int]] = {}
        self._indeterminate: set[int] = set()  # those of them that have had their outcome
        self._sums = [0] * 6  # the ledger's first six fields
        self._purse_sums = [0] * 4  # its last four
        self._refused = 0
        self._unknown = 0

    def take(self, entry: Entry) -> Violation | None:
        """Count one entry in. A violating outcome changes nothing; a written intent always counts."""
        record = entry.record
        match record:
            case Intent():
                return self._intend(entry.seq, record)
            case Outcome() | Resolved():
                return self._settle(entry.seq, record)
            case Refused():
                self._refused += 1
        return None

    def pending(self) -> dict[bytes, tuple[int, Intent]]:
        """By idm, what the card's next tap must settle: seq and intent, the oldest should there be two."""
        return {idm: (seqs[0], self._unsettled[seqs[0]]) for idm, seqs in self._by_card.items()}

    def ledger(self) -> Ledger:
        """The sums up to the last entry taken."""
        return Ledger._make((*self._sums, self._refused, len(self._unsettled), self._unknown, *self._purse_sums))

    def _intend(self, seq: int, intent: Intent) -> Violation | None:
        self._unsettled[seq] = intent
        seqs = self._by_card.setdefault(intent.idm, [])
        seqs.append(seq)
        if len(seqs) > 1:
            return Violation(seq, f"intent for a card whose intent {seqs[0]} is not settled")
        return None

    def _settle(self, seq: int, end: Outcome | Resolved) -> Violation | None:
        intent = self._unsettled.get(end.intent_seq)
        if intent is None:
            return Violation(seq, f"settles {end.intent_seq}, which is no unsettled intent")
        if end.result == "indeterminate":
            if end.intent_seq in self._indeterminate:
                return Violation(seq, f"a second outcome for intent {end.intent_seq}")
            self._indeterminate.add(end.intent_seq)
            return None
        if isinstance(end, Outcome) and end.intent_seq in self._indeterminate:
            return Violation(seq, f"a second outcome for intent {end.intent_seq}")
        self._forget(end.intent_seq, intent)
        self._unknown += end.result == "unknown"
        return self._count(end.intent_seq, intent) if end.result == "written" else None

    def _forget(self, seq: int, intent: Intent) -> None:
        del self._unsettled[seq]
        self._indeterminate.discard(seq)
        seqs = self._by_card[intent.idm]
        seqs.remove(seq)
        if not seqs:
            del self._by_card[intent.idm]

    def _count(self, seq: int, intent: Intent) -> Violation | None:
        boarding = intent.action == "board"
        delta_yen = intent.sf_after_yen - intent.sf_before_yen
        added = (
            *(delta_yen, intent.cash_yen, intent.auto_charge_yen, intent.due_yen),
            *(boarding, not boarding),
        )
        self._sums = [total + part for total, part in zip(self._sums, added, strict=True)]
        if intent.purses or intent.points_earned or intent.points_lapsed:
            delta_yen += self._count_purses(intent)
        given_yen = intent.auto_charge_yen + intent.points_earned - intent.points_lapsed
        agreed_yen = given_yen - (intent.due_yen - intent.cash_yen)
        if delta_yen != agreed_yen:
            what = f"the card's purses change by {delta_yen} yen; due, cash, auto-charge and points make {agreed_yen}"
            return Violation(seq, what)
        if boarding and any((*added[:4], intent.points_earned, intent.points_lapsed)):
            return Violation(seq, "a boarding changes money or points")
        return _moved(seq, intent)

    def _count_purses(self, intent: Intent) -> int:
        """The purses other than stored fare: what they change by, in all."""
        points = sum(after - before for name, before, after in intent.purses if name in _POINTS)
        coupons_yen = sum(after - before for name, before, after in intent.purses if name not in _POINTS)
        added = (coupons_yen, points, intent.points_earned, intent.points_lapsed)
        self._purse_sums = [total + part for total, part in zip(self._purse_sums, added, strict=True)]
        return coupons_yen + points


def _moved(seq: int, intent: Intent) -> Violation | None:
    """A purse that gains what it was not given: money and points never move from one purse to another."""
    given = {"transport-points": intent.points_earned - intent.points_lapsed}
    paid = [("stored-fare", intent.sf_before_yen - intent.sf_after_yen + intent.auto_charge_yen)]
    paid += [(name, before - after + given.get(name, 0)) for name, before, after in intent.purses]
    gains = (Violation(seq, f"{name} gains {-yen} more than it was given") for name, yen in paid if yen < 0)
    return next(gains, None)


def pending(entries: Iterable[Entry]) -> dict[bytes, tuple[int, Intent]]:
    """By idm, the seq and the intent that is not settled at the end of the entries."""
    fold = Fold()
    for entry in entries:
        fold.take(entry)
    return fold.pending()


def audit(entries: Iterable[Entry]) -> tuple[Ledger, tuple[Violation, ...]]:
    """The sums at the end of the entries, and everything in them that does not hold."""
    fold = Fold()
    violations = tuple(found for entry in entries if (found := fold.take(entry)) is not None)
    return fold.ledger(), violations

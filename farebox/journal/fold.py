"""What a journal adds up to. Pure: entries in, sums and pending intents out.

An intent counts once its final result is "written", by an `Outcome` or, where the reader could not tell, by
a `Resolved`. Until then it is pending: power went before the outcome was kept, or the outcome is
"indeterminate". Pending money is neither taken nor lost; the same card's next tap settles it (faults 3 to
6).
"""

from collections.abc import Iterable
from typing import NamedTuple

from farebox.formats.journal import Entry, Intent, NoteMoved, Outcome, Refused, Resolved, Voucher
from farebox.formats.segment import OpenNote
from farebox.journal.notes import OpenNotes

_POINTS = frozenset({"welfare-points", "transport-points"})


class Violation(NamedTuple):
    """An entry that contradicts those before it, or itself: never expected, never to be passed over."""

    seq: int
    what: str


class Ledger(NamedTuple):
    """Sums over the written intents. Over all purses of the cards they close:

        cards_delta_yen = credit_yen + topped_up_yen + points_earned - points_lapsed - (fares_yen - cash_yen)

    `sf_delta_yen` is what the cards' stored fare changed by, `coupons_delta_yen` their coupon purses,
    `points_delta` their points: welfare and transport points together, a point for a yen. `credit_yen` is what
    auto-charge is to be billed for, `fares_yen` what was due, `cash_yen` the part of it paid in cash. `refused`
    counts `Refused` records, `pending` the intents not settled yet, `unknown` those left to the centre: their
    money is in no sum.

    `topped_up_yen` was added to cards for notes, `premium_yen` of it as a premium. `notes_yen` are the notes in the
    box, apart from `cash_yen`, the fares in cash. Where note and card did not end alike, `owed_yen` is the operator's
    to pay, `claimed_yen` the passengers'; `doubtful_yen` are notes whose card or whose own place is not known (yet).
    So, once nothing is doubtful,

        notes_yen = topped_up_yen - premium_yen + owed_yen - claimed_yen

    A settlement that was cancelled is in no sum any more, but for `cancelled`, their number, and `cancelled_yen`, what
    was due by them.
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
    top_ups: int = 0
    topped_up_yen: int = 0
    premium_yen: int = 0
    notes_yen: int = 0
    owed_yen: int = 0
    claimed_yen: int = 0
    doubtful_yen: int = 0
    vouchers: int = 0
    cancelled: int = 0
    cancelled_yen: int = 0

    @property
    def by_coupons_yen(self) -> int:
        """The fares that coupon purses paid."""
        return -self.coupons_delta_yen

    @property
    def by_points(self) -> int:
        """The fares that points paid, a yen for each."""
        return self.points_earned - self.points_lapsed - self.points_delta

    @property
    def by_stored_fare_yen(self) -> int:
        """The fares that stored fare paid: a note is added to nothing else."""
        return self.credit_yen + self.topped_up_yen - self.sf_delta_yen

    @property
    def cards_delta_yen(self) -> int:
        """What all purses of the cards changed by, a point counted as a yen."""
        return self.sf_delta_yen + self.coupons_delta_yen + self.points_delta


class Resumed(NamedTuple):
    """What a segment carries on from others: pending intents, of those that were not taken, and all notes still open.

    The note of such a top-up that is not among the notes had ended by then.
    """

    pending: tuple[Entry, ...]
    notes: tuple[OpenNote, ...]


class _Notes:
    """The notes of top-ups: where each is, beside what became of its card."""

    __slots__ = ("box_yen", "claimed_yen", "doubtful", "open", "owed_yen", "vouchers")

    def __init__(self) -> None:
        self.open = OpenNotes()
        # Where it went, while the card is not known, or the note itself is not: by intent.
        self.doubtful: dict[int, tuple[OpenNote, str]] = {}
        self.vouchers: set[int] = set()
        self.box_yen = self.owed_yen = self.claimed_yen = 0

    def card_ends(self, seq: int, result: str) -> None:
        """The card of a top-up was written or was not; "unknown" stays doubtful for good."""
        self.open.card_ends(seq, result)
        if seq in self.doubtful and result in ("written", "not_written"):
            note, to = self.doubtful.pop(seq)
            self._end(note._replace(written=result == "written"), to)

    def move(self, moved: NoteMoved) -> str | None:
        """Take a note's move; what is wrong with it, if anything."""
        note = self.open.move(moved)
        if note is None:
            return f"moves {moved.note_yen} yen of {moved.intent_seq}, which is no such note"
        if moved.to != "stacking":
            self.box_yen += moved.note_yen * (moved.to == "box")
            self._end(note, moved.to)
        return None

    def vouch(self, voucher: Voucher) -> str | None:
        """Take a voucher: one for an intent whose note is not in hand any more."""
        if voucher.intent_seq in self.open or voucher.intent_seq in self.vouchers:
            return f"a voucher for {voucher.intent_seq}, which has one, or needs none"
        self.vouchers.add(voucher.intent_seq)
        return None

    def _end(self, note: OpenNote, to: str) -> None:
        yen = note.note_yen
        if note.written is None or to == "unsure":
            self.doubtful[note.intent_seq] = (note, to)
        elif note.written and to == "returned":
            self.claimed_yen += yen
        elif not note.written and to == "box":
            self.owed_yen += yen

    def sums(self) -> tuple[int, ...]:
        """The ledger's fields from `notes_yen` on."""
        doubtful_yen = sum(note.note_yen for note in self.open.all())
        doubtful_yen += sum(note.note_yen for note, _ in self.doubtful.values())
        return (
            *(self.box_yen, self.owed_yen, self.claimed_yen),
            *(doubtful_yen, len(self.vouchers)),
        )


class Fold:
    """The sums so far, one entry at a time, in the order of the journal; the cost of an entry never grows."""

    __slots__ = (
        *("_by_card", "_cancelled", "_first_seq", "_indeterminate", "_notes", "_purse_sums", "_refused", "_settled"),
        *("_sums", "_top_up_sums", "_unknown", "_unsettled"),
    )

    def __init__(self) -> None:
        self._unsettled: dict[int, Intent] = {}  # by seq, in order
        self._by_card: dict[bytes, list[int]] = {}
        self._indeterminate: set[int] = set()  # those of them that have had their outcome
        self._sums = [0] * 6  # the ledger's first six fields
        self._purse_sums = [0] * 4  # its last but top-ups
        self._top_up_sums = [0] * 3
        self._notes = _Notes()
        self._refused = 0
        self._unknown = 0
        self._settled: dict[bytes, tuple[int, Intent]] = {}  # each card's last settlement, until it is cancelled
        self._cancelled = [0, 0]
        self._first_seq = 0

    def take(self, entry: Entry | Resumed) -> Violation | None:
        """Count one entry in. A violating outcome changes nothing; a written intent always counts."""
        if isinstance(entry, Resumed):
            return self._resume(entry)
        self._first_seq = self._first_seq or entry.seq
        record = entry.record
        match record:
            case Intent():
                return self._intend(entry.seq, record)
            case Outcome() | Resolved():
                return self._settle(entry.seq, record)
            case NoteMoved():
                what = self._notes.move(record)
                return None if what is None else Violation(entry.seq, what)
            case Voucher():
                what = self._notes.vouch(record)
                return None if what is None else Violation(entry.seq, what)
            case Refused():
                self._refused += 1
        return None

    def pending(self) -> dict[bytes, tuple[int, Intent]]:
        """By idm, what the card's next tap must settle: seq and intent, the oldest should there be two."""
        return {idm: (seqs[0], self._unsettled[seqs[0]]) for idm, seqs in self._by_card.items()}

    def open_notes(self) -> tuple[OpenNote, ...]:
        """The notes whose end is not known, the oldest first; the acceptor is asked where they are (faults 43)."""
        return self._notes.open.all()

    def carried(self) -> "Fold":
        """One that goes on from here, with nothing in its sums and all that is open."""
        fold = Fold()
        fold._unsettled, fold._by_card, fold._indeterminate = self._unsettled, self._by_card, self._indeterminate
        fold._settled, fold._first_seq = self._settled, self._first_seq
        for note in self.open_notes():
            fold._notes.open.carry(note)
        return fold

    def ledger(self) -> Ledger:
        """The sums up to the last entry taken."""
        return Ledger._make(
            (
                *(*self._sums, self._refused, len(self._unsettled), self._unknown, *self._purse_sums),
                *(*self._top_up_sums, *self._notes.sums(), *self._cancelled),
            )
        )

    def _resume(self, resumed: Resumed) -> Violation | None:
        for note in resumed.notes:
            self._notes.open.carry(note)
        violations = [
            self._unsettle(entry.seq, entry.record) for entry in resumed.pending if isinstance(entry.record, Intent)
        ]
        return next(filter(None, violations), None)

    def _intend(self, seq: int, intent: Intent) -> Violation | None:
        self._notes.open.intend(seq, intent)
        return self._unsettle(seq, intent)

    def _unsettle(self, seq: int, intent: Intent) -> Violation | None:
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
        self._notes.card_ends(end.intent_seq, end.result)
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
        if intent.action == "cancel":
            undone = settlement_undone(intent)
            self._add(undone, -1)
            self._cancelled = [self._cancelled[0] + 1, self._cancelled[1] + intent.due_yen]
            return self._compensates(seq, intent, undone) or _contradiction(seq, undone)
        self._add(intent, 1)
        if intent.cancels_seq:
            return Violation(seq, f"cancels {intent.cancels_seq}, but is no cancelling")
        if intent.action == "alight":
            self._settled[intent.idm] = (seq, intent)
        return _contradiction(seq, intent)

    def _add(self, intent: Intent, times: int) -> None:
        """Into the sums: once, or with -1 out of them again."""

        def added(sums: list[int], *parts: int) -> list[int]:
            return [total + times * part for total, part in zip(sums, parts, strict=True)]

        delta_yen = intent.sf_after_yen - intent.sf_before_yen
        self._sums = added(
            *(self._sums, delta_yen, intent.cash_yen, intent.auto_charge_yen, intent.due_yen),
            *(intent.action == "board", intent.action == "alight"),
        )
        if intent.purses or intent.points_earned or intent.points_lapsed:
            changed = _other_purses(intent)
            self._purse_sums = added(self._purse_sums, *changed, intent.points_earned, intent.points_lapsed)
        if intent.action == "top-up":
            topped_up_yen = intent.note_yen + intent.premium_yen
            self._top_up_sums = added(self._top_up_sums, 1, topped_up_yen, intent.premium_yen)

    def _compensates(self, seq: int, cancel: Intent, undone: Intent) -> Violation | None:
        """A cancelling names the card's last settlement, and takes back what that one took."""
        first_seq, first = self._settled.pop(cancel.idm, (0, None))
        if first is None:
            if 0 < cancel.cancels_seq < self._first_seq:
                return None  # in a segment that is not here
            return Violation(seq, f"cancels {cancel.cancels_seq}, which is no settlement of this card")
        same = undone._replace(
            slot_before=first.slot_before,
            write_counter=first.write_counter,
            lines=first.lines,
            cancels_seq=0,
            history_row=first.history_row,
        )
        if (cancel.cancels_seq, same) != (first_seq, first):
            return Violation(seq, f"cancels {cancel.cancels_seq} otherwise than the card's settlement {first_seq} was")
        return None


def settlement_undone(cancel: Intent) -> Intent:
    """What a cancelling takes back, as the settlement that it was: the same intent, from its end to its beginning."""
    return cancel._replace(
        action="alight",
        slot_before=cancel.slot_after,
        slot_after=cancel.slot_before,
        sf_before_yen=cancel.sf_after_yen,
        sf_after_yen=cancel.sf_before_yen,
        purses=tuple((name, after, before) for name, before, after in cancel.purses),
    )


def _other_purses(intent: Intent) -> tuple[int, int]:
    """The purses other than stored fare: what coupons and points change by."""
    points = sum(after - before for name, before, after in intent.purses if name in _POINTS)
    return sum(after - before for name, before, after in intent.purses if name not in _POINTS), points


def _contradiction(seq: int, intent: Intent) -> Violation | None:
    """What in a written intent does not agree with the rest of it."""
    topped_up_yen = intent.note_yen + intent.premium_yen
    delta_yen = intent.sf_after_yen - intent.sf_before_yen + sum(_other_purses(intent))
    given_yen = intent.auto_charge_yen + intent.points_earned - intent.points_lapsed + topped_up_yen
    if delta_yen != given_yen - (intent.due_yen - intent.cash_yen):
        agreed_yen = given_yen - (intent.due_yen - intent.cash_yen)
        what = f"the card's purses change by {delta_yen} yen; due, cash, what was added and points make {agreed_yen}"
        return Violation(seq, what)
    fare_or_points = (
        *(intent.cash_yen, intent.auto_charge_yen, intent.due_yen),
        *(intent.points_earned, intent.points_lapsed),
    )
    if intent.action == "board" and (intent.sf_after_yen != intent.sf_before_yen or any(fare_or_points)):
        return Violation(seq, "a boarding changes money or points")
    top_up = intent.action == "top-up"
    if topped_up_yen and not top_up:
        return Violation(seq, "a note for what is no top-up")
    if top_up and (not intent.note_yen or any(fare_or_points)):
        return Violation(seq, "a top-up without a note, or with a fare")
    return _moved(seq, intent)


def _moved(seq: int, intent: Intent) -> Violation | None:
    """A purse that gains what it was not given: money and points never move from one purse to another."""
    given = {"transport-points": intent.points_earned - intent.points_lapsed}
    added_yen = intent.auto_charge_yen + intent.note_yen + intent.premium_yen
    paid = [("stored-fare", intent.sf_before_yen - intent.sf_after_yen + added_yen)]
    paid += [(name, before - after + given.get(name, 0)) for name, before, after in intent.purses]
    gains = (Violation(seq, f"{name} gains {-yen} more than it was given") for name, yen in paid if yen < 0)
    return next(gains, None)


def pending(entries: Iterable[Entry]) -> dict[bytes, tuple[int, Intent]]:
    """By idm, the seq and the intent that is not settled at the end of the entries."""
    fold = Fold()
    for entry in entries:
        fold.take(entry)
    return fold.pending()


def open_notes(entries: Iterable[Entry]) -> tuple[OpenNote, ...]:
    """The notes whose end is not known at the end of the entries."""
    fold = Fold()
    for entry in entries:
        fold.take(entry)
    return fold.open_notes()


def audit(entries: Iterable[Entry | Resumed]) -> tuple[Ledger, tuple[Violation, ...]]:
    """The sums at the end of the entries, and everything in them that does not hold."""
    fold = Fold()
    violations = tuple(found for entry in entries if (found := fold.take(entry)) is not None)
    return fold.ledger(), violations

"""What a terminal must know of its past to go on: the writes and the notes whose end is open, and the cards it has
seen.

Kept up with every record that is appended, so that a new segment's checkpoint is at hand; read back from checkpoint
and records at a start. A tap only leaves its records here: they are counted in when somebody asks, between taps.
"""

from typing import NamedTuple

from farebox.formats.journal import Intent, NoteMoved, Opened, Outcome, Record, Resolved, TripBegun
from farebox.formats.segment import MOST_NOTES, MOST_PENDING, NO_SEGMENT, Carried, Head, OpenNote, Quarantined
from farebox.journal.notes import OpenNotes
from farebox.seen import Seen

MOST_WAITING = 4_096
"""Records that may wait to be counted in: more than a trip has."""
_Open = tuple[Intent, bytes, bool]
"""An intent, its payload, and whether it has had an outcome "indeterminate"."""


class Settled(NamedTuple):
    """A settlement that was written to a card, and its number: what a cancelling takes back (GEN-22)."""

    seq: int
    intent: Intent


class Standing:
    """As of the last record taken. `seen` may be noted in by others: whoever reads a card."""

    __slots__ = ("_notes", "_open", "_seen", "_settled", "_terminal_id", "_trip", "_waiting")

    def __init__(self, head: Head | None = None) -> None:
        """As the head of a segment tells it; by default of nothing."""
        head = head or Head()
        self._terminal_id = head.terminal_id
        self._seen = Seen()
        for idm, count in head.seen:
            self._seen.note(idm, count)
        self._notes = OpenNotes(head.notes)
        self._waiting: list[tuple[int, Record, bytes]] = []
        self._open: dict[int, _Open] = {}  # by seq
        self._settled: dict[bytes, Settled] = {}  # of the last trip alone, by idm
        self._trip: TripBegun | None = None
        for carried in head.pending:
            entry = carried.entry
            assert isinstance(entry.record, Intent)
            self._open[entry.seq] = (entry.record, carried.payload, carried.indeterminate)

    @property
    def terminal_id(self) -> str:
        """What the terminal calls itself, by its last opening."""
        self.count()
        return self._terminal_id

    @property
    def seen(self) -> Seen:
        """The cards and their writes, as far as records tell, and whoever else notes in it."""
        self.count()
        return self._seen

    def take(self, seq: int, record: Record, payload: bytes) -> None:
        """One more record, in the order of the journal."""
        self._waiting.append((seq, record, payload))
        if len(self._waiting) > MOST_WAITING:
            self.count()

    def pending(self) -> dict[bytes, tuple[int, Intent]]:
        """By idm, what the card's next tap must settle: seq and intent, the oldest should there be two."""
        self.count()
        found: dict[bytes, tuple[int, Intent]] = {}
        for seq, (intent, _, _) in sorted(self._open.items()):
            found.setdefault(intent.idm, (seq, intent))
        return found

    def open_notes(self) -> tuple[OpenNote, ...]:
        """The notes whose end is not known, the oldest first; the acceptor is asked where they are (faults 43)."""
        self.count()
        return self._notes.all()

    def settled(self, idm: bytes) -> Settled | None:
        """The settlement that this terminal wrote to a card last, on the trip begun last and since the segment began;
        None if it has written something else to the card since.
        """
        self.count()
        return self._settled.get(idm)

    def doubt_notes(self) -> None:
        """After rot: an open note may have ended, and another one come, even if that is lost."""
        self.count()
        self._notes.doubt()

    def supersede(self, idm: bytes) -> None:
        """After rot: another intent of this card was made, so those before it had ended, even if that is lost."""
        self.count()
        self._open = {seq: opened for seq, opened in self._open.items() if opened[0].idm != idm}

    def head(
        self, number: int, first_seq: int, previous: bytes = NO_SEGMENT, quarantined: Quarantined | None = None
    ) -> Head:
        """The head of a segment that goes on from here."""
        self.count()
        latest = sorted(self._open)[-MOST_PENDING:]
        pending = tuple(Carried(*self._open[seq][1:]) for seq in latest)
        notes = self._notes.all()[-MOST_NOTES:]
        return Head(number, first_seq, previous, self._terminal_id, pending, self._seen.counts(), quarantined, notes)

    def count(self) -> None:
        """Count in what waits. An intent holds the count of writes that its card had before; one that was written added
        one at least, so that not even the last ride can be had again from a copy (faults 12).
        """
        for seq, record, payload in self._waiting:
            match record:
                case Intent():
                    self._open[seq] = (record, payload, False)
                    self._notes.intend(seq, record)
                    self._seen.note(record.idm, record.write_counter)
                case Outcome() | Resolved():
                    self._end(record)
                case NoteMoved():
                    self._notes.move(record)
                case TripBegun():
                    if self._trip is None or record.trip_id != self._trip.trip_id:
                        self._settled.clear()
                    self._trip = record
                case Opened():
                    self._terminal_id = record.terminal_id
        self._waiting.clear()

    def _end(self, record: Outcome | Resolved) -> None:
        self._notes.card_ends(record.intent_seq, record.result)
        opened = self._open.pop(record.intent_seq, None)
        if opened is None:
            return
        intent, payload, _ = opened
        if record.result == "written":
            self._seen.note(intent.idm, intent.write_counter + 1)
            self._settled.pop(intent.idm, None)
            if intent.action == "alight":
                self._settled[intent.idm] = Settled(record.intent_seq, intent)
        elif record.result == "indeterminate":
            self._open[record.intent_seq] = (intent, payload, True)

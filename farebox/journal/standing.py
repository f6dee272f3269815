"""What a terminal must know of its past to go on: the writes and the notes whose end is open, and the cards it has
seen.

Kept up with every record as it is appended, so that a new segment's checkpoint is at hand; read back from checkpoint
and records at a start. A record costs the same however many there were.
"""

from farebox.formats.journal import Intent, NoteMoved, Opened, Outcome, Record, Resolved
from farebox.formats.segment import MOST_NOTES, MOST_PENDING, NO_SEGMENT, Carried, Head, OpenNote, Quarantined
from farebox.journal.notes import OpenNotes
from farebox.seen import Seen

_Open = tuple[Intent, bytes, bool]
"""An intent, its payload, and whether it has had an outcome "indeterminate"."""


class Standing:
    """As of the last record taken. `seen` may be noted in by others: whoever reads a card."""

    __slots__ = ("_notes", "_open", "seen", "terminal_id")

    def __init__(self, head: Head | None = None) -> None:
        """As the head of a segment tells it; by default of nothing."""
        head = head or Head()
        self.terminal_id = head.terminal_id
        self.seen = Seen()
        for idm, count in head.seen:
            self.seen.note(idm, count)
        self._notes = OpenNotes(head.notes)
        self._open: dict[int, _Open] = {}  # by seq, in order
        for carried in head.pending:
            entry = carried.entry
            assert isinstance(entry.record, Intent)
            self._open[entry.seq] = (entry.record, carried.payload, carried.indeterminate)

    def take(self, seq: int, record: Record, payload: bytes) -> None:
        """Count one record in. An intent holds the count of writes that its card had before; one that was written added
        one at least, so that not even the last ride can be had again from a copy (faults 12).
        """
        kind = type(record)
        if kind is Intent:
            assert isinstance(record, Intent)
            self._open[seq] = (record, payload, False)
            self._notes.intend(seq, record)
            self.seen.note(record.idm, record.write_counter)
        elif kind is Outcome or kind is Resolved:
            assert isinstance(record, (Outcome, Resolved))
            self._end(record)
        elif isinstance(record, NoteMoved):
            self._notes.move(record)
        elif isinstance(record, Opened):
            self.terminal_id = record.terminal_id

    def pending(self) -> dict[bytes, tuple[int, Intent]]:
        """By idm, what the card's next tap must settle: seq and intent, the oldest should there be two."""
        found: dict[bytes, tuple[int, Intent]] = {}
        for seq, (intent, _, _) in self._open.items():
            found.setdefault(intent.idm, (seq, intent))
        return found

    def open_notes(self) -> tuple[OpenNote, ...]:
        """The notes whose end is not known, the oldest first; the acceptor is asked where they are (faults 43)."""
        return self._notes.all()

    def doubt_notes(self) -> None:
        """After rot: an open note may have ended, and another one come, even if that is lost."""
        self._notes.doubt()

    def supersede(self, idm: bytes) -> None:
        """After rot: another intent of this card was made, so those before it had ended, even if that is lost."""
        self._open = {seq: opened for seq, opened in self._open.items() if opened[0].idm != idm}

    def head(
        self, number: int, first_seq: int, previous: bytes = NO_SEGMENT, quarantined: Quarantined | None = None
    ) -> Head:
        """The head of a segment that goes on from here."""
        latest = list(self._open.values())[-MOST_PENDING:]
        pending = tuple(Carried(payload, indeterminate) for _, payload, indeterminate in latest)
        notes = self._notes.all()[-MOST_NOTES:]
        return Head(number, first_seq, previous, self.terminal_id, pending, self.seen.counts(), quarantined, notes)

    def _end(self, record: Outcome | Resolved) -> None:
        self._notes.card_ends(record.intent_seq, record.result)
        opened = self._open.get(record.intent_seq)
        if opened is None:
            return
        intent, payload, _ = opened
        if record.result == "indeterminate":
            self._open[record.intent_seq] = (intent, payload, True)
            return
        del self._open[record.intent_seq]
        if record.result == "written":
            self.seen.note(intent.idm, intent.write_counter + 1)

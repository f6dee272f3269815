"""The notes of top-ups whose place is not known for good: what the acceptor is asked about at a start (faults 43)."""

from collections.abc import Iterable

from farebox.formats.journal import Intent, NoteMoved
from farebox.formats.segment import OpenNote


class OpenNotes:
    """As of the last record taken, by intent, the oldest first."""

    __slots__ = ("_open",)

    def __init__(self, notes: Iterable[OpenNote] = ()) -> None:
        """Go on from these."""
        self._open = {note.intent_seq: note for note in notes}

    def __contains__(self, intent_seq: int) -> bool:
        """Whether the note of an intent is open."""
        return intent_seq in self._open

    def all(self) -> tuple[OpenNote, ...]:
        """Each of them."""
        return tuple(self._open.values())

    def carry(self, note: OpenNote) -> None:
        """Take over one as a checkpoint has it; its intent need not be among the records taken."""
        self._open[note.intent_seq] = note

    def intend(self, seq: int, intent: Intent) -> None:
        """A note is in escrow, and its card about to be written; an intent of a ride has none."""
        if intent.action == "top-up":
            self._open[seq] = OpenNote(seq, intent.note_yen, None, stacking=False)

    def card_ends(self, seq: int, result: str) -> None:
        """The card of an intent was written, or was not. Any other result tells nothing."""
        note = self._open.get(seq)
        if note is not None and result in ("written", "not_written"):
            self._open[seq] = note._replace(written=result == "written")

    def move(self, moved: NoteMoved) -> OpenNote | None:
        """The note that moved, as it was before; None if no such note is open. Past "stacking" it is open no more."""
        note = self._open.get(moved.intent_seq)
        if note is None or note.note_yen != moved.note_yen:
            return None
        if moved.to == "stacking":
            self._open[moved.intent_seq] = note._replace(stacking=True)
        else:
            del self._open[moved.intent_seq]
        return note

    def doubt(self) -> None:
        """Records are lost: each of these notes may have ended without our knowing."""
        self._open = {seq: note._replace(doubted=True) for seq, note in self._open.items()}

"""A top-up with a bank note, step by step: the note waits in escrow until the card is written (faults 42, 43).

    escrow -> card read and judged -> intent, durable -> card written -> "stacking", durable -> stack
           -> in the box, said until confirmed -> "box", durable -> confirmed

The note goes back unless the card is written. Where the card's answer is lost, the note is held while the card is
asked; if that stays open, the note goes into the box and a voucher names what the operator owes should the card turn
out not written: a note kept can be paid back, one given back for a written card could not be had again. After a restart
the acceptor says where the note is, and the journal for which card it was. docs/top_up.md has every cut, one by one.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from cardimage.resolve import Fate
from farebox.formats.journal import Move, NoteMoved, Owes, Voucher
from farebox.formats.segment import OpenNote
from farebox.peripherals.note_acceptor import NoteAcceptor, Phase, Status
from farebox.top_up import TopUp
from reader.card import CardRead
from reader.port import Session
from tariff.refusal import Code, Refusal

HOLD_S = 30
"""How long a note is held in escrow while its card is asked what became of the write."""

_IN_ESCROW = (Phase.ESCROW, Phase.HOLDING)
_NOT_INSIDE = (Phase.IDLE, Phase.INHIBITED, Phase.INITIALIZING, Phase.ACCEPTING)
_POWER_UPS = (Phase.POWER_UP, Phase.POWER_UP_NOTE_INSIDE, Phase.POWER_UP_NOTE_IN_BOX)
ALARMS = frozenset({Phase.BOX_FULL, Phase.BOX_OPEN, Phase.JAMMED, Phase.PAUSED, Phase.FAILED, Phase.SILENT})


class Laid(NamedTuple):
    """A card on the reader where top-ups are made, read just now."""

    session: Session
    read: CardRead


class Begun(NamedTuple):
    """A top-up that was journalled: its intent, and what became of the card."""

    intent_seq: int
    fate: Fate


class Desk(Protocol):
    """What the flow needs of the terminal."""

    @property
    def topping_up(self) -> bool:
        """Whether the driver has asked for a top-up, and it is not over."""

    def look_at_card(self) -> Laid | Refusal | None:
        """Look once at the reader; a write of that card that was pending is settled on the way. None: no card."""

    def judge(self, laid: Laid, note_yen: int) -> TopUp | Refusal:
        """Judge a note for a card as it lies there."""

    def notes_for(self, laid: Laid) -> tuple[int, ...] | Refusal:
        """The notes that it would take now."""

    def write(self, laid: Laid, top_up: TopUp) -> Begun | None:
        """Journal the intent, write the card, journal its outcome, show it. None: not journalled, card untouched."""

    def refuse(self, laid: Laid | None, refusal: Refusal) -> None:
        """Journal and show a refusal."""

    def invite(self, laid: Laid, notes_yen: tuple[int, ...]) -> None:
        """Show that notes may be put in."""

    def book(self, records: Iterable[NoteMoved | Voucher]) -> bool:
        """Make records durable; False if the journal has failed."""


class TopUpFlow:
    """The notes of one acceptor. Whoever owns the terminal calls `tend` in turn with looking at the readers."""

    def __init__(
        self, acceptor: NoteAcceptor, desk: Desk, clock: Callable[[], int], open_notes: tuple[OpenNote, ...]
    ) -> None:
        """`open_notes` are those the journal left without an end: where they are, the acceptor is asked."""
        self.alarm: Phase | None = None
        """What keeps the acceptor from taking notes, for the driver."""
        self.kept_inside = False
        """Whether a note whose card is, or may be, written waits inside after a power cut, for the driver's word."""
        self._acceptor = acceptor
        self._desk = desk
        self._clock = clock
        # An acceptor has room for one note; should there be more, those before the last are not with it any more. Nor
        # need the last one be, if what the journal had after it is lost: what is inside may be a note put in later.
        self._open = open_notes[-1] if open_notes and not open_notes[-1].doubted else None
        self._lost = tuple(note for note in open_notes if note is not self._open)
        self._since_s = clock()
        self._told: tuple[bytes, tuple[int, ...] | Refusal | None] | None = None
        """What was shown for the card that lies there: once for each time it is laid, and after each note."""
        self._released = False

    @property
    def open_note(self) -> OpenNote | None:
        """The note whose end is not known yet."""
        return self._open

    @property
    def lets_in(self) -> tuple[int, ...]:
        """The notes that the card which lies there may have now."""
        notes = self._told[1] if self._told is not None and self._open is None else None
        return () if notes is None or isinstance(notes, Refusal) else notes

    def card_ended(self, intent_seq: int, end: Fate) -> None:
        """An unknown write became known: by any tap of the card, on any reader."""
        if self._open is not None and self._open.intent_seq == intent_seq and end is not Fate.UNKNOWN:
            self._open = self._open._replace(written=end is Fate.WRITTEN)

    def release(self) -> None:
        """The driver stands at the slot: a note that was kept inside after a power cut comes out."""
        self._released = self.kept_inside

    def look(self) -> None:
        """The driver has asked for a top-up: look at the card that lies there, and open the slot for what it takes."""
        laid = self._desk.look_at_card()
        if self._open is not None:
            return  # one note at a time
        notes = self._desk.notes_for(laid) if isinstance(laid, Laid) else laid
        if not self._acceptor.let_in(() if notes is None or isinstance(notes, Refusal) else notes):
            return  # told again at the next look
        told = (laid.session.idm if isinstance(laid, Laid) else b"", notes)
        if told == self._told:
            return
        self._told = told
        if isinstance(notes, Refusal):
            self._desk.refuse(laid if isinstance(laid, Laid) else None, notes)
        elif isinstance(laid, Laid) and notes is not None:
            self._desk.invite(laid, notes)

    def end(self) -> None:
        """The top-up is over, or the bus moves on: no further note is let in. One in escrow is still seen to."""
        self._told = None
        self._acceptor.let_in(())

    def tend(self) -> None:
        """Ask the acceptor where it stands, and take the one step that follows."""
        if self._lost:
            self._desk.book([NoteMoved(note.intent_seq, note.note_yen, "unsure") for note in self._lost])
            self._lost = ()
        status = self._acceptor.poll()
        self.alarm = status.phase if status.phase in ALARMS else None
        self.kept_inside = False
        if self._open is None:
            self._without_a_note(status)
        else:
            self._with_a_note(status, self._open)

    # -- no note under way

    def _without_a_note(self, status: Status) -> None:
        if status.phase in _IN_ESCROW:
            if self._desk.topping_up and status.note_yen:
                self._offer(status.note_yen)
            else:
                self._acceptor.give_back()
        elif status.phase is Phase.IN_BOX:
            self._acceptor.confirm()  # booked before; only its confirmation was lost
        elif status.phase in _POWER_UPS:
            self._acceptor.restart()
        elif status.phase is Phase.IDLE and not self._desk.topping_up:
            self._acceptor.let_in(())

    def _offer(self, note_yen: int) -> None:
        """A note in escrow: the card is read anew, for the cap is looked at in the one write (faults 42)."""
        laid = self._desk.look_at_card()
        if not isinstance(laid, Laid):
            self._acceptor.give_back()
            self._desk.refuse(None, laid or Refusal(Code.TOUCH_AGAIN, "LOC-8"))
            return
        top_up = self._desk.judge(laid, note_yen)
        if isinstance(top_up, Refusal):
            self._acceptor.give_back()
            self._desk.refuse(laid, top_up)
            return
        begun = self._desk.write(laid, top_up)
        if begun is None:
            self._acceptor.give_back()
            return
        written = None if begun.fate is Fate.UNKNOWN else begun.fate is Fate.WRITTEN
        self._open = OpenNote(begun.intent_seq, note_yen, written, stacking=False)
        self._since_s = self._clock()
        self._settle_in_escrow(self._open)

    # -- a note whose card was, or may have been, written

    def _with_a_note(self, status: Status, note: OpenNote) -> None:
        phase = status.phase
        if phase in _IN_ESCROW:
            self._settle_in_escrow(self._asked_of_the_card(note))
        elif phase is Phase.IN_BOX:
            if self._ends("box"):
                self._acceptor.confirm()
        elif phase is Phase.STACKED:
            self._ends("box")
        elif phase is Phase.POWER_UP_NOTE_IN_BOX:
            if self._ends("box"):
                self._acceptor.restart()
        elif phase is Phase.POWER_UP:
            if self._ends("unsure" if note.stacking else "returned"):
                self._acceptor.restart()
        elif phase is Phase.POWER_UP_NOTE_INSIDE:
            self._kept(self._asked_of_the_card(note))
        elif phase in _NOT_INSIDE:
            # In the box it would be said so until confirmed, and nothing was confirmed: it went back.
            self._ends("returned")

    def _asked_of_the_card(self, note: OpenNote) -> OpenNote:
        """The note, after the card was looked at if it alone can tell; looking settles what is pending on it."""
        if note.written is None and self._desk.topping_up:
            self._desk.look_at_card()
        return self._open or note

    def _settle_in_escrow(self, note: OpenNote) -> None:
        if note.written is False:
            self._acceptor.give_back()
        elif note.written or not 0 <= self._clock() - self._since_s < HOLD_S:
            self._stack(note)
        else:
            self._acceptor.hold()

    def _stack(self, note: OpenNote) -> None:
        """A journal that has failed can't take "stacking": the intent is durable, and the restart finds the note."""
        if not note.stacking:
            self._desk.book([NoteMoved(note.intent_seq, note.note_yen, "stacking")])
            self._open = note._replace(stacking=True)
        self._acceptor.stack()

    def _kept(self, note: OpenNote) -> None:
        """Started again, the acceptor gives the note back: at once if the card has nothing of it, else only when the
        driver stands there.
        """
        if note.written is False or self._released:
            self._released = False
            self._acceptor.restart()
        else:
            self.kept_inside = True

    def _ends(self, to: Move) -> bool:
        """Where the note ended, and who owes what if the card did not, or may not have ended alike; durable."""
        note = self._open
        assert note is not None
        records: list[NoteMoved | Voucher] = [NoteMoved(note.intent_seq, note.note_yen, to)]
        owes: Owes | None = None
        if to == "box" and not note.written:
            owes = "operator"
        elif to == "returned" and note.written is not False:
            owes = "passenger"
        if owes is not None:
            records.append(Voucher(note.intent_seq, note.note_yen, owes))
        booked = self._desk.book(records)
        if booked:
            self._open, self._told = None, None
        return booked

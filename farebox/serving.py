"""A card from the look to the write: the steps that a tap, a top-up and whatever else writes a card have in common."""

from cardimage.layout.bits import LayoutFault
from cardimage.layout.days import SHADOW_LAYOUT
from cardimage.layout.history import HistoryRow
from cardimage.layout.slots import decode_slot
from cardimage.resolve import Fate, Row
from cardimage.write_plan import plan
from farebox.formats.journal import Intent
from farebox.readers import Field, There
from farebox.records import Commit
from farebox.result import Result, Side
from farebox.runner import Runner
from farebox.table import Event, State
from farebox.top_up_flow import TopUpFlow
from reader import card
from reader.port import ReaderFault, Session
from tariff.refusal import Code, Refusal

_DRIVER_DECIDES = {Code.NO_BOARDING: Event.BOARDING_UNKNOWN, Code.SHORT: Event.FARE_SHORT}


def driver_decides(refusal: Refusal) -> bool:
    """Whether the driver is asked, instead of the passenger being sent away (GEN-7, GEN-10)."""
    return refusal.code in _DRIVER_DECIDES


class Serving:
    """Looks, reads, refuses and writes; what it comes to is shown and journalled by the runner."""

    def __init__(self, runner: Runner, field: Field) -> None:
        """Take the runner and what lies on the readers."""
        self.runner = runner
        self.field = field
        self.notes: TopUpFlow | None = None
        """The notes of the acceptor, if there is one: they are told what becomes of cards and readers."""

    def look(self, side: Side) -> There | None:
        """What lies on a reader; a reader that is lost, or is back, is seen to on the way."""
        there = self.field.look(side)
        if isinstance(there, ReaderFault):
            self._lost()
            return None
        if self.runner.state is State.NO_READER and not self.field.faults:
            self.runner.fire(Event.READER_BACK)
        return there

    def lose(self, side: Side, fault: ReaderFault) -> None:
        """A reader is gone in the middle of a card."""
        self.field.lose(side, fault)
        self._lost()

    def _lost(self) -> None:
        if self.runner.state in (State.READY, State.TOPPING_UP, State.CANCELLING, State.READING):
            self.close_notes()
            self.runner.result = None
            self.runner.fire(Event.READER_LOST)

    def close_notes(self) -> None:
        """No further note is let in, if any is."""
        if self.notes is not None and self.runner.state is State.TOPPING_UP:
            self.notes.end()

    def read(self, session: Session) -> tuple[card.CardRead | Refusal | ReaderFault, Intent | None]:
        """The card as it stands, and a write of it that was pending and is now seen to have been done."""
        runner = self.runner
        slots = card.read_slots(session)
        if isinstance(slots, (Refusal, ReaderFault)):
            return slots, None
        if session.write_count < (seen := runner.seen.most_writes(session.idm)) and not _are_a_shadows(slots):
            return Refusal(Code.ALTERED_CARD, "faults 12", f"{session.write_count} writes, {seen} seen"), None
        runner.seen.note(session.idm, session.write_count)
        confirmed = self._settle_pending(session, slots)
        if isinstance(confirmed, (Refusal, ReaderFault)):
            return confirmed, None
        if runner.stopped:
            return Refusal(Code.OUT_OF_SERVICE, "faults 20"), confirmed
        return runner.beliefs.orders.refuses(session.idm) or card.read_account(session, slots), confirmed

    def tell(self, blank: Result, read: card.CardRead | Refusal | ReaderFault, confirmed: Intent) -> None:
        """A look that settled an earlier write and comes to nothing that is shown: its passenger is told of that."""
        account = read.account if isinstance(read, card.CardRead) else None
        refusal = Refusal(Code.TOUCH_AGAIN, "faults 7") if isinstance(read, ReaderFault) else None
        if isinstance(read, Refusal):
            refusal = read
        self.runner.show(blank._replace(refusal=refusal, before=account, after=account, confirmed=confirmed))

    def _settle_pending(self, session: Session, slots: card.Slots) -> Intent | Refusal | ReaderFault | None:
        """The card of an unknown write is back; its slots say what became of it, and its history row whose it was
        (faults 3 to 5). Gives it if done; a row that could not be read leaves it pending.
        """
        runner = self.runner
        pending = runner.pending.get(session.idm)
        if pending is None:
            return None
        block = pending.row_block(*slots, session.write_count)
        found = b"" if block is None else card.read_row(session, block)
        if not isinstance(found, bytes):
            return found
        end = pending.fate(*slots, session.write_count, Row(pending.intent.history_row, found) if found else None)
        del runner.pending[session.idm]
        runner.settled = (pending, end)
        runner.fire(Event.PENDING_SETTLED)
        if self.notes is not None:
            self.notes.card_ended(pending.intent_seq, end)
        if end is not Fate.WRITTEN:
            return None
        if pending.intent.action in ("board", "alight"):
            runner.told.done(session.idm, ride_over=pending.intent.action == "alight")
        return pending.intent

    def refuse(self, blank: Result, refusal: Refusal) -> None:
        """Journal and show a refusal; the driver is asked where it is the driver's to decide."""
        runner = self.runner
        runner.result = blank._replace(refusal=refusal)
        if runner.stopped:
            runner.show(runner.result)
            return
        if driver_decides(refusal):
            runner.told.asked = blank.idm
        runner.fire(_DRIVER_DECIDES.get(refusal.code, Event.TAP_REFUSED))

    def write(
        self,
        session: Session,
        read: card.CardRead,
        blank: Result,
        done: Result,
        judged: Event,
        history: HistoryRow | None = None,
    ) -> Fate | None:
        """Intent, card, outcome; `judged` leads there, and `done` is shown if the card is written, else `blank` with
        why not. None: the card was not touched, as it can't hold `done.after`, or the journal can't take the intent.
        """
        runner = self.runner
        assert done.after is not None and done.service is not None
        try:
            writes = plan(read.now, read.account, done.after, history)
        except LayoutFault as fault:
            self.refuse(blank, Refusal(Code.TOO_LARGE, "GEN-1", str(fault)))
            return None
        runner.commit = Commit(
            *(session, done.service, read.now, read.account, done.after, writes),
            alighted=done.alighted,
            top_up=done.topped_up,
            cancelled=done.cancelled,
        )
        runner.result = done
        runner.fire(judged)
        if runner.stopped:
            return None
        fate = runner.end.fate
        if fate is Fate.WRITTEN:
            runner.fire(Event.CARD_WRITTEN)
            return fate
        unknown = fate is Fate.UNKNOWN
        self.field.serve_again()
        runner.result = blank._replace(refusal=Refusal(Code.TOUCH_AGAIN, "faults 3" if unknown else "faults 2"))
        runner.fire(Event.CARD_UNKNOWN if unknown else Event.CARD_UNCHANGED)
        return fate


def _are_a_shadows(slots: card.Slots) -> bool:
    """Whether these are slots of a bench's stand-in for a recorded card (模擬): made anew each time, it has no past."""
    return any(slot is not None and slot.layout == SHADOW_LAYOUT for slot in map(decode_slot, slots))

"""What a top-up needs of the terminal: `farebox.top_up_flow.Desk`."""

from collections.abc import Callable, Iterable

from cardimage.resolve import Fate
from cardimage.write_plan import next_sequence
from farebox.formats.journal import NoteMoved, Voucher
from farebox.place import PlaceKind
from farebox.result import Result, Side
from farebox.serving import Serving
from farebox.table import Event, State
from farebox.tap import Service
from farebox.top_up import Halt, TopUp, judge, takes
from farebox.top_up_flow import Begun, Laid
from reader import card
from reader.port import Foreign, ReaderFault, TwoCards
from tariff.calendar import day_in_japan
from tariff.refusal import Code, Refusal


class TopUpDesk:
    """The card and the journal of a top-up, on the reader that the driver was asked at."""

    def __init__(self, serving: Serving, halt: Callable[[], Halt]) -> None:
        """`halt` is what the vehicle says of its standing still (LOC-9)."""
        self.side = Side.ALIGHTING
        self.confirmed = False
        """Whether the driver says that the vehicle stands at a stop."""
        self._serving = serving
        self._runner = serving.runner
        self._halt = halt

    def halt(self) -> Halt:
        """What is known of the vehicle's standing still, the driver's word included (LOC-9)."""
        halt = self._halt()
        return halt._replace(confirmed=True) if self.confirmed else halt

    @property
    def topping_up(self) -> bool:
        """Whether the driver has asked for a top-up, and it is not over."""
        return self._runner.state is State.TOPPING_UP

    def look_at_card(self) -> Laid | Refusal | None:
        """Look once at the reader; a write of that card that was pending is settled on the way. None: no card."""
        serving = self._serving
        there = serving.look(self.side)
        if there is None:
            return None
        serving.field.served(self.side, there)
        if isinstance(there, TwoCards):
            return Refusal(Code.TWO_CARDS, "GEN-6")
        if isinstance(there, Foreign):
            return Refusal(Code.FOREIGN_CARD, "GEN-21", f"system {there.system_code:04X}")
        read, confirmed = serving.read(there)
        if confirmed is not None:
            serving.tell(self._blank(there.idm), read, confirmed)
        if isinstance(read, ReaderFault):
            serving.lose(self.side, read)
            return None
        return read if isinstance(read, Refusal) else Laid(there, read)

    def judge(self, laid: Laid, note_yen: int) -> TopUp | Refusal:
        """Judge a note for a card as it lies there."""
        return judge(laid.read.account, note_yen, self._service, self.halt(), self._runner.clock())

    def notes_for(self, laid: Laid) -> tuple[int, ...] | Refusal:
        """The notes that it would take now."""
        return takes(laid.read.account, self._service, self.halt(), self._runner.clock())

    def write(self, laid: Laid, top_up: TopUp) -> Begun | None:
        """Journal the intent, write the card, journal its outcome, show it. None: not journalled, card untouched."""
        blank = self._of(laid)
        done = blank._replace(after=top_up.after, topped_up=top_up)
        row = top_up.history(next_sequence(laid.read.now), day_in_japan(blank.at_s), self._runner.mark())
        fate = self._serving.write(laid.session, laid.read, blank, done, Event.NOTE_JUDGED, row)
        return Begun(self._runner.intent_in_hand().intent_seq, fate) if isinstance(fate, Fate) else None

    def refuse(self, laid: Laid | None, refusal: Refusal) -> None:
        """Journal and show a refusal."""
        if self._runner.state in (State.TOPPING_UP, State.STOPPED):
            self._serving.refuse(self._looked_at(laid), refusal)

    def invite(self, laid: Laid, notes_yen: tuple[int, ...]) -> None:
        """Show that notes may be put in."""
        self._runner.result = self._looked_at(laid)._replace(notes_yen=notes_yen)
        self._runner.show(self._runner.result)

    def book(self, records: Iterable[NoteMoved | Voucher]) -> bool:
        """Each is written before the next step is taken; a journal that fails stops the terminal."""
        return self._runner.book(records)

    @property
    def _service(self) -> Service:
        service = self._runner.service
        assert service is not None
        return service

    def _looked_at(self, laid: Laid | None) -> Result:
        """What is shown of a card that was laid: at a machine its last uses too, unless it leaves (GEN-13)."""
        blank = self._of(laid)
        if laid is None or self._service.place is not PlaceKind.TOP_UP_MACHINE:
            return blank
        rows = card.read_history(laid.session, laid.read.now)
        return blank if isinstance(rows, Refusal | ReaderFault) else blank._replace(history=rows)

    def _of(self, laid: Laid | None) -> Result:
        return self._blank(laid.session.idm)._replace(before=laid.read.account) if laid else self._blank(b"")

    def _blank(self, idm: bytes) -> Result:
        return Result(self.side, idm, self._runner.clock(), self._runner.service)

"""The fare box: a card comes near a reader, is judged, is written, and the result is shown.

    terminal = Terminal(vehicle_id, readers, open_journal(path), machine, clock, show)
    terminal.begin_trip(service); terminal.touch(Side.BOARDING); terminal.advance(1); terminal.touch(Side.ALIGHTING)

The order of one tap, which every promise rests on: read, judge, journal the intent and flush it, write what is staged,
commit by one block, journal the outcome. The machine (farebox/table.py) says which step is legal, `farebox.runner` is
the one runner of its effects, `farebox.serving` the way of a card from the look to the write.
"""

from collections.abc import Callable
from contextlib import suppress

from cardimage.resolve import Fate
from cardimage.write_plan import next_sequence
from farebox.beliefs import Beliefs
from farebox.cancelling import judge_cancelling
from farebox.clock import ALWAYS, Trust
from farebox.formats.journal import DUTY_ENDED, Opened
from farebox.hotlist import Age
from farebox.journal.errors import JournalFault, JournalFull
from farebox.journal.log import Recovered
from farebox.machine import IllegalEvent, StateMachine
from farebox.papers import ACTION as PAPER
from farebox.papers import Paper
from farebox.peripherals.note_acceptor import NoteAcceptor
from farebox.readers import Field, Readers, There
from farebox.result import Result, Side
from farebox.runner import Runner
from farebox.serving import Serving, driver_decides
from farebox.table import Event, State
from farebox.tap import (
    Alight,
    Board,
    Keep,
    Keyed,
    Note,
    NoteCode,
    Service,
    closes_a_ride,
    judge_alighting,
    judge_boarding,
    ride_settled,
)
from farebox.tear import Pending
from farebox.terms import NO_ORDERS, Orders, terms_of
from farebox.told import Told, named
from farebox.top_up import Halt, not_at_stop
from farebox.top_up_desk import TopUpDesk
from farebox.top_up_flow import TopUpFlow
from farebox.version import VERSION
from reader import card
from reader.port import Foreign, ReaderFault, Session, TwoCards
from tariff.purses import Payment
from tariff.refusal import Code, Refusal
from tariff.riders import Party
from tariff.single_tap import Taps

_ASKING = (State.ASKING_STOP, State.ASKING_PAYMENT)
_WHY_OUT = {State.NO_READER: "faults 7", State.STOPPED: "faults 20"}


class Terminal:
    """One fare box. Single-threaded: whoever owns it calls `touch` for each reader in turn."""

    def __init__(
        self,
        vehicle_id: str,
        readers: Readers,
        recovered: Recovered,
        machine: StateMachine,
        clock: Callable[[], int],
        show: Callable[[Result], None],
        orders: Orders = NO_ORDERS,
        trust: Callable[[], Trust] = lambda: ALWAYS,
        note_acceptor: NoteAcceptor | None = None,
        halt: Callable[[], Halt] = Halt,
    ) -> None:
        """Take the parts; `clock` gives seconds since 1970, `halt` what the vehicle says of its standing still (LOC-9).
        Raises JournalFault if the journal can't be begun.

        `orders` is what the centre said last: whoever fetches more sets it anew between taps. `trust` says whether the
        clock is believed (faults 25).

        What the recovered journal holds open is pending from the start (faults 4). The record of its opening is made
        durable, and vouches for everything before it.
        """
        self.vehicle_id = vehicle_id
        self._journal = recovered.journal
        self._clock = clock
        self._halt = halt
        self._beliefs = Beliefs(orders, trust, clock)
        self._told = Told()
        self._field = Field(readers)
        self._runner = Runner(vehicle_id, recovered, machine, clock, show, self._beliefs, self._told)
        self._serving = Serving(self._runner, self._field)
        self._alighted: dict[bytes, Result] = {}
        self._top_up_desk = TopUpDesk(self._serving, halt)
        self.notes: TopUpFlow | None = None
        if note_acceptor is not None:
            self.notes = TopUpFlow(note_acceptor, self._top_up_desk, clock, recovered.standing.open_notes())
        self._serving.notes = self.notes
        self._journal.append(Opened(vehicle_id, f"farebox {VERSION}", recovered.cut_bytes), clock())
        self._runner.note_beliefs(clock())
        self._journal.flush()

    @property
    def state(self) -> State:
        """Where the state machine stands."""
        return self._runner.state

    @property
    def service(self) -> Service | None:
        """The trip it is on, and where; None out of service."""
        return self._runner.service

    @property
    def orders(self) -> Orders:
        """What the centre said last."""
        return self._beliefs.orders

    @orders.setter
    def orders(self, orders: Orders) -> None:
        self._beliefs.orders = orders

    @property
    def journal_fault(self) -> JournalFault | None:
        """What stopped the terminal for good, if anything did (faults 20, 21)."""
        return self._runner.journal_fault

    @property
    def reader_faults(self) -> dict[Side, ReaderFault]:
        """The readers that are gone, and why."""
        return self._field.faults

    @property
    def pending(self) -> dict[bytes, Pending]:
        """Writes whose end is not known, by IDm."""
        return dict(self._runner.pending)

    @property
    def asked(self) -> bytes:
        """The card the driver is asked about, or empty."""
        return self._told.asked if self.state in _ASKING else b""

    @property
    def expects_party(self) -> bool:
        """Whether a party was told of whose card has not come to the exit yet (LOC-15)."""
        return self._told.expecting

    @property
    def trust(self) -> Trust:
        """Whether the clock is believed now (faults 25)."""
        return self._beliefs.trust

    @property
    def hotlist_age(self) -> Age | None:
        """How old the hotlist is by now: other than fresh is an alarm (faults 39). None: there never was one, or nobody
        knows for want of a trusted clock.
        """
        return self._beliefs.hotlist_age

    # -- the trip

    def begin_trip(self, service: Service) -> None:
        """Go into service on a trip. Raises IllegalEvent, and changes nothing, if one is on already."""
        if self.state is not State.OUT_OF_SERVICE:
            raise IllegalEvent(Event.BEGIN_TRIP, self.state)
        self._runner.service = service
        self._alighted.clear()
        self._runner.fire(Event.BEGIN_TRIP)

    def advance(self, stop_index: int) -> None:
        """The vehicle stands at another stop. A question still open is dropped: its rider has left."""
        service = self._on_a_trip(Event.ADVANCE)
        if not 0 <= stop_index < service.table.size:
            raise ValueError(f"no place {stop_index} on {service.table.pattern.pattern_id}")
        self._serving.close_notes()
        self._runner.fire(Event.ADVANCE)
        self._runner.service = service._replace(stop_index=stop_index)

    def end_trip(self) -> None:
        """Go out of service, and make the trip's records durable."""
        self._serving.close_notes()
        self._runner.fire(Event.END_TRIP)
        self._runner.service = None
        self._runner.guarded(self._journal.flush)

    def end_duty(self) -> None:
        """The driver's duty is over: what the journal holds is sealed, so that it can leave the bus (faults 36).

        A disk without room leaves it unsealed; the next trip then says so.
        """

        def seal() -> None:
            with suppress(JournalFull):
                self._journal.seal()
                self._runner.note_anew()

        self._runner.guarded(seal)

    def flush(self) -> None:
        """What was journalled so far is durable; a journal that fails stops the terminal (faults 20)."""
        self._runner.guarded(self._journal.flush)

    def sign_off(self) -> None:
        """The driver has ended the duty: the journal says so and is sealed. What follows is the next duty's."""
        self._runner.driver_word = (b"", DUTY_ENDED, "")
        self._runner.fire(Event.DUTY_ENDED)
        self.end_duty()

    # -- the driver

    def answer_stop(self, boarded: int) -> None:
        """The driver keys where the passenger boarded (GEN-7); the card is judged anew at its next touch."""
        service = self._on_a_trip(Event.DRIVER_ANSWERED)
        if not service.may_have_boarded(boarded):
            raise ValueError(f"nobody can have boarded at place {boarded} before place {service.stop_index}")
        name = service.table.pattern.stop_names[boarded]
        self._answer(self._told.for_asked._replace(boarded=boarded), ("boarded-at", name))

    def answer_payment(self, payment: Payment) -> None:
        """The driver keys how the passenger pays (GEN-10); the card is judged anew at its next touch."""
        self._answer(self._told.for_asked._replace(payment=payment), ("pays", payment))

    def drop_question(self) -> None:
        """The driver gives the question up: nothing is taken, the ride stays open; or the cancelling, and nothing is
        taken back.
        """
        self._field.serve_again()
        self._runner.fire(Event.DRIVER_DROPPED)

    def expect_party(self, party: Party) -> None:
        """The driver was told who rides on the card that is tapped at the exit next (LOC-15), or saw who is eligible
        (GEN-12). It stays with that card until its ride is settled; if no such card came, driving on forgets it.
        """
        self._runner.driver_word = (b"", "party", ", ".join(named(party)))
        self._runner.fire(Event.PARTY_TOLD)
        self._told.expect(party)

    def log_paper(self, kind: str, yen: int) -> None:
        """A ride that no card pays: a slip or a pass of paper was shown, or coupons of paper taken (LOC-19, IGP-13)."""
        self._runner.driver_word = (b"", PAPER, Paper(kind, yen).told)
        self._runner.fire(Event.PAPER_SHOWN)

    def begin_cancelling(self) -> None:
        """A settlement was made wrong (GEN-22): the card laid next is the one that it is taken back from. Then it is
        laid again for the right one. `drop_question` gives it up; so does driving on.
        """
        if self.state is not State.READY:
            raise IllegalEvent(Event.CANCEL_BEGUN, self.state)
        self._runner.driver_word = (b"", "cancel", "")
        self._runner.fire(Event.CANCEL_BEGUN)
        self._field.serve_again()

    def begin_history(self) -> None:
        """The driver is asked for a card's history (GEN-13): the card laid next is only looked at, no tap is made.
        `drop_question` gives it up; so does driving on.
        """
        self._runner.fire(Event.HISTORY_ASKED)
        self._field.serve_again()

    def _on_a_trip(self, event: Event) -> Service:
        if self.service is None:
            raise IllegalEvent(event, self.state)
        return self.service

    def _answer(self, keyed: Keyed, word: tuple[str, str]) -> None:
        self._runner.driver_word = (self._told.asked, *word)
        self._runner.fire(Event.DRIVER_ANSWERED)
        self._told.answer(keyed)
        self._field.serve_again()

    # -- a top-up

    def begin_top_up(self, side: Side = Side.ALIGHTING, *, confirmed: bool = False) -> Refusal | None:
        """The driver is asked for a top-up (LOC-8): the card is laid on this side's reader, and stays there.

        `confirmed`: the driver says that the bus stands at a stop (LOC-9); it holds for this top-up alone.
        From here on `touch` of that reader looks at the card, `tend` at the notes. A refusal changes nothing; nor does
        IllegalEvent, which it raises unless the terminal is ready, or asks how a fare is paid (GEN-10).
        """
        if self.state not in (State.READY, State.ASKING_PAYMENT):
            raise IllegalEvent(Event.TOP_UP_BEGUN, self.state)
        if self.notes is None:
            return Refusal(Code.NO_NOTES, "faults 43")
        if self.notes.alarm is not None:
            return Refusal(Code.NO_NOTES, "faults 43", self.notes.alarm.value)
        self._top_up_desk.confirmed = confirmed
        refusal = not_at_stop(self._top_up_desk.halt())
        if refusal is not None:
            return refusal
        self._runner.driver_word = (b"", "top-up", "")
        self._top_up_desk.side = side
        self._runner.fire(Event.TOP_UP_BEGUN)
        self._field.serve_again()
        return None

    @property
    def needs_word(self) -> bool:
        """Whether the driver is to say that the bus stands at a stop: no signal does, nor that it moves (LOC-9)."""
        halt = self._halt()
        return not halt.speed_kmh and not_at_stop(halt) is not None

    def end_top_up(self) -> None:
        """The passenger has finished: no further note is let in. The card is served again once it was lifted."""
        if self.state is not State.TOPPING_UP:
            raise IllegalEvent(Event.TOP_UP_ENDED, self.state)
        self._serving.close_notes()
        self._runner.fire(Event.TOP_UP_ENDED)

    def tend(self) -> None:
        """Look once at the note acceptor, in any state, and do what follows."""
        if self.notes is not None:
            self.notes.tend()

    # -- a tap

    def touch(self, side: Side) -> Result | None:
        """Look once at a reader and serve the card that lies there. None: no card, or one that was served already.

        A card is served once for each time it is laid, so that it may lie for as long as it likes.
        """
        runner = self._runner
        if self.state is State.TOPPING_UP and self._field.is_one_reader(side, self._top_up_desk.side):
            assert self.notes is not None
            self._top_up_desk.side = side  # where one reader serves both sides, what whoever looks at it calls it
            runner.result = None
            self.notes.look()
            return runner.result
        there = self._serving.look(side)
        if there is None or not self._field.serve(side, there):
            return None
        runner.result = None
        self._serve(side, there)
        return runner.result

    def _serve(self, side: Side, there: There) -> None:
        idm = b"" if isinstance(there, TwoCards) else there.idm
        blank = Result(side, idm, self._clock(), self.service)
        if self.state is State.TOPPING_UP:
            return self._serving.refuse(blank, Refusal(Code.BUSY, "faults 15"))
        if self.service is None or self.state not in (State.READY, State.CANCELLING, State.READING, *_ASKING):
            return self._serving.refuse(blank, Refusal(Code.OUT_OF_SERVICE, _WHY_OUT.get(self.state, "faults 16")))
        if isinstance(there, TwoCards):
            return self._serving.refuse(blank, Refusal(Code.TWO_CARDS, "GEN-6"))
        if self.asked:
            if idm != self.asked:
                self._serving.refuse(blank, Refusal(Code.BUSY, "faults 15"))
            return None
        if isinstance(there, Foreign):
            return self._serving.refuse(blank, Refusal(Code.FOREIGN_CARD, "GEN-21", f"system {there.system_code:04X}"))
        return self._serve_card(side, blank, there, self.service)

    def _serve_card(self, side: Side, blank: Result, session: Session, service: Service) -> None:
        read, confirmed = self._serving.read(session)
        if isinstance(read, ReaderFault):
            if confirmed is not None:
                self._serving.tell(blank, read, confirmed)
            return self._serving.lose(side, read)
        if isinstance(read, Refusal):
            if read.code is Code.TOUCH_AGAIN:
                self._field.serve_again()
            return self._serving.refuse(blank._replace(confirmed=confirmed), read)
        blank = blank._replace(before=read.account, confirmed=confirmed)
        cancelled = confirmed is not None and confirmed.action == "cancel" and read.now.block == confirmed.slot_after
        if cancelled:
            self._alighted.pop(session.idm, None)
        if self.state is State.READING:
            return self._read_history(side, blank, session, read)
        if cancelled:
            return self._keep(blank, Keep(Note(NoteCode.SETTLEMENT_CANCELLED, "GEN-22", service.stop_name)))
        if self.state is State.CANCELLING:
            return self._cancel(blank, session, read, service)
        if blank.confirmed is not None and blank.confirmed.action == "alight":
            kept = ride_settled(read.account, service)
            if kept is not None:
                self._keep(blank._replace(side=Side.ALIGHTING), kept)
                self._alighted[session.idm] = blank._replace(after=read.account)
                return None
        if side is Side.EITHER or service.taps is not Taps.BOTH:
            first = self._alighted.get(session.idm)
            closes = closes_a_ride(read.account, service) or (
                first is not None and _within_guard(first, blank, service)
            )
            blank = blank._replace(side=Side.ALIGHTING if closes else Side.BOARDING)
        return self._judge(blank, session, read, service)

    def _judge(self, blank: Result, session: Session, read: card.CardRead, service: Service) -> None:
        first = self._alighted.get(session.idm) if blank.side is Side.ALIGHTING else None
        boards = blank.side is Side.BOARDING
        terms = terms_of(
            *(read.account, session.idm, service, blank.at_s, self.orders),
            boards=boards,
            trusted=self.trust.trusted,
        )
        decision: Board | Alight | Keep | Refusal
        if isinstance(terms, Refusal):
            return self._serving.refuse(blank, terms)
        if boards:
            decision = judge_boarding(terms.account, terms.service, blank.at_s)
        elif first is not None and _within_guard(first, blank, service):
            decision = Keep(Note(NoteCode.FIRST_RESULT_SHOWN, "GEN-9", service.stop_name))
        else:
            decision = judge_alighting(
                terms.account,
                terms.service,
                blank.at_s,
                self._told.keyed(session.idm),
                self._told.party(session.idm),
                terms.held,
            )
        decision = terms.laid_on(decision)
        if isinstance(decision, Alight) or (isinstance(decision, Refusal) and driver_decides(decision)):
            self._told.bind_party(session.idm)
        match decision:
            case Refusal():
                self._serving.refuse(blank, decision)
            case Keep():
                # Gone after a restart; the card's word has to do.
                self._keep(blank._replace(alighted=first.alighted if first else None), decision)
            case Alight():
                self._write(blank, session, read, decision)
            case Board():
                self._write(blank, session, read, decision)
        return None

    def _read_history(self, side: Side, blank: Result, session: Session, read: card.CardRead) -> None:
        rows = card.read_history(session, read.now)
        if isinstance(rows, ReaderFault):
            return self._serving.lose(side, rows)
        if isinstance(rows, Refusal):
            self._field.serve_again()
            return self._serving.refuse(blank, rows)
        self._runner.result = blank._replace(history=rows)
        return self._runner.fire(Event.HISTORY_READ)

    def _cancel(self, blank: Result, session: Session, read: card.CardRead, service: Service) -> None:
        settled = self._runner.standing.settled(session.idm)
        decision = judge_cancelling(read, session.write_count, service, settled)
        if isinstance(decision, Refusal):
            return self._serving.refuse(blank, decision)
        done = blank._replace(after=decision.after, cancelled=decision)
        if self._serving.write(session, read, blank, done, Event.CANCEL_JUDGED) is Fate.WRITTEN:
            self._alighted.pop(session.idm, None)
        return None

    def _keep(self, blank: Result, decision: Keep) -> None:
        self._runner.result = blank._replace(after=blank.before, notes=(decision.note,))
        self._runner.fire(Event.TAP_KEPT)

    def _write(self, blank: Result, session: Session, read: card.CardRead, decision: Board | Alight) -> None:
        """Intent, card, outcome. If the journal can't take the intent, the card is not touched."""
        alighted = decision if isinstance(decision, Alight) else None
        after = decision.settlement.after if isinstance(decision, Alight) else decision.after
        history = alighted.history(next_sequence(read.now), self._runner.mark()) if alighted else None
        done = blank._replace(after=after, alighted=alighted, notes=decision.notes)
        if self._serving.write(session, read, blank, done, Event.TAP_JUDGED, history) is Fate.WRITTEN:
            self._told.done(session.idm, ride_over=alighted is not None)
            if alighted:
                self._alighted[session.idm] = done


def _within_guard(first: Result, now: Result, service: Service) -> bool:
    """Whether a tap at the exit is the first over again: within the guard time, the card as it was left (GEN-9).

    A clock that went back says nothing; the card's own record of its last stop then has to do (faults 24).
    """
    unchanged = now.before is not None and first.after is not None and now.before.ride == first.after.ride
    return unchanged and 0 <= now.at_s - first.at_s < service.rulebook.guard_s

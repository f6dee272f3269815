"""The fare box: a card comes near a reader, is judged, is written, and the result is shown.

    terminal = Terminal(vehicle_id, readers, open_journal(path), machine, clock, show)
    terminal.begin_trip(service); terminal.touch(Side.BOARDING); terminal.advance(1); terminal.touch(Side.ALIGHTING)

The order of one tap, which every promise rests on: read, judge, journal the intent and flush it, write what is staged,
commit by one block, journal the outcome. The machine (farebox/table.py) says which step is legal; this is the one
runner of its effects.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from cardimage.layout.bits import LayoutFault
from cardimage.layout.days import SHADOW_LAYOUT
from cardimage.layout.slots import decode_slot
from cardimage.resolve import Fate
from cardimage.write_plan import next_sequence, plan
from farebox import card, records
from farebox.clock import ALWAYS, Trust, noted
from farebox.formats.journal import Intent, NoteMoved, Opened, TripEnded, Voucher
from farebox.hotlist import Age, age
from farebox.hotlist import noted as hotlist_noted
from farebox.journal.errors import JournalFault, JournalFull
from farebox.journal.log import Recovered
from farebox.machine import IllegalEvent, StateMachine
from farebox.peripherals.note_acceptor import NoteAcceptor
from farebox.records import Commit
from farebox.result import Result, Side
from farebox.table import Effect, Event, State
from farebox.tap import (
    NOTHING_KEYED,
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
from farebox.tear import Pending, pending_from
from farebox.terms import NO_ORDERS, Orders, terms_of
from farebox.top_up import Halt, TopUp, judge, not_at_stop, takes
from farebox.top_up_flow import Begun, Laid, TopUpFlow
from farebox.version import VERSION
from reader.port import CardReader, Foreign, NoCard, ReaderFault, Session, TwoCards
from tariff.purses import Payment
from tariff.refusal import Code, Refusal
from tariff.riders import HOLDER_ALONE, Party
from tariff.single_tap import Taps

_DRIVER_DECIDES = {Code.NO_BOARDING: Event.BOARDING_UNKNOWN, Code.SHORT: Event.FARE_SHORT}
_ASKING = (State.ASKING_STOP, State.ASKING_PAYMENT)
_TWO_CARDS = b""
"""In place of an IDm. Until the field is empty again nothing is served there: one of two could answer alone."""
_EMPTY_LOOKS = 4
"""Two cards that answer in the same moment drown each other out: one look that finds nothing does not say that they
are gone."""
_WHY_OUT = {State.NO_READER: "faults 7", State.STOPPED: "faults 20"}
_ENDS = (Effect.JOURNAL_OUTCOME, Effect.JOURNAL_RESOLVED)
"""Room is reserved for these alone (faults 21)."""
MOST_COMPANIONS = 20
"""More can't be told for one card: a record holds so many lines (faults 44)."""


class Readers(NamedTuple):
    """The readers of a bus: entry and exit, or the same one twice."""

    boarding: CardReader
    alighting: CardReader

    def at(self, side: Side) -> CardReader:
        """The reader of a side."""
        return self.alighting if side is Side.ALIGHTING else self.boarding


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
        self.service: Service | None = None
        self.orders = orders
        self.journal_fault: JournalFault | None = None
        self.reader_faults: dict[Side, ReaderFault] = {}
        self._trust = trust
        self._trust_noted = ALWAYS
        self._age_noted: Age | None = None
        self._readers = readers
        self._journal = recovered.journal
        self._machine = machine
        self._clock = clock
        self._show = show
        self._pending = pending_from(recovered.standing)
        self._seen = recovered.standing.seen
        self._keyed: dict[bytes, Keyed] = {}
        self._parties: dict[bytes, Party] = {}
        self._party_told: Party | None = None
        self._asked = b""
        self._lying: dict[Side, bytes] = {}
        self._empty_looks: dict[Side, int] = {}
        self._alighted: dict[bytes, Result] = {}
        # What the effects of the event in hand work on; set before the event is fired.
        self._result: Result | None = None
        self._commit: Commit | None = None
        self._intended: Pending | None = None
        self._end = card.End(Fate.NOT_WRITTEN)
        self._settled: tuple[Pending, Fate] | None = None
        self._driver_word = (b"", "", "")
        self._halt = halt
        self._top_up_side = Side.ALIGHTING
        self.notes: TopUpFlow | None = None
        if note_acceptor is not None:
            self.notes = TopUpFlow(note_acceptor, _Desk(self), clock, recovered.standing.open_notes())
        self._journal.append(Opened(vehicle_id, f"farebox {VERSION}", recovered.cut_bytes), clock())
        self._note_standing(clock())
        self._journal.flush()

    @property
    def state(self) -> State:
        """Where the state machine stands."""
        return self._machine.state

    @property
    def pending(self) -> dict[bytes, Pending]:
        """Writes whose end is not known, by IDm."""
        return dict(self._pending)

    @property
    def asked(self) -> bytes:
        """The card the driver is asked about, or empty."""
        return self._asked if self.state in _ASKING else b""

    @property
    def trust(self) -> Trust:
        """Whether the clock is believed now (faults 25)."""
        return self._trust()

    @property
    def hotlist_age(self) -> Age | None:
        """How old the hotlist is by now: other than fresh is an alarm (faults 39). None: there never was one, or nobody
        knows for want of a trusted clock.
        """
        hotlist = self.orders.hotlist
        if hotlist is None or not self._trust().trusted:
            return None
        return age(hotlist, self._clock(), self.orders.ages)

    # -- the trip

    def begin_trip(self, service: Service) -> None:
        """Go into service on a trip. Raises IllegalEvent, and changes nothing, if one is on already."""
        if self.state is not State.OUT_OF_SERVICE:
            raise IllegalEvent(Event.BEGIN_TRIP, self.state)
        self.service = service
        self._alighted.clear()
        self._fire(Event.BEGIN_TRIP)

    def advance(self, stop_index: int) -> None:
        """The vehicle stands at another stop. A question still open is dropped: its rider has left."""
        service = self._on_a_trip(Event.ADVANCE)
        if not 0 <= stop_index < service.table.size:
            raise ValueError(f"no place {stop_index} on {service.table.pattern.pattern_id}")
        self._close_notes()
        self._fire(Event.ADVANCE)
        self.service = service._replace(stop_index=stop_index)

    def end_trip(self) -> None:
        """Go out of service, and make the trip's records durable."""
        self._close_notes()
        self._fire(Event.END_TRIP)
        self.service = None
        self._guarded(self._journal.flush)

    def end_duty(self) -> None:
        """The driver's duty is over: what the journal holds is sealed, so that it can leave the bus (faults 36).

        A disk without room leaves it unsealed; the next trip then says so.
        """

        def seal() -> None:
            with suppress(JournalFull):
                self._journal.seal()
                self._note_anew()

        self._guarded(seal)

    # -- the driver

    def answer_stop(self, boarded: int) -> None:
        """The driver keys where the passenger boarded (GEN-7); the card is judged anew at its next touch."""
        service = self._on_a_trip(Event.DRIVER_ANSWERED)
        if not 0 <= boarded < service.stop_index:
            raise ValueError(f"nobody can have boarded at place {boarded} before place {service.stop_index}")
        name = service.table.pattern.stop_names[boarded]
        self._answer(self._keyed_for_asked()._replace(boarded=boarded), ("boarded-at", name))

    def answer_payment(self, payment: Payment) -> None:
        """The driver keys how the passenger pays (GEN-10); the card is judged anew at its next touch."""
        self._answer(self._keyed_for_asked()._replace(payment=payment), ("pays", payment))

    def drop_question(self) -> None:
        """The driver gives the question up: nothing is taken, the ride stays open."""
        self._look_again()
        self._fire(Event.DRIVER_DROPPED)

    def expect_party(self, party: Party) -> None:
        """The driver was told who rides on the card that is tapped at the exit next (LOC-15), or saw who is eligible
        (GEN-12). It stays with that card until its ride is settled; if no such card came, driving on forgets it.
        """
        others = (
            *party.companions,
            *(f"family {rider}" for rider in party.family),
            *(f"attendant {attendant.handbook}" for attendant in party.attendants),
            *("luggage" for _ in party.luggage),
        )
        if len(others) > MOST_COMPANIONS:
            raise ValueError(f"{len(others)} companions; at most {MOST_COMPANIONS} on one card")
        riders = (party.holder or "as the card says", *others)
        self._driver_word = (b"", "party", ", ".join(riders))
        self._fire(Event.PARTY_TOLD)
        self._party_told = party

    def log_paper(self, kind: str, yen: int) -> None:
        """A ride that no card pays: a slip or a pass of paper was shown, or coupons of paper taken (LOC-19, IGP-13)."""
        self._driver_word = (b"", "paper", f"{kind}, {yen} yen")
        self._fire(Event.PAPER_SHOWN)

    def _on_a_trip(self, event: Event) -> Service:
        if self.service is None:
            raise IllegalEvent(event, self.state)
        return self.service

    def _keyed_for_asked(self) -> Keyed:
        return self._keyed.get(self._asked, NOTHING_KEYED)

    def _answer(self, keyed: Keyed, word: tuple[str, str]) -> None:
        self._driver_word = (self._asked, *word)
        self._fire(Event.DRIVER_ANSWERED)
        self._keyed[self._asked] = keyed
        self._look_again()

    def _party_of(self, idm: bytes) -> Party:
        """Who rides on a card that is tapped at the exit: what the driver was told, or its holder alone."""
        return self._party_told or self._parties.get(idm, HOLDER_ALONE)

    def _bind_party(self, idm: bytes) -> None:
        """The party that was told is this card's from here on: its ride is settled, or the driver is asked for it."""
        if self._party_told is not None:
            self._parties[idm] = self._party_told
            self._party_told = None

    def _forget(self, idm: bytes, *, ride_over: bool) -> None:
        """A tap was done: what was keyed for it is used up, and the party too once the ride is settled."""
        self._keyed.pop(idm, None)
        if ride_over:
            self._parties.pop(idm, None)

    # -- a top-up

    def begin_top_up(self, side: Side = Side.ALIGHTING) -> Refusal | None:
        """The driver is asked for a top-up (LOC-8): the card is laid on this side's reader, and stays there.

        From here on `touch` of that reader looks at the card, `tend` at the notes. A refusal changes nothing; nor does
        IllegalEvent, which it raises unless the terminal is ready, or asks how a fare is paid (GEN-10).
        """
        if self.state not in (State.READY, State.ASKING_PAYMENT):
            raise IllegalEvent(Event.TOP_UP_BEGUN, self.state)
        if self.notes is None:
            return Refusal(Code.NO_NOTES, "faults 43")
        if self.notes.alarm is not None:
            return Refusal(Code.NO_NOTES, "faults 43", self.notes.alarm.value)
        refusal = not_at_stop(self._halt())
        if refusal is not None:
            return refusal
        self._driver_word = (b"", "top-up", "")
        self._top_up_side = side
        self._fire(Event.TOP_UP_BEGUN)
        self._look_again()
        return None

    def end_top_up(self) -> None:
        """The passenger has finished: no further note is let in. The card is served again once it was lifted."""
        if self.state is not State.TOPPING_UP:
            raise IllegalEvent(Event.TOP_UP_ENDED, self.state)
        self._close_notes()
        self._fire(Event.TOP_UP_ENDED)

    def tend(self) -> None:
        """Look once at the note acceptor, in any state, and do what follows."""
        if self.notes is not None:
            self.notes.tend()

    def _close_notes(self) -> None:
        if self.notes is not None and self.state is State.TOPPING_UP:
            self.notes.end()

    # -- a tap

    def touch(self, side: Side) -> Result | None:
        """Look once at a reader and serve the card that lies there. None: no card, or one that was served already.

        A card is served once for each time it is laid, so that it may lie for as long as it likes.
        """
        if self.state is State.TOPPING_UP and self._readers.at(side) is self._readers.at(self._top_up_side):
            assert self.notes is not None
            self._top_up_side = side  # where one reader serves both sides, what it is called by whoever looks at it
            self._result = None
            self.notes.look()
            return self._result
        there = self._look(side)
        if there is None:
            return None
        idm = _TWO_CARDS if isinstance(there, TwoCards) else there.idm
        if self._lying.get(side) in (idm, _TWO_CARDS):
            self._empty_looks.pop(side, None)
            return None
        self._lying[side] = idm
        self._result = None
        self._serve(side, idm, there)
        return self._result

    def _look(self, side: Side) -> Session | Foreign | TwoCards | None:
        """What lies on a reader, or nothing."""
        there = self._readers.at(side).wait()
        if isinstance(there, ReaderFault):
            self._lost(side, there)
            return None
        self._found(side)
        if isinstance(there, NoCard):
            self._looked_empty(side)
            return None
        return there

    def _looked_empty(self, side: Side) -> None:
        """No card answered: what lay there is gone, two cards only when nothing is heard of them for some looks."""
        if self._lying.get(side) == _TWO_CARDS:
            self._empty_looks[side] = self._empty_looks.get(side, 0) + 1
            if self._empty_looks[side] < _EMPTY_LOOKS:
                return
        self._empty_looks.pop(side, None)
        self._lying.pop(side, None)

    def _look_again(self) -> None:
        """A card that lies there still is served anew; but not one of two."""
        self._lying = {side: idm for side, idm in self._lying.items() if idm == _TWO_CARDS}

    def _serve(self, side: Side, idm: bytes, there: Session | Foreign | TwoCards) -> None:
        blank = Result(side, idm, self._clock(), self.service)
        if self.state is State.TOPPING_UP:
            return self._refuse(blank, Refusal(Code.BUSY, "faults 15"))
        if self.service is None or self.state not in (State.READY, *_ASKING):
            return self._refuse(blank, Refusal(Code.OUT_OF_SERVICE, _WHY_OUT.get(self.state, "faults 16")))
        if isinstance(there, TwoCards):
            return self._refuse(blank, Refusal(Code.TWO_CARDS, "GEN-6"))
        if self.asked:
            if idm != self.asked:
                self._refuse(blank, Refusal(Code.BUSY, "faults 15"))
            return None
        if isinstance(there, Foreign):
            return self._refuse(blank, Refusal(Code.FOREIGN_CARD, "GEN-21", f"system {there.system_code:04X}"))
        return self._serve_card(side, blank, there, self.service)

    def _serve_card(self, side: Side, blank: Result, session: Session, service: Service) -> None:
        read, confirmed = self._read(session)
        blank = blank._replace(confirmed=confirmed)
        if isinstance(read, ReaderFault):
            return self._lost(side, read)
        if isinstance(read, Refusal):
            if read.code is Code.TOUCH_AGAIN:
                self._look_again()
            return self._refuse(blank, read)
        blank = blank._replace(before=read.account)
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

    def _read(self, session: Session) -> tuple[card.CardRead | Refusal | ReaderFault, Intent | None]:
        """The card as it stands, and a write of it that was pending and is now seen to have been done."""
        slots = card.read_slots(session)
        if isinstance(slots, (Refusal, ReaderFault)):
            return slots, None
        if session.write_count < (seen := self._seen.most_writes(session.idm)) and not _are_a_shadows(slots):
            return Refusal(Code.ALTERED_CARD, "faults 12", f"{session.write_count} writes, {seen} seen"), None
        self._seen.note(session.idm, session.write_count)
        confirmed = self._settle_pending(session, slots)
        if self.state is State.STOPPED:
            return Refusal(Code.OUT_OF_SERVICE, "faults 20"), confirmed
        return self.orders.refuses(session.idm) or card.read_account(session, slots), confirmed

    def _judge(self, blank: Result, session: Session, read: card.CardRead, service: Service) -> None:
        first = self._alighted.get(session.idm) if blank.side is Side.ALIGHTING else None
        boards = blank.side is Side.BOARDING
        terms = terms_of(
            *(read.account, session.idm, service, blank.at_s, self.orders),
            boards=boards,
            trusted=self._trust().trusted,
        )
        decision: Board | Alight | Keep | Refusal
        if isinstance(terms, Refusal):
            return self._refuse(blank, terms)
        if boards:
            decision = judge_boarding(terms.account, terms.service, blank.at_s)
        elif first is not None and _within_guard(first, blank, service):
            decision = Keep(Note(NoteCode.FIRST_RESULT_SHOWN, "GEN-9", service.stop_name))
        else:
            decision = judge_alighting(
                terms.account,
                terms.service,
                blank.at_s,
                self._keyed.get(session.idm, NOTHING_KEYED),
                self._party_of(session.idm),
                terms.held,
            )
        decision = terms.laid_on(decision)
        if isinstance(decision, Alight) or (isinstance(decision, Refusal) and decision.code in _DRIVER_DECIDES):
            self._bind_party(session.idm)
        match decision:
            case Refusal():
                self._refuse(blank, decision)
            case Keep():
                # Gone after a restart; the card's word has to do.
                self._keep(blank._replace(alighted=first.alighted if first else None), decision)
            case Alight():
                self._write(blank, session, read, service, decision)
            case Board():
                self._write(blank, session, read, service, decision)
        return None

    def _keep(self, blank: Result, decision: Keep) -> None:
        self._result = blank._replace(after=blank.before, notes=(decision.note,))
        self._fire(Event.TAP_KEPT)

    def _refuse(self, blank: Result, refusal: Refusal) -> None:
        self._result = blank._replace(refusal=refusal)
        if self.state is State.STOPPED:
            self._show(self._result)
            return
        if refusal.code in _DRIVER_DECIDES:
            self._asked = blank.idm
        self._fire(_DRIVER_DECIDES.get(refusal.code, Event.TAP_REFUSED))

    def _write(
        self, blank: Result, session: Session, read: card.CardRead, service: Service, decision: Board | Alight
    ) -> None:
        """Intent, card, outcome. If the journal can't take the intent, the card is not touched."""
        alighted = decision if isinstance(decision, Alight) else None
        after = decision.settlement.after if isinstance(decision, Alight) else decision.after
        history = alighted.history(next_sequence(read.now)) if alighted else None
        try:
            writes = plan(read.now, read.account, after, history)
        except LayoutFault as fault:
            self._refuse(blank, Refusal(Code.TOO_LARGE, "GEN-1", str(fault)))
            return
        self._commit = Commit(session, service, read.now, read.account, after, writes, alighted)
        self._result = done = blank._replace(after=after, alighted=alighted, notes=decision.notes)
        self._fire(Event.TAP_JUDGED)
        if self.state is not State.COMMITTING:
            return
        if self._end.fate is Fate.WRITTEN:
            self._forget(session.idm, ride_over=alighted is not None)
            if alighted:
                self._alighted[session.idm] = done
        self._written(blank)

    def _written(self, blank: Result) -> None:
        """The write came to its end, or to none that is known."""
        if self._end.fate is Fate.WRITTEN:
            self._fire(Event.CARD_WRITTEN)
            return
        unknown = self._end.fate is Fate.UNKNOWN
        self._look_again()
        self._result = blank._replace(refusal=Refusal(Code.TOUCH_AGAIN, "faults 3" if unknown else "faults 2"))
        self._fire(Event.CARD_UNKNOWN if unknown else Event.CARD_UNCHANGED)

    def _settle_pending(self, session: Session, slots: card.Slots) -> Intent | None:
        """The card of an unknown write is back; its slots say what became of it (faults 3 to 5). Gives it if done."""
        pending = self._pending.pop(session.idm, None)
        if pending is None:
            return None
        end = pending.fate(*slots, session.write_count)
        self._settled = (pending, end)
        self._fire(Event.PENDING_SETTLED)
        if self.notes is not None:
            self.notes.card_ended(pending.intent_seq, end)
        if end is not Fate.WRITTEN:
            return None
        if pending.intent.action != "top-up":
            self._forget(session.idm, ride_over=pending.intent.action == "alight")
        return pending.intent

    # -- the hardware

    def _lost(self, side: Side, fault: ReaderFault) -> None:
        self.reader_faults[side] = fault
        self._lying.pop(side, None)
        if self.state in (State.READY, State.TOPPING_UP):
            self._close_notes()
            self._result = None
            self._fire(Event.READER_LOST)

    def _found(self, side: Side) -> None:
        self.reader_faults.pop(side, None)
        if self.state is State.NO_READER and not self.reader_faults:
            self._fire(Event.READER_BACK)

    # -- effects

    def _fire(self, event: Event) -> None:
        """Move the machine and perform what it says, in order."""
        effects = self._machine.fire(event)
        if Effect.SHOW not in effects and event not in (Event.TAP_JUDGED, Event.NOTE_JUDGED):
            self._result = None  # nothing of this event is a passenger's to see
        self._guarded(lambda: self._perform_all(effects), written=event is Event.CARD_WRITTEN)

    def _guarded(self, act: Callable[[], None], *, written: bool = False) -> None:
        """A journal that fails stops the terminal, whatever it was at: no fare is taken any more (faults 20, 21).

        A card that was written already is shown so: its intent is durable, and the next tap settles it.
        """
        try:
            act()
        except JournalFault as fault:
            self.journal_fault = fault
            if self._result is not None and not written:
                stopped = Refusal(Code.OUT_OF_SERVICE, "faults 20")
                self._result = self._result._replace(refusal=stopped, after=None, alighted=None, notes=())
            if self.state is not State.STOPPED:
                self._perform_all(self._machine.fire(Event.JOURNAL_FAILED))

    def _perform_all(self, effects: tuple[Effect, ...]) -> None:
        at_s = self._clock()
        for effect in effects:
            match effect:
                case Effect.SHOW:
                    if self._result is not None:
                        self._show(self._result)
                case Effect.WRITE_CARD:
                    commit = self._in_hand()
                    self._end = card.write(commit.session, commit.now, commit.plan)
                    self._seen.note(commit.session.idm, commit.session.write_count)
                case Effect.KEEP_PENDING:
                    pending = self._intent_in_hand()
                    self._pending[pending.intent.idm] = pending
                case Effect.FORGET_KEYED:
                    self._keyed.clear()
                    self._party_told = None
                case Effect.FORGET_ASKED:
                    self._keyed.pop(self._asked, None)
                case Effect.FORGET_PARTIES:
                    self._parties.clear()
                case _:
                    self._journal_effect(effect, at_s)

    def _journal_effect(self, effect: Effect, at_s: int) -> None:
        """The intent costs the tap's one flush; everything else becomes durable with the next one."""
        if effect not in _ENDS:
            self._note_standing(at_s)
        match effect:
            case Effect.JOURNAL_INTENT:
                intent = records.intent(self._in_hand())
                self._intended = Pending(self._journal.intend(intent, at_s), intent)
            case Effect.JOURNAL_OUTCOME:
                intended = self._intent_in_hand()
                self._journal.conclude(records.outcome(intended.intent_seq, self._end.fate), at_s)
                if self._end.read_back:
                    self._journal.append(records.read_back(intended.intent.idm), at_s)
            case Effect.JOURNAL_RESOLVED:
                assert self._settled is not None
                self._journal.conclude(records.resolved(*self._settled), at_s)
            case Effect.JOURNAL_REFUSAL:
                assert self._result is not None
                self._journal.append(records.refused(self._result), at_s)
            case Effect.JOURNAL_NOTES:
                assert self._result is not None
                for note in records.noted(self._result):
                    self._journal.append(note, at_s)
            case Effect.JOURNAL_DRIVER:
                self._journal.append(records.driver_acted(*self._driver_word), at_s)
            case Effect.JOURNAL_TRIP_BEGUN:
                assert self.service is not None
                self._journal.append(records.trip_begun(self.service, self.vehicle_id), at_s)
                self._journal.grow_ahead()
                self._note_anew()
            case Effect.JOURNAL_TRIP_ENDED:
                assert self.service is not None
                self._journal.append(TripEnded(self.service.trip_id), at_s)
            case _:
                raise AssertionError(f"{effect} has no runner")

    def _note_standing(self, at_s: int) -> None:
        """Before any other record: whether times are believed from here on (faults 25), and how old the hotlist is."""
        trust, aged = self._trust(), self.hotlist_age
        if trust != self._trust_noted:
            self._trust_noted = trust
            self._journal.append(noted(trust), at_s)
        if aged is not self._age_noted:
            self._age_noted = aged
            if aged is not None and self.orders.hotlist is not None:
                self._journal.append(hotlist_noted(self.orders.hotlist, aged), at_s)

    def _note_anew(self) -> None:
        """What is noted may stand in a segment that is sealed now; a start reads the next one alone, and must find how
        late it is at least (`farebox.clock.Past`).
        """
        if self._trust_noted != ALWAYS:
            self._trust_noted = ALWAYS
            self._note_standing(self._clock())
            self._journal.flush()

    def _in_hand(self) -> Commit:
        assert self._commit is not None
        return self._commit

    def _intent_in_hand(self) -> Pending:
        assert self._intended is not None
        return self._intended


class _Desk:
    """What a top-up needs of the terminal: `farebox.top_up_flow.Desk`."""

    def __init__(self, terminal: Terminal) -> None:
        self._of = terminal

    @property
    def topping_up(self) -> bool:
        return self._of.state is State.TOPPING_UP

    def look_at_card(self) -> Laid | Refusal | None:
        terminal = self._of
        side = terminal._top_up_side
        there = terminal._look(side)
        if there is None:
            return None
        if isinstance(there, TwoCards):
            terminal._lying[side] = _TWO_CARDS
            return Refusal(Code.TWO_CARDS, "GEN-6")
        terminal._lying[side] = there.idm
        if isinstance(there, Foreign):
            return Refusal(Code.FOREIGN_CARD, "GEN-21", f"system {there.system_code:04X}")
        read, _ = terminal._read(there)
        if isinstance(read, ReaderFault):
            terminal._lost(side, read)
            return None
        return read if isinstance(read, Refusal) else Laid(there, read)

    def judge(self, laid: Laid, note_yen: int) -> TopUp | Refusal:
        terminal = self._of
        assert terminal.service is not None
        return judge(laid.read.account, note_yen, terminal.service, terminal._halt(), terminal._clock())

    def notes_for(self, laid: Laid) -> tuple[int, ...] | Refusal:
        terminal = self._of
        assert terminal.service is not None
        return takes(laid.read.account, terminal.service, terminal._halt(), terminal._clock())

    def write(self, laid: Laid, top_up: TopUp) -> Begun | None:
        terminal, now, before = self._of, laid.read.now, laid.read.account
        assert terminal.service is not None
        blank = self._blank(laid)
        try:
            writes = plan(now, before, top_up.after)
        except LayoutFault as fault:
            terminal._refuse(blank, Refusal(Code.TOO_LARGE, "GEN-1", str(fault)))
            return None
        terminal._commit = Commit(
            laid.session, terminal.service, now, before, top_up.after, writes, alighted=None, top_up=top_up
        )
        terminal._result = blank._replace(after=top_up.after, topped_up=top_up)
        terminal._fire(Event.NOTE_JUDGED)
        if terminal.state is not State.TOPPING_CARD:
            return None
        begun = Begun(terminal._intent_in_hand().intent_seq, terminal._end.fate)
        terminal._written(blank)
        return begun

    def refuse(self, laid: Laid | None, refusal: Refusal) -> None:
        terminal = self._of
        if terminal.state in (State.TOPPING_UP, State.STOPPED):
            terminal._refuse(self._blank(laid), refusal)

    def invite(self, laid: Laid, notes_yen: tuple[int, ...]) -> None:
        terminal = self._of
        terminal._result = self._blank(laid)._replace(notes_yen=notes_yen)
        terminal._show(terminal._result)

    def book(self, records: Iterable[NoteMoved | Voucher]) -> bool:
        """Each is written before the next step is taken; a journal that fails stops the terminal."""
        terminal = self._of
        if terminal.state is State.STOPPED:
            return False

        def append_and_flush() -> None:
            for record in records:
                terminal._journal.append(record, terminal._clock())
            terminal._journal.flush()

        terminal._result = None
        terminal._guarded(append_and_flush)
        return self._of.state is not State.STOPPED

    def _blank(self, laid: Laid | None) -> Result:
        terminal = self._of
        idm = laid.session.idm if laid else b""
        before = laid.read.account if laid else None
        return Result(terminal._top_up_side, idm, terminal._clock(), terminal.service, before=before)


def _are_a_shadows(slots: card.Slots) -> bool:
    """Whether these are slots of a bench's stand-in for a recorded card (模擬): made anew each time, it has no past."""
    return any(slot is not None and slot.layout == SHADOW_LAYOUT for slot in map(decode_slot, slots))


def _within_guard(first: Result, now: Result, service: Service) -> bool:
    """Whether a tap at the exit is the first over again: within the guard time, the card as it was left (GEN-9).

    A clock that went back says nothing; the card's own record of its last stop then has to do (faults 24).
    """
    unchanged = now.before is not None and first.after is not None and now.before.ride == first.after.ride
    return unchanged and 0 <= now.at_s - first.at_s < service.rulebook.guard_s

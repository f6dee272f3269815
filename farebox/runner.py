"""The one runner of the state machine's effects: journal, card and show, in the order that farebox/table.py says.

Whoever judges sets what the effects work on (`result`, `commit`, `settled`, `driver_word`), then fires the event.
"""

from collections.abc import Callable, Iterable

from cardimage.resolve import Fate
from farebox import records
from farebox.beliefs import Beliefs
from farebox.formats.journal import Record, TripEnded
from farebox.journal.errors import JournalFault
from farebox.journal.log import Recovered
from farebox.machine import StateMachine
from farebox.records import Commit
from farebox.result import Result
from farebox.table import Effect, Event, State
from farebox.tap import Service
from farebox.tear import Pending, pending_from
from farebox.told import Told
from reader import card
from tariff.refusal import Code, Refusal

_ENDS = (Effect.JOURNAL_OUTCOME, Effect.JOURNAL_RESOLVED)
"""Room is reserved for these alone (faults 21)."""
_JUDGED = (Event.TAP_JUDGED, Event.NOTE_JUDGED, Event.CANCEL_JUDGED)


class Runner:
    """Moves the machine and performs what it says; a journal that fails stops it for good (faults 20, 21)."""

    def __init__(
        self,
        vehicle_id: str,
        recovered: Recovered,
        machine: StateMachine,
        clock: Callable[[], int],
        show: Callable[[Result], None],
        beliefs: Beliefs,
        told: Told,
    ) -> None:
        """What the recovered journal holds open is pending from the start (faults 4)."""
        self.vehicle_id = vehicle_id
        self.beliefs = beliefs
        self.told = told
        self.journal = recovered.journal
        self.clock = clock
        self.show = show
        self.service: Service | None = None
        self.journal_fault: JournalFault | None = None
        self.pending = pending_from(recovered.standing)
        self.standing = recovered.standing
        self.seen = recovered.standing.seen
        # What the effects of the event in hand work on.
        self.result: Result | None = None
        self.commit: Commit | None = None
        self.intended: Pending | None = None
        self.end = card.End(Fate.NOT_WRITTEN)
        self.settled: tuple[Pending, Fate] | None = None
        self.driver_word = (b"", "", "")
        self._machine = machine

    @property
    def state(self) -> State:
        """Where the state machine stands."""
        return self._machine.state

    @property
    def stopped(self) -> bool:
        """Whether the journal has failed, for good (faults 20, 21)."""
        return self.state is State.STOPPED

    def fire(self, event: Event) -> None:
        """Move the machine and perform what it says, in order. Raises IllegalEvent, and has changed nothing then."""
        effects = self._machine.fire(event)
        if Effect.SHOW not in effects and event not in _JUDGED:
            self.result = None  # nothing of this event is a passenger's to see
        try:
            self._perform_all(effects)
        except JournalFault as fault:
            self._stop(fault, written=event is Event.CARD_WRITTEN)

    def guarded(self, act: Callable[[], None]) -> None:
        """Do something with the journal; one that fails stops the terminal."""
        try:
            act()
        except JournalFault as fault:
            self._stop(fault)

    def _stop(self, fault: JournalFault, *, written: bool = False) -> None:
        """A journal that fails stops the terminal, whatever it was at: no fare is taken any more (faults 20, 21).

        A card that was written already is shown so: its intent is durable, and the next tap settles it.
        """
        self.journal_fault = fault
        if self.result is not None and not written:
            stopped = Refusal(Code.OUT_OF_SERVICE, "faults 20")
            self.result = self.result._replace(refusal=stopped, after=None, alighted=None, cancelled=None, notes=())
        if not self.stopped:
            self._perform_all(self._machine.fire(Event.JOURNAL_FAILED))

    def book(self, entries: Iterable[Record]) -> bool:
        """Make records durable, besides any event; False if the journal has failed, then or now."""
        if self.stopped:
            return False

        def append_and_flush() -> None:
            for record in entries:
                self.journal.append(record, self.clock())
            self.journal.flush()

        self.result = None
        self.guarded(append_and_flush)
        return not self.stopped

    def note_beliefs(self, at_s: int) -> None:
        """Before any other record."""
        for record in self.beliefs.news():
            self.journal.append(record, at_s)

    def note_anew(self) -> None:
        """A segment may have been sealed: its successor says again what is believed."""
        if self.beliefs.note_anew():
            self.note_beliefs(self.clock())
            self.journal.flush()

    def intent_in_hand(self) -> Pending:
        """The intent that was journalled last."""
        assert self.intended is not None
        return self.intended

    def mark(self) -> int:
        """Whose the history row is that is written now."""
        return records.mark(self.vehicle_id, self.clock())

    def _perform_all(self, effects: tuple[Effect, ...]) -> None:
        at_s = self.clock()
        for effect in effects:
            match effect:
                case Effect.SHOW:
                    if self.result is not None:
                        self.show(self.result)
                case Effect.WRITE_CARD:
                    commit = self._in_hand()
                    self.end = card.write(commit.session, commit.now, commit.plan)
                    # The session counts the writes that were answered; one that was read back is one more.
                    unanswered = self.end == card.End(Fate.WRITTEN, read_back=True)
                    self.seen.note(commit.session.idm, commit.session.write_count + unanswered)
                case Effect.KEEP_PENDING:
                    pending = self.intent_in_hand()
                    self.pending[pending.intent.idm] = pending
                case Effect.FORGET_KEYED:
                    self.told.forget_keyed()
                case Effect.FORGET_ASKED:
                    self.told.forget_asked()
                case Effect.FORGET_PARTIES:
                    self.told.forget_parties()
                case _:
                    self._journal_effect(effect, at_s)

    def _journal_effect(self, effect: Effect, at_s: int) -> None:
        """The intent costs the tap's one flush; everything else becomes durable with the next one."""
        if effect not in _ENDS:
            self.note_beliefs(at_s)
        match effect:
            case Effect.JOURNAL_INTENT:
                intent = records.intent(self._in_hand())
                self.intended = Pending(self.journal.intend(intent, at_s), intent)
            case Effect.JOURNAL_OUTCOME:
                intended = self.intent_in_hand()
                self.journal.conclude(records.outcome(intended.intent_seq, self.end.fate), at_s)
                if self.end.read_back:
                    self.journal.append(records.read_back(intended.intent.idm), at_s)
            case Effect.JOURNAL_RESOLVED:
                assert self.settled is not None
                self.journal.conclude(records.resolved(*self.settled), at_s)
            case Effect.JOURNAL_REFUSAL:
                assert self.result is not None
                self.journal.append(records.refused(self.result), at_s)
            case Effect.JOURNAL_NOTES:
                assert self.result is not None
                for note in records.noted(self.result):
                    self.journal.append(note, at_s)
            case Effect.JOURNAL_DRIVER:
                self.journal.append(records.driver_acted(*self.driver_word), at_s)
            case Effect.JOURNAL_TRIP_BEGUN:
                assert self.service is not None
                self.journal.append(records.trip_begun(self.service, self.vehicle_id), at_s)
                self.journal.grow_ahead()
                self.note_anew()
            case Effect.JOURNAL_TRIP_ENDED:
                assert self.service is not None
                self.journal.append(TripEnded(self.service.trip_id), at_s)
            case _:
                raise AssertionError(f"{effect} has no runner")

    def _in_hand(self) -> Commit:
        assert self.commit is not None
        return self.commit

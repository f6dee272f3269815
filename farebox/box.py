"""The fare box at work: cards and the driver's console, served in turn by one loop.

    box = Box(terminal, (Side.BOARDING, Side.ALIGHTING), duty, clock, console, ledger, simulated=False)
    while box.alive: box.step()

Whoever drives (the console, the keyboard, the vehicle) gives commands; the box tells what came of each. It decides
nothing about money: that is the terminal's.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from farebox.console import protocol as words
from farebox.console import view
from farebox.console.protocol import Command, NotACommand, Picture, SeenHistory, SeenTap, Totals
from farebox.duty import Duty
from farebox.duty_count import DutyCount
from farebox.feed import FeedFault
from farebox.feed.operators import OperatorFault
from farebox.journal.errors import JournalFault
from farebox.journey import Journey
from farebox.machine import IllegalEvent
from farebox.papers import MOST_YEN, PAPERS
from farebox.result import Result, Side
from farebox.table import State
from farebox.tally import Tally
from farebox.terminal import Terminal
from farebox.words import Both, Language, refusal_text
from tariff.purses import Payment
from tariff.refusal import Code
from tariff.riders import Attendant, Party, Piece

if TYPE_CHECKING:
    from farebox.orders import StandingOrders
    from farebox.post import Post

LAST_TAPS = 8
_DRIVING = (words.BeginTrip, words.GoToStop, words.EndTrip)
_BETWEEN_TAPS = (State.OUT_OF_SERVICE, State.READY, State.NO_READER)


class Console(Protocol):
    """Where commands come from and pictures go to."""

    def commands(self) -> Sequence[Command | NotACommand]:
        """What was asked since the last look; never waits."""

    def publish(self, picture: Picture) -> None:
        """Show the moment; never waits."""


class BenchCard(Protocol):
    """A card beside an imagined reader (模擬)."""

    def lay(self) -> None:
        """Lay it on the reader."""

    def lift(self) -> None:
        """Take it away."""


class Recent:
    """The last taps: what the terminal's `show` is to be, beside whatever else shows them."""

    def __init__(self, *others: Callable[[Result], None], numbered_from: int = 0) -> None:
        """Nothing was seen yet. Numbers of taps rise over restarts if `numbered_from` does, as time.monotonic_ns()."""
        self._others = others
        self._number = numbered_from
        self.taps: deque[SeenTap] = deque(maxlen=LAST_TAPS)
        self.last: Result | None = None
        """But for those that had to wait: they say nothing of the card that the driver is asked about."""
        self.tally = Tally()

    def show(self, result: Result) -> None:
        """Remember a tap, the newest first."""
        self._number += 1
        self.taps.appendleft(view.seen_tap(result, self._number))
        if result.refusal is None or result.refusal.code is not Code.BUSY:
            self.last = result
        self.tally.take(result)
        for other in self._others:
            other(result)


class Box:
    """One fare box in service. Single-threaded; whoever owns it calls `step` again and again."""

    def __init__(
        self,
        terminal: Terminal,
        sides: Sequence[Side],
        duty: Duty,
        clock: Callable[[], int],
        console: Console,
        recent: Recent,
        count: Callable[[], DutyCount],
        *,
        simulated: bool,
        benches: Mapping[Side, BenchCard] | None = None,
        insert_note: Callable[[int], None] | None = None,
        journey: Journey | None = None,
        standing: "StandingOrders | None" = None,
        post: "Post | None" = None,
    ) -> None:
        """Take the parts. `recent.show` is the terminal's `show`; `count` adds the duty up, when asked to;
        `benches` are imagined readers, whose card lies there when the console says so; `insert_note` is the slot of an
        imagined note acceptor; `journey` is the vehicle's word
        for where it is, None if the driver alone says so; `standing` is where the centre's word arrives; `post`
        keeps a terminal that stands at a station, or tops up, in service without a driver.
        """
        self.terminal = terminal
        self._sides = tuple(sides)
        self._duty = duty
        self._clock = clock
        self._console = console
        self._recent = recent
        self._count = count
        self._simulated = simulated
        self._benches = benches or {}
        self._insert_note = insert_note
        self._lying: Side | None = None
        """Where the bench's card was left while notes go in."""
        self._journey = journey or Journey()
        self._standing = standing
        self._post = post
        self._notice: Both | None = None
        self._party: tuple[str, ...] = ()
        self._counted: Totals | None = None
        self._offered: tuple[int, tuple[words.Offer, ...]] = (-1, ())
        self._read: SeenHistory | None = None

    @property
    def alive(self) -> bool:
        """Whether fares can still be taken at all (faults 20)."""
        return self.terminal.state is not State.STOPPED

    def step(self) -> None:
        """Hear the vehicle, look at each reader and at the notes once, obey what the consoles ask, show the moment."""
        self._drive_on()
        self._heed()
        for side in self._sides if self._attended() else ():
            if self._touch(side):
                self._notice = None
                self._forget_party()
        self.terminal.tend()
        if self.terminal.state is not State.TOPPING_UP:
            self._pick_up()
        for command in self._console.commands():
            self._notice = self.obey(command)
        self._console.publish(self.picture())

    def _touch(self, side: Side) -> bool:
        """Look at a reader; whether a card was served."""
        result = self.terminal.touch(side)
        if result is None:
            return False
        self._read = view.history(result, self._duty) if result.history is not None else None
        return True

    def _forget_party(self) -> None:
        """It is shown for as long as the next card is taken for theirs: other cards may be tapped before it."""
        if not self.terminal.expects_party:
            self._party = ()

    def _drive_on(self) -> None:
        """The vehicle came to stand at another stop."""
        moved_to = self._journey.look()
        if moved_to is not None and self.terminal.service is not None and self.alive:
            self.terminal.advance(moved_to)
            self._party = ()

    def _attended(self) -> bool:
        """Whether readers are to be looked at: what a driver sees to is done at a post by itself."""
        return self._post is None or not self.alive or self._post.tend(self.terminal, self._duty, self._clock())

    def _heed(self) -> None:
        """What the centre said anew, between taps: never while the driver is asked or a note is on its way. A tariff
        holds from the next trip on: the rules of a trip are those it began with.
        """
        if self._standing is None or not self._between_taps() or not self._standing.look():
            return
        self.terminal.orders = self._standing.orders
        if self._standing.operators is not None:
            self._duty = self._duty._replace(operators=self._standing.operators)

    def _between_taps(self) -> bool:
        """A machine that tops up is never anything else, so there it is the time between two notes."""
        notes = self.terminal.notes
        between_notes = self.terminal.state is State.TOPPING_UP and notes is not None and notes.open_note is None
        return between_notes or self.terminal.state in _BETWEEN_TAPS

    def close_trip(self) -> None:
        """The service ends: a trip that is still on is ended with it, and the journal of the duty sealed."""
        if self.alive and self.terminal.service is not None:
            self.terminal.end_trip()
        if self.alive:
            self.terminal.end_duty()

    def picture(self) -> Picture:
        """The moment; times to the minute, so that nothing is sent while nothing changes."""
        at_s = self._clock()
        at_s -= at_s % 60
        offered = () if self.terminal.service else self._offers(at_s)
        return view.picture(
            self.terminal,
            at_s,
            simulated=self._simulated,
            benches=tuple(self._benches),
            note_bench=self._insert_note is not None,
            offered=offered,
            taps=self._recent.taps,
            last=self._recent.last,
            party=self._party,
            notice=self._notice,
            counted=self._counted,
            read=self._read,
            tally=self._recent.tally,
            more_alarms=self._alarms(),
        )

    def _alarms(self) -> tuple[words.Alarm, ...]:
        """Besides the terminal's own."""
        sources = (self._journey, self._standing, self._post)
        return tuple(alarm for source in sources if source is not None for alarm in source.alarms())

    def _offers(self, at_s: int) -> tuple[words.Offer, ...]:
        """They change with the minute: a city has thousands."""
        if at_s != self._offered[0]:
            self._offered = at_s, view.offers(self._duty, at_s)
        return self._offered[1]

    # -- commands

    def obey(self, command: Command | NotACommand) -> Both | None:
        """Do what is asked; what stands in the way is told, in both languages, and nothing has changed then."""
        if self._post is not None and isinstance(command, _DRIVING):
            return "ここでは便を操作しません", "no trips are driven here"
        try:
            return self._do(command)
        except IllegalEvent:
            return _NOT_NOW
        except JournalFault as fault:
            return f"記録を読めません: {fault}", f"the journal can't be read: {fault}"
        except (ValueError, FeedFault, OperatorFault) as refused:
            return str(refused), str(refused)

    def _do(self, command: Command | NotACommand) -> Both | None:  # noqa: PLR0912  # one arm for each command
        terminal = self.terminal
        match command:
            case NotACommand(why):
                return f"命令を解釈できません: {why}", f"not understood: {why}"
            case words.BeginTrip(trip_id):
                return self._begin(trip_id)
            case words.GoToStop(stop_index):
                terminal.advance(stop_index)
                self._party = ()
                self._journey.placed(stop_index)
            case words.EndTrip():
                terminal.end_trip()
                self._party = ()
                self._journey.end()
            case words.AnswerStop(stop_index):
                terminal.answer_stop(stop_index)
                return _AGAIN
            case words.AnswerPayment(payment):
                if payment is Payment.CARD:
                    return "現金の支払方法を選んでください", "choose how the cash is paid"
                terminal.answer_payment(payment)
                return _AGAIN
            case words.DropQuestion():
                terminal.drop_question()
            case words.TellParty():
                return self._tell(command)
            case words.LogPaper(kind, yen):
                return self._log_paper(kind, yen)
            case words.LayCard(side):
                return self._lay(side)
            case words.InsertNote(yen):
                if self._insert_note is None:
                    return "ここに紙幣は入れられません", "no bench notes here"
                self._insert_note(yen)
            case words.CountUp():
                self._counted = view.totals(self._count_up())
            case words.EndDuty():
                return self._end_duty()
            case words.BeginTopUp(stands):
                refusal = terminal.begin_top_up(self._sides[-1], confirmed=stands)
                return (refusal_text(refusal, Language.JA), refusal_text(refusal, Language.EN)) if refusal else None
            case words.EndTopUp():
                terminal.end_top_up()
            case words.ReleaseNote():
                return self._release()
            case words.BeginCancelling():
                terminal.begin_cancelling()
            case words.ReadHistory():
                self._read = None
                terminal.begin_history()
        return None

    def _end_duty(self) -> Both:
        """Counted before it is ended: what comes after is the next duty's."""
        if self.terminal.state is not State.OUT_OF_SERVICE:
            return _NOT_NOW
        counted = view.totals(self._count_up(), ended=True)
        self.terminal.sign_off()
        if not self.alive:
            return _NOT_NOW
        self._counted = counted
        return "終業しました", "the duty is ended"

    def _count_up(self) -> DutyCount:
        """The duty so far, the last record included."""
        self.terminal.flush()
        return self._count()

    def _release(self) -> Both | None:
        notes = self.terminal.notes
        if notes is None or not notes.kept_inside:
            return _NOT_NOW
        notes.release()
        return None

    def _lay(self, side: Side) -> Both | None:
        bench = self._benches.get(side)
        if bench is None:
            return "ここにカードは置けません", "no bench card there"
        if self._pick_up():
            return None
        bench.lay()
        self._lying = side
        self._touch(side)
        if self.terminal.state is not State.TOPPING_UP:
            self._pick_up()
        self._forget_party()
        return None

    def _pick_up(self) -> bool:
        """The bench's card is taken away; whether it lay there."""
        side, self._lying = self._lying, None
        if side is None:
            return False
        self._benches[side].lift()
        self.terminal.touch(side)
        return True

    def _begin(self, trip_id: str) -> Both | None:
        trip = self._duty.feed.trips.get(trip_id)
        if trip is None:
            return "その便はありません", "no such trip"
        service = self._duty.service(trip, self._duty.day_of(trip, self._clock()))
        self.terminal.begin_trip(service)
        self._journey.begin(trip, self._duty.feed.places(trip.pattern_id), service.table.pattern.stop_names)
        self._counted = None
        return None

    def _tell(self, told: words.TellParty) -> Both | None:
        attendants = tuple(map(Attendant, told.attendants_of))
        luggage = tuple(Piece(piece.weight_g, piece.volume_cm3, piece.length_mm) for piece in told.luggage)
        party = Party(told.holder, told.companions, told.family, attendants, luggage)
        self.terminal.expect_party(party)
        others = (*told.companions, *told.family, *("attendant" for _ in attendants), *("luggage" for _ in luggage))
        self._party = (told.holder or "holder", *others)
        return None

    def _log_paper(self, kind: str, yen: int) -> Both | None:
        if kind not in PAPERS or not 0 <= yen <= MOST_YEN:
            return "紙券の種類と金額を確かめてください", "see the kind of paper and the amount"
        self.terminal.log_paper(kind, yen)
        japanese, english = PAPERS[kind]
        if not yen:
            return f"記録しました: {japanese}", f"logged: {english}"
        return f"記録しました: {japanese} {yen:,}円", f"logged: {english}, {yen:,} yen"


_NOT_NOW: Both = ("いまは操作できません", "not possible now")
_AGAIN: Both = ("もう一度タッチしてください", "touch again")

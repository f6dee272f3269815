"""A scenario from a journal: what was tapped and keyed becomes steps, what came of it what is expected.

    recorded = record(entries, accounts, feed, "sample", "title")     .book, and .left_out: what it could not tell

Cards are as they were before their first tap here. A journal tells their purses and rides; of a card that holds more
(a pass, auto-charge, a holder's discount) it does not tell what: `accounts` does, for those whose contents are known,
by a live run or an image. The others are left out, and so is what needs the outside: foreign and broken cards, the
centre's lists. No IDm goes into the file: cards are numbered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from cardimage.layout.slots import Slot, decode_slot, slot_of
from cardimage.layout.variants import SHADOWS
from farebox.feed import Feed
from farebox.formats.journal import (
    DriverActed,
    Entry,
    Intent,
    Noted,
    Opened,
    Outcome,
    Refused,
    Resolved,
    TripBegun,
    TripEnded,
)
from farebox.tap import NoteCode
from sim.scenario.acting import TAP_S
from sim.scenario.recalled import card_said
from sim.scenario.roads import at_s
from sim.scenario.schema import (
    BookSaid,
    BusSaid,
    CardSaid,
    PartySaid,
    ScenarioSaid,
    StepSaid,
    TearSaid,
    When,
)
from tariff.account import Account
from tariff.calendar import day_in_japan, midnight_in_japan_s
from tariff.refusal import Code
from tariff.riders import RiderClass
from tariff.rulebook import Rulebook

_ASKS = {Code.NO_BOARDING.value: "stop", Code.SHORT.value: "payment"}
_KEPT = {NoteCode.FIRST_RESULT_SHOWN.value: "alight", NoteCode.FIRST_BOARDING_KEPT.value: "board"}
_OUR_CARDS_REFUSALS = {Code.TOUCH_AGAIN, Code.SHORT, Code.NO_BOARDING, Code.BUSY, Code.OUT_OF_SERVICE, Code.NO_FARE}
_OUR_CARDS_REFUSALS |= {Code.HOLDER_ONLY, Code.EXCLUDED_SERVICE, Code.NOT_CONFIGURED, Code.EXPIRED_CARD}
_OUR_CARDS_REFUSALS |= {Code.OPEN_RIDE, Code.OVER_CAP, Code.NOT_CANCELLABLE, Code.NOT_AT_STOP, Code.NOT_CARRIED}
_CONDITIONS = "a pass or other conditions, which a journal does not tell: name the card's image"
_PAUSE_S = 60
_HAVE_A_ROW = ("alight", "top-up")
"""Writes that stage a history row."""
"""A longer pause than this is worth telling."""


class Recorded(NamedTuple):
    """The file, and what of the journal is not in it, in few words each."""

    book: BookSaid
    left_out: tuple[str, ...]


class NothingRecorded(ValueError):
    """A journal without a trip of this feed: nothing can be told."""


def record(
    entries: Iterable[Entry],
    accounts: Mapping[bytes, Account],
    feed: Feed,
    feed_name: str,
    rules: Mapping[str, Rulebook],
    title: str,
) -> Recorded:
    """A journal's records as one scenario. `rules` are the rulebooks by scheme, for the names of passes.

    Raises NothingRecorded where no trip of this feed was begun.
    """
    recorder = _Recorder(tuple(entries), accounts, feed, feed_name, rules)
    recorder.run()
    if recorder.first_bus is None:
        raise NothingRecorded("no trip of this feed was begun in it; name the feed that it drove on (--feed)")
    if not recorder.steps:
        raise NothingRecorded("nothing in it can be told as a scenario: " + "; ".join(recorder.left_out))
    scenario = ScenarioSaid(title=title, steps=tuple(recorder.steps))
    book = BookSaid(title=title, bus=recorder.first_bus, cards=recorder.cards, scenario=(scenario,))
    return Recorded(book, recorder.left_out)


class _Recorder:
    """One pass over the journal. `at_s` is where the scenario's own clock would be."""

    def __init__(
        self,
        entries: tuple[Entry, ...],
        accounts: Mapping[bytes, Account],
        feed: Feed,
        feed_name: str,
        rules: Mapping[str, Rulebook],
    ) -> None:
        self.steps: list[StepSaid] = []
        self.cards: dict[str, CardSaid] = {}
        self._unknown: dict[str, list[str]] = {}
        self.first_bus: BusSaid | None = None
        self._entries, self._accounts = entries, accounts
        self._feed, self._feed_name, self._rules = feed, feed_name, rules
        self._stop_names = {feed.register.stop_number(name): name for name in feed.stop_names.values()}
        self._names: dict[bytes, str | None] = {}
        self._ends = _ends(entries)
        self._stops: tuple[str, ...] = ()
        self._place = 0
        self._day: date | None = None
        self._bus: BusSaid | None = None
        self._at_s = 0
        self._on_trip = False
        self._restarted = False
        self._asked: str | None = None
        self._party: PartySaid | None = None
        self._party_unknown = False
        self._noted: dict[bytes, list[str]] = {}
        self._read_back: set[int] = set()

    def run(self) -> None:
        """Go through it."""
        self._look_ahead()
        for number, entry in enumerate(self._entries):
            match entry.record:
                case TripBegun():
                    self._trip_begun(entry, entry.record)
                case TripEnded() if self._on_trip:
                    self._say(StepSaid(end_trip=True))
                    self._on_trip, self._asked = False, None
                case Opened() if self.steps or self._on_trip:
                    self._restarted = True
                case Intent():
                    self._intent(entry, entry.record)
                case Refused():
                    self._refused(number, entry, entry.record)
                case Noted():
                    self._note(entry, entry.record)
                case DriverActed():
                    self._driver(entry.record)
        self._drop_what_is_unused()

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not told, by why."""
        return tuple(f"{', '.join(dict.fromkeys(names))}: {why}" for why, names in self._unknown.items())

    def _leave_out(self, why: str, what: str) -> None:
        self._unknown.setdefault(why, []).append(what)

    # -- the trip

    def _trip_begun(self, entry: Entry, begun: TripBegun) -> None:
        trip = self._feed.trips.get(begun.trip_id)
        if trip is None:
            self._leave_out("not in the feed", f"trip {begun.trip_id}")
            self._on_trip = False
            return
        day = self._service_day(entry.at_s, trip.departs_s)
        bus = BusSaid(operator=begun.operator, date_=day, feed=self._feed_name, trip=begun.trip_id)
        self._stops = self._feed.patterns[trip.pattern_id].stop_names
        if self.first_bus is None:
            self.first_bus = bus
            self._at_s = at_s(day, time()) + trip.departs_s
        elif self._restarted and bus == self._bus:
            self._say(StepSaid(restart=True))
            self._bus, self._day, self._on_trip, self._restarted, self._asked = bus, day, True, False, None
            return
        else:
            if self._restarted and self._on_trip:
                self._say(StepSaid(restart=True))
                self._say(StepSaid(end_trip=True))
            changed = BusSaid(date_=day if self._bus is None or day != self._bus.date_ else None, trip=begun.trip_id)
            self._say(StepSaid(begin_trip=changed))
        self._bus, self._day, self._place = bus, day, 0
        self._on_trip, self._restarted, self._asked = True, False, None
        self._at_s = max(self._at_s, at_s(day, time()) + trip.departs_s)

    def _service_day(self, begun_s: int, departs_s: int) -> date:
        """The service day on which a trip that was begun then is nearest to its timetable."""
        day = day_in_japan(begun_s)
        return min((day, day - timedelta(days=1)), key=lambda one: abs(at_s(one, time()) + departs_s - begun_s))

    # -- cards

    def _name(self, idm: bytes) -> str | None:
        """What a card is called here; None for one whose contents are not known, which is left out."""
        return self._names.get(idm)

    def _look_ahead(self) -> None:
        """Cards are known by their first intent, or by sight alone, whatever was refused to them before."""
        for entry in self._entries:
            match entry.record:
                case Intent(idm=idm) if idm not in self._names:
                    self._names[idm] = self._known(idm, decode_slot(entry.record.slot_before))
        for idm, account in self._accounts.items():
            if idm not in self._names:
                self._names[idm] = self._known(idm, slot_of(account, 0, 0))
        self._read_back = {
            self._entries[place - 2].seq
            for place, entry in enumerate(self._entries)
            if isinstance(entry.record, Noted) and entry.record.code == "commit-read-back" and place >= 2
        }

    def _known(self, idm: bytes, slot: Slot | None) -> str | None:
        name, known = f"カード{len(self._names) + 1}", self._accounts.get(idm)
        if slot is None or slot.scheme in SHADOWS:
            self._leave_out("a recorded card of another scheme", name)
            return None
        if slot.more and known is None:
            self._leave_out(_CONDITIONS, name)
            return None
        self.cards[name] = card_said(slot, known, self._rules[slot.scheme], self._stop_names)
        return name

    # -- what happened

    def _intent(self, entry: Entry, intent: Intent) -> None:
        name = self._name(intent.idm)
        remarks = self._noted.pop(intent.idm, [])
        if self._party_unknown and intent.action == "alight":
            self._party_unknown = False
            self._forget(intent.idm, "rode with luggage or attendants, of whom a journal does not tell enough")
            return
        if name is None or not self._on_trip:
            return
        end = self._ends.get(entry.seq, "open")
        step = self._tapped(entry, intent, name, remarks)
        if end != "written":
            step = _torn(step, intent, end)
        elif entry.seq in self._read_back:
            step = replace(step, tear=TearSaid(command=_commands(intent), moment="answer-lost"))
        self._tap(step, entry.at_s, intent.stop_index)

    def _tapped(self, entry: Entry, intent: Intent, name: str, remarks: list[str]) -> StepSaid:
        balance = intent.sf_after_yen if intent.sf_after_yen or not intent.purses else None
        purses = {purse: after for purse, _, after in intent.purses}
        match intent.action:
            case "board":
                return StepSaid(board=name, balance=balance, purses=purses, remarks=tuple(remarks) or None)
            case "top-up":
                return StepSaid(
                    top_up=name,
                    notes=(intent.note_yen,),
                    topped_up=intent.note_yen + intent.premium_yen,
                    balance=balance,
                    purses=purses,
                )
            case "cancel":
                back = (intent.due_yen, intent.cash_yen)
                return StepSaid(cancel=name, cancelled=back[0], cash_back=back[1], balance=balance, purses=purses)
        party, self._party = self._party, None
        return StepSaid(
            alight=name,
            party=party,
            fare=intent.due_yen,
            cash=intent.cash_yen or None,
            auto_charged=intent.auto_charge_yen or None,
            earned=intent.points_earned or None,
            lines=tuple(f"{rule} {yen}" for rule, yen in intent.lines),
            balance=balance,
            purses=purses,
            remarks=tuple(remarks) or None,
        )

    def _refused(self, number: int, entry: Entry, refused: Refused) -> None:
        name = self._name(refused.idm)
        code = refused.code
        torn = code == Code.TOUCH_AGAIN and isinstance(self._entries[number - 1].record, Outcome)
        if torn or code in ("no-notes",) or not (self._on_trip or code == Code.OUT_OF_SERVICE):
            return
        if name is None or code not in _OUR_CARDS_REFUSALS:
            self._leave_out("not to be told without its card", f"a tap refused as {code}")
            return
        act = "board" if refused.side == "boarding" else "alight"
        step = StepSaid(**{act: name}, refused=code)  # type: ignore[arg-type]  # a card's name
        if code == Code.TOUCH_AGAIN:
            step = replace(step, tear=TearSaid(command=3, moment="before"))
        if act == "alight" and self._party is not None:
            step, self._party = replace(step, party=self._party), None
        step = replace(step, asks=_ASKS.get(code))
        self._tap(step, entry.at_s, self._place_of(number, refused))
        self._asked = name if code in _ASKS else self._asked

    def _place_of(self, number: int, refused: Refused) -> int:
        """Where a card was refused: by the stop that the record names; else where its next tap on this trip was."""
        if refused.code == Code.NO_BOARDING and refused.detail in self._stops[self._place :]:
            return self._stops.index(refused.detail, self._place)
        for entry in self._entries[number:]:
            if isinstance(entry.record, TripBegun | TripEnded):
                break
            if isinstance(entry.record, Intent) and entry.record.idm == refused.idm:
                return max(self._place, entry.record.stop_index)
            if isinstance(entry.record, Intent) and entry.record.stop_index > self._place:
                break
        return self._place

    def _note(self, entry: Entry, noted: Noted) -> None:
        match noted.code:
            case "clock-trusted" | "clock-not-trusted":
                trusted = noted.code == "clock-trusted"
                if self._on_trip and (not trusted or any(step.clock_trusted is False for step in self.steps)):
                    self._say(StepSaid(clock_trusted=trusted))
            case NoteCode.DIRECTIVE_APPLIED | NoteCode.DIRECTIVE_REFUSED:
                self._forget(noted.idm, "had a directive of the centre, which a journal does not tell")
            case code if code in _KEPT:
                name = self._name(noted.idm)
                if name is not None and self._on_trip:
                    step = StepSaid(**{_KEPT[code]: name}, remarks=(code,))  # type: ignore[arg-type]  # a card's name
                    self._tap(step, entry.at_s, self._place)
            case NoteCode.SETTLEMENT_CANCELLED:
                self._leave_out("shown again", "a cancelling")
            case NoteCode():
                self._noted.setdefault(noted.idm, []).append(noted.code)
            case code if code in tuple(NoteCode):
                self._noted.setdefault(noted.idm, []).append(code)

    def _driver(self, acted: DriverActed) -> None:
        match acted.action:
            case "boarded-at" if self._asked and acted.detail in self._stops:
                self._say(StepSaid(answer_stop=acted.detail))
                self._asked = None
            case "pays" if self._asked:
                self._say(StepSaid(answer_payment=acted.detail))
                self._asked = None
            case "party":
                self._party = _party(acted.detail)
                self._party_unknown = self._party is None
            case "paper" if self._on_trip:
                kind, _, taken = acted.detail.partition(", ")
                self._say(StepSaid(paper=kind, yen=int(taken.partition(" ")[0] or 0)))

    def _tap(self, step: StepSaid, when_s: int, place: int) -> None:
        """A tap at a place of the trip. A question that was open and had no answer was given up before."""
        if self._asked is not None and place == self._place and step.refused != Code.BUSY:
            self._say(StepSaid(drop_question=True))
            self._asked = None
        if place > self._place:
            self._place, self._asked = place, None
            stop = self._stops[place]
            step = replace(step, at=stop, visit=self._stops[: place + 1].count(stop))
            self._at_s = max(self._at_s, self._arrival_s(place))
        if when_s - TAP_S - self._at_s >= _PAUSE_S:
            self._at_s = when_s - TAP_S
            step = replace(step, time=self._when(self._at_s))
        self._at_s += TAP_S
        self._say(step)

    def _arrival_s(self, place: int) -> int:
        assert self._day is not None and self._bus is not None and self._bus.trip is not None
        return midnight_in_japan_s(self._day) + self._feed.trips[self._bus.trip].arrivals_s[place]

    def _when(self, moment_s: int) -> When:
        day = day_in_japan(moment_s)
        clock = (datetime.min + timedelta(seconds=moment_s - midnight_in_japan_s(day))).time()
        return When(None if day == self._day else day, clock)

    def _say(self, step: StepSaid) -> None:
        self.steps.append(step)

    def _forget(self, idm: bytes, why: str) -> None:
        """Nothing more is told of a card from here on."""
        name = self._names.get(idm)
        if name is not None:
            self._leave_out(why, name)
            self._names[idm] = None

    def _drop_what_is_unused(self) -> None:
        used = {name for step in self.steps for name in (step.board, step.alight, step.top_up, step.cancel) if name}
        self.cards = {name: card for name, card in self.cards.items() if name in used}


def _ends(entries: tuple[Entry, ...]) -> dict[int, str]:
    """How each intent ended: the last word on it; one that was lost and never seen again stays indeterminate."""
    ends: dict[int, str] = {}
    for entry in entries:
        match entry.record:
            case Outcome(seq, result):
                ends[seq] = result
            case Resolved(seq, result):
                ends[seq] = f"lost, {result}"
    return ends


def _commands(intent: Intent) -> int:
    """The commit's place among the commands of a tap: poll, challenge, read; conditions; history row; commit."""
    slot = decode_slot(intent.slot_before)
    return 4 + bool(slot is not None and slot.more) + (intent.action in _HAVE_A_ROW)


def _torn(step: StepSaid, intent: Intent, end: str) -> StepSaid:
    """A tap whose card left: before anything was written, or with the commit's answer. It is then touched again."""
    commit = _commands(intent)
    first_write = commit - (intent.action in _HAVE_A_ROW)
    was_written = end == "lost, written"
    if intent.action == "top-up":
        commit, first_write = commit + 3, first_write + 3  # looked at, and again with the note in escrow
    tear = TearSaid(command=first_write, moment="before") if end == "not_written" else None
    tear = tear or TearSaid(command=commit, moment="after" if was_written else "before")
    held: dict[str, int | None] = (
        {"balance": intent.sf_before_yen or None} if not was_written else {"balance": step.balance}
    )
    return StepSaid(
        board=step.board,
        alight=step.alight,
        top_up=step.top_up,
        cancel=step.cancel,
        party=step.party,
        notes=step.notes,
        tear=tear,
        refused=Code.TOUCH_AGAIN.value,
        balance=held["balance"],
    )


def _party(detail: str) -> PartySaid | None:
    """`as the card says, adult, family child` -> the party; None if it holds more than its words tell."""
    holder, *others = detail.split(", ")
    family = tuple(one.removeprefix("family ") for one in others if one.startswith("family "))
    companions = tuple(one for one in others if not one.startswith("family "))
    classes = tuple(RiderClass)
    if any(one not in classes for one in (*family, *companions)):
        return None
    return PartySaid(holder=holder if holder in classes else None, companions=companions, family=family)

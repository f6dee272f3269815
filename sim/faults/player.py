"""Steps played on a world (模擬): the real terminal on each bus, the real exchange to a centre in memory, and the
checks after each step.

    played = play(plan, duty)       played.failure is None, or what is wrong after which step
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from datetime import date
from functools import singledispatchmethod
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from cardimage.lite_s import WCNT
from farebox.bundles import BundleStore, signed_by
from farebox.clock import ALWAYS, Trust, Why
from farebox.console import protocol as words
from farebox.duty import Duty
from farebox.exchange.answers import Answer
from farebox.exchange.line import Request
from farebox.exchange.session import Exchange, Report
from farebox.formats.bundle import AutoChargeSet, Directive, Hotlist, cards_of, directives_of
from farebox.hotlist import AGES
from farebox.journal.retention import Archive
from farebox.journal.segments import RECEIPT, ROTTEN, SEGMENT, name_of, number_of, top_of
from farebox.machine import IllegalEvent
from farebox.result import Result, Side
from farebox.table import State
from farebox.terms import Orders
from farebox.top_up import Halt
from sim.centre import FATES, KEYS, TOKEN, Centre, MemoryLine
from sim.checkers import Problems, standing_now
from sim.faults import steps as s
from sim.faults.bus import WholeBus
from sim.faults.mishaps import Mishap
from sim.faults.odd_cards import foreign_card
from sim.faults.uploads import Uploads
from sim.faults.watch import Watch
from sim.faults.world import World
from sim.hardware.field import Moment, Withdrawal
from tariff.calendar import day_in_japan, midnight_in_japan_s
from tariff.refusal import Code

MOST_TOUCHES = 6
"""How often a passenger tries before giving up."""
EMPTY_LOOKS = 4
CHECKS_ALL_EVERY = 250
_BY_REFUSAL = {
    Code.OUT_OF_SERVICE: "16",
    Code.BUSY: "15",
    Code.TWO_CARDS: "14",
    Code.NO_BOARDING: "17",
    Code.CLOCK_NOT_SET: "25",
    Code.OVER_CAP: "42",
}
_BY_FATE = {
    "twice": "32",
    "half arrives": "34",
    "forgets": "35",
    "answer lost": "36",
    "garbles": "37",
    "says nonsense": "36",
}
_BY_PORT = {"unplug_at": "7", "hang_at": "8", "spoil_at": "9", "swallow_at": "3", "power_goes_at": "18"}


class Plan(NamedTuple):
    """A world and what happens in it: whose rules hold, None for each agency's own; the day, the buses, the cards."""

    scheme: str | None
    day: date
    buses: tuple[str, ...]
    cards: tuple[CardImage, ...]
    steps: tuple[s.Step, ...]


class Failure(NamedTuple):
    """What is wrong after a step, by its place in the plan."""

    at: int
    problems: Problems

    @property
    def checks(self) -> tuple[str, ...]:
        """The names of the checks that do not hold, each once."""
        return tuple(dict.fromkeys(problem.partition(":")[0] for problem in self.problems))

    def of(self, check: str) -> "Failure":
        """What one of them found."""
        return self._replace(problems=tuple(found for found in self.problems if found.startswith(f"{check}:")))


class Played(NamedTuple):
    """What came of it. `faults` counts those that occurred by number, `refusals` by code, `journals` is a digest of all
    journals' bytes in their order.
    """

    taps: int
    steps: int
    faults: Counter[str]
    refusals: Counter[str]
    journals: str
    failure: Failure | None


def play(plan: Plan, duty: Duty, *, check_all_every: int = CHECKS_ALL_EVERY) -> Played:
    """Play it until something is wrong. What the code under test raises is wrong, too. The cards are left as they are.

    Raises ValueError for a plan whose trips are not the feed's.
    """
    with TemporaryDirectory() as folder:
        return Player(plan, duty._replace(scheme=plan.scheme), Path(folder), check_all_every).play()


class Player:
    """Plays one plan. `world` and `centres`, by the buses' names, are there to be looked at afterwards."""

    def __init__(
        self,
        plan: Plan,
        duty: Duty,
        folder: Path,
        check_all_every: int = CHECKS_ALL_EVERY,
        centre_of: Callable[[str], Centre] = lambda _: Centre(),
    ) -> None:
        """Nothing has happened yet. `folder` is for what the buses fetch; `centre_of` gives each bus its centre."""
        self._plan = plan
        self._folder = folder
        self.taps = 0
        self.faults = Counter[str]()
        self.refusals = Counter[str]()
        self._withdrawals: dict[tuple[int, Side], Withdrawal] = {}
        self._versions = 0
        self._seed = 0
        self._last: Result | None = None
        self._spoke: set[str] = set()
        self._acted: set[str] = set()
        self._touched: set[bytes] = set()
        trips = {step.trip_id for step in plan.steps if isinstance(step, s.Stop)}
        if strange := trips - set(duty.feed.trips):
            raise ValueError(f"no such trip in this feed: {min(strange)}")
        caps = {
            duty.service(duty.feed.trips[trip_id], plan.day).rulebook.stored_fare_cap_yen for trip_id in sorted(trips)
        }
        self.world = World(duty, plan.day, plan.buses, deepcopy(plan.cards), max(caps, default=0))
        for bus in self.world.buses:
            bus.clock.reach(midnight_in_japan_s(plan.day))
        self.centres = {bus.name: centre_of(bus.name) for bus in self.world.buses}
        self._watch = Watch(self.world, self._uploads, check_all_every)

    def play(self) -> Played:
        """From the first step until something is wrong."""
        failure = None
        done = 0
        for at, step in enumerate(self._plan.steps):
            done = at + 1
            problems = self._step(step)
            if problems:
                failure = Failure(at, problems)
                break
        books = self.world.books.values()
        told = repr([[(entry.seq, entry.at_s, entry.record) for entry in book.entries] for book in books])
        bytes_of = sha256(told.encode())
        for bus in self.world.buses:
            for name, disk in sorted(bus.journals.disks.items()):
                bytes_of.update(name.encode() + disk.cache)
        return Played(self.taps, done, self.faults, self.refusals, bytes_of.hexdigest(), failure)

    def _step(self, step: s.Step) -> Problems:
        self._touched.clear()
        self._spoke.clear()
        self._acted.clear()
        try:
            wrong = self._do(step)
            return (*(wrong or ()), *self._watch.step(self._touched, self._acted, self._spoke))
        except Exception as bug:
            return (f"raised: {type(bug).__name__}: {bug}",)

    # -- what happens

    @singledispatchmethod
    def _do(self, step: s.Step) -> Problems | None:
        raise TypeError(step)

    @_do.register
    def _(self, step: s.Stop) -> None:
        def comes(on: WholeBus) -> None:
            on.day = self._plan.day
            on.clock.reach(step.at_s)
            on.halt = Halt(doors_open=True)
            on.goes_into_service(step.trip_id)
            pending = bool(on.terminal.pending)
            on.comes_to(step.place)
            self.faults["4"] += pending and step.place > 0
            self.faults["26"] += day_in_japan(on.clock.now_s) != on.day

        self._on(step.bus, comes)

    @_do.register
    def _(self, step: s.Tap) -> None:
        card = self.world.cards[step.card % len(self.world.cards)]
        for _ in range(1 if step.gives_up else MOST_TOUCHES):
            result = self._lay(step.bus, step.side, card)
            again = result is None or (result.refusal is not None and self._react(step, result.refusal.code))
            if not again or step.gives_up:
                return

    def _lay(self, number: int, side: Side, card: CardImage) -> Result | None:
        """One touch; what came of it, None if nothing was heard."""
        bus, withdrawal = self.world.buses[number], self._withdrawals.pop((number, side), None)
        self.taps += 1
        self._touched.add(card.idm)
        others = {idm for idm in bus.terminal.pending if idm != card.idm}
        elsewhere = [other for other in self.world.buses if other is not bus and card.idm in other.terminal.pending]
        before, writes = standing_now(card), _writes(card)
        bus.last = None
        self._on(number, lambda on: on.lays(side, card, withdrawal))
        result = bus.last
        self.faults["5"] += bool(elsewhere)
        self.faults["6"] += bool(others) and result is not None and result.refusal is None
        if withdrawal is not None and bus.worn.commands(side) >= withdrawal.command:
            self._withdrawn(withdrawal.moment, before != standing_now(card), writes != _writes(card))
        if result is not None and result.refusal is not None:
            self.refusals[result.refusal.code] += 1
            fault = _BY_REFUSAL.get(result.refusal.code)
            if fault is not None:
                self.faults[fault] += 1
        elif result is not None:
            self.faults["13"] += result.shown_again
        return result

    def _withdrawn(self, moment: Moment, another_slot: bool, written: bool) -> None:
        if not written:
            self.faults["1"] += 1
        elif moment is Moment.DURING:
            self.faults["2"] += 1
        elif another_slot:
            self.faults["3"] += 1

    def _react(self, step: s.Tap, code: Code) -> bool:
        """What driver and passenger do about a refusal; whether the card is laid again."""
        match code:
            case Code.NO_BOARDING:
                self._say(step.bus, words.AnswerStop(step.began))
            case Code.SHORT:
                self._say(step.bus, words.AnswerPayment(step.pays))
            case Code.BUSY:
                self._say(step.bus, words.DropQuestion(), words.EndTopUp())
            case Code.OUT_OF_SERVICE:
                return self.world.buses[step.bus].state() is State.NO_READER
            case Code.TOUCH_AGAIN:
                return True
            case _:
                return False
        return True

    def _say(self, number: int, *commands: words.Command) -> None:
        self._on(number, lambda on: on.says(*commands))

    @_do.register
    def _(self, step: s.Withdraw) -> None:
        self._withdrawals[step.bus, step.side] = Withdrawal(step.command, step.moment)

    @_do.register
    def _(self, step: s.Befall) -> None:
        self._seed = step.choice
        self.world.buses[step.bus].befalls(Mishap(step.what, step.within, step.after, step.side, step.choice))

    @_do.register
    def _(self, step: s.LayOdd) -> Problems:
        world, bus = self.world, self.world.buses[step.bus]
        own, other = (world.cards[number % len(world.cards)] for number in (step.card, step.other))
        odd = [own, other] if step.odd is s.Odd.TWO and own is not other else [foreign_card()]
        clone = FelicaCard(deepcopy(own), bytes(range(16)))
        if step.odd is s.Odd.CLONE:
            odd = [clone.image]
        elif step.odd is s.Odd.COPY:
            odd = [deepcopy(world.copies[step.card % len(world.cards)])]
            if _writes(odd[0]) >= world.most_writes(bus, own.idm):
                odd = [foreign_card()]  # nothing by which a terminal could know the copy
        world.copies[step.other % len(world.cards)] = deepcopy(other)
        before = [_everything(card) for card in odd]

        def laid(on: WholeBus) -> None:
            if step.odd is s.Odd.CLONE:
                on.worn.lay_card(step.side, clone)
            else:
                on.worn.lay(step.side, odd[0])
            if len(odd) == 2:
                on.worn.lay_beside(step.side, odd[1])
            on.steps(2)
            on.worn.lift(step.side)
            on.steps(EMPTY_LOOKS)

        self.taps += 1
        self._touched |= {card.idm for card in odd}
        bus.last = None
        self._on(step.bus, laid)
        result = bus.last
        if result is not None and result.refusal is not None:
            self.refusals[result.refusal.code] += 1
            self.faults["14"] += result.refusal.code is Code.TWO_CARDS
            wrong_key = result.refusal.code is Code.WRONG_KEY
            self.faults["11"] += wrong_key and step.odd is s.Odd.CLONE
            self.faults["12"] += step.odd is s.Odd.COPY and odd[0].idm == own.idm
        if [_everything(card) for card in odd] != before:
            return (f"odd: {step.odd} was written",)
        return ()

    @_do.register
    def _(self, step: s.TopUp) -> None:
        card = self.world.cards[step.card % len(self.world.cards)]
        withdrawal = self._withdrawals.pop((step.bus, Side.ALIGHTING), None)

        def tops_up(on: WholeBus) -> None:
            on.notes.power_on()
            on.halt = Halt(doors_open=True)
            on.worn.lift(Side.ALIGHTING)
            on.steps(4)
            if on.state() not in (State.READY, State.ASKING_PAYMENT) or on.terminal.begin_top_up() is not None:
                return
            on.worn.lay(Side.ALIGHTING, card)
            on.steps(2)
            on.insert(step.yen)
            on.steps()
            if withdrawal is not None:
                on.worn.lay(Side.ALIGHTING, card, withdrawal)
            on.steps(step.waits)
            self.faults["43"] += on.notes.inside is not None and not on.worn.lying(Side.ALIGHTING)
            if step.ends:
                on.worn.lift(Side.ALIGHTING)
                on.steps(2)
                if on.state() is State.TOPPING_UP:
                    on.terminal.end_top_up()

        self.taps += 1
        self._touched.add(card.idm)
        bus = self.world.buses[step.bus]
        known = len(bus.notes.given_back)
        self._on(step.bus, tops_up)
        last = bus.last
        if last is not None and last.refusal is not None:
            self.refusals[last.refusal.code] += 1
            self.faults["42"] += last.refusal.code is Code.OVER_CAP and len(bus.notes.given_back) > known

    @_do.register
    def _(self, step: s.Cancel) -> None:
        card = self.world.cards[step.card % len(self.world.cards)]
        if self.world.buses[step.bus].state() is State.READY:
            self._say(step.bus, words.BeginCancelling())
            self._lay(step.bus, Side.ALIGHTING, card)
            self._say(step.bus, words.DropQuestion())

    @_do.register
    def _(self, step: s.Key) -> None:
        self.world.buses[step.bus].wheel.lines.append(step.line.encode())
        self._on(step.bus, lambda on: on.steps())
        self.faults["44"] += "yen" in step.line

    @_do.register
    def _(self, step: s.PowerCut) -> None:
        def cut(on: WholeBus) -> None:
            if step.acceptor is not s.Acceptor.STAYS_ON:
                on.notes.lose_power(far=step.acceptor is s.Acceptor.DROPS_IT)
            pending = frozenset(on.terminal.pending)
            self.faults["23"] += on.power_cut(step.seed, again_at=step.again_at)
            self.faults["18"] += 1
            self.faults["4"] += bool(pending & frozenset(on.terminal.pending))
            on.notes.power_on()
            on.goes_back_to_work()

        self._on(step.bus, cut)

    @_do.register
    def _(self, step: s.Kill) -> None:
        def killed(on: WholeBus) -> None:
            pending = bool(on.terminal.pending)
            on.killed()
            self.faults["4"] += pending
            on.goes_back_to_work()

        self._on(step.bus, killed)

    @_do.register
    def _(self, step: s.SetClock) -> None:
        bus = self.world.buses[step.bus]
        bus.clock.now_s += step.by_s
        bus.trust = ALWAYS if step.trusted else Trust(False, Why.NOT_SET)
        self.faults["24"] += step.by_s < 0

    @_do.register
    def _(self, step: s.SendOrders) -> None:
        self._versions += 1
        bus = self.world.buses[step.bus]
        made_at_s = max(0, bus.clock.now_s - step.age_days * 86_400)
        stopped, no_credit = (() if n is None else (self._idm(n),) for n in (step.stopped, step.no_credit))
        hotlist = Hotlist(self._versions, made_at_s, cards_of(stopped), cards_of(no_credit))
        directives = None
        if step.auto_charge is not None:
            setting = AutoChargeSet(step.trigger_yen, step.amount_yen, 99_000, 99_000)
            order = Directive(self._versions, self._plan.day, (setting,))
            directives = directives_of(self._versions, made_at_s, {self._idm(step.auto_charge): [order]})
        bus.orders = bus.terminal.orders = Orders(hotlist, directives)
        self.faults["39"] += step.age_days * 86_400 >= AGES.stale_s
        self.faults["45"] += directives is not None

    def _idm(self, number: int) -> bytes:
        return self.world.cards[number % len(self.world.cards)].idm

    @_do.register
    def _(self, step: s.EndDuty) -> None:
        self._on(step.bus, lambda on: on.box.close_trip())

    @_do.register
    def _(self, step: s.Session) -> None:
        bus = self.world.buses[step.bus]
        left = list(step.fates)

        def fate(centre: Centre, request: Request) -> Answer:
            name = left.pop(0) if left else "arrives"
            number = _BY_FATE.get(name)
            if number is not None and request.path.startswith("segments/"):
                self.faults[number] += 1
            return FATES[name](centre, request)

        centre = self.centres[bus.name]
        lacks = sorted(set(self.world.books[bus.name].sealed) - set(centre.segments))
        centre.wanted = lacks[-1:]  # the newest, whatever older ones it lacks as well
        self.faults["33"] += len(lacks) > 1
        self._on(step.bus, lambda on: self._exchange(on, fate, step.piece_bytes))

    def _exchange(self, on: WholeBus, fate: object, piece_bytes: int) -> Report:
        assert callable(fate)
        self._spoke.add(on.name)
        return Exchange(
            lambda: MemoryLine(self.centres[on.name], fate),
            Archive(on.journals, on.name),
            BundleStore(self._folder / on.name, signed_by(KEYS)),
            self._folder / on.name,
            KEYS,
            TOKEN,
            Random(self._versions).randbytes,
            lambda: float(on.clock.now_s),
            piece_bytes=piece_bytes,
        ).once()

    @_do.register
    def _(self, step: s.Rot) -> None:
        bus = self.world.buses[step.bus]
        book = self.world.books[bus.name]
        names = bus.journals.disks
        waiting = [
            number
            for number in sorted(book.sealed)
            if name_of(number) in names and name_of(number, RECEIPT) not in names and number not in book.spoilt
        ]
        if waiting and waiting[0] != top_of(tuple(names)):
            disk = names[name_of(waiting[0])]
            place = step.at % len(disk.cache)
            disk.cache[place] ^= 1
            disk.medium[place] ^= 1
            book.spoilt.add(waiting[0])
            self.faults["22"] += 1

    @_do.register
    def _(self, _: s.Settle) -> Problems:
        for number, bus in enumerate(self.world.buses):
            self._on(number, self._calm)
            for idm in sorted(bus.terminal.pending):
                self._lay(number, Side.BOARDING, self.world.by_idm[idm])
            self._on(number, lambda on: on.box.close_trip())
            centre = self.centres[bus.name]
            centre.wanted = []
            self._exchange(bus, FATES["arrives"], 1 << 18)
        return (*self._watch.whole(), *self._watch.quiet())

    def _calm(self, on: WholeBus) -> None:
        """Everything is mended, nobody is at the slot; the driver clears what he finds."""
        self._withdrawals.clear()
        on.is_cleared_up(on.goes_back_to_work)

    # -- around each of it

    def _on(self, number: int, act: object) -> None:
        """Do it on a bus, and note which faults it met."""
        assert callable(act)
        bus, losses = self.world.buses[number], self.world.power_losses
        self._acted.add(bus.name)
        starts, alive = bus.starts, bus.box.alive
        pending = frozenset(bus.terminal.pending)
        with suppress(IllegalEvent):
            self.world.do(number, act, self._seed)
        self.faults["18"] += self.world.power_losses - losses
        self.faults["19"] += bus.starts > starts and bus.cut_bytes > 0
        if self.world.power_losses > losses:
            self.faults["4"] += bool(pending & frozenset(bus.terminal.pending))
        if alive and not bus.box.alive:
            self.faults["21" if bus.journals.capacity is not None else "20"] += 1
        for port in bus.worn.ports.values():
            for what, times in port.happened.items():
                self.faults[_BY_PORT[what]] += times
                self.faults["10"] += what == "spoil_at"
            port.happened.clear()

    def _uploads(self, bus: WholeBus) -> Uploads:
        names, centre, book = bus.journals.disks, self.centres[bus.name], self.world.books[bus.name]
        kinds = {
            kind: frozenset(number for name in names if (number := number_of(name, kind)) is not None)
            for kind in (SEGMENT, ROTTEN, RECEIPT)
        }
        return Uploads(
            bus.name,
            book.sealed,
            kinds[SEGMENT],
            kinds[ROTTEN],
            kinds[RECEIPT],
            tuple((number, times) for (number, _), times in centre.booked.items()),
            {number: digest for (number, hexa) in centre.receipts for digest in (bytes.fromhex(hexa),)},
        )


def _writes(card: CardImage) -> int:
    blocks = card.lite_s_blocks()
    assert blocks is not None
    return int.from_bytes(blocks[WCNT][:3], "little")


def _everything(card: CardImage) -> object:
    return deepcopy(card.systems)

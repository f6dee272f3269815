"""Whatever can happen in and around the terminal, in any order: rules for hypothesis, and the checks after each."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cardimage.felica_card import FelicaCard
from farebox.clock import ALWAYS, Trust, Why
from farebox.console import protocol as words
from farebox.formats.bundle import AutoChargeSet, Directive, Hotlist, cards_of, directives_of
from farebox.peripherals.note_acceptor import Phase
from farebox.result import Side
from farebox.table import State
from farebox.terms import Orders
from farebox.top_up import Halt
from sim import checkers
from sim.demand import Holdings
from sim.faults.bus import SIDES, WholeBus
from sim.faults.mishaps import HAPPENS, Mishap
from sim.hardware.field import Moment, Withdrawal
from tariff.purses import Payment
from tariff.riders import RiderClass
from tests.farebox.bus import DAY
from tests.farebox.taps import RENEWED, blocks_of
from tests.farebox.whole.cards import CARDS
from tests.farebox.whole.two_buses import TRIPS, two_buses
from tests.reader.transit_card import transit_card


class Ride(NamedTuple):
    """From where to where on the line, how it is paid if the card is short, and what happens as it ends."""

    card: int
    ends: tuple[int, int]
    payment: Payment
    mishap: Mishap | None
    withdrawal: Withdrawal | None
    back: Withdrawal | None
    then: Callable[["WholeTerminal", WholeBus, "Ride"], None]
    """What comes after it."""


class ToppingUp(NamedTuple):
    """By one note; the card is withdrawn as it is written, or all is left as it is after so many steps."""

    card: int
    yen: int
    withdrawal: Withdrawal | None
    mishap: Mishap | None
    steps: int
    ends: bool


BUSES = st.integers(0, 1)
OWN, ALL = st.integers(0, 2), st.integers(0, 3)
"""Places of the scheme's own cards, and of all: the last one is another operator's."""
SIDE = st.sampled_from(SIDES)
MOMENTS = st.sampled_from(list(Moment))
WITHDRAWALS = st.none() | st.builds(Withdrawal, st.integers(4, 8), MOMENTS)
ENDS = st.sampled_from([(start, end) for end in range(5) for start in range(end)])
PAYMENTS = st.sampled_from(list(Payment))
RIDERS = st.lists(st.sampled_from(list(RiderClass)), max_size=3).map(tuple)
COMMANDS = st.one_of(
    st.builds(words.GoToStop, st.integers(0, 5)),
    st.builds(words.AnswerStop, st.integers(0, 4)),
    st.builds(words.AnswerPayment, PAYMENTS),
    st.builds(words.TellParty, companions=RIDERS),
    st.builds(words.LogPaper, st.sampled_from(("paper-coupons", "pass-slip", "gold")), st.integers(-1, 20_001)),
    st.builds(words.BeginTrip, st.sampled_from((*TRIPS, "NO-SUCH-TRIP"))),
    st.sampled_from((words.DropQuestion(), words.EndTrip(), words.CountUp(), words.LayCard(Side.BOARDING))),
    st.sampled_from((words.BeginCancelling(), words.ReadHistory(), words.EndDuty(), words.ReleaseNote())),
    st.sampled_from((words.BeginTopUp(), words.BeginTopUp(stands=True), words.EndTopUp())),
)
TRUSTS = st.sampled_from((ALWAYS, Trust(False, Why.NOT_SET), Trust(False, Why.BEHIND), Trust(True, Why.NTP)))
JUMPS_S = st.sampled_from((0, 0, -86_400, -3_600, -61, 61, 3_600, 86_400, 3 * 86_400))
MISHAPS = (
    st.none()
    | st.none()
    | st.builds(Mishap, st.sampled_from(list(HAPPENS)), st.integers(1, 12), st.booleans(), SIDE, st.integers(0, 999))
)
NOTES = st.sampled_from((1_000, 1_000, 5_000, 2_000))
AS_IT_IS_WRITTEN = st.none() | st.builds(Withdrawal, st.sampled_from((7, 8, 8, 9)), MOMENTS)
TOP_UPS = st.builds(ToppingUp, OWN, NOTES, AS_IT_IS_WRITTEN, MISHAPS, st.integers(0, 14), st.booleans())
ODD = ("two", "foreign", "clone", "copy")
AT_THE_ACCEPTOR = ("end", "insert", "jam", "cut", "far", "on", "clear", "release", "open", "close")
EMPTY_LOOKS = 4


THEN = st.deferred(
    lambda: st.sampled_from((WholeTerminal.is_all, WholeTerminal.is_laid_again, WholeTerminal.is_taken_back))
)
RIDES = st.builds(Ride, OWN, ENDS, PAYMENTS, MISHAPS, WITHDRAWALS, WITHDRAWALS, THEN)


class WholeTerminal(RuleBasedStateMachine):
    """Two buses on opposite trips of a line; three cards of one operator and one of another go between them."""

    only: str | None = None
    """The operator, if it is not left to chance."""

    @initialize(scheme=st.sampled_from(("lococa", *CARDS)), rides=st.lists(RIDES, max_size=3), top_up=TOP_UPS)
    def start(self, scheme: str, rides: list[Ride], top_up: ToppingUp) -> None:
        scheme = self.only or scheme
        self.scheme = scheme
        self.world = two_buses(scheme, CARDS[scheme]())
        self.before = self.world.moment()
        self.versions = 0
        self.ride(0, rides)
        if scheme == "lococa":
            self.top_up(0, [top_up])

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.settle()

    def bus(self, bus: int) -> WholeBus:
        return self.world.buses[bus]

    # -- passengers

    @rule(bus=BUSES, card=ALL, side=SIDE, mishap=MISHAPS, withdrawal=WITHDRAWALS)
    def tap(self, bus: int, card: int, side: Side, mishap: Mishap | None, withdrawal: Withdrawal | None) -> None:
        def laid(on: WholeBus) -> None:
            on.befalls(mishap)
            on.lays(side, self.world.cards[card], withdrawal)

        self.world.do(bus, laid)

    @rule(bus=BUSES, rides=st.lists(RIDES, min_size=1, max_size=3))
    def ride(self, bus: int, rides: list[Ride]) -> None:
        """Whole rides, with whatever happens at their alighting taps: chance alone would seldom come this far."""
        for ride in rides:
            self.world.do(bus, partial(self._ride, TRIPS[bus], ride))

    def _ride(self, trip_id: str, ride: Ride, on: WholeBus) -> None:
        carried = self.world.cards[ride.card]
        on.goes_into_service(trip_id)
        on.drives_to(ride.ends[0])
        on.lays(Side.BOARDING, carried)
        on.drives_to(ride.ends[1])
        if ride.payment is not Payment.CARD:
            on.lays(Side.ALIGHTING, carried)
            if on.terminal.asked == carried.idm:
                on.says(words.AnswerPayment(ride.payment), words.AnswerStop(ride.ends[0]))
        on.befalls(ride.mishap)
        on.lays(Side.ALIGHTING, carried, ride.withdrawal)
        ride.then(self, on, ride)

    def is_all(self, on: WholeBus, ride: Ride) -> None:
        """Its passenger walks away."""

    def is_laid_again(self, on: WholeBus, ride: Ride) -> None:
        """At the next stop, as the passenger of 2008 did."""
        on.drives_to(min(ride.ends[1] + 1, 4))
        on.lays(Side.ALIGHTING, self.world.cards[ride.card])

    def is_taken_back(self, on: WholeBus, ride: Ride) -> None:
        """GEN-22: with the same card at the same stop, which may be withdrawn, too."""
        if on.state() is not State.READY:
            return
        on.terminal.begin_cancelling()
        on.lays(Side.ALIGHTING, self.world.cards[ride.card], ride.back)
        on.says(words.DropQuestion())

    @precondition(lambda self: self.scheme == "lococa")
    @rule(bus=BUSES, top_ups=st.lists(TOP_UPS, min_size=1, max_size=2))
    def top_up(self, bus: int, top_ups: list[ToppingUp]) -> None:
        """As it should go, up to some step of it, or with the card withdrawn: what follows finds a note somewhere."""
        for top_up in top_ups:
            self.world.do(bus, partial(self._top_up, TRIPS[bus], top_up))

    def _top_up(self, trip_id: str, top_up: ToppingUp, on: WholeBus) -> None:
        carried = self.world.cards[top_up.card]
        on.goes_into_service(trip_id)
        on.notes.power_on()
        on.halt = Halt(doors_open=True)
        on.worn.lift(Side.ALIGHTING)
        on.steps(4)
        if on.state() not in (State.READY, State.ASKING_PAYMENT) or on.terminal.begin_top_up() is not None:
            return
        on.worn.lay(Side.ALIGHTING, carried)
        on.steps(2)
        on.insert(top_up.yen)
        on.steps()
        on.befalls(top_up.mishap)
        if top_up.withdrawal is not None:
            on.worn.lay(Side.ALIGHTING, carried, top_up.withdrawal)
        on.steps(top_up.steps)
        if top_up.ends and on.state() is State.TOPPING_UP:
            on.terminal.end_top_up()

    @rule(bus=BUSES, card=ALL, side=SIDE, withdrawal=WITHDRAWALS, times=st.integers(1, 40))
    def a_card_is_left_there(self, bus: int, card: int, side: Side, withdrawal: Withdrawal | None, times: int) -> None:
        def laid(on: WholeBus) -> None:
            on.worn.lay(side, self.world.cards[card], withdrawal)
            on.steps(times)

        self.world.do(bus, laid)

    @rule(bus=BUSES, side=SIDE, times=st.integers(1, 40))
    def nobody_comes(self, bus: int, side: Side, times: int) -> None:
        def lifted(on: WholeBus) -> None:
            on.worn.lift(side)
            on.steps(times)

        self.world.do(bus, lifted)

    # -- cards that are not what they should be

    @rule(
        bus=BUSES, side=SIDE, kind=st.sampled_from(("two", "foreign", "clone", "copy")), cards=st.permutations(range(3))
    )
    def an_odd_card(self, bus: int, side: Side, kind: str, cards: list[int]) -> None:
        """faults 11, 12, 14: refused, and nothing is written. A copy only where the terminal can know: the chip counts
        fewer writes than this bus has seen.
        """
        own = self.world.cards[cards[0]]
        odd = [own, self.world.cards[cards[1]]] if kind == "two" else [transit_card()]
        clone = FelicaCard(deepcopy(own), bytes(range(16)))
        if kind == "clone":
            odd = [clone.image]
        elif kind == "copy":
            odd = [deepcopy(self.world.copies[cards[0]])]
            writes = checkers.seen_card(odd[0], Holdings()).writes
            if writes >= self.world.most_writes(self.bus(bus), own.idm):
                return
        self.world.copies[cards[2]] = deepcopy(self.world.cards[cards[2]])
        before = [blocks_of(card) for card in odd]

        def laid(on: WholeBus) -> None:
            if kind == "clone":
                on.worn.lay_card(side, clone)
            else:
                on.worn.lay(side, odd[0])
            if kind == "two":
                on.worn.lay_beside(side, odd[1])
            on.steps(2)
            on.worn.lift(side)
            on.steps(EMPTY_LOOKS)

        self.world.do(bus, laid)
        assert [blocks_of(card) for card in odd] == before

    # -- the driver

    @rule(bus=BUSES, command=COMMANDS | st.binary(max_size=40))
    def the_driver_says(self, bus: int, command: words.Command | bytes) -> None:
        """A command, or bytes that are none; most of the commands can't be now."""
        self.bus(bus).wheel.lines.append(command if isinstance(command, bytes) else words.command_line(command))
        self.world.do(bus, lambda on: on.steps())

    @rule(bus=BUSES, ends_duty=st.booleans(), mishap=MISHAPS)
    def trip_ends_and_the_next_begins(self, bus: int, ends_duty: bool, mishap: Mishap | None) -> None:
        def ends(on: WholeBus) -> None:
            on.befalls(mishap)
            if ends_duty:
                on.box.close_trip()
            on.says(words.EndTrip())
            on.says(words.BeginTrip(TRIPS[bus]))

        self.world.do(bus, ends)

    @rule(
        bus=BUSES,
        how=st.sampled_from(("end", "insert", "jam", "cut", "far", "on", "clear", "release", "open", "close")),
    )
    def at_the_acceptor(self, bus: int, how: str) -> None:
        on = self.bus(bus)
        match how:
            case "end" if on.state() is State.TOPPING_UP:
                self.world.do(bus, lambda on: on.terminal.end_top_up())
            case "insert":
                on.insert(1_000)
            case "jam":
                on.notes.jam()
            case "cut" | "far":
                on.notes.lose_power(far=how == "far")
            case "on":
                on.notes.power_on()
            case "clear" if on.notes.phase is Phase.JAMMED:
                on.notes.clear_by_hand()
            case "release":
                assert on.terminal.notes is not None
                on.terminal.notes.release()
            case "open":
                on.notes.open_box()
            case "close":
                on.notes.close_box()

    # -- power, disk, wires

    @rule(bus=BUSES, mishap=MISHAPS)
    def something_is_going_to_happen(self, bus: int, mishap: Mishap | None) -> None:
        self.bus(bus).befalls(mishap)

    @rule(
        bus=BUSES,
        seed=st.integers(0, 999),
        again_at=st.none() | st.integers(0, 12),
        acceptor=st.sampled_from(("on", "off", "far")),
    )
    def power_goes_and_comes_back(self, bus: int, seed: int, again_at: int | None, acceptor: str) -> None:
        def cut(on: WholeBus) -> None:
            if acceptor != "on":
                on.notes.lose_power(far=acceptor == "far")
            on.power_cut(seed, again_at=again_at)
            on.notes.power_on()
            on.begins(TRIPS[bus])

        self.world.do(bus, cut)

    @rule(bus=BUSES)
    def the_process_is_killed(self, bus: int) -> None:
        def again(on: WholeBus) -> None:
            on.killed()
            on.begins(TRIPS[bus])

        self.world.do(bus, again)

    # -- the clock, and the centre

    @rule(bus=BUSES, by_s=JUMPS_S, trust=TRUSTS, moves=st.booleans())
    def the_clock_jumps_and_the_bus_moves(self, bus: int, by_s: int, trust: Trust, moves: bool) -> None:
        on = self.bus(bus)
        on.clock.now_s += by_s
        on.trust = trust
        on.halt = Halt(speed_kmh=30) if moves else Halt(doors_open=True)

    @rule(
        bus=BUSES,
        stopped=st.sets(OWN, max_size=1),
        no_credit=st.sets(OWN, max_size=1),
        for_card=st.none() | OWN,
        age_days=st.sampled_from((0, 3, 8)),
    )
    def orders_come(
        self, bus: int, stopped: set[int], no_credit: set[int], for_card: int | None, age_days: int
    ) -> None:
        """A hotlist, and a directive for a card: a pass on LOCOCA, other auto-charge on AIZU NORUCA."""
        self.versions += 1
        idms = [card.idm for card in self.world.cards]
        made_at_s = max(0, self.bus(bus).clock.now_s - age_days * 86_400)
        hotlist = Hotlist(
            self.versions, made_at_s, cards_of(idms[n] for n in stopped), cards_of(idms[n] for n in no_credit)
        )
        directives = None
        if for_card is not None:
            changes = RENEWED.changes if self.scheme == "lococa" else (AutoChargeSet(500, 2_000, 9_000, 9_000),)
            order = Directive(self.versions, DAY, changes)
            directives = directives_of(self.versions, made_at_s, {idms[for_card]: [order]})
        on = self.bus(bus)
        on.orders = on.terminal.orders = Orders(hotlist, directives)

    # -- what must hold

    @precondition(lambda self: hasattr(self, "world"))
    @invariant()
    def every_yen_is_accounted_for(self) -> None:
        now = self.world.moment()
        wrong = checkers.problems(self.before, now)
        assert not wrong, "\n".join(wrong)
        self.before = now

    def settle(self) -> None:
        """Everything is mended, every card seen again on both buses: the sums close."""
        for number, trip_id in enumerate(TRIPS):
            self.world.do(number, partial(self.calm, trip_id))
            self.every_yen_is_accounted_for()
        wrong = checkers.quiet(self.world.moment())
        assert not wrong, "\n".join(wrong)

    def calm(self, trip_id: str, on: WholeBus) -> None:
        """The driver clears what he finds, nobody is at the slot any more; then each card is laid once more."""
        on.is_cleared_up(lambda: on.begins(trip_id))
        for card in self.world.cards:
            on.lays(Side.BOARDING, card)

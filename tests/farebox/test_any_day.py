"""Any day at all: taps, withdrawals, drivers' answers, restarts and power cuts in any order, on two buses.

Each of the four operators' cards; now and then two at once, a foreign one, one that was rolled back. After every step
each card holds what the two journals say, purse by purse, give or take a write that is pending and named, and no
balance is over the cap. Looking flushes nothing: what power loss may take stays at risk.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cardimage.image import CardImage
from cardimage.lite_s import WCNT
from farebox.formats.frames import scan
from farebox.formats.journal import Intent, Outcome, Resolved
from farebox.journal import fold
from farebox.result import Side
from farebox.table import State
from sim.demand import Holdings, holdings
from sim.hardware.field import Moment, Withdrawal
from tariff.account import Points
from tariff.purses import Payment
from tariff.refusal import Code
from tests.farebox.bus import Bus, aizu, in_layout_1, iwate, lococa, noruca, standing_slot
from tests.farebox.field_bench import FieldBench
from tests.farebox.taps import blocks_of
from tests.journal.memory_disk import MemoryDisk, Tear, head_only, kept, lost, tail_only
from tests.reader.transit_card import transit_card

WITHDRAWALS = st.none() | st.builds(Withdrawal, st.integers(4, 8), st.sampled_from(list(Moment)))
SIDES = st.sampled_from((Side.BOARDING, Side.ALIGHTING))
ENDS = st.sampled_from([(start, end) for end in range(5) for start in range(end)])
TEARS: list[Tear] = [lost, kept, head_only, tail_only]
TRIPS = ("HAKUHO-W01", "HAKUHO-W02")
SECTION = ("実業高校前", "南湖公園")
CARDS: dict[str, Callable[[], list[CardImage]]] = {
    "lococa": lambda: [lococa(3_000, 1), in_layout_1(lococa(700, 2, section=SECTION)), lococa(95, 3)],
    "aizu-noruca": lambda: [aizu(3_000, 100, 1_000, 1), aizu(50, 100, 1_000, 2), aizu(450, 1_000, 3_000, 3)],
    "iwate-green-pass": lambda: [
        iwate(3_000, Points(1_200, date(2026, 3, 1)), 0, 1),
        iwate(700, None, 600, 2),
        in_layout_1(iwate(95, Points(80, date(2025, 3, 1)), 30, 3)),
    ],
    "noruca": lambda: [noruca(3_000, 0, 200, 1), noruca(700, 300, 0, 2), noruca(90, 0, 0, 3)],
}
"""Three cards of each operator, one of them poor."""
CAP_YEN = 20_000
EMPTY_LOOKS = 4


def held_by(card: CardImage) -> Holdings:
    """What a card holds, from its own blocks."""
    return holdings(standing_slot(card).slot)


def writes_of(card: CardImage) -> int:
    """The card's own count of writes."""
    blocks = card.lite_s_blocks()
    assert blocks is not None
    return int.from_bytes(blocks[WCNT][:3], "little")


def change_of(intent: Intent) -> Holdings:
    """What a write changes, purse by purse, as the journal has it."""
    changes = {name: after - before for name, before, after in intent.purses}
    points = sum(changes.pop(name, 0) for name in ("welfare-points", "transport-points"))
    return Holdings(intent.sf_after_yen - intent.sf_before_yen, sum(changes.values()), points)


class AnyDay(RuleBasedStateMachine):
    """Two buses on opposite trips of the line, three cards that go back and forth between them."""

    @initialize(scheme=st.sampled_from(list(CARDS)))
    def start(self, scheme: str) -> None:
        self._folder = TemporaryDirectory()
        folder = Path(self._folder.name)
        self.benches = [FieldBench() for _ in range(2)]
        self.buses = [Bus(folder, bench, name=f"BUS-{n}", disk=MemoryDisk()) for n, bench in enumerate(self.benches, 1)]
        self.scheme = scheme
        self.cards = CARDS[scheme]()
        self.opening = [held_by(card) for card in self.cards]
        self.copies = deepcopy(self.cards)
        for bus in range(2):
            self.begin(bus)

    def begin(self, bus: int) -> None:
        self.buses[bus].begin(TRIPS[bus], scheme=self.scheme)

    def teardown(self) -> None:
        for bus in getattr(self, "buses", []):
            bus.__exit__()
        if hasattr(self, "_folder"):
            self._folder.cleanup()

    # -- what can happen

    @rule(bus=st.integers(0, 1), card=st.integers(0, 2), side=SIDES, withdrawal=WITHDRAWALS)
    def tap(self, bus: int, card: int, side: Side, withdrawal: Withdrawal | None) -> None:
        self.buses[bus].tap(side, self.cards[card], withdrawal)

    @rule(
        bus=st.integers(0, 1),
        card=st.integers(0, 2),
        ends=ENDS,
        payment=st.sampled_from(list(Payment)),
        withdrawal=WITHDRAWALS,
    )
    def ride(self, bus: int, card: int, ends: tuple[int, int], payment: Payment, withdrawal: Withdrawal | None) -> None:
        """A whole ride, with whatever happens at its alighting tap: chance alone would seldom come this far."""
        on, carried = self.buses[bus], self.cards[card]
        self.drive(bus, ends[0])
        on.tap(Side.BOARDING, carried)
        self.drive(bus, ends[1])
        held = held_by(carried)
        poor = held.stored_fare_yen + held.coupons_yen < 500
        if poor and on.tap(Side.ALIGHTING, carried) and on.terminal.asked:
            self.driver(bus, ends[0], payment, drops=False)
        on.tap(Side.ALIGHTING, carried, withdrawal)

    @rule(bus=st.integers(0, 1), cards=st.permutations(range(3)), side=SIDES)
    def two_cards_at_once(self, bus: int, cards: list[int], side: Side) -> None:
        """faults 14: refused, neither is written, and the field is free again afterwards."""
        on, bench, two = self.buses[bus], self.benches[bus], [self.cards[card] for card in cards[:2]]
        before = [blocks_of(card) for card in two]
        bench.lay(side, two[0])
        bench.lay_beside(side, two[1])
        refused = on.terminal.touch(side)
        assert refused is not None and refused.refusal is not None and refused.refusal.code is Code.TWO_CARDS
        assert on.terminal.touch(side) is None
        bench.lift(side)
        for _ in range(EMPTY_LOOKS):
            on.terminal.touch(side)
        assert [blocks_of(card) for card in two] == before

    @rule(bus=st.integers(0, 1), side=SIDES)
    def a_foreign_card(self, bus: int, side: Side) -> None:
        result = self.buses[bus].tap(side, transit_card())
        assert result is not None and result.refusal is not None
        assert result.refusal.code in (Code.FOREIGN_CARD, Code.BUSY)

    @rule(card=st.integers(0, 2))
    def a_card_is_copied(self, card: int) -> None:
        self.copies[card] = deepcopy(self.cards[card])

    @rule(bus=st.integers(0, 1), card=st.integers(0, 2), side=SIDES)
    def a_copy_is_tried(self, bus: int, card: int, side: Side) -> None:
        """faults 12, where the terminal can know: the chip counts fewer writes than this bus has seen."""
        on, copy = self.buses[bus], self.copies[card]
        if on.terminal.asked or writes_of(copy) >= on.terminal._runner.seen.most_writes(copy.idm):
            return
        before = blocks_of(copy)
        result = on.tap(side, copy)
        assert result is not None and result.refusal is not None and result.refusal.rule == "faults 12"
        assert blocks_of(copy) == before

    @rule(bus=st.integers(0, 1), stop=st.integers(0, 4))
    def drive(self, bus: int, stop: int) -> None:
        self.buses[bus].clock.now_s += 60
        self.buses[bus].terminal.advance(stop)

    @rule(bus=st.integers(0, 1), boarded=st.integers(0, 3), payment=st.sampled_from(list(Payment)), drops=st.booleans())
    def driver(self, bus: int, boarded: int, payment: Payment, drops: bool) -> None:
        terminal = self.buses[bus].terminal
        service = terminal.service
        assert service is not None
        if terminal.asked and drops:
            terminal.drop_question()
        elif terminal.state is State.ASKING_PAYMENT:
            terminal.answer_payment(payment)
        elif terminal.state is State.ASKING_STOP and boarded < service.stop_index:
            terminal.answer_stop(boarded)

    @rule(bus=st.integers(0, 1))
    def trip_ends_and_the_next_begins(self, bus: int) -> None:
        self.buses[bus].terminal.end_trip()
        self.begin(bus)

    @rule(bus=st.integers(0, 1), tear=st.sampled_from(TEARS))
    def power_goes_and_comes_back(self, bus: int, tear: Tear) -> None:
        disk = self.buses[bus].disk
        assert disk is not None
        self.buses[bus].restart(disk.after_power_loss(tear))
        self.begin(bus)

    # -- what must hold

    def _known(self, card: CardImage) -> tuple[Holdings, list[Holdings]]:
        """What the journals say happened to a card, and the changes that are pending or left to the centre."""
        known, open_changes = Holdings(), []
        for bus in self.buses:
            assert bus.disk is not None
            entries = scan(bytes(bus.disk.cache)).entries
            ends = {e.record.intent_seq: e.record.result for e in entries if isinstance(e.record, (Outcome, Resolved))}
            for entry in entries:
                if isinstance(entry.record, Intent) and entry.record.idm == card.idm:
                    change = change_of(entry.record)
                    end = ends.get(entry.seq, "open")
                    if end == "written":
                        known = known.plus(change)
                    elif end != "not_written":
                        open_changes.append(change)
        return known, open_changes

    @invariant()
    def every_card_is_as_the_journals_say(self) -> None:
        for card, opening in zip(getattr(self, "cards", []), getattr(self, "opening", []), strict=True):
            known, open_changes = self._known(card)
            possible = {opening.plus(known)}
            for change in open_changes:
                possible |= {held.plus(change) for held in possible}
            held = held_by(card)
            assert held in possible
            assert held.stored_fare_yen + held.coupons_yen <= CAP_YEN

    @precondition(lambda self: hasattr(self, "buses"))
    @invariant()
    def no_journal_contradicts_itself(self) -> None:
        for bus in self.buses:
            assert bus.disk is not None
            found = scan(bytes(bus.disk.cache))
            assert found.problem is None
            assert not fold.audit(found.entries)[1]


AnyDay.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestAnyDay = AnyDay.TestCase

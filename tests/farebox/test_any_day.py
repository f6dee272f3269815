"""Any day at all: taps, withdrawals, drivers' answers, restarts and power cuts in any order, on two buses.

After every step each card holds what the two journals say, give or take a write that is pending and named, and no
balance is negative or over the cap. Looking flushes nothing: what power loss may take stays at risk.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cardimage.image import CardImage
from farebox.formats.frames import scan
from farebox.formats.journal import Intent, Outcome, Resolved
from farebox.journal import fold
from farebox.result import Side
from farebox.table import State
from sim.hardware.field import Moment, Withdrawal
from tariff.purses import Payment
from tests.farebox.bus import Bus, balance_yen, lococa
from tests.farebox.field_bench import FieldBench
from tests.journal.memory_disk import MemoryDisk, Tear, head_only, kept, lost, tail_only

WITHDRAWALS = st.none() | st.builds(Withdrawal, st.integers(4, 7), st.sampled_from(list(Moment)))
ENDS = st.sampled_from([(start, end) for end in range(5) for start in range(end)])
TEARS: list[Tear] = [lost, kept, head_only, tail_only]
TRIPS = ("HAKUHO-W01", "HAKUHO-W02")


class AnyDay(RuleBasedStateMachine):
    """Two buses on opposite trips of the line, three cards that go back and forth between them."""

    @initialize()
    def start(self) -> None:
        self._folder = TemporaryDirectory()
        folder = Path(self._folder.name)
        self.buses = [Bus(folder, FieldBench(), name=f"BUS-{n}", disk=MemoryDisk()) for n in range(2)]
        self.cards = [
            lococa(3_000, 1),
            lococa(700, 2, section=("実業高校前", "南湖公園")),
            lococa(95, 3),
        ]
        self.opening = [balance_yen(card) for card in self.cards]
        for bus, trip in zip(self.buses, TRIPS, strict=True):
            bus.begin(trip)

    def teardown(self) -> None:
        for bus in getattr(self, "buses", []):
            bus.__exit__()
        if hasattr(self, "_folder"):
            self._folder.cleanup()

    # -- what can happen

    @rule(
        bus=st.integers(0, 1),
        card=st.integers(0, 2),
        side=st.sampled_from((Side.BOARDING, Side.ALIGHTING)),
        withdrawal=WITHDRAWALS,
    )
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
        if balance_yen(carried) < 500 and on.tap(Side.ALIGHTING, carried) and on.terminal.asked:
            self.driver(bus, ends[0], payment, drops=False)
        on.tap(Side.ALIGHTING, carried, withdrawal)

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
        self.buses[bus].begin(TRIPS[bus])

    @rule(bus=st.integers(0, 1), tear=st.sampled_from(TEARS))
    def power_goes_and_comes_back(self, bus: int, tear: Tear) -> None:
        disk = self.buses[bus].disk
        assert disk is not None
        self.buses[bus].restart(disk.after_power_loss(tear))
        self.buses[bus].begin(TRIPS[bus])

    # -- what must hold

    def _known(self, card: CardImage) -> tuple[int, list[int]]:
        """What the journals say happened to a card in yen, and the changes that are pending or left to the centre."""
        known, open_changes = 0, []
        for bus in self.buses:
            assert bus.disk is not None
            entries = scan(bytes(bus.disk.cache)).entries
            ends = {e.record.intent_seq: e.record.result for e in entries if isinstance(e.record, (Outcome, Resolved))}
            for entry in entries:
                if isinstance(entry.record, Intent) and entry.record.idm == card.idm:
                    change = entry.record.sf_after_yen - entry.record.sf_before_yen
                    end = ends.get(entry.seq, "open")
                    if end == "written":
                        known += change
                    elif end != "not_written":
                        open_changes.append(change)
        return known, open_changes

    @invariant()
    def every_card_is_as_the_journals_say(self) -> None:
        for card, opening_yen in zip(getattr(self, "cards", []), getattr(self, "opening", []), strict=True):
            known, open_changes = self._known(card)
            possible = {opening_yen + known}
            for change in open_changes:
                possible |= {yen + change for yen in possible}
            assert balance_yen(card) in possible
            assert 0 <= balance_yen(card) <= 20_000

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

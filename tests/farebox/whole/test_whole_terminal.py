"""The whole terminal, in any order of anything: after every step every yen is accounted for (faults 1 to 25, 42, 43).

`make test-long` looks for longer.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

from farebox.journal import fold
from farebox.result import Side
from farebox.tear import Pending
from farebox.top_up import Halt
from farebox.top_up_flow import HOLD_S
from sim import checkers
from sim.faults.world import World
from sim.hardware.field import Moment, Withdrawal
from tests.farebox.bus import balance_yen, lococa
from tests.farebox.whole.machine import WholeTerminal
from tests.farebox.whole.two_buses import two_buses

EXAMPLES = os.environ.get("FAREBOX_EXAMPLES")
"""None: the same few each time, so that a change that breaks nothing never fails."""

WholeTerminal.TestCase.settings = settings(
    max_examples=int(EXAMPLES or 50),
    derandomize=EXAMPLES is None,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestWholeTerminal = WholeTerminal.TestCase


BEFORE_THE_ROW, BEFORE_THE_SLOT = Withdrawal(7, Moment.BEFORE), Withdrawal(8, Moment.BEFORE)
"""The commands of a note: three when the card is laid, three when the note is in escrow, the row, the slot."""


def topped_up_again_elsewhere(torn: Withdrawal, *, leaves_first: bool = True) -> World:
    """A top-up is cut short on one bus, and made again, alike, on another; then the card is back on the first one."""
    world = two_buses("lococa", [lococa(150)])
    first, second = world.buses if leaves_first else reversed(world.buses)
    (card,) = world.cards
    for bus, withdrawal in ((first, torn), (second, None)):
        bus.halt = Halt(doors_open=True)
        bus.steps(4)
        assert bus.terminal.begin_top_up() is None
        bus.worn.lay(Side.ALIGHTING, card)
        bus.steps(2)
        bus.insert(1_000)
        bus.steps()
        if withdrawal is not None:
            bus.worn.lay(Side.ALIGHTING, card, withdrawal)
        bus.steps(HOLD_S + 10)
        bus.worn.lift(Side.ALIGHTING)
        bus.terminal.end_top_up()
    assert balance_yen(card) == 1_150
    first.lays(Side.BOARDING, card)
    assert not first.terminal.pending
    return world


@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.DURING])
@pytest.mark.parametrize("leaves_first", [True, False], ids=["BUS-1 first", "BUS-2 first"])
def test_faults_5_the_same_top_up_made_again_on_another_bus_is_that_bus_alone(
    moment: Moment, leaves_first: bool
) -> None:
    """The card comes back with the very bytes that the first was to write; but the history row is the second's."""
    world = topped_up_again_elsewhere(BEFORE_THE_SLOT._replace(moment=moment), leaves_first=leaves_first)
    now = world.moment()
    assert checkers.problems(now, now) == ()
    ledgers = [fold.audit(bus.written())[0] for bus in world.buses]
    sums = [(ledger.topped_up_yen, ledger.notes_yen, ledger.owed_yen) for ledger in ledgers]
    assert sorted(sums) == [(0, 1_000, 1_000), (1_000, 1_000, 0)]


def test_faults_5_cut_short_before_the_row_it_is_known_at_once() -> None:
    world = topped_up_again_elsewhere(BEFORE_THE_ROW)
    assert [fold.audit(bus.written())[0].topped_up_yen for bus in world.buses] == [0, 1_000]
    assert [bus.notes_seen.given_back for bus in world.buses] == [(1_000,), ()]


def test_faults_5_with_the_row_left_unread_both_claim_it_and_the_checks_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pending, "row_block", lambda *_: None)
    world = topped_up_again_elsewhere(BEFORE_THE_SLOT)
    now = world.moment()
    (card,) = world.cards
    assert f"claimed: card {card.idm.hex()}: BUS-1 and BUS-2" in checkers.problems(now, now)
    assert any(problem.startswith("conserved: ") for problem in checkers.problems(now, now))

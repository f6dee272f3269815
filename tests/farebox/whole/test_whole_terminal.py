"""The whole terminal, in any order of anything: after every step every yen is accounted for (faults 1 to 25, 42, 43).

`make test-long` looks for longer.
"""

import os

from hypothesis import HealthCheck, settings

from farebox.journal import fold
from farebox.result import Side
from farebox.top_up import Halt
from farebox.top_up_flow import HOLD_S
from sim import checkers
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


def test_faults_5_the_same_top_up_made_again_on_another_bus_is_claimed_by_both_and_the_centre_can_tell() -> None:
    """A top-up is cut short on one bus, and made on another: the card comes back with the very bytes that the first was
    to write. Nothing on the card says whose they are; the two journals, laid side by side, do.
    """
    world = two_buses("lococa", [lococa(150)])
    first, second = world.buses
    (card,) = world.cards
    for bus, withdrawal in ((first, Withdrawal(7, Moment.BEFORE)), (second, None)):
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
    assert first.terminal.pending and balance_yen(card) == 1_150
    first.lays(Side.BOARDING, card)
    assert not first.terminal.pending
    now = world.moment()
    assert checkers.claimed_twice(now) == (f"card {card.idm.hex()}: BUS-1 and BUS-2",)
    assert [fold.audit(bus.written())[0].topped_up_yen for bus in world.buses] == [1_000, 1_000]
    assert checkers.conserved(now, now) == ()

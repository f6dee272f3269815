"""A reader that fails or garbles in the middle of a tap: at every command of it (faults 7, 9).

The tap is done or not done, the journal knows which, and the next one brings the ride to its one end. How a reader
fails on the wire is told in tests/contract and tests/reader.
"""

from pathlib import Path

import pytest

from farebox.formats.journal import Noted
from farebox.result import Side
from farebox.table import State
from sim.hardware.field import Moment, Withdrawal
from sim.hardware.worn_bench import SPOILT, WornBench
from tariff.refusal import Code
from tests.farebox.bus import standing_slot
from tests.farebox.taps import KINDS, Scene, undisturbed
from tests.farebox.test_every_tap import ended_once, journal_agrees, never_a_mixture

NAMES = ("board-pass", "alight-pass", "alight-auto-charge", "alight-points-used", "alight-student-coupons")

WHOLE = {"challenge": Code.FOREIGN_CARD, "read": Code.WRONG_KEY, "conditions": Code.WRONG_KEY}


@pytest.fixture
def bench() -> WornBench:
    return WornBench()


@pytest.mark.parametrize("name", NAMES)
def test_faults_7_unplugged_at_every_command_it_ends_once(bench: WornBench, tmp_path: Path, name: str) -> None:
    """The command reached the card, and the reader was gone before its answer; it comes back by itself."""
    kind = KINDS[name]
    for command in range(1, kind.commands):  # the poll apart
        scene = Scene(kind, bench, tmp_path)
        bench.ports[kind.side].unplug_at = command
        torn = scene.tap()
        assert torn is None or (torn.refusal is not None and torn.refusal.code is Code.TOUCH_AGAIN)
        never_a_mixture(scene, name)
        journal_agrees(scene)
        if scene.bus.state() is State.NO_READER:
            scene.bus.terminal.touch(kind.side)  # opened again, and found well
        assert scene.bus.state() is State.READY
        scene.finish()
        ended_once(scene, name)


@pytest.mark.parametrize("name", [*NAMES, "board-layout-1-pass", "one-tap-layout-1-pass"])
def test_faults_3_a_command_that_never_reached_the_card_was_not_done(
    bench: WornBench, tmp_path: Path, name: str
) -> None:
    """The card lies there all the while. Nothing is committed behind a block that is missing; a commit is read back."""
    kind = KINDS[name]
    for command in range(1, kind.commands):
        scene = Scene(kind, bench, tmp_path)
        bench.ports[kind.side].swallow_at = command
        torn = scene.tap()
        assert torn is not None and torn.refusal is not None and torn.refusal.code is Code.TOUCH_AGAIN
        assert not scene.is_done() and not scene.bus.terminal.pending
        never_a_mixture(scene, name)
        journal_agrees(scene)
        reasons = [entry.record.code for entry in scene.bus.entries() if isinstance(entry.record, Noted)]
        assert reasons == (["commit-read-back"] if command == kind.commands - 1 else [])
        scene.finish()
        ended_once(scene, name)


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("name", NAMES)
def test_faults_9_an_answer_garbled_at_every_command_it_ends_once(
    bench: WornBench, tmp_path: Path, name: str, how: str
) -> None:
    kind = KINDS[name]
    for number, sent in enumerate(kind.sends.split()[1:], 1):
        scene = Scene(kind, bench, tmp_path)
        port = bench.ports[kind.side]
        port.spoil_at, port.spoil = number, SPOILT[how]
        torn = scene.tap()
        never_a_mixture(scene, name)
        journal_agrees(scene)
        if torn is not None and torn.refusal is not None:
            # Only what is whole can be told apart: a proof that does not hold (faults 10), a status that is a no.
            told = WHOLE.get(sent, Code.TOUCH_AGAIN) if how == "one bit of it" else Code.TOUCH_AGAIN
            assert torn.refusal.code is told
        scene.finish()
        ended_once(scene, name)


def test_the_garbled_answer_reaches_the_terminal(bench: WornBench, tmp_path: Path) -> None:
    """The two tests above can fail: without its commit's answer, a tap takes the command more that looks into it."""
    scene = Scene(KINDS["board-general"], bench, tmp_path)
    bench.ports[Side.BOARDING].spoil_at = 3
    assert scene.tap() is not None
    assert bench.commands(Side.BOARDING) == scene.kind.commands + 1
    assert standing_slot(scene.card).slot == undisturbed("board-general").slot


def test_faults_3_7_what_is_confirmed_is_told_though_the_reader_goes_in_the_same_tap(
    bench: WornBench, tmp_path: Path
) -> None:
    """The slots were read and settle the earlier tap; then the reader is gone, before the card's conditions come."""
    scene = Scene(KINDS["alight-pass"], bench, tmp_path)
    scene.tap(Withdrawal(scene.kind.commands, Moment.AFTER))
    assert scene.card.idm in scene.bus.terminal.pending
    bench.ports[scene.kind.side].unplug_at = 4  # challenge, slots, history row, conditions
    scene.tap()
    told = scene.bus.shown[-1]
    assert told.confirmed is not None and told.confirmed.due_yen == 250
    assert told.refusal is not None and told.refusal.code is Code.TOUCH_AGAIN
    scene.bus.terminal.touch(scene.kind.side)
    scene.finish()
    ended_once(scene, "alight-pass")

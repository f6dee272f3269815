"""Every kind of tap, withdrawn at every command, at every moment of it, and touched again: here, after a restart, after
the power went, and after another bus (faults 1 to 5).

Whatever happens, card and journal end right: the card holds the old state or the new one, never a mixture; the journal
knows which, or that it is not known yet; no yen and no point is lost or doubled; and the next tap brings the ride to
its one end. The full product runs on frames without a wire; some kinds go through the real nfcpy and pyserial too.
"""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from farebox.result import Result, Side
from sim.bench import FieldsBench, Pn532Bench
from sim.demand import Holdings
from sim.hardware.field import Moment, Withdrawal
from sim.hardware.memory_disk import MemoryDisk, lost
from tariff.refusal import Code
from tariff.single_tap import Taps
from tests.farebox.bus import KEYS, Bus, account_of, standing_slot
from tests.farebox.field_bench import FieldBench
from tests.farebox.taps import KINDS, REFUSED, Scene, blocks_of, undisturbed

THROUGH_NFCPY = (
    *("board-pass", "alight-general", "alight-auto-charge", "alight-points-used", "alight-student-coupons"),
    *("one-tap-layout-1-pass", "alight-directive-auto-charge", "cancel-auto-charge", "cancel-coupons-short"),
)

RIDES_ON = [name for name, kind in KINDS.items() if kind.ledger.alightings and kind.service().table.size > 2]
"""Kinds of tap that settle a ride where the bus has a stop more to go."""

# -- how it goes on after the torn tap


def touched_again(scene: Scene) -> None:
    scene.finish()


def terminal_restarted(scene: Scene) -> None:
    """faults 4: what was pending is in the journal, so that nothing is taken twice."""
    disk, waiting = scene.bus.disk, set(scene.bus.terminal.pending)
    assert disk is not None
    scene.restart(disk.after_kill())
    assert waiting <= set(scene.bus.terminal.pending)
    scene.finish()


def power_lost(scene: Scene) -> None:
    """Whatever was not flushed is gone: the outcome of the tap, too."""
    disk = scene.bus.disk
    assert disk is not None
    scene.restart(disk.after_power_loss(lost))
    scene.finish()


def laid_on_one_reader(scene: Scene) -> Result | None:
    """As on a bus with one reader for both sides."""
    scene.bench.lay(Side.BOARDING, scene.card)
    result = scene.bus.terminal.touch(Side.EITHER)
    scene.bench.lift(Side.BOARDING)
    scene.bus.terminal.touch(Side.EITHER)
    return result


ENDS_ONCE = (touched_again, terminal_restarted, power_lost)


# -- what must hold


def never_a_mixture(scene: Scene, name: str) -> None:
    """Exactly what stood before, or exactly what the tap was to write."""
    now = standing_slot(scene.card).slot
    assert now == (undisturbed(name).slot if scene.is_done() else scene.before)
    assert account_of(scene.card) == (undisturbed(name).account if scene.is_done() else scene.account_before)


def journal_agrees(scene: Scene) -> None:
    """The journal's last word on the tap is what the card shows, or it is not known yet, and pending."""
    ends = [result for action, result in scene.bus.ends() if action == scene.action]
    if scene.card.idm in scene.bus.terminal.pending:
        assert ends[-1] == "indeterminate"
    elif ends:
        assert ends[-1] == ("written" if scene.is_done() else "not_written")
    else:
        assert not scene.is_done()


def money_is_in_one_place(opening: Holdings, held: Holdings, *buses: Bus) -> None:
    """Purse by purse: what the card holds is what it began with and what the journals say happened to it."""
    ledgers = [bus.ledger() for bus in buses]
    assert held == Holdings(
        opening.stored_fare_yen + sum(ledger.sf_delta_yen for ledger in ledgers),
        opening.coupons_yen + sum(ledger.coupons_delta_yen for ledger in ledgers),
        opening.points + sum(ledger.points_delta for ledger in ledgers),
    )
    for ledger in ledgers:
        given = ledger.credit_yen + ledger.points_earned - ledger.points_lapsed
        assert ledger.cards_delta_yen == given - (ledger.fares_yen - ledger.cash_yen)
        assert (ledger.pending, ledger.unknown) == (0, 0)


def ended_once(scene: Scene, name: str) -> None:
    assert not scene.bus.terminal.pending
    assert standing_slot(scene.card).slot == undisturbed(name).slot
    assert account_of(scene.card) == undisturbed(name).account
    assert scene.bus.ledger()._replace(refused=0) == scene.kind.ledger
    money_is_in_one_place(scene.opening, scene.held(), scene.bus)


def torn_at_every_moment(name: str, bench: FieldsBench, folder: Path, goes_on: Callable[[Scene], None]) -> None:
    kind = KINDS[name]
    for (number, sent), moment in product(enumerate(kind.sends.split(), 1), Moment):
        try:
            scene = Scene(kind, bench, folder)
            torn = scene.tap(Withdrawal(number, moment))
            never_a_mixture(scene, name)
            journal_agrees(scene)
            if torn is not None and torn.refusal is not None:
                assert torn.refusal.code is Code.TOUCH_AGAIN
            goes_on(scene)
        except AssertionError as error:
            error.add_note(f"{name}, withdrawn {moment} {sent} (command {number})")
            raise


@pytest.fixture(scope="module")
def field_bench() -> FieldBench:
    return FieldBench()


@pytest.fixture(scope="module")
def pn532_bench() -> Iterator[Pn532Bench]:
    bench = Pn532Bench(KEYS)
    yield bench
    bench.close()


@pytest.mark.parametrize("name", KINDS)
def test_the_table_says_what_each_tap_sends_and_comes_to(name: str) -> None:
    """performance.md a, counted at the card; and the worked example of each kind, to the yen."""
    done = undisturbed(name)
    assert done.commands == KINDS[name].commands
    assert done.ledger == KINDS[name].ledger


@pytest.mark.parametrize("goes_on", ENDS_ONCE, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", KINDS)
def test_faults_1_to_4_withdrawn_at_every_moment_it_ends_once(
    field_bench: FieldBench, tmp_path: Path, name: str, goes_on: Callable[[Scene], None]
) -> None:
    def once(scene: Scene) -> None:
        goes_on(scene)
        ended_once(scene, name)

    torn_at_every_moment(name, field_bench, tmp_path, once)


@pytest.mark.parametrize("laid", Side)
@pytest.mark.parametrize("name", RIDES_ON)
def test_faults_4_withdrawn_from_a_written_ride_it_is_not_settled_again_at_the_next_stop(
    field_bench: FieldBench, tmp_path: Path, name: str, laid: Side
) -> None:
    """Its holder was told to touch again, and does so when the bus has driven on, at whichever reader."""
    kind = KINDS[name]
    to = kind.service().table.pattern.stop_names[-2]
    scene = Scene(kind._replace(to=to), field_bench, tmp_path)
    torn = scene.tap(Withdrawal(kind.commands, Moment.AFTER))
    assert torn is not None and torn.refusal is not None and scene.is_done()
    written = standing_slot(scene.card).slot
    scene.bus.drive_to(kind.service().table.pattern.stop_names[-1])
    for touch in range(2):
        again = laid_on_one_reader(scene) if laid is Side.EITHER else scene.bus.tap(laid, scene.card)
        if touch and laid is Side.BOARDING and kind.taps is Taps.BOTH:
            continue  # seen to be settled already, it may board here
        assert again is not None and again.refusal is None and again.shown_again
        assert (again.confirmed is not None) == (touch == 0)
        assert standing_slot(scene.card).slot == written
    money_is_in_one_place(scene.opening, scene.held(), scene.bus)


@pytest.mark.parametrize("name", KINDS)
def test_faults_5_withdrawn_at_every_moment_and_used_on_another_bus(
    field_bench: FieldBench, tmp_path: Path, name: str
) -> None:
    """One tap elsewhere still tells what became of the write, once the card is back on the first bus."""

    def used_elsewhere(scene: Scene) -> None:
        other = scene.ride_elsewhere()
        scene.tap()
        assert not scene.bus.terminal.pending
        money_is_in_one_place(scene.opening, scene.held(), scene.bus, other)

    torn_at_every_moment(name, field_bench, tmp_path, used_elsewhere)


@pytest.mark.parametrize("name", THROUGH_NFCPY)
def test_faults_1_to_3_through_the_real_nfcpy_it_ends_once(pn532_bench: Pn532Bench, tmp_path: Path, name: str) -> None:
    def once(scene: Scene) -> None:
        touched_again(scene)
        ended_once(scene, name)

    torn_at_every_moment(name, pn532_bench, tmp_path, once)


@pytest.mark.parametrize("side", [Side.BOARDING, Side.ALIGHTING])
@pytest.mark.parametrize("name", REFUSED)
def test_a_card_that_is_refused_is_never_written_whenever_it_leaves(
    field_bench: FieldBench, tmp_path: Path, name: str, side: Side
) -> None:
    refused = REFUSED[name]
    for number, moment in product(range(1, len(refused.sends.split()) + 1), Moment):
        bus = Bus(tmp_path, field_bench, disk=MemoryDisk()).begin().drive_to("新白河")
        card = refused.card()
        before = blocks_of(card)
        torn = bus.tap(side, card, Withdrawal(number, moment))
        if torn is not None:
            assert torn.refusal is not None and torn.refusal.code in (refused.code, Code.TOUCH_AGAIN)
        again = bus.tap(side, card)
        assert again is not None and again.refusal is not None and again.refusal.code is refused.code
        assert field_bench.commands(side) == len(refused.sends.split())
        assert blocks_of(card) == before
        assert bus.ends() == [] and not bus.terminal.pending

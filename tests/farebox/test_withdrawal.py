"""A card withdrawn at every command, at every moment of it, in every kind of tap: through the real nfcpy and pyserial.

Whatever happens, card and journal end right: the card holds the old state or the new one, never a mixture, the journal
knows which (or that it is not known yet), and the next tap brings the ride to its one end (faults 1 to 5).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardimage.image import CardImage
from farebox.formats.journal import Intent, Noted, Resolved
from farebox.result import Result, Side
from farebox.table import State
from farebox.tap import NoteCode
from sim.hardware.field import Moment, Withdrawal
from tariff.account import RideState
from tariff.purses import Payment
from tariff.refusal import Code
from tests.farebox.bus import Bus, aizu, balance_yen, lococa, standing_slot

GENERAL = "general"
PASS = "pass"
AUTO_CHARGE = "auto-charge"
SHORT = "part-cash"

COMMANDS = {
    (Side.BOARDING, GENERAL): ["poll", "challenge", "read", "commit"],
    (Side.BOARDING, PASS): ["poll", "challenge", "read", "conditions", "commit"],
    (Side.ALIGHTING, GENERAL): ["poll", "challenge", "read", "history", "commit"],
    (Side.ALIGHTING, PASS): ["poll", "challenge", "read", "conditions", "history", "commit"],
    (Side.ALIGHTING, AUTO_CHARGE): ["poll", "challenge", "read", "conditions", "history", "commit"],
    (Side.ALIGHTING, SHORT): ["poll", "challenge", "read", "history", "commit"],
}
CASES = [
    pytest.param(side, kind, number, moment, id=f"{side}-{kind}-{name}-{moment}")
    for (side, kind), names in COMMANDS.items()
    for number, name in enumerate(names, 1)
    for moment in Moment
]
FARE_YEN = {GENERAL: 500, PASS: 250, AUTO_CHARGE: 230, SHORT: 500}


def card_of(kind: str) -> CardImage:
    if kind == AUTO_CHARGE:
        return aizu(50, trigger_yen=100, amount_yen=1_000)
    if kind == SHORT:
        return lococa(195)
    return lococa(2_000, section=("磐城棚倉", "南湖公園") if kind == PASS else None)


def after_yen(kind: str) -> int:
    return {GENERAL: 1_500, PASS: 1_750, AUTO_CHARGE: 820, SHORT: 5}[kind]


class Scene:
    """A bus at the stop where the tap under test is made, everything before it done without a mishap."""

    def __init__(self, bus: Bus, side: Side, kind: str) -> None:
        self.bus, self.side, self.kind = bus, side, kind
        self.card = card_of(kind)
        bus.begin("NISHIWAKA-W01" if kind == AUTO_CHARGE else "HAKUHO-W01")
        if side is Side.ALIGHTING:
            bus.board(self.card)
            bus.drive_to("西若松駅東口" if kind == AUTO_CHARGE else "新白河")
        if kind == SHORT:
            self.answer_shortage()
        self.before = standing_slot(self.card).slot

    def answer_shortage(self) -> None:
        """The passenger chose to pay the shortage in cash; the driver has keyed it."""
        self.bus.alight(self.card)
        self.bus.terminal.answer_payment(Payment.PART_CASH)

    def tap(self, withdrawal: Withdrawal | None = None) -> Result | None:
        return self.bus.tap(self.side, self.card, withdrawal)

    def is_done(self) -> bool:
        """Whether the card says that the tap under test was done."""
        now = standing_slot(self.card).slot
        wanted = RideState.OPEN if self.side is Side.BOARDING else RideState.CLOSED
        return now.ride is not None and now.ride.state is wanted

    def assert_old_or_new(self) -> None:
        """Never a mixture: either exactly what stood before, or exactly what the tap was to write."""
        now = standing_slot(self.card).slot
        if not self.is_done():
            assert now == self.before
        elif self.side is Side.ALIGHTING:
            assert now.stored_fare_yen == after_yen(self.kind)

    def assert_journal_agrees(self) -> None:
        """The journal's last word on the tap is what the card shows, or it is not known yet, and pending."""
        end = [result for action, result in self.bus.ends() if action == ("board" if self.is_boarding else "alight")]
        if self.card.idm in self.bus.terminal.pending:
            assert end[-1] == "indeterminate"
        elif end:
            assert end[-1] == ("written" if self.is_done() else "not_written")
        else:
            assert not self.is_done()

    @property
    def is_boarding(self) -> bool:
        return self.side is Side.BOARDING

    def assert_ended_once(self) -> None:
        """The ride's money was taken once: on the card, in the ledger, in the cash box and on the credit card."""
        ledger = self.bus.ledger()
        assert ledger.pending == 0
        assert not self.bus.terminal.pending
        if self.is_boarding:
            assert (ledger.boardings, ledger.alightings, ledger.fares_yen) == (1, 0, 0)
            return
        assert balance_yen(self.card) == after_yen(self.kind)
        assert (ledger.boardings, ledger.alightings, ledger.fares_yen) == (1, 1, FARE_YEN[self.kind])
        assert ledger.credit_yen == (1_000 if self.kind == AUTO_CHARGE else 0)
        assert ledger.cash_yen == (310 if self.kind == SHORT else 0)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path) as bus:
        yield bus


@pytest.mark.parametrize(("side", "kind", "command", "moment"), CASES)
def test_withdrawn_and_touched_again(bus: Bus, side: Side, kind: str, command: int, moment: Moment) -> None:
    scene = Scene(bus, side, kind)
    torn = scene.tap(Withdrawal(command, moment))
    scene.assert_old_or_new()
    scene.assert_journal_agrees()
    if command == 1:
        assert torn is None  # never seen: no card answered the poll
    elif torn is not None and torn.refusal is not None:
        assert torn.refusal.code is Code.TOUCH_AGAIN
    scene.tap()
    scene.assert_ended_once()


@pytest.mark.parametrize(("side", "kind", "command", "moment"), CASES)
def test_withdrawn_then_the_terminal_restarts(bus: Bus, side: Side, kind: str, command: int, moment: Moment) -> None:
    """faults 4: the pending record is in the journal, so the re-tap after a restart takes nothing twice."""
    scene = Scene(bus, side, kind)
    stop = bus.terminal.service.stop_name if bus.terminal.service else ""
    scene.tap(Withdrawal(command, moment))
    waiting = set(bus.terminal.pending)
    bus.restart()
    assert set(bus.terminal.pending) == waiting
    bus.begin("NISHIWAKA-W01" if kind == AUTO_CHARGE else "HAKUHO-W01").drive_to(stop)
    result = scene.tap()
    if kind == SHORT and result is not None and result.refusal is not None:
        assert result.refusal.code is Code.SHORT  # what the driver keyed is gone with the restart
        bus.terminal.answer_payment(Payment.PART_CASH)
        scene.tap()
    scene.assert_ended_once()


def test_faults_1_withdrawn_before_any_write_nothing_is_taken(bus: Bus) -> None:
    scene = Scene(bus, Side.ALIGHTING, GENERAL)
    torn = scene.tap(Withdrawal(3, Moment.BEFORE))
    assert torn is not None and torn.refusal is not None and torn.refusal.code is Code.TOUCH_AGAIN
    assert balance_yen(scene.card) == 2_000
    assert [action for action, _ in bus.ends()] == ["board"]  # not even an intent


def test_faults_2_a_half_written_slot_leaves_its_predecessor_standing(bus: Bus) -> None:
    scene = Scene(bus, Side.ALIGHTING, GENERAL)
    torn = scene.tap(Withdrawal(5, Moment.DURING))
    assert torn is not None and torn.refusal is not None
    assert balance_yen(scene.card) == 2_000
    assert bus.ends()[-1] == ("alight", "indeterminate")
    scene.tap()
    resolved = [entry.record for entry in bus.entries() if isinstance(entry.record, Resolved)]
    assert [record.result for record in resolved] == ["not_written"]
    assert balance_yen(scene.card) == 1_500


def test_faults_3_the_answer_to_the_commit_is_lost_and_the_re_tap_confirms_it(bus: Bus) -> None:
    scene = Scene(bus, Side.ALIGHTING, GENERAL)
    torn = scene.tap(Withdrawal(5, Moment.AFTER))
    assert torn is not None and torn.refusal is not None and torn.refusal.code is Code.TOUCH_AGAIN
    again = scene.tap()
    assert again is not None and again.refusal is None
    assert again.confirmed is not None and again.confirmed.due_yen == 500
    assert [note.code for note in again.notes] == [NoteCode.FIRST_RESULT_SHOWN]
    assert balance_yen(scene.card) == 1_500


def test_faults_3_a_card_that_stayed_is_asked_at_once(bus: Bus) -> None:
    """Only the answer was lost: one read, under the same key, settles it; nothing is written again."""
    scene = Scene(bus, Side.ALIGHTING, GENERAL)
    result = scene.tap(Withdrawal(5, Moment.ANSWER_LOST))
    assert result is not None and result.refusal is None
    assert bus.ends()[-1] == ("alight", "written")
    assert len([entry for entry in bus.entries() if isinstance(entry.record, Intent)]) == 2


def test_faults_3_what_the_driver_keyed_for_a_confirmed_tap_is_not_used_again(bus: Bus) -> None:
    """Cash was keyed for the ride whose answer was lost; the next ride of the same card is paid from the card."""
    scene = Scene(bus, Side.ALIGHTING, SHORT)
    scene.tap(Withdrawal(5, Moment.AFTER))
    confirmed = scene.tap()
    assert confirmed is not None and confirmed.confirmed is not None and confirmed.confirmed.cash_yen == 310
    assert not bus.terminal._keyed


def test_faults_4_at_the_next_stop_the_pending_record_is_still_there(bus: Bus) -> None:
    scene = Scene(bus, Side.ALIGHTING, GENERAL)
    bus.drive_to("白河モール前")
    scene.tap(Withdrawal(5, Moment.AFTER))
    later = bus.drive_to("新白河").alight(scene.card)
    assert later.confirmed is not None and later.confirmed.due_yen == 450
    assert balance_yen(scene.card) == 1_550
    assert later.refusal is not None and later.refusal.code is Code.NO_BOARDING  # it is no longer aboard


def test_faults_5_the_card_goes_on_to_another_bus_and_comes_back(tmp_path: Path) -> None:
    """Used elsewhere twice since: its slots no longer tell. Nothing is guessed; the centre reconciles by sequence."""
    with Bus(tmp_path, name="BUS-1") as first, Bus(tmp_path, name="BUS-2") as second:
        scene = Scene(first, Side.ALIGHTING, GENERAL)
        scene.tap(Withdrawal(5, Moment.AFTER))
        second.begin("HAKUHO-W02")
        second.board(scene.card)
        second.drive_to("磐城棚倉").alight(scene.card)
        first.drive_to("新白河").alight(scene.card)
        resolved = [entry.record for entry in first.entries() if isinstance(entry.record, Resolved)]
        assert [record.result for record in resolved] == ["unknown"]
        assert balance_yen(scene.card) == 2_000 - 500 - 500
        assert second.ledger().fares_yen == 500


def test_faults_5_one_tap_elsewhere_still_tells(tmp_path: Path) -> None:
    with Bus(tmp_path, name="BUS-1") as first, Bus(tmp_path, name="BUS-2") as second:
        scene = Scene(first, Side.ALIGHTING, GENERAL)
        scene.tap(Withdrawal(5, Moment.AFTER))
        second.begin("HAKUHO-W02").board(scene.card)
        first.alight(scene.card)
        resolved = [entry.record for entry in first.entries() if isinstance(entry.record, Resolved)]
        assert [record.result for record in resolved] == ["written"]


def test_faults_6_another_card_leaves_the_pending_record_alone(bus: Bus) -> None:
    scene = Scene(bus, Side.ALIGHTING, GENERAL)
    scene.tap(Withdrawal(5, Moment.AFTER))
    other = lococa(3_000, number=2)
    refused = bus.alight(other)
    assert refused.refusal is not None and refused.refusal.code is Code.NO_BOARDING
    bus.terminal.drop_question()
    assert set(bus.terminal.pending) == {scene.card.idm}
    assert balance_yen(other) == 3_000


def test_a_torn_boarding_is_no_second_boarding(bus: Bus) -> None:
    scene = Scene(bus, Side.BOARDING, GENERAL)
    scene.tap(Withdrawal(4, Moment.AFTER))
    again = scene.tap()
    assert again is not None and [note.code for note in again.notes] == [NoteCode.FIRST_BOARDING_KEPT]
    assert [entry.record.code for entry in bus.entries() if isinstance(entry.record, Noted)] == ["first-boarding-kept"]
    assert bus.terminal.state is State.READY

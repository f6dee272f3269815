"""A settlement made wrong is taken back at the console, with the same card, before the bus leaves (GEN-22)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cardimage.layout.blocks import SLOT_BLOCKS
from cardimage.layout.slots import SEQUENCES, encode_slot
from farebox.cancelling import Cancelled, judge_cancelling
from farebox.formats.journal import DriverActed, Intent, Outcome, TripBegun
from farebox.journal.fold import Ledger
from farebox.journal.standing import Settled, Standing
from farebox.machine import IllegalEvent
from farebox.result import Result, Side
from farebox.table import State
from farebox.tap import NoteCode
from reader.card import CardRead
from sim.hardware.field import Moment, Withdrawal
from tariff.account import RideState
from tariff.purses import Payment
from tariff.refusal import Code
from tariff.riders import Party, RiderClass
from tests.farebox.bus import Bus, account_of, balance_yen, lococa, standing_slot
from tests.farebox.field_bench import FieldBench
from tests.farebox.note_bus import NoteBus
from tests.journal.examples import CARD, intent

COMMIT = 4
"""Poll, challenge, read, and the one block that is written."""
TWO = Party(companions=(RiderClass.ADULT,))


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path, FieldBench()) as bus:
        yield bus


def taken_back(bus: Bus, card: object, withdrawal: Withdrawal | None = None) -> Result:
    bus.terminal.begin_cancelling()
    return bus.alight(card, withdrawal)  # type: ignore[arg-type]


def intents(bus: Bus) -> list[tuple[int, Intent]]:
    return [(entry.seq, entry.record) for entry in bus.entries() if isinstance(entry.record, Intent)]


def test_gen_22_a_party_told_for_the_wrong_card_is_cancelled_and_the_right_fare_follows(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().board(card)
    boarded = account_of(card)
    bus.drive_to("新白河").terminal.expect_party(TWO)
    assert bus.alight(card).taken_yen == 1_000
    back = taken_back(bus, card)
    assert back.refusal is None and back.cancelled is not None
    assert (back.taken_yen, back.cancelled.cash_yen) == (-1_000, 0)
    assert account_of(card) == boarded and bus.state() is State.READY
    # Then it is laid again, and its holder rides alone.
    assert bus.alight(card).taken_yen == 500
    assert bus.ledger() == Ledger(-500, 0, 0, 500, 1, 1, cancelled=1, cancelled_yen=1_000)


def test_gen_22_a_compensating_record_names_the_first(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("新白河").alight(card)
    taken_back(bus, card)
    _, (first_seq, first), (_, cancel) = intents(bus)
    assert (cancel.action, cancel.cancels_seq, cancel.lines) == ("cancel", first_seq, (("GEN-22", -500),))
    assert (cancel.due_yen, cancel.sf_before_yen, cancel.sf_after_yen) == (first.due_yen, 1_500, 2_000)
    assert cancel.slot_before == first.slot_after
    acted = [entry.record for entry in bus.entries() if isinstance(entry.record, DriverActed)]
    assert acted == [DriverActed(b"", "cancel", "")]


def test_gen_22_gen_7_a_stop_keyed_wrong_is_asked_for_again(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().drive_to("新白河").alight(card)
    bus.terminal.answer_stop(0)
    assert bus.alight(card).taken_yen == 500
    taken_back(bus, card)
    assert account_of(card).ride is None and balance_yen(card) == 2_000
    asked = bus.alight(card)
    assert asked.refusal is not None and asked.refusal.code is Code.NO_BOARDING
    bus.terminal.answer_stop(3)
    assert 0 < (bus.alight(card).taken_yen or 0) < 500


def test_gen_22_gen_10_the_cash_is_handed_back_and_booked(bus: Bus) -> None:
    card = lococa(195)
    bus.begin().board(card)
    bus.drive_to("新白河").alight(card)
    bus.terminal.answer_payment(Payment.PART_CASH)
    assert bus.alight(card).taken_yen == 500 and bus.ledger().cash_yen == 310
    back = taken_back(bus, card)
    assert back.cancelled is not None and (back.cancelled.cash_yen, balance_yen(card)) == (310, 195)
    assert bus.ledger() == Ledger(boardings=1, refused=1, cancelled=1, cancelled_yen=500)


# -- what is not taken back


def never_seen(bus: Bus, card: object) -> object:
    return lococa(2_000, 2)


def a_card_that_only_boarded(bus: Bus, card: object) -> object:
    other = lococa(2_000, 2)
    bus.board(other)
    return other


def cancelled_before(bus: Bus, card: object) -> object:
    taken_back(bus, card)
    return card


def boarded_again(bus: Bus, card: object) -> object:
    bus.terminal.end_trip()
    bus.begin("HAKUHO-W02").board(card)  # type: ignore[arg-type]
    return card


def at_the_next_stop(bus: Bus, card: object) -> object:
    bus.terminal.advance(bus_stop(bus) + 1)
    return card


def on_the_next_trip(bus: Bus, card: object) -> object:
    bus.terminal.end_trip()
    bus.begin("HAKUHO-W02").drive_to("南湖公園")
    return card


def bus_stop(bus: Bus) -> int:
    assert bus.terminal.service is not None
    return bus.terminal.service.stop_index


@pytest.mark.parametrize(
    "happens",
    [
        never_seen,
        a_card_that_only_boarded,
        cancelled_before,
        boarded_again,
        at_the_next_stop,
        on_the_next_trip,
    ],
)
def test_gen_22_only_the_settlement_that_stands_and_only_before_the_bus_leaves(
    bus: Bus, happens: Callable[[Bus, object], object]
) -> None:
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("南湖公園").alight(card)
    laid = happens(bus, card)
    before, slot = bus.ends(), standing_slot(laid)  # type: ignore[arg-type]
    refused = taken_back(bus, laid)
    assert refused.refusal is not None and refused.refusal.code is Code.NOT_CANCELLABLE
    assert standing_slot(laid) == slot and bus.ends() == before  # type: ignore[arg-type]
    assert bus.state() is State.CANCELLING  # another card may be the one; or the driver gives it up
    bus.terminal.drop_question()
    assert bus.state() is State.READY


def test_gen_22_loc_8_a_settlement_before_a_top_up_stands(tmp_path: Path) -> None:
    with NoteBus(tmp_path, FieldBench()) as bus:
        card = lococa(600)
        bus.begin().board(card)
        bus.drive_to("新白河").alight(card)
        for _ in range(4):
            bus.terminal.tend()
        assert bus.terminal.begin_top_up() is None
        bus.bench.lay(Side.ALIGHTING, card)
        bus.terminal.touch(Side.ALIGHTING)
        bus.notes.insert(1_000)
        for _ in range(8):
            bus.clock.now_s += 1
            bus.terminal.tend()
            bus.terminal.touch(Side.ALIGHTING)
        bus.bench.lift(Side.ALIGHTING)
        bus.terminal.touch(Side.ALIGHTING)
        bus.terminal.end_top_up()
        assert balance_yen(card) == 1_100
        refused = taken_back(bus, card)
        assert refused.refusal is not None and refused.refusal.code is Code.NOT_CANCELLABLE


def test_gen_22_a_card_that_was_changed_elsewhere_since_is_left_as_it_is(bus: Bus) -> None:
    """As a counter would that adds 500 yen: the ride stands on it still, but it is not what the tap left."""
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("新白河").alight(card)
    place, _, slot, _ = standing_slot(card)
    blocks = card.lite_s_blocks()
    assert blocks is not None
    added = slot._replace(sequence=slot.sequence + 1, stored_fare_yen=slot.stored_fare_yen + 500)
    blocks[SLOT_BLOCKS[1 - place]] = encode_slot(added)
    refused = taken_back(bus, card)
    assert refused.refusal is not None and refused.refusal.code is Code.NOT_CANCELLABLE
    assert balance_yen(card) == 2_000


@pytest.mark.parametrize(("writes", "cancelled"), [(SEQUENCES - 1, True), (SEQUENCES, False)])
def test_gen_22_a_card_that_came_round_to_the_same_block_is_another_one(bus: Bus, writes: int, cancelled: bool) -> None:
    """After 256 writes elsewhere a slot could have its number, and all that it says, again."""
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("新白河").alight(card)
    ((seq, settled),) = [found for found in intents(bus) if found[1].action == "alight"]
    read, service = CardRead(standing_slot(card), account_of(card)), bus.terminal.service
    assert service is not None
    came = judge_cancelling(read, settled.write_counter + writes, service, Settled(seq, settled))
    assert isinstance(came, Cancelled) is cancelled


def test_gen_22_only_a_settlement_that_was_not_written_over_is_kept_in_mind_and_only_on_its_trip() -> None:
    def settlement(seq: int, action: str) -> None:
        standing.take(seq, intent(action=action, write_counter=seq), b"")
        standing.take(seq + 1, Outcome(seq, "written"), b"")

    standing, begun = Standing(), TripBegun("lococa", bytes(32), "R", "T1", 1, "P", "BUS-1")
    standing.take(1, begun, b"")
    settlement(2, "alight")
    standing.take(4, begun, b"")  # again, after a restart
    assert standing.settled(CARD) is not None
    settlement(5, "cancel")
    assert standing.settled(CARD) is None
    settlement(7, "alight")
    standing.take(9, begun._replace(trip_id="T2"), b"")
    assert standing.settled(CARD) is None


def test_gen_22_the_driver_went_on_too_soon_and_back(bus: Bus) -> None:
    """The bus has not moved: the stop is keyed back, and the settlement is still that of this stop."""
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("南湖公園").alight(card)
    here = bus_stop(bus)
    bus.terminal.advance(here + 1)
    bus.terminal.advance(here)
    assert taken_back(bus, card).cancelled is not None


# -- how the driver goes about it


def test_gen_22_a_card_that_lies_there_is_taken_back_at_once_and_settled_when_laid_again(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("新白河")
    bus.bench.lay(Side.ALIGHTING, card)
    bus.terminal.touch(Side.ALIGHTING)
    bus.terminal.begin_cancelling()
    back = bus.terminal.touch(Side.ALIGHTING)
    assert back is not None and back.cancelled is not None
    assert bus.terminal.touch(Side.ALIGHTING) is None and balance_yen(card) == 2_000
    bus.bench.lift(Side.ALIGHTING)
    bus.terminal.touch(Side.ALIGHTING)
    assert bus.alight(card).taken_yen == 500


@pytest.mark.parametrize("side", [Side.BOARDING, Side.ALIGHTING])
def test_gen_22_either_reader_takes_it_back(bus: Bus, side: Side) -> None:
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("新白河").alight(card)
    bus.terminal.begin_cancelling()
    back = bus.tap(side, card)
    assert back is not None and back.cancelled is not None and balance_yen(card) == 2_000


def test_gen_22_driving_on_or_ending_the_trip_gives_it_up(bus: Bus) -> None:
    bus.begin().terminal.begin_cancelling()
    bus.drive_to("南湖公園")
    assert bus.state() is State.READY
    bus.terminal.begin_cancelling()
    bus.terminal.end_trip()
    assert bus.state() is State.OUT_OF_SERVICE


def test_gen_22_not_out_of_service_nor_while_the_driver_is_asked(bus: Bus) -> None:
    with pytest.raises(IllegalEvent):
        bus.terminal.begin_cancelling()
    bus.begin().drive_to("新白河").alight(lococa(2_000))
    assert bus.state() is State.ASKING_STOP
    entries = bus.entries()
    with pytest.raises(IllegalEvent):
        bus.terminal.begin_cancelling()
    assert bus.entries() == entries


# -- what may go wrong (every command of it: test_every_tap.py)


def test_gen_22_faults_4_after_a_restart_at_the_same_stop_it_is_still_taken_back(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("新白河").alight(card)
    bus.restart()
    bus.begin().drive_to("新白河")
    assert taken_back(bus, card).cancelled is not None
    assert bus.ledger() == Ledger(boardings=1, cancelled=1, cancelled_yen=500)


def test_gen_22_faults_3_a_settlement_whose_answer_was_lost_is_taken_back_by_its_next_touch(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("新白河")
    torn = bus.alight(card, Withdrawal(5, Moment.AFTER))
    assert torn.refusal is not None and bus.terminal.pending
    back = taken_back(bus, card)
    assert back.confirmed is not None and back.cancelled is not None and back.taken_yen == 0
    assert balance_yen(card) == 2_000 and bus.ledger().cancelled == 1


def test_gen_22_faults_3_a_cancelling_that_is_confirmed_later_takes_nothing_by_that_touch(bus: Bus) -> None:
    """The driver gave it up, but the card had been written: it is told so first, and settled at the touch after."""
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("新白河").alight(card)
    torn = taken_back(bus, card, Withdrawal(COMMIT, Moment.AFTER))
    assert torn.refusal is not None and torn.refusal.code is Code.TOUCH_AGAIN
    bus.terminal.drop_question()
    told = bus.alight(card)
    assert told.refusal is None and [note.code for note in told.notes] == [NoteCode.SETTLEMENT_CANCELLED]
    assert told.taken_yen == -500
    ride = account_of(card).ride
    assert ride is not None and ride.state is RideState.OPEN
    assert bus.alight(card).taken_yen == 500


def test_gen_22_faults_7_a_reader_that_is_lost_gives_it_up(bus: Bus) -> None:
    bus.begin().terminal.begin_cancelling()
    bus.terminal._serving._lost()
    assert bus.state() is State.NO_READER

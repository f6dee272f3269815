"""A card withdrawn, told by example: through the real nfcpy and pyserial (faults 1 to 6).

test_every_tap.py tries every kind of tap at every moment; here is what each of these faults looks like.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardimage.image import CardImage
from farebox.formats.journal import Intent, Noted, Outcome, Resolved
from farebox.result import Side
from farebox.table import State
from farebox.tap import NoteCode
from sim.bench import Pn532Bench
from sim.hardware.field import Moment, Withdrawal
from tariff.purses import Payment
from tariff.refusal import Code
from tests.farebox.bus import Bus, balance_yen, lococa
from tests.farebox.field_bench import FieldBench

READ, COMMIT = 3, 5
"""Commands of an alighting tap on a general card: poll, challenge, read, history row, commit."""
ROW_READ = 4
"""The command more of a tap that looks whose an earlier write was."""
LEAVES = Withdrawal(COMMIT, Moment.AFTER)
"""The card is written, and gone before its answer."""


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path) as bus:
        yield bus.begin()


def aboard(bus: Bus, balance_yen: int = 2_000) -> CardImage:
    """A card whose rider stands at the exit of the last stop, 500 yen away."""
    card = lococa(balance_yen)
    bus.board(card)
    bus.drive_to("新白河")
    return card


def resolved(bus: Bus) -> list[str]:
    return [entry.record.result for entry in bus.entries() if isinstance(entry.record, Resolved)]


def test_faults_1_withdrawn_before_any_write_nothing_is_taken(bus: Bus) -> None:
    card = aboard(bus)
    torn = bus.alight(card, Withdrawal(READ, Moment.BEFORE))
    assert torn.refusal is not None and torn.refusal.code is Code.TOUCH_AGAIN
    assert balance_yen(card) == 2_000
    assert [action for action, _ in bus.ends()] == ["board"]  # not even an intent


def test_faults_2_a_half_written_slot_leaves_its_predecessor_standing(bus: Bus) -> None:
    card = aboard(bus)
    torn = bus.alight(card, Withdrawal(COMMIT, Moment.DURING))
    assert torn.refusal is not None
    assert balance_yen(card) == 2_000
    assert bus.ends()[-1] == ("alight", "indeterminate")
    bus.alight(card)
    assert resolved(bus) == ["not_written"]
    assert balance_yen(card) == 1_500


def test_faults_3_the_answer_to_the_commit_is_lost_and_the_re_tap_confirms_it(bus: Bus) -> None:
    card = aboard(bus)
    torn = bus.alight(card, LEAVES)
    assert torn.refusal is not None and torn.refusal.code is Code.TOUCH_AGAIN
    again = bus.alight(card)
    assert again.refusal is None
    assert again.confirmed is not None and again.confirmed.due_yen == 500
    assert [note.code for note in again.notes] == [NoteCode.FIRST_RESULT_SHOWN]
    assert balance_yen(card) == 1_500


def test_faults_3_a_card_that_stayed_is_asked_at_once_and_the_journal_says_why(bus: Bus) -> None:
    """Only the answer was lost: one read more, under the same key, settles it; nothing is written again."""
    card = aboard(bus)
    assert isinstance(bus.bench, Pn532Bench)
    result = bus.alight(card, Withdrawal(COMMIT, Moment.ANSWER_LOST))
    assert result.refusal is None
    assert bus.bench.commands(Side.ALIGHTING) == COMMIT + 1
    *_, intent, outcome, why = (entry.record for entry in bus.entries())
    assert isinstance(intent, Intent) and intent.action == "alight"
    assert isinstance(outcome, Outcome) and outcome.result == "written"
    assert why == Noted(card.idm, "commit-read-back", "")


@pytest.mark.parametrize("withdrawal", [None, LEAVES, Withdrawal(COMMIT, Moment.DURING), Withdrawal(4, Moment.AFTER)])
def test_faults_3_a_tap_with_no_more_commands_than_the_least_needs_no_reason(
    bus: Bus, withdrawal: Withdrawal | None
) -> None:
    bus.alight(aboard(bus), withdrawal)
    assert not [entry for entry in bus.entries() if isinstance(entry.record, Noted)]


def test_faults_3_what_the_driver_keyed_for_a_confirmed_tap_is_not_used_again(bus: Bus) -> None:
    """Cash was keyed for the ride whose answer was lost; the next ride of the same card is paid from the card."""
    card = aboard(bus, 195)
    bus.alight(card)
    bus.terminal.answer_payment(Payment.PART_CASH)
    bus.alight(card, LEAVES)
    confirmed = bus.alight(card)
    assert confirmed.confirmed is not None and confirmed.confirmed.cash_yen == 310
    assert not bus.terminal._told._keyed


def test_faults_4_at_the_next_stop_the_pending_record_is_still_there(bus: Bus) -> None:
    card = aboard(bus)
    bus.drive_to("白河モール前")
    bus.alight(card, LEAVES)
    later = bus.drive_to("新白河").alight(card)
    assert later.confirmed is not None and later.confirmed.due_yen == 450
    assert balance_yen(card) == 1_550
    assert later.refusal is None and later.shown_again
    assert [(note.rule, note.detail) for note in later.notes] == [("GEN-9", "白河モール前")]


def test_faults_4_a_boarding_confirmed_only_at_the_exit_is_settled_there(bus: Bus) -> None:
    card = lococa(2_000)
    bus.board(card, Withdrawal(4, Moment.AFTER))
    paid = bus.drive_to("新白河").alight(card)
    assert paid.confirmed is not None and paid.confirmed.action == "board"
    assert paid.refusal is None and balance_yen(card) == 1_500


def test_faults_4_a_ride_confirmed_on_the_next_trip_does_not_bar_that_one(bus: Bus) -> None:
    card = aboard(bus)
    bus.alight(card, LEAVES)
    bus.terminal.end_trip()
    boarded = bus.begin("HAKUHO-W02").board(card)
    assert boarded.confirmed is not None and boarded.confirmed.due_yen == 500
    assert boarded.refusal is None and not boarded.shown_again
    assert balance_yen(card) == 1_500


def test_faults_5_the_card_goes_on_to_another_bus_and_comes_back(tmp_path: Path) -> None:
    """Used elsewhere twice since: its slots no longer tell. Nothing is guessed; the centre reconciles by sequence."""
    with Bus(tmp_path, name="BUS-1") as first, Bus(tmp_path, name="BUS-2") as second:
        card = aboard(first.begin())
        first.alight(card, LEAVES)
        second.begin("HAKUHO-W02")
        second.board(card)
        second.drive_to("磐城棚倉").alight(card)
        first.drive_to("新白河").alight(card)
        assert resolved(first) == ["unknown"]
        assert balance_yen(card) == 2_000 - 500 - 500
        assert second.ledger().fares_yen == 500


def test_faults_5_one_tap_elsewhere_still_tells(tmp_path: Path) -> None:
    with Bus(tmp_path, name="BUS-1") as first, Bus(tmp_path, name="BUS-2") as second:
        card = aboard(first.begin())
        first.alight(card, LEAVES)
        second.begin("HAKUHO-W02").board(card)
        first.alight(card)
        assert resolved(first) == ["written"]


@pytest.mark.parametrize("moment", list(Moment))
def test_faults_5_while_the_row_that_tells_cannot_be_read_it_stays_pending(bus: Bus, moment: Moment) -> None:
    """The card is laid again, and leaves at the one command more that says whose write it was."""
    card = aboard(bus)
    bus.alight(card, LEAVES)
    again = bus.alight(card, Withdrawal(ROW_READ, moment))
    assert again.refusal is not None and again.refusal.code is Code.TOUCH_AGAIN
    assert again.confirmed is None and set(bus.terminal.pending) == {card.idm} and resolved(bus) == []
    bus.alight(card)
    assert not bus.terminal.pending and resolved(bus) == ["written"]
    assert balance_yen(card) == 1_500 and bus.ledger().fares_yen == 500


def test_faults_3_the_tap_that_settles_it_costs_one_command_more(tmp_path: Path) -> None:
    """performance.md a: the row is read beside what any tap reads."""
    bench = FieldBench()
    with Bus(tmp_path, bench) as bus:
        card = aboard(bus.begin())
        bus.alight(card, LEAVES)
        bus.alight(card)
        assert resolved(bus) == ["written"]
        assert bench.commands(Side.ALIGHTING) == READ + 1


def test_faults_6_another_card_leaves_the_pending_record_alone(bus: Bus) -> None:
    card = aboard(bus)
    bus.alight(card, LEAVES)
    other = lococa(3_000, number=2)
    refused = bus.alight(other)
    assert refused.refusal is not None and refused.refusal.code is Code.NO_BOARDING
    bus.terminal.drop_question()
    assert set(bus.terminal.pending) == {card.idm}
    assert balance_yen(other) == 3_000


def test_a_torn_boarding_is_no_second_boarding(bus: Bus) -> None:
    card = lococa(2_000)
    bus.board(card, Withdrawal(4, Moment.AFTER))
    again = bus.board(card)
    assert [note.code for note in again.notes] == [NoteCode.FIRST_BOARDING_KEPT]
    assert [entry.record.code for entry in bus.entries() if isinstance(entry.record, Noted)] == ["first-boarding-kept"]
    assert bus.terminal.state is State.READY

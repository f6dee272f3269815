"""Top-ups on the bus, as passenger and driver see them: the note, the card, and what can come between (LOC-8 to LOC-10,
faults 42, 43)."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardimage.image import CardImage
from cardimage.layout.blocks import HISTORY_BLOCKS
from cardimage.layout.history import HistoryRow, decode_history, last_uses
from farebox.formats.frames import HEADER
from farebox.formats.journal import DriverActed, Intent, NoteMoved, Refused, Voucher
from farebox.machine import IllegalEvent
from farebox.peripherals.id003 import serial_acceptor
from farebox.peripherals.note_acceptor import Phase
from farebox.readers import Readers
from farebox.result import Result, Side
from farebox.table import State
from farebox.top_up import Halt
from farebox.top_up_flow import HOLD_S
from farebox.words import Language, reason
from sim.bench import ImageBench, Pn532Bench
from sim.hardware.field import Moment, Withdrawal
from sim.hardware.memory_disk import MemoryDisk, MemoryFolder
from sim.hardware.note_acceptor import Loss, NoteAcceptorModel, NoteAcceptorOnPty
from tariff.refusal import Code
from tests.farebox.bus import CHUNK_BYTES, KEYS, Bus, balance_yen, lococa, standing_slot
from tests.farebox.field_bench import FieldBench
from tests.farebox.note_bus import SIDE, NoteBus

ROW, COMMIT = 4, 5
"""The commands that write a general card's top-up: poll, challenge, read, history row, slot. Each look begins anew."""


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[NoteBus]:
    with NoteBus(tmp_path, FieldBench(), MemoryDisk()) as bus:
        bus.begin()
        yield bus


def told(results: list[Result]) -> list[str]:
    return [reason(result, Language.EN) for result in results]


def notes(bus: Bus) -> list[str]:
    """Where the journal has the notes, and who owes what."""
    return [
        record.to if isinstance(record, NoteMoved) else f"{record.owes} owes {record.yen}"
        for record in (entry.record for entry in bus.entries())
        if isinstance(record, (NoteMoved, Voucher))
    ]


def refused(bus: Bus) -> list[str]:
    return [entry.record.code for entry in bus.entries() if isinstance(entry.record, Refused)]


# -- as it should go


def test_loc_8_asked_of_the_driver_card_laid_note_inserted_done(bus: NoteBus) -> None:
    card = lococa(150)
    assert told(bus.top_up(card, 1_000)) == [
        "LOC-8 put in a note of 1,000 / 5,000 / 10,000",
        "LOC-8 topped up 1,000",
        "LOC-8 put in a note of 1,000 / 5,000 / 10,000",
    ]
    assert balance_yen(card) == 1_150
    assert (bus.notes.box, bus.notes.inside, bus.notes.given_back) == ([1_000], None, [])
    assert bus.state() is State.READY
    assert notes(bus) == ["stacking", "box"]
    (intent,) = (entry.record for entry in bus.entries() if isinstance(entry.record, Intent))
    assert (intent.action, intent.note_yen, intent.lines) == ("top-up", 1_000, (("LOC-8", 1_000),))
    (acted,) = (entry.record for entry in bus.entries() if isinstance(entry.record, DriverActed))
    assert acted.action == "top-up"
    ledger = bus.ledger()
    assert (ledger.top_ups, ledger.topped_up_yen, ledger.notes_yen, ledger.cash_yen) == (1, 1_000, 1_000, 0)


def test_loc_8_the_note_waits_in_escrow_until_the_card_is_written(bus: NoteBus) -> None:
    bus.ask(lococa(150))
    bus.notes.insert(5_000)
    seen = []
    for _ in range(7):
        bus.terminal.tend()
        seen.append((bus.notes.phase, len(bus.ends()), notes(bus)))
    phases = [phase for phase, _, _ in seen]
    assert phases == [Phase.ESCROW, *[Phase.STACKING] * 2, Phase.IN_BOX, Phase.STACKED, *[Phase.IDLE] * 2]
    assert seen[1][1:] == (1, ["stacking"])  # the intent and its end stand before the acceptor is told


@pytest.mark.parametrize("coin_or_note_yen", [2_000, 500, 100])
def test_loc_8_a_2000_yen_note_and_every_coin_go_back(bus: NoteBus, coin_or_note_yen: int) -> None:
    card = lococa(150)
    bus.top_up(card, coin_or_note_yen)
    assert (balance_yen(card), bus.notes.box, bus.notes.given_back) == (150, [], [coin_or_note_yen])
    assert bus.ledger().top_ups == 0


def test_loc_10_it_is_looked_at_before_each_note(bus: NoteBus) -> None:
    """9,000 yen: two notes of 1,000 are taken; at 11,000 the third never gets in."""
    card = lococa(9_000)
    shown = bus.top_up(card, 1_000, 1_000, 1_000)
    assert (balance_yen(card), bus.notes.box, bus.notes.given_back) == (11_000, [1_000, 1_000], [1_000])
    assert told(shown)[-1] == "LOC-10 over the stored-fare cap · 11000 >= 10001"
    assert refused(bus) == ["over-cap"]


def test_loc_10_a_card_of_10001_yen_opens_no_slot(bus: NoteBus) -> None:
    card = lococa(10_001)
    bus.top_up(card, 1_000)
    assert (balance_yen(card), bus.notes.box, bus.notes.given_back) == (10_001, [], [1_000])
    assert refused(bus) == ["over-cap"]


def test_gen_3_up_to_the_cap_and_no_further(bus: NoteBus) -> None:
    card = lococa(10_000)
    bus.top_up(card, 10_000, 10_000)
    assert (balance_yen(card), bus.notes.box, bus.notes.given_back) == (20_000, [10_000], [10_000])


def test_loc_9_not_begun_while_the_bus_moves(bus: NoteBus) -> None:
    bus.tend(4)
    bus.halt = Halt(speed_kmh=20)
    refusal = bus.terminal.begin_top_up()
    assert refusal is not None and (refusal.code, refusal.rule) == (Code.NOT_AT_STOP, "LOC-9")
    assert bus.state() is State.READY


def test_loc_9_the_drivers_word_does_where_no_signal_is_wired(bus: NoteBus) -> None:
    bus.halt = Halt(confirmed=True)
    bus.top_up(card := lococa(0), 1_000)
    assert balance_yen(card) == 1_000


def test_loc_9_a_bus_that_moves_off_closes_the_slot_and_gives_the_note_back(bus: NoteBus) -> None:
    card = lococa(150)
    bus.ask(card)
    bus.notes.insert(1_000)
    bus.terminal.tend()
    bus.halt = Halt(speed_kmh=5, doors_open=False)
    bus.tend()
    bus.terminal.touch(SIDE)
    assert (balance_yen(card), bus.notes.box, bus.notes.given_back) == (150, [], [1_000])
    bus.notes.insert(1_000)
    assert bus.notes.given_back == [1_000, 1_000]
    assert refused(bus) == ["not-at-stop"] * 2


def test_loc_9_at_the_next_stop_the_top_up_is_over(bus: NoteBus) -> None:
    bus.ask(lococa(150))
    bus.drive_to("新白河")
    bus.notes.insert(1_000)
    bus.tend()
    assert bus.state() is State.READY and bus.notes.given_back == [1_000]


def test_gen_10_a_passenger_who_is_short_tops_up_and_rides_on(bus: NoteBus) -> None:
    card = lococa(150)
    bus.board(card)
    bus.drive_to("新白河")
    short = bus.alight(card)
    assert short.refusal is not None and short.refusal.code is Code.SHORT
    bus.top_up(card, 1_000)
    assert bus.alight(card).alighted is not None
    assert balance_yen(card) == 650


def test_faults_15_another_reader_waits_and_the_card_is_not_settled_when_the_top_up_ends(bus: NoteBus) -> None:
    card = lococa(2_000)
    bus.board(card)
    bus.drive_to("新白河")
    bus.ask(card)
    other = bus.board(lococa(500, 2))
    assert other.refusal is not None and other.refusal.code is Code.BUSY
    bus.terminal.end_top_up()
    assert bus.terminal.touch(SIDE) is None  # it lies there still
    assert balance_yen(card) == 2_000


@pytest.mark.parametrize("state", [State.OUT_OF_SERVICE, State.TOPPING_UP, State.ASKING_STOP])
def test_a_top_up_in_a_state_that_has_none_changes_nothing(bus: NoteBus, state: State) -> None:
    if state is State.OUT_OF_SERVICE:
        bus.terminal.end_trip()
    elif state is State.TOPPING_UP:
        bus.ask(lococa(150))
    else:
        bus.drive_to("新白河").alight(lococa(500))
    with pytest.raises(IllegalEvent):
        bus.terminal.begin_top_up()
    assert bus.state() is state


def test_a_top_up_that_was_not_begun_can_not_end(bus: NoteBus) -> None:
    with pytest.raises(IllegalEvent):
        bus.terminal.end_top_up()


def test_without_an_acceptor_there_is_no_top_up(tmp_path: Path) -> None:
    with Bus(tmp_path, FieldBench()) as bus:
        refusal = bus.begin().terminal.begin_top_up()
        assert refusal is not None and refusal.code is Code.NO_NOTES
        bus.terminal.tend()


@pytest.mark.parametrize(
    ("fault", "alarm"),
    [(NoteAcceptorModel.open_box, Phase.BOX_OPEN), (NoteAcceptorModel.lose_power, Phase.SILENT)],
)
def test_an_acceptor_out_of_order_takes_no_notes(bus: NoteBus, fault: object, alarm: Phase) -> None:
    bus.tend(4)
    assert callable(fault)
    fault(bus.notes)
    bus.tend(1)
    refusal = bus.terminal.begin_top_up()
    assert refusal is not None and (refusal.code, refusal.detail) == (Code.NO_NOTES, alarm.value)


def test_a_note_put_in_as_the_top_up_ends_goes_back(bus: NoteBus) -> None:
    bus.ask(lococa(150))
    bus.notes.insert(1_000)
    bus.terminal.end_top_up()
    bus.tend()
    assert (bus.notes.box, bus.notes.given_back) == ([], [1_000])


def test_two_cards_and_a_foreign_card_open_no_slot(bus: NoteBus) -> None:
    bus.ask(lococa(150))
    assert isinstance(bus.bench, FieldBench)
    bus.bench.lay_beside(SIDE, lococa(500, 2))
    for _ in range(3):
        bus.terminal.touch(SIDE)
    bus.notes.insert(1_000)
    bus.tend()
    assert bus.notes.given_back == [1_000]
    assert refused(bus) == ["two-cards"]  # said once


@pytest.mark.parametrize("boards", [False, True])
def test_gen_13_a_top_up_stands_in_the_cards_history_for_five_commands_a_note(bus: NoteBus, boards: bool) -> None:
    """performance.md a: the card is looked at anew for each note, then its history row and its slot are written."""
    card = lococa(150)
    if boards:
        bus.board(card)
    bus.ask(card)
    for number in (1, 2):
        bus.bench.lay(SIDE, card)
        bus.notes.insert(1_000)
        bus.tend()
        assert isinstance(bus.bench, FieldBench) and bus.bench.commands(SIDE) == 5
        assert balance_yen(card) == 150 + number * 1_000
    bus.finish()
    used = uses_of(card)
    assert [(use.top_up, use.due_yen, use.cash_yen, use.balance_yen) for use in used] == [
        (True, 1_000, 1_000, 2_150),
        (True, 1_000, 1_000, 1_150),
    ]
    if boards:
        bus.drive_to("新白河").alight(card)
        assert [(use.top_up, use.balance_yen) for use in uses_of(card)] == [
            (False, 1_650),
            (True, 2_150),
            (True, 1_150),
        ]


def test_gen_13_a_row_that_was_staged_and_never_made_valid_is_no_use(bus: NoteBus) -> None:
    """Cut short at its slot; then its number is a boarding's, which leaves the balance as it was."""
    card = lococa(150)
    bus.ask(card)
    bus.notes.insert(1_000)
    bus.terminal.tend()
    bus.bench.lay(SIDE, card, Withdrawal(COMMIT, Moment.BEFORE))
    bus.tend(HOLD_S + 10)
    bus.finish()
    assert uses_of(card) == ()
    bus.board(card)
    assert uses_of(card) == ()


def uses_of(card: CardImage) -> tuple[HistoryRow, ...]:
    """What a reader would show of its last uses."""
    blocks = card.lite_s_blocks()
    assert blocks is not None
    rows = [row for block in HISTORY_BLOCKS if (row := decode_history(blocks[block])) is not None]
    return last_uses(tuple(rows), standing_slot(card).slot)


# -- card and note come apart


@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.DURING])
@pytest.mark.parametrize("command", [1, 2, 3, ROW, COMMIT])
def test_faults_42_the_note_goes_back_unless_the_card_is_written(bus: NoteBus, command: int, moment: Moment) -> None:
    """Withdrawn at each command after the note is in escrow: not written, and the note is back in the hand."""
    card = lococa(150)
    bus.ask(card)
    bus.notes.insert(1_000)
    bus.terminal.tend()
    bus.bench.lay(SIDE, card, Withdrawal(command, moment))
    bus.tend(HOLD_S + 10)
    if command == COMMIT:
        # The commit was sent and its answer lost: nobody knows, so the note was held, then kept, with a voucher.
        assert notes(bus) == ["stacking", "box", "operator owes 1000"]
        bus.finish()
        bus.board(card)
        assert bus.ledger().owed_yen == 1_000
        assert (balance_yen(card), bus.notes.box, bus.notes.given_back) == (150, [1_000], [])
    else:
        assert (balance_yen(card), bus.notes.box, bus.notes.given_back) == (150, [], [1_000])
        assert notes(bus) == (["returned"] if command == ROW else [])
    assert bus.ledger().doubtful_yen == 0


def test_faults_42_the_cap_is_looked_at_for_the_card_that_lies_there_when_the_note_does(bus: NoteBus) -> None:
    """Let in for a card of 9,000 yen, which is changed for one of 10,001 while the note goes in."""
    bus.ask(lococa(9_000))
    bus.notes.insert(5_000)
    bus.terminal.tend()
    full = lococa(10_001, 2)
    bus.bench.lay(SIDE, full)
    bus.tend()
    assert (balance_yen(full), bus.notes.box, bus.notes.given_back) == (10_001, [], [5_000])
    assert refused(bus) == ["over-cap"]


@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.DURING, Moment.AFTER])
def test_faults_43_the_card_laid_again_in_time_decides_for_the_note(bus: NoteBus, moment: Moment) -> None:
    card = lococa(150)
    bus.ask(card)
    bus.notes.insert(1_000)
    bus.terminal.tend()
    bus.bench.lay(SIDE, card, Withdrawal(COMMIT, moment))
    bus.tend(5)
    assert bus.notes.inside == 1_000 and notes(bus) == []
    bus.bench.lay(SIDE, card)
    bus.tend()
    if moment is Moment.AFTER:
        assert (balance_yen(card), bus.notes.box, bus.notes.given_back) == (1_150, [1_000], [])
        assert notes(bus) == ["stacking", "box"]
    else:
        assert (balance_yen(card), bus.notes.box, bus.notes.given_back) == (150, [], [1_000])
        assert notes(bus) == ["returned"]
    ledger = bus.ledger()
    assert (ledger.pending, ledger.owed_yen, ledger.claimed_yen, ledger.doubtful_yen) == (0, 0, 0, 0)


def test_faults_43_written_and_gone_the_note_is_kept_and_the_voucher_is_void(bus: NoteBus) -> None:
    card = lococa(150)
    bus.ask(card)
    bus.notes.insert(1_000)
    bus.terminal.tend()
    bus.bench.lay(SIDE, card, Withdrawal(COMMIT, Moment.AFTER))
    bus.tend(HOLD_S + 10)
    assert bus.notes.box == [1_000] and notes(bus) == ["stacking", "box", "operator owes 1000"]
    assert bus.ledger().doubtful_yen == 1_000
    bus.finish()
    assert bus.board(card).confirmed is not None  # any tap, on any reader, tells
    ledger = bus.ledger()
    assert (ledger.notes_yen, ledger.topped_up_yen, ledger.owed_yen, ledger.doubtful_yen) == (1_000, 1_000, 0, 0)


@pytest.mark.parametrize("action", ["alight", "top-up"])
def test_faults_3_what_the_look_for_a_top_up_settles_is_told(bus: NoteBus, action: str) -> None:
    """A write whose answer was lost, and then its passenger asks for a top-up before touching again."""
    card = lococa(2_000)
    bus.board(card)
    bus.drive_to("新白河")
    if action == "alight":
        bus.alight(card, Withdrawal(5, Moment.AFTER))
    else:
        bus.ask(card)
        bus.notes.insert(1_000)
        bus.terminal.tend()
        bus.bench.lay(SIDE, card, Withdrawal(COMMIT, Moment.AFTER))
        bus.tend(HOLD_S + 10)
        bus.finish()
    assert card.idm in bus.terminal.pending
    seen = len(bus.shown)
    bus.ask(card)
    settled, invited = bus.shown[seen:]
    assert settled.confirmed is not None and settled.confirmed.action == action
    assert settled.taken_yen == (500 if action == "alight" else None)
    assert invited.confirmed is None and invited.notes_yen
    assert not bus.terminal.pending


def test_faults_43_another_card_does_not_decide_for_the_note(bus: NoteBus) -> None:
    card, other = lococa(150), lococa(500, 2)
    bus.ask(card)
    bus.notes.insert(1_000)
    bus.terminal.tend()
    bus.bench.lay(SIDE, card, Withdrawal(COMMIT, Moment.AFTER))
    bus.tend(2)
    bus.bench.lay(SIDE, other)
    for _ in range(3):
        bus.tend(1)
        bus.terminal.touch(SIDE)
    assert bus.notes.inside == 1_000 and balance_yen(other) == 500
    bus.bench.lay(SIDE, card)
    bus.tend()
    assert (balance_yen(card), bus.notes.box) == (1_150, [1_000])


# -- the acceptor fails


@pytest.mark.parametrize("loss", [Loss.COMMAND, Loss.ANSWER, Loss.HALF])
@pytest.mark.parametrize("lost_at", range(8))
def test_faults_43_any_answer_of_the_acceptor_may_be_lost(bus: NoteBus, lost_at: int, loss: Loss) -> None:
    card = lococa(150)
    bus.ask(card)
    bus.notes.insert(1_000)
    bus.notes.losses = {len(bus.notes.commands) + lost_at: loss}
    bus.tend()
    assert (balance_yen(card), bus.notes.box, bus.notes.given_back) == (1_150, [1_000], [])
    assert notes(bus) == ["stacking", "box"]


@pytest.mark.parametrize("far", [False, True])
def test_faults_43_power_lost_on_the_way_to_the_box(bus: NoteBus, far: bool) -> None:
    """Near the slot the note waits inside until the driver is there; in the box it is booked."""
    card = lococa(150)
    bus.ask(card)
    bus.notes.insert(1_000)
    bus.tend(2)
    assert bus.notes.phase is Phase.STACKING
    bus.notes.lose_power(far=far)
    bus.tend(3)
    bus.notes.power_on()
    bus.tend()
    assert bus.terminal.notes is not None
    if far:
        assert (bus.notes.box, notes(bus)) == ([1_000], ["stacking", "box"])
        return
    assert bus.terminal.notes.kept_inside and bus.notes.inside == 1_000
    bus.terminal.notes.release()
    bus.tend()
    assert (bus.notes.box, bus.notes.given_back) == ([], [1_000])
    assert notes(bus) == ["stacking", "returned", "passenger owes 1000"]
    assert bus.ledger().claimed_yen == 1_000


def test_faults_43_the_drivers_word_lets_one_note_out_and_not_the_next(bus: NoteBus) -> None:
    def kept_inside(number: int) -> bool:
        card = lococa(150, number)
        bus.ask(card)
        bus.notes.insert(1_000)
        bus.tend(2)
        bus.notes.lose_power(far=False)
        bus.tend(3)
        bus.notes.power_on()
        bus.tend()
        assert bus.terminal.notes is not None
        return bus.terminal.notes.kept_inside

    assert kept_inside(1)
    assert bus.terminal.notes is not None
    bus.terminal.notes.release()
    bus.tend()
    assert bus.notes.given_back == [1_000]
    bus.finish()
    assert kept_inside(2) and bus.notes.given_back == [1_000]


def test_faults_43_a_jam_cleared_by_hand_leaves_the_count_of_the_box_to_tell(bus: NoteBus) -> None:
    bus.ask(lococa(150))
    bus.notes.insert(1_000)
    bus.tend(2)
    bus.notes.jam()
    bus.tend()
    assert bus.terminal.notes is not None and bus.terminal.notes.alarm is Phase.JAMMED
    bus.notes.clear_by_hand()
    bus.tend()
    assert notes(bus) == ["stacking", "unsure"]
    assert bus.ledger().doubtful_yen == 1_000


# -- the terminal fails


@pytest.mark.parametrize("steps", range(7))
def test_faults_43_a_terminal_that_restarts_asks_the_acceptor(bus: NoteBus, steps: int) -> None:
    """The acceptor keeps its power: wherever the note is, it and the card end alike."""
    card = lococa(150)
    bus.ask(card)
    bus.notes.insert(1_000)
    bus.tend(steps)
    assert bus.disk is not None
    bus.restart(bus.disk.after_kill())
    bus.tend()
    written = balance_yen(card) == 1_150
    assert (bus.notes.box, bus.notes.given_back) == (([1_000], []) if written else ([], [1_000]))
    ledger = bus.ledger()
    assert (ledger.notes_yen, ledger.owed_yen, ledger.claimed_yen, ledger.doubtful_yen) == (1_000 * written, 0, 0, 0)


@pytest.mark.parametrize("call", ["fdatasync", "pwrite"])
def test_faults_20_a_journal_that_fails_at_the_intent_gives_the_note_back(bus: NoteBus, call: str) -> None:
    card = lococa(150)
    bus.ask(card)
    bus.notes.insert(1_000)
    assert bus.disk is not None
    bus.disk.errors[call] = errno.EIO
    bus.tend()
    assert bus.state() is State.STOPPED
    assert (balance_yen(card), bus.notes.box, bus.notes.given_back) == (150, [], [1_000])


@pytest.mark.parametrize("failed", ["outcome", "stacking", "box"])
def test_faults_20_a_journal_that_fails_later_takes_the_note_and_books_it_after_the_restart(
    bus: NoteBus, failed: str
) -> None:
    """The card is written: the note is the operator's, and the acceptor tells of it until it is booked."""
    card = lococa(150)
    bus.ask(card)
    bus.notes.insert(1_000)
    disk = bus.disk
    assert disk is not None
    before = {"outcome": 1, "stacking": 2, "box": 3}[failed]
    pwrite = disk.pwrite

    def pwrite_until(data: bytes, offset: int) -> int:
        nonlocal before
        if not before:
            disk.errors["pwrite"] = errno.EIO
        before -= 1
        return pwrite(data, offset)

    disk.pwrite = pwrite_until  # type: ignore[method-assign]
    bus.tend()
    assert bus.state() is State.STOPPED
    assert (balance_yen(card), bus.notes.box, bus.notes.phase) == (1_150, [1_000], Phase.IN_BOX)
    bus.restart(MemoryDisk(bytes(disk.medium)))
    bus.tend()
    assert bus.notes.phase is Phase.IDLE or bus.notes.phase is Phase.INHIBITED
    bus.begin().board(card)
    ledger = bus.ledger()
    assert (ledger.notes_yen, ledger.topped_up_yen, ledger.owed_yen, ledger.claimed_yen) == (1_000, 1_000, 0, 0)


def test_faults_21_a_full_disk_gives_the_note_back_and_never_loses_one_that_was_taken(tmp_path: Path) -> None:
    """Notes are taken until the disk is full; what follows an intent still fits."""
    with NoteBus(tmp_path, FieldBench(), MemoryDisk(capacity=CHUNK_BYTES)) as bus:
        bus.begin()
        cards: list[CardImage] = []
        while bus.state() is not State.STOPPED:
            cards.append(lococa(0, len(cards) + 1))
            bus.ask(cards[-1])
            bus.notes.insert(1_000)
            bus.tend()
            if bus.state() is not State.STOPPED:
                bus.finish()
        assert len(cards) > 5
        taken = [balance_yen(card) for card in cards]
        assert taken == [1_000] * len(bus.notes.box) + [0]
        assert bus.notes.given_back == [1_000]
        assert bus.disk is not None
        bus.restart(MemoryDisk(bytes(bus.disk.cache)))
        assert bus.ledger().notes_yen == sum(bus.notes.box)


def test_more_notes_left_open_than_an_acceptor_holds_are_for_the_count_of_the_box(bus: NoteBus) -> None:
    for number in (1, 2):
        bus.top_up(lococa(150, number), 1_000)
    intents = [entry.record for entry in bus.entries() if isinstance(entry.record, Intent)]
    disk = MemoryDisk()
    with NoteBus(bus.path.parent, FieldBench(), disk) as other:
        for intent in intents:
            other._journal.intend(intent, 0)
        other.restart(disk.after_kill())
        other.tend()
        assert notes(other) == ["unsure", "returned", "passenger owes 1000"]
        assert other.ledger().doubtful_yen == 2_000


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_faults_22_faults_43_after_rot_the_count_of_the_box_tells_and_the_acceptor_is_asked_for_nothing(
    tmp_path: Path, steps: int
) -> None:
    """What is in escrow may be another note: it goes back. What is said to be in the box is there, booked or not."""
    with NoteBus(tmp_path, FieldBench(), segments=MemoryFolder()) as bus:
        bus.begin()
        bus.ask(lococa(150))
        bus.notes.insert(1_000)
        bus.tend(steps)
        assert bus.terminal.notes is not None and bus.terminal.notes.open_note is not None and bus.segments is not None
        bus.restart(segments=bus.segments.after_kill())
        active = bus.segments.disks["00000001.segment"]
        active.cache[len(HEADER) + 100] ^= 1
        bus.restart(segments=bus.segments.after_kill())
        bus.tend()
        assert notes(bus) == ["unsure"]
        assert bus.terminal.notes is not None and bus.terminal.notes.open_note is None
        assert (bus.notes.box + bus.notes.given_back, bus.notes.inside) == ([1_000], None)
        bus.restart(segments=bus.segments.after_kill())
        bus.tend()
        assert notes(bus) == ["unsure"]


# -- readers


def test_on_card_images_without_radio(tmp_path: Path) -> None:
    with NoteBus(tmp_path, ImageBench()) as bus:
        bus.begin().top_up(card := lococa(150), 1_000, 5_000)
        assert (balance_yen(card), bus.notes.box) == (6_150, [1_000, 5_000])


def test_with_one_reader_for_both_sides(tmp_path: Path) -> None:
    bench = ImageBench()
    bench.readers = Readers(bench.readers.alighting, bench.readers.alighting)
    with NoteBus(tmp_path, bench) as bus:
        bus.begin()
        card = lococa(150)
        bus.tend(4)
        assert bus.terminal.begin_top_up() is None
        bench.lay(SIDE, card)
        shown = bus.terminal.touch(Side.EITHER)
        assert shown is not None and shown.notes_yen
        bus.notes.insert(1_000)
        bus.tend()
        bus.terminal.touch(Side.EITHER)
        bus.terminal.end_top_up()
        assert bus.terminal.touch(Side.EITHER) is None  # it lies there still
        assert balance_yen(card) == 1_150 and bus.ledger().boardings == 0


def test_faults_7_a_reader_that_goes_while_the_note_is_held(bus: NoteBus) -> None:
    """Nobody can be asked: the note is held, then kept with a voucher; the card's next tap tells."""
    card = lococa(150)
    bus.ask(card)
    bus.notes.insert(1_000)
    bus.terminal.tend()
    bus.bench.lay(SIDE, card, Withdrawal(COMMIT, Moment.AFTER))
    bus.terminal.tend()
    reader = bus.bench.readers.alighting
    reader.close()
    bus.tend(HOLD_S + 10)
    assert bus.state() is State.NO_READER
    assert bus.notes.box == [1_000] and notes(bus) == ["stacking", "box", "operator owes 1000"]


# -- through the real pyserial and the real nfcpy


def test_loc_8_through_pyserial_and_nfcpy(tmp_path: Path) -> None:
    with NoteAcceptorOnPty(NoteAcceptorModel()) as acceptor:
        driver = serial_acceptor(acceptor.path, 1.0)
        with Bus(tmp_path, Pn532Bench(KEYS), note_acceptor=lambda: driver) as bus:
            bus.begin()
            card = lococa(150)
            for _ in range(4):
                bus.terminal.tend()
            assert bus.terminal.begin_top_up(Side.ALIGHTING) is None
            bus.bench.lay(SIDE, card)
            for note_yen in (1_000, 10_000):
                shown = bus.terminal.touch(SIDE)
                assert shown is not None and shown.notes_yen == (1_000, 5_000, 10_000)
                acceptor.model.insert(note_yen)
                for _ in range(8):
                    bus.terminal.tend()
            bus.terminal.end_top_up()
            assert balance_yen(card) == 11_150
            assert (acceptor.model.box, bus.ledger().notes_yen) == ([1_000, 10_000], 11_000)
        driver.close()

"""One note, cut at every point: the terminal's power, the acceptor's, both; the card withdrawn as well (faults 42, 43).

Whatever is cut: each note is in one place, the card has it or not, the journal knows or says that it does not know yet,
and where the two did not end alike a voucher names who owes what.
"""

from contextlib import suppress
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cardimage.image import CardImage
from farebox.formats.journal import Intent
from farebox.formats.segment import Head, OpenNote
from farebox.journal.log import Journal
from farebox.journal.standing import Standing
from farebox.peripherals.note_acceptor import Phase, Status
from farebox.result import Side
from farebox.table import State
from farebox.top_up import Halt
from farebox.top_up_flow import HOLD_S, TopUpFlow
from sim import checkers
from sim.hardware.field import Moment, Withdrawal
from sim.hardware.memory_disk import MemoryFolder, PowerLost, Tear, kept, lost, mixed
from sim.hardware.note_acceptor import NOTES_YEN, Loss
from tests.farebox.bus import balance_yen, lococa
from tests.farebox.note_bus import MOST_STEPS, SIDE, Cut, NoTopUp

COMMIT = 5
OPENING_YEN = 150
EXPLAINED = (checkers.conserved, checkers.each_note_in_one_place)


def scene(bus: Cut, card: CardImage, withdrawal: Withdrawal | None) -> None:
    """A top-up by one note; with a withdrawal, the passenger lays the card again some seconds later."""
    bus.begin()
    bus.ask(card)
    bus.insert(1_000)
    bus.tend(1)
    bus.bench.lay(SIDE, card, withdrawal)
    bus.tend(4)
    if withdrawal is not None:
        bus.bench.lay(SIDE, card)
    bus.tend(8)
    bus.finish()


def settled(bus: Cut, card: CardImage, *, claims: bool = False) -> None:
    """All that is open is brought to its end, nothing is left in doubt, and the books are balanced. Only an acceptor
    without power lets go of a note that belongs to the operator.
    """
    bus.quiet()
    bus.board(card)
    balanced(bus, (card, OPENING_YEN))
    ledger = bus.ledger()
    assert not ledger.doubtful_yen
    assert claims or not ledger.claimed_yen


def explained_now(bus: Cut, *cards: tuple[CardImage, int]) -> None:
    """The journal, as a cut would leave it now, explains what is on the cards and in the box."""
    assert bus.segments is not None
    now = bus.moment(bus.segments.durable_entries(), *cards)
    assert not [wrong for check in EXPLAINED for wrong in check(now, now)]


def balanced(bus: Cut, *cards: tuple[CardImage, int]) -> None:
    """All is quiet: the sums close, and all that is owed is named."""
    now = bus.moment(bus.entries(), *cards)
    assert not [wrong for check in (*EXPLAINED, checkers.pending_is_named) for wrong in check(now, now)]
    assert not checkers.quiet(now)


def uncut(folder: Path, withdrawal: Withdrawal | None) -> tuple[int, int]:
    """How many calls of the journal's disk, and how many commands to the acceptor, the scene has."""
    with Cut(folder, disk := MemoryFolder()) as bus:
        scene(bus, card := lococa(OPENING_YEN), withdrawal)
        calls, commands = len(disk.calls), len(bus.notes.commands)
        settled(bus, card)
    return calls, commands


def cut_and_settled(bus: Cut, withdrawal: Withdrawal | None, acceptor: str, tear: Tear) -> None:
    """The scene until the terminal loses its power, and what comes after."""
    card = lococa(OPENING_YEN)
    with suppress(PowerLost):
        scene(bus, card, withdrawal)
    assert bus.segments is not None
    bus.segments.power_goes_at = None
    explained_now(bus, (card, OPENING_YEN))
    _lose(bus, acceptor)
    bus.power_up(tear)
    settled(bus, card, claims=acceptor != "on")


def cut_twice(folder: Path, acceptor: str) -> None:
    """Cut with the note on its way to the box, and again while what is open is seen to."""
    for number, after in product(range(16), (False, True, None)):
        with Cut(folder, MemoryFolder()) as bus:
            bus.begin().ask(card := lococa(OPENING_YEN))
            bus.insert(1_000)
            bus.tend(2)
            _lose(bus, acceptor)
            bus.power_up(lost)
            bus.notes.power_on()
            assert bus.segments is not None
            if after is None:
                bus.segments.power_goes_at = len(bus.segments.calls) + number
            else:
                bus.dies_at, bus.dies_after = len(bus.notes.commands) + number, after
            with suppress(PowerLost):
                bus.tend()
            bus.segments.power_goes_at = None
            bus.power_up(lost)
            settled(bus, card, claims=acceptor == "off")


def cut_at_the_journal(folder: Path, withdrawal: Withdrawal | None, acceptor: str, tear: Tear) -> None:
    for number in range(uncut(folder, withdrawal)[0]):
        disk = MemoryFolder()
        with Cut(folder, disk) as bus:
            disk.power_goes_at = len(disk.calls) + number
            cut_and_settled(bus, withdrawal, acceptor, tear)


def cut_at_the_acceptor(folder: Path, withdrawal: Withdrawal | None, acceptor: str) -> None:
    for number, after in product(range(uncut(folder, withdrawal)[1]), (False, True)):
        with Cut(folder, MemoryFolder()) as bus:
            bus.dies_at, bus.dies_after = number, after
            cut_and_settled(bus, withdrawal, acceptor, lost)


def cut_after_a_segment(folder: Path, withdrawal: Withdrawal | None, acceptor: str) -> None:
    """The segment ends wherever the note is, and the power goes: the next start reads the new one alone."""
    for number in range(LOOKS):
        with Cut(folder, MemoryFolder()) as bus:
            bus.seals_at = number
            cut_and_settled(bus, withdrawal, acceptor, lost)


def answers_lost(folder: Path, withdrawal: Withdrawal | None, loss: Loss) -> None:
    for number in range(uncut(folder, withdrawal)[1]):
        with Cut(folder, MemoryFolder()) as bus:
            card = lococa(OPENING_YEN)
            bus.notes.losses = {number: loss}
            with suppress(NoTopUp):  # an acceptor without power takes no top-up
                scene(bus, card, withdrawal)
            settled(bus, card, claims=loss in (Loss.POWER_BEFORE, Loss.POWER_AFTER))


def _lose(bus: Cut, acceptor: str) -> None:
    if acceptor != "on":
        bus.notes.lose_power(far=acceptor == "far")


WITHDRAWALS = [None, *(Withdrawal(COMMIT, moment) for moment in (Moment.BEFORE, Moment.DURING, Moment.AFTER))]
LOOKS = 4 + 1 + 4 + 8 + MOST_STEPS
"""At the acceptor, in the scene above."""
ACCEPTOR = ["on", "off", "far"]
"""What becomes of the acceptor's power as the terminal loses its own; "far": a note on its way drops into the box."""

each_withdrawal = pytest.mark.parametrize(
    "withdrawal", WITHDRAWALS, ids=lambda cut: cut.moment.value if cut else "stays"
)


@each_withdrawal
@pytest.mark.parametrize("acceptor", ACCEPTOR)
@pytest.mark.parametrize("tear", [lost, kept])
def test_faults_43_power_lost_at_every_call_of_the_journal(
    tmp_path: Path, withdrawal: Withdrawal | None, acceptor: str, tear: Tear
) -> None:
    cut_at_the_journal(tmp_path, withdrawal, acceptor, tear)


@each_withdrawal
@pytest.mark.parametrize("acceptor", ACCEPTOR)
def test_faults_43_power_lost_at_every_command_to_the_acceptor(
    tmp_path: Path, withdrawal: Withdrawal | None, acceptor: str
) -> None:
    cut_at_the_acceptor(tmp_path, withdrawal, acceptor)


@each_withdrawal
@pytest.mark.parametrize("acceptor", ACCEPTOR)
def test_faults_43_a_segment_ends_wherever_the_note_is(
    tmp_path: Path, withdrawal: Withdrawal | None, acceptor: str
) -> None:
    cut_after_a_segment(tmp_path, withdrawal, acceptor)


@each_withdrawal
@pytest.mark.parametrize("loss", list(Loss))
def test_faults_43_every_answer_of_the_acceptor_lost(tmp_path: Path, withdrawal: Withdrawal | None, loss: Loss) -> None:
    answers_lost(tmp_path, withdrawal, loss)


@pytest.mark.parametrize("acceptor", ACCEPTOR)
def test_faults_43_power_lost_again_while_what_is_open_is_seen_to(tmp_path: Path, acceptor: str) -> None:
    cut_twice(tmp_path, acceptor)


# -- bugs, planted: the tests above must find each


def _confirms_before_it_books(flow: TopUpFlow, status: Status, note: OpenNote) -> None:
    if status.phase is Phase.IN_BOX:
        flow._acceptor.confirm()
    _WITH_A_NOTE(flow, status, note)


def _starts_before_it_books(flow: TopUpFlow, status: Status, note: OpenNote) -> None:
    if status.phase is Phase.POWER_UP_NOTE_IN_BOX:
        flow._acceptor.restart()
    _WITH_A_NOTE(flow, status, note)


def _books_a_note_on_its_way(flow: TopUpFlow, status: Status, note: OpenNote) -> None:
    if status.phase is Phase.STACKING:
        flow._ends("box")
    else:
        _WITH_A_NOTE(flow, status, note)


def _forgets_a_note_that_is_out(flow: TopUpFlow, status: Status, note: OpenNote) -> None:
    if status.phase in (Phase.IDLE, Phase.INHIBITED):
        flow._open = None
    else:
        _WITH_A_NOTE(flow, status, note)


def _stacks_whatever_the_card_says(flow: TopUpFlow, note: OpenNote) -> None:
    flow._stack(note._replace(written=True))


def _gives_back_what_is_not_known(flow: TopUpFlow, note: OpenNote) -> None:
    _SETTLE_IN_ESCROW(flow, note._replace(written=bool(note.written)))


def _journals_without_a_flush(journal: Journal, intent: Intent, at_s: int) -> int:
    return journal.append(intent, at_s)


def _knows_no_open_notes(standing: Standing) -> tuple[OpenNote, ...]:
    return ()


def _carries_no_notes(standing: Standing, *place: Any) -> Head:
    return _HEAD(standing, *place)._replace(notes=())


_HEAD = Standing.head
_WITH_A_NOTE, _SETTLE_IN_ESCROW = TopUpFlow._with_a_note, TopUpFlow._settle_in_escrow

PLANTED = [
    (TopUpFlow, "_with_a_note", _confirms_before_it_books),
    (TopUpFlow, "_with_a_note", _starts_before_it_books),
    (TopUpFlow, "_with_a_note", _books_a_note_on_its_way),
    (TopUpFlow, "_with_a_note", _forgets_a_note_that_is_out),
    (TopUpFlow, "_settle_in_escrow", _stacks_whatever_the_card_says),
    (TopUpFlow, "_settle_in_escrow", _gives_back_what_is_not_known),
    (Journal, "intend", _journals_without_a_flush),
    (Standing, "open_notes", _knows_no_open_notes),
    (Standing, "head", _carries_no_notes),
]


@pytest.mark.parametrize(("where", "what", "bug"), PLANTED, ids=lambda part: getattr(part, "__name__", part))
def test_a_planted_bug_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: object, what: str, bug: object
) -> None:
    monkeypatch.setattr(where, what, bug)
    with pytest.raises(AssertionError):
        for acceptor in ACCEPTOR:
            cut_twice(tmp_path, acceptor)
        for withdrawal, acceptor in product(WITHDRAWALS, ACCEPTOR):
            cut_at_the_acceptor(tmp_path, withdrawal, acceptor)
            cut_at_the_journal(tmp_path, withdrawal, acceptor, lost)
            cut_after_a_segment(tmp_path, withdrawal, acceptor)


# -- any order of anything


_WITHDRAWN = st.none() | st.sampled_from(list(Moment))


class Notes(RuleBasedStateMachine):
    """Passengers, notes, tears, power, restarts, in any order."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.cards = [lococa(150, 1), lococa(9_500, 2), lococa(10_001, 3)]
        self.opening = {str(number): balance_yen(card) for number, card in enumerate(self.cards)}
        self.bus = Cut(self.folder, MemoryFolder())
        self.bus.begin()

    def do(self, act: "object") -> None:
        """The terminal does something, or loses its power over it."""
        assert callable(act)
        with suppress(PowerLost):
            act()
            return
        self.restarted(lost)

    def restarted(self, tear: Tear) -> None:
        assert self.bus.segments is not None
        self.bus.segments.power_goes_at = None
        self.bus.power_up(tear)

    @rule(number=st.integers(0, 2), command=st.integers(0, COMMIT), moment=st.sampled_from(list(Moment)))
    def lay(self, number: int, command: int, moment: Moment) -> None:
        self.bus.bench.lay(SIDE, self.cards[number], Withdrawal(command, moment) if command else None)

    @rule()
    def lift(self) -> None:
        self.bus.bench.lift(SIDE)

    @precondition(lambda self: self.bus.state() is State.READY)
    @rule()
    def ask(self) -> None:
        self.do(self.bus.terminal.begin_top_up)

    @precondition(lambda self: self.bus.state() is State.TOPPING_UP)
    @rule()
    def end(self) -> None:
        self.do(self.bus.terminal.end_top_up)

    @rule(yen=st.sampled_from((*NOTES_YEN, 500)))
    def insert(self, yen: int) -> None:
        self.bus.insert(yen)

    @rule(times=st.integers(1, 6))
    def tend(self, times: int) -> None:
        self.do(lambda: self.bus.tend(times))

    @precondition(lambda self: self.bus.state() is State.TOPPING_UP)
    @rule(times=st.integers(1, 6))
    def look_and_tend(self, times: int) -> None:
        def both() -> None:
            for _ in range(times):
                self.bus.terminal.touch(SIDE)
                self.bus.tend(1)

        self.do(both)

    @initialize(yen=st.sampled_from((1_000, 5_000)), withdrawn=_WITHDRAWN, steps=st.integers(0, 8))
    def first_top_up(self, yen: int, withdrawn: Moment | None, steps: int) -> None:
        self.top_up(yen, 0, withdrawn, steps)

    @rule(yen=st.sampled_from(NOTES_YEN), number=st.integers(0, 1), withdrawn=_WITHDRAWN, steps=st.integers(0, 8))
    def top_up(self, yen: int, number: int, withdrawn: Moment | None, steps: int) -> None:
        """As it should go, up to some step of it, or with the card withdrawn: what follows finds a note somewhere."""

        def up_to_there() -> None:
            self.bus.notes.power_on()
            self.bus.halt = Halt(doors_open=True)
            self.bus.tend(4)
            if self.bus.state() is State.READY and self.bus.terminal.begin_top_up() is not None:
                return
            self.bus.bench.lay(SIDE, self.cards[number])
            self.bus.terminal.touch(SIDE)
            self.bus.insert(yen)
            self.bus.tend(1)
            self.bus.bench.lay(SIDE, self.cards[number], Withdrawal(COMMIT, withdrawn) if withdrawn else None)
            self.bus.tend(steps)

        self.do(up_to_there)

    @rule(number=st.integers(0, 2))
    def board(self, number: int) -> None:
        def tap() -> None:
            self.bus.bench.lift(SIDE)
            self.bus.tap(Side.BOARDING, self.cards[number])

        self.do(tap)

    @rule(seconds=st.sampled_from([5, 11, HOLD_S, -100]))
    def wait(self, seconds: int) -> None:
        self.bus.clock.now_s += seconds

    @rule(far=st.booleans())
    def cut_the_acceptor(self, far: bool) -> None:
        self.bus.notes.lose_power(far=far)

    @rule()
    def power_the_acceptor(self) -> None:
        self.bus.notes.power_on()

    @rule(within=st.integers(0, 8), loss=st.sampled_from(list(Loss)))
    def lose_an_answer(self, within: int, loss: Loss) -> None:
        self.bus.notes.losses[len(self.bus.notes.commands) + within] = loss

    @rule()
    def jam(self) -> None:
        self.bus.notes.jam()

    @rule()
    def clear(self) -> None:
        if self.bus.notes.phase is Phase.JAMMED:
            self.bus.notes.clear_by_hand()

    @rule()
    def release(self) -> None:
        assert self.bus.terminal.notes is not None
        self.bus.terminal.notes.release()

    @rule(moves=st.booleans())
    def drive(self, moves: bool) -> None:
        self.bus.halt = Halt(speed_kmh=30) if moves else Halt(doors_open=True)

    @rule(within=st.integers(0, 6))
    def die_at_the_journal(self, within: int) -> None:
        assert self.bus.segments is not None
        self.bus.segments.power_goes_at = len(self.bus.segments.calls) + within

    @rule(within=st.integers(0, 6), after=st.booleans())
    def die_at_the_acceptor(self, within: int, after: bool) -> None:
        self.bus.dies_at, self.bus.dies_after = len(self.bus.notes.commands) + within, after

    @rule()
    def end_the_segment(self) -> None:
        self.do(self.bus.terminal.end_duty)

    @rule(seed=st.integers(0, 99), acceptor=st.sampled_from(ACCEPTOR))
    def cut_the_bus(self, seed: int, acceptor: str) -> None:
        _lose(self.bus, acceptor)
        self.restarted(mixed(Random(seed)))
        self.bus.notes.power_on()

    @invariant()
    def the_journal_explains_cards_and_box(self) -> None:
        explained_now(self.bus, *zip(self.cards, self.opening.values(), strict=True))

    @invariant()
    def no_card_is_over_what_a_bus_may_make_it(self) -> None:
        assert all(yen <= 20_000 for yen in self.balances().values())
        assert balance_yen(self.cards[2]) == 10_001

    def balances(self) -> dict[str, int]:
        return {str(number): balance_yen(card) for number, card in enumerate(self.cards)}

    def teardown(self) -> None:
        assert self.bus.segments is not None
        self.bus.segments.power_goes_at = self.bus.dies_at = None
        self.bus.notes.losses = {}
        self.bus.halt = Halt(doors_open=True)
        self.bus.clock.now_s += 1_000
        if self.bus.state() is State.STOPPED:
            self.restarted(lost)
        self.bus.quiet()
        for card in self.cards:
            self.bus.board(card)
        balanced(self.bus, *zip(self.cards, self.opening.values(), strict=True))


def test_faults_42_43_any_order_of_note_card_tear_and_power(tmp_path: Path) -> None:
    class Here(Notes):
        folder = tmp_path

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

"""Cards that are not what they should be, or not alone: foreign, cloned, rolled back, two at once (faults 6, 10 to 14).

Through the real nfcpy and pyserial, on a simulated PN532.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from cardimage.lite_s import WCNT
from cardimage.shadow import shadow_of
from farebox.formats.journal import Refused
from farebox.result import Result, Side
from farebox.table import State
from farebox.tap import NoteCode
from reader.port import NoCard, TwoCards, WaitOutcome
from sim.bench import Pn532Bench
from sim.hardware.field import Moment, Withdrawal
from sim.hardware.memory_disk import MemoryDisk
from tariff.refusal import Code
from tariff.riders import Party, RiderClass
from tests.farebox.bus import KEYS, Bus, balance_yen, lococa
from tests.farebox.field_bench import FieldBench
from tests.farebox.taps import blocks_of
from tests.reader.transit_card import IDM, transit_card

SIDES = [Side.BOARDING, Side.ALIGHTING]
EMPTY_LOOKS = 4
"""So many looks without an answer, and two cards count as gone."""


@pytest.fixture
def bench() -> Iterator[Pn532Bench]:
    bench = Pn532Bench(KEYS)
    yield bench
    bench.close()


@pytest.fixture
def bus(bench: Pn532Bench, tmp_path: Path) -> Bus:
    return Bus(tmp_path, bench, disk=MemoryDisk()).begin()


def code(result: Result | None) -> Code | None:
    return result.refusal.code if result is not None and result.refusal is not None else None


def refusals(bus: Bus) -> list[Refused]:
    return [entry.record for entry in bus.entries() if isinstance(entry.record, Refused)]


def look(bus: Bus, side: Side, times: int) -> list[Result | None]:
    return [bus.terminal.touch(side) for _ in range(times)]


class TestTwoCards:
    """faults 14, GEN-6: both refused, nothing written to either, until the field is empty."""

    @pytest.fixture
    def cards(self) -> tuple[CardImage, CardImage]:
        return lococa(2_000), lococa(3_000, number=2)

    @pytest.mark.parametrize("side", SIDES)
    def test_faults_14_both_are_refused_and_neither_is_written(
        self, bus: Bus, bench: Pn532Bench, cards: tuple[CardImage, CardImage], side: Side
    ) -> None:
        first, second = cards
        before = [blocks_of(card) for card in cards]
        bus.drive_to("新白河")
        bench.lay(side, first)
        bench.lay_beside(side, second)
        refused, *then = look(bus, side, 5)
        assert code(refused) is Code.TWO_CARDS and then == [None] * 4
        assert [blocks_of(card) for card in cards] == before
        assert refusals(bus) == [Refused(b"", side, "two-cards", "")]
        assert bus.ends() == []

    def test_faults_14_the_one_that_is_left_is_served_only_when_it_is_laid_anew(
        self, bus: Bus, bench: Pn532Bench, cards: tuple[CardImage, CardImage]
    ) -> None:
        first, second = cards
        bench.lay(Side.BOARDING, first)
        bench.lay_beside(Side.BOARDING, second)
        look(bus, Side.BOARDING, 1)
        bench.lay(Side.BOARDING, second)  # the first was taken away; this one never left
        assert look(bus, Side.BOARDING, 3) == [None] * 3
        bench.lift(Side.BOARDING)
        look(bus, Side.BOARDING, EMPTY_LOOKS)
        bench.lay(Side.BOARDING, second)
        assert code(served := bus.terminal.touch(Side.BOARDING)) is None and served is not None
        assert [action for action, _ in bus.ends()] == ["board"]

    def test_faults_14_a_second_card_beside_one_that_was_served(
        self, bus: Bus, bench: Pn532Bench, cards: tuple[CardImage, CardImage]
    ) -> None:
        first, second = cards
        bench.lay(Side.BOARDING, first)
        assert code(bus.terminal.touch(Side.BOARDING)) is None
        bench.lay_beside(Side.BOARDING, second)
        assert code(bus.terminal.touch(Side.BOARDING)) is Code.TWO_CARDS
        assert bus.ends() == [("board", "written")]

    def test_faults_14_ours_and_one_of_another_system_are_not_told_apart_by_the_poll_and_ours_is_served(
        self, bus: Bus, bench: Pn532Bench, cards: tuple[CardImage, CardImage]
    ) -> None:
        """Each system is polled by itself: a transit card beside ours keeps silent, and ours alone is bound to."""
        bench.lay(Side.BOARDING, cards[0])
        bench.lay_beside(Side.BOARDING, transit_card())
        served = bus.terminal.touch(Side.BOARDING)
        assert served is not None and served.refusal is None and served.idm == cards[0].idm

    def test_faults_14_a_question_stays_open(self, bus: Bus, bench: Pn532Bench) -> None:
        poor, other = lococa(0), lococa(2_000, number=2)
        bus.board(poor)
        bus.drive_to("新白河").alight(poor)
        bench.lay(Side.ALIGHTING, poor)
        bench.lay_beside(Side.ALIGHTING, other)
        assert code(bus.terminal.touch(Side.ALIGHTING)) is Code.TWO_CARDS
        assert (bus.state(), bus.terminal.asked) == (State.ASKING_PAYMENT, poor.idm)
        bus.terminal.drop_question()
        assert look(bus, Side.ALIGHTING, 2) == [None, None]  # they lie there still

    def test_faults_14_nothing_that_happens_at_the_other_reader_frees_them(
        self, bus: Bus, bench: Pn532Bench, cards: tuple[CardImage, CardImage]
    ) -> None:
        first, second = cards
        bench.lay(Side.ALIGHTING, first)
        bench.lay_beside(Side.ALIGHTING, second)
        look(bus, Side.ALIGHTING, 1)
        torn = bus.board(lococa(500, number=3), Withdrawal(4, Moment.AFTER))
        assert code(torn) is Code.TOUCH_AGAIN
        bench.lay(Side.ALIGHTING, second)
        assert look(bus, Side.ALIGHTING, 2) == [None, None]

    def test_faults_14_out_of_service_they_are_refused_as_any(
        self, bus: Bus, bench: Pn532Bench, cards: tuple[CardImage, CardImage]
    ) -> None:
        bus.terminal.end_trip()
        bench.lay(Side.ALIGHTING, cards[0])
        bench.lay_beside(Side.ALIGHTING, cards[1])
        assert code(bus.terminal.touch(Side.ALIGHTING)) is Code.OUT_OF_SERVICE

    def test_faults_14_while_they_drown_each_other_out_they_are_not_gone(self, tmp_path: Path) -> None:
        """A reader that hears two, none, one of two, as chance has it: refused once, none of them served."""

        bench = FieldBench()
        bus = Bus(tmp_path, bench, disk=MemoryDisk()).begin()
        bench.lay(Side.BOARDING, lococa(2_000))
        one = bench.readers.boarding.wait()
        none = NoCard()
        heard: list[WaitOutcome] = []

        class Scripted:
            name = "scripted"

            def wait(self) -> WaitOutcome:
                return heard.pop(0)

            def close(self) -> None:
                return

        bus.terminal._field._readers = bus.terminal._field._readers._replace(boarding=Scripted())
        for _ in range(2):
            heard += [TwoCards(), none, none, one, none, none, none, TwoCards(), one]
            first, *then = look(bus, Side.BOARDING, len(heard))
            assert code(first) is Code.TWO_CARDS and then == [None] * 8
            heard += [none] * EMPTY_LOOKS
            look(bus, Side.BOARDING, EMPTY_LOOKS)
        heard += [one]
        assert code(served := bus.terminal.touch(Side.BOARDING)) is None and served is not None


class TestForeign:
    """A card that answers, but not to our keys: refused by name, never met with silence."""

    @pytest.mark.parametrize("side", SIDES)
    def test_a_transit_card_is_refused_once_for_each_time_it_is_laid(
        self, bus: Bus, bench: Pn532Bench, side: Side
    ) -> None:
        bench.lay(side, transit_card())
        refused, *then = look(bus, side, 3)
        assert refused is not None and code(refused) is Code.FOREIGN_CARD and then == [None, None]
        assert refused.idm == IDM
        assert refusals(bus) == [Refused(IDM, side, "foreign-card", "system 0003")]
        assert code(bus.tap(side, transit_card())) is None  # it never left
        assert code(bus.tap(side, transit_card())) is Code.FOREIGN_CARD

    def test_while_the_driver_is_asked_it_waits_as_any_other(self, bus: Bus) -> None:
        poor = lococa(0)
        bus.board(poor)
        bus.drive_to("新白河").alight(poor)
        assert code(bus.alight(transit_card())) is Code.BUSY
        assert bus.terminal.asked == poor.idm

    def test_out_of_service(self, bus: Bus) -> None:
        bus.terminal.end_trip()
        assert code(bus.board(transit_card())) is Code.OUT_OF_SERVICE


class TestClones:
    """faults 10, 11: who copies all a card shows can't prove its key."""

    def clone(self, card: CardImage) -> FelicaCard:
        return FelicaCard(deepcopy(card), bytes(range(16)))

    @pytest.mark.parametrize("side", SIDES)
    def test_faults_11_a_cloned_idm_is_refused_and_reported(self, bus: Bus, bench: Pn532Bench, side: Side) -> None:
        clone = self.clone(lococa(2_000))
        before = blocks_of(clone.image)
        bench.lay_card(side, clone)
        assert code(bus.terminal.touch(side)) is Code.WRONG_KEY
        assert blocks_of(clone.image) == before
        assert refusals(bus) == [Refused(clone.image.idm, side, "wrong-key", "")]

    def test_faults_6_11_the_true_cards_pending_write_waits_for_the_true_card(
        self, bus: Bus, bench: Pn532Bench
    ) -> None:
        card = lococa(2_000)
        bus.board(card)
        bus.drive_to("新白河").alight(card, Withdrawal(5, Moment.AFTER))
        bench.lay_card(Side.ALIGHTING, self.clone(card))
        assert code(bus.terminal.touch(Side.ALIGHTING)) is Code.WRONG_KEY
        assert set(bus.terminal.pending) == {card.idm}
        bench.lift(Side.ALIGHTING)
        look(bus, Side.ALIGHTING, 1)
        assert bus.alight(card).confirmed is not None

    def test_faults_10_a_wrong_mac_changes_nothing_and_the_next_touch_is_served(
        self, bus: Bus, bench: Pn532Bench
    ) -> None:
        card = lococa(2_000)
        true = FelicaCard(card, KEYS.card_key(card.idm))

        class Garbled:
            """Its proof is changed on the air."""

            image = card

            def process(self, frame: bytes) -> bytes | None:
                answer = true.process(frame)
                is_read = answer is not None and answer[1] == 0x07
                return answer[:-9] + bytes((answer[-9] ^ 1,)) + answer[-8:] if answer and is_read else answer

            def power_off(self) -> None:
                true.power_off()

        before = blocks_of(card)
        bench.lay_card(Side.BOARDING, Garbled())
        assert code(bus.terminal.touch(Side.BOARDING)) is Code.WRONG_KEY
        assert blocks_of(card) == before
        assert bus.ends() == []
        bench.lift(Side.BOARDING)
        look(bus, Side.BOARDING, 1)
        assert code(bus.board(card)) is None


def in_hand(bus: Bus) -> None:
    """The same terminal goes on."""


def restarted(bus: Bus) -> None:
    """Only what the journal says is remembered."""
    assert bus.disk is not None
    bus.restart(bus.disk.after_kill())
    bus.begin().drive_to("新白河")


class TestRolledBack:
    """faults 12: a card's memory written back to what it was; the chip's own count of writes gives it away."""

    @pytest.mark.parametrize("remembered", [in_hand, restarted], ids=lambda way: way.__name__)
    @pytest.mark.parametrize("copied", ["at issue", "after boarding"])
    def test_faults_12_it_is_refused_and_reported(
        self, bus: Bus, copied: str, remembered: Callable[[Bus], None]
    ) -> None:
        card = lococa(2_000)
        at_issue = deepcopy(card)
        bus.board(card)
        boarded = deepcopy(card)
        bus.drive_to("新白河").alight(card)
        copy = at_issue if copied == "at issue" else boarded
        before = blocks_of(copy)
        remembered(bus)
        refused = bus.alight(copy)
        assert refused.refusal is not None
        assert (refused.refusal.code, refused.refusal.rule) == (Code.ALTERED_CARD, "faults 12")
        assert blocks_of(copy) == before
        writes = {"at issue": 0, "after boarding": 1}[copied]
        seen = 3 if remembered is in_hand else 2
        assert refusals(bus)[-1].detail == f"{writes} writes, {seen} seen"

    def test_faults_12_the_card_itself_goes_on(self, bus: Bus) -> None:
        card = lococa(2_000)
        copy = deepcopy(card)
        bus.board(card)
        assert code(bus.board(copy)) is Code.ALTERED_CARD
        assert code(bus.drive_to("新白河").alight(card)) is None
        assert balance_yen(card) == 1_500

    def test_faults_12_a_write_whose_answer_was_lost_and_that_was_read_back_counts_too(self, bus: Bus) -> None:
        """Found by `farebox sim faults`: the copy made just before it was taken for the card, until the next trip."""
        card = lococa(2_000)
        copy = deepcopy(card)
        assert code(bus.board(card, Withdrawal(4, Moment.ANSWER_LOST))) is None
        assert code(bus.board(copy)) is Code.ALTERED_CARD

    def test_faults_12_a_card_that_was_only_read_is_known_too(self, bus: Bus) -> None:
        card = lococa(2_000)
        with_count(card, 40)
        bus.drive_to("新白河").alight(card)  # no boarding record: the driver is asked, nothing is written
        bus.terminal.drop_question()
        copy = deepcopy(card)
        with_count(copy, 39)
        assert code(bus.alight(copy)) is Code.ALTERED_CARD

    def test_faults_12_its_pending_write_is_not_settled_by_a_copy(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.board(card)
        copy = deepcopy(card)
        bus.drive_to("白河モール前").alight(card, Withdrawal(5, Moment.AFTER))
        with_count(copy, 0)
        assert code(bus.alight(copy)) is Code.ALTERED_CARD
        assert set(bus.terminal.pending) == {card.idm}
        assert bus.alight(card).confirmed is not None

    def test_faults_12_the_shadow_of_a_recorded_card_is_made_anew_and_has_no_past(self, bus: Bus) -> None:
        """A recorded card is tapped on a bench as a simulated one, which is made from the recording each time."""
        bus.board(shadow_of(transit_card(), "suica", 2_000))
        bus.terminal.end_trip()
        assert code(bus.begin().board(shadow_of(transit_card(), "suica", 2_000))) is None

    def test_faults_12_used_elsewhere_meanwhile_is_no_rollback(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.board(card)
        with_count(card, 900)
        assert code(bus.drive_to("新白河").alight(card)) is None


def with_count(card: CardImage, count: int) -> None:
    """The card with another count of writes."""
    blocks = card.lite_s_blocks()
    assert blocks is not None
    blocks[WCNT] = count.to_bytes(3, "little") + bytes(13)


class TestDoubleTap:
    """faults 13: one fare for one ride; more riders only through the driver."""

    def test_faults_13_tapped_again_at_once_takes_one_fare(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.board(card)
        bus.drive_to("新白河").alight(card)
        for _ in range(3):
            again = bus.alight(card)
            assert [note.code for note in again.notes] == [NoteCode.FIRST_RESULT_SHOWN]
        assert balance_yen(card) == 1_500
        assert bus.ledger().alightings == 1

    def test_faults_13_riders_told_after_the_fare_was_taken_are_not_taken_by_a_second_tap(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.board(card)
        bus.drive_to("新白河").alight(card)
        bus.terminal.expect_party(Party(companions=(RiderClass.ADULT,)))
        assert [note.code for note in bus.alight(card).notes] == [NoteCode.FIRST_RESULT_SHOWN]
        assert balance_yen(card) == 1_500

    def test_faults_13_boarding_twice_is_boarding_once(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.board(card)
        assert [note.code for note in bus.board(card).notes] == [NoteCode.FIRST_BOARDING_KEPT]
        assert bus.ledger().boardings == 1

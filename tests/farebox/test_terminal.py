"""Whole rides on a bus: the real terminal behind the real nfcpy and pyserial, a simulated PN532 and card in front."""

import errno
from array import array
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from cardimage.image import CardImage
from cardimage.layout.slots import encode_slot
from cardimage.lite_s import WCNT
from farebox.formats.frames import scan
from farebox.formats.journal import DriverActed, Intent, Noted, Refused, TripBegun, TripEnded
from farebox.machine import CompiledMachine, IllegalEvent, StateMachine, TransitionsMachine
from farebox.result import Side, Sound
from farebox.table import State
from farebox.tap import NoteCode
from reader.port import NoCard, ReaderFault, Session
from sim.bench import Bench, ImageBench, Pn532Bench
from sim.hardware.memory_disk import MemoryDisk
from tariff.account import HolderKind
from tariff.calendar import midnight_in_japan_s
from tariff.fares import FareTable
from tariff.purses import Payment
from tariff.refusal import Code
from tariff.riders import Attendant, Handbook, Party, Piece, RiderClass
from tests.farebox.bus import Bus, aizu, balance_yen, lococa, service, standing_slot


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path) as bus:
        yield bus


@pytest.mark.parametrize("bench", [Pn532Bench, ImageBench])
@pytest.mark.parametrize("machine", [TransitionsMachine, CompiledMachine])
def test_a_ride_of_500_yen(tmp_path: Path, bench: type[Bench], machine: type[StateMachine]) -> None:
    card = lococa(2_000)
    with Bus(tmp_path, bench(), machine) as bus:
        bus.begin()
        boarded = bus.board(card)
        assert (boarded.sound, boarded.refusal) == (Sound.PIP, None)
        alighted = bus.drive_to("新白河").alight(card)
        assert alighted.alighted is not None and alighted.alighted.settlement.due_yen == 500
        bus.terminal.end_trip()
        assert balance_yen(card) == 1_500
        assert bus.ends() == [("board", "written"), ("alight", "written")]
        kinds = [type(entry.record).__name__ for entry in bus.entries()]
        assert kinds == ["Opened", "TripBegun", "Intent", "Outcome", "Intent", "Outcome", "TripEnded"]


def test_the_journal_is_the_same_byte_for_byte_on_every_reader_and_machine(tmp_path: Path) -> None:
    """What is recorded depends on what happened, not on how the card was reached or the table run."""
    journals = []
    ways: list[tuple[Callable[[], Bench], Callable[[], StateMachine]]] = [
        (Pn532Bench, TransitionsMachine),
        (ImageBench, TransitionsMachine),
        (ImageBench, CompiledMachine),
    ]
    for number, (bench, machine) in enumerate(ways):
        card = lococa(2_000, section=("実業高校前", "南湖公園"))
        folder = tmp_path / str(number)
        folder.mkdir()
        with Bus(folder, bench(), machine) as bus:
            bus.begin().board(card)
            bus.drive_to("新白河").alight(card)
            bus.terminal.end_trip()
            path = bus.path
        journals.append((path / "00000001.segment").read_bytes())
    assert journals[0] == journals[1] == journals[2]


class TestCommandsPerTap:
    """performance.md a: boarding on a general card 4 commands; else 5; one more for the history row at alighting."""

    @pytest.mark.parametrize(
        ("card", "boarding", "alighting"),
        [
            (lococa(2_000), 4, 5),
            (lococa(2_000, section=("磐城棚倉", "南湖公園")), 5, 6),
            (lococa(2_000, holder=HolderKind.CHILD), 5, 6),
        ],
        ids=["general", "pass", "child"],
    )
    def test_counted_at_the_card(self, bus: Bus, card: CardImage, boarding: int, alighting: int) -> None:
        assert isinstance(bus.bench, Pn532Bench)
        bus.begin().board(card)
        assert bus.bench.commands(Side.BOARDING) == boarding
        bus.drive_to("新白河").alight(card)
        assert bus.bench.commands(Side.ALIGHTING) == alighting


class TestDriver:
    def test_faults_17_gen_7_the_driver_keys_the_boarding_stop(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.begin().drive_to("新白河")
        asked = bus.alight(card)
        assert asked.refusal is not None and asked.refusal.code is Code.NO_BOARDING
        assert bus.terminal.state is State.ASKING_STOP and balance_yen(card) == 2_000
        bus.terminal.answer_stop(2)
        assert bus.alight(card).refusal is None
        assert balance_yen(card) == 1_750
        words = [e.record for e in bus.entries() if isinstance(e.record, DriverActed)]
        assert words == [DriverActed(card.idm, "boarded-at", "南湖公園")]

    @pytest.mark.parametrize(
        ("payment", "left_yen", "cash_yen"), [(Payment.PART_CASH, 5, 310), (Payment.ALL_CASH, 195, 500)]
    )
    def test_gen_10_short_of_stored_fare(self, bus: Bus, payment: Payment, left_yen: int, cash_yen: int) -> None:
        card = lococa(195)
        bus.begin().board(card)
        asked = bus.drive_to("新白河").alight(card)
        assert asked.refusal is not None and asked.refusal.code is Code.SHORT
        bus.terminal.answer_payment(payment)
        assert bus.alight(card).refusal is None
        assert (balance_yen(card), bus.ledger().cash_yen) == (left_yen, cash_yen)

    def test_faults_15_another_card_waits_while_the_driver_is_asked(self, bus: Bus) -> None:
        poor, other = lococa(0), lococa(2_000, number=2)
        bus.begin().board(poor)
        bus.board(other)
        bus.drive_to("新白河").alight(poor)
        busy = bus.alight(other)
        assert busy.refusal is not None and busy.refusal.code is Code.BUSY
        assert bus.tap(Side.ALIGHTING, poor) is None  # the question stands
        assert (balance_yen(other), bus.terminal.state) == (2_000, State.ASKING_PAYMENT)
        bus.terminal.answer_payment(Payment.ALL_CASH)
        assert bus.alight(other).refusal is None
        assert bus.alight(poor).refusal is None

    def test_a_dropped_question_takes_nothing_and_can_be_asked_again(self, bus: Bus) -> None:
        card = lococa(0)
        bus.begin().board(card)
        bus.drive_to("新白河").alight(card)
        bus.terminal.drop_question()
        assert bus.terminal.state is State.READY
        again = bus.alight(card)
        assert again.refusal is not None and again.refusal.code is Code.SHORT

    def test_driving_on_drops_the_question(self, bus: Bus) -> None:
        card = lococa(0)
        bus.begin().board(card)
        bus.drive_to("南湖公園").alight(card)
        bus.drive_to("新白河")
        assert bus.terminal.state is State.READY and bus.terminal.asked == b""

    def test_loc_15_companions_are_told_before_the_tap(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("新白河")
        bus.terminal.expect_party(Party(companions=(RiderClass.ADULT, RiderClass.CHILD)))
        bus.alight(card)
        assert balance_yen(card) == 2_000 - 500 - 500 - 250
        words = [entry.record for entry in bus.entries() if isinstance(entry.record, DriverActed)]
        assert words == [DriverActed(b"", "party", "as the card says, adult, child")]

    def test_gen_18_everyone_and_everything_told_is_journalled_and_counted(self, bus: Bus) -> None:
        party = Party(
            None,
            (RiderClass.CHILD,) * 17,
            (RiderClass.ADULT,),
            (Attendant(Handbook.MENTAL),),
            (Piece(12_000, 1, 1),),
        )
        bus.begin()
        bus.terminal.expect_party(party)
        (word,) = (entry.record for entry in bus.entries() if isinstance(entry.record, DriverActed))
        assert word.detail.endswith(", child, family adult, attendant mental, luggage")
        with pytest.raises(ValueError, match=r"^21 companions; at most 20 on one card$"):
            bus.terminal.expect_party(party._replace(luggage=party.luggage * 2))

    def test_gen_12_the_drivers_override_is_journalled(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("新白河")
        bus.terminal.expect_party(Party(holder=RiderClass.CHILD))
        bus.alight(card)
        assert balance_yen(card) == 1_750
        words = [entry.record for entry in bus.entries() if isinstance(entry.record, DriverActed)]
        assert words == [DriverActed(b"", "party", "child")]


class TestOnceOnly:
    def test_gen_9_faults_13_a_second_tap_shows_the_first_result(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("新白河").alight(card)
        again = bus.alight(card)
        assert [note.code for note in again.notes] == [NoteCode.FIRST_RESULT_SHOWN]
        assert again.alighted is not None and again.alighted.settlement.due_yen == 500
        assert balance_yen(card) == 1_500

    def test_gen_9_within_the_guard_time_at_the_next_stop_too(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("白河モール前").alight(card)
        bus.clock.now_s -= 298  # the bus rolls on at once
        assert [n.code for n in bus.drive_to("新白河").alight(card).notes] == [NoteCode.FIRST_RESULT_SHOWN]
        bus.clock.now_s += 10
        late = bus.alight(card)
        assert late.refusal is not None and late.refusal.code is Code.NO_BOARDING

    def test_gen_9_a_new_ride_within_the_guard_time_is_a_ride(self, bus: Bus) -> None:
        """Off and on again at once, and off at the next stop within ten seconds: two rides."""
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("白河モール前").alight(card)
        assert bus.board(card).refusal is None
        bus.clock.now_s -= 298
        assert bus.drive_to("新白河").alight(card).refusal is None
        assert balance_yen(card) == 2_000 - 450 - 170

    def test_faults_24_a_clock_that_goes_back_gives_no_free_ride(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("南湖公園").alight(card)
        bus.clock.now_s -= 3_600
        bus.board(card)
        assert bus.drive_to("新白河").alight(card).refusal is None
        assert balance_yen(card) == 2_000 - 400 - 250

    def test_the_2008_regression_a_restart_between_tap_and_re_tap_takes_the_fare_once(self, bus: Bus) -> None:
        """The unit restarted between "touch again" and the re-touch; the fare was taken twice on some 60,000 taps."""
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("新白河").alight(card)
        bus.restart()
        again = bus.begin().drive_to("新白河").alight(card)
        assert [note.code for note in again.notes] == [NoteCode.FIRST_RESULT_SHOWN]
        assert balance_yen(card) == 1_500
        assert bus.ends() == [("board", "written"), ("alight", "written")]

    def test_a_card_that_stays_on_the_reader_is_served_once(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.begin()
        bus.bench.lay(Side.BOARDING, card)
        assert bus.terminal.touch(Side.BOARDING) is not None
        assert [bus.terminal.touch(Side.BOARDING) for _ in range(5)] == [None] * 5


class TestOutOfService:
    """faults 16, and the 2015 regression: a tap out of service took up to 4,740 yen for a 150-yen ride."""

    def test_faults_16_before_a_trip(self, bus: Bus) -> None:
        card = lococa(2_000)
        refused = bus.alight(card)
        assert refused.refusal is not None and refused.refusal.code is Code.OUT_OF_SERVICE
        assert refused.sound is Sound.BUZZ and balance_yen(card) == 2_000

    def test_faults_16_after_a_trip(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("新白河")
        bus.terminal.end_trip()
        refused = bus.alight(card)
        assert refused.refusal is not None and refused.refusal.code is Code.OUT_OF_SERVICE
        assert balance_yen(card) == 2_000

    def test_a_trip_is_begun_once(self, bus: Bus) -> None:
        bus.begin().drive_to("新白河")
        on = bus.terminal.service
        with pytest.raises(IllegalEvent):
            bus.begin("HAKUHO-W02")
        assert bus.terminal.state is State.READY and bus.terminal.service == on

    def test_there_is_no_driving_without_a_trip_nor_off_the_route(self, bus: Bus) -> None:
        with pytest.raises(IllegalEvent):
            bus.terminal.advance(1)
        bus.begin()
        with pytest.raises(ValueError, match="no place 5"):
            bus.terminal.advance(5)
        assert bus.terminal.service is not None and bus.terminal.service.stop_index == 0

    def test_the_driver_can_only_key_a_stop_behind(self, bus: Bus) -> None:
        bus.begin().drive_to("新白河").alight(lococa(2_000))
        for place in (-1, 4, 5):
            with pytest.raises(ValueError, match="nobody can have boarded"):
                bus.terminal.answer_stop(place)
        assert bus.terminal.state is State.ASKING_STOP


class TestAutoCharge:
    def test_aut_2_it_fires_below_the_trigger_and_is_billed(self, bus: Bus) -> None:
        card = aizu(90, trigger_yen=100, amount_yen=1_000)
        bus.begin("NISHIWAKA-W01").board(card)
        bus.drive_to("西若松駅東口").alight(card)
        assert balance_yen(card) == 90 + 1_000 - 230
        assert bus.ledger().credit_yen == 1_000

    def test_aut_2_at_the_trigger_it_does_not(self, bus: Bus) -> None:
        card = aizu(150, trigger_yen=100, amount_yen=1_000)
        bus.begin("NISHIWAKA-W01").board(card)
        short = bus.drive_to("西若松駅東口").alight(card)
        assert short.refusal is not None and short.refusal.code is Code.SHORT

    def test_aut_3_the_running_totals_are_on_the_card(self, bus: Bus) -> None:
        card = aizu(0, trigger_yen=3_000, amount_yen=3_000)
        for trip in ("NISHIWAKA-W01", "NISHIWAKA-W02"):
            bus.begin(trip).board(card)
            bus.drive_to("西若松駅東口" if trip.endswith("1") else "若松駅前")
            bus.alight(card)
            bus.terminal.end_trip()
        charged = bus.shown[-1].after
        assert charged is not None and charged.auto_charged is not None
        assert (charged.auto_charged.day_yen, charged.auto_charged.month_yen) == (6_000, 6_000)


def test_gen_21_another_operators_card_is_refused(bus: Bus) -> None:
    refused = bus.begin().board(aizu(2_000, 100, 1_000))
    assert refused.refusal is not None and refused.refusal.code is Code.FOREIGN_CARD


@pytest.mark.parametrize(("count", "taken"), [(0xFFFE00 - 4, True), (0xFFFE00 - 3, False)])
def test_a_card_at_the_end_of_its_writes_is_refused_before_one_fails(bus: Bus, count: int, taken: bool) -> None:
    card = lococa(2_000)
    blocks = card.lite_s_blocks()
    assert blocks is not None
    blocks[WCNT] = count.to_bytes(3, "little") + bytes(13)
    result = bus.begin().board(card)
    assert (result.refusal is None) is taken
    assert taken or (result.refusal is not None and result.refusal.code is Code.CARD_FULL)


def test_faults_7_a_reader_that_is_gone_stops_taps_and_comes_back_by_itself(bus: Bus) -> None:
    class Unplugged:
        name = "unplugged"

        def __init__(self) -> None:
            self.gone = True

        def wait(self) -> Session | NoCard | ReaderFault:
            return ReaderFault(self.name, "no such device") if self.gone else NoCard()

        def close(self) -> None:
            return

    card, exit_reader = lococa(2_000), Unplugged()
    bus.terminal._field._readers = bus.terminal._field._readers._replace(alighting=exit_reader)
    bus.begin()
    assert bus.terminal.touch(Side.ALIGHTING) is None
    assert bus.terminal.state is State.NO_READER
    refused = bus.board(card)
    assert refused.refusal is not None and refused.refusal.code is Code.OUT_OF_SERVICE
    exit_reader.gone = False
    bus.terminal.touch(Side.ALIGHTING)
    assert bus.state() is State.READY
    assert bus.board(card).refusal is None


def test_the_journal_says_what_was_judged_and_why(bus: Bus) -> None:
    card = lococa(2_000, section=("実業高校前", "南湖公園"))
    bus.begin().board(card)
    bus.drive_to("新白河").alight(card)
    bus.alight(card)
    bus.terminal.end_trip()
    records = [entry.record for entry in bus.entries()]
    begun, intent = records[1], next(r for r in records if isinstance(r, Intent) and r.action == "alight")
    assert isinstance(begun, TripBegun) and begun.operator == "lococa" and begun.route_id == "HAKUHO"
    assert intent.lines == (("PASS-3", 500), ("GEN-3", 500))
    assert intent.rulebook_hash == begun.rulebook_hash
    assert isinstance(records[-1], TripEnded)
    assert [r.code for r in records if isinstance(r, Noted)] == ["first-result-shown"]
    assert not [r for r in records if isinstance(r, Refused)]


class TestFoundByFreshEyes:
    """Each of these was wrong once."""

    def test_what_was_keyed_at_one_stop_is_asked_anew_at_the_next(self, bus: Bus) -> None:
        """All in cash was keyed for 400 yen; the bus drove on, and the fare is another."""
        card = lococa(100)
        bus.begin().board(card)
        bus.drive_to("南湖公園").alight(card)
        bus.terminal.answer_payment(Payment.ALL_CASH)
        again = bus.drive_to("新白河").alight(card)
        assert again.refusal is not None and again.refusal.code is Code.SHORT

    def test_a_question_dropped_for_one_card_leaves_anothers_party(self, bus: Bus) -> None:
        poor, family = lococa(0), lococa(900, number=2)
        bus.begin().board(poor)
        bus.board(family)
        bus.drive_to("新白河")
        bus.terminal.expect_party(Party(companions=(RiderClass.ADULT,)))
        short = bus.alight(family)
        assert short.refusal is not None and short.refusal.due_yen == 1_000
        bus.terminal.drop_question()
        bus.alight(poor)
        bus.terminal.drop_question()
        again = bus.alight(family)
        assert again.refusal is not None and again.refusal.due_yen == 1_000

    def test_a_party_is_over_with_its_ride(self, bus: Bus) -> None:
        card = lococa(5_000)
        bus.begin().board(card)
        bus.drive_to("白河モール前")
        bus.terminal.expect_party(Party(companions=(RiderClass.ADULT,)))
        bus.alight(card)
        bus.clock.now_s += 60
        bus.board(card)
        bus.drive_to("新白河").alight(card)
        assert balance_yen(card) == 5_000 - 900 - 170

    def test_a_party_waits_for_the_card_it_was_told_for(self, bus: Bus) -> None:
        """The rider before touches once more, and a card that isn't taken is tried: neither is the family's."""
        before, family = lococa(2_000), lococa(5_000, number=2)
        bus.begin().board(before)
        bus.board(family)
        bus.drive_to("新白河").alight(before)
        bus.terminal.expect_party(Party(companions=(RiderClass.ADULT,)))
        bus.alight(before)
        bus.alight(aizu(2_000, 100, 1_000))
        bus.alight(family)
        assert balance_yen(family) == 5_000 - 1_000

    def test_more_companions_than_a_record_holds_are_refused_before_the_tap(self, bus: Bus) -> None:
        bus.begin()
        bus.terminal.expect_party(Party(companions=(RiderClass.CHILD,) * 20))
        with pytest.raises(ValueError, match="21 companions"):
            bus.terminal.expect_party(Party(companions=(RiderClass.CHILD,) * 21))

    def test_a_fare_that_the_card_has_no_room_for_is_a_refusal(self, bus: Bus) -> None:
        card = lococa(0)
        bus.begin().board(card)
        bus.drive_to("新白河")
        on = bus.terminal.service
        assert on is not None
        dear = FareTable(on.table.pattern, array("i", [40_000] * on.table.size**2))
        bus.terminal._runner.service = on._replace(table=dear)
        bus.alight(card)
        bus.terminal.answer_payment(Payment.ALL_CASH)
        refused = bus.alight(card)
        assert refused.refusal is not None and refused.refusal.code is Code.TOO_LARGE
        assert bus.state() is State.READY and balance_yen(card) == 0

    def test_a_mark_off_the_pattern_is_no_mark_of_this_trip(self, bus: Bus) -> None:
        card = lococa(2_000)
        bus.begin().board(card)
        now = standing_slot(card)
        assert now.slot.ride is not None
        hostile = now.slot._replace(ride=now.slot.ride._replace(stop_index=40))
        blocks = card.lite_s_blocks()
        assert blocks is not None
        blocks[now.place] = encode_slot(hostile)
        assert bus.board(card).refusal is None

    def test_gen_5_doors_that_open_before_midnight_for_a_trip_that_leaves_after(self, bus: Bus) -> None:
        on = service()._replace(began_s=midnight_in_japan_s(date(2026, 11, 21)) + 60)
        bus.clock.now_s = on.began_s - 180
        bus.terminal.begin_trip(on)
        card = lococa(2_000)
        bus.board(card)
        assert bus.drive_to("新白河").alight(card).refusal is None

    def test_a_flush_that_fails_at_the_end_of_a_trip_is_no_passengers_refusal(self, tmp_path: Path) -> None:
        disk = MemoryDisk()
        with Bus(tmp_path, ImageBench(), disk=disk) as bus:
            card = lococa(2_000)
            bus.begin().board(card)
            bus.drive_to("新白河").alight(card)
            shown = len(bus.shown)
            disk.errors["fdatasync"] = errno.EIO
            bus.terminal.end_trip()
            assert bus.state() is State.STOPPED and len(bus.shown) == shown

    def test_a_card_that_is_no_longer_asked_about_is_looked_at_again_where_it_lies(self, bus: Bus) -> None:
        card = lococa(0)
        bus.begin().board(card)
        bus.drive_to("新白河")
        bus.bench.lay(Side.ALIGHTING, card)
        bus.terminal.touch(Side.ALIGHTING)
        bus.terminal.drop_question()
        again = bus.terminal.touch(Side.ALIGHTING)
        assert again is not None and again.refusal is not None and again.refusal.code is Code.SHORT

    def test_the_end_of_a_trip_is_flushed(self, tmp_path: Path) -> None:
        disk = MemoryDisk()
        with Bus(tmp_path, ImageBench(), disk=disk) as bus:
            bus.begin().board(lococa(2_000))
            bus.terminal.end_trip()
            assert isinstance(scan(bytes(disk.medium)).entries[-1].record, TripEnded)

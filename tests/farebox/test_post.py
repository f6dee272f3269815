"""Terminals without trips: a railway station's gates, and a machine that tops up (NOR-11)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cardimage.image import CardImage
from farebox.box import Box
from farebox.bundles import BundleStore
from farebox.console import protocol as words
from farebox.console.protocol import SeenTap
from farebox.feed import FeedBroken
from farebox.formats.bundle import Hotlist, Kind, cards_of
from farebox.formats.journal import Intent, TripBegun
from farebox.orders import StandingOrders
from farebox.place import PlaceKind
from farebox.post import DAY_BEGINS_S, Post, Stand
from farebox.result import Side
from farebox.slips.of_taps import history_of
from farebox.slips.slip import Text
from farebox.table import State
from farebox.tap import NoteCode
from farebox.top_up import Halt
from farebox.words import Language
from reader.port import CardReader, ReaderFault, WaitOutcome
from sim.hardware.field import Moment, Withdrawal
from tariff.calendar import midnight_in_japan_s
from tariff.purses import money_yen
from tariff.refusal import Code
from tariff.riders import RiderClass
from tests.bundles.examples import MADE_AT_S, signed, verify
from tests.farebox.bus import DAY, Bus, account_of, noruca
from tests.farebox.field_bench import FieldBench
from tests.farebox.note_bus import NoteBus
from tests.farebox.station_line import FARES_YEN, LINE, STATIONS, line_feed
from tests.farebox.test_box import Wheel

NINE_S = midnight_in_japan_s(DAY) + 9 * 3_600


class Gates:
    """One station of the line: passengers go in and out."""

    def __init__(self, folder: Path, name: str) -> None:
        self.bus = Bus(folder / name, FieldBench(), name=name)
        self.bus.clock.reach(NINE_S)
        self.wheel = Wheel()
        self.box = Box(
            self.bus.terminal,
            (Side.BOARDING, Side.ALIGHTING),
            line_feed(folder / name),
            self.bus.clock,
            self.wheel,
            self.bus.recent,
            self.bus.duty,
            simulated=True,
            post=Post(Stand(PlaceKind.STATION, name, LINE)),
        )

    def tap(self, side: Side, card: CardImage, at_s: int) -> SeenTap:
        self.bus.clock.reach(at_s)
        self.bus.bench.lay(side, card)
        self.box.step()
        seen = self.wheel.shown[-1].taps[0]
        self.bus.bench.lift(side)
        self.box.step()
        return seen

    def says(self, *commands: words.Command) -> words.Picture:
        self.wheel.said += commands
        self.box.step()
        return self.wheel.shown[-1]


class Line:
    """All stations; every terminal has a journal of its own."""

    def __init__(self, folder: Path) -> None:
        self.at = {}
        for name in STATIONS:
            (folder / name).mkdir()
            self.at[name] = Gates(folder, name)

    def enters(self, card: CardImage, name: str, at_s: int = NINE_S) -> SeenTap:
        return self.at[name].tap(Side.BOARDING, card, at_s)

    def leaves(self, card: CardImage, name: str, at_s: int = NINE_S + 900) -> SeenTap:
        return self.at[name].tap(Side.ALIGHTING, card, at_s)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    line = Line(tmp_path)
    yield line
    for gates in line.at.values():
        gates.bus.__exit__()


@pytest.mark.parametrize("entered", range(3))
@pytest.mark.parametrize("left", range(3))
def test_nor_11_a_ride_between_any_two_stations_either_way(line: Line, entered: int, left: int) -> None:
    card = noruca(2_000)
    assert line.enters(card, STATIONS[entered]).accepted
    seen = line.leaves(card, STATIONS[left])
    if entered == left:
        assert seen.refused is not None and seen.refused.code is Code.NO_BOARDING
        assert money_yen(account_of(card)) == 2_000
        return
    due_yen = FARES_YEN[abs(left - entered)]
    assert (seen.taken_yen, seen.balance_yen) == (due_yen, 2_000 - due_yen)
    ledgers = [gates.bus.ledger() for gates in line.at.values()]
    assert sum(ledger.fares_yen for ledger in ledgers) == due_yen == 2_000 - money_yen(account_of(card))


def test_there_and_back_on_one_day_are_two_rides(line: Line) -> None:
    card = noruca(2_000)
    line.enters(card, STATIONS[0])
    line.leaves(card, STATIONS[2])
    assert line.enters(card, STATIONS[2], NINE_S + 9_000).accepted
    assert line.leaves(card, STATIONS[0], NINE_S + 10_000).taken_yen == FARES_YEN[2]
    # … and once more out of the same gate, without having gone in.
    again = line.leaves(card, STATIONS[0], NINE_S + 20_000)
    assert again.refused is not None and again.refused.code is Code.NO_BOARDING


@pytest.mark.parametrize(("entered", "left"), [(0, 2), (2, 0)])
def test_gen_9_a_second_touch_at_the_exit_takes_nothing(line: Line, entered: int, left: int) -> None:
    card = noruca(2_000)
    line.enters(card, STATIONS[entered])
    line.leaves(card, STATIONS[left])
    again = line.leaves(card, STATIONS[left], NINE_S + 903)
    assert again.accepted and again.taken_yen is None
    assert money_yen(account_of(card)) == 2_000 - FARES_YEN[2]


def test_gen_8_who_went_in_elsewhere_and_never_out_boards_anew(line: Line) -> None:
    card = noruca(2_000)
    line.enters(card, STATIONS[0])
    line.enters(card, STATIONS[1], NINE_S + 3_600)
    notes = line.at[STATIONS[1]].bus.shown[-1].notes
    assert [note.code for note in notes] == [NoteCode.INCOMPLETE_RIDE]
    assert line.leaves(card, STATIONS[2], NINE_S + 4_000).taken_yen == FARES_YEN[1]


def test_gen_8_in_twice_at_one_station_is_one_ride(line: Line) -> None:
    card = noruca(2_000)
    line.enters(card, STATIONS[0])
    line.enters(card, STATIONS[0], NINE_S + 60)
    notes = line.at[STATIONS[0]].bus.shown[-1].notes
    assert [note.code for note in notes] == [NoteCode.FIRST_BOARDING_KEPT]


@pytest.mark.parametrize(("keyed", "left"), [(0, 1), (2, 1), (2, 0)])
def test_gen_7_without_a_record_the_staff_keys_the_station(line: Line, keyed: int, left: int) -> None:
    card = noruca(2_000)
    gates = line.at[STATIONS[left]]
    line.leaves(card, STATIONS[left])
    assert gates.says(words.AnswerStop(keyed)).notice is not None
    seen = line.leaves(card, STATIONS[left], NINE_S + 930)
    assert seen.taken_yen == FARES_YEN[abs(keyed - left)]


def test_nor_6_no_companion_rides_on_the_railway(line: Line) -> None:
    card = noruca(2_000)
    line.enters(card, STATIONS[0])
    line.at[STATIONS[2]].says(words.TellParty(companions=(RiderClass.ADULT,)))
    seen = line.leaves(card, STATIONS[2])
    assert not seen.accepted and money_yen(account_of(card)) == 2_000


def test_a_ride_past_midnight_is_settled_and_one_of_the_day_before_is_not(line: Line) -> None:
    night_s = midnight_in_japan_s(DAY) + 24 * 3_600 - 300
    card, other = noruca(2_000), noruca(2_000, number=14)
    line.enters(card, STATIONS[0], night_s)
    line.enters(other, STATIONS[1], night_s)
    assert line.leaves(card, STATIONS[2], night_s + 900).taken_yen == FARES_YEN[2]
    late = line.leaves(other, STATIONS[2], night_s + 900 + DAY_BEGINS_S)
    assert late.refused is not None and late.refused.code is Code.NO_BOARDING
    begun = [entry for entry in line.at[STATIONS[2]].bus.entries() if isinstance(entry.record, TripBegun)]
    assert len(begun) == 2


@pytest.mark.parametrize("left_open", [None, words.BeginCancelling(), words.ReadHistory()])
def test_what_the_staff_left_open_in_the_evening_is_over_in_the_morning(
    line: Line, left_open: words.Command | None
) -> None:
    """Without it, a question that nobody answered would keep the gates from all who come after."""
    gates, morning_s = line.at[STATIONS[1]], NINE_S + 24 * 3_600
    line.leaves(noruca(2_000), STATIONS[1])
    assert gates.bus.terminal.asked
    if left_open is not None:
        gates.says(words.DropQuestion(), left_open)
    assert line.enters(noruca(2_000, number=14), STATIONS[1], morning_s).accepted


@pytest.mark.parametrize(("entered", "left"), [(0, 2), (2, 0), (2, 1)])
def test_gen_22_a_ride_is_taken_back_at_the_station_where_it_ended_either_way(
    line: Line, entered: int, left: int
) -> None:
    card, gates = noruca(2_000), line.at[STATIONS[left]]
    line.enters(card, STATIONS[entered])
    line.leaves(card, STATIONS[left])
    gates.says(words.BeginCancelling())
    assert line.leaves(card, STATIONS[left], NINE_S + 930).accepted
    assert money_yen(account_of(card)) == 2_000
    assert line.leaves(card, STATIONS[left], NINE_S + 960).taken_yen == FARES_YEN[abs(left - entered)]


def test_gen_22_gen_7_taken_back_twice_ridden_the_stop_is_asked_for_again(line: Line) -> None:
    """The ride before it ended at the same station on the same day: the card stands as after a settlement."""
    card, gates, left = noruca(2_000), line.at[STATIONS[2]], STATIONS[2]
    line.enters(card, STATIONS[0])
    line.leaves(card, left)
    line.leaves(card, left, NINE_S + 2_000)
    gates.says(words.AnswerStop(0))
    assert line.leaves(card, left, NINE_S + 2_005).taken_yen == FARES_YEN[2]
    gates.says(words.BeginCancelling())
    assert line.leaves(card, left, NINE_S + 2_008).accepted
    again = line.leaves(card, left, NINE_S + 2_010)
    assert again.refused is not None and again.refused.code is Code.NO_BOARDING


def test_gen_22_gen_13_a_cancelling_that_a_look_at_the_history_confirms_is_done(line: Line) -> None:
    """As above, but the card left before its answer came, and was then laid for its last uses."""
    card, gates, left = noruca(2_000), line.at[STATIONS[2]], STATIONS[2]
    line.enters(card, STATIONS[0])
    line.leaves(card, left)
    line.leaves(card, left, NINE_S + 2_000)
    gates.says(words.AnswerStop(0))
    line.leaves(card, left, NINE_S + 2_005)
    gates.says(words.BeginCancelling())
    gates.bus.bench.lay(Side.ALIGHTING, card, Withdrawal(4, Moment.AFTER))
    gates.says()
    gates.bus.bench.lift(Side.ALIGHTING)
    assert gates.says().taps[0].refused is not None
    gates.says(words.DropQuestion(), words.ReadHistory())
    assert line.leaves(card, left, NINE_S + 2_008).accepted
    assert money_yen(account_of(card)) == 2_000 - FARES_YEN[2]
    again = line.leaves(card, left, NINE_S + 2_010)
    assert again.refused is not None and again.refused.code is Code.NO_BOARDING


def test_nobody_drives_a_station_on(line: Line) -> None:
    gates = line.at[STATIONS[1]]
    gates.bus.clock.reach(NINE_S)
    for command in (words.GoToStop(2), words.EndTrip(), words.BeginTrip("T0")):
        picture = gates.says(command)
        assert picture.notice == ("ここでは便を操作しません", "no trips are driven here")
        assert picture.on_trip is not None and picture.on_trip.stops[picture.on_trip.stop_index] == STATIONS[1]


@pytest.mark.parametrize(
    ("directions", "station", "what"),
    [
        ((STATIONS,), STATIONS[0], "all of the way back"),
        ((STATIONS, STATIONS[::-1]), "郡山", "has no stop 郡山; known are 福島"),
    ],
)
def test_a_feed_without_the_line_or_the_station_is_told(
    tmp_path: Path, directions: tuple[tuple[str, ...], ...], station: str, what: str
) -> None:
    with Bus(tmp_path, FieldBench()) as bus, pytest.raises(FeedBroken, match=what):
        Post(Stand(PlaceKind.STATION, station, LINE)).tend(bus.terminal, line_feed(tmp_path, directions), NINE_S)


def test_faults_25_before_any_rules_are_in_force_it_stays_out_of_service(tmp_path: Path) -> None:
    """The clock stands at 1970, as on a Pi without a battery; once it is right, the day begins."""
    with Bus(tmp_path, FieldBench()) as bus:
        post, duty = Post(Stand(PlaceKind.STATION, STATIONS[0], LINE)), line_feed(tmp_path)
        assert post.tend(bus.terminal, duty, 0)
        assert bus.state() is State.OUT_OF_SERVICE
        assert [alarm.code for alarm in post.alarms()] == ["post"]
        post.tend(bus.terminal, duty, NINE_S)
        assert bus.state() is State.READY and post.alarms() == ()


# -- the machine


class Loose:
    """A reader whose plug comes out."""

    def __init__(self, reader: CardReader) -> None:
        self.reader, self.name, self.gone = reader, reader.name, False

    def wait(self) -> WaitOutcome:
        return ReaderFault(self.name, "no such device") if self.gone else self.reader.wait()

    def close(self) -> None:
        self.reader.close()


class Station(NoteBus):
    """A NORUCA STATION: the card is laid on it, notes go in, the card is lifted."""

    def __init__(self, folder: Path) -> None:
        bench = FieldBench()
        self.reader = Loose(bench.readers.boarding)
        bench.readers = bench.readers._replace(boarding=self.reader)
        super().__init__(folder, bench)
        self.halt = Halt(confirmed=True)
        self.wheel = Wheel()
        self.clock.reach(NINE_S)
        self.feed = line_feed(folder)
        self.box = self.boxed()

    def boxed(self, standing: StandingOrders | None = None) -> Box:
        return Box(
            *(self.terminal, (Side.EITHER,), self.feed, self.clock, self.wheel, self.recent, self.duty),
            simulated=True,
            standing=standing,
            post=Post(Stand(PlaceKind.TOP_UP_MACHINE, "NORUCA STATION", scheme="noruca")),
        )

    def look(self, times: int = 12) -> words.Picture:
        for _ in range(times):
            self.clock.now_s += 1
            self.box.step()
        return self.wheel.shown[-1]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Station]:
    with Station(tmp_path) as station:
        station.look()
        yield station


def test_nor_11_a_card_is_laid_topped_up_with_its_premium_and_lifted(machine: Station) -> None:
    card = noruca(500)
    machine.bench.lay(Side.BOARDING, card)
    assert machine.look().taps[0].told[1].endswith("1,000 / 2,000 / 5,000 / 10,000")
    machine.notes.insert(1_000)
    assert machine.look().taps[0].balance_yen == 500 + 1_100
    machine.notes.insert(2_000)
    assert machine.look().taps[0].balance_yen == 500 + 3_300
    machine.bench.lift(Side.BOARDING)
    machine.look()
    assert machine.terminal.state is State.TOPPING_UP
    assert machine.notes.box == [1_000, 2_000] and money_yen(account_of(card)) == 3_800
    lines = [entry.record.lines for entry in machine.entries() if isinstance(entry.record, Intent)]
    assert lines == [(("NOR-11", 1_000), ("NOR-3", 100)), (("NOR-11", 2_000), ("NOR-3", 200))]


def test_gen_13_a_card_that_is_laid_shows_its_last_uses_and_its_slip_has_them(line: Line, machine: Station) -> None:
    card = noruca(2_000)
    line.enters(card, STATIONS[0])
    line.leaves(card, STATIONS[2])
    machine.bench.lay(Side.BOARDING, card)
    picture = machine.look()
    assert picture.history is not None and picture.history.balance_yen == 2_000 - FARES_YEN[2]
    (ride,) = picture.history.rides
    assert (ride.boarded, ride.alighted, ride.due_yen) == (STATIONS[0], STATIONS[2], FARES_YEN[2])
    slip = history_of(picture.taps[0], picture, Language.JA)
    assert slip is not None
    assert any(f"{STATIONS[0]}→{STATIONS[2]}" in part.text for part in slip.parts if isinstance(part, Text))
    assert history_of(picture.taps[0], replace(picture, history=None), Language.JA) is None


def test_gen_3_over_the_cap_the_note_stays_outside(machine: Station) -> None:
    machine.bench.lay(Side.BOARDING, noruca(19_000))
    assert machine.look().taps[0].refused is not None
    machine.notes.insert(1_000)
    machine.look()
    assert machine.notes.box == [] and machine.notes.given_back == [1_000]


def test_a_card_on_a_machine_is_never_a_ride(machine: Station) -> None:
    card = noruca(500)
    for _ in range(3):
        machine.bench.lay(Side.BOARDING, card)
        machine.look()
        machine.bench.lift(Side.BOARDING)
        machine.look()
    assert account_of(card).ride is None
    assert not [entry for entry in machine.entries() if isinstance(entry.record, Intent)]


def test_faults_7_a_reader_that_comes_back_with_a_card_on_it_begins_no_ride(machine: Station) -> None:
    """In the very look that finds it again the machine is in service, and not yet topping up."""
    card = noruca(500)
    machine.reader.gone = True
    machine.look()
    assert machine.state() is State.NO_READER
    machine.bench.lay(Side.BOARDING, card)
    machine.reader.gone = False
    machine.look()
    assert machine.state() is State.TOPPING_UP and account_of(card).ride is None
    assert machine.recent.taps[0].told[1].startswith("put in a note")


def test_loc_8_without_a_card_no_note_is_let_in(machine: Station) -> None:
    machine.notes.insert(1_000)
    machine.look()
    assert machine.notes.box == [] and machine.notes.given_back == [1_000]


def test_gen_11_a_machine_hears_of_the_hotlist_between_two_notes(tmp_path: Path) -> None:
    """It is never anything but topping up."""
    card, folder = noruca(500), tmp_path / "bundles"
    store = BundleStore(folder, verify)
    with Station(tmp_path) as machine:
        machine.box = machine.boxed(StandingOrders(store, folder, machine.clock))
        machine.bench.lay(Side.BOARDING, card)
        machine.look()
        store.take(Kind.HOTLIST, signed(Hotlist(5, MADE_AT_S, cards_of([card.idm]), cards_of([]))))
        machine.look()
        machine.notes.insert(1_000)
        machine.look()
        assert machine.notes.box == [] and machine.notes.given_back == [1_000]
        assert machine.recent.taps[0].refused is not None and machine.recent.taps[0].refused.code is Code.HOTLISTED


def test_its_day_ends_at_three_and_begins_again(machine: Station) -> None:
    machine.clock.reach(NINE_S + 24 * 3_600)
    machine.look()
    assert machine.terminal.state is State.TOPPING_UP
    assert len([entry for entry in machine.entries() if isinstance(entry.record, TripBegun)]) >= 1

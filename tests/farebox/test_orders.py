"""What the centre said last, taken over between taps; a bundle that has rotten changes nothing (faults 28)."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from farebox.box import Box
from farebox.bundles import BundleStore
from farebox.console import protocol as words
from farebox.feed.operators import load_operators
from farebox.formats.bundle import Bundle, Hotlist, Kind, OperatorText, Tariff, cards_of
from farebox.orders import LOOK_EVERY_S, StandingOrders
from farebox.result import Side
from farebox.table import State
from tests.bundles.examples import FOR_TWO_CARDS, HOTLIST, IDM, MADE_AT_S, signed, tariff, verify
from tests.farebox.bus import DUTY, Bus, lococa, service
from tests.farebox.field_bench import FieldBench
from tests.farebox.test_box import Wheel


class Depot:
    """A folder where bundles arrive, and the terminal's eye on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bundles"
        self.store = BundleStore(self.folder, verify)
        self.now_s = 0.0
        self.standing = StandingOrders(self.store, self.folder, lambda: self.now_s)

    def sends(self, bundle: Bundle, kind: Kind) -> None:
        assert self.store.take(kind, signed(bundle)) == bundle

    def look(self) -> bool:
        self.now_s += LOOK_EVERY_S
        return self.standing.look()

    def alarms(self) -> list[str]:
        return [alarm.code for alarm in self.standing.alarms()]


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(tmp_path)


def lococa_text(changed: bytes = b"") -> bytes:
    return (files("tariff") / "operators" / "lococa" / "2016-01-01.toml").read_bytes() + changed


def test_a_folder_that_is_not_there_yet_says_nothing(depot: Depot) -> None:
    assert depot.look() and depot.standing.orders == (None, None, depot.standing.orders.ages)
    assert not depot.look() and depot.alarms() == []


def test_what_arrives_is_in_force_at_the_next_look(depot: Depot) -> None:
    depot.look()
    depot.sends(HOTLIST, Kind.HOTLIST)
    depot.sends(FOR_TWO_CARDS, Kind.DIRECTIVES)
    assert not depot.standing.look()
    assert depot.look()
    assert depot.standing.orders[:2] == (HOTLIST, FOR_TWO_CARDS)
    assert not depot.look()


@pytest.mark.parametrize("rotten", [b"", b"rotten", signed(HOTLIST)[:-1], signed(FOR_TWO_CARDS)])
def test_faults_28_what_has_rotten_is_an_alarm_and_the_last_good_one_stays(depot: Depot, rotten: bytes) -> None:
    depot.sends(HOTLIST, Kind.HOTLIST)
    newer = Hotlist(5, MADE_AT_S, cards_of([IDM]), cards_of([]))
    depot.sends(newer, Kind.HOTLIST)
    depot.look()
    (depot.folder / "hotlist.bundle").write_bytes(rotten)
    assert depot.look() and depot.alarms() == ["bundle-hotlist"]
    assert depot.standing.orders.hotlist == newer, "what is in force is newer than the one before it on the disk"
    assert "version 5" in depot.standing.alarms()[0].text[1]
    depot.sends(newer._replace(version=6), Kind.HOTLIST)
    depot.look()
    assert depot.alarms() == [] and depot.standing.orders.hotlist == newer._replace(version=6)


def test_faults_28_after_a_restart_the_one_before_it_is_used(depot: Depot) -> None:
    depot.sends(HOTLIST, Kind.HOTLIST)
    depot.sends(HOTLIST._replace(version=5), Kind.HOTLIST)
    (depot.folder / "hotlist.bundle").write_bytes(b"rotten")
    depot.look()
    assert depot.standing.orders.hotlist == HOTLIST and depot.alarms() == ["bundle-hotlist"]


def test_faults_28_a_tariff_that_contradicts_itself_is_not_in_force(depot: Depot) -> None:
    depot.folder.mkdir()
    (depot.folder / "tariff.bundle").write_bytes(signed(tariff()))
    depot.look()
    assert depot.standing.operators is None and depot.alarms() == ["bundle-tariff"]


class Shift:
    """A box whose centre speaks while it works."""

    def __init__(self, bus: Bus, depot: Depot) -> None:
        self.bus, self.depot, self.wheel = bus, depot, Wheel()
        bus.clock.reach(service().began_s)
        self.box = Box(
            *(bus.terminal, (Side.BOARDING, Side.ALIGHTING), DUTY, bus.clock, self.wheel, bus.recent, bus.duty),
            simulated=True,
            standing=depot.standing,
        )

    def step(self, *commands: words.Command) -> None:
        self.wheel.said += commands
        self.depot.now_s += LOOK_EVERY_S
        self.box.step()


@pytest.fixture
def shift(tmp_path: Path, depot: Depot) -> Iterator[Shift]:
    with Bus(tmp_path, FieldBench()) as bus:
        yield Shift(bus, depot)


def test_orders_wait_while_the_driver_is_asked(shift: Shift) -> None:
    card = lococa(2_000)
    shift.step(words.BeginTrip("HAKUHO-W01"), words.GoToStop(3))
    shift.bus.bench.lay(Side.ALIGHTING, card)
    shift.step()
    assert shift.box.terminal.state is State.ASKING_STOP
    shift.depot.sends(Hotlist(1, MADE_AT_S, cards_of([card.idm]), cards_of([])), Kind.HOTLIST)
    shift.step()
    assert shift.box.terminal.orders.hotlist is None
    shift.step(words.DropQuestion())
    shift.step()
    assert shift.box.terminal.orders.hotlist is not None


def test_gen_5_a_tariff_holds_from_the_next_trip_on(shift: Shift) -> None:
    shift.step(words.BeginTrip("HAKUHO-W01"))
    text = lococa_text(b"\n# changed\n")
    new = Tariff(1, MADE_AT_S, (OperatorText("lococa", load_operators().rulebooks[0].effective, text),))
    shift.depot.sends(new, Kind.TARIFF)
    shift.step()
    before = shift.box.terminal.service
    shift.step(words.EndTrip(), words.BeginTrip("HAKUHO-W01"))
    after = shift.box.terminal.service
    assert before is not None and after is not None
    assert before.rulebook.digest != after.rulebook.digest

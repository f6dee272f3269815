"""From the centre to the card and back: what a terminal makes of what is published here (CTR-3, faults 28, 39).

The exchange and the terminals are the real ones; between them and Django there is no network.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from centre import clock
from centre.bundles.models import Directive, Published, Stopped
from centre.bundles.publishing import contents, publish
from centre.bundles.records import follow
from centre.bundles.services import bar_auto_charge, direct, restored, stop, unbar_auto_charge, unstop
from centre.collector.vehicles import add_vehicle
from centre.keys import public_key
from farebox.bundles import BundleStore, Why, signed_by
from farebox.exchange.answers import Answer
from farebox.exchange.faults import LineCut
from farebox.exchange.line import Request
from farebox.exchange.session import Exchange, Report
from farebox.formats import cose
from farebox.formats.bundle import Directives, Hotlist, Kind
from farebox.formats.journal import Intent, Outcome, Resolved
from farebox.hotlist import Age, age
from farebox.journal.retention import Archive
from farebox.result import Side
from farebox.terms import Orders
from sim.hardware.field import Moment, Withdrawal
from sim.hardware.memory_disk import MemoryFolder
from tariff.refusal import Code
from tests.centre.bundles.centre_cards import ON, card_of
from tests.centre.bundles.centre_line import NOW_S, CentreLine, Fate, MemoryLine
from tests.farebox.bus import DAY, Bus, account_of, aizu, lococa
from tests.farebox.field_bench import FieldBench
from tests.farebox.taps import AIZU_TRIP

pytestmark = pytest.mark.django_db
TOKEN = "5e" * 32
PIECE = 100
DAY_S = 86_400


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: DAY)
    add_vehicle("BUS-1", ["ab" * 32], TOKEN)


class Vehicle:
    """A terminal's bundles, and its exchange with the centre."""

    def __init__(self, folder: Path) -> None:
        self.centre = CentreLine()
        self.folder = folder
        self.store = BundleStore(folder, signed_by([public_key()]))

    def once(self, fate: Fate | None = None) -> Report:
        exchange = Exchange(
            lambda: MemoryLine(self.centre, fate),  # type: ignore[arg-type]
            Archive(MemoryFolder(), "bus.journal"),
            self.store,
            self.folder,
            [public_key()],
            TOKEN,
            bytes,
            lambda: 50.0,
            piece_bytes=PIECE,
        )
        return exchange.once()

    def versions(self) -> dict[Kind, int]:
        return {kind: found.version for kind in Kind if (found := self.store.load(kind).bundle)}


@pytest.fixture
def vehicle(tmp_path: Path) -> Vehicle:
    return Vehicle(tmp_path / "bundles")


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path, FieldBench()) as bus:
        yield bus


def text(idm: bytes) -> str:
    return idm.hex().upper()


class TestOnTheWay:
    def test_ctr_3_a_vehicle_fetches_what_was_published_and_then_nothing_more(self, vehicle: Vehicle) -> None:
        stop("012E000000000001", "lost")
        direct(card_of(), DAY, [ON])
        publish(NOW_S)
        assert vehicle.once().done and vehicle.versions() == {Kind.HOTLIST: NOW_S, Kind.DIRECTIVES: NOW_S}
        vehicle.centre.asked.clear()
        assert vehicle.once().done
        assert [one.path for one in vehicle.centre.asked if "bundles" in one.path] == [
            f"bundles/{kind}" for kind in ("hotlist", "directives", "tariff")
        ]

    def test_faults_34_a_cut_goes_on_from_the_piece_that_is_there(self, vehicle: Vehicle) -> None:
        for number in range(40):
            stop(f"012E0000000000{number:02X}", "lost")
        publish(NOW_S)
        report = vehicle.once(_cut_after(2))
        assert isinstance(report.fault, LineCut) and vehicle.versions() == {}
        vehicle.centre.asked.clear()
        assert vehicle.once().done and vehicle.versions() == {Kind.HOTLIST: NOW_S}
        assert dict(vehicle.centre.asked[1].headers)["Range"] == f"bytes={2 * PIECE}-{3 * PIECE - 1}"

    def test_faults_34_another_version_in_between_is_begun_anew(self, vehicle: Vehicle) -> None:
        for number in range(40):
            stop(f"012E0000000000{number:02X}", "lost")
        publish(NOW_S)
        vehicle.once(_cut_after(2))
        unstop("012E000000000000", "found")
        publish(NOW_S + 60)
        assert vehicle.once().done and vehicle.versions() == {Kind.HOTLIST: NOW_S + 60}

    def test_faults_28_an_altered_one_is_refused_and_not_fetched_again(self, vehicle: Vehicle) -> None:
        stop("012E000000000001", "lost")
        publish(NOW_S)
        forged = cose.sign(cose.opened(bytes(Published.objects.get().signed)).payload, b"\x66" * 32)
        Published.objects.update(signed=forged, length=len(forged), etag=sha256(forged).hexdigest())
        (fetched, *_) = vehicle.once().bundles
        assert fetched.why is not None and fetched.why.code == Why.BAD_SIGNATURE and vehicle.versions() == {}

    def test_faults_28_a_centre_that_came_back_from_a_backup_is_never_older(self, vehicle: Vehicle) -> None:
        """What it signed after the backup is on the vehicles, and gone here."""
        stop("012E000000000001", "lost")
        publish(NOW_S)
        kept = Published.objects.get().pk
        for minute in range(1, 4):
            stop(f"012E00000000000{minute + 1}", "lost")
            publish(NOW_S + 60 * minute)
        assert vehicle.once().done
        Published.objects.exclude(pk=kept).delete()
        Stopped.objects.exclude(idm="012E000000000001").delete()
        restored(NOW_S + 3_500)
        publish(NOW_S + 3_600)
        assert vehicle.once().done and vehicle.versions() == {Kind.HOTLIST: NOW_S + 3_600}


class TestOnTheCard:
    def test_gen_11_a_stopped_card_is_refused_at_both_readers_until_it_is_lifted(
        self, vehicle: Vehicle, bus: Bus
    ) -> None:
        card = lococa(2_000)
        stop(text(card.idm), "reported lost")
        publish(NOW_S)
        vehicle.once()
        bus.begin().terminal.orders = vehicle.store.orders()
        for side in (Side.BOARDING, Side.ALIGHTING):
            result = bus.tap(side, card)
            assert result is not None and result.refusal is not None and result.refusal.code is Code.HOTLISTED
        unstop(text(card.idm), "found")
        publish(NOW_S + 60)
        vehicle.once()
        bus.terminal.orders = vehicle.store.orders()
        assert bus.board(card).refusal is None

    def test_aut_6_a_barred_card_gets_no_credit(self, vehicle: Vehicle, bus: Bus) -> None:
        """Short then, as any card is (GEN-10)."""
        card = aizu(50, 100, 1_000)
        bar_auto_charge(text(card.idm), "billing failed")
        bus.begin(AIZU_TRIP).board(card)
        publish(bus.clock.now_s)
        vehicle.once()
        bus.terminal.orders = vehicle.store.orders()
        short = bus.drive_to("西若松駅東口").alight(card)
        assert short.refusal is not None and short.refusal.code is Code.SHORT
        unbar_auto_charge(text(card.idm))
        publish(bus.clock.now_s)
        vehicle.once()
        hotlist = vehicle.store.orders().hotlist
        assert hotlist is not None and card.idm not in hotlist.no_auto_charge

    def test_ctr_3_two_buses_one_card_applied_once_and_then_known_here(self, vehicle: Vehicle, tmp_path: Path) -> None:
        image = lococa(2_000)
        direct(card_of(text(image.idm)), DAY, [ON])
        publish(NOW_S)
        vehicle.once()
        with Bus(tmp_path, FieldBench(), name="BUS-1") as first, Bus(tmp_path, FieldBench(), name="BUS-2") as second:
            for bus in (first, second):
                bus.begin().terminal.orders = vehicle.store.orders()
                bus.board(image)
                bus.drive_to("新白河").alight(image)
            assert account_of(image).auto_charge is not None and account_of(image).directive == 1
            assert (follow("first", first.entries()), follow("second", second.entries())) == (1, 0)
        assert Directive.objects.get().state == "applied"
        publish(NOW_S + 60)
        vehicle.once()
        assert vehicle.store.orders().directives is not None
        assert vehicle.store.orders().directives.of(image.idm) == ()  # type: ignore[union-attr]

    @pytest.mark.parametrize("moment", list(Moment))
    @pytest.mark.parametrize("at", range(1, 8))
    def test_faults_3_a_tap_that_tore_counts_when_it_is_known_to_be_written(
        self, bus: Bus, at: int, moment: Moment
    ) -> None:
        image = lococa(2_000)
        directive = direct(card_of(text(image.idm)), DAY, [ON])
        orders = contents(publish(NOW_S)[-1])
        assert isinstance(orders, Directives)
        bus.begin().terminal.orders = Orders(directives=orders)
        for withdrawal in (Withdrawal(at, moment), None):
            bus.tap(Side.BOARDING, image, withdrawal)
            known = sum(follow("torn" if withdrawal else "laid again", [entry]) for entry in bus.entries())
            assert directive.card.directives.get().state == (
                "applied" if standing_here(bus, image.idm) else "published"
            )
        assert known <= 1 and account_of(image).directive == directive.number


class TestOverTime:
    def test_faults_39_a_hotlist_is_signed_anew_before_terminals_raise_an_alarm(self, vehicle: Vehicle) -> None:
        for hour in range(0, 24 * 5, 6):
            publish(NOW_S + 3_600 * hour)
            vehicle.once()
            hotlist = vehicle.store.load(Kind.HOTLIST).bundle
            assert isinstance(hotlist, Hotlist)
            assert age(hotlist, NOW_S + 3_600 * (hour + 6) - 1) is Age.FRESH
        assert Published.objects.filter(kind="hotlist").count() == 5

    def test_faults_39_a_centre_that_stands_still_is_noticed(self, vehicle: Vehicle) -> None:
        publish(NOW_S)
        vehicle.once()
        hotlist = vehicle.store.load(Kind.HOTLIST).bundle
        assert isinstance(hotlist, Hotlist)
        assert [age(hotlist, NOW_S + days * DAY_S) for days in (1, 2, 7)] == [Age.FRESH, Age.OLD, Age.STALE]


def standing_here(bus: Bus, idm: bytes) -> bool:
    """Whether the journal knows of a write to this card."""
    ends = {e.record.intent_seq: e.record.result for e in bus.entries() if isinstance(e.record, Outcome | Resolved)}
    return any(ends.get(e.seq) == "written" for e in bus.entries() if isinstance(e.record, Intent))


def _cut_after(pieces: int) -> Fate:
    seen = 0

    def fate(centre: CentreLine, request: Request) -> Answer:
        nonlocal seen
        if "bundles" in request.path:
            seen += 1
            if seen > pieces:
                raise LineCut("cut on the way there")
        return centre.answer(request)

    return fate

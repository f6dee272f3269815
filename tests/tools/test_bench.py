"""The benchmark: its counts, which hold on any machine, and that it runs and says what it found. No times."""

import json
import re
from collections.abc import Callable
from math import nan
from pathlib import Path
from random import Random
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from cardimage.image import CardImage
from cardimage.layout.slots import decode_slot
from farebox.duty import Duty
from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from farebox.formats.frames import Sealed, sealed
from farebox.machine import CompiledMachine, TransitionsMachine
from farebox.result import Side
from sim.bench import ImageBench
from sim.hardware.field import CardField
from sim.hardware.pn532 import Pn532
from sim.replay import fleet_for
from sim.vehicle_run import Spec, Task, run_some, world_of
from tariff.account import Account
from tariff.bulk import Path as Way
from tools.bench import (
    bulk_repricing,
    card_commands,
    cards,
    cold_start,
    feed_import,
    growth,
    ingest,
    past,
    picture,
    replay_rate,
    serial_line,
    settle_cpu,
    terminal_cpu,
    workers,
)
from tools.bench.__main__ import CASES, main
from tools.bench.bus import DAY, Bus, service
from tools.bench.durable_journal import flushes_per_tap
from tools.bench.measure import QUICK, Effort, Figure, Row, Spread, beside, cpu_us, in_turns, percentile, ratio
from tools.bench.peers.event_loop import PlainEnvironment, run_day
from tools.feeds import feed_path

MOST_MODULES_NOW = 300
"""The goal itself (docs/performance.md). What is added here is weighed first: each module costs a start 0.7 ms."""


@pytest.fixture(scope="module")
def counted() -> list[Row]:
    return card_commands.rows(QUICK)


def test_a_taps_card_commands_are_the_fewest(counted: list[Row]) -> None:
    assert [(row.what.removeprefix("card commands, "), row.ours.value) for row in counted] == [
        ("boarding, general card", 4),
        ("boarding, pass", 5),
        ("boarding, Iwate Green Pass", 4),
        ("boarding, NORUCA", 4),
        ("boarding, AIZU NORUCA", 5),
        ("alighting, general card", 5),
        ("alighting, pass", 6),
        ("alighting, points earned", 5),
        ("alighting, points used", 5),
        ("alighting, coupons", 5),
        ("alighting, auto-charge fires", 6),
        ("migrated: boarding, general card", 4),
        ("migrated: boarding, pass", 7),
        ("migrated: one tap, pass", 8),
        ("an older key: boarding, general card", 4),
        ("answer lost: boarding, general card", 5),
        ("answer lost: alighting, pass", 7),
        ("lost with the card: touched again", 4),
        ("a directive, pass", 7),
    ]
    assert all(row.held for row in counted)


class Pays(NamedTuple):
    """What a ride of 450 yen does to a card."""

    card: Callable[[int], CardImage]
    scheme: str
    stored_fare_yen: int = 0
    points: int = 0
    earned_points: int = 0
    coupons_yen: int = 0
    auto_charged_yen: int = 0


@pytest.mark.parametrize(
    "pays",
    [
        Pays(cards.earning_card, "iwate-green-pass", stored_fare_yen=-450, points=13, earned_points=13),
        Pays(cards.points_card, "iwate-green-pass", points=-450),
        Pays(cards.coupon_card, "noruca", coupons_yen=-450),
        Pays(cards.auto_charge_card, "aizu-noruca", stored_fare_yen=550, auto_charged_yen=1_000),
    ],
    ids=lambda pays: pays.card.__name__,
)
def test_each_card_pays_as_its_row_says(pays: Pays) -> None:
    bus = Bus(ImageBench())
    bus.begin(service(pays.scheme))
    card = pays.card(1)
    bus.tap(Side.BOARDING, card)
    bus.drive()
    bus.tap(Side.ALIGHTING, card)
    done = bus.served
    assert done is not None and done.before and done.after and done.alighted
    assert done.alighted.settlement.due_yen == 450
    assert done.alighted.settlement.earned_points == pays.earned_points
    assert done.alighted.settlement.auto_charged_yen == pays.auto_charged_yen
    before, after = (_purses(account) for account in (done.before, done.after))
    changed = tuple(then - now for now, then in zip(before, after, strict=True))
    assert changed == (pays.stored_fare_yen, pays.points, pays.coupons_yen)


def _purses(account: Account) -> tuple[int, int, int]:
    points = account.points.points if account.points else 0
    return account.stored_fare_yen, points, sum(account.coupons or ())


@pytest.mark.parametrize("make", [cards.old_general_card, cards.old_pass_card])
def test_cards_that_are_migrated_are_of_the_older_layout(make: Callable[[int], CardImage]) -> None:
    bus = Bus(ImageBench())
    card = make(1)
    blocks = card.lite_s_blocks()
    assert blocks is not None
    assert _layout(blocks[0]) == 1
    bus.begin()
    bus.tap(Side.BOARDING, card)
    assert _layout(blocks[1]) == 2


def _layout(block: bytes) -> int | None:
    slot = decode_slot(block)
    return slot.layout if slot else None


def test_a_tap_takes_fewer_bytes_and_usb_exchanges_than_nfcpys() -> None:
    found = {row.what: row for row in serial_line.rows(Effort(1, 2)) if row.what.startswith(("serial", "USB"))}
    assert [(what, row.ours.value, row.peer and row.peer.value, row.held) for what, row in found.items()] == [
        ("serial bytes a boarding tap, PN532", 331, 1_549, True),
        ("USB exchanges a boarding tap, RC-S380", 4, 29, True),
    ]


def test_stock_nfcpy_needs_nine_for_one_read_and_one_write(counted: list[Row]) -> None:
    assert {row.peer for row in counted} == {Figure(9)}


def test_every_tap_is_flushed_exactly_once(tmp_path: Path) -> None:
    assert flushes_per_tap(tmp_path / "bench.journal", taps=10) == [1.0] * 20


def test_the_service_loads_no_more_modules_than_it_needs(tmp_path: Path) -> None:
    with Pn532(CardField()) as chip:
        # Debian's Python has a module of its own for every start.
        modules = set(cold_start.modules_of(tmp_path, f"tty:{chip.path}")) - {"sitecustomize"}
    assert len(modules) <= MOST_MODULES_NOW
    # A reader's driver is loaded in its own process, what a bus does not have not at all.
    others = {"nfc", "serial", "usb1", "rich", "textual", "numpy", "openpyxl", "zipfile", "email", "importlib.metadata"}
    assert not modules & others


def test_a_start_reads_no_more_of_a_longer_journal(tmp_path: Path) -> None:
    for name, records in (("short", 2_000), ("long", 15_000)):
        past.make_past(tmp_path / name, records)
    assert len(list((tmp_path / "long").glob("*.segment"))) >= 3
    assert cold_start.read_at_recovery(tmp_path / "short") == cold_start.read_at_recovery(tmp_path / "long")


def test_a_terminal_with_much_to_remember_serves_the_same_taps(tmp_path: Path) -> None:
    past.make_past(tmp_path / "journal", 2_000)
    much = growth.Grown(20, 50, 3_000, 2_000, growth.three_sections)
    for grown, taken_yen in ((growth.Grown(), 450), (much, 0)):
        bus = growth.bus_of(grown, tmp_path / "journal")
        bus.ride([grown.card(1)], cpu_us)
        assert bus.served is not None and bus.served.alighted is not None
        assert bus.served.alighted.settlement.due_yen == taken_yen
        bus.close()


def test_both_machines_write_the_same_journals() -> None:
    _, slow = replay_rate.replay(TransitionsMachine)
    _, fast = replay_rate.replay(CompiledMachine)
    assert len(slow) == 8 and slow == fast


def test_the_peers_do_their_work() -> None:
    vehicles = replay_rate.peer_fleet()
    riders = sum(trip.riders for trips in vehicles for trip in trips)
    taps = run_day(PlainEnvironment, vehicles, Random(1))
    assert len(taps) == 2 * riders
    assert all(tap.before_yen - tap.after_yen == tap.due_yen for tap in taps)
    assert {tap.due_yen > 0 for tap in taps if tap.action == "alight"} == {True}
    assert [row.letter for row in terminal_cpu.rows(Effort(1, 2))] == ["c", "c"]


@pytest.mark.parametrize(("case", "due_yen"), list(zip(settle_cpu.cases(), (250, 630), strict=True)))
def test_we_and_the_peer_settle_the_same(case: settle_cpu.Case, due_yen: int) -> None:
    assert case.ours() == case.peer() == due_yen


def test_bulk_prices_as_its_peers_and_settle_do() -> None:
    network = bulk_repricing.Network(3_000)
    plain = network.plain()
    priced = network.priced(plain)
    assert sum(priced.by_company.values()) == priced.total_yen > 0
    for peer, _ in bulk_repricing.peers_of(network, plain):
        assert peer.sums() == priced.by_company
    for rides in (plain, network.with_passes(), network.mixed()):
        assert network.differing(rides, network.priced(rides)) == 0


def test_each_path_of_bulk_is_measured() -> None:
    network = bulk_repricing.Network(3_000)
    paths = [network.priced(rides).paths for rides in (network.plain(), network.with_passes(), network.mixed())]
    assert [path for path, rides in paths[0].items() if rides] == [Way.OD]
    assert [path for path, rides in paths[1].items() if rides] == [Way.VECTORISED]
    assert [path for path, rides in paths[2].items() if rides] == [Way.VECTORISED, Way.SETTLED]
    assert {row.letter for row in bulk_repricing.rows(Effort(2, 1))} == {"f"}


def test_a_feed_is_grown_by_vehicles_of_their_own(tmp_path: Path) -> None:
    workers.grow(tmp_path / "feed", 3)
    feed = load_feed(tmp_path / "feed")
    grown, sample = (fleet_for(Duty(of, load_operators()), DAY) for of in (feed, load_feed(feed_path("sample"))))
    assert len(grown) == 3 * len(sample) > 3
    trips = {trip.trip_id for vehicle in grown for trip in vehicle.trips}
    assert len(trips) == 3 * sum(len(vehicle.trips) for vehicle in sample)


def test_bare_forks_run_every_vehicle_once(tmp_path: Path) -> None:
    """The ceiling that workers are held against is that of the same work."""
    workers.grow(tmp_path / "feed", 1)
    world = world_of(tmp_path / "feed", Spec(DAY, None, "lococa", None, "image", 1, 2.0, ".csv"))
    taps = sum(sum(one.took.values()) for one in run_some(world, tuple(map(Task, world.vehicles))))
    seconds = iter((0.0, 1.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "perf_counter", lambda: next(seconds))
        assert workers._forked(world, 2) == taps > 10


def test_json_has_the_shape_that_machines_read() -> None:
    outcome = CliRunner().invoke(main, ["--only", "a", "--quick", "--json"], catch_exceptions=False)
    assert outcome.exit_code == 0
    document = json.loads(outcome.stdout)
    assert set(document) == {"machine", "quick", "rows"}
    assert document["quick"] is True
    assert {row["goal"] for row in document["rows"]} == {"a"}
    for row in document["rows"]:
        assert set(row) == {"goal", "what", "wanted", "ours", "peer", "ratio", "noise", "held"}
        assert set(row["ours"]) == {"value", "unit"}
        assert set(row["peer"]) == {"name", "value", "unit"}
        assert set(row["ratio"]) == {"median", "low", "high"}
        assert row["held"] is True


def test_the_table_has_a_line_a_row() -> None:
    outcome = CliRunner().invoke(main, ["--only", "a", "--quick"], catch_exceptions=False)
    heading, *lines = outcome.stdout.splitlines()
    assert heading.split()[:3] == ["what", "goal", "ours"]
    assert [line[0] for line in lines] == ["a"] * 19
    assert all(line.endswith("held") for line in lines)


@pytest.mark.parametrize("letters", ["z", "a,zz", ""])
def test_an_unknown_goal_is_a_usage_error(letters: str) -> None:
    outcome = CliRunner().invoke(main, ["--only", letters])
    assert outcome.exit_code == 2 and "there are a to l" in outcome.stderr


def test_every_goal_is_measured() -> None:
    assert sorted(CASES) == list("abcdefghijkl")


def test_ingest_segments_are_what_a_centre_takes_and_ratios_are_of_rates() -> None:
    found = [sealed(data) for data in ingest.segments(ingest.taps(), 2)]
    assert [isinstance(each, Sealed) and each.seal.records for each in found] == [ingest.RECORDS] * 2
    once = {"stored": [[(1.0, 1.0)]], "together": [[(0.5, 0.5)]], "derived": [[(nan, 20.0)]], "copy": [[(6.0, 5.0)]]}
    stored, _, derived = ingest._rows("SQLite", once)
    assert stored.ratio is not None and stored.ratio.median == 6.0 and stored.held is True
    assert derived.ratio is not None and derived.ratio.median == 0.25 and derived.held is None
    alone = ingest._rows("SQLite", {name: rounds for name, rounds in once.items() if name != "copy"})
    assert all(row.ratio is None and row.held is None for row in alone)


# -- measuring


def test_turns_rotate_and_the_warm_up_is_not_counted() -> None:
    order: list[str] = []

    def run(name: str) -> list[float]:
        order.append(name)
        return [float(len(order))]

    found = in_turns({"x": lambda: run("x"), "y": lambda: run("y")}, rounds=2)
    assert "".join(order) == "yx" + "xy" + "yx"
    assert found == {"x": [[3.0], [6.0]], "y": [[4.0], [5.0]]}


def test_a_ratio_is_taken_round_by_round() -> None:
    assert ratio([1.0, 20.0, 3.0], [2.0, 40.0, 3.0]) == Spread(0.5, 0.5, 1.0)


def test_a_percentile_is_one_of_the_samples() -> None:
    rounds = [[5.0, 1.0], [4.0, 2.0, 3.0]]
    assert [percentile(rounds, percent) for percent in (0, 50, 99)] == [1.0, 3.0, 5.0]


def test_samples_that_waited_for_a_cpu_are_left_out_on_both_sides() -> None:
    good, waited = [1.0] * 20, [nan] * 20
    found = beside([good + waited] * 3 + [waited * 2], [[2.0] * 40] * 4)
    assert (len(found.ours), len(found.peer), found.kept) == (3, 3, 220 / 320)
    assert found.tells and found.ratio() == Spread(0.5, 0.5, 0.5)


def test_a_machine_too_busy_gives_no_verdict() -> None:
    found = beside([[nan] * 10] * 3, [[1.0] * 10] * 3)
    assert not found.tells and found.ratio() is None
    assert str(found.figure(50, "ms", 1)[0]) == "-"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(4, "", "4"), (0.7412, "ms", "0.74 ms"), (26.13, "ms", "26.1 ms"), (12_345.6, "taps/s", "12,346 taps/s")],
)
def test_figures_show_three_digits(value: float, unit: str, text: str) -> None:
    assert str(Figure(value, unit)) == text


def test_feed_import_reads_all_that_its_csv_pass_reads(tmp_path: Path) -> None:
    feed_import.make_feed(tmp_path / "feed", 30, stops=5)
    feed = load_feed(tmp_path / "feed")
    assert sum(len(trip.arrivals_s) for trip in feed.trips.values()) == 150
    assert feed_import.csv_pass(tmp_path / "feed") > 150 + 30 + feed_import.LINES * 5
    alone = feed_import.alone(load_feed, tmp_path / "feed")
    assert alone.cpu_s > 0 and alone.peak_kb > 10_000


def test_the_picture_of_growth_shows_every_point_at_its_height() -> None:
    points = [picture.Point(10, 5.0), picture.Point(1_000, 10.0), picture.Point(100_000, 2.5)]
    drawn = picture.draw([picture.Panel("a tap", "µs", "stops & more", points)] * 2, "a <machine>")
    root = ElementTree.fromstring(drawn)
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a tap, µs", "stops & more", "10", "1,000", "100,000", "5.00", "2.50", "a <machine>"} <= set(texts)
    circles = [float(circle.attrib["cy"]) for circle in root.iter("{http://www.w3.org/2000/svg}circle")]
    floor_px = float(re.findall(r"M\d+ (\d+)H", drawn)[0])
    assert [round((floor_px - y) / (floor_px - circles[1]), 2) for y in circles] == [0.5, 1, 0.25] * 2

"""Real feeds: what is known of each must come out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from farebox.feed import AmbiguousRoute, Feed, load_feed
from farebox.feed.sheets import read_sheets
from farebox.feed.triangle import dump_triangle
from tariff.fares import FareTable, MissingFare

pytestmark = pytest.mark.data


def stop_times(feed: Feed) -> int:
    return sum(len(trip.arrivals_s) for trip in feed.trips.values())


def fares(feed: Feed) -> list[int]:
    """All fares of all patterns."""
    tables = [feed.fare_table(pattern_id) for pattern_id in feed.patterns]
    return [
        table.fare_yen(boarded, alighted)
        for table in tables
        for boarded in range(table.size)
        for alighted in range(boarded + 1, table.size)
        if table.has_fare(boarded, alighted)
    ]


def missing(feed: Feed) -> list[tuple[str, str, str]]:
    """(route_id, boarded, alighted) of every legal pair without a fare, by name."""
    return [
        (pattern.route_id, pattern.stop_names[boarded], pattern.stop_names[alighted])
        for pattern_id, pattern in feed.patterns.items()
        for boarded, alighted in feed.missing_fares(pattern_id)
    ]


FEEDS = (
    "jrbus_kanto_naganohara_20190409.zip",
    "kanetsu_20190423.zip",
    "mlit_sample_2017.zip",
    "tokachi_bus_20190301.zip",
)


def legal_pairs(feed: Feed) -> Iterator[tuple[FareTable, int, int]]:
    """Every ride that some trip allows, by pattern and places."""
    permits: dict[str, set[tuple[tuple[bool, ...], tuple[bool, ...]]]] = {}
    for trip in feed.trips.values():
        permits.setdefault(trip.pattern_id, set()).add((trip.may_board, trip.may_alight))
    for pattern_id, allowed in permits.items():
        table = feed.fare_table(pattern_id)
        for boarded in range(table.size):
            for alighted in range(boarded + 1, table.size):
                if any(may_board[boarded] and may_alight[alighted] for may_board, may_alight in allowed):
                    yield table, boarded, alighted


def test_the_data_holds_the_feeds_that_are_tried(data_dir: Path) -> None:
    assert {path.name for path in (data_dir / "gtfs").iterdir()} == set(FEEDS)


@pytest.mark.parametrize("name", FEEDS)
def test_gen_4_each_legal_ride_has_a_price_or_an_error_that_names_it(data_dir: Path, name: str) -> None:
    feed = load_feed(data_dir / "gtfs" / name)
    without = {key: set(feed.missing_fares(key)) for key in feed.patterns}
    rides = prices = 0
    for table, boarded, alighted in legal_pairs(feed):
        rides += 1
        pattern = table.pattern
        try:
            yen = table.fare_yen(boarded, alighted)
        except MissingFare as missing:
            ends = (missing.route, missing.boarded, missing.alighted)
            assert ends == (pattern.route_name, pattern.stop_names[boarded], pattern.stop_names[alighted])
            assert all(part in str(missing) for part in ends)
            without[pattern.pattern_id].remove((boarded, alighted))
        else:
            prices += 1
            assert 100 <= yen <= 3_000
    assert rides > prices or name.startswith("jrbus")
    # And nothing else was said to be missing.
    assert not any(without.values())


@pytest.mark.parametrize("name", FEEDS)
def test_no_operator_of_these_states_two_fares(data_dir: Path, name: str) -> None:
    feed = load_feed(data_dir / "gtfs" / name)
    assert all(feed.fare_table(pattern_id).cash is None for pattern_id in feed.patterns)


@pytest.mark.parametrize("name", FEEDS)
def test_each_pattern_goes_to_paper_and_back(data_dir: Path, name: str, tmp_path: Path) -> None:
    feed = load_feed(data_dir / "gtfs" / name)
    by_route: dict[str, list[str]] = {}
    for key, pattern in feed.patterns.items():
        by_route.setdefault(pattern.route_id, []).append(key)
    # A route's table is one; where its patterns go both ways at fares of their own, one pattern is not all of it.
    dumps = {keys[0]: dump_triangle(feed.fare_table(keys[0])) for keys in by_route.values() if len(keys) == 1}
    for at, text in enumerate(dumps.values()):
        (tmp_path / f"{at}.csv").write_text(text, "utf-8")
    again = feed.with_fares(read_sheets(tmp_path))
    assert {key: dump_triangle(again.fare_table(key)) for key in dumps} == dumps


@pytest.mark.parametrize("name", FEEDS)
def test_every_trip_has_an_identity_and_a_number_of_its_own(data_dir: Path, name: str) -> None:
    feed = load_feed(data_dir / "gtfs" / name)
    assert len(set(feed.trip_identities.values())) == len(feed.trips)
    assert {trip.number for trip in feed.trips.values()} == set(range(1, len(feed.trips) + 1))


def test_jr_bus_kanto_has_a_fare_for_every_legal_pair(data_dir: Path) -> None:
    feed = load_feed(data_dir / "gtfs" / "jrbus_kanto_naganohara_20190409.zip")
    assert (len(feed.routes), len(feed.stop_names), len(feed.trips), stop_times(feed)) == (7, 68, 44, 866)
    yen = fares(feed)
    assert (len(yen), min(yen), max(yen)) == (1297, 150, 700)
    assert missing(feed) == []
    with pytest.raises(AmbiguousRoute, match="R115"):
        feed.route("草津温泉～長野原草津口")


def test_kan_etsu_is_large(data_dir: Path) -> None:
    feed = load_feed(data_dir / "gtfs" / "kanetsu_20190423.zip")
    assert (len(feed.routes), len(feed.stop_names), len(feed.trips)) == (220, 1557, 1350)
    assert (stop_times(feed), len(feed.patterns)) == (48_748, 220)
    yen = fares(feed)
    assert (min(yen), max(yen)) == (100, 3000)
    # The only rides without a fare are from a stop round to itself.
    without = missing(feed)
    assert len(without) == 90
    assert all(boarded == alighted for _, boarded, alighted in without)


def test_kan_etsus_numbered_poles_are_one_stop(data_dir: Path) -> None:
    feed = load_feed(data_dir / "gtfs" / "kanetsu_20190423.zip")
    assert len(set(feed.stop_names.values())) == 536
    assert "沼田駅前" in feed.stop_names.values()
    assert not any("のりば" in name for name in feed.stop_names.values())


def test_tokachi_bus_gives_fares_without_a_route(data_dir: Path) -> None:
    feed = load_feed(data_dir / "gtfs" / "tokachi_bus_20190301.zip")
    assert (len(feed.routes), len(feed.trips), stop_times(feed), len(feed.patterns)) == (51, 449, 31_269, 55)
    yen = fares(feed)
    assert (min(yen), max(yen)) == (100, 2470)
    without = missing(feed)
    assert len(without) == 41
    # Most are from a stop round to itself, or to its other pole.
    assert sum(boarded == alighted for _, boarded, alighted in without) == 30
    assert ("R011200007000000", "イトーヨーカドー前", "イトーヨーカドー入口") in without
    # Two routes have one fare throughout: a rule with the route alone.
    flat = {pattern.route_id for pattern in feed.patterns.values()} & {"R011200017000000", "R011200017010000"}
    assert len(flat) == 2
    for pattern_id, pattern in feed.patterns.items():
        if pattern.route_id in flat:
            table = feed.fare_table(pattern_id)
            assert table.fare_yen(0, table.size - 1) == 200


def test_the_formats_own_sample_lists_one_direction_only(data_dir: Path) -> None:
    feed = load_feed(data_dir / "gtfs" / "mlit_sample_2017.zip")
    assert (len(feed.routes), len(feed.stop_names), len(feed.trips), stop_times(feed)) == (2, 48, 6, 129)
    listed, other = feed.patterns["21000-0#1"], feed.patterns["25000-1#1"]
    assert feed.missing_fares(listed.pattern_id) == []
    table = feed.fare_table(other.pattern_id)
    assert len(feed.missing_fares(other.pattern_id)) == 231
    with pytest.raises(MissingFare) as caught:
        table.fare_yen(1, 5)
    for part in (other.route_name, other.stop_names[1], other.stop_names[5]):
        assert part in str(caught.value)

"""Real feeds: what is known of each must come out."""

from pathlib import Path

import pytest

from farebox.feed import AmbiguousRoute, Feed, load_feed
from tariff.fares import MissingFare

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

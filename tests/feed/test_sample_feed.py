"""The sample feed holds what its README says."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from farebox.feed import Feed, load_feed

SAMPLE = Path(__file__).parents[2] / "sim" / "feeds" / "sample"
WEEKDAY, SATURDAY, HOLIDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)

HAKUHO = ("磐城棚倉", "実業高校前", "南湖公園", "白河モール前", "新白河")
TRIANGLE = ((300, 400, 450, 500), (200, 270, 320), (190, 250), (170,))


@pytest.fixture(scope="module")
def feed() -> Feed:
    return load_feed(SAMPLE)


def fares(feed: Feed, pattern_id: str) -> dict[tuple[str, str], int]:
    """Fares by name, of a pattern that visits no stop twice."""
    table = feed.fare_table(pattern_id)
    names = table.pattern.stop_names
    return {
        (names[boarded], names[alighted]): table.fare_yen(boarded, alighted)
        for boarded in range(table.size)
        for alighted in range(boarded + 1, table.size)
    }


def test_it_says_that_it_is_a_sample(feed: Feed) -> None:
    assert all("見本" in name for name in feed.agencies.values())
    info = (SAMPLE / "feed_info.txt").read_text(encoding="utf-8")
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    for text in (info, readme):
        assert "見本" in text
        assert "模擬" in text
        assert "not operators' data" in text


def test_it_has_the_routes_and_patterns_that_the_readme_lists(feed: Feed) -> None:
    assert {route.route_id: route.name for route in feed.routes.values()} == {
        "HAKUHO": "白棚線",
        "NISHIWAKA": "若松駅前～西若松駅東口",
        "HAIKARA": "まちなか周遊バス「ハイカラさん」（見本）",
    }
    assert {key: pattern.stop_names for key, pattern in feed.patterns.items()} == {
        "HAKUHO#1": HAKUHO,
        "HAKUHO#2": HAKUHO[::-1],
        "NISHIWAKA#1": ("若松駅前", "西若松駅東口"),
        "NISHIWAKA#2": ("西若松駅東口", "若松駅前"),
        "HAIKARA#1": ("若松駅前", "西若松駅東口", "若松駅前"),
    }
    assert [feed.missing_fares(key) for key in feed.patterns] == [[]] * 5


def test_the_two_directions_of_hakuho_have_the_triangles_fares(feed: Feed) -> None:
    triangle = {
        (HAKUHO[row], HAKUHO[row + 1 + column]): yen
        for row, line in enumerate(TRIANGLE)
        for column, yen in enumerate(line)
    }
    assert fares(feed, "HAKUHO#1") == triangle
    assert fares(feed, "HAKUHO#2") == {(alighted, boarded): yen for (boarded, alighted), yen in triangle.items()}


def test_the_readme_prints_the_same_triangle() -> None:
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    for row, line in enumerate(TRIANGLE):
        blanks = "| " * row
        assert f"| {HAKUHO[row]} | {blanks}{' | '.join(map(str, line))} |\n" in readme


def test_aizu_has_one_fare_both_ways_and_a_flat_loop(feed: Feed) -> None:
    assert fares(feed, "NISHIWAKA#1") == {("若松駅前", "西若松駅東口"): 230}
    assert fares(feed, "NISHIWAKA#2") == {("西若松駅東口", "若松駅前"): 230}
    loop = feed.fare_table("HAIKARA#1")
    assert [loop.fare_yen(*pair) for pair in ((0, 1), (1, 2), (0, 2))] == [210, 210, 210]


def test_both_poles_of_a_stop_have_one_number(feed: Feed) -> None:
    there, back = feed.patterns["HAKUHO#1"], feed.patterns["HAKUHO#2"]
    assert there.stop_numbers == back.stop_numbers[::-1]
    assert feed.patterns["HAIKARA#1"].stop_numbers[0] == feed.patterns["HAIKARA#1"].stop_numbers[2]


@pytest.mark.parametrize(("day", "counts"), [(WEEKDAY, (11, 4, 4)), (SATURDAY, (6, 2, 6)), (HOLIDAY, (6, 2, 6))])
def test_trips_by_day_are_as_the_readme_counts(feed: Feed, day: date, counts: tuple[int, int, int]) -> None:
    routes = [trip.route_id for trip in feed.trips_on(day)]
    assert tuple(routes.count(route_id) for route_id in ("HAKUHO", "NISHIWAKA", "HAIKARA")) == counts


def test_it_holds_for_one_fiscal_year(feed: Feed) -> None:
    first, last = feed.service_days()
    assert (first, last) == (date(2026, 4, 1), date(2027, 3, 31))
    assert feed.trips_on(first)
    assert feed.trips_on(last)
    assert feed.trips_on(first - timedelta(days=1)) == ()
    assert feed.trips_on(last + timedelta(days=1)) == ()


def test_no_vehicle_is_in_two_places(feed: Feed) -> None:
    for day in (WEEKDAY, SATURDAY):
        at: dict[str, tuple[int, str]] = {}
        for trip in feed.trips_on(day):
            names = feed.patterns[trip.pattern_id].stop_names
            free_s, stop = at.get(trip.block_id, (0, names[0]))
            if trip.block_id:
                assert (stop, free_s <= trip.departures_s[0]) == (names[0], True), trip.trip_id
            at[trip.block_id] = (trip.arrivals_s[-1], names[-1])


def test_the_last_bus_runs_after_midnight_of_its_service_day(feed: Feed) -> None:
    last = feed.trips_on(WEEKDAY)[-1]
    assert last.trip_id == "HAKUHO-W11"
    assert (last.departures_s[0], last.arrivals_s[-1]) == (24 * 3600 + 35 * 60, 25 * 3600 + 13 * 60)


def test_the_forms_in_the_wild_are_really_there() -> None:
    assert (SAMPLE / "stops.txt").read_bytes().startswith(b"\xef\xbb\xbfstop_id")
    assert b",parent_station,," in (SAMPLE / "stops.txt").read_bytes()
    assert b"\r\n" in (SAMPLE / "routes.txt").read_bytes()
    rules = (SAMPLE / "fare_rules.txt").read_text(encoding="utf-8").splitlines()
    assert rules[0].endswith(",contains_id")
    assert all(rule.endswith(",") for rule in rules[1:])
    assert "210.00" in (SAMPLE / "fare_attributes.txt").read_text(encoding="utf-8")
    assert "HAKUHO-W05,,,S0002H001" in (SAMPLE / "stop_times.txt").read_text(encoding="utf-8")


def test_a_blank_time_is_interpolated(feed: Feed) -> None:
    assert feed.trips["HAKUHO-W05"].arrivals_s[1] == (10 * 60 + 43) * 60

"""Fares from rules: which one wins, which are refused, which are missing (GEN-4)."""

from array import array
from pathlib import Path

import pytest

from farebox.feed import Feed, FeedBroken
from tariff.fares import FareTable, MissingFare
from tests.feed.small_feed import CALLS, FARES, RULES, TABLES, broken, load, write

ROUTES = TABLES["routes.txt"] + "R2,B,,海線\n"
AGENCIES = TABLES["agency.txt"] + "B,海バス,\n"


def yen(feed: Feed, pattern_id: str = "R1#1") -> list[int | None]:
    """Fares a-b, a-c, b-c; None where there is none."""
    table = feed.fare_table(pattern_id)
    pairs = ((0, 1), (0, 2), (1, 2))
    return [table.fare_yen(*pair) if table.has_fare(*pair) else None for pair in pairs]


def with_rules(folder: Path, *rules: str) -> Feed:
    """The small feed with fares F100 ... F900 and these rules; the fares not named have rules elsewhere."""
    prices = range(100, 1000, 100)
    fares = FARES + "".join(f"F{price},{price},JPY\n" for price in prices)
    elsewhere = "".join(f"F{price},R1,nowhere,{price}\n" for price in prices)
    return load(folder, fare_attributes=fares, fare_rules=RULES + "".join(f"{rule}\n" for rule in rules) + elsewhere)


def test_rules_by_route_and_both_ends_make_the_table(tmp_path: Path) -> None:
    assert yen(load(tmp_path)) == [150, 200, 150]


# Each rule wins over all that stand below it.
BY_RANK = ["F100,R1,Za,Zb", "F200,,Za,Zb", "F300,R1,Za,", "F400,,Za,", "F500,R1,,", "F600,,,"]


@pytest.mark.parametrize("rank", range(len(BY_RANK)))
def test_the_most_specific_rule_wins(tmp_path: Path, rank: int) -> None:
    rules = BY_RANK[rank:]
    assert yen(with_rules(tmp_path, *rules))[0] == (rank + 1) * 100
    # Not the order of the rows, but what they name.
    assert yen(with_rules(tmp_path, *rules[::-1]))[0] == (rank + 1) * 100


def test_a_blank_end_matches_any_stop(tmp_path: Path) -> None:
    assert yen(with_rules(tmp_path, "F300,R1,,Zc")) == [None, 300, 300]
    assert yen(with_rules(tmp_path, "F300,R1,Za,")) == [300, 300, None]


def test_in_a_feed_without_rules_a_fare_is_for_every_ride(tmp_path: Path) -> None:
    assert yen(load(tmp_path, fare_attributes=FARES + "F,210,JPY\n", fare_rules=None)) == [210, 210, 210]


def test_gen_4_beside_rules_a_fare_that_none_names_is_no_default(tmp_path: Path) -> None:
    fares = TABLES["fare_attributes.txt"] + "F,210,JPY\n"
    rules = RULES + "F150,R1,Za,Zb\nF200,R1,Zb,\n"
    assert yen(load(tmp_path, fare_attributes=fares, fare_rules=rules)) == [150, None, 200]


def test_a_feed_without_fares_has_none(tmp_path: Path) -> None:
    feed = load(tmp_path, fare_attributes=None, fare_rules=None)
    assert yen(feed) == [None, None, None]
    assert feed.missing_fares("R1#1") == [(0, 1), (0, 2), (1, 2)]


def test_stops_without_a_zone_go_by_their_own_or_their_stations_id(tmp_path: Path) -> None:
    stops = (
        "stop_id,stop_name,zone_id,location_type,parent_station\n"
        "A,朝日町,,1,\na,朝日町,,0,A\nb,分校前,,0,\nC,中央駅,,1,\nc,中央駅,Zc,0,C\n"
    )
    rules = RULES + "F150,R1,A,b\nF200,R1,a,Zc\nF150,R1,b,C\n"
    # c has a zone, so its station's id means nothing.
    assert yen(load(tmp_path, stops=stops, fare_rules=rules)) == [150, 200, None]


def test_an_agencys_fare_holds_on_its_own_routes_only(tmp_path: Path) -> None:
    fares = "fare_id,price,currency_type,agency_id\nFA,200,JPY,A\nFB,300,JPY,B\n"
    trips = TABLES["trips.txt"] + "R2,毎日,T2\n"
    calls = TABLES["stop_times.txt"] + TABLES["stop_times.txt"].removeprefix(CALLS).replace("T1", "T2")
    same = {"agency": AGENCIES, "routes": ROUTES, "trips": trips, "stop_times": calls, "fare_attributes": fares}
    for rules in (None, RULES + "FA,,Za,\nFA,,Zb,\nFB,,Za,\nFB,,Zb,\n"):
        feed = load(tmp_path, fare_rules=rules, **same)
        assert yen(feed, "R1#1") == [200, 200, 200]
        assert yen(feed, "R2#1") == [300, 300, 300]
    fault = broken(write(tmp_path / "feed", fare_rules=RULES + "FB,R1,Za,Zb\n", **same))
    assert (fault.line, fault.column) == (2, "route_id")


def test_a_loop_prices_each_visit_by_the_same_rules(tmp_path: Path) -> None:
    calls = TABLES["stop_times.txt"] + "T1,8:30:00,8:30:00,a,4\n"
    rules = TABLES["fare_rules.txt"] + "F200,R1,Zc,Za\nF150,R1,Zb,Za\nF200,R1,Za,Za\n"
    feed = load(tmp_path, stop_times=calls, fare_rules=rules)
    table = feed.fare_table("R1#1")
    assert [table.fare_yen(0, 3), table.fare_yen(1, 3), table.fare_yen(2, 3)] == [200, 150, 200]
    assert feed.missing_fares("R1#1") == []


def test_fares_in_one_direction_leave_the_other_an_error_that_names_route_and_stops(tmp_path: Path) -> None:
    trips = TABLES["trips.txt"] + "R1,毎日,T2\n"
    calls = TABLES["stop_times.txt"] + "T2,9:00:00,9:00:00,c,1\nT2,9:10:00,9:10:00,b,2\nT2,9:20:00,9:20:00,a,3\n"
    feed = load(tmp_path, trips=trips, stop_times=calls)
    assert yen(feed, "R1#1") == [150, 200, 150]
    assert feed.missing_fares("R1#2") == [(0, 1), (0, 2), (1, 2)]
    with pytest.raises(MissingFare, match="route 1 山線: no fare from 中央駅 to 朝日町"):
        feed.fare_table("R1#2").fare_yen(0, 2)


def test_only_legal_rides_miss_a_fare(tmp_path: Path) -> None:
    trips = TABLES["trips.txt"] + "R1,毎日,T2\n"
    head = CALLS.replace("\n", ",pickup_type,drop_off_type\n")
    one = "T1,8:00:00,8:00:00,a,1,0,1\nT1,8:10:00,8:10:00,b,2,0,1\nT1,8:20:00,8:20:00,c,3,1,0\n"
    feed = load(tmp_path, stop_times=head + one, fare_rules=RULES + "F150,R1,Zb,Zc\nF200,R1,x,y\n")
    # Nobody alights at b, so a to b needs no fare.
    assert feed.missing_fares("R1#1") == [(0, 2)]
    other = one.replace("T1", "T2").replace("b,2,0,1", "b,2,1,0")
    feed = load(tmp_path, trips=trips, stop_times=head + one + other, fare_rules=RULES + "F150,R1,Zb,Zc\nF200,R1,x,y\n")
    assert feed.missing_fares("R1#1") == [(0, 1), (0, 2)]


@pytest.mark.parametrize(("price", "expected"), [("210", 210), ("210.0", 210), ("210.00", 210), ("0", 0)])
def test_whole_yen_in_each_spelling(tmp_path: Path, price: str, expected: int) -> None:
    assert yen(load(tmp_path, fare_attributes=FARES + f"F,{price},JPY\n", fare_rules=None))[0] == expected


@pytest.mark.parametrize("price", ["210.5", "210.", "-10", "1e3", "２１０", "100000", "210 yen", "NaN"])
def test_other_prices_are_refused(tmp_path: Path, price: str) -> None:
    fault = broken(write(tmp_path / "feed", fare_attributes=FARES + f"F,{price},JPY\n"))
    assert (fault.file, fault.line, fault.column) == ("fare_attributes.txt", 2, "price")
    assert price in str(fault)


REFUSED = [
    ("fare_attributes", FARES + "F150,150,USD\n", 2, "currency_type", "USD"),
    ("fare_attributes", FARES + "F150,150,\n", 2, "currency_type", "blank"),
    ("fare_attributes", FARES + "F150,150,JPY\nF150,150,JPY\n", 3, "fare_id", "twice"),
    ("fare_attributes", "fare_id,price,currency_type,agency_id\nF150,1,JPY,X\n", 2, "agency_id", "X"),
    ("fare_rules", RULES + "F999,R1,Za,Zb\n", 2, "fare_id", "F999"),
    ("fare_rules", RULES + "F150,R9,Za,Zb\n", 2, "route_id", "no route"),
    ("fare_rules", RULES.replace("\n", ",contains_id\n") + "F150,R1,Za,Zb,\nF150,R1,Za,Zc,Zb\n", 3, "contains_id", ""),
    ("fare_rules", RULES + "F150,R1,Za,Zb\nF200,R1,Za,Zb\n", 3, "", "F150 at 150 yen and F200 at 200 yen"),
    ("fare_rules", RULES, 0, "", "F150 at 150 yen and F200 at 200 yen"),
]


@pytest.mark.parametrize(("table", "text", "line", "column", "words"), REFUSED)
def test_a_broken_fare_is_refused_by_place(
    tmp_path: Path, table: str, text: str, line: int, column: str, words: str
) -> None:
    fault = broken(write(tmp_path / "feed", **{table: text}))
    assert (fault.line, fault.column) == (line, column)
    assert words in str(fault)


def test_one_price_twice_is_fine(tmp_path: Path) -> None:
    fares = TABLES["fare_attributes.txt"] + "F150b,150.0,JPY\n"
    rules = TABLES["fare_rules.txt"] + "F150,R1,Za,Zb\nF150b,R1,Za,Zb\n"
    assert yen(load(tmp_path, fare_attributes=fares, fare_rules=rules)) == [150, 200, 150]


def test_equally_specific_rules_under_different_names_compete(tmp_path: Path) -> None:
    feed = with_rules(tmp_path, "F100,R1,Za,", "F200,R1,,Zb")
    ride = "route 1 山線, 朝日町 to 分校前: F100 at 100 yen and F200 at 200 yen"
    with pytest.raises(FeedBroken, match=ride):
        feed.fare_table("R1#1")


IC_FARES = "fare_id,price,currency_type,ic_price\nF150,150,JPY,147\nF200,200,JPY,\n"


def test_gen_10_an_ic_fare_beside_the_cash_fare(tmp_path: Path) -> None:
    feed = load(tmp_path, fare_attributes=IC_FARES)
    cash = feed.fare_table("R1#1").cash
    assert cash is not None
    assert (cash.pattern, cash.cash) == (feed.patterns["R1#1"], None)
    assert [cash.fare_yen(*pair) for pair in ((0, 1), (0, 2), (1, 2))] == [150, 200, 150]
    assert yen(feed) == [147, 200, 147]


def test_gen_10_an_operator_with_one_fare_has_no_cash_table(tmp_path: Path) -> None:
    for fares in (TABLES["fare_attributes.txt"], IC_FARES.replace("147", "150")):
        feed = load(tmp_path, fare_attributes=fares)
        assert feed.fare_table("R1#1").cash is None
        assert yen(feed) == [150, 200, 150]


def test_fares_that_differ_by_card_only_compete(tmp_path: Path) -> None:
    rules = TABLES["fare_rules.txt"] + "G150,R1,Za,Zb\n"
    fault = broken(write(tmp_path / "feed", fare_attributes=IC_FARES + "G150,150,JPY,148\n", fare_rules=rules))
    assert "F150 at 150 yen, 147 by card and G150 at 150 yen, 148 by card are equally specific" in str(fault)
    feed = load(
        tmp_path, fare_attributes=IC_FARES + "G150,150,JPY,148\n", fare_rules=RULES + "F150,R1,Za,\nG150,R1,,Zb\n"
    )
    with pytest.raises(FeedBroken, match="147 by card and G150"):
        feed.fare_table("R1#1")


def test_cash_fares_are_of_the_same_pattern(tmp_path: Path) -> None:
    table = load(tmp_path).fare_table("R1#1")
    other = FareTable(table.pattern._replace(pattern_id="R1#2"), array("i", [0] * 9))
    with pytest.raises(ValueError, match="R1#1: cash fares of R1#2"):
        FareTable(table.pattern, array("i", [0] * 9), other)


@pytest.mark.parametrize("price", ["-1", "14.5", "IC"])
def test_an_ic_price_that_is_none_is_refused(tmp_path: Path, price: str) -> None:
    fault = broken(write(tmp_path / "feed", fare_attributes=IC_FARES.replace("147", price)))
    assert (fault.line, fault.column) == (2, "ic_price")


def test_a_table_is_built_once(tmp_path: Path) -> None:
    feed = load(tmp_path)
    assert feed.fare_table("R1#1") is feed.fare_table("R1#1")

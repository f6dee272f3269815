"""Long tables are read many rows at once and trips known again by their text: it must not be seen in what is read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from farebox.feed import LIMITS, Feed, load_feed
from tests.feed.small_feed import CALLS, TABLES, broken, write

TRIPS = 600
"""Some 70 kB of stop times: more than is read at once."""
ROWS = [
    f"T{number},{6 + minute // 60}:{minute % 60:02}:00,{6 + minute // 60}:{minute % 60:02}:30,{stop},{place}"
    for number in range(TRIPS)
    for place, stop in enumerate("abcab", 1)
    for minute in (number + place,)
]
HEADS = "route_id,service_id,trip_id\n" + "".join(f"R1,毎日,T{number}\n" for number in range(TRIPS))


def loaded(folder: Path, rows: list[str] = ROWS, encoding: str = "utf-8") -> Feed:
    calls = (CALLS + "\n".join(rows) + "\n").encode(encoding)
    return load_feed(write(folder, trips=HEADS, stop_times=calls))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    return loaded(tmp_path_factory.mktemp("feeds") / "plain")


def test_a_long_table_is_read_whole(plain: Feed) -> None:
    assert len(plain.trips) == TRIPS
    for number, trip in enumerate(plain.trips.values()):
        arrivals_s = tuple(6 * 3600 + (number + place) * 60 for place in range(1, 6))
        assert (trip.arrivals_s, trip.departures_s) == (arrivals_s, tuple(at_s + 30 for at_s in arrivals_s))
        assert trip.departs_s == trip.departures_s[0]
    assert plain.patterns["R1#1"].stop_names == ("朝日町", "分校前", "中央駅", "朝日町", "分校前")


ALTERED: list[Callable[[list[str]], list[str]]] = [
    lambda rows: ["", *rows],  # row by row from the start
    lambda rows: [*rows[:2500], ",,,,", *rows[2500:]],  # and from the middle
    lambda rows: [*rows, ",,,,", ""],
    lambda rows: [f"{row}\r" for row in rows],
    lambda rows: ['"' + row.replace(",", '","') + '"' for row in rows],
    lambda rows: [row.replace(",", " ,\u3000") for row in rows],
    lambda rows: rows[::-1],
    lambda rows: sorted(rows, key=lambda row: row[-1]),  # all first stops first
    lambda rows: rows[::2] + rows[1::2],
    lambda rows: [*rows[3:], *rows[:3]],
]


@pytest.mark.parametrize("altered", ALTERED)
def test_however_its_rows_are_written_and_ordered_it_says_the_same(
    tmp_path: Path, plain: Feed, altered: Callable[[list[str]], list[str]]
) -> None:
    assert dict(loaded(tmp_path / "feed", altered(ROWS)).trips) == dict(plain.trips)


def test_times_are_those_of_stops_in_order_though_rows_in_disorder_were_read_before(tmp_path: Path) -> None:
    trips = TABLES["trips.txt"] + "R1,毎日,T2\n"
    rows = ("T1,8:00:00,8:00:00,b,2", "T1,8:00:00,8:00:00,a,1", "T2,8:00:00,8:00:00,b,2", "T2,8:10:00,8:10:00,a,1")
    fault = broken(write(tmp_path / "feed", trips=trips, stop_times=CALLS + "\n".join(rows)))
    assert (fault.line, "earlier than the stop before" in str(fault)) == (4, True)


def test_trips_that_start_apart_share_their_times(plain: Feed) -> None:
    assert len({id(trip.times) for trip in plain.trips.values()}) == 1
    assert len({id(trip.may_board) for trip in plain.trips.values()}) == 1


@pytest.mark.parametrize("at", [0, 1234, 2999])
@pytest.mark.parametrize(
    ("field", "text", "column", "words"),
    [
        (0, "T9999", "trip_id", "T9999 is not in trips.txt"),
        (0, "", "trip_id", "blank"),
        (1, "26:61:00", "arrival_time", "'26:61:00'"),
        (3, "zz", "stop_id", "zz is no stop"),
        (3, "a\u200b", "stop_id", "invisible"),
        (4, "-1", "stop_sequence", "'-1'"),
    ],
)
def test_what_is_wrong_far_down_is_found_in_its_place(
    tmp_path: Path, at: int, field: int, text: str, column: str, words: str
) -> None:
    values = ROWS[at].split(",")
    values[field] = text
    rows = [*ROWS[:at], ",".join(values), *ROWS[at + 1 :]]
    fault = broken(write(tmp_path / "feed", trips=HEADS, stop_times=CALLS + "\n".join(rows)))
    assert (fault.file, fault.line, fault.column) == ("stop_times.txt", at + 2, column)
    assert words in str(fault)


def test_faults_30_a_field_too_long_is_found_among_many_rows(tmp_path: Path) -> None:
    rows = [*ROWS[:2000], "x" * 5000 + ROWS[2000], *ROWS[2001:]]
    fault = broken(write(tmp_path / "feed", trips=HEADS, stop_times=CALLS + "\n".join(rows)))
    assert (fault.line, "4096 characters" in str(fault)) == (2002, True)


def test_faults_30_a_row_too_many_or_too_wide_is_found_among_many(tmp_path: Path) -> None:
    path = write(tmp_path / "feed", trips=HEADS, stop_times=CALLS + "\n".join(ROWS))
    assert broken(path, LIMITS._replace(stop_times_rows=2999)).line == 3001
    load_feed(path, limits=LIMITS._replace(stop_times_rows=3000))
    # One field more here and one less there: as many in all.
    rows = [*ROWS[:10], f"{ROWS[10]},x", ROWS[11].rpartition(",")[0], *ROWS[12:]]
    fault = broken(write(tmp_path / "wide", trips=HEADS, stop_times=CALLS + "\n".join(rows)))
    assert (fault.line, "6 fields under 5 columns" in str(fault)) == (12, True)


def test_faults_30_rows_out_of_order_are_held_at_once_so_they_must_be_fewer(tmp_path: Path) -> None:
    few = LIMITS._replace(table_rows=2000)
    rows = [*ROWS[3:], *ROWS[:3]]
    assert "more than 2000 rows out of order; sort them by trip_id" in str(
        broken(write(tmp_path / "feed", trips=HEADS, stop_times=CALLS + "\n".join(rows)), few)
    )
    # In order they may be more, and what is wrong with one of them is what is said.
    wrong = broken(
        write(tmp_path / "wrong", trips=HEADS, stop_times=CALLS + "\n".join([*ROWS[:-1], "T599,,,zz,5"])), few
    )
    assert (wrong.line, wrong.column) == (3001, "stop_id")
    load_feed(write(tmp_path / "right", trips=HEADS, stop_times=CALLS + "\n".join(ROWS)), limits=few)


def test_trips_with_japanese_ids_are_read_in_either_encoding(tmp_path: Path) -> None:
    trips = TABLES["trips.txt"] + "R1,毎日,便\n"
    for encoding in ("utf-8", "cp932"):
        rows = [row.replace("T0,", "T1,") for row in ROWS[:5]] + [row.replace("T1,", "便,") for row in ROWS[5:10]]
        calls = (CALLS + "\n".join(rows)).encode(encoding)
        feed = load_feed(write(tmp_path / encoding, trips=trips, stop_times=calls))
        assert feed.trips["便"].starts_s == 6 * 3600 + 120

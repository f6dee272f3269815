"""Trips, patterns, days and names, on small feeds."""

from datetime import date
from pathlib import Path

import pytest

from farebox.feed import AmbiguousRoute, FeedMissing, Register, UnknownRoute, load_feed
from tests.feed.small_feed import CALLS, TABLES, broken, load, tables, write, zipped

DAY = date(2026, 4, 6)


def test_a_folder_and_a_zip_say_the_same(tmp_path: Path) -> None:
    folder = load_feed(write(tmp_path / "feed"))
    flat = load_feed(zipped(tmp_path / "flat.zip", tables({})))
    nested = {f"2026/山バス/{name}": content for name, content in tables({}).items()}
    in_folder = load_feed(zipped(tmp_path / "nested.zip", nested))
    for feed in (flat, in_folder):
        assert dict(feed.trips) == dict(folder.trips)
        assert dict(feed.patterns) == dict(folder.patterns)


def test_a_trip_has_times_from_the_service_days_start(tmp_path: Path) -> None:
    trip = load(tmp_path).trips["T1"]
    assert trip.arrivals_s == (8 * 3600, 8 * 3600 + 600, 8 * 3600 + 1200)
    assert trip.departures_s == (8 * 3600, 8 * 3600 + 660, 8 * 3600 + 1200)


def test_times_run_on_past_midnight(tmp_path: Path) -> None:
    calls = CALLS + "T1,23:50:00,23:50:00,a,1\nT1,24:00:00,24:00:00,b,2\nT1,25:10:00,25:10:00,c,3\n"
    trip = load(tmp_path, stop_times=calls).trips["T1"]
    assert trip.arrivals_s == (85_800, 86_400, 90_600)


def test_blank_times_are_spread_evenly_by_position(tmp_path: Path) -> None:
    calls = CALLS + "T1,,8:00:00,a,1\nT1,,,b,2\nT1,,,c,5\nT1,8:10:00,,a,9\n"
    trip = load(tmp_path, stop_times=calls).trips["T1"]
    assert trip.arrivals_s == trip.departures_s == (28_800, 29_000, 29_200, 29_400)


def test_rows_in_any_order_are_sorted_by_sequence(tmp_path: Path) -> None:
    head, *calls = TABLES["stop_times.txt"].splitlines(keepends=True)
    feed = load(tmp_path, stop_times=head + "".join(reversed(calls)))
    assert feed.patterns["R1#1"].stop_names == ("朝日町", "分校前", "中央駅")


def test_pickup_and_drop_off_say_who_may_ride(tmp_path: Path) -> None:
    head = CALLS.replace("\n", ",pickup_type,drop_off_type\n")
    rows = ["a,1,0,0", "b,2,1,0", "c,3,2,3", "a,4,0,1", "b,5,,", "c,6,0,0"]
    feed = load(tmp_path, stop_times=head + "".join(f"T1,8:00:00,8:00:00,{row}\n" for row in rows))
    trip = feed.trips["T1"]
    # Nobody leaves at the first stop or enters at the last, whatever the table says.
    assert trip.may_board == (True, False, True, True, True, False)
    assert trip.may_alight == (False, True, True, False, True, True)


def test_trips_share_patterns_numbered_by_first_appearance(tmp_path: Path) -> None:
    trips = "route_id,service_id,trip_id\nR1,毎日,T2\nR2,毎日,T4\nR1,毎日,T1\nR1,毎日,T3\n"
    routes = TABLES["routes.txt"] + "R2,A,,谷線\n"
    rows = ["T1,8:00:00,8:00:00,a,1", "T1,8:10:00,8:10:00,b,2", "T2,9:00:00,9:00:00,b,1", "T2,9:10:00,9:10:00,a,2"]
    rows += [row.replace("T2", "T3").replace("9:", "10:") for row in rows[2:]]
    rows += [row.replace("T2", "T4") for row in rows[2:4]]
    feed = load(tmp_path, trips=trips, routes=routes, stop_times=CALLS + "\n".join(rows))
    assert {key: trip.pattern_id for key, trip in feed.trips.items()} == {
        "T2": "R1#1",
        "T4": "R2#1",
        "T1": "R1#2",
        "T3": "R1#1",
    }
    assert feed.patterns["R2#1"].route_name == "谷線"
    assert feed.patterns["R1#2"].stop_names == ("朝日町", "分校前")


def test_trips_of_a_day_come_by_departure_then_id(tmp_path: Path) -> None:
    ids = ("late", "b", "a", "early")
    starts = dict(zip(ids, ("25:00:00", "8:00:00", "8:00:00", "6:05:00"), strict=True))
    feed = load(
        tmp_path,
        trips="route_id,service_id,trip_id\n" + "".join(f"R1,毎日,{trip_id}\n" for trip_id in ids),
        stop_times=CALLS + "".join(f"{i},{t},{t},a,1\n{i},26:00:00,26:00:00,b,2\n" for i, t in starts.items()),
    )
    assert [trip.trip_id for trip in feed.trips_on(DAY)] == ["early", "a", "b", "late"]


CALENDAR = TABLES["calendar.txt"].replace("毎日,1,1,1,1,1,1,1", "毎日,1,1,1,1,1,0,0")
DATES = "service_id,date,exception_type\n毎日,20260429,2\n毎日,20260502,1\n"


@pytest.mark.parametrize(
    ("day", "runs"),
    [
        (date(2026, 4, 6), True),
        (date(2026, 4, 5), False),
        (date(2026, 4, 29), False),
        (date(2026, 5, 2), True),
        (date(2026, 5, 1), False),
        (date(2026, 3, 31), False),
        (date(1999, 1, 1), False),
    ],
)
def test_services_run_by_weekday_range_and_exception(tmp_path: Path, day: date, runs: bool) -> None:
    feed = load(tmp_path, calendar=CALENDAR, calendar_dates=DATES)
    assert bool(feed.trips_on(day)) is runs
    assert feed.service_days() == (date(2026, 4, 1), date(2026, 5, 2))


def test_a_feed_may_have_calendar_dates_alone(tmp_path: Path) -> None:
    feed = load(tmp_path, calendar=None, calendar_dates=DATES)
    assert feed.service_days() == (date(2026, 5, 2), date(2026, 5, 2))
    assert len(feed.trips_on(date(2026, 5, 2))) == 1


def test_a_pole_goes_by_its_stations_name(tmp_path: Path) -> None:
    stops = (
        "stop_id,stop_name,zone_id,location_type,parent_station\n"
        "a,朝日町（１番のりば）,Za,0,A\nA,朝日町,,1,\nb,分校前,Zb,,\nc,,Zc,0,A\nx,,,2,A\n"
    )
    feed = load(tmp_path, stops=stops)
    assert feed.patterns["R1#1"].stop_names == ("朝日町", "分校前", "朝日町")
    assert feed.patterns["R1#1"].stop_numbers == (1, 2, 1)
    assert dict(feed.stop_names) == {"a": "朝日町", "A": "朝日町", "b": "分校前", "c": "朝日町"}


def test_a_route_is_found_by_id_or_any_of_its_names(tmp_path: Path) -> None:
    feed = load(tmp_path)
    assert feed.routes["R1"].name == "1 山線"
    for asked in ("R1", "1", "山線", "1 山線"):
        assert feed.route(asked).route_id == "R1"


def test_an_unknown_route_names_near_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownRoute, match=r"^route 山の線: not in the feed; did you mean 山線") as caught:
        load(tmp_path).route("山の線")
    assert "山線" in caught.value.near
    with pytest.raises(UnknownRoute, match=r"see routes\.txt$"):
        load(tmp_path).route("ZZZZ")


def test_branches_of_one_name_need_an_id(tmp_path: Path) -> None:
    feed = load(tmp_path, routes=TABLES["routes.txt"] + "R2,A,,山線\n")
    assert [route.route_id for route in feed.routes_called("山線")] == ["R1", "R2"]
    with pytest.raises(AmbiguousRoute, match=r"give an id: R1, R2$"):
        feed.route("山線")
    assert feed.route("R2").route_id == "R2"


def test_the_one_agency_needs_no_id(tmp_path: Path) -> None:
    feed = load(tmp_path, agency="agency_name\n山バス\n", routes="route_id,route_long_name\nR1,山線\n")
    assert dict(feed.agencies) == {"": "山バス"}
    assert feed.routes["R1"].agency_id == ""


def test_forms_in_the_wild_are_read(tmp_path: Path) -> None:
    wild: dict[str, str | bytes | None] = {
        name.removesuffix(".txt"): b"\xef\xbb\xbf" + text.replace("\n", ",\r\n").encode() + b",,\r\n\r\n"
        for name, text in TABLES.items()
    }
    # Quotes, a quoted line break in a column that is passed over, spaces, a nameless column, a short row.
    trips = '"trip_id", service_id ,"note, unused",route_id,,block_id\r\nT1 ,"毎日","a ""b""\n c",R1\r\n'
    wild |= {"trips": trips, "translations": b"\xff junk that nobody reads"}
    feed = load(tmp_path, **wild)
    assert dict(feed.trips) == dict(load(tmp_path / "plain").trips)


def test_a_full_width_space_is_part_of_a_name(tmp_path: Path) -> None:
    stops = TABLES["stops.txt"].replace("分校前", "分校　前")
    assert load(tmp_path, stops=stops).patterns["R1#1"].stop_names[1] == "分校　前"


def test_numbers_come_from_the_register_that_is_given(tmp_path: Path) -> None:
    path = write(tmp_path / "feed")
    register = Register.loads(
        "stop\t1\t中央駅\nstop\t2\t分校前\nstop\t3\t朝日町\ntrip\t1\tT0\ntrip\t2\tT1\nend\t3\t2\n"
    )
    feed = load_feed(path, register)
    assert feed.patterns["R1#1"].stop_numbers == (3, 2, 1)
    assert feed.trips["T1"].number == 2
    assert load_feed(path).patterns["R1#1"].stop_numbers == (1, 2, 3)


# What must be refused: table, its text, line, column, and words of the message.
REFUSED = [
    ("agency", None, 0, "", "missing"),
    ("stop_times", None, 0, "", "missing"),
    ("stops", "", 1, "stop_id", "column is missing"),
    ("stops", "stop_id,stop_name\na,朝日町\n,分校前\n", 3, "stop_id", "blank"),
    ("stops", "stop_id,stop_name\na,朝日町\nb,\nc,中央駅\n", 3, "stop_name", "blank"),
    ("stops", "stop_id,stop_name\na,朝日町\na,分校前\nc,中央駅\n", 3, "stop_id", "twice"),
    ("stops", "stop_id,stop_name,parent_station\na,朝日町,X\n", 2, "parent_station", "X is no stop"),
    ("stops", 'stop_id,stop_name\na,"朝日\n町"\n', 2, "stop_name", "invisible character"),
    ("stops", "stop_id,stop_name\na,朝日\u202e町\n", 2, "stop_name", "invisible character"),
    ("stops", "stop_id,stop_name\na,朝日町\n\ufeffb,分校前\n", 3, "stop_id", "invisible character"),
    ("stops", "stop_id,stop_name,stop_name\na,朝日町,x\n", 1, "stop_name", "twice"),
    ("stops", 'stop_id,"stop\nname"\na,朝日町\n', 1, "", "invisible character"),
    ("stops", "stop_id,stop_name\na,朝日町,x\n", 2, "", "3 fields under 2 columns"),
    ("stops", 'stop_id,stop_name\na,"朝日町\n', 2, "", "not CSV"),
    ("stops", "stop_id,stop_name,location_type\na,朝日町,7\n", 2, "location_type", "'7'"),
    ("agency", "agency_name,agency_timezone\n山バス,America/New_York\n", 2, "agency_timezone", "Asia/Tokyo"),
    ("agency", "agency_id,agency_name\n", 0, "", "no agency"),
    ("agency", "agency_id,agency_name\nA,山\nA,谷\n", 3, "agency_id", "twice"),
    ("routes", "route_id,agency_id\nR1,B\n", 2, "agency_id", "'B'"),
    ("routes", "route_id,agency_id\nR1,A\nR1,A\n", 3, "route_id", "twice"),
    ("trips", "route_id,service_id\nR1,毎日\n", 1, "trip_id", "column is missing"),
    ("trips", "route_id,service_id,trip_id\nR9,毎日,T1\n", 2, "route_id", "R9"),
    ("trips", "route_id,service_id,trip_id\nR1,祝日,T1\n", 2, "service_id", "祝日"),
    ("trips", TABLES["trips.txt"] + "R1,毎日,T1\n", 3, "trip_id", "twice"),
    ("frequencies", "trip_id,start_time\nT1,8:00:00\n", 2, "", "headway"),
    ("calendar", None, 0, "", "no service"),
    ("calendar", TABLES["calendar.txt"].replace("20260430", "20260431"), 2, "end_date", "20260431"),
    ("calendar", TABLES["calendar.txt"].replace("20260430", "20260330"), 2, "end_date", "before"),
    ("calendar", TABLES["calendar.txt"].replace("毎日,1", "毎日,2"), 2, "monday", "'2'"),
    ("calendar_dates", "service_id,date,exception_type\n毎日,20260401,3\n", 2, "exception_type", "'3'"),
    ("calendar_dates", "service_id,date,exception_type\n毎日,2026-4-1,1\n", 2, "date", "'2026-4-1'"),
    ("calendar_dates", DATES + "毎日,20260429,1\n", 4, "date", "both added and removed"),
]


@pytest.mark.parametrize(("table", "text", "line", "column", "words"), REFUSED)
def test_a_broken_table_is_refused_by_place(
    tmp_path: Path, table: str, text: str | None, line: int, column: str, words: str
) -> None:
    fault = broken(write(tmp_path / "feed", **{table: text}))
    assert (fault.file, fault.line, fault.column) == (f"{table}.txt", line, column)
    assert words in str(fault)


# As above, with one row of stop_times (line 3, the trip's second) replaced.
REFUSED_CALLS = [
    ("T9,8:10:00,8:10:00,b,2", 3, "trip_id", "T9"),
    ("T1,8:10:00,8:10:00,zz,2", 3, "stop_id", "zz"),
    ("T1,8:10:00,8:10:00,b,-2", 3, "stop_sequence", "'-2'"),
    ("T1,8:10:00,8:10:00,b,1", 3, "stop_sequence", "twice"),
    ("T1,8:60:00,8:10:00,b,2", 3, "arrival_time", "'8:60:00'"),
    ("T1,８:10:00,8:10:00,b,2", 3, "arrival_time", "not a time"),
    ("T1,8:10:00,48:00:00,b,2", 3, "departure_time", "before 48:00:00"),
    ("T1,8:10:00,8:09:00,b,2", 3, "departure_time", "before the arrival"),
    ("T1,7:10:00,7:10:00,b,2", 3, "arrival_time", "earlier than the stop before"),
    ("T1,8:30:00,8:30:00,b,2", 4, "arrival_time", "earlier than the stop before"),
    ("T1,,,b,0", 3, "arrival_time", "first and last"),
    ("T1,,,b,7", 3, "arrival_time", "first and last"),
]


@pytest.mark.parametrize(("row", "line", "column", "words"), REFUSED_CALLS)
def test_a_broken_stop_time_is_refused_by_place(tmp_path: Path, row: str, line: int, column: str, words: str) -> None:
    calls = TABLES["stop_times.txt"].replace("T1,8:10:00,8:11:00,b,2", row)
    fault = broken(write(tmp_path / "feed", stop_times=calls))
    assert (fault.file, fault.line, fault.column) == ("stop_times.txt", line, column)
    assert words in str(fault)


def test_a_trip_without_two_stops_is_refused(tmp_path: Path) -> None:
    none = broken(write(tmp_path / "feed", trips=TABLES["trips.txt"] + "R1,毎日,T2\n"))
    one = broken(write(tmp_path / "feed", stop_times=CALLS + "T1,8:00:00,8:00:00,a,1\n"))
    assert (none.file, none.line, "trip T2 has 0 stops" in str(none)) == ("stop_times.txt", 0, True)
    assert (one.file, one.line, "trip T1 has 1 stops" in str(one)) == ("stop_times.txt", 2, True)


def test_pickup_type_is_one_of_four(tmp_path: Path) -> None:
    calls = CALLS.replace("\n", ",pickup_type\n") + "T1,8:00:00,8:00:00,a,1,4\n"
    fault = broken(write(tmp_path / "feed", stop_times=calls))
    assert (fault.line, fault.column) == (2, "pickup_type")


@pytest.mark.parametrize(("stops", "fits"), [(255, True), (256, False)])
def test_a_pattern_has_255_stops_at_most(tmp_path: Path, stops: int, fits: bool) -> None:
    calls = CALLS + "".join(f"T1,8:00:00,8:00:00,{'ab'[place % 2]},{place}\n" for place in range(stops))
    path = write(tmp_path / "feed", stop_times=calls)
    if fits:
        assert len(load_feed(path).patterns["R1#1"].stop_names) == stops
    else:
        assert "trip T1 has 256 stops, over 255" in str(broken(path))


def test_a_path_without_a_feed_is_missing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("not a feed", encoding="utf-8")
    zipped(tmp_path / "other.zip", {"readme.txt": b"nothing"})
    for name, words in (
        ("nowhere", "not there"),
        ("empty", "no GTFS table"),
        ("note.txt", "neither a folder nor a zip"),
        ("other.zip", "no GTFS table"),
    ):
        with pytest.raises(FeedMissing, match=words) as caught:
            load_feed(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)

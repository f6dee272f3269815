"""The register: numbers that never change their meaning."""

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.feed import Feed, NotRegistered, Register, RegisterBroken, RegisterFull, load_feed
from tests.feed.small_feed import CALLS, TABLES, load, write

SAMPLE = Path(__file__).parents[2] / "sim" / "feeds" / "sample"


class Names(NamedTuple):
    """As much of a feed as a register needs."""

    stop_names: dict[str, str]
    trip_identities: dict[str, str]


def names(stops: list[str], trips: dict[str, str]) -> Names:
    """Stops of these names, and trips by id and identity."""
    return Names({f"S{place}": name for place, name in enumerate(stops)}, trips)


def first_form(trip_ids: list[str]) -> Register:
    """A register as it was written before trips had identities."""
    lines = [f"trip\t{number}\t{trip_id}\n" for number, trip_id in enumerate(trip_ids, 1)]
    return Register.loads("".join((*lines, f"end\t0\t{len(trip_ids)}\n")))


def test_numbers_are_given_in_order_and_once_a_name() -> None:
    register = Register.of(names(["朝日町", "分校前", "朝日町", "中央駅"], {"T2": "早い便", "T1": "遅い便"}))
    assert [register.stop_number(name) for name in ("朝日町", "分校前", "中央駅")] == [1, 2, 3]
    assert [register.trip_number("?", identity) for identity in ("早い便", "遅い便")] == [1, 2]
    assert register.stop_name(3) == "中央駅"


def test_an_extension_keeps_every_old_number() -> None:
    old = Register.of(names(["朝日町", "分校前"], {"T1": "早い便"}))
    new = old.extended(names(["新駅", "分校前"], {"T9": "新しい便"}))
    assert [new.stop_number(name) for name in ("朝日町", "分校前", "新駅")] == [1, 2, 3]
    assert [new.trip_number("?", identity) for identity in ("早い便", "新しい便")] == [1, 2]
    # The old one is as it was.
    with pytest.raises(NotRegistered, match="no stop 新駅"):
        old.stop_number("新駅")
    with pytest.raises(NotRegistered, match="no trip T9"):
        old.trip_number("T9", "新しい便")


def test_a_feed_is_renumbered_without_being_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "feed")
    old = Register.of(names(["終点", "中央駅"], {"T0": "早い便"}))
    with pytest.raises(NotRegistered, match="no trip T1; extend the register"):
        load_feed(path, old)
    feed = load_feed(path)
    extended = feed.numbered_by(old.extended(feed))
    assert extended.patterns["R1#1"].stop_numbers == (3, 4, 2)
    assert extended.trips["T1"].number == 2
    assert feed.patterns["R1#1"].stop_numbers == (1, 2, 3)
    assert extended.fare_table("R1#1").pattern == extended.patterns["R1#1"]


# -- what makes a trip the same


def edition(folder: Path, rename: str) -> Feed:
    """The sample feed as its next edition: every trip, service, route and block has another id."""
    folder.mkdir()
    for table in SAMPLE.glob("*.txt"):
        text = table.read_text("utf-8-sig")
        for old in ("HAKUHO", "NISHIWAKA", "HAIKARA", "平日", "土休日"):
            text = text.replace(old, f"{old}{rename}")
        (folder / table.name).write_text(text, "utf-8")
    return load_feed(folder)


def test_two_editions_with_other_trip_ids_need_no_new_numbers(tmp_path: Path) -> None:
    old, new = load_feed(SAMPLE), edition(tmp_path / "2027", "-x")
    assert not set(old.trips) & set(new.trips)
    register = old.register.extended(new)
    assert register.dumps() == old.register.dumps()
    numbered = new.numbered_by(old.register)
    assert [trip.number for trip in numbered.trips.values()] == [trip.number for trip in old.trips.values()]


def test_no_two_trips_of_a_feed_have_one_number() -> None:
    feed = load_feed(SAMPLE)
    assert sorted(trip.number for trip in feed.trips.values()) == list(range(1, len(feed.trips) + 1))


def numbers(folder: Path, register: Register, **tables: str | None) -> dict[str, int]:
    """The numbers of a small feed's trips by id, under a register extended with it."""
    feed = load(folder, **tables)
    return {key: trip.number for key, trip in feed.numbered_by(register.extended(feed)).trips.items()}


WEEK = TABLES["calendar.txt"]
OTHER_TRIPS = {
    "another route's name": {"routes": TABLES["routes.txt"].replace("山線", "海線")},
    "another first departure": {"stop_times": TABLES["stop_times.txt"].replace("8:00:00", "8:00:01")},
    "another stop": {"stops": TABLES["stops.txt"].replace("分校前", "本校前")},
    "a stop less": {"stop_times": TABLES["stop_times.txt"].replace("T1,8:10:00,8:11:00,b,2\n", "")},
    "other weekdays": {"calendar": WEEK.replace("1,1,1,1,1,1,1", "1,1,1,1,1,0,0")},
}


@pytest.mark.parametrize("change", OTHER_TRIPS)
def test_a_trip_that_differs_in_its_identity_has_a_new_number_although_its_id_is_old(
    tmp_path: Path, change: str
) -> None:
    register = load(tmp_path).register
    assert numbers(tmp_path, register, **OTHER_TRIPS[change]) == {"T1": 2}


SAME_TRIPS: dict[str, dict[str, str | None]] = {
    "a later time": {"stop_times": TABLES["stop_times.txt"].replace("8:20:00", "8:25:00")},
    "other dates": {"calendar": WEEK.replace("20260401,20260430", "20270401,20270930")},
    "days listed one by one": {
        "calendar": None,
        "calendar_dates": "service_id,date,exception_type\n"
        + "".join(f"毎日,202604{day:02},1\n" for day in range(6, 13))
        + "毎日,20260413,2\nほか,20260420,1\n",
    },
    "a week without days, and days added": {
        "calendar": WEEK.replace("1,1,1,1,1,1,1", "0,0,0,0,0,0,0"),
        "calendar_dates": "service_id,date,exception_type\n"
        + "".join(f"毎日,202604{day:02},1\n" for day in range(6, 13)),
    },
    "a day of its week removed": {"calendar_dates": "service_id,date,exception_type\n毎日,20260406,2\n"},
    "a headsign": {"trips": "route_id,service_id,trip_id,trip_headsign\nR1,毎日,T1,中央駅\n"},
}


@pytest.mark.parametrize("change", SAME_TRIPS)
def test_what_else_an_edition_changes_costs_no_number(tmp_path: Path, change: str) -> None:
    register = load(tmp_path).register
    assert numbers(tmp_path, register, **SAME_TRIPS[change]) == {"T1": 1}


def test_a_route_without_a_name_is_known_by_its_id(tmp_path: Path) -> None:
    nameless = "route_id,agency_id\nR1,A\n"
    register = load(tmp_path, routes=nameless).register
    assert numbers(tmp_path, register, routes=nameless) == {"T1": 1}
    other = {"routes": nameless.replace("R1", "R2"), "trips": TABLES["trips.txt"].replace("R1", "R2")}
    other["fare_rules"] = TABLES["fare_rules.txt"].replace("R1", "R2")
    assert numbers(tmp_path, register, **other) == {"T1": 2}


def test_trips_alike_are_told_apart_by_their_later_times(tmp_path: Path) -> None:
    one = CALLS + "T1,8:00:00,8:00:00,a,1\nT1,8:20:00,8:20:00,c,2\nT2,8:00:00,8:00:00,a,1\nT2,8:15:00,8:15:00,c,2\n"
    trips = TABLES["trips.txt"] + "R1,毎日,T2\n"
    register = load(tmp_path, trips=trips, stop_times=one).register
    assert numbers(tmp_path, register, trips=trips, stop_times=one) == {"T1": 1, "T2": 2}
    # The next edition has them in another order, and exchanges their ids.
    swapped = {"T1": "T2", "T2": "T1"}
    calls = CALLS + "".join(swapped[line[:2]] + line[2:] + "\n" for line in one.removeprefix(CALLS).splitlines())
    assert numbers(tmp_path, register, trips=trips, stop_times=calls) == {"T2": 1, "T1": 2}


def test_an_identity_can_be_read(tmp_path: Path) -> None:
    feed = load(tmp_path)
    digest = "566a546e2c77d64e"
    assert feed.trip_identities == {"T1": f"1111111 08:00:00 {digest} 1 1 山線"}


# -- from before trips had identities


def test_a_number_of_the_first_form_takes_the_identity_of_the_first_trip_of_its_id(tmp_path: Path) -> None:
    old = first_form(["T0", "T1"])
    feed = load(tmp_path)
    register = old.extended(feed)
    assert feed.numbered_by(register).trips["T1"].number == 2
    # Under another id it is still the same trip, and its old id means nothing any more.
    calls = TABLES["stop_times.txt"] + TABLES["stop_times.txt"].removeprefix(CALLS).replace("T1", "T2").replace(
        "8:", "9:"
    )
    calls = calls.replace("T1", "T3").replace("T2", "T1")
    trips = TABLES["trips.txt"].replace("T1", "T3") + "R1,毎日,T1\n"
    assert numbers(tmp_path, register, trips=trips, stop_times=calls) == {"T3": 2, "T1": 3}


def test_the_first_form_is_read_and_written_as_the_second() -> None:
    old = Register.loads("stop\t1\t朝日町\ntrip\t1\tT1\ntrip\t2\tT2\nend\t1\t2\n")
    assert old.dumps() == "register\t2\nstop\t1\t朝日町\ntrip-id\t1\tT1\ntrip-id\t2\tT2\nend\t1\t2\n"
    assert old.trip_number("T2", "遅い便") == 2
    new = old.extended(names([], {"T2": "遅い便", "T3": "新しい便"}))
    text = "register\t2\nstop\t1\t朝日町\ntrip-id\t1\tT1\ntrip\t2\t遅い便\ntrip\t3\t新しい便\nend\t1\t3\n"
    assert new.dumps() == text
    again = Register.loads(text)
    assert again.dumps() == text
    assert (again.trip_number("T1", "?"), again.trip_number("?", "遅い便")) == (1, 2)
    with pytest.raises(NotRegistered, match="no trip T2"):
        again.trip_number("T2", "早い便")


EDITIONS = st.lists(st.dictionaries(st.sampled_from(["T1", "T2", "T3"]), st.sampled_from("abcdef"), max_size=3))


@given(st.sampled_from([[], ["T1"], ["T3", "T1"]]), EDITIONS)
def test_no_number_is_ever_reused(old_ids: list[str], editions: list[dict[str, str]]) -> None:
    register = first_form(old_ids)
    meant: dict[str, int] = {}
    for trips in editions:
        distinct = {identity: trip_id for trip_id, identity in trips.items()}
        register = Register.loads(register.extended(names([], {at: of for of, at in distinct.items()})).dumps())
        for identity, trip_id in distinct.items():
            number = register.trip_number(trip_id, identity)
            assert meant.setdefault(identity, number) == number
        assert len(set(meant.values())) == len(meant)
        assert all(1 <= number <= len(old_ids) + len(meant) for number in meant.values())


# -- stops, limits, text


def test_new_ids_of_old_stops_keep_their_numbers(tmp_path: Path) -> None:
    register = load(tmp_path).register
    renamed = {key.removesuffix(".txt"): text for key, text in TABLES.items()}
    renamed["stops"] = "stop_id,stop_name\nx3,中央駅\nx2,分校前\nx1,朝日町\n"
    for old, new in (("a", "x1"), ("b", "x2"), ("c", "x3")):
        renamed["stop_times"] = renamed["stop_times"].replace(f"00,{old},", f"00,{new},")
    feed = load_feed(write(tmp_path / "new", **renamed), register)
    assert feed.patterns["R1#1"].stop_numbers == (1, 2, 3)


@pytest.mark.parametrize("number", [0, -1, 3])
def test_a_number_that_was_never_given_is_named(number: int) -> None:
    with pytest.raises(NotRegistered, match=f"no stop {number};"):
        Register.of(names(["朝日町", "分校前"], {})).stop_name(number)


@pytest.mark.parametrize("kind", ["stop", "trip"])
def test_the_last_number_is_65535(kind: str) -> None:
    many = [f"N{place}" for place in range(65_535)]
    full = Register.of(names(many, {}) if kind == "stop" else names([], dict(zip(many, many, strict=True))))
    last = full.stop_number("N65534") if kind == "stop" else full.trip_number("?", "N65534")
    assert last == 65_535
    full.extended(names(many[:3], {}) if kind == "stop" else names([], {"X": "N3"}))
    with pytest.raises(RegisterFull, match=f"no {kind} number left for 新") as caught:
        full.extended(names(["新"], {}) if kind == "stop" else names([], {"新": "新"}))
    assert caught.value.kind == kind
    text = full.dumps().replace("end\t65535", "stop\t65536\tX\nend\t65536")
    if kind == "stop":
        with pytest.raises(RegisterFull, match="no stop number left for X"):
            Register.loads(text)


def test_the_text_form_is_one_entry_a_line() -> None:
    text = Register.of(names(["朝日町", "分校 前"], {"T1": "早い便"})).dumps()
    assert text == "register\t2\nstop\t1\t朝日町\nstop\t2\t分校 前\ntrip\t1\t早い便\nend\t2\t1\n"
    assert Register.loads(text).dumps() == text
    assert Register.loads(Register().dumps()).dumps() == "register\t2\nend\t0\t0\n"
    assert Register.loads("end\t0\t0\n").dumps() == "register\t2\nend\t0\t0\n"


NAME = st.text(st.characters(exclude_characters="\t\n", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(NAME), st.lists(NAME, unique=True))
def test_text_and_register_are_one(stops: list[str], trips: list[str]) -> None:
    text = Register.of(names(stops, dict(enumerate(trips)))).dumps()  # type: ignore[arg-type]
    again = Register.loads(text)
    assert again.dumps() == text
    assert [again.stop_name(again.stop_number(name)) for name in stops] == stops
    assert [again.trip_number("", identity) for identity in trips] == list(range(1, len(trips) + 1))


BROKEN = [
    ("", 1),
    ("stop\t1\t朝日町\n", 1),
    ("stop\t1\t朝日町\nend\t1\t0", 2),
    ("stop\t1\t朝日町\nend\t2\t0\n", 2),
    ("stop\t1\t朝日町\nend\t1\t0\n\n", 2),
    ("stop\t2\t朝日町\nend\t1\t0\n", 1),
    ("stop\t01\t朝日町\nend\t1\t0\n", 1),
    ("stop\t1\t朝日町\nstop\t1\t分校前\nend\t2\t0\n", 2),
    ("stop\t1\t朝日町\nstop\t2\t朝日町\nend\t2\t0\n", 2),
    ("stop\t1\t\nend\t1\t0\n", 1),
    ("stop 1 朝日町\nend\t1\t0\n", 1),
    ("halt\t1\t朝日町\nend\t1\t0\n", 1),
    ("stop\t1\t朝日町\textra\nend\t1\t0\n", 1),
    ("stop\t1\t朝日町\r\nend\t1\t0\r\n", 2),
    # Only the second form has this kind, after its head.
    ("trip-id\t1\tT1\nend\t0\t1\n", 1),
]
OF_THE_SECOND_FORM = [
    ("register\t2\ntrip\t1\tX\ntrip-id\t1\tT1\nend\t0\t2\n", 3),
    ("register\t2\ntrip-id\t1\tT1\ntrip-id\t2\tT1\nend\t0\t2\n", 3),
    ("register\t2\ntrip-id\t1\tT1\nend\t0\t0\n", 3),
    ("register\t3\nend\t0\t0\n", 1),
    ("register\t2\nregister\t2\nend\t0\t0\n", 2),
    ("register\t2\n", 1),
]


@pytest.mark.parametrize(
    ("text", "line"),
    [*BROKEN, *((f"register\t2\n{text}", line + 1) for text, line in BROKEN[1:-1]), *OF_THE_SECOND_FORM],
)
def test_a_text_that_was_cut_or_edited_is_refused_by_line(text: str, line: int) -> None:
    with pytest.raises(RegisterBroken, match=f"^register, line {line}: ") as caught:
        Register.loads(text)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("stop 1 A\nend\t1\t0\n", "'stop 1 A' is not kind, number and name with tabs between"),
        ("stop\t1\tA\nstop\t2\tA\nend\t2\t0\n", "stop A is there twice"),
        ("stop\t1\tA\nstop\t3\tB\nend\t2\t0\n", "stop number 3 where 2 must follow"),
        ("stop\t1\tA\nend\t2\t0\n", "'end\\t2\\t0' where 'end\\t1\\t0' and a line end must be"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text: str, problem: str) -> None:
    with pytest.raises(RegisterBroken) as caught:
        Register.loads(text)
    line = f"register, line {caught.value.line}: "
    assert str(caught.value) == f"{line}{problem}; restore the last good copy, never edit numbers"

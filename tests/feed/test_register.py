"""The register: numbers that never change their meaning."""

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.feed import NotRegistered, Register, RegisterBroken, RegisterFull, load_feed
from tests.feed.small_feed import TABLES, load, write


class Names(NamedTuple):
    """As much of a feed as a register needs."""

    stop_names: dict[str, str]
    trips: dict[str, object]


def names(stops: list[str], trips: list[str]) -> Names:
    """Stops of these names, and trips."""
    return Names({f"S{place}": name for place, name in enumerate(stops)}, dict.fromkeys(trips))


def test_numbers_are_given_in_order_and_once_a_name() -> None:
    register = Register.of(names(["朝日町", "分校前", "朝日町", "中央駅"], ["T2", "T1"]))
    assert [register.stop_number(name) for name in ("朝日町", "分校前", "中央駅")] == [1, 2, 3]
    assert [register.trip_number(trip_id) for trip_id in ("T2", "T1")] == [1, 2]
    assert register.stop_name(3) == "中央駅"


def test_an_extension_keeps_every_old_number() -> None:
    old = Register.of(names(["朝日町", "分校前"], ["T1"]))
    new = old.extended(names(["新駅", "分校前"], ["T9"]))
    assert [new.stop_number(name) for name in ("朝日町", "分校前", "新駅")] == [1, 2, 3]
    assert [new.trip_number(trip_id) for trip_id in ("T1", "T9")] == [1, 2]
    # The old one is as it was.
    with pytest.raises(NotRegistered, match="no stop 新駅"):
        old.stop_number("新駅")


def test_a_feed_is_renumbered_without_being_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "feed")
    old = Register(["終点", "中央駅"], ["T0"])
    with pytest.raises(NotRegistered, match="no trip T1; extend the register"):
        load_feed(path, old)
    feed = load_feed(path)
    extended = feed.numbered_by(old.extended(feed))
    assert extended.patterns["R1#1"].stop_numbers == (3, 4, 2)
    assert extended.trips["T1"].number == 2
    assert feed.patterns["R1#1"].stop_numbers == (1, 2, 3)
    assert extended.fare_table("R1#1").pattern == extended.patterns["R1#1"]


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
        Register(["朝日町", "分校前"]).stop_name(number)


@pytest.mark.parametrize("kind", ["stop", "trip"])
def test_the_last_number_is_65535(kind: str) -> None:
    many = [f"N{place}" for place in range(65_535)]
    full = Register(many if kind == "stop" else [], many if kind == "trip" else [])
    assert (full.stop_number if kind == "stop" else full.trip_number)("N65534") == 65_535
    full.extended(names(many[:3], many[:3]))
    with pytest.raises(RegisterFull, match=f"no {kind} number left for 新") as caught:
        full.extended(names(["新"], ["新"]))
    assert caught.value.kind == kind


def test_the_text_form_is_one_entry_a_line() -> None:
    text = Register(["朝日町", "分校 前"], ["T1"]).dumps()
    assert text == "stop\t1\t朝日町\nstop\t2\t分校 前\ntrip\t1\tT1\nend\t2\t1\n"
    assert Register.loads(text).dumps() == text
    assert Register.loads(Register().dumps()).dumps() == "end\t0\t0\n"


NAME = st.text(st.characters(exclude_characters="\t\n", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(NAME), st.lists(NAME))
def test_text_and_register_are_one(stops: list[str], trips: list[str]) -> None:
    text = Register(stops, trips).dumps()
    again = Register.loads(text)
    assert again.dumps() == text
    assert [again.stop_name(again.stop_number(name)) for name in stops] == stops


@pytest.mark.parametrize(
    ("text", "line"),
    [
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
    ],
)
def test_a_text_that_was_cut_or_edited_is_refused_by_line(text: str, line: int) -> None:
    with pytest.raises(RegisterBroken, match=f"^register, line {line}: ") as caught:
        Register.loads(text)
    assert caught.value.line == line

"""Where stops are: stop_lat and stop_lon of stops.txt, which a feed may leave out."""

from pathlib import Path

import pytest

from farebox.feed import Place
from tests.farebox.bus import DUTY
from tests.feed.small_feed import broken, load, write

STOPS = "stop_id,stop_name,zone_id,stop_lat,stop_lon,location_type,parent_station\n"


def places(tmp_path: Path, rows: str) -> tuple[Place | None, ...]:
    return load(tmp_path, stops=STOPS + rows).places("R1#1")


def test_stops_have_their_places_in_the_patterns_order(tmp_path: Path) -> None:
    rows = "c,中央駅,Zc,37.5,140,,\nb,分校前,Zb,37.25,-140.125,,\na,朝日町,Za,37.0,140.0,,\n"
    assert places(tmp_path, rows) == (Place(37.0, 140.0), Place(37.25, -140.125), Place(37.5, 140.0))


@pytest.mark.parametrize(
    "blank", ["a,朝日町,Za,,,,", "a,朝日町,Za,37.0,,,", "a,朝日町,Za,,140.0,,", "a,朝日町,Za,0,0.0,,"]
)
def test_a_place_that_is_not_told_is_none(tmp_path: Path, blank: str) -> None:
    found = places(tmp_path, f"{blank}\nb,分校前,Zb,37.25,140,,\nc,中央駅,Zc,37.5,140,,\n")
    assert found == (None, Place(37.25, 140.0), Place(37.5, 140.0))


def test_a_feed_without_the_columns_has_no_places(tmp_path: Path) -> None:
    assert load(tmp_path).places("R1#1") == (None, None, None)


def test_a_pole_without_a_place_of_its_own_is_where_its_stop_is(tmp_path: Path) -> None:
    rows = "A,朝日町,,37.0,140.0,1,\na,,Za,,,0,A\nb,分校前,Zb,37.25,140,,\nc,中央駅,Zc,37.5,140,,\n"
    assert places(tmp_path, rows)[0] == Place(37.0, 140.0)


@pytest.mark.parametrize(
    ("latitude", "longitude", "column"),
    [
        ("91", "140", "stop_lat"),
        ("37N", "140", "stop_lat"),
        ("nan", "140", "stop_lat"),
        ("1e1", "140", "stop_lat"),
        ("３７", "140", "stop_lat"),
        ("37", "180.5", "stop_lon"),
        ("37", "140,5", "stop_lon"),
    ],
)
def test_what_is_no_place_is_refused_by_line_and_column(
    tmp_path: Path, latitude: str, longitude: str, column: str
) -> None:
    rows = f'b,分校前,Zb,,,,\na,朝日町,Za,{latitude},"{longitude}",,\nc,中央駅,Zc,,,,\n'
    fault = broken(write(tmp_path / "small", stops=STOPS + rows))
    assert (fault.file, fault.line, fault.column) == ("stops.txt", 3, column)


def test_every_stop_of_the_sample_feed_has_a_place() -> None:
    assert all(place for pattern_id in DUTY.feed.patterns for place in DUTY.feed.places(pattern_id))

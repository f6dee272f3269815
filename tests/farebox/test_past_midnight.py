"""Trips by their service day, which midnight does not end (GEN-5): what is offered, and what a restart goes on with."""

from datetime import timedelta
from pathlib import Path

import pytest

from farebox.box import Box
from farebox.console import protocol as words
from farebox.console import view
from farebox.duty import Duty
from farebox.result import Side
from tariff.calendar import midnight_in_japan_s
from tests.farebox.bus import DAY, Bus, noruca
from tests.farebox.field_bench import FieldBench
from tests.farebox.station_line import FARES_YEN, line_feed
from tests.farebox.test_box import Wheel

MIDNIGHT_S = midnight_in_japan_s(DAY + timedelta(days=1))
"""T0 runs from 23:00 to 23:02, T1 from 24:00 to 24:02."""


@pytest.fixture
def duty(tmp_path: Path) -> Duty:
    return line_feed(tmp_path, first_hour=23)


@pytest.mark.parametrize(
    ("trip_id", "minutes", "days"),
    [
        ("T1", -600, 0),
        ("T1", -1, 0),  # yet to leave, on the next day
        ("T1", 0, 0),
        ("T1", 62, 0),  # an hour late
        ("T1", 63, 1),
        ("T0", -3, 0),
        ("T0", 2, 0),
        ("T0", 3, 1),
    ],
)
def test_gen_5_a_trip_is_of_the_day_on_which_it_left(duty: Duty, trip_id: str, minutes: int, days: int) -> None:
    at_s = MIDNIGHT_S + 60 * minutes
    assert duty.day_of(duty.feed.trips[trip_id], at_s) == DAY + timedelta(days=days)


def test_after_midnight_the_trips_of_the_day_before_are_offered_too_and_none_twice(duty: Duty) -> None:
    def offered(minutes: int) -> list[str]:
        return [offer.trip_id for offer in view.offers(duty, MIDNIGHT_S + 60 * minutes)]

    assert offered(-60) == ["T0", "T1"]
    assert offered(-1) == ["T0", "T1"]
    assert offered(1) == ["T1"]  # T0 left an hour ago, and is over; today's is offered when yesterday's can't be late
    assert offered(3) == ["T1", "T0"]
    assert offered(63) == ["T0", "T1"]


def test_of_too_many_trips_those_that_leave_nearest_to_now_are_offered(
    duty: Duty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "MOST_OFFERS", 1)
    assert [offer.trip_id for offer in view.offers(duty, MIDNIGHT_S - 60)] == ["T1"]


def test_gen_7_who_boarded_before_midnight_is_known_after_a_restart(tmp_path: Path, duty: Duty) -> None:
    card = noruca(2_000)
    with Bus(tmp_path, FieldBench()) as bus:
        wheel, sides = Wheel(), (Side.BOARDING, Side.ALIGHTING)
        box = Box(bus.terminal, sides, duty, bus.clock, wheel, bus.recent, bus.duty, simulated=True)
        bus.clock.reach(MIDNIGHT_S - 120)
        assert box.obey(words.BeginTrip("T1")) is None
        bus.board(card)
        assert box.obey(words.EndTrip()) is None
        bus.clock.reach(MIDNIGHT_S + 60)
        assert box.obey(words.BeginTrip("T1")) is None
        assert box.obey(words.GoToStop(1)) is None
        assert bus.alight(card).taken_yen == FARES_YEN[1]

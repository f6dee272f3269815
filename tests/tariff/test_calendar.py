"""Days in Japan (GEN-5): the calendar date in Japan of a time, whatever the day is in UTC."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariff.calendar import clock_in_japan, day_in_japan, midnight_in_japan_s

JAPAN = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("at", "day", "clock"),
    [
        ("2026-11-20T14:59:59Z", date(2026, 11, 20), "23:59:59"),
        ("2026-11-20T15:00:00Z", date(2026, 11, 21), "00:00:00"),
        ("2026-12-31T15:00:00Z", date(2027, 1, 1), "00:00:00"),
        ("2028-02-28T15:00:00Z", date(2028, 2, 29), "00:00:00"),
        ("2028-02-29T15:00:00Z", date(2028, 3, 1), "00:00:00"),
        ("2027-02-28T15:00:00Z", date(2027, 3, 1), "00:00:00"),
        ("1970-01-01T00:00:00Z", date(1970, 1, 1), "09:00:00"),
        # No summer time in Japan.
        ("2026-07-01T00:00:00Z", date(2026, 7, 1), "09:00:00"),
    ],
)
def test_gen_5_the_day_turns_at_midnight_in_japan(at: str, day: date, clock: str) -> None:
    at_s = int(datetime.fromisoformat(at).timestamp())
    assert (day_in_japan(at_s), clock_in_japan(at_s)) == (day, clock)


@given(at=st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 31), timezones=st.just(UTC)))
def test_gen_5_agrees_with_the_standard_library(at: datetime) -> None:
    at_s = int(at.timestamp())
    in_japan = at.astimezone(JAPAN)
    assert day_in_japan(at_s) == in_japan.date()
    assert clock_in_japan(at_s) == in_japan.strftime("%H:%M:%S")


@given(day=st.dates(date(1970, 1, 2), date(2099, 12, 31)))
def test_gen_5_midnight_is_the_first_second_of_its_day(day: date) -> None:
    midnight_s = midnight_in_japan_s(day)
    assert day_in_japan(midnight_s) == day
    assert day_in_japan(midnight_s - 1) == day - timedelta(days=1)

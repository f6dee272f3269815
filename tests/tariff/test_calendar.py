"""Days in Japan: the date of a time whatever the day is in UTC (GEN-5), ages, periods and windows of days."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariff.calendar import (
    Holidays,
    attained_on,
    clock_in_japan,
    day_in_japan,
    has_attained,
    midnight_in_japan_s,
    months_on,
    period_end,
    portal_sale_days,
    primary_school_end,
    primary_school_start,
    sale_days,
    slip_days,
    whole_months_and_days,
)

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
def test_gen_5_faults_26_the_day_turns_at_midnight_in_japan(at: str, day: date, clock: str) -> None:
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


# -- ages (GEN-16)


@pytest.mark.parametrize(
    ("birth", "age", "attained"),
    [
        (date(2014, 4, 1), 12, date(2026, 3, 31)),
        (date(2014, 4, 2), 12, date(2026, 4, 1)),
        (date(2014, 1, 1), 12, date(2025, 12, 31)),
        (date(2014, 3, 1), 12, date(2026, 2, 28)),
        (date(2012, 3, 1), 12, date(2024, 2, 29)),
        (date(2012, 2, 29), 12, date(2024, 2, 28)),
        (date(2012, 2, 29), 13, date(2025, 2, 28)),
        (date(2012, 2, 28), 12, date(2024, 2, 27)),
        (date(1961, 11, 20), 65, date(2026, 11, 19)),
    ],
)
def test_gen_16_an_age_is_attained_the_day_before_the_birthday(birth: date, age: int, attained: date) -> None:
    assert attained_on(birth, age) == attained
    assert has_attained(birth, age, attained)
    assert not has_attained(birth, age, attained - timedelta(days=1))


@pytest.mark.parametrize(
    ("birth", "start", "end"),
    [
        (date(2014, 4, 1), date(2020, 4, 1), date(2026, 3, 31)),
        (date(2014, 4, 2), date(2021, 4, 1), date(2027, 3, 31)),
        (date(2014, 3, 31), date(2020, 4, 1), date(2026, 3, 31)),
        (date(2014, 12, 31), date(2021, 4, 1), date(2027, 3, 31)),
        (date(2015, 1, 1), date(2021, 4, 1), date(2027, 3, 31)),
        (date(2012, 2, 29), date(2018, 4, 1), date(2024, 3, 31)),
    ],
)
def test_gen_16_faults_26_primary_school_ends_on_the_31_march_on_or_after_attaining_12(
    birth: date, start: date, end: date
) -> None:
    assert (primary_school_start(birth), primary_school_end(birth)) == (start, end)


@given(birth=st.dates(date(1930, 1, 1), date(2050, 12, 31)), age=st.integers(1, 100))
def test_gen_16_an_age_is_attained_once_a_year(birth: date, age: int) -> None:
    assert 364 <= (attained_on(birth, age + 1) - attained_on(birth, age)).days <= 366
    assert primary_school_end(birth).year - primary_school_start(birth).year == 6


# -- periods (GEN-16)


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        (date(2024, 8, 20), 1, date(2024, 9, 19)),
        (date(2024, 9, 20), 1, date(2024, 10, 19)),
        (date(2026, 4, 1), 1, date(2026, 4, 30)),
        (date(2026, 4, 1), 12, date(2027, 3, 31)),
        (date(2026, 12, 1), 1, date(2026, 12, 31)),
        (date(2026, 12, 15), 1, date(2027, 1, 14)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 1, 28), 1, date(2027, 2, 27)),
        (date(2027, 1, 29), 1, date(2027, 2, 28)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 29), 1, date(2028, 2, 28)),
        (date(2028, 1, 30), 1, date(2028, 2, 29)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 1, date(2028, 3, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 5, 31), 1, date(2026, 6, 30)),
    ],
)
def test_gen_16_a_period_ends_the_day_before_the_same_day(first: date, months: int, last: date) -> None:
    assert period_end(first, months) == last
    assert whole_months_and_days(first, last) == (months, 0)


@pytest.mark.parametrize(
    ("day", "months", "same_day"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 20), 1, date(2026, 12, 20)),
        (date(2026, 11, 20), 2, date(2027, 1, 20)),
        (date(2026, 11, 20), 13, date(2027, 12, 20)),
        (date(2026, 11, 20), 0, date(2026, 11, 20)),
        (date(2026, 11, 20), -11, date(2025, 12, 20)),
    ],
)
def test_gen_16_months_on_is_the_same_day_or_the_months_last(day: date, months: int, same_day: date) -> None:
    assert months_on(day, months) == same_day


@pytest.mark.parametrize(
    ("first", "last", "months_and_days"),
    [
        (date(2026, 8, 25), date(2026, 12, 31), (4, 7)),
        (date(2026, 4, 1), date(2026, 4, 1), (0, 1)),
        (date(2026, 4, 1), date(2026, 4, 29), (0, 29)),
        (date(2026, 4, 1), date(2026, 5, 1), (1, 1)),
        (date(2026, 4, 10), date(2026, 5, 8), (0, 29)),
        (date(2026, 1, 31), date(2026, 3, 1), (1, 1)),
        (date(2026, 1, 1), date(2026, 3, 31), (3, 0)),
        (date(2026, 12, 25), date(2027, 1, 31), (1, 7)),
    ],
)
def test_azf_30_days_beyond_whole_months_are_odd_days(
    first: date, last: date, months_and_days: tuple[int, int]
) -> None:
    assert whole_months_and_days(first, last) == months_and_days


def test_azf_30_a_period_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match=r"^a period from 2026-04-02 to 2026-04-01$"):
        whole_months_and_days(date(2026, 4, 2), date(2026, 4, 1))


@given(first=st.dates(date(2020, 1, 1), date(2030, 12, 31)), length=st.integers(0, 800))
def test_azf_30_months_and_odd_days_together_are_the_period(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    months, days = whole_months_and_days(first, last)
    assert period_end(first, months) + timedelta(days=days) == last
    assert period_end(first, months + 1) > last
    assert 0 <= days <= 30


# -- windows of days (GEN-19)


def test_gen_19_sale_begins_so_many_days_before_and_ends_on_the_first_day() -> None:
    assert sale_days(date(2028, 3, 5), 7) == (date(2028, 2, 27), date(2028, 3, 5))
    assert sale_days(date(2027, 3, 5), 14) == (date(2027, 2, 19), date(2027, 3, 5))
    assert sale_days(date(2026, 11, 20), 0) == (date(2026, 11, 20), date(2026, 11, 20))


def test_gen_19_the_portal_sells_until_the_day_before() -> None:
    assert portal_sale_days(date(2028, 3, 1), 7) == (date(2028, 2, 23), date(2028, 2, 29))


def test_gen_19_a_slip_is_good_from_the_day_after_the_application_for_14_days() -> None:
    assert slip_days(date(2028, 2, 28), 14) == (date(2028, 2, 29), date(2028, 3, 13))
    assert slip_days(date(2026, 12, 31), 1) == (date(2027, 1, 1), date(2027, 1, 1))


# -- holidays (GEN-20)

HOLIDAYS = Holidays(
    national=frozenset({date(2026, 11, 23), date(2026, 9, 22)}),
    own_dates=frozenset({date(2026, 8, 13)}),
    own_month_days=frozenset({(12, 31), (2, 29)}),
)


@pytest.mark.parametrize(
    ("day", "holiday"),
    [
        (date(2026, 11, 20), False),
        (date(2026, 11, 21), True),
        (date(2026, 11, 22), True),
        (date(2026, 11, 23), True),
        (date(2026, 11, 24), False),
        (date(2026, 9, 22), True),  # a citizens' holiday (国民の休日), between two others
        (date(2026, 8, 13), True),
        (date(2027, 8, 13), False),
        (date(2026, 12, 31), True),
        (date(2027, 12, 31), True),
        (date(2026, 12, 30), False),
        (date(2028, 2, 29), True),
        (date(2027, 3, 1), False),
    ],
)
def test_gen_20_faults_26_saturday_sunday_national_holidays_and_the_operators_own(day: date, holiday: bool) -> None:
    assert HOLIDAYS.has(day) is holiday

"""Days in Japan: dates of taps, ages, periods and windows of days (GEN-5, GEN-16, GEN-19, GEN-20).

The time of a tap is an argument, whole seconds since 1970 in UTC; Japan is UTC+9, no summer time.
"""

from datetime import date, timedelta
from typing import NamedTuple

_JST_S = 9 * 3_600
_DAY_S = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_ONE_DAY = timedelta(days=1)


def day_in_japan(at_s: int) -> date:
    """The calendar date in Japan at a time (GEN-5)."""
    return date.fromordinal(_EPOCH + (at_s + _JST_S) // _DAY_S)


def midnight_in_japan_s(day: date) -> int:
    """When a calendar date begins in Japan, in seconds since 1970 in UTC."""
    return (day.toordinal() - _EPOCH) * _DAY_S - _JST_S


def clock_in_japan(at_s: int) -> str:
    """Time of day in Japan as HH:MM:SS, for people."""
    second = (at_s + _JST_S) % _DAY_S
    return f"{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}"


class Holidays(NamedTuple):
    """Days on which holiday rules hold (GEN-20): Saturday, Sunday, national holidays, and the operator's own.

    `national` comes in as an argument (farebox.feed.holidays has it); `own_dates` and `own_month_days` (month, day of
    every year) are the operator file's.
    """

    national: frozenset[date]
    own_dates: frozenset[date]
    own_month_days: frozenset[tuple[int, int]]

    def has(self, day: date) -> bool:
        """Whether a calendar date is a holiday."""
        return (
            day.weekday() >= 5
            or day in self.national
            or day in self.own_dates
            or (day.month, day.day) in self.own_month_days
        )


# -- ages (GEN-16)


def attained_on(birth: date, age: int) -> date:
    """The day on which an age is attained: the day before the birthday; born 29 February, always 28 February."""
    if (birth.month, birth.day) == (2, 29):
        return date(birth.year + age, 2, 28)
    return date(birth.year + age, birth.month, birth.day) - _ONE_DAY


def has_attained(birth: date, age: int, day: date) -> bool:
    """Whether a person is of an age or over on a day (GEN-16)."""
    return attained_on(birth, age) <= day


def primary_school_start(birth: date) -> date:
    """The 1 April on which primary school begins: the day after the school year in which 6 is attained."""
    return _school_year_end(attained_on(birth, 6)) + _ONE_DAY


def primary_school_end(birth: date) -> date:
    """The last day of primary school, and of a child's card: the first 31 March on or after attaining 12 (LOC-2)."""
    return _school_year_end(attained_on(birth, 12))


def _school_year_end(day: date) -> date:
    """The first 31 March on or after a day."""
    end = date(day.year, 3, 31)
    return end if day <= end else date(day.year + 1, 3, 31)


# -- periods of months (GEN-16)


def months_on(day: date, months: int) -> date:
    """The same day a number of months on; where that day does not exist, that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, _last_of(year, month + 1)))


def _last_of(year: int, month: int) -> int:
    """The last day of a month."""
    return 31 if month == 12 else (date(year, month + 1, 1) - _ONE_DAY).day


def period_end(first: date, months: int) -> date:
    """The last day of a period: the day before the same day so many months on.

    Where that day does not exist, that month's last day: 31 January and one month is the last day of February.
    """
    same_day = months_on(first, months)
    return same_day - _ONE_DAY if same_day.day == first.day else same_day


def whole_months_and_days(first: date, last: date) -> tuple[int, int]:
    """A period, both days in, as whole months and the days left over (AZF-30).

    ValueError if it ends before it begins.
    """
    if last < first:
        raise ValueError(f"a period from {first} to {last}")
    months = (last.year - first.year) * 12 + last.month - first.month
    if period_end(first, months + 1) <= last:
        months += 1
    elif period_end(first, months) > last:
        months -= 1
    return months, (last - period_end(first, months)).days


# -- windows of days (GEN-19); each as its first and last day, both in


def sale_days(first_day: date, days_before: int) -> tuple[date, date]:
    """When something valid from a first day is sold at the counter: so many days before it, until that day itself."""
    return first_day - timedelta(days=days_before), first_day


def portal_sale_days(first_day: date, days_before: int) -> tuple[date, date]:
    """When it is sold in the portal: until the day before, for a card learns of it from the next day on (PRT-5)."""
    return first_day - timedelta(days=days_before), first_day - _ONE_DAY


def slip_days(application: date, days: int) -> tuple[date, date]:
    """When a reissue slip is good: within so many days from the day after the application (LOC-16, IGP-21)."""
    return application + _ONE_DAY, application + timedelta(days=days)

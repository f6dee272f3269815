"""Days in Japan. The time of a tap is an argument, whole seconds since 1970 in UTC; Japan is UTC+9, no summer time."""

from datetime import date

_JST_S = 9 * 3_600
_DAY_S = 86_400
_EPOCH = date(1970, 1, 1).toordinal()


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

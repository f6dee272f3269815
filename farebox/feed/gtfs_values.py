"""Single values of GTFS tables, from text. All raise ValueError saying what to do."""

import re
from datetime import date
from functools import lru_cache

# [0-9] and not \d, which takes full-width digits too.
_TIME = re.compile(r"([0-9]{1,2}):([0-5][0-9]):([0-5][0-9])")
_PRICE = re.compile(r"([0-9]{1,5})(\.0+)?")
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_COUNT = re.compile(r"[0-9]{1,9}")
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{0,20})?")
_LATEST_HOUR = 48


@lru_cache(maxsize=4096)
def time_s(text: str) -> int:
    """`6:05:00` or `25:10:00` in seconds since the service day's start, up to 48 hours (GTFS, field type Time)."""
    match = _TIME.fullmatch(text)
    if not match or int(match[1]) >= _LATEST_HOUR:
        raise ValueError(f"{text!r} is not a time before {_LATEST_HOUR}:00:00; write it as 25:10:00")
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])


def day(text: str) -> date:
    """`20260401` as a date (GTFS, field type Date)."""
    match = _DATE.fullmatch(text)
    if match:
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            pass
    raise ValueError(f"{text!r} is not a date; write it as 20260401")


def price_yen(text: str) -> int:
    """`210` or `210.00` as whole yen, 0 to 99,999; never rounds (GEN-1)."""
    match = _PRICE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a price in whole yen up to 99999; write it as 210")
    return int(match[1])


def count(text: str) -> int:
    """A whole number from 0 (GTFS, field type Non-negative integer)."""
    if not _COUNT.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number; write it as 1")
    return int(text)


def flag(text: str) -> bool:
    """`0` or `1`."""
    if text not in ("0", "1"):
        raise ValueError(f"{text!r} is neither 0 nor 1; write one of them")
    return text == "1"


def permits(text: str) -> bool:
    """pickup_type or drop_off_type: only 1 forbids; 2 (phone) and 3 (ask the driver) permit, as 0 or blank do."""
    if text not in ("", "0", "1", "2", "3"):
        raise ValueError(f"{text!r} is not one of 0, 1, 2, 3; write one of them")
    return text != "1"


def latitude_deg(text: str) -> float:
    """Degrees from -90 to 90 (GTFS, field type Latitude)."""
    return _degrees(text, 90, "latitude")


def longitude_deg(text: str) -> float:
    """Degrees from -180 to 180 (GTFS, field type Longitude)."""
    return _degrees(text, 180, "longitude")


def _degrees(text: str, most: int, what: str) -> float:
    if not _DEGREES.fullmatch(text) or abs(float(text)) > most:
        raise ValueError(f"{text!r} is no {what} from -{most} to {most}; write it in degrees, as 37.124")
    return float(text)

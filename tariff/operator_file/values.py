"""How a value of an operator file is read: TOML -> what the Rulebook holds, or what it must be and is not."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, time
from typing import Any

NOT_CONFIGURED = "not configured"
"""What no source states (GEN-17)."""

NONE = "none"
"""What an operator does not have."""

Read = Callable[[Any], Any]
"""TOML value -> value of the Rulebook; raises Wrong with what it must be."""


class Wrong(ValueError):
    """What a value must be and is not."""


# -- single values


def text(value: Any) -> str:
    """Any text but an empty one."""
    if not isinstance(value, str) or not value:
        raise Wrong("must be a text")
    return value


def switch(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise Wrong("must be true or false")
    return value


def day(value: Any) -> date:
    """A date, without a time of day."""
    if type(value) is not date:
        raise Wrong("must be a date like 2026-04-01")
    return value


def month_day(value: Any) -> tuple[int, int]:
    """(month, day) of every year."""
    # In a year without 29 February: what is said of every year must be a day in every year.
    try:
        found = date.fromisoformat(f"2001-{value}") if re.fullmatch(r"[0-9]{2}-[0-9]{2}", str(value)) else None
    except ValueError:
        found = None
    if found is None:
        raise Wrong('must be a day of every year, month and day, like "04-01"')
    return found.month, found.day


def clock_s(value: Any) -> int:
    """A time of day -> seconds since midnight."""
    if not isinstance(value, time) or value.microsecond:
        raise Wrong("must be a time of day like 10:00:00")
    return value.hour * 3_600 + value.minute * 60 + value.second


def rule(value: Any) -> str:
    """The number of a rule."""
    if not isinstance(value, str) or not re.fullmatch(r"(GEN|PASS|LOC|IGP|NOR|AZF|AUT)-[1-9][0-9]*", value):
        raise Wrong("must be the number of a rule, like AZF-31")
    return value


def whole(low: int, high: int) -> Read:
    """An int from `low` to `high`, both in."""

    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Wrong(f"must be a whole number from {low} to {high}")
        return value

    return read


def one_of(words: Collection[str]) -> Read:
    """A word of a closed list."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise Wrong(f"must be one of {', '.join(words)}")
        return value

    return read


# -- values made of others


def or_word(word: str, read: Read) -> Read:
    """None where the file says the word."""

    def read_or_word(value: Any) -> Any:
        if value == word:
            return None
        try:
            return read(value)
        except Wrong as wrong:
            raise Wrong(f'{wrong}; or "{word}"') from None

    return read_or_word


def list_of(read: Read, least: int = 0) -> Read:
    """A list, each once -> tuple."""

    def read_list(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Wrong("must be a list")
        if len(value) < least:
            raise Wrong(f"must hold at least {least}")
        try:
            found = tuple(read(item) for item in value)
        except Wrong as wrong:
            raise Wrong(f"must be a list in which each {wrong}") from None
        if len(set(found)) < len(found):
            raise Wrong("must name each once")
        return found

    return read_list


def set_of(read: Read, least: int = 0) -> Read:
    """A list, each once -> frozenset."""
    read_list = list_of(read, least)
    return lambda value: frozenset(read_list(value))


def ascending(read: Read, least: int = 0) -> Read:
    """A list, each once and above the one before -> tuple."""
    read_list = list_of(read, least)

    def read_ascending(value: Any) -> tuple[Any, ...]:
        found: tuple[Any, ...] = read_list(value)
        if list(found) != sorted(found):
            raise Wrong("must ascend")
        return found

    return read_ascending


def pair(first: Read, second: Read) -> Read:
    """A list of two -> tuple."""

    def read(value: Any) -> tuple[Any, Any]:
        if not isinstance(value, list) or len(value) != 2:
            raise Wrong("must be a pair")
        return first(value[0]), second(value[1])

    return read


def table(keys: Mapping[str, Read]) -> Read:
    """An inline table with these keys and no others -> its values in this order."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, dict) or set(value) != set(keys):
            raise Wrong(f"must be a table with {', '.join(keys)}, and nothing else")
        found = []
        for key, read_key in keys.items():
            try:
                found.append(read_key(value[key]))
            except Wrong as wrong:
                raise Wrong(f"{key} {wrong}") from None
        return tuple(found)

    return read


def by_first(read: Read) -> Read:
    """Pairs whose first numbers ascend, each once."""

    def read_by_first(value: Any) -> tuple[tuple[int, int], ...]:
        found: tuple[tuple[int, int], ...] = ascending(read)(value)
        if len({first for first, _ in found}) < len(found):
            raise Wrong("must name each once")
        return found

    return read_by_first

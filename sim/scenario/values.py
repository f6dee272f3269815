"""The values that a scenario file may hold, and their bounds: from TOML's to the tables of sim/scenario/schema.py."""

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any

from cattrs import Converter
from cattrs.cols import homogenous_tuple_structure_factory, is_mapping, mapping_structure_factory
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from sim.scenario.schema import When

MOST_YEN = 1_000_000
_FIRST_YEAR, _LAST_YEAR = 2016, 2080
_MOST_CHARS = 4_000
_MOST_ENTRIES = 2_000


def _text(value: object, _: type) -> str:
    if type(value) is not str or not value.strip():
        raise TypeError(f"{_short(value)} is not a text; put it in quotes")
    if len(value) > _MOST_CHARS:
        raise ValueError(f"a text of {len(value)} characters; at most {_MOST_CHARS}")
    return value


def _whole(value: object, _: type) -> int:
    if type(value) is not int or not 0 <= value <= MOST_YEN:
        raise TypeError(f"{_short(value)} is not a whole number from 0 to {MOST_YEN:,}, without quotes")
    return value


def _switch(value: object, _: type) -> bool:
    if type(value) is not bool:
        raise TypeError(f"{_short(value)} is not true or false")
    return value


def _day(value: object, _: type) -> date:
    if type(value) is not date:
        raise TypeError(f"{_short(value)} is not a date; write it as 2026-11-20, without quotes")
    return _of_our_time(value)


def _of_our_time(day: date) -> date:
    """Within what operator files and cards know."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"{day}: a day from {_FIRST_YEAR} to {_LAST_YEAR}")
    return day


def _clock(value: object, _: type) -> time:
    if type(value) is not time:
        raise TypeError(f"{_short(value)} is not a time; write it as 08:00:00, without quotes")
    return value


def _moment(value: object, _: type) -> datetime:
    if type(value) is not datetime or value.tzinfo is not None:
        raise TypeError(f"{_short(value)} is not a date and time; write it as 2026-11-20T08:00:00, without a zone")
    _of_our_time(value.date())
    return value


def _when(value: object, _: type) -> When:
    if type(value) is time:
        return When(None, value)
    if type(value) is datetime and value.tzinfo is None:
        return When(_of_our_time(value.date()), value.time())
    raise TypeError(f"{_short(value)} is not a time; write it as 08:00:00 or 2026-11-20T08:00:00, without quotes")


def _fare(value: object, _: type) -> int | str:
    if value == "-":
        return "-"
    return _whole(value, int)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


_Hook = Callable[[Any, Any], Any]


def _bounded(plain: _Hook, kind: type, what: str) -> _Hook:
    def structure(value: object, asked: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{_short(value)} is not {what}")
        if len(value) > _MOST_ENTRIES:  # type: ignore[arg-type]  # a list or a table
            raise ValueError(f"{len(value)} entries; at most {_MOST_ENTRIES}")  # type: ignore[arg-type]
        return plain(value, asked)

    return structure


def _converter() -> Converter:
    made = Converter(forbid_extra_keys=True)
    hooks: tuple[tuple[Any, _Hook], ...] = (
        *((str, _text), (int, _whole), (bool, _switch), (int | str, _fare)),
        *((date, _day), (time, _clock), (datetime, _moment), (When, _when)),
    )
    for kind, hook in hooks:
        made.register_structure_hook(kind, hook)

    @made.register_structure_hook_factory(is_dataclass)
    def _tables(kind: Any, converter: Converter) -> _Hook:
        renamed = {one.name: override(rename=one.name[:-1]) for one in fields(kind) if one.name.endswith("_")}
        plain: Any = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True, **renamed)  # type: ignore[arg-type]
        return _bounded(plain, dict, "a table")

    @made.register_structure_hook_factory(is_mapping)
    def _by_name(kind: Any, converter: Converter) -> _Hook:
        return _bounded(mapping_structure_factory(kind, converter), dict, "a table")

    @made.register_structure_hook_factory(_is_list)
    def _lists(kind: Any, converter: Converter) -> _Hook:
        return _bounded(homogenous_tuple_structure_factory(kind, converter), list, "a list; put it in [ ]")

    return made


def _is_list(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is tuple


CONVERTER = _converter()


def why(error: BaseException, asked: type | None) -> str:
    """What is wrong with a value, for whoever wrote it."""
    match error:
        case KeyError():
            return "missing"
        case ForbiddenExtraKeysError():
            known = [one.name.removesuffix("_") for one in fields(error.cl)] if is_dataclass(error.cl) else []
            return "; ".join(f"{name}: no such key{near(name, known)}" for name in sorted(map(str, error.extra_fields)))
    return str(error)


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?`, or all there is."""
    known = tuple(known)
    found = get_close_matches(word, known, 3, 0.6)
    return f"; did you mean {', '.join(found)}?" if found else f"; known are {', '.join(known)}"

"""A scenario file's text, from what it says: only what is said, one step a line, Japanese as it is."""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from typing import Any

from sim.scenario.schema import BookSaid, ScenarioSaid, When


def text_of(book: BookSaid) -> str:
    """The text that `sim.scenario.reading.parse` reads as this book."""
    return "\n".join(_lines(book))


def _lines(book: BookSaid) -> Iterator[str]:
    yield f"title = {_value(book.title)}"
    if book.about:
        yield f"about = {_value(book.about)}"
    yield from ("", "[bus]")
    yield from _pairs(book.bus)
    for table in ("routes", "cards"):
        for name, said in getattr(book, table).items():
            yield from ("", f"[{table}.{_value(name)}]")
            yield from _pairs(said)
    for scenario in book.scenario:
        yield from ("", "[[scenario]]")
        yield from _scenario(scenario)
    yield ""


def _scenario(said: ScenarioSaid) -> Iterator[str]:
    yield from _pairs(said, without=("steps", "buses", "cards"))
    for table in ("buses", "cards"):
        for name, one in getattr(said, table).items():
            yield f"{table}.{_value(name)} = {_value(one)}"
    yield "steps = ["
    for step in said.steps:
        yield f"  {_value(step)},"
    yield "]"


def _pairs(said: Any, without: tuple[str, ...] = ()) -> Iterator[str]:
    """What is said: all but what is as if nothing were."""
    for key in fields(said):
        value = getattr(said, key.name)
        if key.name not in without and value != ({} if key.default_factory is dict else key.default):
            yield f"{key.name.removesuffix('_')} = {_value(value)}"


def _value(value: Any) -> str:
    """A value as TOML has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:_}"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case When():
            return (
                value.clock.isoformat() if value.day is None else datetime.combine(value.day, value.clock).isoformat()
            )
        case datetime() | date() | time():
            return value.isoformat()
        case tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{ {', '.join(f'{_value(name)} = {_value(one)}' for name, one in value.items())} }}"
    if is_dataclass(value):
        return f"{{ {', '.join(_pairs(value))} }}"
    raise TypeError(f"{value!r} has no place in a scenario")

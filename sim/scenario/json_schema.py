"""The JSON Schema of a scenario file (2020-12), for editors that know TOML: completion, a word on each key, mistakes
underlined. Made from sim/scenario/schema.py; what only the whole file tells stays with sim/scenario/reading.py.
"""

from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime, time
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from sim.scenario.schema import ACTS, BookSaid, StepSaid, When, doc_of, words_of
from sim.scenario.values import MOST_YEN

Schema = dict[str, Any]
_DATE, _TIME, _MOMENT = ({"type": "string", "format": name} for name in ("date", "time", "date-time"))
_PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer", "minimum": 0, "maximum": MOST_YEN},
    bool: {"type": "boolean"},
    date: _DATE,
    time: _TIME,
    datetime: _MOMENT,
    When: {"anyOf": [_TIME, _MOMENT]},
}


def json_schema() -> Schema:
    """The whole of it. TOML's dates and times stand in it as strings, as editors take them."""
    tables: dict[str, Schema] = {}
    root = _table(BookSaid, tables)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "farebox scenario",
        **root,
        "$defs": {name: tables[name] for name in sorted(tables) if name != BookSaid.__name__},
    }


def _table(kind: Any, tables: dict[str, Schema]) -> Schema:
    hints = get_type_hints(kind)
    keys = {one.name.removesuffix("_"): _key(one, hints[one.name], tables) for one in fields(kind)}
    asked = [one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING]
    made: Schema = {"type": "object", "description": " ".join(str(kind.__doc__).split()), "properties": keys}
    made |= {"required": asked} if asked else {}
    made |= {"oneOf": [{"required": [act]} for act in ACTS]} if kind is StepSaid else {}
    return made | {"additionalProperties": False}


def _key(key: "Field[Any]", kind: Any, tables: dict[str, Schema]) -> Schema:
    return {"description": doc_of(key), **_of(kind, words_of(key), tables)}


def _of(kind: Any, words: tuple[str, ...], tables: dict[str, Schema]) -> Schema:
    if kind in _PLAIN:
        return {**_PLAIN[kind], "enum": list(words)} if words and kind is str else _PLAIN[kind]
    if is_dataclass(kind):
        name = kind.__name__  # type: ignore[union-attr]  # a class
        if name not in tables:
            tables[name] = {}
            tables[name] = _table(kind, tables)
        return {"$ref": f"#/$defs/{name}"}
    if get_origin(kind) in (Union, UnionType):
        kinds = [one for one in get_args(kind) if one is not type(None)]
        if kinds == [int, str]:
            return {"anyOf": [_PLAIN[int], {"const": "-"}]}
        return _of(kinds[0], words, tables)
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _of(get_args(kind)[0], words, tables)}
    inside = _of(get_args(kind)[1], (), tables)
    return {"type": "object", "additionalProperties": inside} | (
        {"propertyNames": {"enum": list(words)}} if words else {}
    )

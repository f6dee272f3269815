"""Check a JSON value against a JSON Schema: the few keywords that tools/tariff/quote.schema.json is written in.

The schema that is published is the one that is obeyed. Keywords mean what draft 2020-12 says, but for one: an integer
is one written as an integer (1.0 is none), for money is whole yen (GEN-1).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

Schema = Mapping[str, Any] | bool


class Problem(NamedTuple):
    """Where a value is wrong, as a path like `$.card.pass.sections[0].from`, and how."""

    path: str
    message: str


def problems(value: object, schema: Schema, root: Mapping[str, Any], path: str = "$") -> Iterator[Problem]:
    """What is wrong with a value, in the order of the schema. KeyError for a keyword or a definition unknown here."""
    if isinstance(schema, bool):
        if not schema:
            yield Problem(path, "must not be there")
        return
    for keyword, rule in schema.items():
        if keyword not in _ANNOTATIONS:
            yield from _KEYWORDS[keyword](value, rule, _Place(schema, root, path))


class _Place(NamedTuple):
    """Where a keyword is applied: its schema, the whole one, and the path of the value."""

    schema: Mapping[str, Any]
    root: Mapping[str, Any]
    path: str


_Keyword = Callable[[Any, Any, _Place], Iterator[Problem]]
_ANNOTATIONS = frozenset({"$schema", "$defs", "$comment", "title", "description", "examples", "then"})


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def _type(value: object, names: str | list[str], at: _Place) -> Iterator[Problem]:
    wanted = [names] if isinstance(names, str) else names
    if not any(_TYPES[name](value) for name in wanted):
        yield Problem(at.path, f"must be {' or '.join(wanted)}")


def _ref(value: object, name: str, at: _Place) -> Iterator[Problem]:
    return problems(value, at.root["$defs"][name.removeprefix("#/$defs/")], at.root, at.path)


def _const(value: object, wanted: object, at: _Place) -> Iterator[Problem]:
    return _enum(value, [wanted], at)


def _enum(value: object, wanted: list[object], at: _Place) -> Iterator[Problem]:
    if not any(type(value) is type(one) and value == one for one in wanted):
        yield Problem(at.path, f"must be {' or '.join(json.dumps(one, ensure_ascii=False) for one in wanted)}")


def _properties(value: object, schemas: Mapping[str, Schema], at: _Place) -> Iterator[Problem]:
    if isinstance(value, dict):
        for name, schema in schemas.items():
            if name in value:
                yield from problems(value[name], schema, at.root, f"{at.path}.{name}")


def _additional(value: object, schema: Schema, at: _Place) -> Iterator[Problem]:
    if isinstance(value, dict) and schema is False:
        for name in value.keys() - at.schema.get("properties", {}).keys():
            yield Problem(f"{at.path}.{name[:40]}", "unknown field")


def _required(value: object, names: list[str], at: _Place) -> Iterator[Problem]:
    if isinstance(value, dict):
        yield from (Problem(f"{at.path}.{name}", "is missing") for name in names if name not in value)


def _items(value: object, schema: Schema, at: _Place) -> Iterator[Problem]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from problems(item, schema, at.root, f"{at.path}[{index}]")


def _size(kind: type[str] | type[list[Any]], least: bool) -> _Keyword:
    def check(value: Any, bound: int, at: _Place) -> Iterator[Problem]:
        if isinstance(value, kind) and (len(value) < bound if least else len(value) > bound):
            what = "characters" if kind is str else "items"
            yield Problem(at.path, f"must have at {'least' if least else 'most'} {bound} {what}")

    return check


def _bound(least: bool) -> _Keyword:
    def check(value: Any, bound: int, at: _Place) -> Iterator[Problem]:
        if _is_integer(value) and (value < bound if least else value > bound):
            yield Problem(at.path, f"must be at {'least' if least else 'most'} {bound}")

    return check


def _pattern(value: object, pattern: str, at: _Place) -> Iterator[Problem]:
    if isinstance(value, str) and not re.search(pattern, value):
        yield Problem(at.path, f"must be {at.schema.get('description', f'like {pattern}')}")


def _one_of(value: object, schemas: list[Schema], at: _Place) -> Iterator[Problem]:
    if sum(_holds(value, schema, at) for schema in schemas) != 1:
        yield Problem(at.path, f"must have exactly one of {_named(schemas)}")


def _all_of(value: object, schemas: list[Schema], at: _Place) -> Iterator[Problem]:
    for schema in schemas:
        yield from problems(value, schema, at.root, at.path)


def _if(value: object, schema: Schema, at: _Place) -> Iterator[Problem]:
    if _holds(value, schema, at):
        yield from problems(value, at.schema["then"], at.root, at.path)


def _holds(value: object, schema: Schema, at: _Place) -> bool:
    return next(problems(value, schema, at.root, at.path), None) is None


def _named(schemas: list[Any]) -> str:
    """The fields that alternatives ask for."""
    return ", ".join(" and ".join(schema["required"]) for schema in schemas)


_KEYWORDS: Mapping[str, _Keyword] = {
    "type": _type,
    "$ref": _ref,
    "const": _const,
    "enum": _enum,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "items": _items,
    "minItems": _size(list, True),
    "maxItems": _size(list, False),
    "minLength": _size(str, True),
    "maxLength": _size(str, False),
    "minimum": _bound(True),
    "maximum": _bound(False),
    "pattern": _pattern,
    "oneOf": _one_of,
    "allOf": _all_of,
    "if": _if,
}

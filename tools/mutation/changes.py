"""Every value of an operator file, changed: the next number, another choice, a switch thrown, an element dropped.

A changed value is one that its key may hold. That it must fit the file's other values is left aside (`lawless`): a test
is asked to notice it, not the reader.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from copy import deepcopy
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from unittest.mock import patch

from tariff.operator_file import SETTINGS, RulebookError, parse
from tariff.rulebook import Rulebook

Document = dict[str, Any]
Path = tuple[str | int, ...]
"""Where a value stands in a document: ("products", 3, "months", 0)."""

RULE = re.compile(r"\b(?:GEN|PASS|LOC|IGP|NOR|AZF|AUT|PRT)-\d+")
_HEADER = re.compile(r"\[\[?([\w.]+)\]\]?")
_KEY = re.compile(r"([\w.]+)\s*=")

_NEXT_NUMBERS = (1, -1, 10, -10, 100, -100, 1_000, -1_000)
_ANY_VALUES = (1, 100, "x", ["x", "y"], [1], [1_000], time(12))
_ANY_ELEMENTS = (1, "x", "12-31", date(2026, 5, 1))


class Change(NamedTuple):
    """A value changed: its line and key, the rules cited there, what it was and is, and the whole file's text then."""

    source: str
    line: int
    key: str
    rules: frozenset[str]
    was: str
    now: str
    text: str


class Unchangeable(Exception):
    """A value that could not be given another one: says where it stands."""


def lawless() -> AbstractContextManager[Any]:
    """While it lasts, operator files are read without asking whether their values fit each other."""
    return patch.multiple("tariff.operator_file.reading", LAWS=())


def changes(files: Mapping[str, str], asked: Iterable[str]) -> list[Change]:
    """A change of each value of the files asked for, by source; of a list or a table one of each value in it.

    What a key may hold is taken from all of the files; raises Unchangeable if nothing else is known.
    """
    documents = {source: tomllib.loads(text) for source, text in files.items()}
    pool = _pool(documents.values())
    found = []
    with lawless():
        for source in asked:
            lines, before = cited(files[source]), _read(files[source])
            for path, was in _leaves(documents[source], ()):
                key, place = _key_of(path)
                line, rules = lines[key, place]
                for at, value in _others(documents[source], path, was, pool):
                    changed = _dumped(_with(documents[source], at, value))
                    if _read(changed) not in (None, before):
                        now = "left out" if value is None else written(value)
                        found.append(Change(source, line, key, rules, written(was), now, changed))
                        break
                else:
                    raise Unchangeable(f"{source}:{line}: {key}: no other value than {written(was)} is known")
    return found


def _read(text: str) -> Rulebook | None:
    """The rules of a file, but for the file's own digest; None if it is refused."""
    try:
        return parse(text, "changed", frozenset())._replace(digest=b"")
    except RulebookError:
        return None


def cited(text: str) -> dict[tuple[str, int], tuple[int, frozenset[str]]]:
    """(key, place in its array) -> its line and the rules that it cites: beside it, in it, or right above it."""
    found: dict[tuple[str, int], tuple[int, frozenset[str]]] = {}
    seen: dict[str, int] = {}
    inside, place, above = "", 0, ""
    last: tuple[str, int] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            inside = header[1]
            place = seen.get(inside, 0)
            seen[inside] = place + 1
            above, last = "", None
        elif key := _KEY.match(line):
            last = (f"{inside}.{key[1]}".lstrip("."), place if inside in seen else 0)
            found[last] = (number, frozenset(RULE.findall(above + line)))
            above = ""
        elif line.startswith("#"):
            above, last = above + line, None
        elif line and last:
            # The lines of a long list, and what is said beside them.
            found[last] = (found[last][0], found[last][1] | set(RULE.findall(line)))
        else:
            above, last = "", None
    return found


# -- neighbours


def _others(document: Document, path: Path, value: Any, pool: Mapping[str, list[Any]]) -> Iterator[tuple[Path, Any]]:
    """Changes to try in the stead of a value: where, and what stands there then; None: it is left out."""
    name = _name(path)
    if value == []:
        yield from ((path, filled) for filled in _filled(name, document, pool))
    else:
        if isinstance(path[-1], int):
            yield path, None
        yield from ((path, other) for other in _other(value, name, pool))
    # What counts only as a whole, or not alone, is changed with what is around it.
    for length in range(len(path) - 1, 0, -1):
        around = path[:length]
        if isinstance(around[-1], str):
            yield from ((around, other) for other in pool[_name(around)])


def _name(path: Path) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for at, inner in enumerate(value):
            yield from _leaves(inner, (*path, at))
    else:
        yield path, value


def _other(value: Any, name: str, pool: Mapping[str, list[Any]]) -> Iterator[Any]:
    match value:
        case bool():
            yield not value
        case int():
            yield from (value + step for step in _NEXT_NUMBERS)
        case time():
            yield (datetime.combine(date.min, value) + timedelta(seconds=1)).time()
        case date():
            yield value + timedelta(days=1)
        case str():
            yield from (other for other in (*_choices(name), *pool.get(name, ())) if other != value)
            yield f"{value}・"
            yield from _ANY_VALUES


def _filled(name: str, document: Document, pool: Mapping[str, list[Any]]) -> Iterator[Any]:
    """Lists of one element, for an empty one."""
    services = [entry["name"] for entry in document["services"]]
    for element in (*_elements(name, pool), *_choices(name), *services, *_ANY_ELEMENTS):
        yield [element]


def _elements(name: str, pool: Mapping[str, list[Any]]) -> Iterator[Any]:
    return (element for value in pool.get(name, ()) if isinstance(value, list) for element in value)


def _choices(name: str) -> list[str]:
    """The words of a closed choice, which a wrong value is told."""
    for key in (name, name.rpartition(".")[0]):
        for wrong in ("?", ["?"]):
            try:
                SETTINGS[key].read(wrong)
            except (KeyError, ValueError) as told:
                said = str(told).partition("one of ")[2].partition(";")[0]
                if said:
                    return said.split(", ")
    return []


def _pool(documents: Iterable[Document]) -> dict[str, list[Any]]:
    """What each key is given anywhere, arrays of tables and the values inside of lists included."""
    pool: dict[str, list[Any]] = {}

    def gather(value: Any, name: str) -> None:
        pool.setdefault(name, []).append(value)
        if isinstance(value, dict):
            for key, inner in value.items():
                gather(inner, f"{name}.{key}".lstrip("."))
        elif isinstance(value, list):
            for inner in value:
                gather(inner, name)

    for document in documents:
        gather(document, "")
    return pool


# -- changed files


def _with(document: Document, path: Path, value: Any) -> Document:
    changed = deepcopy(document)
    inside: Any = changed
    for part in path[:-1]:
        inside = inside[part]
    if value is None:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return changed


def _key_of(path: Path) -> tuple[str, int]:
    """The key of the file that a path is in, and its place in its array: ("products.months", 3)."""
    match path:
        case (str(table), int(place), str(key), *_):
            return f"{table}.{key}", place
        case (str(table), str(key), *_):
            return f"{table}.{key}", 0
    return str(path[0]), 0


def written(value: Any) -> str:
    """A value as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {written(inner)}' for key, inner in value.items())} }}"
        case time() | date():
            return value.isoformat()
    return str(value)


def _dumped(document: Document) -> str:
    """The text of a document: plain values, then tables, then arrays of tables."""
    lines: list[str] = []
    tables = {key: value for key, value in document.items() if isinstance(value, dict)}
    arrays = {key: value for key, value in document.items() if isinstance(value, list) and _of_tables(value)}
    lines += (f"{key} = {written(value)}" for key, value in document.items() if key not in {*tables, *arrays})
    for name, table in tables.items():
        lines += (f"[{name}]", *(f"{key} = {written(value)}" for key, value in table.items()))
    for name, entries in arrays.items():
        for entry in entries:
            lines += (f"[[{name}]]", *(f"{key} = {written(value)}" for key, value in entry.items()))
    return "\n".join((*lines, ""))


def _of_tables(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(entry, dict) for entry in value)

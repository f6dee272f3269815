"""Values of TOML or JSON as the dataclass that is asked for, with every fault in them told at once. Pure.

    shaped({"vehicle": {"id": "BUS-1"}}, Config)     a Config, or Misshapen with all that is wrong

Nothing is guessed: no number is made of a text, a word must be one of its enumeration's, and what is not known is a
fault. As small as the terminal needs it: libraries for this take as many modules as a fifth of the whole terminal.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

_NAMES = {str: "text", int: "whole number", bool: "truth value"}
_MOST_SHOWN = 40
_Shape = TypeVar("_Shape")


class Misshapen(ValueError):
    """`problems`, by their places: `vehicle.id: missing`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """All of them, sorted."""
        super().__init__("\n".join(problems))
        self.problems = problems


def shaped(said: object, kind: type[_Shape]) -> _Shape:
    """A value of this type. Raises Misshapen.

    Types are dataclasses of str, int, bool, StrEnums, other dataclasses, tuples, and `| None`.
    """
    problems: list[str] = []
    made = _made(said, kind, "", problems)
    if problems:
        raise Misshapen(tuple(sorted(problems)))
    found: _Shape = made
    return found


def _made(said: object, kind: Any, place: str, problems: list[str]) -> Any:
    """The value; or None, and a problem more."""
    if is_dataclass(kind) and isinstance(kind, type):
        return _table(said, kind, place, problems)
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _perhaps(said, kind, place, problems)
    if origin is tuple:
        return _row(said, get_args(kind), place, problems)
    if issubclass(kind, StrEnum):
        if isinstance(said, str) and said in tuple(kind):
            return kind(said)
        problems.append(f"{place}: {_shown(said)} is none of {', '.join(kind)}")
    elif type(said) is kind:
        return said
    else:
        problems.append(f"{place}: {_shown(said)} is not a {_NAMES[kind]}")
    return None


def _table(said: object, kind: Any, place: str, problems: list[str]) -> Any:
    if not isinstance(said, Mapping):
        problems.append(f"{place or 'it'}: must be a table")
        return None
    parts, kinds = _parts(kind)
    strange = sorted(str(name)[:_MOST_SHOWN] for name in said if name not in parts)
    if strange:
        before = f"{place}: " if place else ""
        problems.append(f"{before}{', '.join(strange)}: no such setting; known are {', '.join(parts)}")
    found = {}
    for name, part in parts.items():
        inside = f"{place}.{name}" if place else name
        if name in said:
            found[name] = _made(said[name], kinds[name], inside, problems)
        elif part.default is MISSING and part.default_factory is MISSING:
            problems.append(f"{inside}: missing")
    return None if problems else kind(**found)


def _perhaps(said: object, kind: Any, place: str, problems: list[str]) -> Any:
    """One type or None; of several, the first one that fits."""
    kinds = [one for one in get_args(kind) if one is not NoneType]
    if said is None and len(kinds) < len(get_args(kind)):
        return None
    tries: list[list[str]] = []
    for one in kinds:
        tries.append([])
        made = _made(said, one, place, tries[-1])
        if not tries[-1]:
            return made
    problems += tries[0]
    return None


def _row(said: object, kinds: tuple[Any, ...], place: str, problems: list[str]) -> Any:
    """Of one type without end, or of so many types."""
    if not isinstance(said, list):
        problems.append(f"{place}: {_shown(said)} is not a list")
        return None
    wanted = kinds[:1] * len(said) if kinds[1:] == (...,) else kinds
    if len(wanted) != len(said):
        problems.append(f"{place}: {len(said)} values where {len(wanted)} belong")
        return None
    return tuple(
        _made(one, kind, f"{place}[{at}]", problems) for at, (one, kind) in enumerate(zip(said, wanted, strict=True))
    )


@cache
def _parts(kind: Any) -> tuple[dict[str, Field[Any]], dict[str, Any]]:
    return {part.name: part for part in fields(kind)}, get_type_hints(kind)


def _shown(said: object) -> str:
    text = repr(said)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"

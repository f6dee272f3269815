"""JSON of unknown origin -> values that know their path. Decimal keys may stand without quotes, as Metrodroid's do."""

import json
import re
from bisect import bisect_left
from typing import Any, NamedTuple, Never

from cardimage.formats import text as octets
from cardimage.formats.recording import MAX_BLOCKS, Place

MAX_DEPTH = 32
MAX_TOKENS = 500_000
"""A card has some thousands."""
_MAX_DIGITS = 20
"""A time in milliseconds has 13; codes and addresses at most 5."""
_MAX_KEY_SHOWN = 24

# Every token is taken whole, an unfinished string to the end of the text: no character is looked at twice.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]|([-+.\w]++)(\s*+:)?', re.DOTALL | re.ASCII)


class Node(NamedTuple):
    """A JSON value and where it stands. What is not as asked for is an ImageFault there."""

    value: object
    place: Place

    def members(self) -> dict[str, "Node"]:
        """The members of an object. Members that are null are left out, like those that are not there."""
        if not isinstance(self.value, dict):
            raise self.place.fault("must be an object")
        self._check_size(self.value)
        return {key: self._below(f".{shown(key)}", value) for key, value in self.value.items() if value is not None}

    def entries(self) -> list["Node"]:
        """The entries of an array."""
        if not isinstance(self.value, list):
            raise self.place.fault("must be a list")
        self._check_size(self.value)
        return [self._below(f"[{number}]", value) for number, value in enumerate(self.value)]

    def optional_entries(self, name: str) -> list["Node"]:
        """The entries of a member that may be missing."""
        found = self.members().get(name)
        return found.entries() if found else []

    def optional_members(self, name: str) -> list[tuple[str, "Node"]]:
        """The members of a member that may be missing."""
        found = self.members().get(name)
        return list(found.members().items()) if found else []

    def need(self, name: str) -> "Node":
        """A member of an object that must be there."""
        found = self.members().get(name)
        if found is None:
            raise self.place.fault(f"must have a member {name}")
        return found

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self.place.fault("must be a string")
        return self.value

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.place.fault("must be true or false")
        return self.value

    def number(self, least: int, most: int) -> int:
        """A whole number within bounds."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not least <= self.value <= most:
            raise self.place.fault(f"must be a whole number from {least} to {most}")
        return self.value

    def code(self) -> int:
        """A system or service code, 16 bits."""
        return self.number(0, 0xFFFF)

    def hexadecimal(self, size: int) -> bytes:
        """`size` bytes in hex."""
        return octets.hexadecimal(self.text(), size, self.place)

    def base64(self, size: int) -> bytes:
        """`size` bytes in base64."""
        return octets.base64(self.text(), size, self.place)

    def _check_size(self, value: dict[str, Any] | list[Any]) -> None:
        if len(value) > MAX_BLOCKS:
            raise self.place.fault(f"{len(value)} entries; no FeliCa card has more than {MAX_BLOCKS} of anything")

    def _below(self, step: str, value: object) -> "Node":
        return Node(value, Place(self.place.source, f"{self.place.at}{step}".removeprefix(".")))


def decimal_key(key: str, node: Node) -> int:
    """An object's key that is a code or a block number -> 0 to 65535; `node` is what stands under it."""
    if not (key.isascii() and key.isdecimal() and len(key) <= 5 and int(key) <= 0xFFFF):
        raise node.place.fault("its key must be a decimal number from 0 to 65535")
    return int(key)


def shown(key: str) -> str:
    """A key as an error may show it: plain ASCII, and not long."""
    plain = ascii(key)[1:-1]
    return plain if len(plain) <= _MAX_KEY_SHOWN else plain[:_MAX_KEY_SHOWN] + "…"


def parse(text: str, source: str) -> Node:
    """JSON text -> its value. ImageFault for what is not JSON, with line and column, and for what is meant to hurt."""
    quoted, bare = _quote_bare_keys(text, source)
    try:
        value = json.loads(
            quoted,
            object_pairs_hook=lambda pairs: _object(pairs, source),
            parse_int=lambda digits: _number(digits, source),
            parse_float=lambda digits: _number(digits, source),
            parse_constant=lambda _: _refuse(source, "NaN and Infinity are no JSON"),
        )
        json.dumps(value, ensure_ascii=False).encode()  # fails where half a surrogate pair stands alone
    except json.JSONDecodeError as error:
        # Each bare key before the place has moved it by two quotes.
        offset = error.pos - 2 * bisect_left(bare, error.pos)
        raise _at(text, offset, source).fault(f"not JSON: {error.msg}; take the dump again") from None
    except UnicodeEncodeError:
        _refuse(source, "half a surrogate pair in a string")
    return Node(value, Place(source, ""))


def _quote_bare_keys(text: str, source: str) -> tuple[str, list[int]]:
    """The text with every bare decimal key in quotes, and where in the new text those keys begin."""
    parts: list[str] = []
    bare: list[int] = []
    done, depth = 0, 0
    for count, token in enumerate(_TOKEN.finditer(text)):
        if count == MAX_TOKENS:
            raise _at(text, token.start(), source).fault(
                f"more than {MAX_TOKENS} strings, numbers and brackets; no card"
            )
        if (word := token[1]) is None:
            depth += (token[0] in "[{") - (token[0] in "]}")
            if depth > MAX_DEPTH:
                raise _at(text, token.start(), source).fault(f"nested more than {MAX_DEPTH} deep; not a card")
        elif token[2] and word.isdecimal():
            bare.append(token.start() + 2 * len(bare))
            parts += (text[done : token.start()], f'"{word}"')
            done = token.end(1)
    return "".join((*parts, text[done:])), bare


def _object(pairs: list[tuple[str, Any]], source: str) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            _refuse(source, f"the key {shown(key)} stands twice in one object")
        members[key] = value
    return members


def _number(digits: str, source: str) -> int | float:
    if len(digits) > _MAX_DIGITS:
        _refuse(source, f"a number of {len(digits)} characters")
    return float(digits) if set(digits) & set(".eE") else int(digits)


def _refuse(source: str, what: str) -> Never:
    raise Place(source, "").fault(f"{what}; not a card dump as its program writes it")


def _at(text: str, offset: int, source: str) -> Place:
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return Place(source, f"line {line}, column {column}")

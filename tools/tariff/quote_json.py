"""Lines of a batch: bytes in, checked within bounds and by tools/tariff/quote.schema.json, JSON out.

A line is at most LINE_BYTES long; it names no file and runs nothing, so lines may come from anybody.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO, NamedTuple

from tools.tariff.json_schema import problems

VERSION = 1
LINE_BYTES = 1 << 20
"""Of a line; a table of 255 stops needs a fifth of it."""
_SKIPPED_BYTES = 64 << 20
"""What is passed over of a longer line before the input is given up: it may have no end."""

Json = dict[str, Any]


class BadLine(Exception):
    """A line that can't be answered: the path of the field, `$` for the whole line, and what is wrong with it."""

    def __init__(self, path: str, message: str) -> None:
        """Take both."""
        super().__init__(f"{path}: {message}")
        self.path, self.message = path, message


class Line(NamedTuple):
    """A line of the input, by number from 1; too long a one is empty and says so."""

    number: int
    raw: bytes
    too_long: bool


@cache
def schema() -> Mapping[str, Any]:
    """tools/tariff/quote.schema.json."""
    found: Mapping[str, Any] = json.loads((files("tools.tariff") / "quote.schema.json").read_text("utf-8"))
    return found


def lines(file: BinaryIO) -> Iterator[Line]:
    """The lines of a batch, blank ones left out; OSError for one that does not end."""
    number = 0
    while raw := file.readline(LINE_BYTES + 1):
        number += 1
        too_long = len(raw) > LINE_BYTES
        if too_long and not raw.endswith(b"\n"):
            _skip(file, number)
        if raw.strip():
            yield Line(number, b"" if too_long else raw, too_long)


def _skip(file: BinaryIO, number: int) -> None:
    for _ in range(_SKIPPED_BYTES // LINE_BYTES):
        rest = file.readline(LINE_BYTES)
        if not rest or rest.endswith(b"\n"):
            return
    raise OSError(None, f"line {number} has no end", str(file.name))


def request_of(line: Line) -> Json:
    """The request on a line; raises BadLine."""
    return checked(loaded(line))


def checked(document: object) -> Json:
    """A request, as the schema says it must be; raises BadLine with the first problem."""
    problem = next(problems(document, schema(), schema()), None)
    if problem:
        raise BadLine(*problem)
    assert isinstance(document, dict)
    return document


def id_of(line: Line) -> object:
    """The id on a line, or None if that much can't be told of it."""
    try:
        document, twice = _parsed(line)
    except BadLine:
        return None
    found = document.get("id") if isinstance(document, dict) and "id" not in twice else None
    return found if next(problems(found, schema()["$defs"]["id"], schema()), None) is None else None


def loaded(line: Line) -> object:
    """The JSON value on a line, of any shape; raises BadLine."""
    document, twice = _parsed(line)
    if twice:
        raise BadLine("$", f"field {twice[0][:40]!r} is there twice")
    return document


def _parsed(line: Line) -> tuple[object, list[str]]:
    """The JSON value on a line, and the fields that are there twice; raises BadLine for what is no JSON."""
    if line.too_long:
        raise BadLine("$", f"over {LINE_BYTES} bytes")
    twice: list[str] = []

    def once(pairs: list[tuple[str, object]]) -> Json:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice.extend(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        return found

    try:
        return json.loads(line.raw.decode("utf-8-sig"), object_pairs_hook=once, parse_float=_number), twice
    except UnicodeDecodeError as error:
        raise BadLine("$", f"not UTF-8 at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise BadLine("$", f"not JSON at character {error.pos + 1}: {error.msg}") from None
    except RecursionError:
        raise BadLine("$", "nested too deep") from None
    except ValueError:
        raise BadLine("$", "a number of thousands of digits") from None


_MOST_EXACT = 2**53
"""Up to which a number written with a point is taken for a whole one, if it is: `2000.0`, as JSON Schema has it."""


def _number(text: str) -> int | float:
    number = float(text)
    try:
        is_whole = abs(number) <= _MOST_EXACT and Decimal(text) == int(number)
    except InvalidOperation:  # an exponent that even Decimal has no room for
        return number
    return int(number) if is_whole else number


def dumped(answer: Mapping[str, Any]) -> str:
    """An answer as one line."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(answer, ensure_ascii=False))


_CONTROL = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""What json leaves as it is, and a terminal or a reader by lines would not."""

"""Where in a TOML text each value stands: tomllib reads values and forgets their lines.

Only for a text that tomllib has read: it is cut into keys and values here, and nothing is checked again.
"""

import re
import tomllib
from collections.abc import Iterator

Path = tuple[str | int, ...]
"""Keys and places in lists, from the outermost in: ("scenario", 0, "steps", 2, "fare")."""

_KEY = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|[A-Za-z0-9_-]+')
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
_BETWEEN = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}\n#]*")


def lines_of(text: str) -> dict[Path, int]:
    """The line, counted from 1, of every table, key and entry of a list."""
    return dict(_Places(text.replace("\r\n", "\n")).statements())


def line_of(places: dict[Path, int], path: Path) -> int:
    """The line of a path, or of the nearest thing around it that has one; 1 if nothing has."""
    return next((places[path[:length]] for length in range(len(path), 0, -1) if path[:length] in places), 1)


def spelled(path: Path) -> str:
    """`scenario 1, step 3, fare`: counted from 1, as people do."""
    parts: list[str] = []
    for part in path:
        if isinstance(part, int):
            parts[-1] = f"{parts[-1].removesuffix('s')} {part + 1}"
        else:
            parts.append(part)
    return ", ".join(parts)


class _Places:
    """One pass over a text: `_at` is the place in it, which only ever moves on."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted, self._lines = 0, 1

    def statements(self) -> Iterator[tuple[Path, int]]:
        prefix: Path = ()
        entries: dict[Path, int] = {}
        while self._skip() < len(self._text):
            if self._text[self._at] == "[":
                line = self._line()
                prefix = self._header(entries)
                yield prefix, line
            else:
                yield from self._pair(prefix)

    def _header(self, entries: dict[Path, int]) -> Path:
        """`[table]`, or `[[list of tables]]`, which begins one more entry of it."""
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        prefix: Path = ()
        keys = self._keys()
        for place, key in enumerate(keys):
            prefix += (key,)
            if brackets == 2 and place == len(keys) - 1:
                entries[prefix] = entries.get(prefix, -1) + 1
            if prefix in entries:
                prefix += (entries[prefix],)
        self._skip()
        self._at += brackets
        return prefix

    def _pair(self, prefix: Path) -> Iterator[tuple[Path, int]]:
        line = self._line()
        path = prefix + tuple(self._keys())
        self._skip()
        self._at += 1  # =
        yield path, line
        yield from self._value(path)

    def _value(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._skip()
        opening = self._text[self._at]
        if string := _STRING.match(self._text, self._at):
            self._at = string.end()
        elif opening == "[":
            yield from self._list(path)
        elif opening == "{":
            self._at += 1
            while self._text[self._skip()] != "}":
                yield from self._pair(path)
            self._at += 1
        else:
            self._at = self._end(_SCALAR)

    def _list(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._at += 1
        place = 0
        while self._text[self._skip()] != "]":
            yield (*path, place), self._line()
            yield from self._value((*path, place))
            place += 1
        self._at += 1

    def _keys(self) -> list[str]:
        """`a."b c".d`"""
        keys = []
        while True:
            self._skip()
            found = _KEY.match(self._text, self._at)
            assert found is not None
            self._at = found.end()
            keys.append(_plain(found[0]))
            self._skip()
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _skip(self) -> int:
        self._at = self._end(_BETWEEN)
        return self._at

    def _end(self, what: re.Pattern[str]) -> int:
        found = what.match(self._text, self._at)
        assert found is not None
        return found.end()

    def _line(self) -> int:
        self._lines += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._lines


def _plain(key: str) -> str:
    """A key without its quotes."""
    if key[0] not in "\"'":
        return key
    return str(tomllib.loads(f"key = {key}")["key"])

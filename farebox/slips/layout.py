"""A slip as lines of text on paper of so many columns. Pure.

A column is as wide as a Latin letter; a Japanese one takes two.
"""

from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import east_asian_width

from farebox.slips.slip import Pair, Part, Ruled, Slip, Text

MOST_LINES = 120
"""A slip is never longer, whatever was put into it: 48 cm."""
LEAST_COLUMNS = 28
"""Room for SIMULATED, large, in one line."""
SIMULATED = "模擬 SIMULATED"


class Laid(NamedTuple):
    """A line. `large`: each column is twice as wide, and the line twice as high. `rule`: a line from edge to edge."""

    text: str
    large: bool = False
    rule: bool = False


def char_columns(char: str) -> int:
    """Columns of a character: 2 for Japanese ones and for what Japanese fonts draw as wide (→, ※)."""
    return 2 if east_asian_width(char) in "WFA" else 1


def columns_of(text: str) -> int:
    """Columns of a text."""
    return sum(map(char_columns, text))


def laid_out(slip: Slip, columns: int) -> tuple[Laid, ...]:
    """The lines of a slip. Raises ValueError if the paper is too narrow for anything."""
    if columns < LEAST_COLUMNS:
        raise ValueError(f"{columns} columns; slips need {LEAST_COLUMNS}")
    parts: tuple[Part, ...] = slip.parts
    if slip.simulated:
        mark = Text(SIMULATED, large=True)
        parts = (mark, *parts, mark)
    lines = [line for part in parts for line in _lines(part, columns)]
    if len(lines) > MOST_LINES:
        # The end of a slip says that it is simulated.
        tail = lines[-1:] if slip.simulated else []
        lines = [*lines[: MOST_LINES - 1 - len(tail)], Laid("…"), *tail]
    return tuple(lines)


def _lines(part: Part, columns: int) -> Iterator[Laid]:
    match part:
        case Ruled():
            yield Laid("", rule=True)
        case Text(text=text, large=True):
            for line in _broken(text, columns // 2):
                yield Laid(" " * ((columns // 2 - columns_of(line)) // 2) + line, large=True)
        case Text(text=text):
            for line in _broken(text, columns):
                yield Laid(line)
        case Pair(left=left, right=right):
            room = columns - columns_of(left) - columns_of(right)
            if room >= (1 if left and right else 0):
                yield Laid((left + " " * room + right).rstrip())
                return
            for line in _broken(left, columns):
                yield Laid(line)
            for line in _broken(right, columns):
                yield Laid(" " * (columns - columns_of(line)) + line)


def _broken(text: str, columns: int) -> Iterator[str]:
    """Break at a space where there is one in the line's second half, else where the line is full."""
    while columns_of(text) > columns:
        full = _fitting(text, columns)
        space = text.rfind(" ", full // 2, full + 1)
        at = space if space > 0 else full
        yield text[:at].rstrip()
        text = text[at:].lstrip()
    if text:
        yield text


def _fitting(text: str, columns: int) -> int:
    """How many characters fit."""
    used = 0
    for count, char in enumerate(text):
        used += char_columns(char)
        if used > columns:
            return count
    return len(text)

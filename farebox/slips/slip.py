"""A slip as its parts, before anybody knows how wide the paper is."""

from typing import NamedTuple


class Text(NamedTuple):
    """A paragraph. `large`: twice as high and wide, in the middle."""

    text: str
    large: bool = False


class Pair(NamedTuple):
    """A name at the left, its value at the right: 残額 … 1,290円."""

    left: str
    right: str


class Ruled(NamedTuple):
    """A line from edge to edge."""


Part = Text | Pair | Ruled


class Slip(NamedTuple):
    """A slip, from top to bottom. `simulated` slips say so at their head and foot (模擬)."""

    parts: tuple[Part, ...]
    simulated: bool

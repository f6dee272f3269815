"""Questions about many rows, some at a time: a database takes only so many values in one."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

MOST_KEYS = 500
Value = TypeVar("Value")


def batched(values: Sequence[Value], most: int = MOST_KEYS) -> Iterator[Sequence[Value]]:
    """The values in their order, at most so many at once."""
    for first in range(0, len(values), most):
        yield values[first : first + most]

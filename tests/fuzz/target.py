"""What a fuzz target is, and how one makes what it needs out of bytes."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple


class Target(NamedTuple):
    """One parser, or several that read the same. `run` takes any bytes; only `faults` may leave it.

    `seeds` are what fuzzing begins with; the first is taken without a fault, and reaches deep.
    """

    run: Callable[[bytes], object]
    faults: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]

    def fed(self, data: bytes) -> None:
        """Its own faults are its answer; anything else is a find."""
        with suppress(*self.faults):
            self.run(data)


class Find(NamedTuple):
    """An input that once broke a target."""

    target: str
    data: bytes


def frames(data: bytes) -> Iterator[bytes]:
    """The data as FeliCa frames: each begins with its own length, which may lie at the end."""
    while data:
        size = max(data[0], 1)
        yield data[:size]
        data = data[size:]


def pieces(data: bytes) -> Iterator[bytes]:
    """The data in pieces, each behind a byte that tells its length."""
    while data:
        size = data[0]
        yield data[1 : 1 + size]
        data = data[1 + size :]


def in_pieces(*parts: bytes) -> bytes:
    """Bytes of which `pieces` makes these parts again."""
    return b"".join(bytes((len(part),)) + part for part in parts)


def text_of(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    """A parser of text as one of bytes."""
    return lambda data: parse(data.decode(errors="replace"))

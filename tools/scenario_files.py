"""Scenario files on the disk: found, read within bounds, and what lies beside them (feeds, recorded cards, rules)."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import click

from cardimage.image import CardImage
from farebox.feed import Feed, load_feed
from farebox.feed.operators import Operators, load_operators, parse_operators
from sim.scenario.faults import ScenarioBroken
from sim.scenario.reading import MOST_BYTES, Book, parse
from sim.scenario.schema import SUFFIX
from tools.card_files import read_image
from tools.feeds import SAMPLE, feed_path
from tools.tappable import tappable

_MOST_RULES_BYTES = 1 << 20


def files_in(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The scenario files of files and folders, in order; a usage error for a folder without any."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not inside:
            raise click.UsageError(f"{path}: no scenario in this folder; their names end in {SUFFIX}")
        found |= dict.fromkeys(inside)
    return tuple(found)


def load_book(path: Path) -> Book:
    """A file's scenarios. Raises ScenarioBroken, OSError."""
    with path.open("rb") as file:
        return parse(file.read(MOST_BYTES + 1), str(path))


def load_books(paths: Iterable[Path]) -> tuple[Book, ...]:
    """All files' scenarios, or everything that is wrong with any of them."""
    books: list[Book] = []
    problems: list[str] = []
    for path in paths:
        try:
            books.append(load_book(path))
        except ScenarioBroken as broken:
            problems += broken.problems
    if problems:
        raise ScenarioBroken(tuple(problems))
    return tuple(books)


class Beside:
    """What a scenario names, beside its file: `sim.scenario.world.Files`."""

    def __init__(self, source: str) -> None:
        """Take the scenario's file."""
        self._folder = Path(source).parent

    def feed(self, name: str) -> Feed:
        """A feed, read once however many scenarios are on it."""
        return _feed(feed_path(name) if name == SAMPLE else self._folder / name)

    def card(self, name: str, taken_for: str | None) -> CardImage:
        """A recorded card, or what stands for it, made anew each time."""
        path = self._folder / name
        return tappable(read_image(path), str(path), taken_for)

    def operators(self, name: str | None) -> Operators:
        """The operator files shipped, or one of the writer's own."""
        return _shipped() if name is None else _own(self._folder / name)


@cache
def _feed(path: Path) -> Feed:
    return load_feed(path)


@cache
def _shipped() -> Operators:
    return load_operators()


@cache
def _own(path: Path) -> Operators:
    with path.open("rb") as file:
        return parse_operators([(f"{path.parent.name}/{path.name}", file.read(_MOST_RULES_BYTES))])


def only(books: Iterable[Book], words: str | None) -> Iterator[Book]:
    """The scenarios whose title, rules or file have these words, in any case; all without any."""
    for book in books:
        kept = tuple(
            one
            for one in book.scenarios
            if words is None or words.casefold() in " ".join((one.source, one.title, *one.said.rules)).casefold()
        )
        if kept:
            yield book._replace(scenarios=kept)

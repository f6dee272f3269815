"""A `*.scenario.toml` read whole: a Book, or everything that is wrong with it, each with its line and what to do.

What a text may say is sim/scenario/schema.py's; values.py has its values' bounds, laws.py which keys go together.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import NamedTuple

from cattrs import transform_error
from cattrs.errors import BaseValidationError

from sim.scenario.faults import ScenarioBroken
from sim.scenario.laws import Laws
from sim.scenario.places import Path, line_of, lines_of, spelled
from sim.scenario.schema import FIRST_BUS, BookSaid, BusSaid, CardSaid, RouteSaid, ScenarioSaid
from sim.scenario.values import CONVERTER, why
from tariff.toml_hint import toml_hint

MOST_BYTES = 1 << 20


class Scenario(NamedTuple):
    """One scenario with all that its file gives to it: `bus` first among `buses`, cards and routes by name."""

    source: str
    said: ScenarioSaid
    buses: dict[str, BusSaid]
    cards: dict[str, CardSaid]
    routes: dict[str, RouteSaid]
    line: int
    step_lines: tuple[int, ...]

    @property
    def title(self) -> str:
        """What it is, in one line."""
        return self.said.title


class Book(NamedTuple):
    """A file: what it is about, and its scenarios."""

    source: str
    title: str
    about: str
    scenarios: tuple[Scenario, ...]


def parse(data: bytes, source: str) -> Book:
    """The book in a file's bytes; ScenarioBroken with everything that is wrong in it."""
    if len(data) > MOST_BYTES:
        raise ScenarioBroken((f"{source}: more than {MOST_BYTES >> 10} KiB; split it",))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioBroken((f"{source}: byte {error.start} is not UTF-8; save it as UTF-8",)) from None
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ScenarioBroken((f"{source}: not TOML: {error}{toml_hint(text, str(error))}",)) from None
    places = lines_of(text)
    problems: list[tuple[int, str]] = []
    said: BookSaid | None = None
    try:
        said = CONVERTER.structure(raw, BookSaid)
    except BaseValidationError as error:
        told = transform_error(error, format_exception=why)
        problems = [(line_of(places, path), what) for path, what in map(_placed, told)]
    if said is not None:
        problems = [(line_of(places, path), what) for path, what in Laws(said).problems()]
    if said is None or problems:
        raise ScenarioBroken(tuple(f"{source}:{line}: {what}" for line, what in sorted(set(problems))))
    return Book(source, said.title, said.about, tuple(_scenarios(said, source, places)))


def _scenarios(book: BookSaid, source: str, places: dict[Path, int]) -> Iterator[Scenario]:
    for number, said in enumerate(book.scenario):
        bus = over(book.bus, said.bus)
        steps = (line_of(places, ("scenario", number, "steps", step)) for step in range(len(said.steps)))
        yield Scenario(
            source,
            said,
            {FIRST_BUS: bus, **{name: over(bus, other) for name, other in said.buses.items()}},
            _used({**book.cards, **said.cards}, said),
            book.routes,
            line_of(places, ("scenario", number)),
            tuple(steps),
        )


def _used(cards: dict[str, CardSaid], said: ScenarioSaid) -> dict[str, CardSaid]:
    """The cards that something is done with: the others need not even fit this scenario's operator."""
    names = set(said.end.cards)
    for step in said.steps:
        names |= {
            name for name in (step.board, step.alight, step.top_up, step.cancel, *step.two_cards) if name is not None
        }
        if step.hotlist is not None:
            names |= {*step.hotlist.refused, *step.hotlist.no_auto_charge}
        if step.directive is not None:
            names.add(step.directive.card)
    return {name: card for name, card in cards.items() if name in names}


def over(under: BusSaid, said: BusSaid) -> BusSaid:
    """What is said of a bus, over what was said before: another route leaves behind the trip of the one before."""
    told = {one.name: value for one in fields(said) if (value := getattr(said, one.name)) is not None}
    if "route" in told or "feed" in told:
        under = replace(under, trip=None, departs=under.departs if "feed" not in told else None)
    return replace(under, **told)


_STEP_OF_A_PATH = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]")


def _placed(told: str) -> tuple[Path, str]:
    """cattrs' `what @ $.scenario[0].steps[2].fare` -> its path, and `fare: what`."""
    what, _, place = told.rpartition(" @ ")
    path = tuple(int(index) if index else key or name for key, index, name in _STEP_OF_A_PATH.findall(place))
    path = tuple(part.removesuffix("_") if isinstance(part, str) else part for part in path)
    return path, f"{spelled(path)}: {what}" if path else what

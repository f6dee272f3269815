"""A `*.scenario.toml` read whole: a Book, or everything that is wrong with it, each with its line and what to do.

What a text may say is sim/scenario/schema.py's; the bounds of its values, and which keys go together, stand here.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any, NamedTuple

from cattrs import Converter, transform_error
from cattrs.cols import homogenous_tuple_structure_factory, is_mapping, mapping_structure_factory
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from sim.scenario.faults import ScenarioBroken
from sim.scenario.places import Path, line_of, lines_of
from sim.scenario.schema import (
    ACTS,
    EXPECTED,
    HOW,
    BookSaid,
    BusSaid,
    CardSaid,
    RouteSaid,
    ScenarioSaid,
    StepSaid,
    When,
    words_of,
)

MOST_BYTES = 1 << 20
MOST_YEN = 1_000_000
_FIRST_YEAR, _LAST_YEAR = 2016, 2080
_MOST_CHARS = 4_000
_MOST_ENTRIES = 2_000

TAPS = ("board", "alight", "two_cards", "top_up", "cancel")
_RULE = re.compile(r"(GEN|PASS|LOC|IGP|NOR|AZF|AUT|PRT|CTR)-[1-9][0-9]*|faults [1-9][0-9]*")
_LINE = re.compile(rf"({_RULE.pattern}) -?[0-9][0-9_,]*")


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


FIRST_BUS = "bus"
"""What the bus of `bus` is called where buses are told apart."""


def parse(data: bytes, source: str) -> Book:
    """The book in a file's bytes; ScenarioBroken with everything that is wrong in it."""
    if len(data) > MOST_BYTES:
        raise ScenarioBroken((f"{source}: more than {MOST_BYTES >> 10} KiB; split it",))
    try:
        text = data.decode()
        raw = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ScenarioBroken((f"{source}: byte {error.start} is not UTF-8; save it as UTF-8",)) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ScenarioBroken((f"{source}: not TOML: {error}{_quotes_missing(data, str(error))}",)) from None
    places = lines_of(text)
    problems: list[tuple[int, str]] = []
    said: BookSaid | None = None
    try:
        said = _CONVERTER.structure(raw, BookSaid)
    except BaseValidationError as error:
        told = transform_error(error, format_exception=_why)
        problems = [(line_of(places, path), what) for path, what in map(_placed, told)]
    if said is not None:
        problems = [(line_of(places, path), what) for path, what in _Laws(said).problems()]
    if said is None or problems:
        raise ScenarioBroken(tuple(f"{source}:{line}: {what}" for line, what in sorted(set(problems))))
    return Book(source, said.title, said.about, tuple(_scenarios(said, source, places)))


def _quotes_missing(data: bytes, error: str) -> str:
    """What is most often wrong where people write Japanese: TOML takes such names in quotes only."""
    at = re.search(r"at line (\d+)", error)
    line = data.splitlines()[int(at[1]) - 1] if at and int(at[1]) <= len(data.splitlines()) else b""
    name = line.partition(b"=")[0].partition(b"#")[0]
    return (
        "" if name.isascii() or b'"' in name else '; names that are not plain letters go in quotes, as [cards."花子"]'
    )


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


# -- values


def _text(value: object, _: type) -> str:
    if type(value) is not str or not value.strip():
        raise TypeError(f"{_short(value)} is not a text; put it in quotes")
    if len(value) > _MOST_CHARS:
        raise ValueError(f"a text of {len(value)} characters; at most {_MOST_CHARS}")
    return value


def _whole(value: object, _: type) -> int:
    if type(value) is not int or not 0 <= value <= MOST_YEN:
        raise TypeError(f"{_short(value)} is not a whole number from 0 to {MOST_YEN:,}, without quotes")
    return value


def _switch(value: object, _: type) -> bool:
    if type(value) is not bool:
        raise TypeError(f"{_short(value)} is not true or false")
    return value


def _day(value: object, _: type) -> date:
    if type(value) is not date:
        raise TypeError(f"{_short(value)} is not a date; write it as 2026-11-20, without quotes")
    return _of_our_time(value)


def _of_our_time(day: date) -> date:
    """Within what operator files and cards know."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"{day}: a day from {_FIRST_YEAR} to {_LAST_YEAR}")
    return day


def _clock(value: object, _: type) -> time:
    if type(value) is not time:
        raise TypeError(f"{_short(value)} is not a time; write it as 08:00:00, without quotes")
    return value


def _moment(value: object, _: type) -> datetime:
    if type(value) is not datetime or value.tzinfo is not None:
        raise TypeError(f"{_short(value)} is not a date and time; write it as 2026-11-20T08:00:00, without a zone")
    _of_our_time(value.date())
    return value


def _when(value: object, _: type) -> When:
    if type(value) is time:
        return When(None, value)
    if type(value) is datetime and value.tzinfo is None:
        return When(_of_our_time(value.date()), value.time())
    raise TypeError(f"{_short(value)} is not a time; write it as 08:00:00 or 2026-11-20T08:00:00, without quotes")


def _fare(value: object, _: type) -> int | str:
    if value == "-":
        return "-"
    return _whole(value, int)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


_Hook = Callable[[Any, Any], Any]


def _bounded(plain: _Hook, kind: type, what: str) -> _Hook:
    def structure(value: object, asked: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{_short(value)} is not {what}")
        if len(value) > _MOST_ENTRIES:  # type: ignore[arg-type]  # a list or a table
            raise ValueError(f"{len(value)} entries; at most {_MOST_ENTRIES}")  # type: ignore[arg-type]
        return plain(value, asked)

    return structure


def _converter() -> Converter:
    made = Converter(forbid_extra_keys=True)
    hooks: tuple[tuple[Any, _Hook], ...] = (
        *((str, _text), (int, _whole), (bool, _switch), (int | str, _fare)),
        *((date, _day), (time, _clock), (datetime, _moment), (When, _when)),
    )
    for kind, hook in hooks:
        made.register_structure_hook(kind, hook)

    @made.register_structure_hook_factory(is_dataclass)
    def _tables(kind: Any, converter: Converter) -> _Hook:
        renamed = {one.name: override(rename=one.name[:-1]) for one in fields(kind) if one.name.endswith("_")}
        plain: Any = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True, **renamed)  # type: ignore[arg-type]
        return _bounded(plain, dict, "a table")

    @made.register_structure_hook_factory(is_mapping)
    def _by_name(kind: Any, converter: Converter) -> _Hook:
        return _bounded(mapping_structure_factory(kind, converter), dict, "a table")

    @made.register_structure_hook_factory(_is_list)
    def _lists(kind: Any, converter: Converter) -> _Hook:
        return _bounded(homogenous_tuple_structure_factory(kind, converter), list, "a list; put it in [ ]")

    return made


def _is_list(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is tuple


_CONVERTER = _converter()


def _why(error: BaseException, asked: type | None) -> str:
    match error:
        case KeyError():
            return "missing"
        case ForbiddenExtraKeysError():
            known = [one.name.removesuffix("_") for one in fields(error.cl)] if is_dataclass(error.cl) else []
            return "; ".join(
                f"{name}: no such key{_near(name, known)}" for name in sorted(map(str, error.extra_fields))
            )
    return str(error)


def _near(word: str, known: Iterable[str]) -> str:
    known = tuple(known)
    near = get_close_matches(word, known, 3, 0.6)
    return f"; did you mean {', '.join(near)}?" if near else f"; known are {', '.join(known)}"


_STEP_OF_A_PATH = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]")


def _placed(told: str) -> tuple[Path, str]:
    """cattrs' `what @ $.scenario[0].steps[2].fare` -> its path, and `fare: what`."""
    what, _, place = told.rpartition(" @ ")
    path = tuple(int(index) if index else key or name for key, index, name in _STEP_OF_A_PATH.findall(place))
    path = tuple(part.removesuffix("_") if isinstance(part, str) else part for part in path)
    return path, f"{_spelled(path)}: {what}" if path else what


def _spelled(path: Path) -> str:
    """`scenario 1, step 3, fare`: counted from 1, as people do."""
    parts: list[str] = []
    for part in path:
        if isinstance(part, int):
            parts[-1] = f"{parts[-1].removesuffix('s')} {part + 1}"
        else:
            parts.append(part)
    return ", ".join(parts)


# -- what goes together

_Found = Iterator[tuple[Path, str]]


class _Laws:
    """What a value's type does not tell."""

    def __init__(self, book: BookSaid) -> None:
        self._book = book

    def problems(self) -> _Found:
        for path, what in self._all():
            yield path, f"{_spelled(path)}: {what}"

    def _all(self) -> _Found:
        yield from _words((), self._book)
        if not self._book.scenario:
            yield (), "no scenario; add [[scenario]]"
        for name, route in self._book.routes.items():
            yield from _route(("routes", name), route)
        for name, card in self._book.cards.items():
            yield from _card(("cards", name), card)
        titles = [scenario.title for scenario in self._book.scenario]
        for number, scenario in enumerate(self._book.scenario):
            if scenario.title in titles[:number]:
                yield ("scenario", number, "title"), f"{scenario.title!r} is the title of another; say what differs"
            yield from self._scenario(("scenario", number), scenario)

    def _scenario(self, path: Path, said: ScenarioSaid) -> _Found:
        for place, rule in enumerate(said.rules):
            if not _RULE.fullmatch(rule):
                yield (*path, "rules", place), f"{rule!r} is no rule; write it as LOC-14 or faults 3"
        for name, card in said.cards.items():
            yield from _card((*path, "cards", name), card)
        cards = {**self._book.cards, **said.cards}
        buses = (FIRST_BUS, *said.buses)
        if not said.steps:
            yield (*path, "steps"), "nothing happens; add a step"
        for number, step in enumerate(said.steps):
            yield from _step((*path, "steps", number), step, cards, buses)
        for name in said.end.cards:
            yield from _known((*path, "end", "cards", name), name, cards, "card")


def _route(path: Path, said: RouteSaid) -> _Found:
    size = len(said.stops)
    if size < 2:
        yield (*path, "stops"), "a route has two stops at least"
    if bool(said.fares) == (said.flat_fare is not None):
        yield path, "give either fares or flat_fare"
    for key, rows in (("fares", said.fares), ("cash_fares", said.cash_fares)):
        if rows and [len(row) for row in rows] != list(range(1, size)):
            yield (*path, key), f"{size} stops make rows of {', '.join(map(str, range(1, size)))} fares"


def _card(path: Path, said: CardSaid) -> _Found:
    if said.recorded is None and said.taken_for is not None:
        yield (*path, "taken_for"), "is said of a recorded card"
    if said.recorded is not None and said != CardSaid(recorded=said.recorded, taken_for=said.taken_for):
        yield (*path, "recorded"), "a recorded card is what it is; take the other keys away"
    if said.pass_only and said.coupons is not None:
        yield (*path, "pass_only"), "a card with the pass function only has no purse (NOR-12)"
    if said.pass_ is not None:
        held = said.pass_
        if (held.from_ is None) != (held.to is None):
            yield (*path, "pass"), "from and to go together"
        if len(held.sections) > 3 or any(len(pair) != 2 for pair in held.sections):
            yield (*path, "pass", "sections"), "at most three, each of two stops"
        if held.last < held.first:
            yield (*path, "pass", "last"), f"{held.last} is before {held.first}"


def _step(path: Path, step: StepSaid, cards: dict[str, CardSaid], buses: Iterable[str]) -> _Found:
    acts = [act for act in ACTS if _is_said(step, act)]
    if len(acts) != 1:
        said = f"{' and '.join(acts)} in one step; make them two" if acts else "nothing happens"
        yield path, f"{said}; a step has one of {', '.join(ACTS)}"
        return
    act = acts[0]
    for key in (*HOW, *EXPECTED):
        if _is_said(step, key) and act not in _GO_WITH.get(key, ACTS):
            yield (*path, key), f"does not go with {act}"
    if step.bus is not None:
        yield from _known((*path, "bus"), step.bus, buses, "bus")
    for key in ("board", "alight", "top_up", "cancel"):
        if (name := getattr(step, key)) is not None:
            yield from _known((*path, key), name, cards, "card")
    for place, name in enumerate(step.two_cards):
        yield from _known((*path, "two_cards", place), name, cards, "card")
    if step.two_cards and len(set(step.two_cards)) != 2:
        yield (*path, "two_cards"), "two different cards"
    yield from _forms(path, step)
    yield from _centre(path, step, cards)


def _centre(path: Path, step: StepSaid, cards: dict[str, CardSaid]) -> _Found:
    if step.hotlist is not None:
        for name in (*step.hotlist.refused, *step.hotlist.no_auto_charge):
            yield from _known((*path, "hotlist"), name, cards, "card")
    if (said := step.directive) is not None:
        yield from _known((*path, "directive", "card"), said.card, cards, "card")
        if not (said.pass_ or said.auto_charge or said.auto_charge_off or said.kind):
            yield (*path, "directive"), "nothing changes; give pass, auto_charge, auto_charge_off or kind"


def _forms(path: Path, step: StepSaid) -> _Found:
    for place, line in enumerate(step.lines or ()):
        if not _LINE.fullmatch(line):
            yield (*path, "lines", place), f"{line!r} is no line; write rule and yen, as PASS-3 450"
    if step.tear is not None and step.tear.command < 1:
        yield (*path, "tear", "command"), "commands count from 1"


_RIDES = ("board", "alight")
_GO_WITH: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(EXPECTED, TAPS),
    "journal": ACTS,
    "asks": ACTS,
    "visit": (*_RIDES, "two_cards", "drive_to", "answer_stop", "top_up", "cancel", "paper"),
    "at": tuple(act for act in ACTS if act not in ("drive_to", "begin_trip", "end_trip", "end_duty")),
    "party": _RIDES,
    "tear": (*_RIDES, "top_up", "cancel"),
    **dict.fromkeys(("notes", "doors_open", "speed_kmh", "topped_up", "returned"), ("top_up",)),
    **dict.fromkeys(("cancelled", "cash_back"), ("cancel",)),
    "yen": ("paper",),
    **dict.fromkeys(("fare", "cash", "auto_charged", "earned", "lines", "short"), ("board", "alight")),
    "not_served": _RIDES,
}
"""Key -> the acts that it may stand with."""


_NOT_SAID: dict[str, object] = {
    one.name: {} if one.default_factory is dict else one.default for one in fields(StepSaid)
}


def _is_said(step: StepSaid, key: str) -> bool:
    return bool(getattr(step, key) != _NOT_SAID[key])


def _words(path: Path, said: Any) -> _Found:
    """Words that are none of those a key may say, in a table and all below it."""
    if isinstance(said, dict | tuple) and not isinstance(said, When):
        inside = said.items() if isinstance(said, dict) else enumerate(said)
        for place, one in inside:
            yield from _words((*path, place), one)
    elif is_dataclass(said):
        for key in fields(said):
            value, at = getattr(said, key.name), (*path, key.name.removesuffix("_"))
            if known := words_of(key):
                yield from _unknown(at, value, known)
            else:
                yield from _words(at, value)


def _unknown(path: Path, value: Any, known: tuple[str, ...]) -> _Found:
    match value:
        case str() if value not in known:
            yield path, f"{value!r} is unknown{_near(value, known)}"
        case tuple() | dict():
            for place, word in enumerate(value):
                yield from _unknown((*path, place if isinstance(value, tuple) else word), word, known)


def _known(path: Path, name: str, known: Iterable[str], what: str) -> _Found:
    if name not in (names := tuple(known)):
        yield path, f"{name!r} is no {what} of this scenario{_near(name, names) if names else f'; there is no {what}'}"

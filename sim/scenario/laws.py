"""What a scenario file's values must be to each other: which keys go together, and names that are known."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from sim.scenario.places import Path, spelled
from sim.scenario.schema import (
    ACTS,
    EXPECTED,
    FIRST_BUS,
    HOW,
    TAPS,
    BookSaid,
    CardSaid,
    RouteSaid,
    ScenarioSaid,
    StepSaid,
    When,
    words_of,
)
from sim.scenario.values import near

_RULE = re.compile(r"(GEN|PASS|LOC|IGP|NOR|AZF|AUT|PRT|CTR)-[1-9][0-9]*|faults [1-9][0-9]*")
_LINE = re.compile(rf"({_RULE.pattern}) -?[0-9][0-9_,]*")
_Found = Iterator[tuple[Path, str]]


class Laws:
    """What a value's type does not tell."""

    def __init__(self, book: BookSaid) -> None:
        """Take a book whose values are each in order."""
        self._book = book

    def problems(self) -> _Found:
        """Where something is wrong, and what."""
        for path, what in self._all():
            yield path, f"{spelled(path)}: {what}"

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
    for said, others, why in _ALONE:
        for key in others:
            if _is_said(step, said) and _is_said(step, key):
                yield (*path, key), f"does not go with {said}: {why}"
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
    if step.visit < 1:
        yield (*path, "visit"), "visits count from 1"
    if step.tear is not None and step.tear.command < 1:
        yield (*path, "tear", "command"), "commands count from 1"


_RIDES = ("board", "alight")
_SETTLED = ("cash", "auto_charged", "earned", "lines")
_ALONE = (
    ("refused", _SETTLED, "nothing is settled then"),
    ("not_served", ("refused", "fare", *_SETTLED, "short", "sound", "remarks", "shown"), "nothing is shown then"),
)
"""What is said, what it leaves no room for, and why: what nobody looks at would pass whatever it says."""
_GO_WITH: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(EXPECTED, TAPS),
    "journal": ACTS,
    "asks": ACTS,
    **dict.fromkeys(("balance", "purses"), tuple(act for act in TAPS if act != "two_cards")),
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
            yield path, f"{value!r} is unknown{near(value, known)}"
        case tuple() | dict():
            for place, word in enumerate(value):
                yield from _unknown((*path, place if isinstance(value, tuple) else word), word, known)


def _known(path: Path, name: str, known: Iterable[str], what: str) -> _Found:
    if name not in (names := tuple(known)):
        yield path, f"{name!r} is no {what} of this scenario{near(name, names) if names else f'; there is no {what}'}"

"""A ride's fare as most would write it: frozen dataclasses, covered stops as sets, the least over all choices.

It knows less: no service classes, flat fares, purses but one, auto-charge, holidays, rule numbers, or other companies.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from math import ceil

from tariff.fares import FareTable


@dataclass(frozen=True)
class Section:
    """A pass section, by stop number."""

    from_stop: int
    to_stop: int


@dataclass(frozen=True)
class Card:
    """The card's contents."""

    stored_fare_yen: int
    sections: tuple[Section, ...] = ()
    first_day: date = date.min
    last_day: date = date.max


@dataclass(frozen=True)
class Ride:
    """Two places of a pattern, and the day."""

    table: FareTable
    boarded: int
    alighted: int
    day: date


@dataclass(frozen=True)
class Line:
    """One part of what is due."""

    what: str
    yen: int


@dataclass(frozen=True)
class Settlement:
    """What is due, why, and the card after it."""

    due_yen: int
    lines: tuple[Line, ...]
    after: Card


def settle(ride: Ride, card: Card, companions: Sequence[str] = ()) -> Settlement:
    """The holder, with the pass or without, then everyone else; ValueError if the card is short."""
    names = ride.table.pattern.stop_names
    lines = [Line(f"{names[start]}→{names[end]}", yen) for start, end, yen in _holder(ride, card)]
    through_yen = ride.table.fare_yen(ride.boarded, ride.alighted)
    lines += [Line(rider, _fare(rider, through_yen)) for rider in companions]
    due_yen = sum(line.yen for line in lines)
    if due_yen > card.stored_fare_yen:
        raise ValueError("short")
    return Settlement(due_yen, tuple(lines), replace(card, stored_fare_yen=card.stored_fare_yen - due_yen))


def _fare(rider: str, adult_yen: int) -> int:
    return adult_yen if rider == "adult" else ceil(adult_yen / 20) * 10


def _holder(ride: Ride, card: Card) -> list[tuple[int, int, int]]:
    if not card.sections or not card.first_day <= ride.day <= card.last_day:
        return _charged(ride, set())
    covered = [_covered(ride.table, section) for section in card.sections]
    choices = (chosen for size in range(len(covered), -1, -1) for chosen in combinations(covered, size))
    charged = [_charged(ride, set().union(*chosen)) for chosen in choices]
    return min(charged, key=lambda parts: sum(yen for _, _, yen in parts))


def _covered(table: FareTable, section: Section) -> set[int]:
    stops = table.pattern.stop_numbers
    if section.from_stop not in stops or section.to_stop not in stops:
        return set()
    start, end = sorted((stops.index(section.from_stop), stops.index(section.to_stop)))
    return set(range(start, end))


def _charged(ride: Ride, covered: set[int]) -> list[tuple[int, int, int]]:
    parts: list[tuple[int, int, int]] = []
    start = None
    for place in range(ride.boarded, ride.alighted + 1):
        bare = place < ride.alighted and place not in covered
        if bare and start is None:
            start = place
        elif not bare and start is not None:
            parts.append((start, place, ride.table.fare_yen(start, place)))
            start = None
    return parts

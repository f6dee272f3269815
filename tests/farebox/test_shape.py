"""Values of TOML and JSON as dataclasses: as they are told, or every fault with its place."""

from dataclasses import asdict, dataclass
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.shape import Misshapen, shaped


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Lamp:
    colour: Colour
    watts: int = 5


@dataclass(frozen=True)
class Room:
    name: str
    lit: bool
    lamps: tuple[Lamp, ...] = ()
    size: tuple[int, int] = (1, 1)
    note: str | None = None
    pin: int | Colour = 3


WHOLE = {"name": "hall", "lit": True, "lamps": [{"colour": "red"}], "size": [2, 3], "note": None, "pin": "blue"}


def test_what_is_told_is_made() -> None:
    made = shaped(WHOLE, Room)
    assert made == Room("hall", True, (Lamp(Colour.RED),), (2, 3), None, Colour.BLUE)
    assert type(made.lamps[0].colour) is Colour


def test_what_is_left_out_has_its_default() -> None:
    assert shaped({"name": "", "lit": False}, Room) == Room("", False)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"name": 1}, "name: 1 is not a text"),
        ({"lit": 1}, "lit: 1 is not a truth value"),
        ({"pin": True}, "pin: True is not a whole number"),
        ({"pin": "green"}, "pin: 'green' is not a whole number"),
        ({"lamps": {}}, "lamps: {} is not a list"),
        ({"lamps": [3]}, "lamps[0]: must be a table"),
        ({"lamps": [{"colour": ["red"]}]}, "lamps[0].colour: ['red'] is none of red, blue"),
        ({"lamps": [{}]}, "lamps[0].colour: missing"),
        ({"size": [1]}, "size: 1 values where 2 belong"),
        ({"size": [1, 2.0]}, "size[1]: 2.0 is not a whole number"),
        ({"note": 0}, "note: 0 is not a text"),
        ({"name": None}, "name: None is not a text"),
        ({"door": 1}, "door: no such setting; known are name, lit, lamps, size, note, pin"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(changed: dict[str, object], problem: str) -> None:
    with pytest.raises(Misshapen) as caught:
        shaped({**WHOLE, **changed}, Room)
    assert caught.value.problems == (problem,)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Misshapen) as caught:
        shaped({"lit": "yes", "lamps": [{"watts": "5", "size": 1}]}, Room)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        *("lamps[0].colour", "lamps[0].watts", "lamps[0]", "lit", "name"),
    ]


@given(st.builds(Room, st.text(), st.booleans(), st.lists(st.builds(Lamp, st.sampled_from(Colour))).map(tuple)))
def test_what_was_told_comes_back(room: Room) -> None:
    def listed(value: object) -> object:
        if isinstance(value, dict):
            return {name: listed(one) for name, one in value.items()}
        return [listed(one) for one in value] if isinstance(value, tuple) else value

    assert shaped(listed(asdict(room)), Room) == room

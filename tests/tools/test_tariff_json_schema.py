"""The schema of a batch and the small validator that obeys it, beside the `jsonschema` library."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.tariff.json_schema import Problem, problems
from tools.tariff.quote_json import schema

PAGE = (Path(__file__).parents[2] / "docs" / "tariff_commands.md").read_text("utf-8")
LINES = [json.loads(line) for line in PAGE.split("<!-- batch in -->\n```json\n")[1].split("```")[0].splitlines()]
REISSUE = {"version": 1, "id": 0, "kind": "card", "operator": "lococa", "day": "2026-11-20"} | {
    "action": "reissue",
    "why": "lost",
    "applied_on": "2026-11-19",
    "card": {"named": True, "points": {"points": 3, "last_day": "2026-01-01"}, "welfare_points": 9},
}
DOCUMENTS = [*LINES, REISSUE]
PEER = jsonschema.Draft202012Validator(dict(schema()))

Path_ = tuple[str | int, ...]


def paths(value: object, at: Path_ = ()) -> Iterator[Path_]:
    """Every place in a document."""
    yield at
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*at, key))


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 1_000_001),
    st.sampled_from(["", "\x00", "2026-11-20", "2026-1-2", "25:00", "card", "adult", "x" * 201, "\u202e", "\ud800"]),
    st.sampled_from([[], {}, [[]], [[], [None]], {"from": "a", "to": "b"}, ["a"] * 256, ["child"] * 51]),
)


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    """A document of ours with some of it replaced, left out or added."""
    document = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(0, 3))):
        *to, last = draw(st.sampled_from([path for path in paths(document) if path] or [("id",)]))
        holder = document
        for key in to:
            holder = holder[key]
        how = draw(st.sampled_from(["replace", "drop", "add"]))
        if how == "drop" and isinstance(holder, dict):
            del holder[last]
        elif how == "add" and isinstance(holder, dict):
            name = draw(st.sampled_from(["unknown", "route", "fares", "book", "card", "company"]))
            holder[name] = copy.deepcopy(draw(JUNK))
        else:
            holder[last] = copy.deepcopy(draw(JUNK))
    return document


@given(spoiled())
def test_it_accepts_what_jsonschema_accepts_and_nothing_else(document: Any) -> None:
    ours = next(problems(document, schema(), schema()), None)
    assert (ours is None) == PEER.is_valid(document), ours


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(schema()))


@pytest.mark.parametrize("document", [one for one in DOCUMENTS if one["id"] != "wrong"], ids=lambda one: str(one["id"]))
def test_our_own_examples_are_valid(document: Any) -> None:
    assert list(problems(document, schema(), schema())) == []


@pytest.mark.parametrize(
    ("value", "rule", "said"),
    [
        ("a", {"type": "integer"}, [("$", "must be integer")]),
        (True, {"type": "integer"}, [("$", "must be integer")]),
        (1.0, {"type": "integer"}, [("$", "must be integer")]),
        (None, {"type": ["integer", "null"]}, []),
        ("a", {"type": ["integer", "null"]}, [("$", "must be integer or null")]),
        (1, {"const": 1}, []),
        (True, {"const": 1}, [("$", "must be 1")]),
        ("b", {"enum": ["a", 1]}, [("$", 'must be "a" or 1')]),
        (4, {"minimum": 5}, [("$", "must be at least 5")]),
        (5, {"minimum": 5, "maximum": 5}, []),
        (6, {"maximum": 5}, [("$", "must be at most 5")]),
        ("", {"minLength": 1}, [("$", "must have at least 1 characters")]),
        ("ab", {"minLength": 2, "maxLength": 2}, []),
        ("abc", {"maxLength": 2}, [("$", "must have at most 2 characters")]),
        ([], {"minItems": 1}, [("$", "must have at least 1 items")]),
        ([1], {"minItems": 1, "maxItems": 1}, []),
        ([1, 2], {"maxItems": 1}, [("$", "must have at most 1 items")]),
        ("x", {"pattern": "^[0-9]+$"}, [("$", "must be like ^[0-9]+$")]),
        ("x", {"pattern": "^[0-9]+$", "description": "a number"}, [("$", "must be a number")]),
        ([1, "a", "b"], {"items": {"type": "integer"}}, [("$[1]", "must be integer"), ("$[2]", "must be integer")]),
        ({"a": 1}, {"additionalProperties": False}, [("$.a", "unknown field")]),
        ({"a" * 50: 1}, {"additionalProperties": False}, [(f"$.{'a' * 40}", "unknown field")]),
        ({}, {"required": ["a", "b"]}, [("$.a", "is missing"), ("$.b", "is missing")]),
        ({"a": {"b": 1}}, {"properties": {"a": {"properties": {"b": False}}}}, [("$.a.b", "must not be there")]),
        (
            {},
            {"oneOf": [{"required": ["a"]}, {"required": ["b", "c"]}]},
            [("$", "must have exactly one of a, b and c")],
        ),
        (
            {"a": 1, "b": 1},
            {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            [("$", "must have exactly one of a, b")],
        ),
        ({}, {"allOf": [{"required": ["a"]}, {"required": ["b"]}]}, [("$.a", "is missing"), ("$.b", "is missing")]),
        ({"k": 1}, {"if": {"properties": {"k": {"const": 1}}}, "then": {"required": ["a"]}}, [("$.a", "is missing")]),
        ({"k": 2}, {"if": {"properties": {"k": {"const": 1}}}, "then": {"required": ["a"]}}, []),
        (1, True, []),
        (1, {"title": "t", "description": "d"}, []),
    ],
)
def test_a_problem_says_where_and_what(value: object, rule: Any, said: list[tuple[str, str]]) -> None:
    assert list(problems(value, rule, {})) == [Problem(*one) for one in said]


def test_a_keyword_that_nobody_obeys_is_a_fault_of_the_schema() -> None:
    with pytest.raises(KeyError):
        list(problems(1, {"multipleOf": 10}, {}))

"""The JSON Schema of scenario files says what the parser says, and every key has a word."""

import json
import tomllib
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, get_args, get_type_hints

import jsonschema
import pytest

from sim.scenario import schema
from sim.scenario.json_schema import json_schema
from sim.scenario.schema import ACTS, EXPECTED, HOW, TABLES, BookSaid, StepSaid, doc_of
from tests.sim.scenario.bench import text_of

FILES = sorted((Path(__file__).parents[2] / "scenarios").glob("*.scenario.toml"))
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def as_an_editor_sees(value: Any) -> Any:
    """Dates and times are strings there."""
    if isinstance(value, dict):
        return {key: as_an_editor_sees(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_an_editor_sees(one) for one in value]
    return value.isoformat() if isinstance(value, date | time | datetime) else value


def complaints(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(as_an_editor_sees(tomllib.loads(text)))]


def test_it_is_a_schema_and_json() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json.loads(json.dumps(json_schema())) == json_schema()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_scenario_of_ours_obeys_it(path: Path) -> None:
    assert complaints(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "step",
    [
        "fare = 3",
        'board = "花子", alight = "花子"',
        'board = "花子", sond = "pip"',
        'board = "花子", sound = "pop"',
        'board = "花子", fare = "3"',
        'board = "花子", purses = { regulr = 3 }',
        'alight = "花子", tear = { command = 3 }',
        'alight = "花子", party = { companions = ["man"] }',
    ],
)
def test_an_editor_underlines_mistakes(step: str) -> None:
    assert complaints(text_of('board = "花子"')) == []
    assert complaints(text_of(step)) != []


def test_every_key_has_a_word_and_every_table_a_place_on_the_page() -> None:
    kinds = {kind for kind in vars(schema).values() if is_dataclass(kind)}
    assert {kind for _, kind in TABLES} == kinds
    assert [f"{kind.__name__}.{key.name}" for _, kind in TABLES for key in fields(kind) if len(doc_of(key)) < 5] == []
    assert any(StepSaid in get_args(hint) for kind in kinds for hint in get_type_hints(kind).values())
    assert BookSaid in kinds


def test_every_key_of_a_step_happens_says_how_or_expects() -> None:
    names = [key.name for key in fields(StepSaid)]
    assert sorted((*ACTS, *HOW, *EXPECTED)) == sorted(names)

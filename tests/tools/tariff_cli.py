"""`farebox tariff …` as tests run it: in this process, with fixtures that hypothesis may use too."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tools.cli import farebox

DAY = "2026-11-20"
"""A Friday that is no holiday."""
STOPS = ["磐城棚倉", "実業高校前", "南湖公園", "白河モール前", "新白河"]
GUIDE = {
    "route": "白棚線",
    "stops": STOPS,
    "yen": [[], [300], [400, 200], [450, 270, 190], [500, 320, 250, 170]],
}
"""The line of the guide's examples as a triangle (三角表)."""


def ride(**changed: Any) -> dict[str, Any]:
    """A whole ride on the guide's line by a card with 5,000 yen; None leaves a field out."""
    request = {
        "version": 1,
        "id": "t",
        "kind": "ride",
        "operator": "lococa",
        "day": DAY,
        "fares": GUIDE,
        "from": STOPS[0],
        "to": STOPS[4],
        "card": {"stored_fare_yen": 5_000},
    }
    return {name: value for name, value in (request | changed).items() if value is not None}


def work(kind: str, operator: str, **fields: Any) -> dict[str, Any]:
    """A line of another kind."""
    return {"version": 1, "id": "t", "kind": kind, "operator": operator, **fields}


def invoke(*args: object) -> tuple[int, str]:
    """Exit code and output; an exception that is not a refusal of the call is raised."""
    ran = CliRunner().invoke(farebox, [str(arg) for arg in args], catch_exceptions=False)
    return ran.exit_code, ran.stdout


def batch(tmp_path: Path, requests: Iterable[Mapping[str, Any] | bytes]) -> list[dict[str, Any]]:
    """The answers to the lines of a file, whatever the exit code."""
    file = tmp_path / "requests.jsonl"
    file.write_bytes(b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in requests))
    ran = CliRunner().invoke(farebox, ["tariff", "quote", "--batch", str(file)])
    return [json.loads(line) for line in ran.stdout.splitlines()]


def answer(tmp_path: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one line."""
    (only,) = batch(tmp_path, [request])
    return only

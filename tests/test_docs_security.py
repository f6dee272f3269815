"""docs/centre/security.md tells the truth: every requirement once, every test it names there, its sums right."""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from centre.users.passwords import OWN_WORDS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/centre/security.md").read_text("utf-8")
REQUIREMENTS = {
    # Of ASVS 5.0.0, levels 1 and 2 together, by chapter.
    **{1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13},
    **{16: 16, 17: 7},
}
LEVEL_1 = 70
STATES = ("met", "not applicable", "NOT MET")


class Row(NamedTuple):
    """A requirement, and how it stands."""

    number: str
    level: int
    state: str
    how: str
    tests: tuple[str, ...]


def rows(page: str) -> list[Row]:
    found = re.findall(r"^\| V([\d.]+) \| ([12]) \| ([^|]+) \| ([^|]*) \| ([^|]*) \|$", page, re.MULTILINE)
    return [
        Row(number, int(level), state.strip(), how, tuple(re.findall(r"`([^`]+)`", tests)))
        for number, level, state, how, tests in found
    ]


def wrong_with(row: Row) -> str:
    """What a row lacks: a state, a reason, or a test that is there."""
    if row.state not in STATES:
        return "no state"
    if len(row.how) < 4:
        return "not a word of how or why"
    if (row.state == "met") != bool(row.tests):
        return "what is met has a test, and nothing else"
    for named in row.tests:
        path, _, name = named.partition("::")
        if not (ROOT / path).is_file():
            return f"no file {path}"
        if not re.search(rf"^def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE):
            return f"no {name} in {path}"
    return ""


ROWS = rows(PAGE)


def test_every_requirement_is_there_once() -> None:
    numbers = [row.number for row in ROWS]
    assert len(set(numbers)) == len(numbers) == sum(REQUIREMENTS.values()) == 253
    assert Counter(int(number.split(".")[0]) for number in numbers) == REQUIREMENTS
    assert sum(row.level == 1 for row in ROWS) == LEVEL_1
    # Every line of the tables was read.
    assert len(re.findall(r"^\| V\d", PAGE, re.MULTILINE)) == len(ROWS)


def test_every_row_says_how_and_names_tests_that_are_there() -> None:
    assert {row.number: said for row in ROWS if (said := wrong_with(row))} == {}


@pytest.mark.parametrize(
    "planted",
    [
        Row("1.1.1", 1, "met", "by us", ()),
        Row("1.1.1", 1, "met", "by us", ("tests/nowhere.py::test_it",)),
        Row("1.1.1", 1, "met", "by us", ("tests/test_docs_security.py::test_that_is_not_there",)),
        Row("1.1.1", 1, "not applicable", "", ()),
        Row("1.1.1", 1, "perhaps", "by us", ()),
    ],
)
def test_a_row_that_says_too_little_is_seen(planted: Row) -> None:
    assert wrong_with(planted)


def test_the_sums_at_the_head_are_those_of_the_rows() -> None:
    said = {
        name: list(map(int, sums))
        for name, *sums in re.findall(
            r"^\| (level 1|level 2|both) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE
        )
    }
    for name, levels in (("level 1", {1}), ("level 2", {2}), ("both", {1, 2})):
        of_these = [row for row in ROWS if row.level in levels]
        assert said[name] == [len(of_these), *(sum(row.state == state for row in of_these) for state in STATES)]


def test_the_page_has_its_parts() -> None:
    parts = re.findall(r"^##+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", part.lower()).replace(" ", "-") for part in parts}
    named = set(re.findall(r"\]\(#([\w-]+)\)", PAGE))
    assert len(named) >= 10
    assert named <= anchors
    for part in parts:
        body = PAGE.split(f"# {part}\n")[1].split("\n#")[0]
        assert len(body) > 200 or part == "Requirement by requirement", part


def test_the_page_has_the_words() -> None:
    told = PAGE.split("### Words that are no password\n")[1].split("\n#")[0]
    assert set(re.findall(r"`(\w+)`", told)) == OWN_WORDS


def test_the_days_to_mend_are_told() -> None:
    told = (ROOT / "SECURITY.md").read_text("utf-8")
    assert [int(days) for days in re.findall(r"\| (\d+) days \|", told)] == [7, 30, 90]
    assert "SECURITY.md" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")

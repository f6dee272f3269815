"""docs/faults.md tells the truth: what a row names is there, and holds tests of that fault by its number."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/faults.md").read_text("utf-8")
_TEST = re.compile(r"^ *(?:async )?def test_\w*?faults((?:_\d+)+)(?:_to_(\d+))?(?:_|\b)", re.MULTILINE)
_AS_BEFORE = "the same"


class Row(NamedTuple):
    """A fault and where the page says that it was tried: files, or folders of them."""

    number: int
    places: tuple[Path, ...]


def rows() -> Iterator[Row]:
    before: tuple[Path, ...] = ()
    for number, tried in re.findall(r"^\| (\d+) \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE):
        named = tuple(map(place, re.findall(r"`((?:tests|test_)[\w/.]+)`", tried)))
        before = (*(before if tried.startswith(_AS_BEFORE) else ()), *named)
        yield Row(int(number), before)


def place(named: str) -> Path:
    """By its path, or by its name alone in tests/farebox or in the folder named before it."""
    found = [ROOT / named] if named.startswith("tests/") else sorted((ROOT / "tests").rglob(named))
    assert len(found) == 1 and found[0].exists(), f"docs/faults.md names {named}: {found}"
    return found[0]


def faults_in(path: Path) -> set[int]:
    """The numbers in the names of a file's tests, or of those of all files of a folder."""
    files = sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    found: set[int] = set()
    for file in files:
        for numbers, last in _TEST.findall(file.read_text("utf-8")):
            several = [int(number) for number in numbers.split("_")[1:]]
            found |= set(several)
            if last:
                found |= set(range(several[-1], int(last) + 1))
    return found


ROWS = list(rows())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_a_fault_is_tried_where_its_row_says(row: Row) -> None:
    assert row.places
    silent = [str(path.relative_to(ROOT)) for path in row.places if row.number not in faults_in(path)]
    assert not silent, f"no test_faults_{row.number}_… in {', '.join(silent)}"


def test_every_fault_has_its_row() -> None:
    told = {row.number for row in ROWS}
    assert len(told) == len(ROWS)
    assert told == set(range(1, 59))
    assert faults_in(ROOT / "tests") <= told


def test_the_tests_from_the_road_are_there() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+|Test\w+)…?`", PAGE.split("**From the road**")[1])
    assert len(named) == 3
    assert [name for name in named if not re.search(rf"(?:def|class) {name}", text)] == []

"""docs/rulebook.md against the code: every refusal code, every setting, every rule that is cited, and nothing else."""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from farebox.result import Result, Side, Sound
from tariff.refusal import Code, Refusal
from tariff.rulebook import SETTINGS
from tools.words import REFUSALS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "rulebook.md").read_text(encoding="utf-8")
OPERATOR_FILES = {"LOCOCA": "lococa", "AIZU NORUCA": "aizu-noruca"}
SOURCES = ("tariff", "cardimage", "reader", "farebox", "sim", "tools")

NUMBER = re.compile(r"\b(GEN|PASS|LOC|IGP|NOR|AZF|AUT|PRT|CTR)-(\d+)")
RANGE = re.compile(r"\b([A-Z]+)-(\d+) to \1-(\d+)")


def rows(page: str, first_column: str) -> list[dict[str, str]]:
    """The rows of the one table whose first column has this name."""
    lines = page.splitlines()
    (start,) = [at for at, line in enumerate(lines) if line.startswith(f"| {first_column} |")]
    names = _cells(lines[start])
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append(dict(zip(names, _cells(line), strict=True)))
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def unquoted(cell: str) -> str:
    """`code` -> code; anything else is no name."""
    named = re.fullmatch(r"`([^`]+)`", cell)
    assert named, cell
    return named[1]


def numbers(text: str) -> set[str]:
    """The rule numbers in a text, ranges (`GEN-15 to GEN-17`) included."""
    found = {match[0] for match in NUMBER.finditer(text)}
    for group, first, last in RANGE.findall(text):
        found |= {f"{group}-{number}" for number in range(int(first), int(last) + 1)}
    return found


CODES = rows(PAGE, "code")
KEYS = rows(PAGE, "key")
HELD = rows(PAGE, "rule")
TO_COME = rows(PAGE, "rules")


# -- refusal codes


def test_every_refusal_code_is_documented_once_and_nothing_else_is() -> None:
    assert [unquoted(row["code"]) for row in CODES] == [code.value for code in Code]


@pytest.mark.parametrize("row", CODES, ids=lambda row: row["code"])
def test_the_display_reads_as_documented(row: dict[str, str]) -> None:
    said = REFUSALS[Code(unquoted(row["code"]))]
    assert (row["the display in Japanese"], row["in English"]) == said
    assert row["what to do"].endswith(".")


@pytest.mark.parametrize("row", CODES, ids=lambda row: row["code"])
def test_every_refusal_sounds_the_buzzer(row: dict[str, str]) -> None:
    refusal = Refusal(Code(unquoted(row["code"])), "GEN-14")
    heard = Result(Side.ALIGHTING, bytes(8), 0, None, refusal).sound
    assert (heard, row["sound"]) == (Sound.BUZZ, "pii")


def test_a_code_that_nothing_gives_says_so() -> None:
    given = set()
    for package in SOURCES[:-1]:
        for path in (ROOT / package).rglob("*.py"):
            given |= {Code[name] for name in re.findall(r"\bRefusal\(\s*Code\.(\w+)", path.read_text(encoding="utf-8"))}
    waiting = {Code(unquoted(row["code"])) for row in CODES if "*Not made yet.*" in row["what to do"]}
    assert waiting == set(Code) - given


# -- settings


def test_every_setting_is_documented_once_and_nothing_else_is() -> None:
    assert [unquoted(row["key"]) for row in KEYS] == list(SETTINGS)


@pytest.mark.parametrize("row", KEYS, ids=lambda row: row["key"])
def test_a_setting_cites_its_rule(row: dict[str, str]) -> None:
    assert row["rule"] == SETTINGS[unquoted(row["key"])].rule


def shown(value: Any) -> str:
    """A setting's value as the table writes it."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return f"{value:,}"
        case date():
            return value.isoformat()
        case []:
            return "none"
        case [{}, *_]:
            return "; ".join(f"{company['number']} {company['name']}" for company in value)
        case [*words]:
            return ", ".join(words)
    return str(value)


@pytest.mark.parametrize("operator", OPERATOR_FILES)
@pytest.mark.parametrize("row", KEYS, ids=lambda row: row["key"])
def test_the_shipped_values_are_those_of_the_operator_files(row: dict[str, str], operator: str) -> None:
    # The newest file: the table shows what is in force.
    path = max((ROOT / "tariff" / "operators" / OPERATOR_FILES[operator]).glob("*.toml"))
    value = tomllib.loads(path.read_text(encoding="utf-8"))
    for part in unquoted(row["key"]).split("."):
        value = value[part]
    assert row[operator] == shown(value)


# -- rules


def test_no_rule_is_listed_twice() -> None:
    held = [row["rule"] for row in HELD]
    assert len(set(held)) == len(held)
    assert set(held) & set().union(*(numbers(row["rules"]) for row in TO_COME)) == set()


def test_every_rule_that_code_or_docs_cite_is_on_the_page() -> None:
    known = {row["rule"] for row in HELD} | set().union(*(numbers(row["rules"]) for row in TO_COME))
    files = [path for folder in (*SOURCES, "docs") for path in (ROOT / folder).rglob("*")]
    texts = {path: path.read_text(encoding="utf-8") for path in files if path.suffix in {".py", ".toml", ".md"}}
    assert len(texts) > 50
    unknown = {str(path.relative_to(ROOT)): numbers(text) - known for path, text in texts.items()}
    assert {path: cited for path, cited in unknown.items() if cited} == {}


def test_every_rule_that_a_settlement_or_refusal_can_cite_is_held() -> None:
    held = {row["rule"] for row in HELD}
    cited = set()
    for package in ("tariff", "cardimage", "farebox"):
        for path in (ROOT / package).rglob("*.py"):
            cited |= {f"{group}-{number}" for group, number in re.findall(r'"([A-Z]+)-(\d+)"', path.read_text("utf-8"))}
    assert len(cited) > 15
    assert cited - held == set()


@pytest.mark.parametrize("row", HELD, ids=lambda row: row["rule"])
def test_a_rule_that_is_held_names_code_and_a_test(row: dict[str, str]) -> None:
    code = re.findall(r"`([\w/.-]+)`", row["where"])
    tests = re.findall(r"`(tests/[\w/.-]+)`", row["tried in"])
    assert code and tests
    assert [path for path in (*code, *tests) if not (ROOT / path).is_file()] == []
    texts = [(ROOT / path).read_text("utf-8") for path in (*code, *tests)]
    in_a_test_name = "_" + row["rule"].lower().replace("-", "_") + "_"
    assert any(row["rule"] in numbers(text) or in_a_test_name in text for text in texts)


def test_every_rule_of_the_tariff_tests_is_held() -> None:
    held = {row["rule"] for row in HELD}
    named = set()
    for path in (ROOT / "tests" / "tariff").glob("test_*.py"):
        for function in re.findall(r"^def test_(\w+)", path.read_text("utf-8"), re.MULTILINE):
            named |= {f"{g}-{n}".upper() for g, n in re.findall(r"(?:^|_)(gen|pass|loc|aut)_(\d+)(?=_)", function)}
    assert len(named) > 15
    assert named - held == set()


# -- the checks themselves


def test_a_missing_row_would_be_seen() -> None:
    drifted = PAGE.replace("| `short` |", "| `shorts` |")
    assert [row["code"] for row in rows(drifted, "code")] != [row["code"] for row in CODES]
    assert numbers("GEN-15 to GEN-17, LOC-1") == {"GEN-15", "GEN-16", "GEN-17", "LOC-1"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (20_000, "20,000"),
        (date(2026, 4, 1), "2026-04-01"),
        ([], "none"),
        (["child", "adult"], "child, adult"),
        ([{"number": 0, "name": "a"}, {"number": 1, "name": "b"}], "0 a; 1 b"),
    ],
)
def test_values_are_shown_as_the_table_writes_them(value: object, text: str) -> None:
    assert shown(value) == text

"""What stands behind each rule of docs/rulebook.md: `python -m tools.rule_table [--json]`.

For each rule: the lines of code that cite it, the operator files' values that do, the tests named for it. All of it is
read off the sources, so the table can't be wrong where they are right. Exits 1 on a gap: a rule that the page says is
held, without a test named for it, or without code or value; a rule that the page does not know.
"""

import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import click

from tools.exits import Exit

ROOT = Path(__file__).parents[1]
PAGE = "docs/rulebook.md"
SOURCES = ("tariff", "cardimage", "reader", "farebox", "sim", "centre", "tools")

GROUPS = ("GEN", "PASS", "LOC", "IGP", "NOR", "AZF", "AUT", "PRT", "CTR")
_RULE = re.compile(rf"\b({'|'.join(GROUPS)})-([1-9][0-9]*)")
_RANGE = re.compile(rf"\b({'|'.join(GROUPS)})-([1-9][0-9]*) to \1-([1-9][0-9]*)")
_IN_A_NAME = re.compile(rf"(?:^|_)({'|'.join(GROUPS).lower()})_([1-9][0-9]*)(?=_|$)")

HELD, FULFILLED, TO_COME = "rule", "rule of one operator", "rule to come"
"""First columns of the page's three tables of rules."""


class Status(StrEnum):
    """What the page says of a rule."""

    HELD = "held"
    PARTLY = "partly"
    BY_ANOTHER = "by another"
    TO_COME = "to come"
    UNKNOWN = "unknown"


class Site(NamedTuple):
    """A file, and those of its lines that cite a rule; lines count from 1."""

    file: str
    lines: tuple[int, ...]


class Value(NamedTuple):
    """A value of an operator file whose comment, or which itself, cites a rule: `key` as in "products.months"."""

    file: str
    line: int
    key: str
    value: str


class NamedTest(NamedTuple):
    """A test that has a rule in its name."""

    file: str
    name: str


class Evidence(NamedTuple):
    """All there is of one rule. `by` are the common rules that fulfil it, where the page says that they do."""

    rule: str
    status: Status
    by: tuple[str, ...]
    code: tuple[Site, ...]
    values: tuple[Value, ...]
    tests: tuple[NamedTest, ...]


class Page(NamedTuple):
    """The rules of docs/rulebook.md."""

    status: Mapping[str, Status]
    by: Mapping[str, tuple[str, ...]]
    twice: tuple[str, ...]


# -- reading


def numbers(text: str, known: Iterable[str] = ()) -> set[str]:
    """The rule numbers in a text, and of those known the ones that lie in its ranges (`AZF-30 to AZF-40`)."""
    found = {match[0] for match in _RULE.finditer(text)}
    for group, first, last in _RANGE.findall(text):
        between = {f"{group}-{number}" for number in range(int(first), int(last) + 1)}
        found |= between.intersection(known)
    return found


def numbers_in_name(name: str) -> set[str]:
    """The rules that a test's name carries: test_azf_31_gen_1_… -> AZF-31, GEN-1."""
    return {f"{group.upper()}-{number}" for group, number in _IN_A_NAME.findall(name)}


def in_order(rules: Iterable[str]) -> list[str]:
    """Rules as the page has them: by group, then by number."""
    return sorted(rules, key=lambda rule: (GROUPS.index(rule.partition("-")[0]), int(rule.partition("-")[2])))


def rows(page: str, first_column: str) -> list[dict[str, str]]:
    """The rows of the tables whose first column has this name, by the names of their columns."""
    found: list[dict[str, str]] = []
    names: list[str] = []
    for line in page.splitlines():
        if not line.startswith("|"):
            names = []
        elif line.startswith(f"| {first_column} |"):
            names = _cells(line)
        elif names and not line.startswith("|--"):
            found.append(dict(zip(names, _cells(line), strict=True)))
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def read_page(page: str) -> Page:
    """What the page says of each rule."""
    status: dict[str, Status] = {}
    by: dict[str, tuple[str, ...]] = {}
    listed: list[str] = []
    for row in rows(page, HELD):
        listed.append(row[HELD])
        status[row[HELD]] = Status.PARTLY if "*Partly:*" in row["what it says"] else Status.HELD
    for row in rows(page, FULFILLED):
        listed.append(row[FULFILLED])
        status[row[FULFILLED]] = Status.BY_ANOTHER
        by[row[FULFILLED]] = tuple(in_order(numbers(row["by"])))
    for row in rows(page, TO_COME):
        listed.append(row[TO_COME])
        status[row[TO_COME]] = Status.TO_COME
    return Page(status, by, tuple(rule for rule, times in Counter(listed).items() if times > 1))


def code_sites(root: Path, known: Iterable[str]) -> dict[str, list[Site]]:
    """The lines of the project's own Python that cite each rule. This file cites rules as examples only."""
    found: dict[str, list[Site]] = {}
    for path in _files(root, SOURCES, "*.py"):
        if path == root / "tools" / Path(__file__).name:
            continue
        lines: dict[str, list[int]] = {}
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for rule in numbers(line, known):
                lines.setdefault(rule, []).append(number)
        for rule, at in lines.items():
            found.setdefault(rule, []).append(Site(_name(path, root), tuple(at)))
    return found


_HEADER = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r'\s*([\w-]+)\s*=\s*((?:"[^"]*"|[^"#])*)')


def operator_values(root: Path) -> dict[str, list[Value]]:
    """The values of the shipped operator files that cite each rule, in their comment, above it, or as their value."""
    found: dict[str, list[Value]] = {}
    for path in _files(root, ("tariff",), "*.toml"):
        table, above = "", ""
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if header := _HEADER.fullmatch(line):
                table = f"{header[1]}."
            key = _KEY.match(line)
            if key:
                for rule in numbers(above + line):
                    value = Value(_name(path, root), number, table + key[1], key[2].strip())
                    found.setdefault(rule, []).append(value)
            above = f"{above}{line}\n" if line.startswith("#") else ""
    return found


def named_tests(root: Path) -> dict[str, list[NamedTest]]:
    """The tests that have each rule in their name."""
    found: dict[str, list[NamedTest]] = {}
    for path in _files(root, ("tests",), "test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for rule in numbers_in_name(node.name):
                    found.setdefault(rule, []).append(NamedTest(_name(path, root), node.name))
    return found


def _files(root: Path, folders: Iterable[str], pattern: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((root / folder).rglob(pattern))


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


# -- judging


def trace(root: Path) -> tuple[Evidence, ...]:
    """Every rule that the page, code, values, tests or other documents know, with what stands behind it."""
    page = read_page((root / PAGE).read_text("utf-8"))
    code, values, tests = code_sites(root, page.status), operator_values(root), named_tests(root)
    documents = (path.read_text("utf-8") for path in (*root.glob("*.md"), *_files(root, ("docs", *SOURCES), "*.md")))
    cited = set().union(page.status, code, values, tests, *map(numbers, documents))
    return tuple(
        Evidence(
            rule=rule,
            status=page.status.get(rule, Status.UNKNOWN),
            by=page.by.get(rule, ()),
            code=tuple(code.get(rule, ())),
            values=tuple(values.get(rule, ())),
            tests=tuple(tests.get(rule, ())),
        )
        for rule in in_order(cited)
    )


def gaps(evidence: Iterable[Evidence], page: Page) -> tuple[str, ...]:
    """What is missing, a line each; empty if every rule that is said to be held is."""
    held = {rule for rule, status in page.status.items() if status in (Status.HELD, Status.PARTLY)}
    found = [f"{rule}: listed twice on {PAGE}" for rule in page.twice]
    for one in evidence:
        if one.status is Status.UNKNOWN:
            found.append(f"{one.rule}: cited, but {PAGE} doesn't know it: {_first_place(one)}")
        if one.rule in held and not one.tests:
            found.append(f"{one.rule}: held, but no test has it in its name")
        if one.rule in held and not one.code and not one.values:
            found.append(f"{one.rule}: held, but no code and no operator file's value cites it")
        if one.status is Status.BY_ANOTHER and not one.by:
            found.append(f"{one.rule}: fulfilled by another rule, but {PAGE} doesn't say by which")
        found += [f"{one.rule}: fulfilled by {rule}, which is not held" for rule in one.by if rule not in held]
    return tuple(found)


def _first_place(one: Evidence) -> str:
    for site in one.code:
        return f"{site.file}:{site.lines[0]}"
    for value in one.values:
        return f"{value.file}:{value.line}"
    for test in one.tests:
        return f"{test.file}::{test.name}"
    return "in a document"


# -- showing


def _block(one: Evidence) -> Iterator[str]:
    """A rule and what stands behind it, in lines."""
    lines = sum(len(site.lines) for site in one.code)
    by = f" ({', '.join(one.by)})" if one.by else ""
    yield (
        f"{one.rule}  {one.status}{by}: {_many(lines, 'line')} of code, {_many(len(one.values), 'value')}, "
        f"{_many(len(one.tests), 'test')}"
    )
    for site in one.code:
        yield f"    code   {site.file}:{','.join(map(str, site.lines))}"
    for value in one.values:
        yield f"    value  {value.file}:{value.line}  {value.key} = {value.value}"
    for test in one.tests:
        yield f"    test   {test.file}::{test.name}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _summary(evidence: tuple[Evidence, ...], missing: tuple[str, ...]) -> str:
    counts = Counter(one.status for one in evidence)
    said = ", ".join(f"{counts[status]} {status}" for status in Status if counts[status])
    return f"{_many(len(evidence), 'rule')}: {said}; {_many(len(missing), 'gap')}"


def _document(evidence: tuple[Evidence, ...], missing: tuple[str, ...]) -> dict[str, Any]:
    return {
        "rules": [
            {
                "rule": one.rule,
                "status": one.status,
                "by": one.by,
                "code": [site._asdict() for site in one.code],
                "values": [value._asdict() for value in one.values],
                "tests": [test._asdict() for test in one.tests],
            }
            for one in evidence
        ],
        "gaps": missing,
    }


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the table.")
def main(as_json: bool) -> None:
    """Print what stands behind each rule of docs/rulebook.md. Exits 1 if something is missing."""
    evidence = trace(ROOT)
    missing = gaps(evidence, read_page((ROOT / PAGE).read_text("utf-8")))
    if as_json:
        click.echo(json.dumps(_document(evidence, missing), ensure_ascii=False))
    else:
        for one in evidence:
            click.echo("\n".join(_block(one)))
        click.echo(_summary(evidence, missing))
    for gap in missing:
        click.echo(f"rules: {gap}", err=True)
    sys.exit(Exit.CHECK_FAILED if missing else Exit.OK)


if __name__ == "__main__":
    main()

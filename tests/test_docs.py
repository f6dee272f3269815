"""The docs run: printed output is compared, examples are executed, links lead somewhere, generated pages are fresh."""

import io
import itertools
import re
import shlex
import sys
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from tariff.operator_file import SETTINGS
from tests.tools.cli import run
from tools.exits import Exit
from tools.make_docs import GENERATED, operators, shipped, shown

ROOT = Path(__file__).parents[1]
PAGES = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sim").rglob("*.md")))
README = (ROOT / "README.md").read_text("utf-8")
OUTPUTS = [
    printed
    for page in (ROOT / "README.md", ROOT / "README.ja.md")
    for printed in re.findall(r"<!-- output: farebox (.+?) -->\n```text\n(.+?)```", page.read_text("utf-8"), re.DOTALL)
]
NEEDS_MORE = (
    "--reader usb",
    "--reader tty:",
    "my-gtfs-jp.zip",
    "reader doctor",
    "suica.card.cbor",
    "farebox.toml",
    "$farebox sim play",
)


def examples() -> Iterator[str]:
    """Every `$farebox …` line of the README that needs no hardware and no file of the reader's own."""
    for block in re.findall(r"```sh\n(.+?)```", README, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("$farebox ") and not any(need in line for need in NEEDS_MORE):
                yield line.removeprefix("$farebox ").split("#")[0].strip()


@pytest.mark.parametrize(("command", "printed"), OUTPUTS)
def test_the_readme_prints_what_the_command_prints(
    command: str, printed: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ran = run(capsys, monkeypatch, *shlex.split(command))
    assert ran.code == Exit.OK
    out = "\n".join(line.rstrip() for line in ran.out.splitlines())
    at = 0
    for part in re.split(r"^\.\.\.\n", printed, flags=re.MULTILINE):
        wanted = "\n".join(line.rstrip() for line in part.splitlines())
        at = out.find(wanted, at)
        assert at >= 0, f"the README prints this, the command doesn't:\n{wanted}"


def test_the_readme_has_output_and_examples() -> None:
    assert len(OUTPUTS) == 2 and len(list(examples())) >= 6


def test_the_readmes_examples_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    demo = "sim replay --feed sample --date 2026-11-20 --seed 41 --reader image --quiet --out build/demo"
    for command in (demo, *examples()):
        monkeypatch.setattr(sys, "stdin", io.StringIO("tap\nnext\nnext\nnext\nnext\ntap\n"))
        ran = run(capsys, monkeypatch, *shlex.split(command))
        assert (ran.code, ran.err) == (Exit.OK, ""), command


def test_the_demo_is_the_readmes() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for command, _ in OUTPUTS:
        assert re.sub(r" --lang \w\w", "", command) in makefile


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("name", GENERATED)
def test_generated_pages_are_fresh(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == GENERATED[name](), "run make docs"
    assert "by `make docs`; don't edit" in GENERATED[name]()


def test_the_operators_page_has_every_setting_of_every_operator() -> None:
    page = GENERATED["operators.md"]()
    assert [file["scheme"] for file in shipped()] == ["aizu-noruca", "iwate-green-pass", "lococa", "noruca"]
    # Keys of arrays stand without their array.
    assert [key for key in SETTINGS if f"`{key}`" not in page and f"`{key.partition('.')[2]}`" not in page] == []
    for file in shipped():
        for product in file["products"]:
            assert f"| `{product['name']}` |" in page


def test_no_value_of_an_operator_file_is_left_out_of_the_page() -> None:
    marks = (f"value {number}" for number in itertools.count())
    marked = tuple({key: _marked(value, marks) for key, value in file.items()} for file in shipped())
    page = operators(marked)
    last = int(next(marks).partition(" ")[2])
    assert last > 1_000
    assert [number for number in range(last) if not re.search(rf"value {number}\b", page)] == []


def _marked(value: Any, marks: Iterator[str]) -> Any:
    """A table or an array of tables with a value of its own for each key; any other value as such a value."""
    if isinstance(value, dict):
        return {key: next(marks) for key in value}
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        return [_marked(entry, marks) for entry in value]
    return next(marks)


def test_what_is_alike_in_all_of_an_array_is_said_once() -> None:
    assert "In all of them: `stops` not configured; `excluded_services` highway-nozawa, highway." in operators(
        shipped()
    )


@pytest.mark.parametrize(
    ("value", "key", "text"),
    [
        (True, "", "yes"),
        (False, "", "no"),
        (20_000, "", "20,000"),
        (date(2026, 4, 1), "", "2026-04-01"),
        (time(10), "", "10:00:00"),
        ("not configured", "price", "not configured"),
        ([], "tickets", "–"),
        (["child", "adult"], "", "child, adult"),
        ([1_000, 5_000], "", "1,000 / 5,000"),
        ([[50, 6], [100, 7]], "tickets", "50 × 6, 100 × 7"),
        ([time(10), time(16, 30)], "hours", "10:00 to 16:30"),
        ({"by": "period", "yen": [[1, 6_500], [3, 18_000]]}, "price", "1 month 6,500; 3 months 18,000"),
        (
            {"by": "fare", "rides": 60, "one_way_rides": 30, "percent": 70, "month_percents": [[3, 95], [6, 90]]},
            "price",
            "a month: fare × 60 (one-way 30) × 70 %; from 3 months × 95 %; from 6 months × 90 %",
        ),
        (
            {"by": "fare", "rides": 60, "one_way_rides": "none", "percent": 60, "month_percents": []},
            "price",
            "a month: fare × 60 × 60 %",
        ),
        (
            {"first": "04-01", "last": "07-31", "percent_off": 25, "renewal_percent_off": 5, "follows": ["year"]},
            "term",
            "04-01 to 07-31, 25 % off; after year 5 % more",
        ),
        (
            {"first": "04-01", "last": "03-31", "percent_off": 40, "renewal_percent_off": 0, "follows": []},
            "term",
            "04-01 to 03-31, 40 % off",
        ),
    ],
)
def test_a_value_is_shown_as_people_read_it(value: object, key: str, text: str) -> None:
    assert shown(value, key) == text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_named_in_the_docs_exist(page: Path) -> None:
    """Backticked paths, save those of rooms that are to come and of files that users make."""
    to_come = ("centre/", "cardimage/formats/")
    for named in re.findall(r"`((?:tariff|cardimage|reader|farebox|sim|tools|tests|docs)/[\w./-]*)`", page.read_text()):
        if not named.startswith(to_come):
            assert (ROOT / named).exists(), named

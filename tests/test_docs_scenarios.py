"""docs/scenarios.md: its files are run, and print what the page says they print."""

import re
import shlex
from pathlib import Path

import pytest

from sim.scenario.example import EXAMPLE
from sim.scenario.hands import SimulatedHands
from sim.scenario.reading import parse
from sim.scenario.running import run as run_scenario
from tests.tools.cli import run
from tools.exits import Exit
from tools.scenario_files import Beside

DOCS = Path(__file__).parents[1] / "docs"
PAGE, JAPANESE = ((DOCS / name).read_text("utf-8") for name in ("scenarios.md", "scenarios.ja.md"))
FILES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
OUTPUT = re.compile(r"```toml\n(.*?)```\n\n<!-- output: farebox (.*?) -->\n```text\n(.*?)```", re.DOTALL)
OUTPUTS = OUTPUT.findall(PAGE) + OUTPUT.findall(JAPANESE)


@pytest.mark.parametrize("text", FILES, ids=lambda text: text.splitlines()[0])
def test_every_file_of_the_page_runs_and_one_fails_to_show_how(text: str) -> None:
    hands = SimulatedHands()
    book = parse(text.encode(), "page.scenario.toml")
    passed = [run_scenario(scenario, Beside("page.scenario.toml"), hands).passed for scenario in book.scenarios]
    hands.close()
    assert all(passed) is (book.title != "運賃のまちがい")


@pytest.mark.parametrize(("text", "command", "printed"), OUTPUTS)
def test_the_page_prints_what_the_command_prints(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    command: str,
    printed: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "my.scenario.toml").write_text(text, "utf-8")
    ran = run(capsys, monkeypatch, *shlex.split(command))
    assert [line.rstrip() for line in ran.out.splitlines()] == printed.splitlines()
    assert ran.code == (Exit.CHECK_FAILED if "✗" in printed else Exit.OK)


def test_there_are_files_and_outputs() -> None:
    assert (len(FILES), len(OUTPUTS)) == (3, 2 + 2)


def test_the_first_file_is_the_one_that_new_writes() -> None:
    written, shown = (parse(text.encode(), "x").scenarios[0] for text in (EXAMPLE, FILES[0]))
    assert (written.title, written.cards, written.routes) == (shown.title, shown.cards, shown.routes)
    assert [step.alight for step in written.said.steps] == [step.alight for step in shown.said.steps]


@pytest.mark.parametrize("page", [PAGE, JAPANESE], ids=["English", "Japanese"])
def test_every_word_of_the_journal_is_on_the_page(page: str) -> None:
    actions = ("board", "alight", "top-up", "cancel", "written", "not_written", "indeterminate", "resolved", "refused")
    others = ("noted", "driver", "note", "voucher", "trip-begun", "trip-ended", "opened")
    assert [
        word for word in (*actions, *others) if not all(re.search(rf"`{word}[ `]", page) for page in (PAGE, JAPANESE))
    ] == []

"""The page of the replay runs: every command of it, in its order, in one folder."""

import re
import shlex
from pathlib import Path

import pytest

from sim.fleet import LAYOVER_S
from sim.workers import MOST_LOSSES
from tests.tools.cli import run
from tools.exits import Exit

PAGE = (Path(__file__).parents[1] / "docs" / "replay.md").read_text("utf-8")
COMMANDS = [
    line.removeprefix("farebox ")
    for block in re.findall(r"```sh\n(.+?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


def test_the_page_of_the_replay_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in COMMANDS:
        ran = run(capsys, monkeypatch, *shlex.split(command))
        assert (ran.code, ran.err) == (Exit.OK, ""), command
    kept = {path.name for path in (tmp_path / "run").iterdir()}
    (tree,) = re.findall(r"```\nrun/\n(.+?)```", PAGE, re.DOTALL)
    told = {re.split(r"[ /]", line.strip())[0] for line in tree.splitlines()}
    assert told - {"parts"} <= kept <= told | {"report.html", "V002.journal", "V003.journal", "V004.journal"}


def test_the_pages_numbers_are_the_programs() -> None:
    assert LAYOVER_S == 300 and "five minutes at least" in PAGE
    assert MOST_LOSSES == 5 and "up to five times" in PAGE

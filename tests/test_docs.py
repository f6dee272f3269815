"""The docs run: printed output is compared, examples are executed, links lead somewhere, generated pages are fresh."""

import io
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.cli import run
from tools.exits import Exit
from tools.make_docs import state_machine

ROOT = Path(__file__).parents[1]
PAGES = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sim").rglob("*.md")))
README = (ROOT / "README.md").read_text("utf-8")
OUTPUTS = re.findall(r"<!-- output: farebox (.+?) -->\n```text\n(.+?)```", README, re.DOTALL)
NEEDS_MORE = ("--reader usb", "--reader tty:", "my-gtfs-jp.zip")


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
        assert at >= 0, f"README.md prints this, the command doesn't:\n{wanted}"


def test_the_readme_has_output_and_examples() -> None:
    assert OUTPUTS and len(list(examples())) >= 6


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
        assert command.replace(" --lang en", "") in makefile


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_generated_pages_are_fresh() -> None:
    assert (ROOT / "docs" / "state_machine.md").read_text("utf-8") == state_machine(), "run make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_named_in_the_docs_exist(page: Path) -> None:
    """Backticked paths, save those of rooms that are to come and of files that users make."""
    to_come = ("centre/", "cardimage/formats/", "tariff/flat_fares.py")
    for named in re.findall(r"`((?:tariff|cardimage|reader|farebox|sim|tools|tests|docs)/[\w./-]*)`", page.read_text()):
        if not named.startswith(to_come):
            assert (ROOT / named).exists(), named

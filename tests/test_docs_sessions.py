"""Pages whose commands are run, one after the other, and print what the page says they print.

Before a shell block that is run stands `<!-- session -->`; before what it prints, `<!-- prints -->`. `...` stands for
anything; times of day and the tails of cards that are made up differ each time.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(page for page in (ROOT / "docs").rglob("*.md") if "<!-- session -->" in page.read_text("utf-8"))
BLOCK = re.compile(r"<!-- (session|prints) -->\n```\w+\n(.+?)```", re.DOTALL)
MOST_S = 60


def shell(commands: str, folder: Path) -> str:
    """What they print, in a shell that knows `farebox`."""
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
        **{"PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"},
    }
    define = f'farebox() {{ "{sys.executable}" -m tools.cli "$@"; }}\nset -e -o pipefail\n'
    ran = subprocess.run(
        ["bash", "-c", define + commands], cwd=folder, env=environment, capture_output=True, timeout=MOST_S, check=False
    )
    assert ran.returncode == 0, f"{commands}\n{ran.stderr.decode()}"
    return ran.stdout.decode()


def without_chance(line: str) -> str:
    """A line without the time of day and the tail of a made-up card."""
    line = re.sub(r"\b\d\d:\d\d:\d\d\b", "00:00:00", line)
    return re.sub(r"\*(?:[0-9A-F]{4}|\.\.\.)\s*", "*... ", line).rstrip()


def is_printed(wanted: str, printed: str) -> bool:
    """Whether each part between `...` is there, in order."""
    text, at = "\n".join(map(without_chance, printed.splitlines())), 0
    for part in re.split(r"^\.\.\.\n", wanted, flags=re.MULTILINE):
        lines = "\n".join(map(without_chance, part.splitlines()))
        found = text.find(lines, at)
        if found < 0:
            return False
        at = found + len(lines)
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_prints_what_it_says(page: Path, tmp_path: Path) -> None:
    printed = ""
    for kind, block in BLOCK.findall(page.read_text("utf-8")):
        if kind == "session":
            printed = shell(block, tmp_path)
        else:
            assert is_printed(block, printed), f"{page.name} says:\n{block}\nprinted was:\n{printed}"


def test_what_is_not_printed_is_seen() -> None:
    printed = "● 0 磐城棚倉\n07:12:01 新白河  *A1B2  alight ✓ 500\nwhole\n"
    assert is_printed("...\n00:00:00 新白河  *...  alight ✓ 500\n...\n", printed)
    assert not is_printed("...\n00:00:00 新白河  *...  alight ✓ 550\n...\n", printed)
    assert not is_printed("whole\n...\n● 0 磐城棚倉\n", printed)


def test_every_page_has_its_place_on_the_site() -> None:
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    listed = set(re.findall(r"[\w/-]+\.md", nav))
    missing = {page for page in pages if not page.endswith(".ja.md")} - listed
    assert (missing, listed - pages) == (set(), set())

"""No Japanese page falls behind its English one: both have the same parts, tables, pictures and commands.

Words can't be compared; comments behind # and --lang may differ.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
JAPANESE = sorted((ROOT / "README.ja.md", *(ROOT / "docs").rglob("*.ja.md")))

HEADING = r"^(#+) "
FENCE = r"^```(\w+)$"
PICTURE = r"!\[.*?\]\((.*?)\)"
ROW = r"^\| *(`[^|]+`(?= *\|)|:?-+(?= *\|)|)"
"""A row of a table by its first cell, where that is a key or the rule below a head."""
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = ("sh", "toml", "ini", "python")


def code(page: str) -> list[str]:
    """The lines of its commands and files, without comments and --lang; what they print is another test's."""
    lines = (line for kind, block in BLOCK.findall(page) if kind in CODE for line in block.split("\n"))
    bare = (re.sub(r"(^|\s)#.*|\s--lang \w+", "", line).rstrip() for line in lines)
    return [line for line in bare if line]


def rows(page: str) -> list[str]:
    """The rows of its tables."""
    return [line for line in page.split("\n") if line.startswith("|")]


def names(row: str) -> list[str]:
    """What a row names in code's words, in whatever order the language wants."""
    return sorted(set(re.findall(r"`[^`]+`", row)))


@pytest.mark.parametrize("page", JAPANESE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_japanese_page_has_the_parts_of_the_english_one(page: Path) -> None:
    english = page.with_name(page.name.replace(".ja.md", ".md")).read_text("utf-8")
    japanese = page.read_text("utf-8")
    for what in (HEADING, FENCE, PICTURE, ROW):
        assert re.findall(what, japanese, re.MULTILINE) == re.findall(what, english, re.MULTILINE), what
    for one, other in zip(rows(japanese), rows(english), strict=True):
        assert names(one) == names(other), one
    assert code(japanese) == code(english)


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        ("```sh\nfarebox run --lang ja   # 走らせる\n```\n", ["farebox run"]),
        ("```sh\n# only said\nfarebox doctor | tee a#b\n```\n", ["farebox doctor | tee a#b"]),
        ('```toml\nkind = "bus"   # which\n\n```\n```text\nprinted\n```\n', ['kind = "bus"']),
    ],
)
def test_code_is_compared_without_its_comments_and_language(page: str, lines: list[str]) -> None:
    assert code(page) == lines


def test_a_row_that_is_missing_is_seen() -> None:
    table = "| key | what |\n|---|---|\n| `a` | one |\n| b | two |\n"
    assert re.findall(ROW, table, re.MULTILINE) == ["", "---", "`a`", ""]

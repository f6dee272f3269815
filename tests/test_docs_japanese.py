"""No Japanese page falls behind its English one: both have the same parts, tables, pictures, commands, links and names.

Sentences can't be compared; comments behind # and --lang may differ.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
JAPANESE = sorted((ROOT / "README.ja.md", *(ROOT / "docs").rglob("*.ja.md")))

HEADING = r"^(#+) "
FENCE = r"^```(\w+)$"
ITEM = r"^ *([-*]|\d+\.) "
PICTURE = r"!\[.*?\]\((.*?)\)"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = ("sh", "shell", "toml", "ini", "csv", "json", "python")


def code(page: str) -> list[str]:
    """The lines of its commands and files, without comments and --lang; what they print is another test's."""
    lines = (line for kind, block in BLOCK.findall(page) if kind in CODE for line in block.split("\n"))
    bare = (re.sub(r"(^|\s)#.*|\s--lang \w+", "", line).rstrip() for line in lines)
    return [line for line in bare if line]


def rows(page: str) -> list[str]:
    """The rows of its tables."""
    return [line for line in page.split("\n") if line.startswith("|")]


def prose(page: str) -> str:
    """What stands outside its blocks, in one line."""
    return re.sub(r"\s*\n\s*", " ", BLOCK.sub("", page))


def names(text: str) -> list[str]:
    """What a row or a page names in code's words, in whatever order the language wants, without --lang."""
    return sorted({re.sub(r" --lang \w+", "", name) for name in re.findall(r"`[^`]+`", text)})


def links(page: str) -> list[str]:
    """The pages it leads to, in whichever language."""
    return sorted(target.replace(".ja.md", ".md") for target in re.findall(r"\]\(([^)]+)\)", page))


@pytest.mark.parametrize("page", JAPANESE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_japanese_page_has_the_parts_of_the_english_one(page: Path) -> None:
    english = page.with_name(page.name.replace(".ja.md", ".md")).read_text("utf-8")
    japanese = page.read_text("utf-8")
    for what in (HEADING, FENCE, ITEM, PICTURE):
        assert re.findall(what, japanese, re.MULTILINE) == re.findall(what, english, re.MULTILINE), what
    assert names(prose(japanese)) == names(prose(english))
    assert links(japanese) == links(english)
    assert [names(row) for row in rows(japanese)] == [names(row) for row in rows(english)]
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
    table = "| key | what |\n|---|---|\n| `a` | one `b` |\n| c | two |\n"
    assert [names(row) for row in rows(table)] == [[], [], ["`a`", "`b`"], []]

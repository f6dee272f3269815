"""docs/bundles.md against the code: its dumps, its limits, its words."""

import re
from datetime import date
from pathlib import Path

import pytest

from farebox import bundles, clock
from farebox.formats import bundle as b
from farebox.formats.bundle import AutoChargeOff, Directive, directives_of, encode
from farebox.hotlist import AGES
from farebox.tap import NoteCode
from tariff.refusal import Code
from tests.bundles.examples import FIRST_DAY, HOTLIST, IDM, MADE_AT_S, RENEWAL, SETTINGS

PAGE = (Path(__file__).parents[2] / "docs" / "bundles.md").read_text("utf-8")
_OFF = Directive(3, date(2026, 11, 27), (AutoChargeOff(),))
DUMPED: dict[str, b.Bundle] = {
    "hotlist": HOTLIST,
    "directives": directives_of(7, MADE_AT_S, {IDM: (_OFF, Directive(5, FIRST_DAY, (RENEWAL, SETTINGS)))}),
}


def dump(name: str) -> bytes:
    """The bytes of a dump: pairs of hex digits at the beginning of its lines."""
    text = re.findall(rf"```hex {name}\n(.*?)```", PAGE, re.DOTALL)[0]
    return bytes.fromhex("".join(re.findall(r"^((?: *[0-9a-f]{2}\b)+)", text, re.MULTILINE)))


@pytest.mark.parametrize("name", DUMPED)
def test_the_dumps_are_what_is_written(name: str) -> None:
    assert dump(name) == encode(DUMPED[name])


@pytest.mark.parametrize("why", [*bundles.Why, *clock.Why, Code.HOTLISTED, Code.CLOCK_NOT_SET])
def test_the_page_has_every_reason(why: str) -> None:
    assert why == clock.Why.GIVEN or f"`{why}`" in PAGE


@pytest.mark.parametrize("code", [NoteCode.DIRECTIVE_APPLIED, NoteCode.DIRECTIVE_REFUSED, NoteCode.CLOCK_NOT_SET])
def test_the_page_has_every_note(code: str) -> None:
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize("word", [*b.Kind, *b._WIDTHS])
def test_the_page_has_every_word_of_the_format(word: str) -> None:
    assert f"`{word}`" in PAGE or f'["{word}"' in PAGE


def test_the_page_has_the_limits() -> None:
    for limit in (b.MOST_CARDS, b.MOST_NUMBER, 1_000_000):
        assert f"{limit:,}" in PAGE
    assert f"at most {b.MOST_DIRECTIVES} directives" in PAGE and f"at most {b.MOST_FILES} operator files" in PAGE
    assert f"from {AGES.old_s // 86_400} days" in PAGE and f"from {AGES.stale_s // 86_400} days" in PAGE
    assert f"{b.MOST_FILE_BYTES >> 10} KiB" in PAGE and f"at most {b.MOST_ENTRIES_BYTES >> 20} MiB" in PAGE
    assert f"no longer than {b.MOST_BYTES >> 20} MiB" in PAGE

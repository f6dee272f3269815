"""docs/top_up.md against the driver: every byte it sends or understands has a row with its source, or says 模擬."""

import re
from pathlib import Path

import pytest

from farebox.peripherals.id003 import FIRST_NOTE, PHASES, SYNC, Command
from farebox.top_up_flow import HOLD_S

PAGE = (Path(__file__).parents[1] / "docs" / "top_up.md").read_text("utf-8")
ROWS = re.findall(r"^\| `([0-9A-F]{2})` \| (.+?) \| (terminal|acceptor|both) \| (.+?) \|$", PAGE, re.MULTILINE)
SOURCES = set(re.findall(r"^- \*\*([A-Z])\*\* ", PAGE, re.MULTILINE))


def test_every_byte_has_a_row_and_no_row_is_of_another() -> None:
    sent = {(code, "terminal") for code in Command if code is not Command.ACK}
    understood = {(code, "acceptor") for code in (*PHASES, FIRST_NOTE)}
    rows = {(int(code, 16), who) for code, _, who, _ in ROWS}
    assert rows == sent | understood | {(SYNC, "both"), (Command.ACK, "both")}
    assert len(rows) == len(ROWS)


@pytest.mark.parametrize(("code", "source"), [(code, source) for code, _, _, source in ROWS])
def test_every_row_cites_texts_that_are_listed(code: str, source: str) -> None:
    cited = set(re.findall(r"\b[A-Z]\b", source))
    assert cited and cited <= SOURCES


def test_every_text_listed_is_cited() -> None:
    assert {letter for *_, source in ROWS for letter in re.findall(r"\b[A-Z]\b", source)} == SOURCES


def test_the_time_a_note_is_held_is_the_pages() -> None:
    assert f"for {HOLD_S} seconds (`HOLD_S`)" in PAGE

"""The live table and its words: what fits, what is said, in both languages."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from farebox.result import Result, Side
from farebox.words import REFUSALS, Language, reason
from sim.hardware.field import Moment, Withdrawal
from tariff.account import Account, Pass
from tariff.calendar import midnight_in_japan_s
from tariff.purses import Payment
from tariff.refusal import Code, Refusal
from tests.farebox.bus import DAY, Bus, lococa, service
from tests.farebox.note_bus import NoteBus
from tests.farebox.taps import KINDS
from tools.tap_table import TapTable, wrapped


@given(st.text(st.sampled_from("aあ 　·→1"), max_size=60), st.integers(2, 30))
def test_any_text_is_wrapped_within_the_width_and_nothing_is_lost(text: str, width: int) -> None:
    """faults 30: a stop's name may be of any letters, wide spaces too."""
    lines = list(wrapped(text, width))
    assert all(cell_len(line) <= width for line in lines)
    kept = "".join(lines).replace(" ", "").replace("·", "")
    assert kept == text.replace(" ", "").replace("·", "")


@pytest.mark.parametrize(("left_days", "shown"), [(-1, False), (0, True), (14, True), (15, False)])
def test_gen_14_a_pass_that_ends_within_14_days_is_shown(left_days: int, shown: bool) -> None:
    held = Pass(1, 0, date(2026, 10, 1), DAY + timedelta(days=left_days), False, ())
    before, after = Account("lococa", 500, held_pass=held), Account("lococa", 400, held_pass=held)
    result = Result(Side.BOARDING, bytes(8), midnight_in_japan_s(DAY), service(), before=before, after=after)
    assert ("GEN-14" in reason(result, Language.EN)) is shown


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("code", Code)
def test_every_refusal_has_its_words_and_its_rule(code: Code, language: Language) -> None:
    result = Result(Side.ALIGHTING, bytes(8), 0, None, Refusal(code, "GEN-11", due_yen=500, short_yen=305))
    said = reason(result, language)
    assert said.startswith("GEN-11 ") and REFUSALS[code][0 if language is Language.JA else 1] in said


def test_faults_3_a_tap_that_confirms_an_earlier_ride_and_settles_another_shows_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All that was taken stands in the column; the reason says how much of it the earlier tap took."""
    with Bus(tmp_path) as bus:
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("新白河").alight(card, Withdrawal(5, Moment.AFTER))
        bus.terminal.end_trip()
        flat = KINDS["one-tap-boarding"].service("HAKUHO-W02")
        result = bus.begin_on(flat).board(card)
    TapTable(Language.EN).tap(result, "LC00001")
    shown = capsys.readouterr().out
    assert "earlier write confirmed, 500 yen" in " ".join(shown.split())
    assert shown.splitlines()[0].endswith("    710   1,290")


def test_gen_22_what_is_taken_back_stands_below_zero_with_the_cash_to_hand_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Bus(tmp_path) as bus:
        card = lococa(195)
        bus.begin().board(card)
        bus.drive_to("新白河").alight(card)
        bus.terminal.answer_payment(Payment.PART_CASH)
        bus.alight(card)
        bus.terminal.begin_cancelling()
        result = bus.alight(card)
    TapTable(Language.EN).tap(result, "LC00001")
    shown = capsys.readouterr().out
    assert "GEN-22 cancelled 500 · GEN-22 hand back in cash 310" in " ".join(shown.split())
    assert shown.splitlines()[0].endswith("   -500     195")


def test_loc_8_what_is_topped_up_stands_with_a_plus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with NoteBus(tmp_path) as bus:
        bus.begin()
        done = next(result for result in bus.top_up(lococa(150), 1_000) if result.topped_up is not None)
    TapTable(Language.EN).tap(done, "LC00001")
    assert capsys.readouterr().out.splitlines()[0].endswith(" +1,000   1,150")


@pytest.mark.parametrize("columns", [80, 100, 132])
@pytest.mark.parametrize("language", Language)
def test_the_table_fits_the_terminal(
    columns: int, language: Language, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    table = TapTable(language)
    refusal = Refusal(Code.NO_FARE, "GEN-4", "とても長い名前の路線: 磐城棚倉 - 新白河")
    table.head()
    table.tap(Result(Side.ALIGHTING, bytes(8), 0, service(), refusal, Account("lococa", 20_000)), "LO-V001-001")
    assert max(cell_len(line) for line in capsys.readouterr().out.splitlines()) == columns

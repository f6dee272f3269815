"""What slips say, how they are laid out, and that they are drawn."""

import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from cardimage.layout.blocks import HISTORY_BLOCKS
from cardimage.layout.history import HistoryRow, decode_history, last_uses
from farebox.peripherals.finding import Level
from farebox.slips.contents import Heading, Reissue, Where, history_slip, masked, refusal_slip, reissue_slip
from farebox.slips.layout import (
    LEAST_COLUMNS,
    MOST_LINES,
    SIMULATED,
    Laid,
    columns_of,
    laid_out,
)
from farebox.slips.picture import (
    COLUMN_PX,
    LINE_PX,
    PAPERS,
    FontMissing,
    drawn,
    drawn_with,
    font_found,
    font_path,
    has_japanese,
    png,
)
from farebox.slips.slip import Pair, Ruled, Slip, Text
from farebox.uses import Use, uses
from farebox.words import Language
from tariff.calendar import midnight_in_japan_s, slip_days
from tariff.refusal import Code, Refusal
from tests.farebox.bus import DAY, DUTY, Bus, lococa, service, standing_slot

AT_S = midnight_in_japan_s(DAY) + 27_000
JA, EN = Heading("BUS-1", AT_S, Language.JA, simulated=False), Heading("BUS-1", AT_S, Language.EN, simulated=False)
USED = (
    Use(date(2026, 11, 20), "磐城棚倉", "新白河", 720, 0, 0, 1_280),
    Use(date(2026, 11, 19), "南湖公園", "新白河", 420, 120, 0, 2_000),
    Use(date(2026, 11, 18), "", "", 210, 0, 1_000, 2_300),
)


def printed(slip: Slip, columns: int = 32) -> str:
    """A slip as text; rules as dashes."""
    return "\n".join("-" * columns if line.rule else line.text for line in laid_out(slip, columns))


# -- what they say


def test_gen_13_the_history_slip_shows_the_last_uses_and_the_balance() -> None:
    assert printed(history_slip(masked("LC00000000000001"), 1_280, USED, JA)) == (
        "   ご利用履歴\n"
        "2026-11-20 07:30:00        BUS-1\n"
        "カード               LC*****0001\n"
        "--------------------------------\n"
        "2026-11-20 磐城棚倉→新白河\n"
        "  運賃 720            残額 1,280\n"
        "2026-11-19 南湖公園→新白河\n"
        "  運賃 420            残額 2,000\n"
        "  うち現金 120\n"
        "2026-11-18 （他社・旧ダイヤ）\n"
        "  運賃 210            残額 2,300\n"
        "  オートチャージ +1,000\n"
        "--------------------------------\n"
        "残額                     1,280円\n"
        "降車の処理がなかったご乗車と、再\n"
        "発行・交換の前のご利用は載りませ\n"
        "ん。"
    )


def test_gen_13_the_history_slip_in_english() -> None:
    text = printed(history_slip(masked("LC00000000000001"), 1_280, USED[:1], EN))
    assert "  Card history" in text
    assert "  fare 720         balance 1,280" in text
    assert "Rides never closed and uses" in text


@pytest.mark.parametrize(("heading", "said"), [(JA, "チャージ"), (EN, "top-up")])
def test_gen_13_a_top_up_is_a_line_of_its_own(heading: Heading, said: str) -> None:
    row = HistoryRow(7, DAY, 0, 0, 0, 1_100, 1_000, 0, 1_890, top_up=True, mark=0x0123_4567)
    (use,) = uses((row,), lambda _: ("駅前", "橋", "終点"))
    assert use == Use(DAY, "", "", 1_100, 1_000, 0, 1_890, top_up=True)
    lines = printed(history_slip("LC1", 1_890, (use,), heading)).splitlines()
    at = lines.index(f"2026-11-20 {said}")
    assert lines[at + 1].split()[0] == "+1,100" and lines[at + 1].endswith(" 1,890")


def test_gen_13_a_card_without_uses_says_so() -> None:
    assert "ご利用の記録はありません" in printed(history_slip("LC1", 0, (), JA))


def test_gen_13_a_ridden_card_prints_its_rides_and_no_open_one(tmp_path: Path) -> None:
    card = lococa(3_000)
    with Bus(tmp_path) as bus:
        bus.begin().board(card)
        bus.drive_to("南湖公園").alight(card)
        bus.board(card)
    blocks = card.lite_s_blocks()
    assert blocks is not None
    rows = [row for block in HISTORY_BLOCKS if (row := decode_history(blocks[block])) is not None]
    slot = standing_slot(card).slot
    trips = {trip.number: DUTY.feed.patterns[trip.pattern_id].stop_names for trip in DUTY.feed.trips.values()}
    (use,) = uses(last_uses(tuple(rows), slot), trips.get)
    assert (use.day, use.boarded, use.alighted) == (DAY, "磐城棚倉", "南湖公園")
    assert use.balance_yen == slot.stored_fare_yen == 3_000 - use.due_yen
    text = printed(history_slip("LC1", slot.stored_fare_yen, (use,), JA))
    assert "2026-11-20 磐城棚倉→南湖公園" in text


@pytest.mark.parametrize("stops", [None, (), ("駅前",), ("駅前", "橋", "終点")])
def test_a_ride_whose_stops_cannot_be_named_is_shown_without(stops: tuple[str, ...] | None) -> None:
    row = HistoryRow(7, DAY, 12, 3, 5, 210, 0, 0, 790)
    assert uses((row,), lambda _: stops) == (Use(DAY, "", "", 210, 0, 0, 790),)


def test_of_a_number_only_the_end_is_shown() -> None:
    assert masked("AZ00000000000972") == "AZ*****0972"


HERE = Where(service().stop_name, service().trip_id)


def refused(code: Code, rule: str, due_yen: int = 0, short_yen: int = 0) -> Refusal:
    return Refusal(code, rule, "", due_yen, short_yen)


def test_the_refusal_slip_says_where_and_why_and_that_nothing_was_taken() -> None:
    text = printed(refusal_slip(refused(Code.EXPIRED_CARD, "GEN-11"), "カードの有効期限が切れています", JA, HERE))
    assert text == (
        "お取扱できません\n"
        "2026-11-20 07:30:00        BUS-1\n"
        "停留所                  磐城棚倉\n"
        "便                    HAKUHO-W01\n"
        "--------------------------------\n"
        "カードの有効期限が切れています\n"
        "記号         expired-card GEN-11\n"
        "--------------------------------\n"
        "このタッチの支払いはありません。"
    )


def test_the_refusal_slip_names_what_the_refusal_names() -> None:
    named = refused(Code.EXPIRED_CARD, "GEN-11")._replace(detail="2026-11-19")
    assert "\nexpired\n2026-11-19\n" in printed(refusal_slip(named, "expired", EN))


def test_the_refusal_slip_of_a_short_card_has_the_amounts() -> None:
    text = printed(refusal_slip(refused(Code.SHORT, "GEN-10", due_yen=720, short_yen=120), "short", EN))
    assert "fare                     720 yen" in text
    assert "short                    120 yen" in text


@pytest.mark.parametrize(("rule", "known"), [("faults 3", False), ("faults 20", False), ("faults 1", True)])
def test_a_slip_never_says_that_nothing_was_taken_where_that_is_not_known(rule: str, known: bool) -> None:
    text = printed(refusal_slip(refused(Code.TOUCH_AGAIN, rule), "touch again", EN), 48)
    assert ("This tap took nothing from the card." in text) is known
    assert ("Its next use settles that" in text) is not known


def test_a_tap_out_of_service_has_no_stop_on_its_slip() -> None:
    assert "stop" not in printed(refusal_slip(refused(Code.OUT_OF_SERVICE, "faults 16"), "out of service", EN))


def test_the_reissue_slip_tells_the_days_and_the_fees() -> None:
    first, last = slip_days(DAY, 14)
    case = Reissue(
        "LC00000000000001", True, ("通勤 磐城棚倉⇔新白河", "2026-12-31まで"), first, last, 500, 500, "LOC-16"
    )
    assert printed(reissue_slip(case, JA)) == (
        "  再発行整理票\n"
        "2026-11-20 07:30:00        BUS-1\n"
        "カード               LC*****0001\n"
        "理由                 紛失 LOC-16\n"
        "--------------------------------\n"
        "定期券内容\n"
        "通勤 磐城棚倉⇔新白河\n"
        "2026-12-31まで\n"
        "--------------------------------\n"
        "お渡し期間\n"
        "          2026-11-21〜2026-12-04\n"
        "手数料                     500円\n"
        "デポジット                 500円\n"
        "--------------------------------\n"
        "この票は再発行しません。"
    )
    damaged = printed(reissue_slip(case._replace(lost=False, rule="LOC-17", pass_lines=()), EN))
    assert "reason            damaged LOC-17" in damaged
    assert "2026-11-21 to 2026-12-04" in damaged
    assert "pass" not in damaged


@pytest.mark.parametrize("language", Language)
def test_slips_of_simulated_cards_say_so_at_head_and_foot(language: Language) -> None:
    heading = Heading("BUS-1", AT_S, language, simulated=True)
    case = Reissue("LC1", True, (), DAY, DAY, 0, 0, "LOC-16")
    for slip in (
        history_slip("LC1", 0, USED, heading),
        refusal_slip(refused(Code.SHORT, "GEN-10"), "short", heading),
        reissue_slip(case, heading),
    ):
        lines = laid_out(slip, 32)
        assert lines[0].text.strip() == lines[-1].text.strip() == SIMULATED
        assert "模擬" not in printed(slip._replace(simulated=False))


# -- how they are laid out


def test_japanese_letters_take_two_columns() -> None:
    assert (columns_of("残額"), columns_of("yen"), columns_of("ﾊﾞｽ"), columns_of("→")) == (4, 3, 3, 2)


def test_what_does_not_fit_beside_stands_below() -> None:
    slip = Slip((Pair("停留所", "とても長い名前の停留所前広場口"),), simulated=False)
    lines = [line.text for line in laid_out(slip, 28)]
    assert lines == ["停留所", "とても長い名前の停留所前広場", " " * 26 + "口"]


def test_paper_that_is_too_narrow_is_refused() -> None:
    with pytest.raises(ValueError, match="27 columns; slips need 28"):
        laid_out(Slip((), False), LEAST_COLUMNS - 1)


@pytest.mark.parametrize("simulated", [True, False])
def test_a_slip_that_is_too_long_is_cut_and_says_so(simulated: bool) -> None:
    lines = laid_out(Slip((Text("運賃"),) * 500, simulated), 32)
    assert len(lines) == MOST_LINES
    assert [line.text.strip() for line in lines[-2:]] == (["…", SIMULATED] if simulated else ["運賃", "…"])


TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=("C", "M")), max_size=200)


@given(
    parts=st.lists(
        st.builds(Text, TEXTS, st.booleans()) | st.builds(Pair, TEXTS, TEXTS) | st.just(Ruled()), max_size=80
    ),
    simulated=st.booleans(),
    columns=st.sampled_from((28, 32, 48)),
)
def test_no_line_is_wider_than_the_paper_and_no_slip_is_endless(
    parts: list[Text | Pair | Ruled], simulated: bool, columns: int
) -> None:
    lines = laid_out(Slip(tuple(parts), simulated), columns)
    assert len(lines) <= MOST_LINES
    for line in lines:
        assert columns_of(line.text) <= (columns // 2 if line.large else columns)
    if simulated:
        assert lines[0].text.strip() == lines[-1].text.strip() == SIMULATED


@given(TEXTS)
def test_breaking_a_text_loses_nothing_but_spaces(text: str) -> None:
    lines = laid_out(Slip((Text(text),), simulated=False), 28)
    assert "".join("".join(line.text for line in lines).split()) == "".join(text.split())


# -- how they are drawn


@pytest.mark.parametrize(("columns", "width_px"), [(PAPERS["58mm"], 384), (PAPERS["80mm"], 576)])
def test_the_picture_is_as_wide_as_the_paper_and_as_high_as_its_lines(columns: int, width_px: int) -> None:
    lines = (Laid("fare", large=True), Laid("", rule=True), Laid("balance 1,280 yen"))
    small, large = (ImageFont.load_default(size) for size in (24, 48))
    assert isinstance(small, ImageFont.FreeTypeFont) and isinstance(large, ImageFont.FreeTypeFont)
    raster = drawn_with(lines, columns, small, large)
    assert (raster.width_px, raster.height_px) == (width_px, 32 + 4 * LINE_PX)
    assert len(raster.dots) == width_px // 8 * raster.height_px
    rows = [raster.dots[at : at + width_px // 8] for at in range(0, len(raster.dots), width_px // 8)]
    assert b"\xff" * (width_px // 8) in rows
    assert not any(rows[0]) and not any(rows[-1])
    # Drawn in its columns, and nowhere else: 17 characters of the last line.
    text = rows[16 + 3 * LINE_PX : 16 + 4 * LINE_PX]
    assert any(any(row) for row in text)
    assert not any(any(row[(17 * COLUMN_PX) // 8 + 2 :]) for row in text)


def test_a_picture_is_a_png_black_on_white() -> None:
    small, large = (ImageFont.load_default(size) for size in (24, 48))
    assert isinstance(small, ImageFont.FreeTypeFont) and isinstance(large, ImageFont.FreeTypeFont)
    raster = drawn_with((Laid("", rule=True),), 32, small, large)
    image = Image.open(io.BytesIO(png(raster))).convert("L")
    assert image.size == (384, 32 + LINE_PX)
    assert (image.getpixel((0, 0)), image.getpixel((0, 16 + 15))) == (255, 0)


def test_a_font_that_is_not_there_is_said_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="install the package fonts-ipafont-gothic"):
        font_path(tmp_path / "none.ttf")
    (tmp_path / "bad.ttf").write_bytes(b"no font")
    with pytest.raises(FontMissing, match="name another one"):
        drawn((), 32, tmp_path / "bad.ttf")
    for name in ("none.ttf", "bad.ttf"):
        finding = font_found(tmp_path / name)
        assert (finding.level, finding.code) == (Level.FAIL, "no-font")
        assert "apt install" in finding.fix[0]


def test_a_font_without_japanese_letters_is_known() -> None:
    latin = ImageFont.load_default(24)
    assert isinstance(latin, ImageFont.FreeTypeFont)
    assert not has_japanese(latin)


@pytest.mark.font
def test_a_japanese_slip_is_drawn_with_debians_font() -> None:
    assert font_found().level is Level.OK
    blank, slip = (drawn((Laid(text),), 32, font_path()) for text in ("", "残額"))
    assert (slip.width_px, slip.height_px) == (384, 32 + LINE_PX)
    ink = Image.frombytes("1", (slip.width_px, slip.height_px), slip.dots).getbbox()
    assert ink is not None
    left, top, right, bottom = ink
    # Two letters of 24 dots, in their line.
    assert 0 <= left < 6 and 40 < right <= 48
    assert top >= 16 and bottom <= 16 + LINE_PX
    assert not any(blank.dots)

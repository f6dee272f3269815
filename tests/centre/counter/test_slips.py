"""What the counter hands over on paper (CTR-1): what stands on each slip, and that nothing is cut off or left blank."""

import ctypes
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdfium2 import PdfDocument, raw

from centre.counter.slips.font import UNKNOWN, FontMissing, font_path, opened
from centre.counter.slips.history import Used, history
from centre.counter.slips.passes import PassOnSlip, Person, pass_contents, reference_paper, section_text
from centre.counter.slips.pdf import HEIGHT, MARGIN, WIDTH, pdf
from centre.counter.slips.receipt import Line, receipt
from centre.counter.slips.reissue import Reissuing, reissue_slip
from centre.counter.slips.sheet import Issued, Sheet, masked
from tariff.calendar import midnight_in_japan_s, slip_days
from tools.counter_slips import FOLDER, ISSUED, picture, sheets

pytestmark = pytest.mark.font

TODAY = date(2026, 11, 21)
ISSUE = Issued("42", "ジェイアールバス関東 白河支店", "白河支店窓口", "窓口 花子", midnight_in_japan_s(TODAY) + 39_600)
COMMUTER = PassOnSlip(
    "通勤定期", ("磐城棚倉 ⇔ 南湖公園",), "新常磐交通", date(2026, 12, 1), date(2027, 2, 28), bearer=False
)
LOST = Reissuing(
    "LC00000000000042", "記名式LOCOCA 一般", "シラカワタロウ", True, TODAY, *slip_days(TODAY, 14), 520, 500, "LOC-16"
)
BROKEN = LOST._replace(lost=False, fee_yen=0, deposit_yen=0, rule="LOC-17", held=COMMUTER)


def read(sheet: Sheet) -> str:
    """The PDF's own text, without its breaks: as somebody else's program reads it."""
    with PdfDocument(pdf(sheet, opened(font_path()))) as document:
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in document)


def letters(document: PdfDocument) -> Iterator[tuple[float, float, float, float]]:
    """Left, bottom, right and top of every letter of a document, in points."""
    for page in document:
        with closing(page.get_textpage()) as text:
            for index in range(text.count_chars()):
                yield text.get_charbox(index)


def fonts_of(document: PdfDocument) -> Iterator[tuple[str, bool, int]]:
    """Of every piece of text: its font's name, whether the file carries it, and how many bytes of it."""
    for page in document:
        for piece in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
            font = raw.FPDFTextObj_GetFont(piece.raw)
            name = ctypes.create_string_buffer(64)
            raw.FPDFFont_GetBaseFontName(font, name, 64)
            size = ctypes.c_size_t()
            raw.FPDFFont_GetFontData(font, None, 0, size)
            yield name.value.decode(), bool(raw.FPDFFont_GetIsEmbedded(font)), size.value


# -- what stands on them


def test_loc_12_the_pass_contents_say_what_the_card_does_not() -> None:
    said = read(
        pass_contents("LC00000000000042", "記名式LOCOCA 一般", "シラカワタロウ", COMMUTER, 27_530, TODAY, ISSUE)
    )
    for words in (
        "定期券内容控",
        "通勤定期",
        "磐城棚倉⇔南湖公園",
        "2026/12/01～2027/02/28",
        "新常磐交通",
        "シラカワタロウ様",
        "LC*****0042",
        "27,530円",
        "2026/11/21",
        "払戻しの際に必要です",
        "Neededforarefund",
        "窓口花子",
    ):
        assert words in said
    assert "模擬" not in said


def test_pass_7_a_bearer_pass_names_nobody() -> None:
    bearer = COMMUTER._replace(bearer=True)
    said = read(pass_contents("IG00000000000042", "記名式", "モリオカハナコ", bearer, 9_660, TODAY, ISSUE))
    assert "持参人" in said
    assert "モリオカ" not in said


def test_pass_1_a_one_way_section_has_an_arrow() -> None:
    assert section_text("新白河", "磐城棚倉", one_way=True) == "新白河 → 磐城棚倉"
    assert section_text("新白河", "磐城棚倉", one_way=False) == "新白河 ⇔ 磐城棚倉"


def test_igp_13_the_reference_paper_is_no_ticket_and_helps_where_a_pass_card_broke() -> None:
    person = Person("モリオカハナコ", "女", date(1990, 5, 1), "0190000000")
    alone = read(reference_paper("IG00000000000042", "記名式", person, None, None, ISSUE))
    for words in (
        "レファレンスペーパー",
        "モリオカハナコ様",
        "1990/05/01",
        "0190000000",
        "ICカードとしての効力はありません",
    ):
        assert words in alone
    assert "故障の際" not in alone
    with_pass = read(reference_paper("IG00000000000042", "記名式", person, date(2027, 3, 31), COMMUTER, ISSUE))
    for words in ("通勤定期", "磐城棚倉⇔南湖公園", "2027/03/31", "故障の際は、当社が認めるときに限り"):
        assert words in with_pass


def test_loc_16_igp_21_a_lost_card_s_slip_says_when_and_for_how_much() -> None:
    said = read(reissue_slip(LOST, ISSUE))
    for words in (
        "再発行整理票",
        "紛失(lost)LOC-16",
        "2026/11/22～2026/12/05",
        "520円",
        "500円",
        "1,020円",
        "再発行しません",
    ):
        assert words in said
    assert "本人確認書類" in said
    assert "使えなくなったカード" not in said


def test_loc_17_loc_19_a_broken_card_s_slip_costs_nothing_and_lets_ride_within_the_section() -> None:
    said = read(reissue_slip(BROKEN, ISSUE))
    for words in ("障害(damaged)LOC-17", "Tobepaidthen0円", "使えなくなったカード、本人確認書類", "乗務員にご提示"):
        assert words in said
    anonymous = read(reissue_slip(BROKEN._replace(holder="", held=None), ISSUE))
    assert "無記名" in anonymous
    assert "本人確認書類" not in anonymous
    assert "乗務員にご提示" not in anonymous


def test_a_receipt_adds_up_its_lines() -> None:
    lines = (Line("通勤定期 3箇月", "LOC-11", 27_530), Line("デポジット", "LOC-5", 500))
    said = read(receipt("定期券代として", lines, "LC00000000000042", ISSUE))
    for words in ("領収書", "￥28,030－", "定期券代として", "LOC-11", "27,530円", "計(total)28,030円", "正に領収"):
        assert words in said
    assert "承認" not in said


def test_faults_47_a_refund_s_paper_says_who_else_signed() -> None:
    lines = (Line("チャージ残額", "LOC-18", -1_780), Line("手数料", "LOC-18", 220))
    said = read(receipt("払戻し", lines, "LC00000000000042", ISSUE, approved_by="責任者 一郎"))
    for words in ("払戻計算書", "￥1,560－", "1,780円", "▲220円", "計(total)1,560円", "責任者一郎", "お返ししました"):
        assert words in said


def test_gen_13_the_history_has_every_row_on_as_many_pages_as_it_takes() -> None:
    used = [Used(TODAY, f"停留所{n}→新白河", 100 + n, 1_000 + n) for n in range(60)]
    sheet = history("LC00000000000042", 1_780, [Used(TODAY, "チャージ", -2_000, 1_780), *used], ISSUE)
    said = read(sheet)
    assert "+2,000円" in said
    for use in used:
        assert f"{use.what}{use.taken_yen}円{use.balance_yen:,}円" in said
    with PdfDocument(pdf(sheet, opened(font_path()))) as document:
        assert len(document) > 1
    assert "記録はありません" in read(history("LC00000000000042", 0, [], ISSUE))


@pytest.mark.parametrize("name", list(sheets()))
def test_what_is_simulated_says_so(name: str) -> None:
    sheet = sheets()[name]
    real = sheet._replace(issued=sheet.issued._replace(simulated=False))
    assert "模擬" in read(sheet)
    assert "模擬" not in read(real)


def test_no_slip_shows_a_whole_card_number() -> None:
    assert masked("LC00000000000042") == "LC*****0042"
    for sheet in sheets().values():
        assert "00000000000042" not in read(sheet)


# -- how they are drawn


@pytest.mark.parametrize("name", list(sheets()))
def test_the_letters_are_in_the_file_itself_and_only_those_that_are_used(name: str) -> None:
    file = pdf(sheets()[name], opened(font_path()))
    with PdfDocument(file) as document:
        fonts = set(fonts_of(document))
    assert fonts
    whole = font_path().stat().st_size
    for font, embedded, size in fonts:
        assert embedded, font
        assert 0 < size < whole // 10
    assert len(file) < 200_000


@pytest.mark.parametrize("name", list(sheets()))
def test_each_sample_fits_one_page(name: str) -> None:
    with PdfDocument(pdf(sheets()[name], opened(font_path()))) as document:
        assert len(document) == 1


KANA = st.text(st.sampled_from("アンガパヴヰッャー　シラカワタロウ"), min_size=1, max_size=15).filter(str.strip)
STOP = st.text(st.sampled_from("磐城棚倉新白河南湖公園実業高校前（）・ーA1"), min_size=1, max_size=40)


@settings(max_examples=15, deadline=None)
@given(name=KANA, stops=st.lists(st.tuples(STOP, STOP), min_size=1, max_size=3), price=st.integers(0, 999_999))
def test_names_as_long_as_they_may_be_are_neither_cut_nor_drawn_over_the_edge(
    name: str, stops: list[tuple[str, str]], price: int
) -> None:
    held = COMMUTER._replace(where=tuple(section_text(start, end, one_way=False) for start, end in stops))
    issue = ISSUE._replace(operator=stops[0][0] * 2, counter=stops[0][1], clerk=name)
    contents = pass_contents("LC00000000000042", "記名式LOCOCA 障がい者（小児）", name, held, price, TODAY, issue)
    for sheet in (
        contents,
        reissue_slip(BROKEN._replace(holder=name, held=held), issue),
        receipt(f"{stops[0][0]}として", [Line(stops[0][1], "AZF-30", price)], "AZ00000000000042", issue),
    ):
        with PdfDocument(pdf(sheet, opened(font_path()))) as document:
            for left, bottom, right, top in letters(document):
                assert MARGIN - 6 <= left <= right <= WIDTH - MARGIN + 6
                assert MARGIN - 6 <= bottom <= top <= HEIGHT - MARGIN + 6
    said = read(contents)
    assert "".join(f"{name} 様".split()) in said
    for start, end in stops:
        assert "".join(f"{start}⇔{end}".split()) in said


def test_a_letter_that_the_font_has_not_is_seen_to_be_missing() -> None:
    assert opened(font_path()).known("髙橋𓀀") == f"髙橋{UNKNOWN}"


def test_what_looks_like_markup_is_printed_as_it_stands() -> None:
    said = read(receipt("<b>&amp;", [Line("</font><img src='x'/>", "GEN-1", 1)], "LC0042", ISSUE))
    assert "<b>&amp;" in said
    assert "</font><imgsrc='x'/>" in said


def test_the_same_slip_is_the_same_file() -> None:
    sheet, font = sheets()["pass"], opened(font_path())
    assert pdf(sheet, font) == pdf(sheet, font)


def test_a_font_that_is_not_there_is_said_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="install the package fonts-ipafont-gothic"):
        font_path([tmp_path / "none.ttf"])
    bad = tmp_path / "bad.ttf"
    bad.write_bytes(b"no font")
    with pytest.raises(FontMissing, match=r"bad\.ttf: no font that can be embedded"):
        opened(bad)


def test_every_slip_has_its_picture() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(sheets())


@pytest.mark.parametrize("name", list(sheets()))
def test_the_pictures_in_the_docs_are_of_these_slips(name: str) -> None:
    fresh = picture(pdf(sheets()[name], opened(font_path()))).convert("L")
    with Image.open(FOLDER / f"{name}.png") as file:
        kept = file.convert("L")
    assert kept.size == fresh.size, "run python -m tools.counter_slips"
    # Another version of PDFium may set some dots elsewhere.
    differing = sum(abs(a - b) > 64 for a, b in zip(kept.tobytes(), fresh.tobytes(), strict=True))
    assert differing < len(fresh.tobytes()) // 200, "run python -m tools.counter_slips"


def test_a_slip_s_day_is_japan_s() -> None:
    assert ISSUED._replace(at_s=midnight_in_japan_s(TODAY) - 60).moment() == "2026/11/20 23:59"

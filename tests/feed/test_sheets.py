"""Files of fare tables: spreadsheets and CSV, whole folders of them, and what hostile ones try (fault 30)."""

import importlib
import io
import os
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.feed import FaresBroken, load_feed
from farebox.feed.sheets import SHEET_LIMITS, SheetLimits, cell_name, read_sheets
from tests.feed.small_feed import write

openpyxl: Any = importlib.import_module("openpyxl")
TABLE: Sequence[Sequence[object]] = [["朝日町"], [150, "分校前"], [200, "１８０円", "中央駅"]]


def workbook(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    """Write an .xlsx with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def altered(path: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """Change one member of an .xlsx."""
    content = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(entry.filename, change(data) if entry.filename == member else data)
    return path


def refused(path: Path, limits: SheetLimits = SHEET_LIMITS) -> str:
    """Be refused; one line, that names the file."""
    with pytest.raises(FaresBroken) as caught:
        read_sheets(path, limits)
    assert str(caught.value).startswith(path.name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(0, 0, "A1"), (2, 1, "B3"), (9, 25, "Z10"), (0, 26, "AA1"), (0, 701, "ZZ1"), (0, 702, "AAA1")],
)
def test_cells_are_called_as_spreadsheets_call_them(row: int, column: int, name: str) -> None:
    assert cell_name(row, column) == name


# -- spreadsheets


def test_each_sheet_of_a_workbook_is_a_table(tmp_path: Path) -> None:
    feed = load_feed(write(tmp_path / "feed", fare_rules=None, fare_attributes=None))
    path = workbook(tmp_path / "運賃.xlsx", R1_ic=TABLE, メモ=[], R1_cash=[["朝日町"], [151.0, "分校前"]])
    sheets = read_sheets(path)
    assert [(sheet.file, sheet.name) for sheet in sheets] == [("運賃.xlsx", "R1_ic"), ("運賃.xlsx", "R1_cash")]
    assert sheets[0].rows == (("朝日町",), ("150", "分校前"), ("200", "１８０円", "中央駅"))
    table = feed.with_fares(sheets).fare_table("R1#1")
    assert table.cash is not None
    assert (table.fare_yen(0, 2), table.fare_yen(1, 2), table.cash.fare_yen(0, 1)) == (200, 180, 151)


@pytest.mark.parametrize(("file", "sheet"), [("R1.xlsx", "Sheet1"), ("運賃.XLSX", "R1"), ("山線.xlsx", "Sheet1")])
def test_a_sheet_alone_may_be_named_by_its_file(tmp_path: Path, file: str, sheet: str) -> None:
    feed = load_feed(write(tmp_path / "feed"))
    table = feed.with_fares(read_sheets(workbook(tmp_path / file, **{sheet: TABLE}))).fare_table("R1#1")
    assert (table.fare_yen(1, 2), table.cash) == (180, None)


def test_a_sheet_without_a_table_is_passed_over(tmp_path: Path) -> None:
    feed = load_feed(write(tmp_path / "feed"))
    memo = [["改定の経緯"], [], ["2026年4月1日", "小児は150円"]]
    # The file's name counts: it holds one table only.
    path = workbook(tmp_path / "R1.xlsx", メモ=memo, Sheet1=TABLE)
    assert feed.with_fares(read_sheets(path)).fare_table("R1#1").fare_yen(1, 2) == 180
    (tmp_path / "tables").mkdir()
    path.rename(tmp_path / "tables" / "R1.xlsx")
    (tmp_path / "tables" / "はじめに.csv").write_text("読んでください\n", "utf-8")
    assert feed.with_fares(read_sheets(tmp_path / "tables")).fare_table("R1#1").fare_yen(1, 2) == 180


def test_files_of_no_table_at_all_are_refused(tmp_path: Path) -> None:
    feed = load_feed(write(tmp_path / "feed"))
    path = workbook(tmp_path / "a.xlsx", メモ=[["改定"]], 別=[["朝日", "分校"]])
    with pytest.raises(FaresBroken) as caught:
        feed.with_fares(read_sheets(path))
    says = "no fare table, here or in another sheet; name the stops as stops.txt does"
    assert str(caught.value) == f"a.xlsx, sheet メモ: {says}"


def test_gen_4_an_amount_on_a_sheet_without_a_table_is_never_passed_over(tmp_path: Path) -> None:
    feed = load_feed(write(tmp_path / "feed"))
    path = workbook(tmp_path / "a.xlsx", R1=TABLE, メモ=[["改定"], ["初乗り", 150]])
    with pytest.raises(
        FaresBroken, match=r"^a\.xlsx, sheet メモ, cell B2: 150 looks like a fare, but no cell is a stop"
    ):
        feed.with_fares(read_sheets(path))


def test_of_several_sheets_each_names_its_route(tmp_path: Path) -> None:
    feed = load_feed(write(tmp_path / "feed"))
    path = workbook(tmp_path / "R1.xlsx", R1=TABLE, Sheet2=TABLE)
    with pytest.raises(FaresBroken, match=r"^R1\.xlsx, sheet Sheet2: route Sheet2: not in the feed"):
        feed.with_fares(read_sheets(path))


def test_what_is_wrong_is_named_by_sheet_and_cell(tmp_path: Path) -> None:
    feed = load_feed(write(tmp_path / "feed"))
    for value in (180.5, True, "=1+1"):
        path = workbook(tmp_path / "a.xlsx", R1=[["朝日町"], [150, "分校前"], [200, value, "中央駅"]])
        with pytest.raises(FaresBroken, match=r"^a\.xlsx, sheet R1, cell B3: ") as caught:
            feed.with_fares(read_sheets(path))
        assert (caught.value.file, caught.value.sheet, caught.value.cell) == ("a.xlsx", "R1", "B3")
    path = workbook(tmp_path / "a.xlsx", R1=TABLE, 山線=TABLE)
    with pytest.raises(FaresBroken, match=r"sheet 山線: route R1 has a table already, in a\.xlsx, sheet R1"):
        feed.with_fares(read_sheets(path))


def test_a_formula_counts_by_the_value_saved_with_it_and_is_never_evaluated(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", R1=[["朝日町"], ["=100+50", "分校前"]])
    assert "cell A2: a formula without a value; open the file in a spreadsheet and save it" in refused(path)
    altered(path, "xl/worksheets/sheet1.xml", lambda data: data.replace(b"<v />", b"<v>151</v>"))
    assert read_sheets(path)[0].rows == (("朝日町",), ("151", "分校前"))


def test_a_size_that_a_sheet_states_wrongly_cuts_nothing(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", R1=TABLE)
    altered(path, "xl/worksheets/sheet1.xml", lambda data: data.replace(b'ref="A1:C3"', b'ref="A1:A1"'))
    assert len(read_sheets(path)[0].rows) == 3


def test_without_openpyxl_the_way_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a.xlsx", R1=TABLE)

    def absent(name: str) -> ModuleType:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    # The Python that runs this names its own pip, as short as the folder allows.
    for executable, folder, python in (
        ("/opt/farebox/.venv/bin/python", tmp_path, "/opt/farebox/.venv/bin/python"),
        (str(tmp_path / ".venv/bin/python"), tmp_path, ".venv/bin/python"),
        ("", tmp_path, "python"),
    ):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "executable", executable)
        assert (
            refused(path)
            == f"a.xlsx: needs openpyxl: {python} -m pip install 'farebox[tables]', or save the table as CSV"
        )
    (tmp_path / "b.csv").write_text("朝日町\n150,分校前\n", "utf-8")
    assert len(read_sheets(tmp_path / "b.csv")) == 1


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (SHEET_LIMITS._replace(file_bytes=1_000), "larger than 1000 bytes"),
        (SHEET_LIMITS._replace(unpacked_bytes=1_000), "unpacks to more than 1000 bytes"),
        (SHEET_LIMITS._replace(members=3), "unpacks to more than"),
        (SHEET_LIMITS._replace(zip_ratio=2), "more than 2 times its size"),
        (SHEET_LIMITS._replace(rows=2), "sheet R1, cell C3: more than 2 rows or"),
        (SHEET_LIMITS._replace(columns=2), "sheet R1, cell C3: more than 300 rows or 2 columns"),
        (SHEET_LIMITS._replace(cell_chars=2), "sheet R1, cell A1: longer than 2 characters"),
    ],
)
def test_a_workbook_has_limits(tmp_path: Path, limits: SheetLimits, words: str) -> None:
    assert words in refused(workbook(tmp_path / "a.xlsx", R1=TABLE), limits)


def test_the_limits_are_those_of_whole_tables(tmp_path: Path) -> None:
    read_sheets(workbook(tmp_path / "a.xlsx", R1=TABLE), SHEET_LIMITS._replace(rows=3, columns=3, cell_chars=4))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", R1=TABLE)
    altered(path, "xl/worksheets/sheet1.xml", lambda data: data + b" " * 5_000_000)
    assert "unpacks to more than 200 times its size" in refused(path)


def test_a_row_far_down_is_refused_and_blank_ones_cost_nothing(tmp_path: Path) -> None:
    def numbered(number: int, cell: bytes) -> Callable[[bytes], bytes]:
        row = b'<row r="%d">%s</row></sheetData>' % (number, cell)
        return lambda data: data.replace(b"</sheetData>", row)

    path = workbook(tmp_path / "a.xlsx", R1=TABLE)
    assert len(read_sheets(altered(path, "xl/worksheets/sheet1.xml", numbered(1_000_000, b"")))[0].rows) == 3
    path = workbook(tmp_path / "a.xlsx", R1=TABLE)
    altered(path, "xl/worksheets/sheet1.xml", numbered(10**9, b""))
    assert "more than 1048576 rows" in refused(path)
    path = workbook(tmp_path / "a.xlsx", R1=TABLE)
    altered(path, "xl/worksheets/sheet1.xml", numbered(301, b'<c r="B301"><v>1</v></c>'))
    assert "cell B301: more than 300 rows" in refused(path)


def test_entities_are_refused_unread(tmp_path: Path) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "1"><!ENTITY b "&a;&a;&a;">]>'
    path = workbook(tmp_path / "a.xlsx", R1=TABLE)
    altered(path, "xl/workbook.xml", lambda data: bomb + data)
    assert "declares a document type" in refused(path)


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 and no more")
    assert "not a whole .xlsx" in refused(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("stops.txt", "stop_id\n")
    assert "not a whole .xlsx" in refused(tmp_path / "b.xlsx")


@given(at=st.floats(0, 1, exclude_max=True), junk=st.binary(min_size=1, max_size=9))
def test_a_damaged_workbook_is_a_fault_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, at: float, junk: bytes
) -> None:
    content = bytearray(workbook(tmp_path_factory.mktemp("xlsx") / "a.xlsx", R1=TABLE).read_bytes())
    start = int(at * len(content))
    content[start : start + len(junk)] = junk
    path = tmp_path_factory.mktemp("damaged") / "a.xlsx"
    path.write_bytes(bytes(content))
    try:
        read_sheets(path)
    except FaresBroken as fault:
        assert "\n" not in str(fault)


# -- CSV and folders


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    for name in ("b.csv", "a.CSV", "README.md", ".hidden.csv", "~$c.xlsx"):
        (tmp_path / name).write_text("朝日町\n150,分校前\n", "utf-8")
    workbook(tmp_path / "c.xlsx", R1=TABLE)
    assert [sheet.file for sheet in read_sheets(tmp_path)] == ["a.CSV", "b.csv", "c.xlsx"]
    assert "more than 2 files" in refused(tmp_path, SHEET_LIMITS._replace(files=2))
    assert len(read_sheets(tmp_path, SHEET_LIMITS._replace(files=3))) == 3


def test_a_folder_or_file_without_a_table_is_refused(tmp_path: Path) -> None:
    assert "holds no fare table" in refused(tmp_path)
    (tmp_path / "a.csv").write_text(",,\n\n", "utf-8")
    assert "holds no fare table" in refused(tmp_path / "a.csv")
    (tmp_path / "a.txt").write_text("朝日町\n", "utf-8")
    assert "a.txt: neither .csv nor .xlsx" in refused(tmp_path / "a.txt")
    assert "can't be read (No such file or directory)" in refused(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,\x81\x01\n", "line 1, byte 2 is neither UTF-8 nor CP932 (both tried)"),
        ("朝日町\n".encode() + "150,分校前\n".encode("cp932"), "line 2, byte 4 is not UTF-8, and lines before are"),
        (b'a,"b\n', "not CSV (unexpected end of data)"),
        (b"a,\x00\n", "cell B1: longer than 200 characters, or holds a control character"),
        ("a,\u202eb\n".encode(), "cell B1: "),
        (b"a" * 201, "cell A1: longer than 200 characters"),
        (b"\n" * 300 + b"a\n", "cell A301: more than 300 rows"),
        (b"," * 300 + b"a\n", "cell KO1: more than 300 rows or 300 columns"),
    ],
)
def test_a_csv_that_is_none_is_refused_by_place(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert words in refused(tmp_path / "a.csv")


def test_what_a_cell_may_hold_at_most(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n" * 299 + "," * 299 + "a" * 200 + "\n" * 9, "utf-8")
    assert len(read_sheets(tmp_path / "a.csv")[0].rows) == 300


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("朝日町\n150,分校前\n", "utf-8")
    (tmp_path / "a.csv").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "b.csv")
    assert "not a plain file" in refused(tmp_path / "a.csv")
    assert "not a plain file" in refused(tmp_path / "b.csv")

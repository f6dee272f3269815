"""Grids of text from CSV and XLSX files, read as if whoever wrote them meant harm (fault 30).

CSV may be UTF-8, with or without a byte-order mark, or CP932. XLSX needs openpyxl, the extra `farebox[tables]`, loaded
only when such a file is met; values are those last saved, and no formula is evaluated.
"""

import csv
import importlib
import io
import stat
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from farebox.feed.faults import FaresBroken
from farebox.feed.text import LineDecoder, Undecodable


class SheetLimits(NamedTuple):
    """What fare tables may cost to read. A pattern has 255 stops at most, so real tables need no more."""

    files: int = 2_000
    file_bytes: int = 8 * 2**20
    """One file, CSV or XLSX, as it lies on the disk."""
    unpacked_bytes: int = 64 * 2**20
    """All members of an XLSX, uncompressed."""
    members: int = 2_000
    zip_ratio: int = 200
    """Uncompressed to compressed bytes of one member; spreadsheets reach 30."""
    rows: int = 300
    columns: int = 300
    cell_chars: int = 200


SHEET_LIMITS = SheetLimits()
_BLANK_ROWS = 2**20  # what a spreadsheet has at most


class Sheet(NamedTuple):
    """One grid. `name` is an XLSX sheet's, "" for CSV."""

    file: str
    name: str
    rows: tuple[tuple[str, ...], ...]

    def broken(self, problem: str, row: int | None = None, column: int = 0) -> FaresBroken:
        """Make the fault that names a place of this sheet; row and column counted from 0, None: all of it."""
        return FaresBroken(self.file, problem, self.name, "" if row is None else cell_name(row, column))


def cell_name(row: int, column: int) -> str:
    """A place as spreadsheets call it, both counted from 0: 0, 0 is A1."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def read_sheets(path: Path, limits: SheetLimits = SHEET_LIMITS) -> tuple[Sheet, ...]:
    """Read a .csv or .xlsx file, or all of them in a folder, by name; sheets without a value are left out.

    Raises FaresBroken if there is none, or one can't be read or is beyond the limits.
    """
    try:
        paths = _paths(path, limits)
        sheets = [sheet for found in paths for sheet in _read(found, limits)]
    except OSError as error:
        raise FaresBroken(path.name, f"can't be read ({error.strerror}); check the path and its rights") from error
    if not sheets:
        raise FaresBroken(path.name, "holds no fare table; give a .csv or .xlsx file, or a folder of them")
    return tuple(sheets)


def _paths(path: Path, limits: SheetLimits) -> list[Path]:
    if not path.is_dir():
        return [path]
    # Spreadsheets leave a lock beside an open file.
    found = sorted(entry for entry in path.iterdir() if _kind(entry) and not entry.name.startswith((".", "~$")))
    if len(found) > limits.files:
        raise FaresBroken(path.name, f"more than {limits.files} files; leave others out")
    return found


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    return suffix if suffix in (".csv", ".xlsx") else ""


def _read(path: Path, limits: SheetLimits) -> Iterator[Sheet]:
    kind, status = _kind(path), path.lstat()
    if not kind:
        raise FaresBroken(path.name, "neither .csv nor .xlsx; save the table as one of them")
    # A link could lead anywhere, and a pipe would block for ever.
    if not stat.S_ISREG(status.st_mode):
        raise FaresBroken(path.name, "is not a plain file; put the table itself here")
    if status.st_size > limits.file_bytes:
        raise FaresBroken(path.name, f"larger than {limits.file_bytes} bytes; leave out all but the tables")
    with path.open("rb") as stream:
        content = stream.read(limits.file_bytes + 1)
    yield from _csv(path.name, content, limits) if kind == ".csv" else _xlsx(path.name, content, limits)


def _grid(file: str, name: str, rows: Iterable[Iterable[str]], limits: SheetLimits) -> Iterator[Sheet]:
    """The sheet of these rows; nothing if all are blank. Blank rows and columns around the table cost nothing."""
    kept: list[tuple[str, ...]] = []
    filled = 0
    for at, row in enumerate(rows):
        if at >= _BLANK_ROWS:
            raise FaresBroken(file, f"more than {_BLANK_ROWS} rows; leave out all but the table", name)
        cells = [cell.strip() for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells and (at >= limits.rows or len(cells) > limits.columns):
            problem = f"more than {limits.rows} rows or {limits.columns} columns; leave out all but the table"
            raise FaresBroken(file, problem, name, cell_name(at, len(cells) - 1))
        for column, cell in enumerate(cells):
            if len(cell) > limits.cell_chars or _is_forbidden(cell):
                problem = f"longer than {limits.cell_chars} characters, or holds a control character; mend it"
                raise FaresBroken(file, problem, name, cell_name(at, column))
        if at < limits.rows:
            kept.append(tuple(cells))
        filled = len(kept) if cells else filled
    if filled:
        yield Sheet(file, name, tuple(kept[:filled]))


def _is_forbidden(text: str) -> bool:
    return not text.isprintable() and any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") for char in text)


# -- CSV


def _csv(file: str, content: bytes, limits: SheetLimits) -> Iterator[Sheet]:
    def lines() -> Iterator[str]:
        decoder = LineDecoder()
        for line, raw in enumerate(io.BytesIO(content), 1):
            try:
                yield decoder.decode(raw)
            except Undecodable as error:
                raise FaresBroken(file, f"line {line}, byte {error.at} {error.problem}") from error

    try:
        yield from _grid(file, "", csv.reader(lines(), strict=True), limits)
    except csv.Error as error:
        raise FaresBroken(file, f"not CSV ({error}); check quotes and line ends") from error


# -- XLSX


def _xlsx(file: str, content: bytes, limits: SheetLimits) -> Iterator[Sheet]:
    try:
        openpyxl = importlib.import_module("openpyxl")
    except ImportError:
        install = f"{_interpreter()} -m pip install 'farebox[tables]'"
        raise FaresBroken(file, f"needs openpyxl: {install}, or save the table as CSV") from None
    _check_archive(file, content, limits)
    try:
        # Once for the values as last saved, once for where formulas stand: a formula never calculated has no value.
        values, formulas = (
            openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only, keep_links=False)
            for data_only in (True, False)
        )
        for sheet, formula_sheet in zip(values.worksheets, formulas.worksheets, strict=True):
            yield from _grid(file, sheet.title, _rows(file, sheet, formula_sheet), limits)
    except FaresBroken:
        raise
    except Exception as error:  # openpyxl raises whatever a malformed file leads it to
        problem = f"not a whole .xlsx ({type(error).__name__}); open it in a spreadsheet and save it again"
        raise FaresBroken(file, problem) from error


def _interpreter() -> str:
    """What to type for the Python that runs this: its own pip, and no other's, installs what it misses."""
    if not sys.executable:
        return "python"
    path = Path(sys.executable)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _rows(file: str, values: Any, formulas: Any) -> Iterator[Iterator[str]]:
    for sheet in (values, formulas):
        # What a sheet says of its own size may be wrong, and would cut it.
        sheet.reset_dimensions()
    for row, (cells, written) in enumerate(zip(values.iter_rows(), formulas.iter_rows(), strict=True)):
        yield (
            _text(file, values.title, cell_name(row, column), cell.value, source.data_type == "f")
            for column, (cell, source) in enumerate(zip(cells, written, strict=True))
        )


def _text(file: str, sheet: str, place: str, value: object, is_formula: bool) -> str:
    if value is None:
        if is_formula:
            problem = "a formula without a value; open the file in a spreadsheet and save it, or write the value"
            raise FaresBroken(file, problem, sheet, place)
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _check_archive(file: str, content: bytes, limits: SheetLimits) -> None:
    """Refuse what would unpack without end, and XML with a document type, whose entities could."""
    import zipfile  # noqa: PLC0415 - for spreadsheets alone

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            # zipfile stops at the declared size, so checking what is declared is enough.
            if len(entries) > limits.members or sum(entry.file_size for entry in entries) > limits.unpacked_bytes:
                raise FaresBroken(
                    file, f"unpacks to more than {limits.unpacked_bytes} bytes; leave out all but the tables"
                )
            for entry in entries:
                if entry.file_size > limits.zip_ratio * max(entry.compress_size, 1):
                    raise FaresBroken(file, f"unpacks to more than {limits.zip_ratio} times its size; not a fare table")
                if entry.filename.lower().endswith((".xml", ".rels")):
                    _check_xml(file, archive.read(entry))
    except FaresBroken:
        raise
    except Exception as error:  # zipfile and expat have a dozen ways to say that a file is damaged
        raise FaresBroken(file, f"not a whole .xlsx ({type(error).__name__}); save it again") from error


def _check_xml(file: str, content: bytes) -> None:
    def refuse(*_: object) -> None:
        raise FaresBroken(file, "declares a document type, which no spreadsheet does; do not use this file")

    from xml.parsers import expat  # noqa: PLC0415 - for spreadsheets alone

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(content, True)

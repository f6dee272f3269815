"""Where on a sheet a fare table stands, among a title, a heading and notes (GEN-4); and what its cells may be.

It begins with the first row that names a stop, and ends before a blank row or a note: a row that begins with ※ or 注.
Around it is text. What could be a fare there is refused, so that none is passed over.
"""

import re
import unicodedata
from collections.abc import Container, Iterable

from farebox.feed.sheets import Sheet

ROUTE = re.compile(r"(?:(?:路線|系統)名?|route)\s*[:：]\s*(.+)", re.IGNORECASE)
"""A cell that says whose the table is."""

_DASHES = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\u2500")
_FARE = re.compile(r"¥?\s*([0-9]{1,5}|[0-9]{1,2},[0-9]{3})\s*円?")
_SAME = str.maketrans({"\u301c": "~", "\u2212": "-", "\u2010": "-", "\u2015": "-", "\u2014": "-", " ": None})
_NOTE = re.compile(r"[(\[【<]?\s*[※注]")
# Wider than what a fare may be: whoever wrote one of these meant money, or a mistake.
_AMOUNT = re.compile(r"[-+\u2212]?\s*¥?\s*[0-9][0-9,]*(\.[0-9]+)?\s*(円|yen)?", re.IGNORECASE)
_SAYS_AMOUNT = re.compile(r"[0-9]\s*(円|yen)|¥\s*[0-9]", re.IGNORECASE)


def spelling(name: str) -> str:
    """A stop's name as all spellings of it have it: full or half width, either wave dash, with or without spaces."""
    return unicodedata.normalize("NFKC", name).translate(_SAME).casefold()


def is_blank(cell: str) -> bool:
    """Nothing, or a dash for it."""
    return set(unicodedata.normalize("NFKC", cell)) <= _DASHES


def fare_in(cell: str) -> int | None:
    """The fare in yen that a cell holds; None if it holds none."""
    match = _FARE.fullmatch(unicodedata.normalize("NFKC", cell))
    return int(match[1].replace(",", "")) if match else None


def is_name(cell: str) -> bool:
    """A text, such as a stop's name."""
    return not is_blank(cell) and fare_in(cell) is None


def is_note(row: Iterable[str], stops: Container[str]) -> bool:
    """Whether a row begins with ※ or 注, and not with a stop that is called so."""
    first = next((cell for cell in row if cell), "")
    return _NOTE.match(unicodedata.normalize("NFKC", first)) is not None and spelling(first) not in stops


def table_rows(sheet: Sheet, stops: Container[str]) -> range | None:
    """The rows of a sheet's table, counted from 0; None if no cell is one of the feed's `stops`, given by spelling.

    Raises FaresBroken for what looks like an amount around a table or without one, and for a heading without a table.
    """
    first = _first_row(sheet, stops)
    if first is None:
        advice = "but no cell is a stop of the feed; spell stops as stops.txt does, or leave the sheet out"
        _refuse_amounts(sheet, range(len(sheet.rows)), stops, advice)
        if any(ROUTE.fullmatch(cell) for row in sheet.rows for cell in row):
            raise sheet.broken("a heading without a table; add the table")
        return None
    end = _end_row(sheet, first, stops)
    _refuse_amounts(sheet, range(first), stops, "above the table; take it out, or write it into a text")
    advice = "below the table, which a blank row or a note (※) ends; begin a note with ※, give each table its own sheet"
    _refuse_amounts(sheet, range(end, len(sheet.rows)), stops, advice, in_texts=True)
    return range(first, end)


def _first_row(sheet: Sheet, stops: Container[str]) -> int | None:
    for at, row in enumerate(sheet.rows):
        if not is_note(row, stops) and any(is_name(cell) and spelling(cell) in stops for cell in row):
            return at - 1 if at and _is_second_stop(sheet, at, stops) else at
    return None


def _is_second_stop(sheet: Sheet, first: int, stops: Container[str]) -> bool:
    """Whether the row above is the table's too: a diagonal's first stop, misspelt, with fares below it or beside."""
    above, left = sheet.rows[first - 1], _names_at(sheet.rows[first])[0] - 1
    if _names_at(above) != [left] or is_note(above, stops):
        return False
    column = [row[left] for row in sheet.rows[first : _end_row(sheet, first, stops)] if left < len(row)]
    return any(above[left + 1 :]) or (any(column) and not any(is_name(cell) for cell in column))


def _names_at(row: tuple[str, ...]) -> list[int]:
    return [at for at, cell in enumerate(row) if is_name(cell)]


def _end_row(sheet: Sheet, first: int, stops: Container[str]) -> int:
    after = range(first + 1, len(sheet.rows))
    return next((at for at in after if not any(sheet.rows[at]) or is_note(sheet.rows[at], stops)), len(sheet.rows))


def _refuse_amounts(sheet: Sheet, rows: range, stops: Container[str], advice: str, *, in_texts: bool = False) -> None:
    """Refuse a cell that is an amount; `in_texts`: one that says an amount too, unless its row is a note."""
    for at in rows:
        row = sheet.rows[at]
        amount = _SAYS_AMOUNT.search if in_texts and not is_note(row, stops) else _AMOUNT.fullmatch
        for column, cell in enumerate(row):
            text = unicodedata.normalize("NFKC", cell)
            if _AMOUNT.fullmatch(text) or amount(text):
                raise sheet.broken(f"{cell} looks like a fare, {advice}", at, column)

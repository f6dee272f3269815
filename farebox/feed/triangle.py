"""Triangular fare tables (三角表) as operators print them, for routes whose fares the feed lacks (GEN-4).

One table per route, a CSV file or a sheet each. The stops stand on the diagonal, or in the first row and first column:

    磐城棚倉                          ,磐城棚倉,実業高校前,南湖公園
    300,実業高校前                    磐城棚倉,,300,400
    400,200,南湖公園                  実業高校前,,,200

Either half may be filled, or both if they agree; a blank or a dash is a pair without a fare. Above the table may stand
what it is: `路線：<id or name>` (or the bare name) says whose, else the sheet's name or the file's does; `IC` or `現金`
which of two fares, as does a name that ends in `_ic` or `_cash`; `方向別` (`directional`) makes both halves count, each
fare from its row's stop to its column's. Other texts above are titles. docs/fare_tables.md tells all of it to clerks.
"""

import csv
import io
import re
import unicodedata
from array import array
from collections.abc import Container, Mapping
from enum import StrEnum
from pathlib import PurePath
from typing import NamedTuple, Protocol

from farebox.feed.faults import FaresBroken, UnknownRoute
from farebox.feed.gtfs_network import Route
from farebox.feed.gtfs_trips import PATTERN_STOPS
from farebox.feed.sheets import Sheet, cell_name
from farebox.feed.triangle_place import ROUTE, fare_in, is_blank, is_name, is_note, spelling
from tariff.fares import NO_FARE, FareTable, Pattern


class Kind(StrEnum):
    """Which fare a table has, where an operator has two (GEN-10)."""

    ONE = "one"
    IC = "IC"
    CASH = "現金"


class Triangle(NamedTuple):
    """A table as it was read: stops by spelling, and stop x stop -> yen, row by row, NO_FARE where there is none.

    Both halves hold the same, unless the table is directional.
    """

    sheet: Sheet
    names: tuple[str, ...]
    yen: "array[int]"

    def fare_yen(self, start: int, end: int) -> int:
        """The fare from one of the stops to another; NO_FARE if there is none."""
        return self.yen[start * len(self.names) + end]


class Heading(NamedTuple):
    """What is said above a table."""

    route: str
    kind: Kind
    directional: bool


class Routes(Protocol):
    """What a feed says of its routes: enough to know a table's."""

    @property
    def patterns(self) -> Mapping[str, Pattern]:
        """pattern_id -> Pattern."""

    def routes_called(self, id_or_name: str) -> tuple[Route, ...]:
        """Routes of this id or name; raises UnknownRoute."""


# -- what stands above a table

_ENDINGS = {"ic": Kind.IC, "cash": Kind.CASH, "現金": Kind.CASH}
_ENDING = re.compile(r"(.+?)[_＿\- ](ic|ｉｃ|cash|現金)", re.IGNORECASE)
_KINDS = {Kind.IC: re.compile(r"(?<![a-z])ic(?![a-z])"), Kind.CASH: re.compile(r"現金|(?<![a-z])cash(?![a-z])")}
_DIRECTIONAL = re.compile(r"方向別|directional")
_OTHER_UNIT = re.compile(r"単位\s*+:?+\s*+(?!円|yen|¥)([^\s)\]】〕]+)")
_BRACKETS = re.compile(r"[(（\[［【〔](.+)[)）\]］】〕]")


def heading_of(sheet: Sheet, first_row: int, alone: bool, stops: Container[str], feed: Routes) -> Heading:
    """What the name of a sheet and the rows above its table say; `alone`: its file's name counts too.

    Raises FaresBroken for two routes, and for another unit than yen.
    """
    labels = [label for label in (sheet.name, PurePath(sheet.file).stem if alone else "") if label]
    named = [_split(unicodedata.normalize("NFC", label), feed) for label in labels]
    cells = [
        (cell, at, column)
        for at, row in enumerate(sheet.rows[:first_row])
        if not is_note(row, stops)
        for column, cell in enumerate(row)
    ]
    said = [match[1] for cell, *_ in cells if (match := ROUTE.fullmatch(_unwrapped(cell)))]
    bare = [cell for cell, *_ in cells if _route_ids(feed, cell)]
    routes = said or bare or [next((name for name, _ in named if _route_ids(feed, name)), named[-1][0])]
    if len({_route_ids(feed, name) for name in routes}) > 1:
        raise sheet.broken(f"headed {' and '.join(routes)}; give each route a table of its own")
    kinds, directional = set[Kind](), False
    for cell, *place in cells:
        if ROUTE.fullmatch(_unwrapped(cell)) or cell in bare:
            continue
        word = unicodedata.normalize("NFKC", cell).lower()
        kinds |= {kind for kind, pattern in _KINDS.items() if pattern.search(word)}
        directional |= _DIRECTIONAL.search(word) is not None
        if unit := _OTHER_UNIT.search(word):
            raise sheet.broken(f"fares in {unit[1]}; write them in whole yen, as 210", *place)
    if not kinds:
        kinds = {kind for _, kind in named if kind is not Kind.ONE}
    # Who says both means that the fares are the same.
    return Heading(routes[0], kinds.pop() if len(kinds) == 1 else Kind.ONE, directional)


def _unwrapped(cell: str) -> str:
    match = _BRACKETS.fullmatch(cell)
    return match[1].strip() if match else cell


def _split(label: str, feed: Routes) -> tuple[str, Kind]:
    """A sheet's or file's name without `_ic` or `_cash`, and what that says; a route that is called so is whole."""
    match = _ENDING.fullmatch(label)
    if match is None or _route_ids(feed, label):
        return label, Kind.ONE
    return match[1], _ENDINGS[unicodedata.normalize("NFKC", match[2]).lower()]


def _route_ids(feed: Routes, name: str) -> tuple[str, ...]:
    """Of the routes of this id or name; none if there are none."""
    try:
        return tuple(route.route_id for route in feed.routes_called(name))
    except UnknownRoute:
        return ()


# -- one table


class _Grid:
    """A sheet's table without what is around it; places counted from its own corner."""

    def __init__(self, sheet: Sheet, at: range) -> None:
        self.sheet, self.top = sheet, at.start
        rows = sheet.rows[at.start : at.stop]
        self.left = min(next(at for at, cell in enumerate(row) if cell) for row in rows if any(row))
        self.height, self.width = len(rows), max(len(row) for row in rows) - self.left
        self._rows = rows

    def cell(self, row: int, column: int) -> str:
        cells = self._rows[row] if row < self.height else ()
        return cells[self.left + column] if self.left + column < len(cells) else ""

    def name(self, row: int, column: int) -> str:
        return cell_name(self.top + row, self.left + column)

    def broken(self, problem: str, row: int, column: int) -> FaresBroken:
        return self.sheet.broken(problem, self.top + row, self.left + column)


def read_triangle(sheet: Sheet, rows: range, directional: bool, stops: Mapping[str, str]) -> Triangle:
    """The table in these rows of a sheet; `stops` are the route's stop names by spelling.

    Raises FaresBroken: what is no fare, a name that is no stop of the route, halves that contradict each other.
    """
    grid = _Grid(sheet, rows)
    layout = _headed(grid) if is_name(grid.cell(0, 1)) else _diagonal(grid)
    size = len(layout.names)
    if not 2 <= size <= PATTERN_STOPS:
        raise grid.broken(f"a table of {size} stops; give it 2 to {PATTERN_STOPS}", 0, 0)
    for at, name in enumerate(layout.names):
        if spelling(name) not in stops:
            from difflib import get_close_matches  # noqa: PLC0415 - for a fault alone

            near = get_close_matches(name, list(stops.values()), 3, 0.4)
            hint = f"did you mean {', '.join(near)}?" if near else "nothing is near; see stops.txt"
            raise grid.broken(f"{name} is no stop of the route; {hint}", *layout.place_of_name(at))
    yen = array("i", [NO_FARE]) * (size * size)
    for start in range(size):
        for end in range(size):
            yen[start * size + end] = _cell_yen(grid, layout, start, end)
    if not directional:
        _mirror(grid, layout, yen)
    return Triangle(sheet, tuple(spelling(name) for name in layout.names), yen)


class _Layout(NamedTuple):
    """Where in a grid the fares from a stop to another stand: at `row` + start, `column` + end."""

    names: list[str]
    headed: bool
    row: int
    column: int

    def place_of_name(self, at: int) -> tuple[int, int]:
        """Row and column of a stop's name; the first row's where both have it."""
        if not self.headed:
            return at, at
        left_out = 0 if self.column == 0 else len(self.names) - 1 if self.row == 0 else None
        return (self.row + at, 0) if at == left_out else (0, self.column + at)


def _diagonal(grid: _Grid) -> _Layout:
    """Names on the diagonal, and no other."""
    size = max(grid.height, grid.width)
    for at in range(size):
        if not is_name(grid.cell(at, at)):
            if at and is_name(grid.cell(at, 0)):
                problem = "where fares stand; put the stops on the diagonal, and begin a note with ※"
                raise grid.broken(f"{grid.cell(at, 0)}, {problem}", at, 0)
            problem = "no stop's name, where the diagonal has one; put the stops on it, or in the first row and column"
            raise grid.broken(problem, at, at)
    return _Layout([grid.cell(at, at) for at in range(size)], False, 0, 0)


def _headed(grid: _Grid) -> _Layout:
    """Names in the first column and row: all of them, or all but the last in one and all but the first in the other."""
    down = [grid.cell(row, 0) for row in range(1, grid.height)]
    across = [grid.cell(0, column) for column in range(1, grid.width)]
    places = [(row, 0) for row in range(1, grid.height)] + [(0, column) for column in range(1, grid.width)]
    for name, place in zip(down + across, places, strict=True):
        if not is_name(name):
            raise grid.broken("no stop's name, where one must head the row or column; add it", *place)
    rows, columns = [spelling(name) for name in down], [spelling(name) for name in across]
    if rows == columns:
        return _Layout(down, True, 1, 1)
    if rows and rows[1:] == columns[:-1]:
        return _Layout([*down, across[-1]], True, 1, 0)
    if rows and columns[1:] == rows[:-1]:
        return _Layout([*across, down[-1]], True, 0, 1)
    raise grid.broken("the first row and the first column name other stops; head both with the same, in order", 0, 0)


def _cell_yen(grid: _Grid, layout: _Layout, start: int, end: int) -> int:
    row, column = layout.row + start, layout.column + end
    cell = grid.cell(row, column)
    # Where the margin has the name, there is no such cell.
    if is_blank(cell) or (layout.headed and 0 in (row, column)):
        return NO_FARE
    if start == end and spelling(cell) == spelling(layout.names[start]):
        return NO_FARE
    fare_yen = fare_in(cell)
    if fare_yen is None or start == end:
        problem = "is no fare in whole yen" if fare_yen is None else "is a fare from a stop to itself"
        raise grid.broken(f"{cell} {problem}; write a fare as 210, or leave the cell blank", row, column)
    return fare_yen


def _mirror(grid: _Grid, layout: _Layout, yen: "array[int]") -> None:
    """Make both halves hold what either has."""
    size = len(layout.names)
    for start in range(size):
        for end in range(start + 1, size):
            upper, lower = yen[start * size + end], yen[end * size + start]
            if NO_FARE not in (upper, lower) and upper != lower:
                other = grid.name(layout.row + start, layout.column + end)
                problem = (
                    f"{lower} yen, but {upper} in {other}; correct one, or head the table 方向別 if both are right"
                )
                raise grid.broken(problem, layout.row + end, layout.column + start)
            yen[start * size + end] = yen[end * size + start] = upper if lower == NO_FARE else lower


# -- and back to paper


def dump_triangle(table: FareTable, kind: Kind = Kind.ONE) -> str:
    """A pattern's fares as CSV text, as operators print them: each stop on the diagonal, behind its fares.

    `kind` heads it as one of two tables of a route: `table` as IC, `table.cash` as cash. Read again, it gives the
    pattern the same fares, and the pattern back the same way round.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f"路線：{table.pattern.route_id}"])
    if kind is not Kind.ONE:
        writer.writerow([kind])
    writer.writerow(["単位：円"])
    for end, name in enumerate(table.pattern.stop_names):
        fares = [table.fare_yen(start, end) if table.has_fare(start, end) else "-" for start in range(end)]
        writer.writerow([*fares, name])
    return text.getvalue()

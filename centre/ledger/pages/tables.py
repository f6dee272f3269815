"""A report as a table: the same rows on a page and in a file."""

import csv
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse

from centre.ledger.companies import companies_of
from centre.users.models import User

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula."""


class Column(NamedTuple):
    """A column: its name in a file, what it is called on the page, and whether it is yen."""

    name: str
    label: str
    is_yen: bool = False


class Cell(NamedTuple):
    """A value as it is shown, and where it leads to."""

    value: str | int
    is_yen: bool
    link: str = ""


class Table(NamedTuple):
    """A table of a report. `links` are by the first column's value, where it leads somewhere."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str | int]]
    links: Sequence[str] = ()

    def cells(self) -> Iterable[list[Cell]]:
        """Row by row, for the page."""
        for number, row in enumerate(self.rows):
            link = self.links[number] if self.links else ""
            yield [
                Cell(value, column.is_yen, link if not at else "")
                for at, (column, value) in enumerate(zip(self.columns, row, strict=True))
            ]


def as_csv(table: Table, name: str) -> HttpResponse:
    """The table as a file; with a mark at its beginning by which spreadsheets know UTF-8."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    writer = csv.writer(response, lineterminator="\r\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows([_safe(value) for value in row] for row in table.rows)
    return response


def _safe(value: str | int) -> str | int:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def wants_csv(request: HttpRequest) -> bool:
    """Whether the file is asked for, not the page."""
    return request.GET.get("as") == "csv"


def seen_by(user: User, companies: Iterable[str]) -> tuple[str, ...]:
    """Of these companies those whose books somebody may read: who works for one operator reads that one's."""
    return tuple(company for company in companies if not user.scheme or company in companies_of(user.scheme))

"""Figures as CSV files, for whoever goes on from there."""

from collections.abc import Mapping
from csv import writer
from io import StringIO

from sim.report.figures import Figures


def csv_of(figures: Figures) -> Mapping[str, bytes]:
    """The figures' tables by file name, each with its head; a table without rows is left out."""
    return {f"{name}.csv": _csv(rows) for name, rows in figures.tables.items() if rows}


def _csv(rows: tuple[tuple[object, ...], ...]) -> bytes:
    text = StringIO()
    lines = writer(text, lineterminator="\n")
    lines.writerow(rows[0]._fields)  # type: ignore[attr-defined]
    lines.writerows(rows)
    return text.getvalue().encode()

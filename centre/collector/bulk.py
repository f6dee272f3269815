"""Many rows at once: COPY on PostgreSQL, one prepared statement over all of them on SQLite."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from centre.collector.models import Record, SegmentBytes
from centre.collector.rows import Row

_COLUMNS = ("segment_id", *Row._fields)


def insert(segment_id: int, rows: Iterable[Row]) -> None:
    """Write the rows of a segment, within the transaction that is under way."""
    _insert(Record._meta.db_table, _COLUMNS, ((segment_id, *row) for row in rows))


def insert_bytes(segments: Iterable[tuple[int, bytes]]) -> None:
    """Write segments as they were sent, each by its row's key, within the transaction that is under way.

    By COPY, for a statement would have a megabyte as text in it, to be parsed.
    """
    _insert(SegmentBytes._meta.db_table, ("segment_id", "data"), segments, ("int8", "bytea"))


def _insert(table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]], types: Sequence[str] = ()) -> None:
    """With types, COPY is in its binary form."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN{' (FORMAT BINARY)' if types else ''}") as copy:
                if types:
                    copy.set_types(types)
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", list(rows))

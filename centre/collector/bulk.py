"""Many rows at once: COPY on PostgreSQL, one prepared statement over all of them on SQLite."""

from collections.abc import Iterable

from django.db import connection

from centre.collector.models import Record
from centre.collector.rows import Row

_TABLE = Record._meta.db_table
_COLUMNS = ("segment_id", *Row._fields)


def insert(segment_id: int, rows: Iterable[Row]) -> None:
    """Write the rows of a segment, within the transaction that is under way."""
    columns = ", ".join(_COLUMNS)
    values = ((segment_id, *row) for row in rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {_TABLE} ({columns}) FROM STDIN") as copy:
                for value in values:
                    copy.write_row(value)
        else:
            places = ", ".join(["%s"] * len(_COLUMNS))
            cursor.executemany(f"INSERT INTO {_TABLE} ({columns}) VALUES ({places})", list(values))

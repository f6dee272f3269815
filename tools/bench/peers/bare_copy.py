"""Rows into PostgreSQL by COPY, a commit each thousand, as psycopg's users write it: nothing is checked or signed."""

from collections.abc import Sequence
from types import TracebackType

import psycopg

_COLUMNS = (
    "segment_id, seq, kind, at_s, idm, code, detail, intent_seq, stop_index, sf_before_yen, sf_after_yen, due_yen, "
    "cash_yen, auto_charge_yen, yen"
)
_TABLE = """
    CREATE TABLE peer_records (
        segment_id bigint, seq bigint, kind smallint, at_s bigint, idm varchar(16), code varchar(32),
        detail varchar(200), intent_seq bigint, stop_index bigint, sf_before_yen bigint, sf_after_yen bigint,
        due_yen bigint, cash_yen bigint, auto_charge_yen bigint, yen bigint, PRIMARY KEY (segment_id, seq)
    )
"""


class BareCopy:
    """A table of the same columns, key and index as ours."""

    def __init__(self, url: str) -> None:
        """Connect, and make it anew."""
        self._connection = psycopg.connect(url)
        with self._connection.transaction():
            self._connection.execute("DROP TABLE IF EXISTS peer_records")
            self._connection.execute(_TABLE)
            self._connection.execute("CREATE INDEX ON peer_records (idm, at_s)")

    @property
    def pid(self) -> int:
        """The server's process that does the work."""
        return self._connection.info.backend_pid

    def write(self, segment_id: int, rows: Sequence[tuple[object, ...]]) -> None:
        """One commit."""
        with (
            self._connection.transaction(),
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY peer_records ({_COLUMNS}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row((segment_id, *row))

    def __enter__(self) -> "BareCopy":
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Its table is gone again."""
        with self._connection:
            self._connection.execute("DROP TABLE peer_records")

"""A journal in SQLite: a row a tap, each its own transaction."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tools.bench.peers.by_the_book import TapRecord

_TABLE = """
    CREATE TABLE taps (
        id INTEGER PRIMARY KEY, idm BLOB, action TEXT, at_s INTEGER, trip_number INTEGER, stop_index INTEGER,
        due_yen INTEGER, lines TEXT, before_yen INTEGER, after_yen INTEGER, sequence INTEGER, outcome TEXT
    )
"""
_INSERT = """
    INSERT INTO taps (idm, action, at_s, trip_number, stop_index, due_yen, lines, before_yen, after_yen, sequence)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_DURABLE = """
    CREATE TABLE taps (id INTEGER PRIMARY KEY, at_s INTEGER, intent BLOB, outcome BLOB)
"""


class SqliteRows:
    """Rows in memory: what SQLite costs when nothing has to last."""

    def __init__(self) -> None:
        """An empty table; no transaction is begun on its own, so each row is one."""
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.execute(_TABLE)

    def save(self, tap: TapRecord) -> int | None:
        """One row; gives its id."""
        inserted = self._connection.execute(
            _INSERT,
            (
                *(tap.idm, tap.action, tap.at_s, tap.trip_number, tap.stop_index),
                *(tap.due_yen, tap.lines, tap.before_yen, tap.after_yen, tap.sequence),
            ),
        )
        return inserted.lastrowid

    def conclude(self, row: int) -> None:
        """The card was written."""
        self._connection.execute("UPDATE taps SET outcome = 'written' WHERE id = ?", (row,))

    def close(self) -> None:
        """Forget them."""
        self._connection.close()


_PAST_CHECKPOINT = 1_200
"""Rows after which the log has been checkpointed once, at SQLite's own setting of 1,000 pages."""


class SqliteWal:
    """Rows in a file with a write-ahead log, each on the disk before `save` returns.

    Such a log has two paces. Until its first checkpoint each row makes it longer, and a flush writes the file's length
    too; from then on it is written over from its start, as ours is into its zeros.
    """

    def __init__(self, path: Path, *, reused: bool) -> None:
        """A new file; synchronous=FULL flushes the log at every commit. `reused`: past the first checkpoint already."""
        self._connection = sqlite3.connect(path, isolation_level=None)
        with closing(self._connection.execute("PRAGMA journal_mode=WAL")) as answer:
            if answer.fetchone() != ("wal",):
                raise RuntimeError(f"{path}: this file system takes no write-ahead log")
        self._connection.execute(_DURABLE)
        if reused:
            self._connection.execute("PRAGMA synchronous=OFF")
            for _ in range(_PAST_CHECKPOINT):
                self.save(0, bytes(200), bytes(30))
        else:
            self._connection.execute("PRAGMA wal_autocheckpoint=0")
        self._connection.execute("PRAGMA synchronous=FULL")

    def save(self, at_s: int, intent: bytes, outcome: bytes) -> None:
        """One row of the same bytes as ours."""
        self._connection.execute("INSERT INTO taps (at_s, intent, outcome) VALUES (?, ?, ?)", (at_s, intent, outcome))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

"""Its tables, in one SQLite file, and their rows as values. Whole yen; seconds since 1970."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import NamedTuple

_TABLES = """
CREATE TABLE IF NOT EXISTS customers (id TEXT PRIMARY KEY, key TEXT UNIQUE NOT NULL, made_at_s INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS cards (
    token TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers, behaviour TEXT NOT NULL,
    brand TEXT NOT NULL, last4 TEXT NOT NULL, forgotten INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS visits (
    id TEXT PRIMARY KEY, key TEXT NOT NULL, mode TEXT NOT NULL CHECK (mode IN ('setup', 'payment')),
    customer TEXT NOT NULL REFERENCES customers, return_url TEXT NOT NULL, cancel_url TEXT NOT NULL,
    yen INTEGER NOT NULL, text TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('open', 'done', 'expired')),
    token TEXT NOT NULL DEFAULT '', payment TEXT NOT NULL DEFAULT '', made_at_s INTEGER NOT NULL,
    UNIQUE (mode, key));
CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY, key TEXT UNIQUE NOT NULL, customer TEXT NOT NULL REFERENCES customers, token TEXT NOT NULL,
    yen INTEGER NOT NULL CHECK (yen > 0), text TEXT NOT NULL, return_url TEXT NOT NULL,
    with_member INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('paid', 'declined', 'needs-member', 'processing', 'abandoned')),
    code TEXT NOT NULL DEFAULT '', refunded_yen INTEGER NOT NULL DEFAULT 0 CHECK (refunded_yen <= yen),
    made_at_s INTEGER NOT NULL, due_at_s INTEGER NOT NULL DEFAULT 0,
    reference TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY, key TEXT UNIQUE NOT NULL, payment TEXT NOT NULL REFERENCES payments,
    yen INTEGER NOT NULL CHECK (yen > 0), state TEXT NOT NULL CHECK (state IN ('done', 'failed')),
    code TEXT NOT NULL DEFAULT '', made_at_s INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, asked TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    body TEXT NOT NULL, made_at_s INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    next_try_s REAL, last_status INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS control (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class Card(NamedTuple):
    """A registered card: a token, and what a member knows it by."""

    token: str
    customer: str
    behaviour: str
    brand: str
    last4: str
    forgotten: int


class Visit(NamedTuple):
    """A visit to the hosted page."""

    id: str
    key: str
    mode: str
    customer: str
    return_url: str
    cancel_url: str
    yen: int
    text: str
    state: str
    token: str
    payment: str
    made_at_s: int


class Payment(NamedTuple):
    """A payment."""

    id: str
    key: str
    customer: str
    token: str
    yen: int
    text: str
    return_url: str
    with_member: int
    state: str
    code: str
    refunded_yen: int
    made_at_s: int
    due_at_s: int
    reference: str
    """The caller's word for it: outlasts the key."""


class Refund(NamedTuple):
    """Money given back."""

    id: str
    key: str
    payment: str
    yen: int
    state: str
    code: str
    made_at_s: int


class Event(NamedTuple):
    """Something that happened, and how far its notice has come."""

    number: int
    id: str
    kind: str
    subject: str
    body: str
    made_at_s: int
    tries: int
    next_try_s: float | None
    last_status: int


class Store:
    """The one connection; whoever changes something holds the lock and a transaction."""

    def __init__(self, path: Path | None) -> None:
        """The file, made if it is new; None: in memory."""
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._lock = RLock()
        self._depth = 0
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;" + _TABLES)

    def close(self) -> None:
        """Done with it."""
        self._db.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """All of it or nothing; one at a time. Within another one it is a part of that."""
        with self._lock:
            if self._depth:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            else:
                self._db.execute("COMMIT")
            finally:
                self._depth = 0

    def rows(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        """What a query finds, or a change leaves to be told."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

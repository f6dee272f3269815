"""Only one process works in the background, on however many machines there are.

On PostgreSQL the database holds the lock, for as long as the connection lives; with SQLite, which is one machine's, a
file does. Either is gone with the process that held it, whatever ended it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

_NUMBER = 0x6661_7265  # of all advisory locks of this database, ours


@contextmanager
def only_one(home: Path) -> Iterator[bool]:
    """Whether the lock was free; it is held until the end."""
    if connection.vendor == "postgresql":
        with _of_the_database() as held:
            yield held
    else:
        with _of_a_file(home / "work.lock") as held:
            yield held


@contextmanager
def _of_the_database() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_NUMBER])
        (held,) = cursor.fetchone()
        try:
            yield held
        finally:
            # Closed by a fault, it holds nothing any more.
            if held and connection.is_usable():
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_NUMBER])


@contextmanager
def _of_a_file(path: Path) -> Iterator[bool]:
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(fd)

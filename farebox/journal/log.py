"""The journal itself: records appended, flushed and found again after the power went.

A tap costs one flush:

    seq = journal.intend(intent, at_s)                 one pwrite, one fdatasync; now the card may be written
    ...                                                the card is written
    journal.conclude(Outcome(seq, "written"), at_s)    one pwrite; durable with the next flush

If power goes before that next flush, the outcome may be lost; the intent is then pending, and the card's
next tap settles it (faults 4, 18). Other records are buffered by `append` and go out with the next write or
flush.

Room is allocated ahead, in chunks. Nothing but an outcome may use the last `RESERVE_BYTES` of it, so that
an intent that was accepted can always be concluded, however full the disk (faults 21). `grow_ahead` moves
the cost of allocating out of the taps: call it between trips.

After an error of the disk the journal is dead for good: the kernel may have dropped what it could not
write, and a second fdatasync would then succeed over the loss (faults 20).
"""

import errno
import os
from pathlib import Path
from typing import NamedTuple

from farebox.formats.frames import HEADER, Scan, begun, frame, scan
from farebox.formats.journal import ENDS, Entry, Intent, Outcome, Record, Resolved, encode
from farebox.journal.disk import Disk, FileDisk
from farebox.journal.errors import JournalDamaged, JournalFailed, JournalFull

CHUNK_BYTES = 1 << 20
RESERVE_BYTES = 4096

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Journal:
    """A journal open for appending; from `open_journal` or `recover`, never made directly.

    Every method raises `JournalFailed` once the disk has failed or the journal is closed.
    """

    __slots__ = (
        *("_allocated", "_buffer", "_chunk_bytes", "_closed", "_dead", "_disk", "_end", "_flushed_seq"),
        *("_name", "_seq", "_synced"),
    )

    def __init__(self, disk: Disk, name: str, found: Scan, chunk_bytes: int) -> None:
        """Take over a file whose records, those of `found`, are all durable, with zeros after them."""
        self._disk = disk
        self._name = name
        self._chunk_bytes = chunk_bytes
        self._allocated = disk.size()
        self._end = found.end  # where the next pwrite goes
        self._buffer = bytearray()  # frames not yet written
        self._seq = self._flushed_seq = len(found.entries)
        self._synced = True  # everything written has been flushed too
        self._closed = False
        self._dead: str | None = None

    @property
    def seq(self) -> int:
        """Number of the last record appended; 0 if none."""
        return self._seq

    @property
    def flushed_seq(self) -> int:
        """Number of the last record known to be on the disk; 0 if none."""
        return self._flushed_seq

    def append(self, record: Record, at_s: int) -> int:
        """Take a record into the buffer; gives its seq. It is durable after the next `flush` or `intend`.

        Raises `JournalFull` or `RecordError`; nothing has changed then.
        """
        self._check_alive()
        seq = self._seq + 1
        framed = frame(encode(seq, self._flushed_seq, at_s, record))
        end = self._end + len(self._buffer) + len(framed)
        kept = 0 if type(record) in ENDS else RESERVE_BYTES
        if end + kept > self._allocated:
            self._grow(end + kept)
        self._buffer += framed
        self._seq = seq
        return seq

    def write(self) -> None:
        """Hand the buffer to the operating system: it outlives this process, but not a loss of power."""
        self._check_alive()
        if not self._buffer:
            return
        data = bytes(self._buffer)
        self._synced = False
        try:
            written = self._disk.pwrite(data, self._end)
        except OSError as error:
            raise self._fail("a write", error) from error
        if written != len(data):
            raise self._fail("a write", OSError(errno.EIO, f"{written} of {len(data)} bytes written"))
        self._end += written
        self._buffer.clear()

    def flush(self) -> None:
        """Make every record appended so far durable: one pwrite and one fdatasync, none if all are."""
        self.write()
        if self._synced:
            return
        self._sync()
        self._synced = True
        self._flushed_seq = self._seq

    def intend(self, intent: Intent, at_s: int) -> int:
        """Make an intent durable, with room for its outcome; gives its seq. The tap's one flush.

        Raises `JournalFull` or `RecordError`; the file is unchanged then, and the card may not be written.
        """
        seq = self.append(intent, at_s)
        self.flush()
        return seq

    def conclude(self, outcome: Outcome | Resolved, at_s: int) -> int:
        """Write how an intent came out, without a flush; gives its seq. Fits however full the disk is.

        The reserve holds more than 40 of these per intent; only beyond that, `JournalFull`.
        """
        seq = self.append(outcome, at_s)
        self.write()
        return seq

    def grow_ahead(self) -> None:
        """Between taps: allocate a chunk, if less than half of one is left. Raises `JournalFull`."""
        self._check_alive()
        wanted = self._end + len(self._buffer) + RESERVE_BYTES + self._chunk_bytes // 2
        if wanted > self._allocated:
            self._grow(wanted)

    def close(self) -> None:
        """Flush, and let go of the file: a dead journal too, but that raises all the same."""
        if self._closed:
            self._check_alive()
        try:
            self.flush()
        finally:
            self._closed = True
            self._dead = self._dead or "closed; open it again"
            self._disk.close()

    def _grow(self, needed: int) -> None:
        size = -(-needed // self._chunk_bytes) * self._chunk_bytes
        try:
            self._disk.allocate(size)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise _full(self._name, error) from error
            raise self._fail("an allocation", error) from error
        # Room that a loss of power could take back is no room.
        self._sync()
        self._allocated = size

    def _sync(self) -> None:
        try:
            self._disk.fdatasync()
        except OSError as error:
            raise self._fail("a flush", error) from error

    def _fail(self, what: str, error: OSError) -> JournalFailed:
        self._dead = f"{what} failed at byte {self._end} ({error.strerror}); stop taking fares, replace the disk"
        return JournalFailed(f"{self._name}: {self._dead}")

    def _check_alive(self) -> None:
        if self._dead is not None:
            raise JournalFailed(f"{self._name}: {self._dead}")


class Recovered(NamedTuple):
    """A journal ready for appending, what it already holds, and the bytes of torn tail that were cut."""

    journal: Journal
    entries: tuple[Entry, ...]
    cut_bytes: int


def open_journal(path: str | os.PathLike[str], chunk_bytes: int = CHUNK_BYTES) -> Recovered:
    """Open the file for appending, creating it if missing. Raises as `FileDisk` and `recover` do."""
    return recover(FileDisk(path), str(path), chunk_bytes)


def recover(disk: Disk, name: str, chunk_bytes: int = CHUNK_BYTES) -> Recovered:
    """Find the good records, cut a torn tail, and make both durable before anything is appended.

    May be cut short anywhere and done again, with the same result (faults 23). Raises `JournalDamaged` with
    the file unchanged (faults 22), `JournalFull` if a new journal finds no room, `JournalFailed` on a disk
    error. The disk is closed if it raises.
    """
    try:
        return _recover(disk, name, chunk_bytes)
    except BaseException as error:
        disk.close()
        if not isinstance(error, OSError):
            raise
        if error.errno in _NO_ROOM:
            raise _full(name, error) from error
        raise JournalFailed(f"{name}: can't be recovered ({error.strerror}); replace the disk") from error


def _recover(disk: Disk, name: str, chunk_bytes: int) -> Recovered:
    data = _whole(disk)
    if not begun(data):
        _begin(disk, chunk_bytes)
    found = scan(data)
    if found.problem is not None:
        raise JournalDamaged(_complaint(name, found))
    _settle(disk, data, found)
    return Recovered(Journal(disk, name, found, chunk_bytes), found.entries, found.torn_bytes)


def _begin(disk: Disk, chunk_bytes: int) -> None:
    """Room first, then the header; `_settle` flushes both before any record, and `begun` leans on that order."""
    disk.allocate(max(chunk_bytes, disk.size()))
    _write_all(disk, HEADER, 0)


def _settle(disk: Disk, data: bytes, found: Scan) -> None:
    """Make the good records durable and the torn tail zeros, in one write and one flush.

    The records that no later one knows as flushed are written again, byte for byte: if an earlier process
    died on a failed flush, the kernel holds their pages for clean, and a flush alone would not put them on
    the disk (faults 20).
    """
    known = found.entries[-1].flushed_seq if found.entries else 0
    start = (*found.starts, found.end)[known]
    tail = data[start : found.end] + bytes(found.torn_bytes)
    if tail:
        _write_all(disk, tail, start)
    disk.fdatasync()


def _write_all(disk: Disk, data: bytes, offset: int) -> None:
    written = disk.pwrite(data, offset)
    if written != len(data):
        raise OSError(errno.EIO, f"{written} of {len(data)} bytes written")


def _whole(disk: Disk) -> bytes:
    size = disk.size()
    data = disk.pread(size, 0)
    if len(data) != size:
        raise OSError(errno.EIO, f"{len(data)} of {size} bytes read")
    return data


def _full(name: str, error: OSError) -> JournalFull:
    return JournalFull(f"{name}: no room to grow ({error.strerror}); free some, no fares are taken until then")


def _complaint(name: str, found: Scan) -> str:
    assert found.problem is not None
    offset, seq, what = found.problem
    return f"{name}: record {seq} at byte {offset}: {what}; keep this file aside as it is, begin a new one"


# --- looking without touching -----------------------------------------------------------------------------


class Report(NamedTuple):
    """What `verify` found. Without records, both seqs are 0; `size_bytes` counts the zeros ahead too."""

    records: int
    first_seq: int
    last_seq: int
    size_bytes: int
    torn_tail_bytes: int
    problem: str | None


def read(path: str | os.PathLike[str]) -> Scan:
    """What the file holds now. Takes no lock and changes nothing; another process may be appending.

    Raises `JournalFailed` if the file can't be read; damage is in the result.
    """
    return _look(path)[1]


def verify(path: str | os.PathLike[str]) -> Report:
    """Check the file from end to end, as `read` does."""
    size_bytes, found = _look(path)
    count = len(found.entries)
    problem = None if found.problem is None else _complaint(str(path), found)
    return Report(count, min(count, 1), count, size_bytes, found.torn_bytes, problem)


def _look(path: str | os.PathLike[str]) -> tuple[int, Scan]:
    """Read twice before calling a file damaged.

    While another process appends, one read can catch an early page before and a later page after a flush,
    which looks like rot. The second read finds the early page written; rot is found at the same place
    again.
    """
    try:
        if Path(path).exists() and not Path(path).is_file():
            raise JournalFailed(f"{path}: can't be read (not a file); give the path of a journal")
        data = Path(path).read_bytes()
        found = scan(data)
        if found.problem is not None:
            data = Path(path).read_bytes()
            again = scan(data)
            if again.problem is not None and again.problem.offset != found.problem.offset:
                again = again._replace(problem=None)
            found = again
    except OSError as error:
        raise JournalFailed(f"{path}: can't be read ({error.strerror}); check the path and its rights") from error
    return len(data), found

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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from farebox.formats.cose import BENCH_SEED
from farebox.formats.frames import (
    BEGINNING,
    CHECK_BYTES,
    FRAME_HEAD_BYTES,
    Scan,
    beginning,
    begun,
    frame,
    payloads,
    scan,
)
from farebox.formats.journal import ENDS, Entry, Intent, Outcome, Record, Resolved, encode
from farebox.formats.segment import Quarantined, Seal, encode_head
from farebox.journal.chain import chain
from farebox.journal.disk import RESERVE_BYTES, Disk, whole, write_all
from farebox.journal.errors import NO_ROOM, JournalDamaged, JournalFailed, JournalFull
from farebox.journal.folder import FileFolder, Folder
from farebox.journal.migration import migrate
from farebox.journal.segments import Begun, Ended, Segments, standing_of
from farebox.journal.standing import Standing

CHUNK_BYTES = 1 << 20
SEGMENT_BYTES = 1 << 20
"""A segment that has grown past this is ended at the next chance between taps: it bounds what a start has to read."""


class Journal:
    """A journal open for appending; from `open_journal` or `recover`, never made directly.

    Every method raises `JournalFailed` once the disk has failed or the journal is closed.
    """

    __slots__ = (
        *("_allocated", "_begins", "_buffer", "_chain", "_chunk_bytes", "_closed", "_dead", "_disk", "_end"),
        *("_flushed_seq", "_head", "_name", "_segments", "_seq", "_standing", "_synced"),
    )

    def __init__(self, begun: Begun, chunk_bytes: int, segments: Segments | None = None) -> None:
        """Take over a file whose records are all durable, with zeros after them; `segments` ends and begins others."""
        self._chunk_bytes = chunk_bytes
        self._segments = segments
        self._standing = begun.standing
        self._buffer = bytearray()  # frames not yet written
        self._synced = True  # everything written has been flushed too
        self._closed = False
        self._dead: str | None = None
        self._take(begun)

    def _take(self, begun: Begun) -> None:
        disk, found = begun.disk, begun.found
        self._disk = disk
        self._name = begun.name
        self._allocated = disk.size()
        self._begins = len(beginning(found.head))
        self._end = found.end  # where the next pwrite goes
        self._head = found.head
        self._chain = chain(encode_head(found.head))
        for payload in payloads(begun.data, found):
            self._chain.update(payload)
        self._seq = self._flushed_seq = found.last_seq

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
        payload = encode(seq, self._flushed_seq, at_s, record)
        end = self._end + len(self._buffer) + FRAME_HEAD_BYTES + len(payload)
        kept = 0 if type(record) in ENDS else RESERVE_BYTES
        if end + kept > self._allocated:
            self._grow(end + kept)
        self._chain.update(payload)
        self._buffer += frame(payload, self._chain.digest()[:CHECK_BYTES])
        self._seq = seq
        self._standing.take(seq, record, payload)
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
        """Between taps: end the segment if it has grown long, allocate a chunk if less than half of one is left. Raises
        `JournalFull`; a segment that can't be ended for want of room goes on.
        """
        self._check_alive()
        self._standing.count()  # what the taps left
        self.end_if_long()
        wanted = self._end + len(self._buffer) + RESERVE_BYTES + self._chunk_bytes // 2
        if wanted > self._allocated:
            self._grow(wanted)

    def end_if_long(self) -> None:
        """Out of a tap: seal the segment if it has grown long and there is room for another."""
        if self._end >= SEGMENT_BYTES:
            with suppress(JournalFull):
                self.seal()

    def seal(self) -> Seal | None:
        """Out of a tap, at the end of a duty: end the segment with its seal, and begin the next.

        Gives the seal; None if there is no record to be sealed, if this journal is one file alone, or if the segment
        was found to be rotten as it was read back: it is quarantined then, and the next one says so. Raises
        `JournalFull` with nothing changed.
        """
        self.flush()
        if self._segments is None or self._seq < self._head.first_seq:
            return None
        try:
            rolled = self._segments.roll(Ended(self._head, self._seq, self._end, self._chain, self._standing))
        except OSError as error:
            if error.errno in NO_ROOM:
                raise _full(self._name, error) from error
            raise self._fail("sealing", error) from error
        self._take(rolled.begun)
        return rolled.seal

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
            if self._segments is not None:
                self._segments.close()

    def _grow(self, needed: int) -> None:
        size = -(-needed // self._chunk_bytes) * self._chunk_bytes
        try:
            self._disk.allocate(size)
        except OSError as error:
            if error.errno in NO_ROOM:
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
    """A journal ready for appending, and how it was found.

    `entries` are those of the active segment, `standing` is what they and all before them leave open. `cut_bytes` of a
    torn tail were cut. `quarantined` tells of the rotten segment before the active one, if it is that.
    """

    journal: Journal
    entries: tuple[Entry, ...]
    cut_bytes: int
    standing: Standing
    quarantined: Quarantined | None = None


def open_journal(
    path: str | os.PathLike[str], chunk_bytes: int = CHUNK_BYTES, sealing_seed: bytes = BENCH_SEED
) -> Recovered:
    """Open the folder for appending, creating it if missing; `sealing_seed` is that of the key which signs segments.

    A journal of format version 1, which is one file, becomes such a folder first. Raises as `FileFolder` and
    `recover_folder` do.
    """
    path = Path(path)
    with _told(str(path)):
        migrate(path, chunk_bytes)
    return recover_folder(FileFolder(path), str(path), chunk_bytes, sealing_seed)


def recover_folder(
    folder: Folder, name: str, chunk_bytes: int = CHUNK_BYTES, sealing_seed: bytes = BENCH_SEED
) -> Recovered:
    """Find the active segment and make its good records durable before anything is appended; its torn tail is cut.

    May be cut short anywhere and done again, with the same result (faults 23). A rotten segment is quarantined, and the
    next one begun (faults 22). Reads no other segment, however many there are. Raises `JournalDamaged` for what is not
    ours to read, `JournalFull` if a segment finds no room, `JournalFailed` on a disk error. The folder is let go of if
    it raises.
    """
    segments = Segments(folder, name, chunk_bytes, sealing_seed)
    begun: Begun | None = None
    try:
        with _told(name):
            begun = segments.open()
            _settle(begun.disk, begun.data, begun.found)
            journal = Journal(begun, chunk_bytes, segments)
        journal.end_if_long()
    except BaseException:
        if begun is not None:
            begun.disk.close()
        segments.close()
        raise
    found = begun.found
    return Recovered(journal, found.entries, found.torn_bytes, begun.standing, found.head.quarantined)


def recover(disk: Disk, name: str, chunk_bytes: int = CHUNK_BYTES) -> Recovered:
    """As `recover_folder` for a journal that is one file alone, its first segment, never sealed: for measurements and
    tests of disks. Raises `JournalDamaged` with the file unchanged if it rotted. The disk is closed if it raises.
    """
    try:
        with _told(name):
            return _recover(disk, name, chunk_bytes)
    except BaseException:
        disk.close()
        raise


@contextmanager
def _told(name: str) -> Iterator[None]:
    """What the disk says, in our words."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise _full(name, error) from error
        raise JournalFailed(f"{name}: can't be recovered ({error.strerror}); replace the disk") from error


def _recover(disk: Disk, name: str, chunk_bytes: int) -> Recovered:
    data = whole(disk)
    if not begun(data):
        _begin(disk, chunk_bytes)
        data = BEGINNING
    found = scan(data)
    if found.problem is not None:
        raise JournalDamaged(_complaint(name, found))
    if found.version == 1 or found.seal is not None:
        what = "format version 1" if found.version == 1 else "a segment that is sealed"
        raise JournalDamaged(f"{name}: {what}; nothing is appended to it, open the journal's folder")
    _settle(disk, data, found)
    standing = standing_of(found, data)
    journal = Journal(Begun(disk, name, found, standing, data), chunk_bytes)
    return Recovered(journal, found.entries, found.torn_bytes, standing)


def _begin(disk: Disk, chunk_bytes: int) -> None:
    """Room first, then the beginning; `_settle` flushes both before any record, and `begun` leans on that order."""
    disk.allocate(max(chunk_bytes, disk.size()))
    write_all(disk, BEGINNING, 0)


def _settle(disk: Disk, data: bytes, found: Scan) -> None:
    """Make the good records durable and the torn tail zeros, in one write and one flush.

    The records that no later one knows as flushed are written again, byte for byte: if an earlier process
    died on a failed flush, the kernel holds their pages for clean, and a flush alone would not put them on
    the disk (faults 20).
    """
    known = max(0, found.entries[-1].flushed_seq - found.head.first_seq + 1) if found.entries else 0
    start = (*found.starts, found.end)[known]
    tail = data[start : found.end] + bytes(found.torn_bytes)
    if tail:
        write_all(disk, tail, start)
    disk.fdatasync()


def _full(name: str, error: OSError) -> JournalFull:
    return JournalFull(f"{name}: no room to grow ({error.strerror}); free some, no fares are taken until then")


def _complaint(name: str, found: Scan) -> str:
    assert found.problem is not None
    offset, seq, what, _ = found.problem
    return f"{name}: record {seq} at byte {offset}: {what}; keep this file aside as it is, begin a new one"

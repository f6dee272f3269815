"""A journal of format version 1, one file that grew for ever, becomes the folder that it is today.

    bus.journal                    the file of version 1, locked
    bus.journal.migrating/         made, or made anew if an earlier try was cut short
        00000001.segment           the same records, payload by payload, framed as today
        version-1.journal          the file itself, moved here: kept, for nothing is ever taken from evidence
    bus.journal/                   the folder under its own name

Each step is durable before the next. Cut short before the file is moved, it is done again from the start; after that,
it only remains to name the folder (faults 23). A file that is rotten becomes 00000001.rotten, and is quarantined as
any segment is (faults 22).
"""

import os
from hashlib import sha256
from pathlib import Path

from farebox.formats.frames import CHECK_BYTES, HEADER_1, Scan, beginning, begun, frame, payloads, scan
from farebox.formats.segment import Head, encode_head
from farebox.journal.disk import RESERVE_BYTES, FileDisk, OpenFile, sync_folder, whole, write_all
from farebox.journal.errors import JournalDamaged
from farebox.journal.segments import ROTTEN, name_of

KEPT_AS = "version-1.journal"
_ASIDE = ".migrating"


def migrate(path: Path, chunk_bytes: int) -> None:
    """Make a folder of a file of version 1, if `path` is one. Raises OSError, `JournalBusy`, and `JournalDamaged` with
    the file unchanged if it is anything else.
    """
    aside = path.with_name(path.name + _ASIDE)
    if path.is_file():
        disk = FileDisk(path)  # an older process may have it open
        try:
            data = whole(disk)
            _move(path, aside, data, _readable(path, data), chunk_bytes)
        finally:
            disk.close()
    if not path.exists() and any((aside / name).is_file() for name in (KEPT_AS, name_of(1, ROTTEN))):
        aside.rename(path)
        sync_folder(path.absolute().parent)


def _readable(path: Path, data: bytes) -> Scan:
    found = scan(data)
    problem = found.problem
    if problem is not None and not (problem.rot and data.startswith(HEADER_1)):
        told = f"{path}: record {problem.seq} at byte {problem.offset}: {problem.what}"
        raise JournalDamaged(f"{told}; keep this file aside as it is, begin a new one")
    if begun(data) and not data.startswith(HEADER_1):
        raise JournalDamaged(f"{path}: a segment by itself; give the folder it belongs to")
    return found


def _move(path: Path, aside: Path, data: bytes, found: Scan, chunk_bytes: int) -> None:
    aside.mkdir(mode=0o750, exist_ok=True)
    for left in aside.iterdir():
        left.unlink()
    if found.problem is None:
        _write(aside / name_of(1), data, found, chunk_bytes)
    sync_folder(aside)
    path.rename(aside / (KEPT_AS if found.problem is None else name_of(1, ROTTEN)))
    sync_folder(aside)
    sync_folder(path.absolute().parent)


def _write(path: Path, data: bytes, found: Scan, chunk_bytes: int) -> None:
    """The first segment, with all records of the file."""
    chain = sha256(encode_head(Head()))
    framed = bytearray(beginning(Head()))
    for payload in payloads(data, found):
        chain.update(payload)
        framed += frame(payload, chain.digest()[:CHECK_BYTES])
    disk = OpenFile(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640))
    try:
        disk.allocate(-(-(len(framed) + RESERVE_BYTES) // chunk_bytes) * chunk_bytes)
        write_all(disk, bytes(framed), 0)
        disk.fdatasync()
    finally:
        disk.close()

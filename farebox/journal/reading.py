"""A journal looked at without touching it: a folder, one segment, or a file of format version 1.

Takes no lock and changes nothing; a terminal may be appending, an exchange taking acknowledged segments away.
"""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from farebox.formats import cose
from farebox.formats.frames import HEADER_1, Scan, begun, scan
from farebox.formats.journal import Entry
from farebox.journal.errors import JournalFailed
from farebox.journal.fold import Resumed
from farebox.journal.segments import RECEIPT, ROTTEN, SEGMENT, number_of

UNSEALED, SIGNED, BENCH = "active", "signed", "bench key (模擬)"
_KEEP = "keep this file aside as it is"


class Part(NamedTuple):
    """One file of a journal. `problem` is what is wrong with it, in one line, or None."""

    path: Path
    size_bytes: int
    found: Scan
    problem: str | None
    file_digest: bytes

    @property
    def sealed(self) -> str:
        """Whether it is sealed, and by which kind of key."""
        if self.found.signed is None:
            return UNSEALED
        return BENCH if self.found.signed.public_key == cose.BENCH_KEY else SIGNED


class Reading(NamedTuple):
    """What a journal holds now, segment by segment, and the first problem there is, in one line."""

    parts: tuple[Part, ...]
    problem: str | None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All good records, in order."""
        return tuple(entry for part in self.parts for entry in part.found.entries)

    @property
    def torn_bytes(self) -> int:
        """Of the torn tail that the next opening will cut."""
        return sum(part.found.torn_bytes for part in self.parts)

    def for_the_sums(self) -> Iterator[Entry | Resumed]:
        """All good records, and before each segment the intents and notes it carries on from others that are not here
        or rotten: what an audit of these records alone needs.
        """
        known = set[int]()
        for part in self.parts:
            head = part.found.head
            pending = tuple(entry for carried in head.pending if (entry := carried.entry).seq not in known)
            if pending or head.notes:
                yield Resumed(pending, head.notes)
            known.update(entry.seq for entry in (*pending, *part.found.entries))
            yield from part.found.entries


class Report(NamedTuple):
    """What `verify` found. Without records, both seqs are 0; `size_bytes` counts the zeros ahead too."""

    records: int
    first_seq: int
    last_seq: int
    size_bytes: int
    torn_tail_bytes: int
    problem: str | None


def verify(path: str | os.PathLike[str]) -> Report:
    """Check a journal from end to end, as `read` does."""
    return report(read(path))


def report(reading: Reading) -> Report:
    """What a reading comes to."""
    entries = reading.entries
    ends = (entries[0].seq, entries[-1].seq) if entries else (0, 0)
    size_bytes = sum(part.size_bytes for part in reading.parts)
    return Report(len(entries), *ends, size_bytes, reading.torn_bytes, reading.problem)


def read(path: str | os.PathLike[str]) -> Reading:
    """What a journal holds now. Raises `JournalFailed` if it can't be read; damage is in the result."""
    path = Path(path)
    try:
        if path.is_dir():
            return _read_folder(path)
        if path.exists() and not path.is_file():
            raise JournalFailed(f"{path}: can't be read (not a file); give the path of a journal")
        part = look(path)
    except OSError as error:
        raise JournalFailed(f"{path}: can't be read ({error.strerror}); check the path and its rights") from error
    return Reading((part,), part.problem)


def newest_first(path: Path) -> Iterator[Part]:
    """The segments of a journal, the newest first, each read only when it is asked for; a rotten one has no records.
    Raises `JournalFailed` if one can't be read.
    """
    try:
        for _, kind, segment in sorted(_segments(path), reverse=True) if path.is_dir() else [(0, SEGMENT, path)]:
            try:
                part = look(segment)
            except FileNotFoundError:
                continue  # acknowledged, and taken away just now
            yield part if kind == SEGMENT else _without_records(part)
    except OSError as error:
        raise JournalFailed(f"{path}: can't be read ({error.strerror}); check the path and its rights") from error


def _segments(folder: Path) -> list[tuple[int, str, Path]]:
    return [
        (number, kind, path)
        for path in folder.iterdir()
        for kind in (SEGMENT, ROTTEN)
        if (number := number_of(path.name, kind)) is not None
    ]


def _without_records(part: Part) -> Part:
    return part._replace(found=part.found._replace(entries=(), starts=()))


def _read_folder(folder: Path) -> Reading:
    files = _segments(folder)
    if not files:
        raise JournalFailed(f"{folder}: can't be read (no segment in it); give the path of a journal")
    receipts = frozenset(number_of(path.name, RECEIPT) for path in folder.iterdir())
    parts: list[Part] = []
    problems: list[str] = []
    last: tuple[int, str, Part] | None = None
    for number, kind, path in sorted(files):
        try:
            part = look(path)
        except FileNotFoundError:
            continue  # acknowledged, and taken away just now
        told = _follows(part, number, last, receipts) if last else None
        if kind == ROTTEN:
            told = f"{path}: quarantined; keep it, send it to the centre with the others"
            part = _without_records(part)
        elif part.problem is not None:
            told = part.problem
        elif told is None and number != max(files)[0] and part.found.seal is None:
            told = f"{path}: not sealed, but not the last segment; {_KEEP}"
        problems += [told] if told else []
        parts.append(part)
        last = (number, kind, part)
    return Reading(tuple(parts), problems[0] if problems else None)


def _follows(part: Part, number: int, last: tuple[int, str, Part], receipts: frozenset[int | None]) -> str | None:
    """What is wrong with the place of a segment after the one before it. Acknowledged ones are not missed."""
    before, kind, earlier = last
    missing = [gone for gone in range(before + 1, number) if gone not in receipts]
    if missing:
        return f"{part.path}: segment {missing[0]} is missing before it; look for it on the stick or at the centre"
    if number != before + 1:
        return None
    head = part.found.head
    wanted = earlier.file_digest if kind == ROTTEN else earlier.found.digest
    if part.problem is None and head.previous != wanted:
        return f"{part.path}: does not follow from {earlier.path.name}: one of them was exchanged; {_KEEP}"
    if (
        kind == SEGMENT
        and part.problem is None
        and earlier.problem is None
        and head.first_seq != earlier.found.last_seq + 1
    ):
        return f"{part.path}: begins with record {head.first_seq}, not {earlier.found.last_seq + 1}; {_KEEP}"
    return None


def look(path: Path) -> Part:
    """One file, read twice before it is called damaged. Raises OSError.

    While another process appends, one read can catch an early page before and a later page after a flush,
    which looks like rot. The second read finds the early page written; rot is found at the same place
    again.
    """
    data = path.read_bytes()
    found = scan(data)
    if found.problem is not None:
        data = path.read_bytes()
        again = scan(data)
        if again.problem is not None and again.problem.offset != found.problem.offset:
            again = again._replace(problem=None)
        found = again
    return Part(path, len(data), found, _told(path, data, found), sha256(data).digest())


def _told(path: Path, data: bytes, found: Scan) -> str | None:
    if found.problem is not None:
        offset, seq, what, _ = found.problem
        return f"{path}: record {seq} at byte {offset}: {what}; keep this file aside as it is, begin a new one"
    if found.signed is not None and not cose.holds(found.signed):
        return f"{path}: its seal is not signed by the key that it names; {_KEEP}"
    number = number_of(path.name, SEGMENT)
    if number is not None and begun(data) and not data.startswith(HEADER_1) and number != found.head.number:
        return f"{path}: this is segment {found.head.number} by its head; {_KEEP}"
    return None

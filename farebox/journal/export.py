"""A journal carried out by hand: its sealed segments, copied to a stick for a depot without a network."""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from farebox.journal.disk import sync_folder
from farebox.journal.errors import JournalDamaged, JournalFailed
from farebox.journal.reading import Part, read
from farebox.journal.segments import ROTTEN


class Copied(NamedTuple):
    """A file on the stick; `new` if it was not there before."""

    path: Path
    size_bytes: int
    new: bool


def copy(journal: Path, stick: Path) -> tuple[Copied, ...]:
    """Copy every sealed segment, and quarantined ones for evidence, to `stick`/terminal/. Nothing is deleted.

    Each is flushed, read back from the stick and compared; one that is there already is compared. Raises
    `JournalFailed` if the stick can't take it or holds other bytes, `JournalDamaged` if a segment here is damaged (the
    sound ones are on the stick all the same).
    """
    parts = read(journal).parts
    sound = [part for part in parts if part.problem is None and part.found.seal is not None]
    rotten = [part for part in parts if part.path.suffix == ROTTEN]
    copied = tuple(_copy(part, stick / _folder_of(part)) for part in sorted(sound + rotten, key=lambda part: part.path))
    for part in parts:
        if part.problem is not None and part not in rotten:
            raise JournalDamaged(f"{part.problem}; it was not copied")
    return copied


def _folder_of(part: Part) -> str:
    """The terminal, as a name that any file system takes."""
    terminal_id = part.found.seal.terminal_id if part.found.seal else part.found.head.terminal_id
    return quote(terminal_id, safe="").replace(".", "%2E") or "terminal"


def _copy(part: Part, folder: Path) -> Copied:
    target = folder / part.path.name
    try:
        data = part.path.read_bytes()
        if sha256(data).digest() != part.file_digest:
            raise JournalFailed(f"{part.path}: changed while it was copied; try again")
        new = not target.exists()
        if new:
            folder.mkdir(parents=True, exist_ok=True)
            _write(target, data)
        if sha256(_from_the_stick(target)).digest() != part.file_digest:
            what = "reads back otherwise; use another stick" if new else "is there with other bytes; keep both apart"
            raise JournalFailed(f"{target}: {what}")
    except OSError as error:
        raise JournalFailed(f"{target}: can't be copied ({error.strerror}); check the stick") from error
    return Copied(target, len(data), new)


def _write(target: Path, data: bytes) -> None:
    part = target.with_name(target.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(target)
    for folder in (target.parent, target.parent.parent):
        sync_folder(folder)


def _from_the_stick(path: Path) -> bytes:
    """What the stick itself holds, as far as the system can be made to forget what it was told to write."""
    with path.open("rb") as file:
        with suppress(OSError):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return file.read()

"""The journal's port to a folder of files, and the real one behind it.

All methods but `close` raise OSError. What is done to names is durable only after `sync`, as on a real file system;
what is written to a file, only after the file's own `fdatasync`.
"""

import os
from pathlib import Path
from typing import Protocol

from farebox.journal.disk import Disk, OpenFile, lock, sync_folder
from farebox.journal.errors import JournalBusy, JournalFailed


class SegmentDisk(Disk, Protocol):
    """A file in a folder: it may be cut as well."""

    def truncate(self, size: int) -> None:
        """Cut the file to `size`; durable with the next `fdatasync`."""


class Folder(Protocol):
    """A folder that is the journal's own, open in this process alone."""

    def names(self) -> tuple[str, ...]:
        """The files there are, in any order."""

    def create(self, name: str) -> SegmentDisk:
        """A new empty file, opened. FileExistsError if there is one."""

    def open(self, name: str) -> SegmentDisk:
        """A file that is there."""

    def rename(self, old: str, new: str) -> None:
        """Give a file another name; `new` is free."""

    def remove(self, name: str) -> None:
        """Take a file away."""

    def sync(self) -> None:
        """Make all names durable."""

    def close(self) -> None:
        """Let go of the folder and of its lock."""


class FileFolder:
    """A folder of the operating system; raises `JournalFailed` if it can't be opened.

    For a terminal it is created if missing, and locked against other processes that append: `JournalBusy` if one has
    it. Whoever only takes sealed segments away opens it `shared`, without a lock.
    """

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        """Open it, lock it unless it is shared, and make its name durable."""
        self._path = path
        self._mode = os.O_RDONLY if shared else os.O_RDWR
        try:
            if not shared:
                path.mkdir(mode=0o750, exist_ok=True)
            self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise JournalFailed(f"{path}: can't be opened: {error.strerror}; see to its folder") from error
        try:
            if not shared:
                lock(self._fd, path)
                sync_folder(path.absolute().parent)
        except JournalBusy:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise JournalFailed(f"{path}: can't be prepared: {error.strerror}; replace the disk") from error

    def names(self) -> tuple[str, ...]:
        """The files there are."""
        return tuple(path.name for path in self._path.iterdir())

    def create(self, name: str) -> OpenFile:
        """A new empty file, opened."""
        return OpenFile(os.open(self._path / name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640))

    def open(self, name: str) -> OpenFile:
        """A file that is there; to be read alone by whoever shares the folder."""
        return OpenFile(os.open(self._path / name, self._mode))

    def rename(self, old: str, new: str) -> None:
        """Give a file another name."""
        (self._path / old).rename(self._path / new)

    def remove(self, name: str) -> None:
        """Take a file away."""
        (self._path / name).unlink()

    def sync(self) -> None:
        """Make all names durable."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Closing the folder gives the lock back."""
        os.close(self._fd)

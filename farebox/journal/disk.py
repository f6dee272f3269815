"""The journal's port to the disk, and the real disk behind it.

All methods but `close` raise OSError. A file only ever grows, and grows by zeros.
"""

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from farebox.journal.errors import JournalBusy, JournalFailed

RESERVE_BYTES = 4096
"""The end of the room that a file has taken, which nothing but outcomes and the seal may use."""

_ZEROS = bytes(1 << 16)


class Disk(Protocol):
    """One open file, offsets and lengths in bytes."""

    def size(self) -> int:
        """Length of the file."""

    def pread(self, length: int, offset: int) -> bytes:
        """Bytes from `offset`: fewer than asked for only at the end of the file."""

    def pwrite(self, data: bytes, offset: int) -> int:
        """Write, in one go and not yet durably; gives the number of bytes written."""

    def fdatasync(self) -> None:
        """Make everything written and allocated so far durable."""

    def allocate(self, size: int) -> None:
        """Grow the file to `size`, zeros on blocks of its own; on an error it stays as long as it was."""

    def close(self) -> None:
        """Let go of the file and of its lock; flushes nothing."""


class OpenFile:
    """A file of the operating system that is open for reading and writing."""

    def __init__(self, fd: int) -> None:
        """Take over its descriptor."""
        self._fd = fd

    def size(self) -> int:
        """Length of the file in bytes."""
        return os.fstat(self._fd).st_size

    def pread(self, length: int, offset: int) -> bytes:
        """Bytes from `offset`; Linux reads 2 GiB at most in one go, and no journal comes near that."""
        return os.pread(self._fd, length, offset)

    def pwrite(self, data: bytes, offset: int) -> int:
        """One system call."""
        return os.pwrite(self._fd, data, offset)

    def fdatasync(self) -> None:
        """One system call."""
        os.fdatasync(self._fd)

    def truncate(self, size: int) -> None:
        """Cut the file to `size`."""
        os.ftruncate(self._fd, size)

    def allocate(self, size: int) -> None:
        """Take the blocks, then write zeros into them.

        Blocks that are merely taken are marked as never written, and the first write into each changes that
        mark: every flush would then write metadata as well. The zeros pay for it ahead of the tap.
        """
        old_size = self.size()
        try:
            os.posix_fallocate(self._fd, 0, size)
            for offset in range(old_size, size, len(_ZEROS)):
                zeros = _ZEROS[: size - offset]
                if os.pwrite(self._fd, zeros, offset) != len(zeros):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # what a second try would say
        except OSError:
            with suppress(OSError):  # the tail is zeros either way; the first error is the one to tell
                os.ftruncate(self._fd, old_size)
            raise

    def close(self) -> None:
        """Closing the file gives the lock back."""
        os.close(self._fd)


class FileDisk(OpenFile):
    """A file that is a journal by itself, created if missing, locked against other processes that append.

    Raises `JournalBusy` if another process has it, `JournalFailed` if it can't be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open and lock it, and make its name durable."""
        try:
            super().__init__(os.open(path, os.O_RDWR | os.O_CREAT, 0o640))
        except OSError as error:
            raise JournalFailed(f"{path}: can't be opened: {error.strerror}; see to its folder") from error
        try:
            lock(self._fd, path)
            # Each time, not only at creation: who created it may have died before its name was durable.
            sync_folder(Path(path).absolute().parent)
        except JournalBusy:
            os.close(self._fd)
            raise
        except OSError as error:
            os.close(self._fd)
            raise JournalFailed(f"{path}: can't be prepared: {error.strerror}; replace the disk") from error


def lock(fd: int, name: object) -> None:
    """Keep other processes from appending, until the descriptor is closed. Raises JournalBusy, OSError."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise JournalBusy(f"{name}: open for appending in another process; stop that one first") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: it is a file of its own."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def whole(disk: Disk) -> bytes:
    """All bytes of a file. Raises OSError."""
    size = disk.size()
    data = disk.pread(size, 0)
    if len(data) != size:
        raise OSError(errno.EIO, f"{len(data)} of {size} bytes read")
    return data


def all_zeros(data: bytes) -> bool:
    """Whether nothing was written there. A comparison: to look at each byte takes 200 times as long."""
    return data == bytes(len(data))


def write_all(disk: Disk, data: bytes, offset: int) -> None:
    """Write all of it. Raises OSError."""
    written = disk.pwrite(data, offset)
    if written != len(data):
        raise OSError(errno.EIO, f"{written} of {len(data)} bytes written")

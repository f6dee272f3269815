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


class FileDisk:
    """A file of the operating system, created if missing, locked against other processes that append.

    Raises `JournalBusy` if another process has it, `JournalFailed` if it can't be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        except OSError as error:
            raise JournalFailed(f"{path}: can't be opened: {error.strerror}; see to its folder") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Each time, not only at creation: who created it may have died before its name was durable.
            _sync_folder(Path(path).absolute().parent)
        except BlockingIOError as error:
            os.close(self._fd)
            raise JournalBusy(f"{path}: open for appending in another process; stop that one first") from error
        except OSError as error:
            os.close(self._fd)
            raise JournalFailed(f"{path}: can't be prepared: {error.strerror}; replace the disk") from error

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


def _sync_folder(folder: Path) -> None:
    """Make the file's name durable: the folder is a file of its own."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

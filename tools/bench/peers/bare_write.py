"""The floor of durability: bytes into room allocated ahead, and a flush. No records, no checks, no errors handled."""

import os
from pathlib import Path


class BareWrite:
    """One file of zeros, written from its start."""

    def __init__(self, path: Path, size: int) -> None:
        """Take the blocks, write zeros into them, and flush, so that a tap's flush finds no metadata to write."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
        os.posix_fallocate(self._file, 0, size)
        os.pwrite(self._file, bytes(size), 0)
        os.fsync(self._file)
        self._end = 0

    def write(self, data: bytes) -> None:
        """One write, one flush."""
        os.pwrite(self._file, data, self._end)
        os.fdatasync(self._file)
        self._end += len(data)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

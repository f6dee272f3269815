"""A folder of files on a disk that loses its power (模擬): what was written and not flushed is gone then.

Names are durable at once; journals sync them before they rely on them, so nothing hangs on that here.
"""

import os
from pathlib import Path

from farebox.journal.disk import OpenFile
from farebox.journal.folder import FileFolder


class VolatileFile(OpenFile):
    """A file whose writes wait in memory until they are flushed."""

    def __init__(self, fd: int) -> None:
        """Take over its descriptor."""
        super().__init__(fd)
        self._is_open = True
        self._waiting: list[tuple[bytes, int]] = []

    def pread(self, length: int, offset: int) -> bytes:
        """As the program sees it: with what waits."""
        seen = bytearray(super().pread(length, offset))
        for data, start in self._waiting:
            for place, byte in enumerate(data, start - offset):
                if 0 <= place < len(seen):
                    seen[place] = byte
        return bytes(seen)

    def pwrite(self, data: bytes, offset: int) -> int:
        """Keep it until the flush. Journals write only into room that they have allocated."""
        self._waiting.append((data, offset))
        return len(data)

    def fdatasync(self) -> None:
        """Write what waits; the medium itself is as durable as the machine that plays it."""
        for data, offset in self._waiting:
            super().pwrite(data, offset)
        self._waiting.clear()

    def truncate(self, size: int) -> None:
        """Cut the file, and what waits beyond."""
        self.fdatasync()
        super().truncate(size)

    def close(self) -> None:
        """Let go of it, and of what waits; a second time does nothing."""
        if self._is_open:
            self._is_open = False
            super().close()


class VolatileFolder(FileFolder):
    """A folder of such files, which `lose_power` lets go of without flushing anything."""

    def __init__(self, path: Path) -> None:
        """Open it, as `FileFolder` does."""
        super().__init__(path)
        self._open: list[VolatileFile] = []

    def create(self, name: str) -> OpenFile:
        """A new empty file, opened."""
        return self._opened(name, os.O_CREAT | os.O_EXCL)

    def open(self, name: str) -> OpenFile:
        """A file that is there."""
        return self._opened(name, 0)

    def lose_power(self) -> None:
        """Everything that waits is gone; the folder can be opened again, as after a start."""
        for file in self._open:
            file.close()
        self.close()

    def _opened(self, name: str, flags: int) -> OpenFile:
        file = VolatileFile(os.open(self._path / name, os.O_RDWR | flags, 0o640))
        self._open.append(file)
        return file

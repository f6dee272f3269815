"""Disks for the journal under measurement: one in memory, and one that counts the flushes of another."""

from farebox.journal.disk import Disk


class MemoryDisk:
    """A disk without a disk: what the journal costs when nothing has to last."""

    def __init__(self) -> None:
        """An empty file."""
        self.data = bytearray()

    def size(self) -> int:
        """Length of the file."""
        return len(self.data)

    def pread(self, length: int, offset: int) -> bytes:
        """Bytes from `offset`."""
        return bytes(self.data[offset : offset + length])

    def pwrite(self, data: bytes, offset: int) -> int:
        """Write in place."""
        self.data[offset : offset + len(data)] = data
        return len(data)

    def fdatasync(self) -> None:
        """Nothing to wait for."""

    def allocate(self, size: int) -> None:
        """Grow by zeros."""
        self.data += bytes(max(0, size - len(self.data)))

    def close(self) -> None:
        """Nothing to let go of."""


class CountingDisk:
    """Passes everything on to another disk, and counts."""

    def __init__(self, disk: Disk) -> None:
        """Take the disk behind."""
        self.flushes = 0
        self.written: list[bytes] = []
        """What was written since this was last cleared."""
        self._disk = disk

    def size(self) -> int:
        """Length of the file."""
        return self._disk.size()

    def pread(self, length: int, offset: int) -> bytes:
        """Bytes from `offset`."""
        return self._disk.pread(length, offset)

    def pwrite(self, data: bytes, offset: int) -> int:
        """Write, and keep what was written."""
        self.written.append(data)
        return self._disk.pwrite(data, offset)

    def fdatasync(self) -> None:
        """Flush, and count it."""
        self.flushes += 1
        self._disk.fdatasync()

    def allocate(self, size: int) -> None:
        """Grow."""
        self._disk.allocate(size)

    def close(self) -> None:
        """Let go."""
        self._disk.close()

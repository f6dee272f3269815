"""A disk in memory that can lose its power, run full and fail, as real ones do."""

import errno
import os
from collections.abc import Callable
from random import Random
from typing import TypeAlias

# (what the medium held, what was being written over it) -> what the medium holds after the power went
Tear: TypeAlias = Callable[[bytes, bytes], bytes]


class PowerLost(Exception):
    """The power went during this call."""


def lost(old: bytes, new: bytes) -> bytes:
    return old


def kept(old: bytes, new: bytes) -> bytes:
    return new


def head_only(old: bytes, new: bytes) -> bytes:
    cut = len(new) // 2
    return new[:cut] + old[cut:]


def tail_only(old: bytes, new: bytes) -> bytes:
    cut = len(new) // 2
    return old[:cut] + new[cut:]


def mixed(random: Random) -> Tear:
    """Any write lost, kept, cut anywhere, or kept byte by byte by chance."""

    def tear(old: bytes, new: bytes) -> bytes:
        cut = random.randint(0, len(new))
        by_byte = bytes(random.choice(pair) for pair in zip(old, new, strict=True))
        return random.choice((old, new, new[:cut] + old[cut:], old[:cut] + new[cut:], by_byte))

    return tear


class MemoryDisk:
    """Follows the Disk protocol. What is on the medium is durable; what is only in the cache may be lost."""

    def __init__(self, image: bytes = b"", capacity: int | None = None) -> None:
        self.cache = bytearray(image)
        self.medium = bytearray(image)
        self.capacity = capacity
        self.calls: list[str] = []
        self.closed = False
        self.power_goes_at: int | None = None  # index of the call during which it does
        self.errors: dict[str, int] = {}  # call -> errno it fails with
        self._unsynced: list[tuple[int, bytes]] = []

    # --- the protocol ---

    def size(self) -> int:
        return len(self.cache)

    def pread(self, length: int, offset: int) -> bytes:
        self._call("pread")
        return bytes(self.cache[offset : offset + length])

    def pwrite(self, data: bytes, offset: int) -> int:
        assert offset + len(data) <= len(self.cache), "written beyond the room allocated"
        if "pwrite" not in self.errors:
            self._put(data, offset)
        self._call("pwrite")
        return len(data)

    def fdatasync(self) -> None:
        try:
            self._call("fdatasync")
        except OSError:
            # What could not be written is dropped, and its pages count as clean from now on.
            self._unsynced.clear()
            raise
        self.medium += bytes(len(self.cache) - len(self.medium))
        for offset, data in self._unsynced:
            self.medium[offset : offset + len(data)] = data
        self._unsynced.clear()

    def allocate(self, size: int) -> None:
        if self.capacity is not None and size > self.capacity:
            self.calls.append("allocate")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.cache += bytes(max(0, size - len(self.cache)))
        self._call("allocate")

    def close(self) -> None:
        self.closed = True

    # --- faults ---

    def after_power_loss(self, tear: Tear, grown: float = 1.0) -> "MemoryDisk":
        """The disk as found later: each unflushed write torn, the file grown by a part of what it was to grow."""
        image = bytearray(self.medium)
        image += bytes(int((len(self.cache) - len(image)) * grown))
        for offset, data in self._unsynced:
            fits = data[: max(0, len(image) - offset)]
            image[offset : offset + len(fits)] = tear(bytes(image[offset : offset + len(fits)]), fits)
        return MemoryDisk(bytes(image), self.capacity)

    def after_kill(self) -> "MemoryDisk":
        """The disk as the next process finds it: the cache outlives the process, flushed or not."""
        disk = MemoryDisk(b"", self.capacity)
        disk.cache, disk.medium = bytearray(self.cache), bytearray(self.medium)
        disk._unsynced = list(self._unsynced)
        return disk

    def _put(self, data: bytes, offset: int) -> None:
        self.cache[offset : offset + len(data)] = data
        self._unsynced.append((offset, data))

    def _call(self, name: str) -> None:
        assert not self.closed
        self.calls.append(name)
        if len(self.calls) - 1 == self.power_goes_at:
            raise PowerLost
        if name in self.errors:
            code = self.errors[name]
            raise OSError(code, os.strerror(code))

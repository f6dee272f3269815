"""A disk in memory that can lose its power, run full and fail, as real ones do."""

import errno
import os
from collections.abc import Callable
from random import Random
from typing import TypeAlias

from farebox.formats.frames import scan
from farebox.formats.journal import Entry

# (what the medium held, what was being written over it) -> what the medium holds after the power went
Tear: TypeAlias = Callable[[bytes, bytes], bytes]


class PowerLost(Exception):
    """The power went during this call."""


def lost(old: bytes, new: bytes) -> bytes:
    """Nothing of it was kept."""
    return old


def kept(old: bytes, new: bytes) -> bytes:
    """All of it was kept."""
    return new


def head_only(old: bytes, new: bytes) -> bytes:
    """Its first half was kept."""
    cut = len(new) // 2
    return new[:cut] + old[cut:]


def tail_only(old: bytes, new: bytes) -> bytes:
    """Its second half was kept."""
    cut = len(new) // 2
    return old[:cut] + new[cut:]


def mixed(random: Random) -> Tear:
    """Any write lost, kept, cut anywhere, or kept byte by byte by chance."""

    def tear(old: bytes, new: bytes) -> bytes:
        cut = random.randint(0, len(new))
        by_byte = bytes(random.choice(pair) for pair in zip(old, new, strict=True))
        return random.choice((old, new, new[:cut] + old[cut:], old[:cut] + new[cut:], by_byte))

    return tear


_Names = dict[str, "MemoryDisk"]
_Change = Callable[[_Names], object]


class _Failing:
    """Calls are counted, and can fail: by an error number each time, or once by the power, at the call of an index."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.closed = False
        self.power_goes_at: int | None = None
        self.errors: dict[str, int] = {}

    def call(self, name: str) -> None:
        assert not self.closed
        self.calls.append(name)
        if len(self.calls) - 1 == self.power_goes_at:
            raise PowerLost
        if name in self.errors:
            code = self.errors[name]
            raise OSError(code, os.strerror(code))


class MemoryFolder(_Failing):
    """Follows the Folder protocol, over disks in memory. A change of names is durable after `sync`; of those since, a
    loss of power keeps as many as it likes, the earlier ones first, as file systems do that log what they do to names.
    """

    def __init__(self, capacity: int | None = None) -> None:
        super().__init__()
        self.disks: _Names = {}
        self.capacity = capacity
        self._durable: _Names = {}
        self._unsynced: list[_Change] = []

    # --- the protocol ---

    def names(self) -> tuple[str, ...]:
        self.call("names")
        return tuple(self.disks)

    def create(self, name: str) -> "MemoryDisk":
        if name in self.disks:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        disk = MemoryDisk()
        disk.folder = self
        self._change("create", lambda names: names.__setitem__(name, disk))
        return disk

    def open(self, name: str) -> "MemoryDisk":
        self.call("open")
        if name not in self.disks:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self.disks[name].closed = False
        return self.disks[name]

    def rename(self, old: str, new: str) -> None:
        if old not in self.disks:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        assert new not in self.disks
        self._change("rename", lambda names: names.__setitem__(new, names.pop(old)))

    def remove(self, name: str) -> None:
        if name not in self.disks:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._change("remove", lambda names: names.pop(name))

    def sync(self) -> None:
        self.call("sync")
        self._durable = dict(self.disks)
        self._unsynced.clear()

    def close(self) -> None:
        self.closed = True

    # --- faults ---

    @property
    def bytes_read(self) -> int:
        return sum(disk.bytes_read for disk in self.disks.values())

    def durable_entries(self) -> tuple[Entry, ...]:
        """The records of all segments that no loss of power can take."""
        names = sorted(name for name in self._durable if name.endswith(".segment"))
        found = [scan(bytes(self._durable[name].medium)) for name in names]
        assert not any(segment.problem for segment in found)
        return tuple(entry for segment in found for entry in segment.entries)

    def durable(self, name: str, start: int, end: int) -> bool:
        """Whether no loss of power can take what stands there in this file now."""
        disk, durable = self.disks[name], self._durable.get(name)
        return durable is not None and durable.medium[start:end] == disk.cache[start:end]

    def fits(self, more: int) -> bool:
        return self.capacity is None or sum(len(disk.cache) for disk in self.disks.values()) + more <= self.capacity

    def after_power_loss(self, tear: Tear, grown: float = 1.0, renamed: float = 0.0) -> "MemoryFolder":
        """As found later; `renamed` is the part of the changes of names since the last sync that was kept."""
        names = dict(self._durable)
        for change in self._unsynced[: round(len(self._unsynced) * renamed)]:
            change(names)
        return self._found({name: disk.after_power_loss(tear, grown) for name, disk in names.items()})

    def after_kill(self) -> "MemoryFolder":
        """As the next process finds it."""
        after = self._found({name: disk.after_kill() for name, disk in self.disks.items()})
        after._durable = {name: after.disks[name] for name in self._durable if name in after.disks}
        return after

    def _found(self, disks: _Names) -> "MemoryFolder":
        after = MemoryFolder(self.capacity)
        for disk in disks.values():
            disk.folder = after
        after.disks, after._durable = disks, dict(disks)
        return after

    def _change(self, name: str, change: _Change) -> None:
        if name not in self.errors:
            change(self.disks)
            self._unsynced.append(change)
        self.call(name)


class MemoryDisk(_Failing):
    """Follows the Disk protocol. What is on the medium is durable; what is only in the cache may be lost."""

    def __init__(self, image: bytes = b"", capacity: int | None = None) -> None:
        super().__init__()
        self.cache = bytearray(image)
        self.medium = bytearray(image)
        self.capacity = capacity
        self.folder: MemoryFolder | None = None  # whose calls, capacity, errors and power it shares
        self.bytes_read = 0
        self._unsynced: list[tuple[int, bytes]] = []

    # --- the protocol ---

    def size(self) -> int:
        return len(self.cache)

    def pread(self, length: int, offset: int) -> bytes:
        self._call("pread")
        data = bytes(self.cache[offset : offset + length])
        self.bytes_read += len(data)
        return data

    def pwrite(self, data: bytes, offset: int) -> int:
        assert offset + len(data) <= len(self.cache), "written beyond the room allocated"
        if "pwrite" not in (self.folder or self).errors:
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
        del self.medium[len(self.cache) :]
        self.medium += bytes(len(self.cache) - len(self.medium))
        for offset, data in self._unsynced:
            self.medium[offset : offset + len(data)] = data
        self._unsynced.clear()

    def allocate(self, size: int) -> None:
        if not self._fits(size):
            (self.folder or self).calls.append("allocate")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.cache += bytes(max(0, size - len(self.cache)))
        self._call("allocate")

    def truncate(self, size: int) -> None:
        self._call("truncate")
        del self.cache[size:]
        self._unsynced = [(offset, data) for offset, data in self._unsynced if offset + len(data) <= size]

    def close(self) -> None:
        self.closed = True

    # --- faults ---

    def after_power_loss(self, tear: Tear, grown: float = 1.0) -> "MemoryDisk":
        """The disk as found later: each unflushed write torn, the file grown by a part of what it was to grow."""
        image = bytearray(self.medium)
        size = len(image) + int((len(self.cache) - len(image)) * grown)
        image = image[:size].ljust(size, b"\0")
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

    def _fits(self, size: int) -> bool:
        if self.folder is not None:
            return self.folder.fits(size - len(self.cache))
        return self.capacity is None or size <= self.capacity

    def _call(self, name: str) -> None:
        assert not self.closed
        (self.folder or self).call(name)

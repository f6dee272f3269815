"""A journal as the next start would find it, read on from where it was read last.

What the exchange deleted stays known from when it was read; what a start found other than it was is read anew.
"""

from itertools import pairwise
from typing import NamedTuple

from farebox.formats import cose
from farebox.formats.frames import FRAME_HEAD_BYTES, FRAME_MAGIC, HEADER, scan
from farebox.formats.journal import Entry, decode
from farebox.formats.segment import decode_seal
from farebox.journal.segments import SEGMENT, name_of, number_of
from sim.hardware.memory_disk import MemoryFolder


class _Place(NamedTuple):
    """Where a record stands."""

    number: int
    start: int
    end: int


class Book:
    """The records of one bus. `entries` are all of them, `durable` counts those that no loss of power can take.

    `sealed` are the digests of the segments that were ended, by their numbers.
    """

    def __init__(self) -> None:
        """Nothing was read yet."""
        self.entries: list[Entry] = []
        self.sealed: dict[int, bytes] = {}
        self.spoilt: set[int] = set()
        """Segments whose bytes were changed on purpose (faults 22): what they held is known from before."""
        self._segments: dict[int, list[Entry]] = {}
        self._number = 0
        self._end = 0
        self._waiting: list[_Place] = []

    @property
    def durable(self) -> int:
        """How many of the entries are durable."""
        return len(self.entries) - len(self._waiting)

    def read_on(self, folder: MemoryFolder) -> tuple[Entry, ...]:
        """The records that are new since the last time, no start in between."""
        known = len(self.entries)
        for number in _numbers(folder):
            if number >= self._number and number not in self.spoilt:
                self._read(number, folder)
        self._look_what_is_durable(folder)
        return tuple(self.entries[known:])

    def read_anew(self, folder: MemoryFolder) -> None:
        """All of it, each byte checked. Raises AssertionError if something stands there that is no journal."""
        numbers = _numbers(folder)
        kept = {
            number: entries
            for number, entries in self._segments.items()
            if number < max(numbers, default=0) and (number not in numbers or number in self.spoilt)
        }
        self._segments, self._waiting = kept, []
        for number in numbers:
            if number not in self.spoilt:
                self._scan(number, folder)
        self.entries = [entry for number in sorted(self._segments) for entry in self._segments[number]]
        self._look_what_is_durable(folder)

    def _scan(self, number: int, folder: MemoryFolder) -> None:
        found = scan(bytes(folder.disks[name_of(number)].cache))
        assert found.problem is None, f"{name_of(number)}: {found.problem}"
        self._segments[number] = list(found.entries)
        self._waiting += [_Place(number, start, end) for start, end in pairwise((*found.starts, found.end))]
        self._number, self._end = number, found.sealed_end or found.end
        if found.seal is not None:
            self.sealed[number] = found.seal.digest
        else:
            self.sealed.pop(number, None)

    def _read(self, number: int, folder: MemoryFolder) -> None:
        data = folder.disks[name_of(number)].cache
        entries = self._segments.setdefault(number, [])
        if number != self._number:
            self._number, self._end = number, _end_of_frame(data, len(HEADER))
        while data.startswith(FRAME_MAGIC, self._end):
            start, end = self._end, _end_of_frame(data, self._end)
            payload = bytes(data[start + FRAME_HEAD_BYTES : end])
            self._end = end
            if payload.startswith(cose.TAG):
                self.sealed[number] = decode_seal(payload)[0].digest
                return
            entry = decode(payload)
            entries.append(entry)
            self.entries.append(entry)
            self._waiting.append(_Place(number, start, end))

    def _look_what_is_durable(self, folder: MemoryFolder) -> None:
        """In their order: what was deleted had been."""
        done = 0
        for number, start, end in self._waiting:
            name = name_of(number)
            if name in folder.disks and not folder.durable(name, start, end):
                break
            done += 1
        del self._waiting[:done]


def _numbers(folder: MemoryFolder) -> list[int]:
    """Of the segments that are there, in their order."""
    found = (number_of(name, SEGMENT) for name in folder.disks)
    return sorted(number for number in found if number is not None)


def _end_of_frame(data: bytearray, start: int) -> int:
    return start + FRAME_HEAD_BYTES + int.from_bytes(data[start + 2 : start + 6], "little")

"""The journal file: a header, then frames, then zeros. Pure: bytes in, values out.

    0   8   magic "FAREBOX", zero
    8   2   format version, little-endian, 1
    10  6   reserved, zero
    16      frames, one after another:
                2  magic FB 4A
                4  length of the payload in bytes, little-endian
                4  CRC-32 over length and payload, little-endian
                n  payload, a record (`farebox.formats.journal`)
    end     zeros, allocated ahead, up to the size of the file

A file can end badly in two ways, and `scan` tells them apart. Power was lost while a write was under way:
some of the bytes written since the last flush are missing, a *torn tail*, and nobody was promised them. Or
bytes that had been flushed changed later, *bit rot*, and records that were promised are gone. Each record
names the last one known to be flushed when it was written, so a bad frame followed anywhere by a good
record that knows it flushed is rot; any other is a tear. What no later record vouches for can't be told:
rot there looks like a tear.
"""

from collections.abc import Iterator
from contextlib import suppress
from struct import Struct
from typing import NamedTuple
from zlib import crc32

from farebox.formats.journal import MAX_PAYLOAD_BYTES, Entry, RecordError, decode

VERSION = 1
HEADER = b"FAREBOX\0" + VERSION.to_bytes(2, "little") + bytes(6)
FRAME_MAGIC = b"\xfb\x4a"
FRAME_HEAD_BYTES = 10

_HEAD = Struct("<2sII")
# The CRC is over the length too; beginning it from a table saves a tap the conversion.
_LENGTH_CRC = [crc32(length.to_bytes(4, "little")) for length in range(MAX_PAYLOAD_BYTES + 1)]


class Problem(NamedTuple):
    """Why a file can't be trusted from `offset` on: it was damaged, or it is not ours to read.

    `seq` is that of the first record not to be trusted; `what` goes after "record N at byte M: ".
    """

    offset: int
    seq: int
    what: str


class Scan(NamedTuple):
    """What a file holds: good records, then `torn_bytes` of a torn tail (0 if none), unless there is a
    problem.

    `starts` has the offset of each entry; `end` is the offset after the last of them. With a problem, the
    entries are those before it.
    """

    entries: tuple[Entry, ...]
    starts: tuple[int, ...]
    end: int
    torn_bytes: int
    problem: Problem | None


def frame(payload: bytes) -> bytes:
    """The payload as it stands in the file. At most `MAX_PAYLOAD_BYTES`, which `encode` sees to."""
    length = len(payload)
    return _HEAD.pack(FRAME_MAGIC, length, crc32(payload, _LENGTH_CRC[length])) + payload


def begun(data: bytes) -> bool:
    """False for a file whose creation was cut short: no more than part of our header, the rest zeros.

    Nothing is ever written after the header before that is flushed, so such a file holds nothing of worth.
    """
    head, rest = data[: len(HEADER)], data[len(HEADER) :]
    if head == HEADER:
        return True
    part_of_ours = all(byte in (0, ours) for byte, ours in zip(head, HEADER, strict=False))
    return not part_of_ours or any(rest)


def scan(data: bytes) -> Scan:
    """Read a whole file, from the header to the zeros. Never raises, whatever the bytes (faults 19, 22)."""
    if not begun(data):
        return Scan((), (), len(HEADER), 0, None)
    entries: list[Entry] = []
    starts: list[int] = []
    end, problem = len(HEADER), _header_problem(data)
    while problem is None and (payload := _payload_at(data, end)) is not None:
        found = _next_entry(payload, entries)
        if isinstance(found, str):
            problem = Problem(end, len(entries) + 1, found)
        else:
            entries.append(found)
            starts.append(end)
            end += FRAME_HEAD_BYTES + len(payload)
    torn_bytes = 0
    if problem is None and not data.endswith(bytes(max(0, len(data) - end))):
        torn_bytes = len(data.rstrip(b"\0")) - end  # slow over a megabyte of zeros, so only where something stands
        problem = _rot(data, end, len(entries) + 1)
    return Scan(tuple(entries), tuple(starts), end, 0 if problem else torn_bytes, problem)


def _header_problem(data: bytes) -> Problem | None:
    if data.startswith(HEADER):
        return None
    if data[:8] == HEADER[:8]:
        version = int.from_bytes(data[8:10], "little")
        if version != VERSION:
            return Problem(8, 1, f"header of format version {version}; this software reads version {VERSION}")
        return Problem(10, 1, "header with reserved bytes that are not zero")
    return Problem(0, 1, "no journal's header")


def _payload_at(data: bytes, offset: int) -> bytes | None:
    """The payload of the frame at `offset`, or None where no whole frame stands."""
    if data[offset : offset + 2] != FRAME_MAGIC or len(data) < offset + FRAME_HEAD_BYTES:
        return None
    _, length, crc = _HEAD.unpack_from(data, offset)
    if length > MAX_PAYLOAD_BYTES:
        return None
    payload = data[offset + FRAME_HEAD_BYTES : offset + FRAME_HEAD_BYTES + length]
    return payload if len(payload) == length and crc32(payload, _LENGTH_CRC[length]) == crc else None


def _next_entry(payload: bytes, before: list[Entry]) -> Entry | str:
    """The entry of a whole frame, or what is wrong with it. Its CRC holds, so it is no tear."""
    try:
        entry = decode(payload)
    except RecordError as error:
        return f"the frame is whole, but no record: {error}"
    if entry.seq != len(before) + 1:
        return f"record {entry.seq} stands where {len(before) + 1} should"
    if before and entry.flushed_seq < before[-1].flushed_seq:
        return f"says {entry.flushed_seq} was flushed last; the record before it says {before[-1].flushed_seq}"
    return entry


def _rot(data: bytes, end: int, seq: int) -> Problem | None:
    """The problem, if a record beyond the bad frame at `end` knows `seq` to have been flushed."""
    for entry in _entries_beyond(data, end):
        if entry.flushed_seq >= seq:
            return Problem(end, seq, f"changed after it was flushed, as record {entry.seq} tells")
    return None


def _entries_beyond(data: bytes, offset: int) -> Iterator[Entry]:
    """Every good record from `offset` on, whatever lies between."""
    offset = data.find(FRAME_MAGIC, offset)
    while offset >= 0:
        payload = _payload_at(data, offset)
        if payload is not None:
            with suppress(RecordError):  # what is no record of ours can't vouch for one
                yield decode(payload)
        offset = data.find(FRAME_MAGIC, offset + 1)

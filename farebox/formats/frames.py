"""A segment's file: a header, then frames, then zeros or a seal. Pure: bytes in, values out.

    0   8   magic "FAREBOX", zero
    8   2   format version, little-endian, 2
    10  2   reserved, zero
    12  4   CRC-32 over the 12 bytes before, little-endian
    16      frames, one after another: the head, records, and the seal once the segment is ended
                2  magic FB 4A
                4  length of the payload in bytes, little-endian
                4  CRC-32 over length, check and payload, little-endian
                8  check: SHA-256 over all payloads up to and with this one, its first 8 bytes
                n  payload: the head or the seal (`farebox.formats.segment`), a record (`farebox.formats.journal`)
    end     zeros, allocated ahead, up to the size of the file; none once it is sealed

Version 1, one file that grew for ever, had neither check nor head nor seal, and six zeros after its version. It is
still read.

A file can end badly in two ways, and `scan` tells them apart. Power was lost while a write was under way:
some of the bytes written since the last flush are missing, a *torn tail*, and nobody was promised them. Or
bytes that had been flushed changed later, *bit rot*, and records that were promised are gone. Each record
names the last one known to be flushed when it was written, so a bad frame followed anywhere by a good
record that knows it flushed is rot; any other is a tear. What no later record vouches for can't be told:
rot there looks like a tear, until the seal vouches for it all.

A frame that is whole by its CRC but whose check does not follow from the payloads before it was altered, or stands
where another was taken out, put in or moved. No power loss does that.
"""

from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import pairwise
from struct import Struct
from typing import NamedTuple
from zlib import crc32

from farebox.formats import cose
from farebox.formats.journal import MAX_PAYLOAD_BYTES, Entry, decode
from farebox.formats.segment import MAX_HEAD_BYTES, Head, Seal, decode_head, decode_seal, encode_head
from farebox.formats.strict import RecordError

VERSION = 2
_MAGIC = b"FAREBOX\0"
_START = _MAGIC + VERSION.to_bytes(2, "little") + bytes(2)
HEADER = _START + crc32(_START).to_bytes(4, "little")
HEADER_1 = _MAGIC + (1).to_bytes(2, "little") + bytes(6)
FRAME_MAGIC = b"\xfb\x4a"
FRAME_HEAD_BYTES = 18
FRAME_HEAD_BYTES_1 = 10
CHECK_BYTES = 8
LEAST_FRAME_BYTES = FRAME_HEAD_BYTES_1 + 6
"""No record takes less, in either version."""

_HEAD = Struct("<2sII8s")
_HEAD_1 = Struct("<2sII")
# The CRC is over the length too; beginning it from a table saves a tap the conversion.
_LENGTH_CRC = [crc32(length.to_bytes(4, "little")) for length in range(MAX_PAYLOAD_BYTES + 1)]


class Problem(NamedTuple):
    """Why a file can't be trusted from `offset` on: it rotted, or (not `rot`) it is not ours to read.

    `seq` is that of the first record not to be trusted; `what` goes after "record N at byte M: ".
    """

    offset: int
    seq: int
    what: str
    rot: bool = False


class Scan(NamedTuple):
    """What a file holds: good records, then `torn_bytes` of a torn tail (0 if none), unless there is a
    problem.

    `starts` has the offset of each entry; `end` is the offset after the last of them. With a problem, the
    entries are those before it. `digest` is SHA-256 over the payloads of the head and of these entries. A sealed
    segment has its `seal` and whose signature that is (not checked here), and ends at `sealed_end`.
    """

    entries: tuple[Entry, ...]
    starts: tuple[int, ...]
    end: int
    torn_bytes: int
    problem: Problem | None
    version: int = VERSION
    head: Head = Head()
    digest: bytes = sha256(encode_head(Head())).digest()
    seal: Seal | None = None
    signed: cose.Signed | None = None
    sealed_end: int = 0

    @property
    def last_seq(self) -> int:
        """Number of the last good record, or of the last one before this segment."""
        return self.head.first_seq - 1 + len(self.entries)


class Sealed(NamedTuple):
    """A sealed segment that is whole: its head, its seal, and whose signature that is (not checked here)."""

    head: Head
    seal: Seal
    signed: cose.Signed


class Salvage(NamedTuple):
    """The whole records of a rotten file by seq, and how many more can have stood after the last of them at most."""

    entries: tuple[Entry, ...]
    lost_after: int


def frame(payload: bytes, check: bytes) -> bytes:
    """The payload as it stands in the file. At most `MAX_PAYLOAD_BYTES`, which `encode` sees to, but for a head."""
    length = len(payload)
    crc = _LENGTH_CRC[length] if length <= MAX_PAYLOAD_BYTES else crc32(length.to_bytes(4, "little"))
    return _HEAD.pack(FRAME_MAGIC, length, crc32(payload, crc32(check, crc)), check) + payload


def beginning(head: Head) -> bytes:
    """The first bytes of a segment: header and head."""
    payload = encode_head(head)
    return HEADER + frame(payload, sha256(payload).digest()[:CHECK_BYTES])


BEGINNING = beginning(Head())
"""Of the first segment of a journal."""


def begun(data: bytes) -> bool:
    """False for a file whose creation was cut short: no more than part of our beginning, the rest zeros.

    Nothing is ever written after it before that is flushed, so such a file holds nothing of worth.
    """
    if data.startswith((BEGINNING, HEADER_1)):
        return True
    head, rest = data[: len(BEGINNING)], data[len(BEGINNING) :]
    part_of_ours = any(
        all(byte in (0, ours) for byte, ours in zip(head, whole, strict=False))
        for whole in (BEGINNING, HEADER_1.ljust(len(BEGINNING), b"\0"))
    )
    return not part_of_ours or any(rest)


def scan(data: bytes) -> Scan:
    """Read a whole file, from the header to the zeros. Never raises, whatever the bytes (faults 19, 22)."""
    if not begun(data):
        return Scan((), (), len(BEGINNING), 0, None)
    problem = _header_problem(data)
    if problem is not None:
        return Scan((), (), len(HEADER), 0, problem)
    if data.startswith(HEADER_1):
        return _scanned(data, 1, Head(), len(HEADER_1))
    payload = _payload_at(data, len(HEADER), VERSION, MAX_HEAD_BYTES)
    if payload is None:
        return Scan((), (), len(HEADER), 0, Problem(len(HEADER), 1, "the segment's head changed", rot=True))
    try:
        head = decode_head(payload)
    except RecordError as error:
        return Scan((), (), len(HEADER), 0, Problem(len(HEADER), 1, f"the frame is whole, but no head: {error}"))
    return _scanned(data, VERSION, head, len(HEADER) + FRAME_HEAD_BYTES + len(payload))


def _scanned(data: bytes, version: int, head: Head, end: int) -> Scan:
    """What stands after the head."""
    chain = sha256(data[len(HEADER) + FRAME_HEAD_BYTES : end] if version == VERSION else b"")
    digest = chain.digest()
    entries: list[Entry] = []
    starts: list[int] = []
    problem: Problem | None = None
    seal: Seal | None = None
    signed: cose.Signed | None = None
    sealed_end = 0
    while problem is None and (payload := _payload_at(data, end, version)) is not None:
        chain.update(payload)
        now = chain.digest()
        seq = head.first_seq + len(entries)
        if version == VERSION and data[end + 10 : end + FRAME_HEAD_BYTES] != now[:CHECK_BYTES]:
            what = "does not follow from what stands before it: altered, taken out or moved"
            problem = Problem(end, seq, what, rot=True)
        elif version == VERSION and payload[:1] == cose.TAG:
            ended = _seal(payload, head, seq - 1, len(entries), digest)
            if isinstance(ended, str):
                problem = Problem(end, seq, ended, rot=True)
                break
            seal, signed = ended
            sealed_end = end + FRAME_HEAD_BYTES + len(payload)
            break
        elif isinstance(entry := _next_entry(payload, seq, entries), str):
            problem = Problem(end, seq, entry)
        else:
            entries.append(entry)
            starts.append(end)
            end += _head_bytes(version) + len(payload)
            digest = now
    torn_bytes, after = 0, sealed_end or end
    if problem is None and not data.endswith(bytes(max(0, len(data) - after))):
        seq = head.first_seq + len(entries)
        if seal is not None:
            problem = Problem(after, seq, "something stands after the seal", rot=True)
        else:
            # Slow over a megabyte of zeros, so only where something stands.
            torn_bytes = len(data.rstrip(b"\0")) - end
            problem = _rot(data, end, seq, version)
    torn_bytes = 0 if problem else torn_bytes
    found = Scan(tuple(entries), tuple(starts), end, torn_bytes, problem, version, head, digest)
    return found._replace(seal=seal, signed=signed, sealed_end=sealed_end)


def payloads(data: bytes, found: Scan) -> Iterator[bytes]:
    """The payloads of a scan's entries, in order."""
    head = _head_bytes(found.version)
    for start, end in pairwise((*found.starts, found.end)):
        yield data[start + head : end]


def unbroken(data: bytes, digest: bytes) -> bool:
    """Whether header, head and records are whole and chained, up to the end of the data: what stands there is what was
    written, if their digest is this one. As `scan` sees it, in a tenth of the time: no record is read.
    """
    if not data.startswith(HEADER):
        return False
    chain, end, most_bytes = sha256(), len(HEADER), MAX_HEAD_BYTES
    while end < len(data):
        payload = _payload_at(data, end, VERSION, most_bytes)
        if payload is None:
            return False
        chain.update(payload)
        end += FRAME_HEAD_BYTES + len(payload)
        most_bytes = MAX_PAYLOAD_BYTES
    return chain.digest() == digest


def sealed(data: bytes) -> Sealed | str:
    """The head and the seal of a sealed segment that is whole, or what is wrong with it.

    As `scan` sees it, in a tenth of the time: no record is read. Each frame is held to its CRC, and all payloads
    together to the digest in the seal. What the seal vouches for, whoever made it has written so.
    """
    payload = _payload_at(data, len(HEADER), VERSION, MAX_HEAD_BYTES) if data.startswith(HEADER) else None
    if payload is None:
        return "no segment of this version, or its head changed"
    try:
        head = decode_head(payload)
    except RecordError as error:
        return f"the frame is whole, but no head: {error}"
    records = [payload]
    end = len(HEADER) + FRAME_HEAD_BYTES + len(payload)
    # As `_payload_at`, written out: a centre waits for this, a megabyte at a time.
    while len(data) >= end + FRAME_HEAD_BYTES:
        magic, length, crc = _HEAD_1.unpack_from(data, end)
        after = end + FRAME_HEAD_BYTES + length
        if magic != FRAME_MAGIC or length > MAX_PAYLOAD_BYTES or after > len(data):
            break
        if crc32(data[end + FRAME_HEAD_BYTES_1 : after], _LENGTH_CRC[length]) != crc:
            break
        payload = data[end + FRAME_HEAD_BYTES : after]
        if payload[:1] == cose.TAG:
            if after != len(data):
                return "something stands after the seal"
            count = len(records) - 1
            ended = _seal(payload, head, head.first_seq - 1 + count, count, sha256(b"".join(records)).digest())
            return ended if isinstance(ended, str) else Sealed(head, *ended)
        records.append(payload)
        end = after
    return f"record {head.first_seq + len(records) - 1} at byte {end} is not whole, or the seal is missing"


def salvaged(data: bytes) -> Salvage:
    """Every whole record anywhere in a file that is rotten: evidence, no journal."""
    version = 1 if data.startswith(HEADER_1) else VERSION
    found, end = dict[int, Entry](), 0
    for record, after in _beyond(data, 0, version):
        if isinstance(record, Entry):
            found[record.seq] = record
            end = after
    lost = -(-(len(data.rstrip(b"\0")) - end) // LEAST_FRAME_BYTES)
    return Salvage(tuple(found[seq] for seq in sorted(found)), max(0, lost))


def _header_problem(data: bytes) -> Problem | None:
    if data.startswith((HEADER, HEADER_1)):
        return None
    if data[:8] != _MAGIC:
        return Problem(0, 1, "no journal's header")
    version = int.from_bytes(data[8:10], "little")
    if version != VERSION and data[12:16] == crc32(data[:12]).to_bytes(4, "little"):
        return Problem(8, 1, f"header of format version {version}; this software reads versions 1 and {VERSION}")
    return Problem(8, 1, "the header changed", rot=True)


def _head_bytes(version: int) -> int:
    return FRAME_HEAD_BYTES if version == VERSION else FRAME_HEAD_BYTES_1


def _payload_at(data: bytes, offset: int, version: int, most_bytes: int = MAX_PAYLOAD_BYTES) -> bytes | None:
    """The payload of the frame at `offset`, or None where no whole frame stands."""
    head_bytes = _head_bytes(version)
    if data[offset : offset + 2] != FRAME_MAGIC or len(data) < offset + head_bytes:
        return None
    _, length, crc = _HEAD_1.unpack_from(data, offset)
    if length > most_bytes:
        return None
    payload = data[offset + head_bytes : offset + head_bytes + length]
    if len(payload) != length:
        return None
    begun_crc = _LENGTH_CRC[length] if length <= MAX_PAYLOAD_BYTES else crc32(length.to_bytes(4, "little"))
    if version == VERSION:
        begun_crc = crc32(data[offset + 10 : offset + head_bytes], begun_crc)
    return payload if crc32(payload, begun_crc) == crc else None


def _seal(payload: bytes, head: Head, last_seq: int, count: int, digest: bytes) -> tuple[Seal, cose.Signed] | str:
    """The seal and its signature, or what is wrong with it."""
    try:
        seal, signed = decode_seal(payload)
    except RecordError as error:
        return f"the frame is whole, but no seal: {error}"
    place = (head.number, head.first_seq, last_seq, count, head.previous, digest)
    return (seal, signed) if seal[1:] == place else "the seal is another segment's"


def _next_entry(payload: bytes, seq: int, before: list[Entry]) -> Entry | str:
    """The entry of a whole frame, or what is wrong with it. Its CRC holds, so it is no tear."""
    try:
        entry = decode(payload)
    except RecordError as error:
        return f"the frame is whole, but no record: {error}"
    if entry.seq != seq:
        return f"record {entry.seq} stands where {seq} should"
    if before and entry.flushed_seq < before[-1].flushed_seq:
        return f"says {entry.flushed_seq} was flushed last; the record before it says {before[-1].flushed_seq}"
    return entry


def _rot(data: bytes, end: int, seq: int, version: int) -> Problem | None:
    """The problem, if a record beyond the bad frame at `end` knows `seq` to have been flushed, or a seal does."""
    for found, _ in _beyond(data, end, version):
        if isinstance(found, Seal) and found.last_seq >= seq:
            return Problem(end, seq, "changed after it was flushed, as the seal tells", rot=True)
        if isinstance(found, Entry) and found.flushed_seq >= seq:
            return Problem(end, seq, f"changed after it was flushed, as record {found.seq} tells", rot=True)
    return None


def _beyond(data: bytes, offset: int, version: int) -> Iterator[tuple[Entry | Seal, int]]:
    """Every good record from `offset` on, and a seal, whatever lies between, each with the offset after it."""
    offset = data.find(FRAME_MAGIC, offset)
    while offset >= 0:
        payload = _payload_at(data, offset, version)
        if payload is not None:
            with suppress(RecordError):  # what is no record of ours can't vouch for one
                found = decode_seal(payload)[0] if payload[:1] == cose.TAG else decode(payload)
                yield found, offset + _head_bytes(version) + len(payload)
        offset = data.find(FRAME_MAGIC, offset + 1)
